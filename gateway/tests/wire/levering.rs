//! Push over real sockets (design.md 8; threats.md, class 33): what is approved is called, what is signed is believed, and a
//! bad receiver costs nobody but itself.

use std::path::Path;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose};

use crate::client::Client;
use crate::messages::{day, fresh, head, hent_endringer, person, registrer, send, vedtak};
use crate::node::{Installation, Node};
use crate::oppslag::ask;
use crate::postgres;
use crate::process::{eventually, refused, succeed};
use crate::sandbox::Sandbox;
use crate::varsel::{about, newer};

pub mod receiver;
mod turer;
use receiver::{Behaviour, Receiver};

/// The vendor, whose TLS certificate `mottak` is.
const VENDOR: &str = "310000000";
/// Hears what 4204-flyktning-1 sends; run by vendor2.
const TRIED: &str = "4204-voksen-2";
/// Hears the same; run by the kommune itself.
const OTHER: &str = "4204-egen-3";

/// A person of the neighbour, as persons.json shows it.
const OF_4203: &str = "202300010304";

/// A delivery fails within a second, and is tried again at once.
const QUICK: &[(&str, &str)] = &[
    ("DELIVERY__BACKOFF_FIRST_MS", "20"),
    ("DELIVERY__BACKOFF_MOST_MS", "100"),
    ("DELIVERY__CONNECT_SECONDS", "2"),
    ("DELIVERY__ANSWER_SECONDS", "1"),
];

fn approve(installation: &Installation, system: &str, url: &str, more: &[&str]) {
    let arguments = ["stream", "approve", system, "--url", url, "--by", "op1", "--tls-organization", VENDOR];
    succeed(&[&arguments, more].concat(), &installation.config());
}

fn deliveries(installation: &Installation, system: &str) -> String {
    let all = succeed(&["stream", "deliveries"], &installation.config());
    all.lines().find(|line| line.starts_with(system)).unwrap_or_default().to_owned()
}

/// The other fagsystemer of the kommune hear of one decision more.
fn registers(node: &Node, duf: &str) {
    Client::new(node, "vendor").registered(&send(&head(), &person(duf, &decision())));
}

fn decision() -> String {
    registrer("1", &fresh("v"), &vedtak(&day(-3), &day(-2), &day(360)))
}

/// The last number of a stream, and how far it is acknowledged, from the receipts of others' reads.
fn position(node: &Node, system: &'static str, signer: &str) -> (i64, i64) {
    let head = head().from(system, "4204", "4204-SUPER1");
    let page = hent_endringer(&head, &format!("{system}.1"), 0, "<antall>1</antall>");
    let answer = Client::new(node, signer).accepted(&page);
    let number = |name: &str| answer.text(name).unwrap().parse().unwrap();
    (number("sisteSekvensnummer"), number("bekreftetTil"))
}

