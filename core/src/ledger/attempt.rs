//! One try of a batch in one transaction: load, decide in arrival order, number, answer, write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::bremse;
use crate::change::Change;
use crate::evidence::payload::{self, CannotSeal};
use crate::feilsak::Saker;
use crate::id::Duf;
use crate::ledger::answers::{Answers, Outcomes, Stored};
use crate::ledger::batch::{self, Folded, Head, Streams, person_rows, remember};
use crate::ledger::chain::Chain;
use crate::ledger::internal::{self, Around, Internal, InternalCommand, Kunngjoering};
use crate::ledger::judge::{Judged, Place, judge, judge_report, known_ids};
use crate::ledger::kilde::judge_grunnlag;
use crate::ledger::pictures;
use crate::ledger::vern::{self, Vernede};
use crate::ledger::{Job, LaneConfig, Work, saker};
use crate::person::Person;
use crate::policy::Policy;
use crate::registry::Registry;
use crate::state::State;
use crate::store::hendelser::CalendarRow;
use crate::store::rows::{PersonRow, Writes};
use crate::store::{StoreError, Tx, inconsistent};

/// What a try is given.
pub(super) struct Attempt<'a> {
    pub config: &'a mut LaneConfig,
    pub registry: &'a mut Arc<Registry>,
    pub chain: &'a Chain,
    pub recorded: DateTime<Utc>,
    /// Jobs on which a rule or a renderer panicked in an earlier try.
    pub panicked: &'a BTreeSet<usize>,
}

/// What a try came to, ready to be committed.
pub(super) struct Carried {
    pub outcomes: Outcomes,
    pub chain: Chain,
    pub writes: Writes,
    /// Streams that got numbers besides those of the writes.
    pub heard: BTreeSet<String>,
}

/// Why it came to nothing.
pub(super) enum Failed {
    /// The store.
    Store(StoreError),
    /// Writing the answers of these jobs panicked.
    Panicked(BTreeSet<usize>),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed::Store(error)
    }
}

