//! Waiting polls (contract.md 4.6; design.md 17, Streams): who waits for which streams, and what wakes them. A poll that
//! waits holds no connection of the database, no worker and no seat; it is a row of this table and its open connection.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use register::receipt::StreamPosition;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Request bytes that waiting polls may keep, for each one that may wait: several times what a request takes.
const BYTES_OF_ONE: usize = 16 * 1024;

/// Which operation waits; a newer one of the same kind ends the older of the same stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `hentEndringer`
    Page,
    /// `ventPaaEndringer`
    Many,
}

/// What a poll waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Whose stream.
    pub avsendersystem: String,
    /// Its id as the caller knows it.
    pub stroem_id: String,
    /// News is what comes after this number.
    pub after: i64,
}

impl Watched {
    /// Whether the stream has what the poll waits for: a number, or another incarnation.
    pub fn moved(&self, position: &StreamPosition) -> bool {
        position.siste_sekvensnummer > self.after || position.stroem_id != self.stroem_id
    }
}

/// Everybody who waits on this node.
#[derive(Debug, Clone)]
pub struct Polls(Arc<Table>);

#[derive(Debug)]
struct Table {
    state: Mutex<State>,
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    of_stream: HashMap<String, BTreeSet<u64>>,
    bytes: usize,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    kind: Kind,
    streams: Vec<Watched>,
    bytes: usize,
    signal: Arc<Signal>,
}

#[derive(Debug, Default)]
struct Signal {
    look: Notify,
    ended: AtomicBool,
}

impl Signal {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.look.notify_one();
    }
}

/// No more can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// A poll's place in the table; dropped with it, also when the caller hangs up.
#[derive(Debug)]
pub struct Ticket {
    table: Arc<Table>,
    id: u64,
    signal: Arc<Signal>,
}

/// Why a poll goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Its stream may have news.
    Look,
    /// A newer poll took its place, or the gateway stops: an empty answer.
    Ended,
    /// It has waited long enough.
    TimedOut,
}

impl Polls {
    /// A table for so many.
    pub fn new(most: usize) -> Self {
        Polls(Arc::new(Table { state: Mutex::default(), most }))
    }

    /// Enters a poll before it looks, so that nothing comes between its look and its wait; older ones of the same kind and
    /// any of the same streams end.
    pub fn enter(&self, kind: Kind, streams: Vec<Watched>, bytes: usize) -> Result<Ticket, Full> {
        let signal = Arc::new(Signal::default());
        let mut state = self.0.lock();
        let older: BTreeSet<u64> = streams
            .iter()
            .filter_map(|watched| state.of_stream.get(&watched.avsendersystem))
            .flatten()
            .copied()
            .collect();
        for id in older {
            if state.waiting.get(&id).is_some_and(|waiting| waiting.kind == kind) {
                state.remove(id).into_iter().for_each(|waiting| waiting.signal.end());
            }
        }
        if state.waiting.len() >= self.0.most || state.bytes + bytes > self.0.most * BYTES_OF_ONE {
            return Err(Full);
        }
        if state.closed {
            signal.end();
        }
        let id = state.next;
        state.next += 1;
        state.bytes += bytes;
        for watched in &streams {
            state.of_stream.entry(watched.avsendersystem.clone()).or_default().insert(id);
        }
        state.waiting.insert(id, Waiting { kind, streams, bytes, signal: Arc::clone(&signal) });
        drop(state);
        Ok(Ticket { table: Arc::clone(&self.0), id, signal })
    }

    /// Wakes those who wait for these streams.
    pub fn wake<'s>(&self, systems: impl IntoIterator<Item = &'s str>) {
        let state = self.0.lock();
        for id in systems.into_iter().filter_map(|system| state.of_stream.get(system)).flatten() {
            if let Some(waiting) = state.waiting.get(id) {
                waiting.signal.look.notify_one();
            }
        }
    }

    /// The streams that somebody waits for.
    pub fn streams(&self) -> Vec<String> {
        self.0.lock().of_stream.keys().cloned().collect()
    }

    /// Wakes those whose streams have moved on, whoever wrote to them.
    pub fn look_at(&self, positions: &HashMap<String, StreamPosition>) {
        let state = self.0.lock();
        for waiting in state.waiting.values() {
            let moved = |watched: &Watched| positions.get(&watched.avsendersystem).is_some_and(|p| watched.moved(p));
            if waiting.streams.iter().any(moved) {
                waiting.signal.look.notify_one();
            }
        }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// Ends all, and whoever comes from now on.
    pub fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.waiting.values().for_each(|waiting| waiting.signal.end());
    }
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remove(&mut self, id: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        for watched in &waiting.streams {
            if let Some(ids) = self.of_stream.get_mut(&watched.avsendersystem) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.of_stream.remove(&watched.avsendersystem);
                }
            }
        }
        Some(waiting)
    }
}

