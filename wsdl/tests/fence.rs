//! The fence around libxmlsec1 under threads: verdicts do not mix, whatever runs beside them.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::sync::Barrier;

use nir_wsdl::differential::{Forms, canonical_forms, open_and_verify};
use nir_wsdl::envelope::{SoapVersion, open};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::verify::SecondOpinion;

#[path = "support/mill.rs"]
mod mill;
#[path = "support/party.rs"]
mod party;

use party::Party;

const THREADS: usize = 8;
const ROUNDS: usize = 400;

/// Two elliptic keys and an RSA one.
fn parties() -> [Party; 3] {
    let params = || rcgen::CertificateParams::new(Vec::new()).unwrap();
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let rsa = Party::of(&key, params().self_signed(&key).unwrap().der());
    [Party::self_signed(&params()), Party::self_signed(&params()), rsa]
}

/// Every thread checks good and bad messages of all keys in another order, and canonicalizes between.
#[test]
fn eight_threads_with_good_and_bad_messages() {
    let parties = parties();
    let keys = parties.each_ref().map(|party| party.certificate().verify_key().unwrap());
    let messages: Vec<String> = [SoapVersion::V11, SoapVersion::V12]
        .iter()
        .flat_map(|soap| parties.iter().map(|party| mill::sign(&mill::unsigned(*soap, party), party)))
        .collect();
    let barrier = Barrier::new(THREADS);
    let count = |thread: usize| {
        barrier.wait();
        let (mut good, mut bad) = (0, 0);
        for round in 0..ROUNDS {
            let which = (round * 7 + thread) % messages.len();
            let (text, key) = (&messages[which], &keys[which % parties.len()]);
            match (round + thread) % 4 {
                0 | 1 => {
                    assert_eq!(open_and_verify(text.as_bytes(), key).unwrap().root, "ping");
                    good += 1;
                }
                2 => {
                    let tampered = text.replace("SYSTEM-1", "SYSTEM-2");
                    let refusal = open_and_verify(tampered.as_bytes(), key).unwrap_err();
                    assert!(refusal.code == "NIR-S202" && !refusal.disagreement);
                    bad += 1;
                }
                _ => {
                    // Another party's key, then a look through libxml2 alone.
                    let other = &keys[(which + 1) % parties.len()];
                    assert_eq!(open_and_verify(text.as_bytes(), other).unwrap_err().code, "NIR-S202");
                    assert!(matches!(canonical_forms(text.as_bytes(), 5, &["soap"]), Forms::Same(_)));
                    assert_eq!(canonical_forms(&text.as_bytes()[..text.len() - 1], 5, &[]), Forms::Refused);
                    bad += 1;
                }
            }
        }
        (good, bad)
    };
    let all: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let count = &count;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || count(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(all, vec![(ROUNDS / 2, ROUNDS / 2); THREADS]);
}

/// Keys that were loaded and put away again do not disturb the ones in use: more keys than are kept.
#[test]
fn more_keys_than_are_remembered() {
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    for _ in 0..1_100 {
        let party = Party::self_signed(&params);
        let text = mill::sign(&mill::unsigned(SoapVersion::V11, &party), &party);
        let opened = open(prefilter(text.as_bytes(), 1 << 20).unwrap()).unwrap();
        opened.verify(&party.certificate().verify_key().unwrap(), SecondOpinion::On).unwrap();
    }
}
