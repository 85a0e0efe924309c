//! `bekreftEndringer`: moves the caller's cursor; only forward, and never past what was handed out.

use nir_xsd::message::{Answer, BekreftEndringerSvar, Bekreftelsesforespoersel, Version};
use register::decide::finding;
use register::ledger::{Job, LedgerError, Work};
use register::receipt::{Field, Finding, StreamPosition};
use register::rejection::Rejection;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Acknowledges and answers where the stream stands.
pub async fn run(context: Context, request: Bekreftelsesforespoersel) -> Reply {
    let hode = &request.meldingshode;
    let (header, errors) = context.sender(hode);
    if !errors.is_empty() {
        return context.nir_feil("bekreftEndringer", &errors).await;
    }
    let moved = match own_stream(&context, &header.avsendersystem, &request.stroem_id).await {
        Ok(_) => acknowledge(&context, request.bekreft_til).await,
        Err(refused) => Err(refused),
    };
    match moved {
        Ok(()) => {}
        Err(Refused::Finding(finding)) => return context.nir_feil("bekreftEndringer", &[*finding]).await,
        Err(Refused::Failed(error)) => return context.failed(&error).await,
    }
    match own_stream(&context, &header.avsendersystem, &request.stroem_id).await {
        Ok(position) => {
            let answer =
                Answer::BekreftEndringer(BekreftEndringerSvar { stroem: translate::stream_position(&position) });
            context.recorded(answer, &Version::parse(&hode.kontraktversjon), "OK").await
        }
        Err(Refused::Finding(finding)) => context.nir_feil("bekreftEndringer", &[*finding]).await,
        Err(Refused::Failed(error)) => context.failed(&error).await,
    }
}

/// Why a stream operation ended.
pub enum Refused {
    /// The caller's fault.
    Finding(Box<Finding>),
    /// Ours.
    Failed(LedgerError),
}

impl Refused {
    /// A refusal that points at an element of the request.
    pub fn at(rejection: Rejection, field: &'static str) -> Self {
        Refused::Finding(Box::new(finding(rejection, Field::Content(field))))
    }

    /// A number older than what is left of the stream; the answer names the oldest (NIR-I905).
    pub fn expired(oldest: i64) -> Self {
        let mut expired = finding(Rejection::PositionExpired, Field::Content("etterSekvensnummer"));
        expired.params.push(("eldsteSekvensnummer", oldest.to_string()));
        Refused::Finding(Box::new(expired))
    }
}

/// Where the stream stands, if it is the avsendersystem's own and of its present incarnation (NIR-I905 if not).
pub async fn own_stream(context: &Context, avsendersystem: &str, stroem_id: &str) -> Result<StreamPosition, Refused> {
    match context.app.store.stream_position(avsendersystem).await {
        Ok(Some(position)) if position.stroem_id == stroem_id => Ok(position),
        Ok(_) => Err(Refused::at(Rejection::PositionExpired, "stroemId")),
        Err(error) => Err(Refused::Failed(error.into())),
    }
}

/// Moves the cursor in the ledger.
pub async fn acknowledge(context: &Context, to: i64) -> Result<(), Refused> {
    let work = Work::Acknowledge { bekreft_til: to };
    match context.app.ledger.commit(Job { exchange: context.exchange.clone(), work }).await {
        Some(Ok(_)) => Ok(()),
        Some(Err(LedgerError::BeyondHandedOut)) => Err(Refused::at(Rejection::BeyondHandedOut, "bekreftTil")),
        Some(Err(error)) => Err(Refused::Failed(error)),
        None => Err(Refused::Failed(LedgerError::OutcomeUnknown)),
    }
}
