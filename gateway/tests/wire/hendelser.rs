//! Every hendelsestype (domain.md 12), provoked over the wire by its real cause and read with hentEndringer by the
//! avsendersystem that must hear it, and not by one that must not. What is in the tables of `hendelser/` is one case each;
//! docs/hendelser.md is held against everything that any stream tells meanwhile.

mod dager;
mod drift;
mod kilder;
mod poster;
pub mod verden;
mod vern;

use std::collections::BTreeSet;

use register::codes::Catalogue;
use verden::Verden;

/// A code, what it takes, and who hears.
pub struct Case {
    code: &'static str,
    /// The person, as it is before.
    given: fn(&Verden) -> String,
    /// The real cause.
    cause: fn(&Verden, &str),
    /// Hears of it, from whom.
    til: &'static str,
    opphav: &'static str,
    /// Do not.
    ikke: &'static [&'static str],
}

/// A row of a table.
fn case(
    code: &'static str,
    given: fn(&Verden) -> String,
    cause: fn(&Verden, &str),
    (til, opphav): (&'static str, &'static str),
    ikke: &'static [&'static str],
) -> Case {
    Case { code, given, cause, til, opphav, ikke }
}

/// Codes that a test of its own tells.
const ELSEWHERE: [(&str, &str); 3] = [
    ("TRUKKET_TILBAKE", "vern: what a kommune had not read of who became strictly confidential"),
    ("REGELVERK_ENDRET", "drift: a program with other rules"),
    ("KODEVERK_ENDRET", "drift: a program with other code lists"),
];

/// Codes that nothing causes yet.
const LATER: [(&str, &str); 2] = [
    ("REGISTRERING_SLETTET", "erasure (integreringsforskriften § 61) is a later part"),
    ("MELDING_BEHANDLET", "the operator's treatment of rejected messages is a later part"),
];

#[test]
fn every_kind_of_change_has_its_cause() {
    let tables = [kilder::cases(), poster::cases(), dager::cases(), drift::cases()];
    let told = tables.iter().flatten().map(|case| case.code);
    let told: BTreeSet<&str> = told.chain(ELSEWHERE.iter().map(|(code, _)| *code)).collect();
    let later: BTreeSet<&str> = LATER.iter().map(|(code, _)| *code).collect();
    let list = Catalogue::embedded().list("hendelsestype").unwrap();
    let all: BTreeSet<&str> = list.rows().iter().map(|row| row.kode.as_str()).collect();
    let missing: Vec<_> = all.iter().filter(|code| !told.contains(*code) && !later.contains(*code)).collect();
    assert!(missing.is_empty(), "nobody causes {missing:?}");
    assert!(told.is_subset(&all) && later.is_disjoint(&told), "{told:?}");
}

#[test]
fn what_sources_tell_is_heard() {
    Verden::new().each(&kilder::cases());
}

#[test]
fn what_kommuner_send_is_heard() {
    Verden::new().each(&poster::cases());
}

#[test]
fn what_operators_do_is_heard() {
    Verden::new().each(&drift::cases());
}
