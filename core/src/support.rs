//! Support cases (contract.md 5, `meldSupportsak`): what a sender asks of IMDi about an error or a person, and the answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a support case has come (code list `supportstatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supportstatus {
    /// Waits for IMDi.
    Ny,
    /// IMDi answered.
    Besvart,
    /// Closed.
    Lukket,
}

impl Supportstatus {
    /// Every one.
    pub const ALL: [Supportstatus; 3] = [Supportstatus::Ny, Supportstatus::Besvart, Supportstatus::Lukket];

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Supportstatus::Ny => "NY",
            Supportstatus::Besvart => "BESVART",
            Supportstatus::Lukket => "LUKKET",
        }
    }

    /// By its code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// Who wrote what stands in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fra {
    /// The sender.
    Avsender,
    /// IMDi.
    Imdi,
}

impl Fra {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Fra::Avsender => "AVSENDER",
            Fra::Imdi => "IMDI",
        }
    }

    /// By its code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Fra::Avsender, Fra::Imdi].into_iter().find(|fra| fra.code() == code)
    }
}

/// Who opened a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Melder {
    /// Number of the kommune.
    pub kommune: String,
    /// The transfer user.
    pub overfoeringsbruker: String,
    /// The caseworker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saksbehandler_ref: Option<String>,
}

/// A support case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supportsak {
    /// Its id.
    pub sak: Uuid,
    /// Whose.
    pub avsendersystem: String,
    /// The error that it is about.
    pub feil_id: Option<Uuid>,
    /// The transfer error that the error belongs to.
    pub feilsak: Option<Uuid>,
    /// The person that it is about, as sent.
    pub duf: Option<String>,
    /// How far it has come.
    pub status: Supportstatus,
    /// When it was opened.
    pub aapnet: DateTime<Utc>,
    /// When something was last written.
    pub endret: DateTime<Utc>,
    /// Who opened it.
    pub melder: Melder,
}

/// What was written in a case. The text is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Supportmelding {
    /// Its id: of the sender's message, so that the same message is the same text.
    pub id: Uuid,
    /// Of which case.
    pub sak: Uuid,
    /// Who.
    pub fra: Fra,
    /// When.
    pub skrevet: DateTime<Utc>,
    /// What.
    pub tekst: String,
}

impl std::fmt::Debug for Supportmelding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supportmelding").field("sak", &self.sak).field("fra", &self.fra).finish_non_exhaustive()
    }
}

/// A case and what was written in it, first to last.
pub type Supportbilde = (Supportsak, Vec<Supportmelding>);

/// The id of what a message of a sender writes.
pub fn message_id(avsendersystem: &str, meldings_id: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("supportsak/{avsendersystem}/{meldings_id}").as_bytes())
}

/// What is asked of the support cases of an avsendersystem (`hentSupportsak`); of all of them without one (operators).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supportspoersmaal {
    /// Whose.
    pub avsendersystem: Option<String>,
    /// This one alone.
    pub sak: Option<Uuid>,
    /// In one of these states; none means all.
    pub status: Vec<Supportstatus>,
    /// Only what stands after this one.
    pub after: Option<(DateTime<Utc>, Uuid)>,
}
