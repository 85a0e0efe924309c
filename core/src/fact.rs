//! What the sources say about a person (domain.md 4): dated facts with both times and their source.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{Bydel, Duf, Kommunenummer};
use crate::post::Kode;
use crate::time::Period;

/// Folkeregisteret's protection levels (domain.md 10.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Adressebeskyttelse {
    /// Not graded.
    Ugradert,
    /// The address reveals refugee or health status.
    Klientadresse,
    /// Confidential.
    Fortrolig,
    /// Strictly confidential: hidden to all but approved users (VERN-1, VERN-1a).
    StrengtFortrolig,
}

/// Under which rules a permit was given: what the EEA rules cover is never in a target group (IL-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rettsomraade {
    /// Utlendingsloven.
    Utlendingsloven,
    /// The EEA rules of utlendingsloven ch. 13.
    Eoes,
}

/// How UDI answered an application, or ended a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Utfall {
    /// Granted, or continued stay confirmed.
    Innvilget,
    /// Refused.
    Avslag,
    /// The permit was revoked.
    Tilbakekall,
    /// The permit lapsed.
    Bortfall,
    /// The person was expelled.
    Utvisning,
}

/// The sponsor of a family permit as it was when UDI decided (design.md 17, decide: dated, sourced facts of the applicant).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referanseperson {
    /// Who, where the register knows the person.
    pub duf: Option<Duf>,
    /// The sponsor's own ground (code list `oppholdsgrunnlag`), absent for citizens.
    pub oppholdsgrunnlag: Option<Kode>,
    /// The sponsor has a permanent permit.
    pub permanent: bool,
    /// The day the sponsor was settled in a kommune (IL-4, IN-b).
    pub bosatt_dato: Option<NaiveDate>,
}

/// The end of a permit before its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opphoer {
    /// Revoked, lapsed or expelled.
    pub utfall: Utfall,
    /// The day of the decision.
    pub dato: NaiveDate,
    /// Whether it can no longer be appealed: until then the permit counts (IL-20).
    pub endelig: bool,
}

/// A residence permit (domain.md 4.1). The fact's valid time is `gyldigFra` to `gyldigTil`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oppholdstillatelse {
    /// When it was applied for.
    pub soeknadsdato: Option<NaiveDate>,
    /// When it was granted.
    pub vedtaksdato: NaiveDate,
    /// Code list `oppholdsgrunnlag`.
    pub oppholdsgrunnlag: Kode,
    /// Can lead to a permanent permit.
    pub danner_grunnlag_for_permanent: bool,
    /// Can be renewed.
    pub fornybar: bool,
    /// A first permit, not a renewal.
    pub foerstegang: bool,
    /// Given before entry: rights run from arrival (IL §26).
    pub etter_innreisetillatelse: bool,
    /// Under which rules.
    pub rettsomraade: Rettsomraade,
    /// For family permits.
    pub referanseperson: Option<Referanseperson>,
    /// Ended before its last day.
    pub opphoer: Option<Opphoer>,
}

/// How an application was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avgjoerelse {
    /// How.
    pub utfall: Utfall,
    /// When.
    pub dato: NaiveDate,
    /// Whether it can no longer be appealed.
    pub endelig: bool,
}

/// Where a reception centre is in the chain; only the ordinary ones train (IL-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mottakstype {
    /// Arrival.
    Ankomst,
    /// Transit.
    Transitt,
    /// Ordinary.
    Ordinaert,
}

/// Other numbers that a person is searched by (domain.md 3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Nummertype {
    /// Registreringsnummer i mottak.
    RegNummer,
    /// UNHCR's number.
    UnhcrNummer,
    /// Passport.
    Passnummer,
}

/// A test result (domain.md 6.6): read only, from PAD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proeveresultat {
    /// Code list `proevetype`.
    pub proevetype: Kode,
    /// Code list `delproeve`.
    pub delproeve: Option<Kode>,
    /// The day of the test.
    pub dato: NaiveDate,
    /// Code list `proeveresultat`.
    pub resultat: Option<Kode>,
    /// Code list `proevestatus`.
    pub status: Kode,
    /// Language, ISO 639.
    pub spraak: Option<Kode>,
}

