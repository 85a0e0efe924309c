//! `hentPersonliste`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Meldingshode;

/// Which of the persons of your kommune you want. Several filters hold at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personlisteforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// With one of these categories open today. None means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kategori: Vec<String>,
    /// Only persons under this act: IL or INTL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lov: Option<String>,
    /// Only categories of this scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordning: Option<String>,
    /// With (true) or without (false) a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak: Option<bool>,
    /// With or without measures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiltak: Option<bool>,
    /// With or without an end goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sluttmaal: Option<bool>,
    /// Only this bydel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// Only this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The given name begins like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fornavn: Option<String>,
    /// The family name begins like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etternavn: Option<String>,
    /// Include those whom the kommune followed up before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tidligere: Option<bool>,
    /// How many on a page: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antall: Option<i32>,
    /// nesteToken of the page before, unchanged. Absent for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidetoken: Option<String>,
    /// Include the page as CSV, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csv: Option<bool>,
}

/// An open category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listekategori {
    /// The category.
    pub kategori: String,
    /// The act it follows from.
    pub lov: String,
    /// The scheme it opens for.
    pub ordning: String,
    /// First day.
    pub fra_dato: NaiveDate,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listefrist {
    /// What the deadline is for.
    pub fristtype: String,
    /// The scheme.
    pub ordning: String,
    /// The last day.
    pub dato: NaiveDate,
    /// LOEPER, OPPFYLT or BORTFALT.
    pub status: String,
}

/// A person of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personlisterad {
    /// The person.
    pub duf_nummer: String,
    /// Given names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fornavn: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etternavn: Option<String>,
    /// Who follows up today.
    pub kommunenummer: String,
    /// The bydel that follows up today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// Whether your kommune follows up today.
    pub gjeldende: bool,
    /// Open categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kategori: Vec<Listekategori>,
    /// The deadlines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frist: Vec<Listefrist>,
    /// Whether a decision is registered.
    pub vedtak_registrert: bool,
    /// Whether a measure is registered.
    pub tiltak_registrert: bool,
    /// Whether an end goal is registered.
    pub sluttmaal_registrert: bool,
}

/// A page of the list, by DUF number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personlisteside {
    /// The day of the list.
    pub dato: NaiveDate,
    /// The persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rad: Vec<Personlisterad>,
    /// Whether there are more pages.
    pub flere: bool,
    /// Send it as sidetoken for the next page. Keep the rest of the request the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neste_token: Option<String>,
    /// The page as CSV with headings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csv: Option<String>,
}
