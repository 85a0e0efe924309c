//! The database goes away, or the answer to a COMMIT does: nothing is told that is not known, and a repeat finds out.

use std::sync::Arc;

use register::ledger::{Done, Job, LedgerError, Work};
use register::store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::house::{Database, OTHER_SYSTEM, Outside, commit, config, duf, later, noon, text};
use crate::message::{Message, message, register};
use crate::postgres_server::{Cluster, Options};

fn plain(id: &str, n: usize) -> Message {
    message(id).person(n, [register(&format!("t/{id}"), 4)])
}

fn unknown(outcome: &Result<Done, LedgerError>) -> bool {
    matches!(outcome, Err(LedgerError::OutcomeUnknown))
}

/// What happens on the way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// The answer to the next COMMIT does not come back.
    SwallowsTheAnswer,
    /// The caller is cut off when COMMIT has been sent; the server does not notice.
    CutsTheCaller,
}

/// A server that is reached over a way that can fail.
struct Far {
    url: String,
    way: watch::Sender<Way>,
    _dir: tempfile::TempDir,
}

impl Far {
    fn of(url: &str) -> Self {
        let (name, rest) = url.strip_prefix("postgres:///").unwrap().split_once("?host=").unwrap();
        let server = format!("{}/.s.PGSQL.5432", rest.split('&').next().unwrap());
        let dir = tempfile::Builder::new().prefix("nir-way-").tempdir_in("/tmp").unwrap();
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).unwrap();
        let (way, watched) = watch::channel(Way::Open);
        let shared = way.clone();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&server).await else { continue };
                tokio::spawn(carry(caller, server, watched.clone(), shared.clone()));
            }
        });
        let url = format!("postgres:///{name}?host={}&user=postgres", dir.path().display());
        Far { url, way, _dir: dir }
    }
}

async fn carry(mut caller: UnixStream, mut server: UnixStream, watched: watch::Receiver<Way>, way: watch::Sender<Way>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = caller.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                server.write_all(&up[..length]).await.unwrap();
                let failing = *watched.borrow();
                if failing == Way::Open || !up[..length].windows(7).any(|word| word == b"COMMIT\0") {
                    continue;
                }
                way.send_replace(Way::Open);
                if failing == Way::CutsTheCaller {
                    drop(caller);
                    // Until the server has ended what it does, the connection to it stays.
                    while matches!(server.read(&mut down).await, Ok(1..)) {}
                    return;
                }
                assert!(matches!(server.read(&mut down).await, Ok(1..)), "the server answers");
                return;
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if caller.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_after_the_commit_is_unknown_and_found_by_a_repeat() {
    let db = Database::postgres().await.furnished().await;
    let far = Far::of(&db.url);
    let store = Store::open(&far.url).await.unwrap();
    let mut lane = register::ledger::Lane::open(store, config("a"), noon()).await.unwrap();
    commit(&mut lane, plain("0", 2).job(), later(1)).await.unwrap();
    far.way.send_replace(Way::SwallowsTheAnswer);
    let jobs = [plain("1", 0).job(), plain("2", 1).job()];
    let outcomes = lane.commit(&jobs, later(2)).await;
    assert!(outcomes.iter().all(unknown), "{outcomes:?}");
    assert_eq!(db.count("post_version").await, 3, "in truth it was committed");
    let repeated = lane.commit(&jobs, later(3)).await;
    for done in &repeated {
        let done = done.as_ref().unwrap();
        assert!(text(done).contains("gjentatt=ja GODTATT"), "{}", text(done));
    }
    assert_eq!(db.count("post_version").await, 3);
    lane.close(later(4)).await.unwrap();
    db.sound().await;
}

/// Holds back the COMMIT of the message with id `hang`, and the writing of the one with id `stuck`, until an advisory
/// lock is given up.
async fn held_at_commit(db: &Database) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    db.run(
        "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS \
         $$ BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END $$; \
         CREATE TRIGGER stuck BEFORE INSERT ON message_id FOR EACH ROW WHEN (NEW.meldings_id = 'stuck') EXECUTE FUNCTION hang(); \
         CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON message_id DEFERRABLE INITIALLY DEFERRED FOR EACH ROW \
         WHEN (NEW.meldings_id = 'hang') EXECUTE FUNCTION hang()",
    )
    .await;
    let Outside::Postgres(pool) = db.outside().await else { unreachable!() };
    let mut holder = pool.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(42)").execute(&mut *holder).await.unwrap();
    holder
}

