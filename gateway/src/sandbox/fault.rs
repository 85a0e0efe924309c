//! Faults that a vendor's tests order from the sandbox (design.md 10): the next answers are lost, refused,
//! slow, or say that the person is busy. Each order holds for a stated number of calls.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most calls one order can hold for; more is surely a mistake in the caller's test.
pub const MOST_CALLS: u32 = 10_000;
/// The longest a slow answer can be made.
pub const SLOWEST: Duration = Duration::from_secs(120);

/// What the HTTP layer and the pipeline ask before each call. Counters only: asking costs a few loads.
#[derive(Debug, Default)]
pub struct Faults {
    lose_answer: AtomicU32,
    unavailable: AtomicU32,
    person_busy: AtomicU32,
    slow_calls: AtomicU32,
    slow_milliseconds: AtomicU64,
}

/// An order, as `POST /sandbox/fault` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What shall go wrong.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// For how many calls; 1 when left out, 0 takes an earlier order back.
    #[serde(default = "one")]
    pub antall: u32,
    /// How slow, for `slow`.
    #[serde(default = "two_seconds")]
    pub millisekunder: u64,
}

fn one() -> u32 {
    1
}

fn two_seconds() -> u64 {
    2_000
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The message is committed, then the connection breaks before the answer.
    #[serde(rename = "lose-next-answer")]
    LoseNextAnswer,
    /// 503 with `Retry-After`, nothing read.
    #[serde(rename = "503")]
    Unavailable,
    /// The answer waits.
    #[serde(rename = "slow")]
    Slow,
    /// Every person of the message is under treatment (NIR-K705); the id is not spent.
    #[serde(rename = "K705")]
    PersonBusy,
}

/// What is ordered and not yet used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outstanding {
    /// Answers that will be lost.
    #[serde(rename = "lose-next-answer")]
    pub lose_answer: u32,
    /// Calls that will get 503.
    #[serde(rename = "503")]
    pub unavailable: u32,
    /// Messages that will get K705.
    #[serde(rename = "K705")]
    pub person_busy: u32,
    /// Calls that will be slow.
    pub slow: u32,
    /// How slow.
    pub millisekunder: u64,
}

impl Faults {
    /// Sets one kind of fault; an earlier order of the same kind is replaced.
    pub fn order(&self, order: &Order) -> Result<(), &'static str> {
        if order.antall > MOST_CALLS {
            return Err("antall is at most 10000");
        }
        if u128::from(order.millisekunder) > SLOWEST.as_millis() {
            return Err("millisekunder is at most 120000");
        }
        if order.kind == Kind::Slow {
            self.slow_milliseconds.store(order.millisekunder, Ordering::SeqCst);
        }
        self.counter(order.kind).store(order.antall, Ordering::SeqCst);
        Ok(())
    }

    /// Takes every order back.
    pub fn clear(&self) {
        for kind in [Kind::LoseNextAnswer, Kind::Unavailable, Kind::Slow, Kind::PersonBusy] {
            self.counter(kind).store(0, Ordering::SeqCst);
        }
    }

    /// What is outstanding.
    pub fn outstanding(&self) -> Outstanding {
        Outstanding {
            lose_answer: self.lose_answer.load(Ordering::SeqCst),
            unavailable: self.unavailable.load(Ordering::SeqCst),
            person_busy: self.person_busy.load(Ordering::SeqCst),
            slow: self.slow_calls.load(Ordering::SeqCst),
            millisekunder: self.slow_milliseconds.load(Ordering::SeqCst),
        }
    }

    /// Whether this committed answer shall be lost.
    pub fn take_lose_answer(&self) -> bool {
        take(&self.lose_answer)
    }

    /// Whether this call shall get 503.
    pub fn take_503(&self) -> bool {
        take(&self.unavailable)
    }

    /// Whether this message shall find its persons busy.
    pub fn take_k705(&self) -> bool {
        take(&self.person_busy)
    }

    /// How long this call shall wait, if at all.
    pub fn slow(&self) -> Option<Duration> {
        take(&self.slow_calls).then(|| Duration::from_millis(self.slow_milliseconds.load(Ordering::SeqCst)))
    }

    fn counter(&self, kind: Kind) -> &AtomicU32 {
        match kind {
            Kind::LoseNextAnswer => &self.lose_answer,
            Kind::Unavailable => &self.unavailable,
            Kind::Slow => &self.slow_calls,
            Kind::PersonBusy => &self.person_busy,
        }
    }
}

/// Counts one down; true when there was one to take. Two callers never take the same one.
fn take(counter: &AtomicU32) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_holds_for_as_many_calls_as_it_says() {
        let faults = Faults::default();
        assert!(!faults.take_503());
        faults.order(&serde_json::from_str(r#"{"type": "503", "antall": 2}"#).unwrap()).unwrap();
        assert_eq!([faults.take_503(), faults.take_503(), faults.take_503()], [true, true, false]);
        assert!(!faults.take_lose_answer() && !faults.take_k705());
    }

    #[test]
    fn one_call_is_slow_by_default_and_an_order_can_be_taken_back() {
        let faults = Faults::default();
        faults.order(&serde_json::from_str(r#"{"type": "slow", "millisekunder": 40}"#).unwrap()).unwrap();
        assert_eq!(faults.slow(), Some(Duration::from_millis(40)));
        assert_eq!(faults.slow(), None);
        faults.order(&serde_json::from_str(r#"{"type": "K705", "antall": 3}"#).unwrap()).unwrap();
        faults.clear();
        assert!(!faults.take_k705());
    }

    #[test]
    fn an_order_that_makes_no_sense_is_refused() {
        assert!(serde_json::from_str::<Order>(r#"{"type": "explode"}"#).is_err());
        assert!(serde_json::from_str::<Order>(r#"{"type": "slow", "sekunder": 1}"#).is_err());
        let forever = Order { kind: Kind::Slow, antall: 1, millisekunder: u64::MAX };
        assert!(Faults::default().order(&forever).is_err());
    }
}
