//! What operators cause: campaigns, locked years, rights, certificates, other rules, a decision on a report.

use super::verden::{Verden, reader, system};
use super::{Case, case};
use crate::client::Client;
use crate::messages::{day, head, hent_endringer};
use crate::node::Installation;
use crate::oppslag::report;
use crate::process::{eventually, succeed};
use crate::restart::Tampering;
use crate::sandbox::Sandbox;

const HERE: &str = "4204-flyktning-1";
const NEXT: &str = "4203-flyktning-1";
const IMDI: (&str, &str) = (HERE, "IMDI");

/// What concerns no person.
fn none(_: &Verden) -> String {
    String::new()
}

fn campaign(w: &Verden, id: &str) {
    let from = day(-1);
    let words = ["campaign", "add", "--id", id, "--from", &from, "--to", "2099-12-31", "--months", "6"];
    w.operate(&[&words[..], &["--kommune", "4204", "--decision", "IMDi 26/1"]].concat());
}

pub fn cases() -> Vec<Case> {
    vec![
        case("KAMPANJE_AAPNET", none, |w, _| campaign(w, "K2026"), IMDI, &[NEXT]),
        case(
            "KAMPANJE_LUKKET",
            |w| {
                campaign(w, "K2027");
                String::new()
            },
            |w, _| drop(w.operate(&["campaign", "end", "K2027", "--on", &day(0)])),
            IMDI,
            &[NEXT],
        ),
        case(
            "RAPPORTERINGSAAR_LAAST",
            none,
            |w, _| {
                let row = format!(
                    r#"{{"kind": "RAPPORTERINGSAAR_LAAS", "aar": 2019, "laast_fra": "{}", "kommuner": ["4204"], "beslutningsreferanse": "IMDi 26/2"}}"#,
                    day(0)
                );
                w.import("party", &row);
            },
            IMDI,
            &[NEXT],
        ),
        case(
            "TILGANG_ENDRET",
            none,
            |w, _| {
                let row = format!(
                    r#"{{"kind": "USER", "id": "4204-LESER1", "kommune": "4204", "roles": ["NORSKBRUKER"], "valid": {{"from": "2005-01-01", "to": null}}, "last_used": "{}T00:00:00Z"}}"#,
                    day(-1)
                );
                w.import("user", &row);
            },
            IMDI,
            &[NEXT],
        ),
        case(
            "KOMMUNENUMMER_ENDRET",
            renumbered,
            |w, _| w.import("party", &system(MOVES, "4204", None, "INTRO")),
            (MOVES, "IMDI"),
            &[HERE, NEXT],
        ),
        case("SERTIFIKAT_BYTTES", none, |w, _| announce(w, 60), IMDI, &[]),
        case("SERTIFIKAT_BYTTES", none, |w, _| announce(w, 61), (NEXT, "IMDI"), &[]),
        case("TILTAK_MANGLER", measure_reported, |w, d| strike(w, d, 1), IMDI, &[NEXT]),
        case("REGISTRERING_FEILREGISTRERT", measure_reported, |w, d| strike(w, d, 1), IMDI, &[NEXT]),
    ]
}

/// Whose only measure was reported as wrong.
fn measure_reported(w: &Verden) -> String {
    let duf = w.decided();
    Client::new(&w.sandbox, "vendor").accepted(&report(&head(), &duf, &w.post(&duf, 1), 1, "FEIL_DATO"));
    duf
}

fn strike(w: &Verden, duf: &str, nth: usize) {
    w.operate(&["report", "strike", "--duf", duf, "--post", &w.post(duf, nth)]);
}

/// An avsendersystem whose kommune gets another number.
const MOVES: &str = "4204-flytter-7";

fn renumbered(w: &Verden) -> String {
    w.import("party", &system(MOVES, "4203", None, "INTRO"));
    w.import("party", &system(MOVES, "4204", None, "INTRO"));
    let (client, head) = reader(MOVES);
    let client = Client::new(&w.sandbox, client);
    eventually("the avsendersystem", || {
        (client.call(&hent_endringer(&head, &format!("{MOVES}.1"), 0, "")).status == 200).then_some(())
    });
    w.import("party", &system(MOVES, "4203", None, "INTRO"));
    String::new()
}

fn announce(w: &Verden, in_days: i64) {
    let file = w.sandbox.data().join("certs").join("vendor.pem");
    w.operate(&["stream", "announce-certificate", file.to_str().unwrap(), "--on", &day(in_days)]);
}

