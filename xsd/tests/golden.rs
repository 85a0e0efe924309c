//! The content digest of a message never changes (contract.md 0.10, design.md 17, Ids): those of the samples stand in
//! `samples/digests.txt`, and what a message does not say makes no difference to them.
//!
//! A digest decides whether a repeated meldingsId is the same message or NIR-K703, for as long as the ids are kept:
//! 25 months. A line of `digests.txt` may be added, never changed.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::fmt::Write as _;

use nir_xsd::message::{Registreringsmelding, Request};
use nir_xsd::validate::validate;
use sha2::{Digest, Sha256};

#[path = "support/files.rs"]
mod files;
use files::{compact, samples};

fn melding(xml: &str) -> Registreringsmelding {
    assert_eq!(validate(xml.as_bytes()), Ok(()), "{xml}");
    match Request::parse(xml.as_bytes()).unwrap() {
        Request::SendRegistreringer(wrapper) => wrapper.melding,
        other => panic!("{}", other.root()),
    }
}

/// What the digest of a message covers, a fagsystem's or a source's.
fn covered(xml: &str) -> Vec<u8> {
    match Request::parse(xml.as_bytes()).unwrap() {
        Request::SendPersongrunnlag(wrapper) => wrapper.melding.canonical_without_opprettet(),
        _ => melding(xml).canonical_without_opprettet(),
    }
}

fn digest(xml: &str) -> String {
    let hash = Sha256::digest(covered(xml));
    hash.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(format!("{}/{name}.xml", files::DIRECTORY)).unwrap().trim_end().to_owned()
}

fn is_digested(text: &str) -> bool {
    ["<sendRegistreringer ", "<sendPersongrunnlag "].iter().any(|root| text.starts_with(root))
}

#[test]
fn digests_of_the_samples_never_change() {
    let mut computed = String::new();
    for sample in samples().into_iter().filter(|s| s.is_valid() && is_digested(&s.text)) {
        writeln!(computed, "{}  {}.xml", digest(sample.text.trim_end()), sample.name).unwrap();
    }
    let committed = std::fs::read_to_string(format!("{}/digests.txt", files::DIRECTORY)).unwrap();
    assert_eq!(computed, committed);
}

#[test]
fn what_the_digest_covers_is_the_message_and_nothing_else() {
    let covered = melding(&sample("sendRegistreringer-korriger")).canonical_without_opprettet();
    let expected = compact(&sample("sendRegistreringer-korriger"))
        .replace("<opprettet>2026-11-23T13:02:11+01:00<", "<opprettet>1970-01-01T00:00:00Z<");
    assert_eq!(String::from_utf8(covered).unwrap(), expected);
}

/// Ways of writing the same message: what is replaced, and by what.
const SAME: &[(&str, &str, &str)] = &[
    ("another opprettet", "<opprettet>2026-11-23T13:02:11+01:00<", "<opprettet>2027-01-01T00:00:00.5Z<"),
    ("trailing zeros", "<timerPerUke>3<", "<timerPerUke>3.00<"),
    ("a bare point", "<timerPerUke>20<", "<timerPerUke>20.<"),
    ("leading zeros", "<timerPerUke>38.5<", "<timerPerUke>0038.50<"),
    ("a sign", "<timerPerUke>38.5<", "<timerPerUke>+38.5<"),
    ("space around a value", "<avsendersReferanse>tiltak/90233<", "<avsendersReferanse>\n tiltak/90233 <"),
    ("space around a number", "<timerPerUke>38.5<", "<timerPerUke> 38.5\n<"),
    ("space around a date", "<vedtaksdato>2026-11-16<", "<vedtaksdato> 2026-11-16 <"),
    ("space within a name", "<navn>Flyktning<", "<navn> Flyktning&#xD;\n<"),
    ("zeros before a whole number", "<versjon>3<", "<versjon>003<"),
];

