//! The keys that verify, and messages that were really signed: the vectors of other tools, and what we seal. Private
//! keys live only as long as the process.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use nir_wsdl::certificate::Certificate;
use nir_wsdl::differential::open_and_verify;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::fault::{Fault, FaultCode, body};
use nir_wsdl::key::VerifyKey;
use nir_wsdl::seal::{Signer, seal};
use nir_wsdl::verify::Verified;

/// The certificates of the vectors, and of the sealed seeds.
const CERTIFICATES: &[&str] = &[
    include_str!("../../vectors/test-rsa.pem"),
    include_str!("../../vectors/test-p256.pem"),
    include_str!("../../vectors/test-p384.pem"),
    include_str!("../certificates/sealed.pem"),
];

/// One of each shape that the tools write.
const VECTORS: &[&str] = &[
    include_str!("../../vectors/wss4j-soap11-rsa-bst.xml"),
    include_str!("../../vectors/wss4j-soap12-p256-issuer-serial.xml"),
    include_str!("../../vectors/zeep-soap11-rsa-binary.xml"),
    include_str!("../../vectors/zeep-soap12-p256-signature.xml"),
    include_str!("../../vectors/node-soap-soap11-plain-id.xml"),
    include_str!("../../vectors/node-soap-soap11-wsu-id.xml"),
    include_str!("../../vectors/xmlsec1-p256-sha256.xml"),
    include_str!("../../vectors/xmlsec1-p384-sha384.xml"),
];

/// The payload of what we seal.
pub const PING: &str = "<ping xmlns=\"urn:no:nir:melding:v1\"><forespoersel><kontraktversjon>1.0</kontraktversjon>\
                        <avsendersystem>SYSTEM-1</avsendersystem></forespoersel></ping>";

/// A message that verifies, and with what.
pub struct Signed {
    /// The message.
    pub text: String,
    /// The key that it verifies by.
    pub key: VerifyKey,
    /// What it says.
    pub verified: Verified,
}

impl Signed {
    fn new(text: String, keys: &[VerifyKey]) -> Self {
        let found =
            keys.iter().find_map(|key| open_and_verify(text.as_bytes(), key).ok().map(|verified| (key, verified)));
        let (key, verified) = found.unwrap_or_else(|| panic!("nobody verifies {text}"));
        Signed { key: key.clone(), verified, text }
    }
}

/// The certificates by which what is fed in may verify.
pub fn certificates() -> &'static [Certificate] {
    static ALL: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
        CERTIFICATES.iter().flat_map(|pem| Certificate::from_pem(pem.as_bytes()).expect("a certificate")).collect()
    });
    &ALL
}

/// Their keys.
pub fn keys() -> &'static [VerifyKey] {
    static ALL: LazyLock<Vec<VerifyKey>> = LazyLock::new(|| {
        certificates().iter().map(|certificate| certificate.verify_key().expect("a key of the profile")).collect()
    });
    &ALL
}

/// Messages to be bent.
pub fn signed() -> &'static [Signed] {
    static ALL: LazyLock<Vec<Signed>> = LazyLock::new(|| {
        let vectors = VECTORS.iter().map(|text| Signed::new((*text).to_owned(), keys()));
        let (signer, certificate) = identity();
        let key = [certificate.verify_key().expect("a key of the profile")];
        let sealed = sealed(&signer).into_iter().map(|text| Signed::new(text, &key));
        vectors.chain(sealed).collect()
    });
    &ALL
}

/// What we send: an answer, a Fault with its PrefixList, and a request.
pub fn sealed(signer: &Signer) -> Vec<String> {
    let created: DateTime<Utc> = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let fault = Fault {
        code: FaultCode::FailedCheck,
        reason_nb: "Signaturen er ugyldig & <æøå>".into(),
        reason_en: "The signature is invalid".into(),
        detail: b"<nirFeil xmlns=\"urn:no:nir:melding:v1\"></nirFeil>".to_vec(),
    };
    let seal = |soap, body: &[u8], relates: Option<&str>, action: Option<&str>| {
        String::from_utf8(seal(soap, body, Some(signer), created, relates, action).bytes).expect("UTF-8")
    };
    vec![
        seal(SoapVersion::V11, PING.as_bytes(), Some("urn:uuid:a&b"), None),
        seal(SoapVersion::V12, &body(SoapVersion::V12, &fault), None, None),
        seal(SoapVersion::V12, PING.as_bytes(), None, Some("urn:no:nir:fagsystem:v1/ping")),
    ]
}

/// A key that nobody had before, and its certificate.
pub fn identity() -> (Signer, Certificate) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(rcgen::DnType::CommonName, "TEST");
    let certificate = params.self_signed(&key).expect("a certificate");
    let signer = Signer::from_pem(&key.serialize_pem(), &certificate.pem()).expect("a signer");
    (signer, Certificate::from_der(certificate.der()).expect("a certificate"))
}

/// A party that signs whatever it likes: raw P-256 signatures, and the key that verifies them.
pub struct Party {
    pair: EcdsaKeyPair,
    /// The public one.
    pub key: VerifyKey,
}

/// The one there is.
pub fn party() -> &'static Party {
    static PARTY: LazyLock<Party> = LazyLock::new(|| {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key");
        Party { key: VerifyKey::from_spki(spki.as_ref()).expect("a key of the profile"), pair }
    });
    &PARTY
}

impl Party {
    /// r‖s, as XML Signature wants it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
    }
}
