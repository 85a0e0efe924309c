//! Certificates of senders: what one says, and whether it is trusted.
//!
//! Reading order: this file (one certificate), `certificate/name.rs` (the organisation number), then
//! `certificate/trust.rs` (whom we trust), `certificate/chain.rs`, `certificate/crl.rs`.

mod chain;
mod crl;
mod extensions;
mod name;
mod problem;
mod trust;

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use x509_parser::prelude::{FromDer as _, X509Certificate};

pub use crl::CrlStatus;
pub use trust::{Anchor, Environment, Revocation, RevocationState, Trust, TrustError, TrustSettings};

use crate::key::{UnsupportedKey, VerifyKey};
use crate::refusal::Refusal;
use crate::token::KeyReference;
use extensions::Extensions;
use name::Name;
use problem::Problem;

/// Largest certificate; real ones are below 3 KB (threats.md 26).
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;
/// Longest serial number: 20 octets, and one for the sign (RFC 5280 §4.1.2.2).
const MAX_SERIAL_BYTES: usize = 21;

/// One certificate, read once.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    thumbprint_sha256: [u8; 32],
    thumbprint_sha1: [u8; 20],
    subject: Name,
    subject_der: Vec<u8>,
    issuer: Name,
    issuer_der: Vec<u8>,
    /// Big-endian without leading zeros, as revocation lists are compared.
    serial: Vec<u8>,
    serial_decimal: String,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    spki: Vec<u8>,
    key: Result<VerifyKey, UnsupportedKey>,
    extensions: Extensions,
}

impl Certificate {
    /// Reads one DER certificate; nothing is trusted yet. What cannot be read chains to nobody: S213.
    pub fn from_der(der: &[u8]) -> Result<Self, Refusal> {
        Ok(Self::read(der)?)
    }

