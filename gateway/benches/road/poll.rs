//! How long a change is on its way: from the recorded time of its commit until a poll that waited for it has been read as a
//! whole (design.md 14), on an idle machine and beside callers that register all the time.
//!
//! The recorded time is taken before the batch decides, so deciding and committing are part of what is measured; and it
//! is written in whole milliseconds, cut, so up to one of them is, too.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::seal;

use crate::callers::{Plan, SINGLE, Sender, connect, exchange, http};
use crate::client;
use crate::house::{House, Setting};
use crate::messages;
use crate::steps::{self, Steps};

/// The kommune itself reads what a vendor's fagsystem registers.
const READER: &str = "kommune";
const STREAM: &str = "4204-egen-3.1";

/// What was measured.
#[derive(Debug)]
pub struct Lag {
    pub callers: usize,
    pub polls: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Both ways for each database.
pub fn measure(smoke: bool, steps: &Steps) {
    println!("\nCommit to change in a waiting long poll (aim: p99 ≤ 50 ms idle):");
    for engine in ["sqlite", "postgres"] {
        let setting = Setting { engine, answer_key: "rsa", second_opinion: true };
        for (callers, messages) in if smoke { [(0, 5), (8, 24)] } else { [(0, 200), (64, 6_400)] } {
            let lag = run(setting, callers, messages, steps);
            println!(
                "  {engine:<10} {:>3} callers  {:>5} polls  p50 {:>7.1} ms  p99 {:>7.1} ms",
                lag.callers, lag.polls, lag.p50_ms, lag.p99_ms
            );
        }
    }
}

fn run(setting: Setting, callers: usize, messages: usize, steps: &Steps) -> Lag {
    let house = House::start(setting);
    let mut sender = Sender::new(&house);
    let reader = Reader::new(&house);
    let (done, begun) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut lags: Vec<Duration> = std::thread::scope(|scope| {
        let poll = scope.spawn(|| reader.read_on(&done, &begun));
        // It reads what is there already before anything is measured.
        while !begun.load(Ordering::Relaxed) && !poll.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if callers == 0 {
            // One at a time, and time for the next poll to wait.
            for _ in 0..messages {
                let plan = Plan { callers: 1, messages: 1, ..SINGLE };
                let _ = sender.run(plan, steps);
                std::thread::sleep(Duration::from_millis(20));
            }
        } else {
            let _ = sender.run(Plan { callers, messages, ..SINGLE }, steps);
        }
        done.store(true, Ordering::Relaxed);
        // What ends the last poll.
        let _ = sender.run(Plan { callers: 2, messages: 2, ..SINGLE }, steps);
        poll.join().expect("a reader")
    });
    lags.sort_unstable();
    assert!(!lags.is_empty(), "no change was seen");
    let at = |share: f64| lags[((lags.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    Lag { callers, polls: lags.len(), p50_ms: at(0.5), p99_ms: at(0.99) }
}

/// A fagsystem that polls.
struct Reader<'a> {
    house: &'a House,
    signer: nir_wsdl::seal::Signer,
}

impl<'a> Reader<'a> {
    fn new(house: &'a House) -> Self {
        Reader { house, signer: steps::signer(&house.certs(), READER) }
    }

    /// Polls until told that nothing more comes: how old the oldest change of each answer was when it had been read.
    fn read_on(&self, done: &AtomicBool, begun: &AtomicBool) -> Vec<Duration> {
        let mut stream = connect(client::tls(&self.house.certs(), Some(READER)), self.house.node.port);
        let (mut after, mut lags, mut caught_up) = (0_i64, Vec::new(), false);
        while !done.load(Ordering::Relaxed) {
            let head = messages::head().from("4204-egen-3", "4204", "4204-SUPER1");
            let wait = "<antall>1000</antall><ventSekunder>5</ventSekunder>";
            let payload = messages::hent_endringer(&head, STREAM, after, wait);
            let sealed = seal(SoapVersion::V11, payload.as_bytes(), Some(&self.signer), client::now(), None, None);
            let answer = exchange(&mut stream, &http(&sealed.bytes));
            let arrived = client::now();
            let value = |name: &str, from: Option<&str>| -> Option<String> {
                let text = from?.split_once(&format!("<{name}>"))?.1;
                Some(text.split_once('<')?.0.to_owned())
            };
            let newest = answer.rsplit_once("<endring>").map(|(_, last)| last);
            let Some(number) = value("sekvensnummer", newest) else {
                assert!(answer.contains("hentEndringerSvar"), "{answer}");
                caught_up = true;
                begun.store(true, Ordering::Relaxed);
                continue;
            };
            after = number.parse().expect("a number");
            let recorded: DateTime<FixedOffset> =
                value("registrert", Some(&answer)).expect("a time").parse().expect("a time");
            // What was there before it began is no news.
            if caught_up {
                lags.push((arrived - recorded.to_utc()).to_std().unwrap_or_default());
            }
            caught_up |= answer.contains("<flere>false</flere>");
            begun.store(caught_up, Ordering::Relaxed);
        }
        lags
    }
}
