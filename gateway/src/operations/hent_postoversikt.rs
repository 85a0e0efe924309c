//! `hentPostoversikt`: id and version of every post that the caller's kommune owns, to reconcile a whole kommune.

use std::ops::ControlFlow;

use nir_xsd::message::{Answer, HentPostoversiktSvar, Postoversiktforespoersel, Version};
use register::query::access::Caller;
use register::query::liste;
use register::store::{Among, Walked};

use crate::operations::Context;
use crate::operations::side::{self, Personplace};
use crate::reply::Reply;
use crate::translate;

/// Answers one page with where the stream stood at the same moment.
pub async fn run(context: Context, request: Postoversiktforespoersel) -> Reply {
    let root = "hentPostoversikt";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let registry = context.registry();
    let now = context.now(&registry, &request.meldingshode);
    let policy = &context.app.policy;
    let annulled = request.med_annullerte.unwrap_or(false);
    let question = format!("{root} {} {:?} {annulled}", header.avsendersystem, request.posttype);
    let asked = side::size(request.antall, side::MOST)
        .and_then(|size| Ok((size, side::place::<Personplace>(request.sidetoken.as_deref(), &question)?)));
    let (size, after) = match asked {
        Ok(asked) => asked,
        Err(error) => return context.nir_feil(root, &[error]).await,
    };
    let caller = Caller::of(&registry, &header, policy, now.today);
    let Some(caller) = caller.filter(|caller| caller.user.roles.iter().any(|role| role.reads())) else {
        return context.nir_feil(root, &translate::may_not_list()).await;
    };
    let mut rader = Vec::new();
    let mut shown = Vec::new();
    let mut more = false;
    let mut last = None;
    // The page before may have ended within a person, so that person is looked at once more.
    let begin = after.and_then(|place| place.duf.before());
    let numbers = policy.numbers_of(caller.kommune, now.today);
    let (among, recorded) = (Among::Owning(&numbers), after.map(|place| place.recorded));
    let scan = context.app.store.each_person_among(among, begin, recorded, &header.avsendersystem, |person| {
        let done = after.filter(|place| place.duf == person.duf).map_or(0, |place| place.row_no);
        for post in liste::poster(&person, &caller, &request.posttype, annulled, policy, now.today) {
            if post.row_no <= done {
                continue;
            }
            if rader.len() == size {
                more = true;
                return ControlFlow::Break(());
            }
            last = Some((person.duf, post.row_no));
            rader.push(translate::postoversikt_rad(person.duf, post, &header.avsendersystem));
            if shown.last() != Some(&person.duf) {
                shown.push(person.duf);
            }
        }
        ControlFlow::Continue(())
    });
    let Walked { stroem, recorded } = match scan.await {
        Ok(walked) => walked,
        Err(error) => return context.failed(&error.into()).await,
    };
    let next =
        last.filter(|_| more).map(|(duf, row_no)| side::token(&Personplace { duf, row_no, recorded }, &question));
    let side = translate::postoversikt_side(rader, next, stroem.as_ref());
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded_list(Answer::HentPostoversikt(HentPostoversiktSvar { side }), &version, &shown).await
}
