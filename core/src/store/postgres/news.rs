//! NOTIFY and LISTEN.

use sqlx::postgres::PgListener;

use super::Postgres;
use crate::store::StoreError;

const CHANNEL: &str = "nir_stream";
/// A NOTIFY carries less than 8,000 bytes.
const PAYLOAD: usize = 7_000;

/// A connection that listens.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Postgres {
    pub(in crate::store) async fn tell_news(&self, systems: &[String]) -> Result<(), StoreError> {
        let mut payloads = vec![String::new()];
        for system in systems {
            match payloads.last_mut() {
                Some(payload) if payload.len() + system.len() < PAYLOAD => {
                    payload.push_str(system);
                    payload.push('\n');
                }
                _ => payloads.push(format!("{system}\n")),
            }
        }
        let sql = "SELECT pg_notify($1, k.p) FROM UNNEST($2::text[]) AS k(p)";
        sqlx::query(sql).bind(CHANNEL).bind(payloads).execute(&self.news).await?;
        Ok(())
    }

    pub(in crate::store) async fn hear_news(&self) -> Result<Listener, StoreError> {
        let mut listener = PgListener::connect_with(&self.news).await?;
        listener.listen(CHANNEL).await?;
        Ok(Listener(listener))
    }
}

impl Listener {
    pub(in crate::store) async fn next(&mut self) -> Result<Vec<String>, StoreError> {
        let told = self.0.recv().await?;
        Ok(told.payload().lines().map(str::to_owned).collect())
    }
}
