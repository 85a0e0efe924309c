//! Starting and stopping: everything is set up before the first connection is accepted, and what is in work
//! finishes before the ledger writes its last checkpoint.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use chrono::NaiveDate;
use nir_wsdl::certificate::{Certificate, Trust};
use nir_wsdl::seal::Signer;
use register::codes::Catalogue;
use register::evidence::payload::MasterKey;
use register::ledger::{Lane, LaneConfig};
use register::policy::Policy;
use register::store::{Store, StoreError};
use register::time::oslo_date;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::admission::{Admission, AdmissionLimits};
use crate::app::{AnswerKeys, App, NextCertificate, PresentKeys};
use crate::bilder::{self, Bilder};
use crate::clock;
use crate::config::Config;
use crate::housekeeping;
use crate::http;
use crate::ids::RandomIds;
use crate::in_work::InWork;
use crate::kalender::{self, Calendar};
use crate::ledger_task::{Ledger, LedgerThread};
use crate::levering::{self, Push};
use crate::news::{self, Heard};
use crate::polls::Polls;
use crate::pool::Pool;
use crate::reply::FaultBudget;
use crate::sandbox::fault::Faults;
use crate::strangers::Strangers;
use crate::telemetry;
use crate::tls::{self, TlsFiles};
use crate::translate::receipt::Renderer;
use crate::varsel;

/// How often the registry's version and the revocation files are looked at. A block must reach all nodes
/// within five seconds (design.md 11).
const REFRESH: Duration = Duration::from_secs(1);
/// A database that says nothing for so long is taken for gone, and the node for not ready.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// The registry is read anew after so many looks also when no row changed: last uses of transfer users are kept
/// beside its rows (A405).
const REREAD_AFTER: u32 = 600;

/// A gateway that accepts.
pub struct Running {
    /// Where the service listens.
    pub fagsystem_addr: SocketAddr,
    /// Where metrics and health listen.
    pub metrics_addr: SocketAddr,
    /// The shared state, for the sandbox.
    pub app: Arc<App>,
    drain: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    ledger: LedgerThread,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("fagsystem", &self.fagsystem_addr).finish_non_exhaustive()
    }
}

