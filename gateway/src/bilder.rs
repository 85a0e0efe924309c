//! Pictures by order (contract.md 0.15; design.md 17, Streams): written by the nodes in the background, batch after batch, each
//! when the ledger has nothing else to do. The order's row says how far it has come, so that any node goes on after a kill.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use register::bestilling::{BATCH, Bestilling, Omfang};
use register::decide::Now;
use register::id::Kommunenummer;
use register::ledger::{Exchange, Job, LedgerError, Pictures, Work};
use register::person::{Person, PersonHistory};
use register::policy::Policy;
use register::query::PersonView;
use register::query::oeyeblikksbilde::bilde;
use register::registry::{Avsendersystem, TransferUser};
use register::store::{Among, StoreError};
use register::time::oslo_date;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::app::App;
use crate::clock;

/// How often it is looked for orders of other nodes.
const LOOK: Duration = Duration::from_secs(2);
/// An order that nobody has written for so long is taken over.
const ABANDONED: chrono::TimeDelta = chrono::TimeDelta::seconds(10);
/// Persons that one batch looks at, whether they are shown or not.
const LOOKED_AT: usize = 5 * BATCH;
/// While the ledger is busy a batch waits, and so many times at most.
const POLITE: (Duration, u32) = (Duration::from_millis(20), 50);

/// Tells the writer of this node that there is an order, and knows whose persons are being counted for one.
#[derive(Debug, Clone, Default)]
pub struct Bilder {
    orders: Arc<Notify>,
    counts: Arc<Mutex<HashSet<String>>>,
}

/// The only count for an avsendersystem, until it is dropped.
#[derive(Debug)]
pub struct Count {
    all: Arc<Mutex<HashSet<String>>>,
    avsendersystem: String,
}

impl Bilder {
    /// An order was taken.
    pub fn ordered(&self) {
        self.orders.notify_one();
    }

    /// Unless one is under way: a count goes on though its caller has given up, and a caller that tries again must not pile up
    /// walks over its kommune.
    pub fn count(&self, avsendersystem: &str) -> Option<Count> {
        let begun = self.counts.lock().unwrap_or_else(PoisonError::into_inner).insert(avsendersystem.to_owned());
        begun.then(|| Count { all: Arc::clone(&self.counts), avsendersystem: avsendersystem.to_owned() })
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.avsendersystem);
    }
}

/// Writes what is ordered until the gateway stops.
pub async fn run(app: Arc<App>, mut drain: watch::Receiver<bool>) {
    let mut mine = HashSet::new();
    let mut ordered = true;
    loop {
        if let Err(error) = round(&app, &mut mine, ordered, &drain).await {
            tracing::error!(event = "pictures_not_written", %error);
        }
        tokio::select! {
            told = timeout(LOOK, app.bilder.orders.notified()) => ordered = told.is_ok(),
            _ = drain.changed() => return,
        }
    }
}

/// Writes the orders of this node to their end, a batch of each in turn, and those that nobody else writes.
async fn round(
    app: &Arc<App>,
    mine: &mut HashSet<Uuid>,
    ordered: bool,
    drain: &watch::Receiver<bool>,
) -> Result<(), StoreError> {
    // One that cannot be written waits for the next round, and holds up none of the others.
    let mut failed = HashSet::new();
    while !*drain.borrow() {
        let orders = app.store.open_orders().await?;
        let now = clock::now();
        mine.retain(|id| orders.iter().any(|order| order.id == *id));
        let fresh = |order: &Bestilling| ordered && order.skrevet == 0 && order.done_to == 0;
        let takes = |order: &&Bestilling| {
            !failed.contains(&order.id) && (mine.contains(&order.id) || fresh(order) || now - order.touched > ABANDONED)
        };
        let taken: Vec<Bestilling> = orders.iter().filter(takes).cloned().collect();
        if taken.is_empty() {
            return Ok(());
        }
        for order in taken {
            let id = order.id;
            polite(app).await;
            let own = Arc::clone(app);
            match aside(async move { batch(&own, order).await }).await {
                Ok(true) => drop(mine.insert(id)),
                // Another node writes it.
                Ok(false) => drop(mine.remove(&id)),
                Err(error) => {
                    tracing::error!(event = "pictures_not_written", bestilling = %id, %error);
                    failed.insert(id);
                }
            }
        }
    }
    Ok(())
}

