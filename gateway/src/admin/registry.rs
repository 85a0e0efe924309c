//! `nir-gateway party|user|agreement`: rows of the registry from a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::rows::{self, Family};
use crate::cli::{ConfigArgs, DatabaseArgs};
use crate::clock;

/// Import of registry rows.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCommand {
    /// Add or replace the rows of a file; rows that are already so stay as they are.
    ///
    /// The file is NDJSON (one row per line: {"kind": "PARTY", "orgnr": "310000000", …}) or, when its name ends
    /// with .toml, TOML with one [[row]] table per row. All rows are checked before any is written, and every
    /// problem is listed. Says what was added, changed and unchanged. Nodes see the change within seconds.
    Import {
        /// The rows.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// Import into this database; then no configuration is read. Left out: the configured one.
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
}

/// Carries it out for rows of this family.
pub async fn run(command: ImportCommand, family: Family) -> anyhow::Result<ExitCode> {
    let ImportCommand::Import { file, config, database } = command;
    import(&file, family, &DatabaseArgs { config, database }).await
}

/// Imports rows of one family and says what changed.
async fn import(file: &Path, family: Family, database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
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
