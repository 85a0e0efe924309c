//! Parties and their rights: who may send what for whom (domain.md 10, 14; contract.md 0.5).
//!
//! The whole registry is small (thousands of rows) and held in memory; its version number is read in
//! every ledger transaction, so that authority is judged by what is committed (design.md 17).

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{Bydel, Kommunenummer, Orgnr};
use crate::post::Ordning;
use crate::time::Period;

/// What kind of organisation a party is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartyKind {
    /// A kommune.
    Kommune,
    /// A vendor of fagsystemer.
    Leverandoer,
    /// A county.
    Fylkeskommune,
    /// A source register (UDI, Folkeregisteret, HK-dir, IMDi).
    Kilde,
}

/// An organisation that may reach the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The identity in its certificates.
    pub orgnr: Orgnr,
    /// Name of the organisation.
    pub navn: String,
    /// Its kind; `kind` itself is the word for the kind of a row.
    #[serde(rename = "partstype")]
    pub kind: PartyKind,
    /// For a kommune: its number.
    #[serde(default)]
    pub kommune: Option<Kommunenummer>,
    /// For a source: which (code list `kilde`).
    #[serde(default)]
    pub kilde: Option<String>,
    /// Days it is registered.
    pub valid: Period,
    /// Answers to this party are signed with the gateway's ECDSA P-256 key instead of RSA (design.md 5).
    #[serde(default)]
    pub ecdsa_answers: bool,
}

/// One installation of one product for one kommune or bydel (contract.md 0.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avsendersystem {
    /// Its id, given by IMDi.
    pub id: String,
    /// The kommune it serves.
    pub kommune: Kommunenummer,
    /// The bydel it serves, if only one.
    #[serde(default)]
    pub bydel: Option<Bydel>,
    /// Who runs it: the organisation whose certificate speaks for it (the kommune itself always may).
    pub operator: Orgnr,
    /// Schemes it carries; its stream hears of these.
    pub ordninger: Vec<Ordning>,
    /// Product name.
    pub produkt: String,
    /// Days it is registered.
    pub valid: Period,
    /// Approved product versions; empty means any (A411).
    #[serde(default)]
    pub approved_versions: Vec<String>,
    /// Blocked by IMDi with this reason (A415).
    #[serde(default)]
    pub blocked: Option<String>,
    /// Mail addresses that hear of what it should look at (design.md 8, Notices): of functions, not of persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
}

/// The roles a transfer user can hold (domain.md 10.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Kommuneintrobruker.
    Introbruker,
    /// Kommunenorskbruker.
    Norskbruker,
    /// Kommunelesebruker.
    Lesebruker,
    /// Kommuneetterregistrerer: extends the window, gives no scheme by itself.
    Etterregistrerer,
    /// Kommunenirsuperbruker.
    Nirsuperbruker,
    /// Fylkeskommune.
    Fylkeskommunebruker,
}

impl Role {
    /// The code list's word.
    pub fn code(self) -> &'static str {
        match self {
            Role::Introbruker => "KOMMUNEINTROBRUKER",
            Role::Norskbruker => "KOMMUNENORSKBRUKER",
            Role::Lesebruker => "KOMMUNELESEBRUKER",
            Role::Etterregistrerer => "KOMMUNEETTERREGISTRERER",
            Role::Nirsuperbruker => "KOMMUNENIRSUPERBRUKER",
            Role::Fylkeskommunebruker => "FYLKESKOMMUNEBRUKER",
        }
    }

    /// Whether the role writes the scheme (domain.md 10.3 AU-2, AU-3).
    pub fn writes(self, ordning: Ordning) -> bool {
        match self {
            Role::Introbruker => matches!(ordning, Ordning::Intro | Ordning::MottakKval),
            Role::Norskbruker => matches!(ordning, Ordning::Norsk | Ordning::MottakOppl),
            Role::Nirsuperbruker => true,
            Role::Lesebruker | Role::Etterregistrerer | Role::Fylkeskommunebruker => false,
        }
    }

    /// Whether the role only reads (A407).
    pub fn only_reads(self) -> bool {
        self == Role::Lesebruker
    }

    /// Whether the role reads persons (domain.md 10.3 AU-1); the county's right is by responsibility (part 2).
    pub fn reads(self) -> bool {
        !matches!(self, Role::Etterregistrerer | Role::Fylkeskommunebruker)
    }
}

