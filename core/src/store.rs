//! The store: one API over two hand-written modules, each with about as many statements (design.md 7).
//!
//! No `Any`, no ORM, no triggers, no clock in SQL: what is written comes from the caller. Reads take a connection of
//! their own; writes go through [`Tx`], one per batch.

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};

use crate::change::{Notice, NumberedNotice};
use crate::codes::Catalogue;
use crate::fact::{Fact, FactContent};
use crate::id::Duf;
use crate::kunngjoering::{changed_campaigns, nyheter};
use crate::person::{Person, PersonHistory, replaced_by};
use crate::policy::Policy;
use crate::receipt::StreamPosition;
use crate::registry::{Registry, RegistryEntry};
use crate::time::oslo_date;

mod each;
mod error;
pub mod feilsak;
pub mod hendelser;
pub mod levering;
pub mod lister;
pub mod news;
pub mod postgres;
pub mod replay;
pub mod rows;
pub mod snapshot;
pub mod sqlite;
pub mod stroemmer;
mod tx;
pub mod varsel;

pub use each::{Among, Walked};
pub use error::StoreError;
pub(crate) use error::{bad_json, inconsistent};
pub(crate) use tx::Tx;

use rows::{FoundEvidence, PersonRows};

/// Changes of one page of a stream, at most this many (design.md 17, Streams).
const PAGE_CHANGES: i64 = 1_000;
/// And at most this many bytes of payload.
const PAGE_BYTES: usize = 1_000_000;
/// Persons that one transaction inserts.
const PERSONS_AT_ONCE: usize = 500;

/// A page of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesPage {
    /// Where the stream stands.
    pub position: StreamPosition,
    /// In order of their numbers.
    pub changes: Vec<NumberedNotice>,
    /// Whether more can be had at once.
    pub more: bool,
    /// The oldest number still there.
    pub oldest: i64,
}

/// Either database.
#[derive(Debug, Clone)]
pub enum Store {
    /// Embedded.
    Sqlite(sqlite::Sqlite),
    /// A server.
    Postgres(postgres::Postgres),
}

/// Calls the same method of either module.
macro_rules! on {
    ($self:expr, $inner:ident => $call:expr) => {
        match $self {
            Self::Sqlite($inner) => $call,
            Self::Postgres($inner) => $call,
        }
    };
}
pub(crate) use on;

/// Mark: the rules of which avsendersystemer were last told.
pub const TOLD_RULES: &str = "told_rules";
/// Mark: the code lists of which they were last told; those that a register begins with are no news.
pub const TOLD_CODES: &str = "code_lists";

