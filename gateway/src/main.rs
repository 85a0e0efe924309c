//! NIR Gateway: signed SOAP in from fagsystemer, signed receipts out for what is truly stored.
//!
//! Modules in reading order: the way in (tls, http, pipeline, operations), the edge to the register (translate,
//! ledger_task), the way out (reply, feil), then what starts and tends it all.

mod admin;
mod admission;
mod app;
mod avslag;
mod bilder;
mod cli;
mod clock;
mod config;
mod contract;
mod demo;
mod feil;
mod housekeeping;
mod http;
mod ids;
mod in_work;
mod kalender;
mod ledger_task;
mod levering;
mod mail;
mod news;
mod operations;
mod pipeline;
mod polls;
mod pool;
mod reply;
mod sandbox;
mod serve;
mod strangers;
mod telemetry;
mod tls;
mod translate;
mod varsel;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use register::store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};

use cli::{Cli, Outcome};
use config::Config;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refused(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => refused(&error),
    }
}

fn refused(error: &anyhow::Error) -> ExitCode {
    anstream::eprintln!("nir-gateway: {error:#}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli::dispatch(cli.command).await? {
        Outcome::Done(code) => Ok(code),
        Outcome::Serve(file) => serve_until_told(&file).await,
    }
}

/// SIGTERM and SIGINT drain; a second one stops at once, by which nothing acknowledged is lost. SIGHUP reads the files of
/// keys, certificates and revocation lists again.
async fn serve_until_told(file: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    telemetry::start_logging(config.log.format);
    // Before anything is started: told while it starts, it stops when it has started.
    let (mut told, mut hangup) = (Told::listen()?, signal(SignalKind::hangup())?);
    let store = Store::open(&config.database.url).await?;
    let running = serve::start(config, store.clone(), None).await?;
    loop {
        tokio::select! {
            () = told.to_stop() => break,
            _ = hangup.recv() => match running.reload() {
                Ok(()) => tracing::info!(event = "reloaded"),
                Err(error) => tracing::error!(event = "not_reloaded", error = format!("{error:#}")),
            },
        }
    }
    tracing::info!(event = "draining");
    tokio::select! {
        () = running.stop() => store.close().await,
        () = told.to_stop() => tracing::warn!(event = "stopped_at_once"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What an operator, a service manager or a terminal says.
pub struct Told {
    terminate: Signal,
    interrupt: Signal,
}

impl Told {
    /// From here on signals are waited for and end nothing by themselves.
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Told { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for SIGTERM or SIGINT.
    pub async fn to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
