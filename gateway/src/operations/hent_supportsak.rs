//! `hentSupportsak`: own support cases, with the answers.

use nir_xsd::message::{Answer, HentSupportsakSvar, Supportsakforespoersel, Supportsakside, Version};
use register::id::Duf;

use crate::operations::Context;
use crate::operations::saker::{Asked, persons};
use crate::reply::Reply;
use crate::translate;

/// Answers one page. A case about a person that is hidden from the caller is shown to the user who wrote it alone.
pub async fn run(context: Context, request: Supportsakforespoersel) -> Reply {
    let root = "hentSupportsak";
    let page = (request.antall, request.sidetoken.as_deref());
    let read = Asked::read(&context, root, &request.meldingshode, translate::support_asked(&request), page);
    let (asked, mut question) = match read {
        Ok(read) => read,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    question.after = asked.after;
    let caller = match asked.caller(&context) {
        Ok(caller) => caller,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    let (mut saker, flere) = match context.app.store.supportsaker(&question, asked.size).await {
        Ok(found) => found,
        Err(error) => return context.failed(&error.into()).await,
    };
    let persons = match persons(&context, saker.iter().filter_map(|(sak, _)| sak.duf.as_deref())).await {
        Ok(persons) => persons,
        Err(error) => return context.failed(&error.into()).await,
    };
    let neste_token = saker.last().filter(|_| flere).map(|(sak, _)| asked.token(&(sak.aapnet, sak.sak)));
    saker.retain(|(sak, _)| {
        sak.melder.overfoeringsbruker == asked.header.overfoeringsbruker
            || !asked.hides(&context, &caller, &persons, sak.duf.as_deref())
    });
    let (dufs, series) = (saker.iter().filter_map(|(sak, _)| sak.duf.as_deref()), context.app.policy.test_series());
    let shown: Vec<Duf> = dufs.filter_map(|duf| Duf::parse(duf, series).ok()).collect();
    let side = Supportsakside { sak: saker.iter().map(translate::supportsak).collect(), flere, neste_token };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentSupportsak(HentSupportsakSvar { side }), &version, &shown).await
}
