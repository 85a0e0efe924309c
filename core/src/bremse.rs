//! The brake on sources (design.md 8): a source that would close the categories of very many persons within an hour is held
//! until an operator lets it on. A mass mistake cannot be called back once 300 kommuner have read it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};

use crate::change::Change;
use crate::id::Duf;
use crate::kategori::Kategori;
use crate::person::Person;

/// When a source is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bremse {
    /// Counted is what it closed within this time.
    pub within: TimeDelta,
    /// So many persons are too many.
    pub persons: i64,
    /// And so many of a thousand.
    pub per_mille: i64,
    /// A share of a small register is not looked at below this many persons.
    pub at_least: i64,
}

impl Bremse {
    /// Whether a source that has closed the categories of so many persons, in a register of so many, is held.
    pub fn holds(&self, closed: i64, persons: i64) -> bool {
        let share = closed.saturating_mul(1_000) >= persons.saturating_mul(self.per_mille);
        closed >= self.persons || (closed >= self.at_least && share)
    }
}

/// Persons of whom a category that was open on the day is so no more after these changes.
pub fn closed(persons: &BTreeMap<Duf, Person>, changes: &[Change], today: NaiveDate) -> BTreeSet<Duf> {
    let open = |kategorier: &[Kategori]| -> BTreeSet<&'static str> {
        kategorier.iter().filter(|one| one.gyldig.contains(today)).map(|one| one.kode.code()).collect()
    };
    // The last computation of a person is what stays.
    let computed = changes.iter().filter_map(|change| match change {
        Change::Beregnet { duf, row } => Some((*duf, row.beregning.kategorier.as_slice())),
        _ => None,
    });
    let after: BTreeMap<Duf, &[Kategori]> = computed.collect();
    let closes = |duf: &Duf, after: &[Kategori]| {
        let before = persons.get(duf).and_then(|person| person.beregnet.as_ref());
        before.is_some_and(|before| !open(&before.kategorier).is_subset(&open(after)))
    };
    after.into_iter().filter(|(duf, after)| closes(duf, after)).map(|(duf, _)| duf).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_share_are_too_many() {
        let bremse = Bremse { within: TimeDelta::minutes(60), persons: 500, per_mille: 5, at_least: 20 };
        let held = |closed, persons| bremse.holds(closed, persons);
        assert_eq!((held(499, 1_000_000), held(500, 1_000_000)), (false, true));
        assert_eq!((held(99, 20_000), held(100, 20_000)), (false, true), "0.5 %");
        assert_eq!((held(19, 100), held(20, 100)), (false, true), "one of a hundred persons is no mass mistake");
    }
}
