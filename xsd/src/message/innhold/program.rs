//! What belongs to a scheme as a whole: decisions, contact, appeals, start and end, plans.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::message::Postreferanse;

/// A decision about a scheme (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vedtak {
    /// The scheme (code list ordning).
    pub ordning: String,
    /// What kind of decision (code list vedtakstype).
    pub vedtakstype: String,
    /// The day the decision was made.
    pub vedtaksdato: NaiveDate,
    /// First day of effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_dato: Option<NaiveDate>,
    /// Last day of effect, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slutt_dato: Option<NaiveDate>,
    /// Legal basis or reason. Required for refusals and stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begrunnelse: Option<String>,
    /// Ground of an exemption or a lapse (code list fritaksgrunnlag). Required for exemptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fritaksgrunnlag: Option<String>,
    /// The decision that this one changes or follows up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak_ref: Option<Postreferanse>,
    /// The appeal that this decision follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub klage_ref: Option<Postreferanse>,
    /// Your case reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksreferanse: Option<String>,
}

/// Contact with the person, an application, a claim or an offer (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kontakt {
    /// The scheme it concerns.
    pub ordning: String,
    /// What it was (code list kontakttype).
    pub kontakttype: String,
    /// The day it happened.
    pub dato: NaiveDate,
    /// Your case reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksreferanse: Option<String>,
}

/// An appeal to statsforvalteren, and its outcome (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Klage {
    /// The scheme of the decision.
    pub ordning: String,
    /// The decision appealed against.
    pub vedtak_ref: Postreferanse,
    /// The day of the appeal.
    pub klage_dato: NaiveDate,
    /// The outcome, once it is known (code list klageutfall).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utfall: Option<String>,
    /// The day the appeal was decided. Goes with utfall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utfallsdato: Option<NaiveDate>,
    /// Your case reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksreferanse: Option<String>,
}

/// The actual start of a scheme (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oppstart {
    /// The scheme that was started.
    pub ordning: String,
    /// First day in the scheme.
    pub oppstart_dato: NaiveDate,
}

/// The end of an introduksjonsprogram (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avslutning {
    /// Last day in the programme.
    pub avslutningsdato: NaiveDate,
    /// The reason (code list avslutningsaarsak). SYS0 is set by the register alone.
    pub avslutningsaarsak: String,
    /// What the person does now, when the reason is AV21: one of AV01 to AV10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hovedaktivitet: Option<String>,
}

/// The end goal of an introduksjonsprogram. A new goal is a new post, or an ENDRE (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sluttmaal {
    /// The goal (code list sluttmaal).
    pub sluttmaal: String,
    /// The day from which the goal holds.
    pub fra_dato: NaiveDate,
}

/// The integration contract between kommune and participant (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integreringskontrakt {
    /// The day the contract was made.
    pub inngaatt_dato: NaiveDate,
    /// The day the contract was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endret_dato: Option<NaiveDate>,
}

/// A plan: integreringsplan, norskplan or individuell plan, by the scheme and the act (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integreringsplan {
    /// The scheme of the plan.
    pub ordning: String,
    /// The day the plan was made.
    pub dato: NaiveDate,
    /// The day the plan was last revised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revidert_dato: Option<NaiveDate>,
}

/// The certificate of participation in introduksjonsprogrammet is issued (domain.md 6.1, 6.2, 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deltakerbevis {
    /// The day it was issued.
    pub utstedt_dato: NaiveDate,
    /// The decision that granted the programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak_ref: Option<Postreferanse>,
}