/// What a source said about a person. Periods are the fact's valid time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactContent {
    /// Name, sex and birth date; sex and birth date are never derived from a number (domain.md 3.3).
    Personalia {
        /// Given names.
        fornavn: String,
        /// Family name.
        etternavn: String,
        /// Birth date.
        foedselsdato: NaiveDate,
        /// `KVINNE` or `MANN`.
        kjoenn: String,
    },
    /// A fødselsnummer or D-nummer.
    Ident {
        /// Eleven digits.
        number: String,
    },
    /// Another number that the person is searched by.
    Nummer {
        /// Which.
        nummertype: Nummertype,
        /// At most 20 characters.
        verdi: String,
    },
    /// Oppfølgingskommune and -bydel by a decision of IMDi (domain.md 11.1): goes before all other sources.
    Oppfoelging {
        /// The kommune.
        kommune: Kommunenummer,
        /// The bydel, where the kommune has them.
        bydel: Option<Bydel>,
    },
    /// Where Folkeregisteret has the person living.
    Bosted {
        /// The kommune.
        kommune: Kommunenummer,
        /// The bydel, where the kommune has them.
        bydel: Option<Bydel>,
    },
    /// Living in a reception centre.
    Mottak {
        /// Its name.
        navn: String,
        /// The vertskommune.
        kommune: Kommunenummer,
        /// Its type.
        mottakstype: Mottakstype,
    },
    /// Settled in a kommune (IMDi Bosetting).
    Bosetting {
        /// The kommune.
        kommune: Kommunenummer,
        /// The bydel, where the kommune has them.
        bydel: Option<Bydel>,
        /// When.
        dato: NaiveDate,
        /// By agreement with IMDi (IL §8).
        etter_avtale: bool,
    },
    /// The protection level.
    Beskyttelse {
        /// The level.
        level: Adressebeskyttelse,
    },
    /// Death.
    Doedsfall {
        /// The date.
        dato: NaiveDate,
    },
    /// Emigration.
    Utflyttet {
        /// The date.
        dato: NaiveDate,
    },
    /// Disappeared (Folkeregisteret `forsvunnet`): closes like emigration (domain.md 11.4).
    Forsvunnet {
        /// The date.
        dato: NaiveDate,
    },
    /// UDI merged this DUF into another (domain.md 11.4).
    DufErstattet {
        /// The number that holds now.
        ny: Duf,
    },
    /// A citizenship, over its valid time.
    Statsborgerskap {
        /// ISO 3166-1 alpha-3.
        land: Kode,
    },
    /// Country background: the rate class of grants (domain.md 13).
    Landbakgrunn {
        /// ISO 3166-1 alpha-3.
        land: Kode,
    },
    /// Arrival in Norway, for permits given before entry (IL §26).
    Ankomst {
        /// The date.
        dato: NaiveDate,
    },
    /// A residence permit.
    Oppholdstillatelse(Box<Oppholdstillatelse>),
    /// An application for renewal, or for a permit on new grounds (UTL §61(6)–(7); bug B2).
    Fornyelse {
        /// When it was applied for.
        soeknadsdato: NaiveDate,
        /// The latest decision; absent while it is undecided.
        avgjoerelse: Option<Avgjoerelse>,
    },
    /// An application for protection (IL-15, IN-h).
    Asylsoeknad {
        /// When it was applied for.
        soeknadsdato: NaiveDate,
        /// Handled in the fast procedure.
        hurtigprosedyre: bool,
        /// Another Dublin state is responsible (UTL §32).
        dublin: bool,
        /// UDI's decision.
        avgjoerelse: Option<Avgjoerelse>,
    },
    /// A relation to another person that the register knows.
    Familie {
        /// Code list `familierelasjon`.
        relasjon: Kode,
        /// The other.
        annen: Duf,
    },
    /// An unaccompanied minor.
    EnsligMindreaarig,
    /// Status of kompetansekartlegging (the Kompetanse module).
    Kompetanse {
        /// Code list `kompetansestatus`.
        status: Kode,
    },
    /// A test result.
    Proeve(Box<Proeveresultat>),
    /// Hours of norsk kultur og norske verdier done before 2022 (IF §73(1)).
    KulturOgVerdier {
        /// Hours.
        timer: u32,
    },
}

impl FactContent {
    /// Whether it may hide a person from others (domain.md 10.4): protection, a number that took another's place, and who
    /// follows a strictly confidential person up.
    pub fn may_protect(&self) -> bool {
        matches!(
            self,
            FactContent::Beskyttelse { .. } | FactContent::DufErstattet { .. } | FactContent::Oppfoelging { .. }
        )
    }

    /// Its kind (code list `opplysningstype`).
    pub const fn kind(&self) -> &'static str {
        match self {
            FactContent::Personalia { .. } => "PERSONALIA",
            FactContent::Ident { .. } => "IDENT",
            FactContent::Nummer { .. } => "NUMMER",
            FactContent::Oppfoelging { .. } => "OPPFOELGING",
            FactContent::Bosted { .. } => "BOSTED",
            FactContent::Mottak { .. } => "MOTTAK",
            FactContent::Bosetting { .. } => "BOSETTING",
            FactContent::Beskyttelse { .. } => "BESKYTTELSE",
            FactContent::Doedsfall { .. } => "DOEDSFALL",
            FactContent::Utflyttet { .. } => "UTFLYTTET",
            FactContent::Forsvunnet { .. } => "FORSVUNNET",
            FactContent::DufErstattet { .. } => "DUF_ERSTATTET",
            FactContent::Statsborgerskap { .. } => "STATSBORGERSKAP",
            FactContent::Landbakgrunn { .. } => "LANDBAKGRUNN",
            FactContent::Ankomst { .. } => "ANKOMST",
            FactContent::Oppholdstillatelse(_) => "OPPHOLDSTILLATELSE",
            FactContent::Fornyelse { .. } => "FORNYELSE",
            FactContent::Asylsoeknad { .. } => "ASYLSOEKNAD",
            FactContent::Familie { .. } => "FAMILIE",
            FactContent::EnsligMindreaarig => "ENSLIG_MINDREAARIG",
            FactContent::Kompetanse { .. } => "KOMPETANSE",
            FactContent::Proeve(_) => "PROEVE",
            FactContent::KulturOgVerdier { .. } => "KULTUR_OG_VERDIER",
        }
    }
}

/// One fact with both times and its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Row number within the person.
    pub row_no: i64,
    /// Source party: `UDI`, `FOLKEREGISTER`, `IMDI` …
    pub source: String,
    /// The source's own id of the fact: a later row of the same id takes its place (idempotent import, corrections).
    pub source_id: String,
    /// What it says.
    pub content: FactContent,
    /// When it is true (half-open).
    pub valid: Period,
    /// Says that the fact never was: closes the row before it and is not present itself.
    #[serde(default)]
    pub annulled: bool,
    /// Recorded from.
    pub system_from: DateTime<Utc>,
    /// Recorded until; `None` while present.
    pub system_to: Option<DateTime<Utc>>,
}