/// The act that a person is under (domain.md 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Lov {
    /// Introduksjonsloven.
    Intl,
    /// Integreringsloven.
    Il,
}

impl Lov {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Lov::Intl => "INTL",
            Lov::Il => "IL",
        }
    }
}

/// A transfer user (`overfoeringsbruker`, domain.md 10.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferUser {
    /// Its id, for example `4204-OVERF1`.
    pub id: String,
    /// Its kommune.
    pub kommune: Kommunenummer,
    /// Its bydel; empty means the whole kommune.
    #[serde(default)]
    pub bydel: Option<Bydel>,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Whether the user is approved for strictly confidential persons (VERN-1).
    #[serde(default)]
    pub skjerming_approved: bool,
    /// Days it is registered.
    pub valid: Period,
    /// Last use by wall time; older than three months means inactive (A405).
    pub last_used: DateTime<Utc>,
}

/// The kommune's agreement with IMDi (A402).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The kommune.
    pub kommune: Kommunenummer,
    /// Reference of the agreement.
    pub reference: String,
    /// Days it holds.
    pub valid: Period,
}

/// A kommune's delegation to a vendor (`fullmakt`, A403).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// The kommune that delegates.
    pub kommune: Kommunenummer,
    /// The vendor.
    pub leverandoer: Orgnr,
    /// For these schemes.
    pub ordninger: Vec<Ordning>,
    /// Days it holds.
    pub valid: Period,
    /// Reference of the agreement behind it.
    pub reference: String,
}

/// A certificate registered for a party, found by issuer and serial, key identifier or thumbprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredCertificate {
    /// The party.
    pub orgnr: Orgnr,
    /// DER, base64.
    pub der_base64: String,
}

/// A campaign for wider back-registration (domain.md 9.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id, for example `K2017`.
    pub id: String,
    /// First day of receipt.
    pub gyldig_fra: NaiveDate,
    /// Last day of receipt, inclusive.
    pub gyldig_til: NaiveDate,
    /// Months back.
    #[serde(default)]
    pub maaneder_bakover: Option<u32>,
    /// Or a fixed earliest date.
    #[serde(default)]
    pub tidligste_dato: Option<NaiveDate>,
    /// For these schemes; empty means all.
    #[serde(default)]
    pub ordninger: Vec<Ordning>,
    /// For these kommuner; empty means all.
    #[serde(default)]
    pub kommuner: Vec<Kommunenummer>,
    /// For persons under these acts; empty means all.
    #[serde(default)]
    pub lov: Vec<Lov>,
    /// For these channels; empty means all.
    #[serde(default)]
    pub kanaler: Vec<Kanal>,
    /// For these kinds of content (`posttype`); empty means all.
    #[serde(default)]
    pub registreringstyper: Vec<String>,
    /// Reaches into locked reporting years, too.
    #[serde(default)]
    pub overstyrer_laas: bool,
    /// The decision behind it.
    pub beslutningsreferanse: String,
}

/// A reporting year that takes no more registrations (domain.md 9.1, V606).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RapporteringsaarLaas {
    /// The year of the event dates.
    pub aar: i32,
    /// First day of receipt that is refused.
    pub laast_fra: NaiveDate,
    /// First day of receipt that is taken again.
    #[serde(default)]
    pub aapnet_igjen: Option<NaiveDate>,
    /// For these schemes; empty means all.
    #[serde(default)]
    pub ordninger: Vec<Ordning>,
    /// For these kommuner; empty means all.
    #[serde(default)]
    pub kommuner: Vec<Kommunenummer>,
    /// The decision behind it.
    pub beslutningsreferanse: String,
}

