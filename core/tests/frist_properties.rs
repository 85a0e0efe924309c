//! What holds of deadlines whatever is registered (domain.md 5.5, 5.6): no panic, the same answer to the same question in
//! any order, and leave that never brings a deadline nearer. `NIR_PROPTEST_CASES` says how many cases.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/frister.rs"]
#[expect(dead_code, reason = "no table is read here")]
mod frister;
#[path = "text/innhold.rs"]
#[expect(dead_code, reason = "the tables of messages use the rest")]
mod innhold;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/tilfeller.rs"]
mod tilfeller;
#[path = "text/words.rs"]
mod words;

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use register::kategori::{Frist, Fristtype};
use register::policy::{Policy, Profile};

use crate::frister::Person;

static POLICY: LazyLock<Policy> = LazyLock::new(|| regler::policy(Profile::Sandbox));

/// Lines about a person; any of them may stand with any other.
const LINES: &[&str] = &[
    "tillatelse ASYL 2024-03-01",
    "tillatelse KOLL34 2023-02-01",
    "tillatelse BARNEFAM38 2022-09-01",
    "tillatelse BARNEFAM38 2023-09-01 fornyet",
    "tillatelse FAM_NORDISK 2023-06-01 fra-utlandet",
    "ankomst 2023-08-02",
    "bosatt 4204 2024-06-01 avtale",
    "bosatt 4203 2025-06-01 avtale",
    "bosted 4204 2024-04-01..",
    "kategori INTRO_RP IL 2024-03-01..2024-12-31 IL-1 ARBEID_30T",
    "kategori INTRO_RP IL 2025-03-01.. IL-1",
    "kategori NORSK_RETT IL 2024-03-01.. IL-1",
    "kategori NORSK_PLIKT IL 2024-03-01..2026-06-30 IL-1 FULLFOERT_PLIKT",
    "kategori NORSK_RETT_6A IL 2023-05-01.. IL-3a",
    "kategori NORSK_RETT INTL 2015-03-01..2020-01-01 IN-a DOED",
    "lov INTL",
    "lov IL",
    "post utdanning NEI 2024-06-10",
    "post utdanning JA 2024-07-10",
    "post sluttmål FULLFOERT_VGO 2024-07-01",
    "post sluttmål ARBEID 2025-07-01",
    "post kontakt TILBUD 2024-07-01 ordning NORSK",
    "post kontakt KRAV 2024-04-10",
    "post vedtak INNVILGELSE 2024-07-01 2024-08-01.. ordning NORSK",
    "post vedtak UTVIDET_NORSK 2025-07-15 2025-08-01..2026-01-31 ordning NORSK",
    "post vedtak UTSATT_OPPSTART 2024-05-01 2024-05-01..2025-12-31 ordning NORSK",
    "post vedtak INNVILGELSE 2024-07-01 2024-08-01..2026-07-31",
    "post vedtak INNVILGELSE 2026-02-01 2026-09-01..2027-08-31",
    "post vedtak FORLENGELSE 2026-06-01 2026-08-01..2027-07-31",
    "post vedtak AVSLAG 2024-07-01 begrunnelse EGET_OENSKE",
    "post oppstart 2024-08-12",
    "post avslutning 2026-05-01 AV01",
    "post avslutning 2026-07-31 SYS0",
    "post videregående 2025-08-15..2026-06-14",
    "post fravær FR02 2026-03-09..2026-03-20",
    "post fravær FR03 2026-04-13..2026-04-14 timer 6.5",
    "post permisjon PE05 2026-01-05..2026-03-31",
];

fn standing() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(LINES.to_vec(), 0..LINES.len())
}

/// Leave or absence of any kind in either scheme, also before, across and long after everything else.
fn leave() -> impl Strategy<Value = String> {
    let kinds = vec![
        "permisjon PE01",
        "permisjon PE03",
        "permisjon PE05",
        "permisjon PE09",
        "permisjon PE10",
        "permisjon PE11",
        "permisjon PE12",
        "fravær FR01",
        "fravær FR02",
        "fravær FR05",
        "fravær FR06",
    ];
    let from = chrono::NaiveDate::from_ymd_opt(2015, 1, 1).unwrap();
    (select(kinds), 0..6000_u64, 0..400_u64, any::<bool>(), 0..12_u32).prop_map(
        move |(kind, start, length, norsk, part)| {
            let (a, b) = (from + chrono::Days::new(start), from + chrono::Days::new(start + length));
            let days = if kind.starts_with("fravær") && part > 8 { format!(" dager {part}") } else { String::new() };
            format!("post {kind} {a}..{b}{days}{}", if norsk { " ordning NORSK" } else { "" })
        },
    )
}

fn person<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Person {
    let mut person = Person::default();
    lines.into_iter().for_each(|line| person.add(line.as_ref()).unwrap());
    person
}

/// What a deadline is for; programmes are told apart by their place in the list.
fn dates(all: &[Frist], wanted: Fristtype) -> Vec<Option<chrono::NaiveDate>> {
    all.iter().filter(|frist| frist.fristtype == wanted).map(|frist| frist.dato).collect()
}

proptest! {
    #![proptest_config(tilfeller::cases())]

    #[test]
    fn the_same_in_any_order(
        lines in standing(),
        more in proptest::collection::vec(leave(), 0..4),
        seed in any::<u64>(),
    ) {
        let whole = person(lines.iter().copied().map(str::to_owned).chain(more));
        let once = whole.frister(&POLICY);
        prop_assert_eq!(&once, &whole.frister(&POLICY), "the same input gives the same");
        let mut turned = whole.clone();
        shuffle(&mut turned.facts, seed);
        shuffle(&mut turned.posts, seed.rotate_left(7));
        shuffle(&mut turned.kategorier, seed.rotate_left(13));
        prop_assert_eq!(once, turned.frister(&POLICY), "in another order, too");
    }

    #[test]
    fn more_leave_never_brings_a_deadline_nearer(
        lines in standing(),
        before in proptest::collection::vec(leave(), 0..4),
        one_more in leave(),
    ) {
        let mut person = person(lines.iter().copied().map(str::to_owned).chain(before));
        let (less, _) = person.frister(&POLICY);
        person.add(&one_more).unwrap();
        let (more, _) = person.frister(&POLICY);
        for wanted in [Fristtype::Oppstart, Fristtype::Gjennomfoering, Fristtype::Samfunnskunnskap, Fristtype::Programslutt] {
            let (less, more) = (dates(&less, wanted), dates(&more, wanted));
            prop_assert_eq!(less.len(), more.len());
            for (less, more) in less.iter().zip(&more) {
                prop_assert!(less <= more, "{:?}: {:?} became {:?} by {}", wanted, less, more, one_more);
            }
        }
    }
}

/// Another order, by chance from a seed.
fn shuffle<T>(all: &mut [T], mut seed: u64) {
    for at in (1..all.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(at, (seed >> 33) as usize % (at + 1));
    }
}
