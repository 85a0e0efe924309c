//! One transaction of either database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::id::Duf;
use crate::person::{Person, PersonHistory};
use crate::registry::{Registry, RegistryEntry};
use crate::store::lister::ListState;
use crate::store::rows::{
    AnswerRow, ChainRow, Loaded, LoadedRows, PersonRow, PersonRows, StreamCount, StreamRow, Wanted, Writes,
};
use crate::store::{StoreError, bad_json, inconsistent, on, postgres, replay, snapshot, sqlite};

/// One transaction: of a lane, of a command, or one that only reads.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(sqlite::SqliteTx),
    Postgres(postgres::PostgresTx),
}

impl Tx {
    /// The version of the registry that this transaction sees.
    pub async fn registry_version(&mut self) -> Result<i64, StoreError> {
        let text = on!(self, tx => tx.meta("registry_version").await)?.unwrap_or_default();
        text.parse().map_err(|_| inconsistent("meta", "registry_version", "no number"))
    }

    /// The version of the registry, and the rule set that is active, that this transaction sees.
    pub async fn versions(&mut self) -> Result<(i64, Option<String>), StoreError> {
        let found = on!(self, tx => tx.metas().await)?;
        let value = |key: &str| found.iter().find(|(found, _)| found == key).map(|(_, value)| value.clone());
        let version = value("registry_version").unwrap_or_default().parse();
        let version = version.map_err(|_| inconsistent("meta", "registry_version", "no number"))?;
        Ok((version, value("active_rules")))
    }

    /// From here on this is the active rule set.
    pub async fn activate_rules(&mut self, version: &str) -> Result<(), StoreError> {
        on!(self, tx => tx.put_meta("active_rules", version).await)
    }

    /// Begins persons of whom nothing has been said; those that are there stay as they are.
    pub async fn open_persons(&mut self, rows: &[PersonRow]) -> Result<(), StoreError> {
        on!(self, tx => tx.open_persons(rows).await)
    }

    /// Takes back the rows of persons that began in this transaction and of whom nothing was written after all.
    pub async fn forget_persons(&mut self, dufs: &[i64]) -> Result<(), StoreError> {
        on!(self, tx => tx.forget_persons(dufs).await)
    }

    /// The registry that this transaction sees.
    pub async fn load_registry(&mut self) -> Result<Registry, StoreError> {
        let version = self.registry_version().await?;
        let rows = on!(self, tx => tx.registry_rows().await)?;
        let mut entries = Vec::with_capacity(rows.len());
        for (key, data) in rows {
            let entry: RegistryEntry =
                serde_json::from_str(&data).map_err(|error| bad_json("registry_entry", &key, &error))?;
            entries.push(entry);
        }
        let mut registry = Registry::from_entries(version, entries);
        for (user, last_used) in on!(self, tx => tx.user_uses().await)? {
            if let Some(user) = registry.users.get_mut(&user) {
                user.last_used = user.last_used.max(last_used);
            }
        }
        Ok(registry)
    }

    /// Closes the rows of the same keys and adds these. Of two with one key the last holds.
    pub async fn put_registry(&mut self, entries: &[RegistryEntry], at: DateTime<Utc>) -> Result<(), StoreError> {
        // The version's row is locked first: two commands at once take turns, and each raises it.
        on!(self, tx => tx.raise_registry_version().await)?;
        let mut rows = BTreeMap::new();
        let mut systems = BTreeMap::new();
        for entry in entries {
            let key = entry.key();
            let data = serde_json::to_string(entry).map_err(|error| bad_json("registry_entry", &key, &error))?;
            rows.insert(key, data);
            if let RegistryEntry::Avsendersystem(system) = entry {
                systems.insert(system.id.clone(), ());
            }
        }
        let (keys, data): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        on!(self, tx => tx.put_entries(&keys, &data, at).await)?;
        let systems: Vec<_> = systems.into_keys().collect();
        on!(self, tx => tx.open_streams(&systems).await)
    }

    /// What was told under names that begin so may be told again.
    pub async fn forget_told(&mut self, beginning: &str) -> Result<(), StoreError> {
        on!(self, tx => tx.remove_metas(&format!("told {beginning}")).await)
    }

    /// Adds those that are not there.
    pub async fn insert_persons(&mut self, persons: &[PersonRows]) -> Result<(), StoreError> {
        on!(self, tx => tx.insert_persons(persons).await)
    }

    /// Everything ever recorded of a person.
    pub async fn history(&mut self, duf: Duf) -> Result<Option<PersonHistory>, StoreError> {
        on!(self, tx => tx.history(duf).await)
    }

    /// What the tables of lists hold of a person.
    pub async fn list_state(&mut self, duf: Duf) -> Result<ListState, StoreError> {
        on!(self, tx => tx.list_state(duf.to_stored()).await)
    }

    /// A person's row with its snapshot.
    pub async fn person_row(&mut self, duf: Duf) -> Result<Option<PersonRow>, StoreError> {
        on!(self, tx => tx.person_row(duf.to_stored()).await)
    }