/// An outage of the gateway: what is received within `dager` days after it is judged by its first day, too (design.md 11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driftsbrudd {
    /// Its id, for example `D2024-1`.
    pub id: String,
    /// First day.
    pub fra: NaiveDate,
    /// Last day, inclusive.
    pub til: NaiveDate,
    /// Days after the last one.
    pub dager: u32,
    /// For these kommuner; empty means all.
    #[serde(default)]
    pub kommuner: Vec<Kommunenummer>,
    /// The decision behind it.
    pub beslutningsreferanse: String,
}

impl Driftsbrudd {
    /// The last day of receipt that is judged by its first day, too.
    pub fn last(&self) -> Option<NaiveDate> {
        self.til.checked_add_days(chrono::Days::new(self.dager.into()))
    }
}

/// Days on which transfer is closed for kommuner, as around a reform (V607).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stengt {
    /// Its id, for example `S2018-1`.
    pub id: String,
    /// First day of receipt.
    pub fra: NaiveDate,
    /// Last day of receipt, inclusive.
    pub til: NaiveDate,
    /// For these kommuner; empty means all.
    #[serde(default)]
    pub kommuner: Vec<Kommunenummer>,
    /// Told to the sender.
    pub aarsak: String,
}

/// Where an avsendersystem takes its changes by push (design.md 8). It is called only once an operator has approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAddress {
    /// Whose changes.
    pub avsendersystem: String,
    /// `https://` and the place of its NirMottak.
    pub url: String,
    /// The organization that the receiver's TLS certificate must name; none takes any certificate that chains and
    /// carries the host's name.
    #[serde(default)]
    pub tls_organization: Option<Orgnr>,
    /// The contract that its server was made of (contract.md 4.1).
    pub kontraktversjon: String,
    /// It may lie at a private, loopback or link-local address.
    #[serde(default)]
    pub private_allowed: bool,
    /// Who approved it; without, nobody calls it.
    #[serde(default)]
    pub approved: Option<Approval>,
    /// Who took the approval back.
    #[serde(default)]
    pub released: Option<Approval>,
}

/// An operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// How a registration is sent (domain.md 9.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kanal {
    /// By a fagsystem.
    Fagsystem,
    /// In NIR web.
    Web,
}

impl Kanal {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Kanal::Fagsystem => "FAGSYSTEM",
            Kanal::Web => "WEB",
        }
    }
}

/// One row of the registry as it is stored and imported (`nir-gateway party|user|agreement import FILE`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RegistryEntry {
    /// An organisation.
    Party(Party),
    /// An installation.
    Avsendersystem(Avsendersystem),
    /// A transfer user.
    User(TransferUser),
    /// An agreement.
    Agreement(Agreement),
    /// A delegation.
    Delegation(Delegation),
    /// A certificate.
    Certificate(RegisteredCertificate),
    /// A campaign.
    Campaign(Campaign),
    /// A locked reporting year.
    RapporteringsaarLaas(RapporteringsaarLaas),
    /// An outage.
    Driftsbrudd(Driftsbrudd),
    /// Days without transfer.
    Stengt(Stengt),
    /// Where changes are delivered.
    PushAddress(PushAddress),
    /// Register time of a kommune in the sandbox: an offset from wall time (design.md 10).
    Clock {
        /// The kommune.
        kommune: Kommunenummer,
        /// Seconds added to wall time.
        offset_seconds: i64,
    },
}

impl RegistryEntry {
    /// What makes a row the same row.
    pub fn key(&self) -> String {
        match self {
            RegistryEntry::Party(row) => format!("party {}", row.orgnr),
            RegistryEntry::Avsendersystem(row) => format!("avsendersystem {}", row.id),
            RegistryEntry::User(row) => format!("user {}", row.id),
            RegistryEntry::Agreement(row) => format!("agreement {} {}", row.kommune, row.reference),
            RegistryEntry::Delegation(row) => {
                format!("delegation {} {} {}", row.kommune, row.leverandoer, row.reference)
            }
            RegistryEntry::Certificate(row) => {
                // The end of a certificate is its signature: enough to tell two apart.
                let end = row.der_base64.len().saturating_sub(44);
                format!("certificate {} {}", row.orgnr, row.der_base64.get(end..).unwrap_or_default())
            }
            RegistryEntry::Campaign(row) => format!("campaign {}", row.id),
            RegistryEntry::RapporteringsaarLaas(row) => format!("laas {} {}", row.aar, row.beslutningsreferanse),
            RegistryEntry::Driftsbrudd(row) => format!("driftsbrudd {}", row.id),
            RegistryEntry::Stengt(row) => format!("stengt {}", row.id),
            RegistryEntry::PushAddress(row) => push_key(&row.avsendersystem),
            RegistryEntry::Clock { kommune, .. } => format!("clock {kommune}"),
        }
    }
}

