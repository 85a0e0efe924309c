//! `ping`.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pingforespoersel {
    /// The contract the caller was built against.
    pub kontraktversjon: String,
    /// The sender, to be told its kommune's register time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsendersystem: Option<String>,
}

/// What is answered. The schema calls it `Pingresultat`: class names that generators make of it and of the root
/// element `pingSvar` must differ by more than case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pingsvar {
    /// Wall time.
    pub tid: DateTime<FixedOffset>,
    /// Register time, where it differs (sandbox).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registertid: Option<DateTime<FixedOffset>>,
    /// PRODUCTION, TEST, SANDBOX.
    pub miljoe: String,
    /// Version of the gateway.
    pub gatewayversjon: String,
    /// Newest contract it speaks.
    pub kontraktversjon: String,
    /// Who the gateway thinks the caller is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisasjonsnummer: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisasjonsnavn: Option<String>,
    /// What it may speak for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub avsendersystem: Vec<String>,
    /// The certificate that answers are signed with.
    pub signeringssertifikat: Signeringssertifikat,
    /// The one that takes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neste_signeringssertifikat: Option<Signeringssertifikat>,
}

/// A certificate of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signeringssertifikat {
    /// SHA-256 over DER, lower-case hex.
    pub tommeltrykk_sha256: String,
    /// Last moment of validity.
    pub gyldig_til: DateTime<FixedOffset>,
    /// DER, base64.
    pub sertifikat: String,
}
