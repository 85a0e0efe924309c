//! The average "gjennomsnittlig timer tiltak per uke" of a month (domain.md 7.3).

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, Months, NaiveDate, Weekday};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::post::Tiltak;

/// Easter Sunday of the Gregorian calendar (anonymous algorithm, as in domain.md 7.3).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

/// Public holidays of a year (IF §17).
pub fn holidays(year: i32) -> BTreeSet<NaiveDate> {
    let fixed = [(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)];
    let mut days: BTreeSet<NaiveDate> =
        fixed.iter().filter_map(|(month, day)| NaiveDate::from_ymd_opt(year, *month, *day)).collect();
    if let Some(easter) = easter(year) {
        days.extend([-3_i64, -2, 0, 1, 39, 49, 50].map(|offset| easter + chrono::Duration::days(offset)));
    }
    days
}

/// Not Saturday, Sunday or a holiday.
pub fn is_virkedag(day: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !holidays.contains(&day)
}

/// Whether a working day lies between the first and the last day, both included.
pub fn has_virkedag(from: NaiveDate, to: NaiveDate) -> bool {
    from.iter_days().take_while(|day| *day <= to).any(|day| is_virkedag(day, &holidays(day.year())))
}

/// The average of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Average {
    /// First day of the month.
    pub month: NaiveDate,
    /// Its working days.
    pub virkedager: i32,
    /// Hours per week, two decimals, half up.
    pub timer_per_uke: Decimal,
}

/// Σ hours × working days of the measure in the month ÷ working days of the month. On a day with a replacing
/// measure only the replacing ones count; AN06 counts 0, since its hours are 0 (TI-11).
pub fn average<'a>(month: NaiveDate, tiltak: impl Iterator<Item = &'a Tiltak>) -> Average {
    let first = month.with_day(1).unwrap_or(month);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    let holidays = holidays(first.year());
    let all: Vec<&Tiltak> = tiltak.collect();
    let mut total = Decimal::ZERO;
    let mut days = 0;
    let mut day = first;
    while day < next {
        if is_virkedag(day, &holidays) {
            days += 1;
            let active = || all.iter().filter(|t| t.fra_dato <= day && day <= t.til_dato);
            let replacing = active().any(|t| t.erstattende_tiltak);
            total += active().filter(|t| !replacing || t.erstattende_tiltak).map(|t| t.timer_per_uke).sum::<Decimal>();
        }
        day = day.checked_add_days(Days::new(1)).unwrap_or(next);
    }
    let mut timer_per_uke = Decimal::ZERO;
    if days > 0 {
        timer_per_uke = (total / Decimal::from(days)).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    }
    timer_per_uke.rescale(2);
    Average { month: first, virkedager: days, timer_per_uke }
}
