//! What happened: changes of state (past tense, folded by `State::apply`), and notices to fagsystemer.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fact::Fact;
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::kategori::BeregningRow;
use crate::post::{Content, Ordning, PostId, PostVersion};
use crate::query::PersonView;

/// A change of one person's state. The version rows are the journal: folding these gives the present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A version row was written; it closes the present version of the same post, if any.
    VersionWritten {
        /// Whose.
        duf: Duf,
        /// The row.
        row: Box<PostVersion>,
    },
    /// An avsendersReferanse was attached to a post (KNYTT): no new version.
    ReferenceAttached {
        /// Whose.
        duf: Duf,
        /// To which post.
        post_id: PostId,
        /// By which avsendersystem.
        avsendersystem: String,
        /// The reference.
        avsenders_referanse: String,
    },
    /// A source's fact was written; it closes the present row of the same source and id, if any.
    FactWritten {
        /// Whose.
        duf: Duf,
        /// The row.
        row: Box<Fact>,
    },
    /// Categories and deadlines were computed anew and differ; closes the computation before.
    Beregnet {
        /// Whose.
        duf: Duf,
        /// The row.
        row: Box<BeregningRow>,
    },
}

impl Change {
    /// Whose state it changes.
    pub fn duf(&self) -> Duf {
        let (Change::VersionWritten { duf, .. }
        | Change::ReferenceAttached { duf, .. }
        | Change::FactWritten { duf, .. }
        | Change::Beregnet { duf, .. }) = self;
        *duf
    }

    /// The post that the change opens.
    pub fn opens(&self) -> Option<PostId> {
        match self {
            Change::VersionWritten { row, .. } if row.versjon == 1 => Some(row.post_id),
            _ => None,
        }
    }

    /// The references that the change attaches: (avsendersystem, avsendersReferanse) → whose post.
    pub fn references(&self) -> impl Iterator<Item = ((String, String), (Duf, PostId))> {
        let (duf, post, references) = match self {
            Change::VersionWritten { duf, row } => (*duf, row.post_id, row.references.clone()),
            Change::ReferenceAttached { duf, post_id, avsendersystem, avsenders_referanse } => {
                (*duf, *post_id, vec![(avsendersystem.clone(), avsenders_referanse.clone())])
            }
            // Facts and computations have no references; the post named here is nobody's.
            Change::FactWritten { duf, .. } | Change::Beregnet { duf, .. } => (*duf, PostId::nil(), Vec::new()),
        };
        references.into_iter().map(move |reference| (reference, (duf, post)))
    }
}

/// Where a change came from (`opphav`, domain.md 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Opphav {
    /// The stream's own message.
    EgenMelding,
    /// Another kommune, or another avsendersystem of the same kommune.
    AnnenKommune,
    /// NIR web.
    Web,
    /// UDI.
    Udi,
    /// Folkeregisteret.
    Folkeregister,
    /// HK-dir.
    Pad,
    /// New rules.
    Regelendring,
    /// IMDi.
    Imdi,
    /// The calendar.
    Tid,
}

impl Opphav {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Opphav::EgenMelding => "EGEN_MELDING",
            Opphav::AnnenKommune => "ANNEN_KOMMUNE",
            Opphav::Web => "WEB",
            Opphav::Udi => "UDI",
            Opphav::Folkeregister => "FOLKEREGISTER",
            Opphav::Pad => "PAD",
            Opphav::Regelendring => "REGELENDRING",
            Opphav::Imdi => "IMDI",
            Opphav::Tid => "TID",
        }
    }
}

/// The typed payload of a notice (contract.md 6, last choice of `Endring`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticePayload {
    /// ORDNING_AKTIVERT and its like.
    OrdningEndret {
        /// The scheme.
        ordning: Ordning,
        /// Code of its status.
        status: String,
        /// From this day.
        dato: NaiveDate,
    },
    /// KATEGORI_AAPNET, _LUKKET, _ENDRET.
    KategoriEndret {
        /// Code of the category.
        kategori: String,
        /// Code of the act.
        lov: String,
        /// First day.
        fra: NaiveDate,
        /// Last day, where it ends.
        til: Option<NaiveDate>,
        /// Code of the reason, where it ends.
        aarsak: Option<String>,
        /// When the register first let the kommune write about its first day.
        aapnet_for_skriving: Option<NaiveDate>,
        /// The rules that computed it.
        regelversjon: Option<String>,
        /// What hentBeregningslogg asks for.
        beregnings_id: Uuid,
    },
    /// FRIST_BEREGNET, _ENDRET and their like.
    FristEndret {
        /// Code of what it is for.
        fristtype: String,
        /// The scheme.
        ordning: Ordning,
        /// The last day.
        dato: NaiveDate,
        /// What it was.
        forrige_dato: Option<NaiveDate>,
        /// What hentBeregningslogg asks for.
        beregnings_id: Uuid,
    },
    /// TILFLYTTET.
    Tilflyttet {
        /// The kommune that the person moved from, where it is known.
        fra: Option<Kommunenummer>,
        /// The kommune that the person moved to.
        til: Kommunenummer,
        /// When.
        dato: NaiveDate,
    },
    /// A post was written by somebody else.
    PostEndret {
        /// Code of the kind.
        posttype: String,
        /// The post.
        post_id: PostId,
        /// Its version.
        versjon: i32,
        /// The receiving avsendersystem's own reference to it.
        avsenders_referanse: Option<String>,
        /// Code of the channel.
        sist_endret_av: String,
        /// What was done.
        handling: String,
        /// The whole record, absent when annulled.
        content: Option<Box<Content>>,
    },
    /// PERSON_OEYEBLIKKSBILDE (contract.md 0.15).
    PersonOeyeblikksbilde {
        /// The order it belongs to; none where it follows a move.
        bestillings_id: Option<Uuid>,
        /// It holds all changes of the stream up to this number; none means up to its own.
        posisjon: Option<i64>,
        /// Whether it is the last of its order.
        siste: bool,
        /// The person as the receiver may see it; none at the end of an order that had no more persons.
        person: Option<Box<PersonView>>,
    },
    /// Anything else, as key and value.
    Annen {
        /// In order.
        tillegg: Vec<(String, String)>,
    },
}

/// One notice before it has a number: which streams it goes to is settled by `decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Unique.
    pub hendelse_id: Uuid,
    /// Code list `hendelsestype` (domain.md 12).
    pub hendelsestype: String,
    /// When it was recorded.
    pub registrert: DateTime<Utc>,
    /// The day it concerns.
    pub gjelder_dato: NaiveDate,
    /// The person, if any.
    pub duf: Option<Duf>,
    /// The kommune.
    pub kommune: Kommunenummer,
    /// The bydel.
    pub bydel: Option<Bydel>,
    /// Where it came from, as the receiving stream sees it.
    pub opphav: Opphav,
    /// The causing message, only in its own sender's stream.
    pub meldings_id: Option<String>,
    /// What it says.
    pub payload: NoticePayload,
}

/// A notice and the avsendersystem whose stream it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// The receiving avsendersystem.
    pub avsendersystem: String,
    /// What it is told.
    pub notice: Notice,
}

/// A notice with its number in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedNotice {
    /// Gap-free within the stream.
    pub sekvensnummer: i64,
    /// What it says.
    pub notice: Notice,
}
