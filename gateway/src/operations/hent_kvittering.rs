//! `hentKvittering`: the stored receipt, or plainly that there is none.

use nir_xsd::message::{Answer, HentKvitteringSvar, Kvitteringsforespoersel, Kvitteringssvar, Version};

use crate::operations::Context;
use crate::reply::Reply;

/// Answers FUNNET with the stored receipt, UNDER_BEHANDLING, or IKKE_MOTTATT.
pub async fn run(context: Context, request: Kvitteringsforespoersel) -> Reply {
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("hentKvittering", &errors).await;
    }
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    // Asked first: a message that is done between the two questions is found by the second.
    let in_work = context.app.in_work.has(&header.avsendersystem, &request.gjelder_meldings_id);
    let stored = context.app.store.stored_answer(&header.avsendersystem, &request.gjelder_meldings_id).await;
    let kvittering = match stored {
        Ok(stored) => stored.and_then(|bytes| Answer::parse(&bytes).ok()).and_then(|answer| match answer {
            Answer::SendRegistreringer(svar) => Some(svar.kvittering),
            _ => None,
        }),
        Err(error) => return context.failed(&error.into()).await,
    };
    let status = match &kvittering {
        Some(_) => "FUNNET",
        None if in_work => "UNDER_BEHANDLING",
        None => "IKKE_MOTTATT",
    };
    let svar = Kvitteringssvar { status: status.to_owned(), kvittering };
    context.recorded(Answer::HentKvittering(HentKvitteringSvar { svar }), &version, status).await
}
