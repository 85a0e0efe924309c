//! Whose a stored record is after a move (domain.md 11.2, 11.3): whom a record that follows up another belongs to, and what
//! becomes of one that the new kommune's time has reached.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::id::Kommunenummer;
use crate::person::follow_up;
use crate::policy::Policy;
use crate::post::{Content, PostVersion};

/// What a move has made of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Flytting {
    /// `eierKonflikt`: its event day lies in the other kommune's time. That kommune may take it over or delete it.
    Eierkonflikt,
    /// `fraflyttet`: it began before the move and runs on. The other kommune may end it or go on with it.
    Fraflyttet,
}

impl Flytting {
    /// The word in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Flytting::Eierkonflikt => "EIERKONFLIKT",
            Flytting::Fraflyttet => "FRAFLYTTET",
        }
    }
}

/// The stored record that this one follows up, with the element that names it: an appeal and a certificate their decision, a
/// decision made anew the one before it, a decision after an appeal the appeal (AU-6). It belongs to the kommune that
/// owns that record, whatever the date.
pub fn followed_up<'p>(
    policy: &Policy,
    posts: &'p [PostVersion],
    content: &Content,
) -> Option<(&'p PostVersion, &'static str)> {
    let (id, field) = match content {
        Content::Klage(klage) => (klage.vedtak_ref?, "vedtakRef"),
        Content::Deltakerbevis(bevis) => (bevis.vedtak_ref?, "vedtakRef"),
        Content::Vedtak(vedtak) => {
            let anew = policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype).is_some_and(|rule| rule.foelger_opp);
            match vedtak.vedtak_ref.filter(|_| anew) {
                Some(id) => (id, "vedtakRef"),
                None => (vedtak.klage_ref?, "klageRef"),
            }
        }
        _ => return None,
    };
    posts.iter().find(|post| post.post_id == id).map(|post| (post, field))
}

/// The kommune that took over from one on the day, for this person: of a kommune that was split the one whose person it
/// is now; until that is known the old number, which nobody writes for (domain.md 3.5).
pub fn successor(policy: &Policy, facts: &[Fact], kommune: Kommunenummer, today: NaiveDate) -> Kommunenummer {
    let successors = policy.successors(kommune, today);
    if successors.len() < 2 {
        return kommune;
    }
    follow_up(facts, today).map(|now| now.kommune).filter(|now| successors.contains(now)).unwrap_or(kommune)
}

/// What a move has made of the record, and of which kommune's time it is in.
pub fn flytting(
    policy: &Policy,
    facts: &[Fact],
    posts: &[PostVersion],
    post: &PostVersion,
    today: NaiveDate,
) -> Option<(Flytting, Kommunenummer)> {
    if followed_up(policy, posts, &post.content).is_some() || policy.fylke_known(post.kommune) {
        return None;
    }
    let owner = successor(policy, facts, post.kommune, today);
    let other = |day| {
        let kommune = successor(policy, facts, follow_up(facts, day)?.kommune, today);
        (!policy.same_kommune(owner, kommune, today)).then_some(kommune)
    };
    let (day, _) = post.content.hendelse();
    if let Some(kommune) = other(day) {
        return Some((Flytting::Eierkonflikt, kommune));
    }
    let runs_on =
        matches!(post.content, Content::Tiltak(_) | Content::FulltidVideregaaende(_) | Content::Arbeidsforhold(_));
    let last = post.valid.last().unwrap_or(today);
    let days = [last, today].into_iter().filter(|one| runs_on && *one > day && post.valid.contains(*one));
    days.filter_map(other).next().map(|kommune| (Flytting::Fraflyttet, kommune))
}

/// Whether a county is responsible for the person on the day (AU-8): the kommune that follows the person up lies in it.
/// For absence from its own training the person must go to videregående full time (FR-FYLKE), which a kommune has
/// registered.
pub fn fylke_responsible(
    policy: &Policy,
    facts: &[Fact],
    posts: &[PostVersion],
    fylke: Kommunenummer,
    full_time: bool,
    day: NaiveDate,
) -> bool {
    let here = follow_up(facts, day).is_some_and(|now| policy.in_fylke(now.kommune, fylke, day));
    let at_school = || {
        posts.iter().any(|post| {
            !post.annulled && matches!(post.content, Content::FulltidVideregaaende(_)) && post.valid.contains(day)
        })
    };
    here && (!full_time || at_school())
}
