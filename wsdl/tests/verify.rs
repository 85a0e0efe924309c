//! What we seal verifies in both verifiers and in Debian's `xmlsec1`; what was changed does not.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::process::Command;

use nir_wsdl::certificate::Certificate;
use nir_wsdl::client::verify_answer;
use nir_wsdl::envelope::{SoapVersion, open};
use nir_wsdl::fault::{Fault, FaultCode, body};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::seal::{Sealed, Signer, seal};
use nir_wsdl::verify::SecondOpinion;

const PING: &[u8] =
    b"<ping xmlns=\"urn:no:nir:melding:v1\"><forespoersel><kontraktversjon>1.0</kontraktversjon></forespoersel></ping>";

struct Identity {
    signer: Signer,
    pem: String,
}

fn identity(rsa: bool) -> Identity {
    let key = if rsa {
        rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap()
    } else {
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
    };
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "TEST");
    let certificate = params.self_signed(&key).unwrap();
    let pem = certificate.pem();
    Identity { signer: Signer::from_pem(&key.serialize_pem(), &pem).unwrap(), pem }
}

fn created() -> chrono::DateTime<chrono::Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn fault(soap: SoapVersion, code: FaultCode) -> Vec<u8> {
    body(
        soap,
        &Fault {
            code,
            reason_nb: "Signaturen er ugyldig & <æøå>".into(),
            reason_en: "The signature is invalid".into(),
            detail: b"<nirFeil xmlns=\"urn:no:nir:melding:v1\"></nirFeil>".to_vec(),
        },
    )
}

#[test]
fn everything_we_seal_verifies_in_both_verifiers_and_xmlsec1() {
    for rsa in [true, false] {
        let identity = identity(rsa);
        for soap in [SoapVersion::V11, SoapVersion::V12] {
            let codes = [FaultCode::Sender, FaultCode::FailedCheck, FaultCode::MessageExpired];
            let bodies = std::iter::once(PING.to_vec()).chain(codes.map(|code| fault(soap, code)));
            for body in bodies {
                for relates in [None, Some("urn:uuid:a&b")] {
                    let sealed = seal(soap, &body, Some(&identity.signer), created(), relates, None);
                    let text = std::str::from_utf8(&sealed.bytes).unwrap();
                    let opened = open(prefilter(&sealed.bytes, 1 << 20).unwrap()).unwrap();
                    let key = Certificate::from_der(identity.signer.certificate()).unwrap().verify_key().unwrap();
                    opened.verify(&key, SecondOpinion::On).unwrap_or_else(|e| panic!("{e}\n{text}"));
                    verify_answer(&sealed.bytes, identity.signer.certificate()).unwrap();
                    xmlsec1(&sealed, &identity.pem, true);
                    let changed =
                        text.replacen("1.0</kontraktversjon>", "1.1</kontraktversjon>", 1).replacen("æøå", "æøa", 1);
                    if changed != text {
                        let code = verify_answer(changed.as_bytes(), identity.signer.certificate()).unwrap_err().code;
                        assert_eq!(code, "NIR-S202");
                        xmlsec1(&Sealed { bytes: changed.into_bytes(), ..sealed }, &identity.pem, false);
                    }
                }
            }
        }
    }
}

fn xmlsec1(sealed: &Sealed, pem: &str, valid: bool) {
    let dir = tempfile::tempdir().unwrap();
    let (xml, cert) = (dir.path().join("a.xml"), dir.path().join("c.pem"));
    std::fs::write(&xml, &sealed.bytes).unwrap();
    std::fs::write(&cert, pem).unwrap();
    let wsu = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    let soap = if String::from_utf8_lossy(&sealed.bytes).contains("2003/05/soap-envelope") {
        "http://www.w3.org/2003/05/soap-envelope"
    } else {
        "http://schemas.xmlsoap.org/soap/envelope/"
    };
    let output = Command::new("xmlsec1")
        .args(["--verify", "--pubkey-cert-pem"])
        .arg(&cert)
        .args(["--id-attr:Id", &format!("{soap}:Body"), "--id-attr:Id", &format!("{wsu}:Timestamp")])
        .args(["--id-attr:Id", "http://www.w3.org/2005/08/addressing:RelatesTo", "--enabled-key-data", "key-name"])
        .arg(&xml)
        .output()
        .expect("xmlsec1 is not installed: run `scripts/setup test`");
    assert_eq!(
        output.status.success(),
        valid,
        "{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&sealed.bytes)
    );
}

#[test]
fn the_fault_is_canonical_by_construction() {
    let identity = identity(false);
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let sealed = seal(soap, &fault(soap, FaultCode::FailedCheck), Some(&identity.signer), created(), None, None);
        let text = String::from_utf8(sealed.bytes).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let mut elements = document.descendants().filter(|n| n.is_element());
        let (place, fault) = elements.by_ref().enumerate().find(|(_, n)| n.tag_name().name() == "Fault").unwrap();
        let mut canonical = Vec::new();
        nir_wsdl::c14n::canonicalize(fault, &[], &mut canonical);
        let filtered = prefilter(text.as_bytes(), 1 << 20).unwrap();
        let by_libxml2 = nir_wsdl::xmlsec::canonical_by_libxml2(filtered, place, &[]).unwrap();
        assert_eq!(String::from_utf8(canonical).unwrap(), String::from_utf8(by_libxml2).unwrap());
    }
}
