//! What a person does or is away from: measures, absence, leave, work.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{some_without_trailing_zeros, without_trailing_zeros};
use crate::message::Postreferanse;

/// A measure within a scheme (domain.md 6.2, 7, 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tiltak {
    /// The scheme it belongs to.
    pub ordning: String,
    /// The group (code list tiltaksgruppe).
    pub tiltaksgruppe: String,
    /// The type, which must belong to the group.
    pub tiltakstype: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours per week. 0 for AN06.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub timer_per_uke: Decimal,
    /// True when it replaces other measures in its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erstattende_tiltak: Option<bool>,
    /// Only for LF01 and LF02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gjennomfoering: Option<String>,
    /// The day completion was assessed. Required when gjennomfoering is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vurdert_dato: Option<NaiveDate>,
    /// Only for AN06: whether the person received an offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mottatt_tilbud: Option<bool>,
}

/// Absence from a scheme (domain.md 6.2, 7, 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fravaer {
    /// The scheme concerned.
    pub ordning: String,
    /// The type (code list fravaertype).
    pub fravaertype: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Working days, for introduksjonsprogram. Left out: all working days of the period.
    #[serde(default, deserialize_with = "some_without_trailing_zeros", skip_serializing_if = "Option::is_none")]
    pub dager: Option<Decimal>,
    /// Hours, for training in Norwegian or part of a day.
    #[serde(default, deserialize_with = "some_without_trailing_zeros", skip_serializing_if = "Option::is_none")]
    pub timer: Option<Decimal>,
    /// The reason (code list fravaeraarsak). Required for FR07.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aarsak: Option<String>,
    /// True when the absence is documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dokumentert: Option<bool>,
    /// For FR03 and FR04: what the quota rests on (code list omsorgsgrunnlag). Left out: the usual quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omsorgsgrunnlag: Option<String>,
}

/// Leave or time off from a scheme (domain.md 6.2, 7, 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permisjon {
    /// The scheme concerned.
    pub ordning: String,
    /// The type (code list permisjonstype).
    pub permisjonstype: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// The decision that granted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak_ref: Option<Postreferanse>,
}

/// Work, or an offer of work (domain.md 6.2, 7, 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arbeidsforhold {
    /// First day of work, or the day of the offer.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive. Left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
    /// Hours per week.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub timer_per_uke: Decimal,
    /// True when it is an offer that has not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tilbud: Option<bool>,
}
