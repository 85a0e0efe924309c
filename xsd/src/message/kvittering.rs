//! `Kvittering`, `Feil`, and the declared Fault (contract.md 2.2, 6).

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Endring, PostSvar, Stroemposisjon, Tillegg, Version, collapse, write};

/// The receipt; it mirrors the message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kvittering {
    /// The gateway's id.
    pub kvitterings_id: String,
    /// The sender's id.
    pub meldings_id: String,
    /// The version it is written for.
    pub kontraktversjon: String,
    /// GODTATT, DELVIS_GODTATT, AVVIST.
    pub status: String,
    /// A stored answer, given again.
    pub gjentatt: bool,
    /// A dry run.
    pub proevekjoering: bool,
    /// When it was received.
    pub mottatt: DateTime<FixedOffset>,
    /// The day the window used.
    pub mottatt_dato: NaiveDate,
    /// Errors of the message as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feil: Vec<Feil>,
    /// One per person sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub person: Vec<Personresultat>,
    /// Own changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endring: Vec<Endring>,
    /// Where the stream stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroem: Option<Stroemposisjon>,
    /// Where the evidence stands.
    pub bevis: Bevis,
}

/// Place in the evidence chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bevis {
    /// The chain.
    pub kjede: String,
    /// The row.
    pub posisjon: i64,
    /// Hash of the row before.
    pub forrige_hash: String,
}

/// One person's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personresultat {
    /// As sent.
    pub duf_nummer: String,
    /// GODTATT or AVVIST.
    pub resultat: String,
    /// Errors of the person as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feil: Vec<Feil>,
    /// One per line sent.
    pub registrering: Vec<Registreringsresultat>,
}

/// One line's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registreringsresultat {
    /// As sent.
    pub registrerings_id: String,
    /// What became of it.
    pub resultat: String,
    /// The post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<PostSvar>,
    /// Errors and warnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feil: Vec<Feil>,
}

/// One error or warning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feil {
    /// Unique.
    pub feil_id: String,
    /// `NIR-…`.
    pub kode: String,
    /// FEIL or ADVARSEL.
    pub alvorlighet: String,
    /// What is wrong.
    pub melding: String,
    /// The same in English.
    pub melding_en: String,
    /// What to do.
    pub loesning: String,
    /// Who can mend it.
    pub rettes_av: String,
    /// Whether the same message may succeed later.
    pub kan_proeves_igjen: bool,
    /// The element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub felt: Option<String>,
    /// Its place in the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpath: Option<String>,
    /// Line in what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linje: Option<i32>,
    /// Column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kolonne: Option<i32>,
    /// The earliest date that would have been accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tidligste_dato: Option<NaiveDate>,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regel: Option<String>,
    /// The post that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<PostSvar>,
    /// More.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tillegg: Vec<Tillegg>,
}

/// Detail of the declared Fault `nirFeil`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NirFeil {
    /// At least one.
    pub feil: Vec<Feil>,
}

impl NirFeil {
    /// The canonical element, as it stands in a Fault's detail.
    pub fn to_canonical(&self, version: &Version) -> Vec<u8> {
        version.filter(write::canonical("nirFeil", self))
    }

    /// Reads the element.
    pub fn parse(element: &str) -> Option<Self> {
        quick_xml::de::from_str(&collapse::values_beside_texts(element)).ok()
    }
}

/// Answer of `hentKvittering`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kvitteringssvar {
    /// FUNNET, IKKE_MOTTATT, UNDER_BEHANDLING.
    pub status: String,
    /// The stored receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kvittering: Option<Kvittering>,
}
