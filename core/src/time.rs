//! The two times (valid and recorded), and the calendar day in Norway.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Valid time, half-open: the days `from <= day < to`; `to` absent means without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// First day after.
    pub to: Option<NaiveDate>,
}

impl Period {
    /// From two inclusive dates, as the wire writes periods (contract.md 0.12).
    pub fn inclusive(from: NaiveDate, to: Option<NaiveDate>) -> Self {
        Period { from, to: to.and_then(|d| d.succ_opt()) }
    }

    /// Whether the day lies in the period.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    /// Whether the two have a day in common.
    pub fn overlaps(&self, other: &Period) -> bool {
        self.to.is_none_or(|to| other.from < to) && other.to.is_none_or(|to| self.from < to)
    }

    /// The days that both have.
    pub fn common(&self, other: &Period) -> Option<Period> {
        let from = self.from.max(other.from);
        let to = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, None) | (None, one) => one,
        };
        to.is_none_or(|to| from < to).then_some(Period { from, to })
    }

    /// Last day, inclusive; `None` when without end.
    pub fn last(&self) -> Option<NaiveDate> {
        self.to.and_then(|d| d.pred_opt())
    }
}

/// The calendar day in Europe/Oslo of an instant: the `today` of every window (domain.md 9.2).
pub fn oslo_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&chrono_tz::Europe::Oslo).date_naive()
}
