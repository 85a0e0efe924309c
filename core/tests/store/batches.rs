//! Many messages in one transaction: what they see of each other, and that a bad one falls alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use register::decide::Ids;
use register::ledger::{DryRun, Job, Lane, LaneConfig, LedgerError, Render, Work};
use register::receipt::{Receipt, StruckReceipt};
use uuid::Uuid;

use crate::house::{
    Database, OTHER_SYSTEM, Outside, PANIC, Plain, Random, SYSTEM, commit, config, duf, later, noon, text, word,
};
use crate::message::{annul, correct, known_as, message, register, set};

on_both!(
    later_messages_see_what_earlier_ones_did,
    a_message_of_many_persons_commits_alone,
    an_empty_batch_is_none,
    a_renderer_that_panics_takes_its_message_alone,
    a_rule_that_panics_takes_its_message_alone,
    a_repetition_that_cannot_be_written_takes_its_message_alone,
    a_row_that_the_database_refuses_takes_its_message_alone,
    recorded_times_rise_also_when_clocks_do_not,
);

async fn later_messages_see_what_earlier_ones_did(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs = [
        message("1").person(0, [register("t/1", 4)]).job(),
        message("2").person(0, [correct(known_as("t/1", 1), 5)]).job(),
        message("3").person(0, [correct(known_as("t/1", 1), 6)]).job(),
        message("4").person(0, [register("t/1", 7)]).job(),
        message("5").person(0, [annul(known_as("t/1", 2))]).job(),
        message("6").person(0, [set("t/2", 8)]).job(),
    ];
    let outcomes = lane.commit(&jobs, later(1)).await;
    let told: Vec<(String, String)> = outcomes
        .iter()
        .map(|done| done.as_ref().unwrap())
        .map(|done| (done.outcome.clone(), word(done, "feil")))
        .collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let godtatt = ("GODTATT", "");
    assert_eq!(told, [godtatt, godtatt, ("AVVIST", "NIR-K702"), ("AVVIST", "NIR-K701"), godtatt, godtatt]);
    assert_eq!(
        db.number("SELECT count(DISTINCT recorded) AS v FROM evidence WHERE kind = 1").await,
        1,
        "one transaction"
    );
    // What the batch itself wrote and superseded was never present, and is there as history.
    assert_eq!(db.count("post_version WHERE system_to = system_from").await, 2);
    let person = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    assert_eq!(
        person.posts.iter().map(|post| (post.versjon, post.annulled)).collect::<Vec<_>>(),
        [(3, true), (1, false)]
    );
    let changes = db.store.changes(OTHER_SYSTEM, 0, 100).await.unwrap().unwrap();
    assert_eq!(changes.changes.len(), 4, "the other system hears of each version");
    db.sound().await;
}

async fn a_message_of_many_persons_commits_alone(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let of_persons = |id: &str, persons: std::ops::Range<usize>| {
        persons.fold(message(id), |message, n| message.person(n, [register(&format!("{id}/{n}"), 4)])).job()
    };
    let jobs = [
        of_persons("1", 0..50),
        of_persons("2", 50..51),
        of_persons("3", 51..102),
        of_persons("4", 102..103),
        of_persons("5", 103..104),
    ];
    let outcomes = lane.commit(&jobs, later(1)).await;
    for (done, position) in outcomes.iter().zip(2..) {
        let done = done.as_ref().unwrap();
        assert_eq!(done.outcome, "GODTATT", "{}", text(done));
        assert_eq!(done.bevis.posisjon, position, "answers stay in the order of arrival");
    }
    let transactions =
        db.texts("SELECT count(*) AS v FROM evidence WHERE kind = 1 GROUP BY recorded ORDER BY recorded");
    assert_eq!(transactions.await, ["2", "1", "2"]);
    db.sound().await;
}

async fn an_empty_batch_is_none(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    assert!(lane.commit(&[], later(1)).await.is_empty());
    assert_eq!(db.count("evidence").await, 1, "the opening");
}

/// Ten messages, of which those named by `bad` panic: they fall, and nothing else does.
async fn falls_alone(db: &Database, lane: &mut Lane, jobs: &[Job], bad: &[usize]) {
    let before = db.count("evidence").await;
    let outcomes = lane.commit(jobs, later(5)).await;
    for (index, outcome) in outcomes.iter().enumerate() {
        if bad.contains(&index) {
            assert!(matches!(outcome, Err(LedgerError::Panicked)), "{index}: {outcome:?}");
        } else {
            assert!(outcome.as_ref().is_ok_and(|done| done.outcome != "AVVIST"), "{index}: {outcome:?}");
        }
    }
    assert_eq!(db.count("evidence").await - before, jobs.len() as i64, "each exchange is kept");
    assert_eq!(db.count("evidence WHERE outcome = 'NIR-I901'").await, bad.len() as i64);
    let transactions = format!("SELECT count(DISTINCT recorded) AS v FROM evidence WHERE position > {before}");
    assert_eq!(db.number(&transactions).await, 1, "the others stay one batch");
    db.sound().await;
}

