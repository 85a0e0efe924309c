//! The end of an introduksjonsprogram and its reason (domain.md 8.3; HD-9, HD-9a).

use crate::decide::common::{others, refusal};
use crate::decide::{Scene, with_post};
use crate::person::Person;
use crate::policy::Hovedaktivitet;
use crate::post::{Avslutning, Content, Ordning, PostId};
use crate::receipt::Finding;
use crate::rejection::Rejection;

impl Scene<'_> {
    /// Exactly one end of each programme, on a day that has been, by a reason that a kommune can give.
    pub(super) fn avslutning_findings(&self, person: &Person, end: &Avslutning, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(end.avslutningsdato), "avslutningsdato", &mut all);
        self.reason(end, &mut all);
        if self.doubled(person, &Content::Avslutning(end.clone()), own, "avslutningsaarsak", &mut all) {
            return all;
        }
        if self.earlier_line_failed {
            return all;
        }
        let scheme = self.scheme(person, Ordning::Intro, own);
        let covering = scheme.granted_on(end.avslutningsdato);
        if scheme.granted.is_empty() {
            all.push(refusal(Rejection::NoInnvilgelse, "avslutningsdato"));
        } else if let Some(ended) = covering.and_then(|granted| granted.ended).filter(|ended| ended.with_reason) {
            // The end with its reason stands, also one that the register set (AVSL-R5): it is corrected, not set anew.
            all.push(with_post(refusal(Rejection::ProgrammeEnded, "avslutningsdato"), person, ended.post, self));
        } else if covering.is_none() {
            match scheme.ended_before(end.avslutningsdato) {
                Some(post) => {
                    all.push(with_post(refusal(Rejection::ProgrammeEnded, "avslutningsdato"), person, post, self));
                }
                None => all.push(refusal(Rejection::WrongOrder, "avslutningsdato")),
            }
        } else if covering.is_some_and(|granted| end.avslutningsdato < granted.first_day()) {
            all.push(refusal(Rejection::WrongOrder, "avslutningsdato"));
        }
        all
    }

    /// AVSL-21 (B561), AVSL-SYS0 (B562).
    fn reason(&self, end: &Avslutning, all: &mut Vec<Finding>) {
        let rule = self.policy.avslutning_rule(&end.avslutningsaarsak);
        if rule.is_some_and(|rule| rule.bare_system) {
            all.push(refusal(Rejection::SystemReason, "avslutningsaarsak"));
        }
        let asked = rule.is_some_and(|rule| rule.hovedaktivitet == Hovedaktivitet::Kreves);
        let activity = end.hovedaktivitet.as_deref();
        let can = activity.is_none_or(|code| {
            self.policy.avslutning_rule(code).is_some_and(|rule| rule.hovedaktivitet == Hovedaktivitet::Kan)
        });
        if asked && activity.is_none() || !can {
            all.push(refusal(Rejection::NoReason, "hovedaktivitet"));
        }
    }

    /// What stands after a new actual start or end would be moved out of the programme.
    pub(super) fn measure_before(&self, person: &Person, ordning: Ordning, day: chrono::NaiveDate) -> Option<PostId> {
        let scheme = self.scheme(person, ordning, None);
        let granted = scheme.granted_on(day)?.period;
        others(person, None)
            .find(|post| {
                matches!(&post.content, Content::Tiltak(tiltak)
                    if tiltak.ordning == ordning && tiltak.fra_dato < day && granted.contains(tiltak.fra_dato))
            })
            .map(|post| post.post_id)
    }
}
