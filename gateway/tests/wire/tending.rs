//! What an operator tends while it runs: revocation lists, certificates, health, metrics, the log
//! (design.md 5, 13; threats.md 25, 30).

use std::path::Path;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, RsaKeySize, SerialNumber,
};

use crate::client::{Client, now};
use crate::messages::{day, fresh, head, hent_person, person, ping, registrer, send, vedtak};
use crate::node::{Installation, Node};
use crate::postgres::{Cluster, Options};
use crate::process::{eventually, refused, succeed};

/// The test CA of an installation.
fn ca(certs: &Path) -> Issuer<'static, KeyPair> {
    let read = |name: &str| std::fs::read_to_string(certs.join(name)).unwrap();
    Issuer::from_ca_cert_pem(&read("ca.pem"), KeyPair::from_pem(&read("ca.key")).unwrap()).unwrap()
}

fn serial(certs: &Path, name: &str) -> Vec<u8> {
    let pem = std::fs::read(certs.join(format!("{name}.pem"))).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
    pem.parse_x509().unwrap().raw_serial().to_vec()
}

/// Puts another revocation list in the place of the present one, whole.
fn publish(certs: &Path, made: DateTime<Utc>, next: DateTime<Utc>, revoked: &[&str]) {
    let at = |time: DateTime<Utc>| {
        let day =
            rcgen::date_time_ymd(time.year(), u8::try_from(time.month()).unwrap(), u8::try_from(time.day()).unwrap());
        day + std::time::Duration::from_secs(u64::try_from(time.timestamp().rem_euclid(86_400)).unwrap())
    };
    let list = CertificateRevocationListParams {
        this_update: at(made),
        next_update: at(next),
        crl_number: SerialNumber::from(u64::try_from(made.timestamp()).unwrap()),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|name| RevokedCertParams {
                serial_number: SerialNumber::from_slice(&serial(certs, name)),
                revocation_time: at(made),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let text = list.signed_by(&ca(certs)).unwrap().pem().unwrap();
    std::fs::write(certs.join("ca.new"), text).unwrap();
    std::fs::rename(certs.join("ca.new"), certs.join("ca.crl")).unwrap();
}

fn ready(node: &Node) -> (u16, String) {
    node.metrics_get("/health/ready")
}

#[test]
fn a_revocation_takes_effect_when_its_list_comes_and_a_list_has_its_grace() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let node = installation.serve(&[]);
    // TLS by one party, so that a revoked signature is what is met.
    let (vendor, other) = (Client::new(&node, "vendor"), Client::with(&node, Some("vendor"), "vendor2"));
    let (ago, ahead) = (|hours| now() - TimeDelta::hours(hours), |hours| now() + TimeDelta::hours(hours));
    other.accepted(&ping());
    publish(&certs, ago(100), ahead(100), &["vendor2"]);
    eventually("the revocation", || (other.call(&ping()).codes() == ["NIR-S212"]).then_some(()));
    vendor.accepted(&ping());
    // An older list, or rubbish, takes nothing back.
    publish(&certs, ago(200), ahead(100), &[]);
    node.log.line_with("is older than the list in use");
    std::fs::write(certs.join("ca.crl"), "rubbish").unwrap();
    eventually("that it was looked at", || {
        (node.log.text().matches("revocation_lists_not_read").count() >= 2).then_some(())
    });
    assert_eq!(other.call(&ping()).codes(), ["NIR-S212"]);
    assert_eq!(ready(&node), (200, "ready".to_owned()));
    // Overdue, but within the grace of 24 hours: traffic goes on, and it can be seen.
    publish(&certs, ago(90), ago(2), &[]);
    eventually("the newer list", || (other.call(&ping()).status == 200).then_some(()));
    let usable = node.metric("nir_revocation_usable_seconds ");
    assert!((70_000.0..80_000.0).contains(&usable), "{usable}");
    assert!((320_000.0..330_000.0).contains(&node.metric("nir_revocation_age_seconds ")));
    assert_eq!(ready(&node).0, 200);
    // Past the grace: nobody's signature is taken, and the node says that it is not ready.
    publish(&certs, ago(80), ago(25), &[]);
    eventually("the end of the grace", || (vendor.call(&ping()).codes() == ["NIR-S218"]).then_some(()));
    let fault = vendor.call(&ping());
    assert_eq!(fault.text("kanProevesIgjen").as_deref(), Some("true"), "{fault}");
    let (status, why) = ready(&node);
    assert!(status == 503 && why.contains("revocation"), "{why}");
    assert_eq!(node.metrics_get("/health/live").0, 200);
    publish(&certs, ago(1), ahead(100), &[]);
    eventually("a fresh list", || (vendor.call(&ping()).status == 200).then_some(()));
    assert_eq!(ready(&node).0, 200);
}

/// Gives the gateway another RSA key and certificate.
fn renew(certs: &Path) -> String {
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "TEST NIR Gateway, fornyet");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &ca(certs)).unwrap().pem();
    std::fs::write(certs.join("gateway.key"), key.serialize_pem()).unwrap();
    std::fs::write(certs.join("gateway.pem"), &certificate).unwrap();
    certificate
}