#[test]
fn bad_receivers_hold_up_nobody_and_lose_nothing() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    expired(&certs);
    revoked(&certs);
    let (tried, other) = (Receiver::start(&certs, "vendor2"), Receiver::start(&certs, "kommune"));
    let trap = Receiver::start(&certs, "vendor2");
    approve(&installation, TRIED, &tried.url(), &["--private"]);
    approve(&installation, OTHER, &other.url(), &["--private"]);
    let node = installation.serve(QUICK);
    let persons = installation.persons();
    let mut persons = persons.iter();
    let mut next = || persons.next().unwrap().as_str();

    // First a good day.
    registers(&node, next());
    let heard = eventually("the first changes", || other.taken().last().map(|change| change.number));
    tried.has(heard);

    let bad = [
        (Behaviour::HalfOpen, "TIDSAVBRUDD"),
        (Behaviour::Slow, "TIDSAVBRUDD"),
        (Behaviour::HangUp, "BRUTT"),
        (Behaviour::Garbage, "KVITTERING_UGYLDIG"),
        (Behaviour::Endless, "FOR_STORT_SVAR"),
        (Behaviour::Fault, "IKKE_KVITTERING"),
        (Behaviour::Unsigned, "KVITTERING_UGYLDIG"),
        (Behaviour::Changed, "KVITTERING_UGYLDIG"),
        (Behaviour::Old, "KVITTERING_UGYLDIG"),
        (Behaviour::Stranger, "FREMMED_SIGNATUR"),
        (Behaviour::OtherDelivery, "ANNEN_LEVERANSE"),
        (Behaviour::Again, "ANNEN_LEVERANSE"),
        (Behaviour::Beyond, "UTENFOR_LEVERANSEN"),
        (Behaviour::Nothing, "INGENTING_TATT"),
        (Behaviour::Status(503), "HTTP_STATUS"),
        (Behaviour::Status(404), "HTTP_STATUS"),
        (Behaviour::Tls("expired".into()), "TLS"),
        (Behaviour::Tls("hostile/wrong-ca".into()), "TLS"),
        // These park the stream at once.
        (Behaviour::Redirect(trap.url()), "OMDIRIGERING"),
        (Behaviour::Tls("gateway".into()), "ANNEN_ORGANISASJON"),
        (Behaviour::Tls("revoked".into()), "SERTIFIKAT"),
    ];
    for (behaviour, code) in bad {
        let parks = matches!(code, "OMDIRIGERING" | "ANNEN_ORGANISASJON" | "SERTIFIKAT");
        let metric = format!("nir_deliveries_total{{outcome=\"{code}\"}} ");
        let (before, taken) = (node.metric(&metric), tried.taken().len() as i64);
        tried.behave(behaviour.clone());
        registers(&node, next());
        // The other hears of it, whatever this one does.
        let last = position(&node, OTHER, "kommune").0;
        other.has(last);
        let times = if parks { 1.0 } else { 2.0 };
        eventually(&format!("{behaviour:?}: {code}"), || (node.metric(&metric) >= before + times).then_some(()));
        assert_eq!(position(&node, TRIED, "vendor2").1, taken, "{behaviour:?} moved the cursor");
        if parks {
            let stands = deliveries(&installation, TRIED);
            assert!(stands.contains("PARKED"), "{stands}");
            let called = tried.connections();
            registers(&node, next());
            other.has(position(&node, OTHER, "kommune").0);
            assert_eq!(tried.connections(), called, "a parked stream rests");
        }
        tried.behave(Behaviour::Good);
        succeed(&["stream", "resume", TRIED], &installation.config());
        tried.has(position(&node, TRIED, "vendor2").0);
    }
    assert_eq!(trap.connections(), 0, "no redirection is followed");

    // A part is taken, and the rest comes.
    tried.behave(Behaviour::Part);
    registers(&node, next());
    registers(&node, next());
    tried.has(position(&node, TRIED, "vendor2").0);
    for receiver in [&tried, &other] {
        receiver.is_sound();
    }
    let most = node.most_resident();
    assert!(most < 300 << 20, "{most} bytes");
    node.stop();
    assert!(succeed(&["replay", "--check"], &installation.config()).contains(": 0 differences."));
    succeed(&["log", "verify"], &installation.config());
}

/// A certificate like `mottak`, of which the last day has passed.
pub fn expired(certs: &Path) {
    of_a_receiver(certs, "expired", |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
}

/// A certificate like `mottak` that the list names, fit for TLS and not for signing.
fn revoked(certs: &Path) {
    let listed = std::fs::read(certs.join("hostile/revoked.pem")).unwrap();
    let listed = nir_wsdl::certificate::Certificate::from_pem(&listed).unwrap();
    let serial: u128 = listed[0].serial_decimal().parse().unwrap();
    of_a_receiver(certs, "revoked", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&serial.to_be_bytes()));
    });
}

