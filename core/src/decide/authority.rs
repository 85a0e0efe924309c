//! Steps 4 and 5 of domain.md 15.1: who owns the record (11.3), and what the role gives (10.3).

use chrono::NaiveDate;

use crate::decide::sender::numbers_of;
use crate::decide::window::event_day;
use crate::decide::{Scene, finding};
use crate::id::{Bydel, Kommunenummer};
use crate::person::Person;
use crate::post::{Content, Ordning, PostVersion};
use crate::receipt::{Field, Finding};
use crate::registry::Role;
use crate::rejection::Rejection;

fn one(rejection: Rejection, field: Field) -> Result<(), Vec<Finding>> {
    Err(vec![finding(rejection, field)])
}

impl Scene<'_> {
    /// A record is owned by the kommune, and by those that took over from it (contract.md 0.17).
    pub(super) fn own_post(&self, post: &PostVersion) -> Result<(), Vec<Finding>> {
        if self.policy.owns(self.kommune, post.kommune, self.now.today) {
            Ok(())
        } else {
            one(self.not_owner(post.kommune, Rejection::OwnedByOther), Field::Line("post"))
        }
    }

    /// After a split the address decides; until it is known nobody may write (domain.md 3.5).
    fn not_owner(&self, owner: Kommunenummer, otherwise: Rejection) -> Rejection {
        let split = self.policy.successors(owner, self.now.today).len() > 1;
        if split { Rejection::KommuneSuperseded } else { otherwise }
    }

    /// A sender for a whole kommune has no bydel; one for a bydel is refused others (AU-9).
    pub(super) fn another_bydel(&self, of_person: Option<Bydel>) -> bool {
        self.bydel.is_some() && self.bydel != of_person
    }

    /// Steps 4 and 5: ownership (domain.md 11.3) and the role.
    pub(super) fn may_write(&self, person: &Person, content: &Content) -> Result<(), Vec<Finding>> {
        match self.followed_up(person, content) {
            // What follows up a stored record belongs to the kommune that owns it, whatever the date.
            Some(parent) => {
                if !self.policy.owns(self.kommune, parent.kommune, self.now.today) {
                    let rejection = self.not_owner(parent.kommune, Rejection::OwnedByOther);
                    return one(rejection, Field::Content("vedtakRef"));
                }
                if self.another_bydel(parent.bydel) {
                    return one(Rejection::NotOppfoelgingsbydel, Field::Content("vedtakRef"));
                }
            }
            None => self.owns_day(person, content)?,
        }
        self.role(content, Field::Content("ordning"))
    }

    /// The stored decision that this record follows up, where its kind is one that does: an appeal, a certificate, a
    /// decision made anew (AU-6).
    fn followed_up<'p>(&self, person: &'p Person, content: &Content) -> Option<&'p PostVersion> {
        let follows = match content {
            Content::Klage(_) | Content::Deltakerbevis(_) => true,
            Content::Vedtak(vedtak) => {
                self.policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype).is_some_and(|rule| rule.foelger_opp)
            }
            _ => false,
        };
        person.post(content.vedtak_ref().filter(|_| follows)?)
    }

    /// Whether the person is followed up here on the event day.
    fn owns_day(&self, person: &Person, content: &Content) -> Result<(), Vec<Finding>> {
        let (day, field) = event_day(content);
        let not_here = |rejection, owner| Err(vec![self.not_here(rejection, day, field, owner)]);
        let Some(follow_up) = person.follow_up(day) else { return not_here(Rejection::NotOppfoelgingskommune, None) };
        if !self.policy.owns(self.kommune, follow_up.kommune, self.now.today) {
            let rejection = self.not_owner(follow_up.kommune, Rejection::NotOppfoelgingskommune);
            return not_here(rejection, Some(follow_up.kommune));
        }
        let current = person.follow_up(self.now.today);
        let moved = current.is_some_and(|now| !self.policy.owns(self.kommune, now.kommune, self.now.today));
        if moved && !self.policy.former_kommune_may_write() {
            return not_here(Rejection::NotOppfoelgingskommune, None);
        }
        if self.another_bydel(follow_up.bydel) {
            return not_here(Rejection::NotOppfoelgingsbydel, None);
        }
        Ok(())
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
    pub(super) fn ordning_written(&self, content: &Content) -> Ordning {
        let all = [Ordning::Intro, Ordning::Norsk];
        let writes = |ordning: &Ordning| self.roles().iter().any(|role| role.writes(*ordning));
        let any = all.into_iter().find(writes).filter(|_| content.any_ordning());
        any.unwrap_or_else(|| content.ordning())
    }

    /// AU-2, AU-3, AU-4.
    pub(super) fn role(&self, content: &Content, field: Field) -> Result<(), Vec<Finding>> {
        let ordning = self.ordning_written(content);
        if self.roles().iter().any(|role| role.writes(ordning)) {
            return Ok(());
        }
        let writes_another = self.roles().iter().any(|role| matches!(role, Role::Introbruker | Role::Norskbruker));
        let reads = !writes_another && self.roles().iter().any(|role| role.only_reads());
        one(if reads { Rejection::ReadOnlyRole } else { Rejection::RoleLacksOrdning }, field)
    }
}
