//! Who hears what (domain.md 12), as tables that a clerk can read and extend: `tests/hendelser/*.txt`, in the words of
//! `tests/decide.rs`. Facts and posts are given; then a source says something, a date comes, or a message is sent; then every
//! notice is named, in order.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/expect.rs"]
mod expect;
#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/message.rs"]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/run.rs"]
mod run;
#[path = "text/vindu.rs"]
mod vindu;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
mod world;

use std::collections::BTreeSet;

use register::codes::Catalogue;

/// Kinds that no table of decide shows, and what does.
const SHOWN_ELSEWHERE: [(&str, &str); 12] = [
    ("TRUKKET_TILBAKE", "tests/store/hendelser.rs: the store takes back what streams hold"),
    ("KODEVERK_ENDRET", "gateway: recompute --activate, Internal::Tell"),
    ("KOMMUNENUMMER_ENDRET", "tests/store/hendelser.rs: a change of the registry"),
    ("REGELVERK_ENDRET", "tests/store/hendelser.rs: Internal::Tell"),
    ("RAPPORTERINGSAAR_LAAST", "tests/store/hendelser.rs: a change of the registry"),
    ("TILGANG_ENDRET", "tests/store/hendelser.rs: a change of the registry"),
    ("KAMPANJE_AAPNET", "tests/store/hendelser.rs: a change of the registry"),
    ("KAMPANJE_LUKKET", "tests/store/hendelser.rs: a change of the registry"),
    ("SERTIFIKAT_BYTTES", "tests/store/hendelser.rs; gateway: stream announce-certificate"),
    ("REGISTRERING_FEILREGISTRERT", "gateway/tests/wire: meldFeilregistrert"),
    ("REGISTRERING_SLETTET", "part 5: retention (IF §61)"),
    ("MELDING_BEHANDLET", "part 4: an operator's replay"),
];

#[test]
fn every_line_holds_and_every_kind_is_told() {
    let tables = run::folder("tests/hendelser");
    assert!(tables.failures.is_empty(), "{} lines fail\n\n{}\n", tables.failures.len(), tables.failures.join("\n\n"));
    assert!(tables.lines > 80, "only {} lines were read", tables.lines);
    let told: BTreeSet<String> = tables.told.union(&run::folder("tests/decide").told).cloned().collect();
    let list = Catalogue::embedded().list("hendelsestype").unwrap();
    let known: BTreeSet<&str> = list.rows().iter().map(|row| row.kode.as_str()).collect();
    let elsewhere: BTreeSet<&str> = SHOWN_ELSEWHERE.iter().map(|(kode, _)| *kode).collect();
    let missing: Vec<&&str> = known.iter().filter(|k| !told.contains(**k) && !elsewhere.contains(**k)).collect();
    assert!(missing.is_empty(), "no line tells of {missing:?}");
    let unknown: Vec<&String> = told.iter().filter(|kode| !known.contains(kode.as_str())).collect();
    assert!(unknown.is_empty(), "no code list knows {unknown:?}");
    let both: Vec<&&str> = elsewhere.iter().filter(|kode| told.contains(**kode)).collect();
    assert!(both.is_empty(), "a line does tell of {both:?}");
}
