//! The way back with three nodes that are killed at random (issue acceptance 1): one kommune with many fagsystemer, a third of
//! which take changes by push and are broken for a while in every way there is; the rest poll, well or badly. In the end
//! everybody's own log is checked. `RECIPIENTS`, `CHANGES` and `NODE_KILLS` set the size, `SEED` the chance; CI runs the
//! small one, `make soak` the large one.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::client::{Answer, Client};
use crate::levering::expired;
use crate::levering::receiver::{Receiver, tick};
use crate::messages::{Head, day, fresh, head, person, registrer, send, vedtak};
use crate::node::Installation;
use crate::postgres;
use crate::process::{PATIENCE, eventually_within, succeed};

mod journal;
mod nodes;
mod poller;
mod weather;

use journal::{Again, Known};
use nodes::{NODES, Nodes};
use poller::{End, Poller, whole};
use weather::{DAYS, Pushed};

/// Senders at once; each is a recipient, too.
const SENDERS: usize = 4;
/// What one decision gives each of the others.
const CHANGES_OF_A_MESSAGE: usize = 3;
/// How long the gateway waits for a receipt.
const ANSWER_SECONDS: &str = "4";

const SETTINGS: &[(&str, &str)] = &[
    ("DELIVERY__BACKOFF_FIRST_MS", "200"),
    ("DELIVERY__BACKOFF_MOST_MS", "2000"),
    ("DELIVERY__CONNECT_SECONDS", "4"),
    ("DELIVERY__ANSWER_SECONDS", ANSWER_SECONDS),
];

