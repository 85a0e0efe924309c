//! `Meldingshode` and the references that many types share.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

/// Who sends, what, and when (contract.md 2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meldingshode {
    /// Unique in the avsendersystem.
    pub meldings_id: String,
    /// The contract the caller was built against.
    pub kontraktversjon: String,
    /// The sender.
    pub avsendersystem: String,
    /// Four digits.
    pub kommunenummer: String,
    /// Six digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// The transfer user.
    pub overfoeringsbruker: String,
    /// The caseworker, opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksbehandler_ref: Option<String>,
    /// The product.
    pub fagsystem: Fagsystem,
    /// When the sender wrote it.
    pub opprettet: DateTime<FixedOffset>,
    /// The message this one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erstatter_meldings_id: Option<String>,
}

/// Product name and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fagsystem {
    /// Name.
    pub navn: String,
    /// Version.
    pub versjon: String,
}

/// A reference to a post: exactly one of the three ways (contract.md 0.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Postreferanse {
    /// The register's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versjon: Option<i32>,
    /// The sender's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsenders_referanse: Option<String>,
    /// An earlier line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrerings_id: Option<String>,
}

/// A post in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostSvar {
    /// The register's id.
    pub post_id: String,
    /// Its version.
    pub versjon: i32,
    /// The caller's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsenders_referanse: Option<String>,
    /// Channel of the last write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sist_endret_av: Option<String>,
}

/// Key and value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tillegg {
    /// Key.
    pub noekkel: String,
    /// Value.
    pub verdi: String,
}

/// `hentKvittering`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kvitteringsforespoersel {
    /// Who asks.
    pub meldingshode: Meldingshode,
    /// The message whose receipt is wanted.
    pub gjelder_meldings_id: String,
}
