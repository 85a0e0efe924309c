//! `Registreringsmelding`: persons and their lines.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Innhold, Meldingshode, Postreferanse, Request, SendRegistreringer};

/// The message (contract.md 2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registreringsmelding {
    /// Who sends.
    pub meldingshode: Meldingshode,
    /// ALT or PER_PERSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaksjon: Option<String>,
    /// Dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proevekjoering: Option<bool>,
    /// 1–500.
    pub person: Vec<PersonMedRegistreringer>,
}

/// One person's registrations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonMedRegistreringer {
    /// The key.
    pub duf_nummer: String,
    /// Cross-check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foedselsnummer: Option<String>,
    /// 1–200.
    pub registrering: Vec<Registrering>,
}

/// One registration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registrering {
    /// Unique in the message.
    pub registrerings_id: String,
    /// One of six.
    pub handling: String,
    /// The sender's stable record id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avsenders_referanse: Option<String>,
    /// The post it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<Postreferanse>,
    /// ENDRE: from this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gjelder_fra: Option<NaiveDate>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innhold: Option<Innhold>,
}

impl Registreringsmelding {
    /// What the content digest covers: the decoded message without `opprettet` (contract.md 0.10). Two messages
    /// that say the same give the same bytes, whatever prefixes, white space or decimals like `25.0` they used.
    pub fn canonical_without_opprettet(&self) -> Vec<u8> {
        let mut melding = self.clone();
        melding.meldingshode.opprettet = chrono::DateTime::UNIX_EPOCH.fixed_offset();
        for person in &mut melding.person {
            for registrering in &mut person.registrering {
                if let Some(innhold) = &mut registrering.innhold {
                    innhold.normalize();
                }
            }
        }
        Request::SendRegistreringer(SendRegistreringer { melding }).to_xml()
    }
}
