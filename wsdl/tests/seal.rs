//! What we seal verifies in the strict verifier, in the second opinion and in Debian's `xmlsec1`; what was changed
//! does not. Every kind of answer and Fault, both versions of SOAP, both kinds of key, with and without RelatesTo.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::client::verify_answer;
use nir_wsdl::envelope::{SoapVersion, open};
use nir_wsdl::fault::{Fault, FaultCode, body};
use nir_wsdl::names::{SOAP11, SOAP12, WSA_2005, WSSE, WSU};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::refusal::Refusal;
use nir_wsdl::seal::{Signer, SignerError, seal};
use nir_wsdl::service::SERVICES;
use nir_wsdl::verify::{SecondOpinion, Verified};
use nir_wsdl::xmlsec::canonical_by_libxml2;
use roxmltree::Document;

const CODES: &[FaultCode] = &[
    FaultCode::Sender,
    FaultCode::Receiver,
    FaultCode::VersionMismatch,
    FaultCode::MustUnderstand,
    FaultCode::UnsupportedAlgorithm,
    FaultCode::InvalidSecurity,
    FaultCode::InvalidSecurityToken,
    FaultCode::FailedAuthentication,
    FaultCode::FailedCheck,
    FaultCode::SecurityTokenUnavailable,
    FaultCode::MessageExpired,
];
const VERSIONS: [SoapVersion; 2] = [SoapVersion::V11, SoapVersion::V12];

struct Identity {
    signer: Signer,
    key: String,
    pem: String,
}

fn identity(algorithm: &'static rcgen::SignatureAlgorithm) -> Identity {
    let key = if algorithm == &rcgen::PKCS_RSA_SHA256 {
        rcgen::KeyPair::generate_rsa_for(algorithm, rcgen::RsaKeySize::_2048).unwrap()
    } else {
        rcgen::KeyPair::generate_for(algorithm).unwrap()
    };
    let pem = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem();
    let key = key.serialize_pem();
    Identity { signer: Signer::from_pem(&key, &pem).unwrap(), key, pem }
}

fn created() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn fault(soap: SoapVersion, code: FaultCode) -> Vec<u8> {
    let fault = Fault {
        code,
        reason_nb: "Signaturen er ugyldig & <æøå>".into(),
        reason_en: "The signature is \"invalid\"\r\n".into(),
        detail: sample("nirFeil.xml"),
    };
    body(soap, &fault)
}

/// A sample of the contract in canonical form, as the writer makes it.
fn sample(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xsd/samples").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut out = Vec::new();
    canonicalize(Document::parse(&text).unwrap().root_element(), &[], &mut out);
    out
}

fn answers() -> Vec<Vec<u8>> {
    // The answer to sendRegistreringer holds a Kvittering, as hentKvittering's does; its sample has parts in its name.
    let names = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../xsd/samples")).unwrap();
    let names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let of = |answer: &str| {
        let good =
            |name: &&String| name.strip_prefix(answer).is_some_and(|rest| rest == ".xml" || rest.starts_with('-'));
        names.iter().find(good).unwrap_or_else(|| panic!("no sample of {answer}")).clone()
    };
    SERVICES.iter().flat_map(|service| service.operations).map(|operation| sample(&of(operation.answer))).collect()
}

fn both(bytes: &[u8], signer: &Signer) -> Result<Verified, Refusal> {
    let key = Certificate::from_der(signer.certificate())?.verify_key()?;
    let opened = open(prefilter(bytes, 1 << 22)?)?;
    let (alone, both) = (opened.verify(&key, SecondOpinion::Off)?, opened.verify(&key, SecondOpinion::On)?);
    assert_eq!(alone, both);
    Ok(both)
}

