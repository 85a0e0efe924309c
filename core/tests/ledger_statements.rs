//! A batch is a constant number of statements whatever its size (design.md 7). A test binary of its own, because it
//! listens to every statement of the process.

#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]
#![expect(clippy::expect_used, reason = "a test says what it needs by failing")]
#![expect(clippy::panic, reason = "a test says what it needs by failing")]

use std::collections::BTreeSet;
use std::sync::Mutex;

use register::ledger::{Job, Lane, Work};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::house::{Database, later};
use crate::message::{Message, attach, correct, known_as, message, nth};

#[expect(dead_code, reason = "the store's tests use the rest")]
#[path = "store/house.rs"]
mod house;
#[expect(dead_code, reason = "the store's tests use the rest")]
#[path = "store/message.rs"]
mod message;
#[expect(dead_code, reason = "the store's tests use the rest")]
#[path = "support/postgres.rs"]
mod postgres_server;

/// The first words of each statement since it was last asked, as the database driver tells them.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Summary);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Summary;

impl Visit for Summary {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            SAID.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Every kind of work, `size` times over, each with persons of its own.
fn mix(round: &str, size: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in 0..size {
        let id = |what: &str| format!("{round}/{what}/{n}");
        let stored = |what: &str| format!("grunn/{what}/{n}");
        let record = |exchange, handed_out| {
            let work = Work::Record { answer: b"svar".to_vec(), outcome: "OK".into(), handed_out };
            Job { exchange, work }
        };
        // New, corrected (which closes a version), attached; one that the batch itself corrects; one that is refused.
        jobs.push(message(&id("ny")).person(n, [nth(&id("ny"), 1)]).job());
        jobs.push(message(&id("rett")).of_other_system().person(n, [correct(known_as(&stored("b"), 1), 90)]).job());
        jobs.push(message(&id("knytt")).person(n, [attach(known_as(&stored("a"), 1), &id("knytt"))]).job());
        jobs.push(message(&id("to")).person(n, [correct(known_as(&id("ny"), 1), 95)]).job());
        jobs.push(message(&id("nei")).person(n, [correct(known_as(&stored("a"), 7), 4)]).job());
        // The same again, stored before and in this batch; one whose id is known and not spent.
        jobs.push(first(n).job());
        jobs.push(message(&id("ny")).person(n, [nth(&id("ny"), 1)]).job());
        jobs.push(waiting(n).job());
        // Reads, cursors, a signature.
        jobs.push(record(message("les").exchange(), None));
        jobs.push(record(message("les").of_other_system().exchange(), Some(1)));
        jobs.push(Job {
            exchange: message("les").of_other_system().exchange(),
            work: Work::Acknowledge { bekreft_til: 1 },
        });
    }
    jobs
}

/// Stored before any batch is counted.
fn first(n: usize) -> Message {
    message(&format!("grunn/a/{n}")).person(n, [nth(&format!("grunn/a/{n}"), 2)])
}

fn of_other(n: usize) -> Message {
    message(&format!("grunn/b/{n}")).of_other_system().person(n, [nth(&format!("grunn/b/{n}"), 3)])
}

/// Refused for a cause outside the message.
fn waiting(n: usize) -> Message {
    message(&format!("grunn/c/{n}")).user("4204-UKJENT1").person(n, [nth(&format!("grunn/c/{n}"), 4)])
}

async fn statements(lane: &mut Lane, jobs: &[Job], seconds: i64) -> Vec<String> {
    SAID.lock().unwrap().clear();
    for outcome in lane.commit(jobs, later(seconds)).await {
        outcome.unwrap();
    }
    std::mem::take(&mut SAID.lock().unwrap())
}

#[tokio::test]
async fn a_batch_is_as_many_statements_as_its_kinds_of_work_and_no_more() {
    tracing::subscriber::set_global_default(Listener).unwrap();
    for empty in [Database::sqlite().await, Database::postgres().await] {
        let mut counted = Vec::new();
        for size in [1, 4, 20] {
            // A database each: the same message is the same again only once.
            let db = if empty.is_postgres() { Database::postgres().await } else { Database::sqlite().await };
            let db = db.furnished().await;
            let mut lane = db.lane().await;
            for (jobs, seconds) in (0..size).map(|n| [first(n).job(), of_other(n).job(), waiting(n).job()]).zip(1..) {
                lane.commit(&jobs, later(seconds)).await;
            }
            let said = statements(&mut lane, &mix("blandet", size), 100).await;
            assert_eq!(db.count("evidence WHERE outcome = 'GJENTATT'").await, 2 * size as i64);
            let alone = statements(&mut lane, &[message("en").person(100, [nth("en", 5)]).job()], 200).await;
            db.sound().await;
            counted.push((said, alone));
        }
        let (said, alone) = &counted[0];
        for (other, other_alone) in &counted[1..] {
            assert_eq!(other, said, "{}: the same statements at any size", empty.store.engine());
            assert_eq!(other_alone, alone);
        }
        let engine = empty.store.engine();
        assert!(said.len() <= 18, "{engine}: {said:#?}");
        assert!(alone.len() <= 16, "{engine}, an ordinary message: {alone:#?}");
        let once: BTreeSet<&String> = said.iter().collect();
        assert_eq!(once.len(), said.len(), "{engine}: each is sent once: {said:#?}");
        assert!(once.len() > 15, "{engine}: the listener heard all: {said:#?}");
    }
}
