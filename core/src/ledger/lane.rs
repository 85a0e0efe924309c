//! A lane: the one task that commits for a node, batch after batch (design.md 7, 17).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::evidence::payload::{self, CannotSeal};
use crate::ledger::batch::{self, Numbers, apply, guarded, person_rows, remember, status_code};
use crate::ledger::chain::Chain;
use crate::ledger::judge::{Judged, Place, judge, known_ids};
use crate::ledger::{ALONE_FROM_PERSONS, Done, Exchange, Job, LaneConfig, LedgerError, Work};
use crate::receipt::Receipt;
use crate::registry::Registry;
use crate::rejection::Rejection;
use crate::state::State;
use crate::store::rows::{CursorMove, IdRow, StreamRow, Writes};
use crate::store::{Store, StoreError, Tx, inconsistent};

/// How often a batch is tried whole before it is split.
const TRIES: usize = 4;
/// The last use of a transfer user is written at most this often.
const USE_NOTED_AFTER: TimeDelta = TimeDelta::days(1);

/// What one try of a batch came to.
type Outcomes = Vec<Result<Done, LedgerError>>;

/// A lane with its chain of evidence.
#[derive(Debug)]
pub struct Lane {
    store: Store,
    config: LaneConfig,
    registry: Arc<Registry>,
    chain: Chain,
    last_recorded: DateTime<Utc>,
    /// A commit's outcome is unknown: where the chain stands must be read again.
    lost_sight: bool,
}