#[test]
fn everything_we_seal_verifies_everywhere_and_nothing_that_was_changed_does() {
    for algorithm in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256] {
        let identity = identity(algorithm);
        let signer = &identity.signer;
        for soap in VERSIONS {
            let faults = CODES.iter().map(|code| fault(soap, *code));
            for (number, body) in answers().into_iter().chain(faults).enumerate() {
                let relates = (number % 2 == 0).then_some("urn:uuid:a&b\u{e5}");
                let sealed = seal(soap, &body, Some(signer), created(), relates, None);
                let text = std::str::from_utf8(&sealed.bytes).unwrap();
                let verified = both(&sealed.bytes, signer).unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert_eq!((verified.created, verified.expires), (created(), created() + TimeDelta::minutes(5)));
                if !body.starts_with(b"<soap:Fault") {
                    assert_eq!(verified.body_child, body);
                }
                assert_eq!(verify_answer(&sealed.bytes, signer.certificate()).unwrap(), verified);
                assert_eq!(xmlsec1(&sealed.bytes, &identity.pem), Ok(()), "{text}");
                let changed = changed(text, relates.is_some());
                for text in &changed {
                    assert_eq!(both(text.as_bytes(), signer).unwrap_err().code, "NIR-S202", "{text}");
                    assert_eq!(verify_answer(text.as_bytes(), signer.certificate()).unwrap_err().code, "NIR-S202");
                }
                xmlsec1(changed[0].as_bytes(), &identity.pem).expect_err("xmlsec1 takes what was changed");
            }
        }
    }
}

/// One letter of the Body's text, of the Timestamp, of the signature, and of RelatesTo where there is one.
fn changed(text: &str, relates: bool) -> Vec<String> {
    let body = text.rfind("</soap:Body>").unwrap();
    let child = text[..body].rfind("</").unwrap();
    let mut all = vec![
        format!("{}x{}", &text[..child], &text[child..]),
        text.replacen("12:05:00.000Z", "12:05:00.001Z", 1),
        text.replacen("<ds:SignatureValue>", "<ds:SignatureValue>AAAA", 1),
    ];
    if relates {
        all.push(text.replacen("urn:uuid:a", "urn:uuid:b", 1));
    }
    assert!(all.iter().all(|changed| changed != text));
    all
}

