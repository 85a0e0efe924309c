//! Rules of a tiltak (domain.md 7.2, rows TI-1 to TI-11).

use rust_decimal::Decimal;

use crate::average::has_virkedag;
use crate::codes::Catalogue;
use crate::decide::common::{outside, refusal, warning, with};
use crate::decide::line::missing;
use crate::decide::window::too_far_ahead;
use crate::decide::{Scene, finding, with_post};
use crate::person::Person;
use crate::post::{Content, PostId, Tiltak};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;
use crate::scheme::Granted;
use crate::time::Period;

/// Types that carry a gjennomføring mark (TI-2).
const WITH_MARK: [&str; 2] = ["LF01", "LF02"];
/// Tilbud i omsorgspermisjon: hours are 0 (TI-8, TI-11).
const WITHOUT_HOURS: &str = "AN06";

impl Scene<'_> {
    /// Errors and warnings of state and rule; `own` is the post itself when it is changed.
    pub(super) fn tiltak_findings(&self, person: &Person, tiltak: &Tiltak, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        if tiltak.til_dato < tiltak.fra_dato {
            // TI-7: without a period nothing is said of what depends on it.
            all.push(finding(Rejection::EndBeforeStart, Field::Content("tilDato")));
        } else {
            self.state_of(person, tiltak, &mut all);
            let latest = self.policy.latest_future(self.now.today);
            if tiltak.til_dato > latest {
                all.push(too_far_ahead("tilDato", latest));
            }
            if !has_virkedag(tiltak.fra_dato, tiltak.til_dato) {
                all.push(warning(Rejection::NoVirkedag, "fraDato"));
            }
            self.others(person, tiltak, own, &mut all);
        }
        self.mark_of(tiltak, &mut all);
        self.hours_of(tiltak, &mut all);
        let group =
            Catalogue::embedded().lookup("tiltakstype", &tiltak.tiltakstype).and_then(|row| row.gruppe.as_deref());
        if let Some(group) = group.filter(|group| *group != tiltak.tiltaksgruppe) {
            let mut refusal = finding(Rejection::TypeNotInGroup, Field::Content("tiltakstype"));
            refusal.params.push(("tiltakstype", tiltak.tiltakstype.clone()));
            refusal.params.push(("tiltaksgruppe", group.to_owned()));
            all.push(refusal);
        }
        all
    }

    /// Inside a scheme that was granted (B510, B556; TI-10), has not ended (L801) and is not stopped (L802). A scheme
    /// whose measures need no decision (domain.md 6.5) is bounded by one where there is one. What follows from an
    /// earlier line that failed is not said again.
    fn state_of(&self, person: &Person, tiltak: &Tiltak, all: &mut Vec<Finding>) {
        if !self.policy.has_tiltak(tiltak.ordning) {
            all.push(finding(Rejection::OutsideOrdning, Field::Content("ordning")));
            return;
        }
        if self.earlier_line_failed {
            return;
        }
        let scheme = self.scheme(person, tiltak.ordning, None);
        if scheme.granted.is_empty() {
            if self.policy.tiltak_needs_vedtak(tiltak.ordning) {
                all.push(finding(Rejection::NoInnvilgelse, Field::Content("ordning")));
            }
        } else if let Some(post) = scheme.ended_before(tiltak.fra_dato) {
            all.push(with_post(finding(Rejection::ProgrammeEnded, Field::Content("fraDato")), person, post, self));
        } else if scheme.stopped_on(tiltak.fra_dato) {
            all.push(finding(Rejection::ProgrammeStopped, Field::Content("fraDato")));
        } else {
            all.extend(outside(&scheme, (tiltak.fra_dato, tiltak.til_dato), ("fraDato", "tilDato")));
        }
        // What begins before the programme actually did lies outside it, too.
        let early = scheme.granted_on(tiltak.fra_dato).map(Granted::first_day).filter(|first| tiltak.fra_dato < *first);
        all.extend(early.map(|first| with(refusal(Rejection::OutsideOrdning, "fraDato"), "gyldigFra", first)));
        let period = Period::inclusive(tiltak.fra_dato, Some(tiltak.til_dato));
        let leave = scheme.leave_around(&period).map(|leave| leave.post);
        all.extend(leave.map(|post| with_post(refusal(Rejection::InLeave, "fraDato"), person, post, self)));
    }

    /// TI-2, TI-2a, TI-3.
    fn mark_of(&self, tiltak: &Tiltak, all: &mut Vec<Finding>) {
        let carries = WITH_MARK.contains(&tiltak.tiltakstype.as_str());
        let mark = tiltak.gjennomfoering.as_deref();
        if !carries && (mark.is_some() || tiltak.vurdert_dato.is_some()) {
            all.push(finding(Rejection::NoGjennomfoering, Field::Content("gjennomfoering")));
            return;
        }
        let assessed = matches!(mark, Some("GJENNOMFOERT" | "IKKE_GJENNOMFOERT"));
        match tiltak.vurdert_dato {
            None if assessed => all.push(missing(Field::Content("vurdertDato"))),
            Some(_) if assessed && tiltak.til_dato > self.now.today => {
                all.push(too_far_ahead("gjennomfoering", self.now.today));
            }
            Some(day) if day > self.now.today => all.push(too_far_ahead("vurdertDato", self.now.today)),
            Some(day) if day < tiltak.til_dato => {
                all.push(finding(Rejection::AssessedBeforeEnd, Field::Content("vurdertDato")));
            }
            _ => {}
        }
    }

    /// TI-8, TI-11.
    fn hours_of(&self, tiltak: &Tiltak, all: &mut Vec<Finding>) {
        let hours = tiltak.timer_per_uke;
        let (hard, soft) = (self.policy.hours_hard(tiltak.fra_dato), self.policy.hours_warning(tiltak.fra_dato));
        let without = tiltak.tiltakstype == WITHOUT_HOURS;
        let out_of_range = if without { hours != Decimal::ZERO } else { hours <= Decimal::ZERO || hours > hard };
        if out_of_range {
            let mut refusal = finding(Rejection::HoursOutOfRange, Field::Content("timerPerUke"));
            refusal.params.push(if without {
                ("utenTimer", WITHOUT_HOURS.to_owned())
            } else {
                ("timerMaks", hard.to_string())
            });
            all.push(refusal);
        } else if hours > soft {
            let mut hint = warning(Rejection::HoursOutOfRange, "timerPerUke");
            hint.params.push(("timerVarsel", soft.to_string()));
            hint.regel = Some("tiltak.timer.grense".into());
            all.push(hint);
        }
    }

    /// TI-6, TI-9: duplicates refuse, overlaps of the same type and nothing to replace warn.
    fn others(&self, person: &Person, tiltak: &Tiltak, own: Option<PostId>, all: &mut Vec<Finding>) {
        let others: Vec<(PostId, &Tiltak)> = person
            .posts
            .iter()
            .filter(|p| !p.annulled && Some(p.post_id) != own)
            .filter_map(|p| match &p.content {
                Content::Tiltak(t) if t.ordning == tiltak.ordning => Some((p.post_id, t)),
                _ => None,
            })
            .collect();
        if let Some((post, _)) = others.iter().find(|(_, other)| *other == tiltak) {
            all.push(with_post(finding(Rejection::Duplicate, Field::Content("tiltakstype")), person, *post, self));
            return;
        }
        let overlaps = |other: &Tiltak| other.fra_dato <= tiltak.til_dato && tiltak.fra_dato <= other.til_dato;
        if let Some((post, _)) =
            others.iter().find(|(_, other)| other.tiltakstype == tiltak.tiltakstype && overlaps(other))
        {
            all.push(with_post(warning(Rejection::Overlap, "fraDato"), person, *post, self));
        }
        if tiltak.erstattende_tiltak && !others.iter().any(|(_, other)| overlaps(other)) {
            all.push(warning(Rejection::NothingToReplace, "erstattendeTiltak"));
        }
    }
}
