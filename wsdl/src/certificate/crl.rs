//! Certificate revocation lists from files (RFC 5280 §5, §6.3).

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use x509_parser::extensions::{CRLDistributionPoints, DistributionPointName, GeneralName, IssuingDistributionPoint};
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, ParsedExtension, SubjectPublicKeyInfo};

use super::chain::{Authority, may_vouch};
use super::{Certificate, time, without_leading_zeros};

/// Largest CRL file; the largest of the Norwegian issuers are a few megabytes.
const MAX_CRL_BYTES: u64 = 32 * 1024 * 1024;

/// How one CRL file stands, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlStatus {
    /// The file.
    pub path: PathBuf,
    /// When the issuer made the list in use; None when there is none.
    pub this_update: Option<DateTime<Utc>>,
    /// When the issuer promised the next.
    pub next_update: Option<DateTime<Utc>>,
    /// Until when it is trusted: the promise and the configured grace.
    pub usable_until: Option<DateTime<Utc>>,
    /// Certificates on it.
    pub revoked: usize,
    /// Why the file could not be taken at the last reading; an earlier list then stays in use.
    pub problem: Option<String>,
}

impl CrlStatus {
    /// Of a file that gave no list.
    pub(super) fn none(path: &Path, problem: Option<String>) -> Self {
        CrlStatus {
            path: path.to_owned(),
            this_update: None,
            next_update: None,
            usable_until: None,
            revoked: 0,
            problem,
        }
    }
}

/// One list whose signature holds.
#[derive(Debug)]
pub(super) struct Crl {
    path: PathBuf,
    /// The authorities whose key signed it, as places in the configured ones.
    issuers: Vec<usize>,
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    revoked: HashSet<Vec<u8>>,
    covers: Covers,
}

/// Which certificates of its issuer a list covers (RFC 5280 §5.2.5).
#[derive(Debug, Default)]
struct Covers {
    users_only: bool,
    authorities_only: bool,
    /// Empty: whatever address the certificate names.
    names: Vec<String>,
}

impl Crl {
    /// Reads and verifies a file, DER or PEM.
    pub(super) fn read(path: &Path, authorities: &[Authority]) -> Result<Self, String> {
        let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
        if size > MAX_CRL_BYTES {
            return Err(format!("is larger than {MAX_CRL_BYTES} bytes"));
        }
        let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
        let der = if bytes.starts_with(b"-----BEGIN") {
            let (_, pem) = x509_parser::pem::parse_x509_pem(&bytes).map_err(|_| "is broken PEM".to_owned())?;
            pem.contents
        } else {
            bytes
        };
        Crl::from_der(path, &der, authorities)
    }

    fn from_der(path: &Path, der: &[u8], authorities: &[Authority]) -> Result<Self, String> {
        let Ok(([], crl)) = CertificateRevocationList::from_der(der) else {
            return Err("is no CRL".to_owned());
        };
        let covers = covers(&crl)?;
        let issuers = issuers(&crl, authorities);
        if issuers.is_empty() {
            return Err("no configured CA has signed it".to_owned());
        }
        // A critical entry extension can move an entry to another issuer (RFC 5280 §5.3.3).
        if crl.iter_revoked_certificates().any(|entry| entry.extensions().iter().any(|found| found.critical)) {
            return Err("has critical entry extensions".to_owned());
        }
        let at = |seconds| time(seconds).map_err(|problem| problem.to_string());
        Ok(Crl {
            path: path.to_owned(),
            issuers,
            this_update: at(crl.last_update().timestamp())?,
            next_update: crl.next_update().map(|next| at(next.timestamp())).transpose()?,
            revoked: crl
                .iter_revoked_certificates()
                .map(|entry| without_leading_zeros(entry.raw_serial()).to_vec())
                .collect(),
            covers,
        })
    }

