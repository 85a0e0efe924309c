//! `meldFeilregistrert` (HD-14): a wrong record outside the window goes to the ledger as a command of its own.

use nir_xsd::message::Feilregistrertforespoersel;
use register::ledger::{LedgerError, Work};

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Reports the record; the receipt leaves only after the commit.
pub async fn run(context: Context, request: Feilregistrertforespoersel) -> Reply {
    let header = context.header(&request.meldingshode);
    let melding = translate::feilmelding(&request, header, context.app.catalogue);
    match context.commit(Work::Strike(Box::new(melding))).await {
        Err(LedgerError::Refused(findings)) => context.nir_feil("meldFeilregistrert", &findings).await,
        outcome => context.answered(outcome).await,
    }
}
