//! Dry run (design.md 17): the same `decide` over a state that is read without locks; no number is taken and no id
//! spent. The lane only places the answer in the evidence. The receipt shows what would follow, too: categories, deadlines
//! and whatever else the sender's stream would tell, under the number 0.

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::change::NumberedNotice;
use crate::command::Command;
use crate::decide::{Ids, Now, decide};
use crate::ledger::{LedgerError, batch};
use crate::policy::Policy;
use crate::receipt::{Bevis, Receipt, StreamPosition};
use crate::registry::Registry;
use crate::state::State;
use crate::store::rows::Loaded;
use crate::store::{Store, StoreError};
use crate::time::oslo_date;

/// The number of a change that was not written.
const UNNUMBERED: i64 = 0;

/// What a message meets, as of one moment.
#[derive(Debug)]
pub struct DryRun {
    registry: Registry,
    loaded: Loaded,
    stroem: Option<StreamPosition>,
}

impl DryRun {
    /// Reads it.
    pub async fn read(store: &Store, command: &Command, policy: &Policy) -> Result<Self, StoreError> {
        let mut tx = store.begin_read().await?;
        let registry = tx.load_registry().await?;
        let wanted = batch::wanted(std::iter::once(command), policy.test_series());
        let loaded = tx.load(&wanted, false).await?;
        let streams = tx.streams(std::slice::from_ref(&command.header.avsendersystem)).await?;
        tx.rollback().await;
        let stroem = streams.first().map(|(system, row)| row.position(system));
        Ok(DryRun { registry, loaded, stroem })
    }

    /// The receipt as it would be, with no place in the evidence yet. A message of a thousand lines is work for a worker, and
    /// what panics is this message's alone.
    pub fn judge(
        self,
        command: &Command,
        policy: &Policy,
        wall: DateTime<Utc>,
        ids: &mut dyn Ids,
    ) -> Result<Receipt, LedgerError> {
        batch::guarded(|| self.decided(command, policy, wall, ids)).ok_or(LedgerError::Panicked)
    }

    fn decided(self, command: &Command, policy: &Policy, wall: DateTime<Utc>, ids: &mut dyn Ids) -> Receipt {
        let DryRun { registry, loaded, stroem } = self;
        let system = &command.header.avsendersystem;
        let persons = loaded.persons.into_iter().map(|person| (person.duf, person)).collect();
        let state = State { registry: &registry, persons, references: loaded.references };
        let received = registry.register_time(command.header.kommune.as_ref().ok().copied(), wall).trunc_subsecs(6);
        let now = Now { received, today: oslo_date(received), recorded: wall };
        let mut decision = decide(&state, command, policy, &now, ids);
        let own = std::mem::take(&mut decision.notices).into_iter();
        let own = own.filter(|addressed| addressed.avsendersystem == *system);
        let follows =
            own.map(|addressed| NumberedNotice { sekvensnummer: UNNUMBERED, notice: addressed.notice }).collect();
        let stroem = stroem.filter(|_| !decision.sender_refused());
        let bevis = Bevis { kjede: String::new(), posisjon: 0, forrige_hash: String::new() };
        batch::receipt(&batch::Head::of(command), decision, &now, follows, stroem, bevis, ids.uuid())
    }
}
