//! Rows of the registry as files hold them: NDJSON or TOML, read and checked all at once.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lettre::message::Mailbox;
use nir_wsdl::certificate::Certificate;
use register::id::Orgnr;
use register::registry::{RegisteredCertificate, Registry, RegistryEntry};
use register::time::Period;
use serde_json::Value;

/// Which rows a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `party import`
    Party,
    /// `user import`
    User,
    /// `agreement import`
    Agreement,
}

impl Family {
    fn takes(self, row: &RegistryEntry) -> bool {
        match row {
            RegistryEntry::Party(_)
            | RegistryEntry::Avsendersystem(_)
            | RegistryEntry::Certificate(_)
            | RegistryEntry::Campaign(_)
            | RegistryEntry::RapporteringsaarLaas(_)
            | RegistryEntry::Driftsbrudd(_)
            | RegistryEntry::Stengt(_) => self == Family::Party,
            RegistryEntry::User(_) => self == Family::User,
            RegistryEntry::Agreement(_) => self == Family::Agreement,
            // A delegation is a right of a party and stands in an agreement: both files may hold it.
            RegistryEntry::Delegation(_) => self != Family::User,
            // An address is approved, and the clock of the sandbox set, by a command of its own.
            RegistryEntry::PushAddress(_) | RegistryEntry::Clock { .. } => false,
        }
    }

    fn kinds(self) -> &'static str {
        match self {
            Family::Party => {
                "PARTY, AVSENDERSYSTEM, CERTIFICATE, DELEGATION, CAMPAIGN, RAPPORTERINGSAAR_LAAS, DRIFTSBRUDD, STENGT"
            }
            Family::User => "USER",
            Family::Agreement => "AGREEMENT, DELEGATION",
        }
    }
}

/// The rows of a file, or everything that is wrong with them.
pub fn read(file: &Path, family: Family, registry: &Registry) -> anyhow::Result<Vec<RegistryEntry>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let toml = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let raw = if toml { toml_rows(&text)? } else { ndjson_rows(&text) };
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for (place, value) in raw {
        match value.and_then(|value| serde_json::from_value::<RegistryEntry>(value).map_err(|error| error.to_string()))
        {
            Ok(row) if family.takes(&row) => rows.push((place, row)),
            Ok(_) => problems.push(format!("{place}: this command takes rows of kind {}", family.kinds())),
            Err(error) => problems.push(format!("{place}: {error}")),
        }
    }
    check(&rows, registry, &mut problems);
    if rows.is_empty() && problems.is_empty() {
        problems.push("the file has no rows".to_owned());
    }
    if !problems.is_empty() {
        anyhow::bail!(
            "{} has {} problem(s), nothing was written:\n  - {}",
            file.display(),
            problems.len(),
            problems.join("\n  - ")
        );
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

type Raw = (String, Result<Value, String>);

fn ndjson_rows(text: &str) -> Vec<Raw> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| (format!("line {}", n + 1), serde_json::from_str(line).map_err(|error| error.to_string())))
        .collect()
}

fn toml_rows(text: &str) -> anyhow::Result<Vec<Raw>> {
    let table: toml::Table = text.parse()?;
    let rows = table.get("row").and_then(toml::Value::as_array).context("the file has no [[row]] tables")?;
    Ok(rows.iter().enumerate().map(|(n, row)| (format!("row {}", n + 1), Ok(json_of(row)))).collect())
}

/// TOML's own dates become the texts that JSON has.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(all) => all.iter().map(json_of).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json_of(value))).collect(),
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
    }
}

