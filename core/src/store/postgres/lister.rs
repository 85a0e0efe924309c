//! Lists: their rows, and the questions to them.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Postgres, Row as _, Transaction};
use uuid::Uuid;

use super::tx::PostgresTx;
use super::write::column;
use crate::post::PostVersion;
use crate::store::StoreError;
use crate::store::lister::{FoundRow, ListQuestion, ListRow, ListState, ListWrites, PostQuestion};

type Tx = Transaction<'static, Postgres>;

pub(super) async fn write(tx: &mut Tx, w: &ListWrites) -> Result<(), StoreError> {
    if !w.ended.is_empty() {
        let sql = "UPDATE person_liste l SET system_to = k.t FROM UNNEST($1::int8[], $2::timestamptz[]) AS k(d, t) \
                   WHERE l.duf = k.d AND l.system_to IS NULL";
        sqlx::query(sql)
            .bind(column(&w.ended, |(duf, _)| *duf))
            .bind(column(&w.ended, |(_, at)| *at))
            .execute(&mut **tx)
            .await?;
    }
    if !w.rows.is_empty() {
        let sql = "INSERT INTO person_liste (duf, system_from, nr, kommune, bydel, kode, lov, fra, til, tiltak, vedtak, sluttmaal, \
                   fornavn, etternavn, skjermet_til, data) SELECT * FROM UNNEST($1::int8[], $2::timestamptz[], $3::int4[], $4::text[], \
                   $5::text[], $6::text[], $7::text[], $8::date[], $9::date[], $10::bool[], $11::bool[], $12::bool[], $13::text[], \
                   $14::text[], $15::date[], $16::text[])";
        sqlx::query(sql)
            .bind(column(&w.rows, |r| r.duf))
            .bind(column(&w.rows, |r| r.system_from))
            .bind(column(&w.rows, |r| r.nr))
            .bind(column(&w.rows, |r| r.kommune.as_str()))
            .bind(column(&w.rows, |r| r.bydel.as_deref()))
            .bind(column(&w.rows, |r| r.kode.as_str()))
            .bind(column(&w.rows, |r| r.lov.as_deref()))
            .bind(column::<_, NaiveDate>(&w.rows, |r| r.fra))
            .bind(column::<_, Option<NaiveDate>>(&w.rows, |r| r.til))
            .bind(column(&w.rows, |r| r.tiltak))
            .bind(column(&w.rows, |r| r.vedtak))
            .bind(column(&w.rows, |r| r.sluttmaal))
            .bind(column(&w.rows, |r| r.fornavn.as_deref()))
            .bind(column(&w.rows, |r| r.etternavn.as_deref()))
            .bind(column::<_, Option<NaiveDate>>(&w.rows, |r| r.skjermet_til))
            .bind(column(&w.rows, |r| r.data.as_str()))
            .execute(&mut **tx)
            .await?;
    }
    if !w.renumbered.is_empty() {
        sqlx::query("DELETE FROM person_nummer WHERE duf = ANY($1)").bind(&w.renumbered).execute(&mut **tx).await?;
    }
    if !w.numbers.is_empty() {
        let sql =
            "INSERT INTO person_nummer (kind, verdi, duf) SELECT * FROM UNNEST($1::text[], $2::text[], $3::int8[])";
        sqlx::query(sql)
            .bind(column(&w.numbers, |n| n.kind))
            .bind(column(&w.numbers, |n| n.verdi.as_str()))
            .bind(column(&w.numbers, |n| n.duf))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

impl PostgresTx {
    pub(in crate::store) async fn write_lists(&mut self, writes: &ListWrites) -> Result<(), StoreError> {
        write(&mut self.tx, writes).await
    }

    pub(in crate::store) async fn newest_recorded(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(e.recorded) FROM evidence_chain c JOIN evidence e ON e.chain = c.chain AND e.position = c.head_position";
        Ok(sqlx::query(sql).fetch_one(&mut *self.tx).await?.try_get(0)?)
    }

    pub(in crate::store) async fn list_persons(&mut self, q: &ListQuestion<'_>) -> Result<Vec<FoundRow>, StoreError> {
        // Of one kommune and category the index gives the rows in order; of the whole country the key does.
        let sql = if q.place.is_some() {
            "SELECT duf, nr, data FROM person_liste WHERE kommune = $1 AND kode = ($2::text[])[1] AND (duf, nr) > ($3, $4) \
             AND duf >= $5 AND duf <= $6 AND fra <= $7 AND (til IS NULL OR til > $7) \
             AND system_from <= $8 AND (system_to IS NULL OR system_to > $8) \
             AND ($9::text IS NULL OR lov = $9) AND ($10::text IS NULL OR bydel = $10) AND ($11::bool IS NULL OR tiltak = $11) \
             AND ($12::bool IS NULL OR vedtak = $12) AND ($13::bool IS NULL OR sluttmaal = $13) \
             AND ($14::text IS NULL OR substr(fornavn, 1, length($14)) = $14) \
             AND ($15::text IS NULL OR substr(etternavn, 1, length($15)) = $15) \
             AND ($16 OR skjermet_til IS NULL OR skjermet_til <= $7) ORDER BY duf, nr LIMIT $17"
        } else {
            "SELECT duf, nr, data FROM person_liste WHERE $1::text = '' AND kode = ANY($2) AND duf >= $3 AND (duf, nr) > ($3, $4) \
             AND duf >= $5 AND duf <= $6 AND fra <= $7 AND (til IS NULL OR til > $7) \
             AND system_from <= $8 AND (system_to IS NULL OR system_to > $8) \
             AND ($9::text IS NULL OR lov = $9) AND ($10::text IS NULL OR bydel = $10) AND ($11::bool IS NULL OR tiltak = $11) \
             AND ($12::bool IS NULL OR vedtak = $12) AND ($13::bool IS NULL OR sluttmaal = $13) \
             AND ($14::text IS NULL OR substr(fornavn, 1, length($14)) = $14) \
             AND ($15::text IS NULL OR substr(etternavn, 1, length($15)) = $15) \
             AND ($16 OR skjermet_til IS NULL OR skjermet_til <= $7) ORDER BY duf, nr LIMIT $17"
        };
        let (kommune, koder): (&str, Vec<String>) = match &q.place {
            Some((kommune, kode)) => (kommune, vec![(*kode).to_owned()]),
            None => ("", q.koder.iter().map(|kode| (*kode).to_owned()).collect()),
        };
        let rows = sqlx::query(sql)
            .bind(kommune)
            .bind(koder)
            .bind(q.after.0)
            .bind(q.after.1)
            .bind(q.dufs.0)
            .bind(q.dufs.1)
            .bind(q.day)
            .bind(q.recorded)
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
        let sql = "SELECT duf, row_no, data FROM post_version WHERE kommune = $1 AND (duf, row_no) > ($2, $3) \
                   AND system_from <= $4 AND (system_to IS NULL OR system_to > $4) AND ($5 OR NOT annulled) \
                   AND ($6::text IS NULL OR bydel = $6) ORDER BY duf, row_no LIMIT $7";
        let rows = sqlx::query(sql)
            .bind(q.kommune.as_str())
            .bind(q.after.0)
            .bind(q.after.1)
            .bind(q.recorded)
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
                   WHERE duf = ANY($1) AND system_from <= $2 ORDER BY attached, reference";
        let rows = sqlx::query(sql).bind(dufs).bind(recorded).fetch_all(&mut *self.tx).await?;
        let read = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        Ok(read.collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn followed_up(
        &mut self,
        kommune: &str,
        after: i64,
        recorded: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT duf FROM person_liste WHERE kommune = $1 AND kode = '' AND duf > $2 \
                   AND system_from <= $3 AND (system_to IS NULL OR system_to > $3) ORDER BY duf LIMIT $4";
        let rows =
            sqlx::query(sql).bind(kommune).bind(after).bind(recorded).bind(limit).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn owning(
        &mut self,
        kommune: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT duf FROM post_version WHERE kommune = $1 AND duf > $2 ORDER BY duf LIMIT $3";
        let rows = sqlx::query(sql).bind(kommune).bind(after).bind(limit).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// Those of whom anything was recorded or ended after a time.
    pub(in crate::store) async fn written_since(
        &mut self,
        dufs: &[i64],
        recorded: DateTime<Utc>,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM fact WHERE duf = ANY($1) AND (system_from > $2 OR system_to > $2) \
                   UNION SELECT duf FROM post_version WHERE duf = ANY($1) AND (system_from > $2 OR system_to > $2) \
                   UNION SELECT duf FROM beregning WHERE duf = ANY($1) AND (system_from > $2 OR system_to > $2) \
                   UNION SELECT duf FROM post_reference WHERE duf = ANY($1) AND system_from > $2";
        let rows = sqlx::query(sql).bind(dufs).bind(recorded).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn find_number(&mut self, kind: &str, verdi: &str) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM person_nummer WHERE kind = $1 AND verdi = $2 ORDER BY duf";
        let rows = sqlx::query(sql).bind(kind).bind(verdi).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn prune_lists(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM person_liste WHERE system_to < $1";
        Ok(sqlx::query(sql).bind(before).execute(&mut *self.tx).await?.rows_affected())
    }

    /// Kommune and bydel of the versions as they themselves say.
    pub(in crate::store) async fn place_versions(&mut self, duf: i64, posts: &[PostVersion]) -> Result<(), StoreError> {
        let sql = "UPDATE post_version v SET kommune = k.k, bydel = k.b FROM UNNEST($2::int8[], $3::text[], $4::text[]) AS k(r, k, b) \
                   WHERE v.duf = $1 AND v.row_no = k.r";
        sqlx::query(sql)
            .bind(duf)
            .bind(column(posts, |p| p.row_no))
            .bind(column(posts, |p| p.kommune.to_string()))
            .bind(column(posts, |p| p.bydel.map(|bydel| bydel.to_string())))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn list_state(&mut self, duf: i64) -> Result<ListState, StoreError> {
        let sql = "SELECT nr, system_from, kommune, bydel, kode, lov, fra, til, tiltak, vedtak, sluttmaal, fornavn, etternavn, \
                   skjermet_til, data FROM person_liste WHERE duf = $1 AND system_to IS NULL ORDER BY nr";
        let rows = sqlx::query(sql).bind(duf).fetch_all(&mut *self.tx).await?;
        let read = rows.iter().map(|row| {
            Ok(ListRow {
                duf,
                nr: row.try_get(0)?,
                system_from: row.try_get(1)?,
                kommune: row.try_get(2)?,
                bydel: row.try_get(3)?,
                kode: row.try_get(4)?,
                lov: row.try_get(5)?,
                fra: row.try_get(6)?,
                til: row.try_get(7)?,
                tiltak: row.try_get(8)?,
                vedtak: row.try_get(9)?,
                sluttmaal: row.try_get(10)?,
                fornavn: row.try_get(11)?,
                etternavn: row.try_get(12)?,
                skjermet_til: row.try_get(13)?,
                data: row.try_get(14)?,
            })
        });
        let rows = read.collect::<Result<Vec<_>, sqlx::Error>>()?;
        let sql =
            "SELECT kind, verdi FROM person_nummer WHERE duf = $1 ORDER BY kind COLLATE \"C\", verdi COLLATE \"C\"";
        let found = sqlx::query(sql).bind(duf).fetch_all(&mut *self.tx).await?;
        let numbers = found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let numbers = numbers.collect::<Result<Vec<_>, sqlx::Error>>()?;
        let sql = "SELECT row_no, kommune, bydel FROM post_version WHERE duf = $1 ORDER BY row_no";
        let found = sqlx::query(sql).bind(duf).fetch_all(&mut *self.tx).await?;
        let places = found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
        Ok(ListState { rows, numbers, places: places.collect::<Result<Vec<_>, sqlx::Error>>()? })
    }
}