impl Lane {
    /// Opens a new incarnation of the lane's chain; its first row names the heads of all other chains.
    pub async fn open(store: Store, config: LaneConfig, at: DateTime<Utc>) -> Result<Self, LedgerError> {
        let mut tries = 0;
        loop {
            match Self::try_open(&store, &config, at).await {
                Ok((chain, registry)) => {
                    let registry = Arc::new(registry);
                    return Ok(Lane { store, config, registry, chain, last_recorded: at, lost_sight: false });
                }
                // Another node opened its chain at the same moment.
                Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn try_open(store: &Store, config: &LaneConfig, at: DateTime<Utc>) -> Result<(Chain, Registry), StoreError> {
        let mut tx = store.begin().await?;
        let heads = crate::evidence::heads(&tx.chains().await?);
        let mut chain = Chain::new(tx.open_chain(&config.node, i32::from(config.lane)).await?);
        chain.opening(&heads, at.trunc_subsecs(6)).map_err(cannot_seal)?;
        let writes = Writes { evidence: std::mem::take(&mut chain.rows), ..Writes::default() };
        tx.write(&writes).await?;
        let registry = tx.load_registry().await?;
        tx.commit().await?;
        Ok((chain.advanced(), registry))
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
                Err(StoreError::Conflict(_)) if run.len() > 1 => {
                    let (first, second) = run.split_at(run.len() / 2);
                    runs.extend([second, first]);
                }
                Err(StoreError::Conflict(_)) => outcomes.push(Err(LedgerError::Locked)),
                Err(StoreError::CommitUnknown(_)) => {
                    self.lost_sight = true;
                    outcomes.extend(run.iter().map(|_| Err(LedgerError::OutcomeUnknown)));
                }
                Err(StoreError::Inconsistent { .. }) if run.len() > 1 => {
                    let (first, second) = run.split_at(run.len() / 2);
                    runs.extend([second, first]);
                }
                Err(error) => outcomes.extend(failed(run.len(), error)),
            }
        }
        outcomes
    }

    /// Signs the head of the chain.
    pub async fn close(mut self, at: DateTime<Utc>) -> Result<(), LedgerError> {
        let mut chain = self.chain.clone();
        let recorded = self.recorded(at);
        chain.checkpoint(&*self.config.checkpoints, recorded, true).map_err(cannot_seal)?;
        let mut tx = self.store.begin().await?;
        tx.write(&Writes { evidence: std::mem::take(&mut chain.rows), ..Writes::default() }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Recorded time: of the commit, to the microsecond, never the same twice.
    fn recorded(&mut self, at: DateTime<Utc>) -> DateTime<Utc> {
        let next = self.last_recorded + TimeDelta::microseconds(1);
        self.last_recorded = at.trunc_subsecs(6).max(next);
        self.last_recorded
    }

    async fn commit_run(&mut self, run: &[Job], at: DateTime<Utc>) -> Result<Outcomes, StoreError> {
        if self.lost_sight {
            self.find_head().await?;
        }
        let mut last = StoreError::Conflict(String::new());
        for _ in 0..TRIES {
            let recorded = self.recorded(at);
            match self.attempt(run, recorded).await {
                Err(StoreError::Conflict(code)) => {
                    tracing::info!(event = "batch_conflict", code, jobs = run.len());
                    last = StoreError::Conflict(code);
                }
                other => return other,
            }
        }
        Err(last)
    }

    /// After a commit whose outcome is unknown: a chain that went on is left, and a new incarnation opened.
    async fn find_head(&mut self) -> Result<(), StoreError> {
        let stored = self.store.chains().await?;
        if !stored.iter().any(|row| row.chain == self.chain.number() && self.chain.is_at(row)) {
            let (chain, registry) = Self::try_open(&self.store, &self.config, self.last_recorded).await?;
            (self.chain, self.registry) = (chain, Arc::new(registry));
        }
        self.lost_sight = false;
        Ok(())
    }

    async fn attempt(&mut self, run: &[Job], recorded: DateTime<Utc>) -> Result<Outcomes, StoreError> {
        let mut tx = self.store.begin().await?;
        match self.carry_out(&mut tx, run, recorded).await {
            Ok((outcomes, chain, uses)) => {
                tx.commit().await?;
                self.chain = chain.advanced();
                self.note_uses(uses);
                Ok(outcomes)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    fn note_uses(&mut self, uses: Vec<(String, DateTime<Utc>)>) {
        if uses.is_empty() {
            return;
        }
        let registry = Arc::make_mut(&mut self.registry);
        for (user, at) in uses {
            if let Some(user) = registry.users.get_mut(&user) {
                user.last_used = at;
            }
        }
    }

    async fn carry_out(
        &mut self,
        tx: &mut Tx,
        run: &[Job],
        recorded: DateTime<Utc>,
    ) -> Result<(Outcomes, Chain, Vec<(String, DateTime<Utc>)>), StoreError> {
        // Authority is judged by what is committed before the batch's locks (design.md 17, decide).
        if tx.registry_version().await? != self.registry.version {
            self.registry = Arc::new(tx.load_registry().await?);
        }
        let registry = Arc::clone(&self.registry);
        let commands = run.iter().filter_map(|job| match &job.work {
            Work::Register(command) => Some(&**command),
            _ => None,
        });
        let loaded = tx.load(&batch::wanted(commands, self.config.policy.test_series()), true).await?;
        let mut known = known_ids(loaded.ids);
        let persons = loaded.persons.into_iter().map(|person| (person.duf, person)).collect();
        let mut state = State { registry: &registry, persons, references: loaded.references };

        let mut writes = Writes::default();
        let mut changed = BTreeSet::new();
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        let mut judged: Vec<Option<Judged>> = Vec::with_capacity(run.len());
        for (index, job) in run.iter().enumerate() {
            let Work::Register(command) = &job.work else {
                judged.push(None);
                continue;
            };
            let (policy, ids) = (&self.config.policy, &mut *self.config.ids);
            let outcome = judge(&state, &known, command, policy, job.exchange.received, recorded, ids);
            remember(&mut known, command, &outcome, index);
            if let Judged::Decided { decision, .. } = &outcome {
                apply(&mut state, &decision.changes, recorded, &mut writes)?;
                changed.extend(decision.changes.iter().map(crate::change::Change::duf));
                for addressed in &decision.notices {
                    *counts.entry(addressed.avsendersystem.clone()).or_default() += 1;
                }
            }
            judged.push(Some(outcome));
        }
        writes.persons = person_rows(&state, &changed)?;

        let stored = stored_answers(tx, &judged).await?;
        let (mut streams, numbers) = self.streams(tx, run, &counts).await?;
        let mut rest = Rest {
            lane: self,
            registry: &registry,
            recorded,
            numbers,
            chain: self.chain.clone(),
            writes,
            ids: BTreeMap::new(),
            moves: Vec::new(),
        };
        let mut outcomes: Outcomes = Vec::with_capacity(run.len());
        for (job, judged) in run.iter().zip(judged) {
            let outcome = rest.finish(job, judged, &stored, &outcomes, &mut streams)?;
            outcomes.push(outcome);
        }
        rest.chain.checkpoint(&*rest.lane.config.checkpoints, recorded, false).map_err(cannot_seal)?;
        let Rest { mut writes, mut chain, ids, moves, .. } = rest;
        (writes.new_ids, writes.known_ids) = split_known(ids);
        writes.evidence = std::mem::take(&mut chain.rows);
        writes.keys = std::mem::take(&mut chain.keys);
        writes.uses.sort();
        writes.uses.dedup_by(|a, b| a.0 == b.0);
        if !moves.is_empty() {
            tx.move_cursors(&moves).await?;
        }
        tx.write(&writes).await?;
        Ok((outcomes, chain, writes.uses))
    }

    /// Counters of the streams that the jobs touch: numbers taken where there is news, read where there is none.
    async fn streams(
        &self,
        tx: &mut Tx,
        run: &[Job],
        counts: &BTreeMap<String, i64>,
    ) -> Result<(BTreeMap<String, StreamRow>, Numbers), StoreError> {
        let wanted: Vec<(String, i64)> = counts.iter().map(|(system, n)| (system.clone(), *n)).collect();
        let mut rows: BTreeMap<String, StreamRow> = BTreeMap::new();
        if !wanted.is_empty() {
            rows.extend(tx.take_numbers(&wanted).await?);
        }
        let named = run.iter().filter_map(|job| match &job.work {
            Work::Register(_) | Work::Acknowledge { .. } | Work::Record { handed_out: Some(_), .. } => {
                job.exchange.avsendersystem.clone()
            }
            _ => None,
        });
        let others: BTreeSet<String> = named.filter(|system| !rows.contains_key(system)).collect();
        if !others.is_empty() {
            rows.extend(tx.streams(&others.into_iter().collect::<Vec<_>>()).await?);
        }
        let last: Vec<_> = rows.iter().map(|(system, row)| (system.clone(), row.last_number)).collect();
        Ok((rows, Numbers::new(&last, counts)))
    }
}

/// What the second pass of a batch gathers: answers in order, each with its place in the chain.
struct Rest<'a> {
    lane: &'a Lane,
    registry: &'a Registry,
    recorded: DateTime<Utc>,
    numbers: Numbers,
    chain: Chain,
    writes: Writes,
    ids: BTreeMap<(String, String), (bool, IdRow)>,
    moves: Vec<CursorMove>,
}

type Stored = BTreeMap<(i32, i64), Vec<u8>>;

impl Rest<'_> {
    fn finish(
        &mut self,
        job: &Job,
        judged: Option<Judged>,
        stored: &Stored,
        earlier: &Outcomes,
        streams: &mut BTreeMap<String, StreamRow>,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let exchange = &job.exchange;
        match (&job.work, judged) {
            (Work::Register(command), Some(judged)) => match judged {
                Judged::Panicked => self.panicked(exchange),
                Judged::Repeat(place) => self.repeat(exchange, place, stored, earlier),
                Judged::Decided { decision, now, id } => self.decided(exchange, command, *decision, &now, id, streams),
            },
            (Work::DryRun(receipt), _) => {
                let receipt = Receipt { bevis: self.chain.next(), ..(**receipt).clone() };
                self.rendered(exchange, &receipt, "PROEVEKJOERING")
            }
            (Work::Record { answer, outcome, handed_out }, _) => {
                if let (Some(number), Some(system)) = (handed_out, &exchange.avsendersystem) {
                    self.moves.push(CursorMove {
                        avsendersystem: system.clone(),
                        acknowledged: 0,
                        handed_out: *number,
                    });
                }
                self.used(exchange, !outcome.starts_with("NIR-"));
                self.kept(exchange, outcome, answer.clone()).map(Ok)
            }
            (Work::Acknowledge { bekreft_til }, _) => {
                let row = exchange.avsendersystem.as_ref().and_then(|system| streams.get(system));
                if row.is_none_or(|row| *bekreft_til > row.handed_out) {
                    return Ok(Err(LedgerError::BeyondHandedOut));
                }
                let avsendersystem = exchange.avsendersystem.clone().unwrap_or_default();
                self.moves.push(CursorMove { avsendersystem, acknowledged: *bekreft_til, handed_out: 0 });
                Ok(Ok(self.unkept("OK")))
            }
            (Work::Signature { of, signature }, _) => {
                self.chain.signature(of, exchange, signature, self.recorded).map_err(cannot_seal)?;
                Ok(Ok(self.unkept("SIGNATUR")))
            }
            (Work::Register(_), None) => Ok(Err(LedgerError::Panicked)),
        }
    }

    fn decided(
        &mut self,
        exchange: &Exchange,
        command: &crate::command::Command,
        mut decision: crate::decide::Decision,
        now: &crate::decide::Now,
        id: Option<super::judge::IdUse>,
        streams: &BTreeMap<String, StreamRow>,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let system = &command.header.avsendersystem;
        let refused = decision.sender_refused();
        let (rows, own) = self.numbers.give(std::mem::take(&mut decision.notices), system)?;
        self.writes.changes.extend(rows);
        // A sender that may not speak for the avsendersystem is told nothing of its stream.
        let stroem = streams.get(system).filter(|_| !refused).map(|row| {
            let last_number = self.numbers.last(system).unwrap_or(row.last_number);
            StreamRow { last_number, ..*row }.position(system)
        });
        let status = status_code(decision.status);
        let is_final = decision.spends_id;
        let kvittering_id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, self.chain_name().as_bytes());
        let receipt = batch::receipt(command, decision, now, own, stroem, self.chain.next(), kvittering_id);
        if let Some(id) = id {
            let key = (system.clone(), command.header.meldings_id.clone());
            let row = IdRow {
                avsendersystem: key.0.clone(),
                meldings_id: key.1.clone(),
                digest: command.digest,
                outcome: status.to_owned(),
                is_final,
                first_received: now.received,
                chain: self.chain.number(),
                position: self.chain.position() + 1,
            };
            self.ids.insert(key, (id.known, row));
        }
        self.used(exchange, !refused);
        self.rendered(exchange, &receipt, status)
    }

    /// Names the row that is written next: unique for ever, so a receipt's id needs no chance.
    fn chain_name(&self) -> String {
        let next = self.chain.next();
        format!("{}/{}/{}", next.kjede, next.posisjon, next.forrige_hash)
    }

    fn rendered(
        &mut self,
        exchange: &Exchange,
        receipt: &Receipt,
        outcome: &str,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        match guarded(|| self.lane.config.render.receipt(receipt, &exchange.request)) {
            Some(answer) => self.kept(exchange, outcome, answer).map(Ok),
            // Its effects are in the rows of this batch already: the whole is given up, and tried without it.
            None => Err(inconsistent("evidence", &self.chain_name(), "a renderer panicked")),
        }
    }

    fn repeat(
        &mut self,
        exchange: &Exchange,
        place: Place,
        stored: &Stored,
        earlier: &Outcomes,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let answer = match place {
            Place::Stored(chain, position) => stored.get(&(chain, position)).map(Vec::as_slice),
            Place::Job(index) => {
                earlier.get(index).and_then(|done| done.as_ref().ok()).map(|done| done.answer.as_slice())
            }
        };
        let answer = answer.ok_or_else(|| inconsistent("message_id", &self.chain_name(), "its answer is missing"))?;
        let repeated = self.lane.config.render.repeated(answer);
        self.used(exchange, true);
        self.kept(exchange, "GJENTATT", repeated).map(Ok)
    }

    /// Nothing of the message is stored but that it came.
    fn panicked(&mut self, exchange: &Exchange) -> Result<Result<Done, LedgerError>, StoreError> {
        self.kept(exchange, Rejection::Internal.code(), Vec::new())?;
        Ok(Err(LedgerError::Panicked))
    }

    fn kept(&mut self, exchange: &Exchange, outcome: &str, answer: Vec<u8>) -> Result<Done, StoreError> {
        let bevis = self.chain.next();
        let master = &self.lane.config.master_key;
        self.chain.exchange(exchange, outcome, &answer, self.recorded, master).map_err(cannot_seal)?;
        Ok(Done { answer, bevis, outcome: outcome.to_owned() })
    }

    fn unkept(&self, outcome: &str) -> Done {
        Done { answer: Vec::new(), bevis: self.chain.next(), outcome: outcome.to_owned() }
    }

    /// Notes the use of the transfer user, at most once a day.
    fn used(&mut self, exchange: &Exchange, good: bool) {
        let user = exchange.user.as_ref().and_then(|user| self.registry.users.get(user)).filter(|_| good);
        if let Some(user) = user.filter(|user| exchange.received - user.last_used > USE_NOTED_AFTER) {
            self.writes.uses.push((user.id.clone(), exchange.received));
        }
    }
}

/// Messages of many persons stand alone; the others between them stay together, in order.
fn split_alone(jobs: &[Job]) -> Vec<&[Job]> {
    let large = |job: &Job| matches!(&job.work, Work::Register(command) if command.persons.len() >= ALONE_FROM_PERSONS);
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

async fn stored_answers(tx: &mut Tx, judged: &[Option<Judged>]) -> Result<Stored, StoreError> {
    let places: BTreeSet<(i32, i64)> = judged
        .iter()
        .filter_map(|judged| match judged {
            Some(Judged::Repeat(Place::Stored(chain, position))) => Some((*chain, *position)),
            _ => None,
        })
        .collect();
    let mut stored = Stored::new();
    if !places.is_empty() {
        for row in tx.answers(&places.into_iter().collect::<Vec<_>>()).await? {
            stored.insert((row.chain, row.position), payload::decompress(row.dictionary, &row.answer)?);
        }
    }
    Ok(stored)
}

/// New ids and those that were there.
fn split_known(ids: BTreeMap<(String, String), (bool, IdRow)>) -> (Vec<IdRow>, Vec<IdRow>) {
    let (known, new): (Vec<_>, Vec<_>) = ids.into_values().partition(|(known, _)| *known);
    let rows = |all: Vec<(bool, IdRow)>| all.into_iter().map(|(_, row)| row).collect();
    (rows(new), rows(known))
}

/// The same failure for each job; the error itself goes to the first.
fn failed(count: usize, error: StoreError) -> Outcomes {
    let text = error.to_string();
    let others = (1..count).map(|_| Err(LedgerError::Store(StoreError::NotReady(text.clone()))));
    let others: Outcomes = others.collect();
    std::iter::once(Err(LedgerError::Store(error))).chain(others).collect()
}

fn cannot_seal(_: CannotSeal) -> StoreError {
    inconsistent("evidence", "", "a payload could not be sealed")
}
