//! A lane: the one task that commits for a node, batch after batch (design.md 7, 17).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use tokio::time::timeout;

use crate::ledger::answers::Outcomes;
use crate::ledger::attempt::{Attempt, Carried, Failed, cannot_seal};
use crate::ledger::chain::Chain;
use crate::ledger::{ALONE_FROM_PERSONS, Job, LaneConfig, LedgerError, Work};
use crate::registry::Registry;
use crate::store::rows::Writes;
use crate::store::{Store, StoreError};

/// How often a batch is tried whole before it is split.
const TRIES: usize = 4;
/// A server that says nothing for so long is taken for gone: a connection that broke on the way is not told of it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many nodes may open their chains at the same moment.
const OPENINGS: usize = 64;

/// A lane with its chain of evidence.
#[derive(Debug)]
pub struct Lane {
    store: Store,
    config: LaneConfig,
    registry: Arc<Registry>,
    chain: Chain,
    last_recorded: DateTime<Utc>,
    /// Streams that got numbers since they were last asked for.
    heard: BTreeSet<String>,
    /// A commit's outcome is unknown, and it may still come to pass: the chain is left where it is.
    lost_sight: bool,
}

impl Lane {
    /// Opens a new incarnation of the lane's chain; its first row names the heads of all other chains.
    pub async fn open(store: Store, config: LaneConfig, at: DateTime<Utc>) -> Result<Self, LedgerError> {
        let last_recorded = at.trunc_subsecs(6);
        let (chain, registry) = open_chain(&store, (&config.node, config.lane), last_recorded).await?;
        let (registry, heard) = (Arc::new(registry), BTreeSet::new());
        Ok(Lane { store, config, registry, chain, last_recorded, heard, lost_sight: false })
    }

    /// Commits the jobs, in as few transactions as can be; one outcome for each, in order.
    pub async fn commit(&mut self, jobs: &[Job], at: DateTime<Utc>) -> Outcomes {
        let mut outcomes = Vec::with_capacity(jobs.len());
        let mut runs: Vec<&[Job]> = split_alone(jobs);
        runs.reverse();
        while let Some(run) = runs.pop() {
            match self.commit_run(run, at).await {
                Ok(done) => outcomes.extend(done),
                // One bad message never poisons a batch: by halves until it stands alone.
                Err(error) if run.len() > 1 && error.may_be_one_jobs() => {
                    let (first, second) = run.split_at(run.len() / 2);
                    runs.extend([second, first]);
                }
                Err(StoreError::Conflict(_) | StoreError::Kept | StoreError::Busy) => {
                    outcomes.extend(run.iter().map(|_| Err(LedgerError::Locked)));
                }
                Err(StoreError::CommitUnknown(_)) => {
                    outcomes.extend(run.iter().map(|_| Err(LedgerError::OutcomeUnknown)));
                }
                Err(error) => {
                    let error = Arc::new(error);
                    outcomes.extend(run.iter().map(|_| Err(LedgerError::Store(Arc::clone(&error)))));
                }
            }
        }
        outcomes
    }