fn of_a_receiver(certs: &Path, name: &str, change: impl FnOnce(&mut CertificateParams)) {
    let read = |name: &str| std::fs::read_to_string(certs.join(name)).unwrap();
    let ca = Issuer::from_ca_cert_pem(&read("ca.pem"), KeyPair::from_pem(&read("ca.key")).unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "TEST utgått");
    params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 97]), format!("NTRNO-{VENDOR}"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    change(&mut params);
    std::fs::write(certs.join(format!("{name}.pem")), params.signed_by(&key, &ca).unwrap().pem()).unwrap();
    std::fs::write(certs.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

#[test]
fn what_no_operator_approved_is_never_called() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let (tried, other) = (Receiver::start(&certs, "vendor2"), Receiver::start(&certs, "kommune"));
    // A name that leads to loopback, which nobody allowed; numbers are refused when they are approved.
    approve(&installation, TRIED, &tried.url(), &[]);
    let number = format!("https://127.0.0.1:{}/nir/mottak", tried.port);
    let said = refused(&["stream", "approve", TRIED, "--url", &number, "--by", "op1"], &installation.config());
    assert!(said.contains("--private"), "{said}");
    approve(&installation, OTHER, &other.url(), &["--private"]);
    let node = installation.serve(QUICK);
    let persons = installation.persons();
    registers(&node, &persons[0]);
    other.has(position(&node, OTHER, "kommune").0);
    let log = node.log.line_with("\"stream_parked\"");
    assert!(log.contains("PRIVAT_ADRESSE") && log.contains("\"alert\":true"), "{log}");
    assert_eq!(tried.connections(), 0, "it was not even connected to");
    node.stop();
    // Taken back: not called any more, and pull goes on. That one is called which was allowed meanwhile.
    succeed(&["stream", "release", OTHER, "--by", "op2"], &installation.config());
    assert!(deliveries(&installation, OTHER).contains("not approved"));
    approve(&installation, TRIED, &tried.url(), &["--private"]);
    succeed(&["stream", "resume", TRIED], &installation.config());
    let node = installation.serve(QUICK);
    let called = other.connections();
    registers(&node, &persons[1]);
    tried.has(position(&node, TRIED, "vendor2").0);
    assert_eq!(other.connections(), called);
    let (last, acknowledged) = position(&node, OTHER, "kommune");
    assert!(acknowledged < last, "{acknowledged} of {last}");
    // Approved again, it goes on where it stood.
    approve(&installation, OTHER, &other.url(), &["--private"]);
    other.has(last);
    other.is_sound();
    node.stop();
}

#[test]
fn an_address_that_was_replaced_is_not_tried_once_more() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let places = [Receiver::start(&certs, "vendor2"), Receiver::start(&certs, "vendor2")];
    approve(&installation, TRIED, &places[0].url(), &["--private"]);
    let node = installation.serve(QUICK);
    let persons = installation.persons();
    for (round, pair) in persons.chunks(2).take(4).enumerate() {
        let (old, new) = (&places[round % 2], &places[(round + 1) % 2]);
        // It moved away: what it answers parks the stream.
        old.behave(Behaviour::Redirect(new.url()));
        new.behave(Behaviour::Good);
        registers(&node, &pair[0]);
        eventually("a parked stream", || deliveries(&installation, TRIED).contains("PARKED").then_some(()));
        let called = old.connections();
        // One after the other, and news that wakes the node, though it looks into the registry but once a second.
        approve(&installation, TRIED, &new.url(), &["--private"]);
        succeed(&["stream", "resume", TRIED], &installation.config());
        registers(&node, &pair[1]);
        new.has(position(&node, TRIED, "vendor2").0);
        assert_eq!(old.connections(), called, "round {round}");
    }
    node.stop();
}

#[test]
fn a_receiver_that_is_down_too_long_is_parked_and_goes_on_where_it_stood() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let other = Receiver::start(&certs, "kommune");
    // A port at which nobody is, until later.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    approve(&installation, TRIED, &format!("https://localhost:{}/nir/mottak", address.port()), &["--private"]);
    approve(&installation, OTHER, &other.url(), &["--private"]);
    let node =
        installation.serve(&[QUICK, &[("DELIVERY__PARK_AFTER_SECONDS", "1"), ("MAIL__LOOK_SECONDS", "1")]].concat());
    let persons = installation.persons();
    registers(&node, &persons[0]);
    node.log.line_with("\"delivery_failed\"");
    let log = node.log.line_with("\"stream_parked\"");
    assert!(log.contains("INGEN_FORBINDELSE"), "{log}");
    registers(&node, &persons[1]);
    other.has(position(&node, OTHER, "kommune").0);
    let back = Receiver::start_on(std::net::TcpListener::bind(address).unwrap(), &certs, "vendor2");
    assert_eq!((position(&node, TRIED, "vendor2").1, back.connections()), (0, 0), "parked");
    // Its contacts are told, and whoever asks.
    let mail = || about(&installation.path().join("mail"), TRIED).into_iter().find(|text| text.contains("parkert "));
    eventually("a mail of it", mail);
    let status = || {
        let asked = ask("hentAvsenderstatus", &head().from(TRIED, "4204", "4204-SUPER1"), "");
        Client::new(&node, "vendor2").accepted(&newer(&asked))
    };
    let stands = status();
    assert!(stands.text("adresse").is_some_and(|url| url.ends_with("/nir/mottak")), "{stands}");
    assert_eq!(stands.text("godkjent").as_deref(), Some("true"), "{stands}");
    assert!(stands.text("parkert").is_some() && stands.text("feilerSiden").is_some(), "{stands}");
    succeed(&["stream", "resume", TRIED], &installation.config());
    assert!(status().text("parkert").is_none());
    back.has(position(&node, TRIED, "vendor2").0);
    back.is_sound();
    node.stop();
}

