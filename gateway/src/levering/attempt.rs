//! One delivery, from taking the stream to what is recorded of it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hyper::body::Bytes;
use nir_wsdl::operation::DELIVER;
use nir_wsdl::seal::Sealed;
use register::id::Orgnr;
use register::ledger::{Done, Exchange, Job, LedgerError, Work};
use register::store::StoreError;
use register::store::levering::{Claim, Failure};

use super::batch::Batch;
use super::link::OurEnd;
use super::outcome::{Outcome, Why};
use super::{Receiver, backoff, link, receipt};
use crate::app::App;
use crate::clock;

/// Changes of one delivery (design.md 17, Streams).
const MOST_CHANGES: i64 = 1_000;
/// How much longer than the longest exchange a stream is lent: for sealing, verifying and recording.
const MARGIN: TimeDelta = TimeDelta::seconds(30);

/// What one exchange left to record.
struct Sent {
    batch: Batch,
    signature: Vec<u8>,
    answer: Bytes,
    at: DateTime<Utc>,
}

/// Delivers the next batch of a stream. Whether the stream's row now says when it is tried again; `false` when nothing came of
/// it, and the same would come at once.
pub async fn deliver(app: &Arc<App>, receiver: &Receiver) -> bool {
    next(app, receiver).await.unwrap_or_else(|error| {
        tracing::error!(event = "delivery_not_recorded", avsendersystem = receiver.system.id, %error);
        false
    })
}

async fn next(app: &Arc<App>, receiver: &Receiver) -> Result<bool, LedgerError> {
    let system = receiver.system.id.as_str();
    let delivery = &app.config.delivery;
    let seconds = i64::try_from(delivery.connect_seconds + delivery.answer_seconds).unwrap_or(i64::MAX / 1_000_000);
    let lease = TimeDelta::seconds(seconds) + MARGIN;
    let claim = app.store.claim_stream(system, &app.config.node.name, clock::now(), lease).await?;
    let Some(claim) = claim else { return Ok(false) };
    // What the database has approved, not what this node remembers: an operator may have changed it a moment ago.
    let Some(address) = claim.address.clone().filter(|address| address.approved.is_some()) else {
        app.store.release_stream(&claim).await?;
        return Ok(false);
    };
    let receiver = &Receiver { system: receiver.system.clone(), address };
    // Read after it was taken: what an earlier owner recorded is seen, and what it still brings is refused.
    let batch = match batch(app, receiver).await {
        Ok(Next::Batch(batch)) => batch,
        Ok(Next::Nothing) => {
            app.store.release_stream(&claim).await?;
            return Ok(false);
        }
        // A number that is left out would be missed by nobody but the persons (contract.md 0.13).
        Ok(Next::Pruned { oldest }) => {
            failed(app, receiver, &claim, &Why::Pruned(oldest), true, None).await?;
            return Ok(true);
        }
        // It may be this stream's alone: a row that a newer version wrote, or one that is damaged.
        Err(error) => {
            tracing::error!(event = "stream_not_read", avsendersystem = system, %error);
            failed(app, receiver, &claim, &Why::Internal, false, None).await?;
            return Ok(true);
        }
    };
    let (outcome, sent) = call(app, receiver, batch).await;
    match (outcome, sent) {
        (Outcome::Delivered(to), Some((sent, signer))) => acknowledged(app, receiver, &claim, sent, signer, to).await?,
        (Outcome::Delivered(_), None) => failed(app, receiver, &claim, &Why::Internal, false, None).await?,
        (Outcome::Later(why), sent) => failed(app, receiver, &claim, &why, false, sent).await?,
        (Outcome::Never(why), sent) => failed(app, receiver, &claim, &why, true, sent).await?,
    }
    Ok(true)
}

/// What comes next in a stream.
enum Next {
    /// These changes.
    Batch(Batch),
    /// None.
    Nothing,
    /// Changes that are no longer kept.
    Pruned {
        /// The oldest number still there.
        oldest: i64,
    },
}

async fn batch(app: &App, receiver: &Receiver) -> Result<Next, StoreError> {
    let system = receiver.system.id.as_str();
    let Some(position) = app.store.stream_position(system).await? else { return Ok(Next::Nothing) };
    let Some(page) = app.store.changes(system, position.bekreftet_til, MOST_CHANGES).await? else {
        return Ok(Next::Nothing);
    };
    if page.oldest > position.bekreftet_til + 1 {
        return Ok(Next::Pruned { oldest: page.oldest });
    }
    Ok(Batch::of(receiver, &page).map_or(Next::Nothing, Next::Batch))
}

/// Seals, calls, and judges the answer. What left is returned with who is answerable for it: who signed the receipt, or
/// the operator of the avsendersystem where there is none.
async fn call(app: &Arc<App>, receiver: &Receiver, batch: Batch) -> (Outcome, Option<(Sent, Orgnr)>) {
    let at = clock::now();
    let Some(Sealed { bytes, signature_value: signature }) = sealed(app, receiver, &batch, at).await else {
        return (Outcome::Later(Why::Internal), None);
    };
    let exchanged = link::exchange(&OurEnd::of(app), receiver, &DELIVER, bytes).await;
    let operator = receiver.system.operator;
    let answer = match exchanged.answer {
        Ok(answer) => answer,
        Err(why) => {
            let sent = Sent { batch, signature, answer: Bytes::new(), at };
            return (why.into(), exchanged.sent.then_some((sent, operator)));
        }
    };
    let judge = {
        let (app, receiver, batch, answer) = (Arc::clone(app), receiver.clone(), batch.clone(), answer.clone());
        move || receipt::read(&OurEnd::of(&app), &receiver, &batch, &answer, clock::now())
    };
    let judged = app.pool.run(judge).await.unwrap_or(Err(Why::Internal));
    let sent = Sent { batch, signature, answer, at };
    match judged {
        Ok(receipt) => (Outcome::Delivered(receipt.to), Some((sent, receipt.signer))),
        Err(why) => (why.into(), Some((sent, operator))),
    }
}

