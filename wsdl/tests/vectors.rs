//! Envelopes made by other tools (`vectors/README.md` is the table): each verifies in both verifiers at the time it
//! was made, or is refused with the code given and a text that names the cure.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::envelope::open;
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::refusal::{FaultCode, Refusal};
use nir_wsdl::token::KeyReference;
use nir_wsdl::verify::{SecondOpinion, Verified};

#[path = "support/texts.rs"]
mod texts;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

struct Vector {
    file: String,
    tool: String,
    key: String,
    reference: String,
    verdict: String,
}

fn vectors() -> Vec<Vector> {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let rows = readme.lines().filter(|line| line.starts_with("| ") && line.contains(".xml |"));
    let rows = rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [file, tool, key, reference, verdict, _] = cells[..] else { panic!("{line}") };
        let [file, tool, key, reference, verdict] = [file, tool, key, reference, verdict].map(str::to_owned);
        Vector { file, tool, key, reference, verdict }
    });
    rows.collect()
}

fn certificate(key: &str) -> Certificate {
    let pem = std::fs::read(folder().join(format!("test-{key}.pem"))).unwrap();
    Certificate::from_pem(&pem).unwrap().remove(0)
}

/// The road as far as this crate goes; the key is the one registered for the vector.
fn verify(text: &str, certificate: &Certificate) -> Result<(Verified, KeyReference), Refusal> {
    let opened = open(prefilter(text.as_bytes(), 1 << 20)?)?;
    if !certificate.matches(opened.key()) {
        return Err(Refusal::unknown_key("another certificate"));
    }
    let key = certificate.verify_key()?;
    let alone = opened.verify(&key, SecondOpinion::Off)?;
    let both = opened.verify(&key, SecondOpinion::On)?;
    assert_eq!(alone, both);
    Ok((both, opened.key().clone()))
}

#[test]
fn the_table_names_every_file_and_no_other() {
    let there = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = there.filter(|name| name.ends_with(".xml")).collect();
    let vectors = vectors();
    assert_eq!(vectors.iter().map(|vector| vector.file.clone()).collect::<BTreeSet<_>>(), there);
    for tool in ["WSS4J 1.6", "zeep 4.3", "node-soap 1.13", "xmlsec1"] {
        assert!(vectors.iter().any(|vector| vector.tool.starts_with(tool)), "{tool}");
    }
}

#[test]
fn every_vector_has_its_verdict() {
    for vector in vectors() {
        let text = std::fs::read_to_string(folder().join(&vector.file)).unwrap();
        let certificate = certificate(&vector.key);
        match verify(&text, &certificate) {
            Ok((verified, reference)) => {
                assert_eq!("ok", vector.verdict, "{}", vector.file);
                let name = format!("{reference:?}");
                assert_eq!(name.split([' ', '(']).next().unwrap(), vector.reference, "{}", vector.file);
                // What is handed on is the same whoever wrote it, and follows the schema.
                assert_eq!((verified.namespace.as_str(), verified.root.as_str()), ("urn:no:nir:melding:v1", "ping"));
                nir_xsd::validate::validate(&verified.body_child).unwrap_or_else(|e| panic!("{}: {e:?}", vector.file));
                verified.check_freshness(verified.created + TimeDelta::seconds(1)).unwrap();
                assert_eq!(
                    verified.check_freshness(verified.created + TimeDelta::minutes(20)).unwrap_err().code,
                    "NIR-S207"
                );
                tampered(&vector, &text, &certificate);
            }
            Err(refusal) => {
                assert_eq!(refusal.code, vector.verdict, "{}: {refusal}", vector.file);
                refused(&vector, &text, &refusal);
            }
        }
    }
}

/// One letter of the Body, of the Timestamp, of the digests and of the signature itself.
fn tampered(vector: &Vector, text: &str, certificate: &Certificate) {
    for (place, before, after) in [
        ("Body", "VEKTOR", "VEKTAR"),
        ("Timestamp", "Created>20", "Created>21"),
        ("digest", "DigestValue>", "DigestValue>A"),
    ] {
        let changed = text.replacen(before, after, 1);
        assert_ne!(changed, text, "{}: {place}", vector.file);
        let refusal = verify(&changed, certificate).unwrap_err();
        assert_eq!((refusal.code, refusal.fault), ("NIR-S202", FaultCode::FailedCheck), "{}: {place}", vector.file);
        assert!(refusal.params.is_empty() && !refusal.disagreement);
    }
    let start = text.find("SignatureValue>").unwrap() + "SignatureValue>".len() + 8;
    let other = if text.as_bytes()[start] == b'A' { "B" } else { "A" };
    let mut changed = text.to_owned();
    changed.replace_range(start..=start, other);
    assert_eq!(verify(&changed, certificate).unwrap_err().code, "NIR-S202", "{}", vector.file);
}

/// The text names what was refused, and the option of the stack that wrote it.
fn refused(vector: &Vector, text: &str, refusal: &Refusal) {
    let [nb, en, cure] = texts::told(refusal);
    let stack = vector.tool.split_once(' ').unwrap().0;
    if refusal.code == "NIR-S204" {
        assert!(text.contains("rsa-sha1") && nb.contains("rsa-sha1") && en.contains("rsa-sha1"), "{nb} {en}");
        assert!(cure.contains("SHA256"), "{cure}");
        assert_eq!(refusal.fault, FaultCode::UnsupportedAlgorithm);
    } else {
        assert!(cure.contains("Timestamp"), "{cure}");
        assert_eq!(refusal.fault, FaultCode::InvalidSecurity);
    }
    // xmlsec1 is a tool, not a stack of fagsystemer; node-soap signs the Timestamp unless told not to.
    if matches!(stack, "WSS4J" | "zeep") {
        assert!(cure.contains(stack), "{cure}");
    }
}
