//! `sendPersongrunnlag`: what a source tells goes to the ledger on the same road as a registration.

use nir_xsd::message::Grunnlagsmelding;
use register::ledger::{LedgerError, Work};

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Applies the message; the Kvittering leaves only after the commit.
pub async fn run(mut context: Context, melding: Grunnlagsmelding) -> Reply {
    let signer = context.signer.party.orgnr;
    let told = translate::grunnlag(&melding, signer, context.tls_organization.as_deref(), context.app.catalogue);
    context.exchange.avsendersystem = Some(told.scope());
    context.exchange.meldings_id = Some(told.meldings_id.clone());
    let kilde = told.kilde.clone();
    match context.commit(Work::Grunnlag(Box::new(told))).await {
        Err(LedgerError::SourceHeld) => context.source_held(&kilde).await,
        outcome => context.answered(outcome).await,
    }
}
