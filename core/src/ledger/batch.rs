//! The jobs of one transaction, from what they need to the rows they leave.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::change::{Addressed, Change, NumberedNotice};
use crate::command::Command;
use crate::decide::kilde::Grunnlagsmelding;
use crate::decide::{Decision, Now};
use crate::fact::Fact;
use crate::id::Duf;
use crate::ledger::judge::{IdUse, Judged, Known, KnownIds, Place};
use crate::ledger::{Job, Work};
use crate::policy::Policy;
use crate::post::PostVersion;
use crate::receipt::{Bevis, Receipt, Status, StreamPosition};
use crate::state::State;
use crate::store::lister::Listed;
use crate::store::rows::{
    ChangeRow, Closing, ComputedRow, FactRow, PersonRow, ReferenceRow, StreamRow, VersionRow, Wanted, Writes,
};
use crate::store::{StoreError, bad_json, inconsistent};

/// What the commands of a batch need to know.
pub(super) fn wanted<'c>(commands: impl Iterator<Item = &'c Command>, test_series: bool) -> Wanted {
    let (mut dufs, mut ids, mut references) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for command in commands {
        let system = &command.header.avsendersystem;
        ids.insert((system.clone(), command.header.meldings_id.clone()));
        // What is wrong as a whole falls whole, whoever it is about.
        let persons = if command.form_errors.is_empty() { command.persons.as_slice() } else { &[] };
        for person in persons {
            dufs.extend(Duf::parse(&person.duf_text, test_series).map(Duf::to_stored));
            let sent = person.lines.iter().filter_map(|line| line.avsenders_referanse.as_ref());
            references.extend(sent.map(|reference| (system.clone(), reference.clone())));
        }
    }
    Wanted {
        dufs: dufs.into_iter().collect(),
        ids: ids.into_iter().collect(),
        references: references.into_iter().collect(),
    }
}

/// The persons of reports of wrong records, too.
pub(super) fn want_reported(wanted: &mut Wanted, run: &[Job], test_series: bool) {
    let reported = run.iter().filter_map(|job| match &job.work {
        Work::Strike(melding) => Duf::parse(&melding.duf_text, test_series).ok(),
        _ => None,
    });
    wanted.dufs.extend(reported.map(Duf::to_stored));
    sorted(wanted);
}

/// The persons and ids of what sources tell, too.
pub(super) fn want_told(wanted: &mut Wanted, run: &[Job], policy: &Policy) {
    for job in run {
        let Work::Grunnlag(melding) = &job.work else { continue };
        wanted.dufs.extend(melding.dufs(policy).into_iter().map(Duf::to_stored));
        wanted.ids.push((melding.scope(), melding.meldings_id.clone()));
    }
    sorted(wanted);
    wanted.ids.sort_unstable();
    wanted.ids.dedup();
}

/// Of whom a job of the run may say that they are protected.
pub(super) fn may_protect(run: &[Job], policy: &Policy) -> Vec<Duf> {
    let named = |job: &Job| -> Vec<Duf> {
        match &job.work {
            Work::Internal(command) if command.may_protect() => command.dufs().chain(command.successors()).collect(),
            Work::Grunnlag(melding) if melding.may_protect() => melding.dufs(policy),
            _ => Vec::new(),
        }
    };
    run.iter().flat_map(named).collect()
}

fn sorted(wanted: &mut Wanted) {
    // Locks are taken in the order of the keys.
    wanted.dufs.sort_unstable();
    wanted.dufs.dedup();
}

/// What a receipt and the table of ids say of a message, whoever sent it.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// What its id is unique in: the avsendersystem, or the source.
    pub scope: String,
    pub meldings_id: String,
    pub kontraktversjon: String,
    pub proevekjoering: bool,
    pub digest: [u8; 32],
}

impl Head {
    pub fn of(command: &Command) -> Self {
        Head {
            scope: command.header.avsendersystem.clone(),
            meldings_id: command.header.meldings_id.clone(),
            kontraktversjon: command.header.kontraktversjon.clone(),
            proevekjoering: command.proevekjoering,
            digest: command.digest,
        }
    }

    pub fn of_source(melding: &Grunnlagsmelding) -> Self {
        Head {
            scope: melding.scope(),
            meldings_id: melding.meldings_id.clone(),
            kontraktversjon: melding.kontraktversjon.clone(),
            proevekjoering: false,
            digest: melding.digest,
        }
    }
}

