//! Notices and the mails that tell them.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::tx::{SqliteTx, uuid};
use super::value::{from_micros, micros};
use super::{Found, Sqlite, time};
use crate::store::StoreError;
use crate::store::varsel::{Brev, Epost, Ikkesendt, Poststand, Ulest};

fn mail(row: &Found) -> Result<Epost, sqlx::Error> {
    let brev = Brev {
        id: uuid(row.try_get(0)?)?,
        message_id: row.try_get(3)?,
        mottaker: row.try_get(4)?,
        emne: row.try_get(5)?,
        tekst: row.try_get(6)?,
    };
    let (avsendersystem, aarsak) = (row.try_get(1)?, row.try_get(2)?);
    Ok(Epost { avsendersystem, aarsak, brev, skrevet: time(row, 7)?, forsoek: row.try_get(8)? })
}

impl SqliteTx {
    pub(in crate::store) async fn told_periods(
        &mut self,
        system: &str,
        aarsak: &str,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT periode FROM varsel WHERE avsendersystem = ?1 AND aarsak = ?2";
        Ok(sqlx::query_scalar(sql).bind(system).bind(aarsak).fetch_all(&mut *self.tx).await?)
    }

    pub(in crate::store) async fn note_told(
        &mut self,
        system: &str,
        (aarsak, periode): (&str, &str),
        at: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let sql = "INSERT INTO varsel (avsendersystem, aarsak, periode, fortalt) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let query = sqlx::query(sql).bind(system).bind(aarsak).bind(periode).bind(micros(at));
        Ok(query.execute(&mut *self.tx).await?.rows_affected())
    }

    pub(in crate::store) async fn write_mail(
        &mut self,
        (system, aarsak): (&str, &str),
        brev: &Brev,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO epost (id, avsendersystem, aarsak, message_id, mottaker, emne, tekst, skrevet, neste) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";
        sqlx::query(sql)
            .bind(brev.id.to_string())
            .bind(system)
            .bind(aarsak)
            .bind(&brev.message_id)
            .bind(&brev.mottaker)
            .bind(&brev.emne)
            .bind(&brev.tekst)
            .bind(micros(at))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn told(
        &mut self,
        system: &str,
        limit: i64,
    ) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let sql = "SELECT aarsak, fortalt FROM varsel WHERE avsendersystem = ?1 ORDER BY fortalt DESC, aarsak LIMIT ?2";
        let rows = sqlx::query(sql).bind(system).bind(limit).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| Ok((row.try_get(0)?, time(row, 1)?));
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn unread_streams(&mut self) -> Result<Vec<Ulest>, StoreError> {
        // Of each stream two rows, each the first behind the cursor in an index: the condition of the second is that of
        // change_skjerming, word for word.
        let sql = "SELECT s.avsendersystem, \
                   (SELECT c.recorded FROM change c WHERE c.avsendersystem = s.avsendersystem AND c.number > s.acknowledged \
                    ORDER BY c.number LIMIT 1), \
                   (SELECT c.recorded FROM change c WHERE c.avsendersystem = s.avsendersystem AND c.number > s.acknowledged \
                    AND instr(c.data, '\"SKJERMING_ENDRET\"') > 0 ORDER BY c.number LIMIT 1) \
                   FROM stream s WHERE s.last_number > s.acknowledged ORDER BY s.avsendersystem";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        let optional = |row: &Found, at| row.try_get::<Option<i64>, _>(at)?.map(from_micros).transpose();
        let read = |row: &Found| {
            Ok(Ulest { avsendersystem: row.try_get(0)?, first: optional(row, 1)?, shelter: optional(row, 2)? })
        };
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }
}

impl Sqlite {
    pub(in crate::store) async fn take_mail(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<Epost>, StoreError> {
        // Looked for by a reader: who waits for nothing waits for no writer.
        let sql =
            "SELECT id FROM epost WHERE sendt IS NULL AND oppgitt IS NULL AND neste <= ?1 ORDER BY neste, id LIMIT 1";
        let next: Option<String> = sqlx::query_scalar(sql).bind(micros(now)).fetch_optional(&self.readers).await?;
        let Some(next) = next else { return Ok(None) };
        let sql = "UPDATE epost SET forsoek = forsoek + 1, neste = ?3 \
                   WHERE id = ?1 AND sendt IS NULL AND oppgitt IS NULL AND neste <= ?2 \
                   RETURNING id, avsendersystem, aarsak, message_id, mottaker, emne, tekst, skrevet, forsoek";
        let query = sqlx::query(sql).bind(next).bind(micros(now)).bind(micros(lease_until));
        Ok(query.fetch_optional(&self.writer).await?.as_ref().map(mail).transpose()?)
    }

    pub(in crate::store) async fn mail_sent(&self, id: Uuid, at: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE epost SET sendt = ?2, oppgitt = NULL WHERE id = ?1 AND sendt IS NULL";
        sqlx::query(sql).bind(id.to_string()).bind(micros(at)).execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn mail_not_sent(
        &self,
        (id, forsoek): (Uuid, i64),
        failed: &Ikkesendt,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE epost SET neste = ?3, hvorfor = ?4, oppgitt = ?5 \
                   WHERE id = ?1 AND forsoek = ?2 AND sendt IS NULL AND oppgitt IS NULL";
        let done = sqlx::query(sql)
            .bind(id.to_string())
            .bind(forsoek)
            .bind(micros(failed.neste))
            .bind(&failed.hvorfor)
            .bind(failed.oppgitt.then_some(micros(failed.at)))
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::store) async fn mails(&self) -> Result<Poststand, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM epost WHERE sendt IS NULL AND oppgitt IS NULL), \
                   (SELECT count(*) FROM epost WHERE oppgitt IS NOT NULL)";
        let row = sqlx::query(sql).fetch_one(&self.readers).await?;
        Ok(Poststand { venter: row.try_get(0)?, oppgitt: row.try_get(1)? })
    }

    pub(in crate::store) async fn forget_notice(
        &self,
        system: &str,
        (aarsak, periode): (&str, &str),
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM varsel WHERE avsendersystem = ?1 AND aarsak = ?2 AND periode = ?3";
        sqlx::query(sql).bind(system).bind(aarsak).bind(periode).execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn prune_notices(
        &self,
        before: DateTime<Utc>,
        standing: &[&str],
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM varsel WHERE fortalt < ?1 AND aarsak NOT IN (SELECT value FROM json_each(?2))";
        let query = sqlx::query(sql).bind(micros(before)).bind(json!(standing).to_string());
        let notes = query.execute(&self.writer).await?.rows_affected();
        let sql = "DELETE FROM epost WHERE sendt < ?1 OR oppgitt < ?1";
        Ok(notes + sqlx::query(sql).bind(micros(before)).execute(&self.writer).await?.rows_affected())
    }

    pub(in crate::store) async fn prune_closings(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM kilde_lukking WHERE lukket < ?1 AND (sluppet IS NULL OR sluppet < ?1) \
                   AND kilde NOT IN (SELECT kilde FROM kilde_bremse WHERE holdt IS NOT NULL)";
        Ok(sqlx::query(sql).bind(micros(before)).execute(&self.writer).await?.rows_affected())
    }
}
