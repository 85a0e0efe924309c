//! `Grunnlagsmelding`: what a source register tells of persons (domain.md 4).

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    Asylsoeknad, Bosetting, Fagsystem, Familierelasjon, Fornyelse, Opphoer, Personnummeropplysning, Proeveresultat,
    Request, SendPersongrunnlag,
};

/// Which source sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kildehode {
    /// Unique at the source.
    pub meldings_id: String,
    /// The contract the caller was built against.
    pub kontraktversjon: String,
    /// The source (code list kilde).
    pub kilde: String,
    /// The system that sends.
    pub kildesystem: Fagsystem,
    /// When the sender wrote it.
    pub opprettet: DateTime<FixedOffset>,
}

/// The message of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grunnlagsmelding {
    /// Who sends.
    pub kildehode: Kildehode,
    /// ALT or PER_PERSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaksjon: Option<String>,
    /// 1–500.
    pub person: Vec<Persongrunnlag>,
}

/// One person's facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Persongrunnlag {
    /// The key.
    pub duf_nummer: String,
    /// 1–200.
    pub opplysning: Vec<Opplysning>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opplysning {
    /// The source's stable id of it, unique for the person.
    pub kilde_id: String,
    /// SETT or ANNULLER.
    pub handling: String,
    /// First day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fra_dato: Option<NaiveDate>,
    /// Last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innhold: Option<Opplysningsinnhold>,
}

/// One kind of fact: exactly one is there, which the schema sees to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opplysningsinnhold {
    /// Name, sex and birth date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalia: Option<Personaliaopplysning>,
    /// A national id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ident: Option<Identopplysning>,
    /// Another number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nummer: Option<Personnummeropplysning>,
    /// Follow-up by a decision of IMDi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oppfoelging: Option<Oppfoelgingsopplysning>,
    /// Where Folkeregisteret has the person living.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bosted: Option<Bostedsopplysning>,
    /// A stay in a reception centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mottak: Option<Mottaksopplysning>,
    /// Settlement in a kommune.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bosetting: Option<Bosetting>,
    /// Protection of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beskyttelse: Option<Beskyttelsesopplysning>,
    /// Death.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doedsfall: Option<Doedsfallsopplysning>,
    /// Emigration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utflyttet: Option<Utflyttingsopplysning>,
    /// Disappeared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forsvunnet: Option<Forsvunnetopplysning>,
    /// Merged into another number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_erstattet: Option<Sammenslaaingsopplysning>,
    /// A citizenship.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statsborgerskap: Option<Statsborgerskapsopplysning>,
    /// Country background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landbakgrunn: Option<Landbakgrunnsopplysning>,
    /// Arrival in Norway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ankomst: Option<Ankomstopplysning>,
    /// A residence permit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oppholdstillatelse: Option<Tillatelsesopplysning>,
    /// An application for renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fornyelse: Option<Fornyelse>,
    /// An application for protection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asylsoeknad: Option<Asylsoeknad>,
    /// A relation to another person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub familie: Option<Familierelasjon>,
    /// An unaccompanied minor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enslig_mindreaarig: Option<Enslighetsopplysning>,
    /// Status of the mapping of skills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kompetanse: Option<Kompetanseopplysning>,
    /// A test result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proeve: Option<Proeveresultat>,
    /// Hours of norsk kultur og norske verdier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kultur_og_verdier: Option<Kulturopplysning>,
}

/// Name, sex and birth date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personaliaopplysning {
    /// Given names.
    pub fornavn: String,
    /// Family name.
    pub etternavn: String,
    /// Birth date.
    pub foedselsdato: NaiveDate,
    /// Sex (code list kjoenn).
    pub kjoenn: String,
}

/// A fødselsnummer or D-nummer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identopplysning {
    /// Eleven digits.
    pub foedselsnummer: String,
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident,)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The kommune.
            pub kommunenummer: String,
            /// The bydel.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub bydelsnummer: Option<String>,
        }
    )* };
}

places! {
    /// Oppfølgingskommune by a decision of IMDi.
    Oppfoelgingsopplysning,
    /// Where Folkeregisteret has the person living.
    Bostedsopplysning,
}

/// A stay in a reception centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mottaksopplysning {
    /// Its name.
    pub navn: String,
    /// The vertskommune.
    pub kommunenummer: String,
    /// What kind of centre (code list mottakstype).
    pub mottakstype: String,
}

/// Protection of the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beskyttelsesopplysning {
    /// The level (code list adressebeskyttelse).
    pub adressebeskyttelse: String,
}

macro_rules! days {
    ($($(#[$doc:meta])* $name:ident,)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The day.
            pub dato: NaiveDate,
        }
    )* };
}

days! {
    /// Death.
    Doedsfallsopplysning,
    /// Emigration.
    Utflyttingsopplysning,
    /// Disappeared.
    Forsvunnetopplysning,
    /// Arrival in Norway.
    Ankomstopplysning,
}

/// The DUF number was merged into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sammenslaaingsopplysning {
    /// The number that holds.
    pub nytt_duf_nummer: String,
}

macro_rules! countries {
    ($($(#[$doc:meta])* $name:ident,)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// ISO 3166-1 alpha-3.
            pub land: String,
        }
    )* };
}

countries! {
    /// A citizenship.
    Statsborgerskapsopplysning,
    /// Country background.
    Landbakgrunnsopplysning,
}

/// The sponsor of a family permit as it was when UDI decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Referansepersonopplysning {
    /// Who, where the register knows the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The sponsor's own ground (code list oppholdsgrunnlag).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oppholdsgrunnlag: Option<String>,
    /// Has a permanent permit.
    pub permanent: bool,
    /// The day of settlement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bosatt_dato: Option<NaiveDate>,
}

/// A residence permit; the period of the line is the days of its validity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tillatelsesopplysning {
    /// The day of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soeknadsdato: Option<NaiveDate>,
    /// The day it was granted.
    pub vedtaksdato: NaiveDate,
    /// The ground (code list oppholdsgrunnlag).
    pub oppholdsgrunnlag: String,
    /// Whether it can lead to a permanent permit.
    pub danner_grunnlag_for_permanent: bool,
    /// Whether it can be renewed.
    pub fornybar: bool,
    /// Whether it is a first permit.
    pub foerstegang: bool,
    /// Whether it was given before entry.
    pub etter_innreisetillatelse: bool,
    /// The rules it was given under (code list rettsomraade).
    pub rettsomraade: String,
    /// The sponsor, for family permits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referanseperson: Option<Referansepersonopplysning>,
    /// Where it ended before its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opphoer: Option<Opphoer>,
}

/// An unaccompanied minor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enslighetsopplysning {
    /// Always true.
    pub enslig: bool,
}

/// Status of the mapping of skills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kompetanseopplysning {
    /// Status (code list kompetansestatus).
    pub kompetansestatus: String,
}

/// Hours of norsk kultur og norske verdier done before 2022.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kulturopplysning {
    /// Hours.
    pub timer: i32,
}

impl Grunnlagsmelding {
    /// What the content digest covers: the decoded message without `opprettet` (contract.md 0.10).
    pub fn canonical_without_opprettet(&self) -> Vec<u8> {
        let mut melding = self.clone();
        melding.kildehode.opprettet = DateTime::UNIX_EPOCH.fixed_offset();
        Request::SendPersongrunnlag(SendPersongrunnlag { melding }).to_xml()
    }
}
