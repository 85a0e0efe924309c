//! Lists: their rows, and the questions to them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{Row as _, Sqlite, Transaction};
use uuid::Uuid;

use super::tx::SqliteTx;
use super::value::{days, from_days, from_micros, micros};
use crate::post::PostVersion;
use crate::store::StoreError;
use crate::store::lister::{FoundRow, ListQuestion, ListRow, ListState, ListWrites, PostQuestion};

type Tx = Transaction<'static, Sqlite>;

pub(super) async fn write(tx: &mut Tx, w: &ListWrites) -> Result<(), StoreError> {
    if !w.ended.is_empty() {
        let rows: Vec<Value> = w.ended.iter().map(|(duf, at)| json!([duf, micros(*at)])).collect();
        let sql = "UPDATE person_liste SET system_to = k.value->>1 FROM json_each(?1) k \
                   WHERE duf = k.value->>0 AND system_to IS NULL";
        sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut **tx).await?;
    }
    if !w.rows.is_empty() {
        let row = |r: &ListRow| {
            json!([
                r.duf,
                micros(r.system_from),
                r.nr,
                r.kommune,
                r.bydel,
                r.kode,
                r.lov,
                days(r.fra),
                r.til.map(days),
                i64::from(r.tiltak),
                i64::from(r.vedtak),
                i64::from(r.sluttmaal),
                r.fornavn,
                r.etternavn,
                r.skjermet_til.map(days),
                r.data
            ])
        };
        let rows: Vec<Value> = w.rows.iter().map(row).collect();
        let sql = "INSERT INTO person_liste (duf, system_from, nr, kommune, bydel, kode, lov, fra, til, tiltak, vedtak, sluttmaal, \
                   fornavn, etternavn, skjermet_til, data) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, \
                   value->>10, value->>11, value->>12, value->>13, value->>14, value->>15 FROM json_each(?1)";
        sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut **tx).await?;
    }
    if !w.renumbered.is_empty() {
        let sql = "DELETE FROM person_nummer WHERE duf IN (SELECT value FROM json_each(?1))";
        sqlx::query(sql).bind(json!(w.renumbered).to_string()).execute(&mut **tx).await?;
    }
    if !w.numbers.is_empty() {
        let rows: Vec<Value> = w.numbers.iter().map(|n| json!([n.kind, n.verdi, n.duf])).collect();
        let sql =
            "INSERT INTO person_nummer (kind, verdi, duf) SELECT value->>0, value->>1, value->>2 FROM json_each(?1)";
        sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

impl SqliteTx {
    pub(in crate::store) async fn write_lists(&mut self, writes: &ListWrites) -> Result<(), StoreError> {
        write(&mut self.tx, writes).await
    }

    pub(in crate::store) async fn newest_recorded(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(e.recorded) FROM evidence_chain c JOIN evidence e ON e.chain = c.chain AND e.position = c.head_position";
        let row = sqlx::query(sql).fetch_one(&mut *self.tx).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(from_micros).transpose()?)
    }

    pub(in crate::store) async fn list_persons(&mut self, q: &ListQuestion<'_>) -> Result<Vec<FoundRow>, StoreError> {
        // Of one kommune and category the index gives the rows in order; of the whole country the key does (`+` keeps the
        // planner from gathering all kommuner by the index and sorting them).
        let sql = if q.place.is_some() {
            "SELECT duf, nr, data FROM person_liste WHERE kommune = ?1 AND kode = ?2 AND (duf, nr) > (?3, ?4) \
             AND duf >= ?5 AND duf <= ?6 AND fra <= ?7 AND (til IS NULL OR til > ?7) \
             AND system_from <= ?8 AND (system_to IS NULL OR system_to > ?8) \
             AND (?9 IS NULL OR lov = ?9) AND (?10 IS NULL OR bydel = ?10) AND (?11 IS NULL OR tiltak = ?11) \
             AND (?12 IS NULL OR vedtak = ?12) AND (?13 IS NULL OR sluttmaal = ?13) \
             AND (?14 IS NULL OR substr(fornavn, 1, length(?14)) = ?14) \
             AND (?15 IS NULL OR substr(etternavn, 1, length(?15)) = ?15) \
             AND (?16 = 1 OR skjermet_til IS NULL OR skjermet_til <= ?7) ORDER BY duf, nr LIMIT ?17"
        } else {
            "SELECT duf, nr, data FROM person_liste WHERE ?1 = '' AND +kode IN (SELECT value FROM json_each(?2)) AND duf >= ?3 \
             AND (duf, nr) > (?3, ?4) AND duf >= ?5 AND duf <= ?6 AND fra <= ?7 AND (til IS NULL OR til > ?7) \
             AND system_from <= ?8 AND (system_to IS NULL OR system_to > ?8) \
             AND (?9 IS NULL OR lov = ?9) AND (?10 IS NULL OR bydel = ?10) AND (?11 IS NULL OR tiltak = ?11) \
             AND (?12 IS NULL OR vedtak = ?12) AND (?13 IS NULL OR sluttmaal = ?13) \
             AND (?14 IS NULL OR substr(fornavn, 1, length(?14)) = ?14) \
             AND (?15 IS NULL OR substr(etternavn, 1, length(?15)) = ?15) \
             AND (?16 = 1 OR skjermet_til IS NULL OR skjermet_til <= ?7) ORDER BY duf, nr LIMIT ?17"
        };
        let (kommune, kode) = match &q.place {
            Some((kommune, kode)) => (kommune.clone(), (*kode).to_owned()),
            None => (String::new(), json!(q.koder).to_string()),
        };
        let rows = sqlx::query(sql)
            .bind(kommune)
            .bind(kode)
            .bind(q.after.0)
            .bind(q.after.1)
            .bind(q.dufs.0)
            .bind(q.dufs.1)
            .bind(days(q.day))
            .bind(micros(q.recorded))
            .bind(q.query.lov.map(|lov| lov.code()))
            .bind(q.query.bydel.map(|bydel| bydel.to_string()))
            .bind(q.query.tiltak)
            .bind(q.query.vedtak)
            .bind(q.query.sluttmaal)
            .bind(q.query.fornavn.as_ref().map(|name| name.to_lowercase()))
            .bind(q.query.etternavn.as_ref().map(|name| name.to_lowercase()))
            .bind(q.query.skjermede)
            .bind(q.limit)
            .fetch_all(&mut *self.tx)
            .await?;
        let read = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        Ok(read.collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn list_posts(
        &mut self,
        q: &PostQuestion,
    ) -> Result<Vec<(i64, i64, String)>, StoreError> {
        let sql = "SELECT duf, row_no, data FROM post_version WHERE kommune = ?1 AND (duf, row_no) > (?2, ?3) \
                   AND system_from <= ?4 AND (system_to IS NULL OR system_to > ?4) AND (?5 = 1 OR annulled = 0) \
                   AND (?6 IS NULL OR bydel = ?6) ORDER BY duf, row_no LIMIT ?7";
        let rows = sqlx::query(sql)
            .bind(q.kommune.as_str())
            .bind(q.after.0)
            .bind(q.after.1)
            .bind(micros(q.recorded))
            .bind(q.annullerte)
            .bind(q.bydel.as_deref())
            .bind(q.limit)
            .fetch_all(&mut *self.tx)
            .await?;
        let read = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        Ok(read.collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn references_of(
        &mut self,
        dufs: &[i64],
        recorded: DateTime<Utc>,
    ) -> Result<Vec<(Uuid, String, String)>, StoreError> {
        let sql = "SELECT post_id, avsendersystem, reference FROM post_reference \
                   WHERE duf IN (SELECT value FROM json_each(?1)) AND system_from <= ?2 ORDER BY attached, reference";
        let rows =
            sqlx::query(sql).bind(json!(dufs).to_string()).bind(micros(recorded)).fetch_all(&mut *self.tx).await?;
        let read = rows.iter().map(|row| Ok((super::tx::uuid(row.try_get(0)?)?, row.try_get(1)?, row.try_get(2)?)));
        Ok(read.collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn followed_up(
        &mut self,
        kommune: &str,
        after: i64,
        recorded: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT duf FROM person_liste WHERE kommune = ?1 AND kode = '' AND duf > ?2 \
                   AND system_from <= ?3 AND (system_to IS NULL OR system_to > ?3) ORDER BY duf LIMIT ?4";
        let rows = sqlx::query(sql)
            .bind(kommune)
            .bind(after)
            .bind(micros(recorded))
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn owning(
        &mut self,
        kommune: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT duf FROM post_version WHERE kommune = ?1 AND duf > ?2 ORDER BY duf LIMIT ?3";
        let rows = sqlx::query(sql).bind(kommune).bind(after).bind(limit).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// Those of whom anything was recorded or ended after a time.
    pub(in crate::store) async fn written_since(
        &mut self,
        dufs: &[i64],
        recorded: DateTime<Utc>,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM fact WHERE duf IN (SELECT value FROM json_each(?1)) AND (system_from > ?2 OR system_to > ?2) \
                   UNION SELECT duf FROM post_version WHERE duf IN (SELECT value FROM json_each(?1)) AND (system_from > ?2 OR system_to > ?2) \
                   UNION SELECT duf FROM beregning WHERE duf IN (SELECT value FROM json_each(?1)) AND (system_from > ?2 OR system_to > ?2) \
                   UNION SELECT duf FROM post_reference WHERE duf IN (SELECT value FROM json_each(?1)) AND system_from > ?2";
        let rows =
            sqlx::query(sql).bind(json!(dufs).to_string()).bind(micros(recorded)).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn find_number(&mut self, kind: &str, verdi: &str) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM person_nummer WHERE kind = ?1 AND verdi = ?2 ORDER BY duf";
        let rows = sqlx::query(sql).bind(kind).bind(verdi).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn prune_lists(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM person_liste WHERE system_to < ?1";
        Ok(sqlx::query(sql).bind(micros(before)).execute(&mut *self.tx).await?.rows_affected())
    }

    /// Kommune and bydel of the versions as they themselves say.
    pub(in crate::store) async fn place_versions(&mut self, duf: i64, posts: &[PostVersion]) -> Result<(), StoreError> {
        let place = |p: &PostVersion| json!([p.row_no, p.kommune.to_string(), p.bydel.map(|bydel| bydel.to_string())]);
        let rows: Vec<Value> = posts.iter().map(place).collect();
        let sql = "UPDATE post_version SET kommune = k.value->>1, bydel = k.value->>2 FROM json_each(?1) k \
                   WHERE duf = ?2 AND row_no = k.value->>0";
        sqlx::query(sql).bind(Value::from(rows).to_string()).bind(duf).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn list_state(&mut self, duf: i64) -> Result<ListState, StoreError> {
        let sql = "SELECT nr, system_from, kommune, bydel, kode, lov, fra, til, tiltak, vedtak, sluttmaal, fornavn, etternavn, \
                   skjermet_til, data FROM person_liste WHERE duf = ?1 AND system_to IS NULL ORDER BY nr";
        let day = |value: Option<i64>| value.map(from_days).transpose();
        let rows = sqlx::query(sql).bind(duf).fetch_all(&mut *self.tx).await?;
        let read = rows.iter().map(|row| {
            Ok(ListRow {
                duf,
                nr: row.try_get(0)?,
                system_from: from_micros(row.try_get(1)?)?,
                kommune: row.try_get(2)?,
                bydel: row.try_get(3)?,
                kode: row.try_get(4)?,
                lov: row.try_get(5)?,
                fra: from_days(row.try_get(6)?)?,
                til: day(row.try_get(7)?)?,
                tiltak: row.try_get(8)?,
                vedtak: row.try_get(9)?,
                sluttmaal: row.try_get(10)?,
                fornavn: row.try_get(11)?,
                etternavn: row.try_get(12)?,
                skjermet_til: day(row.try_get(13)?)?,
                data: row.try_get(14)?,
            })
        });
        let rows = read.collect::<Result<Vec<_>, sqlx::Error>>()?;
        let sql = "SELECT kind, verdi FROM person_nummer WHERE duf = ?1 ORDER BY kind, verdi";
        let found = sqlx::query(sql).bind(duf).fetch_all(&mut *self.tx).await?;
        let numbers = found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let numbers = numbers.collect::<Result<Vec<_>, sqlx::Error>>()?;
        let sql = "SELECT row_no, kommune, bydel FROM post_version WHERE duf = ?1 ORDER BY row_no";
        let found = sqlx::query(sql).bind(duf).fetch_all(&mut *self.tx).await?;
        let places = found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        Ok(ListState { rows, numbers, places: places.collect::<Result<Vec<_>, sqlx::Error>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn a_day_is_read_as_it_was_written() {
        for day in [NaiveDate::default(), NaiveDate::MAX, NaiveDate::MIN] {
            assert_eq!(from_days(days(day)).ok(), Some(day));
        }
    }
}
