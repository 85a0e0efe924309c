//! Rules of a vedtak (domain.md 6.1, 6.2, 6.5; 15.1 steps 6 and 8). What each type asks for is data: `rules/vedtak.toml`.

use crate::decide::common::{others, refusal, with};
use crate::decide::kategori::first_permit;
use crate::decide::line::missing;
use crate::decide::window::too_far_ahead;
use crate::decide::{Scene, finding, with_post};
use crate::kategori::Kategorikode;
use crate::person::Person;
use crate::policy::{VedtakRule, Virkning};
use crate::post::{Content, PostId, Vedtak};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;
use crate::scheme::{Scheme, effect_day};

/// Whether the person has both right and duty on the day: who has only one of them has no exam to take (IL-22).
fn exam_duty(person: &Person, day: chrono::NaiveDate) -> bool {
    let open = |kode| {
        person
            .computed()
            .is_none_or(|beregnet| beregnet.kategorier.iter().any(|k| k.kode == kode && k.gyldig.contains(day)))
    };
    open(Kategorikode::NorskRett) && open(Kategorikode::NorskPlikt)
}

impl Scene<'_> {
    /// Errors of state and rule; `own` is the post itself when it is changed.
    pub(super) fn vedtak_findings(&self, person: &Person, vedtak: &Vedtak, own: Option<PostId>) -> Vec<Finding> {
        let Some(rule) = self.policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype) else {
            return vec![refusal(Rejection::WrongVedtakstype, "vedtakstype")];
        };
        let mut all = Vec::new();
        self.after_permit(person, vedtak, &mut all);
        self.exemption(person, vedtak, rule, own, &mut all);
        all.extend(self.duration(person, vedtak, rule, own));
        self.order_of_states(person, vedtak, rule, own, &mut all);
        let latest = self.policy.latest_future(self.now.today);
        let leave = rule.virkning == Some(Virkning::Permisjon);
        for (date, last, field) in [
            (Some(vedtak.vedtaksdato), self.now.today, "vedtaksdato"),
            (vedtak.start_dato, latest, "startDato"),
            (vedtak.slutt_dato.filter(|_| leave), latest, "sluttDato"),
        ] {
            if date.is_some_and(|date| date > last) {
                all.push(too_far_ahead(field, last));
            }
        }
        for (asked, absent, field) in [
            (rule.begrunnelse, vedtak.begrunnelse.is_none(), "begrunnelse"),
            (rule.start, vedtak.start_dato.is_none(), "startDato"),
            (rule.slutt, vedtak.slutt_dato.is_none(), "sluttDato"),
        ] {
            if asked && absent {
                all.push(missing(Field::Content(field)));
            }
        }
        if vedtak.slutt_dato.is_some_and(|slutt| slutt < effect_day(vedtak)) {
            all.push(finding(Rejection::EndBeforeStart, Field::Content("sluttDato")));
        }
        if let Some(same) =
            others(person, own).find(|post| matches!(&post.content, Content::Vedtak(other) if other == vedtak))
        {
            all.push(with_post(
                finding(Rejection::Duplicate, Field::Content("vedtakstype")),
                person,
                same.post_id,
                self,
            ));
        }
        all
    }

    /// The permit is there before the decision (B509).
    fn after_permit(&self, person: &Person, vedtak: &Vedtak, all: &mut Vec<Finding>) {
        let permit = first_permit(person).filter(|_| self.policy.needs_permit(vedtak.ordning));
        if let Some(permit) = permit.filter(|permit| vedtak.vedtaksdato < *permit) {
            all.push(with(refusal(Rejection::BeforePermit, "vedtaksdato"), "tillatelsesdato", permit));
        }
    }

    /// Exemptions have a ground that fits (B516, B517) and a duty to be exempt from (B528); a right lapses only with an
    /// exemption for knowledge (B526).
    fn exemption(
        &self,
        person: &Person,
        vedtak: &Vedtak,
        rule: &VedtakRule,
        own: Option<PostId>,
        all: &mut Vec<Finding>,
    ) {
        if !rule.fritak {
            return;
        }
        let Some(ground) = vedtak.fritaksgrunnlag.as_deref() else {
            all.push(missing(Field::Content("fritaksgrunnlag")));
            return;
        };
        if rule.bortfall {
            let exempt = others(person, own).any(|post| {
                matches!(&post.content, Content::Vedtak(other)
                    if other.ordning == vedtak.ordning
                        && other.fritaksgrunnlag.as_deref() == Some(ground)
                        && self.policy.exemption_fits(other.ordning, &other.vedtakstype, ground))
            });
            if !self.policy.right_can_lapse(vedtak.ordning, ground) || !(exempt || self.earlier_line_failed) {
                all.push(refusal(Rejection::RightCannotLapse, "fritaksgrunnlag"));
            }
        } else if !self.policy.exemption_fits(vedtak.ordning, &vedtak.vedtakstype, ground) {
            all.push(refusal(Rejection::WrongExemption, "fritaksgrunnlag"));
        }
        if rule.proeve && !exam_duty(person, vedtak.vedtaksdato) {
            all.push(refusal(Rejection::NoExamDuty, "vedtakstype"));
        }
    }

    /// L804, B510, L801, L805. What follows from an earlier line that failed is not said again.
    fn order_of_states(
        &self,
        person: &Person,
        vedtak: &Vedtak,
        rule: &VedtakRule,
        own: Option<PostId>,
        all: &mut Vec<Finding>,
    ) {
        // What lengthens a programme lies after the end that the register set because time ran out (AVSL-R4).
        let lengthens = matches!(rule.virkning, Some(Virkning::Forlenger | Virkning::Permisjon));
        let scheme = if lengthens {
            self.scheme_if_moved(person, vedtak.ordning, own)
        } else {
            Scheme::of(self.policy, person.posts.iter(), vedtak.ordning, own)
        };
        let day = effect_day(vedtak);
        if rule.virkning == Some(Virkning::Aapner) {
            let period = Content::Vedtak(vedtak.clone()).valid();
            if let Some(other) = scheme.granted.iter().find(|granted| granted.period.overlaps(&period)) {
                all.push(with_post(
                    finding(Rejection::ActiveVedtak, Field::Content("startDato")),
                    person,
                    other.post,
                    self,
                ));
            }
            return;
        }
        if self.earlier_line_failed {
            return;
        }
        if rule.krever_aktiv && scheme.granted.is_empty() {
            all.push(finding(Rejection::NoInnvilgelse, Field::Content("vedtakstype")));
        } else if rule.krever_aktiv && !self.in_force(&scheme, rule, day) {
            let refusal = match scheme.ended_before(day) {
                Some(post) => {
                    with_post(finding(Rejection::ProgrammeEnded, Field::Content("vedtakstype")), person, post, self)
                }
                None => finding(Rejection::WrongOrder, Field::Content("vedtakstype")),
            };
            all.push(refusal);
        }
        if rule.krever_stans && !scheme.stopped_on(day) {
            all.push(finding(Rejection::WrongOrder, Field::Content("vedtakstype")));
        }
    }

    /// Granted on the day; a FORLENGELSE may begin the day after the end that it moves.
    fn in_force(&self, scheme: &Scheme, rule: &VedtakRule, day: chrono::NaiveDate) -> bool {
        let before = (rule.virkning == Some(Virkning::Forlenger)).then(|| day.pred_opt()).flatten();
        let granted = |day| scheme.granted_on(day).is_some_and(|granted| granted.ended.is_none());
        scheme.granted_on(day).is_some() || before.is_some_and(granted)
    }
}
