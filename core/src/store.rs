//! The store: one API over two hand-written modules, each with about as many statements (design.md 7).
//!
//! No `Any`, no ORM, no triggers, no clock in SQL: what is written comes from the caller. Reads take a connection of
//! their own; writes go through [`Tx`], one per batch.

use chrono::{DateTime, Utc};

use crate::change::{Notice, NumberedNotice};
use crate::id::Duf;
use crate::person::{Person, PersonHistory};
use crate::receipt::StreamPosition;
use crate::registry::{Registry, RegistryEntry};

pub mod postgres;
pub mod rows;
pub mod snapshot;
pub mod sqlite;

use rows::{EvidenceRow, Loaded, PersonRows, StreamRow, Wanted, Writes};

/// Changes of one page of a stream, at most this many bytes of payload (design.md 17, Streams).
const PAGE_BYTES: usize = 1_000_000;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no. Its words never hold what a message said: values travel as parameters.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration could not run.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Two transactions wanted the same rows; the whole may be tried again.
    #[error("conflict with another transaction: {0}")]
    Conflict(String),
    /// The commit was sent and no answer came: it may have happened.
    #[error("outcome of the commit is unknown: {0}")]
    CommitUnknown(String),
    /// The database is of another profile, or not migrated.
    #[error("{0}")]
    NotReady(String),
    /// A row that the register wrote cannot be read back.
    #[error("inconsistent: {table} {key}: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        key: String,
        /// What is wrong with it.
        what: String,
    },
}

/// SQLSTATE or SQLite code of an error that may go away when the whole is tried again.
fn conflict(error: &sqlx::Error) -> Option<String> {
    let database = error.as_database_error()?;
    let code = database.code()?.into_owned();
    // PostgreSQL: unique violation, deadlock, serialization failure. SQLite: constraint, busy.
    let again = ["23505", "40P01", "40001", "1555", "2067", "5", "517"].contains(&code.as_str());
    again.then_some(code)
}

impl StoreError {
    /// A database error, sorted into those that a new try may mend and others.
    pub(crate) fn sorted(error: sqlx::Error) -> Self {
        match conflict(&error) {
            Some(code) => StoreError::Conflict(code),
            None => StoreError::Database(error),
        }
    }
}

/// A page of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesPage {
    /// Where the stream stands.
    pub position: StreamPosition,
    /// In order of their numbers.
    pub changes: Vec<NumberedNotice>,
    /// Whether more can be had at once.
    pub more: bool,
}

/// Either database.
#[derive(Debug, Clone)]
pub enum Store {
    /// Embedded.
    Sqlite(sqlite::Sqlite),
    /// A server.
    Postgres(postgres::Postgres),
}

/// One transaction of a lane.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(sqlite::SqliteTx),
    Postgres(postgres::PostgresTx),
}

