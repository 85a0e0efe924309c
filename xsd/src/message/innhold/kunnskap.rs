//! What is known of the person's education and wishes.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Whether the person had completed upper secondary education before (domain.md 6.1–6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Utdanningsbakgrunn {
    /// JA, NEI or IKKE_REGISTRERT (code list harVideregaaende).
    pub har_videregaaende: String,
    /// The day it was established.
    pub dato: NaiveDate,
}

/// The mapping of skills is done (domain.md 6.1–6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kompetansekartlegging {
    /// The day it was done.
    pub gjennomfoert_dato: NaiveDate,
}

/// Career guidance is done. The fylkeskommune gives it (domain.md 6.1–6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Karriereveiledning {
    /// The day it was done.
    pub gjennomfoert_dato: NaiveDate,
}

/// The person's objection to use in research (domain.md 6.1–6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservasjonForskning {
    /// True when the person objects, false when the objection is withdrawn.
    pub reservert: bool,
    /// The day from which it holds.
    pub dato: NaiveDate,
}
