//! Kill -9 under load: every acknowledged message is there exactly once, no half message, chains verify
//! (issue acceptance 4). `KILLS` sets how many times; CI runs a short smoke, `make soak KILLS=20` the rest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use crate::client::Client;
use crate::messages::{
    day, fresh, head, hent_endringer, hent_kvittering, hent_person, line, person, registrer, send, tiltak, vedtak,
};
use crate::postgres;
use crate::process::{self, PATIENCE};
use crate::sandbox::Sandbox;

/// Messages so far.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Senders at once.
const SENDERS: usize = 8;
/// Persons of one message, so that a half message would show.
const PERSONS: usize = 3;
/// A kill comes when so many messages were acknowledged since the last.
const ENOUGH: usize = 40;

fn kills() -> usize {
    std::env::var("KILLS").ok().map_or(2, |count| count.parse().expect("KILLS is a number"))
}

/// What the senders know: each message with its persons, and whether it was acknowledged.
type Sent = Mutex<BTreeMap<String, (Vec<String>, bool)>>;

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    survive(None);
}

#[test]
fn nothing_acknowledged_is_lost_on_postgresql() {
    survive(Some(&postgres::cluster().database("kills")));
}

fn survive(database: Option<&str>) {
    let mut dir = process::folder();
    let sent = Sent::default();
    for round in 0..kills() {
        let sandbox = Sandbox::start_in(dir, database);
        load_until_killed(&sandbox, &sent);
        dir = sandbox.kill();
        println!("kill {} of {}: {} messages so far", round + 1, kills(), sent.lock().unwrap().len());
    }
    let sandbox = Sandbox::start_in(dir, database);
    check(&sandbox, &sent.into_inner().unwrap());
    let dir = sandbox.stop();
    process::succeed(&["log", "verify"], &dir.path().join("nir-gateway.toml"));
}

/// All senders at once, each with persons of its own; the process is killed in the midst of it.
fn load_until_killed(sandbox: &Sandbox, sent: &Sent) {
    let persons = sandbox.load_persons("4204");
    let stop = AtomicBool::new(false);
    let (acknowledged, enough) = (Mutex::new(0_usize), Condvar::new());
    std::thread::scope(|scope| {
        for own in persons.chunks(persons.len() / SENDERS).take(SENDERS) {
            let (stop, acknowledged, enough) = (&stop, &acknowledged, &enough);
            scope.spawn(move || {
                let client = Client::new(sandbox, "vendor");
                for dufs in own.chunks_exact(PERSONS).cycle() {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    if send_one(&client, dufs, sent) {
                        *acknowledged.lock().unwrap() += 1;
                        enough.notify_one();
                    }
                }
            });
        }
        let few = |count: &mut usize| *count < ENOUGH;
        let (count, waited) = enough.wait_timeout_while(acknowledged.lock().unwrap(), PATIENCE, few).unwrap();
        sandbox.kill_now();
        stop.store(true, Ordering::Relaxed);
        assert!(!waited.timed_out(), "only {} messages were acknowledged", *count);
    });
}

/// A decision (the first message of a person makes it, later ones find it) and a measure for each person.
fn send_one(client: &Client<'_>, dufs: &[String], sent: &Sent) -> bool {
    let id = fresh("kill");
    // No two measures of a person are the same: that would be refused (K701).
    let so_far = NEXT.fetch_add(1, Ordering::Relaxed) % 3_700;
    let hours = format!("{}.{:02}", so_far / 100 + 1, so_far % 100);
    let persons: String = dufs
        .iter()
        .enumerate()
        .map(|(n, duf)| {
            let decision =
                line(&format!("v{n}"), "SETT", &format!("v/{duf}"), "", &vedtak(&day(0), &day(0), &day(300)));
            let measure = tiltak("NORSK_SAMF", "NS01", &day(0), &day(n as i64), &hours);
            person(duf, &(decision + &registrer(&format!("t{n}"), &format!("{id}/{n}"), &measure)))
        })
        .collect();
    let envelope = client.sealed(&send(&head().id(&id), &persons));
    // An answer may be lost by the kill: then it counts as not acknowledged.
    let answer = client.try_send(&envelope);
    let whole = answer.filter(|answer| answer.body.ends_with("</soap:Envelope>"));
    if let Some(answer) = &whole {
        assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{answer}");
    }
    let acknowledged = whole.is_some();
    sent.lock().unwrap().insert(id, (dufs.to_vec(), acknowledged));
    acknowledged
}

/// Reads every person: acknowledged references exactly once, and all of a message or none.
fn check(sandbox: &Sandbox, sent: &BTreeMap<String, (Vec<String>, bool)>) {
    let client = Client::new(sandbox, "vendor");
    let persons: std::collections::BTreeSet<&String> = sent.values().flat_map(|(dufs, _)| dufs).collect();
    let stored: BTreeMap<&String, Vec<String>> = persons
        .into_iter()
        .map(|duf| (duf, client.accepted(&hent_person(&head(), duf, "")).texts("avsendersReferanse")))
        .collect();
    let mut acknowledged = 0;
    for (id, (dufs, was_acknowledged)) in sent {
        let times: Vec<usize> = dufs
            .iter()
            .enumerate()
            .map(|(n, duf)| stored[duf].iter().filter(|reference| **reference == format!("{id}/{n}")).count())
            .collect();
        assert!(times.iter().all(|count| *count == times[0]) && times[0] <= 1, "half of {id} is stored: {times:?}");
        let receipt = client.accepted(&hent_kvittering(&head(), id)).text("status");
        assert_eq!(receipt.as_deref(), Some(if times[0] == 1 { "FUNNET" } else { "IKKE_MOTTATT" }), "{id}");
        if *was_acknowledged {
            acknowledged += 1;
            assert_eq!(times[0], 1, "acknowledged {id} is missing");
        }
    }
    assert!(acknowledged >= ENOUGH * kills(), "{acknowledged} of {}", sent.len());
    // The stream of the neighbour that hears of it all has no gap.
    let neighbour = Client::new(sandbox, "vendor2");
    let others = || head().from("4204-voksen-2", "4204", "4204-SUPER1");
    let (mut at, mut more) = (0, true);
    while more {
        let page = neighbour.accepted(&hent_endringer(&others(), "4204-voksen-2.1", at, "<antall>1000</antall>"));
        for number in page.texts("sekvensnummer") {
            at += 1;
            assert_eq!(number, at.to_string(), "gap-free");
        }
        more = page.text("flere").as_deref() == Some("true");
    }
    assert!(at > 0);
}
