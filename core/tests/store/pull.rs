//! Retention, new incarnations and orders of pictures (contract.md 0.15, 4.6; design.md 17, Streams).

use chrono::{SubsecRound as _, TimeDelta};
use register::bestilling::{Bestilling, Omfang};
use register::change::NoticePayload;
use register::ledger::{Job, LedgerError, Pictures, Work};
use register::query::PersonView;
use register::store::StoreError;
use uuid::Uuid;

use crate::house::{Database, SYSTEM, USER, commit, duf, later};
use crate::message::{grant, message};

on_both!(
    retention_drops_from_the_front_and_remembers_where_the_stream_begins,
    a_renewed_stream_has_another_id_and_the_same_numbers,
    one_order_of_a_stream_is_open_at_a_time,
    a_batch_of_pictures_is_written_once_and_the_last_one_says_so,
    news_reach_whoever_listens,
);

async fn retention_drops_from_the_front_and_remembers_where_the_stream_begins(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let day = TimeDelta::days(1);
    for (n, id) in ["1", "2", "3"].into_iter().enumerate() {
        let at = later(1) + day * i32::try_from(n).unwrap();
        commit(&mut lane, message(id).person(n, [grant(&format!("v/{id}"))]).at(at).job(), at).await.unwrap();
    }
    let read = async || db.store.changes(SYSTEM, 0, 100).await.unwrap().unwrap();
    let whole = read().await;
    assert_eq!((whole.oldest, whole.changes.len()), (1, 9));
    assert_eq!(db.store.prune_streams(later(0)).await.unwrap(), 0);
    let dropped = db.store.prune_streams(later(0) + day).await.unwrap();
    let left = read().await;
    assert_eq!((left.oldest, left.changes[0].sekvensnummer, left.changes.len()), (4, 4, 6));
    assert!(dropped >= 3);
    assert_eq!(left.changes, whole.changes[3..], "what is left is as it was");
    db.sound().await;
    // All of it: the numbers go on where they were.
    db.store.prune_streams(later(0) + day * 9).await.unwrap();
    let none = read().await;
    assert_eq!((none.oldest, none.changes.len(), none.position.siste_sekvensnummer), (10, 0, 9));
    db.sound().await;
    let at = later(1) + day * 9;
    commit(&mut lane, message("4").person(4, [grant("v/4")]).at(at).job(), at).await.unwrap();
    assert_eq!(read().await.changes[0].sekvensnummer, 10);
    db.sound().await;
}

async fn a_renewed_stream_has_another_id_and_the_same_numbers(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    commit(&mut lane, message("1").person(0, [grant("v/1")]).job(), later(1)).await.unwrap();
    assert_eq!(db.store.renew_stream("nowhere").await.unwrap(), None);
    assert_eq!(db.store.renew_stream(SYSTEM).await.unwrap().as_deref(), Some("4204-flyktning-1.2"));
    let states = db.store.stream_states().await.unwrap();
    let own = states.iter().find(|stream| stream.avsendersystem == SYSTEM).unwrap();
    assert_eq!((own.position.stroem_id.as_str(), own.position.siste_sekvensnummer), ("4204-flyktning-1.2", 3));
    assert!((own.oldest, own.handed_out) == (1, 0) && own.unread_since.is_some());
    commit(&mut lane, message("2").person(1, [grant("v/2")]).job(), later(2)).await.unwrap();
    let page = db.store.changes(SYSTEM, 3, 9).await.unwrap().unwrap();
    assert_eq!((page.position.stroem_id.as_str(), page.changes[0].sekvensnummer), ("4204-flyktning-1.2", 4));
    db.sound().await;
}

fn order(id: u128) -> Bestilling {
    Bestilling {
        id: Uuid::from_u128(id),
        avsendersystem: SYSTEM.to_owned(),
        bruker: USER.to_owned(),
        posisjon: 0,
        recorded: later(0).trunc_subsecs(6),
        omfang: Omfang::Person(vec![duf(0), duf(1)]),
        antall: 2,
        done_to: 0,
        skrevet: 0,
        touched: later(0).trunc_subsecs(6),
    }
}

fn job(work: Work) -> Job {
    Job { exchange: message("o").exchange(), work }
}

fn taken(order: &Bestilling) -> Job {
    job(Work::Order { order: Box::new(order.clone()), answer: b"svar".to_vec() })
}

async fn one_order_of_a_stream_is_open_at_a_time(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let (first, second) = (order(1), order(2));
    // Also within one batch.
    let outcomes = lane.commit(&[taken(&first), taken(&second)], later(1)).await;
    assert!(outcomes[0].is_ok(), "{outcomes:?}");
    assert!(matches!(outcomes[1], Err(LedgerError::OrderOpen(id)) if id == first.id), "{outcomes:?}");
    assert!(matches!(commit(&mut lane, taken(&second), later(2)).await, Err(LedgerError::OrderOpen(_))));
    assert_eq!(db.store.open_orders().await.unwrap(), [first]);
    db.sound().await;
}

fn view(n: usize) -> PersonView {
    PersonView {
        duf: duf(n),
        facts: Vec::new(),
        oppfoelging: Vec::new(),
        beregning: None,
        ordninger: Vec::new(),
        posts: Vec::new(),
        moved: Vec::new(),
        averages: Vec::new(),
    }
}

async fn a_batch_of_pictures_is_written_once_and_the_last_one_says_so(db: Database) {
    let db = db.furnished().await;
    let (mut lane, mut other) = (db.lane().await, db.lane_of("b").await);
    let order = order(1);
    commit(&mut lane, taken(&order), later(1)).await.unwrap();
    let pictures = |order: &Bestilling, n: usize, last| {
        let done_to = duf(n).to_stored();
        job(Work::Pictures(Box::new(Pictures { order: order.clone(), views: vec![view(n)], done_to, last })))
    };
    let done = commit(&mut lane, pictures(&order, 0, false), later(2)).await.unwrap();
    assert_eq!((done.outcome.as_str(), lane.take_heard().len()), ("1", 1));
    // A node that read the order before writes nothing.
    let again = commit(&mut other, pictures(&order, 0, false), later(3)).await;
    assert!(matches!(again, Err(LedgerError::OrderMoved)), "{again:?}");
    let open = db.store.open_orders().await.unwrap().remove(0);
    assert_eq!((open.done_to, open.skrevet), (duf(0).to_stored(), 1));
    commit(&mut other, pictures(&open, 1, true), later(4)).await.unwrap();
    assert_eq!(db.store.open_orders().await.unwrap(), []);
    let page = db.store.changes(SYSTEM, 0, 9).await.unwrap().unwrap();
    let last: Vec<_> = page
        .changes
        .iter()
        .map(|change| match &change.notice.payload {
            NoticePayload::PersonOeyeblikksbilde { siste, posisjon: Some(0), .. } => (change.notice.duf, *siste),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(last, [(Some(duf(0)), false), (Some(duf(1)), true)]);
    db.sound().await;
}

async fn news_reach_whoever_listens(db: Database) {
    let db = db.furnished().await;
    let heard = db.store.hear_news().await.unwrap();
    let systems: Vec<String> = (0..1_000).map(|n| format!("{n}-flyktning-1")).collect();
    db.store.tell_news(&systems).await.unwrap();
    assert_eq!(heard.is_some(), db.is_postgres());
    let Some(mut heard) = heard else { return };
    let mut all = Vec::new();
    while all.len() < systems.len() {
        all.extend(heard.next().await.map_err(|error: StoreError| error.to_string()).unwrap());
    }
    assert_eq!(all, systems);
}
