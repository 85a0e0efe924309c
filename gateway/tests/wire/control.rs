//! The sandbox's own control: clocks, faults, reset, and who may say so (design.md 10).

use std::net::{TcpStream, UdpSocket};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::client::Client;
use crate::messages::{day, fresh, head, hent_kvittering, hent_person, person, ping, registrer, send, vedtak};
use crate::postgres;
use crate::process::{self, gateway};
use crate::sandbox::{Sandbox, plain_http};

fn decision(id: &str, duf: &str) -> String {
    send(&head().id(id), &person(duf, &registrer("1", &format!("v/{id}"), &vedtak(&day(0), &day(0), &day(300)))))
}

/// `ping` for an avsendersystem: what its kommune's clock shows, to the day; nothing where it is not set.
fn register_day(client: &Client<'_>, avsendersystem: &str) -> Option<String> {
    let asked =
        ping().replace("</forespoersel>", &format!("<avsendersystem>{avsendersystem}</avsendersystem></forespoersel>"));
    client.accepted(&asked).text("registertid").map(|time| time[..10].to_owned())
}

#[test]
fn what_a_vendor_needs_is_there_when_the_addresses_are() {
    let sandbox = Sandbox::start(None);
    let endpoints = sandbox.json("endpoints.json");
    for name in ["fagsystem", "wsdl", "contract", "console", "metrics", "health", "certs"] {
        assert!(endpoints[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {endpoints}");
    }
    assert_eq!(endpoints["fagsystem"], format!("https://localhost:{}/ws/v1/fagsystem", sandbox.port));
    for name in ["ca", "gateway", "vendor", "vendor2", "kommune", "kilde"] {
        assert!(sandbox.pem(&format!("{name}.pem")).contains("BEGIN CERTIFICATE"), "{name}");
        assert!(sandbox.pem(&format!("{name}.key")).contains("PRIVATE KEY"), "{name}");
    }
    for row in sandbox.json("persons.json")["personer"].as_array().unwrap() {
        assert!(row["dufNummer"].as_str().unwrap().len() == 12 && !row["viser"].as_str().unwrap().is_empty(), "{row}");
    }
    assert_eq!(sandbox.json("parties.json")["avsendersystemer"][0]["avsendersystem"], "4204-flyktning-1");
    assert_eq!(sandbox.status()["endpoints"], endpoints);
}

#[test]
fn clocks_are_set_for_one_kommune_or_all_shown_kept_and_taken_back() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let days = |sandbox: &Sandbox| {
        let client = Client::new(sandbox, "vendor");
        ["4204-flyktning-1", "0301-flyktning-1"].map(|system| register_day(&client, system))
    };
    let day = |text: &str| Some(text.to_owned());
    assert_eq!(days(&sandbox), [None, None], "the real time");
    sandbox.set_clock("4204", "2017-05-15T12:00");
    // Nodes look for changes every second; what is decided knows them at once.
    process::eventually("the clock of 4204", || (days(&sandbox) == [day("2017-05-15"), None]).then_some(()));
    let refused = client.accepted(&decision(&fresh("clock"), &sandbox.unused("4204")));
    assert_eq!(
        (refused.text("mottattDato"), refused.codes()[0].as_str()),
        (day("2017-05-15"), "NIR-V603"),
        "{refused}"
    );
    // All, by the command.
    let command = |arguments: &[&str]| {
        let data = sandbox.data().to_str().unwrap();
        let output = gateway().args(["sandbox", "clock", "--data", data]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = command(&["2021-04-30"]);
    assert_eq!(code, Some(0), "{said}");
    for kommune in ["0301", "1507", "4203", "4204", "5001"] {
        assert!(said.contains(&format!("{kommune}  2021-04-30T00:00:0")), "{said}");
    }
    assert!(sandbox.status()["registertid"]["5001"].as_str().unwrap().starts_with("2021-04-30T00:00:"));
    let (code, said) = command(&["2024-02-29T08:00", "--kommune", "0301"]);
    assert!(code == Some(0) && said.starts_with("0301  2024-02-29T08:00:") && said.lines().count() == 1, "{said}");
    for (arguments, why) in [
        (&["yesterday"] as &[&str], "'yesterday' is no time"),
        (&["2021-03-28T02:30"], "does not exist in Norway"),
        (&["1999-01-01"], "2005 to 2099"),
        (&["2021-04-30", "--kommune", "9999"], "9999 is no kommune of the sandbox"),
    ] {
        let (code, said) = command(arguments);
        assert!(code == Some(1) && said.contains(why), "{arguments:?}: {said}");
    }
    // They run on, are kept over a restart, and go back to the real time.
    let sandbox = Sandbox::start_in(sandbox.stop(), None);
    assert_eq!(days(&sandbox), [day("2021-04-30"), day("2024-02-29")]);
    let (status, shown) = sandbox.control("/sandbox/clock", r#"{"tid": "now"}"#);
    assert_eq!(status, 200, "{shown}");
    let today = Some(crate::messages::day(0));
    process::eventually("the real time", || (days(&sandbox) == [today.clone(), today.clone()]).then_some(()));
    let data = sandbox.stop();
    let output = gateway().args(["sandbox", "clock", "now", "--data", data.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is the sandbox running"), "{output:?}");
}

#[test]
fn a_lost_answer_is_had_by_sending_again() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let (id, duf) = (fresh("lost"), sandbox.unused("4204"));
    let envelope = client.sealed(&decision(&id, &duf));
    sandbox.order(r#"{"type": "lose-next-answer"}"#);
    // What leaves nothing in the register has no answer to lose.
    client.accepted(&ping());
    assert_eq!(client.try_send(&envelope), None, "the connection breaks");
    let again = client.registered(&decision(&id, &duf));
    assert_eq!(again.text("gjentatt").as_deref(), Some("true"), "it was committed: {again}");
    assert_eq!(sandbox.status()["feil"]["lose-next-answer"], 0);
}

#[test]
fn a_refused_house_says_when_to_come_again_and_stores_nothing() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let (id, duf) = (fresh("busy"), sandbox.unused("4204"));
    sandbox.order(r#"{"type": "503", "antall": 2}"#);
    for left in [1, 0] {
        let answer = client.call(&decision(&id, &duf));
        assert_eq!((answer.status, answer.codes()), (503, vec!["NIR-T104".to_owned()]), "{answer}");
        assert_eq!(answer.header("retry-after"), Some("2"));
        assert_eq!(answer.text("kanProevesIgjen").as_deref(), Some("true"));
        assert_eq!(sandbox.status()["feil"]["503"], left);
    }
    assert_eq!(client.accepted(&hent_kvittering(&head(), &id)).text("status").as_deref(), Some("IKKE_MOTTATT"));
    assert_eq!(client.registered(&decision(&id, &duf)).text("gjentatt").as_deref(), Some("false"));
}

#[test]
fn a_busy_person_is_k705_spends_no_id_and_keeps_the_receipt_time() {
    for database in [None, Some(postgres::cluster().database("k705"))] {
        let sandbox = Sandbox::start(database.as_deref());
        let client = Client::new(&sandbox, "vendor");
        let (id, duf) = (fresh("k705"), sandbox.unused("4204"));
        sandbox.order(r#"{"type": "K705"}"#);
        // Only a message to the register meets it.
        client.accepted(&hent_person(&head(), &duf, ""));
        let first = client.rejected(&decision(&id, &duf), &["NIR-K705"]);
        assert_eq!(first.text("kanProevesIgjen").as_deref(), Some("true"));
        assert_eq!(first.texts("resultat"), ["AVVIST", "IKKE_UTFOERT"], "{first}");
        let read = client.accepted(&hent_person(&head(), &duf, ""));
        assert_eq!(read.texts("postId"), Vec::<String>::new(), "nothing was stored");
        assert_eq!(client.accepted(&hent_kvittering(&head(), &id)).text("status").as_deref(), Some("IKKE_MOTTATT"));
        let again = client.registered(&decision(&id, &duf));
        assert_eq!((again.text("gjentatt").as_deref(), again.text("mottatt")), (Some("false"), first.text("mottatt")));
    }
}

#[test]
fn a_person_that_others_keep_is_k705_too_and_meanwhile_the_message_is_in_work() {
    let url = postgres::cluster().database("kept");
    let sandbox = Sandbox::start(Some(&url));
    let client = Client::new(&sandbox, "vendor");
    let (id, duf) = (fresh("kept"), sandbox.unused("4204"));
    // Another program keeps the person's row for longer than a lock is waited for.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut keeper = runtime.block_on(PgConnection::connect(&url)).unwrap();
    let keep = format!("SELECT 1 FROM person WHERE duf = {duf} FOR UPDATE");
    runtime.block_on(sqlx::raw_sql("BEGIN").execute(&mut keeper)).unwrap();
    let kept = runtime.block_on(sqlx::raw_sql(AssertSqlSafe(keep)).fetch_all(&mut keeper)).unwrap();
    assert_eq!(kept.len(), 1);
    let first = std::thread::scope(|scope| {
        let first = scope.spawn(|| client.rejected(&decision(&id, &duf), &["NIR-K705"]));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'kept' AND wait_event_type = 'Lock'";
        process::eventually("a wait for the row", || {
            (postgres::cluster().psql("kept", waits).trim() == "1").then_some(())
        });
        // Who asks meanwhile is not told that it never came; the answer waits its turn.
        let asked = client.accepted(&hent_kvittering(&head(), &id)).text("status");
        assert_eq!(asked.as_deref(), Some("UNDER_BEHANDLING"));
        first.join().unwrap()
    });
    runtime.block_on(sqlx::raw_sql("ROLLBACK").execute(&mut keeper)).unwrap();
    assert_eq!(client.accepted(&hent_kvittering(&head(), &id)).text("status").as_deref(), Some("IKKE_MOTTATT"));
    let again = client.registered(&decision(&id, &duf));
    assert_eq!(again.text("mottatt"), first.text("mottatt"), "by its first receipt time");
    assert_eq!(client.accepted(&hent_kvittering(&head(), &id)).text("status").as_deref(), Some("FUNNET"));
}

#[test]
fn a_slow_answer_is_an_answer() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    sandbox.order(r#"{"type": "slow", "millisekunder": 50, "antall": 2}"#);
    client.accepted(&ping());
    assert_eq!(sandbox.status()["feil"]["slow"], 1);
    client.registered(&decision(&fresh("slow"), &sandbox.unused("4204")));
    assert_eq!(sandbox.status()["feil"]["slow"], 0);
}

#[test]
fn a_reset_begins_anew_behind_the_same_doors() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let (id, duf) = (fresh("reset"), sandbox.unused("4204"));
    let first = client.registered(&decision(&id, &duf));
    sandbox.set_clock("4204", "2017-05-15");
    sandbox.order(r#"{"type": "503", "antall": 9}"#);
    let endpoints = sandbox.json("endpoints.json");
    for _ in 0..2 {
        let (status, said) = sandbox.control("/sandbox/reset", "{}");
        assert_eq!((status, &said["tilbakestilt"]), (200, &serde_json::json!(true)), "{said}");
        assert_eq!(sandbox.json("endpoints.json"), endpoints);
    }
    assert_eq!(sandbox.status()["feil"]["503"], 0);
    assert_eq!(client.accepted(&hent_person(&head(), &duf, "")).texts("postId"), Vec::<String>::new());
    let again = client.registered(&decision(&id, &duf));
    assert_eq!(again.text("gjentatt").as_deref(), Some("false"), "the id is new again");
    assert_eq!(again.text("mottattDato"), Some(day(0)), "on the real day");
    assert_ne!(again.text("kvitteringsId"), first.text("kvitteringsId"));
    process::succeed(&["log", "verify"], &sandbox.stop().path().join("nir-gateway.toml"));
}

#[test]
fn a_sandbox_on_a_server_is_not_emptied_by_a_reset() {
    let sandbox = Sandbox::start(Some(&postgres::cluster().database("no_reset")));
    let client = Client::new(&sandbox, "vendor");
    let duf = sandbox.unused("4204");
    client.registered(&decision(&fresh("kept"), &duf));
    let (status, said) = sandbox.control("/sandbox/reset", "{}");
    assert_eq!(status, 500, "{said}");
    assert!(said["feil"].as_str().unwrap().contains("SQLite"), "{said}");
    assert_eq!(client.accepted(&hent_person(&head(), &duf, "")).texts("postId").len(), 1);
}

#[test]
fn the_control_listens_to_this_machine_and_to_json_alone() {
    let sandbox = Sandbox::start(None);
    let post = |path: &str, host: &str, more: &str, body: &str| {
        let head =
            format!("POST {path} HTTP/1.1\r\n{host}{more}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        sandbox.control_raw(&(head + body)).0
    };
    let (json, local) = ("Content-Type: application/json\r\n", "Host: localhost\r\n");
    let order = r#"{"type": "503"}"#;
    for (host, more, status) in [
        (local, json, 200),
        ("Host: 127.0.0.1:8480\r\n", json, 200),
        ("Host: [::1]:8480\r\n", json, 200),
        ("Host: [::1]\r\n", json, 200),
        (local, "Content-Type: Application/JSON; charset=utf-8\r\n", 200),
        (local, "Content-Type: application/json\r\nOrigin: http://localhost:3000\r\n", 200),
        // DNS rebinding: another name that leads to this machine.
        ("Host: evil.example\r\n", json, 403),
        ("Host: localhost.evil.example\r\n", json, 403),
        ("Host: 127.0.0.1.evil.example:80\r\n", json, 403),
        ("Host: localhost:evil\r\n", json, 403),
        ("Host:\r\n", json, 403),
        // Another site's page.
        (local, "Content-Type: application/json\r\nOrigin: https://evil.example\r\n", 403),
        (local, "Content-Type: application/json\r\nOrigin: null\r\n", 403),
        // What a page may send without asking first.
        (local, "Content-Type: text/plain\r\n", 415),
        (local, "Content-Type: application/x-www-form-urlencoded\r\n", 415),
        (local, "", 415),
    ] {
        assert_eq!(post("/sandbox/fault", host, more, order), status, "{host} {more}");
    }
    for (path, body, status) in [
        ("/sandbox/fault", r#"{"type": "explode"}"#, 400),
        ("/sandbox/fault", r#"{"type": "503", "antall": 10001}"#, 400),
        ("/sandbox/fault", r#"{"type": "503", "antall": -1}"#, 400),
        ("/sandbox/fault", r#"{"type": "slow", "millisekunder": 120001}"#, 400),
        ("/sandbox/fault", r#"{"type": "503", "also": 1}"#, 400),
        ("/sandbox/fault", "{", 400),
        ("/sandbox/fault", "", 400),
        ("/sandbox/clock", r#"{"kommune": "4204"}"#, 400),
        ("/sandbox/clock", r#"{"tid": "soon"}"#, 400),
        ("/sandbox/clock", r#"{"tid": "now", "kommune": "9999"}"#, 400),
        ("/sandbox/other", "{}", 404),
        ("/sandbox", "{}", 404),
    ] {
        assert_eq!(post(path, local, json, body), status, "{path} {body}");
    }
    assert_eq!(post("/sandbox/fault", local, json, &" ".repeat(100_000)), 400, "too long");
    let (status, _, _) =
        plain_http(sandbox.console, "GET /sandbox HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 403);
    sandbox.order(r#"{"type": "503", "antall": 0}"#);
    Client::new(&sandbox, "vendor").accepted(&ping());
}

/// An address of this machine that others reach; no packet is sent to find it.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket
        .local_addr()
        .ok()
        .map(|address| address.ip())
        .filter(|address| !address.is_loopback() && !address.is_unspecified())
}

#[test]
fn a_sandbox_is_reached_from_this_machine_only() {
    let sandbox = Sandbox::start(None);
    for port in [sandbox.port, sandbox.console] {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        if let Some(address) = own_address() {
            assert!(TcpStream::connect((address, port)).is_err(), "{address}:{port}");
        }
    }
}

#[test]
fn one_directory_has_one_sandbox() {
    let sandbox = Sandbox::start(None);
    let data = sandbox.data().to_str().unwrap();
    let second = process::run(&["sandbox", "--data", data, "--port", "0", "--console-port", "0"]);
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    assert!(String::from_utf8_lossy(&second.stderr).contains("another sandbox runs on"), "{second:?}");
    assert!(sandbox.data().join("endpoints.json").exists(), "the first is not disturbed");
    Client::new(&sandbox, "vendor").accepted(&ping());
    // A port that is taken is said by its option.
    let other = process::folder();
    let console = sandbox.console.to_string();
    let third =
        process::run(&["sandbox", "--data", other.path().to_str().unwrap(), "--port", "0", "--console-port", &console]);
    assert_eq!(third.status.code(), Some(1), "{third:?}");
    assert!(String::from_utf8_lossy(&third.stderr).contains("--console-port"), "{third:?}");
    assert!(!other.path().join("endpoints.json").exists());
}

#[test]
fn the_demonstration_holds_and_leaves_envelopes_that_anybody_can_verify() {
    let (data, output) = (process::folder(), process::folder());
    let paths = [data.path().to_str().unwrap(), output.path().to_str().unwrap()];
    let done = process::run(&[
        "sandbox",
        "--data",
        paths[0],
        "--port",
        "0",
        "--console-port",
        "0",
        "--once",
        "--demo-output",
        paths[1],
    ]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("steps held") && !said.contains("NOT"), "{said}");
    assert!(!said.contains('\u{1b}'), "plain when piped");
    let read = |path: std::path::PathBuf| std::fs::read(path).unwrap();
    let certificate = read(data.path().join("certs/gateway.pem"));
    let der = <rustls_pki_types::CertificateDer<'_> as rustls_pki_types::pem::PemObject>::from_pem_slice(&certificate)
        .unwrap();
    let receipt = read(output.path().join("kvittering.xml"));
    nir_wsdl::client::verify_answer(&receipt, &der).unwrap();
    let at = receipt.windows(8).position(|window| window == b"<status>").unwrap() + 8;
    let mut changed = receipt;
    changed[at] ^= 1;
    assert!(nir_wsdl::client::verify_answer(&changed, &der).is_err());
    assert!(String::from_utf8(read(output.path().join("request.xml"))).unwrap().contains("<sendRegistreringer"));
    assert!(!data.path().join("endpoints.json").exists());
}