#[test]
fn the_same_message_has_the_same_digest_however_it_is_written() {
    let xml = sample("sendRegistreringer");
    let same = digest(&xml);
    assert_eq!(digest(&compact(&xml)), same, "without white space between elements");
    assert_eq!(digest(&xml.replace('\n', "\n\n\t")), same, "with more of it");
    let prefixed =
        xml.replace("</", "\u{1}").replace('<', "<p:").replace('\u{1}', "</p:").replace("xmlns=", "xmlns:p=");
    assert_eq!(digest(&prefixed), same, "with a prefix");
    for (why, from, to) in SAME {
        assert!(xml.contains(from), "{why}");
        assert_eq!(digest(&xml.replacen(from, to, 1)), same, "{why}");
    }
}

/// Every number that content can hold: the sample, the number as it stands there, and the same with zeros after it.
const NUMBERS: &[(&str, &str, &str)] = &[
    ("registrer", "<timerPerUke>0<", "<timerPerUke>0.00<"),
    ("fravaer", "<dager>2.5<", "<dager>2.50<"),
    ("norsktimer", "<norskTimer>62.5<", "<norskTimer>62.50<"),
    ("norsktimer", "<timer>4<", "<timer>4.0<"),
    ("norsktimer", "<timer>2.25<", "<timer>02.25<"),
    ("opplaeringIMottak", "<norskTimerPerUke>20<", "<norskTimerPerUke>20.00<"),
    ("opplaeringIMottak", "<timer>6<", "<timer>6.0<"),
    ("arbeidsforhold", "<timerPerUke>37.5<", "<timerPerUke>37.50<"),
    ("oppfoelgingOmsorgspermisjon", "<timerPerUke>4.5<", "<timerPerUke>4.50<"),
];

#[test]
fn numbers_of_every_kind_are_covered_without_trailing_zeros() {
    for (kind, from, to) in NUMBERS {
        let xml = sample(&format!("sendRegistreringer-{kind}"));
        assert!(xml.contains(from), "{kind}: {from}");
        assert_eq!(digest(&xml.replacen(from, to, 1)), digest(&xml), "{kind}: {to}");
    }
    // What a program built by hand is digested like what was read.
    let xml = sample("sendRegistreringer-fravaer").replace("<dager>2.5</dager>", "<timer>3</timer>");
    let mut built = melding(&xml);
    let fravaer = built.person[0].registrering[0].innhold.as_mut().unwrap().fravaer.as_mut().unwrap();
    fravaer.timer.as_mut().unwrap().rescale(2);
    assert_eq!(built.canonical_without_opprettet(), melding(&xml).canonical_without_opprettet());
    assert_eq!(digest(&xml), digest(&xml.replace("<timer>3<", "<timer>3.00<")));
}

/// Changes that make it another message.
const OTHER: &[(&str, &str)] = &[
    ("<meldingsId>vf-4204-2026-11-23-000817<", "<meldingsId>vf-4204-2026-11-23-000818<"),
    ("<saksbehandlerRef>sb-7731</saksbehandlerRef>", ""),
    ("<versjon>2026.11.2<", "<versjon>2026.11.3<"),
    ("<transaksjon>PER_PERSON</transaksjon>", ""),
    ("</transaksjon>", "</transaksjon><proevekjoering>false</proevekjoering>"),
    ("<timerPerUke>38.5<", "<timerPerUke>38.51<"),
    ("<saksreferanse>2026/4471-3<", "<saksreferanse>2026/4471-4<"),
    ("<gjelderFra>2026-12-01<", "<gjelderFra>2026-12-02<"),
];

#[test]
fn another_message_has_another_digest() {
    let xml = sample("sendRegistreringer");
    let mut seen = vec![digest(&xml)];
    for (from, to) in OTHER {
        assert!(xml.contains(from), "{from}");
        let other = digest(&xml.replacen(from, to, 1));
        assert!(!seen.contains(&other), "{from} → {to}");
        seen.push(other);
    }
}
