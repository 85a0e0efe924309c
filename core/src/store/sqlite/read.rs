//! Reads of one statement, on a connection of their own.

use sqlx::Row as _;

use super::{CHAINS, STREAM, Sqlite, chain_row, found_evidence, stream_row};
use crate::evidence::payload;
use crate::store::StoreError;
use crate::store::rows::{ChainRow, FoundEvidence, StreamRow};

impl Sqlite {
    pub(in crate::store) async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = ?1").bind(key).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(in crate::store) async fn stream(&self, avsendersystem: &str) -> Result<Option<StreamRow>, StoreError> {
        let row = sqlx::query(STREAM).bind(avsendersystem).fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(|row| stream_row(row, 0)).transpose()?)
    }

    pub(in crate::store) async fn stored_answer(&self, system: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT e.dictionary, e.answer FROM message_id m JOIN evidence e ON e.chain = m.chain AND e.position = m.position \
                   WHERE m.avsendersystem = ?1 AND m.meldings_id = ?2 AND m.final = 1";
        let row = sqlx::query(sql).bind(system).bind(id).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(None) };
        payload::decompress(row.try_get(0)?, &row.try_get::<Vec<u8>, _>(1)?).map(Some)
    }

    pub(in crate::store) async fn changes(
        &self,
        system: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = "SELECT number, data FROM change WHERE avsendersystem = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        let rows = sqlx::query(sql).bind(system).bind(after).bind(limit).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn chains(&self) -> Result<Vec<ChainRow>, StoreError> {
        let rows = sqlx::query(CHAINS).fetch_all(&self.readers).await?;
        rows.iter().map(chain_row).collect()
    }

    pub(in crate::store) async fn evidence(
        &self,
        chain: i32,
        from: i64,
        limit: i64,
    ) -> Result<Vec<FoundEvidence>, StoreError> {
        let sql = "SELECT e.chain, e.position, kind, recorded, received, operation, signer, avsendersystem, meldings_id, outcome, \
                   about, request_sha256, answer_sha256, stored_sha256, dictionary, request, answer, hash, k.chain IS NOT NULL \
                   FROM evidence e LEFT JOIN data_key k ON k.chain = e.chain AND k.position = e.position \
                   WHERE e.chain = ?1 AND e.position >= ?2 ORDER BY e.position LIMIT ?3";
        let rows = sqlx::query(sql).bind(chain).bind(from).bind(limit).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(found_evidence).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn stray_evidence(&self) -> Result<Option<(i32, i64)>, StoreError> {
        let sql = "SELECT e.chain, e.position FROM evidence e LEFT JOIN evidence_chain c ON c.chain = e.chain WHERE c.chain IS NULL \
                   UNION ALL SELECT k.chain, k.position FROM data_key k \
                   LEFT JOIN evidence e ON e.chain = k.chain AND e.position = k.position WHERE e.chain IS NULL LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
    }

    pub(in crate::store) async fn all_dufs(&self) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query("SELECT duf FROM person ORDER BY duf").fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }
}
