//! The calendar, and changes that are withdrawn.

use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::{Row as _, Sqlite, Transaction};

use super::tx::SqliteTx;
use super::value::{days, micros};
use crate::store::StoreError;
use crate::store::hendelser::{CalendarRow, ToldRow, WithdrawnRow};

type Tx = Transaction<'static, Sqlite>;

/// A page of what streams hold of a person.
const TOLD_ABOUT: &str = "SELECT avsendersystem, number, data FROM change \
    WHERE duf = ?1 AND (avsendersystem, number) > (?2, ?3) \
    AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(?4) k WHERE instr(data, k.value) > 0)) \
    ORDER BY avsendersystem, number LIMIT ?5";

pub(super) async fn write(tx: &mut Tx, calendar: &[CalendarRow], withdrawn: &[WithdrawnRow]) -> Result<(), StoreError> {
    if !calendar.is_empty() {
        let rows: Vec<Value> = calendar.iter().map(|c| json!([c.duf, days(c.dato), micros(c.system_from)])).collect();
        let sql =
            "INSERT INTO kalender (duf, dato, system_from) SELECT value->>0, value->>1, value->>2 FROM json_each(?1)";
        sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut **tx).await?;
    }
    if !withdrawn.is_empty() {
        let rows: Vec<Value> = withdrawn.iter().map(|w| json!([w.avsendersystem, w.number, w.data])).collect();
        let sql = "UPDATE change SET duf = NULL, data = k.value->>2 FROM json_each(?1) k \
                   WHERE avsendersystem = k.value->>0 AND number = k.value->>1";
        sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

impl super::Sqlite {
    pub(in crate::store) fn told_about_sql(&self) -> &'static str {
        TOLD_ABOUT
    }
}

impl SqliteTx {
    pub(in crate::store) async fn persons_after(&mut self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM person WHERE duf > ?1 ORDER BY duf LIMIT ?2";
        let rows = sqlx::query(sql).bind(after).bind(limit).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn calendar_done(
        &mut self,
        dufs: &[i64],
        date: NaiveDate,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT duf FROM kalender WHERE duf IN (SELECT value FROM json_each(?1)) AND dato = ?2";
        let rows = sqlx::query(sql).bind(json!(dufs).to_string()).bind(days(date)).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn named_by(
        &mut self,
        kind: &str,
        values: &[String],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = "SELECT verdi, duf FROM person_nummer WHERE kind = ?1 AND verdi IN (SELECT value FROM json_each(?2)) ORDER BY duf";
        let rows = sqlx::query(sql).bind(kind).bind(json!(values).to_string()).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn told_systems(&mut self, dufs: &[i64]) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT avsendersystem FROM change WHERE duf IN (SELECT value FROM json_each(?1))";
        let rows = sqlx::query(sql).bind(json!(dufs).to_string()).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn told_about(
        &mut self,
        duf: i64,
        kinds: Option<&[String]>,
        (system, number): (&str, i64),
        most: i64,
    ) -> Result<Vec<ToldRow>, StoreError> {
        let query = sqlx::query(TOLD_ABOUT)
            .bind(duf)
            .bind(system)
            .bind(number)
            .bind(kinds.map(|kinds| json!(kinds).to_string()))
            .bind(most);
        let rows = query.fetch_all(&mut *self.tx).await?;
        let read = rows
            .iter()
            .map(|row| Ok(ToldRow { avsendersystem: row.try_get(0)?, number: row.try_get(1)?, data: row.try_get(2)? }));
        Ok(read.collect::<Result<_, sqlx::Error>>()?)
    }
}
