//! `sendRegistreringer`: the message goes to the ledger as a command, or through a dry run beside it.

use std::sync::Arc;

use nir_xsd::message::Registreringsmelding;
use register::command::Command;
use register::decide::finding;
use register::ledger::{DryRun, LedgerError, Work};
use register::receipt::Field;
use register::rejection::Rejection;

use crate::ids::RandomIds;
use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Applies the message; the Kvittering leaves only after the commit.
pub async fn run(context: Context, melding: Registreringsmelding) -> Reply {
    let read = || translate::command(&melding, context.header(&melding.meldingshode), context.app.catalogue);
    let command = read();
    if command.proevekjoering {
        return rehearse(context, command).await;
    }
    let hode = &melding.meldingshode;
    let _working = context.app.in_work.begin(&hode.avsendersystem, &hode.meldings_id);
    if context.app.faults.as_ref().is_some_and(|faults| faults.take_k705()) {
        let command = busy(command);
        return context.committed(Work::Register(Box::new(command))).await;
    }
    match context.commit(Work::Register(Box::new(command))).await {
        // The same message, judged by that alone: its receipt says so, and its first receipt time is kept.
        Err(LedgerError::Locked) => {
            let command = busy(read());
            context.committed(Work::Register(Box::new(command))).await
        }
        outcome => context.answered(outcome).await,
    }
}

/// A dry run reads without locks, is judged by a worker, never enters the batch and spends no id (design.md 17).
async fn rehearse(context: Context, command: Command) -> Reply {
    let (app, received) = (&context.app, context.exchange.received);
    let read = match DryRun::read(&app.store, &command, &app.policy).await {
        Ok(read) => read,
        Err(error) => return context.failed(&error.into()).await,
    };
    let policy = Arc::clone(&app.policy);
    let judge = move || read.judge(&command, &policy, received, &mut RandomIds);
    match app.pool.run(judge).await.unwrap_or(Err(LedgerError::Panicked)) {
        Ok(receipt) => context.committed(Work::DryRun(Box::new(receipt))).await,
        Err(error) => context.failed(&error).await,
    }
}

/// The command, which meets persons under treatment (NIR-K705): nothing is stored, no id is spent, and nobody is waited
/// for once more.
fn busy(mut command: Command) -> Command {
    command.form_errors = vec![finding(Rejection::PersonLocked, Field::Message)];
    command
}
