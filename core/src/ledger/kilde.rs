//! What a source tells, within a batch: the same road as a registration, with the source as the scope of its ids.

use chrono::{DateTime, SubsecRound as _, Utc};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::decide::kilde::{Grunnlagsmelding, authorized, decide_grunnlag, refused};
use crate::decide::{Decision, Ids, Now, finding};
use crate::ledger::judge::{IdUse, Judged, KnownIds};
use crate::policy::Policy;
use crate::receipt::Field;
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::oslo_date;

/// Judges one message over the state that earlier ones of the batch left.
pub(super) fn judge_grunnlag(
    state: &State<'_>,
    known: &KnownIds,
    melding: &Grunnlagsmelding,
    policy: &Policy,
    wall: DateTime<Utc>,
    recorded: DateTime<Utc>,
    ids: &mut dyn Ids,
) -> Judged {
    let received = wall.trunc_subsecs(6);
    let now = Now { received, today: oslo_date(received), recorded };
    let mut id = None;
    // Only the source itself can use or meet its ids.
    if authorized(state.registry, melding, policy, wall).is_some() {
        let before = known.get(&(melding.scope(), melding.meldings_id.clone()));
        match before {
            Some(before) if before.is_final && before.digest == melding.digest => return Judged::Repeat(before.place),
            Some(before) if before.is_final => {
                // K703 spends nothing: the id was spent by the first.
                let reused = refused(melding, vec![finding(Rejection::IdReused, Field::Header("meldingsId"))]);
                let decision = Decision { spends_id: false, ..reused };
                return Judged::Decided { decision: Box::new(decision), now, id: None, own: false };
            }
            _ => id = Some(IdUse { known: before.is_some_and(|before| before.stored) }),
        }
    }
    match catch_unwind(AssertUnwindSafe(|| decide_grunnlag(state, melding, policy, &now, ids))) {
        Ok(decision) => Judged::Decided { decision: Box::new(decision), now, id, own: false },
        Err(_) => Judged::Panicked,
    }
}
