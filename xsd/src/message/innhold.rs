//! The kinds of content (contract.md 6.1): the choice `Innhold` and its branches.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::Postreferanse;

mod aktivitet;
mod kunnskap;
mod norsk;
mod program;

pub use aktivitet::*;
pub use kunnskap::*;
pub use norsk::*;
pub use program::*;

/// The choice of content; the schema sees to it that exactly one is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Innhold {
    /// A decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak: Option<Vedtak>,
    /// Contact, application, claim or offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kontakt: Option<Kontakt>,
    /// An appeal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub klage: Option<Klage>,
    /// Start of a scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oppstart: Option<Oppstart>,
    /// End of the introduksjonsprogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avslutning: Option<Avslutning>,
    /// The end goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sluttmaal: Option<Sluttmaal>,
    /// The integration contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integreringskontrakt: Option<Integreringskontrakt>,
    /// A plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integreringsplan: Option<Integreringsplan>,
    /// A measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiltak: Option<Tiltak>,
    /// Absence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fravaer: Option<Fravaer>,
    /// Leave or time off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permisjon: Option<Permisjon>,
    /// Hours of Norwegian and samfunnskunnskap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norsktimer: Option<Norsktimer>,
    /// Prior education.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utdanningsbakgrunn: Option<Utdanningsbakgrunn>,
    /// The goals in Norwegian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norskmaal: Option<Norskmaal>,
    /// Full-time upper secondary education.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulltid_videregaaende: Option<FulltidVideregaaende>,
    /// Mapping of skills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kompetansekartlegging: Option<Kompetansekartlegging>,
    /// Career guidance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karriereveiledning: Option<Karriereveiledning>,
    /// Training in mottak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opplaering_i_mottak: Option<OpplaeringIMottak>,
    /// Objection to research.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservasjon_forskning: Option<ReservasjonForskning>,
    /// Work or an offer of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arbeidsforhold: Option<Arbeidsforhold>,
    /// The certificate of participation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deltakerbevis: Option<Deltakerbevis>,
    /// Follow-up during omsorgspermisjon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oppfoelging_omsorgspermisjon: Option<OppfoelgingOmsorgspermisjon>,
}

impl Innhold {
    /// Every number of the content.
    fn decimals(&mut self) -> Vec<&mut Decimal> {
        let Innhold {
            vedtak: _,
            kontakt: _,
            klage: _,
            oppstart: _,
            avslutning: _,
            sluttmaal: _,
            integreringskontrakt: _,
            integreringsplan: _,
            tiltak,
            fravaer,
            permisjon: _,
            norsktimer,
            utdanningsbakgrunn: _,
            norskmaal: _,
            fulltid_videregaaende: _,
            kompetansekartlegging: _,
            karriereveiledning: _,
            opplaering_i_mottak,
            reservasjon_forskning: _,
            arbeidsforhold,
            deltakerbevis: _,
            oppfoelging_omsorgspermisjon,
        } = self;
        let mut all = Vec::new();
        if let Some(t) = tiltak {
            all.push(&mut t.timer_per_uke);
        }
        if let Some(f) = fravaer {
            all.extend(&mut f.dager);
            all.extend(&mut f.timer);
        }
        if let Some(n) = norsktimer {
            all.push(&mut n.norsk_timer);
            all.extend(n.samfunnskunnskap_timer.iter_mut().map(|modul| &mut modul.timer));
        }
        if let Some(o) = opplaering_i_mottak {
            all.push(&mut o.norsk_timer_per_uke);
            all.extend(o.samfunnskunnskap_timer.iter_mut().map(|modul| &mut modul.timer));
        }
        if let Some(a) = arbeidsforhold {
            all.push(&mut a.timer_per_uke);
        }
        if let Some(o) = oppfoelging_omsorgspermisjon {
            all.push(&mut o.timer_per_uke);
        }
        all
    }

    /// Writes every number without trailing zeros: `25.0` and `25` are one value (contract.md 0.10).
    pub(super) fn normalize(&mut self) {
        for number in self.decimals() {
            *number = number.normalize();
        }
    }

    /// Every reference to a post, with its path from `innhold`.
    pub fn references(&self) -> impl Iterator<Item = (&'static str, &Postreferanse)> {
        let vedtak = self.vedtak.as_ref();
        [
            ("vedtak/vedtakRef", vedtak.and_then(|vedtak| vedtak.vedtak_ref.as_ref())),
            ("vedtak/klageRef", vedtak.and_then(|vedtak| vedtak.klage_ref.as_ref())),
            ("klage/vedtakRef", self.klage.as_ref().map(|klage| &klage.vedtak_ref)),
            ("permisjon/vedtakRef", self.permisjon.as_ref().and_then(|permisjon| permisjon.vedtak_ref.as_ref())),
            ("deltakerbevis/vedtakRef", self.deltakerbevis.as_ref().and_then(|bevis| bevis.vedtak_ref.as_ref())),
        ]
        .into_iter()
        .filter_map(|(path, reference)| Some((path, reference?)))
    }

    /// The decision that the content names, whatever its kind.
    pub fn vedtak_ref(&self) -> Option<&Postreferanse> {
        self.references().find(|(path, _)| path.ends_with("/vedtakRef")).map(|(_, reference)| reference)
    }

    /// The appeal that a decision follows.
    pub fn klage_ref(&self) -> Option<&Postreferanse> {
        self.references().find(|(path, _)| path.ends_with("/klageRef")).map(|(_, reference)| reference)
    }
}

/// `25.500` and `25.5` are one value and are written alike.
fn without_trailing_zeros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    <Decimal as Deserialize>::deserialize(deserializer).map(|number| number.normalize())
}

/// The same where the number may be absent.
fn some_without_trailing_zeros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    without_trailing_zeros(deserializer).map(Some)
}
