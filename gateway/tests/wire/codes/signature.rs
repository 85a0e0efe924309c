//! Group S: what WS-Security refuses. Which of it may be told to whom: design.md 17, Faults.

use chrono::TimeDelta;
use nir_wsdl::algorithm::RSA_SHA256;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::attacks::certs::{Authority, UNKNOWN, VENDOR, params};
use crate::attacks::forge::{Forge, timestamp, written};
use crate::client::{Answer, Client, now};
use crate::codes::case::{Attempt, Case, Sent, Told};
use crate::codes::check;
use crate::codes::house::House;
use crate::messages::{day, head, person, ping, registrer, send, vedtak};
use crate::node::Installation;

const INVALID: &str = "wsse:InvalidSecurity";
const TOKEN: &str = "wsse:InvalidSecurityToken";
const ALGORITHM: &str = "wsse:UnsupportedAlgorithm";

fn case(code: &'static str, faultcode: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Fault(500, faultcode), at: "", provoke }
}

/// A message that would be stored, as a forger finds it; nothing of it may be, and its id stays free.
fn forged(house: &House, forge: impl Fn(Forge) -> Forge) -> Attempt {
    let (vendor, head, duf) = (house.client("vendor"), head(), house.unused());
    let payload = send(&head, &person(&duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300)))));
    let envelope = forge(Forge::draft(&vendor.signer, &payload)).xml;
    Attempt { sent: Sent::Envelope(envelope), ..Attempt::registering(head, String::new(), &[&duf]) }
}

fn signed(house: &House, forge: impl Fn(Forge) -> Forge) -> Attempt {
    let vendor = house.client("vendor");
    forged(house, |draft| forge(draft).sign(&vendor.signer))
}

fn changed(house: &House, change: impl Fn(Forge) -> Forge) -> Attempt {
    let vendor = house.client("vendor");
    forged(house, |draft| change(draft.sign(&vendor.signer)))
}

/// A ping signed by a certificate of the sandbox's CA.
fn by(name: &str) -> Attempt {
    Attempt { signer: name.to_owned(), ..Attempt::of(Sent::Payload(ping())) }
}

fn issued(house: &House, name: &str, change: fn(&mut CertificateParams)) -> Attempt {
    let mut params = params(VENDOR);
    change(&mut params);
    by(&Authority::of(&house.sandbox).issue(name, params))
}

