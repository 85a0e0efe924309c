//! Training in Norwegian and samfunnskunnskap, in the kommune and in mottak.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::without_trailing_zeros;

/// Hours of one module (domain.md 6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modultimer {
    /// The module (code list modul).
    pub modul: String,
    /// Hours in the period.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub timer: Decimal,
}

/// Hours of training in Norwegian and samfunnskunnskap in a period within one calendar month (domain.md 6.3, 6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Norsktimer {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours of Norwegian in the period.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub norsk_timer: Decimal,
    /// Hours of samfunnskunnskap in the period, once per module.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samfunnskunnskap_timer: Vec<Modultimer>,
    /// Language in which samfunnskunnskap was taught.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opplaeringsspraak: Option<String>,
    /// The track (code list spor).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spor: Option<String>,
    /// Who is responsible for the training (code list ansvarlig).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ansvarlig: Option<String>,
}

/// The goal in Norwegian for each skill (domain.md 6.3, 6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norskmaal {
    /// The day the goals were set.
    pub dato: NaiveDate,
    /// Mother tongue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub morsmaal: Option<String>,
    /// The goal for listening (code list norsknivaa).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lytte: Option<String>,
    /// The goal for reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lese: Option<String>,
    /// The goal for writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skrive: Option<String>,
    /// The goal for speaking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muntlig: Option<String>,
}

/// Full-time upper secondary education, or combined with grunnskole: the fylkeskommune is responsible (domain.md 6.3, 6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulltidVideregaaende {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive. Left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
    /// True when it is combined with grunnskole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kombinert: Option<bool>,
}

/// Training of an asylum seeker in mottak (domain.md 6.3, 6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpplaeringIMottak {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours of Norwegian per week.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub norsk_timer_per_uke: Decimal,
    /// Hours of samfunnskunnskap in the period, once per module.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samfunnskunnskap_timer: Vec<Modultimer>,
    /// Mother tongue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub morsmaal: Option<String>,
    /// Language in which samfunnskunnskap was taught.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opplaeringsspraak: Option<String>,
}

/// Follow-up during omsorgspermisjon, from its fourth month (domain.md 6.3, 6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OppfoelgingOmsorgspermisjon {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours per week.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub timer_per_uke: Decimal,
}
