//! `meldSupportsak` and `hentSupportsak`.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::Meldingshode;

/// Something you want to ask IMDi. No attachments, and no more personal data than needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Supportforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// The case that you write more in. Absent for a new case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supportsak_id: Option<String>,
    /// The error that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feil_id: Option<String>,
    /// The person that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The question.
    pub tekst: String,
}

/// The case that you wrote in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Supportsvar {
    /// The case.
    pub supportsak_id: String,
    /// How far it has come, of the code list supportstatus.
    pub status: String,
    /// The transfer error that the error belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sak_id: Option<String>,
    /// Whether the same message had been received before.
    pub gjentatt: bool,
}

/// Which of your support cases you want to see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Supportsakforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// This one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supportsak_id: Option<String>,
    /// Only cases in one of these states, of the code list supportstatus. None means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<String>,
    /// How many on a page: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antall: Option<i32>,
    /// nesteToken of the page before, unchanged. Absent for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidetoken: Option<String>,
}

/// Something that was written in the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supportmelding {
    /// AVSENDER or IMDI.
    pub fra: String,
    /// When.
    pub skrevet: DateTime<FixedOffset>,
    /// What.
    pub tekst: String,
}

/// A support case with all that was written in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Supportsak {
    /// The case.
    pub supportsak_id: String,
    /// How far it has come, of the code list supportstatus.
    pub status: String,
    /// When you reported it.
    pub aapnet: DateTime<FixedOffset>,
    /// When somebody last wrote.
    pub endret: DateTime<FixedOffset>,
    /// The error that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feil_id: Option<String>,
    /// The transfer error that the error belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sak_id: Option<String>,
    /// The person that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The caseworker that reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksbehandler_ref: Option<String>,
    /// What was written, the first one first.
    pub melding: Vec<Supportmelding>,
}

/// A page of support cases, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Supportsakside {
    /// The cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sak: Vec<Supportsak>,
    /// Whether there are more pages.
    pub flere: bool,
    /// Send it as sidetoken for the next page. Keep the rest of the request the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neste_token: Option<String>,
}
