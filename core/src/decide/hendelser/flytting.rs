//! A move, told to both sides of it (domain.md 11.2, 11.4): by the kommune and bydel that follow the person up before and
//! after, on the date. A kommune that only has another number has nobody who moves.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::change::{Addressed, NoticePayload};
use crate::decide::Ids;
use crate::decide::hendelser::mottakere::{Hendelse, Sted, Teller, Tillegg, sted};
use crate::eierskap::{self, flytting};
use crate::fact::FactContent;
use crate::id::Kommunenummer;
use crate::person::{FollowUp, Person, oppfoelging};
use crate::policy::Policy;
use crate::query::oeyeblikksbilde::after_move;
use crate::time::oslo_date;

/// Who followed the person up, who does now, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decide) struct Flytting {
    fra: Option<Sted>,
    til: Option<Sted>,
    dato: NaiveDate,
    /// By a decision of IMDi, and no move.
    beslutning: bool,
}

impl Flytting {
    /// What differs between two follow-ups; `None` where the place is the same under whatever number.
    fn between(
        policy: &Policy,
        today: NaiveDate,
        fra: Option<FollowUp>,
        til: Option<FollowUp>,
        (dato, beslutning): (NaiveDate, bool),
    ) -> Option<Self> {
        let place = |one: FollowUp| (policy.present_number(one.kommune, today), one.bydel);
        (fra.map(place) != til.map(place)).then(|| Flytting {
            fra: fra.map(sted),
            til: til.map(sted),
            dato,
            beslutning,
        })
    }

    /// The move that the day sees because of what was learned now.
    pub fn learned(
        policy: &Policy,
        before: &Person,
        after: &Person,
        beslutning: bool,
        today: NaiveDate,
    ) -> Option<Self> {
        let (fra, til) = (before.follow_up(today), after.follow_up(today));
        let since = |person: &Person| {
            oppfoelging(&person.facts).into_iter().find(|(days, _)| days.contains(today)).map(|(days, _)| days.from)
        };
        Flytting::between(policy, today, fra, til, (since(after).unwrap_or(today), beslutning))
    }

    /// The move that comes to pass on the day, learned on an earlier one: what is learned later is told when it is.
    pub fn on(policy: &Policy, person: &Person, day: NaiveDate) -> Option<Self> {
        let til = person.follow_up(day)?;
        if oslo_date(til.known_since) >= day {
            return None;
        }
        let decided = |fact: &crate::fact::Fact| {
            matches!(fact.content, FactContent::Oppfoelging { .. })
                && (fact.valid.from == day || fact.valid.to == Some(day))
        };
        let beslutning = person.facts.iter().any(decided);
        Flytting::between(policy, day, person.follow_up(day.pred_opt()?), Some(til), (day, beslutning))
    }

    fn inside(&self, policy: &Policy, today: NaiveDate) -> bool {
        let number = |sted: Option<Sted>| sted.map(|(kommune, _)| policy.present_number(kommune, today));
        self.fra.is_some() && number(self.fra) == number(self.til)
    }

