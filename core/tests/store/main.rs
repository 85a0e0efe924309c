//! Store, ledger and evidence against real databases: one body for each test, run over SQLite and PostgreSQL.
//! PostgreSQL is the tests' own (`support/postgres.rs`); where its package is missing the tests fail and say so.

#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]
#![expect(clippy::expect_used, reason = "a test says what it needs by failing")]
#![expect(clippy::panic, reason = "a test says what it needs by failing")]

/// Every test runs over both databases: `sqlite::…` and `postgres::…`, each with a database of its own.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::house::Database::sqlite().await).await })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::house::Database::postgres().await).await })*
        }
    };
}

mod batches;
mod bremse;
mod bytes;
mod evidence;
mod feilsak;
mod grunnlag;
mod hendelser;
mod house;
mod idempotency;
mod importert;
mod kilde;
mod kill;
mod levering;
mod lister;
mod message;
mod nodes;
mod outage;
#[path = "../support/postgres.rs"]
mod postgres_server;
mod pull;
mod ready;
mod registry;
mod replay;
mod streams;
mod varsel;
mod vern;
