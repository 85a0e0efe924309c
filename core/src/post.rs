//! Posts: the register's records about a person, and their content (domain.md 6–8).
//!
//! A post is opened once and then has versions; nothing is overwritten. The content types carry the
//! register's nouns exactly as the XSD spells them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{Bydel, Kommunenummer};
use crate::registry::Role;
use crate::time::Period;
use crate::vindu::Grunnlag;

mod innhold;

pub use innhold::*;

/// A value of a code list (domain.md 6–8): carried and compared, never branched on except by name.
pub type Kode = String;

/// The register's id of a post (contract.md 0.6, `postId`).
pub type PostId = Uuid;

/// The schemes that code branches on (domain.md 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ordning {
    /// Introduksjonsprogram.
    Intro,
    /// Opplæring i norsk og samfunnskunnskap.
    Norsk,
    /// Opplæring i mottak (asylsøkere).
    MottakOppl,
    /// Kvalifisering i mottak.
    MottakKval,
}

impl Ordning {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Ordning::Intro => "INTRO",
            Ordning::Norsk => "NORSK",
            Ordning::MottakOppl => "MOTTAK_OPPL",
            Ordning::MottakKval => "MOTTAK_KVAL",
        }
    }
}

/// Where a write came from (domain.md 12, `opphav` and `sistEndretAv`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    /// A fagsystem: its avsendersystem.
    Fagsystem(String),
    /// NIR web.
    Web,
    /// IMDi.
    Imdi,
    /// The register itself.
    System,
    /// Filled by `nir-gateway import`.
    Import,
}

impl Channel {
    /// The code of `sistEndretAv`.
    pub fn code(&self) -> &'static str {
        match self {
            Channel::Fagsystem(_) => "FAGSYSTEM",
            Channel::Web => "WEB",
            Channel::Imdi => "IMDI",
            Channel::System => "SYSTEM",
            Channel::Import => "IMPORT",
        }
    }
}

/// How far a report of a wrong record has come (HD-14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Feilstatus {
    /// Reported; IMDi decides.
    Meldt,
    /// Struck: the record counts no more.
    Stroeket,
    /// IMDi let the record stand.
    Avslaatt,
}

impl Feilstatus {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Feilstatus::Meldt => "MELDT",
            Feilstatus::Stroeket => "STROEKET",
            Feilstatus::Avslaatt => "AVSLAATT",
        }
    }
}

/// A report that a record is wrong (`meldFeilregistrert`, HD-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feilregistrering {
    /// Code list `feilregistrertAarsak`.
    pub aarsak: Kode,
    /// The caseworker's reason.
    pub begrunnelse: String,
    /// The day of the report.
    pub meldt: NaiveDate,
    /// Names the case, also to IMDi.
    pub sak: Uuid,
    /// How far it has come.
    pub status: Feilstatus,
}

/// What a registration of days before its receipt rested on (domain.md 9.4): the audit of every use of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etterregistrering {
    /// The role whose months it was, where it was a role's.
    pub rolle: Option<Role>,
    /// Months back.
    pub maaneder: Option<u32>,
    /// The earliest date on the day of receipt.
    pub tidligste: NaiveDate,
    /// What let it in.
    pub grunnlag: Grunnlag,
    /// When the register had opened the days (SEN_KILDE).
    pub aapnet: Option<NaiveDate>,
    /// The campaign or outage (KAMPANJE, DRIFTSBRUDD).
    pub kampanje: Option<String>,
}

/// One version of a post; `system_to` is set when a later version or an annulment closes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostVersion {
    /// Row number within the person, without gaps: the safety net of the primary key (duf, row_no).
    pub row_no: i64,
    /// The post.
    pub post_id: PostId,
    /// 1, 2, 3 … within the post.
    pub versjon: i32,
    /// What it says.
    pub content: Content,
    /// The days it is valid for (half-open).
    pub valid: Period,
    /// Recorded from (time of the commit's decision).
    pub system_from: DateTime<Utc>,
    /// Recorded until; `None` while it is the present version.
    pub system_to: Option<DateTime<Utc>>,
    /// True when this version says that the post never was (ANNULLER, or struck as wrong).
    pub annulled: bool,
    /// Reported as wrong (HD-14); a struck one is annulled, too, and is shown all the same.
    #[serde(default)]
    pub feilregistrert: Option<Box<Feilregistrering>>,
    /// What a registration of days before its receipt rested on; absent where it was about today or later.
    #[serde(default)]
    pub etterregistrering: Option<Box<Etterregistrering>>,
    /// The post that this one continues (ENDRE, domain: contract.md 4.3).
    pub continues: Option<PostId>,
    /// The kommune that owns the record (contract.md 0.17).
    pub kommune: Kommunenummer,
    /// The bydel at registration.
    pub bydel: Option<Bydel>,
    /// Who wrote this version.
    pub channel: Channel,
    /// `overfoeringsbruker` of the message, for audit (domain.md 6).
    pub registered_by: String,
    /// `saksbehandlerRef` of the message, opaque.
    pub caseworker: Option<String>,
    /// `meldingsId` of the message that wrote it.
    pub meldings_id: String,
    /// Receipt date the window used.
    pub received_on: NaiveDate,
    /// The senders' stable references to this post, the newest last: (avsendersystem, avsendersReferanse). A new fagsystem
    /// in an avsendersystem may attach its own beside the old one's (KNYTT).
    pub references: Vec<(String, String)>,
}

impl PostVersion {
    /// The caller's own reference to this post: the one it attached last.
    pub fn reference_of(&self, avsendersystem: &str) -> Option<&str> {
        self.references.iter().rfind(|(system, _)| system == avsendersystem).map(|(_, reference)| reference.as_str())
    }

    /// Whether it was struck as wrong (HD-14).
    pub fn struck(&self) -> bool {
        self.feilregistrert.as_ref().is_some_and(|report| report.status == Feilstatus::Stroeket)
    }

    /// Whether it was reported as wrong, and the report has not been turned down.
    pub fn reported(&self) -> bool {
        self.feilregistrert.as_ref().is_some_and(|report| report.status != Feilstatus::Avslaatt)
    }

    /// Whether the post is there: present and not annulled.
    pub fn stands(&self) -> bool {
        self.system_to.is_none() && !self.annulled
    }
}
