//! Signing: envelopes written in canonical form by construction, so that no canonicalization pass is needed
//! (design.md 5). The same for answers and, in a client's role, for requests.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::algorithm::{ECDSA_SHA256, EXC_C14N, RSA_SHA256, SHA256, SignatureMethod};
use crate::c14n::escape_text;
use crate::certificate::Certificate;
use crate::envelope::SoapVersion;
use crate::names::{BASE64, DS, WSA_2005, WSSE, WSU, X509V3};

/// How long what we sign is valid.
const LIFE: Duration = Duration::minutes(5);

/// What is signed once, to see whether key and certificate belong together.
const PROBE: &[u8] = b"nir";

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// A private key and its certificate.
pub struct Signer {
    pair: Pair,
    certificate: Vec<u8>,
    token: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

/// The PEM text is no key or certificate that can sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Not PKCS#8, or neither RSA nor P-256.
    #[error("the key is no PKCS#8 PEM of an RSA or P-256 key")]
    Key,
    /// Not a certificate.
    #[error("the certificate is no PEM certificate")]
    Certificate,
    /// The certificate is another key's.
    #[error("the certificate does not belong to the key")]
    Mismatch,
}

/// A sealed envelope.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The envelope.
    pub bytes: Vec<u8>,
    /// SignatureValue; empty when unsigned.
    pub signature_value: Vec<u8>,
}

impl Signer {
    /// From PKCS#8 and certificate, both PEM. RSA signs RSA-SHA256, P-256 signs ECDSA-SHA256.
    pub fn from_pem(key_pem: &str, certificate_pem: &str) -> Result<Self, SignerError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| SignerError::Key)?;
        let key = key.secret_pkcs8_der();
        let pair = RsaKeyPair::from_pkcs8(key)
            .map(Pair::Rsa)
            .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key).map(Pair::P256))
            .map_err(|_| SignerError::Key)?;
        let certificate =
            CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|_| SignerError::Certificate)?;
        let signer = Signer { pair, token: STANDARD.encode(&certificate), certificate: certificate.to_vec() };
        // Nobody could verify what a key signs under another's certificate; found out here, not by the receivers.
        let key = Certificate::from_der(&certificate).and_then(|certificate| certificate.verify_key());
        let key = key.map_err(|_| SignerError::Certificate)?;
        let method = match signer.pair {
            Pair::Rsa(_) => SignatureMethod::RsaSha256,
            Pair::P256(_) => SignatureMethod::EcdsaSha256,
        };
        if key.verifies(method, PROBE, &signer.sign(PROBE)) { Ok(signer) } else { Err(SignerError::Mismatch) }
    }

    /// The certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn method(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => RSA_SHA256,
            Pair::P256(_) => ECDSA_SHA256,
        }
    }

    /// The signature of these bytes; empty only when the random source failed.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut value = vec![0; pair.public_modulus_len()];
                // It fails only for a buffer of the wrong length, and this one has the right one.
                if pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut value).is_err() {
                    value.clear();
                }
                value
            }
            Pair::P256(pair) => pair.sign(&random, message).map(|value| value.as_ref().to_vec()).unwrap_or_default(),
        }
    }
}

/// Writes the envelope around the canonical Body child, and signs Body and Timestamp (and RelatesTo where present).
pub fn seal(
    soap: SoapVersion,
    body_child: &[u8],
    signer: Option<&Signer>,
    created: DateTime<Utc>,
    relates_to: Option<&str>,
    action: Option<&str>,
) -> Sealed {
    let ns = soap.namespace();
    let mut body = Vec::with_capacity(body_child.len() + 256);
    // A Fault's code is a QName in text: its prefix stays in scope only by the PrefixList (XML-EXC-C14N §1.3).
    let fault = body_child.starts_with(b"<soap:Fault");
    let wsse = if fault { format!(" xmlns:wsse=\"{WSSE}\"") } else { String::new() };
    body.extend_from_slice(
        format!("<soap:Body xmlns:soap=\"{ns}\"{wsse} xmlns:wsu=\"{WSU}\" wsu:Id=\"body\">").as_bytes(),
    );
    body.extend_from_slice(body_child);
    body.extend_from_slice(b"</soap:Body>");
    let mut out = Vec::with_capacity(body.len() + 6 * 1024);
    let Some(signer) = signer else {
        out.extend_from_slice(format!("<soap:Envelope xmlns:soap=\"{ns}\">").as_bytes());
        out.extend_from_slice(&body);
        out.extend_from_slice(b"</soap:Envelope>");
        return Sealed { bytes: out, signature_value: Vec::new() };
    };
    let timestamp = format!(
        "<wsu:Timestamp xmlns:wsu=\"{WSU}\" wsu:Id=\"ts\"><wsu:Created>{}</wsu:Created><wsu:Expires>{}</wsu:Expires></wsu:Timestamp>",
        created.to_rfc3339_opts(SecondsFormat::Millis, true),
        (created + LIFE).to_rfc3339_opts(SecondsFormat::Millis, true)
    );
    let relates = relates_to.map(|id| {
        let mut text = Vec::new();
        escape_text(id, &mut text);
        let id = String::from_utf8_lossy(&text);
        format!("<wsa:RelatesTo xmlns:wsa=\"{WSA_2005}\" xmlns:wsu=\"{WSU}\" wsu:Id=\"rel\">{id}</wsa:RelatesTo>")
    });
    let mut info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>",
        signer.method()
    );
    reference(&mut info, "body", &body, fault);
    reference(&mut info, "ts", timestamp.as_bytes(), false);
    if let Some(relates) = &relates {
        reference(&mut info, "rel", relates.as_bytes(), false);
    }
    info.push_str("</ds:SignedInfo>");
    let value = signer.sign(info.as_bytes());
    let action = action
        .map(|action| {
            let mut text = Vec::new();
            escape_text(action, &mut text);
            format!("<wsa:Action xmlns:wsa=\"{WSA_2005}\">{}</wsa:Action>", String::from_utf8_lossy(&text))
        })
        .unwrap_or_default();
    out.extend_from_slice(
        format!(
            "<soap:Envelope xmlns:soap=\"{ns}\"><soap:Header>{action}{}<wsse:Security xmlns:wsse=\"{WSSE}\" soap:mustUnderstand=\"{}\">\
             <wsse:BinarySecurityToken xmlns:wsu=\"{WSU}\" EncodingType=\"{BASE64}\" ValueType=\"{X509V3}\" wsu:Id=\"bst\">{}\
             </wsse:BinarySecurityToken>{timestamp}<ds:Signature xmlns:ds=\"{DS}\">{info}<ds:SignatureValue>{}</ds:SignatureValue>\
             <ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI=\"#bst\" ValueType=\"{X509V3}\"></wsse:Reference>\
             </wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security></soap:Header>",
            relates.as_deref().unwrap_or_default(),
            if soap == SoapVersion::V11 { "1" } else { "true" },
            signer.token,
            STANDARD.encode(&value)
        )
        .as_bytes(),
    );
    out.extend_from_slice(&body);
    out.extend_from_slice(b"</soap:Envelope>");
    Sealed { bytes: out, signature_value: value }
}

fn reference(info: &mut String, id: &str, bytes: &[u8], keep_wsse: bool) {
    let inclusive = if keep_wsse {
        format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"wsse\"></ec:InclusiveNamespaces>")
    } else {
        String::new()
    };
    let digest = STANDARD.encode(digest::digest(&digest::SHA256, bytes));
    info.push_str(&format!(
        "<ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{EXC_C14N}\">{inclusive}</ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    ));
}
