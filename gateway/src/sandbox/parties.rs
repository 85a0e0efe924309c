//! The synthetic organizations, avsendersystemer, transfer users and agreements of the sandbox, valid 2005–2099
//! unless they show a refusal (design.md 10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use nir_xsd::message::Version;
use register::id::{InvalidId, Kommunenummer};
use register::post::Ordning;
use register::registry::{
    Agreement, Approval, Avsendersystem, Delegation, Party, PartyKind, PushAddress, RegisteredCertificate, Registry,
    RegistryEntry, Role, TransferUser,
};
use register::time::Period;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::certs::Certs;
use super::orgnr;

/// The transfer user that is inactive (A405); its last use is never renewed.
pub const INACTIVE_USER: &str = "4204-INAKTIV1";

const ALL: [Ordning; 4] = [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval];

/// (id, kommune, bydel, operator, ordninger, what it shows)
type System = (&'static str, &'static str, Option<&'static str>, &'static str, &'static [Ordning], &'static str);
const SYSTEMS: [System; 11] = [
    ("4204-flyktning-1", "4204", None, orgnr::VENDOR, &ALL, "Det vanlige."),
    (
        "4204-voksen-2",
        "4204",
        None,
        orgnr::VENDOR2,
        &ALL,
        "Et annet fagsystem i samme kommune: hører om det første sender.",
    ),
    ("4204-egen-3", "4204", None, orgnr::KOMMUNE_4204, &ALL, "Drives av kommunen selv, med kommunens sertifikat."),
    (BLOCKED, "4204", None, orgnr::VENDOR, &ALL, "Sperret: A415."),
    (APPROVED_ONLY, "4204", None, orgnr::VENDOR, &ALL, "Bare versjon 2.0 er godkjent: A411 for andre."),
    ("0301-flyktning-1", "0301", None, orgnr::VENDOR, &ALL, "Oslo, gyldig 2005–2099."),
    ("0301-voksen-2", "0301", None, orgnr::VENDOR2, &ALL, "Fullmakten gikk ut i 2020: A403."),
    ("4203-flyktning-1", "4203", None, orgnr::VENDOR, &ALL, "Nabokommunen."),
    (PUSHED, "4203", None, orgnr::VENDOR, &ALL, "Tar imot endringer ved push; det den lagrer, står i mottak.ndjson."),
    ("1507-flyktning-1", "1507", None, orgnr::VENDOR, &ALL, "Kommunenummeret er erstattet fra 2024: A410."),
    ("5001-flyktning-1", "5001", None, orgnr::VENDOR, &ALL, "Kommunen har ikke avtale: A402."),
];
/// The avsendersystem that takes its changes by push.
pub const PUSHED: &str = "4203-push-2";
const BLOCKED: &str = "4204-sperret-4";
const APPROVED_ONLY: &str = "4204-godkjent-5";

