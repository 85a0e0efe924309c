//! The path from a certificate to an anchor (RFC 5280 §6.1, without policies and names).

use chrono::{DateTime, Utc};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

use super::{Certificate, Environment, parse};

/// Most CA certificates above the sender's, the anchor included; real paths have two.
const MAX_PATH: usize = 4;

/// Signature algorithms by which a CA may vouch: RSA PKCS#1 and PSS, ECDSA, each with SHA-256 or longer.
const SIGNATURES: &[&str] = &[
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.113549.1.1.10",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
];

/// A configured CA certificate.
#[derive(Debug, Clone)]
pub(super) struct Authority {
    pub(super) certificate: Certificate,
    /// Its environment when it is an anchor; None for an intermediate.
    pub(super) anchor: Option<Environment>,
}

impl Authority {
    /// Whether it may issue certificates at all; a weak key may not.
    pub(super) fn may_issue(&self) -> bool {
        let extensions = &self.certificate.extensions;
        self.certificate.key.is_ok()
            && extensions.is_ca
            && extensions.key_usage.is_none_or(|usage| usage.certificate_sign)
            && !extensions.not_understood
    }

    /// Whether it may sign CRLs.
    pub(super) fn may_sign_crls(&self) -> bool {
        self.certificate.extensions.key_usage.is_none_or(|usage| usage.crl_sign)
    }

    /// Whether it may stand above `below` further CA certificates at this time.
    fn stands(&self, below: usize, at: DateTime<Utc>) -> bool {
        let room = self.certificate.extensions.path_length.is_none_or(|most| below <= most as usize);
        self.may_issue() && room && self.certificate.check_validity(at).is_ok()
    }
}

/// The authorities above a certificate, the issuer first and the anchor last, as places in `authorities`.
pub(super) fn path(
    leaf: &Certificate,
    authorities: &[Authority],
    environment: Environment,
    at: DateTime<Utc>,
) -> Option<Vec<usize>> {
    if leaf.extensions.not_understood {
        return None;
    }
    let mut path = Vec::with_capacity(MAX_PATH);
    climb(leaf, authorities, environment, at, &mut path).then_some(path)
}

fn climb(
    below: &Certificate,
    authorities: &[Authority],
    environment: Environment,
    at: DateTime<Utc>,
    path: &mut Vec<usize>,
) -> bool {
    if path.len() == MAX_PATH {
        return false;
    }
    for (place, authority) in authorities.iter().enumerate() {
        let fits = authority.certificate.subject_der == below.issuer_der
            && !path.contains(&place)
            && authority.anchor.is_none_or(|anchor| anchor == environment)
            && authority.stands(path.len(), at)
            && signed_by(below, &authority.certificate);
        if !fits {
            continue;
        }
        path.push(place);
        if authority.anchor.is_some() || climb(&authority.certificate, authorities, environment, at, path) {
            return true;
        }
        path.pop();
    }
    false
}

/// Whether the issuer's key made the certificate's signature.
fn signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let (Ok(certificate), Ok((_, key))) = (parse(&certificate.der), SubjectPublicKeyInfo::from_der(&issuer.spki))
    else {
        return false;
    };
    may_vouch(&certificate.signature_algorithm.algorithm.to_id_string())
        && certificate.verify_signature(Some(&key)).is_ok()
}

/// Whether the algorithm is one by which a CA may vouch.
pub(super) fn may_vouch(oid: &str) -> bool {
    SIGNATURES.contains(&oid)
}
