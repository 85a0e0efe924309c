//! What a node clears away while it runs: rows of lists that only questions begun long ago would ask for, changes, notices and
//! mails after 13 months, and what sources closed when the brake asks for it no more.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use crate::admin::stream::retained_since;
use crate::app::App;
use crate::clock;
use crate::varsel::STANDING;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(3_600);
/// A page token older than this may miss persons: nobody turns pages for so long (contract.md 5, hentPersonliste).
const PAGES_TURNED_WITHIN: TimeDelta = TimeDelta::days(2);

/// Clears away until the gateway stops. Every node does: what is gone is gone.
pub async fn run(app: Arc<App>, mut drain: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = drain.changed() => return,
        }
        match app.store.prune_lists(clock::now() - PAGES_TURNED_WITHIN).await {
            Ok(rows) => tracing::info!(event = "lists_pruned", rows),
            Err(error) => tracing::error!(event = "lists_not_pruned", %error),
        }
        match app.store.prune_streams(retained_since(clock::now())).await {
            Ok(changes) => tracing::info!(event = "streams_pruned", changes),
            Err(error) => tracing::error!(event = "streams_not_pruned", %error),
        }
        match app.store.prune_notices(retained_since(clock::now()), &STANDING).await {
            Ok(rows) => tracing::info!(event = "notices_pruned", rows),
            Err(error) => tracing::error!(event = "notices_not_pruned", %error),
        }
        match app.store.prune_closings(&app.policy, clock::now()).await {
            Ok(rows) => tracing::info!(event = "closings_pruned", rows),
            Err(error) => tracing::error!(event = "closings_not_pruned", %error),
        }
    }
}
