//! Streams that are delivered by push: one owner at a time, and a cursor that no earlier owner moves.

use chrono::{SubsecRound as _, TimeDelta};
use register::ledger::{Job, LedgerError, Work};
use register::registry::{Approval, PushAddress, RegistryEntry};
use register::store::levering::Failure;

use crate::house::{Database, OTHER_SYSTEM, commit, later};
use crate::message::{grant, message, register};

on_both!(
    one_owner_at_a_time_and_the_next_when_its_lease_ends,
    an_owner_that_lost_the_stream_moves_no_cursor,
    a_failure_waits_and_a_parked_stream_rests_until_an_operator_resumes_it,
    a_failure_at_an_address_that_was_replaced_parks_nothing,
    a_failure_from_before_a_stream_was_resumed_parks_nothing,
);

const LEASE: TimeDelta = TimeDelta::seconds(60);
const STREAM: &str = "4204-voksen-2.1";

/// A stream with six changes.
async fn with_news(db: Database) -> (Database, register::ledger::Lane) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let first = message("1").person(0, [grant("v/1"), register("t/1", 4)]).person(1, [register("t/2", 8)]);
    assert_eq!(commit(&mut lane, first.job(), later(1)).await.unwrap().outcome, "GODTATT");
    (db, lane)
}

fn delivered(fence: i64, to: i64, stroem_id: &str) -> Job {
    let mut exchange = message("x").exchange();
    exchange.avsendersystem = Some(OTHER_SYSTEM.to_owned());
    exchange.operation = "mottaEndringer";
    let work = Work::Delivered {
        sent: b"<mottaEndringer/>".to_vec(),
        stroem_id: stroem_id.to_owned(),
        handed_out: 6,
        bekreftet_til: to,
        fence,
    };
    Job { exchange, work }
}

async fn one_owner_at_a_time_and_the_next_when_its_lease_ends(db: Database) {
    let (db, _lane) = with_news(db).await;
    let waits = |at| {
        let store = db.store.clone();
        async move {
            let all = store.waiting_streams(at).await.unwrap();
            all.into_iter().any(|one| one.avsendersystem == OTHER_SYSTEM)
        }
    };
    assert!(waits(later(2)).await);
    let claim = |owner: &'static str, at| {
        let store = db.store.clone();
        async move { store.claim_stream(OTHER_SYSTEM, owner, at, LEASE).await.unwrap() }
    };
    let first = claim("n1", later(2)).await.unwrap();
    assert_eq!((first.fence, first.attempts, first.failing_since), (1, 0, None));
    for owner in ["n1", "n2"] {
        assert_eq!(claim(owner, later(3)).await, None, "{owner}: it is taken");
    }
    assert!(!waits(later(3)).await);
    assert!(waits(later(62)).await, "its owner died");
    let second = claim("n2", later(62)).await.unwrap();
    assert_eq!(second.fence, 2);
    // What the first brings now is nothing.
    db.store.release_stream(&first).await.unwrap();
    assert_eq!(claim("n3", later(63)).await, None);
    db.store.release_stream(&second).await.unwrap();
    assert_eq!(claim("n3", later(63)).await.unwrap().fence, 3);
    // A node that died and starts again need not wait for its own lease.
    assert_eq!(db.store.reclaim_streams("n2").await.unwrap(), 0);
    assert_eq!(db.store.reclaim_streams("n3").await.unwrap(), 1);
    assert_eq!(claim("n3", later(64)).await.unwrap().fence, 5);
}