/// Walks over persons beside the threads that serve everybody else. What panics is this walk's alone.
pub async fn aside<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let runtime = Handle::current();
    let walked = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    walked.unwrap_or_else(|_| Err(StoreError::NotReady("a walk over persons panicked".to_owned())))
}

/// Lets others go first.
async fn polite(app: &App) {
    let (pause, times) = POLITE;
    for _ in 0..times {
        if app.ledger.waiting() == 0 {
            return;
        }
        sleep(pause).await;
    }
}

/// Writes one batch; `false` where another node has gone on with the order.
async fn batch(app: &App, order: Bestilling) -> Result<bool, StoreError> {
    let registry = app.registry.load_full();
    let wall = clock::now();
    let mut views: Vec<PersonView> = Vec::new();
    let (mut done_to, mut looked_at, mut last) = (order.done_to, 0, true);
    if let Some(system) = registry.avsendersystemer.get(&order.avsendersystem) {
        let received = registry.register_time(Some(system.kommune), wall);
        let now = Now { received, today: oslo_date(received), recorded: wall };
        let user = registry.users.get(&order.bruker);
        let kommuner = kommuner(&app.policy, system, &now);
        let at = Some(order.recorded);
        let after = register::id::Duf::from_stored(order.done_to);
        let scan = app.store.each_person_among(among(&order.omfang, &kommuner), after, at, &system.id, |person| {
            if views.len() == BATCH || looked_at == LOOKED_AT {
                last = false;
                return ControlFlow::Break(());
            }
            (looked_at, done_to) = (looked_at + 1, person.duf.to_stored());
            views.extend(view(&app.policy, system, user, &order.omfang, person, &now));
            ControlFlow::Continue(())
        });
        scan.await?;
    }
    let operator = registry.avsendersystemer.get(&order.avsendersystem).map(|system| system.operator);
    // Nothing of it is kept; a register without parties has no orders.
    let Some(signer) = operator.or_else(|| registry.parties.keys().next().copied()) else { return Ok(false) };
    let exchange = Exchange {
        operation: "oeyeblikksbilde",
        signer,
        avsendersystem: Some(order.avsendersystem.clone()),
        meldings_id: None,
        user: None,
        request: Arc::from([]),
        received: wall,
    };
    let work = Work::Pictures(Box::new(Pictures { order, views, done_to, last }));
    match app.ledger.commit(Job { exchange, work }).await {
        Some(Ok(_)) => Ok(true),
        Some(Err(LedgerError::OrderMoved)) | None => Ok(false),
        Some(Err(error)) => Err(StoreError::NotReady(error.to_string())),
    }
}

/// All numbers that the kommune of the system had; those of a county are its kommuner's (domain.md 10.3 AU-1).
pub fn kommuner(policy: &Policy, system: &Avsendersystem, now: &Now) -> Vec<Kommunenummer> {
    if policy.fylke_known(system.kommune) {
        return policy.numbers_in_fylke(system.kommune, now.today);
    }
    policy.numbers_of(policy.present_number(system.kommune, now.today), now.today)
}

/// The index that names the persons of an order.
pub fn among<'q>(omfang: &'q Omfang, kommuner: &'q [Kommunenummer]) -> Among<'q> {
    match omfang {
        Omfang::Person(dufs) => Among::These(dufs),
        Omfang::Alt | Omfang::Ordning(_) => Among::FollowedUp(kommuner),
    }
}

/// The picture, of a person that the order covers and its receiver may see.
pub fn view(
    policy: &Policy,
    system: &Avsendersystem,
    user: Option<&TransferUser>,
    omfang: &Omfang,
    person: Person,
    now: &Now,
) -> Option<PersonView> {
    bilde(policy, system, user, &PersonHistory::present(&person), None, now).filter(|view| omfang.covers(view))
}
