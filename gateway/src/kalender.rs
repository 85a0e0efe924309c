//! The calendar (design.md 6, Calendar events): asks the register what each date brings and commits it like any other command.
//! Every node asks: what one has carried out, the ledger remembers, and nobody says it twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use register::change::Opphav;
use register::id::{Duf, Kommunenummer};
use register::ledger::{Exchange, Internal, InternalCommand, Job, Work};
use register::registry::Registry;
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

/// What the node has asked for so far; one look at a time.
#[derive(Debug, Default)]
pub struct Calendar(Mutex<Asked>);

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
    let mut asked = app.calendar.0.lock().await;
    let (registry, wall) = (app.registry.load_full(), clock::now());
    if asked.0.is_empty() {
        // What was missed while no node ran.
        let done = app.store.calendar_date().await?;
        asked.0.extend(done.map(|done| (None, done)));
    }
    let (dates, now) = asked.since(&registry, wall);
    for date in dates {
        carry_out(app, &registry, wall, date, drain).await?;
        if ends(drain) {
            return Ok(());
        }
    }
    if *asked != now && !ends(drain) {
        app.store.calendar_done_to(oslo_date(wall)).await?;
        *asked = now;
    }
    Ok(())
}

impl Asked {
    /// Dates that have come by one clock or another, the earliest first, and what will have been asked for with them. With a
    /// new day the one before is asked for once more: what the register learned in its course belongs to it, too.
    fn since(&self, registry: &Registry, wall: DateTime<Utc>) -> (BTreeSet<NaiveDate>, Asked) {
        let clocks = std::iter::once(None).chain(registry.clock_offsets.keys().copied().map(Some));
        let (mut dates, mut now) = (BTreeSet::new(), Asked::default());
        let everybody = self.0.get(&None);
        for clock in clocks {
            let today = oslo_date(registry.register_time(clock, wall));
            now.0.insert(clock, today);
            match self.0.get(&clock).or(everybody) {
                Some(last) if *last == today => {}
                Some(last) if *last < today && (today - *last).num_days() <= DAYS => {
                    dates.extend(last.iter_days().take_while(|day| *day <= today));
                }
                // The first start, or a clock that was set back or far ahead.
                _ => drop(dates.insert(today)),
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
    date: NaiveDate,
    drain: Option<&watch::Receiver<bool>>,
) -> anyhow::Result<()> {
    let (mut after, mut persons) = (None, 0_usize);
    loop {
        let page = app.store.calendar_page(registry, &app.policy, date, wall, after).await?;
        if !page.dufs.is_empty() {
            persons += page.dufs.len();
            commit(app, date, page.dufs).await?;
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

async fn commit(app: &App, date: NaiveDate, dufs: Vec<Duf>) -> anyhow::Result<()> {
    let exchange = Exchange {
        operation: "kalender",
        signer: app.keys.load().organization().context("the signing certificate names no organization")?,
        avsendersystem: None,
        meldings_id: None,
        user: None,
        request: format!("{date}").into_bytes().into(),
        received: clock::now(),
    };
    let what = Internal::Calendar { date, dufs };
    let work = Work::Internal(Box::new(InternalCommand { opphav: Opphav::Tid, what }));
    let done = app.ledger.commit(Job { exchange, work }).await.context("the ledger has ended")?;
    done.map(drop).context("the ledger refused it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon(text: &str) -> DateTime<Utc> {
        format!("{text}T11:00:00Z").parse().unwrap_or_default()
    }

    fn asked(registry: &Registry, before: &Asked, at: &str) -> (Vec<String>, Asked) {
        let (dates, now) = before.since(registry, noon(at));
        (dates.iter().map(ToString::to_string).collect(), now)
    }

    #[test]
    fn every_date_is_asked_for_once_it_has_come_and_once_more_when_it_is_over() {
        let registry = Registry::default();
        let (dates, first) = asked(&registry, &Asked::default(), "2026-11-26");
        assert_eq!(dates, ["2026-11-26"], "the first start");
        assert_eq!(asked(&registry, &first, "2026-11-26").0, Vec::<String>::new(), "the same day");
        assert_eq!(asked(&registry, &first, "2026-11-27").0, ["2026-11-26", "2026-11-27"]);
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
