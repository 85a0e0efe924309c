//! Streams as operators see them, retention, and orders of pictures.

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use super::tx::PostgresTx;
use super::{Found, stream_row};
use crate::bestilling::Bestilling;
use crate::store::rows::StreamRow;
use crate::store::stroemmer::OrderStep;
use crate::store::{StoreError, bad_json};

type State = (String, StreamRow, Option<DateTime<Utc>>);

impl PostgresTx {
    pub(in crate::store) async fn stream_states(&mut self) -> Result<Vec<State>, StoreError> {
        let sql = "SELECT s.avsendersystem, s.incarnation, s.last_number, s.handed_out, s.acknowledged, s.oldest_number, \
                   (SELECT c.recorded FROM change c WHERE c.avsendersystem = s.avsendersystem AND c.number > s.acknowledged \
                    ORDER BY c.number LIMIT 1) FROM stream s ORDER BY s.avsendersystem";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| Ok((row.try_get(0)?, stream_row(row, 1)?, row.try_get(6)?));
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn renew_stream(&mut self, system: &str) -> Result<Option<i32>, StoreError> {
        let sql = "UPDATE stream SET incarnation = incarnation + 1 WHERE avsendersystem = $1 RETURNING incarnation";
        let row = sqlx::query(sql).bind(system).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(in crate::store) async fn prune_stream(
        &mut self,
        system: &str,
        before: DateTime<Utc>,
        most: i64,
    ) -> Result<u64, StoreError> {
        let sql = "SELECT last_number, oldest_number FROM stream WHERE avsendersystem = $1 FOR NO KEY UPDATE";
        let Some(row) = sqlx::query(sql).bind(system).fetch_optional(&mut *self.tx).await? else { return Ok(0) };
        let (last, oldest): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        // The first number that stays; in the order of numbers, so that none is dropped from between.
        let sql = "SELECT number FROM change WHERE avsendersystem = $1 AND recorded >= $2 ORDER BY number LIMIT 1";
        let stays = sqlx::query(sql).bind(system).bind(before).fetch_optional(&mut *self.tx).await?;
        let stays = stays.map(|row| row.try_get(0)).transpose()?.unwrap_or(last + 1);
        let up_to = stays.min(oldest + most);
        let sql = "DELETE FROM change WHERE avsendersystem = $1 AND number < $2";
        let dropped = sqlx::query(sql).bind(system).bind(up_to).execute(&mut *self.tx).await?.rows_affected();
        let sql = "UPDATE stream SET oldest_number = $2 WHERE avsendersystem = $1 AND oldest_number < $2";
        sqlx::query(sql).bind(system).bind(up_to).execute(&mut *self.tx).await?;
        Ok(dropped)
    }

    pub(in crate::store) async fn open_orders(&mut self) -> Result<Vec<Bestilling>, StoreError> {
        let sql = "SELECT bestillings_id, avsendersystem, bruker, posisjon, recorded, omfang, antall, done_to, skrevet, touched \
                   FROM bestilling WHERE finished IS NULL ORDER BY avsendersystem";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        rows.iter().map(order).collect()
    }

    pub(in crate::store) async fn insert_order(&mut self, order: &Bestilling, omfang: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO bestilling (bestillings_id, avsendersystem, bruker, posisjon, recorded, omfang, antall, done_to, skrevet, touched) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        sqlx::query(sql)
            .bind(order.id)
            .bind(&order.avsendersystem)
            .bind(&order.bruker)
            .bind(order.posisjon)
            .bind(order.recorded)
            .bind(omfang)
            .bind(order.antall)
            .bind(order.done_to)
            .bind(order.skrevet)
            .bind(order.touched)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn advance_order(&mut self, step: &OrderStep) -> Result<bool, StoreError> {
        let sql = "UPDATE bestilling SET done_to = $3, skrevet = skrevet + $4, touched = $5, finished = $6 \
                   WHERE bestillings_id = $1 AND done_to = $2 AND finished IS NULL";
        let done = sqlx::query(sql)
            .bind(step.id)
            .bind(step.from)
            .bind(step.to)
            .bind(step.written)
            .bind(step.at)
            .bind(step.finished.then_some(step.at))
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn order(row: &Found) -> Result<Bestilling, StoreError> {
    let omfang: String = row.try_get(5)?;
    let read = || -> Result<Bestilling, sqlx::Error> {
        Ok(Bestilling {
            id: row.try_get(0)?,
            avsendersystem: row.try_get(1)?,
            bruker: row.try_get(2)?,
            posisjon: row.try_get(3)?,
            recorded: row.try_get(4)?,
            omfang: crate::bestilling::Omfang::Alt,
            antall: row.try_get(6)?,
            done_to: row.try_get(7)?,
            skrevet: row.try_get(8)?,
            touched: row.try_get(9)?,
        })
    };
    let order = read()?;
    let omfang =
        serde_json::from_str(&omfang).map_err(|error| bad_json("bestilling", &order.id.to_string(), &error))?;
    Ok(Bestilling { omfang, ..order })
}