/// (id, kommune, bydel, roles, what it shows)
type User = (&'static str, &'static str, Option<&'static str>, &'static [Role], &'static str);
const USERS: [User; 14] = [
    ("4204-OVERF1", "4204", None, &[Role::Introbruker], "Skriver INTRO og MOTTAK_KVAL, 2 måneder tilbake."),
    ("4204-NORSK1", "4204", None, &[Role::Norskbruker], "Skriver NORSK og MOTTAK_OPPL; A406 for INTRO."),
    ("4204-ETTER1", "4204", None, &[Role::Introbruker, Role::Etterregistrerer], "Som OVERF1, 12 måneder tilbake."),
    ("4204-LESER1", "4204", None, &[Role::Lesebruker], "Bare lesetilgang: A407."),
    ("4204-SUPER1", "4204", None, &[Role::Nirsuperbruker], "Alle ordninger, 2 måneder tilbake."),
    ("4204-SKJERM1", "4204", None, &[Role::Nirsuperbruker], "Godkjent for skjermede personer."),
    (INACTIVE_USER, "4204", None, &[Role::Introbruker], "Ikke brukt siden 2020: A405."),
    ("4204-SLUTT1", "4204", None, &[Role::Introbruker], "Registreringen gikk ut i 2022: A404."),
    ("0301-OVERF1", "0301", None, &[Role::Introbruker], "Som 4204-OVERF1, for Oslo."),
    ("0301-ETTER1", "0301", None, &[Role::Introbruker, Role::Etterregistrerer], "Som 4204-ETTER1, for Oslo."),
    ("0301-GAMLEOSLO1", "0301", Some("030101"), &[Role::Introbruker], "Bare bydel 030101: A409 for andre."),
    ("4203-OVERF1", "4203", None, &[Role::Introbruker], "Nabokommunen."),
    ("1507-OVERF1", "1507", None, &[Role::Introbruker], "Erstattet kommune."),
    ("5001-OVERF1", "5001", None, &[Role::Introbruker], "Kommune uten avtale."),
];

const KOMMUNER: [(&str, &str, &str); 5] = [
    ("4204", orgnr::KOMMUNE_4204, "TEST Kristiansand kommune"),
    ("0301", orgnr::KOMMUNE_0301, "TEST Oslo kommune"),
    ("4203", orgnr::KOMMUNE_4203, "TEST Arendal kommune"),
    ("1507", orgnr::KOMMUNE_1507, "TEST Ålesund kommune (til 2023)"),
    ("5001", orgnr::KOMMUNE_5001, "TEST Trondheim kommune"),
];
/// (kilde, certificate, organization, name)
const SOURCES: [(&str, &str, &str, &str); 4] = [
    ("UDI", "udi", orgnr::UDI, "TEST Utlendingsdirektoratet"),
    ("FOLKEREGISTER", "folkeregister", orgnr::FOLKEREGISTER, "TEST Folkeregisteret"),
    ("PAD", "hkdir", orgnr::HKDIR, "TEST HK-dir"),
    ("IMDI", "imdi", orgnr::IMDI, "TEST IMDi"),
];
const WITHOUT_AGREEMENT: &str = "5001";

/// Every row of the sandbox's registry.
pub fn entries(certs: &Certs, now: DateTime<Utc>) -> anyhow::Result<Vec<RegistryEntry>> {
    let mut entries = organizations()?;
    let others = ["vendor", "vendor2", "kommune", "kilde"].into_iter();
    for name in others.chain(SOURCES.iter().map(|(_, name, ..)| *name)) {
        let der =
            CertificateDer::from_pem_file(certs.pem(name)).map_err(|error| anyhow::anyhow!("{name}.pem: {error}"))?;
        let number = match name {
            "vendor" => orgnr::VENDOR,
            "vendor2" => orgnr::VENDOR2,
            "kommune" => orgnr::KOMMUNE_4204,
            "kilde" => orgnr::KILDE,
            source => SOURCES.iter().find(|(_, name, ..)| *name == source).map_or("", |(_, _, number, _)| number),
        };
        entries.push(RegistryEntry::Certificate(RegisteredCertificate {
            orgnr: number.parse()?,
            der_base64: BASE64.encode(&der),
        }));
    }
    entries.extend(installations()?);
    entries.extend(users(now)?);
    entries.extend(rights()?);
    Ok(entries)
}

/// What is missing of the receiver of push: its avsendersystem, in a sandbox of an earlier version, and its address.
pub fn receiver(registry: &Registry, url: String, now: DateTime<Utc>) -> anyhow::Result<Vec<RegistryEntry>> {
    let mut rows = Vec::new();
    if !registry.avsendersystemer.contains_key(PUSHED) {
        let is = |row: &RegistryEntry| matches!(row, RegistryEntry::Avsendersystem(system) if system.id == PUSHED);
        rows.extend(installations()?.into_iter().filter(is));
    }
    if registry.push.get(PUSHED).is_none_or(|address| address.url != url || address.approved.is_none()) {
        rows.push(RegistryEntry::PushAddress(PushAddress {
            avsendersystem: PUSHED.to_owned(),
            url,
            tls_organization: Some(orgnr::VENDOR.parse()?),
            kontraktversjon: Version::LATEST.to_string(),
            private_allowed: true,
            approved: Some(Approval { by: "sandbox".to_owned(), at: now }),
            released: None,
        }));
    }
    Ok(rows)
}

/// What `parties.json` says.
pub fn description() -> Value {
    let system = |(id, kommune, bydel, operator, _, shows): &System| {
        json!({"avsendersystem": id, "kommunenummer": kommune, "bydelsnummer": bydel, "stroemId": format!("{id}.1"),
            "organisasjonsnummer": operator, "sertifikat": certificate_of(operator), "viser": shows})
    };
    let user = |(id, kommune, bydel, roles, shows): &User| json!({"overfoeringsbruker": id, "kommunenummer": kommune, "bydelsnummer": bydel, "roller": roles, "viser": shows});
    let source = |(kilde, name, number, _): &(&str, &str, &str, &str)| json!({"kilde": kilde, "organisasjonsnummer": number, "sertifikat": format!("certs/{name}.pem")});
    json!({
        "kilder": SOURCES.iter().map(source).collect::<Vec<_>>(),
        "avsendersystemer": SYSTEMS.iter().map(system).collect::<Vec<_>>(),
        "overfoeringsbrukere": USERS.iter().map(user).collect::<Vec<_>>(),
    })
}

fn certificate_of(operator: &str) -> &'static str {
    match operator {
        orgnr::VENDOR => "certs/vendor.pem",
        orgnr::VENDOR2 => "certs/vendor2.pem",
        _ => "certs/kommune.pem",
    }
}

/// 2005–2099.
fn always() -> Period {
    Period::inclusive(day(2005, 1, 1), Some(day(2099, 12, 31)))
}

