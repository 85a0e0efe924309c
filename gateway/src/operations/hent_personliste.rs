//! `hentPersonliste`: a page of the persons whom the caller's kommune follows up, by filters (domain.md 10.5).

use std::ops::ControlFlow;

use nir_xsd::message::{Answer, HentPersonlisteSvar, Personlisteforespoersel, Version};
use register::liste::PersonListQuery;
use register::query::access::Caller;
use register::query::liste;
use register::store::Among;

use crate::operations::Context;
use crate::operations::side::{self, Personplace};
use crate::reply::Reply;
use crate::translate;

/// Answers one page over one consistent cut, in the order of DUF numbers.
pub async fn run(context: Context, request: Personlisteforespoersel) -> Reply {
    let root = "hentPersonliste";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let filter = match translate::liste_filter(&request, policy) {
        Ok(filter) => filter,
        Err(errors) => return context.nir_feil(root, &errors).await,
    };
    let question = format!("{root} {} {filter:?}", header.avsendersystem);
    let asked = side::size(request.antall, side::DEFAULT)
        .and_then(|size| Ok((size, side::place::<Personplace>(request.sidetoken.as_deref(), &question)?)));
    let (size, after) = match asked {
        Ok(asked) => asked,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let Some(caller) = Caller::of(&registry, &header, policy, now.today) else {
        return context.nir_feil(root, &translate::may_not_list()).await;
    };
    if !caller.user.roles.iter().any(|role| role.reads()) {
        return context.nir_feil(root, &translate::may_not_list()).await;
    }
    let mut rader = Vec::new();
    let mut more = false;
    let numbers = policy.numbers_of(caller.kommune, now.today);
    let asked = PersonListQuery {
        kommuner: numbers.clone(),
        bydel: filter.bydel,
        kategori: match filter.kategorier.as_slice() {
            [one] => Some(*one),
            _ => None,
        },
        ordning: filter.ordning,
        lov: filter.lov,
        tiltak: filter.tiltak,
        vedtak: filter.vedtak,
        sluttmaal: filter.sluttmaal,
        duf: filter.duf,
        ..PersonListQuery::on(now.today)
    };
    // Whom another kommune follows up now is in no list of this one's; the index has who ever was.
    let among = if filter.tidligere { Among::FollowedUp(&numbers) } else { Among::Listed(&asked) };
    let (begin, recorded) = (after.map(|place| place.duf), after.map(|place| place.recorded));
    let scan = context.app.store.each_person_among(among, begin, recorded, &header.avsendersystem, |person| {
        if let Some(rad) = liste::rad(&person, &caller, &filter, policy, now.today) {
            if rader.len() == size {
                more = true;
                return ControlFlow::Break(());
            }
            rader.push(rad);
        }
        ControlFlow::Continue(())
    });
    let walked = match scan.await {
        Ok(walked) => walked,
        Err(error) => return context.failed(&error.into()).await,
    };
    let recorded = walked.recorded;
    let next = rader
        .last()
        .filter(|_| more)
        .map(|last| side::token(&Personplace { duf: last.duf, row_no: 0, recorded }, &question));
    let shown: Vec<_> = rader.iter().map(|rad| rad.duf).collect();
    let side = translate::personliste_side(&rader, now.today, next, request.csv == Some(true));
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentPersonliste(HentPersonlisteSvar { side }), &version, &shown).await
}
