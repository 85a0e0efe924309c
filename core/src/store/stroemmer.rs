//! What operators and orders need of the streams beside reading them: how they stand, what is dropped after retention, new
//! incarnations, and orders of pictures.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::bestilling::Bestilling;
use crate::receipt::StreamPosition;
use crate::store::rows::StreamRow;
use crate::store::{Store, StoreError, Tx, on};

/// Changes that one transaction drops.
const DROPPED_AT_ONCE: i64 = 10_000;

/// How a stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// Whose.
    pub avsendersystem: String,
    /// Its id, last number and cursor.
    pub position: StreamPosition,
    /// The last number handed out.
    pub handed_out: i64,
    /// The oldest number still there.
    pub oldest: i64,
    /// When the oldest change was recorded that is not acknowledged.
    pub unread_since: Option<DateTime<Utc>>,
}

impl Store {
    /// Every stream, by name.
    pub async fn stream_states(&self) -> Result<Vec<StreamState>, StoreError> {
        let mut tx = self.begin_read().await?;
        let rows = tx.stream_states().await;
        tx.rollback().await;
        let state = |(avsendersystem, row, unread_since): (String, StreamRow, _)| StreamState {
            position: row.position(&avsendersystem),
            handed_out: row.handed_out,
            oldest: row.oldest,
            unread_since,
            avsendersystem,
        };
        Ok(rows?.into_iter().map(state).collect())
    }

    /// Raises the last part of the stream's id: after a restore that lost commits, numbers that were read mean other changes
    /// now (design.md 17, Streams). The new id; `None` where there is no such stream.
    pub async fn renew_stream(&self, avsendersystem: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.begin().await?;
        let incarnation = tx.renew_stream(avsendersystem).await?;
        tx.commit().await?;
        Ok(incarnation.map(|incarnation| format!("{avsendersystem}.{incarnation}")))
    }

    /// Drops the changes of all streams that were recorded before this time, and remembers the oldest number left of each.
    /// How many were dropped.
    pub async fn prune_streams(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut sum = 0;
        for stream in self.stream_states().await? {
            loop {
                let mut tx = self.begin().await?;
                let dropped = tx.prune_stream(&stream.avsendersystem, before, DROPPED_AT_ONCE).await?;
                tx.commit().await?;
                sum += dropped;
                if dropped == 0 {
                    break;
                }
            }
        }
        Ok(sum)
    }

    /// The orders that are not written to their end.
    pub async fn open_orders(&self) -> Result<Vec<Bestilling>, StoreError> {
        let mut tx = self.begin_read().await?;
        let orders = tx.open_orders().await;
        tx.rollback().await;
        orders
    }
}

impl Tx {
    async fn stream_states(&mut self) -> Result<Vec<(String, StreamRow, Option<DateTime<Utc>>)>, StoreError> {
        on!(self, tx => tx.stream_states().await)
    }

    async fn renew_stream(&mut self, avsendersystem: &str) -> Result<Option<i32>, StoreError> {
        on!(self, tx => tx.renew_stream(avsendersystem).await)
    }

    async fn prune_stream(&mut self, system: &str, before: DateTime<Utc>, most: i64) -> Result<u64, StoreError> {
        on!(self, tx => tx.prune_stream(system, before, most).await)
    }

    /// The orders that are not written to their end.
    pub async fn open_orders(&mut self) -> Result<Vec<Bestilling>, StoreError> {
        on!(self, tx => tx.open_orders().await)
    }

    /// Takes an order.
    pub async fn insert_order(&mut self, order: &Bestilling) -> Result<(), StoreError> {
        let omfang = serde_json::to_string(&order.omfang)
            .map_err(|error| crate::store::bad_json("bestilling", &order.id.to_string(), &error))?;
        on!(self, tx => tx.insert_order(order, &omfang).await)
    }

    /// Moves an order on; `false` where somebody else has moved it since it was read.
    pub async fn advance_order(&mut self, step: &OrderStep) -> Result<bool, StoreError> {
        on!(self, tx => tx.advance_order(step).await)
    }
}

/// How an order goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStep {
    /// Which.
    pub id: Uuid,
    /// From the person it had come to.
    pub from: i64,
    /// To this one.
    pub to: i64,
    /// With so many pictures more.
    pub written: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// And that is its end.
    pub finished: bool,
}
