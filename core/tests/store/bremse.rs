//! The brake on sources (design.md 8): held with the message that would close too many, whichever node it comes to, until an
//! operator lets it on; of what is held nothing is left.

use std::ops::Range;

use register::decide::kilde::Opplysning;
use register::fact::FactContent;
use register::ledger::{Effect, Job, Lane, LedgerError, Work};
use register::policy::{Policy, Profile};

use crate::house::{Database, PERSONS, commit, duf, kommune, later};
use crate::kilde::{line, source_of, told_by};
use crate::message::{message, register};

on_both!(
    a_source_that_closes_too_many_is_held_until_it_is_let_on,
    what_is_let_on_is_let_on_once_and_time_forgets,
    the_messages_of_one_batch_count_together,
    what_two_nodes_are_told_at_once_counts_together,
    what_can_matter_no_more_is_dropped,
);

const FREG: &str = "FOLKEREGISTER";
const DAY: i64 = 86_400;

fn died(n: usize) -> (usize, Vec<Opplysning>) {
    (n, vec![line("d", FactContent::Doedsfall { dato: "2026-11-01".parse().unwrap() })])
}

fn lives(n: usize) -> (usize, Vec<Opplysning>) {
    (n, vec![line("b", FactContent::Bosted { kommune: kommune("4204"), bydel: None })])
}

fn deaths(id: &str, persons: Range<usize>) -> Job {
    told_by(FREG, id, persons.map(died))
}

async fn ready(db: Database) -> Database {
    let db = db.furnished().await;
    db.store.put_registry(&[source_of(FREG)], crate::house::noon()).await.unwrap();
    db
}

