//! `hentDatakonsistens`: what is missing of the registrations, of one person or of all whom the kommune follows up.

use std::ops::ControlFlow;

use nir_xsd::message::{Answer, Datakonsistensforespoersel, HentDatakonsistensSvar, Version};
use register::konsistens;
use register::query::access::Caller;
use register::query::liste;
use register::store::Among;

use crate::operations::Context;
use crate::operations::side::{self, Personplace};
use crate::reply::Reply;
use crate::translate;

/// Answers one page of persons with findings; who lacks nothing is left out.
pub async fn run(context: Context, request: Datakonsistensforespoersel) -> Reply {
    let root = "hentDatakonsistens";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let (policy, catalogue) = (&context.app.policy, context.app.catalogue);
    let asked = match translate::konsistens_asked(&request, policy, catalogue) {
        Ok(asked) => asked,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    let question = format!("{root} {} {asked:?}", header.avsendersystem);
    let page = side::size(request.antall, side::DEFAULT)
        .and_then(|size| Ok((size, side::place::<Personplace>(request.sidetoken.as_deref(), &question)?)));
    let (size, after) = match page {
        Ok(page) => page,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let caller = Caller::of(&registry, &header, policy, now.today);
    let Some(caller) = caller.filter(|caller| caller.user.roles.iter().any(|role| role.reads())) else {
        return context.nir_feil(root, &translate::may_not_list()).await;
    };
    let mut persons = Vec::new();
    let mut shown = Vec::new();
    let mut more = false;
    // One person is looked for at its own place.
    let begin = asked.duf.and_then(|duf| duf.before()).max(after.map(|place| place.duf));
    let numbers = policy.numbers_of(caller.kommune, now.today);
    let (among, recorded) = (Among::FollowedUp(&numbers), after.map(|place| place.recorded));
    let scan = context.app.store.each_person_among(among, begin, recorded, &header.avsendersystem, |person| {
        if asked.duf.is_some_and(|duf| duf < person.duf) {
            return ControlFlow::Break(());
        }
        // Who was followed up before is mended by whom it concerns now.
        if liste::listed(&person, &caller, policy, now.today) != Some(true) {
            return ControlFlow::Continue(());
        }
        let mut found = konsistens::mangler(&person, asked.lov, policy, now.today);
        found.retain(|mangel| asked.mangler.is_empty() || asked.mangler.iter().any(|kode| kode == mangel.kode));
        if !found.is_empty() {
            if persons.len() == size {
                more = true;
                return ControlFlow::Break(());
            }
            shown.push(person.duf);
            persons.push(translate::datakonsistens(&person, &found, catalogue, &header.avsendersystem));
        }
        ControlFlow::Continue(())
    });
    let recorded = match scan.await {
        Ok(walked) => walked.recorded,
        Err(error) => return context.failed(&error.into()).await,
    };
    let next = shown
        .last()
        .filter(|_| more)
        .map(|duf| side::token(&Personplace { duf: *duf, row_no: 0, recorded }, &question));
    let side = translate::datakonsistens_side(persons, now.today, next);
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentDatakonsistens(HentDatakonsistensSvar { side }), &version, &shown).await
}
