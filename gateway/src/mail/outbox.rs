//! Sends the mails that wait in the database: each by one node at a time, again until the server has taken it.
//!
//! At least once: a node that dies between the server's word and its own note leaves a mail that is sent again, with the same
//! Message-ID, by which a reader's program knows it.

use std::time::Duration;

use chrono::TimeDelta;
use register::store::StoreError;
use register::store::varsel::{Epost, Ikkesendt};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::Post;
use crate::app::App;
use crate::clock;
use crate::levering::backoff::rest;

/// How often it is looked for mails that wait; what this node writes is sent at once.
const LOOK: Duration = Duration::from_secs(1);
/// The longest that one mail may take.
const ATTEMPT: Duration = Duration::from_secs(60);
/// Longer than that: who has taken a mail and is heard of no more has died.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// What is on its way when the gateway stops is waited for so long.
const GRACE: Duration = Duration::from_secs(5);
/// The rest after the first failure, and the longest.
const FIRST_REST: TimeDelta = TimeDelta::seconds(5);
const MOST_REST: TimeDelta = TimeDelta::hours(1);
/// A mail that could not be sent for so long tells nothing new.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(7);

/// Sends until told to stop.
pub async fn run(app: &App, post: &Post, written: &Notify, mut drain: watch::Receiver<bool>) {
    loop {
        if let Err(error) = send_waiting(app, post, &drain).await {
            tracing::error!(event = "mails_not_read", %error);
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            () = written.notified() => {}
            _ = drain.changed() => return,
        }
    }
}

async fn send_waiting(app: &App, post: &Post, drain: &watch::Receiver<bool>) -> Result<(), StoreError> {
    while !*drain.borrow() {
        let Some(mail) = app.store.take_mail(clock::now(), LEASE).await? else { break };
        let sent = tokio::select! {
            sent = timeout(ATTEMPT, post.send(&mail)) => sent.unwrap_or_else(|_| Err("it took too long".to_owned())),
            () = stopped(drain.clone()) => return Ok(()),
        };
        note(app, &mail, sent).await?;
    }
    let stand = app.store.mails().await?;
    metrics::gauge!("nir_mails_waiting").set(stand.venter as f64);
    metrics::gauge!("nir_mails_given_up").set(stand.oppgitt as f64);
    Ok(())
}

async fn stopped(mut drain: watch::Receiver<bool>) {
    let _ = drain.wait_for(|stop| *stop).await;
    sleep(GRACE).await;
}

async fn note(app: &App, mail: &Epost, sent: Result<(), String>) -> Result<(), StoreError> {
    let (id, aarsak, avsendersystem, at) = (mail.brev.id, &mail.aarsak, &mail.avsendersystem, clock::now());
    let Err(reason) = sent else {
        tracing::info!(event = "notice_sent", %id, aarsak, avsendersystem);
        return app.store.mail_sent(id, at).await;
    };
    let oppgitt = at - mail.skrevet >= GIVE_UP_AFTER;
    let neste = at + rest(mail.forsoek, FIRST_REST, MOST_REST);
    let failed = Ikkesendt { at, neste, oppgitt, hvorfor: reason.clone() };
    // Where another has it since, it is for that one to say.
    if !app.store.mail_not_sent(mail, &failed).await? {
        return Ok(());
    }
    if oppgitt {
        tracing::error!(event = "notice_given_up", %id, aarsak, avsendersystem, reason);
    } else {
        tracing::warn!(event = "notice_not_sent", %id, aarsak, avsendersystem, attempts = mail.forsoek, reason);
    }
    Ok(())
}