    /// The streams that got numbers by commits since the last call.
    pub fn take_heard(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.heard)
    }

    /// Signs the head of the chain.
    pub async fn close(mut self, at: DateTime<Utc>) -> Result<(), LedgerError> {
        let recorded = self.recorded(at);
        if self.lost_sight {
            self.open_again(recorded).await?;
        }
        let mut chain = self.chain.clone();
        chain.checkpoint(&*self.config.checkpoints, recorded, true).map_err(cannot_seal)?;
        if chain.rows.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        tx.write(&Writes { evidence: std::mem::take(&mut chain.rows), ..Writes::default() }).await?;
        Ok(tx.commit().await?)
    }

    /// Recorded time: of the commit, to the microsecond, never the same twice.
    fn recorded(&mut self, at: DateTime<Utc>) -> DateTime<Utc> {
        let next = self.last_recorded + TimeDelta::microseconds(1);
        self.last_recorded = at.trunc_subsecs(6).max(next);
        self.last_recorded
    }

    async fn commit_run(&mut self, run: &[Job], at: DateTime<Utc>) -> Result<Outcomes, StoreError> {
        let mut panicked = BTreeSet::new();
        let mut tries = 1;
        loop {
            let recorded = self.recorded(at);
            if self.lost_sight {
                self.open_again(recorded).await?;
            }
            match self.attempt(run, recorded, &panicked).await {
                Ok((outcomes, _)) => return Ok(outcomes),
                // Their effects were in the rows of the batch already: the whole is tried without them.
                Err(Failed::Panicked(jobs)) => {
                    tracing::error!(event = "message_panicked", jobs = jobs.len());
                    panicked.extend(jobs);
                }
                Err(Failed::Store(StoreError::Conflict(code))) if tries < TRIES => {
                    tracing::info!(event = "batch_conflict", code, jobs = run.len());
                    tries += 1;
                }
                Err(Failed::Store(StoreError::ChainMoved)) if tries < TRIES => {
                    tracing::error!(event = "chain_moved", kjede = self.chain.kjede());
                    self.lost_sight = true;
                    tries += 1;
                }
                Err(Failed::Store(error)) => {
                    self.lost_sight |= matches!(error, StoreError::CommitUnknown(_));
                    return Err(error);
                }
            }
        }
    }

    /// After a commit whose outcome is unknown the chain is left, whether it went on or not: the server may still be at
    /// it, and what it then writes must find its place free.
    async fn open_again(&mut self, at: DateTime<Utc>) -> Result<(), StoreError> {
        let (chain, registry) = open_chain(&self.store, (&self.config.node, self.config.lane), at).await?;
        (self.chain, self.registry) = (chain, Arc::new(registry));
        self.lost_sight = false;
        Ok(())
    }

    async fn attempt(
        &mut self,
        run: &[Job],
        recorded: DateTime<Utc>,
        panicked: &BTreeSet<usize>,
    ) -> Result<(Outcomes, Writes), Failed> {
        let mut tx = self.store.begin().await?;
        let attempt =
            Attempt { config: &mut self.config, registry: &mut self.registry, chain: &self.chain, recorded, panicked };
        // What is given up here is rolled back with its connection, which nobody waits for.
        let carried = timeout(PATIENCE, attempt.carry_out(&mut tx, run)).await;
        match carried.map_err(|_| StoreError::NoAnswer)? {
            Ok(Carried { outcomes, chain, writes, heard }) => {
                let committed = timeout(PATIENCE, tx.commit()).await;
                committed.unwrap_or_else(|_| Err(StoreError::CommitUnknown("no answer".to_owned())))?;
                self.chain = chain.advanced();
                self.note_uses(&writes.uses);
                self.heard.extend(heard);
                self.heard.extend(writes.changes.iter().map(|change| change.avsendersystem.clone()));
                Ok((outcomes, writes))
            }
            Err(failed) => {
                tx.rollback().await;
                Err(failed)
            }
        }
    }

    /// Commits the jobs as one batch and hands out its rows, which a benchmark writes again without deciding.
    #[doc(hidden)]
    pub async fn commit_with_rows(
        &mut self,
        jobs: &[Job],
        at: DateTime<Utc>,
    ) -> Result<(Outcomes, Writes), LedgerError> {
        let recorded = self.recorded(at);
        match self.attempt(jobs, recorded, &BTreeSet::new()).await {
            Ok(committed) => Ok(committed),
            Err(Failed::Store(error)) => Err(error.into()),
            Err(Failed::Panicked(_)) => Err(LedgerError::Panicked),
        }
    }

    fn note_uses(&mut self, uses: &[(String, DateTime<Utc>)]) {
        if uses.is_empty() {
            return;
        }
        let registry = Arc::make_mut(&mut self.registry);
        for (user, at) in uses {
            if let Some(user) = registry.users.get_mut(user) {
                user.last_used = *at;
            }
        }
    }
}

/// Opens a chain; what another node opens at the same moment takes its turn.
async fn open_chain(store: &Store, name: (&str, u16), at: DateTime<Utc>) -> Result<(Chain, Registry), StoreError> {
    let mut tries = 1;
    loop {
        let opened = timeout(PATIENCE, try_open(store, name, at)).await;
        match opened.unwrap_or(Err(StoreError::NoAnswer)) {
            Err(StoreError::Conflict(_)) if tries < OPENINGS => tries += 1,
            other => return other,
        }
    }
}

async fn try_open(
    store: &Store,
    (node, lane): (&str, u16),
    at: DateTime<Utc>,
) -> Result<(Chain, Registry), StoreError> {
    let mut tx = store.begin().await?;
    let heads = crate::evidence::heads(&tx.chains().await?);
    let mut chain = Chain::new(tx.open_chain(node, i32::from(lane)).await?);
    chain.opening(&heads, at).map_err(cannot_seal)?;
    let writes = Writes { evidence: std::mem::take(&mut chain.rows), ..Writes::default() };
    tx.write(&writes).await?;
    let registry = tx.load_registry().await?;
    tx.commit().await?;
    Ok((chain.advanced(), registry))
}

/// Messages of many persons stand alone; the others between them stay together, in order.
fn split_alone(jobs: &[Job]) -> Vec<&[Job]> {
    let large = |job: &Job| match &job.work {
        Work::Register(command) => command.persons.len() >= ALONE_FROM_PERSONS,
        Work::Grunnlag(melding) => melding.persons.len() >= ALONE_FROM_PERSONS || melding.may_protect(),
        Work::Internal(command) => command.dufs().count() >= ALONE_FROM_PERSONS || command.may_protect(),
        Work::Pictures(pictures) => pictures.views.len() >= ALONE_FROM_PERSONS,
        _ => false,
    };
    let mut runs = Vec::new();
    let mut rest = jobs;
    while let Some(at) = rest.iter().position(large) {
        let (before, from) = rest.split_at(at);
        let (alone, after) = from.split_at(1);
        runs.extend([before, alone]);
        rest = after;
    }
    runs.push(rest);
    runs.retain(|run| !run.is_empty());
    runs
}