impl Attempt<'_> {
    pub async fn carry_out(self, tx: &mut Tx, run: &[Job]) -> Result<Carried, Failed> {
        // Authority is judged by what is committed before the batch's locks (design.md 17, decide).
        let (version, rules) = tx.versions().await?;
        if rules.is_some_and(|rules| rules != self.config.policy.version()) {
            return Err(StoreError::OtherRules.into());
        }
        if version != self.registry.version {
            *self.registry = Arc::new(tx.load_registry().await?);
        }
        let registry = Arc::clone(self.registry);
        let commands = run.iter().filter_map(|job| match &job.work {
            Work::Register(command) => Some(&**command),
            _ => None,
        });
        let mut wanted = batch::wanted(commands, self.config.policy.test_series());
        wanted.dufs.extend(
            run.iter()
                .filter_map(|job| match &job.work {
                    Work::Internal(command) => Some(command.dufs().map(Duf::to_stored)),
                    _ => None,
                })
                .flatten(),
        );
        wanted.dufs.extend(
            run.iter()
                .filter_map(|job| match &job.work {
                    Work::Pictures(pictures) => Some(pictures.dufs().map(Duf::to_stored)),
                    _ => None,
                })
                .flatten(),
        );
        let internal = || {
            run.iter().filter_map(|job| match &job.work {
                Work::Internal(command) => Some(&**command),
                _ => None,
            })
        };
        let mut around = Around::default();
        let told = run.iter().filter_map(|job| match &job.work {
            Work::Grunnlag(melding) => Some(melding.sponsors(&self.config.policy)),
            _ => None,
        });
        let sponsors: Vec<Duf> = internal().flat_map(InternalCommand::sponsors).chain(told.flatten()).collect();
        if !sponsors.is_empty() {
            around.dependents = tx.dependents(&sponsors).await?;
        }
        wanted.dufs.extend(around.dependents.values().flatten().map(|duf| duf.to_stored()));
        let protect: Vec<Duf> = batch::may_protect(run, &self.config.policy);
        if !protect.is_empty() {
            around.former = tx.former_numbers(&protect).await?;
        }
        wanted.dufs.extend(around.former.values().flatten().map(|duf| duf.to_stored()));
        wanted.dufs.extend(internal().flat_map(InternalCommand::successors).map(Duf::to_stored));
        batch::want_reported(&mut wanted, run, self.config.policy.test_series());
        batch::want_told(&mut wanted, run, &self.config.policy);
        // Persons that begin here are inserted before anything is locked, in order (design.md 7).
        let mut begins: BTreeSet<Duf> = BTreeSet::new();
        for job in run {
            match &job.work {
                Work::Internal(command) => begins.extend(command.begins()),
                Work::Grunnlag(melding) => {
                    begins.extend(melding.begins(&registry, &self.config.policy, job.exchange.received));
                }
                _ => {}
            }
        }
        if !begins.is_empty() {
            let rows = begins.iter().map(|duf| PersonRow::of(&Person::unheard_of(*duf)));
            tx.open_persons(&rows.collect::<Result<Vec<_>, _>>()?).await?;
        }
        let loaded = tx.load(&wanted, true).await?;
        // Read under the locks of the persons: what another node has carried out is seen.
        for (date, dufs) in internal().filter_map(InternalCommand::calendar) {
            let stored: Vec<i64> = dufs.iter().map(|duf| duf.to_stored()).collect();
            let done = tx.calendar_done(&stored, date).await?;
            around.done.extend(done.into_iter().filter_map(Duf::from_stored).map(|duf| (duf, date)));
        }
        let recorded = after_all(self.recorded, &loaded.persons);
        let mut known = known_ids(loaded.ids);
        // A row that waits for its first fact is nobody yet: whoever asks for it is told so.
        let there = loaded.persons.into_iter().filter(|person| !person.is_unheard_of());
        let persons = there.map(|person| (person.duf, person)).collect();
        let mut state = State { registry: &registry, persons, references: loaded.references };

        let mut folded = Folded::default();
        let mut changed = BTreeSet::new();
        let mut heard = BTreeSet::new();
        let mut vernede = Vernede::new();
        let mut braked = false;
        let mut judged: Vec<Option<Judged>> = Vec::with_capacity(run.len());
        for (index, job) in run.iter().enumerate() {
            if let Work::Internal(command) = &job.work
                && !self.panicked.contains(&index)
            {
                if let Internal::Tell(Kunngjoering { once: Some(merke), .. }) = &command.what
                    && !tx.mark(merke.navn, &merke.verdi).await?
                {
                    judged.push(Some(Judged::Internal { notices: Vec::new(), persons: 0, unknown: 0 }));
                    continue;
                }
                let (policy, ids) = (&self.config.policy, &mut *self.config.ids);
                // What is no message has no window: it is judged as of the day on which it is known.
                let times = (job.exchange.received.max(recorded), recorded);
                let work = || internal::carry_out(&state, command, &around, policy, times, ids);
                let Some(carried) = batch::guarded(work) else {
                    judged.push(Some(Judged::Panicked));
                    continue;
                };
                begin(&mut state, &carried.changes);
                folded.apply(&mut state, &carried.changes, recorded)?;
                changed.extend(carried.changes.iter().map(Change::duf));
                heard.extend(carried.notices.iter().map(|addressed| addressed.avsendersystem.clone()));
                for (duf, dato) in carried.calendar {
                    around.done.insert((duf, dato));
                    folded.writes.calendar.push(CalendarRow { duf: duf.to_stored(), dato, system_from: recorded });
                }
                vernede.extend(carried.vernede);
                let (persons, unknown) = (carried.changed, carried.unknown);
                judged.push(Some(Judged::Internal { notices: carried.notices, persons, unknown }));
                continue;
            }
            let (policy, ids) = (&self.config.policy, &mut *self.config.ids);
            let received = job.exchange.received;
            let command = match &job.work {
                Work::Register(_) | Work::Strike(_) | Work::Pictures(_) | Work::Grunnlag(_)
                    if self.panicked.contains(&index) =>
                {
                    judged.push(Some(Judged::Panicked));
                    continue;
                }
                Work::Register(command) => command,
                Work::Grunnlag(melding) => {
                    let mut now_vernede = Vernede::new();
                    let mut outcome = judge_grunnlag(&state, &known, melding, policy, received, recorded, ids);
                    if let (Judged::Decided { decision, .. }, Some(kilde)) =
                        (&mut outcome, policy.source(&melding.kilde))
                    {
                        let said = decision.changes.as_slice();
                        let times = (received.max(recorded), recorded);
                        let work = || internal::aftermath(&state, kilde, said, &around, policy, times, ids);
                        let Some(follows) = batch::guarded(work) else {
                            judged.push(Some(Judged::Panicked));
                            continue;
                        };
                        decision.changes.extend(follows.changes);
                        decision.notices.extend(follows.notices);
                        now_vernede.extend(follows.vernede);
                    }
                    // Only the source itself is braked: who may not speak for it is told so.
                    if let Judged::Decided { decision, now, id: Some(_), .. } = &outcome {
                        let closed = bremse::closed(&state.persons, &decision.changes, now.today);
                        if !closed.is_empty() && !std::mem::replace(&mut braked, true) {
                            tx.take_brakes(&sources(run, policy)).await?;
                        }
                        if !tx.source_may_close(&melding.kilde, &closed, policy, recorded).await? {
                            judged.push(Some(Judged::Held));
                            continue;
                        }
                    }
                    vernede.extend(now_vernede);
                    remember(&mut known, Head::of_source(melding), &outcome, index);
                    if let Judged::Decided { decision, .. } = &outcome {
                        begin(&mut state, &decision.changes);
                        folded.apply(&mut state, &decision.changes, recorded)?;
                        changed.extend(decision.changes.iter().map(Change::duf));
                        heard.extend(decision.notices.iter().map(|addressed| addressed.avsendersystem.clone()));
                    }
                    judged.push(Some(outcome));
                    continue;
                }
                Work::Strike(melding) => {
                    let outcome = judge_report(&state, melding, policy, received, recorded, ids);
                    if let Judged::Struck(utfall, _) = &outcome
                        && let Ok(utfall) = &**utfall
                    {
                        folded.apply(&mut state, &utfall.changes, recorded)?;
                        changed.extend(utfall.changes.iter().map(Change::duf));
                        heard.extend(utfall.notices.iter().map(|addressed| addressed.avsendersystem.clone()));
                    }
                    judged.push(Some(outcome));
                    continue;
                }
                Work::Pictures(pictures) => {
                    let work = || pictures::judge(pictures, &state, policy, (received, recorded), ids);
                    let outcome = batch::guarded(work).unwrap_or(Judged::Panicked);
                    heard.insert(pictures.order.avsendersystem.clone());
                    judged.push(Some(outcome));
                    continue;
                }
                _ => {
                    judged.push(None);
                    continue;
                }
            };
            let outcome = judge(&state, &known, command, policy, received, recorded, ids);
            remember(&mut known, Head::of(command), &outcome, index);
            if let Judged::Decided { decision, .. } = &outcome {
                folded.apply(&mut state, &decision.changes, recorded)?;
                changed.extend(decision.changes.iter().map(Change::duf));
                heard.extend(decision.notices.iter().map(|addressed| addressed.avsendersystem.clone()));
            }
            judged.push(Some(outcome));
        }
        folded.writes.persons = person_rows(&state, &changed)?;
        folded.lists(&state, recorded)?;
        let not_begun: Vec<i64> = begins.difference(&changed).map(|duf| duf.to_stored()).collect();
        if !not_begun.is_empty() {
            tx.forget_persons(&not_begun).await?;
        }

        let stored = stored_answers(tx, &judged).await?;
        let keys = saker::wanted(run, &judged, (&loaded.open_cases, &loaded.refused_ids));
        let (found, attempts) = if keys.is_empty() { Default::default() } else { tx.open_cases(&keys).await? };
        vern::with_former(&mut vernede, &around.former);
        heard.extend(vern::concerned(tx, &vernede).await?);
        let mut streams = streams(tx, run, heard).await?;
        let heard = vern::withdraw(tx, &vernede, &mut streams, recorded).await?;
        // Under the locks of their streams, taken in order.
        for (job, judged) in run.iter().zip(&mut judged) {
            if let Work::Delivered { stroem_id, fence, .. } = &job.work {
                let system = job.exchange.avsendersystem.as_deref().unwrap_or_default();
                let same = streams.position(system).is_some_and(|position| position.stroem_id == *stroem_id);
                if !(same && tx.end_levering(system, *fence).await?) {
                    *judged = Some(Judged::Fenced);
                }
            }
        }
        pictures::settle(tx, run, &mut judged, recorded).await?;
        let writes = folded.finish();
        let (outcomes, chain, writes) = {
            let chain = self.chain.clone();
            let saker = Saker::new(found, attempts);
            let rows = (writes, saker, &state.persons);
            let mut answers = Answers::new(self.config, &registry, recorded, streams, chain, rows, self.panicked);
            for (job, judged) in run.iter().zip(judged) {
                answers.finish(job, judged, &stored)?;
            }
            answers.done()?
        };
        tx.write(&writes).await?;
        Ok(Carried { outcomes, chain, writes, heard })
    }
}

