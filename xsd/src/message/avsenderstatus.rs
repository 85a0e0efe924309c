//! `hentAvsenderstatus`.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Meldingshode, Stroemposisjon};

/// A question about the avsendersystem of the header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Avsenderstatusforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
}

/// Something that must be in order to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forutsetning {
    /// What, of the code list forutsetning.
    pub vilkaar: String,
    /// Whether it is in order.
    pub oppfylt: bool,
    /// The error code it gives otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kode: Option<String>,
    /// Why, in Norwegian.
    pub grunn: String,
    /// Who can mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rettes_av: Option<String>,
    /// The last day on which it is in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gyldig_til: Option<NaiveDate>,
}

/// A certificate that speaks for the avsendersystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Avsendersertifikat {
    /// The organization.
    pub organisasjonsnummer: String,
    /// SHA-256 of the certificate (DER), hexadecimal.
    pub tommeltrykk_sha256: String,
    /// Last moment of validity.
    pub gyldig_til: DateTime<FixedOffset>,
    /// Whether this request was signed with it.
    pub i_bruk: bool,
}

/// What is in order, and what is lacking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Avsenderstatus {
    /// The avsendersystem.
    pub avsendersystem: String,
    /// The kommune.
    pub kommunenummer: String,
    /// The bydel, when it is for one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// The product.
    pub produkt: String,
    /// The schemes it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ordning: Vec<String>,
    /// Whether a message with this header would be read and judged.
    pub kan_sende: bool,
    /// The preconditions, also those in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forutsetning: Vec<Forutsetning>,
    /// The certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sertifikat: Vec<Avsendersertifikat>,
    /// Where the stream stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroem: Option<Stroemposisjon>,
    /// How many transfer errors are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aapne_feil: Option<i32>,
    /// The first day on which the window of one of them closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vindu_lukker: Option<NaiveDate>,
    /// How much you may send at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kvote: Option<Avsenderkvote>,
    /// Notices that were sent by mail, the last one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub varsel: Vec<Avsendervarsel>,
    /// The delivery of changes, where there is a receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levering: Option<Avsenderlevering>,
}

/// Delivery of changes by push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Avsenderlevering {
    /// The address that changes are delivered to.
    pub adresse: String,
    /// Whether IMDi has approved it.
    pub godkjent: bool,
    /// Since when the delivery has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feiler_siden: Option<DateTime<FixedOffset>>,
    /// When it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parkert: Option<DateTime<FixedOffset>>,
}

/// Limits of the organization that is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avsenderkvote {
    /// So many requests may be in work at once.
    pub samtidige: i32,
    /// So many requests may wait for news at once, of all senders.
    pub ventende: i32,
}

/// A notice to the contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avsendervarsel {
    /// The cause, of the code list varselaarsak.
    pub aarsak: String,
    /// When it was sent.
    pub fortalt: DateTime<FixedOffset>,
}