fn until(year: i32) -> Period {
    Period::inclusive(day(2005, 1, 1), Some(day(year, 12, 31)))
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn organizations() -> Result<Vec<RegistryEntry>, InvalidId> {
    let party = |number: &str, navn: &str, kind: PartyKind, kommune: Option<Kommunenummer>| {
        Ok(RegistryEntry::Party(Party {
            orgnr: number.parse()?,
            navn: navn.to_owned(),
            kind,
            kommune,
            kilde: SOURCES.iter().find(|(_, _, of, _)| *of == number).map(|(kilde, ..)| (*kilde).to_owned()),
            valid: always(),
            ecdsa_answers: false,
        }))
    };
    let mut all = vec![
        party(orgnr::VENDOR, "TEST Leverandør AS", PartyKind::Leverandoer, None)?,
        party(orgnr::VENDOR2, "TEST Leverandør To AS", PartyKind::Leverandoer, None)?,
        party(orgnr::KILDE, "TEST Kilderegister", PartyKind::Kilde, None)?,
    ];
    for (_, _, number, navn) in SOURCES {
        all.push(party(number, navn, PartyKind::Kilde, None)?);
    }
    for (kommune, number, navn) in KOMMUNER {
        all.push(party(number, navn, PartyKind::Kommune, Some(kommune.parse()?))?);
    }
    Ok(all)
}

fn installations() -> Result<Vec<RegistryEntry>, InvalidId> {
    SYSTEMS
        .iter()
        .map(|(id, kommune, bydel, operator, ordninger, _)| {
            Ok(RegistryEntry::Avsendersystem(Avsendersystem {
                id: (*id).to_owned(),
                kommune: kommune.parse()?,
                bydel: bydel.map(str::parse).transpose()?,
                operator: operator.parse()?,
                ordninger: ordninger.to_vec(),
                produkt: "Prøvefagsystem".to_owned(),
                valid: always(),
                approved_versions: if *id == APPROVED_ONLY { vec!["2.0".to_owned()] } else { Vec::new() },
                blocked: (*id == BLOCKED).then(|| "Sperret for prøve i sandkassen".to_owned()),
                contacts: vec![format!("drift@{id}.example")],
            }))
        })
        .collect()
}

fn users(now: DateTime<Utc>) -> Result<Vec<RegistryEntry>, InvalidId> {
    USERS
        .iter()
        .map(|(id, kommune, bydel, roles, _)| {
            let last_used = if *id == INACTIVE_USER { now.with_year(2020).unwrap_or_default() } else { now };
            Ok(RegistryEntry::User(TransferUser {
                id: (*id).to_owned(),
                kommune: kommune.parse()?,
                bydel: bydel.map(str::parse).transpose()?,
                roles: roles.to_vec(),
                skjerming_approved: *id == "4204-SKJERM1",
                valid: if *id == "4204-SLUTT1" { until(2022) } else { always() },
                last_used,
            }))
        })
        .collect()
}

fn rights() -> Result<Vec<RegistryEntry>, InvalidId> {
    let mut all = Vec::new();
    for (kommune, _, _) in KOMMUNER {
        let number: Kommunenummer = kommune.parse()?;
        if kommune != WITHOUT_AGREEMENT {
            let reference = format!("AVTALE-{kommune}");
            all.push(RegistryEntry::Agreement(Agreement { kommune: number, reference, valid: always() }));
        }
        all.push(delegation(kommune, orgnr::VENDOR, always())?);
    }
    all.push(delegation("4204", orgnr::VENDOR2, always())?);
    all.push(delegation("0301", orgnr::VENDOR2, until(2020))?);
    Ok(all)
}

fn delegation(kommune: &str, vendor: &str, valid: Period) -> Result<RegistryEntry, InvalidId> {
    Ok(RegistryEntry::Delegation(Delegation {
        kommune: kommune.parse()?,
        leverandoer: vendor.parse()?,
        ordninger: ALL.to_vec(),
        valid,
        reference: format!("FULLMAKT-{kommune}-{vendor}"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_survives_the_form_it_is_stored_and_imported_in() {
        let folder = tempfile::tempdir().unwrap();
        let certs = Certs::ensure(folder.path()).unwrap();
        for row in entries(&certs, "2026-11-24T12:00:00Z".parse().unwrap()).unwrap() {
            let text = serde_json::to_string(&row).unwrap();
            let back = serde_json::from_str::<RegistryEntry>(&text);
            assert_eq!(back.ok().as_ref(), Some(&row), "{text}");
        }
    }

    #[test]
    fn every_avsendersystem_has_a_user_and_a_registered_operator() {
        let operators: Vec<_> =
            KOMMUNER.iter().map(|(_, number, _)| *number).chain([orgnr::VENDOR, orgnr::VENDOR2]).collect();
        for (id, kommune, _, operator, ..) in SYSTEMS {
            assert!(operators.contains(&operator), "{id}");
            assert!(USERS.iter().any(|(_, of, ..)| *of == kommune), "{id}");
        }
    }
}
