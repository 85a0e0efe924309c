//! `nir-gateway stream`: how the streams of changes stand, new incarnations, and retention (design.md 8, 17).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Months, NaiveDate, Utc};
use clap::Subcommand;
use nir_wsdl::certificate::Certificate;
use register::change::Opphav;
use register::fact::FactContent;
use register::ledger::{Internal, InternalCommand};
use register::person::Person;
use register::store::Store;

use crate::admin::operator::Operator;
use crate::admin::{ping, push};
use crate::cli::{ConfigArgs, DatabaseArgs};
use crate::clock;
use crate::config::Config;

/// Changes stay for so many months (contract.md 4.6).
const RETENTION: Months = Months::new(13);

/// Persons that are read in one step.
const READ_AT_ONCE: usize = 500;

/// Protected persons of one transaction: streams may hold much of each.
const PROTECTED_AT_ONCE: usize = 20;

/// What to do with the streams.
#[derive(Debug, Subcommand)]
pub enum StreamCommand {
    /// Show each stream: id, last number, handed out, acknowledged, oldest number, and since when a change waits unread.
    List(DatabaseArgs),
    /// Raise the last part of stroemId, after a restore that may have lost commits.
    ///
    /// Whoever reads by the old id gets NIR-I905 and begins again: numbers that were read may mean other changes now.
    Renew {
        /// The avsendersystemer; all when none is named.
        avsendersystem: Vec<String>,
        /// Where the database is.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Withdraw what streams may no longer hold of everybody who is protected, acknowledged or not.
    ///
    /// Nodes do this when a person becomes protected; versions before it was so left what had been acknowledged. Once, after
    /// the last node was upgraded; again it does nothing. Nodes may run meanwhile.
    Protect(ConfigArgs),
    /// Drop changes older than 13 months, as every node does by itself.
    Prune(DatabaseArgs),
    /// Tell every avsendersystem that answers will be signed with another certificate (SERTIFIKAT_BYTTES).
    ///
    /// A node does this by itself, 60 days before `signing.next_certificate` takes over; the command is for telling it earlier.
    AnnounceCertificate {
        /// The new certificate, PEM.
        certificate: PathBuf,
        /// The first day on which it signs.
        #[arg(long, value_name = "DATE")]
        on: NaiveDate,
        /// Where the database is.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Approve the address at which an avsendersystem takes its changes by push, or replace the one it has. An address
    /// that no operator approved is never called. Nodes see a change within seconds.
    Approve(push::ApproveArgs),
    /// Try an address for push with a ping, by the road that changes take, and say step by step what holds and what does
    /// not. Nothing is delivered and nothing written; exit code 1 when something does not hold.
    Ping(ping::PingArgs),
    /// Let a stream that could not be delivered, or was parked, be tried again at once, from where it stands.
    Resume {
        /// The avsendersystem.
        #[arg(value_name = "AVSENDERSYSTEM")]
        id: String,
        /// Where the database is.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Take the approval of an address back: it is not called any more, what is on its way moves no cursor, and the stream
    /// is read by hentEndringer alone.
    Release(push::ReleaseArgs),
    /// Show every address for push, and how its delivery stands.
    Deliveries(DatabaseArgs),
}

/// Carries it out.
pub async fn run(command: StreamCommand) -> anyhow::Result<ExitCode> {
    match command {
        StreamCommand::List(database) => list(&database).await,
        StreamCommand::Renew { avsendersystem, database } => renew(&avsendersystem, &database).await,
        StreamCommand::Approve(args) => push::approve(args).await,
        StreamCommand::Ping(args) => ping::run(args).await,
        StreamCommand::Resume { id, database } => push::resume(&id, &database).await,
        StreamCommand::Release(args) => push::release(args).await,
        StreamCommand::Deliveries(database) => push::deliveries(&database).await,
        StreamCommand::AnnounceCertificate { certificate, on, database } => announce(&certificate, on, &database).await,
        StreamCommand::Protect(config) => protect(&config.config).await,
        StreamCommand::Prune(database) => prune(&database).await,
    }
}

async fn announce(file: &Path, on: NaiveDate, database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificate = Certificate::from_pem(&pem).ok().and_then(|all| all.into_iter().next());
    let certificate = certificate.with_context(|| format!("{} holds no usable certificate", file.display()))?;
    let thumbprint = hex::encode(certificate.thumbprint_sha256());
    let store = super::open(database).await?;
    let told = store.announce_certificate(&thumbprint, on, Opphav::Imdi, clock::now()).await?;
    store.close().await;
    anstream::println!(
        "{told} streams were told that {thumbprint} signs from {on}. Who was told before is not told again."
    );
    Ok(ExitCode::SUCCESS)
}

async fn protect(file: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
    let mut protected = Vec::new();
    for some in store.all_dufs().await?.chunks(READ_AT_ONCE) {
        let persons = store.persons(some).await?;
        // Whether it holds today is seen under the person's lock.
        let marked = |person: &&Person| {
            person.facts.iter().any(|fact| matches!(fact.content, FactContent::Beskyttelse { .. }) && !fact.annulled)
        };
        protected.extend(persons.iter().filter(marked).map(|person| person.duf));
    }
    let mut operator = Operator::open(&config, &store, "protect").await?;
    for some in protected.chunks(PROTECTED_AT_ONCE) {
        let request = format!("{{\"persons\":{}}}", some.len());
        let command = InternalCommand { opphav: Opphav::Imdi, what: Internal::Verne(some.to_vec()) };
        operator.commit(command, request.into_bytes()).await?;
    }
    operator.close().await?;
    store.close().await;
    anstream::println!("{} persons are or were protected; no stream holds what it may not.", protected.len());
    Ok(ExitCode::SUCCESS)
}

/// What was recorded before this is dropped.
pub fn retained_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_months(RETENTION).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

async fn list(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    let streams = store.stream_states().await?;
    store.close().await;
    anstream::println!(
        "{:<32} {:>10} {:>10} {:>10} {:>10}  unread since",
        "stroemId",
        "last",
        "out",
        "acked",
        "oldest"
    );
    for stream in streams {
        let position = &stream.position;
        let unread =
            stream.unread_since.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        anstream::println!(
            "{:<32} {:>10} {:>10} {:>10} {:>10}  {unread}",
            position.stroem_id,
            position.siste_sekvensnummer,
            stream.handed_out,
            position.bekreftet_til,
            stream.oldest
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn renew(named: &[String], database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    let all = store.stream_states().await?;
    let known: Vec<&String> = all.iter().map(|stream| &stream.avsendersystem).collect();
    if let Some(unknown) = named.iter().find(|system| !known.contains(system)) {
        store.close().await;
        anyhow::bail!("{unknown} has no stream; nothing was renewed");
    }
    for system in known.into_iter().filter(|system| named.is_empty() || named.contains(system)) {
        if let Some(id) = store.renew_stream(system).await? {
            anstream::println!("{id}");
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn prune(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    let dropped = store.prune_streams(retained_since(clock::now())).await?;
    store.close().await;
    anstream::println!("{dropped} changes dropped.");
    Ok(ExitCode::SUCCESS)
}
