//! News of the streams between nodes (design.md 17): a hint over a connection of its own, after the commit. Who hears nothing
//! loses nothing.

use crate::receipt::StreamPosition;
use crate::store::postgres::Listener;
use crate::store::{Store, StoreError};

/// What other nodes, and this one, tell.
#[derive(Debug)]
pub struct News(Listener);

impl News {
    /// The streams that got numbers, as far as it is told.
    pub async fn next(&mut self) -> Result<Vec<String>, StoreError> {
        self.0.next().await
    }
}

impl Store {
    /// Tells all nodes that these streams got numbers.
    pub async fn tell_news(&self, systems: &[String]) -> Result<(), StoreError> {
        match self {
            // Its one process knows.
            Store::Sqlite(_) => Ok(()),
            Store::Postgres(store) => store.tell_news(systems).await,
        }
    }

    /// Begins to listen; `None` where there is nobody else to hear.
    pub async fn hear_news(&self) -> Result<Option<News>, StoreError> {
        match self {
            Store::Sqlite(_) => Ok(None),
            Store::Postgres(store) => store.hear_news().await.map(News).map(Some),
        }
    }

    /// Where these streams stand; those that are none are left out.
    pub async fn stream_positions(&self, systems: &[String]) -> Result<Vec<(String, StreamPosition)>, StoreError> {
        let mut tx = self.begin_read().await?;
        let rows = tx.streams(systems).await;
        tx.rollback().await;
        Ok(rows?.into_iter().map(|(system, row)| (system.clone(), row.position(&system))).collect())
    }
}
