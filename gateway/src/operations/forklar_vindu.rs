//! `forklarVindu`: whether a date is inside the window for the caller, why, until when, and who could give more.

use std::collections::BTreeMap;

use nir_xsd::message::{Answer, ForklarVinduSvar, Version, Vindusforespoersel};
use register::decide::finding;
use register::id::Duf;
use register::person::Person;
use register::query::access::{Caller, access};
use register::receipt::Field;
use register::rejection::Rejection;
use register::state::visible;
use register::vindu::{Spoersmaal, explain};

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Asks the same rules as a registration would meet.
pub async fn run(context: Context, request: Vindusforespoersel) -> Reply {
    let root = "forklarVindu";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let (duf, ordning) = match translate::vindu_asked(&request, policy) {
        Ok(asked) => asked,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    let Some(caller) = Caller::of(&registry, &header, policy, now.today) else {
        let unknown = finding(Rejection::UnknownUser, Field::Header("overfoeringsbruker"));
        return context.nir_feil(root, &[unknown]).await;
    };
    // With the person comes the one that took its number, so that one is as well protected as the other (VERN-1a).
    let loaded: BTreeMap<Duf, Person> = match context.app.store.persons(duf.as_slice()).await {
        Ok(persons) => persons.into_iter().map(|person| (person.duf, person)).collect(),
        Err(error) => return context.failed(&error.into()).await,
    };
    let approved = caller.user.skjerming_approved;
    let person = duf.and_then(|duf| loaded.get(&duf)).filter(|person| visible(&loaded, person, now.today, approved));
    if duf.is_some() && person.is_none() {
        let unknown = finding(Rejection::UnknownPerson, Field::Person("dufNummer"));
        return context.nir_feil(root, &[unknown]).await;
    }
    if let Some(person) = person {
        let facts: Vec<_> = person.facts.iter().collect();
        let categories = person.beregnet.as_ref().map_or(&[][..], |beregnet| &beregnet.kategorier);
        match access(Some(caller), &facts, categories, policy, &now) {
            // That another kommune follows the person up is one of the answers.
            Ok(_) => {}
            Err(error) if error.rejection == Rejection::NotOppfoelgingskommune => {}
            Err(error) => return context.nir_feil(root, &[error]).await,
        }
    }
    let spoersmaal = Spoersmaal {
        dato: request.dato,
        ordning,
        posttype: request.posttype.as_deref(),
        roles: &caller.user.roles,
        kommune: caller.kommune,
        bydel: caller.bydel,
        person,
    };
    let svar = explain(policy, &registry, &spoersmaal, now.today);
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    let vindu = translate::vindu(&svar, request.dato, now.today);
    context.recorded(Answer::ForklarVindu(ForklarVinduSvar { vindu }), &version, "OK").await
}
