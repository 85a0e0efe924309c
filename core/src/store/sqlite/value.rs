//! SQLite has no dates, times or arrays: days and microseconds as integers, byte strings in one parameter.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

/// Days since 1970-01-01.
pub(super) fn days(day: NaiveDate) -> i64 {
    // Day 719 163 of the common era is 1970-01-01.
    i64::from(day.num_days_from_ce()) - 719_163
}

/// The day of stored days.
pub(super) fn from_days(value: i64) -> Result<NaiveDate, sqlx::Error> {
    let day = i32::try_from(value + 719_163).ok().and_then(NaiveDate::from_num_days_from_ce_opt);
    day.ok_or_else(|| sqlx::Error::Decode("no day".into()))
}

/// Microseconds since 1970, UTC.
pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// The instant of stored microseconds.
pub(super) fn from_micros(value: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    DateTime::from_timestamp_micros(value).ok_or_else(|| sqlx::Error::Decode("no time".into()))
}

/// Byte strings joined into one parameter; JSON holds where each begins (from 1) and how long it is.
#[derive(Default)]
pub(super) struct Blobs {
    pub bytes: Vec<u8>,
}

impl Blobs {
    /// Adds one; its start and length for `substr`.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (usize, usize) {
        let start = self.bytes.len() + 1;
        self.bytes.extend_from_slice(bytes);
        (start, bytes.len())
    }
}
