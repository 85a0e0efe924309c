//! What a running gateway holds, shared by all requests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::{ArcSwap, Guard};
use chrono::NaiveDate;
use nir_wsdl::certificate::{Certificate, Trust};
use nir_wsdl::seal::Signer;
use register::codes::Catalogue;
use register::id::Orgnr;
use register::ledger::SignCheckpoint;
use register::policy::Policy;
use register::registry::{Party, Registry};
use register::store::Store;

use crate::admission::Admission;
use crate::bilder::Bilder;
use crate::config::Config;
use crate::in_work::InWork;
use crate::kalender::Calendar;
use crate::ledger_task::Ledger;
use crate::levering::Push;
use crate::polls::Polls;
use crate::pool::Pool;
use crate::reply::FaultBudget;
use crate::sandbox::fault::Faults;
use crate::strangers::Strangers;

/// The gateway's own keys for answers.
#[derive(Debug)]
pub struct AnswerKeys {
    /// RSA-SHA256: what every stack can verify (design.md 5).
    pub rsa: Signer,
    /// ECDSA P-256 for parties that are set to it.
    pub ecdsa: Option<Signer>,
    /// The present certificate, DER, for `ping`.
    pub certificate: Vec<u8>,
    /// The certificate that takes over, if one is configured.
    pub next: Option<NextCertificate>,
}

/// A certificate that will sign.
#[derive(Debug)]
pub struct NextCertificate {
    /// DER.
    pub der: Vec<u8>,
    /// SHA-256 over it, hexadecimal.
    pub thumbprint: String,
    /// The first day on which it signs.
    pub from: NaiveDate,
}

impl AnswerKeys {
    /// The organization of the own certificate: who signs what the gateway does by itself.
    pub fn organization(&self) -> Option<Orgnr> {
        Certificate::from_der(&self.certificate).ok()?.orgnr().ok()?.parse().ok()
    }

    /// The key that signs answers to this party.
    pub fn for_party(&self, party: Option<&Party>) -> &Signer {
        match &self.ecdsa {
            Some(ecdsa) if party.is_some_and(|p| p.ecdsa_answers) => ecdsa,
            _ => &self.rsa,
        }
    }
}

/// The keys as they are now; read anew from their files when the gateway is told to (SIGHUP).
#[derive(Debug, Clone)]
pub struct PresentKeys(Arc<ArcSwap<AnswerKeys>>);

impl PresentKeys {
    /// These, until others come.
    pub fn new(keys: AnswerKeys) -> Self {
        PresentKeys(Arc::new(ArcSwap::from_pointee(keys)))
    }

    /// The keys of this moment.
    pub fn load(&self) -> Guard<Arc<AnswerKeys>> {
        self.0.load()
    }

    /// From now on these.
    pub fn replace(&self, keys: AnswerKeys) {
        self.0.store(Arc::new(keys));
    }
}

impl SignCheckpoint for PresentKeys {
    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        Some(self.load().rsa.sign(text)).filter(|signature| !signature.is_empty())
    }
}

/// Everything a request needs.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// TLS.
    pub acceptor: ArcSwap<tokio_rustls::TlsAcceptor>,
    /// Seats and memory.
    pub admission: Admission,
    /// CPU workers.
    pub pool: Pool,
    /// Anchors and revocation.
    pub trust: Arc<Trust>,
    /// Own keys.
    pub keys: PresentKeys,
    /// Parties and rights, renewed when the database's version rises.
    pub registry: ArcSwap<Registry>,
    /// Rules.
    pub policy: Arc<Policy>,
    /// Code lists and error texts.
    pub catalogue: &'static Catalogue,
    /// The register's store, for reads.
    pub store: Store,
    /// The way into the ledger.
    pub ledger: Ledger,
    /// What deliveries by push share.
    pub push: Push,
    /// Whether the database answered when it was last asked, at most a second ago.
    pub database_answers: AtomicBool,
    /// Whether other rules than this node's are active: it writes nothing, so it delivers nothing (design.md 17).
    pub other_rules: AtomicBool,
    /// Polls that wait for news.
    pub polls: Polls,
    /// Who writes pictures by order.
    pub bilder: Bilder,
    /// What the calendar has carried out.
    pub calendar: Calendar,
    /// Messages in work.
    pub in_work: InWork,
    /// What fails before authentication.
    pub strangers: Strangers,
    /// Limit on signed faults per party.
    pub fault_budget: FaultBudget,
    /// The sandbox's fault injection.
    pub faults: Option<Arc<Faults>>,
    /// Base address written into the contract, without a trailing slash.
    pub public_base: String,
}
