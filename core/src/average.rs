//! The average "gjennomsnittlig timer tiltak per uke" of a month (domain.md 7.3).

use chrono::{Datelike as _, Days, Months, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::post::Tiltak;
pub use crate::virkedag::{has_virkedag, holidays, is_virkedag};

/// The average of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
