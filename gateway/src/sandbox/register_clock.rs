//! The clock that can be set: register time is wall time plus an offset per kommune (design.md 10).

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Europe::Oslo;

/// The register holds nothing from before its sandbox's agreements.
const FIRST_YEAR: i32 = 2005;
const LAST_YEAR: i32 = 2099;

/// Why a time cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// It is no time.
    #[error("'{0}' is no time; write 2017-05-15T12:00, 2017-05-15T23:59:59, 2017-05-15 or now")]
    Form(String),
    /// The hour was skipped when the clocks went forward.
    #[error("'{0}' does not exist in Norway (the clocks went forward)")]
    Skipped(String),
    /// Outside what the sandbox's parties are valid for.
    #[error("the sandbox's parties are valid from 2005 to 2099")]
    Range,
}

/// The offset in seconds that makes register time show `when` at wall time `now`. Rounded up: a clock set to
/// midnight is never a part of a second before it.
pub fn offset(when: &str, now: DateTime<Utc>) -> Result<i64, ClockError> {
    if matches!(when, "now" | "nå") {
        return Ok(0);
    }
    let at = instant(when)?;
    let first = day(FIRST_YEAR, 1, 1);
    let last = day(LAST_YEAR, 12, 31);
    if !(first..=last).contains(&at.with_timezone(&Oslo).date_naive()) {
        return Err(ClockError::Range);
    }
    let difference = at - now;
    let seconds = difference.num_seconds();
    Ok(if difference.subsec_nanos() > 0 { seconds + 1 } else { seconds })
}

fn instant(when: &str) -> Result<DateTime<Utc>, ClockError> {
    if let Ok(at) = DateTime::parse_from_rfc3339(when) {
        return Ok(at.with_timezone(&Utc));
    }
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(when, form).ok())
        .or_else(|| NaiveDate::parse_from_str(when, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN)))
        .ok_or_else(|| ClockError::Form(when.to_owned()))?;
    // The hour that comes twice in October: the first of them.
    let at = Oslo.from_local_datetime(&local).earliest().ok_or_else(|| ClockError::Skipped(when.to_owned()))?;
    Ok(at.with_timezone(&Utc))
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Register time at wall time `now`, in Norway.
pub fn shown(now: DateTime<Utc>, offset_seconds: i64) -> String {
    let most = i64::from(u32::MAX) * 4;
    let at = now + chrono::Duration::seconds(offset_seconds.clamp(-most, most));
    at.with_timezone(&Oslo).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-24T12:00:00.300Z".parse().unwrap()
    }

    #[test]
    fn the_clock_shows_what_was_asked_for() {
        for (asked, shows) in [
            ("2017-05-15T12:00", "2017-05-15T12:00:00+02:00"),
            ("2017-05-15T23:59:59", "2017-05-15T23:59:59+02:00"),
            ("2017-05-16", "2017-05-16T00:00:00+02:00"),
            ("2017-05-15T22:00:00Z", "2017-05-16T00:00:00+02:00"),
            ("2030-01-01T08:15", "2030-01-01T08:15:00+01:00"),
            ("2021-10-31T02:30", "2021-10-31T02:30:00+02:00"),
        ] {
            assert_eq!(shown(now(), offset(asked, now()).unwrap()), shows, "{asked}");
        }
        assert_eq!(offset("now", now()), Ok(0));
    }

    #[test]
    fn midnight_is_never_the_day_before() {
        let at = now() + chrono::Duration::seconds(offset("2017-05-16", now()).unwrap());
        assert_eq!(at.with_timezone(&Oslo).date_naive(), day(2017, 5, 16));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in ["", "tomorrow", "2017-13-01", "15.05.2017", "2017-05-15T25:00"] {
            assert!(matches!(offset(wrong, now()), Err(ClockError::Form(_))), "{wrong}");
        }
        assert!(matches!(offset("2021-03-28T02:30", now()), Err(ClockError::Skipped(_))));
        assert_eq!(offset("1999-01-01", now()), Err(ClockError::Range));
    }
}
