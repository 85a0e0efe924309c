//! Several nodes over one database: no update is lost, numbers have no gap and come in the order of commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use register::ledger::{Job, Lane, Work};
use register::store::Store;

use crate::house::{Database, OTHER_SYSTEM, SYSTEM, config, duf, later, noon, text};
use crate::message::{Message, message, nth, register, set};

on_both!(
    nodes_that_write_to_the_same_persons_lose_nothing,
    nodes_that_take_and_move_the_same_streams_never_wait_for_each_other,
    nodes_that_start_together_each_get_a_chain,
);

/// Persons that everybody writes to.
const HOT: usize = 5;

fn from(system: &str, message: Message) -> Message {
    if system == OTHER_SYSTEM { message.of_other_system() } else { message }
}

async fn lane(db: &Database, node: &str) -> Lane {
    Lane::open(Store::open(&db.url).await.unwrap(), config(node), noon()).await.unwrap()
}

async fn nodes_that_write_to_the_same_persons_lose_nothing(db: Database) {
    let db = db.furnished().await;
    let (batches, size) = (12, 12);
    let stop = Arc::new(AtomicBool::new(false));
    let mut nodes = tokio::task::JoinSet::new();
    for (node, system, first) in [("a", SYSTEM, 0), ("b", OTHER_SYSTEM, 1_000)] {
        let mut lane = lane(&db, node).await;
        nodes.spawn(async move {
            for batch in 0..batches {
                let jobs: Vec<Job> = (0..size)
                    .map(|n| {
                        let (id, k) = (format!("{node}/{batch}/{n}"), first + batch * size + n);
                        let one = from(system, message(&id)).person((batch + n) % HOT, [nth(&id, k)]);
                        // One record for each person that is written over and over, and now and then a third person.
                        let fast = (batch * 7 + n) % HOT;
                        let hours = 1 + (k % 60) as u32 * 2 + u32::from(first > 0);
                        let one = one.person(fast + HOT, [set(&format!("{node}/fast/{fast}"), hours)]);
                        let third = (batch + 3 * n) % HOT + 2 * HOT;
                        if n % 5 == 0 { one.person(third, [nth(&format!("{id}/x"), k)]).job() } else { one.job() }
                    })
                    .collect();
                for outcome in lane.commit(&jobs, later(batch as i64)).await {
                    let done = outcome.unwrap();
                    assert_ne!(done.outcome, "AVVIST", "{}", text(&done));
                }
            }
        });
    }
    // A reader that follows each stream never meets a gap, and never a number before one that comes later.
    let mut readers = tokio::task::JoinSet::new();
    for system in [SYSTEM, OTHER_SYSTEM] {
        let (store, stop) = (db.store.clone(), Arc::clone(&stop));
        readers.spawn(async move {
            let mut last = 0;
            loop {
                let ending = stop.load(Ordering::Acquire);
                let page = store.changes(system, last, 50).await.unwrap().unwrap();
                for change in &page.changes {
                    assert_eq!(change.sekvensnummer, last + 1, "{system}");
                    last = change.sekvensnummer;
                }
                assert!(last <= page.position.siste_sekvensnummer);
                if ending && !page.more {
                    return last;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(node) = nodes.join_next().await {
        node.unwrap();
    }
    stop.store(true, Ordering::Release);
    let read: i64 = readers.join_all().await.into_iter().sum();
    assert_eq!(read, db.count("change").await);
    // Every message registered one measure of its own; each node's fast record is one post or none for each person.
    let own = db.count("post_reference WHERE reference NOT LIKE '%/fast/%' AND reference NOT LIKE '%/x'").await;
    assert_eq!(own, (2 * batches * size) as i64);
    for n in 0..3 * HOT {
        let person = db.store.snapshot(duf(n)).await.unwrap().unwrap();
        let mut rows = 0;
        for table in ["fact", "post_version", "beregning"] {
            rows += db.count(&format!("{table} WHERE duf = {}", duf(n))).await;
        }
        assert_eq!(person.last_row, rows, "facts, versions and computations");
    }
    if db.is_postgres() {
        assert_eq!(
            db.number("SELECT deadlocks AS v FROM pg_stat_database WHERE datname = current_database()").await,
            0
        );
    }
    db.sound().await;
}

/// Batches that take numbers in one stream and move the cursor of another, both ways round.
async fn nodes_that_take_and_move_the_same_streams_never_wait_for_each_other(db: Database) {
    let db = db.furnished().await;
    let batches = 40;
    let mut nodes = tokio::task::JoinSet::new();
    for (node, system, person) in [("a", SYSTEM, 0), ("b", OTHER_SYSTEM, 1)] {
        let mut lane = lane(&db, node).await;
        nodes.spawn(async move {
            for batch in 0..batches {
                let id = format!("{node}/{batch}");
                // Notices go to the other system's stream; the own stream is handed out and acknowledged.
                let write = from(system, message(&id)).person(person, [register(&id, batch as u32 + 1)]).job();
                let exchange = from(system, message(&id)).exchange();
                let read = Work::Record { answer: b"side".to_vec(), outcome: "OK".into(), handed_out: Some(batch) };
                let jobs = [
                    write,
                    Job { exchange: exchange.clone(), work: read },
                    Job { exchange, work: Work::Acknowledge { bekreft_til: batch } },
                ];
                for outcome in lane.commit(&jobs, later(batch)).await {
                    outcome.unwrap();
                }
            }
        });
    }
    while let Some(node) = nodes.join_next().await {
        node.unwrap();
    }
    if db.is_postgres() {
        assert_eq!(
            db.number("SELECT deadlocks AS v FROM pg_stat_database WHERE datname = current_database()").await,
            0
        );
    }
    for system in [SYSTEM, OTHER_SYSTEM] {
        let position = db.store.stream_position(system).await.unwrap().unwrap();
        assert_eq!((position.siste_sekvensnummer, position.bekreftet_til), (batches, batches - 1), "{system}");
    }
}

async fn nodes_that_start_together_each_get_a_chain(db: Database) {
    let db = db.furnished().await;
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = Store::open(&db.url).await.unwrap();
        // Two of each name: the second is another incarnation.
        nodes.spawn(async move { Lane::open(store, config(&format!("node {}", n / 2)), noon()).await.unwrap() });
    }
    let lanes = nodes.join_all().await;
    assert_eq!(lanes.len(), 8);
    for lane in lanes {
        lane.close(later(1)).await.unwrap();
    }
    assert_eq!(db.count("evidence_chain").await, 8);
    assert_eq!(db.count("evidence_chain WHERE incarnation = 2").await, 4);
    db.sound().await;
}
