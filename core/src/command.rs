//! What is asked of the register: one `sendRegistreringer`, translated from the wire by the gateway.

use chrono::{DateTime, NaiveDate, Utc};

use crate::id::{Bydel, Kommunenummer, Orgnr};
use crate::post::{Content, PostId};
use crate::receipt::Finding;

/// Header of a message, with the signer that the signature proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Organisation of the verified signing certificate.
    pub signer: Orgnr,
    /// Organization of the TLS client certificate, where it names one: the signer itself, or a vendor that the
    /// kommune has delegated to (design.md 3).
    pub tls_client: Option<Orgnr>,
    /// Unique within the avsendersystem.
    pub meldings_id: String,
    /// Minor version of the contract the caller was built against.
    pub kontraktversjon: String,
    /// The sender (contract.md 4.2).
    pub avsendersystem: String,
    /// As sent; `Err` holds the text when it is not a known number (X312).
    pub kommune: Result<Kommunenummer, String>,
    /// As sent.
    pub bydel: Option<Result<Bydel, String>>,
    /// The transfer user.
    pub overfoeringsbruker: String,
    /// The caseworker, opaque.
    pub saksbehandler_ref: Option<String>,
    /// Product name and version.
    pub fagsystem: (String, String),
    /// When the sender wrote the message.
    pub opprettet: DateTime<Utc>,
    /// The earlier message this one replaces.
    pub erstatter_meldings_id: Option<String>,
}

/// Which part stands or falls together (contract.md 0.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaksjon {
    /// The whole message.
    Alt,
    /// Each person.
    PerPerson,
}

/// The six handlings (contract.md 0.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// New post.
    Registrer,
    /// The world changed from `gjelder_fra`.
    Endre,
    /// It was wrong.
    Korriger,
    /// It never was.
    Annuller,
    /// Upsert by avsendersReferanse.
    Sett,
    /// Attach avsendersReferanse.
    Knytt,
}

/// A reference to a post: exactly one way is set, else it is a form error (contract.md 0.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostRef {
    /// The register's id; `Err` holds text that is no such id.
    pub post_id: Option<Result<PostId, String>>,
    /// Required with post_id for ENDRE, KORRIGER, ANNULLER.
    pub versjon: Option<i32>,
    /// The sender's id.
    pub avsenders_referanse: Option<String>,
    /// An earlier line of the same message.
    pub registrerings_id: Option<String>,
}

impl PostRef {
    /// Whether it points at a post at all: SETT may say a version alone.
    pub fn names_a_post(&self) -> bool {
        self.post_id.is_some() || self.avsenders_referanse.is_some() || self.registrerings_id.is_some()
    }
}

/// One registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Unique in the message.
    pub registrerings_id: String,
    /// `Err` holds an unknown code (X307).
    pub handling: Result<Handling, String>,
    /// The sender's stable record id.
    pub avsenders_referanse: Option<String>,
    /// The post it concerns.
    pub post: Option<PostRef>,
    /// ENDRE: from this day.
    pub gjelder_fra: Option<NaiveDate>,
    /// What it says.
    pub content: Option<Content>,
    /// The unresolved references of a vedtak (`vedtakRef`, `klageRef`).
    pub vedtak_ref: Option<PostRef>,
    /// As above.
    pub klage_ref: Option<PostRef>,
    /// Errors of form found while translating (step 0 of domain.md 15.1: X307–X312).
    pub form_errors: Vec<Finding>,
}

/// One person with its registrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLines {
    /// As sent (12 digits by schema).
    pub duf_text: String,
    /// Cross-check, as sent.
    pub foedselsnummer: Option<String>,
    /// In document order.
    pub lines: Vec<Line>,
}

/// One message to the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Who and which.
    pub header: Header,
    /// ALT unless sent.
    pub transaksjon: Transaksjon,
    /// Judge and answer as if, store nothing (design.md 17).
    pub proevekjoering: bool,
    /// 1–500, at most 1,000 registrations in all.
    pub persons: Vec<PersonLines>,
    /// Errors of form of the message as a whole (an unknown `transaksjon`).
    pub form_errors: Vec<Finding>,
    /// SHA-256 over the decoded message without `opprettet` (design.md 17).
    pub digest: [u8; 32],
}
