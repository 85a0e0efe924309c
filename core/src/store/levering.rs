//! Deliveries of streams by push (design.md 8): one node at a time has a stream, for one batch, by a lease with a fence.
//!
//! Whoever takes a stream raises its fence; what an earlier owner still brings is refused by the ledger
//! (`Work::Delivered`), so that it moves no cursor. The lease is longer than the longest exchange: an owner that died
//! loses the stream when it ends.
//!
//! An attempt acts on the address that the database had when the stream was taken, never on an older one that a node still
//! remembers; and a failure counts only while that address is the one that an operator approved.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::registry::{PushAddress, RegistryEntry, push_key};
use crate::store::{Store, StoreError, bad_json, on};

/// A stream with news that may be delivered now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose stream.
    pub avsendersystem: String,
    /// How often in a row it has failed.
    pub attempts: i64,
}

/// A stream taken for one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose stream.
    pub avsendersystem: String,
    /// What the owner of this moment is known by.
    pub fence: i64,
    /// How often in a row it has failed before.
    pub attempts: i64,
    /// Since when it fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// The address in the registry when it was taken.
    pub address: Option<PushAddress>,
    /// Since when the registry has that address: what tells one approval from the next.
    pub address_since: Option<DateTime<Utc>>,
}

/// What a failed attempt leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Not before then again.
    pub due: DateTime<Utc>,
    /// Not again until an operator says so.
    pub parked: bool,
    /// Why, for operators.
    pub why: String,
}

/// How the delivery of a stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeveringRow {
    /// Whose stream.
    pub avsendersystem: String,
    /// The node that has it.
    pub owner: Option<String>,
    /// How often in a row it has failed.
    pub attempts: i64,
    /// Not before then.
    pub due: DateTime<Utc>,
    /// Since when it fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// Parked since.
    pub parked: Option<DateTime<Utc>>,
    /// Why it failed last.
    pub why: Option<String>,
}

impl Store {
    /// Streams with changes behind the cursor that nobody has, that are not parked, and whose time has come.
    pub async fn waiting_streams(&self, now: DateTime<Utc>) -> Result<Vec<Waiting>, StoreError> {
        on!(self, store => store.waiting_streams(now.trunc_subsecs(6)).await)
    }

    /// Takes a stream for one batch; `None` when another has it, or it may not be delivered now.
    pub async fn claim_stream(
        &self,
        avsendersystem: &str,
        owner: &str,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<Claim>, StoreError> {
        let now = now.trunc_subsecs(6);
        on!(self, store => store.claim_stream(avsendersystem, owner, now, now + lease).await)
    }

    /// Gives a stream back without having tried.
    pub async fn release_stream(&self, claim: &Claim) -> Result<(), StoreError> {
        on!(self, store => store.release_stream(&claim.avsendersystem, claim.fence).await)
    }

    /// A node that starts again takes back what it had when it died; no two running nodes share a name. How many streams.
    pub async fn reclaim_streams(&self, owner: &str) -> Result<u64, StoreError> {
        on!(self, store => store.reclaim_streams(owner).await)
    }

    /// Writes down that an attempt failed. `false` when another has the stream since, and when an operator has approved an
    /// address anew or resumed the stream: then it says nothing about the stream, which is free for the next attempt.
    pub async fn failed_delivery(&self, claim: &Claim, failure: &Failure) -> Result<bool, StoreError> {
        let failure = Failure { at: failure.at.trunc_subsecs(6), due: failure.due.trunc_subsecs(6), ..failure.clone() };
        on!(self, store => store.failed_delivery(claim, &failure).await)
    }

    /// An operator lets a stream be tried again at once; `false` when nothing has failed.
    pub async fn resume_stream(&self, avsendersystem: &str) -> Result<bool, StoreError> {
        on!(self, store => store.resume_stream(avsendersystem).await)
    }

    /// An operator takes a stream from whoever has it: what is still on its way moves no cursor.
    pub async fn take_back_stream(&self, avsendersystem: &str) -> Result<(), StoreError> {
        on!(self, store => store.take_back_stream(avsendersystem).await)
    }

    /// How all deliveries stand, by name.
    pub async fn leveringer(&self) -> Result<Vec<LeveringRow>, StoreError> {
        on!(self, store => store.leveringer().await)
    }
}

/// The address in a row of the registry.
pub(in crate::store) fn address_of(
    avsendersystem: &str,
    data: Option<&str>,
) -> Result<Option<PushAddress>, StoreError> {
    let Some(data) = data else { return Ok(None) };
    let entry =
        serde_json::from_str(data).map_err(|error| bad_json("registry_entry", &push_key(avsendersystem), &error))?;
    Ok(if let RegistryEntry::PushAddress(address) = entry { Some(address) } else { None })
}