async fn an_owner_that_lost_the_stream_moves_no_cursor(db: Database) {
    let (db, mut lane) = with_news(db).await;
    let store = db.store.clone();
    let position = || async { store.stream_position(OTHER_SYSTEM).await.unwrap().unwrap().bekreftet_til };
    let stale = store.claim_stream(OTHER_SYSTEM, "n1", later(2), LEASE).await.unwrap().unwrap();
    let claim = store.claim_stream(OTHER_SYSTEM, "n2", later(70), LEASE).await.unwrap().unwrap();
    let rows = db.count("evidence").await;
    let outcome = commit(&mut lane, delivered(stale.fence, 5, STREAM), later(71)).await;
    assert!(matches!(outcome, Err(LedgerError::Fenced)), "{outcome:?}");
    let outcome = commit(&mut lane, delivered(claim.fence, 5, "4204-voksen-2.2"), later(72)).await;
    assert!(matches!(outcome, Err(LedgerError::Fenced)), "another incarnation: {outcome:?}");
    assert_eq!((position().await, db.count("evidence").await), (0, rows));
    // A part is taken; the stream is free again, and the rest waits.
    let done = commit(&mut lane, delivered(claim.fence, 3, STREAM), later(73)).await.unwrap();
    assert_eq!((done.outcome.as_str(), position().await), ("LEVERT", 3));
    let next = store.claim_stream(OTHER_SYSTEM, "n1", later(74), LEASE).await.unwrap().unwrap();
    let outcome = commit(&mut lane, delivered(claim.fence, 5, STREAM), later(75)).await;
    assert!(matches!(outcome, Err(LedgerError::Fenced)), "the same receipt twice: {outcome:?}");
    commit(&mut lane, delivered(next.fence, 6, STREAM), later(76)).await.unwrap();
    assert_eq!(position().await, 6);
    let waiting = store.waiting_streams(later(77)).await.unwrap();
    assert!(waiting.iter().all(|one| one.avsendersystem != OTHER_SYSTEM), "nothing is left: {waiting:?}");
    // An operator takes it back while it is on its way.
    let claim = store.claim_stream(OTHER_SYSTEM, "n1", later(78), LEASE).await.unwrap().unwrap();
    store.take_back_stream(OTHER_SYSTEM).await.unwrap();
    let outcome = commit(&mut lane, delivered(claim.fence, 5, STREAM), later(79)).await;
    assert!(matches!(outcome, Err(LedgerError::Fenced)), "{outcome:?}");
    db.sound().await;
}

async fn a_failure_waits_and_a_parked_stream_rests_until_an_operator_resumes_it(db: Database) {
    let (db, mut lane) = with_news(db).await;
    let store = db.store.clone();
    let claim = |at| {
        let store = store.clone();
        async move { store.claim_stream(OTHER_SYSTEM, "n1", at, LEASE).await.unwrap() }
    };
    let failure = |at, due, parked| Failure { at, due, parked, why: "no connection".to_owned() };
    let micros = |seconds| later(seconds).trunc_subsecs(6);
    let first = claim(later(2)).await.unwrap();
    assert!(store.failed_delivery(&first, &failure(later(3), later(10), false)).await.unwrap());
    assert_eq!(claim(later(9)).await, None, "not before its time");
    let second = claim(later(10)).await.unwrap();
    assert_eq!((second.attempts, second.failing_since), (1, Some(micros(3))));
    assert!(!store.failed_delivery(&first, &failure(later(11), later(12), false)).await.unwrap(), "another's");
    assert!(store.failed_delivery(&second, &failure(later(11), later(12), true)).await.unwrap());
    assert_eq!(claim(later(1000)).await, None, "parked");
    let late = commit(&mut lane, delivered(second.fence, 5, STREAM), later(1001)).await;
    assert!(matches!(late, Err(LedgerError::Fenced)), "{late:?}");
    let rows = store.leveringer().await.unwrap();
    let row = rows.iter().find(|row| row.avsendersystem == OTHER_SYSTEM).unwrap();
    assert_eq!((row.attempts, row.failing_since, row.parked), (2, Some(micros(3)), Some(micros(11))));
    assert_eq!((row.why.as_deref(), row.owner.as_deref()), (Some("no connection"), None));
    assert!(store.resume_stream(OTHER_SYSTEM).await.unwrap());
    assert!(!store.resume_stream(OTHER_SYSTEM).await.unwrap());
    let third = claim(later(1002)).await.unwrap();
    assert_eq!((third.attempts, third.failing_since), (0, None));
    commit(&mut lane, delivered(third.fence, 5, STREAM), later(1003)).await.unwrap();
}

