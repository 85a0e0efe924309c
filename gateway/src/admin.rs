//! The operator's commands: `migrate`, `check-config`, `party|user|agreement import`, `log verify`, `replay --check`, `extract`,
//! `import`, `recompute`, `report`, `stream`, `support`, `feilsak`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use nir_wsdl::algorithm::SignatureMethod;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::key::VerifyKey;
use register::store::Store;
use register::store::replay::Report;

use crate::clock;
use crate::config::Config;
use rows::Family;

pub mod campaign;
pub mod extract;
pub mod import;
mod operator;
pub mod ping;
pub mod push;
pub mod recompute;
pub mod report;
pub mod rows;
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

/// Imports rows of one family and says what changed.
pub async fn import(file: &Path, family: Family, config: &Path, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = open(config, database).await?;
    let registry = store.load_registry().await?;
    let rows = rows::read(file, family, &registry)?;
    let mut changed = Vec::new();
    let (mut added, mut replaced, mut unchanged) = (0, 0, 0);
    for row in rows {
        let (count, word) = match rows::registered(&row, &registry) {
            None => (&mut added, "added"),
            Some(now) if now == row => (&mut unchanged, "unchanged"),
            Some(_) => (&mut replaced, "changed"),
        };
        *count += 1;
        anstream::println!("{word:<10} {}", row.key());
        if word != "unchanged" {
            changed.push(row);
        }
    }
    if !changed.is_empty() {
        store.put_registry(&changed, clock::now()).await?;
    }
    store.close().await;
    anstream::println!("{added} added, {replaced} changed, {unchanged} unchanged.");
    Ok(ExitCode::SUCCESS)
}

/// Folds every person's journal and compares with its snapshot, and counts every stream (design.md 6, Replay).
pub async fn replay_check(config: &Path, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = open(config, database).await?;
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
pub async fn rebuild_lists(config: &Path, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = open(config, database).await?;
    let mut differing = 0;
    for some in store.all_dufs().await?.chunks(LISTED_AT_ONCE) {
        differing += store.rebuild_lists(some, clock::now()).await?;
    }
    store.close().await;
    anstream::println!("{differing} persons were listed otherwise, and are listed as they are now.");
    Ok(ExitCode::SUCCESS)
}

/// Recomputes every chain of the evidence.
pub async fn verify_log(config: &Path, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = open(config, database).await?;
    // A database named alone has no configuration, and so no certificate to hold checkpoints against.
    let keys = database.is_none().then(|| checkpoint_keys(config)).transpose()?;
    let check = |text: &[u8], signature: &[u8]| {
        let mut keys = keys.iter().flatten();
        keys.any(|key| key.verifies(SignatureMethod::RsaSha256, text, signature))
    };
    let verified = register::evidence::verify(&store, keys.is_some().then_some(&check)).await;
    store.close().await;
    match verified {
        Ok(report) => {
            for chain in &report.chains {
                anstream::println!("ok  {}  {} rows, {} checkpoints", chain.kjede, chain.rows, chain.checkpoints);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(broken) => {
            anstream::eprintln!("{broken}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The keys that signed the checkpoints: those that sign answers, now and before.
fn checkpoint_keys(config: &Path) -> anyhow::Result<Vec<VerifyKey>> {
    let signing = Config::load(config)?.signing;
    let files = std::iter::once(&signing.certificate).chain(&signing.former_certificates);
    files
        .map(|file| {
            let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let certificate = Certificate::from_pem(&pem).ok().and_then(|all| all.into_iter().next());
            let key = certificate.and_then(|certificate| certificate.verify_key().ok());
            key.with_context(|| format!("{} holds no usable certificate", file.display()))
        })
        .collect()
}

/// The database that a command works on, which must be there and prepared; one named alone may be of any profile.
async fn open(config: &Path, database: Option<&str>) -> anyhow::Result<Store> {
    let (url, profile) = match database {
        Some(url) => (url.to_owned(), None),
        None => {
            let config = Config::load(config)?;
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