fn size(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |size| size.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A header of one of the recipients.
fn from(system: &'static str) -> Head {
    head().from(system, "4204", "4204-SUPER1")
}

/// An answer that asks to be asked again.
fn again_later(answer: &Answer) -> bool {
    let codes = answer.codes();
    answer.status == 503 || (!codes.is_empty() && codes.iter().all(|code| code == "NIR-I901" || code == "NIR-K705"))
}

#[test]
fn three_nodes_killed_at_random_lose_reorder_and_repeat_nothing() {
    let (recipients, changes) = (size("RECIPIENTS", 30), size("CHANGES", 5_000));
    let kills = size("NODE_KILLS", 6);
    let seed = std::env::var("SEED").ok().map_or_else(|| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let began = Instant::now();
    let database = "veien_tilbake";
    let installation = Installation::new(Some(&postgres::cluster().database(database)));
    let systems = registered(&installation, recipients);
    expired(&installation.path().join("certs"));
    let trap = Receiver::start(&installation.path().join("certs"), "vendor");
    let (by_push, by_pull) = systems.split_at(recipients / 3);
    let pushed: Vec<_> =
        by_push.iter().zip(0..).map(|(system, n)| Pushed::new(system, n, &trap, &installation, database)).collect();
    let pollers: Vec<_> = by_pull.iter().zip(0..).map(|(system, n)| Poller::new(system, n)).collect();
    let senders = [by_push[0], by_push[by_push.len() - 1], by_pull[0], by_pull[1]];
    let persons = installation.persons();
    let messages = changes.div_ceil((recipients - 1) * CHANGES_OF_A_MESSAGE).next_multiple_of(DAYS);
    assert!(messages < persons.len(), "{} persons are enough for fewer changes or more recipients", persons.len());
    let patience = PATIENCE * (1 + recipients as u32 / 30);
    let nodes = Nodes::start(&installation, SETTINGS);
    println!("{recipients} recipients and {NODES} nodes stand after {:?}", began.elapsed());

    let (ends, over): (HashMap<_, End>, _) =
        (by_pull.iter().map(|system| (*system, End::new())).collect(), AtomicBool::new(false));
    let cursors = std::thread::scope(|scope| {
        // A test that fails waits for nobody.
        let _over = Over(&over);
        let watching = scope.spawn(|| watch_cursors(database, &over));
        for poller in &pollers {
            scope.spawn(|| poller.run(&nodes, &ends[poller.system], &over));
        }
        let mut chance = StdRng::seed_from_u64(seed);
        let mut days = persons[1..].chunks(messages / DAYS);
        for number in 0..DAYS {
            let called: Vec<_> = pushed.iter().map(|one| one.morning(number)).collect();
            let of_day = kills * (number + 1) / DAYS - kills * number / DAYS;
            a_day(&nodes, &senders, days.next().unwrap(), of_day, &mut chance);
            println!("day {number}: sent after {:?}", began.elapsed());
            for (one, called) in pushed.iter().zip(called) {
                one.evening(number, called);
            }
            println!("day {number}: over after {:?}", began.elapsed());
        }
        let heads = heads(database);
        let all_have =
            |heads: &BTreeMap<String, i64>| pushed.iter().all(|one| one.last() == heads[one.system]).then_some(());
        eventually_within(patience, "everything by push", || all_have(&heads));
        // All die at once, when everything is delivered; what comes after that is what is new, and nothing else.
        eventually_within(patience, "the cursors", || {
            let now = acknowledged(database);
            pushed.iter().all(|one| now[one.system] == heads[one.system]).then_some(())
        });
        nodes.kill(&[0, 1, 2]);
        register_one(&nodes, senders[0], &persons[0]);
        let heads = self::heads(database);
        eventually_within(patience, "the last message by push", || all_have(&heads));
        for (system, end) in &ends {
            end.set(heads[*system]).unwrap();
        }
        eventually_within(patience, "every acknowledgement", || {
            let now = acknowledged(database);
            systems.iter().all(|system| now[*system] == heads[*system]).then_some(())
        });
        over.store(true, Ordering::SeqCst);
        watching.join().unwrap()
    });
    println!("everything has come after {:?}", began.elapsed());
    assert_eq!(trap.connections(), 0, "no redirection is followed");
    let known = Known {
        kills: nodes.kills(),
        nodes: nodes.certificates.clone(),
        cursors,
        ids: ids(database),
        patience: Duration::from_secs(ANSWER_SECONDS.parse::<u64>().unwrap() - 1),
    };
    let most = nodes.stop();
    known.cursors();
    let mut again = Again::default();
    for one in &pushed {
        let (stored, seen) = one.log();
        again += known.pushed(one.system, &stored, &seen);
    }
    for one in &pollers {
        let (stored, pages) = one.log();
        again += known.pulled(one.system, &stored, &pages);
    }
    let written: usize = systems.iter().map(|system| known.ids[*system].len()).sum();
    assert!(written >= changes, "{written}");
    let said = succeed(&["replay", "--check"], &installation.config());
    assert!(said.contains(": 0 differences."), "{said}");
    succeed(&["log", "verify"], &installation.config());
    println!(
        "{recipients} recipients, {written} changes of {} messages, {} kills; came again: {again:?}; \
         a node held at most {} MiB; {:?}",
        messages + 1,
        known.kills.len(),
        most >> 20,
        began.elapsed()
    );
}

/// Sets it when it goes.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// So many fagsystemer of one kommune, all of one vendor and with all schemes.
fn registered(installation: &Installation, recipients: usize) -> Vec<&'static str> {
    let systems: Vec<&'static str> = (0..recipients).map(|n| &*format!("4204-mottaker-{n:03}").leak()).collect();
    let row = |id: &&str| {
        format!(
            r#"{{"kind": "AVSENDERSYSTEM", "id": "{id}", "kommune": "4204", "operator": "310000000", "ordninger": ["INTRO", "NORSK", "MOTTAK_OPPL", "MOTTAK_KVAL"], "produkt": "P", "valid": {{"from": "2005-01-01", "to": null}}}}"#
        )
    };
    let file = installation.path().join("recipients.ndjson");
    std::fs::write(&file, systems.iter().map(row).collect::<Vec<_>>().join("\n")).unwrap();
    succeed(&["party", "import", file.to_str().unwrap()], &installation.config());
    systems
}

/// All senders at once, a decision for each person; so many times a node is killed in the midst of it.
fn a_day(nodes: &Nodes<'_>, senders: &[&'static str; SENDERS], persons: &[String], kills: usize, chance: &mut StdRng) {
    let mut moments: Vec<_> = (0..kills).map(|_| chance.random_range(0..persons.len())).collect();
    moments.sort_unstable();
    let (next, sent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for sender in senders {
            let (next, sent) = (&next, &sent);
            scope.spawn(move || {
                while let Some(duf) = persons.get(next.fetch_add(1, Ordering::SeqCst)) {
                    register_one(nodes, sender, duf);
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for moment in moments {
            eventually_within(PATIENCE, "messages", || (sent.load(Ordering::SeqCst) >= moment).then_some(()));
            nodes.kill(&[chance.random_range(0..NODES)]);
        }
    });
}

/// One decision, sent again under the same meldingsId until it is answered.
fn register_one(nodes: &Nodes<'_>, sender: &'static str, duf: &str) {
    let client = Client::new(nodes, "vendor");
    let decision = registrer("1", &fresh("v"), &vedtak(&day(-3), &day(-2), &day(360)));
    let payload = send(&from(sender), &person(duf, &decision));
    eventually_within(PATIENCE, "a receipt", || {
        let answer = whole(client.try_send(&client.sealed(&payload)))?;
        if again_later(&answer) {
            return None;
        }
        assert_eq!((answer.status, answer.text("status").as_deref()), (200, Some("GODTATT")), "{answer}");
        Some(())
    });
}

/// The cursors whenever they have moved, until told to end.
fn watch_cursors(database: &str, over: &AtomicBool) -> HashMap<String, Vec<(u64, i64)>> {
    use sqlx::{Connection as _, Row as _};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut moved: HashMap<String, Vec<(u64, i64)>> = HashMap::new();
    runtime.block_on(async {
        let mut connection = sqlx::PgConnection::connect(&postgres::cluster().url(database)).await.unwrap();
        while !over.load(Ordering::SeqCst) {
            let rows = sqlx::query("SELECT avsendersystem, acknowledged FROM stream").fetch_all(&mut connection).await;
            let now = tick();
            for row in rows.unwrap() {
                let (system, number): (String, i64) = (row.get(0), row.get(1));
                let seen = moved.entry(system).or_default();
                if seen.last().is_none_or(|(_, last)| *last != number) {
                    seen.push((now, number));
                }
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    });
    moved
}

/// Both columns of each row.
fn pairs(database: &str, sql: &str) -> Vec<(String, String)> {
    let text = postgres::cluster().psql(database, sql);
    text.lines().map(|line| line.split_once('|').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn numbers(database: &str, column: &str) -> BTreeMap<String, i64> {
    let all = pairs(database, &format!("SELECT avsendersystem, {column} FROM stream"));
    all.into_iter().map(|(system, number)| (system, number.parse().unwrap())).collect()
}

fn heads(database: &str) -> BTreeMap<String, i64> {
    numbers(database, "last_number")
}

fn acknowledged(database: &str) -> BTreeMap<String, i64> {
    numbers(database, "acknowledged")
}

/// The ids of all changes of each stream, which are numbered from 1 without a gap.
fn ids(database: &str) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT avsendersystem, number || ' ' || (data::json ->> 'hendelse_id') FROM change ORDER BY avsendersystem, number";
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (system, row) in pairs(database, sql) {
        let ids = all.entry(system).or_default();
        let (number, id) = row.split_once(' ').unwrap();
        ids.push(id.to_owned());
        assert_eq!(number, ids.len().to_string(), "gap-free");
    }
    all
}