macro_rules! on {
    ($self:expr, $inner:ident => $call:expr) => {
        match $self {
            Self::Sqlite($inner) => $call,
            Self::Postgres($inner) => $call,
        }
    };
}

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

    /// Creates or upgrades the tables and sets the profile, which can never be changed.
    pub async fn migrate(&self, profile: &str) -> Result<(), StoreError> {
        on!(self, store => store.migrate().await)?;
        on!(self, store => store.set_meta("profile", profile).await)?;
        on!(self, store => store.set_meta("registry_version", "0").await)?;
        on!(self, store => store.set_meta("snapshot_format", &snapshot::FORMAT.to_string()).await)?;
        self.check_ready(profile).await
    }

    /// That the database is migrated, of this profile, and of a snapshot format that this version reads.
    pub async fn check_ready(&self, profile: &str) -> Result<(), StoreError> {
        let not_ready = |what: String| Err(StoreError::NotReady(what));
        let found = match on!(self, store => store.meta("profile").await) {
            Ok(Some(found)) => found,
            _ => return not_ready("the database is not prepared: run nir-gateway migrate".into()),
        };
        if found != profile {
            return not_ready(format!("the database is of profile {found}, not {profile}"));
        }
        let format = on!(self, store => store.meta("snapshot_format").await)?.unwrap_or_default();
        if format != snapshot::FORMAT.to_string() {
            return not_ready(format!(
                "the database writes snapshot format {format}, this version {}",
                snapshot::FORMAT
            ));
        }
        Ok(())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.registry_version().await.map(drop)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        on!(self, store => store.close().await);
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

    /// The registry as it is now.
    pub async fn load_registry(&self) -> Result<Registry, StoreError> {
        let mut tx = self.begin_read().await?;
        let registry = tx.load_registry().await?;
        tx.rollback().await;
        Ok(registry)
    }

    /// Adds or replaces rows of the registry by their keys, and opens the stream of each new avsendersystem. The old
    /// rows stay as what was recorded until `at`.
    pub async fn put_registry(&self, entries: &[RegistryEntry], at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.put_registry(entries, at).await?;
        tx.commit().await
    }

    /// Adds persons that are not there yet (sandbox, import; only sources insert persons: design.md 7).
    pub async fn insert_persons(&self, persons: &[Person]) -> Result<(), StoreError> {
        for some in persons.chunks(500) {
            let mut tx = self.begin().await?;
            let rows = some.iter().map(PersonRows::of).collect::<Result<Vec<_>, _>>()?;
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
        let history = tx.history(duf).await?;
        let stream = tx.stream(avsendersystem).await?;
        tx.rollback().await;
        Ok((history, stream.map(|row| row.position(avsendersystem))))
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
        let Some(row) = on!(self, store => store.stream(avsendersystem).await)? else { return Ok(None) };
        let found = on!(self, store => store.changes(avsendersystem, after, limit).await)?;
        let mut bytes = 0;
        let mut changes = Vec::with_capacity(found.len());
        for (number, data) in found {
            bytes += data.len();
            if bytes > PAGE_BYTES && !changes.is_empty() {
                break;
            }
            let notice: Notice = serde_json::from_str(&data)
                .map_err(|error| inconsistent("change", &format!("{avsendersystem} {number}"), &error.to_string()))?;
            changes.push(NumberedNotice { sekvensnummer: number, notice });
        }
        let last = changes.last().map_or(after, |change| change.sekvensnummer);
        Ok(Some(ChangesPage { more: last < row.last_number, position: row.position(avsendersystem), changes }))
    }

    /// Evidence chains: number and row.
    pub(crate) async fn chains(&self) -> Result<Vec<rows::ChainRow>, StoreError> {
        on!(self, store => store.chains().await)
    }

    /// Rows of a chain after a position, in order.
    pub(crate) async fn evidence(&self, chain: i32, after: i64, limit: i64) -> Result<Vec<EvidenceRow>, StoreError> {
        on!(self, store => store.evidence(chain, after, limit).await)
    }

    /// Whether the data key of a row is still there.
    pub(crate) async fn data_key(&self, chain: i32, position: i64) -> Result<Option<Vec<u8>>, StoreError> {
        on!(self, store => store.data_key(chain, position).await)
    }

    /// Every person's key, for checks over the whole register.
    pub async fn all_dufs(&self) -> Result<Vec<Duf>, StoreError> {
        let all = on!(self, store => store.all_dufs().await)?;
        Ok(all.into_iter().filter_map(Duf::from_stored).collect())
    }

    /// The snapshot of a person as it is stored.
    pub async fn snapshot(&self, duf: Duf) -> Result<Option<Person>, StoreError> {
        let state = on!(self, store => store.snapshot(duf.to_stored()).await)?;
        state.map(|bytes| snapshot::decode(duf, &bytes)).transpose()
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

impl Tx {
    /// The version of the registry that this transaction sees.
    pub async fn registry_version(&mut self) -> Result<i64, StoreError> {
        let text = on!(self, tx => tx.meta("registry_version").await)?.unwrap_or_default();
        text.parse().map_err(|_| inconsistent("meta", "registry_version", "no number"))
    }

    /// The registry that this transaction sees.
    pub async fn load_registry(&mut self) -> Result<Registry, StoreError> {
        let version = self.registry_version().await?;
        let rows = on!(self, tx => tx.registry_rows().await)?;
        let mut entries = Vec::with_capacity(rows.len());
        for (key, data) in rows {
            let entry: RegistryEntry = serde_json::from_str(&data)
                .map_err(|error| inconsistent("registry_entry", &key, &error.to_string()))?;
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

    async fn put_registry(&mut self, entries: &[RegistryEntry], at: DateTime<Utc>) -> Result<(), StoreError> {
        let version = self.registry_version().await? + 1;
        on!(self, tx => tx.set_meta("registry_version", &version.to_string()).await)?;
        for entry in entries {
            let data = serde_json::to_string(entry)
                .map_err(|error| inconsistent("registry_entry", &entry.key(), &error.to_string()))?;
            on!(self, tx => tx.put_entry(&entry.key(), &data, at).await)?;
            if let RegistryEntry::Avsendersystem(system) = entry {
                on!(self, tx => tx.open_stream(&system.id).await)?;
            }
        }
        Ok(())
    }

    async fn insert_persons(&mut self, persons: &[PersonRows]) -> Result<(), StoreError> {
        on!(self, tx => tx.insert_persons(persons).await)
    }

    async fn history(&mut self, duf: Duf) -> Result<Option<PersonHistory>, StoreError> {
        on!(self, tx => tx.history(duf).await)
    }

    async fn stream(&mut self, avsendersystem: &str) -> Result<Option<StreamRow>, StoreError> {
        on!(self, tx => tx.stream(avsendersystem).await)
    }

    /// Locks and loads what a batch needs: persons, message ids, references (three statements).
    pub async fn load(&mut self, wanted: &Wanted, lock: bool) -> Result<Loaded, StoreError> {
        on!(self, tx => tx.load(wanted, lock).await)
    }

    /// Takes numbers in streams, in order of the streams; the rows as they are after.
    pub async fn take_numbers(&mut self, counts: &[(String, i64)]) -> Result<Vec<(String, StreamRow)>, StoreError> {
        on!(self, tx => tx.take_numbers(counts).await)
    }

    /// Where a stream stands, in this transaction.
    pub async fn streams(&mut self, systems: &[String]) -> Result<Vec<(String, StreamRow)>, StoreError> {
        on!(self, tx => tx.streams(systems).await)
    }

    /// Raises the cursor and the last number handed out; never lowers them.
    pub async fn move_cursors(&mut self, moves: &[rows::CursorMove]) -> Result<(), StoreError> {
        on!(self, tx => tx.move_cursors(moves).await)
    }

    /// Writes the rows of a batch, a constant number of statements.
    pub async fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        on!(self, tx => tx.write(writes).await)
    }

    /// Opens an incarnation of a chain.
    pub async fn open_chain(&mut self, node: &str, lane: i32) -> Result<rows::ChainRow, StoreError> {
        on!(self, tx => tx.open_chain(node, lane).await)
    }

    /// All chains as this transaction sees them.
    pub async fn chains(&mut self) -> Result<Vec<rows::ChainRow>, StoreError> {
        on!(self, tx => tx.chains().await)
    }

    /// Stored answers by their evidence rows.
    pub async fn answers(&mut self, places: &[(i32, i64)]) -> Result<Vec<rows::AnswerRow>, StoreError> {
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

pub(crate) fn inconsistent(table: &'static str, key: &str, what: &str) -> StoreError {
    StoreError::Inconsistent { table, key: key.to_owned(), what: what.to_owned() }
}
