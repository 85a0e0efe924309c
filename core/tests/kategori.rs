//! The decision tables of domain.md 5.3 and 5.4 and the bugs of 5.6, as tables that a clerk can read.
//!
//! ```text
//! # ASYL og OVERFLYKT [IL-1]              what the file or the block is about, and the rows it is about
//! == bosatt etter avtale [+IL-1]          a case; +ROW shows the row at work, -ROW shows what it keeps out
//! født 1990-01-01                         facts, as core/tests/text/fakta.rs writes them
//! tillatelse ASYL 2022-03-01 2022-03-01..2025-02-28
//! post vedtak INNVILGELSE 2022-07-01 2022-08-01..2024-07-31     registrations, as core/tests/text/innhold.rs writes them
//! valg kt_uten_permanent_spor = false     another choice of domain.md 17
//! => IL                                   the act: IL, INTL or «ingen lov»
//! => INTRO_RP 2022-06-01..2024-05-31 TO_AAR_UTEN_VEDTAK IL-1 [usikker] [fullføre] [INTL]
//! => ingen kategori
//! => prøveplikt 2023-01-01                | ingen prøveplikt 2023-01-01 (IL-22)
//! => logg «uten rettskrav»                the calculation log says so, in words
//! ```
//! Days are inclusive. All categories must be listed, in any order: one that is not listed fails. The act of a category is
//! said only where it differs from the person's. A case without a birth date, a permit and so on has none.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
#[expect(dead_code, reason = "names of all kinds of content are the messages' concern")]
mod innhold;
#[path = "text/kategorier.rs"]
mod kategorier;
#[path = "text/regler.rs"]
#[expect(dead_code, reason = "tables of categories read the files themselves")]
mod regler;
#[path = "text/words.rs"]
#[expect(dead_code, reason = "no line here ends in free text")]
mod words;

use std::collections::BTreeSet;

use register::kategori::logg;

use crate::kategorier::{Case, failing, table, tables};

/// Rows of domain.md 5.3 and 5.4.
const ROWS: &str = "IL-1 IL-2 IL-3a IL-3b IL-4 IL-4b IL-4c IL-4d IL-5 IL-6 IL-7 IL-8 IL-9 IL-10 IL-10a IL-11 IL-12 IL-12a \
                    IL-13 IL-13a IL-14 IL-15 IL-16 IL-17 IL-18 IL-19 IL-20 IL-21 IL-22 IL-23 IL-24 IL-25 \
                    IN-a IN-b IN-c IN-d IN-e IN-f IN-g IN-h IN-i";

fn check(cases: &[Case]) {
    assert!(!cases.is_empty());
    let bad = failing(cases);
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_tables_hold() {
    check(&tables());
}

/// Each row at work, and something it keeps out.
#[test]
fn every_row_has_a_positive_and_a_negative_case() {
    let cases = tables();
    let shown: BTreeSet<&str> = cases.iter().flat_map(|case| &case.rows).map(String::as_str).collect();
    let asked: BTreeSet<String> =
        ROWS.split_whitespace().flat_map(|row| [format!("+{row}"), format!("-{row}")]).collect();
    let missing: Vec<&String> = asked.iter().filter(|row| !shown.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "no case: {missing:?}");
    let unknown: Vec<&&str> = shown.iter().filter(|row| !asked.contains(**row)).collect();
    assert!(unknown.is_empty(), "no row: {unknown:?}");
}

/// Bug B1 of domain.md 5.6, its six cases.
#[test]
fn b1_family_of_a_norwegian_or_nordic_citizen() {
    let cases = table("b1.txt");
    let names: Vec<&str> = cases.iter().filter_map(|case| case.name.split(' ').next()).collect();
    assert_eq!(names, ["(i)", "(ii)", "(iii)", "(iv)", "(v)", "(vi)"]);
    check(&cases);
}

/// Bug B2 of domain.md 5.6, its eight cases.
#[test]
fn b2_renewal_applied_for() {
    let cases = table("b2.txt");
    let mut names: Vec<&str> = cases.iter().filter_map(|case| case.name.split(' ').next()).collect();
    names.dedup();
    assert_eq!(names, ["(i)", "(ii)", "(iii)", "(iv)", "(v)", "(vi)", "(vii)", "(viii)"]);
    check(&cases);
}

#[test]
fn every_rule_outcome_and_input_of_the_log_has_its_words() {
    let (regler, utfall, inndata) = logg::alle_navn();
    let missing: Vec<&str> = regler
        .into_iter()
        .filter(|regel| !logg::har_tekst(Some(regel), None, None))
        .chain(utfall.into_iter().filter(|utfall| !logg::har_tekst(None, Some(utfall), None)))
        .chain(inndata.into_iter().filter(|navn| !logg::har_tekst(None, None, Some(navn))))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
