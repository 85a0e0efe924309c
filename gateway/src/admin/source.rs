//! `nir-gateway source`: source registers that are held (design.md 8, Bremse). What an operator does is kept in the evidence like
//! any exchange.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use register::ledger::Effect;

use super::operator::Operator;
use crate::cli::ConfigArgs;

/// Source registers.
#[derive(Debug, Clone, Subcommand)]
pub enum SourceCommand {
    /// Show those that are held, and since when.
    Held {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Let one on: what it closed before is not counted again.
    Release {
        /// Its name (UDI, FOLKEREGISTERET …).
        #[arg(value_name = "SOURCE")]
        source: String,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Carries it out.
pub async fn run(command: SourceCommand) -> anyhow::Result<ExitCode> {
    match command {
        SourceCommand::Held { config } => held(&config.config).await,
        SourceCommand::Release { source, config } => release(&source, &config.config).await,
    }
}

/// Shows sources that are held.
async fn held(config: &Path) -> anyhow::Result<ExitCode> {
    let (_, store) = super::configured(config).await?;
    let held = store.held_sources().await?;
    store.close().await;
    for (source, since) in &held {
        anstream::println!("{source} since {}", since.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    anstream::eprintln!("{} sources are held.", held.len());
    Ok(ExitCode::SUCCESS)
}

/// Lets a source on.
async fn release(source: &str, config: &Path) -> anyhow::Result<ExitCode> {
    let (config, store) = super::configured(config).await?;
    let held = store.held_sources().await?.iter().any(|(held, _)| held == source);
    anyhow::ensure!(held, "{source} is not held");
    let mut operator = Operator::open(&config, &store, "source").await?;
    let kept = operator.keep(Effect::LetOn(source.to_owned()), source.as_bytes().to_vec()).await;
    operator.close().await?;
    store.close().await;
    kept?;
    anstream::println!("{source} is let on.");
    Ok(ExitCode::SUCCESS)
}