/// Starts a gateway on a store that is migrated and open.
pub async fn start(config: Config, store: Store, faults: Option<Arc<Faults>>) -> anyhow::Result<Running> {
    let metrics_handle = telemetry::start_metrics()?;
    let catalogue = Catalogue::embedded();
    let policy = Arc::new(Policy::embedded(config.profile)?);
    store.check_ready(config.profile.as_str()).await?;
    store.activate_rules(policy.version(), true).await?;
    let other_rules = store.active_rules().await?.as_deref() != Some(policy.version());
    if other_rules {
        tracing::error!(event = "other_rules_active", own = policy.version());
    }
    let trust = Arc::new(trust(&config)?);
    let keys = PresentKeys::new(answer_keys(&config)?);
    let registry = store.load_registry().await?;
    let lane = Lane::open(
        store.clone(),
        LaneConfig {
            node: config.node.name.clone(),
            lane: config.node.lane,
            master_key: MasterKey::new(config.evidence.master_key()?),
            policy: Arc::clone(&policy),
            render: Arc::new(Renderer { catalogue }),
            checkpoints: Arc::new(keys.clone()),
            ids: Box::new(RandomIds),
        },
        clock::now(),
    )
    .await?;
    let polls = Polls::new(config.limits.waiting_polls);
    let deliveries = Arc::new(Notify::new());
    let (heard, told) = Heard::new(polls.clone(), Arc::clone(&deliveries));
    let (ledger, thread) = Ledger::start(lane, config.limits.queue, heard)?;
    let listener = telemetry::bind(config.listeners.fagsystem, "listeners.fagsystem").await?;
    let metrics_listener = telemetry::bind(config.listeners.metrics, "listeners.metrics").await?;
    let fagsystem_addr = listener.local_addr()?;
    let metrics_addr = metrics_listener.local_addr()?;
    let tls_files = tls_files(&config)?;
    let app = Arc::new(App {
        acceptor: ArcSwap::from_pointee(tls::acceptor(&tls_files)?),
        push: Push::new(tls::client(&tls_files)?, deliveries),
        admission: Admission::new(AdmissionLimits {
            in_flight: config.limits.in_flight,
            in_flight_per_sender: config.limits.in_flight_per_sender,
            request_bytes: config.limits.request_bytes_in_work,
        }),
        pool: Pool::new(config.limits.workers)?,
        trust,
        keys,
        registry: ArcSwap::from_pointee(registry),
        policy,
        catalogue,
        store,
        ledger,
        database_answers: AtomicBool::new(true),
        other_rules: AtomicBool::new(other_rules),
        polls,
        bilder: Bilder::default(),
        calendar: Calendar::default(),
        in_work: InWork::default(),
        strangers: Strangers::default(),
        fault_budget: FaultBudget::default(),
        faults,
        public_base: config.listeners.public_url.trim_end_matches('/').to_owned(),
        config,
    });
    let (drain, draining) = watch::channel(false);
    let tasks = vec![
        tokio::spawn(http::serve(Arc::clone(&app), listener, draining.clone())),
        tokio::spawn(telemetry::serve(Arc::clone(&app), metrics_handle, metrics_listener, draining.clone())),
        tokio::spawn(kalender::run(Arc::clone(&app), draining.clone())),
        tokio::spawn(varsel::run(Arc::clone(&app), draining.clone())),
        tokio::spawn(housekeeping::run(Arc::clone(&app), draining.clone())),
        tokio::spawn(levering::run(Arc::clone(&app), draining.clone())),
        tokio::spawn(bilder::run(Arc::clone(&app), draining.clone())),
        tokio::spawn(news::run(Arc::clone(&app), told, draining.clone())),
        tokio::spawn(refresh(Arc::clone(&app), draining)),
    ];
    tracing::info!(event = "started", address = %fagsystem_addr, metrics = %metrics_addr, profile = %app.config.profile);
    Ok(Running { fagsystem_addr, metrics_addr, app, drain, tasks, ledger: thread })
}

impl Running {
    /// Reads certificates, keys and revocation lists again from the files that the configuration names. New connections
    /// and answers use them; where anything is wrong with one, all stay as they were.
    pub fn reload(&self) -> anyhow::Result<()> {
        let config = &self.app.config;
        let (files, keys) = (tls_files(config)?, answer_keys(config)?);
        let (acceptor, client) = (tls::acceptor(&files)?, tls::client(&files)?);
        self.app.acceptor.store(Arc::new(acceptor));
        self.app.push.tls.store(client);
        self.app.keys.replace(keys);
        self.app.trust.reload_crls_if_changed().map_err(|error| anyhow::anyhow!("trust.crls: {error}"))
    }

    /// Stops accepting, lets work finish, writes the last checkpoint.
    pub async fn stop(self) {
        let Running { app, drain, tasks, ledger, .. } = self;
        // Who waits for news is answered, and comes again to another node.
        app.polls.close();
        // No receiver is left only when every task has ended already.
        let _ = drain.send(true);
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(event = "task_failed", %error);
            }
        }
        // The ledger ends when the last sender is gone, after what is queued has been committed.
        drop(app);
        ledger.join().await;
        tracing::info!(event = "stopped");
    }
}

/// Keeps the registry and the revocation lists as new as the database and the disk.
async fn refresh(app: Arc<App>, mut drain: watch::Receiver<bool>) {
    let mut looks = 0_u32;
    loop {
        tokio::select! {
            () = tokio::time::sleep(REFRESH) => {}
            _ = drain.changed() => return,
        }
        looks = (looks + 1) % REREAD_AFTER;
        let looked = timeout(ANSWERS_WITHIN, look_at_registry(&app, looks == 0)).await;
        let looked = looked.unwrap_or_else(|_| Err(StoreError::NotReady("it says nothing".to_owned())));
        app.database_answers.store(looked.is_ok(), Ordering::Relaxed);
        if let Err(error) = looked {
            tracing::error!(event = "registry_not_read", %error);
        }
        if let Err(error) = app.trust.reload_crls_if_changed() {
            tracing::error!(event = "revocation_lists_not_read", %error);
        }
    }
}