/// The sources that speak in the batch.
fn sources<'r>(run: &'r [Job], policy: &Policy) -> BTreeSet<&'r str> {
    let told = run.iter().filter_map(|job| match &job.work {
        Work::Grunnlag(melding) => Some(melding.kilde.as_str()),
        _ => None,
    });
    told.filter(|kilde| policy.source(kilde).is_some()).collect()
}

/// Persons of whom this is the first that is written are there from now on.
fn begin(state: &mut State<'_>, changes: &[Change]) {
    for duf in changes.iter().map(Change::duf) {
        state.persons.entry(duf).or_insert_with(|| Person::unheard_of(duf));
    }
}

/// Nodes have clocks of their own, and a version must not begin before the one that it closes.
fn after_all(recorded: DateTime<Utc>, persons: &[Person]) -> DateTime<Utc> {
    let posts = persons.iter().flat_map(|person| &person.posts).map(|post| post.system_from);
    let facts = persons.iter().flat_map(|person| &person.facts).map(|fact| fact.system_from);
    let computed = persons.iter().filter_map(|person| person.beregnet.as_ref()).map(|beregnet| beregnet.system_from);
    let latest = posts.chain(facts).chain(computed).max();
    latest.map_or(recorded, |latest| recorded.max(latest + TimeDelta::microseconds(1)))
}

