//! `hentDatakonsistens`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Meldingshode, PostSvar};

/// Whom you want to check. All whom the kommune follows up when dufNummer is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Datakonsistensforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// Only this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// Only persons under this act: IL or INTL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lov: Option<String>,
    /// Only these findings. None means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mangel: Vec<String>,
    /// How many on a page: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antall: Option<i32>,
    /// nesteToken of the page before, unchanged. Absent for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidetoken: Option<String>,
}

/// Something that is missing or does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mangel {
    /// What, of the code list mangel.
    pub kode: String,
    /// ADVARSEL or INFO.
    pub alvorlighet: String,
    /// The scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordning: Option<String>,
    /// The category that gives the duty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kategori: Option<String>,
    /// The deadline concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fristtype: Option<String>,
    /// The day from which it is missing, or the deadline passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dato: Option<NaiveDate>,
    /// The post concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<PostSvar>,
    /// What is missing, in Norwegian.
    pub melding: String,
    /// What to do, in Norwegian.
    pub loesning: String,
}

/// A person with findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Datakonsistens {
    /// The person.
    pub duf_nummer: String,
    /// The findings.
    pub mangel: Vec<Mangel>,
}

/// A page of the check, by DUF number. Persons without findings are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Datakonsistensside {
    /// The day of the check.
    pub dato: NaiveDate,
    /// The persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub person: Vec<Datakonsistens>,
    /// Whether there are more pages.
    pub flere: bool,
    /// Send it as sidetoken for the next page. Keep the rest of the request the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neste_token: Option<String>,
}
