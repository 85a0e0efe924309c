//! The calendar, and changes that are withdrawn.

use chrono::NaiveDate;
use sqlx::{Postgres, Row as _, Transaction};

use super::tx::PostgresTx;
use super::write::column;
use crate::store::StoreError;
use crate::store::hendelser::{CalendarRow, ToldRow, WithdrawnRow};

type Tx = Transaction<'static, Postgres>;

/// A page of what streams hold of a person. Its number is compared twice: by what is left the key of the table would do, and
/// a stream is long.
const TOLD_ABOUT: &str = "SELECT avsendersystem, number, data FROM change \
    WHERE duf = $1 AND (duf, avsendersystem, number) > ($1, $2, $3) \
    AND ($4::text[] IS NULL OR EXISTS (SELECT 1 FROM unnest($4::text[]) AS k (kind) WHERE strpos(data, k.kind) > 0)) \
    ORDER BY avsendersystem, number LIMIT $5";

pub(super) async fn write(tx: &mut Tx, calendar: &[CalendarRow], withdrawn: &[WithdrawnRow]) -> Result<(), StoreError> {
    if !calendar.is_empty() {
        let sql = "INSERT INTO kalender (duf, dato, system_from) \
                   SELECT * FROM UNNEST($1::int8[], $2::date[], $3::timestamptz[])";
        sqlx::query(sql)
            .bind(column(calendar, |c| c.duf))
            .bind(column(calendar, |c| c.dato))
            .bind(column(calendar, |c| c.system_from))
            .execute(&mut **tx)
            .await?;
    }
    if !withdrawn.is_empty() {
        let sql = "UPDATE change c SET duf = NULL, data = k.d FROM UNNEST($1::text[], $2::int8[], $3::text[]) AS k(a, n, d) \
                   WHERE c.avsendersystem = k.a AND c.number = k.n";
        sqlx::query(sql)
            .bind(column(withdrawn, |w| w.avsendersystem.as_str()))
            .bind(column(withdrawn, |w| w.number))
            .bind(column(withdrawn, |w| w.data.as_str()))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

impl super::Postgres {
    pub(in crate::store) fn told_about_sql(&self) -> &'static str {
        TOLD_ABOUT
    }
}

impl PostgresTx {
    pub(in crate::store) async fn persons_after(&mut self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM person WHERE duf > $1 ORDER BY duf LIMIT $2";
        let rows = sqlx::query(sql).bind(after).bind(limit).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn calendar_done(
        &mut self,
        dufs: &[i64],
        date: NaiveDate,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM kalender WHERE duf = ANY($1) AND dato = $2";
        let rows = sqlx::query(sql).bind(dufs).bind(date).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn named_by(
        &mut self,
        kind: &str,
        values: &[String],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = "SELECT verdi, duf FROM person_nummer WHERE kind = $1 AND verdi = ANY($2) ORDER BY duf";
        let rows = sqlx::query(sql).bind(kind).bind(values).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn told_systems(&mut self, dufs: &[i64]) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT avsendersystem FROM change WHERE duf = ANY($1)";
        let rows = sqlx::query(sql).bind(dufs).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn told_about(
        &mut self,
        duf: i64,
        kinds: Option<&[String]>,
        (system, number): (&str, i64),
        most: i64,
    ) -> Result<Vec<ToldRow>, StoreError> {
        let query = sqlx::query(TOLD_ABOUT).bind(duf).bind(system).bind(number).bind(kinds).bind(most);
        let rows = query.fetch_all(&mut *self.tx).await?;
        let read = rows
            .iter()
            .map(|row| Ok(ToldRow { avsendersystem: row.try_get(0)?, number: row.try_get(1)?, data: row.try_get(2)? }));
        Ok(read.collect::<Result<_, sqlx::Error>>()?)
    }
}
