//! How long a change is on its way: from the recorded time of its commit until a reader has it, by a poll that waited and by
//! push (design.md 14), on an idle machine and beside callers that register all the time.
//!
//! The recorded time is taken before the batch decides, so deciding and committing are part of what is measured; and it
//! is written in whole milliseconds, cut, so up to one of them is, too. What arrives together counts once, with its
//! oldest change.

use std::time::Duration;

use crate::callers::{Plan, SINGLE, Sender};
use crate::house::{House, Setting};
use crate::steps::Steps;
use crate::{poll, push};

/// The kommune itself hears what a vendor's fagsystem registers.
pub const READER: &str = "kommune";
pub const SYSTEM: &str = "4204-egen-3";
pub const STREAM: &str = "4204-egen-3.1";

/// Time enough for the one before to be over: the next poll waits, the receipt of a delivery is recorded.
const PAUSE: Duration = Duration::from_millis(50);

/// What registers meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Traffic<'a> {
    callers: usize,
    messages: usize,
    steps: &'a Steps,
}

impl Traffic<'_> {
    pub fn run(&self, sender: &mut Sender<'_>) {
        if self.callers > 0 {
            self.send(sender, self.callers, self.messages);
        } else {
            for _ in 0..self.messages {
                self.send(sender, 1, 1);
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// One for each kommune, so that the reader hears of it.
    pub fn one_more(&self, sender: &mut Sender<'_>) {
        self.send(sender, 2, 2);
    }

    fn send(&self, sender: &mut Sender<'_>, callers: usize, messages: usize) {
        let _ = sender.run(Plan { callers, messages, ..SINGLE }, self.steps);
    }
}

/// Both ways for each database, each on a register of its own.
pub fn measure(smoke: bool, steps: &Steps) {
    type Way = fn(&House, &mut Sender<'_>, Traffic<'_>) -> Vec<Duration>;
    let ways: [(&str, u32, Way); 2] =
        [("change in a waiting long poll", 50, poll::lags), ("push received", 100, push::lags)];
    for (way, aim, lags) in ways {
        println!("\nCommit to {way} (aim: p99 ≤ {aim} ms idle):");
        for engine in ["sqlite", "postgres"] {
            let setting = Setting { engine, answer_key: "rsa", second_opinion: true };
            for (callers, messages) in if smoke { [(0, 5), (8, 24)] } else { [(0, 200), (64, 6_400)] } {
                let house = House::start(setting);
                let mut sender = Sender::new(&house);
                print(engine, callers, lags(&house, &mut sender, Traffic { callers, messages, steps }));
            }
        }
    }
}

fn print(engine: &str, callers: usize, mut lags: Vec<Duration>) {
    lags.sort_unstable();
    assert!(!lags.is_empty(), "no change was seen");
    let at = |share: f64| lags[((lags.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "  {engine:<10} {callers:>3} callers  {:>5} arrivals  p50 {:>7.1} ms  p99 {:>7.1} ms",
        lags.len(),
        at(0.5),
        at(0.99)
    );
}