    /// Whether this list speaks about a certificate that the authority issued.
    pub(super) fn speaks_about(&self, certificate: &Certificate, issuer: usize) -> bool {
        let authority = certificate.extensions.is_ca;
        let kind = if authority { !self.covers.users_only } else { !self.covers.authorities_only };
        let names = &self.covers.names;
        let named = names.is_empty() || certificate.extensions.crl_names.iter().any(|name| names.contains(name));
        kind && named && self.issuers.contains(&issuer)
    }

    pub(super) fn revokes(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(&certificate.serial)
    }

    /// Until when silence about a certificate counts. Without a promise of the next list (which RFC 5280 §5.1.2.5
    /// demands) only the grace is left.
    pub(super) fn usable_until(&self, grace: TimeDelta) -> DateTime<Utc> {
        let promised = self.next_update.unwrap_or(self.this_update);
        promised.checked_add_signed(grace).unwrap_or(promised)
    }

    /// Whether the other is an older list: one that was put back must not bring a revoked certificate back.
    pub(super) fn is_newer_than(&self, other: &Crl) -> bool {
        self.this_update > other.this_update
    }

    pub(super) fn this_update(&self) -> DateTime<Utc> {
        self.this_update
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn status(&self, grace: TimeDelta, problem: Option<String>) -> CrlStatus {
        CrlStatus {
            path: self.path.clone(),
            this_update: Some(self.this_update),
            next_update: self.next_update,
            usable_until: Some(self.usable_until(grace)),
            revoked: self.revoked.len(),
            problem,
        }
    }
}

/// All authorities of the issuer's name whose key signed the list; several when a CA has several certificates.
fn issuers(crl: &CertificateRevocationList<'_>, authorities: &[Authority]) -> Vec<usize> {
    if !may_vouch(&crl.signature_algorithm.algorithm.to_id_string())
        || crl.signature_algorithm != crl.tbs_cert_list.signature
    {
        return Vec::new();
    }
    let signed = |authority: &Authority| {
        authority.may_sign_crls()
            && authority.certificate.subject_der == crl.issuer().as_raw()
            && SubjectPublicKeyInfo::from_der(&authority.certificate.spki)
                .is_ok_and(|(_, key)| crl.verify_signature(&key).is_ok())
    };
    authorities.iter().enumerate().filter(|(_, authority)| signed(authority)).map(|(place, _)| place).collect()
}

fn covers(crl: &CertificateRevocationList<'_>) -> Result<Covers, String> {
    let mut covers = Covers::default();
    for extension in crl.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::IssuingDistributionPoint(point) => covers = covered_by(point)?,
            // Among them the delta CRL indicator (RFC 5280 §5.2.4): a delta alone proves nothing.
            _ if extension.critical => return Err("has a critical extension that is not understood".to_owned()),
            _ => {}
        }
    }
    Ok(covers)
}

fn covered_by(point: &IssuingDistributionPoint<'_>) -> Result<Covers, String> {
    if point.indirect_crl || point.only_contains_attribute_certs || point.only_some_reasons.is_some() {
        return Err("is indirect, for attribute certificates, or for some reasons only".to_owned());
    }
    let names = match &point.distribution_point {
        None => Vec::new(),
        Some(DistributionPointName::FullName(names)) => addresses(names),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => Vec::new(),
    };
    if names.is_empty() && point.distribution_point.is_some() {
        return Err("names its distribution point by something else than an address".to_owned());
    }
    Ok(Covers { users_only: point.only_contains_user_certs, authorities_only: point.only_contains_ca_certs, names })
}

/// The addresses of a certificate's CRLs, for comparison only: none of them is ever fetched (threats.md 14).
pub(super) fn names_of(points: &CRLDistributionPoints<'_>) -> Vec<String> {
    let full = points.points.iter().filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(addresses(names)),
        _ => None,
    });
    full.flatten().collect()
}

fn addresses(names: &[GeneralName<'_>]) -> Vec<String> {
    let uris = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    });
    uris.collect()
}
