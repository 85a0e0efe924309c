//! Kill -9 under load: every acknowledged message is there exactly once, no half message, chains verify
//! (issue acceptance 4). `KILLS` sets how many times; CI runs a short smoke, `make soak KILLS=20` the rest.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::Client;
use crate::messages::{fresh, head, hent_person, person, registrer, send, tiltak, vedtak};
use crate::sandbox::Sandbox;
use crate::{postgres, process};

fn kills() -> usize {
    std::env::var("KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// What one sender knows: for each person, the references it sent and whether they were acknowledged.
type Ledger = Mutex<BTreeMap<String, Vec<(String, bool)>>>;

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    survive(None);
}

#[test]
fn nothing_acknowledged_is_lost_on_postgresql() {
    let cluster = postgres::cluster();
    survive(Some(&cluster.database("kills")));
}

fn survive(database: Option<&str>) {
    let mut dir = process::folder();
    let ledger: Ledger = Mutex::default();
    for round in 0..kills() {
        let sandbox = Sandbox::start_in(dir, database);
        load_until_killed(&sandbox, &ledger, round);
        dir = sandbox.kill();
    }
    let sandbox = Sandbox::start_in(dir, database);
    check(&sandbox, &ledger.into_inner().unwrap());
    let dir = sandbox.stop();
    process::succeed(&["log", "verify"], &dir.path().join("nir-gateway.toml"));
}

/// Eight senders at once, each with persons of its own; the process is killed once enough was acknowledged.
fn load_until_killed(sandbox: &Sandbox, ledger: &Ledger, round: usize) {
    let load = sandbox.load_persons("4204");
    let stop = AtomicBool::new(false);
    let acknowledged = Mutex::new(0_usize);
    let enough = std::sync::Condvar::new();
    std::thread::scope(|scope| {
        for sender in 0..8 {
            let (stop, load, acknowledged, enough) = (&stop, &load, &acknowledged, &enough);
            scope.spawn(move || {
                let client = Client::new(sandbox, "vendor");
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    // Three persons a message, so that a half message would show.
                    let dufs: Vec<&String> =
                        (0..3).map(|k| &load[(round * 97 + sender * 31 + n * 3 + k) % load.len()]).collect();
                    if send_one(&client, &dufs, ledger) {
                        *acknowledged.lock().unwrap() += 1;
                        enough.notify_one();
                    }
                }
            });
        }
        let count = acknowledged.lock().unwrap();
        let _ = enough.wait_timeout_while(count, Duration::from_secs(30), |count| *count < 40).unwrap();
        sandbox.kill_now();
        stop.store(true, Ordering::Relaxed);
    });
}

fn send_one(client: &Client<'_>, dufs: &[&String], ledger: &Ledger) -> bool {
    let today = crate::client::now().date_naive();
    let (day, end) = (today.to_string(), (today + chrono::Days::new(30)).to_string());
    let reference = fresh("kill");
    let persons: String = dufs
        .iter()
        .enumerate()
        .map(|(n, duf)| {
            let decision = registrer(&format!("v{n}"), "", &vedtak(&day, &day, &end)).replace("REGISTRER", "SETT");
            let decision = decision.replacen(
                "</handling>",
                &format!("</handling><avsendersReferanse>v/{duf}</avsendersReferanse>"),
                1,
            );
            let minutes = fresh("").len() % 7 + 1;
            let measure = registrer(
                &format!("t{n}"),
                &format!("{reference}/{n}"),
                &tiltak("NORSK_SAMF", "NS01", &day, &day, &minutes.to_string()),
            );
            person(duf, &(decision + &measure))
        })
        .collect();
    let envelope = client.sealed(&send(&head().id(&reference), &persons));
    // An answer may be lost by the kill: then it counts as not acknowledged.
    let acknowledged = client
        .try_send(&envelope)
        .is_some_and(|answer| answer.status == 200 && answer.body.contains("<status>GODTATT</status>"));
    let mut all = ledger.lock().unwrap();
    for (n, duf) in dufs.iter().enumerate() {
        all.entry((*duf).clone()).or_default().push((format!("{reference}/{n}"), acknowledged));
    }
    acknowledged
}

/// Reads every person: acknowledged references exactly once, and all three of a message or none.
fn check(sandbox: &Sandbox, ledger: &BTreeMap<String, Vec<(String, bool)>>) {
    let client = Client::new(sandbox, "vendor");
    let mut messages: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    let mut acknowledged = 0;
    for (duf, sent) in ledger {
        let read = client.call(&hent_person(&head(), duf, ""));
        assert_eq!(read.status, 200, "{}", read.body);
        let stored = read.texts("avsendersReferanse");
        for (reference, was_acknowledged) in sent {
            let times = stored.iter().filter(|r| *r == reference).count();
            assert!(times <= 1, "{reference} is there {times} times");
            if *was_acknowledged {
                acknowledged += 1;
                assert_eq!(times, 1, "acknowledged {reference} is missing");
            }
            let message = reference.rsplit_once('/').unwrap().0.to_owned();
            messages.entry(message).or_default().push(times == 1);
        }
    }
    assert!(acknowledged > 0, "the load acknowledged something");
    for (message, lines) in messages {
        assert!(lines.iter().all(|l| *l) || lines.iter().all(|l| !*l), "half of {message} is stored");
    }
}
