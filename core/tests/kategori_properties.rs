//! What holds of categories whatever the sources and the kommune say: persons of a small vocabulary, by chance, in the words
//! of the tables. `NIR_PROPTEST_CASES` sets how many (10,000 unless it does).

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
#[expect(dead_code, reason = "names of all kinds of content are the messages' concern")]
mod innhold;
#[path = "text/kategorier.rs"]
#[expect(dead_code, clippy::panic, reason = "nothing is expected of a person made by chance but what holds of all")]
mod kategorier;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/tilfeller.rs"]
mod tilfeller;
#[path = "text/words.rs"]
#[expect(dead_code, reason = "no line here ends in free text")]
mod words;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;
use register::fact::Fact;
use register::kategori::{Beregning, Grunnlag, Kategori, beregn, logg};
use register::policy::{Policy, Profile};
use register::post::PostVersion;

static POLICY: LazyLock<Policy> = LazyLock::new(|| regler::policy(Profile::Sandbox));

/// Days on both sides of what the rules turn on.
const DAYS: [&str; 22] = [
    "2003-10-01",
    "2005-08-31",
    "2011-12-31",
    "2012-01-01",
    "2016-03-01",
    "2018-06-15",
    "2018-09-01",
    "2018-11-23",
    "2020-12-31",
    "2021-01-01",
    "2021-12-31",
    "2022-01-01",
    "2022-06-15",
    "2023-07-31",
    "2023-08-01",
    "2024-02-29",
    "2025-12-31",
    "2026-01-01",
    "2026-01-02",
    "2027-11-30",
    "2028-06-30",
    "2028-07-01",
];

fn day() -> impl Strategy<Value = &'static str> {
    select(DAYS.to_vec())
}

fn words(all: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(all.to_vec())
}

/// `A..B` with B after A, or without end.
fn period() -> impl Strategy<Value = (String, NaiveDate)> {
    (day(), select(vec![0u64, 1, 90, 364, 365, 730, 1500])).prop_map(|(from, days)| {
        let first: NaiveDate = from.parse().unwrap();
        let text = if days == 0 { format!("{from}..") } else { format!("{from}..{}", first + Days::new(days)) };
        (text, first)
    })
}

/// A fact that begins on a day, and that day: it says nothing of the days before.
fn dated() -> impl Strategy<Value = (String, NaiveDate)> {
    let grounds = words(&[
        "ASYL",
        "OVERFLYKT",
        "HUM38",
        "HUM38X",
        "BARNEFAM38",
        "EM38",
        "KOLL34",
        "KOLL34",
        "FAM_FLYKT",
        "FAM_NORDISK",
        "FAM_ANNEN",
        "FAM_ARBEID",
        "SELVST53",
        "ARB23",
        "STUD26",
        "PERM",
        "EOS",
        "UKJENT",
    ]);
    let marks =
        words(&["", "", "", " fornyet", " fornyet", " ikke-permanent", " ikke-fornybar", " fra-utlandet", " EØS"]);
    let sponsors = words(&["", "", " referanse ASYL ref-bosatt 2018-01-01", " referanse KOLL34 ref-permanent"]);
    let permit = (grounds, period(), marks, sponsors).prop_map(|(ground, (valid, from), mark, sponsor)| {
        (format!("tillatelse {ground} {from}{mark}{sponsor} {valid}"), from)
    });
    let stays = (
        words(&["bosted 4204", "bosted 4203", "mottak 4204", "mottak 4204 ankomst", "borger SWE", "borger NOR"]),
        period(),
    )
        .prop_map(|(what, (valid, from))| (format!("{what} {valid}"), from));
    let moments = (
        words(&["død", "utflyttet", "forsvunnet", "ankomst", "fornyelse", "asylsøknad", "bosatt 4204", "bosatt 4203"]),
        day(),
        words(&["", "", " avtale"]),
    )
        .prop_map(|(what, on, mark)| {
            let mark = if what.starts_with("bosatt") { mark } else { "" };
            (format!("{what} {on}{mark}"), on.parse::<NaiveDate>().unwrap())
        });
    prop_oneof![3 => permit, 2 => stays, 3 => moments]
}

/// A fact that may tell of days before it was said: an answer, an end of a permit, an application before the permit.
fn retroactive() -> impl Strategy<Value = String> {
    let answers =
        (words(&["fornyelse", "asylsøknad"]), day(), words(&["innvilget", "avslag"]), day(), words(&["", " endelig"]))
            // Nothing is answered before it is applied for.
            .prop_map(|(what, one, answer, other, last)| {
                let (applied, on) = if one <= other { (one, other) } else { (other, one) };
                format!("{what} {applied} {answer} {on}{last}")
            });
    let ended = (
        words(&["ASYL", "KOLL34", "FAM_NORDISK"]),
        period(),
        words(&["tilbakekalt", "bortfalt", "utvist"]),
        day(),
        words(&["", " endelig"]),
    )
        .prop_map(|(ground, (valid, from), how, on, last)| {
            // Nor does what was not granted yet end.
            let on = from.max(on.parse().unwrap());
            format!("tillatelse {ground} {from} {how} {on}{last} {valid}")
        });
    let applied =
        (words(&["ASYL", "HUM38X", "FAM_FLYKT"]), day(), period()).prop_map(|(ground, applied, (valid, from))| {
            format!("tillatelse {ground} {from} søkt {applied} fornyet {valid}")
        });
    prop_oneof![answers, ended, applied]
}

