//! Arithmetic of days: birthdays, sets of periods, and the clocks that count days of residence.

use chrono::{Days, Months, NaiveDate};

use crate::time::Period;

/// The day on which someone born then completes so many years; on 28 February for 29 February in common years.
pub(super) fn fyller(foedt: NaiveDate, aar: u32) -> NaiveDate {
    foedt.checked_add_months(Months::new(12 * aar)).unwrap_or(NaiveDate::MAX)
}

/// So many years after the day.
pub(super) fn aar_etter(day: NaiveDate, aar: u32) -> NaiveDate {
    fyller(day, aar)
}

/// The period in words of days, for comparing ends: no end is the last day there is.
pub(super) fn slutt(period: &Period) -> NaiveDate {
    period.to.unwrap_or(NaiveDate::MAX)
}

/// From a day until an end, where there is a day in it.
pub(super) fn mellom(from: NaiveDate, to: Option<NaiveDate>) -> Option<Period> {
    to.is_none_or(|to| from < to).then_some(Period { from, to })
}

/// Sorts the periods and joins those that touch.
pub(super) fn flett(perioder: &mut Vec<Period>) {
    if perioder.len() < 2 {
        return;
    }
    perioder.sort_unstable_by_key(|p| (p.from, slutt(p)));
    let mut joined: Vec<Period> = Vec::with_capacity(perioder.len());
    for period in perioder.drain(..) {
        match joined.last_mut() {
            Some(last) if last.to.is_none_or(|to| period.from <= to) => {
                if slutt(&period) > slutt(last) {
                    last.to = period.to;
                }
            }
            _ => joined.push(period),
        }
    }
    *perioder = joined;
}

/// What is left of the periods without the hole.
pub(super) fn uten(perioder: &mut Vec<Period>, hull: Period) {
    if !perioder.iter().any(|p| p.overlaps(&hull)) {
        return;
    }
    let mut left = Vec::with_capacity(perioder.len() + 1);
    for period in perioder.drain(..) {
        if !period.overlaps(&hull) {
            left.push(period);
            continue;
        }
        left.extend(mellom(period.from, Some(hull.from)));
        left.extend(hull.to.and_then(|to| mellom(to, period.to)));
    }
    *perioder = left;
}

/// The days that both sets have, each sorted and without overlaps.
pub(super) fn snitt(ene: &[Period], andre: &[Period]) -> Vec<Period> {
    let mut both = Vec::new();
    for a in ene {
        for b in andre {
            let to = match (a.to, b.to) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            both.extend(mellom(a.from.max(b.from), to));
        }
    }
    both
}

/// The first day on which so many years of these days have passed. Whole years where the days run on; a break puts the
/// end off by its days (IL-23: several kommuner add up).
pub(super) fn klokke(dager: &[Period], aar: u32) -> Option<NaiveDate> {
    let first = dager.first()?;
    let mut end = aar_etter(first.from, aar);
    for pair in dager.windows(2) {
        let [before, after] = pair else { continue };
        let stopped = before.to?;
        if end <= stopped {
            break;
        }
        let days = u64::try_from((after.from - stopped).num_days()).unwrap_or(0);
        end = end.checked_add_days(Days::new(days))?;
    }
    // The clock stands still after the last day of residence.
    dager.last().is_some_and(|last| slutt(last) >= end).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(text: &str) -> Period {
        let (from, to) = text.split_once("..").unwrap();
        Period { from: from.parse().unwrap(), to: (!to.is_empty()).then(|| to.parse().unwrap()) }
    }

    fn all(text: &str) -> Vec<Period> {
        text.split_whitespace().map(p).collect()
    }

    #[test]
    fn periods_that_touch_are_joined_and_holes_are_cut() {
        let mut periods = all("2022-03-01..2022-04-01 2022-01-01..2022-02-01 2022-02-01..2022-02-10");
        flett(&mut periods);
        assert_eq!(periods, all("2022-01-01..2022-02-10 2022-03-01..2022-04-01"));
        uten(&mut periods, p("2022-02-01..2022-03-15"));
        assert_eq!(periods, all("2022-01-01..2022-02-01 2022-03-15..2022-04-01"));
        uten(&mut periods, p("2022-03-15.."));
        assert_eq!(periods, all("2022-01-01..2022-02-01"));
        assert_eq!(snitt(&all("2022-01-01.."), &all("2021-01-01..2022-02-01")), all("2022-01-01..2022-02-01"));
    }

    #[test]
    fn a_clock_counts_whole_years_and_stands_still_in_breaks() {
        assert_eq!(klokke(&all("2022-06-01.."), 2), Some("2024-06-01".parse().unwrap()));
        assert_eq!(klokke(&all("2022-06-01..2022-07-01 2022-07-11.."), 2), Some("2024-06-11".parse().unwrap()));
        assert_eq!(klokke(&all("2022-06-01..2024-05-31"), 2), None);
        assert_eq!(klokke(&all("2022-06-01..2024-06-01"), 2), Some("2024-06-01".parse().unwrap()));
        assert_eq!(klokke(&[], 2), None);
    }
}
