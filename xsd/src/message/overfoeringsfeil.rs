//! `hentOverfoeringsfeil`.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Fagsystem, Feil, Meldingshode};

/// Which of your rejected messages you want to see. Several filters hold at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overfoeringsfeilforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// Only cases in one of these states, of the code list saksstatus. None means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<String>,
    /// Only cases about this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// Only cases with this message among their attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meldings_id: Option<String>,
    /// Only cases of this caseworker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksbehandler_ref: Option<String>,
    /// How many on a page: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antall: Option<i32>,
    /// nesteToken of the page before, unchanged. Absent for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidetoken: Option<String>,
}

/// An attempt that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overfoeringsforsoek {
    /// The message.
    pub meldings_id: String,
    /// When it was rejected.
    pub mottatt: DateTime<FixedOffset>,
    /// The errors, with the feilId of the answer. The place in the message stands in the answer.
    pub feil: Vec<Feil>,
}

/// A rejected registration, person or message, with all its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overfoeringsfeil {
    /// The case.
    pub sak_id: String,
    /// How far it has come, of the code list saksstatus.
    pub status: String,
    /// When the first attempt was rejected.
    pub aapnet: DateTime<FixedOffset>,
    /// When something last happened.
    pub endret: DateTime<FixedOffset>,
    /// The person, as the message wrote the number. Absent when the whole message was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The line of the first message. Absent when the person or the message was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrerings_id: Option<String>,
    /// Your reference. Of a person or message that of its first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsenders_referanse: Option<String>,
    /// The kind of post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posttype: Option<String>,
    /// The caseworker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksbehandler_ref: Option<String>,
    /// Product and version that sent the last attempt.
    pub fagsystem: Fagsystem,
    /// Who can mend the cause of the last rejection.
    pub rettes_av: String,
    /// The last day on which the dates may be registered with your role. Absent when they are outside, or were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vindu_lukker: Option<NaiveDate>,
    /// The attempts, the first one first.
    pub forsoek: Vec<Overfoeringsforsoek>,
}

/// A page of cases, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overfoeringsfeilside {
    /// The cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sak: Vec<Overfoeringsfeil>,
    /// Whether there are more pages.
    pub flere: bool,
    /// Send it as sidetoken for the next page. Keep the rest of the request the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neste_token: Option<String>,
}
