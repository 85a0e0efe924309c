//! Trust: which certificates hold. Anchors and revocation lists come from files alone; no address in a certificate
//! is ever called (threats.md, class 14).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{Certificate, from_base64, token};
use crate::refusal::{FaultCode, Refusal};

/// Longest chain between a certificate and its anchor.
const MAX_CHAIN: usize = 4;
/// Parsed certificates that are kept.
const CACHE: usize = 4_096;

/// What an anchor's certificates are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real organizations.
    Production,
    /// Tests.
    Test,
}

/// One file of anchors and intermediates.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// PEM text: self-signed ones are anchors, others intermediates.
    pub pem: String,
    /// What its certificates are for.
    pub environment: Environment,
}

#[derive(Debug)]
struct Authority {
    certificate: Certificate,
    environment: Environment,
    is_anchor: bool,
}

/// One revocation list.
#[derive(Debug)]
struct List {
    issuer: Vec<u8>,
    revoked: HashSet<Vec<u8>>,
    next_update: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct Lists {
    all: Vec<List>,
    modified: Vec<Option<SystemTime>>,
}

/// Anchors, intermediates and revocation lists.
#[derive(Debug)]
pub struct Trust {
    authorities: Vec<Authority>,
    lists: RwLock<Lists>,
    files: Vec<PathBuf>,
    grace: Duration,
    environment: Environment,
    cache: Mutex<HashMap<Vec<u8>, Arc<Certificate>>>,
    chains: Mutex<HashMap<[u8; 32], ()>>,
}

/// Trust cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// An anchor file.
    #[error("an anchor file holds no usable certificate")]
    Anchor,
    /// A revocation list.
    #[error("{}: no revocation list that a configured authority signed", .0.display())]
    RevocationList(PathBuf),
    /// A file.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Trust {
    /// Sets up from PEM texts and revocation files.
    pub fn load(anchors: &[Anchor], crls: &[PathBuf], grace: Duration, environment: Environment) -> Result<Self, TrustError> {
        let mut authorities = Vec::new();
        for anchor in anchors {
            for der in CertificateDer::pem_slice_iter(anchor.pem.as_bytes()) {
                let der = der.map_err(|_| TrustError::Anchor)?;
                let certificate = Certificate::from_der(&der).map_err(|_| TrustError::Anchor)?;
                let is_anchor = certificate.issuer == certificate.subject;
                authorities.push(Authority { certificate, environment: anchor.environment, is_anchor });
            }
        }
        if !authorities.iter().any(|a| a.is_anchor) {
            return Err(TrustError::Anchor);
        }
        let trust = Trust {
            authorities,
            lists: RwLock::default(),
            files: crls.to_vec(),
            grace,
            environment,
            cache: Mutex::default(),
            chains: Mutex::default(),
        };
        trust.reload_crls()?;
        Ok(trust)
    }

    /// Reads the revocation lists again.
    pub fn reload_crls(&self) -> Result<(), TrustError> {
        let mut lists = Lists::default();
        for file in &self.files {
            lists.all.push(self.read_list(file)?);
            lists.modified.push(modified(file));
        }
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = lists;
        Ok(())
    }

    /// Reads them again if a file changed; a bad new file leaves the lists that were.
    pub fn reload_crls_if_changed(&self) -> Result<(), TrustError> {
        let now: Vec<_> = self.files.iter().map(|file| modified(file)).collect();
        let same = self.lists.read().unwrap_or_else(PoisonError::into_inner).modified == now;
        if same { Ok(()) } else { self.reload_crls() }
    }

    fn read_list(&self, file: &Path) -> Result<List, TrustError> {
        let bytes = std::fs::read(file).map_err(|error| TrustError::File { file: file.to_path_buf(), error })?;
        let der = if bytes.starts_with(b"-----") {
            CertificateRevocationListDer::from_pem_slice(&bytes).map(|der| der.to_vec()).unwrap_or_default()
        } else {
            bytes
        };
        let unusable = || TrustError::RevocationList(file.to_path_buf());
        let (_, list) = CertificateRevocationList::from_der(&der).map_err(|_| unusable())?;
        let issuer = list.issuer().as_raw().to_vec();
        let signed = self.authorities.iter().filter(|a| a.certificate.subject == issuer).any(|authority| {
            let Ok((_, key)) = SubjectPublicKeyInfo::from_der(&authority.certificate.spki) else { return false };
            list.verify_signature(&key).is_ok()
        });
        let next_update = list.next_update().and_then(|time| DateTime::from_timestamp(time.timestamp(), 0));
        match next_update {
            Some(next_update) if signed => {
                let revoked = list.iter_revoked_certificates().map(|r| r.raw_serial().to_vec()).collect();
                Ok(List { issuer, revoked, next_update })
            }
            _ => Err(unusable()),
        }
    }

