//! `hentAvsenderstatus`: every precondition of sending with yes or no and the reason, for a sender that may be refused
//! everything else.

use nir_xsd::message::{
    Answer, Avsenderkvote, Avsenderstatusforespoersel, Avsendervarsel, HentAvsenderstatusSvar, Version,
};
use register::query::avsender;
use register::store::StoreError;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;
use crate::translate::notice::oslo;

/// Notices that are shown.
const NOTICES: i64 = 20;

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
    let more = async {
        let store = &context.app.store;
        let open = store.open_feilsaker(&header.avsendersystem).await?;
        let told = store.told_notices(&header.avsendersystem, NOTICES).await?;
        Ok::<_, StoreError>((open, told, store.leveringer().await?))
    };
    let ((open, closes), told, leveringer) = match more.await {
        Ok(more) => more,
        Err(error) => return context.failed(&error.into()).await,
    };
    let limits = &context.app.config.limits;
    let number = |limit: usize| i32::try_from(limit).unwrap_or(i32::MAX);
    let mut status = translate::avsenderstatus(system, &found, certificates, stroem.as_ref(), context.app.catalogue);
    status.aapne_feil = Some(i32::try_from(open).unwrap_or(i32::MAX));
    status.vindu_lukker = closes;
    status.kvote =
        Some(Avsenderkvote { samtidige: number(limits.in_flight_per_sender), ventende: number(limits.waiting_polls) });
    let varsel = |(aarsak, at)| Avsendervarsel { aarsak, fortalt: oslo(at) };
    status.varsel = told.into_iter().map(varsel).collect();
    let stands = leveringer.iter().find(|row| row.avsendersystem == header.avsendersystem);
    let address = registry.push.get(&header.avsendersystem);
    status.levering = address.map(|address| translate::avsenderlevering(address, stands));
    context.exchange.user = None;
    let version = Version::parse(&hode.kontraktversjon);
    context.recorded(Answer::HentAvsenderstatus(HentAvsenderstatusSvar { status }), &version, "OK").await
}
