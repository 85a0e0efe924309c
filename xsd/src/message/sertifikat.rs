//! `meldSertifikat`.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::Meldingshode;

/// A new certificate, in a message signed with the old one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sertifikatforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// The certificate (DER).
    pub sertifikat: String,
}

/// What is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sertifikatsvar {
    /// REGISTRERT, or UENDRET when it was registered before.
    pub resultat: String,
    /// The organization of the certificate.
    pub organisasjonsnummer: String,
    /// SHA-256 of the certificate (DER), hexadecimal.
    pub tommeltrykk_sha256: String,
    /// First moment of validity.
    pub gyldig_fra: DateTime<FixedOffset>,
    /// Last moment of validity.
    pub gyldig_til: DateTime<FixedOffset>,
}
