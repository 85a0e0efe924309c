//! Posts: the register's records about a person, and their content (domain.md 6–8).
//!
//! A post is opened once and then has versions; nothing is overwritten. The content types carry the
//! register's nouns exactly as the XSD spells them.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{Bydel, Kommunenummer};
use crate::time::Period;

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

/// The kinds of content (contract.md 6.1). Other kinds join with part 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A decision.
    Vedtak(Vedtak),
    /// A measure, with its gjennomføring mark.
    Tiltak(Tiltak),
}

/// A decision (domain.md 6.1–6.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vedtak {
    /// The scheme it concerns.
    pub ordning: Ordning,
    /// Code list `vedtakstype`.
    pub vedtakstype: Kode,
    /// The day the decision was made.
    pub vedtaksdato: NaiveDate,
    /// First day of effect.
    pub start_dato: Option<NaiveDate>,
    /// Last day of effect, inclusive.
    pub slutt_dato: Option<NaiveDate>,
    /// Code list `begrunnelse`.
    pub begrunnelse: Option<Kode>,
    /// The parent decision, resolved.
    pub vedtak_ref: Option<PostId>,
    /// The appeal it follows, resolved.
    pub klage_ref: Option<PostId>,
    /// The sender's case, at most 100 characters.
    pub saksreferanse: Option<String>,
}

/// A measure (domain.md 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiltak {
    /// The scheme it belongs to.
    pub ordning: Ordning,
    /// Code list `tiltaksgruppe`.
    pub tiltaksgruppe: Kode,
    /// Code list `tiltakstype`.
    pub tiltakstype: Kode,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours per week, at most two decimals.
    pub timer_per_uke: Decimal,
    /// Replaces other measures in its period (domain.md TI-6).
    pub erstattende_tiltak: bool,
    /// Code list `gjennomfoering`, only for LF01 and LF02 (TI-2).
    pub gjennomfoering: Option<Kode>,
    /// The day completion was assessed (TI-2a).
    pub vurdert_dato: Option<NaiveDate>,
    /// AN06 only: whether an offer was received (TI-11).
    pub mottatt_tilbud: Option<bool>,
}

impl Content {
    /// The code of the kind, as `posttype` on the wire (contract.md 6.1).
    pub fn posttype(&self) -> &'static str {
        match self {
            Content::Vedtak(_) => "VEDTAK",
            Content::Tiltak(_) => "TILTAK",
        }
    }

    /// The days that a record of this content is valid for (half-open). A decision without an end holds until
    /// another one ends it; one without a start holds from the day it was made.
    pub fn valid(&self) -> Period {
        match self {
            Content::Vedtak(v) => Period::inclusive(v.start_dato.unwrap_or(v.vedtaksdato), v.slutt_dato),
            Content::Tiltak(t) => Period::inclusive(t.fra_dato, Some(t.til_dato)),
        }
    }

    /// The scheme the content belongs to.
    pub fn ordning(&self) -> Ordning {
        match self {
            Content::Vedtak(v) => v.ordning,
            Content::Tiltak(t) => t.ordning,
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
    /// True when this version says that the post never was (ANNULLER).
    pub annulled: bool,
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

    /// Whether the post is there: present and not annulled.
    pub fn stands(&self) -> bool {
        self.system_to.is_none() && !self.annulled
    }
}
