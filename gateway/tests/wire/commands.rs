//! The operator's commands: what they say, what they refuse, and how soon a running node knows (design.md 10).

use std::path::{Path, PathBuf};

use crate::client::Client;
use crate::messages::{day, head, hent_person, person, ping, registrer, send, vedtak};
use crate::node::Installation;
use crate::postgres;
use crate::process::{self, eventually, refused, succeed};

/// A copy of an installation's configuration beside it, with these words replaced.
fn changed(installation: &Installation, name: &str, words: &[(&str, &str)]) -> PathBuf {
    let mut text = std::fs::read_to_string(installation.config()).unwrap();
    for (from, to) in words {
        assert!(text.contains(from), "{from} in {text}");
        text = text.replace(from, to);
    }
    let file = installation.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Imports rows, which must be taken; what was said.
fn import(installation: &Installation, family: &str, rows: &str) -> String {
    let file = write(installation.path(), "rows.ndjson", rows);
    succeed(&[family, "import", &file], &installation.config())
}

#[test]
fn the_command_line_says_how_it_is_used() {
    for (arguments, code, says) in [
        (&["--help"] as &[&str], 0, "check-config"),
        (&["serve", "--help"], 0, "--config"),
        (&["sandbox", "--help"], 0, "--console-port"),
        (&["--version"], 0, "nir-gateway 0."),
        (&[], 2, "Usage"),
        (&["sing"], 2, "unrecognized subcommand"),
        (&["serve", "--configg", "x"], 2, "--config"),
        (&["serve", "--config", "/nowhere/nir.toml"], 1, "/nowhere/nir.toml"),
        (&["log", "verify", "--config", "/nowhere/nir.toml"], 1, "/nowhere/nir.toml"),
    ] {
        let output = process::run(arguments);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.code() == Some(code) && said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn check_config_says_everything_at_once_and_contacts_nothing() {
    let installation = Installation::new(None);
    let good = changed(&installation, "good.toml", &[("sqlite:register.db", "postgres://nobody@192.0.2.1/none")]);
    let said = succeed(&["check-config"], &good);
    assert!(said.starts_with("OK: ") && said.contains("profile sandbox, node n1"), "{said}");
    // Form first: what cannot be read has no value to be judged.
    let form = write(
        installation.path(),
        "form.toml",
        "profile = 'staging'\n[limits]\nqueue = 'many'\n[tls]\nkye = 'k'\n[colour]\nx = 1\n",
    );
    let said = refused(&["check-config"], Path::new(&form));
    for part in ["4 problem(s)", "profile: ", "limits.queue: ", "tls.kye: ", "colour: "] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // Then values and files, all of them.
    std::fs::write(installation.path().join("rubbish.crl"), "no list").unwrap();
    std::fs::write(installation.path().join("short.key"), "00112233").unwrap();
    let values = changed(
        &installation,
        "values.toml",
        &[
            ("certs/gateway-ec.key", "certs/nowhere.key"),
            ("certs/ca.crl", "rubbish.crl"),
            ("evidence.key", "short.key"),
            ("sqlite:register.db", "mysql://x"),
            ("[log]", "[limits]\nin_flight = 0\n\n[log]"),
        ],
    );
    let said = refused(&["check-config"], &values);
    for part in [
        "signing.ecdsa_key cannot read",
        "trust.crls ",
        "rubbish.crl",
        "64 hexadecimal digits",
        "database.url ",
        "limits.in_flight ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("00112233"), "a key is never quoted: {said}");
    // The commands that need it say the same.
    assert!(refused(&["serve"], &values).contains("problem(s)"));
}

#[test]
fn the_profile_is_set_once_on_sqlite() {
    profile_is_set_once(None);
}

#[test]
fn the_profile_is_set_once_on_postgresql() {
    profile_is_set_once(Some(&postgres::cluster().database("profile")));
}

fn profile_is_set_once(database: Option<&str>) {
    let installation = Installation::new(None);
    let url = database.unwrap_or("sqlite:fresh.db");
    let test = changed(&installation, "test.toml", &[("\"sandbox\"", "\"test\""), ("sqlite:register.db", url)]);
    let sandbox = changed(&installation, "sandbox.toml", &[("sqlite:register.db", url)]);
    let said = refused(&["serve"], &test);
    assert!(said.contains("run nir-gateway migrate"), "{said}");
    let party = write(installation.path(), "p.ndjson", PARTY);
    for command in [&["log", "verify"] as &[&str], &["party", "import", &party]] {
        let said = refused(command, &test);
        assert!(said.contains("run nir-gateway migrate"), "{command:?}: {said}");
    }
    for _ in 0..2 {
        let said = succeed(&["migrate"], &test);
        assert!(said.contains("its profile is test"), "{said}");
    }
    for command in [&["migrate"] as &[&str], &["serve"], &["log", "verify"], &["party", "import", &party]] {
        let said = refused(command, &sandbox);
        assert!(said.contains("of profile test, not sandbox"), "{command:?}: {said}");
    }
    let said = succeed(&["party", "import", &party], &test);
    assert!(said.contains("1 added"), "{said}");
    assert!(succeed(&["log", "verify"], &test).is_empty(), "no node has run: no chain yet");
}

const PARTY: &str = r#"{"kind": "PARTY", "orgnr": "310000000", "navn": "TEST Leverandør AS", "partstype": "LEVERANDOER", "valid": {"from": "2005-01-01", "to": null}}"#;

#[test]
fn rows_that_are_wrong_are_all_told_and_none_is_written() {
    let installation = Installation::new(None);
    let folder = installation.path();
    let lines = [
        PARTY.replace("310000000", "310000108").replace("Leverandør", "Ny leverandør"),
        "no json".to_owned(),
        PARTY.replace("310000000", "310000001"),
        r#"{"kind": "DELEGATION", "kommune": "4204", "leverandoer": "310000116", "ordninger": ["INTRO"], "valid": {"from": "2026-01-01", "to": null}, "reference": "F"}"#.to_owned(),
        r#"{"kind": "CERTIFICATE", "orgnr": "310000000", "der_base64": "AAAA"}"#.to_owned(),
        r#"{"kind": "USER", "id": "X", "kommune": "4204", "roles": [], "valid": {"from": "2026-01-01", "to": null}, "last_used": "2026-01-01T00:00:00Z"}"#.to_owned(),
        r#"{"kind": "CLOCK", "kommune": "4204", "offset_seconds": 3600}"#.to_owned(),
        r#"{"kind": "PARTY"}"#.to_owned(),
    ];
    let file = write(folder, "wrong.ndjson", &lines.join("\n"));
    let said = refused(&["party", "import", &file], &installation.config());
    assert!(said.contains("7 problem(s), nothing was written"), "{said}");
    for line in 2..=8 {
        assert!(said.contains(&format!("line {line}: ")), "line {line}: {said}");
    }
    assert!(!said.contains("line 1: "), "{said}");
    // The good line of it was not written: alone, it is new.
    let said = succeed(&["party", "import", &write(folder, "one.ndjson", &lines[0])], &installation.config());
    assert!(said.contains("added      party 310000108") && said.contains("1 added, 0 changed, 0 unchanged."), "{said}");
    let said = succeed(&["party", "import", &write(folder, "one.ndjson", &lines[0])], &installation.config());
    assert!(said.contains("0 added, 0 changed, 1 unchanged."), "{said}");
    // Rows are taken by the command of their family only; a database named alone needs no configuration.
    let user = "[[row]]\nkind = 'USER'\nid = '4204-TOML1'\nkommune = '4204'\nroles = ['INTROBRUKER']\n\
        valid = { from = 2005-01-01 }\nlast_used = 2026-01-01T00:00:00Z\n";
    let file = write(folder, "user.toml", user);
    assert!(refused(&["agreement", "import", &file], &installation.config()).contains("row 1: this command takes"));
    let url = format!("sqlite:{}", folder.join("register.db").display());
    let output = process::run(&["user", "import", &file, "--database", &url]);
    assert!(output.status.success(), "{output:?}");
    let nowhere = folder.join("mistyped.db");
    let output = process::run(&["user", "import", &file, "--database", &format!("sqlite:{}", nowhere.display())]);
    assert!(!output.status.success() && !nowhere.exists(), "{output:?}");
    let file = write(folder, "empty.ndjson", "\n");
    assert!(refused(&["user", "import", &file], &installation.config()).contains("no rows"));
}

#[test]
fn a_running_node_knows_what_was_imported_within_seconds() {
    for database in [None, Some(postgres::cluster().database("import"))] {
        let installation = Installation::new(database.as_deref());
        let node = installation.serve(&[]);
        let client = Client::new(&node, "vendor");
        let trondheim = || head().from("5001-flyktning-1", "5001", "5001-OVERF1");
        let write =
            |duf: &str| send(&trondheim(), &person(duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(9)))));
        client.rejected(&write("900000000108"), &["NIR-A402"]);
        client.fault(&hent_person(&trondheim(), "900000000108", ""), "NIR-A402");
        let agreement = r#"{"kind": "AGREEMENT", "kommune": "5001", "reference": "A-1", "valid": {"from": "2005-01-01", "to": null}}"#;
        assert!(import(&installation, "agreement", agreement).contains("added      agreement 5001 A-1"));
        // What is written is judged by what is committed, at once; reads by what the node has read since.
        client.rejected(&write("900000000108"), &["NIR-A408"]);
        eventually("the agreement", || {
            (client.call(&hent_person(&trondheim(), "900000000108", "")).status == 200).then_some(())
        });
        // A party set to it is answered with the ECDSA key, from then on.
        let rsa = client.accepted(&ping());
        import(&installation, "party", &PARTY.replace("{\"kind\"", "{\"ecdsa_answers\": true, \"kind\""));
        let ecdsa = eventually("an answer by the other key", || {
            let answer = client.call(&ping());
            answer.body.contains("#ecdsa-sha256").then_some(answer)
        });
        let certificate = std::fs::read_to_string(installation.path().join("certs/gateway-ec.pem")).unwrap();
        assert!(ecdsa.verified_by(&certificate) && !rsa.verified_by(&certificate));
        let fault = client.call(&hent_person(&head(), "202400000703", ""));
        assert_eq!(fault.codes(), ["NIR-X309"], "{fault}");
        assert!(fault.verified_by(&certificate), "a Fault too");
        // A party that is gone is told nothing more.
        import(&installation, "party", &PARTY.replace("\"to\": null", "\"to\": \"2020-01-01\""));
        eventually("the end of the party", || (client.call(&ping()).codes() == ["NIR-A401"]).then_some(()));
    }
}

#[test]
fn a_campaign_is_added_shown_and_ended() {
    let installation = Installation::new(None);
    let config = installation.config();
    fn add<'w>(more: &[&'w str]) -> Vec<&'w str> {
        let mut words = vec!["campaign", "add", "--id", "K2026", "--from", "2026-11-01", "--to", "2099-12-31"];
        words.extend(more);
        words
    }
    let said = succeed(
        &add(&[
            "--months",
            "6",
            "--scheme",
            "INTRO",
            "--kommune",
            "4204",
            "--type",
            "VEDTAK",
            "--decision",
            "IMDi 26/1",
        ]),
        &config,
    );
    assert!(said.contains("added") && said.contains("schemes INTRO; kommuner 4204"), "{said}");
    let said = succeed(&["campaign", "list"], &config);
    assert!(said.contains("campaign K2026 2026-11-01..2099-12-31 6 months"), "{said}");
    let said = refused(&add(&["--decision", "IMDi 26/1", "--scheme", "INTROO", "--months", "6"]), &config);
    assert!(said.contains("--scheme INTROO"), "{said}");
    let said = refused(&add(&["--decision", "IMDi 26/1"]), &config);
    assert!(said.contains("--months"), "{said}");
    let said = succeed(&["campaign", "end", "K2026", "--on", "2026-11-20"], &config);
    assert!(said.contains("changed campaign K2026 2026-11-01..2026-11-20"), "{said}");
    assert_eq!(succeed(&["campaign", "list"], &config).trim(), "");
    assert!(succeed(&["campaign", "list", "--all"], &config).contains("2026-11-20"), "what is over is kept");
    assert!(refused(&["campaign", "end", "K2027"], &config).contains("no campaign K2027"));
}