#[test]
fn a_killed_node_sends_again_what_was_in_flight_and_nothing_that_was_acknowledged() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let tried = Receiver::start(&certs, "vendor2");
    approve(&installation, TRIED, &tried.url(), &["--private"]);
    let persons = installation.persons();
    let slow: &[(&str, &str)] = &[("DELIVERY__ANSWER_SECONDS", "60")];
    for round in 0..3 {
        let node = installation.serve(slow);
        tried.behave(Behaviour::Good);
        registers(&node, &persons[2 * round]);
        tried.has(position(&node, TRIED, "vendor2").0);
        tried.behave(Behaviour::Slow);
        let (last, before) = (position(&node, TRIED, "vendor2").0, tried.connections());
        registers(&node, &persons[2 * round + 1]);
        eventually("a delivery in flight", || (tried.connections() > before).then_some(()));
        assert_eq!(position(&node, TRIED, "vendor2").1, last);
        node.signal("KILL");
    }
    let node = installation.serve(slow);
    tried.behave(Behaviour::Good);
    tried.has(position(&node, TRIED, "vendor2").0);
    eventually("the last acknowledgement", || {
        let (last, acknowledged) = position(&node, TRIED, "vendor2");
        (last == acknowledged).then_some(())
    });
    tried.is_sound();
    node.stop();
    succeed(&["log", "verify"], &installation.config());
}

#[test]
fn two_nodes_deliver_every_number_once_and_in_order() {
    let database = postgres::cluster().database("push");
    let installation = Installation::new(Some(&database));
    let certs = installation.path().join("certs");
    let (tried, other) = (Receiver::start(&certs, "vendor2"), Receiver::start(&certs, "kommune"));
    approve(&installation, TRIED, &tried.url(), &["--private"]);
    approve(&installation, OTHER, &other.url(), &["--private"]);
    let nodes = ["a", "b"].map(|name| installation.serve(&[QUICK, &[("NODE__NAME", name)]].concat()));
    let persons = installation.persons();
    for (index, duf) in persons.iter().take(20).enumerate() {
        registers(&nodes[index % 2], duf);
    }
    for (receiver, system, signer) in [(&tried, TRIED, "vendor2"), (&other, OTHER, "kommune")] {
        receiver.has(position(&nodes[0], system, signer).0);
        receiver.is_sound();
    }
    nodes.into_iter().for_each(Node::stop);
}

