//! What a source said, as news to the kommuner that it concerns (domain.md 12): one notice for each thing that is another
//! than it was. Categories and deadlines that follow are told by [`crate::decide::beregning`].
//!
//! Of a strictly confidential person nothing of this is told (domain.md 10.4 VERN-1): no address, no name, no family.

use crate::change::Addressed;
use crate::decide::Ids;
use crate::fact::Fact;
use crate::id::Duf;
use crate::person::Person;

mod fakta;
pub(super) mod flytting;
pub(super) mod mangel;
pub(super) mod mottakere;
pub(super) mod vern;

use flytting::Flytting;
use mottakere::{Hendelse, Teller, Tillegg, sted};

/// A fact that was written, and what the source had said under its id.
#[derive(Debug, Clone)]
pub(super) struct Skrevet {
    pub foer: Option<Fact>,
    pub naa: Fact,
}

/// Who hears of what: a move first, then each fact in the order in which the source said it.
pub(super) fn of_facts(
    teller: &Teller<'_>,
    before: &Person,
    after: &Person,
    written: &[Skrevet],
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let today = teller.now.today;
    let mut all = Vec::new();
    // What only the protection of the person moves is told as such.
    let sheltered = before.hidden(today) != after.hidden(today);
    let decided = written.iter().any(fakta::is_decision);
    let flytting =
        Flytting::learned(teller.policy, before, after, decided, today).filter(|_| !(sheltered && after.hidden(today)));
    if let Some(flytting) = &flytting {
        all.extend(flytting.tell(teller, after, ids));
    }
    all.extend(flytting::eierkonflikt(teller, before, after, ids));
    if after.hidden(today) {
        return all;
    }
    let here = after.follow_up(today).map(sted);
    // Of names that were told together only what holds in the end is told.
    let last_name = written.iter().rposition(fakta::is_personalia);
    for (index, one) in written.iter().enumerate() {
        if fakta::is_personalia(one) && last_name != Some(index) {
            continue;
        }
        let hendelser = fakta::hendelser(one, before, after, flytting.is_some(), today);
        // Where the person lives is nothing to whoever does not follow up (VERN-2, VERN-3).
        let named = fakta::place(one).filter(|place| Some(*place) != here && !after.undertrykt(today));
        for place in here.into_iter().chain(named) {
            all.extend(teller.tell(after.duf, place, false, &hendelser, ids));
        }
    }
    all
}

/// FAMILIE_ENDRET to whoever follows up a person that depends on another's permit. Whose it is, is not said.
pub(super) fn sponsor_changed(teller: &Teller<'_>, person: &Person, ids: &mut dyn Ids) -> Vec<Addressed> {
    let today = teller.now.today;
    let Some(here) = person.follow_up(today).filter(|_| !person.hidden(today)) else { return Vec::new() };
    let one = Hendelse::annen("FAMILIE_ENDRET", today, Tillegg::default().and("relasjon", "REFERANSEPERSON"));
    teller.tell(person.duf, sted(here), false, &[one], ids)
}

/// DUF_SAMMENSLAATT, about the old number. Where the one that holds now is strictly confidential the old one is, too.
pub(super) fn merged(
    teller: &Teller<'_>,
    old: &Person,
    (ny, new): (Duf, Option<&Person>),
    annulled: bool,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let today = teller.now.today;
    let hidden = old.hidden(today) || new.is_some_and(|new| new.hidden(today));
    let tillegg = Tillegg::default().and("gammel", old.duf).and("ny", ny).and_if("annullert", annulled);
    let one = [Hendelse::annen("DUF_SAMMENSLAATT", today, tillegg)];
    let mut told: Vec<Addressed> = Vec::new();
    for place in [Some(old), new].into_iter().flatten().filter_map(|person| person.follow_up(today)) {
        let more = teller.tell(old.duf, sted(place), hidden, &one, ids);
        let heard: Vec<String> = told.iter().map(|one| one.avsendersystem.clone()).collect();
        told.extend(more.into_iter().filter(|one| !heard.contains(&one.avsendersystem)));
    }
    told
}
