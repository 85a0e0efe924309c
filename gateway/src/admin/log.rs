//! `nir-gateway log`: the evidence, proved (design.md 7).

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use nir_wsdl::algorithm::SignatureMethod;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::key::VerifyKey;

use crate::cli::{ConfigArgs, DatabaseArgs};
use crate::config::Config;

/// What can be done with the log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Recompute every hash chain of the evidence and compare.
    ///
    /// Exit code 0 when all hold; else 1, and the chain and position of the first row that does not are named.
    Verify {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// Verify this database; then no configuration is read. Left out: the configured one.
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
}

/// Carries it out.
pub async fn run(command: LogCommand) -> anyhow::Result<ExitCode> {
    let LogCommand::Verify { config, database } = command;
    verify(&DatabaseArgs { config, database }).await
}

/// Recomputes every chain of the evidence.
async fn verify(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    // A database named alone has no configuration, and so no certificate to hold checkpoints against.
    let keys = database.database.is_none().then(|| checkpoint_keys(&database.config.config)).transpose()?;
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
