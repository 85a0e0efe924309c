//! Arbitrary bytes: nothing on the way in panics, and every refusal is one of the codes that it may be.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::sync::LazyLock;

use nir_wsdl::certificate::Certificate;
use nir_wsdl::client::verify_answer;
use nir_wsdl::differential::{canonical_forms, open_and_verify};
use nir_wsdl::envelope::{SoapVersion, open};
use nir_wsdl::key::VerifyKey;
use nir_wsdl::locate::locate;
use nir_wsdl::operation::LARGEST;
use nir_wsdl::prefilter::prefilter;
use proptest::prelude::*;

#[path = "support/mill.rs"]
mod mill;
#[path = "support/party.rs"]
mod party;

use party::Party;

/// What the way in may say before a certificate is looked at.
const CODES: &[&str] = &[
    "NIR-T103", "NIR-T105", "NIR-T106", "NIR-T107", "NIR-T109", "NIR-S201", "NIR-S202", "NIR-S204", "NIR-S205",
    "NIR-S206", "NIR-S207", "NIR-X301", "NIR-X305", "NIR-X306",
];

static PARTY: LazyLock<Party> =
    LazyLock::new(|| Party::self_signed(&rcgen::CertificateParams::new(Vec::new()).unwrap()));

/// Everything of this crate that takes bytes from outside.
fn take(bytes: &[u8], key: &VerifyKey) {
    if let Err(refusal) = open_and_verify(bytes, key) {
        assert!(CODES.contains(&refusal.code), "{refusal}");
        assert!(!refusal.disagreement, "{refusal}: {}", String::from_utf8_lossy(bytes));
    }
    let _ = verify_answer(bytes, &PARTY.der);
    let _ = canonical_forms(bytes, 3, &["soap", "#default"]);
    let _ = Certificate::from_der(bytes).map(|certificate| certificate.orgnr());
    let _ = Certificate::from_pem(bytes);
    let _ = VerifyKey::from_spki(bytes);
    let Ok(filtered) = prefilter(bytes, LARGEST) else { return };
    let _ = locate(filtered.text(), &["/ping/forespoersel[2]/x", "/", "", "/ping[0]", "/ping[x]"]);
    let Ok(opened) = open(filtered) else { return };
    let certificate = PARTY.certificate();
    let _ = certificate.matches(opened.key());
    if let Some(der) = opened.key().certificate() {
        let _ = Certificate::from_der(der).map(|certificate| (certificate.orgnr(), certificate.verify_key()));
    }
    assert!(!opened.root().1.is_empty());
    let _ = (opened.addressing(), opened.soap());
}

/// A signed message, or one of the vectors, with a few of its bytes replaced, removed, doubled or made up.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<Vec<u8>> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    all.sort();
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        all.push(mill::sign(&mill::unsigned(soap, &PARTY), &PARTY).into_bytes());
    }
    let cut = (any::<prop::sample::Index>(), 0_usize..60, any::<prop::sample::Index>(), 0_u8..4, any::<u8>());
    (prop::sample::select(all), prop::collection::vec(cut, 1..5)).prop_map(|(mut bytes, cuts)| {
        for (at, length, from, what, byte) in cuts {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + length);
            let from = from.index(bytes.len());
            let other = bytes[from..bytes.len().min(from + length)].to_vec();
            match what {
                0 => bytes.drain(at..end).for_each(drop),
                1 => bytes[at] = byte,
                2 => drop(bytes.splice(at..at, other)),
                _ => drop(bytes.splice(at..end, other)),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages(bytes in damaged()) {
        take(&bytes, &PARTY.certificate().verify_key().unwrap());
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        take(&bytes, &PARTY.certificate().verify_key().unwrap());
    }

    #[test]
    fn arbitrary_markup(text in "(<[/!?]?[a-z:]{0,3}( [a-z:]{1,6}=\"[a-z&#;:]{0,5}\")?/?>|[a-z&;\\]<>'\"=\r\n\u{e5}-]{0,6}){0,20}") {
        take(text.as_bytes(), &PARTY.certificate().verify_key().unwrap());
    }
}
