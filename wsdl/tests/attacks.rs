//! Hostile messages by the classes of threats.md, each built from a message that passes. What is asserted is the code
//! of domain.md 15, and that its text tells the sender no more than design.md 17 (Faults) allows.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::refusal::{FaultCode, Refusal};

#[path = "support/house.rs"]
mod house;
#[path = "support/mill.rs"]
mod mill;
#[path = "support/party.rs"]
mod party;
#[path = "support/texts.rs"]
mod texts;

#[path = "attacks/addressing.rs"]
mod addressing;
#[path = "attacks/algorithms.rs"]
mod algorithms;
#[path = "attacks/bytes.rs"]
mod bytes;
#[path = "attacks/certificates.rs"]
mod certificates;
#[path = "attacks/keys.rs"]
mod keys;
#[path = "attacks/references.rs"]
mod references;
#[path = "attacks/soap.rs"]
mod soap;
#[path = "attacks/time.rs"]
mod time;
#[path = "attacks/wrapping.rs"]
mod wrapping;

use house::house;

/// What stands in messages where an attacker would like to see it again.
const ECHO: &str = "EKKO-1";

/// A name, the message, and the code; `ok` where the message must pass.
type Row = (&'static str, Vec<u8>, &'static str);

/// Runs a table for both versions of SOAP, without an action from HTTP.
fn check(rows: impl Fn(SoapVersion) -> Vec<Row>) {
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let rows = rows(soap);
        let passing = house().road(mill::sign(&mill::unsigned(soap, &house().party), &house().party).as_bytes(), None);
        assert!(passing.is_ok(), "{passing:?}");
        for (name, bytes, code) in rows {
            match house().road(&bytes, None) {
                Ok(_) => assert_eq!("ok", code, "{soap:?}: {name}: {}", String::from_utf8_lossy(&bytes)),
                Err(refusal) => {
                    assert_eq!(refusal.code, code, "{soap:?}: {name}: {}", refusal.log);
                    told_no_more_than_allowed(name, &refusal);
                }
            }
        }
    }
}

/// The text is that of the code, with at most the values that design.md 17 lets out; nothing of the message.
fn told_no_more_than_allowed(name: &str, refusal: &Refusal) {
    let plain = texts::told(&Refusal::new(refusal.code, refusal.fault, ""));
    let told = texts::told(refusal);
    let may_differ = match refusal.code {
        // A refused algorithm is named, with the option to set; a size with its limit; a date of one's own certificate.
        "NIR-S204" | "NIR-T103" | "NIR-S210" | "NIR-S211" => true,
        // No oracle: value, digest, unknown key and disagreement are one and the same to the sender.
        "NIR-S202" => {
            assert_eq!((refusal.fault, &refusal.params), (FaultCode::FailedCheck, &Vec::new()), "{name}: {refusal:?}");
            false
        }
        _ => {
            assert!(refusal.params.is_empty(), "{name}: {refusal:?}");
            false
        }
    };
    assert!(may_differ || told == plain, "{name}: {told:?}");
    assert!(told.iter().all(|text| !text.contains(ECHO)), "{name}: {told:?}");
    // The two verifiers differ about nothing that the strict one lets pass: honest disagreement would wake somebody.
    assert!(!refusal.disagreement, "{name}: {refusal:?}");
    assert!(!refusal.log.contains(ECHO), "{name}: the log is not for the sender to write: {}", refusal.log);
}

/// Bends the message before it is signed.
fn before(soap: SoapVersion, bend: impl Fn(&str) -> String) -> Vec<u8> {
    let text = mill::unsigned(soap, &house().party);
    let bent = bend(&text);
    assert_ne!(bent, text, "the bend did nothing");
    mill::sign(&bent, &house().party).into_bytes()
}

/// Bends the message after it was signed.
fn after(soap: SoapVersion, bend: impl Fn(&str) -> String) -> Vec<u8> {
    let text = mill::sign(&mill::unsigned(soap, &house().party), &house().party);
    let bent = bend(&text);
    assert_ne!(bent, text, "the bend did nothing");
    bent.into_bytes()
}

/// Replaces the one place.
fn swap(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "{old} in {text}");
    text.replacen(old, new, 1)
}