    fn read(der: &[u8]) -> Result<Self, Problem> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(Problem::Unreadable("it is too large"));
        }
        let parsed = parse(der)?;
        let tbs = &parsed.tbs_certificate;
        if !is_framed_in_der(der, &parsed) {
            return Err(Problem::Unreadable("what its signature does not cover is not DER"));
        }
        if tbs.signature != parsed.signature_algorithm {
            return Err(Problem::Unreadable("it names two signature algorithms (RFC 5280 §4.1.1.2)"));
        }
        if tbs.raw_serial().len() > MAX_SERIAL_BYTES {
            return Err(Problem::Unreadable("its serial number is too long"));
        }
        let mut thumbprint_sha256 = [0; 32];
        thumbprint_sha256.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        let mut thumbprint_sha1 = [0; 20];
        thumbprint_sha1.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref());
        Ok(Certificate {
            der: der.to_vec(),
            thumbprint_sha256,
            thumbprint_sha1,
            subject: Name::read(&tbs.subject),
            subject_der: tbs.subject.as_raw().to_vec(),
            issuer: Name::read(&tbs.issuer),
            issuer_der: tbs.issuer.as_raw().to_vec(),
            serial: without_leading_zeros(tbs.raw_serial()).to_vec(),
            serial_decimal: tbs.serial.to_string(),
            not_before: time(tbs.validity.not_before.timestamp())?,
            not_after: time(tbs.validity.not_after.timestamp())?,
            spki: tbs.subject_pki.raw.to_vec(),
            key: VerifyKey::from_spki(tbs.subject_pki.raw),
            extensions: Extensions::read(tbs)?,
        })
    }

    /// All certificates of a PEM text, in order; other PEM blocks are passed over.
    pub fn from_pem(pem: &[u8]) -> Result<Vec<Self>, Refusal> {
        let mut found = Vec::new();
        for block in x509_parser::pem::Pem::iter_from_buffer(pem) {
            let block = block.map_err(|_| Problem::Unreadable("the PEM text is broken"))?;
            if block.label == "CERTIFICATE" {
                found.push(Certificate::from_der(&block.contents)?);
            }
        }
        Ok(found)
    }

    /// Its bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The organisation it names: SEID v2, then SEID v1; check digit tested (domain.md 14).
    pub fn orgnr(&self) -> Result<String, Refusal> {
        Ok(self.subject.orgnr()?)
    }

    /// Its key, where it is of a kind that may verify.
    pub fn verify_key(&self) -> Result<VerifyKey, Refusal> {
        Ok(self.key.clone().map_err(Problem::from)?)
    }

    /// SHA-256 of its bytes: its name in the register and in logs.
    pub fn thumbprint_sha256(&self) -> [u8; 32] {
        self.thumbprint_sha256
    }

    /// SHA-1 of its bytes: what ThumbprintSHA1 refers by, never a proof of anything.
    pub fn thumbprint_sha1(&self) -> [u8; 20] {
        self.thumbprint_sha1
    }

    /// Its SubjectKeyIdentifier, where it has one.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.subject_key_identifier.as_deref()
    }

    /// Serial number, decimal, as X509SerialNumber writes it.
    pub fn serial_decimal(&self) -> &str {
        &self.serial_decimal
    }

    /// First moment of validity.
    pub fn not_before(&self) -> DateTime<Utc> {
        self.not_before
    }

    /// Last moment of validity.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// Whether a key reference of a message means this certificate. A reference proves nothing: the signature
    /// must still verify with this certificate's key.
    pub fn matches(&self, reference: &KeyReference) -> bool {
        match reference {
            KeyReference::Token(der) | KeyReference::X509v3(der) => *der == self.der,
            KeyReference::IssuerSerial { issuer, serial, certificate } => {
                certificate.as_ref().is_none_or(|der| *der == self.der)
                    && serial.trim().trim_start_matches('0') == self.serial_decimal.trim_start_matches('0')
                    && self.issuer.is_written(issuer)
            }
            KeyReference::SubjectKeyIdentifier(identifier) => {
                self.subject_key_identifier().is_some_and(|own| own == identifier.as_slice())
            }
            KeyReference::ThumbprintSha1(thumbprint) => thumbprint.as_slice() == self.thumbprint_sha1.as_slice(),
        }
    }

    fn check_validity(&self, at: DateTime<Utc>) -> Result<(), Problem> {
        if at < self.not_before {
            return Err(Problem::NotYetValid(self.not_before));
        }
        if at > self.not_after {
            return Err(Problem::Expired(self.not_after));
        }
        Ok(())
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Problem> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(Problem::Unreadable("bytes follow it")),
        Err(_) => Err(Problem::Unreadable("it is no X.509 certificate")),
    }
}

/// Whether the bytes around the signed part are the only ones that DER allows. The issuer's signature does not cover
/// them, so that otherwise anybody could make a second certificate, with another thumbprint, out of a good one. Of an
/// ECDSA signature there is still a second value that holds (n − s for s), so nothing may rest on a thumbprint alone.
fn is_framed_in_der(der: &[u8], parsed: &X509Certificate<'_>) -> bool {
    let signed: &[u8] = parsed.tbs_certificate.as_ref();
    let value = &parsed.signature_value.data;
    let end = [header(0x03, value.len() + 1).as_slice(), &[0], value].concat();
    let outer = (2..=4).map(|own| header(0x30, der.len().saturating_sub(own)));
    let inside = outer.filter_map(|outer| der.strip_prefix(outer.as_slice())).next();
    let algorithm = inside.and_then(|inside| inside.strip_prefix(signed)?.strip_suffix(end.as_slice()));
    // The algorithm stands a second time inside the signed part (RFC 5280 §4.1.2.3).
    algorithm.is_some_and(|algorithm| memchr::memmem::find(signed, algorithm).is_some())
}

/// Tag and length in DER, for contents of less than 64 KiB.
fn header(tag: u8, length: usize) -> Vec<u8> {
    let [.., high, low] = length.to_be_bytes();
    match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    }
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn time(seconds: i64) -> Result<DateTime<Utc>, Problem> {
    DateTime::from_timestamp(seconds, 0).ok_or(Problem::Unreadable("a time is out of range"))
}
