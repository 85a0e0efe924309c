//! Leave and time off (domain.md 8.2, PERM-01 to PERM-12, PERM-R1, PERM-R3). Numbers are rows of `rules/permisjon.toml`.

use chrono::{Datelike as _, Days as Shift, Months, NaiveDate};

use crate::decide::Scene;
use crate::decide::common::{Days, others, overlap, refusal, virkedager, with};
use crate::fact::FactContent;
use crate::person::{Person, personalia};
use crate::policy::PermisjonRule;
use crate::post::{Content, OppfoelgingOmsorgspermisjon, Ordning, Permisjon, PostId};
use crate::receipt::Finding;
use crate::rejection::Rejection;

fn days(leave: &Permisjon) -> Days {
    (leave.fra_dato, leave.til_dato)
}

impl Scene<'_> {
    /// Errors and warnings of state and rule; `own` is the post itself when it is changed.
    pub(super) fn permisjon_findings(&self, person: &Person, leave: &Permisjon, own: Option<PostId>) -> Vec<Finding> {
        let Some(rule) = self.policy.permisjon_rule(leave.ordning, &leave.permisjonstype) else {
            return vec![refusal(Rejection::WrongLeaveType, "permisjonstype")];
        };
        let mut all = Vec::new();
        if leave.ordning == Ordning::Norsk && self.norsk_in_intro(person, leave.fra_dato) {
            // PERM-R3: the programme's leave is the training's.
            all.push(refusal(Rejection::WrongLeaveType, "ordning"));
        }
        if !self.ordered(days(leave), "tilDato", &mut all)
            || !self.foreseeable(leave.til_dato, "tilDato", &mut all)
            || self.doubled(person, &Content::Permisjon(leave.clone()), own, "permisjonstype", &mut all)
        {
            return all;
        }
        let scheme = self.scheme_if_moved(person, leave.ordning, None);
        self.within(person, &scheme, days(leave), ("fraDato", "tilDato"), &mut all);
        let too_long = self.one_leave(person, leave, rule);
        if too_long.is_none() {
            all.extend(self.quota_of_calendar_year(person, leave, own, rule));
        }
        all.extend(too_long);
        let another = others(person, own).find(|post| match &post.content {
            Content::Permisjon(other) => {
                let part_of_day = self
                    .policy
                    .permisjon_rule(other.ordning, &other.permisjonstype)
                    .is_some_and(|rule| rule.del_av_dag);
                other.ordning == leave.ordning
                    && overlap(days(leave), days(other))
                    && (other.permisjonstype == leave.permisjonstype || !(part_of_day || rule.del_av_dag))
            }
            _ => false,
        });
        all.extend(another.map(|post| self.in_the_way(person, post.post_id, "fraDato")));
        all
    }

    /// B520: one leave is longer than its type allows.
    fn one_leave(&self, person: &Person, leave: &Permisjon, rule: &PermisjonRule) -> Option<Finding> {
        let man = personalia(&person.facts)
            .is_some_and(|fact| matches!(&fact.content, FactContent::Personalia { kjoenn, .. } if kjoenn == "MANN"));
        let most = rule.maks_virkedager_mann.filter(|_| man).or(rule.maks_virkedager);
        if let Some(most) = most
            && virkedager(days(leave)).count() > most as usize
        {
            return Some(with(refusal(Rejection::LeaveTooLong, "tilDato"), "maks", most));
        }
        let last = leave.fra_dato.checked_add_months(Months::new(rule.maks_maaneder?))?.pred_opt()?;
        (leave.til_dato > last).then(|| with(refusal(Rejection::LeaveTooLong, "tilDato"), "senesteDato", last))
    }

    /// B525: the leaves that share a quota are together longer than it allows in a calendar year.
    fn quota_of_calendar_year(
        &self,
        person: &Person,
        leave: &Permisjon,
        own: Option<PostId>,
        rule: &PermisjonRule,
    ) -> Option<Finding> {
        let quota = rule.kvote.as_deref()?;
        let sharing: Vec<Days> = others(person, own)
            .filter_map(|post| match &post.content {
                Content::Permisjon(other) if other.ordning == leave.ordning => {
                    let shares = self.policy.permisjon_rule(other.ordning, &other.permisjonstype)?.kvote.as_deref();
                    (shares == Some(quota)).then(|| days(other))
                }
                _ => None,
            })
            .collect();
        (leave.fra_dato.year()..=leave.til_dato.year()).find_map(|year| {
            let in_year = |period: Days| virkedager(period).filter(|day| day.year() == year).count();
            let sum = sharing.iter().map(|other| in_year(*other)).sum::<usize>() + in_year(days(leave));
            (sum > rule.kvote_virkedager as usize).then(|| {
                let used = with(refusal(Rejection::QuotaUsed, "fraDato"), "maks", rule.kvote_virkedager);
                with(used, "sum", sum)
            })
        })
    }

    /// Follow-up from the fourth month of a parental leave on, inside it (IF §33).
    pub(super) fn omsorg_findings(
        &self,
        person: &Person,
        follow_up: &OppfoelgingOmsorgspermisjon,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        let period = (follow_up.fra_dato, follow_up.til_dato);
        let most = self.policy.hours_hard(follow_up.fra_dato);
        if follow_up.timer_per_uke <= rust_decimal::Decimal::ZERO || follow_up.timer_per_uke > most {
            all.push(with(refusal(Rejection::HoursOutOfRange, "timerPerUke"), "timerMaks", most));
        }
        if !self.ordered(period, "tilDato", &mut all)
            || !self.foreseeable(period.1, "tilDato", &mut all)
            || self.doubled(person, &Content::OppfoelgingOmsorgspermisjon(follow_up.clone()), own, "fraDato", &mut all)
            || self.earlier_line_failed
        {
            return all;
        }
        let leaves = [Ordning::Norsk, Ordning::Intro].map(|ordning| self.scheme(person, ordning, None).permisjoner);
        let around = leaves.iter().flatten().find(|leave| leave.care && leave.period.contains(period.0));
        match around {
            Some(leave) if leave.period.contains(period.1) => {
                let due = self.policy.care_follow_up_from(leave.period.from);
                if period.0 < due {
                    all.push(with(refusal(Rejection::StartTooEarly, "fraDato"), "gyldigFra", due));
                }
            }
            Some(_) => all.push(refusal(Rejection::OutsideOrdning, "tilDato")),
            None => all.push(refusal(Rejection::OutsideOrdning, "fraDato")),
        }
        let another = others(person, own).find(|post| {
            matches!(&post.content, Content::OppfoelgingOmsorgspermisjon(other)
                if overlap(period, (other.fra_dato, other.til_dato)))
        });
        all.extend(another.map(|post| self.in_the_way(person, post.post_id, "fraDato")));
        all
    }
}

/// The last day of a calendar month.
pub(super) fn end_of_month(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    next.checked_sub_days(Shift::new(1)).unwrap_or(day)
}
