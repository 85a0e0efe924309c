//! Who hears of a person (domain.md 12; contract.md 0.13): the avsendersystemer of the kommune and bydel that follow the
//! person up, by the schemes that they carry. Filtered when it is written, never when it is read.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::change::{Addressed, Notice, NoticePayload, Opphav};
use crate::decide::beregning::Cause;
use crate::decide::notices::approved;
use crate::decide::{Ids, Now};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::person::{FollowUp, Person};
use crate::policy::Policy;
use crate::post::Ordning;
use crate::registry::{Avsendersystem, Registry};

/// A kommune, and the bydel where it has them.
pub(in crate::decide) type Sted = (Kommunenummer, Option<Bydel>);

/// The place of a follow-up.
pub(in crate::decide) fn sted(follow_up: FollowUp) -> Sted {
    (follow_up.kommune, follow_up.bydel)
}

/// Everything that a notice is made of besides the person.
#[derive(Clone, Copy)]
pub(in crate::decide) struct Teller<'a> {
    pub registry: &'a Registry,
    pub policy: &'a Policy,
    pub now: &'a Now,
    pub cause: Cause<'a>,
}

/// The avsendersystemer that hear of the person though it is strictly confidential: those of the place that follows it up, if
/// that has somebody who may know (VERN-1).
pub(crate) fn may_know(registry: &Registry, policy: &Policy, person: &Person, today: NaiveDate) -> BTreeSet<String> {
    let place = person.follow_up(today).filter(|place| approved(registry, policy, *place, today));
    let systems = place.into_iter().flat_map(|place| systems(registry, policy, sted(place), today));
    systems.map(|system| system.id.clone()).collect()
}

fn systems<'a>(
    registry: &'a Registry,
    policy: &Policy,
    (kommune, bydel): Sted,
    today: NaiveDate,
) -> impl Iterator<Item = &'a Avsendersystem> {
    let numbers = policy.numbers_of(kommune, today);
    numbers
        .into_iter()
        .flat_map(move |number| registry.systems_of(number))
        .filter(move |system| system.valid.contains(today) && (system.bydel.is_none() || system.bydel == bydel))
}

/// One thing to tell.
#[derive(Debug, Clone)]
pub(in crate::decide) struct Hendelse {
    pub hendelsestype: &'static str,
    pub gjelder: NaiveDate,
    /// Of one scheme alone: whoever does not carry it is not told.
    pub ordning: Option<Ordning>,
    pub payload: NoticePayload,
}

impl Hendelse {
    /// One that concerns every scheme, as key and value.
    pub fn annen(hendelsestype: &'static str, gjelder: NaiveDate, tillegg: Tillegg) -> Self {
        Hendelse { hendelsestype, gjelder, ordning: None, payload: NoticePayload::Annen { tillegg: tillegg.0 } }
    }
}

/// Keys and values in order; what is absent is left out.
#[derive(Debug, Clone, Default)]
pub(in crate::decide) struct Tillegg(Vec<(String, String)>);

impl Tillegg {
    pub fn and(mut self, noekkel: &str, verdi: impl ToString) -> Self {
        self.0.push((noekkel.to_owned(), verdi.to_string()));
        self
    }

    pub fn and_some(self, noekkel: &str, verdi: Option<impl ToString>) -> Self {
        match verdi {
            Some(verdi) => self.and(noekkel, verdi),
            None => self,
        }
    }

    /// Said only where it is so.
    pub fn and_if(self, noekkel: &str, so: bool) -> Self {
        if so { self.and(noekkel, true) } else { self }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Tillegg> for NoticePayload {
    fn from(tillegg: Tillegg) -> Self {
        NoticePayload::Annen { tillegg: tillegg.0 }
    }
}

impl<'a> Teller<'a> {
    /// The avsendersystemer of a place, by their number in the list of the kommune.
    pub fn systems(&self, sted: Sted) -> impl Iterator<Item = &'a Avsendersystem> {
        systems(self.registry, self.policy, sted, self.now.today)
    }

    /// Whether the place has a user that is approved for strictly confidential persons (VERN-1).
    pub fn approved(&self, (kommune, bydel): Sted) -> bool {
        let today = self.now.today;
        self.registry.users.values().any(|user| {
            user.skjerming_approved
                && user.valid.contains(today)
                && self.policy.owns(user.kommune, kommune, today)
                && (user.bydel.is_none() || user.bydel == bydel)
        })
    }

    /// Tells the place of a person. Who asks with `hidden` tells of a strictly confidential one: only a place that has
    /// somebody who may know hears.
    pub fn tell(&self, duf: Duf, sted: Sted, hidden: bool, all: &[Hendelse], ids: &mut dyn Ids) -> Vec<Addressed> {
        if all.is_empty() || (hidden && !self.approved(sted)) {
            return Vec::new();
        }
        let mut told = Vec::new();
        for system in self.systems(sted) {
            let carried = |one: &&Hendelse| one.ordning.is_none_or(|ordning| system.ordninger.contains(&ordning));
            told.extend(all.iter().filter(carried).map(|one| self.notice(system, Some(duf), sted, one, ids)));
        }
        told
    }

    /// One notice for one avsendersystem.
    pub fn notice(
        &self,
        system: &Avsendersystem,
        duf: Option<Duf>,
        (kommune, bydel): Sted,
        one: &Hendelse,
        ids: &mut dyn Ids,
    ) -> Addressed {
        let own = self.cause.message.filter(|(_, by)| *by == system.id);
        Addressed {
            avsendersystem: system.id.clone(),
            notice: Notice {
                hendelse_id: ids.uuid(),
                hendelsestype: one.hendelsestype.to_owned(),
                registrert: self.now.recorded,
                gjelder_dato: one.gjelder,
                duf,
                kommune,
                bydel,
                opphav: if own.is_some() { Opphav::EgenMelding } else { self.cause.opphav },
                meldings_id: own.map(|(meldings_id, _)| meldings_id.to_owned()),
                payload: one.payload.clone(),
            },
        }
    }
}
