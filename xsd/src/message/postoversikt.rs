//! `hentPostoversikt`.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::{Meldingshode, PostSvar, Stroemposisjon};

/// Which posts of the kommune you want to reconcile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Postoversiktforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// Only these kinds. None means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posttype: Vec<String>,
    /// Include annulled posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub med_annullerte: Option<bool>,
    /// How many on a page: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antall: Option<i32>,
    /// nesteToken of the page before, unchanged. Absent for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidetoken: Option<String>,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Postoversiktrad {
    /// The person.
    pub duf_nummer: String,
    /// The kind.
    pub posttype: String,
    /// The post.
    pub post: PostSvar,
    /// The avsendersystem that wrote it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsendersystem: Option<String>,
    /// The channel of its last write.
    pub opphav: String,
    /// When it was last written.
    pub sist_endret: DateTime<FixedOffset>,
    /// Whether it is annulled.
    pub annullert: bool,
    /// Report as wrong: MELDT, STROEKET or AVSLAATT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feilregistrert: Option<String>,
}

/// A page of the overview, by DUF number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Postoversiktside {
    /// The posts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rad: Vec<Postoversiktrad>,
    /// Whether there are more pages.
    pub flere: bool,
    /// Send it as sidetoken for the next page. Keep the rest of the request the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neste_token: Option<String>,
    /// Where the stream stood when the page was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroem: Option<Stroemposisjon>,
}