/// Waits until so many backends wait for the advisory lock, while the task that made them wait goes on; the process id of
/// one.
async fn hanging<T>(db: &Database, backends: usize, task: Option<&tokio::task::JoinHandle<T>>) -> String {
    loop {
        let sql =
            "SELECT pid AS v FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()";
        let mut waiting = db.texts(sql).await;
        if waiting.len() == backends {
            return waiting.remove(0);
        }
        assert!(task.is_none_or(|task| !task.is_finished()), "nothing hangs");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_still_hangs_in_the_server_does_not_stop_the_lane() {
    let db = Database::postgres().await.furnished().await;
    let far = Far::of(&db.url);
    let mut lane =
        register::ledger::Lane::open(Store::open(&far.url).await.unwrap(), config("a"), noon()).await.unwrap();
    let mut holder = held_at_commit(&db).await;
    far.way.send_replace(Way::CutsTheCaller);
    let outcome = commit(&mut lane, plain("hang", 0).job(), later(1)).await;
    assert!(unknown(&outcome), "{outcome:?}");
    // The first COMMIT is still at work, and holds its place in the chain.
    hanging::<()>(&db, 1, None).await;
    let record = Work::Record { answer: b"person".to_vec(), outcome: "OK".into(), handed_out: None };
    let read = Job { exchange: message("les").exchange(), work: record };
    let done = commit(&mut lane, read, later(2)).await.unwrap();
    assert_eq!(done.bevis.kjede, "a-0-2", "another incarnation");
    sqlx::query("SELECT pg_advisory_unlock(42)").execute(&mut *holder).await.unwrap();
    let done = commit(&mut lane, plain("hang", 0).job(), later(3)).await.unwrap();
    assert!(text(&done).contains("gjentatt=ja GODTATT"), "{}", text(&done));
    assert!(text(&done).contains("bevis=a-0-1/2/"), "its receipt stands where it was written: {}", text(&done));
    assert_eq!(db.count("post_version").await, 1);
    db.sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_ended_in_its_commit_leaves_an_unknown_outcome() {
    let db = Database::postgres().await.furnished().await;
    let mut lane = db.lane().await;
    let _holder = held_at_commit(&db).await;
    let hung = tokio::spawn(async move {
        let outcome = commit(&mut lane, plain("hang", 0).job(), later(1)).await;
        (lane, outcome)
    });
    let pid = hanging(&db, 1, Some(&hung)).await;
    db.run(&format!("SELECT pg_terminate_backend({pid})")).await;
    let (mut lane, outcome) = hung.await.unwrap();
    assert!(unknown(&outcome), "a server that goes down says so also after it committed: {outcome:?}");
    assert_eq!(db.count("post_version").await, 0, "in truth it was not");
    db.run("DROP TRIGGER hang ON message_id").await;
    let done = commit(&mut lane, plain("hang", 0).job(), later(2)).await.unwrap();
    assert!(text(&done).contains("gjentatt=nei GODTATT"), "{}", text(&done));
    db.sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_gives_errors_and_one_that_is_back_is_used() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(&Options::default())).await.unwrap();
    let cluster = Arc::new(cluster);
    let db = Database::at(cluster.database("outage")).await.furnished().await;
    let mut lane = db.lane().await;
    assert_eq!(commit(&mut lane, plain("1", 0).job(), later(1)).await.unwrap().outcome, "GODTATT");
    let holder = held_at_commit(&db).await;
    let hung = tokio::spawn(async move {
        let outcome = commit(&mut lane, plain("hang", 1).job(), later(2)).await;
        (lane, outcome)
    });
    hanging(&db, 1, Some(&hung)).await;
    cluster.kill();
    let (mut lane, outcome) = hung.await.unwrap();
    assert!(unknown(&outcome), "{outcome:?}");
    drop(holder);
    // Neither writes nor reads, and each says so.
    let gone = commit(&mut lane, plain("2", 2).job(), later(3)).await;
    assert!(matches!(gone, Err(LedgerError::Store(_))), "{gone:?}");
    assert!(db.store.read_person(duf(0), OTHER_SYSTEM).await.is_err());
    assert!(db.store.ping().await.is_err());
    let restarted = Arc::clone(&cluster);
    tokio::task::spawn_blocking(move || restarted.start_again()).await.unwrap();
    db.store.ping().await.unwrap();
    db.run("DROP TRIGGER hang ON message_id").await;
    for (id, n) in [("1", 0), ("hang", 1), ("2", 2)] {
        let done = commit(&mut lane, plain(id, n).job(), later(4)).await.unwrap();
        let again = if id == "1" { "ja" } else { "nei" };
        assert!(text(&done).contains(&format!("gjentatt={again} GODTATT")), "{id}: {}", text(&done));
    }
    lane.close(later(5)).await.unwrap();
    db.sound().await;
}

/// A server, or the way to it, that is there and says nothing. The clock of this process is put forward.
#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let db = Database::postgres().await.furnished().await;
    let mut lane = db.lane().await;
    let mut holder = held_at_commit(&db).await;
    let mut other = db.lane_of("b").await;
    let hung = tokio::spawn(async move {
        let outcome = commit(&mut lane, plain("hang", 0).job(), later(1)).await;
        (lane, outcome)
    });
    hanging(&db, 1, Some(&hung)).await;
    // The second waits for the person that the first still holds.
    // Refused, so that it needs no row that the first keeps.
    let refused = message("stuck").person(1, [register("t/stuck", 41 * 4)]);
    let job = refused.job();
    let waiting = tokio::spawn(async move { (commit(&mut other, job, later(2)).await, other) });
    hanging(&db, 2, Some(&waiting)).await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    tokio::time::resume();
    let (mut lane, outcome) = hung.await.unwrap();
    assert!(unknown(&outcome), "a COMMIT without an answer may have happened: {outcome:?}");
    let (outcome, mut other) = waiting.await.unwrap();
    let error = outcome.unwrap_err();
    assert_eq!(error.to_string(), "the database does not answer");
    sqlx::query("SELECT pg_advisory_unlock(42)").execute(&mut *holder).await.unwrap();
    // Both lanes go on, and the first finds what became of its message.
    let done = commit(&mut lane, plain("hang", 0).job(), later(3)).await.unwrap();
    assert!(text(&done).contains("gjentatt=ja GODTATT"), "{}", text(&done));
    let done = commit(&mut other, refused.job(), later(4)).await.unwrap();
    assert!(text(&done).contains("gjentatt=nei AVVIST"), "{}", text(&done));
    db.sound().await;
}

/// More reads at once than there are connections: they take turns, and the lane does not wait for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_reads_at_once_take_turns_and_leave_the_lane_its_connection() {
    for db in [Database::sqlite().await, Database::postgres().await] {
        let db = db.furnished().await;
        let mut lane = db.lane().await;
        let mut reads = tokio::task::JoinSet::new();
        for n in 0..200 {
            let store = db.store.clone();
            reads.spawn(async move { store.read_person(duf(n % 100), OTHER_SYSTEM).await.unwrap().0.unwrap().duf });
        }
        for n in 0..10 {
            let done = commit(&mut lane, plain(&n.to_string(), n).job(), later(1)).await.unwrap();
            assert_eq!(done.outcome, "GODTATT");
        }
        assert_eq!(reads.join_all().await.len(), 200);
    }
}
