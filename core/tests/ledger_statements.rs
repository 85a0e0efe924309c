//! A batch is a constant number of statements whatever its size, and nodes wait for each other's rows instead of failing
//! (design.md 7). A test binary of its own, because it listens to what the whole process says.

#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]
#![expect(clippy::expect_used, reason = "a test says what it needs by failing")]
#![expect(clippy::panic, reason = "a test says what it needs by failing")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once};

use register::ledger::{Job, Lane, Work};
use register::store::Store;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::house::{Database, config, later};
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

/// Batches that were tried again.
static CONFLICTS: AtomicUsize = AtomicUsize::new(0);

/// One test at a time: each listens to the whole process.
async fn listening() -> tokio::sync::MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    static INSTALLED: Once = Once::new();
    let turn = TURN.lock().await;
    INSTALLED.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
    turn
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query" || metadata.target() == "register::ledger::lane"
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
        match (field.name(), value) {
            ("summary", statement) => SAID.lock().unwrap().push(statement.to_owned()),
            ("event", "batch_conflict") => drop(CONFLICTS.fetch_add(1, Ordering::Relaxed)),
            _ => {}
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
    let _turn = listening().await;
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
        // Five of them for what is refused: its transfer errors are looked for and written, and of very many attempts some kept.
        assert!(said.len() <= 23, "{engine}: {said:#?}");
        // Two of them for the lists: the person's first measure changes what they say.
        assert!(alone.len() <= 18, "{engine}, an ordinary message: {alone:#?}");
        let once: BTreeSet<&String> = said.iter().collect();
        assert_eq!(once.len(), said.len(), "{engine}: each is sent once: {said:#?}");
        assert!(once.len() > 15, "{engine}: the listener heard all: {said:#?}");
    }
}

/// Also while the tables are so small that the server would rather read the whole of them: it keeps the plan when they
/// have grown (store.md, the trap of prepared statements).
#[tokio::test]
async fn a_batch_finds_its_rows_by_their_keys_from_the_first_message_on() {
    let _turn = listening().await;
    let db = Database::postgres().await.furnished().await;
    db.store.close().await;
    let read_whole = async || {
        // Sessions tell what they read when they end.
        let sessions = "SELECT count(*) AS v FROM pg_stat_activity \
                        WHERE datname = current_database() AND application_name = 'nir-gateway'";
        while db.number(sessions).await > 0 {
            tokio::task::yield_now().await;
        }
        let tables = "'person', 'message_id', 'post_reference', 'post_version', 'stream'";
        db.texts(&format!(
            "SELECT relname || ': ' || seq_scan AS v FROM pg_stat_user_tables WHERE relname IN ({tables}) ORDER BY 1"
        ))
        .await
    };
    let before = read_whole().await;
    assert_eq!(before.len(), 5);
    let store = Store::open(&db.url).await.unwrap();
    let mut lane = Lane::open(store.clone(), config("a"), later(0)).await.unwrap();
    for (jobs, seconds) in (0..4).map(|n| [first(n).job(), of_other(n).job(), waiting(n).job()]).zip(1..) {
        lane.commit(&jobs, later(seconds)).await;
    }
    for outcome in lane.commit(&mix("blandet", 4), later(100)).await {
        outcome.unwrap();
    }
    drop(lane);
    store.close().await;
    assert_eq!(read_whole().await, before);
}

/// The keys of the tables would catch an update that was lost, and the batch would be tried again: so much for safety.
/// That nothing needs it is the work of the locks, taken in one order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_wait_for_the_same_persons_and_never_try_again() {
    let _turn = listening().await;
    let db = Database::postgres().await.furnished().await;
    CONFLICTS.store(0, Ordering::Relaxed);
    let mut nodes = tokio::task::JoinSet::new();
    for (node, first) in [("a", 0), ("b", 1_000)] {
        let mut lane = db.lane_of(node).await;
        nodes.spawn(async move {
            for batch in 0..20 {
                let job = |n: usize| {
                    let (id, k) = (format!("{node}/{batch}/{n}"), first + batch * 8 + n);
                    message(&id)
                        .person(k % 3, [nth(&id, k)])
                        .person((k + 1) % 3, [nth(&format!("{id}/x"), k + 500)])
                        .job()
                };
                let jobs: Vec<Job> = (0..8).map(job).collect();
                for outcome in lane.commit(&jobs, later(batch as i64)).await {
                    assert_eq!(outcome.unwrap().outcome, "GODTATT");
                }
            }
        });
    }
    while let Some(node) = nodes.join_next().await {
        node.unwrap();
    }
    assert_eq!(CONFLICTS.load(Ordering::Relaxed), 0);
    assert_eq!(db.count("post_version").await, 2 * 20 * 8 * 2);
    db.sound().await;
}