pub fn cases() -> Vec<Case> {
    vec![
        case("NIR-S201", INVALID, "no Signature", |h| forged(h, |f| f.replace("Signature", ""))),
        case("NIR-S201", INVALID, "no Security", |h| forged(h, |f| f.replace("Security", ""))),
        case("NIR-S202", "wsse:FailedCheck", "another key's value", |h| {
            let other = h.client("vendor2");
            forged(h, |f| f.sign(&other.signer))
        }),
        case("NIR-S202", "wsse:FailedCheck", "a byte of the Body changed", |h| {
            changed(h, |f| f.text("REGISTRER", "REGISTRES"))
        }),
        case("NIR-S204", ALGORITHM, "rsa-sha1", |h| {
            signed(h, |f| f.text(RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"))
        }),
        case("NIR-S204", ALGORITHM, "sha1", |h| {
            signed(h, |f| f.text("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"))
        }),
        case("NIR-S205", INVALID, "the Timestamp is not signed", |h| signed(h, |f| f.replace_nth("Reference", 1, ""))),
        case("NIR-S205", INVALID, "the Body is not signed", |h| signed(h, |f| f.replace_nth("Reference", 0, ""))),
        case("NIR-S206", ALGORITHM, "XPath", |h| {
            signed(h, |f| {
                f.text(
                    "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">",
                    "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">",
                )
            })
        }),
        case("NIR-S207", "wsu:MessageExpired", "ten minutes past", |h| {
            let at = |minutes| written(now() + TimeDelta::minutes(minutes));
            signed(h, |f| f.replace("Timestamp", &timestamp("ts", &at(-15), &at(-10))))
        }),
        case("NIR-S210", TOKEN, "a certificate that ran out", |_| by("hostile/expired")),
        case("NIR-S211", TOKEN, "a certificate of tomorrow", |h| {
            issued(h, "tomorrow", |params| params.not_before = rcgen::date_time_ymd(2045, 1, 1))
        }),
        case("NIR-S212", TOKEN, "a revoked certificate", |_| by("hostile/revoked")),
        case("NIR-S213", TOKEN, "another CA's certificate", |_| by("hostile/wrong-ca")),
        case("NIR-S214", TOKEN, "a certificate without a number", |_| by("hostile/no-orgnr")),
        case("NIR-S215", TOKEN, "a certificate with two numbers", |_| by("hostile/conflict")),
        case("NIR-S216", TOKEN, "a certificate for something else", |_| by("hostile/wrong-usage")),
        case("NIR-A401", "soap:Client", "an organization that nobody registered", |h| {
            by(&Authority::of(&h.sandbox).issue("unknown", params(UNKNOWN)))
        }),
    ]
}

pub const WRONG_ENVIRONMENT: &str = "NIR-S217";
pub const UNKNOWN_REVOCATION: &str = "NIR-S218";

/// A node with anchors of both environments tells a certificate of the other one; one without a revocation list tells
/// nobody anything but that.
#[test]
fn codes_that_the_configuration_brings() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(DnType::CommonName, "TEST Produksjon CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(certs.join("production.pem"), ca.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(ca, key);
    let own = KeyPair::generate().unwrap();
    let certificate = params(VENDOR).signed_by(&own, &issuer).unwrap();
    std::fs::write(certs.join("other.pem"), certificate.pem()).unwrap();
    std::fs::write(certs.join("other.key"), own.serialize_pem()).unwrap();
    let file = |name: &str| certs.join(name).display().to_string();
    let anchors = format!(
        "[{{file=\"{}\", environment=\"test\"}}, {{file=\"{}\", environment=\"production\"}}]",
        file("ca.pem"),
        file("production.pem")
    );
    let node = installation.serve(&[("TRUST__ANCHORS", &anchors)]);
    let answer = Client::with(&node, Some("vendor"), "other").call(&ping());
    told(&node_client(&node), &answer, WRONG_ENVIRONMENT, TOKEN);
    assert_eq!(Client::new(&node, "vendor").call(&ping()).status, 200);
    drop(node);
    let node = installation.serve(&[("TRUST__CRLS", "[]")]);
    let answer = Client::new(&node, "vendor").call(&ping());
    told(&node_client(&node), &answer, UNKNOWN_REVOCATION, "soap:Server");
}

fn node_client(node: &crate::node::Node) -> Client<'_> {
    Client::new(node, "vendor")
}

fn told(client: &Client<'_>, answer: &Answer, code: &str, faultcode: &str) {
    assert_eq!((answer.status, answer.codes()), (500, vec![code.to_owned()]), "{answer}");
    assert_eq!(answer.text("faultcode").as_deref(), Some(faultcode));
    assert!(client.verifies(answer), "TLS knows the vendor: {answer}");
    let feil = check::all(answer);
    assert_eq!(check::texts(&feil[0]), Ok(()));
}

/// At most ten Faults a second are signed for a party of whom nothing but TLS is known (design.md 17, Faults).
#[test]
fn a_flood_of_faults_is_not_signed() {
    let house = crate::codes::house::house();
    let _turn = house.turn();
    let vendor = house.client("vendor2");
    let unsigned = Forge::draft(&vendor.signer, &ping()).replace("Signature", "").xml;
    let begun = now().timestamp();
    let mut signed = 0;
    let first_unsigned = (1..2_000).find(|_| {
        let answer = vendor.send(&unsigned);
        assert_eq!(answer.codes(), ["NIR-S201"], "{answer}");
        let is_signed = answer.verified(&house.sandbox);
        signed += i64::from(is_signed);
        !is_signed
    });
    let seconds = now().timestamp() - begun + 1;
    assert!(first_unsigned.is_some(), "2,000 Faults in {seconds} s were all signed");
    assert!(signed >= 10 && signed <= 10 * seconds, "{signed} signed Faults in {seconds} seconds");
    // A party that has signed is answered signed whatever it asks, and others are not made to suffer.
    house.client("vendor2").fault("<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>", "NIR-T105");
    house.client("kommune").accepted(&ping());
}
