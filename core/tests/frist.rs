//! Deadlines and durations (domain.md 5.5), as tables that a clerk can read and extend: `core/tests/frist/*.txt`. How a
//! line is written stands in `text/frister.rs`.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/frister.rs"]
mod frister;
#[path = "text/innhold.rs"]
#[expect(dead_code, reason = "the tables of messages use the rest")]
mod innhold;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/words.rs"]
mod words;

use std::sync::LazyLock;

use register::policy::{Policy, Profile, RuleFiles};

static TABLES: LazyLock<frister::Report> = LazyLock::new(|| frister::folder("tests/frist"));

/// Every row of domain.md 5.5.
const ROWS: &str = "FR-START-INTRO FR-START-INTRO-KRAV FR-START-BORTFALT FR-START-NORSK FR-FYLKE FR-FYLKE-KRAV \
                    FR-NORSK-3AAR FR-NORSK-18MND FR-NORSK-UTDANNING FR-NORSK-PLIKT FR-NORSK-I-INTRO FR-SAMF FR-SAMF-GML \
                    FR-34-NORSK FR-34-UTVIDET FR-34-UTVIDET-OPPH FR-INTL-NORSK FR-UTSATT FR-VAR-13 FR-VAR-14-DEL \
                    FR-VAR-14-VGO FR-VAR-14-FAG FR-VAR-14-ARB FR-VAR-AKSER FR-VAR-GML-VGS FR-VAR-GML-VGO \
                    FR-VAR-GML-ANDRE FR-VAR-34-VGS FR-VAR-34-43D FR-VAR-34-UTEN FR-VAR-INTL FR-VAR-KORONA \
                    FR-VAR-TILLEGG FR-INNHOLD FR-INNHOLD-34";

#[test]
fn every_line_holds() {
    let failures = &TABLES.failures;
    assert!(failures.is_empty(), "{} lines fail\n\n{}\n", failures.len(), failures.join("\n\n"));
    assert!(TABLES.lines > 150, "only {} lines were read", TABLES.lines);
}

#[test]
fn every_row_has_a_line_that_it_holds_in_and_one_that_it_does_not() {
    let without = |said: &std::collections::BTreeSet<String>| {
        ROWS.split_whitespace().filter(|row| !said.contains(*row)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without(&TABLES.holds), Vec::<String>::new(), "no line shows the row");
    assert_eq!(without(&TABLES.holds_not), Vec::<String>::new(), "no line shows where the row does not hold");
    let unknown: Vec<_> = TABLES.holds.union(&TABLES.holds_not).filter(|row| !ROWS.contains(row.as_str())).collect();
    assert!(unknown.is_empty(), "rows that domain.md 5.5 does not have: {unknown:?}");
}

/// The settings of domain.md 17.24 and 17.25 that are not the default.
#[test]
fn settings_change_what_they_say() {
    let other = |file: &str, from: &str, to: &str| {
        let files = RuleFiles::embedded();
        let text = files.get(file).to_owned();
        assert!(text.contains(from), "{file} has no {from}");
        Policy::read(Profile::Sandbox, &files.with(file, text.replace(from, to)).unwrap()).unwrap()
    };
    let usual = regler::policy(Profile::Sandbox);
    let mut person = frister::Person::default();
    for line in [
        "lov IL",
        "post utdanning JA 2026-01-10",
        "post vedtak INNVILGELSE 2026-01-15 2026-02-02..2027-01-31",
        "post fravær FR01 2026-12-01..2026-12-11",
        "post fravær FR01 2027-01-04..2027-01-12",
    ] {
        person.add(line).unwrap();
    }
    let added = |policy: &Policy| person.frister(policy).0[0].tillegg_dager;
    assert_eq!(added(&usual), 16, "nine and seven days");
    assert_eq!(added(&other("varighet.toml", "alle_dager = true", "alle_dager = false")), 6, "those above ten");
    assert_eq!(added(&other("varighet.toml", "\"PROGRAM\"", "\"AAR\"")), 0, "ten in neither year");

    let mut person = frister::Person::default();
    for line in ["kategori NORSK_RETT INTL 2015-03-01.. IN-a", "post fravær FR01 2016-03-07..2016-03-11"] {
        person.add(line).unwrap();
    }
    let added = |policy: &Policy| {
        let (all, _) = person.frister(policy);
        all.iter().map(|frist| frist.tillegg_dager).sum::<i32>()
    };
    assert_eq!(added(&usual), 5);
    assert_eq!(added(&other("frister.toml", "med_fravaer = true", "med_fravaer = false")), 0);
}