async fn a_renderer_that_panics_takes_its_message_alone(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let good = |n: usize| message(&n.to_string()).person(n % 3, [set(&format!("t/{n}"), 4 + n as u32)]);
    let mut jobs: Vec<Job> = (0..10).map(|n| good(n).job()).collect();
    let bad = message("ond").person(0, [set("t/0", 40), register("t/ond", 44)]).request(PANIC);
    jobs[3] = bad.job();
    jobs[4] = bad.job();
    // And one that is no message to the register.
    let policy = config("a").policy;
    let tried = DryRun::read(&db.store, &good(7).command(), &policy).await.unwrap();
    let receipt = Box::new(tried.judge(&good(7).command(), &policy, noon(), &mut Random).unwrap());
    jobs[8] = Job { exchange: good(8).request(PANIC).exchange(), work: Work::DryRun(receipt) };
    // What panics while it is tried is that message's alone, too.
    struct None;
    impl Ids for None {
        fn uuid(&mut self) -> Uuid {
            panic!("as ordered")
        }
    }
    let tried = DryRun::read(&db.store, &good(7).command(), &policy).await.unwrap();
    let given_up = tried.judge(&good(7).command(), &policy, noon(), &mut None);
    assert!(matches!(given_up, Err(LedgerError::Panicked)), "{given_up:?}");
    falls_alone(&db, &mut lane, &jobs, &[3, 4, 8]).await;
    assert_eq!(db.count("post_reference WHERE reference = 't/ond'").await, 0);
    assert_eq!(db.count("message_id WHERE meldings_id = 'ond'").await, 0, "its id is free");
    let person = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    let first = person.posts.iter().find(|post| post.reference_of(SYSTEM) == Some("t/0")).unwrap();
    assert_eq!(first.versjon, 1, "nobody saw what it would have done");
    // Mended, the same message is taken.
    let done = commit(&mut lane, bad.request("<melding/>").job(), later(9)).await.unwrap();
    assert_eq!(done.outcome, "GODTATT", "{}", text(&done));
}

/// Ids are asked for inside of `decide`: one that panics stands for any rule that does.
struct Brittle(AtomicU64);

impl Ids for Brittle {
    fn uuid(&mut self) -> Uuid {
        assert_ne!(self.0.fetch_add(1, Ordering::Relaxed), 6, "as ordered");
        Random.uuid()
    }
}

async fn a_rule_that_panics_takes_its_message_alone(db: Database) {
    let db = db.furnished().await;
    let config = LaneConfig { ids: Box::new(Brittle(AtomicU64::new(0))), ..config("a") };
    let mut lane = Lane::open(db.store.clone(), config, noon()).await.unwrap();
    // Each asks for two ids: the post's, and that of the notice to the other system.
    let jobs: Vec<Job> =
        (0..10).map(|n| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job()).collect();
    falls_alone(&db, &mut lane, &jobs, &[3]).await;
    assert_eq!(db.count("post_version").await, 9);
    let done = commit(&mut lane, jobs[3].clone(), later(9)).await.unwrap();
    assert_eq!(done.outcome, "GODTATT");
}

/// Cannot write an answer again.
struct Once;

impl Render for Once {
    fn struck(&self, receipt: &StruckReceipt) -> Vec<u8> {
        Plain.struck(receipt)
    }

    fn grunnlag(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        self.receipt(receipt, request)
    }

    fn receipt(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        Plain.receipt(receipt, request)
    }

    fn repeated(&self, stored: &[u8]) -> Vec<u8> {
        assert!(!String::from_utf8_lossy(stored).contains("id=1 "), "as ordered");
        Plain.repeated(stored)
    }
}

async fn a_repetition_that_cannot_be_written_takes_its_message_alone(db: Database) {
    let db = db.furnished().await;
    let config = LaneConfig { render: Arc::new(Once), ..config("a") };
    let mut lane = Lane::open(db.store.clone(), config, noon()).await.unwrap();
    let send = |n: usize| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job();
    lane.commit(&[send(1), send(2)], later(1)).await;
    falls_alone(&db, &mut lane, &[send(3), send(1), send(2), send(4)], &[1]).await;
    assert_eq!(db.count("post_version").await, 4);
}

