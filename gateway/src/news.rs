//! News of the streams (design.md 17, Streams): a commit of this node wakes its polls and deliveries at once, and tells the other nodes,
//! as a hint; a look every second is the truth.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;

use crate::app::App;
use crate::polls::Polls;

/// After a failure to listen or to tell.
const AGAIN: Duration = Duration::from_secs(1);
/// Batches that wait to be told to other nodes; what does not fit is found by their looks.
const UNTOLD: usize = 64;

/// Hears which streams a batch of this node gave numbers.
#[derive(Debug, Clone)]
pub struct Heard {
    polls: Polls,
    deliveries: Arc<Notify>,
    untold: mpsc::Sender<BTreeSet<String>>,
}

impl Heard {
    /// With the batches that other nodes are to be told of.
    pub fn new(polls: Polls, deliveries: Arc<Notify>) -> (Self, mpsc::Receiver<BTreeSet<String>>) {
        let (untold, told) = mpsc::channel(UNTOLD);
        (Heard { polls, deliveries, untold }, told)
    }

    /// After the commit.
    pub fn committed(&self, systems: BTreeSet<String>) {
        if systems.is_empty() {
            return;
        }
        self.polls.wake(systems.iter().map(String::as_str));
        self.deliveries.notify_one();
        // A hint that finds no place is none.
        let _ = self.untold.try_send(systems);
    }
}

/// Tells, listens and looks until the gateway stops.
pub async fn run(app: Arc<App>, told: mpsc::Receiver<BTreeSet<String>>, mut drain: watch::Receiver<bool>) {
    tokio::select! {
        () = tell(&app, told) => {}
        () = listen(&app) => {}
        () = look(&app) => {}
        _ = drain.changed() => {}
    }
}

/// One word to the other nodes for each batch; what waits goes together.
async fn tell(app: &App, mut untold: mpsc::Receiver<BTreeSet<String>>) {
    let mut batches = Vec::new();
    while untold.recv_many(&mut batches, UNTOLD).await > 0 {
        let systems: BTreeSet<String> = batches.drain(..).flatten().collect();
        if let Err(error) = app.store.tell_news(&systems.into_iter().collect::<Vec<_>>()).await {
            tracing::warn!(event = "news_not_told", %error);
            sleep(AGAIN).await;
        }
    }
    std::future::pending().await
}

/// What other nodes tell.
async fn listen(app: &App) {
    loop {
        match app.store.hear_news().await {
            Ok(Some(mut news)) => loop {
                match news.next().await {
                    Ok(systems) => {
                        app.polls.wake(systems.iter().map(String::as_str));
                        app.push.news.notify_one();
                    }
                    Err(error) => {
                        tracing::warn!(event = "news_not_heard", %error);
                        break;
                    }
                }
            },
            // A database of one node has nobody else to tell.
            Ok(None) => return std::future::pending().await,
            Err(error) => tracing::warn!(event = "news_not_heard", %error),
        }
        sleep(AGAIN).await;
    }
}

/// Where the streams stand that somebody waits for.
async fn look(app: &App) {
    let pause = Duration::from_secs(app.config.limits.polls_look_seconds.max(1));
    loop {
        sleep(pause).await;
        let systems = app.polls.streams();
        if systems.is_empty() {
            continue;
        }
        match app.store.stream_positions(&systems).await {
            Ok(positions) => app.polls.look_at(&positions.into_iter().collect::<HashMap<_, _>>()),
            Err(error) => tracing::warn!(event = "streams_not_looked_at", %error),
        }
    }
}
