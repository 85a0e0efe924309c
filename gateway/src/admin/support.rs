//! `nir-gateway support`: the operator's side of support cases, until the console has it. What an operator does is kept in the evidence like any exchange.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::SubsecRound as _;
use clap::Subcommand;
use register::id::Duf;
use register::ledger::Effect;
use register::policy::Policy;
use register::store::{Store, StoreError};
use register::support::{Fra, Supportbilde, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus};
use register::time::oslo_date;
use uuid::Uuid;

use super::operator::Operator;
use crate::cli::ConfigArgs;
use crate::clock;

/// Cases that are read together: all are shown.
const PAGE: usize = 1_000;
/// Longest answer, in characters.
const LONGEST: usize = 4_000;

/// Support cases.
#[derive(Debug, Clone, Subcommand)]
pub enum SupportCommand {
    /// Show the cases that wait, with what was written in them.
    List {
        /// Those that were answered or closed, too.
        #[arg(long)]
        all: bool,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Write an answer into a case; the sender reads it with hentSupportsak.
    Answer {
        /// Its id.
        #[arg(value_name = "ID")]
        id: uuid::Uuid,
        /// The file that holds the answer.
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Close a case. The sender opens it again by writing in it.
    Close {
        /// Its id.
        #[arg(value_name = "ID")]
        id: uuid::Uuid,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Carries it out.
pub async fn run(command: SupportCommand) -> anyhow::Result<ExitCode> {
    match command {
        SupportCommand::List { all, config } => list(all, &config.config).await,
        SupportCommand::Answer { id, text, config } => answer(id, &text, &config.config).await,
        SupportCommand::Close { id, config } => change(id, Supportstatus::Lukket, None, &config.config).await,
    }
}

/// Shows support cases with what was written in them. The number of a strictly confidential person is not shown (VERN-1).
async fn list(all: bool, config: &Path) -> anyhow::Result<ExitCode> {
    let (config, store) = super::configured(config).await?;
    let status = if all { Vec::new() } else { vec![Supportstatus::Ny] };
    let mut asked = Supportspoersmaal { status, ..Supportspoersmaal::default() };
    let policy = Policy::embedded(config.profile)?;
    let (mut shown, mut more) = (0, true);
    while more {
        let saker;
        (saker, more) = store.supportsaker(&asked, PAGE).await?;
        show(&store, &policy, &saker).await?;
        shown += saker.len();
        asked.after = saker.last().map(|(sak, _)| (sak.aapnet, sak.sak));
    }
    store.close().await;
    anstream::eprintln!("{shown} support cases.");
    Ok(ExitCode::SUCCESS)
}

async fn show(store: &Store, policy: &Policy, saker: &[Supportbilde]) -> Result<(), StoreError> {
    let dufs = saker.iter().filter_map(|(sak, _)| Duf::parse(sak.duf.as_ref()?, policy.test_series()).ok());
    let today = oslo_date(clock::now());
    let persons = store.persons(&dufs.collect::<Vec<_>>()).await?;
    let hidden: BTreeMap<String, bool> = persons.iter().map(|p| (p.duf.to_string(), p.hidden(today))).collect();
    for (sak, texts) in saker {
        let duf = sak.duf.as_deref().filter(|duf| !hidden.get(*duf).copied().unwrap_or(false));
        let about = [("duf", duf.map(str::to_owned)), ("feilId", sak.feil_id.map(|id| id.to_string()))];
        let about = about.iter().filter_map(|(name, value)| Some(format!(" {name} {}", value.as_ref()?)));
        anstream::println!("{} {} {}{}", sak.sak, sak.status.code(), sak.avsendersystem, about.collect::<String>());
        for text in texts {
            anstream::println!("  {} {}: {}", text.skrevet.format("%Y-%m-%d %H:%M"), text.fra.code(), text.tekst);
        }
    }
    Ok(())
}

/// Writes IMDi's answer into a case, from a file.
async fn answer(sak: Uuid, text: &Path, config: &Path) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(text).with_context(|| format!("cannot read {}", text.display()))?;
    let text = text.trim().to_owned();
    anyhow::ensure!(
        (1..=LONGEST).contains(&text.chars().count()),
        "the answer is empty or longer than {LONGEST} characters"
    );
    change(sak, Supportstatus::Besvart, Some(text), config).await
}

async fn change(sak: Uuid, status: Supportstatus, text: Option<String>, config: &Path) -> anyhow::Result<ExitCode> {
    let (config, store) = super::configured(config).await?;
    let asked = Supportspoersmaal { sak: Some(sak), ..Supportspoersmaal::default() };
    let (before, _) = store.supportsaker(&asked, 1).await?.0.pop().context("there is no such support case")?;
    let now = clock::now().trunc_subsecs(6);
    let request = text.clone().unwrap_or_else(|| status.code().to_owned());
    let texts = text.map(|tekst| Supportmelding { id: Uuid::new_v4(), sak, fra: Fra::Imdi, skrevet: now, tekst });
    let sak = Supportsak { status, endret: now, ..before };
    let mut operator = Operator::open(&config, &store, "support").await?;
    let kept = operator.keep(Effect::Support((sak, texts.into_iter().collect())), request.into_bytes()).await;
    operator.close().await?;
    store.close().await;
    kept?;
    anstream::println!("The case is {}.", status.code());
    Ok(ExitCode::SUCCESS)
}
