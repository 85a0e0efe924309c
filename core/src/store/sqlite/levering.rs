//! Deliveries by push: every statement stands alone, so no connection is held while a receiver is called.

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use super::Sqlite;
use super::value::{from_micros, micros};
use super::{Found, time};
use crate::registry::push_key;
use crate::store::StoreError;
use crate::store::levering::{Claim, Failure, LeveringRow, Waiting, address_of};

impl Sqlite {
    pub(in crate::store) async fn waiting_streams(&self, now: DateTime<Utc>) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT s.avsendersystem, COALESCE(l.attempts, 0) FROM stream s \
                   LEFT JOIN levering l ON l.avsendersystem = s.avsendersystem WHERE s.last_number > s.acknowledged AND \
                   (l.avsendersystem IS NULL OR (l.parked IS NULL AND l.due <= ?1 AND l.lease_until <= ?1)) \
                   ORDER BY s.avsendersystem";
        let rows = sqlx::query(sql).bind(micros(now)).fetch_all(&self.readers).await?;
        let read = |row: &_| -> Result<Waiting, sqlx::Error> {
            let row: &Found = row;
            Ok(Waiting { avsendersystem: row.try_get(0)?, attempts: row.try_get(1)? })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn claim_stream(
        &self,
        avsendersystem: &str,
        owner: &str,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<Claim>, StoreError> {
        let sql = "INSERT INTO levering (avsendersystem, owner, fence, lease_until, attempts, due) \
                   VALUES (?1, ?2, 1, ?3, 0, ?4) ON CONFLICT (avsendersystem) DO UPDATE \
                   SET owner = excluded.owner, fence = levering.fence + 1, lease_until = excluded.lease_until \
                   WHERE levering.parked IS NULL AND levering.due <= ?4 AND levering.lease_until <= ?4 \
                   RETURNING fence, attempts, failing_since, \
                   (SELECT system_from FROM registry_entry WHERE key = ?5 AND system_to IS NULL), \
                   (SELECT data FROM registry_entry WHERE key = ?5 AND system_to IS NULL)";
        let row = sqlx::query(sql)
            .bind(avsendersystem)
            .bind(owner)
            .bind(micros(lease_until))
            .bind(micros(now))
            .bind(push_key(avsendersystem))
            .fetch_optional(&self.writer)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Claim {
            avsendersystem: avsendersystem.to_owned(),
            fence: row.try_get(0)?,
            attempts: row.try_get(1)?,
            failing_since: optional_time(&row, 2)?,
            address: address_of(avsendersystem, row.try_get(4)?)?,
            address_since: optional_time(&row, 3)?,
        }))
    }

    pub(in crate::store) async fn release_stream(&self, avsendersystem: &str, fence: i64) -> Result<(), StoreError> {
        let sql = "UPDATE levering SET owner = NULL, lease_until = ?3 WHERE avsendersystem = ?1 AND fence = ?2";
        sqlx::query(sql).bind(avsendersystem).bind(fence).bind(0_i64).execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn reclaim_streams(&self, owner: &str) -> Result<u64, StoreError> {
        let sql = "UPDATE levering SET owner = NULL, fence = fence + 1, lease_until = ?2 WHERE owner = ?1";
        let done = sqlx::query(sql).bind(owner).bind(0_i64).execute(&self.writer).await?;
        Ok(done.rows_affected())
    }

    pub(in crate::store) async fn failed_delivery(&self, claim: &Claim, failure: &Failure) -> Result<bool, StoreError> {
        let sql = "UPDATE levering SET owner = NULL, lease_until = ?3, attempts = attempts + 1, due = ?4, \
                   failing_since = COALESCE(failing_since, ?5), parked = ?6, why = ?7 \
                   WHERE avsendersystem = ?1 AND fence = ?2 AND attempts = ?8 AND ?9 IS \
                   (SELECT system_from FROM registry_entry WHERE key = ?10 AND system_to IS NULL)";
        let done = sqlx::query(sql)
            .bind(&claim.avsendersystem)
            .bind(claim.fence)
            .bind(0_i64)
            .bind(micros(failure.due))
            .bind(micros(failure.at))
            .bind(failure.parked.then_some(micros(failure.at)))
            .bind(&failure.why)
            .bind(claim.attempts)
            .bind(claim.address_since.map(micros))
            .bind(push_key(&claim.avsendersystem))
            .execute(&self.writer)
            .await?;
        let counts = done.rows_affected() > 0;
        if !counts {
            self.release_stream(&claim.avsendersystem, claim.fence).await?;
        }
        Ok(counts)
    }

    pub(in crate::store) async fn resume_stream(&self, avsendersystem: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE levering SET parked = NULL, attempts = 0, due = ?2, failing_since = NULL, why = NULL \
                   WHERE avsendersystem = ?1 AND (parked IS NOT NULL OR attempts > 0)";
        let done = sqlx::query(sql).bind(avsendersystem).bind(0_i64).execute(&self.writer).await?;
        Ok(done.rows_affected() > 0)
    }

    pub(in crate::store) async fn take_back_stream(&self, avsendersystem: &str) -> Result<(), StoreError> {
        let sql = "UPDATE levering SET owner = NULL, fence = fence + 1, lease_until = ?2 WHERE avsendersystem = ?1";
        sqlx::query(sql).bind(avsendersystem).bind(0_i64).execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn leveringer(&self) -> Result<Vec<LeveringRow>, StoreError> {
        let sql = "SELECT avsendersystem, owner, attempts, due, failing_since, parked, why FROM levering ORDER BY avsendersystem";
        let rows = sqlx::query(sql).fetch_all(&self.readers).await?;
        let read = |row: &_| -> Result<LeveringRow, sqlx::Error> {
            let row: &Found = row;
            Ok(LeveringRow {
                avsendersystem: row.try_get(0)?,
                owner: row.try_get(1)?,
                attempts: row.try_get(2)?,
                due: time(row, 3)?,
                failing_since: optional_time(row, 4)?,
                parked: optional_time(row, 5)?,
                why: row.try_get(6)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

fn optional_time(row: &Found, at: usize) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    row.try_get::<Option<i64>, _>(at)?.map(from_micros).transpose()
}
