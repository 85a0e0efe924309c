//! Kill -9 under load: what was acknowledged is there exactly once, nothing is there by half, chains verify, snapshots
//! are what the rows say. `KILLS` says how many times, for each database.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use register::evidence::sha256;
use register::ledger::{Job, Lane};
use register::store::Store;

use crate::house::{Database, PERSONS, config, later, noon};
use crate::message::{Message, message, nth};
use crate::postgres_server::{Cluster, Options};

/// Set for the process that is killed: the database, and which of them it is.
const URL: &str = "NIR_KILL_DATABASE";
const NAME: &str = "NIR_KILL_NAME";
/// Messages of one batch, and registrations of one message.
const BATCH: usize = 8;
const LINES: usize = 3;

#[expect(clippy::disallowed_methods, reason = "a test is told by its caller how long to run")]
fn kills() -> u64 {
    std::env::var("KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(3)
}

#[expect(clippy::disallowed_methods, reason = "a process is told by its parent which database is meant")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A message that follows from its id alone, so that any process can send it again: the process's letter and round, batch,
/// and place in it. No two register the same; three persons each, so that a half of it would show.
fn numbered(id: &str) -> Message {
    let mut parts = id.split('-');
    let name = parts.next().unwrap();
    let [round, batch, n] =
        [&name[1..], parts.next().unwrap(), parts.next().unwrap()].map(|n| n.parse::<usize>().unwrap());
    let letter = "kmfr".find(&name[..1]).unwrap();
    let number = (round * 4 + letter) * 20_000 + batch * BATCH + n;
    assert!(batch * BATCH < 20_000 && round < 90, "the numbers are used up");
    let seed = sha256(id.as_bytes());
    (0..LINES).fold(message(id), |message, n| {
        let person = (usize::from(seed[n]) + n * 64) % PERSONS;
        message.person(person, [nth(&format!("{id}/{n}"), number * LINES + n)])
    })
}

/// Not a test by itself: the process that the tests below start and kill. It sends again what standard input names, then
/// new messages without end, and acknowledges on standard output.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let (Some(url), Some(name)) = (told(URL), told(NAME)) else { return };
    let store = Store::open(&url).await.unwrap();
    let mut lane = Lane::open(store, config(&name), noon()).await.unwrap();
    let mut waiting: Vec<String> = std::io::stdin().lines().map_while(Result::ok).collect();
    let mut out = std::io::stdout();
    // The test's own line, begun by the harness, ends here.
    writeln!(out).unwrap();
    for batch in 0.. {
        while waiting.len() < BATCH {
            waiting.push(format!("{name}-{batch}-{}", waiting.len()));
        }
        let ids: Vec<String> = waiting.drain(..BATCH).collect();
        let sent: String = ids.iter().map(|id| format!("sent {id}\n")).collect();
        out.write_all(sent.as_bytes()).unwrap();
        let jobs: Vec<Job> = ids.iter().map(|id| numbered(id).job()).collect();
        let outcomes = lane.commit(&jobs, later(batch)).await;
        for (id, outcome) in ids.iter().zip(outcomes) {
            // An error is no acknowledgement; a refusal would be a mistake of this test.
            match outcome {
                Ok(done) => {
                    assert_ne!(done.outcome, "AVVIST", "{id}");
                    writeln!(out, "ack {id}").unwrap();
                }
                Err(error) => writeln!(out, "failed {error}").unwrap(),
            }
        }
    }
}

fn start(url: &str, name: &str, again: &BTreeSet<String>) -> Child {
    start_by(Command::new(std::env::current_exe().unwrap()), url, name, again)
}

