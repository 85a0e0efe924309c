//! Certificates: who they name (SEID v1 and v2, domain.md 14), what they may be used for, and whether they hold.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::key::VerifyKey;
use crate::refusal::{FaultCode, Refusal};
use crate::token::KeyReference;

pub mod trust;
pub use trust::{Anchor, Environment, Trust};

/// Largest certificate that is read.
const MAX_DER: usize = 16 * 1024;
/// organizationIdentifier, SEID v2 (ETSI EN 319 412-1 §5.1.4).
const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
/// serialNumber, SEID v1.
const SERIAL_NUMBER: &str = "2.5.4.5";

/// A parsed certificate: only what is used of it.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    spki: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    issuer_values: Vec<String>,
    serial: String,
    raw_serial: Vec<u8>,
    orgnr_v2: Vec<String>,
    orgnr_v1: Vec<String>,
    key_identifier: Option<Vec<u8>>,
    may_sign: bool,
    is_ca: bool,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

fn token(code: &'static str, log: impl Into<String>) -> Refusal {
    Refusal::new(code, FaultCode::InvalidSecurityToken, log)
}

impl Certificate {
    /// Parses DER. Malformed and oversized ones are refused as untrusted: they say nothing about anybody.
    pub fn from_der(der: &[u8]) -> Result<Self, Refusal> {
        if der.len() > MAX_DER {
            return Err(token("NIR-S213", "a certificate of more than 16 KiB"));
        }
        let malformed = |what: &str| token("NIR-S213", format!("a malformed certificate: {what}"));
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| malformed("DER"))?;
        if !rest.is_empty() {
            return Err(malformed("bytes after it"));
        }
        let time = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or_else(|| malformed("validity"));
        let subject = |oid: &str| -> Vec<String> {
            let attributes = parsed.subject().iter_attributes().filter(|a| a.attr_type().to_id_string() == oid);
            attributes.filter_map(|a| a.as_str().ok().map(str::to_owned)).collect()
        };
        let usage = parsed.key_usage().map_err(|_| malformed("key usage"))?;
        let constraints = parsed.basic_constraints().map_err(|_| malformed("basic constraints"))?;
        let key_identifier = parsed.iter_extensions().find_map(|extension| match extension.parsed_extension() {
            x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        });
        Ok(Certificate {
            der: der.to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            issuer_values: name_values(parsed.issuer()),
            serial: parsed.serial.to_string(),
            raw_serial: parsed.raw_serial().to_vec(),
            orgnr_v2: subject(ORGANIZATION_IDENTIFIER),
            orgnr_v1: subject(SERIAL_NUMBER),
            key_identifier,
            // No key usage at all means no restriction (RFC 5280 §4.2.1.3).
            may_sign: usage.is_none_or(|usage| usage.value.digital_signature()),
            is_ca: constraints.is_some_and(|c| c.value.ca),
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
        })
    }

    /// The organization it names: SEID v2 before v1; two that differ are refused, and the check digit must hold.
    pub fn orgnr(&self) -> Result<String, Refusal> {
        let nine = |text: &str| text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit());
        let v2 = self.orgnr_v2.iter().filter_map(|text| text.strip_prefix("NTRNO-"));
        let mut all: Vec<&str> = v2.chain(self.orgnr_v1.iter().map(String::as_str)).filter(|text| nine(text)).collect();
        all.sort_unstable();
        all.dedup();
        match all[..] {
            [one] if check_digit_holds(one) => Ok(one.to_owned()),
            [_] => Err(token("NIR-S214", "the organization number's check digit does not hold")),
            [] => Err(token("NIR-S214", "no organization number")),
            _ => Err(token("NIR-S215", "two organization numbers")),
        }
    }

    /// Its public key.
    pub fn verify_key(&self) -> Result<VerifyKey, Refusal> {
        VerifyKey::from_spki(&self.spki).map_err(|_| {
            Refusal::new("NIR-S204", FaultCode::UnsupportedAlgorithm, "the key's kind or size").with("algorithm", "key")
        })
    }

    /// SHA-256 over DER.
    pub fn thumbprint_sha256(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.der).as_ref());
        out
    }

    /// DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Last moment of validity.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// Whether the reference of a message means this certificate.
    pub fn matches(&self, reference: &KeyReference) -> bool {
        match reference {
            KeyReference::Token(der) | KeyReference::X509v3(der) => *der == self.der,
            KeyReference::IssuerSerial { issuer, serial, .. } => {
                *serial == self.serial && same_values(&string_values(issuer), &self.issuer_values)
            }
            KeyReference::SubjectKeyIdentifier(id) => self.key_identifier.as_ref() == Some(id),
            KeyReference::ThumbprintSha1(thumbprint) => {
                let sha1 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der);
                thumbprint.as_slice() == sha1.as_ref()
            }
        }
    }
}

/// Modulus 11 with weights 3 2 7 6 5 4 3 2 (domain.md 3.4).
fn check_digit_holds(orgnr: &str) -> bool {
    let digits: Vec<u32> = orgnr.bytes().map(|b| u32::from(b - b'0')).collect();
    let sum: u32 = [3, 2, 7, 6, 5, 4, 3, 2].iter().zip(&digits).map(|(w, d)| w * d).sum();
    digits.get(8).is_some_and(|check| (sum + check) % 11 == 0)
}

fn name_values(name: &x509_parser::x509::X509Name<'_>) -> Vec<String> {
    name.iter_attributes().filter_map(|a| a.as_str().ok()).map(normal).collect()
}

/// Values of a distinguished name as stacks write it (RFC 4514): the types' names differ between stacks, the values
/// do not, and the serial number has been compared before. Unknown types come as `#` and hexadecimal DER.
fn string_values(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    let mut quoted = false;
    for c in name.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' | '+' if !quoted => parts.push(String::new()),
            c => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
        .iter()
        .filter_map(|part| part.split_once('='))
        .map(|(_, value)| {
            let value = value.trim();
            let der = value.strip_prefix('#').and_then(|text| hex::decode(text).ok());
            // Tag and one length byte stand before the text of a short string.
            der.and_then(|der| String::from_utf8(der.get(2..)?.to_vec()).ok()).map_or_else(|| normal(value), |text| normal(&text))
        })
        .collect()
}

fn normal(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn same_values(a: &[String], b: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    !a.is_empty() && sorted(a) == sorted(b)
}

/// A certificate from the registry's base64.
pub fn from_base64(text: &str) -> Result<Certificate, Refusal> {
    let der = STANDARD.decode(text).map_err(|_| token("NIR-S213", "a registered certificate is no base64"))?;
    Certificate::from_der(&der)
}
