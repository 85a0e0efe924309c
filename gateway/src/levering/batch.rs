//! One delivery: the changes behind the cursor, as many as a page holds.

use nir_xsd::message::{Endringsmelding, MottaEndringer, Push, Version};
use register::store::ChangesPage;
use uuid::Uuid;

use super::Receiver;
use crate::translate::notice::endring;

/// Longest id of the contract (nir-felles-v1.xsd, `Id`).
const LONGEST_ID: usize = 64;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The delivery: the same for the same numbers.
    pub leveranse_id: String,
    /// The stream.
    pub stroem_id: String,
    /// First number.
    pub from: i64,
    /// Last number.
    pub to: i64,
    /// Canonical Body child.
    pub body: Vec<u8>,
}

impl Batch {
    /// Of a page that holds something.
    pub fn of(receiver: &Receiver, page: &ChangesPage) -> Option<Self> {
        let (from, to) = (page.changes.first()?.sekvensnummer, page.changes.last()?.sekvensnummer);
        let stroem_id = page.position.stroem_id.clone();
        let leveranse_id = leveranse_id(&stroem_id, from, to);
        // A receiver is made of a description that came with 1.1; what its row says is no older.
        let version = Version::parse(&receiver.address.kontraktversjon);
        let endringsmelding = Endringsmelding {
            leveranse_id: leveranse_id.clone(),
            kontraktversjon: version.to_string(),
            avsendersystem: receiver.system.id.clone(),
            stroem_id: stroem_id.clone(),
            fra_sekvensnummer: from,
            til_sekvensnummer: to,
            flere: page.more,
            endring: page.changes.iter().map(endring).collect(),
        };
        let body = Push::MottaEndringer(MottaEndringer { endringsmelding }).to_canonical(&version);
        Some(Batch { leveranse_id, stroem_id, from, to, body })
    }
}

/// Named after its numbers; where the name would be too long, after a digest of it.
fn leveranse_id(stroem_id: &str, from: i64, to: i64) -> String {
    let name = format!("lev-{stroem_id}-{from}-{to}");
    if name.len() <= LONGEST_ID { name } else { format!("lev-{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_for_the_same_numbers_and_never_too_long() {
        assert_eq!(leveranse_id("4204-flyktning-1.1", 40219, 40222), "lev-4204-flyktning-1.1-40219-40222");
        let long = "x".repeat(64);
        let id = leveranse_id(&long, 1, i64::MAX);
        assert!(id.len() <= LONGEST_ID, "{id}");
        assert_eq!(id, leveranse_id(&long, 1, i64::MAX));
        assert_ne!(id, leveranse_id(&long, 2, i64::MAX));
    }
}
