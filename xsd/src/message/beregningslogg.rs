//! `hentBeregningslogg`.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Meldingshode, Tillegg};

/// Which computation you want to see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beregningsloggforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// The person.
    pub duf_nummer: String,
    /// The computation. The present one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beregnings_id: Option<String>,
}

/// A category that came of the computation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loggkategori {
    /// The category.
    pub kategori: String,
    /// The act it follows from.
    pub lov: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, where it closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
    /// Why it closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lukket_aarsak: Option<String>,
    /// The row of the rules.
    pub regel: String,
    /// Whether it rests on an unsettled rule.
    pub usikker: bool,
}

/// A deadline that came of the computation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loggfrist {
    /// What the deadline is for.
    pub fristtype: String,
    /// The scheme.
    pub ordning: String,
    /// The last day. Absent when it cannot be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dato: Option<NaiveDate>,
    /// LOEPER, OPPFYLT, BORTFALT or IKKE_BEREGNET.
    pub status: String,
    /// Days added for absence, leave and extensions.
    pub tilleggsdager: i32,
    /// The row of the rules.
    pub regel: String,
    /// Whether it rests on an unsettled rule.
    pub usikker: bool,
}

/// A step of the computation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beregningssteg {
    /// 1, 2, 3 and so on.
    pub nummer: i32,
    /// The row of the rules.
    pub regel: String,
    /// The act or regulation behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hjemmel: Option<String>,
    /// What the rule looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grunnlag: Vec<Tillegg>,
    /// First day of the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fra_dato: Option<NaiveDate>,
    /// Last day of the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
    /// What came of it.
    pub utfall: String,
    /// The step in words.
    pub tekst: String,
}

/// Why categories and deadlines are what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beregningslogg {
    /// The person.
    pub duf_nummer: String,
    /// The computation.
    pub beregnings_id: String,
    /// When it was made.
    pub beregnet: DateTime<FixedOffset>,
    /// Whether it holds now.
    pub gjeldende: bool,
    /// The rules it was made by.
    pub regelversjon: String,
    /// The act the person is under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lov: Option<String>,
    /// The categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kategori: Vec<Loggkategori>,
    /// The deadlines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frist: Vec<Loggfrist>,
    /// The steps in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steg: Vec<Beregningssteg>,
}
