//! The second pass of a batch: the answers in order, each with its numbers and its place in the chain.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::command::Command;
use crate::decide::feilregistrert::{Melding, Utfall};
use crate::decide::{Decision, Now};
use crate::feilsak::{Enhet, Saker};
use crate::id::Duf;
use crate::ledger::attempt::{Failed, cannot_seal};
use crate::ledger::batch::{self, Head, Streams, guarded, status_code};
use crate::ledger::chain::Chain;
use crate::ledger::judge::{IdUse, Judged, Place};
use crate::ledger::{Done, Effect, Exchange, Job, LaneConfig, LedgerError, Work, saker};
use crate::person::Person;
use crate::receipt::{Receipt, Status, StruckReceipt};
use crate::registry::Registry;
use crate::rejection::Rejection;
use crate::store::rows::{IdRow, Writes};
use crate::store::{StoreError, inconsistent};

/// The last use of a transfer user is written at most this often.
const USE_NOTED_AFTER: TimeDelta = TimeDelta::days(1);

/// One outcome for each job, in order.
pub(super) type Outcomes = Vec<Result<Done, LedgerError>>;
/// Stored answers by their place.
pub(super) type Stored = BTreeMap<(i32, i64), Vec<u8>>;

/// Of what kind of message a receipt is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Registreringer,
    Grunnlag,
}

/// What the second pass gathers.
pub(super) struct Answers<'a> {
    config: &'a LaneConfig,
    registry: &'a Registry,
    recorded: DateTime<Utc>,
    streams: Streams,
    chain: Chain,
    writes: Writes,
    ids: BTreeMap<(String, String), (IdUse, IdRow)>,
    outcomes: Outcomes,
    /// Of an earlier try, and of this one.
    panicked_before: &'a BTreeSet<usize>,
    panicked: BTreeSet<usize>,
    /// Transfer errors.
    saker: Saker,
    /// Persons as the batch leaves them.
    persons: &'a BTreeMap<Duf, Person>,
}