#[test]
fn on_sighup_certificates_are_read_again_and_the_old_proofs_still_hold() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let old = std::fs::read_to_string(certs.join("gateway.pem")).unwrap();
    std::fs::write(certs.join("gateway-old.pem"), &old).unwrap();
    let node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let before = client.call(&ping());
    assert!(before.verified_by(&old));
    // A connection that is open stays as it is.
    let mut open = client.connect().unwrap();
    let call =
        |client: &Client<'_>| crate::client::request(crate::client::SOAP_11, "", client.sealed(&ping()).as_bytes());
    open.write(&call(&client)).unwrap();
    assert_eq!(open.answer().unwrap().status, 200);
    // What is wrong changes nothing.
    let key = std::fs::read_to_string(certs.join("gateway.key")).unwrap();
    std::fs::write(certs.join("gateway.key"), std::fs::read_to_string(certs.join("vendor.key")).unwrap()).unwrap();
    node.signal("HUP");
    node.log.line_with("\"not_reloaded\"");
    assert!(client.call(&ping()).verified_by(&old));
    std::fs::write(certs.join("gateway.key"), key).unwrap();
    let new = renew(&certs);
    node.signal("HUP");
    node.log.line_with("\"reloaded\"");
    let after = client.call(&ping());
    assert!(after.verified_by(&new) && !after.verified_by(&old), "{after}");
    assert_ne!(after.text("tommeltrykkSha256"), before.text("tommeltrykkSha256"));
    open.write(&call(&client)).unwrap();
    assert!(open.answer().unwrap().verified_by(&new));
    node.stop();
    // Checkpoints were signed by both keys: the log is held against the former one too, where it is named.
    let said = refused(&["log", "verify"], &installation.config());
    assert!(said.contains("chain n1-0-1, position ") && said.contains("checkpoint"), "{said}");
    let text = std::fs::read_to_string(installation.config()).unwrap();
    let named = text.replace("[signing]\n", "[signing]\nformer_certificates = [\"certs/gateway-old.pem\"]\n");
    std::fs::write(installation.config(), named).unwrap();
    let said = succeed(&["log", "verify"], &installation.config());
    assert!(said.lines().count() == 2 && said.lines().all(|line| line.ends_with(" 1 checkpoints")), "{said}");
}

#[test]
fn without_its_database_a_node_is_not_ready_and_goes_on_when_it_is_back() {
    let cluster = Cluster::start(&Options::default());
    let installation = Installation::new(Some(&cluster.database("gone")));
    let node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let persons = installation.persons();
    let id = fresh("gone");
    let message = send(&head().id(&id), &person(&persons[0], &registrer("1", "", &vedtak(&day(0), &day(0), &day(9)))));
    assert_eq!(ready(&node), (200, "ready".to_owned()));
    cluster.kill();
    let (status, why) = eventually("not ready", || Some(ready(&node)).filter(|(status, _)| *status != 200));
    assert!(status == 503 && why.contains("database"), "{why}");
    assert_eq!(node.metrics_get("/health/live").0, 200, "it lives");
    // What needs no database is answered, what does is told to come again; nobody learns why.
    client.accepted(&ping());
    let refused = client.call(&message);
    assert_eq!((refused.status, refused.text("kanProevesIgjen").as_deref()), (500, Some("true")), "{refused}");
    assert!(["NIR-I901", "NIR-I903"].contains(&refused.codes()[0].as_str()), "{refused}");
    assert!(client.verifies(&refused) && !refused.body.to_lowercase().contains("sql"), "{refused}");
    let read = client.call(&hent_person(&head(), &persons[0], ""));
    assert_eq!((read.status, read.codes()), (500, vec!["NIR-I901".to_owned()]), "{read}");
    cluster.start_again();
    eventually("ready again", || (ready(&node).0 == 200).then_some(()));
    client.registered(&message);
    assert_eq!(client.accepted(&hent_person(&head(), &persons[0], "")).texts("postId").len(), 1);
    node.stop();
    succeed(&["log", "verify"], &installation.config());
}

