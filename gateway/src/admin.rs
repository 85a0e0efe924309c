//! The operator's commands: each family has its arguments and what they do in a room of its own; what needs none is here
//! (`migrate`, `check-config`, `replay --check`, `rebuild-lists`).

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use register::store::Store;
use register::store::replay::Report;

use crate::cli::DatabaseArgs;
use crate::clock;
use crate::config::Config;

pub mod campaign;
pub mod extract;
pub mod feilsak;
pub mod import;
pub mod log;
mod operator;
pub mod ping;
pub mod push;
pub mod recompute;
pub mod registry;
pub mod report;
pub mod rows;
pub mod source;
pub mod stream;
pub mod support;

/// Persons whose lists are derived in one transaction.
const LISTED_AT_ONCE: usize = 500;

/// Creates or upgrades the tables and sets the profile.
pub async fn migrate(config: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let store = Store::open(&config.database.url).await?;
    store.migrate(config.profile.as_str()).await?;
    store.close().await;
    anstream::println!("The database is ready; its profile is {}.", config.profile);
    Ok(ExitCode::SUCCESS)
}

/// Prints every problem, or OK.
pub fn check_config(file: &Path) -> anyhow::Result<ExitCode> {
    match Config::load(file) {
        Ok(config) => {
            anstream::println!("OK: {} (profile {}, node {})", file.display(), config.profile, config.node.name);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            anstream::eprintln!("{}: {error:#}", file.display());
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Folds every person's journal and compares with its snapshot, and counts every stream (design.md 6, Replay).
pub async fn replay_check(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = open(database).await?;
    let report = register::store::replay::check(&store).await;
    store.close().await;
    let report = report?;
    for difference in &report.differences {
        anstream::eprintln!("{difference}");
    }
    let Report { persons, rows, streams, changes, differing, .. } = report;
    anstream::println!(
        "{persons} persons with {rows} rows, {streams} streams with {changes} changes: {differing} differences."
    );
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Derives the lists of persons anew where they differ from the persons, a few hundred in each transaction.
pub async fn rebuild_lists(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = open(database).await?;
    let mut differing = 0;
    for some in store.all_dufs().await?.chunks(LISTED_AT_ONCE) {
        differing += store.rebuild_lists(some, clock::now()).await?;
    }
    store.close().await;
    anstream::println!("{differing} persons were listed otherwise, and are listed as they are now.");
    Ok(ExitCode::SUCCESS)
}

/// The database that a command works on, which must be there and prepared; one named alone may be of any profile.
async fn open(database: &DatabaseArgs) -> anyhow::Result<Store> {
    let (url, profile) = match &database.database {
        Some(url) => (url.clone(), None),
        None => {
            let config = Config::load(&database.config.config)?;
            (config.database.url, Some(config.profile))
        }
    };
    // SQLite would make a file of a name that was mistyped.
    let file = url.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file));
    if let Some(file) = file.filter(|file| !Path::new(file.split('?').next().unwrap_or(file)).exists()) {
        anyhow::bail!("there is no database {file}: run nir-gateway migrate");
    }
    let store = Store::open(&url).await.context("cannot open the database")?;
    match profile {
        Some(profile) => store.check_ready(profile.as_str()).await?,
        None => drop(store.registry_version().await.context("the database is not prepared: run nir-gateway migrate")?),
    }
    Ok(store)
}

/// The configuration, and its database.
async fn configured(config: &Path) -> anyhow::Result<(Config, Store)> {
    let config = Config::load(config)?;
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
    Ok((config, store))
}
