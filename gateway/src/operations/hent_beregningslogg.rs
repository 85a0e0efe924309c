//! `hentBeregningslogg`: why categories and deadlines are what they are.

use nir_xsd::message::{Answer, Beregningsloggforespoersel, HentBeregningsloggSvar, Version};
use register::query::access::Caller;
use register::query::logg;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Reads; the answer waits for its audit row (design.md 17, Reads).
pub async fn run(context: Context, request: Beregningsloggforespoersel) -> Reply {
    let root = "hentBeregningslogg";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let (duf, id) = match translate::logg_asked(&request, policy) {
        Ok(asked) => asked,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let history = match context.app.store.read_person(duf, &header.avsendersystem).await {
        Ok((history, _)) => history,
        Err(error) => return context.failed(&error.into()).await,
    };
    let caller = Caller::of(&registry, &header, policy, now.today);
    let row = match logg::beregning(caller, history.as_ref(), id, policy, &now) {
        Ok(row) => row,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    let beregning = translate::beregningslogg(duf, row);
    context.recorded(Answer::HentBeregningslogg(HentBeregningsloggSvar { beregning }), &version, "OK").await
}
