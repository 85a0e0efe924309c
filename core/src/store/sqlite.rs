//! SQLite: WAL, synchronous=FULL, one writer on a thread of its own, rows by json_each (design.md 7, store.md).

use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use crate::store::rows::{ChainRow, EvidenceRow, FoundEvidence, IdRow, StreamRow};
use crate::store::{StoreError, inconsistent};

mod feilsak;
mod hendelser;
mod levering;
mod lister;
mod read;
mod stroem;
mod tx;
mod value;
mod varsel;
mod write;

pub use tx::SqliteTx;
use value::from_micros;

/// Connections that only read; the writer is one more.
const READERS: u32 = 8;
/// How long a writer waits for the writer of another process (a command that imports while the gateway runs).
const BUSY: Duration = Duration::from_secs(10);
/// How long a read waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// The file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .page_size(4096)
            .busy_timeout(BUSY)
            .pragma("wal_autocheckpoint", "2000")
            .foreign_keys(false);
        // The lane's own connection is never taken by a read, nor closed for having rested.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(BUSY + ACQUIRE)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Sqlite { writer, readers })
    }

    /// Versions of the migrations that were applied; none when the database is empty.
    pub(super) async fn applied(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
        if sqlx::query(sql).fetch_optional(&self.readers).await?.is_none() {
            return Ok(Vec::new());
        }
        let sql = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        let rows = sqlx::query(sql).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(super) fn migrations(&self) -> Vec<i64> {
        MIGRATOR.iter().map(|migration| migration.version).collect()
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        Ok(MIGRATOR.run(&self.writer).await?)
    }

    pub(super) async fn drop_tables(&self) -> Result<(), StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *tx).await?;
        for table in tables {
            // Names of our own migrations.
            sqlx::query(AssertSqlSafe(format!("DROP TABLE \"{table}\""))).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(super) async fn analyze(&self) -> Result<(), StoreError> {
        sqlx::query("ANALYZE").execute(&self.writer).await?;
        Ok(())
    }

    pub(super) async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(value)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Sets the text, unless a later one in the order of texts stands there.
    pub(super) async fn raise_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value \
                   WHERE excluded.value > meta.value";
        sqlx::query(sql).bind(key).bind(value).execute(&self.writer).await?;
        Ok(())
    }

    pub(super) async fn begin(&self) -> Result<SqliteTx, StoreError> {
        Ok(SqliteTx::new(self.writer.begin_with("BEGIN IMMEDIATE").await?))
    }

    pub(super) async fn begin_read(&self) -> Result<SqliteTx, StoreError> {
        Ok(SqliteTx::new(self.readers.begin().await?))
    }
}

const STREAM: &str =
    "SELECT incarnation, last_number, handed_out, acknowledged, oldest_number FROM stream WHERE avsendersystem = ?1";
const CHAINS: &str =
    "SELECT chain, node, lane, incarnation, head_position, head_hash FROM evidence_chain ORDER BY chain";

type Found = sqlx::sqlite::SqliteRow;

fn stream_row(row: &Found, at: usize) -> Result<StreamRow, sqlx::Error> {
    Ok(StreamRow {
        incarnation: row.try_get(at)?,
        last_number: row.try_get(at + 1)?,
        handed_out: row.try_get(at + 2)?,
        acknowledged: row.try_get(at + 3)?,
        oldest: row.try_get(at + 4)?,
    })
}

fn named_stream(row: &Found) -> Result<(String, StreamRow), sqlx::Error> {
    Ok((row.try_get(0)?, stream_row(row, 1)?))
}

fn chain_row(row: &Found) -> Result<ChainRow, StoreError> {
    let read = || -> Result<ChainRow, sqlx::Error> {
        Ok(ChainRow {
            chain: row.try_get(0)?,
            node: row.try_get(1)?,
            lane: row.try_get(2)?,
            incarnation: row.try_get(3)?,
            head_position: row.try_get(4)?,
            head_hash: row.try_get(5)?,
        })
    };
    read().map_err(|_| inconsistent("evidence_chain", "", "a column cannot be read"))
}

fn time(row: &Found, at: usize) -> Result<DateTime<Utc>, sqlx::Error> {
    from_micros(row.try_get(at)?)
}

/// A row that cannot be read is an answer too: somebody changed it.
fn found_evidence(row: &Found) -> Result<FoundEvidence, sqlx::Error> {
    Ok(FoundEvidence {
        position: row.try_get(1)?,
        has_key: row.try_get(18)?,
        row: evidence_row(row).map_err(|_| "a column of the row cannot be read".to_owned()),
    })
}

fn evidence_row(row: &Found) -> Result<EvidenceRow, sqlx::Error> {
    Ok(EvidenceRow {
        chain: row.try_get(0)?,
        position: row.try_get(1)?,
        kind: row.try_get(2)?,
        recorded: time(row, 3)?,
        received: time(row, 4)?,
        operation: row.try_get(5)?,
        signer: row.try_get(6)?,
        avsendersystem: row.try_get(7)?,
        meldings_id: row.try_get(8)?,
        outcome: row.try_get(9)?,
        about: row.try_get(10)?,
        request_sha256: row.try_get(11)?,
        answer_sha256: row.try_get(12)?,
        stored_sha256: row.try_get(13)?,
        dictionary: row.try_get(14)?,
        request: row.try_get(15)?,
        answer: row.try_get(16)?,
        hash: row.try_get(17)?,
    })
}

fn id_row(row: &Found) -> Result<IdRow, sqlx::Error> {
    let digest: Vec<u8> = row.try_get(2)?;
    Ok(IdRow {
        avsendersystem: row.try_get(0)?,
        meldings_id: row.try_get(1)?,
        digest: digest.try_into().map_err(|_| sqlx::Error::Decode("digest of another length".into()))?,
        outcome: row.try_get(3)?,
        is_final: row.try_get(4)?,
        first_received: time(row, 5)?,
        chain: row.try_get(6)?,
        position: row.try_get(7)?,
    })
}
