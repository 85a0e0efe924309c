//! `nir-gateway sandbox`: a whole gateway with everything synthetic, for a vendor's developer (design.md 10).
//!
//! Keys, persons and what was sent are kept in the data directory; `endpoints.json` is written last, when the
//! gateway answers.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use register::policy::{Policy, Profile};
use register::registry::{Registry, RegistryEntry};
use register::store::Store;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, mpsc};

use crate::config::Config;
use crate::serve::{self, Running};
use crate::{Told, clock, demo, kalender};
use args::{SandboxArgs, SandboxCommand};
use certs::Certs;
use control::{Control, Reset};
use fault::Faults;
use mottak::Mottak;

pub mod args;
pub mod certs;
pub mod clock_command;
pub mod control;
pub mod fault;
pub mod files;
pub mod mottak;
pub mod orgnr;
pub mod parties;
pub mod persons;
pub mod register_clock;

/// Transfer users unused for three months become inactive (A405); a sandbox that rested is woken before that.
const RENEW_USERS_AFTER: TimeDelta = TimeDelta::days(30);

/// Runs the sandbox, or says something to a running one.
pub async fn run(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let data = std::path::absolute(&args.data)?;
    if let Some(SandboxCommand::Clock { when, kommune }) = &args.command {
        clock_command::run(&data, when, kommune.as_deref()).await?;
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
    let _lock = lock(&data)?;
    start_log(&data)?;
    files::remove_endpoints(&data)?;
    // Before anything is started: whoever finds endpoints.json may also say that it shall stop.
    let mut told = Told::listen()?;
    let mut sandbox = Sandbox::start(&args, data).await?;
    sandbox.announce();
    let held = sandbox.run(&args, &mut told).await;
    sandbox.stop().await?;
    Ok(if held? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where a running sandbox listens.
#[derive(Debug, Clone, Copy)]
struct Addresses {
    fagsystem: SocketAddr,
    console: SocketAddr,
    metrics: SocketAddr,
}

/// A running sandbox.
struct Sandbox {
    data: PathBuf,
    certs: Certs,
    config: Config,
    control: Arc<Control>,
    wanted: mpsc::Receiver<Reset>,
    running: Option<Running>,
    mottak: Mottak,
    addresses: Addresses,
}

impl Sandbox {
    async fn start(args: &SandboxArgs, data: PathBuf) -> anyhow::Result<Self> {
        let folder = data.join("certs");
        let certs = tokio::task::spawn_blocking(move || Certs::ensure(&folder)).await??;
        let config = files::configuration(&data, &certs, loopback(args.port), args.database.as_deref())?;
        let console = loopback(args.console_port);
        let listener = TcpListener::bind(console)
            .await
            .with_context(|| format!("--console-port: cannot listen on {console}; 0 takes a free port"))?;
        let (resets, wanted) = mpsc::channel(1);
        let control = Arc::new(Control {
            store: RwLock::new(None),
            app: RwLock::default(),
            faults: Arc::new(Faults::default()),
            endpoints: RwLock::default(),
            resets,
        });
        let addresses =
            Addresses { fagsystem: loopback(args.port), console: listener.local_addr()?, metrics: loopback(0) };
        let mottak = Mottak::start(&data, &certs).await?;
        let mut sandbox = Sandbox { data, certs, config, control, wanted, running: None, mottak, addresses };
        sandbox.open().await?;
        tokio::spawn(control::serve(Arc::clone(&sandbox.control), listener));
        Ok(sandbox)
    }

    /// Opens the register, fills it where it is empty, starts the gateway, and says that it is ready.
    async fn open(&mut self) -> anyhow::Result<()> {
        let store = open_store(&self.config).await?;
        self.seed(&store).await?;
        self.approve_receiver(&store).await?;
        let faults = Some(Arc::clone(&self.control.faults));
        let running = serve::start(self.config.clone(), store.clone(), faults).await?;
        // Today has begun for everybody before the first caller comes.
        kalender::catch_up(&running.app, None).await?;
        *self.control.app.write().await = Arc::downgrade(&running.app);
        self.addresses.fagsystem = running.fagsystem_addr;
        self.addresses.metrics = running.metrics_addr;
        // A reset comes back to the same doors.
        self.config.listeners.fagsystem = running.fagsystem_addr;
        self.config.listeners.metrics = running.metrics_addr;
        self.running = Some(running);
        *self.control.store.write().await = Some(store);
        let Addresses { fagsystem, console, metrics } = self.addresses;
        let endpoints = files::endpoints(&self.data, fagsystem, console, metrics);
        files::write_endpoints(&self.data, &endpoints)?;
        *self.control.endpoints.write().await = endpoints;
        Ok(())
    }

    /// The receiver has another port at every start; the sandbox's operator approves it.
    async fn approve_receiver(&self, store: &Store) -> anyhow::Result<()> {
        let (registry, now) = (store.load_registry().await?, clock::now());
        let rows = parties::receiver(&registry, self.mottak.url(), now)?;
        if rows.is_empty() {
            return Ok(());
        }
        Ok(store.put_registry(&rows, now).await?)
    }

    /// Persons first, parties last: a registry with parties says that all is there.
    async fn seed(&self, store: &Store) -> anyhow::Result<()> {
        let now = clock::now();
        let registry = store.load_registry().await?;
        if registry.parties.is_empty() {
            let everyone = persons::everyone(now)?;
            let all: Vec<_> = everyone.shown.iter().chain(&everyone.load).map(|one| one.person.clone()).collect();
            let policy = Policy::embedded(Profile::Sandbox)?;
            store.insert_persons(&all, &policy, now).await?;
            store.put_registry(&parties::entries(&self.certs, now)?, now).await?;
            return files::write_people(&self.data, &everyone);
        }
        // A sandbox of an earlier version of the program goes on under the rules of this one.
        let policy = Policy::embedded(Profile::Sandbox)?;
        if store.active_rules().await?.is_some_and(|active| active != policy.version()) {
            crate::admin::recompute::anew(&self.config, store, &policy).await?;
        }
        let stale = stale_users(&registry, now);
        if !stale.is_empty() {
            store.put_registry(&stale, now).await?;
        }
        Ok(())
    }

    /// The demonstration, where it is asked for, then what comes until told to stop. Whether the demonstration held.
    async fn run(&mut self, args: &SandboxArgs, told: &mut Told) -> anyhow::Result<bool> {
        let mut held = true;
        if args.demo || args.once {
            tokio::select! {
                shown = demo::run(&self.data, self.addresses.fagsystem, &args.demo_output) => held = shown?,
                () = told.to_stop() => return Ok(false),
            }
        }
        if !args.once {
            self.hint(args);
            self.until_stopped(told).await?;
        }
        Ok(held)
    }

    async fn until_stopped(&mut self, told: &mut Told) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                () = told.to_stop() => return Ok(()),
                Some(done) = self.wanted.recv() => {
                    let outcome = self.reset().await;
                    let failed = outcome.is_err();
                    // The caller hung up: the reset stands all the same.
                    let _ = done.send(outcome.as_ref().copied().map_err(|error| format!("{error:#}")));
                    if failed && self.running.is_none() {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Back to the first day: an empty register, real clocks, no faults ordered. Keys and addresses stay.
    async fn reset(&mut self) -> anyhow::Result<()> {
        if !self.config.database.url.starts_with("sqlite:") {
            anyhow::bail!("only a sandbox on SQLite can be reset; empty the database and start again");
        }
        files::remove_endpoints(&self.data)?;
        self.close().await;
        let store = Store::open(&self.config.database.url).await?;
        let emptied = store.empty_sandbox().await;
        store.close().await;
        emptied?;
        self.control.faults.clear();
        self.mottak.forget()?;
        self.open().await
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        files::remove_endpoints(&self.data)?;
        self.close().await;
        Ok(())
    }

    async fn close(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
        if let Some(store) = self.control.store.write().await.take() {
            store.close().await;
        }
    }

    /// How to go on by hand.
    fn hint(&self, args: &SandboxArgs) {
        let (data, console) = (args.data.display(), self.addresses.console);
        let service = format!("https://localhost:{}/ws/v1/fagsystem", self.addresses.fagsystem.port());
        anstream::println!();
        anstream::println!("It runs until Ctrl-C. From another terminal:");
        anstream::println!("  nir-conformance send --sandbox {data} FILE");
        anstream::println!("  curl --cacert {data}/certs/ca.pem '{service}?wsdl'");
        anstream::println!(
            "  python3 -c 'import zeep, requests; s = requests.Session(); s.verify = \"{data}/certs/ca.pem\";"
        );
        anstream::println!("      zeep.Client(\"{service}?wsdl\", transport=zeep.Transport(session=s)).wsdl.dump()'");
        anstream::println!("  nir-gateway sandbox clock 2017-05-15T12:00 --data {data}");
        anstream::println!(
            "  curl -H 'Content-Type: application/json' -d '{{\"type\": \"lose-next-answer\"}}' http://{console}/sandbox/fault"
        );
    }

    fn announce(&self) {
        let strong = anstyle::Style::new().bold();
        let base = format!("https://localhost:{}/ws/v1/fagsystem", self.addresses.fagsystem.port());
        anstream::println!("{strong}NIR Gateway sandbox{strong:#}, everything synthetic");
        anstream::println!("  service   {base}");
        anstream::println!("  WSDL      {base}?wsdl");
        anstream::println!("  control   http://{}/sandbox", self.addresses.console);
        anstream::println!(
            "  files     {}  (certs/, persons.json, parties.json, endpoints.json, sandbox.log)",
            self.data.display()
        );
    }
}

/// The loopback address with this port.
fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let store = Store::open(&config.database.url).await?;
    store.migrate(config.profile.as_str()).await?;
    Ok(store)
}

/// One sandbox per directory: two would write one chain of evidence.
fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another sandbox runs on {}; choose another --data", data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// The log goes to a file, so that the terminal stays readable.
fn start_log(data: &Path) -> anyhow::Result<()> {
    let path = data.join("sandbox.log");
    let file = File::options().create(true).append(true).open(&path).with_context(|| path.display().to_string())?;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::sync::Mutex::new(file));
    log.try_init().map_err(|error| anyhow::anyhow!("the log: {error}"))
}

/// Users of a sandbox that rested, but for the one that shall be inactive.
fn stale_users(registry: &Registry, now: chrono::DateTime<chrono::Utc>) -> Vec<RegistryEntry> {
    let stale = registry.users.values().filter(|user| user.id != parties::INACTIVE_USER);
    stale
        .filter(|user| now - user.last_used > RENEW_USERS_AFTER)
        .map(|user| RegistryEntry::User(register::registry::TransferUser { last_used: now, ..user.clone() }))
        .collect()
}