#[test]
fn metrics_count_and_neither_they_nor_the_log_name_a_person() {
    let installation = Installation::new(None);
    let node = installation.serve(&[("LOG__FORMAT", "json")]);
    let client = Client::new(&node, "vendor");
    // A person with a name and a national id, one that is hidden, one that is unknown, one that is no number.
    let (known, hidden, unknown) = ("202400000702", "202200090003", "200100000104");
    let decision = registrer("1", "saksnummer-4471", &vedtak(&day(0), &day(0), &day(9)));
    client.accepted(&ping());
    client.registered(&send(&head(), &person(known, &decision)));
    client.rejected(&send(&head(), &person(unknown, &decision)), &["NIR-B501"]);
    let ident =
        person(known, &decision).replace("</dufNummer>", "</dufNummer><foedselsnummer>15838540063</foedselsnummer>");
    client.rejected(&send(&head(), &ident), &["NIR-B502"]);
    client.accepted(&hent_person(&head(), known, ""));
    client.call(&hent_person(&head(), hidden, ""));
    client.call(&hent_person(&head(), "202400000703", ""));
    client.call(&hent_person(&head(), "<!--", ""));
    client.send(&client.sealed(&send(&head(), &person(known, &decision))).replace("2026", "2027"));
    client.call("<slettAlt xmlns=\"urn:no:nir:melding:v1\"><dufNummer>202400000702</dufNummer></slettAlt>");
    let nobody = Client::with(&node, None, "vendor");
    nobody.call(&hent_person(&head(), known, ""));
    let (status, text) = node.metrics_get("/metrics");
    assert_eq!(status, 200);
    for line in [
        "nir_calls_total{operation=\"ping\"} 1",
        "nir_calls_total{operation=\"sendRegistreringer\"} 3",
        "nir_refused_total{code=\"NIR-T105\"} 1",
        "nir_refused_total{code=\"NIR-X309\"} 1",
        "nir_unauthenticated_total{code=\"NIR-T101\"} 1",
        "nir_unauthenticated_total{code=\"NIR-S202\"} 1",
        "nir_request_seconds_bucket{le=\"",
        "nir_ledger_batch_jobs",
        "nir_connections ",
        "nir_requests_in_flight ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(node.metrics_get("/elsewhere").0, 404);
    let log = node.log.clone();
    node.stop();
    let log = log.text();
    for event in ["\"started\"", "\"exchange_refused\"", "\"unauthenticated_refused\"", "\"stopped\""] {
        assert!(log.contains(event), "{event} in {log}");
    }
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    for personal in
        [known, hidden, unknown, "202400000703", "15838540063", "01819012365", "Bjørk", "Fjell", "saksnummer-4471"]
    {
        assert!(!log.contains(personal) && !text.contains(personal), "{personal} is in the log or the metrics");
    }
}

#[test]
fn who_hammers_the_door_does_not_fill_the_log() {
    let installation = Installation::new(None);
    let node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let tampered = client.sealed(&ping()).replace("<kontraktversjon>1.0", "<kontraktversjon>1.1");
    let signed = (0..40).filter(|_| client.verifies(&client.send(&tampered))).count();
    assert_eq!(node.metric("nir_unauthenticated_total{code=\"NIR-S202\"} "), 40.0);
    let log = node.log.clone();
    node.stop();
    let told: Vec<String> = log.text().lines().filter(|line| line.contains("NIR-S202")).map(str::to_owned).collect();
    // Ten a minute are told in full, by digest and without a body; the forty may fall into two minutes.
    assert!((10..=21).contains(&told.len()) && signed >= 10, "{} told, {signed} signed", told.len());
    let digest = hex::encode(register::evidence::sha256(tampered.as_bytes()));
    assert!(told[0].contains(&digest) && told[0].contains("310000000") && told[0].contains("127.0.0.1"), "{}", told[0]);
}
