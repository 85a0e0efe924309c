//! `hentKodeverk`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Meldingshode;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kodeverksforespoersel {
    /// Who asks.
    pub meldingshode: Meldingshode,
    /// The lists; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kodeverk: Vec<String>,
    /// Only codes valid on this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dato: Option<NaiveDate>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kodeverksvar {
    /// Version of all lists together.
    pub versjon: String,
    /// The lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kodeverk: Vec<Kodeverk>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kodeverk {
    /// Its name.
    pub navn: String,
    /// Its codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kode: Vec<Kode>,
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kode {
    /// The code.
    pub kode: String,
    /// What people call it.
    pub navn: String,
    /// The group or scheme it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gruppe: Option<String>,
    /// Valid from.
    pub gyldig_fra: NaiveDate,
    /// Valid to, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gyldig_til: Option<NaiveDate>,
    /// Where the value comes from.
    pub kilde: String,
    /// Guidance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub veiledning: Option<String>,
}