/// A register that was told of other rules and code lists than those that an operator has brought into use: they are active
/// already, as where the run before this one was killed while it computed everybody.
#[test]
fn new_rules_and_code_lists_are_told_once_they_are_in_use() {
    let sandbox = Sandbox::start(None);
    let activate = ["recompute", "--activate"];
    succeed(&activate, &sandbox.config());
    let folder = sandbox.stop();
    let mut before = Tampering::with(folder.path());
    before.run("UPDATE meta SET value = 'eldre' WHERE key = 'told_rules'");
    before.run("UPDATE meta SET value = 'eldre' WHERE key = 'code_lists'");
    before.end();
    for _ in 0..2 {
        succeed(&activate, &folder.path().join("nir-gateway.toml"));
    }
    let sandbox = Sandbox::start_in(folder, None);
    for system in [HERE, NEXT] {
        let (client, head) = reader(system);
        let page = Client::new(&sandbox, client).accepted(&hent_endringer(&head, &format!("{system}.1"), 0, ""));
        for (code, key) in [("REGELVERK_ENDRET", "regelversjon"), ("KODEVERK_ENDRET", "kodeverkversjon")] {
            assert_eq!(page.texts("hendelsestype").iter().filter(|told| *told == code).count(), 1, "{code}: {page}");
            assert!(page.texts("noekkel").contains(&key.to_owned()), "{page}");
        }
    }
}

/// Nodes that start on a day that none has seen yet, on a register in which much ends with the day before.
#[test]
fn what_a_day_brings_to_no_person_is_told_by_itself() {
    let installation = Installation::new(None);
    let import = |family: &str, row: String| {
        let file = installation.path().join("row.ndjson");
        std::fs::write(&file, row).unwrap();
        succeed(&[family, "import", file.to_str().unwrap()], &installation.config());
    };
    let campaign = r#"{"kind": "CAMPAIGN", "id": "K9", "gyldig_fra": "2026-01-01", "maaneder_bakover": 6, "kommuner": ["4204"], "beslutningsreferanse": "IMDi 26/9""#;
    import("party", format!(r#"{campaign}, "gyldig_til": "{}"}}"#, day(-1)));
    // The last day of three months without use was yesterday.
    let today: chrono::NaiveDate = day(0).parse().unwrap();
    let used = today.checked_sub_months(chrono::Months::new(3)).unwrap().pred_opt().unwrap();
    import(
        "user",
        format!(
            r#"{{"kind": "USER", "id": "4204-LESER1", "kommune": "4204", "roles": ["LESEBRUKER"], "valid": {{"from": "2005-01-01", "to": "2100-01-01"}}, "last_used": "{used}T12:00:00Z"}}"#
        ),
    );
    let mut register = Tampering::with(installation.path());
    register.run("UPDATE meta SET value = date(value, '-1 day') WHERE key = 'calendar_date'");
    register.end();
    let vendor = installation.path().join("certs").join("vendor.pem");
    let from = day(59);
    let next = [("SIGNING__NEXT_CERTIFICATE", vendor.to_str().unwrap()), ("SIGNING__NEXT_FROM", from.as_str())];
    let (first, second) = (installation.serve(&next), installation.serve(&next));
    let told = |system: &'static str| {
        let (client, head) = reader(system);
        let page = Client::new(&second, client).accepted(&hent_endringer(&head, &format!("{system}.1"), 0, ""));
        let mut told = page.texts("hendelsestype");
        told.sort();
        (told, page)
    };
    eventually("what the day brings", || told(HERE).0.contains(&"SERTIFIKAT_BYTTES".to_owned()).then_some(()));
    // Both nodes have asked for the day once the register says that it is done; a third asks again.
    first.stop();
    second.signal("HUP");
    let third = installation.serve(&next);
    third.stop();
    let (here, page) = told(HERE);
    assert_eq!(here, ["KAMPANJE_LUKKET", "SERTIFIKAT_BYTTES", "TILGANG_ENDRET"], "{page}");
    assert_eq!(page.texts("opphav"), ["TID"; 3], "{page}");
    for said in ["K9", &day(-1), "overfoeringsbruker 4204-LESER1", "INAKTIV", &from] {
        assert!(page.texts("verdi").contains(&(*said).to_owned()), "{said} in {page}");
    }
    assert_eq!(told(NEXT).0, ["SERTIFIKAT_BYTTES"], "others hear of the certificate alone");
}
