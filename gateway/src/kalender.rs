//! The calendar (design.md 6, Calendar events): asks the register what each date brings and commits it like any other command.
//! Every node asks: what one has carried out, the ledger remembers, and nobody says it twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, Utc};
use register::change::Opphav;
use register::id::{Duf, Kommunenummer};
use register::ledger::{Done, Exchange, Internal, InternalCommand, Job, LedgerError, Work};
use register::registry::Registry;
use register::store::StoreError;
use register::time::oslo_date;
use tokio::sync::{Mutex, watch};

use crate::app::App;
use crate::clock;

/// How often it is looked whether a day has come; in the sandbox a clock may be set at any time.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure it is tried again so much later.
const AGAIN: Duration = Duration::from_secs(30);
/// The most days that are gone through at once. A clock of the sandbox may be set to any year: past so many days, what they
/// would have brought is left out.
const DAYS: i64 = 400;
/// So many days before another certificate signs, everybody is told (domain.md 12, SERTIFIKAT_BYTTES).
const CERTIFICATE_TOLD_BEFORE: Days = Days::new(60);

/// What the node has asked for so far; one look at a time.
#[derive(Debug, Default)]
pub struct Calendar(Mutex<Progress>);

#[derive(Debug, Default)]
struct Progress {
    asked: Asked,
    /// The certificate that was told of, and from when it signs.
    announced: Option<(String, NaiveDate)>,
}

/// The last dates that were asked for, by each clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked(HashMap<Option<Kommunenummer>, NaiveDate>);

/// Carries out each date until the gateway stops.
pub async fn run(app: Arc<App>, mut drain: watch::Receiver<bool>) {
    let mut pause = LOOK;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = drain.changed() => return,
        }
        pause = match catch_up(&app, Some(&drain)).await {
            Ok(()) => LOOK,
            Err(error) => {
                tracing::error!(event = "calendar_failed", error = format!("{error:#}"));
                AGAIN
            }
        };
    }
}

/// Carries out every date that has come since the last look; what failed is asked for again.
pub async fn catch_up(app: &App, drain: Option<&watch::Receiver<bool>>) -> anyhow::Result<()> {
    let mut done = app.calendar.0.lock().await;
    let (registry, wall) = (app.registry.load_full(), clock::now());
    let mut before = done.asked.clone();
    if before.0.is_empty() {
        // What was missed while no node ran.
        before.0.extend(app.store.calendar_date().await?.map(|date| (None, date)));
    }
    let (dates, now) = before.since(&registry, wall);
    for (date, Asking { clocks, again }) in dates {
        app.store.tell_date(&registry, &app.policy, date, &clocks, wall).await?;
        carry_out(app, &registry, wall, (date, again), drain).await?;
        if ends(drain) {
            return Ok(());
        }
    }
    if done.asked != now {
        app.store.calendar_done_to(oslo_date(wall)).await?;
        done.asked = now;
    }
    let due = due_certificate(app, wall);
    if due != done.announced {
        announce_certificate(app, due.as_ref(), wall).await?;
        done.announced = due;
    }
    Ok(())
}

/// The certificate that takes over, once its time to be told has come.
fn due_certificate(app: &App, wall: DateTime<Utc>) -> Option<(String, NaiveDate)> {
    let keys = app.keys.load();
    let next = keys.next.as_ref()?;
    let (today, told_from) = (oslo_date(wall), next.from.checked_sub_days(CERTIFICATE_TOLD_BEFORE)?);
    (told_from <= today && today < next.from).then(|| (next.thumbprint.clone(), next.from))
}

async fn announce_certificate(
    app: &App,
    due: Option<&(String, NaiveDate)>,
    wall: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some((thumbprint, from)) = due else { return Ok(()) };
    let told = app.store.announce_certificate(thumbprint, *from, Opphav::Tid, wall).await?;
    if told > 0 {
        tracing::info!(event = "certificate_announced", thumbprint, %from, streams = told);
    }
    Ok(())
}

/// Why a date is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asking {
    /// Whose clocks have come to it.
    clocks: BTreeSet<Option<Kommunenummer>>,
    /// It is over for all of them, and was carried out when it came.
    again: bool,
}

impl Asked {
    /// Dates that have come by one clock or another, the earliest first, and what will have been asked for with them. With a
    /// new day the one before is asked for once more: what was on its way at midnight may have been missed.
    fn since(&self, registry: &Registry, wall: DateTime<Utc>) -> (BTreeMap<NaiveDate, Asking>, Asked) {
        let clocks = std::iter::once(None).chain(registry.clock_offsets.keys().copied().map(Some));
        let (mut dates, mut now) = (BTreeMap::<NaiveDate, Asking>::new(), Asked::default());
        let everybody = self.0.get(&None);
        for clock in clocks {
            let today = oslo_date(registry.register_time(clock, wall));
            now.0.insert(clock, today);
            let first = match self.0.get(&clock).or(everybody) {
                Some(last) if *last == today => continue,
                Some(last) if *last < today && (today - *last).num_days() <= DAYS => *last,
                // The first start, or a clock that was set back or far ahead.
                _ => today,
            };
            for date in first.iter_days().take_while(|day| *day <= today) {
                let again = self.0.get(&clock).or(everybody) == Some(&date);
                let asking = dates.entry(date).or_insert_with(|| Asking { again: true, ..Asking::default() });
                asking.clocks.insert(clock);
                asking.again &= again;
            }
        }
        (dates, now)
    }
}