    /// Locks and loads what a batch needs: persons, message ids, references (three statements); and, without a lock, those
    /// whose numbers took the place of theirs, since what is said of an old number depends on them (VERN-1a). A snapshot
    /// of a format that this version does not know is made again from the rows.
    pub async fn load(&mut self, wanted: &Wanted, lock: bool) -> Result<Loaded, StoreError> {
        let LoadedRows { persons: rows, ids, references, open_cases, refused_ids } =
            on!(self, tx => tx.load(wanted, lock).await)?;
        let mut persons = self.decoded(rows).await?;
        let replaced: BTreeSet<i64> = persons.iter().filter_map(Person::replaced_by).map(Duf::to_stored).collect();
        let dufs: Vec<i64> = replaced.into_iter().filter(|duf| !wanted.dufs.contains(duf)).collect();
        if !dufs.is_empty() {
            let others = Wanted { dufs, ..Wanted::default() };
            let rows = on!(self, tx => tx.load(&others, false).await)?.persons;
            persons.extend(self.decoded(rows).await?);
        }
        Ok(Loaded { persons, ids, references, open_cases, refused_ids })
    }

    /// These persons, and no others.
    pub async fn persons(&mut self, dufs: Vec<i64>, lock: bool) -> Result<Vec<Person>, StoreError> {
        let wanted = Wanted { dufs, ..Wanted::default() };
        let rows = on!(self, tx => tx.load(&wanted, lock).await)?.persons;
        self.decoded(rows).await
    }

    async fn decoded(&mut self, rows: Vec<PersonRow>) -> Result<Vec<Person>, StoreError> {
        let mut persons = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(duf) = Duf::from_stored(row.duf) else {
                return Err(inconsistent("person", &row.duf.to_string(), "no DUF number"));
            };
            let person = if snapshot::is_known(&row.state) {
                snapshot::decode(duf, &row.state)?
            } else {
                replay::rebuild(self, duf, &row).await?
            };
            persons.push(person);
        }
        Ok(persons)
    }

    /// Locks streams in the order of their names, last of all locks; the rows as they are.
    pub async fn lock_streams(&mut self, systems: &[String]) -> Result<Vec<(String, StreamRow)>, StoreError> {
        on!(self, tx => tx.lock_streams(systems).await)
    }

    /// Where streams stand, in this transaction.
    pub async fn streams(&mut self, systems: &[String]) -> Result<Vec<(String, StreamRow)>, StoreError> {
        on!(self, tx => tx.streams(systems).await)
    }

    /// Ends the delivery of a batch that was taken; `false` when another has the stream since.
    pub async fn end_levering(&mut self, system: &str, fence: i64) -> Result<bool, StoreError> {
        on!(self, tx => tx.end_levering(system, fence).await)
    }

    /// Every stream with its counters, and the first and last number and the count of its changes.
    pub async fn stream_counts(&mut self) -> Result<Vec<StreamCount>, StoreError> {
        on!(self, tx => tx.stream_counts().await)
    }

    /// A person that has rows and is not there itself.
    pub async fn orphan(&mut self) -> Result<Option<i64>, StoreError> {
        on!(self, tx => tx.orphan().await)
    }

    /// A message id whose answer is not there: its avsendersystem.
    pub async fn lost_answer(&mut self) -> Result<Option<String>, StoreError> {
        on!(self, tx => tx.lost_answer().await)
    }

    /// Writes the rows of a batch, a constant number of statements.
    pub async fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        on!(self, tx => tx.write(writes).await)?;
        for (sak, status, at) in &writes.decided {
            if !self.set_case(*sak, *status, *at).await? {
                return Err(StoreError::NotReady("there is no such transfer error".to_owned()));
            }
        }
        for (kilde, at) in &writes.let_on {
            if !self.release_source(kilde, *at).await? {
                return Err(StoreError::NotReady(format!("{kilde} is not held")));
            }
        }
        for (sak, texts) in &writes.support {
            self.write_support(sak, texts).await?;
        }
        Ok(())
    }

    /// Opens an incarnation of a chain.
    pub async fn open_chain(&mut self, node: &str, lane: i32) -> Result<ChainRow, StoreError> {
        on!(self, tx => tx.open_chain(node, lane).await)
    }

    /// All chains as this transaction sees them.
    pub async fn chains(&mut self) -> Result<Vec<ChainRow>, StoreError> {
        on!(self, tx => tx.chains().await)
    }

    /// Stored answers by their evidence rows.
    pub async fn answers(&mut self, places: &[(i32, i64)]) -> Result<Vec<AnswerRow>, StoreError> {
        on!(self, tx => tx.answers(places).await)
    }

    /// Commits. An error after the commit was sent is told apart: it may have happened.
    pub async fn commit(self) -> Result<(), StoreError> {
        on!(self, tx => tx.commit().await)
    }

    /// Gives it up.
    pub async fn rollback(self) {
        on!(self, tx => tx.rollback().await);
    }
}