fn start_by(mut program: Command, url: &str, name: &str, again: &BTreeSet<String>) -> Child {
    let mut child = program
        .args(["--exact", "kill::process", "--nocapture", "--test-threads=1"])
        .env(URL, url)
        .env(NAME, name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for id in again {
        writeln!(stdin, "{id}").unwrap();
    }
    child
}

/// What the processes said: everything sent, and what of it was acknowledged.
#[derive(Default)]
struct Said {
    sent: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    failed: Vec<String>,
}

impl Said {
    /// Reads until so many were acknowledged, then kills the process, and reads what it had still said.
    fn until_killed(&mut self, mut child: Child, enough: usize, kill: impl FnOnce(&mut Child)) {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let before = self.acknowledged.len();
        for line in lines.by_ref() {
            self.hear(&line);
            if self.acknowledged.len() - before >= enough {
                break;
            }
        }
        assert!(self.acknowledged.len() - before >= enough, "the process ended before it was killed");
        kill(&mut child);
        lines.for_each(|line| self.hear(&line));
        child.wait().unwrap();
    }

    fn hear(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("sent", id)) => drop(self.sent.insert(id.to_owned())),
            Some(("ack", id)) => drop(self.acknowledged.insert(id.to_owned())),
            Some(("failed", why)) => self.failed.push(why.to_owned()),
            _ => {}
        }
    }

    fn unacknowledged(&self) -> BTreeSet<String> {
        self.sent.difference(&self.acknowledged).cloned().collect()
    }
}

/// After how many acknowledgements the nth process is killed.
fn enough(round: u64) -> usize {
    1 + usize::from(sha256(&round.to_be_bytes())[0]) % 100
}

async fn hold(db: &Database, said: &Said) {
    let id = if db.is_postgres() { "data::json->>'meldings_id'" } else { "data->>'meldings_id'" };
    let stored = db.texts(&format!("SELECT {id} AS v FROM post_version")).await;
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for id in stored {
        *lines.entry(id).or_default() += 1;
    }
    for (id, count) in &lines {
        assert_eq!(*count, LINES, "{id} is stored by half, or twice");
        assert!(said.sent.contains(id), "{id} was never sent");
    }
    for id in &said.acknowledged {
        assert!(lines.contains_key(id), "{id} was acknowledged and is missing");
    }
    assert_eq!(db.count("message_id").await, lines.len() as i64);
    db.sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    let db = Database::sqlite().await.furnished().await;
    let mut said = Said::default();
    for round in 0..kills() {
        let child = start(&db.url, &format!("k{round}"), &said.unacknowledged());
        said.until_killed(child, enough(round), |child| child.kill().unwrap());
        hold(&db, &said).await;
        let whole = db.texts("SELECT integrity_check AS v FROM pragma_integrity_check").await;
        assert_eq!(whole, ["ok"]);
    }
}

/// Two nodes; one of them is killed, or in every third round the server with everything it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgresql() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(&Options::default())).await.unwrap();
    let url = cluster.database("kills");
    let db = Database::at(url.clone()).await.furnished().await;
    let mut said = Said::default();
    for round in 0..kills() {
        let again = said.unacknowledged();
        // Both send again what nobody acknowledged: copies over two nodes.
        let one = start(&url, &format!("k{round}"), &again);
        let mut other = start(&url, &format!("m{round}"), &again);
        if round % 3 == 2 {
            said.until_killed(one, enough(round), |child| {
                cluster.kill();
                child.kill().unwrap();
            });
            cluster.start_again();
        } else {
            said.until_killed(one, enough(round), |child| child.kill().unwrap());
        }
        other.kill().unwrap();
        let heard = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
        heard.for_each(|line| said.hear(&line));
        other.wait().unwrap();
        hold(&db, &said).await;
    }
}

/// No room left: every message is refused with an error, what was acknowledged stays, and with room it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_on_sqlite() {
    let db = Database::sqlite().await.furnished().await;
    let mut said = Said::default();
    // No file may grow beyond 6 MB (blocks of 512 bytes); the process is told by an error, not ended by a signal.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 12288; exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
    let mut child = start_by(limited, &db.url, "f0", &BTreeSet::new());
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        said.hear(&line);
        if said.failed.len() > 10 * BATCH {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.failed.len() > 10 * BATCH, "the disk was full: {:?}", said.failed.last());
    assert!(!said.acknowledged.is_empty(), "and had not been at first");
    hold(&db, &said).await;
    let child = start(&db.url, "r0", &said.unacknowledged());
    said.until_killed(child, 40, |child| child.kill().unwrap());
    hold(&db, &said).await;
}