/// The receipt of a decided message.
pub(super) fn receipt(
    head: &Head,
    decision: Decision,
    now: &Now,
    changes: Vec<NumberedNotice>,
    stroem: Option<StreamPosition>,
    bevis: Bevis,
    kvitterings_id: Uuid,
) -> Receipt {
    Receipt {
        kvitterings_id,
        meldings_id: head.meldings_id.clone(),
        kontraktversjon: head.kontraktversjon.clone(),
        status: decision.status,
        proevekjoering: head.proevekjoering,
        mottatt: now.received,
        mottatt_dato: now.today,
        findings: decision.findings,
        persons: decision.persons,
        changes,
        stroem,
        bevis,
    }
}

/// Code of a status.
pub(super) fn status_code(status: Status) -> &'static str {
    match status {
        Status::Godtatt => "GODTATT",
        Status::DelvisGodtatt => "DELVIS_GODTATT",
        Status::Avvist => "AVVIST",
    }
}

/// The rows that the decisions of a batch leave.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub writes: Writes,
    /// Versions of this batch that are not written yet: (duf, row_no) → where in `writes`.
    unwritten: HashMap<(i64, i64), usize>,
    /// What lists said of the persons that change.
    listed: BTreeMap<Duf, Listed>,
}

impl Folded {
    /// Folds the changes of a decision into the state and into the rows to be written.
    pub fn apply(
        &mut self,
        state: &mut State<'_>,
        changes: &[Change],
        recorded: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for change in changes {
            let duf = change.duf();
            let person = state.persons.get(&duf);
            if let Some(person) = person {
                self.listed.entry(duf).or_insert_with(|| Listed::of(person));
            }
            let attached = person.map_or(0, |person| person.version) + 1;
            let before = match change {
                Change::VersionWritten { row, .. } => person.and_then(|person| person.post(row.post_id)),
                _ => None,
            };
            // A version carries all references of its post; those of the version before it have their rows.
            for ((avsendersystem, reference), (duf, post_id)) in change.references() {
                let had =
                    |post: &PostVersion| post.references.iter().any(|(s, r)| (s, r) == (&avsendersystem, &reference));
                if !before.is_some_and(had) {
                    let duf = duf.to_stored();
                    let row = ReferenceRow { avsendersystem, reference, duf, post_id, attached, system_from: recorded };
                    self.writes.references.push(row);
                }
            }
            let closing = |row_no| Closing { duf: duf.to_stored(), row_no, system_to: recorded };
            match change {
                Change::VersionWritten { row, .. } => {
                    let closed = before.map(|before| closing(before.row_no));
                    self.unwritten.insert((duf.to_stored(), row.row_no), self.writes.versions.len());
                    let row = VersionRow::of(duf, row)?;
                    if let Some(closed) = closed {
                        // A row that this batch itself wrote is closed where it is still to be written.
                        match self.unwritten.get(&(closed.duf, closed.row_no)) {
                            Some(at) => {
                                self.writes
                                    .versions
                                    .get_mut(*at)
                                    .into_iter()
                                    .for_each(|v| v.system_to = Some(recorded));
                            }
                            None => self.writes.closings.push(closed),
                        }
                    }
                    self.writes.versions.push(row);
                }
                Change::FactWritten { row, .. } => {
                    let same = |fact: &&Fact| (&fact.source, &fact.source_id) == (&row.source, &row.source_id);
                    if let Some(before) = person.and_then(|person| person.facts.iter().find(same)) {
                        let closed = closing(before.row_no);
                        let mut unwritten = self.writes.facts.iter_mut();
                        match unwritten.find(|f| (f.duf, f.row_no) == (closed.duf, closed.row_no)) {
                            Some(fact) => fact.system_to = Some(recorded),
                            None => self.writes.fact_closings.push(closed),
                        }
                    }
                    self.writes.facts.push(FactRow::of(duf, row)?);
                }
                Change::Beregnet { row, .. } => {
                    if let Some(before) = person.and_then(|person| person.beregnet.as_ref()) {
                        let closed = closing(before.row_no);
                        let mut unwritten = self.writes.beregninger.iter_mut();
                        match unwritten.find(|b| (b.duf, b.row_no) == (closed.duf, closed.row_no)) {
                            Some(computed) => computed.system_to = Some(recorded),
                            None => self.writes.beregning_closings.push(closed),
                        }
                    }
                    self.writes.beregninger.push(ComputedRow::of(duf, row)?);
                }
                Change::ReferenceAttached { .. } => {}
            }
            state.apply(change);
        }
        Ok(())
    }