impl Store {
    /// Connects. `sqlite:PATH` creates the file when it is missing; `postgres://…` names a database that exists.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Ok(Store::Postgres(postgres::Postgres::open(url).await?))
        } else {
            Ok(Store::Sqlite(sqlite::Sqlite::open(url).await?))
        }
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self {
            Store::Sqlite(_) => "sqlite",
            Store::Postgres(_) => "postgres",
        }
    }

    /// Creates or upgrades the tables and sets the profile, which can never be changed: a database of another profile
    /// is left as it is.
    pub async fn migrate(&self, profile: &str) -> Result<(), StoreError> {
        if !on!(self, store => store.applied().await)?.is_empty() {
            self.check_profile(profile, true).await?;
        }
        on!(self, store => store.migrate().await)?;
        for (key, value) in [
            ("profile", profile),
            ("registry_version", "0"),
            ("snapshot_format", &snapshot::FORMAT.to_string()),
            (TOLD_CODES, Catalogue::embedded().version()),
        ] {
            on!(self, store => store.set_meta(key, value).await)?;
        }
        self.check_ready(profile).await
    }

    /// That the database is migrated, of this profile, and of a snapshot format that this version writes.
    pub async fn check_ready(&self, profile: &str) -> Result<(), StoreError> {
        let applied = on!(self, store => store.applied().await)?;
        // Each of them: one with a lower number may have come later.
        if on!(self, store => store.migrations()).iter().any(|migration| !applied.contains(migration)) {
            return Err(StoreError::NotReady("the database is not prepared: run nir-gateway migrate".into()));
        }
        self.check_profile(profile, false).await?;
        let format = on!(self, store => store.meta("snapshot_format").await)?.unwrap_or_default();
        if format != snapshot::FORMAT.to_string() {
            return Err(StoreError::NotReady(format!(
                "the database writes snapshot format {format}, this version {}",
                snapshot::FORMAT
            )));
        }
        Ok(())
    }

    async fn check_profile(&self, profile: &str, may_be_unset: bool) -> Result<(), StoreError> {
        match on!(self, store => store.meta("profile").await)? {
            Some(found) if found == profile => Ok(()),
            Some(found) => Err(StoreError::NotReady(format!("the database is of profile {found}, not {profile}"))),
            // A first migration that was interrupted.
            None if may_be_unset => Ok(()),
            None => Err(StoreError::NotReady("the database has no profile: run nir-gateway migrate".into())),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.registry_version().await.map(drop)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        on!(self, store => store.close().await);
    }

    /// Drops every table of a sandbox's SQLite file, for its reset. The file itself stays: a connection that is still
    /// closing in a thread of its own may write its log over that of a new file.
    pub async fn empty_sandbox(&self) -> Result<(), StoreError> {
        let Store::Sqlite(store) = self else {
            return Err(StoreError::NotReady("only a sandbox on SQLite can be emptied".into()));
        };
        if !store.applied().await?.is_empty() {
            self.check_profile("sandbox", true).await?;
        }
        store.drop_tables().await
    }

    /// Gives the planner its statistics (design.md 7: after bootstrap).
    pub async fn analyze(&self) -> Result<(), StoreError> {
        on!(self, store => store.analyze().await)
    }

    /// Rises with every change of the registry.
    pub async fn registry_version(&self) -> Result<i64, StoreError> {
        let text = on!(self, store => store.meta("registry_version").await)?.unwrap_or_default();
        text.parse().map_err(|_| inconsistent("meta", "registry_version", "no number"))
    }

    /// The active rule set, once one was activated.
    pub async fn active_rules(&self) -> Result<Option<String>, StoreError> {
        on!(self, store => store.meta("active_rules").await)
    }

    /// Makes this the rule set of the register: nodes with another write nothing from here on (design.md 17). With `first`
    /// only where none is active yet.
    pub async fn activate_rules(&self, version: &str, first: bool) -> Result<(), StoreError> {
        if first {
            return on!(self, store => store.set_meta("active_rules", version).await);
        }
        let mut tx = self.begin().await?;
        // Whoever activates tells of it afterwards, and perhaps only when it is run again: what was in force was told.
        if tx.meta(TOLD_RULES).await?.is_none() {
            let before = tx.meta("active_rules").await?;
            tx.mark(TOLD_RULES, before.as_deref().unwrap_or(version)).await?;
        }
        tx.activate_rules(version).await?;
        tx.commit().await
    }

    /// The last date that was carried out for everybody; absent before the first.
    pub async fn calendar_date(&self) -> Result<Option<NaiveDate>, StoreError> {
        let text = on!(self, store => store.meta("calendar_date").await)?;
        let read = |text: String| text.parse().map_err(|_| inconsistent("meta", "calendar_date", "no date"));
        text.map(read).transpose()
    }

    /// Every date to this one has been carried out for everybody; never moves back.
    pub async fn calendar_done_to(&self, date: NaiveDate) -> Result<(), StoreError> {
        on!(self, store => store.raise_meta("calendar_date", &date.to_string()).await)
    }

    /// The registry as it is now.
    pub async fn load_registry(&self) -> Result<Registry, StoreError> {
        let mut tx = self.begin_read().await?;
        let registry = tx.load_registry().await?;
        tx.rollback().await;
        Ok(registry)
    }

    /// Adds or replaces rows of the registry by their keys, opens the stream of each new avsendersystem, and tells whom it
    /// concerns. The old rows stay as what was recorded until `at`.
    pub async fn put_registry(&self, entries: &[RegistryEntry], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let before = tx.load_registry().await?;
        tx.put_registry(entries, at).await?;
        for told in changed_campaigns(&before, entries) {
            tx.forget_told(&told).await?;
        }
        let nyheter = nyheter(&before, entries, oslo_date(at));
        tx.tell(&before, nyheter, at.trunc_subsecs(6)).await?;
        tx.commit().await
    }

    /// Adds those persons that are not there yet, with what follows from their facts under these rules (sandbox, import;
    /// only sources insert persons: design.md 7).
    pub async fn insert_persons(
        &self,
        persons: &[Person],
        policy: &Policy,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let at = at.trunc_subsecs(6);
        for some in persons.chunks(PERSONS_AT_ONCE) {
            let rows = some.iter().map(to_microseconds).map(|person| PersonRows::of(&person, policy, at));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            let mut tx = self.begin().await?;
            tx.insert_persons(&rows).await?;
            tx.commit().await?;
        }
        self.analyze().await
    }

    /// A person with everything ever recorded of it, and where the stream stood at the same moment.
    pub async fn read_person(
        &self,
        duf: Duf,
        avsendersystem: &str,
    ) -> Result<(Option<PersonHistory>, Option<StreamPosition>), StoreError> {
        let mut tx = self.begin_read().await?;
        let mut history = tx.history(duf).await?;
        let present = |history: &PersonHistory| {
            let present: Vec<_> = history.facts.iter().filter(|fact| fact.system_to.is_none()).cloned().collect();
            replaced_by(&present)
        };
        // A number that was replaced is as well protected as the one that took its place (VERN-1a).
        if let Some(new) = history.as_ref().and_then(present)
            && let (Some(successor), Some(history)) = (tx.history(new).await?, history.as_mut())
        {
            let protection = |fact: &Fact| matches!(fact.content, FactContent::Beskyttelse { .. });
            history.facts.extend(successor.facts.into_iter().filter(protection));
        }
        let stream = tx.streams(&[avsendersystem.to_owned()]).await?;
        tx.rollback().await;
        Ok((history, stream.first().map(|(system, row)| row.position(system))))
    }

    /// Where a stream stands; `None` when the avsendersystem has none.
    pub async fn stream_position(&self, avsendersystem: &str) -> Result<Option<StreamPosition>, StoreError> {
        let row = on!(self, store => store.stream(avsendersystem).await)?;
        Ok(row.map(|row| row.position(avsendersystem)))
    }

    /// The stored answer of a message that was answered finally.
    pub async fn stored_answer(&self, avsendersystem: &str, meldings_id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        on!(self, store => store.stored_answer(avsendersystem, meldings_id).await)
    }

    /// Changes after a number; `None` when the avsendersystem has no stream.
    pub async fn changes(
        &self,
        avsendersystem: &str,
        after: i64,
        limit: i64,
    ) -> Result<Option<ChangesPage>, StoreError> {
        // The changes first: what is committed between the two reads is then `more`, never a number beyond the head.
        let limit = limit.clamp(0, PAGE_CHANGES);
        let found = on!(self, store => store.changes(avsendersystem, after, limit).await)?;
        let Some(row) = on!(self, store => store.stream(avsendersystem).await)? else { return Ok(None) };
        let mut bytes = 0;
        let mut changes = Vec::with_capacity(found.len());
        for (number, data) in found {
            bytes += data.len();
            if bytes > PAGE_BYTES && !changes.is_empty() {
                break;
            }
            let notice: Notice = serde_json::from_str(&data)
                .map_err(|error| bad_json("change", &format!("{avsendersystem} {number}"), &error))?;
            changes.push(NumberedNotice { sekvensnummer: number, notice });
        }
        let last = changes.last().map_or(after, |change| change.sekvensnummer);
        let position = row.position(avsendersystem);
        Ok(Some(ChangesPage { more: last < row.last_number, position, changes, oldest: row.oldest }))
    }

    /// Evidence chains: number and row.
    pub(crate) async fn chains(&self) -> Result<Vec<rows::ChainRow>, StoreError> {
        on!(self, store => store.chains().await)
    }

    /// Rows of a chain from a position on, in order.
    pub(crate) async fn evidence(&self, chain: i32, from: i64, limit: i64) -> Result<Vec<FoundEvidence>, StoreError> {
        on!(self, store => store.evidence(chain, from, limit).await)
    }

    /// Rows of evidence and data keys that belong to no chain or row: (chain, position) of the first.
    pub(crate) async fn stray_evidence(&self) -> Result<Option<(i32, i64)>, StoreError> {
        on!(self, store => store.stray_evidence().await)
    }

    /// Every person's key, for checks over the whole register.
    pub async fn all_dufs(&self) -> Result<Vec<Duf>, StoreError> {
        let all = on!(self, store => store.all_dufs().await)?;
        Ok(all.into_iter().filter_map(Duf::from_stored).collect())
    }

    /// Persons as they are now, those of the keys that exist, in one consistent cut.
    pub async fn persons(&self, dufs: &[Duf]) -> Result<Vec<Person>, StoreError> {
        let mut tx = self.begin_read().await?;
        let persons = tx.persons(dufs.iter().map(|duf| duf.to_stored()).collect(), false).await;
        tx.rollback().await;
        persons
    }

    /// The snapshot of a person as it is stored.
    pub async fn snapshot(&self, duf: Duf) -> Result<Option<Person>, StoreError> {
        let mut tx = self.begin_read().await?;
        let row = tx.person_row(duf).await?;
        tx.rollback().await;
        row.map(|row| snapshot::decode(duf, &row.state)).transpose()
    }

    /// Writes the rows of a batch as they are, in a transaction of their own: what a benchmark holds a batch against.
    #[doc(hidden)]
    pub async fn write_rows(&self, writes: &rows::Writes) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.write(writes).await?;
        tx.commit().await
    }

    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Store::Sqlite(store) => Tx::Sqlite(store.begin().await?),
            Store::Postgres(store) => Tx::Postgres(store.begin().await?),
        })
    }

    /// A transaction that only reads, over one consistent cut.
    pub(crate) async fn begin_read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Store::Sqlite(store) => Tx::Sqlite(store.begin_read().await?),
            Store::Postgres(store) => Tx::Postgres(store.begin_read().await?),
        })
    }
}

/// Both databases hold times to the microsecond, so the snapshot and the rows' data must too.
fn to_microseconds(person: &Person) -> Person {
    let mut person = person.clone();
    for fact in &mut person.facts {
        fact.system_from = fact.system_from.trunc_subsecs(6);
        fact.system_to = fact.system_to.map(|to| to.trunc_subsecs(6));
    }
    person
}
