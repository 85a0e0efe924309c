//! Working days and months of the calendar: public holidays of IF §17, counting virkedager, the last day of a period of
//! months.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, Months, NaiveDate, Weekday};

/// Easter Sunday of the Gregorian calendar (anonymous algorithm, as in domain.md 7.3).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let g = (b - (b + 8).div_euclid(25) + 1).div_euclid(3);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

fn list(year: i32) -> [Option<NaiveDate>; 12] {
    let easter = easter(year);
    let moved = |days: i64| easter.and_then(|day| day.checked_add_signed(chrono::Duration::days(days)));
    let fixed = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    [
        fixed(1, 1),
        fixed(5, 1),
        fixed(5, 17),
        fixed(12, 25),
        fixed(12, 26),
        moved(-3),
        moved(-2),
        moved(0),
        moved(1),
        moved(39),
        moved(49),
        moved(50),
    ]
}

/// Public holidays of a year (IF §17).
pub fn holidays(year: i32) -> BTreeSet<NaiveDate> {
    list(year).into_iter().flatten().collect()
}

/// Not Saturday, Sunday or a holiday.
pub fn is_virkedag(day: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> bool {
    !weekend(day) && !holidays.contains(&day)
}

fn weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Whether a working day lies between the first and the last day, both included.
pub fn has_virkedag(from: NaiveDate, to: NaiveDate) -> bool {
    virkedager(from, to) > 0
}

/// Working days from the first to the last day, both included.
pub fn virkedager(from: NaiveDate, to: NaiveDate) -> i64 {
    if to < from {
        return 0;
    }
    let holidays: i64 = (from.year()..=to.year())
        .map(|year| {
            let mut days = list(year);
            days.sort_unstable();
            let mut before = None;
            let free = days.into_iter().flatten().filter(|day| {
                let again = before.replace(*day) == Some(*day);
                !again && !weekend(*day) && from <= *day && *day <= to
            });
            i64::try_from(free.count()).unwrap_or_default()
        })
        .sum();
    weekdays_until(to) - weekdays_until(from) + i64::from(!weekend(from)) - holidays
}

/// Mondays to Fridays from the beginning of the calendar to the day, included.
fn weekdays_until(day: NaiveDate) -> i64 {
    // Day 1 of the common era was a Monday.
    let days = i64::from(day.num_days_from_ce());
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

/// The day that many working days after this one: the same day for none.
pub fn plus_virkedager(day: NaiveDate, count: i64) -> NaiveDate {
    let mut left = count;
    let mut at = day;
    let mut year = at.year();
    let mut holidays = list(year);
    while left > 0 {
        let Some(next) = at.succ_opt() else { return at };
        at = next;
        if at.year() != year {
            year = at.year();
            holidays = list(year);
        }
        left -= i64::from(!weekend(at) && !holidays.contains(&Some(at)));
    }
    at
}

/// The last day of a period of calendar months that begins on the day: 1 July and 36 months end on 30 June. A day that the
/// last month does not have is its last day (30 November and 3 months end on 28 February).
pub fn last_day(from: NaiveDate, months: u32) -> NaiveDate {
    let Some(end) = from.checked_add_months(Months::new(months)) else { return NaiveDate::MAX };
    if end.day() == from.day() { end.pred_opt().unwrap_or(end) } else { end }
}

/// Calendar days later, at most the end of the calendar.
pub fn plus_days(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_add_days(Days::new(u64::try_from(days).unwrap_or_default())).unwrap_or(NaiveDate::MAX)
}
