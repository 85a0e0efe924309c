//! The standard parties of the tables, and the roles.

use chrono::NaiveDate;
use register::id::Kommunenummer;
use register::registry::{Party, PartyKind, RegistryEntry, Role};
use register::time::Period;

use crate::words::Bad;

/// The vendor that signs, and one that nobody has delegated to.
pub const VENDOR: &str = "310000019";
pub const STRANGER: &str = "314123468";
/// The standard kommuner with their organisation numbers.
pub const KOMMUNER: [(&str, &str); 7] = [
    ("4204", "310000027"),
    ("4203", "310000035"),
    ("0301", "310000043"),
    ("3020", "310000051"),
    ("1507", "974760673"),
    ("1508", "310000000"),
    ("1580", "310000078"),
];
pub const ALWAYS: Period = Period { from: NaiveDate::MIN, to: None };

pub fn party(orgnr: &str, kind: PartyKind, kommune: Option<Kommunenummer>) -> RegistryEntry {
    RegistryEntry::Party(Party {
        orgnr: orgnr.parse().unwrap(),
        navn: orgnr.to_owned(),
        kind,
        kommune,
        valid: ALWAYS,
        ecdsa_answers: false,
    })
}

/// Organisation number of a standard kommune.
pub fn orgnr_of(kommune: &str) -> Option<&'static str> {
    KOMMUNER.iter().find(|(number, _)| *number == kommune).map(|(_, orgnr)| *orgnr)
}

pub fn role(text: &str) -> Result<Role, Bad> {
    Ok(match text {
        "INTROBRUKER" => Role::Introbruker,
        "NORSKBRUKER" => Role::Norskbruker,
        "LESEBRUKER" => Role::Lesebruker,
        "ETTERREGISTRERER" => Role::Etterregistrerer,
        "NIRSUPERBRUKER" => Role::Nirsuperbruker,
        "FYLKESKOMMUNEBRUKER" => Role::Fylkeskommunebruker,
        other => return Err(format!("ingen rolle heter {other}")),
    })
}