/// Something outside of the register that nobody foresaw: here a trigger that refuses one reference.
async fn a_row_that_the_database_refuses_takes_its_message_alone(db: Database) {
    let db = db.furnished().await;
    let causes: &[&str] = if db.is_postgres() { &["unique_violation", "data_exception"] } else { &["ABORT"] };
    for (round, cause) in causes.iter().enumerate() {
        if db.is_postgres() {
            db.run(&format!(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 RAISE EXCEPTION 'refused: %', NEW.reference USING ERRCODE = '{cause}'; END $$; \
                 CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON post_reference FOR EACH ROW \
                 WHEN (NEW.reference LIKE 'gift/%') EXECUTE FUNCTION refuse()"
            ))
            .await;
        } else {
            db.run(
                "CREATE TRIGGER refuse BEFORE INSERT ON post_reference WHEN NEW.reference LIKE 'gift/%' \
                 BEGIN SELECT RAISE(ABORT, 'refused'); END",
            )
            .await;
        }
        let mut lane = db.lane_of(cause).await;
        let reference = |n: usize| if n == 5 { format!("gift/{round}") } else { format!("t/{round}/{n}") };
        let jobs: Vec<Job> = (0..11)
            .map(|n| {
                message(&format!("{round}/{n}"))
                    .person(n % 4, [register(&reference(n), n as u32 * 2 + 20 * round as u32 + 1)])
                    .job()
            })
            .collect();
        let outcomes = lane.commit(&jobs, later(round as i64)).await;
        for (index, outcome) in outcomes.iter().enumerate() {
            match outcome {
                Err(error) => {
                    assert_eq!(index, 5, "{error}");
                    assert_eq!(matches!(error, LedgerError::Locked), *cause == "unique_violation", "{error:?}");
                    // The database's own words may quote what was sent.
                    assert!(!format!("{error} {error:?}").contains("gift"), "{error:?}");
                }
                Ok(done) => {
                    assert_ne!(index, 5);
                    assert_eq!(done.outcome, "GODTATT", "{index}: {}", text(done));
                }
            }
        }
        assert_eq!(db.count(&format!("post_reference WHERE reference LIKE 't/{round}/%'")).await, 10);
        assert_eq!(db.count(&format!("message_id WHERE meldings_id = '{round}/5'")).await, 0);
        db.sound().await;
    }
}

async fn recorded_times_rise_also_when_clocks_do_not(db: Database) {
    let db = db.furnished().await;
    // Node b's clock is an hour behind, and a's stands still.
    let (mut a, mut b) = (db.lane_of("a").await, db.lane_of("b").await);
    let one = message("1").person(0, [register("t/1", 4), register("t/2", 8)]);
    commit(&mut a, one.job(), later(3_600)).await.unwrap();
    commit(&mut b, message("2").person(0, [correct(known_as("t/1", 1), 5)]).job(), later(0)).await.unwrap();
    commit(&mut a, message("3").person(0, [correct(known_as("t/1", 2), 6)]).job(), later(3_600)).await.unwrap();
    commit(&mut a, message("4").person(0, [correct(known_as("t/1", 3), 7)]).job(), later(3_600)).await.unwrap();
    // Another person's record does not pay for the clocks of the first.
    commit(&mut b, message("5").person(1, [register("t/3", 4)]).job(), later(1)).await.unwrap();
    assert!(db.store.snapshot(duf(1)).await.unwrap().unwrap().posts[0].system_from < later(2));
    db.sound().await;
    // As of any moment there is one version, and the same one as at the time.
    let history = db.store.read_person(duf(0), SYSTEM).await.unwrap().0.unwrap();
    let versions: Vec<_> = history.posts.iter().filter(|post| post.reference_of(SYSTEM) == Some("t/1")).collect();
    assert!(versions.is_sorted_by_key(|version| version.system_from));
    assert_eq!(versions.len(), 4);
}

/// A session of somebody else keeps a person's row: its messages are told to come again, the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_kept_by_others_holds_up_its_own_messages_only() {
    let db = Database::postgres().await.furnished().await;
    let mut lane = db.lane().await;
    let Outside::Postgres(pool) = db.outside().await else { unreachable!() };
    let mut keeper = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM person WHERE duf = $1 FOR UPDATE")
        .bind(duf(0).to_stored())
        .execute(&mut *keeper)
        .await
        .unwrap();
    let send = |n: usize| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job();
    let outcomes = lane.commit(&[send(1), send(0)], later(1)).await;
    assert!(outcomes[0].as_ref().is_ok_and(|done| done.outcome == "GODTATT"), "{outcomes:?}");
    assert!(matches!(outcomes[1], Err(LedgerError::Locked)), "{outcomes:?}");
    keeper.rollback().await.unwrap();
    assert_eq!(commit(&mut lane, send(0), later(2)).await.unwrap().outcome, "GODTATT");
    db.sound().await;
}

/// A command of another process writes while the gateway runs: the lane waits, and when it waits too long it says so
/// once for the whole batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_kept_by_another_process_is_waited_for() {
    let db = Database::sqlite().await.furnished().await;
    let mut lane = db.lane().await;
    let Outside::Sqlite(pool) = db.outside().await else { unreachable!() };
    let keeper = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let send = |n: usize| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job();
    let jobs: Vec<Job> = (0..8).map(send).collect();
    let batch = tokio::spawn(async move {
        let outcomes = lane.commit(&jobs, later(1)).await;
        (lane, jobs, outcomes)
    });
    // Reads are not held up.
    assert_eq!(db.store.changes(SYSTEM, 0, 10).await.unwrap().unwrap().changes.len(), 0);
    let (mut lane, jobs, outcomes) = batch.await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(LedgerError::Locked))), "{outcomes:?}");
    keeper.rollback().await.unwrap();
    let outcomes = lane.commit(&jobs, later(2)).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(|done| done.outcome == "GODTATT")));
    db.sound().await;
}
