//! The back-registration window of one registration (domain.md 9): which days are tested, and what the answer says.

use chrono::NaiveDate;

use crate::decide::{Scene, finding};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Content, Ordning, Tiltak, Vedtak};
use crate::receipt::{Field, Finding};
use crate::registry::Role;
use crate::rejection::Rejection;
use crate::scheme::effect_day;
use crate::time::oslo_date;

/// A day to be tested, with the element that gave it and the code that fits (domain.md 15.1, V601 / V602).
#[derive(Debug, Clone, Copy)]
pub(super) struct Tested {
    pub day: NaiveDate,
    pub field: Field,
    pub rejection: Rejection,
}

fn at(day: NaiveDate, field: &'static str, rejection: Rejection) -> Tested {
    Tested { day, field: Field::Content(field), rejection }
}

/// A date after the last one that may be sent today (HD-12).
pub(super) fn too_far_ahead(field: &'static str, last: NaiveDate) -> Finding {
    let mut refusal = finding(Rejection::InTheFuture, Field::Content(field));
    refusal.params.push(("senesteDato", last.to_string()));
    refusal
}

/// Days of a new post (HD-1, HD-1a, HD-3) or of a deleted one (HD-5).
pub(super) fn whole(policy: &Policy, content: &Content) -> Vec<Tested> {
    match content {
        Content::Vedtak(v) => {
            let mut days = vec![at(v.vedtaksdato, "vedtaksdato", Rejection::TooFarBack)];
            if let Some(start) = v.start_dato.filter(|_| !starts_earlier(policy, v)) {
                days.push(at(start, "startDato", Rejection::TooFarBack));
            }
            days
        }
        Content::Tiltak(t) => {
            let mut days = vec![at(t.fra_dato, "fraDato", Rejection::TooFarBack)];
            days.extend(t.vurdert_dato.map(|day| at(day, "vurdertDato", Rejection::TooFarBack)));
            days
        }
        other => {
            let (day, field) = other.hendelse();
            vec![at(day, field, Rejection::TooFarBack)]
        }
    }
}

/// Whether the effect of the decision may begin before the window (HD-1a).
fn starts_earlier(policy: &Policy, vedtak: &Vedtak) -> bool {
    let rule = policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype);
    vedtak.klage_ref.is_some() || rule.is_some_and(|rule| rule.tidligere_virkning)
}

/// Days that differ between what is stored and what shall be (HD-4, HD-6; design.md 17, Windows).
pub(super) fn changed(policy: &Policy, old: &Content, new: &Content) -> Vec<Tested> {
    match (old, new) {
        (Content::Tiltak(a), Content::Tiltak(b)) => tiltak_changed(a, b),
        (Content::Vedtak(a), Content::Vedtak(b)) => vedtak_changed(policy, a, b),
        _ => Vec::new(),
    }
}

fn tiltak_changed(a: &Tiltak, b: &Tiltak) -> Vec<Tested> {
    let mut days = Vec::new();
    let mark = |t: &Tiltak| (t.gjennomfoering.clone(), t.vurdert_dato);
    let mut same = b.clone();
    (same.fra_dato, same.til_dato) = (a.fra_dato, a.til_dato);
    (same.gjennomfoering, same.vurdert_dato) = mark(a);
    if same != *a {
        // A field that is no date says something else of every day of both periods.
        let field = if b.fra_dato < a.fra_dato { "fraDato" } else { first_other_field(a, b) };
        days.push(at(a.fra_dato.min(b.fra_dato), field, Rejection::TooFarBack));
    } else if let Some((day, field)) =
        first_difference((a.fra_dato, Some(a.til_dato)), (b.fra_dato, Some(b.til_dato)), ("fraDato", "tilDato"))
    {
        days.push(at(day, field, Rejection::ClosedPeriodTouched));
    }
    if mark(a) != mark(b)
        && let Some(day) = b.vurdert_dato.or(a.vurdert_dato)
    {
        days.push(at(day, "vurdertDato", Rejection::TooFarBack));
    }
    days
}

/// The first field that differs and is no date, for the place of the error.
fn first_other_field(a: &Tiltak, b: &Tiltak) -> &'static str {
    if a.tiltaksgruppe != b.tiltaksgruppe {
        "tiltaksgruppe"
    } else if a.tiltakstype != b.tiltakstype {
        "tiltakstype"
    } else if a.timer_per_uke != b.timer_per_uke {
        "timerPerUke"
    } else if a.erstattende_tiltak != b.erstattende_tiltak {
        "erstattendeTiltak"
    } else {
        "mottattTilbud"
    }
}

