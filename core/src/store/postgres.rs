//! PostgreSQL: READ COMMITTED, persons locked in order, rows by UNNEST (design.md 7, store.md).

use std::str::FromStr as _;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres as Pg, Row as _, Transaction};
use uuid::Uuid;

use crate::id::Duf;
use crate::person::PersonHistory;
use crate::store::rows::{
    AnswerRow, ChainRow, CursorMove, EvidenceRow, IdRow, Loaded, PersonRows, Recorded, StreamRow, Wanted, Writes,
    history,
};
use crate::store::{StoreError, snapshot};

mod write;

/// Connections of one node: the lane's, and those of reads.
const CONNECTIONS: u32 = 12;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The server.
#[derive(Debug, Clone)]
pub struct Postgres {
    pool: PgPool,
}

/// A transaction.
#[derive(Debug)]
pub struct PostgresTx {
    tx: Transaction<'static, Pg>,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("nir-gateway");
        Ok(Postgres { pool: PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await? })
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        Ok(MIGRATOR.run(&self.pool).await?)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn analyze(&self) -> Result<(), StoreError> {
        sqlx::query("ANALYZE").execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = $1").bind(key).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(value)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn begin(&self) -> Result<PostgresTx, StoreError> {
        Ok(PostgresTx { tx: self.pool.begin().await? })
    }

    pub(super) async fn begin_read(&self) -> Result<PostgresTx, StoreError> {
        Ok(PostgresTx { tx: self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await? })
    }