/// The key of the row that holds the address of an avsendersystem.
pub(crate) fn push_key(avsendersystem: &str) -> String {
    format!("push {avsendersystem}")
}

/// The registry in memory.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Rises with every change of a row.
    pub version: i64,
    /// By organisation number.
    pub parties: HashMap<Orgnr, Party>,
    /// By id.
    pub avsendersystemer: HashMap<String, Avsendersystem>,
    /// By id.
    pub users: HashMap<String, TransferUser>,
    /// All agreements.
    pub agreements: Vec<Agreement>,
    /// All delegations.
    pub delegations: Vec<Delegation>,
    /// All registered certificates.
    pub certificates: Vec<RegisteredCertificate>,
    /// All campaigns.
    pub campaigns: Vec<Campaign>,
    /// All locked reporting years.
    pub laaser: Vec<RapporteringsaarLaas>,
    /// All outages.
    pub driftsbrudd: Vec<Driftsbrudd>,
    /// All days without transfer.
    pub stengt: Vec<Stengt>,
    /// Where changes are delivered, by avsendersystem.
    pub push: HashMap<String, PushAddress>,
    /// Offsets of register time in the sandbox, in seconds.
    pub clock_offsets: HashMap<Kommunenummer, i64>,
    by_kommune: HashMap<Kommunenummer, Vec<String>>,
}

impl Registry {
    /// The registry of these rows.
    pub fn from_entries(version: i64, entries: impl IntoIterator<Item = RegistryEntry>) -> Self {
        let mut registry = Registry { version, ..Registry::default() };
        for entry in entries {
            match entry {
                RegistryEntry::Party(row) => drop(registry.parties.insert(row.orgnr, row)),
                RegistryEntry::Avsendersystem(row) => {
                    registry.by_kommune.entry(row.kommune).or_default().push(row.id.clone());
                    registry.avsendersystemer.insert(row.id.clone(), row);
                }
                RegistryEntry::User(row) => drop(registry.users.insert(row.id.clone(), row)),
                RegistryEntry::Agreement(row) => registry.agreements.push(row),
                RegistryEntry::Delegation(row) => registry.delegations.push(row),
                RegistryEntry::Certificate(row) => registry.certificates.push(row),
                RegistryEntry::Campaign(row) => registry.campaigns.push(row),
                RegistryEntry::RapporteringsaarLaas(row) => registry.laaser.push(row),
                RegistryEntry::Driftsbrudd(row) => registry.driftsbrudd.push(row),
                RegistryEntry::Stengt(row) => registry.stengt.push(row),
                RegistryEntry::PushAddress(row) => drop(registry.push.insert(row.avsendersystem.clone(), row)),
                RegistryEntry::Clock { kommune, offset_seconds } => {
                    registry.clock_offsets.insert(kommune, offset_seconds);
                }
            }
        }
        registry.by_kommune.values_mut().for_each(|ids| ids.sort());
        registry
    }

    /// The avsendersystemer of a kommune, by id.
    pub fn systems_of(&self, kommune: Kommunenummer) -> impl Iterator<Item = &Avsendersystem> {
        let ids = self.by_kommune.get(&kommune).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.avsendersystemer.get(id))
    }

    /// Register time of a kommune at a wall time: the same but for a clock that was set in the sandbox (design.md 10).
    pub fn register_time(&self, kommune: Option<Kommunenummer>, wall: DateTime<Utc>) -> DateTime<Utc> {
        let offset = kommune.and_then(|kommune| self.clock_offsets.get(&kommune)).copied().unwrap_or_default();
        chrono::TimeDelta::try_seconds(offset).and_then(|offset| wall.checked_add_signed(offset)).unwrap_or(wall)
    }
}
