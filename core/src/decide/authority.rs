//! Steps 4 and 5 of domain.md 15.1: who owns the record (11.2, 11.3), and what the role gives (10.3).

use chrono::NaiveDate;

use crate::decide::sender::numbers_of;
use crate::decide::window::{event_day, only_end_moved, only_mark_differs};
use crate::decide::{Scene, finding};
use crate::eierskap::{Flytting, flytting, followed_up, fylke_responsible, successor};
use crate::id::{Bydel, Kommunenummer};
use crate::person::Person;
use crate::post::{Content, Ordning, PostVersion};
use crate::receipt::{Field, Finding};
use crate::registry::Role;
use crate::rejection::Rejection;

fn one(rejection: Rejection, field: Field) -> Result<(), Vec<Finding>> {
    Err(vec![finding(rejection, field)])
}

/// Why the caller may touch a stored record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It is the kommune's own.
    Own,
    /// Another kommune's, of days that are the caller's: to be taken over or deleted (domain.md 11.2).
    Takeover,
    /// Another kommune's that runs on into the caller's days: to be ended or gone on with (domain.md 11.2).
    RunsOn,
}

impl Scene<'_> {
    /// A record is owned by the kommune, and by those that took over from it (contract.md 0.17). After a move the new
    /// kommune may take over what lies in its time.
    pub(super) fn own_post(&self, person: &Person, post: &PostVersion) -> Result<Hold, Vec<Finding>> {
        if self.owns(person, post.kommune) {
            return Ok(Hold::Own);
        }
        let moved = flytting(self.policy, &person.facts, &person.posts, post, self.now.today);
        match moved.filter(|(_, kommune)| self.owns(person, *kommune)) {
            Some((Flytting::Eierkonflikt, _)) => Ok(Hold::Takeover),
            Some((Flytting::Fraflyttet, _)) => Ok(Hold::RunsOn),
            None => {
                Err(vec![finding(self.not_owner(person, post.kommune, Rejection::OwnedByOther), Field::Line("post"))])
            }
        }
    }

    /// Whether what was the kommune's is the caller's now.
    fn owns(&self, person: &Person, kommune: Kommunenummer) -> bool {
        let today = self.now.today;
        self.policy.owns(self.kommune, successor(self.policy, &person.facts, kommune, today), today)
            || (self.kommune == kommune && self.policy.fylke_known(kommune))
    }

    /// After a split the address decides; until it is known nobody may write (domain.md 3.5).
    fn not_owner(&self, person: &Person, owner: Kommunenummer, otherwise: Rejection) -> Rejection {
        let owner = successor(self.policy, &person.facts, owner, self.now.today);
        let split = self.policy.successors(owner, self.now.today).len() > 1;
        if split { Rejection::KommuneSuperseded } else { otherwise }
    }

    /// A sender for a whole kommune has no bydel; one for a bydel is refused others (AU-9).
    pub(super) fn another_bydel(&self, of_person: Option<Bydel>) -> bool {
        self.bydel.is_some() && self.bydel != of_person
    }

    /// Steps 4 and 5: ownership (domain.md 11.3) and the role. `stored` is the record that is corrected.
    pub(super) fn may_write(
        &self,
        person: &Person,
        content: &Content,
        stored: Option<&PostVersion>,
    ) -> Result<(), Vec<Finding>> {
        if self.policy.fylke_known(self.kommune) {
            self.county_owns_day(person, content)?;
        } else if let Some((parent, field)) = followed_up(self.policy, &person.posts, content) {
            // What follows up a stored record belongs to the kommune that owns it, whatever the date.
            self.of_parent(person, parent, Field::Content(field))?;
        } else {
            self.owns_day(person, content).or_else(|refused| match stored {
                // The mark of a measure follows it up (HD-16), and an end is moved by the one whose days differ.
                Some(old) if only_mark_differs(&old.content, content) => {
                    self.of_parent(person, old, Field::Line("post"))
                }
                Some(old) if self.only_own_days(person, &old.content, content) => Ok(()),
                _ => Err(refused),
            })?;
        }
        self.role(content, Field::Content("ordning"))
    }

    fn of_parent(&self, person: &Person, parent: &PostVersion, field: Field) -> Result<(), Vec<Finding>> {
        if !self.owns(person, parent.kommune) {
            return one(self.not_owner(person, parent.kommune, Rejection::OwnedByOther), field);
        }
        if self.another_bydel(parent.bydel) {
            return one(Rejection::NotOppfoelgingsbydel, field);
        }
        Ok(())
    }

    /// Whether the two differ in their end alone, and the person is followed up here on the days between.
    pub(super) fn only_own_days(&self, person: &Person, old: &Content, new: &Content) -> bool {
        let mine = |day| {
            let now = person.follow_up(day);
            now.is_some_and(|now| self.owns(person, now.kommune) && !self.another_bydel(now.bydel))
        };
        only_end_moved(old, new).is_some_and(|days| {
            let last = days.last().unwrap_or(self.now.today.max(days.from));
            mine(days.from) && mine(last)
        })
    }

    /// Whether the person is followed up here on the event day.
    fn owns_day(&self, person: &Person, content: &Content) -> Result<(), Vec<Finding>> {
        let (day, field) = event_day(content);
        let not_here = |rejection, owner| Err(vec![self.not_here(rejection, day, field, owner)]);
        let Some(follow_up) = person.follow_up(day) else { return not_here(Rejection::NotOppfoelgingskommune, None) };
        if !self.owns(person, follow_up.kommune) {
            let rejection = self.not_owner(person, follow_up.kommune, Rejection::NotOppfoelgingskommune);
            return not_here(rejection, Some(follow_up.kommune));
        }
        let current = person.follow_up(self.now.today);
        let moved = current.is_some_and(|now| !self.owns(person, now.kommune));
        if moved && !self.policy.former_kommune_may_write() {
            return not_here(Rejection::NotOppfoelgingskommune, None);
        }
        if self.another_bydel(follow_up.bydel) {
            return not_here(Rejection::NotOppfoelgingsbydel, None);
        }
        Ok(())
    }

    /// AU-8: the county is responsible, else A413.
    fn county_owns_day(&self, person: &Person, content: &Content) -> Result<(), Vec<Finding>> {
        let (day, field) = event_day(content);
        let full_time = matches!(content, Content::Fravaer(_));
        if fylke_responsible(self.policy, &person.facts, &person.posts, self.kommune, full_time, day) {
            return Ok(());
        }
        Err(vec![self.not_here(Rejection::NotResponsibleCounty, day, field, None)])
    }

    /// A refusal by ownership names the day, and after a split the kommuner that one of may own the person.
    fn not_here(&self, rejection: Rejection, day: NaiveDate, field: Field, owner: Option<Kommunenummer>) -> Finding {
        let mut refusal = finding(rejection, field);
        match owner.filter(|_| rejection == Rejection::KommuneSuperseded) {
            Some(owner) => {
                let successors = self.policy.successors(owner, self.now.today);
                refusal.params.push(("etterfoelger", numbers_of(&successors)));
            }
            None => refusal.params.push(("hendelsesdato", day.to_string())),
        }
        refusal
    }

    /// The scheme under which the caller writes the content: what belongs to no one scheme is written under any that the
    /// role writes (AU-4).
    fn ordning_written(&self, content: &Content) -> Ordning {
        let all = [Ordning::Intro, Ordning::Norsk];
        let writes = |ordning: &Ordning| self.roles().iter().any(|role| role.writes(*ordning));
        let any = all.into_iter().find(writes).filter(|_| content.any_ordning());
        any.unwrap_or_else(|| content.ordning())
    }

    /// AU-2, AU-3, AU-4; and AU-8: a county writes karriereveiledning and the absence from its training, nothing else.
    pub(super) fn role(&self, content: &Content, field: Field) -> Result<(), Vec<Finding>> {
        if self.policy.fylke_known(self.kommune) {
            let of_county = match content {
                Content::Karriereveiledning(_) => true,
                Content::Fravaer(absence) => absence.ordning == Ordning::Norsk,
                _ => false,
            };
            let county = self.roles().contains(&Role::Fylkeskommunebruker);
            return if county && of_county { Ok(()) } else { one(Rejection::RoleLacksOrdning, field) };
        }
        let ordning = self.ordning_written(content);
        if self.roles().iter().any(|role| role.writes(ordning)) {
            return Ok(());
        }
        let writes_another = self.roles().iter().any(|role| matches!(role, Role::Introbruker | Role::Norskbruker));
        let reads = !writes_another && self.roles().iter().any(|role| role.only_reads());
        one(if reads { Rejection::ReadOnlyRole } else { Rejection::RoleLacksOrdning }, field)
    }
}
