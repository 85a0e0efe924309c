//! What fails before authentication leaves time, organization, address, size, SHA-256 and the exact reason, no body, and
//! is thinned per sender, code and minute: whoever hammers the door does not fill the log (design.md 9).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use register::evidence::sha256;

use crate::clock;
use crate::http::Peer;

/// Told in full, per sender, code and minute.
const TOLD: u32 = 10;
/// Senders and codes that are told apart within a minute; the rest is counted together.
const MOST_KINDS: usize = 10_000;

type Kind = (Option<String>, IpAddr, &'static str);

/// Counts within the running minute.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<(i64, HashMap<Kind, u32>)>);

impl Strangers {
    /// Notes one refusal; `body` is what was read, if anything was.
    pub fn note(&self, peer: &Peer, code: &'static str, log: &str, body: Option<&[u8]>) {
        metrics::counter!("nir_unauthenticated_total", "code" => code).increment(1);
        if !self.tell(peer, code, clock::now().timestamp().div_euclid(60)) {
            return;
        }
        let organization = peer.organization.as_deref().unwrap_or("-");
        let size = body.map_or(0, <[u8]>::len);
        let digest = body.map(|body| hex::encode(sha256(body))).unwrap_or_default();
        tracing::info!(
            event = "unauthenticated_refused",
            code,
            address = %peer.address,
            organization,
            size,
            sha256 = digest,
            log
        );
    }

    /// Whether this one is told in full. With a new minute, what was left out of the last is told as a number.
    fn tell(&self, peer: &Peer, code: &'static str, minute: i64) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0 != minute {
            for ((organization, address, code), count) in counted.1.drain().filter(|(_, count)| *count > TOLD) {
                let (organization, count) = (organization.unwrap_or_else(|| "-".to_owned()), count - TOLD);
                tracing::info!(event = "unauthenticated_thinned", code, %address, organization, count);
            }
            counted.0 = minute;
        }
        let kind = (peer.organization.clone(), peer.address.ip(), code);
        if counted.1.len() >= MOST_KINDS && !counted.1.contains_key(&kind) {
            return false;
        }
        let count = counted.1.entry(kind).or_default();
        *count = count.saturating_add(1);
        *count <= TOLD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(organization: Option<&str>, address: &str) -> Peer {
        let address = address.parse().unwrap();
        Peer { address, organization: organization.map(str::to_owned), certificate: Err("NIR-T101") }
    }

    #[test]
    fn each_sender_and_code_is_told_ten_times_a_minute() {
        let strangers = Strangers::default();
        let (one, other) = (peer(Some("310000000"), "192.0.2.1:1000"), peer(None, "192.0.2.1:1001"));
        let told = |peer: &Peer, code, minute| (0..100).filter(|_| strangers.tell(peer, code, minute)).count();
        assert_eq!(told(&one, "NIR-S202", 1), 10);
        assert_eq!(told(&other, "NIR-S202", 1), 10, "another sender at the same address");
        assert_eq!(told(&one, "NIR-S207", 1), 10, "another code");
        assert_eq!(told(&one, "NIR-S202", 2), 10, "another minute");
        // Another port is no other sender.
        assert_eq!(
            told(&peer(None, "192.0.2.1:9"), "NIR-T101", 2) + told(&peer(None, "192.0.2.1:8"), "NIR-T101", 2),
            10
        );
    }

    #[test]
    fn senders_without_number_do_not_fill_the_memory() {
        let strangers = Strangers::default();
        let told = (0..MOST_KINDS + 500).filter(|n| {
            let address = format!("10.{}.{}.{}:1", n >> 16, (n >> 8) & 255, n & 255);
            strangers.tell(&peer(None, &address), "NIR-T101", 1)
        });
        assert_eq!(told.count(), MOST_KINDS);
    }
}
