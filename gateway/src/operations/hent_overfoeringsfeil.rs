//! `hentOverfoeringsfeil`: what was rejected, with every attempt, how far it has come, and when the window closes.

use nir_xsd::message::{Answer, HentOverfoeringsfeilSvar, Overfoeringsfeilforespoersel, Overfoeringsfeilside, Version};
use register::id::Duf;
use register::query::feilsak::as_of_unknown;
use register::store::StoreError;

use crate::operations::Context;
use crate::operations::saker::{Asked, persons};
use crate::reply::Reply;
use crate::translate;

/// Answers one page of the avsendersystem's own cases.
pub async fn run(context: Context, request: Overfoeringsfeilforespoersel) -> Reply {
    let root = "hentOverfoeringsfeil";
    let page = (request.antall, request.sidetoken.as_deref());
    let read = Asked::read(&context, root, &request.meldingshode, translate::feil_asked(&request), page);
    let (asked, mut question) = match read {
        Ok(read) => read,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    question.after = asked.after;
    let caller = match asked.caller(&context) {
        Ok(caller) if caller.user.roles.iter().any(|role| role.reads()) => caller,
        Ok(_) => return context.nir_feil(root, &translate::may_not_list()).await,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    let found = async {
        let (saker, flere) = context.app.store.feilsaker(&question, asked.size).await?;
        let dufs = saker.iter().filter_map(|(sak, _)| sak.duf.as_deref());
        let persons = persons(&context, dufs).await?;
        Ok::<_, StoreError>((saker, flere, persons))
    };
    let (saker, flere, persons) = match found.await {
        Ok(found) => found,
        Err(error) => return context.failed(&error.into()).await,
    };
    let neste_token = saker.last().filter(|_| flere).map(|(sak, _)| asked.token(&(sak.aapnet, sak.sak)));
    let seen = saker.into_iter().filter_map(|(sak, feil)| {
        let hidden = asked.hides(&context, &caller, &persons, sak.duf.as_deref());
        if hidden { as_of_unknown(sak, feil) } else { Some((sak, feil)) }
    });
    let sak: Vec<_> = seen.map(|(sak, feil)| translate::overfoeringsfeil(context.app.catalogue, &sak, feil)).collect();
    let (dufs, series) = (sak.iter().filter_map(|sak| sak.duf_nummer.as_ref()), context.app.policy.test_series());
    let shown: Vec<Duf> = dufs.filter_map(|duf| Duf::parse(duf, series).ok()).collect();
    let side = Overfoeringsfeilside { sak, flere, neste_token };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentOverfoeringsfeil(HentOverfoeringsfeilSvar { side }), &version, &shown).await
}