    /// A parsed certificate, kept by its bytes.
    pub fn certificate(&self, der: &[u8]) -> Result<Arc<Certificate>, Refusal> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get(der) {
            return Ok(Arc::clone(known));
        }
        let certificate = Arc::new(Certificate::from_der(der)?);
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(der.to_vec(), Arc::clone(&certificate));
        Ok(certificate)
    }

    /// A certificate of the registry.
    pub fn registered(&self, base64: &str) -> Result<Arc<Certificate>, Refusal> {
        from_base64(base64).map(Arc::new)
    }

    /// Chain first, and only then what is told exactly: S210–S217 never reach the bearer of a certificate that no
    /// anchor vouches for (design.md 17, Faults).
    pub fn check(&self, certificate: &Certificate, at: DateTime<Utc>) -> Result<(), Refusal> {
        let issuer = self.chain(certificate, at).ok_or_else(|| token("NIR-S213", "no chain to a configured anchor"))?;
        if issuer.environment != self.environment {
            return Err(token("NIR-S217", "a certificate of the other environment"));
        }
        if at > certificate.not_after {
            return Err(token("NIR-S210", "expired"));
        }
        if at < certificate.not_before {
            return Err(token("NIR-S211", "not yet valid"));
        }
        if !certificate.may_sign || certificate.is_ca {
            return Err(token("NIR-S216", "key usage"));
        }
        self.check_revocation(certificate, at)?;
        certificate.orgnr().map(|_| ())
    }

    fn check_revocation(&self, certificate: &Certificate, at: DateTime<Utc>) -> Result<(), Refusal> {
        let unavailable = |log: &str| Refusal::new("NIR-S218", FaultCode::Receiver, log);
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = lists.all.iter().filter(|list| list.issuer == certificate.issuer).peekable();
        if found.peek().is_none() {
            return Err(unavailable("no revocation list of the issuer"));
        }
        let mut fresh = false;
        for list in found {
            if list.revoked.contains(&certificate.raw_serial) {
                return Err(token("NIR-S212", "revoked"));
            }
            fresh |= usable(list, at, self.grace);
        }
        if fresh { Ok(()) } else { Err(unavailable("the revocation list is older than the grace allows")) }
    }

    /// The authority at the end of a chain whose signatures and validity hold.
    fn chain(&self, certificate: &Certificate, at: DateTime<Utc>) -> Option<&Authority> {
        let thumbprint = certificate.thumbprint_sha256();
        let mut current = certificate;
        for step in 0..MAX_CHAIN {
            let issuer = self
                .authorities
                .iter()
                .filter(|a| a.certificate.is_ca && a.certificate.subject == current.issuer)
                .filter(|a| a.certificate.not_before <= at && at <= a.certificate.not_after)
                .find(|a| self.issued(step, &thumbprint, current, &a.certificate))?;
            if issuer.is_anchor {
                return Some(issuer);
            }
            current = &issuer.certificate;
        }
        None
    }

    /// Whether the issuer's key signed it; the answer for the sender's own certificate is remembered.
    fn issued(&self, step: usize, thumbprint: &[u8; 32], certificate: &Certificate, issuer: &Certificate) -> bool {
        let known = || self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if step == 0 && known().contains_key(thumbprint) {
            return true;
        }
        let Ok((_, parsed)) = X509Certificate::from_der(&certificate.der) else { return false };
        let Ok((_, key)) = SubjectPublicKeyInfo::from_der(&issuer.spki) else { return false };
        let holds = parsed.verify_signature(Some(&key)).is_ok();
        if holds && step == 0 {
            let mut known = known();
            if known.len() >= CACHE {
                known.clear();
            }
            known.insert(*thumbprint, ());
        }
        holds
    }

    /// How long ago the oldest list's nextUpdate passed; zero while all are current.
    pub fn revocation_age(&self, now: DateTime<Utc>) -> chrono::Duration {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists.all.iter().map(|list| now - list.next_update).max().unwrap_or_default().max(chrono::Duration::zero())
    }

    /// Whether every list is inside its grace.
    pub fn revocation_usable(&self, now: DateTime<Utc>) -> bool {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        !lists.all.is_empty() && lists.all.iter().all(|list| usable(list, now, self.grace))
    }
}

fn usable(list: &List, at: DateTime<Utc>, grace: Duration) -> bool {
    let grace = chrono::Duration::from_std(grace).unwrap_or(chrono::Duration::zero());
    at <= list.next_update + grace
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
