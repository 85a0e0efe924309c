//! The jobs of one transaction, from what they need to the rows they leave.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::change::{Addressed, Change, NumberedNotice};
use crate::command::Command;
use crate::decide::{Decision, Now};
use crate::id::Duf;
use crate::ledger::judge::{IdUse, Judged, Known, KnownIds, Place};
use crate::receipt::{Bevis, Receipt, Status, StreamPosition};
use crate::state::State;
use crate::store::rows::{ChangeRow, Closing, PersonRow, ReferenceRow, VersionRow, Wanted, Writes};
use crate::store::{StoreError, inconsistent};

/// What the commands of a batch need to know.
pub(super) fn wanted<'c>(commands: impl Iterator<Item = &'c Command>, test_series: bool) -> Wanted {
    let (mut dufs, mut ids, mut references) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for command in commands {
        let system = &command.header.avsendersystem;
        ids.insert((system.clone(), command.header.meldings_id.clone()));
        for person in &command.persons {
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

/// The receipt of a decided message.
pub(super) fn receipt(
    command: &Command,
    decision: Decision,
    now: &Now,
    changes: Vec<NumberedNotice>,
    stroem: Option<StreamPosition>,
    bevis: Bevis,
    kvitterings_id: Uuid,
) -> Receipt {
    Receipt {
        kvitterings_id,
        meldings_id: command.header.meldings_id.clone(),
        kontraktversjon: command.header.kontraktversjon.clone(),
        status: decision.status,
        proevekjoering: command.proevekjoering,
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

/// Folds the changes of a decision into the state and into the rows to be written.
pub(super) fn apply(
    state: &mut State<'_>,
    changes: &[Change],
    recorded: DateTime<Utc>,
    writes: &mut Writes,
) -> Result<(), StoreError> {
    for change in changes {
        if let Change::VersionWritten { duf, row } = change {
            let present = state.persons.get(duf).and_then(|person| person.post(row.post_id));
            if let Some(present) = present {
                let (duf, row_no) = (duf.to_stored(), present.row_no);
                // A version that this batch itself wrote is closed in the row that is still to be written.
                match writes.versions.iter_mut().rfind(|row| row.duf == duf && row.row_no == row_no) {
                    Some(unwritten) => unwritten.system_to = Some(recorded),
                    None => writes.closings.push(Closing { duf, row_no, system_to: recorded }),
                }
            }
            writes.versions.push(VersionRow::of(*duf, row)?);
        }
        for ((avsendersystem, reference), (duf, post_id)) in change.references() {
            let key = (avsendersystem.clone(), reference.clone());
            // Only the references that the batch names were asked for; a new version carries all of its post's.
            let person = state.persons.get(&duf);
            let stored = person.is_some_and(|person| person.posts.iter().any(|post| post.references.contains(&key)));
            if !stored && !state.references.contains_key(&key) {
                writes.references.push(ReferenceRow {
                    avsendersystem,
                    reference,
                    duf: duf.to_stored(),
                    post_id,
                    system_from: recorded,
                });
            }
        }
        state.apply(change);
    }
    Ok(())
}

/// Rows of the persons that changed.
pub(super) fn person_rows(state: &State<'_>, changed: &BTreeSet<Duf>) -> Result<Vec<PersonRow>, StoreError> {
    changed.iter().filter_map(|duf| state.persons.get(duf)).map(PersonRow::of).collect()
}

/// Numbers of the batch: how many each stream takes, then one by one as the answers are written.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    next: BTreeMap<String, i64>,
}

impl Numbers {
    /// From the counters as they stand after the batch took its numbers.
    pub fn new(last: &[(String, i64)], counts: &BTreeMap<String, i64>) -> Self {
        let next =
            last.iter().map(|(system, last)| (system.clone(), last - counts.get(system).copied().unwrap_or(0) + 1));
        Numbers { next: next.collect() }
    }

    /// The last number given in a stream so far.
    pub fn last(&self, system: &str) -> Option<i64> {
        self.next.get(system).map(|next| next - 1)
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
            let next = self.next.get_mut(&avsendersystem);
            let next =
                next.ok_or_else(|| inconsistent("stream", &avsendersystem, "an avsendersystem without a stream"))?;
            let number = *next;
            *next += 1;
            let data =
                serde_json::to_string(&notice).map_err(|e| inconsistent("change", &avsendersystem, &e.to_string()))?;
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
        }
        Ok((rows, mine))
    }
}

/// Remembers the id of a message that was decided, for later ones of the batch.
pub(super) fn remember(known: &mut KnownIds, command: &Command, judged: &Judged, job: usize) {
    let Judged::Decided { decision, now, id: Some(IdUse { known: stored }) } = judged else { return };
    known.insert(
        (command.header.avsendersystem.clone(), command.header.meldings_id.clone()),
        Known {
            digest: command.digest,
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