    /// What lists say of the persons as they stand now, where it differs.
    pub fn lists(&mut self, state: &State<'_>, recorded: DateTime<Utc>) -> Result<(), StoreError> {
        for (duf, before) in std::mem::take(&mut self.listed) {
            let Some(person) = state.persons.get(&duf) else { continue };
            self.writes.lists.add(duf, &before, &Listed::of(person), recorded)?;
        }
        Ok(())
    }

    /// The rows, each table's in the order of its key where two nodes may meet.
    pub fn finish(mut self) -> Writes {
        self.writes
            .references
            .sort_by(|a, b| (&a.avsendersystem, &a.reference).cmp(&(&b.avsendersystem, &b.reference)));
        self.writes
    }
}

/// Rows of the persons that changed.
pub(super) fn person_rows(state: &State<'_>, changed: &BTreeSet<Duf>) -> Result<Vec<PersonRow>, StoreError> {
    changed.iter().filter_map(|duf| state.persons.get(duf)).map(PersonRow::of).collect()
}

/// The streams of a batch as they stand while its answers are written, one by one. The rows of those that change are
/// locked.
#[derive(Debug, Default)]
pub(super) struct Streams {
    rows: BTreeMap<String, StreamRow>,
    changed: BTreeSet<String>,
}

impl Streams {
    pub fn new(rows: impl IntoIterator<Item = (String, StreamRow)>) -> Self {
        Streams { rows: rows.into_iter().collect(), changed: BTreeSet::new() }
    }

    /// Where a stream stands after the numbers given so far.
    pub fn position(&self, system: &str) -> Option<StreamPosition> {
        self.rows.get(system).map(|row| row.position(system))
    }

    /// Numbers the notices in order; the rows of the streams, and the notices of `own` with their numbers.
    pub fn give(
        &mut self,
        notices: Vec<Addressed>,
        own: &str,
    ) -> Result<(Vec<ChangeRow>, Vec<NumberedNotice>), StoreError> {
        let mut rows = Vec::with_capacity(notices.len());
        let mut mine = Vec::new();
        for Addressed { avsendersystem, notice } in notices {
            let stream = self.rows.get_mut(&avsendersystem);
            let stream =
                stream.ok_or_else(|| inconsistent("stream", &avsendersystem, "an avsendersystem without a stream"))?;
            stream.last_number += 1;
            let number = stream.last_number;
            let data = serde_json::to_string(&notice).map_err(|error| bad_json("change", &avsendersystem, &error))?;
            rows.push(ChangeRow {
                avsendersystem: avsendersystem.clone(),
                number,
                duf: notice.duf.map(Duf::to_stored),
                recorded: notice.registrert,
                data,
            });
            if avsendersystem == own {
                mine.push(NumberedNotice { sekvensnummer: number, notice });
            }
            self.changed.insert(avsendersystem);
        }
        Ok((rows, mine))
    }

    /// An answer hands out the stream up to this number.
    pub fn hand_out(&mut self, system: &str, number: i64) {
        if let Some(row) = self.rows.get_mut(system).filter(|row| row.handed_out < number) {
            row.handed_out = number;
            self.changed.insert(system.to_owned());
        }
    }

    /// Moves the cursor forward; `false` beyond what was handed out.
    pub fn acknowledge(&mut self, system: &str, number: i64) -> bool {
        let Some(row) = self.rows.get_mut(system).filter(|row| number <= row.handed_out) else { return false };
        if row.acknowledged < number {
            row.acknowledged = number;
            self.changed.insert(system.to_owned());
        }
        true
    }

    /// The rows that changed.
    pub fn changed(self) -> Vec<(String, StreamRow)> {
        self.rows.into_iter().filter(|(system, _)| self.changed.contains(system)).collect()
    }
}

/// Remembers the id of a message that was decided, for later ones of the batch.
pub(super) fn remember(known: &mut KnownIds, head: Head, judged: &Judged, job: usize) {
    let Judged::Decided { decision, now, id: Some(IdUse { known: stored }), .. } = judged else { return };
    known.insert(
        (head.scope, head.meldings_id),
        Known {
            digest: head.digest,
            is_final: decision.spends_id,
            first_received: now.received,
            place: Place::Job(job),
            stored: *stored,
        },
    );
}

/// Runs what renders; a panic is this message's alone.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
