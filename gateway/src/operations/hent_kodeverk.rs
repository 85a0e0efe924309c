//! `hentKodeverk`: code lists with validity, source and guidance.

use nir_xsd::message::{Answer, HentKodeverkSvar, Kodeverksforespoersel, Version};

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Answers the lists asked for, or all; on a date, only what is valid then.
pub async fn run(context: Context, request: Kodeverksforespoersel) -> Reply {
    let (_, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("hentKodeverk", &errors).await;
    }
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    match translate::kodeverk_answer(context.app.catalogue, &request) {
        Ok(svar) => context.recorded(Answer::HentKodeverk(HentKodeverkSvar { svar }), &version, "OK").await,
        Err(finding) => context.nir_feil("hentKodeverk", &[finding]).await,
    }
}
