//! Absence (domain.md 8.1, FRAV-01 to FRAV-07, FRAV-R1 to FRAV-R4). Numbers are rows of `rules/fravaer.toml`.

use chrono::{Days as Shift, Months, NaiveDate};
use rust_decimal::Decimal;

use crate::decide::Scene;
use crate::decide::common::{Days, calendar_days, others, overlap, refusal, virkedager, warning, with};
use crate::decide::line::missing;
use crate::person::Person;
use crate::policy::FravaerRule;
use crate::post::{Content, Fravaer, Ordning, PostId};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;
use crate::scheme::Scheme;

fn days(absence: &Fravaer) -> Days {
    (absence.fra_dato, absence.til_dato)
}

/// Other absence of the scheme that stands.
fn of_scheme(person: &Person, own: Option<PostId>, ordning: Ordning) -> impl Iterator<Item = (PostId, &Fravaer)> {
    others(person, own).filter_map(move |post| match &post.content {
        Content::Fravaer(other) if other.ordning == ordning => Some((post.post_id, other)),
        _ => None,
    })
}

impl Scene<'_> {
    /// Errors and warnings of state and rule; `own` is the post itself when it is changed.
    pub(super) fn fravaer_findings(&self, person: &Person, absence: &Fravaer, own: Option<PostId>) -> Vec<Finding> {
        let Some(rule) = self.policy.fravaer_rule(absence.ordning, &absence.fravaertype) else {
            return vec![refusal(Rejection::WrongLeaveType, "fravaertype")];
        };
        let mut all = Vec::new();
        if absence.ordning == Ordning::Norsk && self.norsk_in_intro(person, absence.fra_dato) {
            // Absence is the programme's while Norwegian is part of it (FRAV-R2, FRAV-R4).
            all.push(refusal(Rejection::WrongLeaveType, "ordning"));
        }
        if rule.aarsak && absence.aarsak.is_none() {
            all.push(missing(Field::Content("aarsak")));
        }
        if !self.ordered(days(absence), "tilDato", &mut all) {
            return all;
        }
        self.past(Some(absence.til_dato), "tilDato", &mut all);
        if absence.til_dato > self.now.today
            || self.doubled(person, &Content::Fravaer(absence.clone()), own, "fravaertype", &mut all)
        {
            return all;
        }
        let scheme = self.scheme_if_moved(person, absence.ordning, None);
        self.within(person, &scheme, days(absence), ("fraDato", "tilDato"), &mut all);
        self.amount(absence, &mut all);
        let whole = |absence: &Fravaer| absence.timer.is_none();
        let twice = of_scheme(person, own, absence.ordning)
            .find(|(_, other)| whole(absence) && whole(other) && overlap(days(absence), days(other)));
        all.extend(twice.map(|(post, _)| self.in_the_way(person, post, "fraDato")));
        if rule.egenmelding && absence.ordning == Ordning::Intro {
            self.without_note(person, absence, own, &scheme, &mut all);
        }
        if rule.kvote {
            self.quota_of_year(person, absence, own, &mut all);
        }
        if rule.etter_omsorgspermisjon && !self.earlier_line_failed {
            let before = scheme
                .permisjoner
                .iter()
                .any(|leave| leave.care && leave.period.last().is_some_and(|last| last < absence.fra_dato));
            if !before {
                all.push(refusal(Rejection::WrongOrder, "fravaertype"));
            }
        }
        if absence.ordning == Ordning::Norsk {
            self.hours_of_training(person, absence, own, rule, &mut all);
        }
        all
    }

    /// FRAV-R2: a programme counts working days or hours of a part of one, training counts hours.
    fn amount(&self, absence: &Fravaer, all: &mut Vec<Finding>) {
        let most = self.policy.hours_of_days(calendar_days(days(absence)));
        if let Some(hours) = absence.timer
            && (hours <= Decimal::ZERO || hours > most)
        {
            all.push(with(refusal(Rejection::TooManyHours, "timer"), "maks", most));
        }
        match (absence.ordning, absence.dager) {
            (Ordning::Norsk, _) if absence.timer.is_none() => all.push(missing(Field::Content("timer"))),
            (_, Some(counted)) => {
                let most = virkedager(days(absence)).count();
                if counted <= Decimal::ZERO || counted > Decimal::from(most) {
                    all.push(with(refusal(Rejection::TooManyHours, "dager"), "maks", most));
                }
            }
            _ => {}
        }
    }

    /// FRAV-01: some days at a time, counted together with those shortly before and after, and not in the first weeks.
    fn without_note(
        &self,
        person: &Person,
        absence: &Fravaer,
        own: Option<PostId>,
        scheme: &Scheme,
        all: &mut Vec<Finding>,
    ) {
        let rule = self.policy.egenmelding();
        let most = i64::from(rule.kalenderdager);
        let too_long = |rejection| with(refusal(rejection, "tilDato"), "maksKalenderdager", most);
        if calendar_days(days(absence)) > most {
            all.push(too_long(Rejection::LeaveTooLong));
        } else {
            let reach = Shift::new(u64::from(rule.legges_sammen_dager));
            let near = (
                absence.fra_dato.checked_sub_days(reach).unwrap_or(NaiveDate::MIN),
                absence.til_dato.checked_add_days(reach).unwrap_or(NaiveDate::MAX),
            );
            let also = of_scheme(person, own, absence.ordning)
                .filter(|(_, other)| other.fravaertype == absence.fravaertype && overlap(days(other), near))
                .map(|(_, other)| calendar_days(days(other)))
                .sum::<i64>();
            if also + calendar_days(days(absence)) > most {
                all.push(too_long(Rejection::LeaveTooLong));
            }
        }
        let weeks = Shift::new(7 * u64::from(rule.etter_uker));
        if let Some(granted) = scheme.granted_on(absence.fra_dato)
            && let Some(first) = granted.first_day().checked_add_days(weeks)
            && absence.fra_dato < first
        {
            all.push(with(refusal(Rejection::StartTooEarly, "fraDato"), "gyldigFra", first));
        }
    }

    /// FRAV-R1: one quota of working days in any twelve months.
    fn quota_of_year(&self, person: &Person, absence: &Fravaer, own: Option<PostId>, all: &mut Vec<Finding>) {
        let most = Decimal::from(self.policy.absence_quota(absence.omsorgsgrunnlag.as_deref()));
        let shares = |kode: &str| self.policy.fravaer_rule(absence.ordning, kode).is_some_and(|rule| rule.kvote);
        let mut counted: Vec<(NaiveDate, Decimal)> = of_scheme(person, own, absence.ordning)
            .filter(|(_, other)| shares(&other.fravaertype))
            .flat_map(|(_, other)| by_day(other))
            .collect();
        counted.extend(by_day(absence));
        counted.sort();
        // The twelve months that end on each counted day and hold a day of this absence.
        let sum = counted
            .iter()
            .map(|(end, _)| (end.checked_sub_months(Months::new(12)).unwrap_or(NaiveDate::MIN), *end))
            .filter(|(before, end)| absence.fra_dato <= *end && *before < absence.til_dato)
            .map(|(before, end)| {
                counted.iter().filter(|(day, _)| before < *day && *day <= end).map(|(_, part)| *part).sum::<Decimal>()
            })
            .max()
            .unwrap_or_default();
        if sum > most {
            let used = with(refusal(Rejection::QuotaUsed, "fraDato"), "maks", most);
            all.push(with(used, "sum", sum.round_dp(2).normalize()));
        }
    }

    /// FRAV-R4: what is missed of the training without a doctor's note beyond a tenth needs one.
    fn hours_of_training(
        &self,
        person: &Person,
        absence: &Fravaer,
        own: Option<PostId>,
        rule: &FravaerRule,
        all: &mut Vec<Finding>,
    ) {
        let counts = |absence: &Fravaer| {
            let noted =
                self.policy.fravaer_rule(absence.ordning, &absence.fravaertype).is_some_and(|rule| rule.legeerklaering);
            !noted && absence.dokumentert != Some(true)
        };
        if rule.legeerklaering || !counts(absence) {
            return;
        }
        let before = of_scheme(person, own, absence.ordning).filter(|(_, other)| counts(other));
        let sum = before.filter_map(|(_, other)| other.timer).sum::<Decimal>() + absence.timer.unwrap_or_default();
        let free = self.policy.free_absence_hours();
        if sum > free {
            all.push(with(warning(Rejection::QuotaUsed, "timer"), "timerMaks", free.normalize()));
        }
    }
}

/// The working days of an absence, each with the part of it that was missed.
fn by_day(absence: &Fravaer) -> impl Iterator<Item = (NaiveDate, Decimal)> {
    let all: Vec<NaiveDate> = virkedager(days(absence)).collect();
    let part = match absence.dager {
        Some(counted) if !all.is_empty() => counted / Decimal::from(all.len()),
        _ => Decimal::ONE,
    };
    all.into_iter().map(move |day| (day, part))
}
