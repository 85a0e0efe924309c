//! Who may see which transfer errors and support cases (domain.md 10.4 VERN-1a): they are the avsendersystem's own, but what
//! was answered about a person that is hidden from this caller must look as if the person were unknown.

use std::collections::BTreeMap;

use crate::codes::Catalogue;
use crate::decide::Now;
use crate::feilsak::{Feilsak, Sakfeil, Saksstatus, told_of_unknown};
use crate::id::Duf;
use crate::person::Person;
use crate::policy::Policy;
use crate::query::access::Caller;
use crate::state::visible;

/// Whether the person with the number, as sent, is hidden from the caller.
pub fn hidden(persons: &BTreeMap<Duf, Person>, duf: &str, caller: &Caller<'_>, policy: &Policy, now: &Now) -> bool {
    let person = Duf::parse(duf, policy.test_series()).ok().and_then(|duf| persons.get(&duf));
    person.is_some_and(|person| {
        let follows = caller.follows(person.facts.iter(), now.today, policy, now.today);
        let approved = caller.user.skjerming_approved && follows;
        !visible(persons, person, now.today, approved)
    })
}

/// The case as one about an unknown person would look; `None` where nothing of it may be seen. The errors are in order.
pub fn as_of_unknown(mut sak: Feilsak, feil: Vec<Sakfeil>) -> Option<(Feilsak, Vec<Sakfeil>)> {
    let mut attempts = crate::feilsak::forsoek(feil);
    let all = attempts.len();
    attempts.retain(|attempt| attempt.iter().all(|feil| told_of_unknown(&feil.kode)));
    let untold = i64::try_from(all - attempts.len()).unwrap_or(i64::MAX);
    sak.antall = sak.antall.saturating_sub(untold);
    let last = attempts.last()?;
    let main = last.iter().find(|feil| feil.kode == sak.innhold.kode).or_else(|| last.first())?;
    sak.innhold.kode.clone_from(&main.kode);
    sak.innhold.felt.clone_from(&main.felt);
    sak.innhold.rettes_av.clone_from(&Catalogue::embedded().error(&main.kode).rettes_av);
    sak.aapnet = attempts.first().and_then(|first| first.first()).map_or(sak.aapnet, |first| first.mottatt);
    if sak.status == Saksstatus::LoestAvAvsender {
        (sak.status, sak.endret) = (Saksstatus::Ny, main.mottatt);
    }
    Some((sak, attempts.concat()))
}
