//! Persons one after the other, of those that a question is about, and as they were recorded when its first page was read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use crate::id::{Duf, Kommunenummer};
use crate::liste::PersonListQuery;
use crate::person::Person;
use crate::receipt::StreamPosition;
use crate::store::lister::{ListQuestion, beginning, on_tx};
use crate::store::replay::as_of;
use crate::store::{Store, StoreError, Tx};

/// Persons that are looked at in one step.
const AT_ONCE: usize = 500;

/// Which persons a question is about: the index that names them.
#[derive(Debug, Clone, Copy)]
pub enum Among<'q> {
    /// All that these numbers of a kommune follow up, or followed up before.
    FollowedUp(&'q [Kommunenummer]),
    /// All whom the list of persons has: names and page are not looked at.
    Listed(&'q PersonListQuery),
    /// These, in order.
    These(&'q [Duf]),
    /// All with a post that these numbers of a kommune own.
    Owning(&'q [Kommunenummer]),
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// Where the stream of the avsendersystem stood at the same moment.
    pub stroem: Option<StreamPosition>,
    /// As of when everybody was shown: what the next page goes on with.
    pub recorded: DateTime<Utc>,
}

impl Store {
    /// Shows the persons after a number, in order, as they were recorded at `recorded` (when the walk begins, without it),
    /// until `visit` says that it has enough.
    pub async fn each_person_among(
        &self,
        among: Among<'_>,
        after: Option<Duf>,
        recorded: Option<DateTime<Utc>>,
        avsendersystem: &str,
        mut visit: impl FnMut(Person) -> ControlFlow<()> + Send,
    ) -> Result<Walked, StoreError> {
        let mut tx = self.begin_read().await?;
        let stream = tx.streams(&[avsendersystem.to_owned()]).await?;
        let stroem = stream.first().map(|(system, row)| row.position(system));
        let begun = match recorded {
            Some(recorded) => recorded,
            None => beginning(&mut tx).await?,
        };
        let mut last = after.map_or(0, Duf::to_stored);
        'all: loop {
            let dufs = named(&mut tx, among, last, begun).await?;
            let Some(end) = dufs.last() else { break };
            last = *end;
            for person in persons(&mut tx, dufs, recorded).await? {
                if visit(person).is_break() {
                    break 'all;
                }
            }
        }
        tx.rollback().await;
        Ok(Walked { stroem, recorded: begun })
    }
}

/// The next persons after a number, in order.
async fn named(tx: &mut Tx, among: Among<'_>, after: i64, begun: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
    let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    // What one index has named completely: beyond its last person it may have more.
    let (mut found, mut complete_to) = (BTreeSet::new(), i64::MAX);
    let mut add = |rows: Vec<i64>| {
        if rows.len() >= AT_ONCE {
            complete_to = complete_to.min(rows.last().copied().unwrap_or(i64::MAX));
        }
        found.extend(rows);
    };
    match among {
        Among::FollowedUp(kommuner) => {
            for kommune in kommuner {
                add(on_tx(tx).followed_up(&kommune.to_string(), after, begun, limit).await?);
            }
        }
        Among::These(dufs) => {
            let later = dufs.iter().map(|duf| duf.to_stored()).filter(|duf| *duf > after);
            add(later.take(AT_ONCE).collect());
        }
        Among::Owning(kommuner) => {
            for kommune in kommuner {
                add(on_tx(tx).owning(&kommune.to_string(), after, limit).await?);
            }
        }
        Among::Listed(query) => {
            let unnamed = PersonListQuery { fornavn: None, etternavn: None, ..query.clone() };
            let dufs = query.duf.map_or((0, i64::MAX), |duf| (duf.to_stored(), duf.to_stored()));
            let places: Vec<_> = match query.kommuner.as_slice() {
                [] => vec![None],
                some => {
                    let koder = query.koder();
                    some.iter().flat_map(|k| koder.iter().map(|kode| Some((k.to_string(), *kode)))).collect()
                }
            };
            for place in places {
                let question = ListQuestion {
                    query: &unnamed,
                    day: query.day,
                    recorded: begun,
                    place,
                    koder: query.koder(),
                    after: (after, i32::MAX),
                    dufs,
                    limit,
                };
                add(on_tx(tx).persons(&question).await?.into_iter().map(|(duf, ..)| duf).collect());
            }
        }
    }
    Ok(found.into_iter().filter(|duf| *duf <= complete_to).collect())
}

/// These persons; as of a time, those that were written to since are made again from their rows.
async fn persons(tx: &mut Tx, dufs: Vec<i64>, recorded: Option<DateTime<Utc>>) -> Result<Vec<Person>, StoreError> {
    let present = tx.persons(dufs.clone(), false).await?;
    let mut persons: BTreeMap<Duf, Person> = present.into_iter().map(|person| (person.duf, person)).collect();
    let Some(recorded) = recorded else { return Ok(persons.into_values().collect()) };
    let since = on_tx(tx).written_since(&dufs, recorded).await?;
    let references = on_tx(tx).references(&since, recorded).await?;
    for duf in since.into_iter().filter_map(Duf::from_stored) {
        let before = match tx.history(duf).await? {
            Some(history) => as_of(&history, recorded, &references),
            None => None,
        };
        match before {
            Some(person) => drop(persons.insert(duf, person)),
            None => drop(persons.remove(&duf)),
        }
    }
    Ok(persons.into_values().collect())
}
