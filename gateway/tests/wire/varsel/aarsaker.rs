//! What is told, each from its real cause: an urgent change that waits, a new cause of refusals, a certificate that ends.
//! Approval, block and an unread stream stand in `varsel.rs`, a parked one in `levering.rs`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{Datelike as _, TimeDelta};
use rcgen::{Issuer, KeyPair};

use super::about;
use crate::attacks::certs::{VENDOR, params};
use crate::client::{Client, now};
use crate::kilde::{sett, told};
use crate::messages::{day, fresh, head, person, registrer, send, vedtak};
use crate::node::{Installation, Node};
use crate::process::{eventually, succeed};
use crate::pull::change;

const OWN: &str = "4204-flyktning-1";

fn serve(installation: &Installation) -> Node {
    installation.serve(&[("MAIL__LOOK_SECONDS", "1")])
}

/// Mails to one avsendersystem under a subject's words.
fn mails(installation: &Installation, system: &str, words: &str) -> Vec<String> {
    about(&installation.path().join("mail"), system).into_iter().filter(|text| text.contains(words)).collect()
}

/// What was noted as told of a cause.
fn periods(installation: &Installation, aarsak: &str) -> Vec<String> {
    crate::pull::texts(installation.path(), &format!("SELECT periode FROM varsel WHERE aarsak = '{aarsak}'"))
}

#[test]
fn a_change_about_address_protection_is_urgent_after_two_hours_and_others_are_not() {
    const URGENT: &str = "haster";
    let installation = Installation::new(None);
    let node = serve(&installation);
    let persons = installation.persons();
    let line = registrer("1", &fresh("v"), &vedtak(&day(-3), &day(-2), &day(360)));
    Client::new(&node, "vendor").registered(&send(&head(), &person(&persons[0], &line)));
    let three_hours = "UPDATE change SET recorded = recorded - 3 * 3600000000";
    change(installation.path(), three_hours);
    let protected = "<beskyttelse><adressebeskyttelse>STRENGT_FORTROLIG</adressebeskyttelse></beskyttelse>";
    let lines = sett("g", &day(0), protected);
    Client::source(&node, "folkeregister").registered(&told(
        "FOLKEREGISTER",
        &fresh("k"),
        &person(&persons[1], &lines),
    ));
    change(installation.path(), three_hours);
    let mail = eventually("a mail that it is urgent", || mails(&installation, OWN, URGENT).pop());
    assert!(!mail.contains(&persons[1]), "{mail}");
    node.stop();
    assert_eq!(mails(&installation, OWN, URGENT).len(), 1);
    // Six hours are no day: nobody hears of the rest.
    assert_eq!(periods(&installation, "STROEM_ULEST"), [""; 0]);
}

#[test]
fn a_new_cause_of_refusals_is_told_once_a_month() {
    let installation = Installation::new(None);
    let node = serve(&installation);
    let (persons, client) = (installation.persons(), Client::new(&node, "vendor"));
    let refused = |n: usize, content: &str| {
        let line = registrer("1", &fresh("r"), content);
        let receipt = client.accepted(&send(&head(), &person(&persons[n], &line)));
        assert_eq!(receipt.text("status").as_deref(), Some("AVVIST"), "{receipt}");
    };
    let old = vedtak("2010-01-01", "2010-01-01", "2011-01-01");
    refused(0, &old);
    let told = || periods(&installation, "NY_FEILGRUPPE");
    eventually("the first cause", || (told().len() == 1).then_some(()));
    // The same of somebody else is no news; another cause is, and by then the first was looked at again.
    refused(1, &old);
    refused(2, &crate::messages::tiltak("ARBEID", "AR03", &day(-10), &day(20), "3"));
    eventually("another cause", || (told().len() == 2).then_some(()));
    let texts = eventually("two mails", || {
        Some(about(&installation.path().join("mail"), OWN)).filter(|texts| texts.len() >= 2)
    });
    node.stop();
    let mut codes: Vec<&str> =
        texts.iter().filter_map(|text| text.lines().find(|line| line.starts_with("NIR-"))).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!((texts.len(), codes.len()), (2, 2), "{texts:?}");
    assert!(texts.iter().all(|text| !persons.iter().any(|duf| text.contains(duf))), "{texts:?}");
    let month = format!("{}-{:02}/", now().year(), now().month());
    assert!(told().iter().all(|periode| periode.starts_with(&month)), "{:?}", told());
}

