//! Norwegian training: hours, goals, prior education, full-time school, training in mottak (domain.md 6.3, 6.4).

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::decide::Scene;
use crate::decide::common::{Days, calendar_days, others, outside, overlap, refusal, warning, with};
use crate::decide::line::missing;
use crate::decide::permisjon::end_of_month;
use crate::person::Person;
use crate::post::{
    Content, FulltidVideregaaende, Modultimer, Norskmaal, Norsktimer, OpplaeringIMottak, Ordning, PostId,
    Utdanningsbakgrunn,
};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;

impl Scene<'_> {
    /// Hours of a period within one calendar month (17.9), in training that was granted, by module (B522, B523).
    pub(super) fn norsktimer_findings(&self, person: &Person, hours: &Norsktimer, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        let days = (hours.fra_dato, hours.til_dato);
        self.past(Some(hours.til_dato), "tilDato", &mut all);
        self.modules(&hours.samfunnskunnskap_timer, days, &mut all);
        if !self.ordered(days, "tilDato", &mut all) {
            return all;
        }
        if hours.til_dato > end_of_month(hours.fra_dato) {
            let month = refusal(Rejection::TooManyHours, "tilDato");
            all.push(with(month, "maanedSlutt", end_of_month(hours.fra_dato)));
            return all;
        }
        let civics = hours.samfunnskunnskap_timer.iter().map(|one| one.timer).sum::<Decimal>();
        let most = self.policy.hours_of_days(calendar_days(days));
        if hours.norsk_timer < Decimal::ZERO || hours.norsk_timer + civics > most {
            all.push(with(refusal(Rejection::TooManyHours, "norskTimer"), "maks", most));
        }
        if self.doubled(person, &Content::Norsktimer(hours.clone()), own, "norskTimer", &mut all) {
            return all;
        }
        // Norwegian that is part of a programme is granted with it (FR-NORSK-I-INTRO).
        let programme = self.scheme(person, Ordning::Intro, None);
        if programme.granted.is_empty() || outside(&programme, days, ("fraDato", "tilDato")).is_some() {
            let scheme = self.scheme(person, Ordning::Norsk, None);
            self.within(person, &scheme, days, ("fraDato", "tilDato"), &mut all);
            if scheme.stopped_on(hours.fra_dato) && !self.earlier_line_failed {
                all.push(refusal(Rejection::ProgrammeStopped, "fraDato"));
            }
        }
        let another = others(person, own).find(|post| {
            matches!(&post.content, Content::Norsktimer(other) if overlap(days, (other.fra_dato, other.til_dato)))
        });
        all.extend(another.map(|post| self.in_the_way(person, post.post_id, "fraDato")));
        all
    }

    /// B523: each module once, with hours, of a curriculum that was taught in the period.
    fn modules(&self, modules: &[Modultimer], (from, to): Days, all: &mut Vec<Finding>) {
        let mut seen = BTreeSet::new();
        for one in modules {
            let twice = !seen.insert(one.modul.as_str());
            if twice || one.timer <= Decimal::ZERO || !self.policy.module_taught(&one.modul, from, to) {
                all.push(with(refusal(Rejection::ModulesMismatch, "samfunnskunnskapTimer"), "modul", &one.modul));
            }
        }
    }

    /// HD-10. One answer from each day.
    pub(super) fn utdanning_findings(
        &self,
        person: &Person,
        education: &Utdanningsbakgrunn,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(education.dato), "dato", &mut all);
        let content = Content::Utdanningsbakgrunn(education.clone());
        if self.doubled(person, &content, own, "harVideregaaende", &mut all) {
            return all;
        }
        let same_day = others(person, own)
            .find(|post| matches!(&post.content, Content::Utdanningsbakgrunn(other) if other.dato == education.dato));
        all.extend(same_day.map(|post| self.in_the_way(person, post.post_id, "dato")));
        all
    }

    /// At least one skill (B516); lower than advised, or down by more than a level, is a hint (B524).
    pub(super) fn norskmaal_findings(&self, person: &Person, goals: &Norskmaal, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(goals.dato), "dato", &mut all);
        if skills(goals).iter().all(|(_, goal, _)| goal.is_none()) {
            all.push(missing(Field::Content("lytte")));
        }
        if self.doubled(person, &Content::Norskmaal(goals.clone()), own, "dato", &mut all) {
            return all;
        }
        let stored = || {
            others(person, own).filter_map(|post| match &post.content {
                Content::Norskmaal(other) => Some((post.post_id, other)),
                _ => None,
            })
        };
        let same_day = stored().find(|(_, other)| other.dato == goals.dato);
        all.extend(same_day.map(|(post, _)| self.in_the_way(person, post, "dato")));
        let education = others(person, None)
            .filter_map(|post| match &post.content {
                Content::Utdanningsbakgrunn(education) if education.dato <= goals.dato => Some(education),
                _ => None,
            })
            .max_by_key(|education| education.dato);
        let lowest = self
            .policy
            .lowest_goal(education.map_or("IKKE_REGISTRERT", |education| education.har_videregaaende.as_str()));
        let before = stored().map(|(_, other)| other).filter(|other| other.dato < goals.dato);
        let before = before.max_by_key(|other| other.dato).map(skills);
        for (at, (field, goal, spoken)) in skills(goals).into_iter().enumerate() {
            let Some(level) = goal.and_then(|goal| self.policy.level(goal)) else { continue };
            let advised = lowest.map(|(written, speech)| if spoken { speech } else { written });
            let low = advised.filter(|advised| self.policy.level(advised).is_some_and(|lowest| level < lowest));
            let former = before.and_then(|before| before.get(at).and_then(|(_, goal, _)| *goal));
            let fell = former.and_then(|goal| self.policy.level(goal)).is_some_and(|former| level + 1 < former);
            if let Some(advised) = low {
                all.push(with(warning(Rejection::GoalTooLow, field), "nivaa", advised));
            } else if fell {
                all.push(warning(Rejection::GoalTooLow, field));
            }
        }
        all
    }

    /// A time in full-time school; two do not lie over each other.
    pub(super) fn videregaaende_findings(
        &self,
        person: &Person,
        school: &FulltidVideregaaende,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        let period = Content::FulltidVideregaaende(school.clone()).valid();
        self.foreseeable(school.fra_dato, "fraDato", &mut all);
        if let Some(to) = school.til_dato {
            self.ordered((school.fra_dato, to), "tilDato", &mut all);
        }
        if self.doubled(person, &Content::FulltidVideregaaende(school.clone()), own, "fraDato", &mut all) {
            return all;
        }
        let another = others(person, own)
            .find(|post| matches!(&post.content, Content::FulltidVideregaaende(_)) && post.valid.overlaps(&period));
        all.extend(another.map(|post| self.in_the_way(person, post.post_id, "fraDato")));
        all
    }

    /// Training of an asylum seeker: a time that has been, hours of a week, by module (domain.md 6.4).
    pub(super) fn mottak_findings(
        &self,
        person: &Person,
        training: &OpplaeringIMottak,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        let days = (training.fra_dato, training.til_dato);
        let hours = training.norsk_timer_per_uke;
        let most = self.policy.hours_hard(training.fra_dato);
        if hours < Decimal::ZERO || hours > most {
            all.push(with(refusal(Rejection::HoursOutOfRange, "norskTimerPerUke"), "timerMaks", most));
        }
        self.past(Some(training.til_dato), "tilDato", &mut all);
        self.modules(&training.samfunnskunnskap_timer, days, &mut all);
        if !self.ordered(days, "tilDato", &mut all) {
            return all;
        }
        let civics = training.samfunnskunnskap_timer.iter().map(|one| one.timer).sum::<Decimal>();
        let room = self.policy.hours_of_days(calendar_days(days));
        if civics > room {
            all.push(with(refusal(Rejection::TooManyHours, "samfunnskunnskapTimer"), "maks", room));
        }
        let content = Content::OpplaeringIMottak(training.clone());
        if self.doubled(person, &content, own, "norskTimerPerUke", &mut all) {
            return all;
        }
        let scheme = self.scheme(person, Ordning::MottakOppl, None);
        if !scheme.granted.is_empty() {
            // No decision is asked for; where there is one, it bounds.
            self.within(person, &scheme, days, ("fraDato", "tilDato"), &mut all);
            if scheme.stopped_on(training.fra_dato) && !self.earlier_line_failed {
                all.push(refusal(Rejection::ProgrammeStopped, "fraDato"));
            }
        }
        let another = others(person, own).find(|post| {
            matches!(&post.content, Content::OpplaeringIMottak(other) if overlap(days, (other.fra_dato, other.til_dato)))
        });
        all.extend(another.map(|post| self.in_the_way(person, post.post_id, "fraDato")));
        all
    }
}

/// Element, goal, and whether it is of speech.
fn skills(goals: &Norskmaal) -> [(&'static str, Option<&str>, bool); 4] {
    [
        ("lytte", goals.lytte.as_deref(), false),
        ("lese", goals.lese.as_deref(), false),
        ("skrive", goals.skrive.as_deref(), false),
        ("muntlig", goals.muntlig.as_deref(), true),
    ]
}
