//! Whom we trust: anchors with their environment, intermediates, revocation lists with a stated grace.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

use super::chain::{self, Authority};
use super::crl::{Crl, CrlStatus};
use super::problem::Problem;
use super::{Certificate, MAX_CERTIFICATE_BYTES};
use crate::refusal::Refusal;

/// Most certificates that are remembered; there are a few thousand senders.
const MAX_REMEMBERED: usize = 8_192;

/// Where certificates of an anchor belong. The sandbox takes test certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real organisations.
    Production,
    /// Everything else.
    Test,
}

/// A configured anchor.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// One or more CA certificates, each an anchor.
    pub pem: Vec<u8>,
    /// Where it belongs. Anchors of the other environment are worth configuring: their certificates are then
    /// told S217 instead of S213.
    pub environment: Environment,
}

/// What [`Trust::load`] reads.
#[derive(Debug, Clone)]
pub struct TrustSettings {
    /// The anchors of both environments.
    pub anchors: Vec<Anchor>,
    /// Issuing CAs below the anchors, PEM; senders send only their own certificate.
    pub intermediates: Vec<Vec<u8>>,
    /// Revocation lists, DER or PEM: one for every CA that has issued certificates or CAs in use.
    pub crl_paths: Vec<PathBuf>,
    /// How long after its promised successor a list is still trusted.
    pub crl_grace: TimeDelta,
    /// Ours.
    pub environment: Environment,
}

/// Why the settings, or a revocation list, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A PEM text of an anchor or intermediate.
    #[error("anchor or intermediate: {0}")]
    Certificate(#[from] Refusal),
    /// A certificate that may issue none.
    #[error("the anchor or intermediate with SHA-256 {0} may not issue certificates")]
    NoAuthority(String),
    /// Nothing to trust.
    #[error("no anchor of this environment is configured")]
    NoAnchor,
    /// A revocation list that cannot be taken; the list before it stays in use.
    #[error("{0} {1}")]
    RevocationList(String, String),
}

/// How far the revocation lists can be relied upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationState {
    /// Every list is there, and no successor is overdue.
    Current,
    /// A successor is overdue, and the grace still runs: to be mended, while traffic goes on.
    InGrace,
    /// A list is missing or past its grace, or none is configured: certificates that it covers are refused (S218).
    Unusable,
}

/// The revocation lists taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When the oldest list in use was made.
    pub oldest: Option<DateTime<Utc>>,
    /// When the first of the promised successors is due, or was.
    pub due: Option<DateTime<Utc>>,
    /// Until when, with the grace, all lists in use are usable.
    pub usable_until: Option<DateTime<Utc>>,
    /// What follows.
    pub state: RevocationState,
}

impl Revocation {
    /// How old the oldest list is.
    pub fn age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.oldest.map(|made| now - made)
    }
}

/// Anchors, intermediates and revocation lists. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Trust {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    authorities: Vec<Authority>,
    environment: Environment,
    crl_paths: Vec<PathBuf>,
    crl_grace: TimeDelta,
    lists: RwLock<Arc<Lists>>,
    generation: AtomicU64,
    /// Certificates of the party register, by their base64.
    registered: Mutex<HashMap<String, Arc<Certificate>>>,
}

/// What one reading of the files gave, and what was concluded from it. A new reading starts without conclusions,
/// so a revocation takes effect with the reading that brings it.
#[derive(Debug, Default)]
struct Lists {
    crls: Vec<Arc<Crl>>,
    status: Vec<CrlStatus>,
    stamps: Vec<Stamp>,
    remembered: Mutex<HashMap<Vec<u8>, Remembered>>,
}

