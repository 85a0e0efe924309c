//! One transaction.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{Row as _, Sqlite as Lite, Transaction};
use uuid::Uuid;

use super::value::{Blobs, days, from_micros, micros};
use super::{CHAINS, Found, chain_row, id_row, named_stream, stream_row, time, write};
use crate::id::Duf;
use crate::person::PersonHistory;
use crate::store::StoreError;
use crate::store::replay::{Recorded, history};
use crate::store::rows::{
    AnswerRow, ChainRow, LoadedRows, PersonRow, PersonRows, StreamCount, StreamRow, Wanted, Writes,
};

/// A transaction of the writer, or one that only reads.
#[derive(Debug)]
pub struct SqliteTx {
    pub(super) tx: Transaction<'static, Lite>,
}

pub(super) fn uuid(text: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::parse_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn person_row(row: &Found) -> Result<PersonRow, sqlx::Error> {
    Ok(PersonRow { duf: row.try_get(0)?, version: row.try_get(1)?, last_row: row.try_get(2)?, state: row.try_get(3)? })
}

impl SqliteTx {
    pub(super) fn new(tx: Transaction<'static, Lite>) -> Self {
        SqliteTx { tx }
    }

    pub(in crate::store) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(StoreError::of_commit)
    }

    pub(in crate::store) async fn rollback(self) {
        // A transaction that cannot be rolled back ends with its connection.
        let _ = self.tx.rollback().await;
    }

    pub(in crate::store) async fn meta(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = ?1").bind(key).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(in crate::store) async fn metas(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT key, value FROM meta WHERE key IN ('registry_version', 'active_rules')";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn change_meta(&mut self, key: &str, value: &str) -> Result<u64, StoreError> {
        let sql = "UPDATE meta SET value = ?2 WHERE key = ?1 AND value <> ?2";
        Ok(sqlx::query(sql).bind(key).bind(value).execute(&mut *self.tx).await?.rows_affected())
    }

    pub(in crate::store) async fn put_meta(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(key).bind(value).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Whether it was not there: on two nodes at once, for one of them.
    pub(in crate::store) async fn add_meta(&mut self, key: &str, value: &str) -> Result<bool, StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING";
        Ok(sqlx::query(sql).bind(key).bind(value).execute(&mut *self.tx).await?.rows_affected() > 0)
    }

    pub(in crate::store) async fn remove_metas(&mut self, beginning: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM meta WHERE substr(key, 1, length(?1)) = ?1";
        sqlx::query(sql).bind(beginning).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn open_persons(&mut self, rows: &[PersonRow]) -> Result<(), StoreError> {
        let mut blobs = Blobs::default();
        let row = |p: &PersonRow| {
            let state = blobs.push(&p.state);
            json!([p.duf, p.version, p.last_row, state.0, state.1])
        };
        let rows: Vec<Value> = rows.iter().map(row).collect();
        let sql = "INSERT INTO person (duf, version, last_row, state) \
                   SELECT value->>0, value->>1, value->>2, substr(?2, value->>3, value->>4) FROM json_each(?1) \
                   WHERE true ON CONFLICT (duf) DO NOTHING";
        sqlx::query(sql).bind(Value::from(rows).to_string()).bind(blobs.bytes).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn forget_persons(&mut self, dufs: &[i64]) -> Result<(), StoreError> {
        let sql = "DELETE FROM person WHERE last_row = 0 AND duf IN (SELECT value FROM json_each(?1))";
        sqlx::query(sql).bind(json!(dufs).to_string()).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn raise_registry_version(&mut self) -> Result<(), StoreError> {
        let sql = "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'registry_version'";
        sqlx::query(sql).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn registry_rows(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT key, data FROM registry_entry WHERE system_to IS NULL ORDER BY key";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn user_uses(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let rows = sqlx::query("SELECT user_id, last_used FROM user_use").fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, time(row, 1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn put_entries(
        &mut self,
        keys: &[String],
        data: &[String],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // A clock that was set back gives no row that ends before it began.
        let sql = "UPDATE registry_entry SET system_to = max(?2, system_from + 1) \
                   WHERE system_to IS NULL AND key IN (SELECT value FROM json_each(?1))";
        sqlx::query(sql).bind(json!(keys).to_string()).bind(micros(at)).execute(&mut *self.tx).await?;
        let rows: Vec<Value> = keys.iter().zip(data).map(|(key, data)| json!([key, data])).collect();
        let sql = "INSERT INTO registry_entry (key, system_from, data) SELECT k.value->>0, \
                   max(?2, COALESCE((SELECT max(r.system_to) FROM registry_entry r WHERE r.key = k.value->>0), ?2)), k.value->>1 \
                   FROM json_each(?1) k";
        sqlx::query(sql).bind(Value::from(rows).to_string()).bind(micros(at)).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn open_streams(&mut self, systems: &[String]) -> Result<(), StoreError> {
        let sql = "INSERT INTO stream (avsendersystem, incarnation, last_number, handed_out, acknowledged) \
                   SELECT value, 1, 0, 0, 0 FROM json_each(?1) WHERE true ON CONFLICT (avsendersystem) DO NOTHING";
        sqlx::query(sql).bind(json!(systems).to_string()).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn insert_persons(&mut self, persons: &[PersonRows]) -> Result<(), StoreError> {
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
                   SELECT value->>0, value->>1, value->>2, substr(?2, value->>3, value->>4) FROM json_each(?1) \
                   WHERE true ON CONFLICT (duf) DO NOTHING RETURNING duf";
        let added =
            sqlx::query(sql).bind(Value::from(rows).to_string()).bind(blobs.bytes).fetch_all(&mut *self.tx).await?;
        let added = added.iter().map(|row| row.try_get(0)).collect::<Result<std::collections::HashSet<i64>, _>>()?;
        let facts: Vec<Value> = persons
            .iter()
            .filter(|p| added.contains(&p.person.duf))
            .flat_map(|p| &p.facts)
            .map(|f| {
                let (from, to) = (days(f.valid_from), f.valid_to.map(days));
                json!([f.duf, f.row_no, from, to, micros(f.system_from), f.system_to.map(micros), f.data])
            })
            .collect();
        let sql = "INSERT INTO fact (duf, row_no, valid_from, valid_to, system_from, system_to, data) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 FROM json_each(?1)";
        sqlx::query(sql).bind(Value::from(facts).to_string()).execute(&mut *self.tx).await?;
        let first: Vec<_> = persons.iter().filter(|p| added.contains(&p.person.duf)).map(|p| &p.beregning).collect();
        write::beregninger(&mut self.tx, &first).await?;
        let new = persons.iter().filter(|p| added.contains(&p.person.duf)).map(|p| p.lists.clone());
        super::lister::write(&mut self.tx, &new.collect()).await?;
        Ok(())
    }

    pub(in crate::store) async fn load(&mut self, wanted: &Wanted, _lock: bool) -> Result<LoadedRows, StoreError> {
        // The one writer holds the database: nothing else needs a lock.
        let mut loaded = LoadedRows::default();
        if !wanted.dufs.is_empty() {
            let sql = "SELECT duf, version, last_row, state FROM person WHERE duf IN (SELECT value FROM json_each(?1))";
            let rows = sqlx::query(sql).bind(json!(wanted.dufs).to_string()).fetch_all(&mut *self.tx).await?;
            loaded.persons = rows.iter().map(person_row).collect::<Result<_, _>>()?;
        }
        if !wanted.ids.is_empty() {
            let sql = "SELECT m.avsendersystem, m.meldings_id, m.digest, m.outcome, m.final, m.first_received, m.chain, m.position \
                       FROM json_each(?1) k JOIN message_id m ON m.avsendersystem = k.value->>0 AND m.meldings_id = k.value->>1";
            let rows = sqlx::query(sql).bind(json!(wanted.ids).to_string()).fetch_all(&mut *self.tx).await?;
            loaded.ids = rows.iter().map(id_row).collect::<Result<_, _>>()?;
        }
        if !wanted.references.is_empty() || !wanted.ids.is_empty() {
            let sql = "SELECT r.avsendersystem, r.reference, r.duf, r.post_id FROM json_each(?1) k \
                       JOIN post_reference r ON r.avsendersystem = k.value->>0 AND r.reference = k.value->>1 \
                       UNION ALL SELECT f.avsendersystem, f.avsenders_referanse, NULL, NULL FROM json_each(?1) k \
                       JOIN feilsak f ON f.avsendersystem = k.value->>0 AND f.avsenders_referanse = k.value->>1 AND f.aapen = 1 \
                       UNION ALL SELECT e.avsendersystem, e.meldings_id, -1, NULL FROM json_each(?2) k \
                       JOIN feilsak_feil e ON e.avsendersystem = k.value->>0 AND e.meldings_id = k.value->>1 \
                       JOIN feilsak f ON f.sak = e.sak AND f.aapen = 1";
            let query = sqlx::query(sql).bind(json!(wanted.references).to_string());
            let rows = query.bind(json!(wanted.ids).to_string()).fetch_all(&mut *self.tx).await?;
            for row in rows {
                let key = (row.try_get(0)?, row.try_get(1)?);
                match row.try_get::<Option<i64>, _>(2)? {
                    // A transfer error of this reference waits for it to succeed.
                    None => drop(loaded.open_cases.insert(key)),
                    // One of this meldingsId, which a Fault does not spend.
                    Some(-1) => drop(loaded.refused_ids.insert(key)),
                    Some(duf) => {
                        if let Some(duf) = Duf::from_stored(duf) {
                            loaded.references.insert(key, (duf, uuid(row.try_get(3)?)?));
                        }
                    }
                }
            }
        }
        Ok(loaded)
    }

    pub(in crate::store) async fn lock_streams(
        &mut self,
        systems: &[String],
    ) -> Result<Vec<(String, StreamRow)>, StoreError> {
        self.streams(systems).await
    }

    pub(in crate::store) async fn streams(
        &mut self,
        systems: &[String],
    ) -> Result<Vec<(String, StreamRow)>, StoreError> {
        let sql = "SELECT avsendersystem, incarnation, last_number, handed_out, acknowledged, oldest_number FROM stream \
                   WHERE avsendersystem IN (SELECT value FROM json_each(?1))";
        let rows = sqlx::query(sql).bind(json!(systems).to_string()).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(named_stream).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn end_levering(&mut self, system: &str, fence: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE levering SET owner = NULL, lease_until = ?3, attempts = 0, due = ?3, failing_since = NULL, why = NULL \
                   WHERE avsendersystem = ?1 AND fence = ?2 AND parked IS NULL";
        let done = sqlx::query(sql).bind(system).bind(fence).bind(0_i64).execute(&mut *self.tx).await?;
        Ok(done.rows_affected() > 0)
    }

    pub(in crate::store) async fn stream_counts(&mut self) -> Result<Vec<StreamCount>, StoreError> {
        let sql = "SELECT s.avsendersystem, COALESCE(min(c.number), 0), COALESCE(max(c.number), 0), count(c.number), \
                   s.incarnation, s.last_number, s.handed_out, s.acknowledged, s.oldest_number \
                   FROM stream s LEFT JOIN change c ON c.avsendersystem = s.avsendersystem \
                   GROUP BY s.avsendersystem ORDER BY s.avsendersystem";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        let read =
            |row: &Found| Ok((row.try_get(0)?, stream_row(row, 4)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn orphan(&mut self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT t.duf FROM (SELECT duf FROM fact UNION ALL SELECT duf FROM post_version \
                   UNION ALL SELECT duf FROM post_reference UNION ALL SELECT duf FROM beregning \
                   UNION ALL SELECT duf FROM person_liste UNION ALL SELECT duf FROM person_nummer) t \
                   WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.duf = t.duf) LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(in crate::store) async fn lost_answer(&mut self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT m.avsendersystem FROM message_id m WHERE NOT EXISTS \
                   (SELECT 1 FROM evidence e WHERE e.chain = m.chain AND e.position = m.position) LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(in crate::store) async fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        write::batch(&mut self.tx, writes).await?;
        self.write_cases(&writes.saker, &writes.sakfeil).await
    }

    pub(in crate::store) async fn open_chain(&mut self, node: &str, lane: i32) -> Result<ChainRow, StoreError> {
        let sql = "INSERT INTO evidence_chain (chain, node, lane, incarnation, head_position, head_hash) \
                   SELECT (SELECT COALESCE(MAX(chain), 0) + 1 FROM evidence_chain), ?1, ?2, \
                          (SELECT COALESCE(MAX(incarnation), 0) + 1 FROM evidence_chain WHERE node = ?1 AND lane = ?2), 0, ?3 \
                   RETURNING chain, node, lane, incarnation, head_position, head_hash";
        let row = sqlx::query(sql).bind(node).bind(lane).bind([0_u8; 32].as_slice()).fetch_one(&mut *self.tx).await?;
        chain_row(&row)
    }

    pub(in crate::store) async fn chains(&mut self) -> Result<Vec<ChainRow>, StoreError> {
        let rows = sqlx::query(CHAINS).fetch_all(&mut *self.tx).await?;
        rows.iter().map(chain_row).collect()
    }

    pub(in crate::store) async fn answers(&mut self, places: &[(i32, i64)]) -> Result<Vec<AnswerRow>, StoreError> {
        let sql = "SELECT e.chain, e.position, e.dictionary, e.answer FROM json_each(?1) k \
                   JOIN evidence e ON e.chain = k.value->>0 AND e.position = k.value->>1";
        let rows = sqlx::query(sql).bind(json!(places).to_string()).fetch_all(&mut *self.tx).await?;
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

    pub(in crate::store) async fn person_row(&mut self, duf: i64) -> Result<Option<PersonRow>, StoreError> {
        let sql = "SELECT duf, version, last_row, state FROM person WHERE duf = ?1";
        let row = sqlx::query(sql).bind(duf).fetch_optional(&mut *self.tx).await?;
        Ok(row.as_ref().map(person_row).transpose()?)
    }

    pub(in crate::store) async fn history(&mut self, duf: Duf) -> Result<Option<PersonHistory>, StoreError> {
        let key = duf.to_stored();
        let exists = sqlx::query("SELECT 1 FROM person WHERE duf = ?1").bind(key).fetch_optional(&mut *self.tx).await?;
        if exists.is_none() {
            return Ok(None);
        }
        let both = |rows: Vec<Found>| -> Result<Vec<Recorded>, sqlx::Error> {
            let closed = |row: &Found| row.try_get::<Option<i64>, _>(2)?.map(from_micros).transpose();
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, closed(row)?))).collect()
        };
        let sql = "SELECT row_no, data, system_to FROM fact WHERE duf = ?1 ORDER BY row_no";
        let facts = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        let sql = "SELECT row_no, data, system_to FROM post_version WHERE duf = ?1 ORDER BY row_no";
        let versions = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        let sql =
            "SELECT post_id, avsendersystem, reference FROM post_reference WHERE duf = ?1 ORDER BY attached, reference";
        let rows = sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?;
        let references: Vec<(Uuid, String, String)> = rows
            .iter()
            .map(|row| Ok((uuid(row.try_get(0)?)?, row.try_get(1)?, row.try_get(2)?)))
            .collect::<Result<_, sqlx::Error>>()?;
        let sql = "SELECT row_no, data, system_to FROM beregning WHERE duf = ?1 ORDER BY row_no";
        let computed = both(sqlx::query(sql).bind(key).fetch_all(&mut *self.tx).await?)?;
        history(duf, facts, versions, &references, computed).map(Some)
    }
}
