//! `nir-gateway support`, `feilsak` and `source`: the operator's side of support cases and transfer errors, until the
//! console has it. What an operator does is kept in the evidence like any exchange.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::SubsecRound as _;
use register::feilsak::{Saksspoersmaal, Saksstatus};
use register::id::Duf;
use register::ledger::Effect;
use register::policy::Policy;
use register::store::Store;
use register::support::{Fra, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus};
use register::time::oslo_date;
use uuid::Uuid;

use super::operator::Operator;
use crate::clock;
use crate::config::Config;

/// Most cases that are shown.
const SHOWN: usize = 1_000;
/// Longest answer, in characters.
const LONGEST: usize = 4_000;

/// Shows support cases with what was written in them. The number of a strictly confidential person is not shown (VERN-1).
pub async fn list(all: bool, config: &Path) -> anyhow::Result<ExitCode> {
    let (config, store) = open(config).await?;
    let status = if all { Vec::new() } else { vec![Supportstatus::Ny] };
    let asked = Supportspoersmaal { status, ..Supportspoersmaal::default() };
    let (saker, _) = store.supportsaker(&asked, SHOWN).await?;
    let policy = Policy::embedded(config.profile)?;
    let dufs = saker.iter().filter_map(|(sak, _)| Duf::parse(sak.duf.as_ref()?, policy.test_series()).ok());
    let today = oslo_date(clock::now());
    let persons = store.persons(&dufs.collect::<Vec<_>>()).await?;
    let hidden: BTreeMap<String, bool> = persons.iter().map(|p| (p.duf.to_string(), p.hidden(today))).collect();
    for (sak, texts) in &saker {
        let duf = sak.duf.as_deref().filter(|duf| !hidden.get(*duf).copied().unwrap_or(false));
        let about = [("duf", duf.map(str::to_owned)), ("feilId", sak.feil_id.map(|id| id.to_string()))];
        let about = about.iter().filter_map(|(name, value)| Some(format!(" {name} {}", value.as_ref()?)));
        anstream::println!("{} {} {}{}", sak.sak, sak.status.code(), sak.avsendersystem, about.collect::<String>());
        for text in texts {
            anstream::println!("  {} {}: {}", text.skrevet.format("%Y-%m-%d %H:%M"), text.fra.code(), text.tekst);
        }
    }
    store.close().await;
    anstream::eprintln!("{} support cases.", saker.len());
    Ok(ExitCode::SUCCESS)
}

/// Writes IMDi's answer into a case, from a file.
pub async fn answer(sak: Uuid, text: &PathBuf, config: &Path) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(text).with_context(|| format!("cannot read {}", text.display()))?;
    let text = text.trim().to_owned();
    anyhow::ensure!(
        (1..=LONGEST).contains(&text.chars().count()),
        "the answer is empty or longer than {LONGEST} characters"
    );
    change(sak, Supportstatus::Besvart, Some(text), config).await
}

/// Closes a case.
pub async fn close(sak: Uuid, config: &Path) -> anyhow::Result<ExitCode> {
    change(sak, Supportstatus::Lukket, None, config).await
}

async fn change(sak: Uuid, status: Supportstatus, text: Option<String>, config: &Path) -> anyhow::Result<ExitCode> {
    let (config, store) = open(config).await?;
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

/// Shows transfer errors of an avsendersystem, one line each: open ones, or all.
pub async fn feilsaker(avsendersystem: &str, all: bool, config: &Path) -> anyhow::Result<ExitCode> {
    let (_, store) = open(config).await?;
    let status = if all { Vec::new() } else { vec![Saksstatus::Ny, Saksstatus::UnderArbeid] };
    let asked = Saksspoersmaal { avsendersystem: avsendersystem.to_owned(), status, ..Saksspoersmaal::default() };
    let (saker, _) = store.feilsaker(&asked, SHOWN).await?;
    for (sak, _) in &saker {
        let closes = sak.vindu_lukker.map(|day| format!(" window closes {day}")).unwrap_or_default();
        let (product, version) = &sak.innhold.fagsystem;
        let (attempts, status, group, who) = (sak.antall, sak.status.code(), sak.gruppe(), &sak.innhold.rettes_av);
        anstream::println!("{} {status} {group} {who} {attempts} attempts {product} {version}{closes}", sak.sak);
    }
    store.close().await;
    anstream::eprintln!("{} transfer errors.", saker.len());
    Ok(ExitCode::SUCCESS)
}

/// Sets how far a transfer error has come.
pub async fn set_feilsak(sak: Uuid, status: &str, config: &Path) -> anyhow::Result<ExitCode> {
    let by_operator = [Saksstatus::Ny, Saksstatus::UnderArbeid, Saksstatus::Loest, Saksstatus::Avvist];
    let status = Saksstatus::from_code(status).filter(|status| by_operator.contains(status));
    let status = status.context("the state is one of NY, UNDER_ARBEID, LOEST, AVVIST")?;
    let (config, store) = open(config).await?;
    let mut operator = Operator::open(&config, &store, "feilsak").await?;
    let kept = operator.keep(Effect::Decided(sak, status), format!("{sak} {}", status.code()).into_bytes()).await;
    operator.close().await?;
    store.close().await;
    kept?;
    anstream::println!("The transfer error is {}.", status.code());
    Ok(ExitCode::SUCCESS)
}

/// Shows sources that are held (design.md 8, Bremse).
pub async fn held_sources(config: &Path) -> anyhow::Result<ExitCode> {
    let (_, store) = open(config).await?;
    let held = store.held_sources().await?;
    store.close().await;
    for (source, since) in &held {
        anstream::println!("{source} since {}", since.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    anstream::eprintln!("{} sources are held.", held.len());
    Ok(ExitCode::SUCCESS)
}

/// Lets a source on.
pub async fn release_source(source: &str, config: &Path) -> anyhow::Result<ExitCode> {
    let (config, store) = open(config).await?;
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

async fn open(config: &Path) -> anyhow::Result<(Config, Store)> {
    let config = Config::load(config)?;
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
    Ok((config, store))
}