    pub(super) async fn stream(&self, avsendersystem: &str) -> Result<Option<StreamRow>, StoreError> {
        let row = sqlx::query(STREAM).bind(avsendersystem).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(|row| stream_row(row, 0)).transpose()?)
    }

    pub(super) async fn stored_answer(&self, system: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT e.dictionary, e.answer FROM message_id m JOIN evidence e ON e.chain = m.chain AND e.position = m.position \
                   WHERE m.avsendersystem = $1 AND m.meldings_id = $2 AND m.final";
        let row = sqlx::query(sql).bind(system).bind(id).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        crate::evidence::payload::decompress(row.try_get(0)?, &row.try_get::<Vec<u8>, _>(1)?).map(Some)
    }

    pub(super) async fn changes(&self, system: &str, after: i64, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = "SELECT number, data FROM change WHERE avsendersystem = $1 AND number > $2 ORDER BY number LIMIT $3";
        let rows = sqlx::query(sql).bind(system).bind(after).bind(limit).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn chains(&self) -> Result<Vec<ChainRow>, StoreError> {
        let rows = sqlx::query(CHAINS).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(chain_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn evidence(&self, chain: i32, after: i64, limit: i64) -> Result<Vec<EvidenceRow>, StoreError> {
        let sql = "SELECT chain, position, kind, recorded, received, operation, signer, avsendersystem, meldings_id, outcome, \
                   about, request_sha256, answer_sha256, stored_sha256, dictionary, request, answer, hash FROM evidence \
                   WHERE chain = $1 AND position > $2 ORDER BY position LIMIT $3";
        let rows = sqlx::query(sql).bind(chain).bind(after).bind(limit).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(evidence_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn data_key(&self, chain: i32, position: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT wrapped FROM data_key WHERE chain = $1 AND position = $2";
        let row = sqlx::query(sql).bind(chain).bind(position).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn all_dufs(&self) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query("SELECT duf FROM person ORDER BY duf").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(super) async fn snapshot(&self, duf: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT state FROM person WHERE duf = $1").bind(duf).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

const STREAM: &str = "SELECT incarnation, last_number, handed_out, acknowledged FROM stream WHERE avsendersystem = $1";
const CHAINS: &str =
    "SELECT chain, node, lane, incarnation, head_position, head_hash FROM evidence_chain ORDER BY chain";

type Found = sqlx::postgres::PgRow;

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

fn evidence_row(row: &Found) -> Result<EvidenceRow, sqlx::Error> {
    Ok(EvidenceRow {
        chain: row.try_get(0)?,
        position: row.try_get(1)?,
        kind: row.try_get(2)?,
        recorded: row.try_get(3)?,
        received: row.try_get(4)?,
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

impl PostgresTx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(|error| match error {
            // The server answered: it did not commit.
            sqlx::Error::Database(_) => StoreError::sorted(error),
            other => StoreError::CommitUnknown(other.to_string()),
        })
    }

    pub(super) async fn rollback(self) {
        // A transaction that cannot be rolled back is ended by the server with its connection.
        let _ = self.tx.rollback().await;
    }

    pub(super) async fn meta(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = $1").bind(key).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn set_meta(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "UPDATE meta SET value = $2 WHERE key = $1";
        sqlx::query(sql).bind(key).bind(value).execute(&mut *self.tx).await.map_err(StoreError::sorted)?;
        Ok(())
    }

    pub(super) async fn registry_rows(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT key, data FROM registry_entry WHERE system_to IS NULL ORDER BY key";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn user_uses(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let rows = sqlx::query("SELECT user_id, last_used FROM user_use").fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(super) async fn put_entry(&mut self, key: &str, data: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE registry_entry SET system_to = $2 WHERE key = $1 AND system_to IS NULL")
            .bind(key)
            .bind(at)
            .execute(&mut *self.tx)
            .await
            .map_err(StoreError::sorted)?;
        sqlx::query("INSERT INTO registry_entry (key, system_from, data) VALUES ($1, $2, $3)")
            .bind(key)
            .bind(at)
            .bind(data)
            .execute(&mut *self.tx)
            .await
            .map_err(StoreError::sorted)?;
        Ok(())
    }

    pub(super) async fn open_stream(&mut self, system: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO stream (avsendersystem, incarnation, last_number, handed_out, acknowledged) \
                   VALUES ($1, 1, 0, 0, 0) ON CONFLICT (avsendersystem) DO NOTHING";
        sqlx::query(sql).bind(system).execute(&mut *self.tx).await.map_err(StoreError::sorted)?;
        Ok(())
    }

    pub(super) async fn insert_persons(&mut self, persons: &[PersonRows]) -> Result<(), StoreError> {
        let rows: Vec<_> = persons.iter().map(|p| &p.person).collect();
        sqlx::query("INSERT INTO person (duf, version, last_row, state) SELECT * FROM UNNEST($1::int8[], $2::int8[], $3::int8[], $4::bytea[])")
            .bind(rows.iter().map(|p| p.duf).collect::<Vec<_>>())
            .bind(rows.iter().map(|p| p.version).collect::<Vec<_>>())
            .bind(rows.iter().map(|p| p.last_row).collect::<Vec<_>>())
            .bind(rows.iter().map(|p| p.state.as_slice()).collect::<Vec<_>>())
            .execute(&mut *self.tx)
            .await
            .map_err(StoreError::sorted)?;
        let facts: Vec<_> = persons.iter().flat_map(|p| &p.facts).collect();
        let sql = "INSERT INTO fact (duf, row_no, valid_from, valid_to, system_from, system_to, data) SELECT * FROM \
                   UNNEST($1::int8[], $2::int8[], $3::date[], $4::date[], $5::timestamptz[], $6::timestamptz[], $7::text[])";
        sqlx::query(sql)
            .bind(facts.iter().map(|f| f.duf).collect::<Vec<_>>())
            .bind(facts.iter().map(|f| f.row_no).collect::<Vec<_>>())
            .bind(facts.iter().map(|f| f.valid_from).collect::<Vec<NaiveDate>>())
            .bind(facts.iter().map(|f| f.valid_to).collect::<Vec<Option<NaiveDate>>>())
            .bind(facts.iter().map(|f| f.system_from).collect::<Vec<_>>())
            .bind(facts.iter().map(|f| f.system_to).collect::<Vec<_>>())
            .bind(facts.iter().map(|f| f.data.as_str()).collect::<Vec<_>>())
            .execute(&mut *self.tx)
            .await
            .map_err(StoreError::sorted)?;
        Ok(())
    }

    pub(super) async fn load(&mut self, wanted: &Wanted, lock: bool) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded::default();
        // Locks first, in one statement and in order; everything else in later ones, which see what the locks waited
        // for (store.md, schema sketch).
        if !wanted.dufs.is_empty() {
            let sql = if lock {
                "SELECT duf, state FROM person WHERE duf = ANY($1) ORDER BY duf FOR NO KEY UPDATE"
            } else {
                "SELECT duf, state FROM person WHERE duf = ANY($1) ORDER BY duf"
            };
            for row in sqlx::query(sql).bind(&wanted.dufs).fetch_all(&mut *self.tx).await.map_err(StoreError::sorted)? {
                if let Some(duf) = Duf::from_stored(row.try_get(0)?) {
                    loaded.persons.push(snapshot::decode(duf, row.try_get(1)?)?);
                }
            }
        }
        let pairs = |all: &[(String, String)]| -> (Vec<String>, Vec<String>) { all.iter().cloned().unzip() };
        if !wanted.ids.is_empty() {
            let (systems, ids) = pairs(&wanted.ids);
            let sql = if lock {
                "SELECT m.avsendersystem, m.meldings_id, m.digest, m.outcome, m.final, m.first_received, m.chain, m.position \
                 FROM UNNEST($1::text[], $2::text[]) AS k(a, b) JOIN message_id m ON m.avsendersystem = k.a AND m.meldings_id = k.b \
                 ORDER BY 1, 2 FOR NO KEY UPDATE OF m"
            } else {
                "SELECT m.avsendersystem, m.meldings_id, m.digest, m.outcome, m.final, m.first_received, m.chain, m.position \
                 FROM UNNEST($1::text[], $2::text[]) AS k(a, b) JOIN message_id m ON m.avsendersystem = k.a AND m.meldings_id = k.b"
            };
            let rows =
                sqlx::query(sql).bind(systems).bind(ids).fetch_all(&mut *self.tx).await.map_err(StoreError::sorted)?;
            loaded.ids = rows.iter().map(id_row).collect::<Result<_, _>>()?;
        }
        if !wanted.references.is_empty() {
            let (systems, references) = pairs(&wanted.references);
            let sql = "SELECT r.avsendersystem, r.reference, r.duf, r.post_id FROM UNNEST($1::text[], $2::text[]) AS k(a, b) \
                       JOIN post_reference r ON r.avsendersystem = k.a AND r.reference = k.b";
            for row in sqlx::query(sql).bind(systems).bind(references).fetch_all(&mut *self.tx).await? {
                if let Some(duf) = Duf::from_stored(row.try_get(2)?) {
                    loaded.references.insert((row.try_get(0)?, row.try_get(1)?), (duf, row.try_get(3)?));
                }
            }
        }
        Ok(loaded)
    }

    pub(super) async fn take_numbers(
        &mut self,
        counts: &[(String, i64)],
    ) -> Result<Vec<(String, StreamRow)>, StoreError> {
        let (systems, numbers): (Vec<String>, Vec<i64>) = counts.iter().cloned().unzip();
        // Rows are locked in the order of their names before any is changed: two batches cannot wait for each other.
        let sql = "WITH wanted AS (SELECT * FROM UNNEST($1::text[], $2::int8[]) AS k(a, n)), \
                   locked AS (SELECT s.avsendersystem FROM stream s JOIN wanted ON s.avsendersystem = wanted.a \
                              ORDER BY s.avsendersystem FOR NO KEY UPDATE OF s) \
                   UPDATE stream s SET last_number = s.last_number + wanted.n FROM wanted, locked \
                   WHERE s.avsendersystem = wanted.a AND locked.avsendersystem = s.avsendersystem \
                   RETURNING s.avsendersystem, s.incarnation, s.last_number, s.handed_out, s.acknowledged";
        let rows =
            sqlx::query(sql).bind(systems).bind(numbers).fetch_all(&mut *self.tx).await.map_err(StoreError::sorted)?;
        Ok(rows.iter().map(named_stream).collect::<Result<_, _>>()?)
    }

    pub(super) async fn streams(&mut self, systems: &[String]) -> Result<Vec<(String, StreamRow)>, StoreError> {
        let sql = "SELECT avsendersystem, incarnation, last_number, handed_out, acknowledged FROM stream WHERE avsendersystem = ANY($1)";
        let rows = sqlx::query(sql).bind(systems).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(named_stream).collect::<Result<_, _>>()?)
    }

    pub(super) async fn move_cursors(&mut self, moves: &[CursorMove]) -> Result<(), StoreError> {
        let sql = "WITH wanted AS (SELECT * FROM UNNEST($1::text[], $2::int8[], $3::int8[]) AS k(a, ack, out)), \
                   locked AS (SELECT s.avsendersystem FROM stream s JOIN wanted ON s.avsendersystem = wanted.a \
                              ORDER BY s.avsendersystem FOR NO KEY UPDATE OF s) \
                   UPDATE stream s SET acknowledged = GREATEST(s.acknowledged, wanted.ack), \
                                       handed_out = GREATEST(s.handed_out, wanted.out) \
                   FROM wanted, locked WHERE s.avsendersystem = wanted.a AND locked.avsendersystem = s.avsendersystem";
        sqlx::query(sql)
            .bind(moves.iter().map(|m| m.avsendersystem.as_str()).collect::<Vec<_>>())
            .bind(moves.iter().map(|m| m.acknowledged).collect::<Vec<_>>())
            .bind(moves.iter().map(|m| m.handed_out).collect::<Vec<_>>())
            .execute(&mut *self.tx)
            .await
            .map_err(StoreError::sorted)?;
        Ok(())
    }

    pub(super) async fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        write::batch(&mut self.tx, writes).await
    }

    pub(super) async fn open_chain(&mut self, node: &str, lane: i32) -> Result<ChainRow, StoreError> {
        let sql = "INSERT INTO evidence_chain (chain, node, lane, incarnation, head_position, head_hash) \
                   SELECT (SELECT COALESCE(MAX(chain), 0) + 1 FROM evidence_chain), $1, $2, \
                          (SELECT COALESCE(MAX(incarnation), 0) + 1 FROM evidence_chain WHERE node = $1 AND lane = $2), 0, $3 \
                   RETURNING chain, node, lane, incarnation, head_position, head_hash";
        let row = sqlx::query(sql).bind(node).bind(lane).bind([0_u8; 32].as_slice()).fetch_one(&mut *self.tx).await;
        Ok(chain_row(&row.map_err(StoreError::sorted)?)?)
    }

    pub(super) async fn chains(&mut self) -> Result<Vec<ChainRow>, StoreError> {
        let rows = sqlx::query(CHAINS).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(chain_row).collect::<Result<_, _>>()?)
    }

    pub(super) async fn answers(&mut self, places: &[(i32, i64)]) -> Result<Vec<AnswerRow>, StoreError> {
        let sql = "SELECT e.chain, e.position, e.dictionary, e.answer FROM UNNEST($1::int4[], $2::int8[]) AS k(c, p) \
                   JOIN evidence e ON e.chain = k.c AND e.position = k.p";
        let (chains, positions): (Vec<i32>, Vec<i64>) = places.iter().copied().unzip();
        let rows = sqlx::query(sql).bind(chains).bind(positions).fetch_all(&mut *self.tx).await?;
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
        let exists = sqlx::query("SELECT 1 FROM person WHERE duf = $1").bind(key).fetch_optional(&mut *self.tx).await?;
        if exists.is_none() {
            return Ok(None);
        }
        let both = |rows: Vec<Found>| -> Result<Vec<Recorded>, sqlx::Error> {
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
        };
        let sql = "SELECT data, system_to FROM fact WHERE duf = $1 ORDER BY row_no";
        let facts = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        let sql = "SELECT data, system_to FROM post_version WHERE duf = $1 ORDER BY row_no";
        let versions = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        let sql = "SELECT post_id, avsendersystem, reference FROM post_reference WHERE duf = $1 ORDER BY avsendersystem, reference";
        let rows = sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?;
        let references: Vec<(Uuid, String, String)> = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
            .collect::<Result<_, sqlx::Error>>()?;
        history(duf, facts, versions, &references).map(Some)
    }
}