/// The streams of the jobs: locked where the batch may change them, else as they stand.
async fn streams(tx: &mut Tx, run: &[Job], heard: BTreeSet<String>) -> Result<Streams, StoreError> {
    let (mut locked, mut read) = (heard, BTreeSet::new());
    for job in run {
        let Some(system) = &job.exchange.avsendersystem else { continue };
        match &job.work {
            Work::Acknowledge { .. }
            | Work::Delivered { .. }
            | Work::Order { .. }
            | Work::Record { handed_out: Some(_), .. } => {
                locked.insert(system.clone());
            }
            Work::Register(_) | Work::Strike(_) => drop(read.insert(system.clone())),
            _ => {}
        }
    }
    let read: Vec<String> = read.difference(&locked).cloned().collect();
    let locked: Vec<String> = locked.into_iter().collect();
    let mut rows = Vec::new();
    if !locked.is_empty() {
        rows = tx.lock_streams(&locked).await?;
    }
    if !read.is_empty() {
        rows.extend(tx.streams(&read).await?);
    }
    Ok(Streams::new(rows))
}

async fn stored_answers(tx: &mut Tx, judged: &[Option<Judged>]) -> Result<Stored, StoreError> {
    let places: BTreeSet<(i32, i64)> = judged
        .iter()
        .filter_map(|judged| match judged {
            Some(Judged::Repeat(Place::Stored(chain, position))) => Some((*chain, *position)),
            _ => None,
        })
        .collect();
    let mut stored: Stored = BTreeMap::new();
    if !places.is_empty() {
        for row in tx.answers(&places.into_iter().collect::<Vec<_>>()).await? {
            stored.insert((row.chain, row.position), payload::decompress(row.dictionary, &row.answer)?);
        }
    }
    Ok(stored)
}

pub(super) fn cannot_seal(_: CannotSeal) -> StoreError {
    inconsistent("evidence", "", "a payload could not be sealed")
}
