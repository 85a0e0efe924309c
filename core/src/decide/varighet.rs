//! How long a decision may last: programmes (B512, B513, B514), extended training (B515, B518, B519, B527), a postponed
//! start (B512). The numbers are `crate::frist`'s.

use chrono::NaiveDate;

use crate::decide::Scene;
use crate::decide::common::{refusal, with};
use crate::frist::{Utvidet, latest_postponed_start, tillegg_dager, utvidet, varighet_of};
use crate::kategori::{Grunnlag, Kategorikode};
use crate::person::Person;
use crate::policy::{VedtakRule, Virkning};
use crate::post::{Content, Ordning, PostId, PostVersion, Vedtak};
use crate::receipt::{Finding, Severity};
use crate::rejection::Rejection;
use crate::virkedag::plus_virkedager;

impl Scene<'_> {
    /// Errors, and warnings where the rule is not known for certain (17.17).
    pub(super) fn duration(
        &self,
        person: &Person,
        vedtak: &Vedtak,
        rule: &VedtakRule,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        if rule.utvider {
            return self.extended(person, vedtak, own);
        }
        match (vedtak.ordning, rule.virkning) {
            (Ordning::Intro, Some(Virkning::Aapner)) => self.programme(person, vedtak, own),
            (Ordning::Intro, Some(Virkning::Forlenger)) => self.lengthened_programme(person, vedtak, own),
            _ if rule.utsetter => self.postponed(person, vedtak),
            _ => Vec::new(),
        }
    }

    /// The posts without the one that is changed.
    fn other_posts(&self, person: &Person, own: Option<PostId>) -> Vec<PostVersion> {
        person.posts.iter().filter(|post| Some(post.post_id) != own).cloned().collect()
    }

    fn programme(&self, person: &Person, vedtak: &Vedtak, own: Option<PostId>) -> Vec<Finding> {
        let (Some(start), Some(end)) = (vedtak.start_dato, vedtak.slutt_dato) else { return Vec::new() };
        let posts = self.other_posts(person, own);
        let grunnlag = Grunnlag { facts: &person.facts, posts: &posts };
        let lov = person.computed().and_then(|beregnet| beregnet.lov);
        let received = own.and_then(|own| person.post(own)).map_or(self.now.today, |post| post.received_on);
        let duration = varighet_of(grunnlag, self.policy, lov, vedtak, received.max(self.now.today));
        let latest = duration.latest_end(start, false, 0).filter(|latest| end > *latest);
        latest
            .map(|latest| hard(Rejection::BeyondDuration, Some(latest), duration.hard, &duration.rad))
            .into_iter()
            .collect()
    }

    /// Up to the normal duration there is room; beyond it only by what an extension may be.
    fn lengthened_programme(&self, person: &Person, vedtak: &Vedtak, own: Option<PostId>) -> Vec<Finding> {
        let (Some(start), Some(end)) = (vedtak.start_dato, vedtak.slutt_dato) else { return Vec::new() };
        let posts = self.other_posts(person, own);
        let scheme = self.scheme_if_moved(person, Ordning::Intro, own);
        let before = start.pred_opt().unwrap_or(start);
        let Some(granted) = scheme.granted_on(start).or(scheme.granted_on(before)) else { return Vec::new() };
        let Some((post, granting)) = person.post(granted.post).and_then(|post| match &post.content {
            Content::Vedtak(vedtak) => Some((post, vedtak)),
            _ => None,
        }) else {
            return Vec::new();
        };
        let (Some(first), Some(last)) = (granting.start_dato, granting.slutt_dato) else { return Vec::new() };
        let grunnlag = Grunnlag { facts: &person.facts, posts: &posts };
        let lov = person.computed().and_then(|beregnet| beregnet.lov);
        let duration = varighet_of(grunnlag, self.policy, lov, granting, post.received_on);
        let more = i64::from(tillegg_dager(grunnlag, self.policy, first, last).dager);
        let added = |day: NaiveDate| plus_virkedager(day, more);
        let normal = duration.latest_end(first, false, 0).map(added);
        if normal.is_none_or(|normal| end <= normal) {
            return Vec::new();
        }
        match duration.latest_extended(last).map(|latest| duration.cap(first, latest)).map(added) {
            None => vec![hard(Rejection::NoExtension, None, duration.hard, &duration.rad)],
            Some(latest) if end > latest => {
                vec![hard(Rejection::ExtensionTooLong, Some(latest), duration.hard, &duration.rad)]
            }
            Some(_) => Vec::new(),
        }
    }

    /// FR-34-UTVIDET, FR-34-UTVIDET-OPPH.
    fn extended(&self, person: &Person, vedtak: &Vedtak, own: Option<PostId>) -> Vec<Finding> {
        let grunnlag = Grunnlag { facts: &person.facts, posts: &person.posts };
        let lov = person.computed().and_then(|beregnet| beregnet.lov);
        let told = match utvidet(grunnlag, self.policy, lov, vedtak, own) {
            Utvidet::Tillatt { .. } => return Vec::new(),
            Utvidet::Opphevet => refusal(Rejection::WrongVedtakstype, "vedtakstype"),
            Utvidet::IkkeIKraft => refusal(Rejection::RuleNotInForce, "vedtaksdato"),
            Utvidet::IngenRett if self.earlier_line_failed => return Vec::new(),
            Utvidet::IngenRett => refusal(Rejection::NoInnvilgelse, "vedtakstype"),
            Utvidet::UtdanningMangler if self.earlier_line_failed => return Vec::new(),
            Utvidet::UtdanningMangler => refusal(Rejection::EducationFirst, "vedtakstype"),
            Utvidet::UtenforVindu { frist, .. } => {
                with(refusal(Rejection::ExtensionOutOfReach, "vedtaksdato"), "fristdato", frist)
            }
            Utvidet::ForLang { sist } => with(refusal(Rejection::BeyondDuration, "sluttDato"), "senesteDato", sist),
        };
        vec![told]
    }

    /// FR-UTSATT: counted from the entry of the right or duty.
    fn postponed(&self, person: &Person, vedtak: &Vedtak) -> Vec<Finding> {
        let Some(end) = vedtak.slutt_dato.or(vedtak.start_dato) else { return Vec::new() };
        let entry = person.computed().and_then(|beregnet| {
            let rights = beregnet.kategorier.iter().filter(|k| {
                k.kode.ordning() == Ordning::Norsk
                    && k.kode != Kategorikode::NorskKt
                    && k.gyldig.from <= vedtak.vedtaksdato
            });
            rights.map(|k| k.gyldig.from).min()
        });
        let latest = entry.map(|entry| latest_postponed_start(self.policy, entry)).filter(|latest| end > *latest);
        let field = if vedtak.slutt_dato.is_some() { "sluttDato" } else { "startDato" };
        latest
            .map(|latest| with(refusal(Rejection::BeyondDuration, field), "senesteDato", latest))
            .into_iter()
            .collect()
    }
}

fn hard(rejection: Rejection, latest: Option<NaiveDate>, hard: bool, rad: &str) -> Finding {
    let mut finding = refusal(rejection, "sluttDato");
    finding.params.extend(latest.map(|latest| ("senesteDato", latest.to_string())));
    finding.regel = Some(format!("varighet.{rad}"));
    if !hard {
        finding.severity = Severity::Warning;
    }
    finding
}
