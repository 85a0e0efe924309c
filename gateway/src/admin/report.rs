//! `nir-gateway report`: records that kommuner have reported as wrong (HD-14), and IMDi's decision on them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use register::change::Opphav;
use register::id::Duf;
use register::ledger::{Internal, InternalCommand};
use register::policy::Policy;
use register::post::{Feilstatus, PostId, PostVersion};
use register::store::Store;

use super::operator::Operator;
use crate::clock;
use crate::config::Config;
use register::time::oslo_date;

/// Persons that are read at once.
const PERSONS: usize = 500;

/// Shows every report that waits, one line each. A strictly confidential person is counted, not shown (VERN-1).
pub async fn list(config: &Path, database: Option<&str>) -> anyhow::Result<ExitCode> {
    let store = super::open(config, database).await?;
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
pub async fn decide(duf: &str, post: &str, strike: bool, config: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let policy = Policy::embedded(config.profile)?;
    let duf = Duf::parse(duf, policy.test_series()).ok().context("--duf is no DUF number")?;
    let post_id: PostId = post.parse().context("--post is no id of a record")?;
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
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
