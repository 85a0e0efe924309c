//! `ventPaaEndringer`: one waiting call for all streams that the caller may read (contract.md 4.6). It tells which have news;
//! nobody is shown anything, so it leaves no evidence.

use nir_xsd::message::{Answer, VentPaaEndringerSvar, Venteforespoersel, Ventesvar, Version};
use register::command::Header;
use register::decide::{authorized_system, may_carry};
use register::receipt::StreamPosition;
use register::rejection::Rejection;

use crate::operations::Context;
use crate::operations::bekreft_endringer::Refused;
use crate::operations::hent_endringer::seconds;
use crate::polls::{Full, Kind, Watched, Woken};
use crate::reply::Reply;
use crate::translate;

/// Waits until one of the streams has news.
pub async fn run(mut context: Context, request: Venteforespoersel) -> Reply {
    let root = "ventPaaEndringer";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    match news(&mut context, &header, &request).await {
        Ok(Ok(news)) => {
            let stroem = news.iter().map(translate::stream_position).collect();
            let answer = Answer::VentPaaEndringer(VentPaaEndringerSvar { svar: Ventesvar { stroem } });
            context.unrecorded(answer, &Version::parse(&request.meldingshode.kontraktversjon)).await
        }
        Ok(Err(Full)) => context.busy().await,
        Err(Refused::Finding(finding)) => context.nir_feil(root, &[*finding]).await,
        Err(Refused::Failed(error)) => context.failed(&error).await,
    }
}

async fn news(
    context: &mut Context,
    header: &Header,
    request: &Venteforespoersel,
) -> Result<Result<Vec<StreamPosition>, Full>, Refused> {
    let seconds = seconds(request.vent_sekunder)?;
    let watched = watched(context, header, request)?;
    let systems: Vec<String> = watched.iter().map(|watched| watched.avsendersystem.clone()).collect();
    let waiting = match context.ticket(Kind::Many, watched.clone(), seconds) {
        Ok(waiting) => waiting,
        Err(full) => return Ok(Err(full)),
    };
    loop {
        let found = context.app.store.stream_positions(&systems).await;
        let found = found.map_err(|error| Refused::Failed(error.into()))?;
        let mut news = Vec::new();
        for watched in &watched {
            let position = found.iter().find(|(system, _)| *system == watched.avsendersystem).map(|(_, at)| at);
            let position = position.filter(|position| position.stroem_id == watched.stroem_id);
            let position = position.ok_or_else(|| Refused::at(Rejection::PositionExpired, "posisjon/stroemId"))?;
            if watched.after > position.siste_sekvensnummer || watched.after < 0 {
                return Err(Refused::at(Rejection::PositionExpired, "posisjon/etterSekvensnummer"));
            }
            if watched.moved(position) {
                news.push(position.clone());
            }
        }
        let Some((ticket, until)) = waiting.as_ref().filter(|_| news.is_empty()) else { return Ok(Ok(news)) };
        if context.wait(ticket, *until).await != Woken::Look {
            return Ok(Ok(news));
        }
    }
}

/// The streams; each must be of an avsendersystem that the signer may speak for. Of others nothing is told.
fn watched(context: &Context, header: &Header, request: &Venteforespoersel) -> Result<Vec<Watched>, Refused> {
    let registry = context.registry();
    let (policy, now) = (&context.app.policy, context.now(&registry, &request.meldingshode));
    let one = |posisjon: &nir_xsd::message::Venteposisjon| {
        let (avsendersystem, _) = posisjon.stroem_id.rsplit_once('.')?;
        let of = Header { avsendersystem: avsendersystem.to_owned(), ..header.clone() };
        let system = authorized_system(&registry, &of, policy, &now)?;
        may_carry(&registry, &of, system, policy, &now).then(|| Watched {
            avsendersystem: system.id.clone(),
            stroem_id: posisjon.stroem_id.clone(),
            after: posisjon.etter_sekvensnummer,
        })
    };
    let refused = || Refused::at(Rejection::PositionExpired, "posisjon/stroemId");
    request.posisjon.iter().map(|posisjon| one(posisjon).ok_or_else(refused)).collect()
}
