//! Pictures of an order on their way into the stream (design.md 17, Streams): made beforehand from rows as recorded at the
//! order's moment; here it is only settled who may still be shown, under the locks of the persons, and they get their numbers.

use chrono::{DateTime, Utc};

use crate::bestilling::Bestilling;
use crate::change::{Addressed, Notice, NoticePayload, Opphav};
use crate::decide::{Ids, Now};
use crate::id::Duf;
use crate::ledger::judge::Judged;
use crate::ledger::{Job, Work};
use crate::person::PersonHistory;
use crate::policy::Policy;
use crate::query::PersonView;
use crate::query::oeyeblikksbilde::{bilde, notice, placed};
use crate::state::State;
use crate::store::stroemmer::OrderStep;
use crate::store::{StoreError, Tx};
use crate::time::oslo_date;

/// A batch of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// The order as it was read.
    pub order: Bestilling,
    /// The persons, in order, at most 200.
    pub views: Vec<PersonView>,
    /// Persons up to this one are done by it.
    pub done_to: i64,
    /// Whether it is the last batch.
    pub last: bool,
}

impl Pictures {
    /// Whom it shows.
    pub fn dufs(&self) -> impl Iterator<Item = Duf> {
        self.views.iter().map(|view| view.duf)
    }

    /// The notices of those who may still be shown. The last one says so; where nobody is left to say it, one without a person
    /// does.
    fn notices(
        &self,
        state: &State<'_>,
        policy: &Policy,
        wall: DateTime<Utc>,
        recorded: DateTime<Utc>,
        ids: &mut dyn Ids,
    ) -> Vec<Addressed> {
        let Some(system) = state.registry.avsendersystemer.get(&self.order.avsendersystem) else { return Vec::new() };
        let user = state.registry.users.get(&self.order.bruker);
        let received = state.registry.register_time(Some(system.kommune), wall);
        let now = Now { received, today: oslo_date(received), recorded };
        let payload = |view: Option<&PersonView>| NoticePayload::PersonOeyeblikksbilde {
            bestillings_id: Some(self.order.id),
            posisjon: Some(self.order.posisjon),
            siste: false,
            person: view.map(|view| Box::new(view.clone())),
        };
        let mut notices: Vec<Notice> = Vec::with_capacity(self.views.len() + 1);
        for view in &self.views {
            let Some(person) = state.persons.get(&view.duf) else { continue };
            let present = PersonHistory::present(person);
            // Who has become strictly confidential since, or came to another kommune's care, is left out.
            let Some(shown) = bilde(policy, system, user, &present, None, &now) else { continue };
            // What the cut shows of who is protected now may be what must not be shown any more.
            let view = if person.undertrykt(now.today) { &shown } else { view };
            let kommune = placed(&present, system, &now);
            let opphav = Opphav::EgenMelding;
            notices.push(notice(Some(view.duf), kommune, system, opphav, payload(Some(view)), &now, ids.uuid()));
        }
        if self.last && notices.is_empty() {
            let kommune = system.kommune;
            notices.push(notice(None, kommune, system, Opphav::EgenMelding, payload(None), &now, ids.uuid()));
        }
        if let (true, Some(last)) = (self.last, notices.last_mut())
            && let NoticePayload::PersonOeyeblikksbilde { siste, .. } = &mut last.payload
        {
            *siste = true;
        }
        let to = |notice| Addressed { avsendersystem: system.id.clone(), notice };
        notices.into_iter().map(to).collect()
    }
}

/// What a batch of pictures comes to, before its order has been moved on.
pub(super) fn judge(
    pictures: &Pictures,
    state: &State<'_>,
    policy: &Policy,
    (wall, recorded): (DateTime<Utc>, DateTime<Utc>),
    ids: &mut dyn Ids,
) -> Judged {
    Judged::Pictures(pictures.notices(state, policy, wall, recorded, ids))
}

/// Takes orders and moves them on, under the locks of their streams; what another has done meanwhile refuses the job.
pub(super) async fn settle(
    tx: &mut Tx,
    run: &[Job],
    judged: &mut [Option<Judged>],
    recorded: DateTime<Utc>,
) -> Result<(), StoreError> {
    for (job, judged) in run.iter().zip(judged) {
        match (&job.work, &judged) {
            (Work::Order { order, .. }, None) => {
                let open = tx.open_orders().await?;
                match open.iter().find(|open| open.avsendersystem == order.avsendersystem) {
                    Some(open) => *judged = Some(Judged::OrderOpen(open.id)),
                    None => tx.insert_order(order).await?,
                }
            }
            (Work::Pictures(pictures), Some(Judged::Pictures(notices))) => {
                let step = OrderStep {
                    id: pictures.order.id,
                    from: pictures.order.done_to,
                    to: pictures.done_to,
                    written: i64::try_from(notices.len()).unwrap_or(i64::MAX),
                    at: recorded,
                    finished: pictures.last,
                };
                if !tx.advance_order(&step).await? {
                    *judged = Some(Judged::OrderMoved);
                }
            }
            _ => {}
        }
    }
    Ok(())
}
