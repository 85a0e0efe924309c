//! When the register itself opened days for writing (`aapnetForSkriving`, domain.md 9.2, 17.12): the second lawful start
//! of a back-registration, for what a source told late.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::fact::{Fact, FactContent};
use crate::id::Kommunenummer;
use crate::kategori::{Aapning, Kategori};
use crate::person::follow_up;
use crate::policy::Policy;
use crate::post::Ordning;
use crate::time::Period;

/// The days on which a category of a scheme is open and a kommune follows the person up, each with the day on which the
/// register first let that kommune write about it. Days that were open in `before` keep their date, days that are new get
/// `today`, and days that are open no longer are dropped: when they come back they get the date they came back on. A
/// kommune that got another number is the same kommune; what a split made of one is not, since nobody could write
/// until the person's address was known (domain.md 3.5).
pub fn aapninger(
    before: &[Aapning],
    facts: &[Fact],
    kategorier: &[Kategori],
    policy: &Policy,
    today: NaiveDate,
) -> Vec<Aapning> {
    let owners = owners(facts);
    let mut all = Vec::new();
    for ordning in [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval] {
        let categories = kategorier.iter().filter(|kategori| kategori.kode.ordning() == ordning);
        for open in union(categories.map(|kategori| kategori.gyldig).collect()) {
            for (kommune, owned) in &owners {
                let Some(dager) = common(open, *owned) else { continue };
                let same = |a: &&Aapning| {
                    a.ordning == ordning && policy.same_kommune(*kommune, a.kommune, today) && a.dager.overlaps(&dager)
                };
                split(dager, before.iter().filter(same), today, |dager, aapnet| {
                    all.push(Aapning { ordning, kommune: *kommune, dager, aapnet });
                });
            }
        }
    }
    merged(all)
}

/// Cuts the days along the openings there were; days that none of them held are opened today. Openings of one kommune
/// never overlap, but two numbers of it may: then the earlier date holds.
fn split<'a>(
    dager: Period,
    before: impl Iterator<Item = &'a Aapning>,
    today: NaiveDate,
    mut push: impl FnMut(Period, NaiveDate),
) {
    let before: Vec<&Aapning> = before.collect();
    let edges = before.iter().flat_map(|a| [Some(a.dager.from), a.dager.to]).flatten();
    let mut cuts: BTreeSet<NaiveDate> = edges.filter(|day| *day > dager.from && dager.contains(*day)).collect();
    cuts.insert(dager.from);
    let starts: Vec<NaiveDate> = cuts.into_iter().collect();
    for (n, from) in starts.iter().enumerate() {
        let to = starts.get(n + 1).copied().or(dager.to);
        let known = before.iter().filter(|a| a.dager.contains(*from)).map(|a| a.aapnet).min();
        push(Period { from: *from, to }, known.unwrap_or(today));
    }
}

/// Who follows the person up, over all days: what [`follow_up`] says between the days on which its answer may change.
fn owners(facts: &[Fact]) -> Vec<(Kommunenummer, Period)> {
    let place = |fact: &&Fact| {
        matches!(
            fact.content,
            FactContent::Oppfoelging { .. }
                | FactContent::Mottak { .. }
                | FactContent::Bosted { .. }
                | FactContent::Bosetting { .. }
                | FactContent::Beskyttelse { .. }
        )
    };
    let edges = facts.iter().filter(place).flat_map(|fact| [Some(fact.valid.from), fact.valid.to]).flatten();
    let days: Vec<NaiveDate> = edges.collect::<BTreeSet<_>>().into_iter().collect();
    let mut all: Vec<(Kommunenummer, Period)> = Vec::new();
    for (n, from) in days.iter().enumerate() {
        let to = days.get(n + 1).copied();
        let Some(owner) = follow_up(facts, *from) else { continue };
        match all.last_mut().filter(|(kommune, period)| *kommune == owner.kommune && period.to == Some(*from)) {
            Some((_, period)) => period.to = to,
            None => all.push((owner.kommune, Period { from: *from, to })),
        }
    }
    all
}

fn common(a: Period, b: Period) -> Option<Period> {
    let to = match (a.to, b.to) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    };
    let from = a.from.max(b.from);
    to.is_none_or(|to| from < to).then_some(Period { from, to })
}

/// The periods without overlaps, in order; neighbours become one.
fn union(mut periods: Vec<Period>) -> Vec<Period> {
    periods.sort_by_key(|period| period.from);
    let mut all: Vec<Period> = Vec::new();
    for period in periods {
        match all.last_mut().filter(|last| last.to.is_none_or(|to| period.from <= to)) {
            Some(last) => {
                last.to = match (last.to, period.to) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                }
            }
            None => all.push(period),
        }
    }
    all
}

