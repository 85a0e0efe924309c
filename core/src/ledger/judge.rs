//! One message within a batch: is its id known, from when does it count, and what does `decide` say (contract.md 4.4).

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use uuid::Uuid;

use crate::change::Addressed;
use crate::command::Command;
use crate::decide::feilregistrert::{self, Melding, Utfall};
use crate::decide::{Decision, Ids, Now, authorized_system, decide, finding, may_carry, refused_whole};
use crate::policy::Policy;
use crate::receipt::{Field, Finding, Status};
use crate::rejection::Rejection;
use crate::state::State;
use crate::store::rows::IdRow;
use crate::time::oslo_date;

/// Where an answer stands that may have to be given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Stored by an earlier batch.
    Stored(i32, i64),
    /// Of an earlier job of this batch.
    Job(usize),
}

/// What is known of a meldingsId.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub digest: [u8; 32],
    pub is_final: bool,
    pub first_received: DateTime<Utc>,
    pub place: Place,
    /// Whether the row is in the database already.
    pub stored: bool,
}

/// (avsendersystem, meldingsId) → what is known.
pub(super) type KnownIds = HashMap<(String, String), Known>;

pub(super) fn known_ids(rows: Vec<IdRow>) -> KnownIds {
    let known = |row: &IdRow| Known {
        digest: row.digest,
        is_final: row.is_final,
        first_received: row.first_received,
        place: Place::Stored(row.chain, row.position),
        stored: true,
    };
    rows.into_iter().map(|row| (known(&row), (row.avsendersystem, row.meldings_id))).map(|(k, id)| (id, k)).collect()
}

/// What a message comes to.
pub(super) enum Judged {
    /// Decided; `id` says whether its meldingsId is remembered, and how, `own` whether the sender may speak for the
    /// avsendersystem.
    Decided { decision: Box<Decision>, now: Now, id: Option<IdUse>, own: bool },
    /// The same message again: the answer that stands there.
    Repeat(Place),
    /// An internal command: who must hear, persons that it changed, and that were not there.
    Internal { notices: Vec<Addressed>, persons: usize, unknown: usize },
    /// A report of a wrong record, judged.
    Struck(Box<Result<Utfall, Vec<Finding>>>, Now),
    /// The notices of pictures.
    Pictures(Vec<Addressed>),
    /// An order that finds another one open.
    OrderOpen(Uuid),
    /// Pictures of an order that went on elsewhere.
    OrderMoved,
    /// A rule panicked.
    Panicked,
    /// A delivery whose owner lost the stream.
    Fenced,
    /// What a source tells that is held (design.md 8, Bremse).
    Held,
}

/// How a decided message uses its meldingsId.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdUse {
    /// Whether the row is there already (and was not final).
    pub known: bool,
}

/// Judges one message over the state that earlier ones of the batch left.
pub(super) fn judge(
    state: &State<'_>,
    known: &KnownIds,
    command: &Command,
    policy: &Policy,
    wall: DateTime<Utc>,
    recorded: DateTime<Utc>,
    ids: &mut dyn Ids,
) -> Judged {
    let header = &command.header;
    let received = state.registry.register_time(header.kommune.as_ref().ok().copied(), wall).trunc_subsecs(6);
    let mut now = Now { received, today: oslo_date(received), recorded };
    let mut id = None;
    // Only a sender that may speak for the avsendersystem, by a TLS end that may carry it, can use or meet its ids
    // (threats.md 6, 31).
    let system = authorized_system(state.registry, header, policy, &now);
    let own = system.is_some_and(|system| may_carry(state.registry, header, system, policy, &now));
    if own {
        let before = known.get(&(header.avsendersystem.clone(), header.meldings_id.clone()));
        match before {
            Some(before) if before.is_final && before.digest == command.digest => return Judged::Repeat(before.place),
            Some(before) if before.is_final => {
                let decision = Decision { spends_id: false, ..reused(command) };
                return Judged::Decided { decision: Box::new(decision), now, id: None, own };
            }
            Some(before) if before.digest == command.digest && still_counts(before, received, policy) => {
                now = Now { received: before.first_received, today: oslo_date(before.first_received), recorded };
            }
            _ => {}
        }
        id = Some(IdUse { known: before.is_some_and(|before| before.stored) });
    }
    match catch_unwind(AssertUnwindSafe(|| decide(state, command, policy, &now, ids))) {
        Ok(decision) => Judged::Decided { decision: Box::new(decision), now, id, own },
        Err(_) => Judged::Panicked,
    }
}

/// Judges a report of a wrong record.
pub(super) fn judge_report(
    state: &State<'_>,
    melding: &Melding,
    policy: &Policy,
    wall: DateTime<Utc>,
    recorded: DateTime<Utc>,
    ids: &mut dyn Ids,
) -> Judged {
    let kommune = melding.header.kommune.as_ref().ok().copied();
    let received = state.registry.register_time(kommune, wall).trunc_subsecs(6);
    let now = Now { received, today: oslo_date(received), recorded };
    match catch_unwind(AssertUnwindSafe(|| feilregistrert::meld(state, melding, policy, &now, ids))) {
        Ok(judged) => Judged::Struck(Box::new(judged), now),
        Err(_) => Judged::Panicked,
    }
}

/// The first receipt time is kept for some days, and never lies in the future of a clock that was set back.
fn still_counts(before: &Known, received: DateTime<Utc>, policy: &Policy) -> bool {
    let days = TimeDelta::days(i64::from(policy.first_receipt_days(oslo_date(received))));
    before.first_received <= received && received - before.first_received <= days
}

/// K703: known id, other content. It spends nothing: the id was spent by the first.
fn reused(command: &Command) -> Decision {
    let decision = refused_whole(command, vec![finding(Rejection::IdReused, Field::Header("meldingsId"))]);
    debug_assert_eq!(decision.status, Status::Avvist);
    decision
}
