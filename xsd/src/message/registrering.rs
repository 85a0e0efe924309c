//! `Registreringsmelding` and the kinds of content.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Meldingshode, Postreferanse, Request, SendRegistreringer};

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

/// The choice of content; the schema sees to it that exactly one is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Innhold {
    /// A decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak: Option<Vedtak>,
    /// A measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiltak: Option<Tiltak>,
}

/// A decision (domain.md 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vedtak {
    /// The scheme.
    pub ordning: String,
    /// Code list.
    pub vedtakstype: String,
    /// The day it was made.
    pub vedtaksdato: NaiveDate,
    /// First day of effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_dato: Option<NaiveDate>,
    /// Last day of effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slutt_dato: Option<NaiveDate>,
    /// Code list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begrunnelse: Option<String>,
    /// The parent decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vedtak_ref: Option<Postreferanse>,
    /// The appeal it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub klage_ref: Option<Postreferanse>,
    /// The sender's case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saksreferanse: Option<String>,
}

/// A measure (domain.md 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tiltak {
    /// The scheme.
    pub ordning: String,
    /// Code list.
    pub tiltaksgruppe: String,
    /// Code list.
    pub tiltakstype: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day.
    pub til_dato: NaiveDate,
    /// Hours per week, without trailing zeros.
    #[serde(deserialize_with = "without_trailing_zeros")]
    pub timer_per_uke: Decimal,
    /// Replaces others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erstattende_tiltak: Option<bool>,
    /// Code list, LF01 and LF02 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gjennomfoering: Option<String>,
    /// The day completion was assessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vurdert_dato: Option<NaiveDate>,
    /// AN06 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mottatt_tilbud: Option<bool>,
}

impl Registreringsmelding {
    /// What the content digest covers: the decoded message without `opprettet` (contract.md 0.10). Two messages
    /// that say the same give the same bytes, whatever prefixes, white space or decimals like `25.0` they used.
    pub fn canonical_without_opprettet(&self) -> Vec<u8> {
        let mut melding = self.clone();
        melding.meldingshode.opprettet = chrono::DateTime::UNIX_EPOCH.fixed_offset();
        for person in &mut melding.person {
            for registrering in &mut person.registrering {
                if let Some(tiltak) = registrering.innhold.as_mut().and_then(|i| i.tiltak.as_mut()) {
                    tiltak.timer_per_uke = tiltak.timer_per_uke.normalize();
                }
            }
        }
        Request::SendRegistreringer(SendRegistreringer { melding }).to_xml()
    }
}

/// `25.500` and `25.5` are one value and are written alike.
fn without_trailing_zeros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    <Decimal as Deserialize>::deserialize(deserializer).map(|hours| hours.normalize())
}