/// What the rows say about each other and about what is registered.
fn check(rows: &[(String, RegistryEntry)], registry: &Registry, problems: &mut Vec<String>) {
    let in_file = rows.iter().filter_map(|(_, row)| match row {
        RegistryEntry::Party(party) => Some(party.orgnr),
        _ => None,
    });
    let parties: HashSet<Orgnr> = registry.parties.keys().copied().chain(in_file).collect();
    let mut seen = HashSet::new();
    for (place, row) in rows {
        let mut problem = |text: String| problems.push(format!("{place}: {text}"));
        if !seen.insert(row.key()) {
            problem("the file has this row twice".to_owned());
        }
        if period(row).is_some_and(|valid| valid.to.is_some_and(|to| to <= valid.from)) {
            problem("valid: ends before it begins".to_owned());
        }
        let named = match row {
            RegistryEntry::Avsendersystem(system) => Some(system.operator),
            RegistryEntry::Delegation(delegation) => Some(delegation.leverandoer),
            RegistryEntry::Certificate(certificate) => Some(certificate.orgnr),
            _ => None,
        };
        if let Some(number) = named.filter(|number| !parties.contains(number)) {
            problem(format!("{number} is no registered party; import the PARTY row first or in the same file"));
        }
        match row {
            RegistryEntry::Certificate(certificate) => {
                if let Err(text) = check_certificate(certificate) {
                    problem(text);
                }
            }
            RegistryEntry::Avsendersystem(system) => {
                for contact in system.contacts.iter().filter(|contact| contact.parse::<Mailbox>().is_err()) {
                    problem(format!("contacts: {contact} is no mail address"));
                }
            }
            RegistryEntry::User(user) if user.roles.is_empty() => {
                problem("roles: a user without a role can do nothing".to_owned())
            }
            RegistryEntry::Campaign(campaign) if campaign.gyldig_til < campaign.gyldig_fra => {
                problem("gyldig_til is before gyldig_fra".to_owned());
            }
            RegistryEntry::Campaign(campaign)
                if campaign.maaneder_bakover.is_none() && campaign.tidligste_dato.is_none() =>
            {
                problem("one of maaneder_bakover and tidligste_dato is needed".to_owned());
            }
            RegistryEntry::Driftsbrudd(outage) if outage.til < outage.fra => problem("til is before fra".to_owned()),
            RegistryEntry::Stengt(closed) if closed.til < closed.fra => problem("til is before fra".to_owned()),
            RegistryEntry::RapporteringsaarLaas(lock) if lock.aapnet_igjen.is_some_and(|day| day <= lock.laast_fra) => {
                problem("aapnet_igjen is not after laast_fra".to_owned());
            }
            _ => {}
        }
    }
}

fn check_certificate(row: &RegisteredCertificate) -> Result<(), String> {
    let der = BASE64.decode(&row.der_base64).map_err(|_| "der_base64: no base64".to_owned())?;
    let certificate = Certificate::from_der(&der).map_err(|_| "der_base64: no certificate".to_owned())?;
    let number = certificate.orgnr().map_err(|_| "the certificate has no organization number".to_owned())?;
    if number == row.orgnr.to_string() { Ok(()) } else { Err(format!("the certificate belongs to {number}")) }
}

fn period(row: &RegistryEntry) -> Option<Period> {
    match row {
        RegistryEntry::Party(row) => Some(row.valid),
        RegistryEntry::Avsendersystem(row) => Some(row.valid),
        RegistryEntry::User(row) => Some(row.valid),
        RegistryEntry::Agreement(row) => Some(row.valid),
        RegistryEntry::Delegation(row) => Some(row.valid),
        RegistryEntry::Certificate(_)
        | RegistryEntry::Campaign(_)
        | RegistryEntry::RapporteringsaarLaas(_)
        | RegistryEntry::Driftsbrudd(_)
        | RegistryEntry::Stengt(_)
        | RegistryEntry::PushAddress(_)
        | RegistryEntry::Clock { .. } => None,
    }
}

