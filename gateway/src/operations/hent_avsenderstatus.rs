//! `hentAvsenderstatus`: every precondition of sending with yes or no and the reason, for a sender that may be refused
//! everything else.

use nir_xsd::message::{Answer, Avsenderstatusforespoersel, HentAvsenderstatusSvar, Version};
use register::query::avsender;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Answers the preconditions, the certificates and where the stream stands. Asking is no use of the transfer user: one
/// that is inactive stays so.
pub async fn run(mut context: Context, request: Avsenderstatusforespoersel) -> Reply {
    let root = "hentAvsenderstatus";
    let hode = &request.meldingshode;
    let (registry, header) = (context.registry(), context.header(hode));
    let now = context.now(&registry, hode);
    let found = match avsender::forutsetninger(&registry, &header, &context.app.policy, &now) {
        Ok(found) => found,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let stroem = match context.app.store.stream_position(&header.avsendersystem).await {
        Ok(stroem) => stroem,
        Err(error) => return context.failed(&error.into()).await,
    };
    let Some(system) = registry.avsendersystemer.get(&header.avsendersystem) else {
        return context.nir_feil(root, &[]).await;
    };
    let certificates = translate::certificates(&context.app.trust, &registry, system, &context.signer);
    let status = translate::avsenderstatus(system, &found, certificates, stroem.as_ref(), context.app.catalogue);
    context.exchange.user = None;
    let version = Version::parse(&hode.kontraktversjon);
    context.recorded(Answer::HentAvsenderstatus(HentAvsenderstatusSvar { status }), &version, "OK").await
}