impl<'a> Answers<'a> {
    pub fn new(
        config: &'a LaneConfig,
        registry: &'a Registry,
        recorded: DateTime<Utc>,
        streams: Streams,
        chain: Chain,
        (writes, saker, persons): (Writes, Saker, &'a BTreeMap<Duf, Person>),
        panicked_before: &'a BTreeSet<usize>,
    ) -> Self {
        Answers {
            config,
            registry,
            recorded,
            streams,
            chain,
            writes,
            ids: BTreeMap::new(),
            outcomes: Vec::new(),
            panicked_before,
            panicked: BTreeSet::new(),
            saker,
            persons,
        }
    }

    /// Answers one job; `judged` is set for messages to the register.
    pub fn finish(&mut self, job: &Job, judged: Option<Judged>, stored: &Stored) -> Result<(), StoreError> {
        let exchange = &job.exchange;
        let outcome = if self.panicked_before.contains(&self.outcomes.len()) {
            self.keep_panicked(exchange)?
        } else {
            match (&job.work, judged) {
                (Work::Internal(_), Some(Judged::Internal { notices, persons, unknown })) => {
                    let (rows, _) = self.streams.give(notices, "")?;
                    self.writes.changes.extend(rows);
                    Ok(self.kept(exchange, "OK", format!("{persons} changed, {unknown} unknown").into_bytes())?)
                }
                (Work::Internal(_), _)
                | (
                    Work::Register(_),
                    Some(
                        Judged::Panicked
                        | Judged::Fenced
                        | Judged::Held
                        | Judged::Internal { .. }
                        | Judged::Struck(..)
                        | Judged::Pictures(_)
                        | Judged::OrderOpen(_)
                        | Judged::OrderMoved,
                    )
                    | None,
                ) => self.keep_panicked(exchange)?,
                (Work::Pictures(_), Some(Judged::Pictures(notices))) => {
                    let (rows, _) = self.streams.give(notices, "")?;
                    let done = self.unkept(&rows.len().to_string());
                    self.writes.changes.extend(rows);
                    Ok(done)
                }
                (Work::Pictures(_), Some(Judged::OrderMoved)) => Err(LedgerError::OrderMoved),
                (Work::Pictures(_), _) => Err(LedgerError::Panicked),
                (Work::Order { .. }, Some(Judged::OrderOpen(open))) => Err(LedgerError::OrderOpen(open)),
                (Work::Order { answer, .. }, _) => {
                    self.used(exchange, true);
                    Ok(self.kept(exchange, "OK", answer.clone())?)
                }
                (Work::Register(_) | Work::Grunnlag(_), Some(Judged::Repeat(place))) => {
                    self.repeat(exchange, place, stored)?
                }
                (Work::Register(command), Some(Judged::Decided { decision, now, id, own })) => {
                    let cases = own.then_some(&**command);
                    self.decided(exchange, &Head::of(command), Kind::Registreringer, *decision, &now, (id, cases))?
                }
                (Work::Grunnlag(melding), Some(Judged::Decided { decision, now, id, .. })) => {
                    let head = Head::of_source(melding);
                    self.decided(exchange, &head, Kind::Grunnlag, *decision, &now, (id, None))?
                }
                (Work::Grunnlag(_), Some(Judged::Held)) => Err(LedgerError::SourceHeld),
                (Work::Grunnlag(_), _) => self.keep_panicked(exchange)?,
                (Work::Strike(_), Some(Judged::Panicked)) => self.keep_panicked(exchange)?,
                (Work::Strike(melding), Some(Judged::Struck(judged, now))) => match *judged {
                    Ok(utfall) => self.struck(exchange, melding, utfall, &now)?,
                    Err(findings) => Err(LedgerError::Refused(findings)),
                },
                (Work::Strike(_), _) => return Err(inconsistent("evidence", "", "a report that was not judged")),
                (Work::DryRun(receipt), _) => {
                    let receipt = Receipt { bevis: self.chain.next(), ..(**receipt).clone() };
                    self.rendered(exchange, &receipt, "PROEVEKJOERING", Kind::Registreringer)?
                }
                (Work::Record { answer, outcome, handed_out }, _) => {
                    if let (Some(number), Some(system)) = (handed_out, &exchange.avsendersystem) {
                        self.streams.hand_out(system, *number);
                    }
                    self.used(exchange, !outcome.starts_with("NIR-"));
                    Ok(self.kept(exchange, outcome, answer.clone())?)
                }
                (Work::Delivered { .. }, Some(_)) => Err(LedgerError::Fenced),
                (Work::Delivered { sent, handed_out, bekreftet_til, .. }, None) => {
                    let system = exchange.avsendersystem.as_deref().unwrap_or_default();
                    self.streams.hand_out(system, *handed_out);
                    self.streams.acknowledge(system, *bekreftet_til);
                    Ok(self.kept(exchange, "LEVERT", sent.clone())?)
                }
                (Work::RecordWith { answer, outcome, effect }, _) => {
                    match &**effect {
                        Effect::Refused(melding, enheter) => {
                            let place = self.place();
                            self.saker.answered(melding, enheter, &[], place, false);
                        }
                        Effect::Support(bilde) => self.writes.support.push(bilde.clone()),
                        Effect::Decided(sak, status) => self.writes.decided.push((*sak, *status, self.recorded)),
                        Effect::LetOn(kilde) => self.writes.let_on.push((kilde.clone(), self.recorded)),
                    }
                    self.used(exchange, !outcome.starts_with("NIR-"));
                    Ok(self.kept(exchange, outcome, answer.clone())?)
                }
                (Work::Acknowledge { bekreft_til }, _) => {
                    let system = exchange.avsendersystem.as_deref().unwrap_or_default();
                    let within = self.streams.acknowledge(system, *bekreft_til);
                    if within { Ok(self.unkept("OK")) } else { Err(LedgerError::BeyondHandedOut) }
                }
                (Work::Signature { of, signature }, _) => {
                    self.chain.signature(of, exchange, signature, self.recorded).map_err(cannot_seal)?;
                    Ok(self.unkept("SIGNATUR"))
                }
            }
        };
        self.outcomes.push(outcome);
        Ok(())
    }

    /// Everything is answered: the outcomes, the chain with its new head, and the rows.
    pub fn done(mut self) -> Result<(Outcomes, Chain, Writes), Failed> {
        if !self.panicked.is_empty() {
            return Err(Failed::Panicked(self.panicked));
        }
        self.chain.checkpoint(&*self.config.checkpoints, self.recorded, false).map_err(cannot_seal)?;
        for (id, row) in self.ids.into_values() {
            if id.known { self.writes.known_ids.push(row) } else { self.writes.new_ids.push(row) }
        }
        self.writes.evidence = std::mem::take(&mut self.chain.rows);
        self.writes.keys = std::mem::take(&mut self.chain.keys);
        self.writes.streams = self.streams.changed();
        (self.writes.saker, self.writes.sakfeil) = std::mem::take(&mut self.saker).done();
        self.writes.uses.sort();
        self.writes.uses.dedup_by(|a, b| a.0 == b.0);
        Ok((self.outcomes, self.chain, self.writes))
    }

    fn decided(
        &mut self,
        exchange: &Exchange,
        head: &Head,
        kind: Kind,
        mut decision: Decision,
        now: &Now,
        (id, cases): (Option<IdUse>, Option<&Command>),
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let system = &head.scope;
        let refused = decision.sender_refused();
        let (rows, own) = self.streams.give(std::mem::take(&mut decision.notices), system)?;
        self.writes.changes.extend(rows);
        // A sender that may not speak for the avsendersystem is told nothing of its stream.
        let stroem = self.streams.position(system).filter(|_| !refused);
        let status = status_code(decision.status);
        let is_final = decision.spends_id;
        let kvittering_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, self.chain_name().as_bytes());
        let receipt = batch::receipt(head, decision, now, own, stroem, self.chain.next(), kvittering_id);
        if let Some(id) = id {
            let row = IdRow {
                avsendersystem: system.clone(),
                meldings_id: head.meldings_id.clone(),
                digest: head.digest,
                outcome: status.to_owned(),
                is_final,
                first_received: now.received,
                chain: self.chain.number(),
                position: self.chain.position() + 1,
            };
            self.ids.insert((row.avsendersystem.clone(), row.meldings_id.clone()), (id, row));
        }
        if let Some(command) = cases.filter(|_| receipt.status != Status::Godtatt || !self.saker.is_empty()) {
            match guarded(|| self.refused(command, &receipt, now)) {
                Some(refused) => self.note_cases(command, &receipt, now, &refused),
                None => return Ok(self.give_up()),
            }
        }
        self.used(exchange, !refused);
        self.rendered(exchange, &receipt, status, kind)
    }