/// The row with this key that is registered now.
pub fn registered(row: &RegistryEntry, registry: &Registry) -> Option<RegistryEntry> {
    let same = row.key();
    let found = |entry: RegistryEntry| (entry.key() == same).then_some(entry);
    match row {
        RegistryEntry::Party(row) => registry.parties.get(&row.orgnr).cloned().map(RegistryEntry::Party),
        RegistryEntry::Avsendersystem(row) => {
            registry.avsendersystemer.get(&row.id).cloned().map(RegistryEntry::Avsendersystem)
        }
        RegistryEntry::User(row) => registry.users.get(&row.id).cloned().map(RegistryEntry::User),
        RegistryEntry::Agreement(_) => {
            registry.agreements.iter().cloned().map(RegistryEntry::Agreement).find_map(found)
        }
        RegistryEntry::Delegation(_) => {
            registry.delegations.iter().cloned().map(RegistryEntry::Delegation).find_map(found)
        }
        RegistryEntry::Certificate(_) => {
            registry.certificates.iter().cloned().map(RegistryEntry::Certificate).find_map(found)
        }
        RegistryEntry::Campaign(_) => registry.campaigns.iter().cloned().map(RegistryEntry::Campaign).find_map(found),
        RegistryEntry::RapporteringsaarLaas(_) => {
            registry.laaser.iter().cloned().map(RegistryEntry::RapporteringsaarLaas).find_map(found)
        }
        RegistryEntry::Driftsbrudd(_) => {
            registry.driftsbrudd.iter().cloned().map(RegistryEntry::Driftsbrudd).find_map(found)
        }
        RegistryEntry::Stengt(_) => registry.stengt.iter().cloned().map(RegistryEntry::Stengt).find_map(found),
        RegistryEntry::PushAddress(row) => {
            registry.push.get(&row.avsendersystem).cloned().map(RegistryEntry::PushAddress)
        }
        RegistryEntry::Clock { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTY: &str = r#"{"kind": "PARTY", "orgnr": "310000000", "navn": "Prøve AS", "kind_of": 1}"#;

    fn import(name: &str, text: &str, family: Family) -> Result<Vec<RegistryEntry>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        read(&file, family, &Registry::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn agreements_are_read_from_toml_with_its_own_dates() {
        let text = "[[row]]\nkind = 'AGREEMENT'\nkommune = '4204'\nreference = 'A-1'\nvalid = { from = 2026-01-01 }";
        let rows = import("rows.toml", text, Family::Agreement).unwrap();
        assert_eq!(rows[0].key(), "agreement 4204 A-1");
    }

    #[test]
    fn every_problem_of_a_file_is_said_and_nothing_is_taken() {
        let text = [
            PARTY,
            "not json",
            r#"{"kind": "AGREEMENT", "kommune": "4204", "reference": "A", "valid": {"from": "2026-01-01", "to": "2025-01-01"}}"#,
            r#"{"kind": "DELEGATION", "kommune": "4204", "leverandoer": "310000000", "ordninger": ["INTRO"], "valid": {"from": "2026-01-01", "to": null}, "reference": "F"}"#,
            r#"{"kind": "CAMPAIGN", "id": "K", "gyldig_fra": "2026-01-01", "gyldig_til": "2026-02-01", "beslutningsreferanse": "b"}"#,
        ]
        .join("\n");
        let problems = import("rows.ndjson", &text, Family::Agreement).unwrap_err();
        for part in [
            "line 1: ",
            "line 2: ",
            "line 3: valid",
            "line 4: 310000000 is no registered party",
            "line 5: this command",
        ] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
    }

    #[test]
    fn contacts_are_mail_addresses() {
        let text = r#"{"kind": "AVSENDERSYSTEM", "id": "4204-x-1", "kommune": "4204", "operator": "310000000", "ordninger": ["INTRO"], "produkt": "P", "valid": {"from": "2026-01-01", "to": null}, "contacts": ["Drift <drift@kommune.example>", "drift"]}"#;
        let problems = import("rows.ndjson", text, Family::Party).unwrap_err();
        assert!(problems.contains("line 1: contacts: drift is no mail address"), "{problems}");
        assert_eq!(problems.matches("contacts").count(), 1, "{problems}");
    }

    #[test]
    fn the_clock_is_not_imported() {
        let text = r#"{"kind": "CLOCK", "kommune": "4204", "offset_seconds": 5}"#;
        for family in [Family::Party, Family::User, Family::Agreement] {
            assert!(import("rows.ndjson", text, family).unwrap_err().contains("this command takes"));
            // Nor is an address for push, whoever the file says approved it.
            let text = r#"{"kind": "PUSH_ADDRESS", "avsendersystem": "a", "url": "https://a.example", "kontraktversjon": "1.1",
                "approved": {"by": "op", "at": "2026-11-26T12:00:00Z"}}"#
                .replace('\n', "");
            assert!(import("rows.ndjson", &text, family).unwrap_err().contains("this command takes"));
        }
    }
}
