//! SQLite: WAL, synchronous=FULL, one writer on a thread of its own, rows by json_each (design.md 7, store.md).

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row as _, Sqlite as Lite, SqlitePool, Transaction};
use uuid::Uuid;

use crate::id::Duf;
use crate::person::PersonHistory;
use crate::store::rows::{
    AnswerRow, ChainRow, CursorMove, EvidenceRow, IdRow, Loaded, PersonRows, Recorded, StreamRow, Wanted, Writes,
    history,
};
use crate::store::{StoreError, snapshot};

mod value;
mod write;

use value::{Blobs, days, from_micros, micros};

/// Connections that only read; the writer is one more.
const READERS: u32 = 8;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// The file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// A transaction of the writer, or one that only reads.
#[derive(Debug)]
pub struct SqliteTx {
    tx: Transaction<'static, Lite>,
}

impl Sqlite {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .page_size(4096)
            .busy_timeout(std::time::Duration::from_secs(10))
            .pragma("wal_autocheckpoint", "2000")
            .foreign_keys(false);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await?;
        Ok(Sqlite { writer, readers })
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        Ok(MIGRATOR.run(&self.writer).await?)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(super) async fn analyze(&self) -> Result<(), StoreError> {
        sqlx::query("ANALYZE").execute(&self.writer).await?;
        Ok(())
    }