    /// Tells both sides. Of a strictly confidential person a side hears that IMDi has decided, never about the other.
    pub fn tell(&self, teller: &Teller<'_>, person: &Person, ids: &mut dyn Ids) -> Vec<Addressed> {
        let today = teller.now.today;
        let hidden = person.hidden(today);
        let side = |sted: Option<Sted>, own: bool| sted.filter(|_| own || !hidden);
        let both = |fra: Option<Sted>, til: Option<Sted>| {
            Tillegg::default()
                .and_some("fraKommunenummer", fra.map(|(kommune, _)| kommune))
                .and_some("fraBydelsnummer", fra.and_then(|(_, bydel)| bydel))
                .and_some("tilKommunenummer", til.map(|(kommune, _)| kommune))
                .and_some("tilBydelsnummer", til.and_then(|(_, bydel)| bydel))
                .and("dato", self.dato)
        };
        if hidden && !self.beslutning {
            return Vec::new();
        }
        let mut told: Vec<Addressed> = Vec::new();
        for (place, leaves) in [(self.fra, true), (self.til, false)] {
            let Some(place) = place else { continue };
            let (fra, til) = (side(self.fra, leaves), side(self.til, !leaves));
            let one = if self.beslutning {
                Hendelse::annen("OPPFOELGING_ENDRET", self.dato, both(fra, til))
            } else if self.inside(teller.policy, today) {
                Hendelse::annen("BYDEL_ENDRET", self.dato, both(fra, til))
            } else if leaves {
                Hendelse::annen("FRAFLYTTET", self.dato, both(fra, til))
            } else {
                arrival(self.fra.map(|(kommune, _)| kommune), place.0, self.dato)
            };
            // One for the whole kommune hears of a move inside it once.
            let new = teller.tell(person.duf, place, hidden, &[one], ids).into_iter();
            let told_already: Vec<String> = told.iter().map(|one| one.avsendersystem.clone()).collect();
            for one in new.filter(|one| !told_already.contains(&one.avsendersystem)) {
                let picture = picture(teller, person, &one, ids);
                told.extend([Some(one), picture].into_iter().flatten());
            }
        }
        told
    }
}

/// Whoever takes a person over gets the whole of it, with the next number (contract.md 0.15).
fn picture(teller: &Teller<'_>, person: &Person, arrival: &Addressed, ids: &mut dyn Ids) -> Option<Addressed> {
    let arrives = matches!(arrival.notice.payload, NoticePayload::Tilflyttet { .. });
    let system = teller.registry.avsendersystemer.get(&arrival.avsendersystem).filter(|_| arrives)?;
    let notice = after_move(teller.policy, system, person, teller.cause.opphav, teller.now, ids.uuid())?;
    Some(Addressed { avsendersystem: arrival.avsendersystem.clone(), notice })
}

fn arrival(fra: Option<Kommunenummer>, til: Kommunenummer, dato: NaiveDate) -> Hendelse {
    Hendelse {
        hendelsestype: "TILFLYTTET",
        gjelder: dato,
        ordning: None,
        payload: NoticePayload::Tilflyttet { fra, til, dato },
    }
}

/// Records whose day now lies in another kommune's time: both hear which (domain.md 11.2 item 5). Nobody does of a strictly
/// confidential person.
pub(in crate::decide) fn eierkonflikt(
    teller: &Teller<'_>,
    before: &Person,
    after: &Person,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let today = teller.now.today;
    if after.hidden(today) {
        return Vec::new();
    }
    let whose = |person: &Person, post| match flytting(teller.policy, &person.facts, &person.posts, post, today) {
        Some((eierskap::Flytting::Eierkonflikt, kommune)) => Some(kommune),
        _ => None,
    };
    let mut conflicts: BTreeMap<(String, String), (Sted, Sted, NaiveDate, Tillegg)> = BTreeMap::new();
    for post in after.posts.iter().filter(|post| !post.annulled) {
        let Some(kommune) = whose(after, post).filter(|_| whose(before, post).is_none()) else { continue };
        let (day, _) = post.content.hendelse();
        let other = after.follow_up(day).map_or((kommune, None), |now| (kommune, now.bydel));
        let owner = (post.kommune, post.bydel);
        let since =
            oppfoelging(&after.facts).into_iter().find(|(days, _)| days.contains(day)).map(|(days, _)| days.from);
        let key = (format!("{owner:?}"), format!("{other:?}"));
        let (.., tillegg) = conflicts.entry(key).or_insert_with(|| {
            let dato = since.unwrap_or(day);
            (owner, other, dato, Tillegg::default().and("dato", dato))
        });
        *tillegg = std::mem::take(tillegg).and("postId", post.post_id);
    }
    let mut told = Vec::new();
    for (owner, other, dato, tillegg) in conflicts.into_values() {
        let one = [Hendelse::annen("EIERKONFLIKT", dato, tillegg)];
        told.extend(teller.tell(after.duf, owner, false, &one, ids));
        told.extend(teller.tell(after.duf, other, false, &one, ids));
    }
    told
}