/// Debian's command line, told which attributes are ids, with the certificate's key and no other.
fn xmlsec1(bytes: &[u8], pem: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let (xml, certificate) = (folder.path().join("a.xml"), folder.path().join("c.pem"));
    std::fs::write(&xml, bytes).unwrap();
    std::fs::write(&certificate, pem).unwrap();
    let soap = if String::from_utf8_lossy(bytes).contains(SOAP12) { SOAP12 } else { SOAP11 };
    let mut command = Command::new("xmlsec1");
    command.args(["--verify", "--enabled-key-data", "key-name", "--pubkey-cert-pem"]).arg(&certificate);
    for element in [format!("{soap}:Body"), format!("{WSU}:Timestamp"), format!("{WSA_2005}:RelatesTo")] {
        command.args(["--id-attr:Id", &element]);
    }
    let output = command.arg(&xml).output().expect("xmlsec1 is not installed: run `scripts/setup test`");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// RelatesTo echoes what a stranger wrote; the Action is for a client's requests.
#[test]
fn what_is_echoed_cannot_become_markup() {
    let identity = identity(&rcgen::PKCS_ECDSA_P256_SHA256);
    for soap in VERSIONS {
        for id in ["", " ", "<x/>", "a&b", "]]>", "\"'", "\r\n\t", "\u{1f600}", "</wsa:RelatesTo><evil/>"] {
            let sealed = seal(soap, &sample("ping.xml"), Some(&identity.signer), created(), Some(id), Some(id));
            let verified = both(&sealed.bytes, &identity.signer).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(verified.action.as_deref(), Some(id.trim_matches([' ', '\r', '\n', '\t'])));
            let text = String::from_utf8(sealed.bytes).unwrap();
            let document = Document::parse(&text).unwrap();
            let relates = document.descendants().find(|n| n.has_tag_name((WSA_2005, "RelatesTo"))).unwrap();
            assert_eq!(relates.text().unwrap_or_default(), id);
            assert_eq!(xmlsec1(text.as_bytes(), &identity.pem), Ok(()), "{id}");
        }
    }
}

#[test]
fn an_unsigned_fault_is_the_same_fault_and_is_not_taken_for_signed() {
    let identity = identity(&rcgen::PKCS_ECDSA_P256_SHA256);
    for soap in VERSIONS {
        let body = fault(soap, FaultCode::FailedCheck);
        let sealed = seal(soap, &body, None, created(), Some("urn:uuid:a"), None);
        assert!(sealed.signature_value.is_empty());
        assert_eq!(verify_answer(&sealed.bytes, identity.signer.certificate()).unwrap_err().code, "NIR-S201");
        let text = String::from_utf8(sealed.bytes).unwrap();
        assert!(text.contains(std::str::from_utf8(&body).unwrap()));
        Document::parse(&text).unwrap();
    }
}

#[test]
fn an_answer_of_somebody_else_is_refused() {
    let (own, other) = (identity(&rcgen::PKCS_ECDSA_P256_SHA256), identity(&rcgen::PKCS_ECDSA_P256_SHA256));
    let sealed = seal(SoapVersion::V12, &sample("ping.xml"), Some(&own.signer), created(), None, None);
    assert!(verify_answer(&sealed.bytes, own.signer.certificate()).is_ok());
    // The certificate in the message is not asked: it would say what its sender likes.
    assert_eq!(verify_answer(&sealed.bytes, other.signer.certificate()).unwrap_err().code, "NIR-S202");
    assert_eq!(verify_answer(&sealed.bytes, b"rubbish").unwrap_err().code, "NIR-S213");
}

#[test]
fn keys_that_cannot_sign_are_refused_when_they_are_loaded() {
    let (own, other) = (identity(&rcgen::PKCS_ECDSA_P256_SHA256), identity(&rcgen::PKCS_RSA_SHA256));
    let load = |key: &str, certificate: &str| Signer::from_pem(key, certificate).map(|_| ());
    assert_eq!(load(&own.key, &own.pem), Ok(()));
    assert_eq!(load(&own.key, &other.pem), Err(SignerError::Mismatch));
    assert_eq!(load(&other.key, &own.pem), Err(SignerError::Mismatch));
    assert_eq!(load(&own.pem, &own.pem), Err(SignerError::Key));
    assert_eq!(load("", &own.pem), Err(SignerError::Key));
    assert_eq!(load(&own.key, &own.key), Err(SignerError::Certificate));
    assert_eq!(load(&own.key, ""), Err(SignerError::Certificate));
    for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap().serialize_pem();
        assert_eq!(load(&key, &own.pem), Err(SignerError::Key));
    }
    assert_eq!(format!("{:?}", own.signer), "Signer", "the key never reaches a log");
}

#[test]
fn every_fault_is_canonical_and_its_code_resolves_where_it_stands() {
    let identity = identity(&rcgen::PKCS_ECDSA_P256_SHA256);
    for (soap, code) in VERSIONS.iter().flat_map(|soap| CODES.iter().map(|code| (*soap, *code))) {
        let sealed = seal(soap, &fault(soap, code), Some(&identity.signer), created(), None, None);
        let text = String::from_utf8(sealed.bytes).unwrap();
        let document = Document::parse(&text).unwrap();
        let mut elements = document.descendants().filter(roxmltree::Node::is_element).enumerate();
        let (place, body) = elements.find(|(_, n)| n.tag_name().name() == "Body").unwrap();
        // The Body stands on the wire as its canonical form, so that no pass over it is needed.
        let filtered = prefilter(text.as_bytes(), 1 << 20).unwrap();
        let canonical = canonical_by_libxml2(filtered, place, &["wsse"]).unwrap();
        assert_eq!(&text[body.range()], String::from_utf8(canonical).unwrap());
        // The prefix of the code is in scope where the code stands, in the envelope and after canonicalization.
        let name = if soap == SoapVersion::V11 { "faultcode" } else { "Value" };
        let value = body.descendants().rfind(|n| n.tag_name().name() == name).unwrap();
        let (prefix, local) = value.text().unwrap().split_once(':').unwrap();
        let namespace = value.lookup_namespace_uri(Some(prefix)).unwrap_or_else(|| panic!("{prefix} in {text}"));
        assert!([soap.namespace(), WSSE, WSU].contains(&namespace) && !local.is_empty());
    }
}
