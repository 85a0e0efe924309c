//! `finnPerson`: the DUF number behind another number, of persons whom the caller's kommune follows up or followed up.

use nir_xsd::message::{Answer, FinnPersonSvar, Finnforespoersel, Finnsvar, Version};
use register::decide::finding;
use register::id::Duf;
use register::liste::Soekenummer;
use register::query::access::Caller;
use register::query::liste;
use register::receipt::Field;
use register::rejection::Rejection;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Answers every own person that has the number; nobody found, somebody else's person and a hidden one are one answer.
pub async fn run(context: Context, request: Finnforespoersel) -> Reply {
    let root = "finnPerson";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let number = match translate::soekenummer(&request, policy, now.today) {
        Ok(number) => number,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let caller = Caller::of(&registry, &header, policy, now.today);
    let Some(caller) = caller.filter(|caller| caller.user.roles.iter().any(|role| role.reads())) else {
        return context.nir_feil(root, &translate::may_not_list()).await;
    };
    let (kind, verdi) = match &number {
        liste::Soekenummer::Ident(number) => (Soekenummer::Ident, number),
        liste::Soekenummer::Annet(kind, verdi) => (Soekenummer::Annet(*kind), verdi),
    };
    let store = &context.app.store;
    let persons = match store.find_person(kind, verdi).await {
        Ok(dufs) => store.persons(&dufs).await,
        Err(error) => Err(error),
    };
    let persons = match persons {
        Ok(persons) => persons,
        Err(error) => return context.failed(&error.into()).await,
    };
    let mut found: Vec<Duf> = persons
        .iter()
        .filter(|person| liste::has_number(person, &number))
        .filter(|person| liste::listed(person, &caller, policy, now.today).is_some())
        .map(|person| person.duf)
        .collect();
    found.sort_unstable();
    if found.is_empty() {
        return context.nir_feil(root, &[finding(Rejection::UnknownPerson, Field::Content("nummer"))]).await;
    }
    let svar = Finnsvar { duf_nummer: found.iter().map(ToString::to_string).collect() };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::FinnPerson(FinnPersonSvar { svar }), &version, &found).await
}