fn address(url: &str, by: &str) -> RegistryEntry {
    RegistryEntry::PushAddress(PushAddress {
        avsendersystem: OTHER_SYSTEM.to_owned(),
        url: url.to_owned(),
        tls_organization: None,
        kontraktversjon: "1.1".to_owned(),
        private_allowed: false,
        approved: Some(Approval { by: by.to_owned(), at: later(1) }),
        released: None,
    })
}

fn parks(at: i64) -> Failure {
    Failure { at: later(at), due: later(at + 1), parked: true, why: "redirected".to_owned() }
}

async fn a_failure_at_an_address_that_was_replaced_parks_nothing(db: Database) {
    let (db, mut lane) = with_news(db).await;
    let store = db.store.clone();
    let claim = |at| {
        let store = store.clone();
        async move { store.claim_stream(OTHER_SYSTEM, "n1", at, LEASE).await.unwrap().unwrap() }
    };
    let parked = || async { store.leveringer().await.unwrap().first().and_then(|row| row.parked) };
    // Nothing was approved when it was taken.
    let none = claim(later(2)).await;
    assert_eq!((none.address.as_ref(), none.address_since), (None, None));
    store.put_registry(&[address("https://a.example.no/", "op1")], later(2)).await.unwrap();
    assert!(!store.failed_delivery(&none, &parks(3)).await.unwrap());
    // Replaced while it is on its way: another place, or the same approved once more.
    for (second, url) in [(3, "https://b.example.no/"), (4, "https://b.example.no/")] {
        let stale = claim(later(second)).await;
        store.put_registry(&[address(url, "op2")], later(second)).await.unwrap();
        assert!(!store.failed_delivery(&stale, &parks(second)).await.unwrap());
        assert_eq!(parked().await, None, "an older address says nothing about this one");
    }
    // It is free at once, and whoever takes it next acts on what is approved now, with a clean record.
    let next = claim(later(5)).await;
    assert_eq!(next.address.as_ref().map(|address| address.url.as_str()), Some("https://b.example.no/"));
    assert_eq!((next.attempts, next.failing_since), (0, None));
    // A failure at that address counts; approving and resuming while it rests, it is tried where it now should be.
    assert!(store.failed_delivery(&next, &parks(6)).await.unwrap());
    assert!(parked().await.is_some());
    store.put_registry(&[address("https://c.example.no/", "op1")], later(7)).await.unwrap();
    assert!(store.resume_stream(OTHER_SYSTEM).await.unwrap());
    let moved = claim(later(8)).await;
    assert_eq!(moved.address.as_ref().map(|address| address.url.as_str()), Some("https://c.example.no/"));
    // What the earlier address has signed is received all the same: the receiver has stored it.
    store.put_registry(&[address("https://d.example.no/", "op1")], later(9)).await.unwrap();
    commit(&mut lane, delivered(moved.fence, 5, STREAM), later(10)).await.unwrap();
    db.sound().await;
}

async fn a_failure_from_before_a_stream_was_resumed_parks_nothing(db: Database) {
    let (db, _lane) = with_news(db).await;
    let store = db.store.clone();
    let claim = |at| {
        let store = store.clone();
        async move { store.claim_stream(OTHER_SYSTEM, "n1", at, LEASE).await.unwrap().unwrap() }
    };
    let first = claim(later(2)).await;
    assert!(store.failed_delivery(&first, &Failure { parked: false, ..parks(3) }).await.unwrap());
    let second = claim(later(5)).await;
    assert!(store.resume_stream(OTHER_SYSTEM).await.unwrap(), "while the second attempt is on its way");
    assert!(!store.failed_delivery(&second, &parks(6)).await.unwrap());
    let third = claim(later(7)).await;
    assert_eq!((third.attempts, third.failing_since), (0, None));
}