fn merged(mut all: Vec<Aapning>) -> Vec<Aapning> {
    all.sort_by_key(|a| (a.ordning, a.kommune, a.dager.from));
    let mut kept: Vec<Aapning> = Vec::new();
    for one in all {
        let goes_on = |last: &&mut Aapning| {
            (last.ordning, last.kommune, last.aapnet) == (one.ordning, one.kommune, one.aapnet)
                && last.dager.to == Some(one.dager.from)
        };
        match kept.last_mut().filter(goes_on) {
            Some(last) => last.dager.to = one.dager.to,
            None => kept.push(one),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kategori::Kategorikode;
    use crate::policy::Profile;
    use crate::registry::Lov;
    use chrono::{DateTime, Utc};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(text: &str) -> Period {
        let (from, last) = text.split_once("..").unwrap();
        Period::inclusive(day(from), (!last.is_empty()).then(|| day(last)))
    }

    fn follows(n: i64, kommune: &str, valid: &str) -> Fact {
        Fact {
            row_no: n,
            source: "IMDI".into(),
            source_id: n.to_string(),
            content: FactContent::Oppfoelging { kommune: kommune.parse().unwrap(), bydel: None },
            valid: days(valid),
            annulled: false,
            system_from: DateTime::<Utc>::MIN_UTC,
            system_to: None,
        }
    }

    fn open(kode: Kategorikode, gyldig: &str) -> Kategori {
        let gyldig = days(gyldig);
        Kategori {
            kode,
            lov: Lov::Il,
            gyldig,
            aarsak: None,
            rett_til_aa_fullfoere: false,
            rad: "IL-1".into(),
            usikker: false,
        }
    }

    fn run(before: &[Aapning], facts: &[Fact], kategorier: &[Kategori], today: &str) -> Vec<Aapning> {
        aapninger(before, facts, kategorier, &Policy::embedded(Profile::Sandbox).unwrap(), day(today))
    }

    fn said(all: &[Aapning]) -> Vec<String> {
        let last = |a: &Aapning| a.dager.last().map(|day| day.to_string()).unwrap_or_default();
        all.iter()
            .map(|a| format!("{} {} {}..{} {}", a.ordning.code(), a.kommune, a.dager.from, last(a), a.aapnet))
            .collect()
    }

    #[test]
    fn days_keep_their_date_new_ones_get_today_and_what_closed_is_dropped() {
        let facts = [follows(1, "4204", "2021-01-01..")];
        let intro = |gyldig| [open(Kategorikode::IntroRp, gyldig)];
        let first = run(&[], &facts, &intro("2021-03-01..2021-12-31"), "2021-04-01");
        assert_eq!(said(&first), ["INTRO 4204 2021-03-01..2021-12-31 2021-04-01"]);
        assert_eq!(run(&first, &facts, &intro("2021-03-01..2021-12-31"), "2021-09-01"), first, "nothing new");
        let longer = run(&first, &facts, &intro("2021-02-01..2022-12-31"), "2021-09-01");
        assert_eq!(
            said(&longer),
            [
                "INTRO 4204 2021-02-01..2021-02-28 2021-09-01",
                "INTRO 4204 2021-03-01..2021-12-31 2021-04-01",
                "INTRO 4204 2022-01-01..2022-12-31 2021-09-01",
            ]
        );
        // Wrongly withdrawn from June on, and given back.
        let cut = run(&first, &facts, &intro("2021-03-01..2021-05-31"), "2021-10-01");
        assert_eq!(said(&cut), ["INTRO 4204 2021-03-01..2021-05-31 2021-04-01"]);
        let back = run(&cut, &facts, &intro("2021-03-01..2021-12-31"), "2021-11-01");
        assert_eq!(
            said(&back),
            ["INTRO 4204 2021-03-01..2021-05-31 2021-04-01", "INTRO 4204 2021-06-01..2021-12-31 2021-11-01"]
        );
        assert_eq!(run(&first, &facts, &[], "2021-10-01"), [], "no category, nothing to write about");
    }

    #[test]
    fn a_follow_up_that_is_written_anew_opens_nothing_and_a_move_opens_its_days_to_the_new_kommune() {
        let intro = [open(Kategorikode::IntroRp, "2020-01-01..")];
        let first = run(&[], &[follows(1, "4204", "2020-01-01..")], &intro, "2020-01-10");
        let mut anew = follows(2, "4204", "2020-01-01..");
        anew.system_from = "2021-04-20T12:00:00Z".parse().unwrap();
        assert_eq!(run(&first, &[anew], &intro, "2021-04-20"), first);
        let moved = [follows(1, "4204", "2020-01-01..2020-12-31"), follows(2, "4203", "2021-01-01..")];
        let after = run(&first, &moved, &intro, "2021-04-20");
        assert_eq!(
            said(&after),
            ["INTRO 4203 2021-01-01.. 2021-04-20", "INTRO 4204 2020-01-01..2020-12-31 2020-01-10"]
        );
    }

    #[test]
    fn another_number_is_the_same_kommune_and_a_split_is_not() {
        let intro = [open(Kategorikode::IntroRp, "2023-06-01..")];
        let old = run(&[], &[follows(1, "3020", "2023-06-01..")], &intro, "2023-06-10");
        let renumbered = run(&old, &[follows(2, "3207", "2023-06-01..")], &intro, "2024-02-01");
        assert_eq!(said(&renumbered), ["INTRO 3207 2023-06-01.. 2023-06-10"]);
        let whole = run(&[], &[follows(1, "1507", "2023-06-01..")], &intro, "2023-06-10");
        let part = [follows(1, "1507", "2023-06-01..2023-12-31"), follows(2, "1508", "2024-01-01..")];
        assert_eq!(
            said(&run(&whole, &part, &intro, "2024-03-01")),
            ["INTRO 1507 2023-06-01..2023-12-31 2023-06-10", "INTRO 1508 2024-01-01.. 2024-03-01"]
        );
    }

    #[test]
    fn categories_of_one_scheme_are_one_and_schemes_are_apart() {
        let facts = [follows(1, "4204", "2021-01-01..")];
        let all = [
            open(Kategorikode::NorskPlikt, "2021-05-01..2021-12-31"),
            open(Kategorikode::NorskRett, "2021-02-01..2021-06-30"),
            open(Kategorikode::IntroR, "2021-03-01..2021-03-31"),
        ];
        assert_eq!(
            said(&run(&[], &facts, &all, "2021-06-15")),
            ["INTRO 4204 2021-03-01..2021-03-31 2021-06-15", "NORSK 4204 2021-02-01..2021-12-31 2021-06-15"]
        );
    }
}
