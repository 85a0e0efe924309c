//! `hentSupportsak`: own support cases, with the answers.

use nir_xsd::message::{Answer, HentSupportsakSvar, Supportsakforespoersel, Supportsakside, Version};
use register::id::Duf;
use register::query::access::Caller;
use register::query::feilsak::hidden;

use crate::operations::hent_overfoeringsfeil::persons;
use crate::operations::{Context, side};
use crate::reply::Reply;
use crate::translate;

/// Answers one page. A case about a person that is hidden from the caller is shown to the user who wrote it alone.
pub async fn run(context: Context, request: Supportsakforespoersel) -> Reply {
    let root = "hentSupportsak";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let mut asked = match translate::support_asked(&request) {
        Ok(asked) => asked,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    let question = format!("{root} {asked:?}");
    let place = side::size(request.antall, side::DEFAULT)
        .and_then(|size| Ok((size, side::sak_place(request.sidetoken.as_deref(), &question)?)));
    let size;
    (size, asked.after) = match place {
        Ok(place) => place,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let Some(caller) = Caller::of(&registry, &header, policy, now.today) else {
        return context.nir_feil(root, &translate::may_not_list()).await;
    };
    let (mut saker, flere) = match context.app.store.supportsaker(&asked, size).await {
        Ok(found) => found,
        Err(error) => return context.failed(&error.into()).await,
    };
    let persons = match persons(&context, saker.iter().filter_map(|(sak, _)| sak.duf.as_deref())).await {
        Ok(persons) => persons,
        Err(error) => return context.failed(&error.into()).await,
    };
    let last = saker.last().map(|(sak, _)| (sak.aapnet, sak.sak));
    let neste_token = last.filter(|_| flere).map(|last| side::sak_token(last, &question));
    let is_hidden = |duf: &str| hidden(&persons, duf, &caller, policy, &now);
    saker.retain(|(sak, _)| {
        sak.melder.overfoeringsbruker == header.overfoeringsbruker || !sak.duf.as_deref().is_some_and(is_hidden)
    });
    let dufs = saker.iter().filter_map(|(sak, _)| sak.duf.as_deref());
    let shown: Vec<Duf> = dufs.filter_map(|duf| Duf::parse(duf, policy.test_series()).ok()).collect();
    let side = Supportsakside { sak: saker.iter().map(translate::supportsak).collect(), flere, neste_token };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentSupportsak(HentSupportsakSvar { side }), &version, &shown).await
}
