//! `hentOverfoeringsfeil`: what was rejected, with every attempt, how far it has come, and when the window closes.

use std::collections::BTreeMap;

use nir_xsd::message::{Answer, HentOverfoeringsfeilSvar, Overfoeringsfeilforespoersel, Overfoeringsfeilside, Version};
use register::id::Duf;
use register::person::Person;
use register::query::access::Caller;
use register::query::feilsak::{as_of_unknown, hidden};
use register::store::StoreError;

use crate::operations::Context;
use crate::operations::side;
use crate::reply::Reply;
use crate::translate;

/// Answers one page of the avsendersystem's own cases.
pub async fn run(context: Context, request: Overfoeringsfeilforespoersel) -> Reply {
    let root = "hentOverfoeringsfeil";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let mut asked = match translate::feil_asked(&request) {
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
    let caller = Caller::of(&registry, &header, policy, now.today);
    let Some(caller) = caller.filter(|caller| caller.user.roles.iter().any(|role| role.reads())) else {
        return context.nir_feil(root, &translate::may_not_list()).await;
    };
    let found = async {
        let (saker, flere) = context.app.store.feilsaker(&asked, size).await?;
        let dufs = saker.iter().filter_map(|(sak, _)| sak.duf.as_deref());
        let persons = persons(&context, dufs).await?;
        Ok::<_, StoreError>((saker, flere, persons))
    };
    let (saker, flere, persons) = match found.await {
        Ok(found) => found,
        Err(error) => return context.failed(&error.into()).await,
    };
    let last = saker.last().map(|(sak, _)| (sak.aapnet, sak.sak));
    let neste_token = last.filter(|_| flere).map(|last| side::sak_token(last, &question));
    let is_hidden = |duf: &str| hidden(&persons, duf, &caller, policy, &now);
    let seen = saker.into_iter().filter_map(|(sak, feil)| {
        if sak.duf.as_deref().is_some_and(is_hidden) { as_of_unknown(sak, feil) } else { Some((sak, feil)) }
    });
    let sak: Vec<_> = seen.map(|(sak, feil)| translate::overfoeringsfeil(context.app.catalogue, &sak, feil)).collect();
    let dufs = sak.iter().filter_map(|sak| sak.duf_nummer.as_ref());
    let shown: Vec<Duf> = dufs.filter_map(|duf| Duf::parse(duf, policy.test_series()).ok()).collect();
    let side = Overfoeringsfeilside { sak, flere, neste_token };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentOverfoeringsfeil(HentOverfoeringsfeilSvar { side }), &version, &shown).await
}

/// The persons of these numbers that exist, and those whose numbers took the place of theirs.
pub async fn persons<'d>(
    context: &Context,
    dufs: impl Iterator<Item = &'d str>,
) -> Result<BTreeMap<Duf, Person>, StoreError> {
    let series = context.app.policy.test_series();
    let mut dufs: Vec<Duf> = dufs.filter_map(|duf| Duf::parse(duf, series).ok()).collect();
    dufs.sort_unstable();
    dufs.dedup();
    if dufs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut all = context.app.store.persons(&dufs).await?;
    let new: Vec<Duf> = all.iter().filter_map(Person::replaced_by).collect();
    if !new.is_empty() {
        all.extend(context.app.store.persons(&new).await?);
    }
    Ok(all.into_iter().map(|person| (person.duf, person)).collect())
}
