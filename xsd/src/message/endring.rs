//! The stream of changes (contract.md 2.3, 4.6).

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Innhold, Meldingshode, Personsvar, PostSvar, Tillegg};

/// One change. The choice stands last and ends with `annenHendelse` (contract.md 0.4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endring {
    /// Gap-free within the stream.
    pub sekvensnummer: i64,
    /// Unique.
    pub hendelse_id: String,
    /// Code list.
    pub hendelsestype: String,
    /// When it was recorded.
    pub registrert: DateTime<FixedOffset>,
    /// The day it concerns.
    pub gjelder_dato: NaiveDate,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The kommune.
    pub kommunenummer: String,
    /// The bydel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// Where it came from.
    pub opphav: String,
    /// The causing message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meldings_id: Option<String>,
    /// A category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kategori_endret: Option<KategoriEndret>,
    /// A deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frist_endret: Option<FristEndret>,
    /// A scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordning_endret: Option<OrdningEndret>,
    /// A post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_endret: Option<PostEndret>,
    /// A move to the kommune.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tilflyttet: Option<Tilflyttet>,
    /// The whole picture of a person (1.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_oeyeblikksbilde: Option<Box<PersonOeyeblikksbilde>>,
    /// Anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annen_hendelse: Option<AnnenHendelse>,
}

/// A category opened, closed or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KategoriEndret {
    /// Code list.
    pub kategori: String,
    /// Which act.
    pub lov: String,
    /// From.
    pub fra: NaiveDate,
    /// To.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til: Option<NaiveDate>,
    /// Why it closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aarsak: Option<String>,
    /// When the register opened it for writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aapnet_for_skriving: Option<NaiveDate>,
    /// Version of the rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regelversjon: Option<String>,
    /// The log of the computation.
    pub beregnings_id: String,
}

/// A deadline computed or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FristEndret {
    /// Code list.
    pub fristtype: String,
    /// The scheme.
    pub ordning: String,
    /// The date.
    pub dato: NaiveDate,
    /// The date before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forrige_dato: Option<NaiveDate>,
    /// The log of the computation.
    pub beregnings_id: String,
}

/// A scheme's status changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdningEndret {
    /// The scheme.
    pub ordning: String,
    /// Its status.
    pub status: String,
    /// From.
    pub dato: NaiveDate,
}

/// A post was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostEndret {
    /// Code list.
    pub posttype: String,
    /// The post.
    pub post: PostSvar,
    /// What was done.
    pub handling: String,
    /// The whole record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innhold: Option<Innhold>,
}

/// A move to the kommune.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tilflyttet {
    /// From.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fra_kommunenummer: Option<String>,
    /// To.
    pub til_kommunenummer: String,
    /// When.
    pub dato: NaiveDate,
}

/// A person as it was at one point of the stream (contract.md 0.15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonOeyeblikksbilde {
    /// The order it belongs to; none after a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bestillings_id: Option<String>,
    /// It holds all changes of the stream up to and including this number.
    pub posisjon: i64,
    /// Whether it is the last of its order.
    pub siste: bool,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Personsvar>,
}

/// Key and value pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnenHendelse {
    /// In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tillegg: Vec<Tillegg>,
}

/// Where a stream stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stroemposisjon {
    /// The stream.
    pub stroem_id: String,
    /// Last number written.
    pub siste_sekvensnummer: i64,
    /// Last number acknowledged.
    pub bekreftet_til: i64,
}

/// `hentEndringer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endringsforespoersel {
    /// Who asks.
    pub meldingshode: Meldingshode,
    /// The stream.
    pub stroem_id: String,
    /// After this number.
    pub etter_sekvensnummer: i64,
    /// Acknowledge up to this number first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bekreft_til: Option<i64>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antall: Option<i32>,
    /// Wait so long for news.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vent_sekunder: Option<i32>,
}

/// One page of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endringsside {
    /// The stream.
    pub stroem_id: String,
    /// Last number written.
    pub siste_sekvensnummer: i64,
    /// Last number acknowledged.
    pub bekreftet_til: i64,
    /// Whether more can be had at once.
    pub flere: bool,
    /// In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endring: Vec<Endring>,
}

/// `bekreftEndringer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bekreftelsesforespoersel {
    /// Who asks.
    pub meldingshode: Meldingshode,
    /// The stream.
    pub stroem_id: String,
    /// Up to and including this number.
    pub bekreft_til: i64,
}
