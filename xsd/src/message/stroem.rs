//! Waiting for several streams, and pictures by order (contract.md 0.15, 4.6; 1.1).

use serde::{Deserialize, Serialize};

use super::{Meldingshode, Stroemposisjon};

/// Where the caller is in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Venteposisjon {
    /// The stream.
    pub stroem_id: String,
    /// The last number read.
    pub etter_sekvensnummer: i64,
}

/// `ventPaaEndringer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Venteforespoersel {
    /// Who asks.
    pub meldingshode: Meldingshode,
    /// One for each stream.
    pub posisjon: Vec<Venteposisjon>,
    /// How long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vent_sekunder: Option<i32>,
}

/// The streams that have news.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ventesvar {
    /// Each with where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stroem: Vec<Stroemposisjon>,
}

/// `bestillOeyeblikksbilde`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oeyeblikksbildeforespoersel {
    /// Who orders.
    pub meldingshode: Meldingshode,
    /// The stream.
    pub stroem_id: String,
    /// ALT, ORDNING or PERSON.
    pub omfang: String,
    /// The scheme of ORDNING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordning: Option<String>,
    /// The persons of PERSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duf_nummer: Vec<String>,
}

/// The order as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oeyeblikksbildebestilling {
    /// Names it.
    pub bestillings_id: String,
    /// The pictures hold everything up to this number.
    pub posisjon: i64,
    /// Persons it covered.
    pub antall: i32,
    /// Where the stream stood.
    pub stroem: Stroemposisjon,
}
