//! `hentPerson`.

use chrono::{DateTime, FixedOffset, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    Asylsoeknad, Bosetting, Familierelasjon, Feilregistrering, Fornyelse, Innhold, Meldingshode, Mottaksopphold,
    Oppholdstillatelse, Personfrist, Personkategori, Personnummeropplysning, Proeveresultat, Statsborgerskap,
    Stroemposisjon,
};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personforespoersel {
    /// Who asks.
    pub meldingshode: Meldingshode,
    /// About whom.
    pub duf_nummer: String,
    /// As valid on this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gyldig_dato: Option<NaiveDate>,
    /// As recorded at this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrert_tidspunkt: Option<DateTime<FixedOffset>>,
    /// With annulled posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub med_annullerte: Option<bool>,
    /// First month of averages, `2021-03`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maaned_fra: Option<String>,
    /// Last month of averages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maaned_til: Option<String>,
}

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personsvar {
    /// The key.
    pub duf_nummer: String,
    /// Present national id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foedselsnummer: Option<String>,
    /// Given names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fornavn: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etternavn: Option<String>,
    /// Birth date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foedselsdato: Option<NaiveDate>,
    /// KVINNE or MANN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kjoenn: Option<String>,
    /// Date of death.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doedsdato: Option<NaiveDate>,
    /// The day the person left Norway, or is registered as disappeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utflyttet_dato: Option<NaiveDate>,
    /// Other numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nummer: Vec<Personnummeropplysning>,
    /// Citizenships.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statsborgerskap: Vec<Statsborgerskap>,
    /// Country background, ISO 3166-1 alpha-3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landbakgrunn: Option<String>,
    /// True when the person is an unaccompanied minor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enslig_mindreaarig: Option<bool>,
    /// Relations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub familierelasjon: Vec<Familierelasjon>,
    /// The day of arrival in Norway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ankomstdato: Option<NaiveDate>,
    /// Residence permits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oppholdstillatelse: Vec<Oppholdstillatelse>,
    /// Applications for renewal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fornyelse: Vec<Fornyelse>,
    /// Applications for protection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asylsoeknad: Vec<Asylsoeknad>,
    /// Stays in reception centres.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mottak: Vec<Mottaksopphold>,
    /// Settlement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bosetting: Vec<Bosetting>,
    /// Status of the mapping of skills (code list kompetansestatus).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kompetansestatus: Option<String>,
    /// Test results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proeveresultat: Vec<Proeveresultat>,
    /// Who follows up, over time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oppfoelging: Vec<Oppfoelging>,
    /// The act that applies (code list lov).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lov: Option<String>,
    /// Categories, open and closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kategori: Vec<Personkategori>,
    /// Deadlines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frist: Vec<Personfrist>,
    /// Schemes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ordning: Vec<OrdningSvar>,
    /// Posts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post: Vec<PersonPost>,
    /// Monthly averages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maanedssnitt: Vec<Maanedssnitt>,
    /// The stream position this is consistent with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroem: Option<Stroemposisjon>,
}

/// Oppfølgingskommune and -bydel over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oppfoelging {
    /// The kommune.
    pub kommunenummer: String,
    /// The bydel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
}

/// A scheme of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrdningSvar {
    /// The scheme.
    pub ordning: String,
    /// Its status.
    pub status: String,
    /// Whether a measure is registered.
    pub tiltak_registrert: bool,
    /// The deadlines of the scheme; their dates stand in `frist`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fristtype: Vec<String>,
}

/// A post as it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonPost {
    /// The register's id.
    pub post_id: String,
    /// Its version.
    pub versjon: i32,
    /// The caller's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsenders_referanse: Option<String>,
    /// Kind of content.
    pub posttype: String,
    /// Owner.
    pub kommunenummer: String,
    /// Bydel at registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// Transfer user.
    pub registrert_av: String,
    /// When it was recorded.
    pub registrert: DateTime<FixedOffset>,
    /// Channel of the last write.
    pub sist_endret_av: String,
    /// Whether it says that the post never was.
    pub annullert: bool,
    /// The post it continues (ENDRE).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fortsetter: Option<String>,
    /// What a move has made of the post (code list flytting).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flytting: Option<String>,
    /// Where the post is reported as wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feilregistrert: Option<Feilregistrering>,
    /// What it says.
    pub innhold: Innhold,
}

/// Average hours of measures per week in one month (domain.md 7.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Maanedssnitt {
    /// `2021-04`.
    pub maaned: String,
    /// Working days of the month.
    pub virkedager: i32,
    /// Two decimals.
    pub timer_per_uke: Decimal,
}
