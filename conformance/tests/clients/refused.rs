//! What was changed on the way, or signed by another, is not believed; what is signed as it must not be is refused
//! with the cure.

use chrono::{DateTime, Utc};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{Signer, seal};
use serde_json::json;

use crate::foreign::{ALL, Client, Library, Outcome};
use crate::messages::{now, ping, read, text};
use crate::proxy::Proxy;
use crate::sandbox::{Sandbox, shared};

/// What somebody on the way may do to an answer or a Fault.
const TAMPERINGS: [(&str, Tampering); 8] = [
    ("a byte of the Body", |xml| flip_after(xml, "urn:no:nir:melding:v1\">")),
    ("a byte of the Timestamp", |xml| xml.replacen("<wsu:Created>2", "<wsu:Created>3", 1)),
    ("a byte of a digest", |xml| flip_after(xml, "<ds:DigestValue>")),
    ("a byte of the signature", |xml| flip_after(xml, "<ds:SignatureValue>")),
    ("the signature taken out", |xml| without(xml, "<ds:Signature ", "</ds:Signature>")),
    ("the security header taken out", |xml| without(xml, "<wsse:Security ", "</wsse:Security>")),
    ("another Body in its place, the signed one in a header", |xml| wrapped(xml, "wsu:Id=\"other\"")),
    ("another Body in its place, with the same Id", |xml| wrapped(xml, "wsu:Id=\"body\"")),
];

type Tampering = fn(&str) -> String;

#[test]
fn an_answer_or_a_fault_changed_on_the_way_is_not_believed() {
    let proxy = Proxy::start(shared());
    let by_another = signer(shared(), "vendor");
    for (library, soap) in ALL {
        proxy.change_answers(Box::new(str::to_owned));
        let mut client = Client::with(shared(), library, soap, &["--wsdl", &proxy.wsdl()]);
        let now = now(&mut client);
        let answer = proxy.came();
        let unknown = read(&client.fresh_id(), &now, &json!({"dufNummer": "202400000703"}));
        assert_eq!(client.fault("hentPerson", &unknown)["kode"], "NIR-X309", "{library:?} {soap}");
        let fault = proxy.came();
        for came in [answer, fault] {
            let mut comes_back = |envelope: String| {
                proxy.change_answers(Box::new(move |_| envelope.clone()));
                client.call("ping", &ping())
            };
            // Given back as it came it is believed: what follows is not refused for anything else.
            let outcome = comes_back(came.clone());
            assert!(!matches!(outcome, Outcome::Unverified), "{library:?} {soap}: {outcome:?}");
            let resealed = resealed(&came, &by_another, now.parse().unwrap());
            let changed = TAMPERINGS.map(|(what, change)| (what, change(&came)));
            for (what, changed) in changed.into_iter().chain([("sealed by another", resealed)]) {
                assert_ne!(changed, came, "{what}");
                let outcome = comes_back(changed);
                assert!(matches!(outcome, Outcome::Unverified), "{library:?} {soap}, {what}: {outcome:?}");
            }
        }
    }
}

#[test]
fn a_request_changed_on_the_way_is_refused() {
    let proxy = Proxy::start(shared());
    proxy.change_requests(Box::new(|xml| xml.replacen(">1.0</", ">1.1</", 1)));
    for (library, soap) in ALL {
        let mut client = Client::with(shared(), library, soap, &["--wsdl", &proxy.wsdl()]);
        let feil = client.fault("ping", &ping());
        assert_eq!(feil["kode"], "NIR-S202", "{library:?} {soap}");
    }
}

#[test]
fn the_default_of_zeep_is_refused_with_the_options_to_set() {
    let mut client = Client::with(shared(), Library::Zeep, "1.1", &["--library-defaults"]);
    let feil = client.fault("ping", &ping());
    assert_eq!(feil["kode"], "NIR-S204");
    for words in ["zeep", "signature_method=", "TransformRsaSha256", "digest_method=", "TransformSha256"] {
        assert!(text(&feil["loesning"]).contains(words), "{words}: {feil}");
    }
    assert!(text(&feil["melding"]).contains("rsa-sha1") && text(&feil["meldingEn"]).contains("rsa-sha1"), "{feil}");
}

/// Another letter or digit where the first one after these words stands.
fn flip_after(xml: &str, words: &str) -> String {
    let (before, after) = xml.split_once(words).unwrap_or_else(|| panic!("no {words} in {xml}"));
    // Past the names of elements, which would make it another kind of error: in their first text.
    let at = if words.ends_with("Value>") { 0 } else { first_text(after) };
    let other = if after.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    format!("{before}{words}{}{other}{}", &after[..at], &after[at + 1..])
}

fn first_text(xml: &str) -> usize {
    let starts = xml.match_indices('>').map(|(at, _)| at + 1);
    starts.into_iter().find(|at| xml[*at..].starts_with(|c: char| c.is_ascii_alphanumeric())).unwrap()
}

fn without(xml: &str, from: &str, to: &str) -> String {
    let (start, end) = (xml.find(from).unwrap(), xml.find(to).unwrap() + to.len());
    format!("{}{}", &xml[..start], &xml[end..])
}

/// The signed Body goes into a header of its own; the one in its place says something else.
fn wrapped(xml: &str, id: &str) -> String {
    let (start, end) = (xml.find("<soap:Body").unwrap(), xml.find("</soap:Envelope>").unwrap());
    let signed = &xml[start..end];
    let forged = flip_after(&signed.replacen("wsu:Id=\"body\"", id, 1), "urn:no:nir:melding:v1\">");
    let hidden = format!("<hidden xmlns=\"urn:x\">{signed}</hidden></soap:Header>{forged}</soap:Envelope>");
    format!("{}{hidden}", xml[..start].replacen("</soap:Header>", "", 1))
}

/// A good signature by a party that the sandbox's CA vouches for, but that is not the gateway.
fn resealed(xml: &str, signer: &Signer, created: DateTime<Utc>) -> String {
    let document = roxmltree::Document::parse(xml).unwrap();
    let body = document.root_element().last_element_child().unwrap();
    let child = &xml[body.first_element_child().unwrap().range()];
    let soap = if xml.contains("2003/05/soap-envelope") { SoapVersion::V12 } else { SoapVersion::V11 };
    String::from_utf8(seal(soap, child.as_bytes(), Some(signer), created, None, None).bytes).unwrap()
}

fn signer(sandbox: &Sandbox, name: &str) -> Signer {
    let read = |ending: &str| sandbox.read(&format!("certs/{name}.{ending}"));
    Signer::from_pem(&read("key"), &read("pem")).unwrap()
}