async fn sealed(app: &Arc<App>, receiver: &Receiver, batch: &Batch, at: DateTime<Utc>) -> Option<Sealed> {
    let (own, body, receiver) = (Arc::clone(app), batch.body.clone(), receiver.clone());
    let seal = move || link::sealed(&own.keys.load(), &own.registry.load(), &receiver, (&DELIVER, &body), at);
    app.pool.run(seal).await.ok()
}

/// Keeps the exchange and moves the cursor, in one transaction; then the signature under what was sent.
async fn acknowledged(
    app: &App,
    receiver: &Receiver,
    claim: &Claim,
    sent: Sent,
    signer: Orgnr,
    to: i64,
) -> Result<(), LedgerError> {
    let (batch, signature) = (sent.batch, sent.signature);
    let exchange = exchange(receiver, signer, sent.answer, sent.at, &batch.leveranse_id);
    let work = Work::Delivered {
        sent: batch.body,
        stroem_id: batch.stroem_id,
        handed_out: batch.to,
        bekreftet_til: to,
        fence: claim.fence,
    };
    let done = commit(app, Job { exchange: exchange.clone(), work }).await;
    if matches!(&done, Err(LedgerError::Store(error)) if matches!(**error, StoreError::OtherRules)) {
        // They became active meanwhile: a node that has them need not wait until the lease ends.
        app.store.release_stream(claim).await?;
    }
    let Done { bevis, .. } = done?;
    app.ledger.note(Job { exchange, work: Work::Signature { of: bevis, signature } }).await;
    metrics::counter!("nir_deliveries_total", "outcome" => "LEVERT").increment(1);
    let changes = u64::try_from(to - batch.from + 1).unwrap_or_default();
    metrics::counter!("nir_changes_delivered_total").increment(changes);
    if claim.attempts > 0 {
        tracing::info!(event = "delivery_again", avsendersystem = receiver.system.id, after = claim.attempts);
    }
    Ok(())
}

/// Records that it failed: what left as evidence, and when it is tried again.
async fn failed(
    app: &App,
    receiver: &Receiver,
    claim: &Claim,
    why: &Why,
    never: bool,
    sent: Option<(Sent, Orgnr)>,
) -> Result<(), LedgerError> {
    let (system, delivery, now) = (receiver.system.id.as_str(), &app.config.delivery, clock::now());
    metrics::counter!("nir_deliveries_total", "outcome" => why.code()).increment(1);
    if let Some((sent, operator)) = sent {
        let exchange = exchange(receiver, operator, sent.answer, sent.at, &sent.batch.leveranse_id);
        let outcome = format!("IKKE_LEVERT {}", why.code());
        let work = Work::Record { answer: sent.batch.body, outcome, handed_out: Some(sent.batch.to) };
        if let Err(error) = commit(app, Job { exchange, work }).await {
            tracing::error!(event = "delivery_not_kept", avsendersystem = system, %error);
        }
    }
    let milliseconds = |value: u64| TimeDelta::milliseconds(i64::try_from(value).unwrap_or(i64::MAX / 2));
    let (first, most) = (milliseconds(delivery.backoff_first_ms), milliseconds(delivery.backoff_most_ms));
    let rest = backoff::rest(claim.attempts + 1, first, most);
    let patience = milliseconds(delivery.park_after_seconds.saturating_mul(1_000));
    let parked = never || claim.failing_since.is_some_and(|since| now - since >= patience);
    let failure = Failure { at: now, due: now + rest, parked, why: why.to_string() };
    if !app.store.failed_delivery(claim, &failure).await? {
        tracing::warn!(event = "delivery_fenced", avsendersystem = system);
        return Ok(());
    }
    if parked {
        metrics::counter!("nir_streams_parked_total").increment(1);
        tracing::error!(event = "stream_parked", alert = true, avsendersystem = system, code = why.code(), %why);
    } else {
        let (attempts, again) = (claim.attempts + 1, failure.due.to_rfc3339());
        tracing::warn!(event = "delivery_failed", avsendersystem = system, attempts, again, code = why.code(), %why);
    }
    Ok(())
}

/// What arrived is the receiver's answer, and what was signed is ours: so the answer stands where a request does.
fn exchange(receiver: &Receiver, signer: Orgnr, answer: Bytes, at: DateTime<Utc>, leveranse_id: &str) -> Exchange {
    Exchange {
        operation: DELIVER.name,
        signer,
        avsendersystem: Some(receiver.system.id.clone()),
        meldings_id: Some(leveranse_id.to_owned()),
        user: None,
        request: Arc::from(&answer[..]),
        received: at,
    }
}

async fn commit(app: &App, job: Job) -> Result<Done, LedgerError> {
    app.ledger.commit(job).await.unwrap_or(Err(LedgerError::OutcomeUnknown))
}