impl Ticket {
    /// Waits for a reason to go on.
    pub async fn woken(&self, until: Instant) -> Woken {
        let ended = || self.signal.ended.load(Ordering::Acquire);
        if ended() {
            return Woken::Ended;
        }
        match timeout_at(until, self.signal.look.notified()).await {
            Ok(()) if ended() => Woken::Ended,
            Ok(()) => Woken::Look,
            Err(_) => Woken::TimedOut,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.table.lock().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(systems: &[&str]) -> Vec<Watched> {
        let watched = |system: &&str| Watched {
            avsendersystem: (*system).to_owned(),
            stroem_id: format!("{system}.1"),
            after: 7,
        };
        systems.iter().map(watched).collect()
    }

    fn soon() -> Instant {
        Instant::now() + std::time::Duration::from_millis(1)
    }

    fn at(system: &str, stroem_id: &str, last: i64) -> HashMap<String, StreamPosition> {
        let position = StreamPosition { stroem_id: stroem_id.into(), siste_sekvensnummer: last, bekreftet_til: 0 };
        HashMap::from([(system.to_owned(), position)])
    }

    #[tokio::test]
    async fn a_newer_poll_of_the_same_stream_ends_the_older() {
        let polls = Polls::new(4);
        let first = polls.enter(Kind::Page, on(&["a"]), 1).unwrap();
        let many = polls.enter(Kind::Many, on(&["a", "b"]), 1).unwrap();
        let other = polls.enter(Kind::Page, on(&["b"]), 1).unwrap();
        let newer = polls.enter(Kind::Page, on(&["a"]), 1).unwrap();
        assert_eq!(first.woken(soon()).await, Woken::Ended);
        for waiting in [&many, &other, &newer] {
            assert_eq!(waiting.woken(soon()).await, Woken::TimedOut);
        }
        drop((first, many, other, newer));
        assert_eq!((polls.count(), polls.streams().len()), (0, 0));
    }

    #[tokio::test]
    async fn a_commit_wakes_those_who_wait_for_its_streams_also_before_they_wait() {
        let polls = Polls::new(4);
        let (a, b) = (polls.enter(Kind::Page, on(&["a"]), 1).unwrap(), polls.enter(Kind::Page, on(&["b"]), 1).unwrap());
        polls.wake(["a", "c"]);
        assert_eq!((a.woken(soon()).await, b.woken(soon()).await), (Woken::Look, Woken::TimedOut));
        polls.look_at(&at("b", "b.1", 7));
        assert_eq!(b.woken(soon()).await, Woken::TimedOut);
        polls.look_at(&at("b", "b.1", 8));
        assert_eq!(b.woken(soon()).await, Woken::Look);
        polls.look_at(&at("b", "b.2", 7));
        assert_eq!(b.woken(soon()).await, Woken::Look);
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_number_and_in_bytes_and_ends_with_the_gateway() {
        let polls = Polls::new(2);
        assert_eq!(polls.enter(Kind::Page, on(&["a"]), 2 * BYTES_OF_ONE + 1).err(), Some(Full));
        let a = polls.enter(Kind::Page, on(&["a"]), 2 * BYTES_OF_ONE).unwrap();
        assert_eq!(polls.enter(Kind::Page, on(&["b"]), 1).err(), Some(Full));
        drop(a);
        let (a, _b) =
            (polls.enter(Kind::Page, on(&["a"]), 1).unwrap(), polls.enter(Kind::Page, on(&["b"]), 1).unwrap());
        assert_eq!(polls.enter(Kind::Page, on(&["c"]), 1).err(), Some(Full));
        // Whoever polls again takes its own place.
        let again = polls.enter(Kind::Page, on(&["a"]), 1).unwrap();
        assert_eq!(a.woken(soon()).await, Woken::Ended);
        polls.close();
        assert_eq!(again.woken(soon()).await, Woken::Ended);
        drop((a, again));
        let late = polls.enter(Kind::Page, on(&["a"]), 1).unwrap();
        assert_eq!(late.woken(soon()).await, Woken::Ended);
    }
}
