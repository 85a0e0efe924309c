//! Push: changes are delivered to those who take them at an approved address (design.md 8).
//!
//! Each delivery is a task of its own: take the stream, call, believe nothing but a signed receipt of that batch, record. Who
//! has waited longest for a turn is next, and streams that failed or were slow last have places of their own, so that they
//! never hold up the others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use register::decide::{Now, may_not_receive};
use register::policy::Policy;
use register::registry::{Avsendersystem, PushAddress, Registry};
use register::rejection::Rejection;
use register::store::StoreError;
use register::time::oslo_date;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::app::App;
use crate::clock;

pub use link::Push;

pub mod address;
mod attempt;
pub mod backoff;
mod batch;
pub mod link;
pub mod outcome;
pub mod ping;
mod receipt;

/// How often streams are looked at; a commit of this node wakes at once.
const LOOK: Duration = Duration::from_secs(1);
/// A house full of senders rings for every batch: it is not looked at more often than so.
const BREATH: Duration = Duration::from_millis(10);
/// What is on its way when the gateway stops is waited for so long.
const GRACE: Duration = Duration::from_secs(5);

/// A receiver that took longer than this is slow.
const SLOW: Duration = Duration::from_secs(3);

/// Whom a delivery is for.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// The avsendersystem.
    pub system: Avsendersystem,
    /// Its approved address.
    pub address: PushAddress,
}

impl Receiver {
    /// The moment by the register's clock of its kommune.
    fn now(&self, registry: &Registry, wall: DateTime<Utc>) -> Now {
        let received = registry.register_time(Some(self.system.kommune), wall);
        Now { received, today: oslo_date(received), recorded: wall }
    }

    /// What stands against sending to it today, if anything does.
    pub fn hindered(&self, registry: &Registry, policy: &Policy, wall: DateTime<Utc>) -> Option<Rejection> {
        may_not_receive(registry, &self.system, policy, &self.now(registry, wall))
    }
}

/// Delivers until told to stop.
pub async fn run(app: Arc<App>, mut drain: watch::Receiver<bool>) {
    if !app.config.delivery.enabled {
        return;
    }
    match app.store.reclaim_streams(&app.config.node.name).await {
        Ok(0) => {}
        Ok(streams) => tracing::info!(event = "streams_reclaimed", streams),
        Err(error) => tracing::warn!(event = "streams_not_reclaimed", %error),
    }
    let delivery = &app.config.delivery;
    let (sound, failing) =
        (Arc::new(Semaphore::new(delivery.at_once)), Arc::new(Semaphore::new(delivery.failing_at_once)));
    let mut running = JoinSet::new();
    let mut busy: HashSet<String> = HashSet::new();
    let mut turns: HashMap<String, Turn> = HashMap::new();
    loop {
        let looked = Instant::now();
        match due(&app).await {
            Ok(mut due) => {
                // Who never had a turn comes first.
                due.sort_by_key(|(receiver, _)| turns.get(&receiver.system.id).map(|turn| turn.began));
                for (receiver, attempts) in due {
                    let id = receiver.system.id.clone();
                    let slow = attempts > 0 || turns.get(&id).is_some_and(|turn| turn.took > SLOW);
                    let places = if slow { &failing } else { &sound };
                    let rests = turns.get(&id).is_some_and(|turn| turn.rests_until > looked);
                    if busy.contains(&id) || rests {
                        continue;
                    }
                    // Who finds no place is found again by the next look: nothing is held for it meanwhile.
                    let Ok(place) = Arc::clone(places).try_acquire_owned() else { continue };
                    busy.insert(id.clone());
                    running.spawn(stream(Arc::clone(&app), receiver, place, id));
                }
            }
            Err(error) => tracing::warn!(event = "streams_not_delivered", %error),
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            () = app.push.news.notified() => sleep_until(looked + BREATH).await,
            Some(ended) = running.join_next() => match ended {
                Ok((id, turn)) => {
                    busy.remove(&id);
                    turns.insert(id, turn);
                }
                Err(error) => {
                    tracing::error!(event = "delivery_failed", %error);
                    // Which one it was is not told; its lease is, and keeps the others from it.
                    busy.clear();
                }
            },
            _ = drain.changed() => break,
        }
    }
    // What does not end in time is given up: its lease ends, and another node sends the same again.
    let _ = timeout(GRACE, async { while running.join_next().await.is_some() {} }).await;
}

/// The last turn of a stream.
struct Turn {
    began: Instant,
    took: Duration,
    /// Where nothing came of it, nothing in the database keeps this node from the stream: it waits for the next look.
    rests_until: Instant,
}

/// One delivery; whose it was, for whoever keeps count.
async fn stream(app: Arc<App>, receiver: Receiver, place: OwnedSemaphorePermit, id: String) -> (String, Turn) {
    let began = Instant::now();
    let recorded = attempt::deliver(&app, &receiver).await;
    drop(place);
    let ended = Instant::now();
    let rests_until = if recorded { ended } else { ended + LOOK };
    (id, Turn { began, took: ended - began, rests_until })
}

/// Streams with news whose time has come and whose receiver may be called, with how often each has failed.
async fn due(app: &App) -> Result<Vec<(Receiver, i64)>, StoreError> {
    let registry = app.registry.load_full();
    // With other rules active nothing could be recorded: nobody is called in vain, and other nodes have the streams.
    if registry.push.is_empty() || app.other_rules.load(Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let waiting = app.store.waiting_streams(clock::now()).await?;
    let due =
        waiting.into_iter().filter_map(|one| Some((receiver(app, &registry, &one.avsendersystem)?, one.attempts)));
    Ok(due.collect())
}

/// The receiver of a stream, if an operator approved its address and nothing stands against sending to it today.
fn receiver(app: &App, registry: &Registry, avsendersystem: &str) -> Option<Receiver> {
    let address = registry.push.get(avsendersystem).filter(|address| address.approved.is_some())?;
    let system = registry.avsendersystemer.get(avsendersystem)?;
    let receiver = Receiver { system: system.clone(), address: address.clone() };
    receiver.hindered(registry, &app.policy, clock::now()).is_none().then_some(receiver)
}
