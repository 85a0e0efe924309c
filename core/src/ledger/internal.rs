//! Commands that no message brings: facts of a source, new rules, IMDi's word on a report. They go the same way as a message: locked, decided,
//! written, numbered and chained in one transaction.

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::change::{Addressed, Change, Opphav};
use crate::decide::beregning::{Cause, NewFact, Outcome, compute_anew, write_facts};
use crate::decide::feilregistrert::avgjoer;
use crate::decide::importert::{NewPost, import};
use crate::decide::{Ids, Now};
use crate::id::Duf;
use crate::person::Person;
use crate::policy::Policy;
use crate::post::PostId;
use crate::state::State;
use crate::time::oslo_date;

/// A command of at most 200 persons: mass causes are split by whoever sends them (design.md 17, Streams).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalCommand {
    /// Whose word it is.
    pub opphav: Opphav,
    /// What is to be done.
    pub what: Internal,
}

/// What an internal command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Internal {
    /// Writes facts about persons that are there.
    Facts(Vec<(Duf, Vec<NewFact>)>),
    /// Computes these persons anew under the rules in use.
    Recompute(Vec<Duf>),
    /// Writes facts and posts of the register before; persons that are not there begin with them, and nobody is told.
    Import(Vec<Imported>),
    /// IMDi's decision on the report of a wrong record (HD-14): it is struck, or stands.
    Avgjoer {
        /// Whose record.
        duf: Duf,
        /// Which.
        post_id: PostId,
        /// Struck.
        strike: bool,
    },
}

/// What is imported of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Whose.
    pub duf: Duf,
    /// Facts.
    pub facts: Vec<NewFact>,
    /// Posts.
    pub posts: Vec<NewPost>,
}

impl InternalCommand {
    /// Whom it concerns.
    pub fn dufs(&self) -> impl Iterator<Item = Duf> {
        let facts = match &self.what {
            Internal::Facts(facts) => facts.as_slice(),
            _ => &[],
        };
        let anew = match &self.what {
            Internal::Recompute(dufs) => dufs.as_slice(),
            _ => &[],
        };
        let decided = match &self.what {
            Internal::Avgjoer { duf, .. } => Some(*duf),
            _ => None,
        };
        facts.iter().map(|(duf, _)| *duf).chain(anew.iter().copied()).chain(decided).chain(self.begins())
    }

    /// Who begins with it, where it is not there.
    pub fn begins(&self) -> impl Iterator<Item = Duf> {
        let imported = match &self.what {
            Internal::Import(persons) => persons.as_slice(),
            _ => &[],
        };
        imported.iter().map(|person| person.duf)
    }
}

/// What it came to.
pub(super) struct Carried {
    pub changes: Vec<Change>,
    pub notices: Vec<Addressed>,
    /// Persons that it changed, and that were not there.
    pub changed: usize,
    pub unknown: usize,
}

/// Decides one command over the state that earlier jobs of the batch left.
pub(super) fn carry_out(
    state: &State<'_>,
    command: &InternalCommand,
    policy: &Policy,
    wall: DateTime<Utc>,
    recorded: DateTime<Utc>,
    ids: &mut dyn Ids,
) -> Carried {
    let mut carried = Carried { changes: Vec::new(), notices: Vec::new(), changed: 0, unknown: 0 };
    let cause = Cause { opphav: command.opphav, message: None };
    let mut add = |person: Option<&Person>, work: &mut dyn FnMut(&Person, &Now) -> Outcome| {
        let Some(person) = person else {
            carried.unknown += 1;
            return;
        };
        let place = person.follow_up(oslo_date(wall)).map(|place| place.kommune);
        let received = state.registry.register_time(place, wall).trunc_subsecs(6);
        let outcome = work(person, &Now { received, today: oslo_date(received), recorded });
        carried.changed += usize::from(!outcome.changes.is_empty());
        carried.changes.extend(outcome.changes);
        carried.notices.extend(outcome.notices);
    };
    match &command.what {
        Internal::Facts(facts) => {
            for (duf, facts) in facts {
                add(state.persons.get(duf), &mut |person, now| {
                    write_facts(state.registry, policy, person, facts, now, cause, ids)
                });
            }
        }
        Internal::Import(persons) => {
            for Imported { duf, facts, posts } in persons {
                add(state.persons.get(duf), &mut |person, now| {
                    import(state.registry, policy, person, (facts, posts), now, ids)
                });
            }
        }
        Internal::Recompute(dufs) => {
            for duf in dufs {
                add(state.persons.get(duf), &mut |person, now| {
                    compute_anew(state.registry, policy, person, now, cause, ids)
                });
            }
        }
        Internal::Avgjoer { duf, post_id, strike } => add(state.persons.get(duf), &mut |person, now| {
            avgjoer(state.registry, policy, person, (*post_id, *strike), now, ids).unwrap_or_default()
        }),
    }
    carried
}