/// A certificate of the vendor that ends in so many days and half of one.
fn registered(folder: &Path, issuer: &Issuer<'_, KeyPair>, days: i64) -> String {
    let mut params = params(VENDOR);
    let end = now() + TimeDelta::days(days) + TimeDelta::hours(12);
    params.not_after = std::time::SystemTime::from(end).into();
    let der = params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().to_vec();
    let print = hex::encode(register::evidence::sha256(&der));
    let row = serde_json::json!({ "kind": "CERTIFICATE", "orgnr": VENDOR, "der_base64": STANDARD.encode(&der) });
    let file = folder.join(format!("{days}.ndjson"));
    std::fs::write(&file, row.to_string()).unwrap();
    succeed(&["party", "import", file.to_str().unwrap()], &folder.join("nir-gateway.toml"));
    print
}

#[test]
fn a_certificate_that_ends_is_told_60_30_and_7_days_before() {
    let installation = Installation::new(None);
    let folder = installation.path();
    let pem = |name: &str| std::fs::read_to_string(folder.join("certs").join(name)).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&pem("ca.pem"), KeyPair::from_pem(&pem("ca.key")).unwrap()).unwrap();
    let prints = [-2, 6, 7, 29, 30, 59, 60, 61].map(|days| (days, registered(folder, &issuer, days)));
    let noted = |system: &str| {
        let sql =
            format!("SELECT periode FROM varsel WHERE aarsak = 'SERTIFIKAT_UTLOEPER' AND avsendersystem = '{system}'");
        let mut all = crate::pull::texts(folder, &sql);
        all.sort();
        all
    };
    let expected = |told: &[(i64, i64)]| {
        let print = |days: &i64| &prints.iter().find(|(left, _)| left == days).unwrap().1;
        let mut all: Vec<String> = told.iter().map(|(left, at)| format!("{}/{at}", print(left))).collect();
        all.sort();
        all
    };
    let node = serve(&installation);
    let mail = eventually("a mail", || mails(&installation, OWN, "SHA-256").pop());
    node.stop();
    // Days are whole ones that are left; what has ended is told no more, and each is told at its nearest threshold.
    assert_eq!(noted(OWN), expected(&[(6, 7), (7, 7), (29, 30), (30, 30), (59, 60), (60, 60)]));
    let told = prints[1..7].iter().filter(|(_, print)| mail.contains(print.as_str())).count();
    assert_eq!((told, mail.matches("SHA-256").count()), (6, 6), "one mail of all: {mail}");
    let end = register::time::oslo_date(now() + TimeDelta::days(6) + TimeDelta::hours(12));
    assert!(mail.contains(&end.format("%d.%m.%Y").to_string()), "{mail}");
    // Other organizations have nothing to do with it.
    assert_eq!(noted("4204-voksen-2"), [""; 0]);
    // A certificate that was told at 60 days is told again at 30, and nothing else is.
    change(folder, "UPDATE varsel SET periode = replace(periode, '/30', '/60') WHERE periode LIKE '%/30'");
    let node = serve(&installation);
    eventually("it is told again", || (mails(&installation, OWN, "SHA-256").len() == 2).then_some(()));
    node.stop();
    let again = mails(&installation, OWN, "SHA-256").into_iter().find(|text| *text != mail).unwrap();
    assert_eq!(again.matches("SHA-256").count(), 2, "{again}");
}

#[test]
fn a_block_is_told_again_when_it_comes_again() {
    let installation = Installation::new(None);
    let node = serve(&installation);
    let row = |more: &str| {
        let row = format!(
            r#"{{"kind":"AVSENDERSYSTEM","id":"{OWN}","kommune":"4204","operator":"{VENDOR}","ordninger":["INTRO"],"produkt":"Flyktning",{more}"contacts":["drift@{OWN}.example"],"valid":{{"from":"2005-01-01","to":null}}}}"#
        );
        let file = installation.path().join("system.ndjson");
        std::fs::write(&file, row).unwrap();
        succeed(&["party", "import", file.to_str().unwrap()], &installation.config());
    };
    let noted = || {
        let sql = format!("SELECT periode FROM varsel WHERE aarsak = 'SPERRE' AND avsendersystem = '{OWN}'");
        crate::pull::texts(installation.path(), &sql)
    };
    let mails = || mails(&installation, OWN, "NIR-A415").len();
    for round in 1..=2 {
        row(r#""blocked":"Avtale mangler","#);
        eventually("it is blocked, and told", || (mails() == round && noted().len() == 1).then_some(()));
        row("");
        eventually("it has ended", || noted().is_empty().then_some(()));
    }
    node.stop();
    assert_eq!(mails(), 2);
}