fn vedtak_changed(policy: &Policy, a: &Vedtak, b: &Vedtak) -> Vec<Tested> {
    let mut days = Vec::new();
    if a.vedtaksdato != b.vedtaksdato {
        days.push(at(a.vedtaksdato.min(b.vedtaksdato), "vedtaksdato", Rejection::ClosedPeriodTouched));
    }
    // Without a start the period begins with vedtaksdato, which is tested above.
    let unchanged = a.start_dato.is_none() && b.start_dato.is_none();
    let period = |v: &Vedtak| (if unchanged { a.vedtaksdato } else { effect_day(v) }, v.slutt_dato);
    if let Some((day, field)) = first_difference(period(a), period(b), ("startDato", "sluttDato"))
        && !starts_earlier(policy, b)
    {
        days.push(at(day, field, Rejection::ClosedPeriodTouched));
    }
    let mut same = b.clone();
    (same.vedtaksdato, same.start_dato, same.slutt_dato) = (a.vedtaksdato, a.start_dato, a.slutt_dato);
    if same != *a {
        days.push(at(a.vedtaksdato, "vedtaksdato", Rejection::TooFarBack));
    }
    days
}

/// The first day that lies in one of two inclusive periods and not in the other.
fn first_difference(
    a: (NaiveDate, Option<NaiveDate>),
    b: (NaiveDate, Option<NaiveDate>),
    fields: (&'static str, &'static str),
) -> Option<(NaiveDate, &'static str)> {
    if a.0 != b.0 {
        return Some((a.0.min(b.0), fields.0));
    }
    if a.1 == b.1 {
        return None;
    }
    let earlier = match (a.1, b.1) {
        (Some(x), Some(y)) => x.min(y),
        (Some(x), None) | (None, Some(x)) => x,
        (None, None) => return None,
    };
    // The day after the earlier end is the first that differs.
    earlier.succ_opt().map(|day| (day, fields.1))
}

impl Scene<'_> {
    /// Refusals of days before the window; one per element. A day lies inside at or after the earliest date, or when
    /// the register itself learned of the follow-up at or after it (domain.md 9.2, HD-13).
    pub(super) fn outside(&self, person: &Person, ordning: Ordning, tested: &[Tested]) -> Vec<Finding> {
        let campaigns = &self.registry.campaigns;
        let window = self.policy.window(self.roles(), ordning, self.kommune, campaigns, self.now.today);
        let outside =
            tested.iter().filter(|t| t.day < window.earliest && !self.late_source(person, t.day, window.earliest));
        outside
            .map(|t| {
                let closed = self.policy.closed_campaign(t.day, ordning, self.kommune, campaigns, self.now.today);
                let rejection = if closed.is_some() { Rejection::CampaignClosed } else { t.rejection };
                let mut refusal = finding(rejection, t.field);
                refusal.tidligste_dato = Some(window.earliest);
                refusal.regel = Some(window.regel.clone());
                refusal.params.push(("grunnlag", window.grunnlag.to_owned()));
                refusal.params.extend(closed.map(|campaign| ("kampanje", campaign)));
                let with_role = self.policy.earliest_with_role(self.now.today);
                if !self.roles().contains(&Role::Etterregistrerer) && t.day >= with_role {
                    refusal.params.push(("rolleSomGirMer", Role::Etterregistrerer.code().to_owned()));
                    refusal.params.push(("tidligsteDatoMedRollen", with_role.to_string()));
                }
                refusal
            })
            .collect()
    }

    fn late_source(&self, person: &Person, day: NaiveDate, earliest: NaiveDate) -> bool {
        self.policy.late_source()
            && person.follow_up(day).is_some_and(|follow_up| {
                self.policy.owns(self.kommune, follow_up.kommune, self.now.today)
                    && oslo_date(follow_up.known_since) >= earliest
            })
    }
}

/// The event day that decides who owns the record (domain.md 11.3), and the element that holds it.
pub(super) fn event_day(content: &Content) -> (NaiveDate, Field) {
    let (day, field) = content.hendelse();
    (day, Field::Content(field))
}