/// Reads the registry again if it changed, or in any case; whatever rules are active: a block reaches every node.
async fn look_at_registry(app: &App, in_any_case: bool) -> Result<(), StoreError> {
    // A node with other rules is not ready for what writes (design.md 17).
    let other = app.store.active_rules().await?.is_some_and(|active| active != app.policy.version());
    if app.other_rules.swap(other, Ordering::Relaxed) != other {
        if other {
            tracing::error!(event = "other_rules_active", own = app.policy.version());
        } else {
            tracing::info!(event = "own_rules_active", own = app.policy.version());
        }
    }
    let version = app.store.registry_version().await?;
    if in_any_case || version != app.registry.load().version {
        app.registry.store(Arc::new(app.store.load_registry().await?));
    }
    Ok(())
}

/// Anchors and revocation lists.
pub fn trust(config: &Config) -> anyhow::Result<Trust> {
    Trust::load(config.trust_settings()?).map_err(|error| anyhow::anyhow!("trust: {error}"))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The certificates of our own ends of TLS.
pub fn tls_files(config: &Config) -> anyhow::Result<TlsFiles> {
    let all = |paths: &[PathBuf]| -> anyhow::Result<String> { paths.iter().map(|path| read(path)).collect() };
    let client_anchors_pem = all(&config.tls.client_anchors)?;
    let own_anchors = &config.delivery.anchors;
    let receiver_anchors_pem = if own_anchors.is_empty() { client_anchors_pem.clone() } else { all(own_anchors)? };
    Ok(TlsFiles {
        certificate_pem: read(&config.tls.certificate)?,
        key_pem: read(&config.tls.key)?,
        client_anchors_pem,
        receiver_anchors_pem,
    })
}

/// The keys that sign.
pub fn answer_keys(config: &Config) -> anyhow::Result<AnswerKeys> {
    let signer = |key: &Path, certificate: &Path| -> anyhow::Result<Signer> {
        Signer::from_pem(&read(key)?, &read(certificate)?).map_err(|error| anyhow::anyhow!("signing key: {error:?}"))
    };
    let der = |path: &Path| -> anyhow::Result<Vec<u8>> {
        let der = CertificateDer::from_pem_slice(read(path)?.as_bytes()).context("signing certificate")?.to_vec();
        Certificate::from_der(&der).map_err(|error| anyhow::anyhow!("signing certificate: {error:?}"))?;
        Ok(der)
    };
    let signing = &config.signing;
    let certificate = der(&signing.certificate)?;
    Ok(AnswerKeys {
        rsa: signer(&signing.key, &signing.certificate)?,
        ecdsa: match (&signing.ecdsa_key, &signing.ecdsa_certificate) {
            (Some(key), Some(certificate)) => Some(signer(key, certificate)?),
            _ => None,
        },
        next: match &signing.next_certificate {
            Some(file) => Some(next_certificate(der(file)?, signing.next_from, &certificate)?),
            None => None,
        },
        certificate,
    })
}

/// The certificate that takes over from the present one: on a day that is set, or when that one ends.
fn next_certificate(der: Vec<u8>, from: Option<NaiveDate>, present: &[u8]) -> anyhow::Result<NextCertificate> {
    let read = |der| Certificate::from_der(der).map_err(|error| anyhow::anyhow!("signing certificate: {error:?}"));
    let ends = oslo_date(read(present)?.not_after());
    let thumbprint = hex::encode(read(&der)?.thumbprint_sha256());
    Ok(NextCertificate { der, thumbprint, from: from.or_else(|| ends.succ_opt()).unwrap_or(ends) })
}
