//! `meldFeilregistrert`.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::{Bevis, Endring, Meldingshode, PostSvar, Stroemposisjon};

/// A post that is wrong and cannot be mended inside the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feilregistrertforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// The person.
    pub duf_nummer: String,
    /// The post.
    pub post_id: String,
    /// The version that you read.
    pub versjon: i32,
    /// Of the code list feilregistrertAarsak.
    pub aarsak: String,
    /// The reason. Write no names or addresses.
    pub forklaring: String,
}

/// What became of the post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feilregistrertkvittering {
    /// STROEKET, or MELDT when IMDi decides.
    pub resultat: String,
    /// Whether the same message had been carried out before.
    pub gjentatt: bool,
    /// The case, to name to IMDi.
    pub saksnummer: String,
    /// The person.
    pub duf_nummer: String,
    /// The post afterwards.
    pub post: PostSvar,
    /// When the message was received.
    pub mottatt: DateTime<FixedOffset>,
    /// Own changes, with their numbers in the stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endring: Vec<Endring>,
    /// Where the stream stands afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroem: Option<Stroemposisjon>,
    /// Place in the evidence chain.
    pub bevis: Bevis,
}