fn ends(drain: Option<&watch::Receiver<bool>>) -> bool {
    drain.is_some_and(|drain| *drain.borrow())
}

/// Carries out one date, a page of persons in each transaction; others go first, as each waits for its turn.
async fn carry_out(
    app: &App,
    registry: &Registry,
    wall: DateTime<Utc>,
    (date, again): (NaiveDate, bool),
    drain: Option<&watch::Receiver<bool>>,
) -> anyhow::Result<()> {
    let (mut after, mut persons) = (None, 0_usize);
    loop {
        let page = app.store.calendar_page(registry, &app.policy, (date, again), wall, after).await?;
        if !page.dufs.is_empty() {
            persons += page.dufs.len();
            commit_all(app, (date, again), page.dufs).await?;
        }
        after = page.next;
        if after.is_none() || ends(drain) {
            break;
        }
    }
    if persons > 0 {
        tracing::info!(event = "calendar_date_carried_out", %date, persons);
    }
    Ok(())
}

/// Commits a page. Where the rules fail on a person, the day still comes for all others.
async fn commit_all(app: &App, date: (NaiveDate, bool), dufs: Vec<Duf>) -> anyhow::Result<()> {
    match commit(app, date, dufs.clone()).await? {
        Err(LedgerError::Panicked) => {}
        done => return done.map(drop).context("the ledger refused it"),
    }
    for duf in dufs {
        match commit(app, date, vec![duf]).await? {
            Err(LedgerError::Panicked) => tracing::error!(event = "calendar_person_failed", date = %date.0),
            done => drop(done.context("the ledger refused it")?),
        }
    }
    Ok(())
}

async fn commit(
    app: &App,
    (date, again): (NaiveDate, bool),
    dufs: Vec<Duf>,
) -> anyhow::Result<Result<Done, LedgerError>> {
    let exchange = Exchange {
        operation: "kalender",
        signer: app.keys.load().organization().context("the signing certificate names no organization")?,
        avsendersystem: None,
        meldings_id: None,
        user: None,
        request: format!("{date}").into_bytes().into(),
        received: clock::now(),
    };
    let what = Internal::Calendar { date, dufs, again };
    let work = Work::Internal(Box::new(InternalCommand { opphav: Opphav::Tid, what }));
    app.ledger.commit(Job { exchange, work }).await.context("the ledger has ended")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon(text: &str) -> DateTime<Utc> {
        format!("{text}T11:00:00Z").parse().unwrap_or_default()
    }

    fn asked(registry: &Registry, before: &Asked, at: &str) -> (Vec<String>, Asked) {
        let (dates, now) = before.since(registry, noon(at));
        (dates.keys().map(ToString::to_string).collect(), now)
    }

    #[test]
    fn every_date_is_asked_for_once_it_has_come_and_once_more_when_it_is_over() {
        let registry = Registry::default();
        let (dates, first) = asked(&registry, &Asked::default(), "2026-11-26");
        assert_eq!(dates, ["2026-11-26"], "the first start");
        assert_eq!(asked(&registry, &first, "2026-11-26").0, Vec::<String>::new(), "the same day");
        assert_eq!(asked(&registry, &first, "2026-11-27").0, ["2026-11-26", "2026-11-27"]);
        let again: Vec<bool> =
            first.since(&registry, noon("2026-11-27")).0.into_values().map(|one| one.again).collect();
        assert_eq!(again, [true, false]);
        assert_eq!(asked(&registry, &first, "2026-11-29").0.len(), 4, "days that were missed");
    }

    #[test]
    fn a_clock_of_the_sandbox_is_followed_wherever_it_is_set() {
        let mut registry = Registry::default();
        let (_, first) = asked(&registry, &Asked::default(), "2026-11-26");
        let kommune: Option<Kommunenummer> = "4204".parse().ok();
        registry.clock_offsets.extend(kommune.map(|kommune| (kommune, 86_400 * 30)));
        let (dates, ahead) = asked(&registry, &first, "2026-11-26");
        assert_eq!((dates.len(), dates.last().map(String::as_str)), (31, Some("2026-12-26")));
        registry.clock_offsets.extend(kommune.map(|kommune| (kommune, -86_400 * 3_482)));
        let (dates, _) = asked(&registry, &ahead, "2026-11-26");
        assert_eq!(dates, ["2017-05-15"], "set back: only its day");
    }
}