/// The outcome, or HOLDT.
async fn outcome(lane: &mut Lane, job: Job, seconds: i64) -> String {
    match commit(lane, job, later(seconds)).await {
        Ok(done) => done.outcome,
        Err(LedgerError::SourceHeld) => "HOLDT".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// Whether an operator could let it on.
async fn let_on(lane: &mut Lane, kilde: &str, seconds: i64) -> bool {
    let (answer, outcome, effect) = (Vec::new(), "OK".to_owned(), Box::new(Effect::LetOn(kilde.to_owned())));
    let job = Job { exchange: message("operatør").exchange(), work: Work::RecordWith { answer, outcome, effect } };
    commit(lane, job, later(seconds)).await.is_ok()
}

async fn held(db: &Database) -> usize {
    db.store.held_sources().await.unwrap().len()
}

/// In the sandbox's rules twenty of these persons are too many.
async fn a_source_that_closes_too_many_is_held_until_it_is_let_on(db: Database) {
    let db = ready(db).await;
    let (mut lane, mut other) = (db.lane().await, db.lane_of("b").await);
    assert_eq!(outcome(&mut lane, deaths("1", 0..19), 1).await, "GODTATT");
    // Who died already dies no more, and who moves loses nothing.
    assert_eq!(outcome(&mut lane, deaths("2", 0..19), 2).await, "GODTATT");
    assert_eq!(outcome(&mut lane, told_by(FREG, "3", (40..80).map(lives)), 3).await, "GODTATT");
    assert_eq!(held(&db).await, 0);

    let before = db.store.snapshot(duf(19)).await.unwrap();
    let rows = async || (db.count("evidence").await, db.count("change").await, db.count("message_id").await);
    let (stood, persons) = (rows().await, db.count("person").await);
    let too_many = || told_by(FREG, "4", [died(19), lives(PERSONS + 1)]);
    assert_eq!(outcome(&mut lane, too_many(), 4).await, "HOLDT");
    assert_eq!(db.store.snapshot(duf(19)).await.unwrap(), before);
    assert_eq!((rows().await, db.count("person").await), (stood, persons), "nothing is left of it");
    assert_eq!(db.store.held_sources().await.unwrap().first().map(|(kilde, _)| kilde.as_str()), Some(FREG));

    // It is held everywhere and with everything; what it was answered it is answered again, and kommuner write.
    assert_eq!(outcome(&mut other, told_by(FREG, "5", [lives(90)]), 5).await, "HOLDT");
    assert_eq!(outcome(&mut other, deaths("1", 0..19), 6).await, "GJENTATT");
    let batch = [too_many(), message("m").person(90, [register("t", 4)]).job()];
    let done = lane.commit(&batch, later(7)).await;
    assert!(matches!(done[0], Err(LedgerError::SourceHeld)), "{done:?}");
    assert_eq!(done[1].as_ref().unwrap().outcome, "GODTATT");

    assert!(!let_on(&mut lane, "UDI", 8).await);
    assert!(let_on(&mut lane, FREG, 8).await);
    assert!(!let_on(&mut lane, FREG, 8).await);
    assert_eq!(outcome(&mut other, too_many(), 9).await, "GODTATT");
    assert_eq!(outcome(&mut lane, too_many(), 10).await, "GJENTATT");
    assert_eq!(outcome(&mut lane, told_by(FREG, "5", [lives(90)]), 11).await, "GODTATT");
    assert_eq!(held(&db).await, 0);
    db.sound().await;
}

async fn what_is_let_on_is_let_on_once_and_time_forgets(db: Database) {
    let db = ready(db).await;
    let mut lane = db.lane().await;
    // One message of too many goes through once it was let on, and counts no more.
    assert_eq!(outcome(&mut lane, deaths("1", 0..30), 1).await, "HOLDT");
    assert_eq!(outcome(&mut lane, deaths("2", 30..40), 2).await, "HOLDT");
    assert!(let_on(&mut lane, FREG, 3).await);
    for (id, persons, seconds, what) in [
        ("1", 0..30, 4, "GODTATT"),
        ("2", 30..40, 5, "GODTATT"),
        ("3", 40..59, 6, "GODTATT"),
        ("4", 59..60, 7, "HOLDT"),
    ] {
        assert_eq!(outcome(&mut lane, deaths(id, persons), seconds).await, what, "{id}");
    }
    assert!(let_on(&mut lane, FREG, 8).await);
    assert_eq!(outcome(&mut lane, deaths("5", 60..79), 9).await, "GODTATT");
    // An hour later those are forgotten.
    assert_eq!(outcome(&mut lane, deaths("6", 79..98), 3_700).await, "GODTATT");
    assert_eq!(outcome(&mut lane, deaths("7", 98..99), 3_701).await, "HOLDT");
    // What was let on and is not sent within a day is new again.
    assert!(let_on(&mut lane, FREG, 3_702).await);
    assert_eq!(outcome(&mut lane, deaths("8", 98..118), 3_703 + 86_400).await, "HOLDT");
    db.sound().await;
}

async fn the_messages_of_one_batch_count_together(db: Database) {
    let db = ready(db).await;
    let mut lane = db.lane().await;
    let done = lane.commit(&[deaths("1", 0..10), deaths("2", 10..20), deaths("3", 20..21)], later(1)).await;
    assert_eq!(done[0].as_ref().unwrap().outcome, "GODTATT");
    assert!(done[1..].iter().all(|done| matches!(done, Err(LedgerError::SourceHeld))), "{done:?}");
    assert_eq!(held(&db).await, 1);
    db.sound().await;
}

/// Neither node sees what the other has not committed: they take turns.
async fn what_two_nodes_are_told_at_once_counts_together(db: Database) {
    let db = ready(db).await;
    let (mut lane, mut other) = (db.lane().await, db.lane_of("b").await);
    let (one, two) =
        tokio::join!(outcome(&mut lane, deaths("1", 0..12), 1), outcome(&mut other, deaths("2", 12..24), 1));
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(both, ["GODTATT", "HOLDT"]);
    assert_eq!(held(&db).await, 1);
    db.sound().await;
}

async fn what_can_matter_no_more_is_dropped(db: Database) {
    let db = ready(db).await;
    let mut lane = db.lane().await;
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let prune = async |seconds: i64| db.store.prune_closings(&policy, later(seconds)).await.unwrap();
    assert_eq!(outcome(&mut lane, deaths("1", 0..5), 0).await, "GODTATT");
    assert_eq!(prune(DAY).await, 0, "a day has not passed");
    // Held: what it tries is what an operator lets on, however long that takes.
    assert_eq!(outcome(&mut lane, deaths("2", 5..30), 10).await, "HOLDT");
    assert_eq!(prune(5 * DAY).await, 0);
    assert!(let_on(&mut lane, FREG, 5 * DAY).await);
    assert_eq!(prune(6 * DAY).await, 0, "let on for a day");
    assert_eq!(outcome(&mut lane, deaths("2", 5..30), 6 * DAY).await, "GODTATT");
    assert_eq!(db.count("kilde_lukking").await, 30);
    // What was sent again is young again.
    assert_eq!((prune(6 * DAY + 1).await, prune(7 * DAY + 1).await), (5, 25));
    assert_eq!(outcome(&mut lane, deaths("3", 30..49), 7 * DAY + 2).await, "GODTATT");
    assert_eq!(prune(7 * DAY + 3).await, 0);
    db.sound().await;
}