fn registration() -> impl Strategy<Value = String> {
    let decisions = (
        words(&["INNVILGELSE", "INNVILGELSE", "AVSLAG", "STANS_PERMANENT", "AVSLUTNING", "BORTFALL_RETT"]),
        period(),
        words(&["", " ordning NORSK"]),
    )
        .prop_map(|(kind, (valid, from), scheme)| format!("vedtak {kind} {from} {valid}{scheme}"));
    let ends = (day(), words(&["AV01", "AV09", "AV18", "AV19", "SYS0"]))
        .prop_map(|(on, why)| format!("avslutning {on} {why}"));
    let work =
        (period(), words(&["29.5", "30", "37.5"])).prop_map(|((valid, _), hours)| format!("arbeid {valid} {hours} t"));
    let hours = (day(), words(&["0", "225", "550"]))
        .prop_map(|(on, hours)| format!("norsktimer {on}..{on} {hours} t modul MOD1 75"));
    let starts = (day(), words(&["", " ordning NORSK"])).prop_map(|(on, scheme)| format!("oppstart {on}{scheme}"));
    prop_oneof![3 => decisions, 1 => ends, 1 => work, 1 => hours, 1 => starts]
}

fn born() -> impl Strategy<Value = String> {
    words(&[
        "1950-01-01",
        "1955-03-01",
        "1967-01-02",
        "1980-06-15",
        "1990-01-01",
        "2003-01-01",
        "2004-02-29",
        "2010-01-01",
    ])
    .prop_map(|born| format!("født {born}"))
}

fn facts(lines: &[String]) -> Vec<Fact> {
    lines.iter().zip(1..).map(|(line, n)| kategorier::fact(line, n).unwrap()).collect()
}

fn posts(lines: &[String]) -> Vec<PostVersion> {
    lines.iter().zip(1..).map(|(line, n)| kategorier::post(line, n).unwrap()).collect()
}

fn computed(facts: &[Fact], posts: &[PostVersion]) -> Beregning {
    beregn(Grunnlag { facts, posts }, &POLICY)
}

fn person() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let facts = (
        proptest::option::weighted(0.95, born()),
        proptest::collection::vec(dated().prop_map(|(line, _)| line), 0..6),
        proptest::collection::vec(retroactive(), 0..3),
    )
        .prop_map(|(born, dated, retroactive)| born.into_iter().chain(dated).chain(retroactive).collect());
    (facts, proptest::collection::vec(registration(), 0..5))
}

/// The days before `until` on which something changes, with what is open from then on.
fn open_before(categories: &[Kategori], until: NaiveDate) -> Vec<(NaiveDate, BTreeSet<&'static str>)> {
    let mut days: BTreeSet<NaiveDate> =
        categories.iter().flat_map(|k| [Some(k.gyldig.from), k.gyldig.to]).flatten().collect();
    days.retain(|day| *day < until);
    let open = |day: NaiveDate| categories.iter().filter(|k| k.gyldig.contains(day)).map(|k| k.kode.code()).collect();
    let mut steps: Vec<(NaiveDate, BTreeSet<&'static str>)> = days.into_iter().map(|day| (day, open(day))).collect();
    // A period that is cut and goes on the same day changes nothing.
    steps.dedup_by(|later, earlier| later.1 == earlier.1);
    if steps.first().is_some_and(|(_, open)| open.is_empty()) {
        steps.remove(0);
    }
    steps
}

proptest! {
    #![proptest_config(tilfeller::cases())]

    /// Whatever order facts and registrations come in, and however often they are computed, the result is one; and it is
    /// whole: periods of a category in order and apart, each that ends with its reason, each step of the log in words.
    #[test]
    fn the_same_facts_give_the_same_categories((lines, registered) in person(), turn in 0usize..8) {
        let (mut facts, mut posts) = (facts(&lines), posts(&registered));
        let first = computed(&facts, &posts);
        prop_assert_eq!(&first, &computed(&facts, &posts));
        facts.reverse();
        posts.reverse();
        prop_assert_eq!(&first, &computed(&facts, &posts));
        let middle = turn.min(facts.len());
        facts.rotate_left(middle);
        let middle = turn.min(posts.len());
        posts.rotate_left(middle);
        prop_assert_eq!(&first, &computed(&facts, &posts));
        for k in &first.kategorier {
            prop_assert!(k.gyldig.to.is_none_or(|to| k.gyldig.from < to), "{:?} has no day", k);
            prop_assert_eq!(k.gyldig.to.is_some(), k.aarsak.is_some(), "{:?}", k);
        }
        for pair in first.kategorier.windows(2) {
            let [one, next] = pair else { continue };
            prop_assert!(one.kode <= next.kode);
            if one.kode == next.kode {
                prop_assert!(one.gyldig.to.is_some_and(|to| to <= next.gyldig.from), "{:?} {:?}", one, next);
            }
        }
        for steg in &first.logg {
            let text = logg::tekst(steg);
            prop_assert!(text.ends_with('.') && !text.contains(['{', '}']), "{}", text);
        }
    }

    /// A fact that begins on a day changes no open day before it. This holds of every fact that says nothing of earlier
    /// days (a grant, a stay, a settlement, an application, a citizenship, a death … of that day), whatever else is known; it does
    /// not hold of a birth date, of the answer to an earlier application, of the end of an earlier permit, or of a permit
    /// that says it was applied for before.
    #[test]
    fn a_fact_of_the_future_changes_no_day_of_the_past((mut lines, registered) in person(), (line, begins) in dated()) {
        let posts = posts(&registered);
        let before = computed(&facts(&lines), &posts);
        lines.push(line);
        let after = computed(&facts(&lines), &posts);
        prop_assert_eq!(open_before(&before.kategorier, begins), open_before(&after.kategorier, begins));
    }
}
