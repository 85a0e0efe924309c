//! PostgreSQL: READ COMMITTED, persons locked in order, rows by UNNEST (design.md 7, store.md).

use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row as _};

use crate::store::rows::{ChainRow, EvidenceRow, FoundEvidence, IdRow, StreamRow};
use crate::store::{StoreError, inconsistent};

mod feilsak;
mod hendelser;
mod levering;
mod lister;
mod news;
mod read;
mod stroem;
mod tx;
mod varsel;
mod write;

pub(super) use news::Listener;
pub use tx::PostgresTx;

/// Connections of reads of one node.
const READERS: u32 = 12;
/// Connections of its lanes and commands: no read can take them.
const WRITERS: u32 = 4;
/// Connections that lend streams for delivery: however many receivers are slow, no lane waits for theirs.
const DELIVERIES: u32 = 2;
/// How long a delivery waits for one: its stream is lent out for longer than that.
const DELIVERY_ACQUIRE: Duration = Duration::from_secs(30);
/// Connections that tell and hear of news, one each.
const NEWS: u32 = 2;
/// How long a connection is waited for; also how long a server that is gone is called.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A row that a session of somebody else keeps holds up the messages that need it, not all that come after; and a node
/// that sleeps in the middle of a batch is ended by the server.
const WRITER_LIMITS: [(&str, &str); 2] = [("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "30s")];
/// A batch finds its rows by their keys. A plan that the server keeps from when a table was small would read the whole of
/// it for every batch, until its statistics are next renewed (store.md, the trap of prepared statements).
const WRITER_PLANS: [(&str, &str); 3] =
    [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The server.
#[derive(Debug, Clone)]
pub struct Postgres {
    writers: PgPool,
    readers: PgPool,
    deliveries: PgPool,
    news: PgPool,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("nir-gateway");
        let pool = |connections| PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
        let writers = pool(WRITERS).connect_with(options.clone().options(WRITER_LIMITS).options(WRITER_PLANS)).await?;
        let readers = pool(READERS).connect_with(options.clone()).await?;
        let limited = options.clone().options(WRITER_LIMITS).options(WRITER_PLANS);
        let deliveries = pool(DELIVERIES).acquire_timeout(DELIVERY_ACQUIRE).connect_lazy_with(limited);
        let news = pool(NEWS).connect_lazy_with(options);
        Ok(Postgres { writers, readers, deliveries, news })
    }

    /// Versions of the migrations that were applied; none when the database is empty.
    pub(super) async fn applied(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL";
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
        Ok(MIGRATOR.run(&self.writers).await?)
    }

    pub(super) async fn close(&self) {
        self.news.close().await;
        self.readers.close().await;
        self.deliveries.close().await;
        self.writers.close().await;
    }

    pub(super) async fn analyze(&self) -> Result<(), StoreError> {
        sqlx::query("ANALYZE").execute(&self.writers).await?;
        Ok(())
    }

    pub(super) async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(value)
            .execute(&self.writers)
            .await?;
        Ok(())
    }

    /// Sets the text, unless a later one in the order of texts stands there.
    pub(super) async fn raise_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value \
                   WHERE excluded.value COLLATE \"C\" > meta.value COLLATE \"C\"";
        sqlx::query(sql).bind(key).bind(value).execute(&self.writers).await?;
        Ok(())
    }

    pub(super) async fn begin(&self) -> Result<PostgresTx, StoreError> {
        Ok(PostgresTx::new(self.writers.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?))
    }

    pub(super) async fn begin_read(&self) -> Result<PostgresTx, StoreError> {
        Ok(PostgresTx::new(self.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?))
    }
}

const STREAM: &str =
    "SELECT incarnation, last_number, handed_out, acknowledged, oldest_number FROM stream WHERE avsendersystem = $1";
const CHAINS: &str =
    "SELECT chain, node, lane, incarnation, head_position, head_hash FROM evidence_chain ORDER BY chain";

type Found = sqlx::postgres::PgRow;

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

/// A time whatever stands there: infinity and years beyond the calendar of the program are read as no time.
fn time(row: &Found, at: usize) -> Result<DateTime<Utc>, sqlx::Error> {
    /// Microseconds from 1970 to 2000, from which PostgreSQL counts.
    const EPOCH: i64 = 946_684_800_000_000;
    let micros = row.try_get_unchecked::<i64, _>(at)?.checked_add(EPOCH);
    micros.and_then(DateTime::from_timestamp_micros).ok_or_else(|| sqlx::Error::Decode("no time".into()))
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
        first_received: row.try_get(5)?,
        chain: row.try_get(6)?,
        position: row.try_get(7)?,
    })
}