    /// What the receipt refused, with the day on which the window closes.
    fn refused(&self, command: &Command, receipt: &Receipt, now: &Now) -> Vec<Enhet> {
        saker::refused(command, receipt, self.persons, self.registry, &self.config.policy, now.today)
    }

    /// What the receipt refused opens transfer errors or joins them; what it took solves them.
    fn note_cases(&mut self, command: &Command, receipt: &Receipt, now: &Now, refused: &[Enhet]) {
        let taken = saker::taken(command, receipt);
        let (place, whole) = (self.place(), receipt.status == Status::Godtatt);
        self.saker.answered(&saker::melding(command, self.registry, now), refused, &taken, place, whole);
    }

    /// Where the exchange that is answered now will stand in the evidence.
    fn place(&self) -> (i32, i64) {
        (self.chain.number(), self.chain.position() + 1)
    }

    fn struck(
        &mut self,
        exchange: &Exchange,
        melding: &Melding,
        utfall: Utfall,
        now: &Now,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let system = &melding.header.avsendersystem;
        let (rows, own) = self.streams.give(utfall.notices, system)?;
        self.writes.changes.extend(rows);
        let receipt = StruckReceipt {
            kontraktversjon: melding.header.kontraktversjon.clone(),
            duf: utfall.duf,
            status: utfall.status,
            sak: utfall.sak,
            gjentatt: utfall.gjentatt,
            post: utfall.post,
            mottatt: now.received,
            changes: own,
            stroem: self.streams.position(system),
            bevis: self.chain.next(),
        };
        self.used(exchange, true);
        match guarded(|| self.config.render.struck(&receipt)) {
            Some(answer) => self.kept(exchange, receipt.status.code(), answer).map(Ok),
            None => Ok(self.give_up()),
        }
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
        kind: Kind,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let render = &self.config.render;
        let answer = guarded(|| match kind {
            Kind::Registreringer => render.receipt(receipt, &exchange.request),
            Kind::Grunnlag => render.grunnlag(receipt, &exchange.request),
        });
        match answer {
            Some(answer) => self.kept(exchange, outcome, answer).map(Ok),
            None => Ok(self.give_up()),
        }
    }

    /// The batch is given up, and tried without this job; the others are answered to see who else panics.
    fn give_up(&mut self) -> Result<Done, LedgerError> {
        self.panicked.insert(self.outcomes.len());
        Err(LedgerError::Panicked)
    }

    fn repeat(
        &mut self,
        exchange: &Exchange,
        place: Place,
        stored: &Stored,
    ) -> Result<Result<Done, LedgerError>, StoreError> {
        let answer = match place {
            Place::Stored(chain, position) => stored.get(&(chain, position)).map(Vec::as_slice),
            Place::Job(index) => match self.outcomes.get(index) {
                Some(Ok(done)) => Some(done.answer.as_slice()),
                // A copy of a message that panicked.
                _ => return Ok(self.give_up()),
            },
        };
        let answer = answer.ok_or_else(|| inconsistent("message_id", &self.chain_name(), "its answer is missing"))?;
        let Some(repeated) = guarded(|| self.config.render.repeated(answer)) else { return Ok(self.give_up()) };
        self.used(exchange, true);
        self.kept(exchange, "GJENTATT", repeated).map(Ok)
    }

    /// Nothing of the message is stored but that it came.
    fn keep_panicked(&mut self, exchange: &Exchange) -> Result<Result<Done, LedgerError>, StoreError> {
        self.kept(exchange, Rejection::Internal.code(), Vec::new())?;
        Ok(Err(LedgerError::Panicked))
    }

    fn kept(&mut self, exchange: &Exchange, outcome: &str, answer: Vec<u8>) -> Result<Done, StoreError> {
        let bevis = self.chain.next();
        let master = &self.config.master_key;
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
