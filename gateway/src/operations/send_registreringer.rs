//! `sendRegistreringer`: the message goes to the ledger as a command, or through a dry run beside it.

use nir_xsd::message::Registreringsmelding;
use register::ledger::{Work, dry_run};

use crate::ids::RandomIds;
use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Applies the message; the Kvittering leaves only after the commit.
pub async fn run(context: Context, melding: Registreringsmelding) -> Reply {
    let header = context.header(&melding.meldingshode);
    let command = translate::command(&melding, header, context.app.catalogue);
    if !command.proevekjoering {
        return context.committed(Work::Register(Box::new(command))).await;
    }
    // A dry run reads without locks, never enters the batch and spends no id (design.md 17).
    let (app, received) = (&context.app, context.exchange.received);
    match dry_run(&app.store, &command, &app.policy, received, &mut RandomIds).await {
        Ok(receipt) => context.committed(Work::DryRun(Box::new(receipt))).await,
        Err(error) => context.failed(&error.into()).await,
    }
}