/// When a file was last written, and its length; None when it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// A trusted certificate, and the moments between which nothing about it changes by itself.
#[derive(Debug, Clone)]
struct Remembered {
    certificate: Arc<Certificate>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Trust {
    /// Reads anchors and intermediates, which must be right, and the revocation lists, of which each may fail:
    /// then [`Trust::crl_status`] says why, and the certificates it would cover are refused with S218.
    pub fn load(settings: TrustSettings) -> Result<Self, TrustError> {
        let mut authorities = Vec::new();
        for anchor in &settings.anchors {
            for certificate in Certificate::from_pem(&anchor.pem)? {
                authorities.push(Authority { certificate, anchor: Some(anchor.environment) });
            }
        }
        for pem in &settings.intermediates {
            for certificate in Certificate::from_pem(pem)? {
                authorities.push(Authority { certificate, anchor: None });
            }
        }
        if let Some(wrong) = authorities.iter().find(|authority| !authority.may_issue()) {
            return Err(TrustError::NoAuthority(hex::encode(wrong.certificate.thumbprint_sha256())));
        }
        if !authorities.iter().any(|authority| authority.anchor == Some(settings.environment)) {
            return Err(TrustError::NoAnchor);
        }
        let trust = Trust {
            shared: Arc::new(Shared {
                authorities,
                environment: settings.environment,
                crl_paths: settings.crl_paths,
                crl_grace: settings.crl_grace,
                lists: RwLock::default(),
                generation: AtomicU64::new(0),
                registered: Mutex::default(),
            }),
        };
        trust.reload_crls();
        Ok(trust)
    }

    /// Reads the revocation lists again. A file that cannot be taken, or that is older than the list in use,
    /// changes nothing but its status.
    pub fn reload_crls(&self) -> Vec<CrlStatus> {
        let shared = &self.shared;
        let earlier = self.lists();
        let mut lists = Lists::default();
        for path in &shared.crl_paths {
            lists.stamps.push(stamp(path));
            let in_use = earlier.crls.iter().find(|crl| crl.path() == path).cloned();
            let (crl, problem) = match (Crl::read(path, &shared.authorities), in_use) {
                (Ok(read), Some(in_use)) if in_use.is_newer_than(&read) => {
                    (Some(in_use), Some("is older than the list in use".to_owned()))
                }
                (Ok(read), _) => (Some(Arc::new(read)), None),
                (Err(problem), in_use) => (in_use, Some(problem)),
            };
            lists.status.push(match &crl {
                Some(crl) => crl.status(shared.crl_grace, problem),
                None => CrlStatus::none(path, problem),
            });
            lists.crls.extend(crl);
        }
        let status = lists.status.clone();
        *shared.lists.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(lists);
        shared.generation.fetch_add(1, Ordering::Release);
        status
    }

    /// Reads them again if a file changed, and says which one could not be taken.
    pub fn reload_crls_if_changed(&self) -> Result<(), TrustError> {
        let stamps: Vec<Stamp> = self.shared.crl_paths.iter().map(|path| stamp(path)).collect();
        if self.lists().stamps == stamps {
            return Ok(());
        }
        let failed = self.reload_crls().into_iter().find_map(|list| Some((list.path, list.problem?)));
        match failed {
            None => Ok(()),
            Some((path, problem)) => Err(TrustError::RevocationList(path.display().to_string(), problem)),
        }
    }

    /// How each revocation list stood at the last reading.
    pub fn crl_status(&self) -> Vec<CrlStatus> {
        self.lists().status.clone()
    }

    /// How the lists stand together, for a readiness answer and for metrics.
    pub fn revocation(&self, now: DateTime<Utc>) -> Revocation {
        let lists = self.lists();
        let missing = lists.crls.len() < lists.status.len() || lists.status.is_empty();
        let due = lists.crls.iter().map(|crl| crl.usable_until(TimeDelta::zero())).min();
        let usable_until = lists.crls.iter().map(|crl| crl.usable_until(self.shared.crl_grace)).min();
        let passed = |moment: Option<DateTime<Utc>>| moment.is_none_or(|moment| moment < now);
        let state = if missing || passed(usable_until) {
            RevocationState::Unusable
        } else if passed(due) {
            RevocationState::InGrace
        } else {
            RevocationState::Current
        };
        Revocation { oldest: lists.crls.iter().map(|crl| crl.this_update()).min(), due, usable_until, state }
    }

    /// Counts the readings of the lists: what was concluded under an earlier one must be asked again.
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    /// The anchors of this environment, DER, for the TLS stack.
    pub fn anchors(&self) -> Vec<Vec<u8>> {
        let own = |authority: &&Authority| authority.anchor == Some(self.shared.environment);
        self.shared.authorities.iter().filter(own).map(|authority| authority.certificate.der().to_vec()).collect()
    }

    /// A certificate that came in a message. Only trusted ones are remembered, so that nobody else can fill the
    /// memory.
    pub fn certificate(&self, der: &[u8]) -> Result<Arc<Certificate>, Refusal> {
        let lists = self.lists();
        let known = lock(&lists.remembered).get(der).map(|known| Arc::clone(&known.certificate));
        known.map_or_else(|| Certificate::from_der(der).map(Arc::new), Ok)
    }

    /// A certificate of the party register, from its base64; read once.
    pub fn registered(&self, base64: &str) -> Result<Arc<Certificate>, Refusal> {
        if let Some(known) = lock(&self.shared.registered).get(base64) {
            return Ok(Arc::clone(known));
        }
        let short = base64.len() <= MAX_CERTIFICATE_BYTES * 2;
        let der = short.then(|| STANDARD.decode(base64).ok()).flatten();
        let der = der.ok_or(Problem::Unreadable("the registered certificate is no base64"))?;
        let certificate = Arc::new(Certificate::from_der(&der)?);
        let mut registered = lock(&self.shared.registered);
        if registered.len() >= MAX_REMEMBERED {
            registered.clear();
        }
        registered.insert(base64.to_owned(), Arc::clone(&certificate));
        Ok(certificate)
    }

    /// Whether the certificate may sign messages now: path, environment, validity, usage, key, revocation and
    /// organisation number, in this order. Nothing but S213 is said of one that chains to no configured anchor
    /// (design.md 17, Faults).
    pub fn check(&self, certificate: &Certificate, at: DateTime<Utc>) -> Result<(), Refusal> {
        let lists = self.lists();
        let known = lock(&lists.remembered).get(certificate.der()).map(|known| (known.from, known.until));
        if known.is_some_and(|(from, until)| from <= at && at <= until) {
            return Ok(());
        }
        let (from, until) = self.judge(&lists, certificate, at).map_err(|problem| {
            let mut refusal = Refusal::from(problem);
            refusal.log = format!("{} (SHA-256 {})", refusal.log, hex::encode(certificate.thumbprint_sha256()));
            refusal
        })?;
        let mut remembered = lock(&lists.remembered);
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        let result = Remembered { certificate: Arc::new(certificate.clone()), from, until };
        remembered.insert(certificate.der().to_vec(), result);
        Ok(())
    }

    /// Whether a list names the certificate or one above it, whatever else may be said of it: for those that sign no
    /// messages, and need not be fit for it.
    pub fn is_revoked(&self, certificate: &Certificate, at: DateTime<Utc>) -> bool {
        let (shared, lists) = (&*self.shared, self.lists());
        let path = chain::path(certificate, &shared.authorities, shared.environment, at);
        let mut below = certificate;
        for place in path.into_iter().flatten() {
            if lists.crls.iter().any(|crl| crl.speaks_about(below, place) && crl.revokes(below)) {
                return true;
            }
            let Some(authority) = shared.authorities.get(place) else { break };
            below = &authority.certificate;
        }
        false
    }

    fn judge(
        &self,
        lists: &Lists,
        certificate: &Certificate,
        at: DateTime<Utc>,
    ) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
        let shared = &*self.shared;
        let find = |environment| chain::path(certificate, &shared.authorities, environment, at);
        let Some(path) = find(shared.environment) else {
            let other = match shared.environment {
                Environment::Production => Environment::Test,
                Environment::Test => Environment::Production,
            };
            return Err(match find(other) {
                Some(_) => Problem::WrongEnvironment,
                None => Problem::Untrusted("no configured CA has issued it, or one above it is not valid"),
            });
        };
        certificate.check_validity(at)?;
        certificate.extensions.check_usage()?;
        certificate.key.clone()?;
        let (mut from, mut until) = (certificate.not_before(), certificate.not_after());
        let mut below = certificate;
        for place in path {
            let Some(authority) = shared.authorities.get(place) else { continue };
            until = until.min(shared.unrevoked_until(lists, below, place, at)?);
            below = &authority.certificate;
            from = from.max(below.not_before());
            until = until.min(below.not_after());
        }
        certificate.subject.orgnr()?;
        Ok((from, until))
    }

    fn lists(&self) -> Arc<Lists> {
        Arc::clone(&self.shared.lists.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    /// Until when the lists say that the certificate stands. Being on a list counts however old the list is.
    fn unrevoked_until(
        &self,
        lists: &Lists,
        certificate: &Certificate,
        issuer: usize,
        at: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, Problem> {
        let mut newest: Option<DateTime<Utc>> = None;
        for crl in lists.crls.iter().filter(|crl| crl.speaks_about(certificate, issuer)) {
            if crl.revokes(certificate) {
                return Err(Problem::Revoked);
            }
            newest = newest.max(Some(crl.usable_until(self.crl_grace)));
        }
        match newest {
            None => Err(Problem::RevocationUnknown("no list of its issuer is loaded")),
            Some(until) if until < at => {
                Err(Problem::RevocationUnknown("the list of its issuer is older than the grace allows"))
            }
            Some(until) => Ok(until),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
