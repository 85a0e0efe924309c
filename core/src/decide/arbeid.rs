//! Work, and offers of work (IL §8(4); domain.md 5.3 IL-24, 9.3 HD-15).

use rust_decimal::Decimal;

use crate::decide::Scene;
use crate::decide::common::{refusal, with};
use crate::person::Person;
use crate::post::{Arbeidsforhold, Content, PostId};
use crate::receipt::Finding;
use crate::rejection::Rejection;

impl Scene<'_> {
    /// Work that has begun, or an offer of it; registered since the act asks for it (B527).
    pub(super) fn arbeid_findings(&self, person: &Person, work: &Arbeidsforhold, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        if work.tilbud {
            self.foreseeable(work.fra_dato, "fraDato", &mut all);
        } else {
            self.past(Some(work.fra_dato), "fraDato", &mut all);
        }
        if let Some(to) = work.til_dato {
            self.ordered((work.fra_dato, to), "tilDato", &mut all);
            self.foreseeable(to, "tilDato", &mut all);
        }
        let first = self.policy.registered_from(&Content::Arbeidsforhold(work.clone()));
        if let (Some(first), Some(to)) = (first, work.til_dato)
            && to < first
        {
            all.push(with(refusal(Rejection::RuleNotInForce, "tilDato"), "gyldigFra", first));
        }
        let most = self.policy.hours_of_days(7);
        if work.timer_per_uke <= Decimal::ZERO || work.timer_per_uke > most {
            all.push(with(refusal(Rejection::HoursOutOfRange, "timerPerUke"), "timerMaks", most));
        }
        self.doubled(person, &Content::Arbeidsforhold(work.clone()), own, "fraDato", &mut all);
        all
    }
}
