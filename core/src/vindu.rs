//! `forklarVindu` (contract.md 5): whether a date is inside the window for a user, why, until when, and who could grant
//! more. It asks the same rules as `decide`, so the two never disagree.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::id::{Bydel, Kommunenummer};
use crate::person::Person;
use crate::post::Ordning;
use crate::registry::Role;

/// What lets a date in (domain.md 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Grunnlag {
    /// The event date lies in the months of the role.
    Hendelse,
    /// The register itself opened the day for writing within those months.
    SenKilde,
    /// The decision that it follows from lies within them (HD-1a).
    Vedtak,
    /// A campaign.
    Kampanje,
    /// An outage of the gateway.
    Driftsbrudd,
}

impl Grunnlag {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Grunnlag::Hendelse => "HENDELSE",
            Grunnlag::SenKilde => "SEN_KILDE",
            Grunnlag::Vedtak => "VEDTAK",
            Grunnlag::Kampanje => "KAMPANJE",
            Grunnlag::Driftsbrudd => "DRIFTSBRUDD",
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Spoersmaal<'a> {
    /// About this event date (hendelsesdato, domain.md 9.3).
    pub dato: NaiveDate,
    /// In this scheme.
    pub ordning: Ordning,
    /// About this kind of content (`posttype`), where it is known: some campaigns are for one kind only.
    pub posttype: Option<&'a str>,
    /// For a user with these roles.
    pub roles: &'a [Role],
    /// Of this kommune.
    pub kommune: Kommunenummer,
    /// And this bydel.
    pub bydel: Option<Bydel>,
    /// About this person, where one is named; one that is hidden from the user is asked about as none.
    pub person: Option<&'a Person>,
}

/// Somebody who could let the date in, where the user's own roles do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GirMer {
    /// The role that reaches further (`KOMMUNEETTERREGISTRERER`), or `KAMPANJE`.
    pub hva: &'static str,
    /// Who grants it: `IMDI` or `KOMMUNEADMINISTRATOR`.
    pub gis_av: &'static str,
    /// How far back it reaches today; absent for what reaches as far as is decided.
    pub tidligste: Option<NaiveDate>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forklaring {
    /// Whether a message received today about the date is inside.
    pub innenfor: bool,
    /// The earliest date that the user's roles, campaigns and outage grants let in today.
    pub tidligste: NaiveDate,
    /// The rule that gave it.
    pub regel: String,
    /// What lets the date in; where nothing does, what `tidligste` rests on.
    pub grunnlag: Grunnlag,
    /// When the register opened the date for writing, where a person was named and a category is open then.
    pub aapnet: Option<NaiveDate>,
    /// The campaign that lets it in, or that would have until it ended, or that is for other records.
    pub kampanje: Option<String>,
    /// The last day of receipt on which the date is still inside; absent when it is outside, or never closes.
    pub lukker: Option<NaiveDate>,
    /// Code of what stands against it (`NIR-V601`, `NIR-V606`, `NIR-A408` …), most important first; empty when nothing does.
    pub hindringer: Vec<&'static str>,
    /// Who could let it in.
    pub gir_mer: Vec<GirMer>,
}
