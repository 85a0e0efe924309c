//! `nir-gateway feilsak`: transfer errors as the operator sees them, until the console has them. What an operator does is kept in
//! the evidence like any exchange.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use register::feilsak::{Saksspoersmaal, Saksstatus};
use register::ledger::Effect;
use uuid::Uuid;

use super::operator::Operator;
use crate::cli::ConfigArgs;

/// Cases that are read together: all are shown.
const PAGE: usize = 1_000;

/// Transfer errors.
#[derive(Debug, Clone, Subcommand)]
pub enum FeilsakCommand {
    /// Show those of an avsendersystem: id, state, cause, who can mend it, attempts, product, when the window closes.
    List {
        /// Whose.
        #[arg(long, value_name = "ID")]
        avsendersystem: String,
        /// Those that are solved, too.
        #[arg(long)]
        all: bool,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Say how far one has come.
    Set {
        /// Its id.
        #[arg(value_name = "ID")]
        id: uuid::Uuid,
        /// NY, UNDER_ARBEID, LOEST or AVVIST.
        #[arg(long, value_name = "STATE")]
        status: String,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Carries it out.
pub async fn run(command: FeilsakCommand) -> anyhow::Result<ExitCode> {
    match command {
        FeilsakCommand::List { avsendersystem, all, config } => list(&avsendersystem, all, &config.config).await,
        FeilsakCommand::Set { id, status, config } => set(id, &status, &config.config).await,
    }
}

/// Shows transfer errors of an avsendersystem, one line each: open ones, or all.
async fn list(avsendersystem: &str, all: bool, config: &Path) -> anyhow::Result<ExitCode> {
    let (_, store) = super::configured(config).await?;
    let status = if all { Vec::new() } else { vec![Saksstatus::Ny, Saksstatus::UnderArbeid] };
    let mut asked = Saksspoersmaal { avsendersystem: avsendersystem.to_owned(), status, ..Saksspoersmaal::default() };
    let (mut shown, mut more) = (0, true);
    while more {
        let saker;
        (saker, more) = store.feilsaker(&asked, PAGE).await?;
        for (sak, _) in &saker {
            let closes = sak.vindu_lukker.map(|day| format!(" window closes {day}")).unwrap_or_default();
            let (product, version) = &sak.innhold.fagsystem;
            let (attempts, status, group, who) = (sak.antall, sak.status.code(), sak.gruppe(), &sak.innhold.rettes_av);
            anstream::println!("{} {status} {group} {who} {attempts} attempts {product} {version}{closes}", sak.sak);
        }
        shown += saker.len();
        asked.after = saker.last().map(|(sak, _)| (sak.aapnet, sak.sak));
    }
    store.close().await;
    anstream::eprintln!("{shown} transfer errors.");
    Ok(ExitCode::SUCCESS)
}

/// Sets how far a transfer error has come.
async fn set(sak: Uuid, status: &str, config: &Path) -> anyhow::Result<ExitCode> {
    let by_operator = [Saksstatus::Ny, Saksstatus::UnderArbeid, Saksstatus::Loest, Saksstatus::Avvist];
    let status = Saksstatus::from_code(status).filter(|status| by_operator.contains(status));
    let status = status.context("the state is one of NY, UNDER_ARBEID, LOEST, AVVIST")?;
    let (config, store) = super::configured(config).await?;
    let mut operator = Operator::open(&config, &store, "feilsak").await?;
    let kept = operator.keep(Effect::Decided(sak, status), format!("{sak} {}", status.code()).into_bytes()).await;
    operator.close().await?;
    store.close().await;
    kept?;
    anstream::println!("The transfer error is {}.", status.code());
    Ok(ExitCode::SUCCESS)
}