    pub(super) async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = ?1").bind(key).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(value)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(super) async fn begin(&self) -> Result<SqliteTx, StoreError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::sorted)?;
        Ok(SqliteTx { tx })
    }

    pub(super) async fn begin_read(&self) -> Result<SqliteTx, StoreError> {
        Ok(SqliteTx { tx: self.readers.begin().await? })
    }

    pub(super) async fn stream(&self, avsendersystem: &str) -> Result<Option<StreamRow>, StoreError> {
        let row = sqlx::query(STREAM).bind(avsendersystem).fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(|row| stream_row(row, 0)).transpose()?)
    }

    pub(super) async fn stored_answer(&self, system: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT e.dictionary, e.answer FROM message_id m JOIN evidence e ON e.chain = m.chain AND e.position = m.position \
                   WHERE m.avsendersystem = ?1 AND m.meldings_id = ?2 AND m.final = 1";
        let row = sqlx::query(sql).bind(system).bind(id).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(None) };
        crate::evidence::payload::decompress(row.try_get(0)?, &row.try_get::<Vec<u8>, _>(1)?).map(Some)
    }

    pub(super) async fn changes(&self, system: &str, after: i64, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = "SELECT number, data FROM change WHERE avsendersystem = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        let rows = sqlx::query(sql).bind(system).bind(after).bind(limit).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn chains(&self) -> Result<Vec<ChainRow>, StoreError> {
        let rows = sqlx::query(CHAINS).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(chain_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn evidence(&self, chain: i32, after: i64, limit: i64) -> Result<Vec<EvidenceRow>, StoreError> {
        let sql = "SELECT chain, position, kind, recorded, received, operation, signer, avsendersystem, meldings_id, outcome, \
                   about, request_sha256, answer_sha256, stored_sha256, dictionary, request, answer, hash FROM evidence \
                   WHERE chain = ?1 AND position > ?2 ORDER BY position LIMIT ?3";
        let rows = sqlx::query(sql).bind(chain).bind(after).bind(limit).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(evidence_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn data_key(&self, chain: i32, position: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT wrapped FROM data_key WHERE chain = ?1 AND position = ?2";
        let row = sqlx::query(sql).bind(chain).bind(position).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn all_dufs(&self) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query("SELECT duf FROM person ORDER BY duf").fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(super) async fn snapshot(&self, duf: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let row =
            sqlx::query("SELECT state FROM person WHERE duf = ?1").bind(duf).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

const STREAM: &str = "SELECT incarnation, last_number, handed_out, acknowledged FROM stream WHERE avsendersystem = ?1";
const CHAINS: &str =
    "SELECT chain, node, lane, incarnation, head_position, head_hash FROM evidence_chain ORDER BY chain";

type Found = sqlx::sqlite::SqliteRow;

fn stream_row(row: &Found, at: usize) -> Result<StreamRow, sqlx::Error> {
    Ok(StreamRow {
        incarnation: row.try_get(at)?,
        last_number: row.try_get(at + 1)?,
        handed_out: row.try_get(at + 2)?,
        acknowledged: row.try_get(at + 3)?,
    })
}

fn named_stream(row: &Found) -> Result<(String, StreamRow), sqlx::Error> {
    Ok((row.try_get(0)?, stream_row(row, 1)?))
}

fn chain_row(row: &Found) -> Result<ChainRow, sqlx::Error> {
    Ok(ChainRow {
        chain: row.try_get(0)?,
        node: row.try_get(1)?,
        lane: row.try_get(2)?,
        incarnation: row.try_get(3)?,
        head_position: row.try_get(4)?,
        head_hash: row.try_get(5)?,
    })
}

fn time(row: &Found, at: usize) -> Result<DateTime<Utc>, sqlx::Error> {
    from_micros(row.try_get(at)?)
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

fn uuid(text: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::parse_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

impl SqliteTx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        // The file is in this process: an error says that nothing was committed.
        self.tx.commit().await.map_err(StoreError::sorted)
    }

    pub(super) async fn rollback(self) {
        // A transaction that cannot be rolled back ends with its connection.
        let _ = self.tx.rollback().await;
    }

    pub(super) async fn meta(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = ?1").bind(key).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn set_meta(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE meta SET value = ?2 WHERE key = ?1").bind(key).bind(value).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) async fn registry_rows(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT key, data FROM registry_entry WHERE system_to IS NULL ORDER BY key";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn user_uses(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let rows = sqlx::query("SELECT user_id, last_used FROM user_use").fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, time(row, 1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn put_entry(&mut self, key: &str, data: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE registry_entry SET system_to = ?2 WHERE key = ?1 AND system_to IS NULL")
            .bind(key)
            .bind(micros(at))
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("INSERT INTO registry_entry (key, system_from, data) VALUES (?1, ?2, ?3)")
            .bind(key)
            .bind(micros(at))
            .bind(data)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    pub(super) async fn open_stream(&mut self, system: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO stream (avsendersystem, incarnation, last_number, handed_out, acknowledged) \
                   VALUES (?1, 1, 0, 0, 0) ON CONFLICT (avsendersystem) DO NOTHING";
        sqlx::query(sql).bind(system).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) async fn insert_persons(&mut self, persons: &[PersonRows]) -> Result<(), StoreError> {
        let mut blobs = Blobs::default();
        let rows: Vec<Value> = persons
            .iter()
            .map(|p| &p.person)
            .map(|p| {
                let state = blobs.push(&p.state);
                json!([p.duf, p.version, p.last_row, state.0, state.1])
            })
            .collect();
        let sql = "INSERT INTO person (duf, version, last_row, state) \
                   SELECT value->>0, value->>1, value->>2, substr(?2, value->>3, value->>4) FROM json_each(?1)";
        sqlx::query(sql).bind(Value::from(rows).to_string()).bind(blobs.bytes).execute(&mut *self.tx).await?;
        let facts: Vec<Value> = persons
            .iter()
            .flat_map(|p| &p.facts)
            .map(|f| {
                let (from, to) = (days(f.valid_from), f.valid_to.map(days));
                json!([f.duf, f.row_no, from, to, micros(f.system_from), f.system_to.map(micros), f.data])
            })
            .collect();
        let sql = "INSERT INTO fact (duf, row_no, valid_from, valid_to, system_from, system_to, data) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 FROM json_each(?1)";
        sqlx::query(sql).bind(Value::from(facts).to_string()).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) async fn load(&mut self, wanted: &Wanted, _lock: bool) -> Result<Loaded, StoreError> {
        // The one writer holds the database: nothing else needs a lock.
        let mut loaded = Loaded::default();
        if !wanted.dufs.is_empty() {
            let sql = "SELECT duf, state FROM person WHERE duf IN (SELECT value FROM json_each(?1))";
            let dufs = Value::from(wanted.dufs.clone()).to_string();
            for row in sqlx::query(sql).bind(dufs).fetch_all(&mut *self.tx).await? {
                if let Some(duf) = Duf::from_stored(row.try_get(0)?) {
                    loaded.persons.push(snapshot::decode(duf, row.try_get(1)?)?);
                }
            }
        }
        let pairs = |all: &[(String, String)]| {
            Value::from(all.iter().map(|(a, b)| json!([a, b])).collect::<Vec<_>>()).to_string()
        };
        if !wanted.ids.is_empty() {
            let sql = "SELECT m.avsendersystem, m.meldings_id, m.digest, m.outcome, m.final, m.first_received, m.chain, m.position \
                       FROM json_each(?1) k JOIN message_id m ON m.avsendersystem = k.value->>0 AND m.meldings_id = k.value->>1";
            let rows = sqlx::query(sql).bind(pairs(&wanted.ids)).fetch_all(&mut *self.tx).await?;
            loaded.ids = rows.iter().map(id_row).collect::<Result<_, _>>()?;
        }
        if !wanted.references.is_empty() {
            let sql = "SELECT r.avsendersystem, r.reference, r.duf, r.post_id FROM json_each(?1) k \
                       JOIN post_reference r ON r.avsendersystem = k.value->>0 AND r.reference = k.value->>1";
            for row in sqlx::query(sql).bind(pairs(&wanted.references)).fetch_all(&mut *self.tx).await? {
                if let Some(duf) = Duf::from_stored(row.try_get(2)?) {
                    loaded.references.insert((row.try_get(0)?, row.try_get(1)?), (duf, uuid(row.try_get(3)?)?));
                }
            }
        }
        Ok(loaded)
    }

    pub(super) async fn take_numbers(
        &mut self,
        counts: &[(String, i64)],
    ) -> Result<Vec<(String, StreamRow)>, StoreError> {
        let rows: Vec<Value> = counts.iter().map(|(system, n)| json!([system, n])).collect();
        let sql = "UPDATE stream SET last_number = last_number + (k.value->>1) FROM json_each(?1) k WHERE avsendersystem = k.value->>0 \
                   RETURNING avsendersystem, incarnation, last_number, handed_out, acknowledged";
        let rows = sqlx::query(sql).bind(Value::from(rows).to_string()).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(named_stream).collect::<Result<_, _>>()?)
    }

    pub(super) async fn streams(&mut self, systems: &[String]) -> Result<Vec<(String, StreamRow)>, StoreError> {
        let sql = "SELECT avsendersystem, incarnation, last_number, handed_out, acknowledged FROM stream \
                   WHERE avsendersystem IN (SELECT value FROM json_each(?1))";
        let rows = sqlx::query(sql).bind(Value::from(systems.to_vec()).to_string()).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(named_stream).collect::<Result<_, _>>()?)
    }

    pub(super) async fn move_cursors(&mut self, moves: &[CursorMove]) -> Result<(), StoreError> {
        let rows: Vec<Value> = moves.iter().map(|m| json!([m.avsendersystem, m.acknowledged, m.handed_out])).collect();
        let sql = "UPDATE stream SET acknowledged = max(acknowledged, k.value->>1), handed_out = max(handed_out, k.value->>2) \
                   FROM json_each(?1) k WHERE avsendersystem = k.value->>0";
        sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) async fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        write::batch(&mut self.tx, writes).await
    }

    pub(super) async fn open_chain(&mut self, node: &str, lane: i32) -> Result<ChainRow, StoreError> {
        let sql = "INSERT INTO evidence_chain (chain, node, lane, incarnation, head_position, head_hash) \
                   SELECT (SELECT COALESCE(MAX(chain), 0) + 1 FROM evidence_chain), ?1, ?2, \
                          (SELECT COALESCE(MAX(incarnation), 0) + 1 FROM evidence_chain WHERE node = ?1 AND lane = ?2), 0, ?3 \
                   RETURNING chain, node, lane, incarnation, head_position, head_hash";
        let row = sqlx::query(sql).bind(node).bind(lane).bind([0_u8; 32].as_slice()).fetch_one(&mut *self.tx).await?;
        Ok(chain_row(&row)?)
    }

    pub(super) async fn chains(&mut self) -> Result<Vec<ChainRow>, StoreError> {
        let rows = sqlx::query(CHAINS).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(chain_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn answers(&mut self, places: &[(i32, i64)]) -> Result<Vec<AnswerRow>, StoreError> {
        let sql = "SELECT e.chain, e.position, e.dictionary, e.answer FROM json_each(?1) k \
                   JOIN evidence e ON e.chain = k.value->>0 AND e.position = k.value->>1";
        let places: Vec<Value> = places.iter().map(|(chain, position)| json!([chain, position])).collect();
        let rows = sqlx::query(sql).bind(Value::from(places).to_string()).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| {
            Ok(AnswerRow {
                chain: row.try_get(0)?,
                position: row.try_get(1)?,
                dictionary: row.try_get(2)?,
                answer: row.try_get(3)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn stream(&mut self, avsendersystem: &str) -> Result<Option<StreamRow>, StoreError> {
        let row = sqlx::query(STREAM).bind(avsendersystem).fetch_optional(&mut *self.tx).await?;
        Ok(row.as_ref().map(|row| stream_row(row, 0)).transpose()?)
    }

    pub(super) async fn history(&mut self, duf: Duf) -> Result<Option<PersonHistory>, StoreError> {
        let key = duf.to_stored();
        let exists = sqlx::query("SELECT 1 FROM person WHERE duf = ?1").bind(key).fetch_optional(&mut *self.tx).await?;
        if exists.is_none() {
            return Ok(None);
        }
        let both = |rows: Vec<Found>| -> Result<Vec<Recorded>, sqlx::Error> {
            let closed = |row: &Found| row.try_get::<Option<i64>, _>(1)?.map(from_micros).transpose();
            rows.iter().map(|row| Ok((row.try_get(0)?, closed(row)?))).collect()
        };
        let sql = "SELECT data, system_to FROM fact WHERE duf = ?1 ORDER BY row_no";
        let facts = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        let sql = "SELECT data, system_to FROM post_version WHERE duf = ?1 ORDER BY row_no";
        let versions = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        let sql = "SELECT post_id, avsendersystem, reference FROM post_reference WHERE duf = ?1 ORDER BY avsendersystem, reference";
        let rows = sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?;
        let references: Vec<(Uuid, String, String)> = rows
            .iter()
            .map(|row| Ok((uuid(row.try_get(0)?)?, row.try_get(1)?, row.try_get(2)?)))
            .collect::<Result<_, sqlx::Error>>()?;
        history(duf, facts, versions, &references).map(Some)
    }
}