#[test]
fn an_address_is_tried_before_anything_is_delivered_there() {
    let installation = Installation::new(None);
    let (certs, config) = (installation.path().join("certs"), installation.config());
    expired(&certs);
    revoked(&certs);
    let tried = Receiver::start(&certs, "vendor2");
    let url = tried.url();
    let named = ["stream", "ping", TRIED, "--url", &url, "--tls-organization", VENDOR, "--private"];
    let said = succeed(&named, &config);
    for line in ["name", "connection", "TLS", "certificate", "answer", "signature", "receiver", "contract"] {
        assert!(said.lines().any(|said| said.starts_with(&format!("ok   {line} "))), "{line}: {said}");
    }
    assert!(said.contains("Changes can be delivered there.") && !said.contains("NOT"), "{said}");
    // Without an approval there is none to try; with one it is tried as it was approved.
    assert!(refused(&["stream", "ping", TRIED], &config).contains("--url"));
    approve(&installation, TRIED, &url, &["--private"]);
    let approved = ["stream", "ping", TRIED];
    succeed(&approved, &config);
    // What is wrong, with its cure; what comes before it holds, and what comes after is not said to.
    let bad = [
        (Behaviour::HalfOpen, "TLS", "no whole answer in time"),
        (Behaviour::Tls("expired".into()), "TLS", "delivery.anchors"),
        (Behaviour::Tls("hostile/wrong-ca".into()), "TLS", "delivery.anchors"),
        (Behaviour::Tls("gateway".into()), "certificate", "--tls-organization"),
        (Behaviour::Tls("revoked".into()), "certificate", "NIR-S212"),
        (Behaviour::HangUp, "answer", "client certificate"),
        (Behaviour::Status(404), "answer", "path"),
        (Behaviour::Redirect(url.clone()), "answer", "redirects"),
        (Behaviour::Unsigned, "signature", "signs Body and Timestamp"),
        (Behaviour::Stranger, "signature", "310000000"),
        (Behaviour::Fault, "content", "Fault"),
    ];
    for (behaviour, step, word) in bad {
        tried.behave(behaviour.clone());
        let said = refused(&approved, &config);
        let line =
            said.lines().position(|line| line.starts_with("NOT ")).unwrap_or_else(|| panic!("{behaviour:?}: {said}"));
        let told: Vec<_> = said.lines().skip(line).take(2).collect();
        assert!(told[0].starts_with(&format!("NOT  {step} ")) && told[1].contains("cure: "), "{behaviour:?}: {said}");
        assert!(told.iter().any(|line| line.contains(word)), "{behaviour:?}: {said}");
        assert!(said.ends_with("not tried.\n"), "{behaviour:?}: {said}");
    }
    tried.behave(Behaviour::Good);
    // One that answers for another; a name that leads to a private place, which was not allowed; and nobody at all.
    let other = ["stream", "ping", OTHER, "--url", &url, "--tls-organization", VENDOR, "--private"];
    let said = refused(&other, &config);
    assert!(said.contains("NOT  signature") && said.contains("does not speak for"), "{said}");
    let said = refused(&["stream", "ping", TRIED, "--url", &url], &config);
    assert!(said.contains("NOT  name") && said.contains("--private"), "{said}");
    let connected = tried.connections();
    let number = format!("https://127.0.0.1:{}/nir/mottak", tried.port);
    assert!(refused(&["stream", "ping", TRIED, "--url", &number], &config).contains("--private"));
    assert_eq!(tried.connections(), connected, "it was not even connected to");
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("https://localhost:{}/nir/mottak", held.local_addr().unwrap().port());
    drop(held);
    let said = refused(&["stream", "ping", TRIED, "--url", &nobody, "--private"], &config);
    assert!(said.contains("NOT  connection") && said.contains("firewalls"), "{said}");
    assert_eq!(tried.taken(), [], "nothing was delivered");
}

#[test]
fn the_sandbox_has_a_receiver_that_keeps_what_it_is_sent() {
    let sandbox = Sandbox::start(None);
    let head = head().from("4203-flyktning-1", "4203", "4203-OVERF1");
    Client::new(&sandbox, "vendor").registered(&send(&head, &person(OF_4203, &decision())));
    let file = sandbox.data().join("mottak.ndjson");
    let text = eventually("the receiver's log", || std::fs::read_to_string(&file).ok().filter(|text| !text.is_empty()));
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, number) in lines.iter().zip(1..) {
        assert_eq!((line["sekvensnummer"].as_i64(), line["igjen"].as_bool()), (Some(number), Some(false)), "{line}");
        assert_eq!(line["stroemId"], "4203-push-2.1");
    }
    // And it answers who tries it.
    let config = sandbox.data().join("nir-gateway.toml");
    let said = succeed(&["stream", "ping", "4203-push-2"], &config);
    assert!(said.contains("answers for 4203-push-2") && said.contains("Changes can be delivered there."), "{said}");
}
