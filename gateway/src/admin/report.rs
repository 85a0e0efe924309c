//! `nir-gateway report`: records that kommuner have reported as wrong (HD-14), and IMDi's decision on them.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use register::change::Opphav;
use register::id::Duf;
use register::ledger::{Internal, InternalCommand};
use register::policy::Policy;
use register::post::{Feilstatus, PostId, PostVersion};

use super::operator::Operator;
use crate::cli::{ConfigArgs, DatabaseArgs};
use crate::clock;
use register::time::oslo_date;

/// Persons that are read at once.
const PERSONS: usize = 500;

/// Reports that wait, and decisions.
#[derive(Debug, Clone, Subcommand)]
pub enum ReportCommand {
    /// Show the reports that wait: person, record, kind, kommune, reason, day, case.
    List(DatabaseArgs),
    /// Strike the record: it never was, and its kommune hears so.
    Strike(DecisionArgs),
    /// Let the record stand; from then on it can be changed again.
    Keep(DecisionArgs),
}

/// Which record is decided on.
#[derive(Debug, Clone, Args)]
pub struct DecisionArgs {
    /// Whose record.
    #[arg(long, value_name = "DUF")]
    pub duf: String,
    /// Its id.
    #[arg(long, value_name = "ID")]
    pub post: String,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Carries it out.
pub async fn run(command: ReportCommand) -> anyhow::Result<ExitCode> {
    match command {
        ReportCommand::List(database) => list(&database).await,
        ReportCommand::Strike(args) => decide(&args, true).await,
        ReportCommand::Keep(args) => decide(&args, false).await,
    }
}

/// Shows every report that waits, one line each. A strictly confidential person is counted, not shown (VERN-1).
async fn list(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    let today = oslo_date(clock::now());
    let (mut waiting, mut hidden) = (0, 0);
    for some in store.all_dufs().await?.chunks(PERSONS) {
        for person in store.persons(some).await? {
            for (post, line) in person.posts.iter().filter_map(|post| Some((post, line(post)?))) {
                waiting += 1;
                if person.hidden(today) {
                    hidden += 1;
                } else {
                    anstream::println!("{} {} {line}", person.duf, post.post_id);
                }
            }
        }
    }
    store.close().await;
    anstream::eprintln!(
        "{waiting} reports wait for a decision ({hidden} of strictly confidential persons, not listed)."
    );
    Ok(ExitCode::SUCCESS)
}

fn line(post: &PostVersion) -> Option<String> {
    let report = post.feilregistrert.as_ref().filter(|report| report.status == Feilstatus::Meldt)?;
    let (kind, kommune) = (post.content.posttype(), post.kommune);
    Some(format!("{kind} {kommune} {} {} case {}", report.aarsak, report.meldt, report.sak))
}

/// Strikes the record that was reported, or lets it stand; the streams that carry it hear of either.
async fn decide(args: &DecisionArgs, strike: bool) -> anyhow::Result<ExitCode> {
    let (config, store) = super::configured(&args.config.config).await?;
    let policy = Policy::embedded(config.profile)?;
    let duf = Duf::parse(&args.duf, policy.test_series()).ok().context("--duf is no DUF number")?;
    let post_id: PostId = args.post.parse().context("--post is no id of a record")?;
    let persons = store.persons(&[duf]).await?;
    let waits = persons.iter().filter_map(|person| person.post(post_id)).any(|post| line(post).is_some());
    anyhow::ensure!(waits, "no report of this record waits for a decision: see nir-gateway report list");
    let mut operator = Operator::open(&config, &store, "report").await?;
    let what = Internal::Avgjoer { duf, post_id, strike };
    let word = if strike { "is struck" } else { "stands" };
    let done = operator.commit(InternalCommand { opphav: Opphav::Imdi, what }, word.into()).await;
    operator.close().await?;
    // Two operators at once: the second finds nothing left to decide.
    let changed = done?.starts_with("1 changed");
    store.close().await;
    anyhow::ensure!(changed, "no report of this record waits for a decision any more");
    anstream::println!("The record {word}.");
    Ok(ExitCode::SUCCESS)
}
