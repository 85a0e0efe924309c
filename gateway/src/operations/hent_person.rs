//! `hentPerson`: one person as the caller may see it, as of two dates.

use nir_xsd::message::{Answer, HentPersonSvar, Personforespoersel, Version};

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// Reads; the answer waits for its audit row (design.md 17, Reads).
pub async fn run(context: Context, request: Personforespoersel) -> Reply {
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("hentPerson", &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let query = match translate::person_query(&request, &context.app.policy) {
        Ok(query) => query,
        Err(finding) => return context.nir_feil("hentPerson", &[finding]).await,
    };
    let (history, position) = match context.app.store.read_person(query.duf, &header.avsendersystem).await {
        Ok(read) => read,
        Err(error) => return context.failed(&error.into()).await,
    };
    let view = match register::query::person(&registry, &header, history.as_ref(), &query, &context.app.policy, &now) {
        Ok(view) => view,
        Err(finding) => return context.nir_feil("hentPerson", &[finding]).await,
    };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    let person = translate::person_answer(&view, position);
    context.recorded(Answer::HentPerson(HentPersonSvar { person }), &version, "OK").await
}
