//! Transfer errors and support cases in the store: what the ledger looks up and writes, and what is read of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::feilsak::{Feilsak, Sakfeil, Saksnoekler, Saksspoersmaal, Saksstatus};
use crate::id::Duf;
use crate::policy::Policy;
use crate::store::{Store, StoreError, Tx, bad_json, inconsistent, on};
use crate::support::{Fra, Supportbilde, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus};
use crate::time::oslo_date;

/// A stream with changes that were not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ulest {
    /// Whose.
    pub avsendersystem: String,
    /// When the first of them was written.
    pub first: Option<DateTime<Utc>>,
    /// When the first SKJERMING_ENDRET among them was.
    pub shelter: Option<DateTime<Utc>>,
}

/// A case with the errors of its attempts.
pub type Saksbilde = (Feilsak, Vec<Sakfeil>);

/// What was let on with its source is let on for so long: long enough to be sent again by hand.
const LET_ON: TimeDelta = TimeDelta::days(1);

type Navn = (String, Option<String>, Option<String>, Option<String>);
type Tider = (DateTime<Utc>, DateTime<Utc>, Option<NaiveDate>);

/// A case as its row holds it.
pub(super) fn feilsak_of(
    sak: Uuid,
    (avsendersystem, avsenders_referanse, duf, saksbehandler_ref): Navn,
    (status, data): (String, String),
    (aapnet, endret, vindu_lukker): Tider,
) -> Result<Feilsak, StoreError> {
    let status = Saksstatus::from_code(&status);
    Ok(Feilsak {
        sak,
        avsendersystem,
        avsenders_referanse,
        duf,
        saksbehandler_ref,
        status: status.ok_or_else(|| inconsistent("feilsak", &sak.to_string(), "an unknown state"))?,
        aapnet,
        endret,
        vindu_lukker,
        innhold: serde_json::from_str(&data).map_err(|error| bad_json("feilsak", &sak.to_string(), &error))?,
    })
}

/// A support case as its row holds it.
pub(super) fn supportsak_of(
    (sak, feil_id, feilsak): (Uuid, Option<Uuid>, Option<Uuid>),
    (avsendersystem, duf): (String, Option<String>),
    (status, data): (String, String),
    (aapnet, endret): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Supportsak, StoreError> {
    let status = Supportstatus::from_code(&status);
    Ok(Supportsak {
        sak,
        avsendersystem,
        feil_id,
        feilsak,
        duf,
        status: status.ok_or_else(|| inconsistent("supportsak", &sak.to_string(), "an unknown state"))?,
        aapnet,
        endret,
        melder: serde_json::from_str(&data).map_err(|error| bad_json("supportsak", &sak.to_string(), &error))?,
    })
}

/// What was written in a support case, as its row holds it.
pub(super) fn melding_of(
    (id, sak): (Uuid, Uuid),
    fra: &str,
    skrevet: DateTime<Utc>,
    tekst: String,
) -> Result<Supportmelding, StoreError> {
    let fra = Fra::from_code(fra).ok_or_else(|| inconsistent("supportmelding", &id.to_string(), "an unknown side"))?;
    Ok(Supportmelding { id, sak, fra, skrevet, tekst })
}

pub(super) fn text_of<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| bad_json("feilsak", "", &error))
}

impl Tx {
    /// Open cases with the ids of their attempts.
    pub async fn open_cases(&mut self, keys: &Saksnoekler) -> Result<Vec<(Feilsak, Vec<String>)>, StoreError> {
        let mut found: Vec<(Feilsak, Vec<String>)> = Vec::new();
        for (sak, id) in on!(self, tx => tx.open_cases(keys).await)? {
            match found.last_mut().filter(|(last, _)| last.sak == sak.sak) {
                Some((_, ids)) => ids.push(id),
                None => found.push((sak, vec![id])),
            }
        }
        Ok(found)
    }
}

impl Store {
    /// Cases of an avsendersystem with their attempts, in the order in which they were opened, at most `limit`.
    pub async fn feilsaker(&self, asked: &Saksspoersmaal, limit: usize) -> Result<Vec<Saksbilde>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.cases(asked, i64::try_from(limit).unwrap_or(i64::MAX)).await;
        tx.rollback().await;
        found
    }

    /// The case that an error belongs to, where it is of this avsendersystem.
    pub async fn feilsak_of_error(&self, system: &str, feil_id: Uuid) -> Result<Option<Uuid>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.case_of_error(feil_id).await;
        tx.rollback().await;
        Ok(found?.filter(|(_, of)| of == system).map(|(sak, _)| sak))
    }

    /// How many cases of an avsendersystem are open, and the first day on which the window of one of them closes.
    pub async fn open_feilsaker(&self, system: &str) -> Result<(i64, Option<NaiveDate>), StoreError> {
        let mut tx = self.begin_read().await?;
        let counted = tx.open_case_count(system).await;
        tx.rollback().await;
        counted
    }

    /// Cause groups that have an open case since then: (avsendersystem, group).
    pub async fn new_groups(&self, since: DateTime<Utc>) -> Result<Vec<(String, String)>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.new_groups(since).await;
        tx.rollback().await;
        found
    }

    /// Support cases with what was written in them, in the order in which they were opened, at most `limit`.
    pub async fn supportsaker(&self, asked: &Supportspoersmaal, limit: usize) -> Result<Vec<Supportbilde>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.support_cases(asked, i64::try_from(limit).unwrap_or(i64::MAX)).await;
        tx.rollback().await;
        found
    }

    /// Streams with changes that were not acknowledged.
    pub async fn unread_streams(&self) -> Result<Vec<Ulest>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.unread_streams().await;
        tx.rollback().await;
        found
    }

    /// The last notices that were told, newest first: cause and time.
    pub async fn told_notices(&self, system: &str, limit: i64) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.told(system, limit).await;
        tx.rollback().await;
        found
    }

    /// Takes back that a notice was told: it could not be sent.
    pub async fn untell(&self, system: &str, aarsak: &str, periode: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.untell(system, (aarsak, periode)).await?;
        tx.commit().await
    }

    /// Sources that are held (design.md 8, Bremse), with since when.
    pub async fn held_sources(&self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.held_sources().await;
        tx.rollback().await;
        found
    }

    /// Notes that a notice is told; `false` when it was told before, by whichever node.
    pub async fn tell_once(
        &self,
        system: &str,
        aarsak: &str,
        periode: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let told = tx.note_told(system, aarsak, periode, at).await?;
        tx.commit().await?;
        Ok(told)
    }
}

impl Tx {
    async fn cases(&mut self, asked: &Saksspoersmaal, limit: i64) -> Result<Vec<Saksbilde>, StoreError> {
        let saker = on!(self, tx => tx.cases(asked, limit).await)?;
        let ids: Vec<Uuid> = saker.iter().map(|sak| sak.sak).collect();
        let mut feil: BTreeMap<Uuid, Vec<Sakfeil>> = BTreeMap::new();
        for one in on!(self, tx => tx.case_errors(&ids).await)? {
            feil.entry(one.sak).or_default().push(one);
        }
        let with_errors = |sak: Feilsak| {
            let errors = feil.remove(&sak.sak).unwrap_or_default();
            (sak, errors)
        };
        Ok(saker.into_iter().map(with_errors).collect())
    }

    async fn case_of_error(&mut self, feil_id: Uuid) -> Result<Option<(Uuid, String)>, StoreError> {
        on!(self, tx => tx.case_of_error(feil_id).await)
    }

    async fn open_case_count(&mut self, system: &str) -> Result<(i64, Option<NaiveDate>), StoreError> {
        on!(self, tx => tx.open_case_count(system).await)
    }

    /// Says how far a case has come; `false` when there is none.
    pub async fn set_case(&mut self, sak: Uuid, status: Saksstatus, at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(on!(self, tx => tx.set_case(sak, (status.code(), status.is_open()), at).await)? == 1)
    }

    async fn new_groups(&mut self, since: DateTime<Utc>) -> Result<Vec<(String, String)>, StoreError> {
        on!(self, tx => tx.new_groups(since).await)
    }

    async fn support_cases(&mut self, asked: &Supportspoersmaal, limit: i64) -> Result<Vec<Supportbilde>, StoreError> {
        let saker = on!(self, tx => tx.support_cases(asked, limit).await)?;
        let ids: Vec<Uuid> = saker.iter().map(|sak| sak.sak).collect();
        let mut texts: BTreeMap<Uuid, Vec<Supportmelding>> = BTreeMap::new();
        for text in on!(self, tx => tx.support_texts(&ids).await)? {
            texts.entry(text.sak).or_default().push(text);
        }
        let with_texts = |sak: Supportsak| {
            let texts = texts.remove(&sak.sak).unwrap_or_default();
            (sak, texts)
        };
        Ok(saker.into_iter().map(with_texts).collect())
    }

    /// Writes a support case and what is new in it.
    pub async fn write_support(&mut self, sak: &Supportsak, texts: &[Supportmelding]) -> Result<(), StoreError> {
        on!(self, tx => tx.write_support(sak, texts).await)
    }

    async fn note_told(
        &mut self,
        system: &str,
        aarsak: &str,
        periode: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(on!(self, tx => tx.note_told(system, (aarsak, periode), at).await)? == 1)
    }

    async fn unread_streams(&mut self) -> Result<Vec<Ulest>, StoreError> {
        on!(self, tx => tx.unread_streams().await)
    }

    async fn told(&mut self, system: &str, limit: i64) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        on!(self, tx => tx.told(system, limit).await)
    }

    async fn untell(&mut self, system: &str, varsel: (&str, &str)) -> Result<(), StoreError> {
        on!(self, tx => tx.untell(system, varsel).await)
    }

    async fn held_sources(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        on!(self, tx => tx.held_sources().await)
    }

    /// An operator lets a source on; `false` when it was not held. What it tried is let on with it.
    pub async fn release_source(&mut self, kilde: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(on!(self, tx => tx.release_source(kilde, at).await)? == 1)
    }

    /// Whether a source may now close the categories of these persons, by the brake's rules. A source that would close too
    /// many is held from here on, and one that is held tells nothing more until an operator lets it on (NIR-T104). What it
    /// tried meanwhile is noted too: that is what the operator lets on with it.
    pub async fn source_may_close(
        &mut self,
        kilde: &str,
        dufs: &BTreeSet<Duf>,
        policy: &Policy,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let brems = policy.bremse(oslo_date(at));
        let (since, let_on) = (at - brems.within, at - LET_ON);
        let dufs: Vec<i64> = dufs.iter().map(|duf| duf.to_stored()).collect();
        let (held, closed, known) = on!(self, tx => tx.source_brake(kilde, &dufs, (since, let_on)).await)?;
        if !dufs.is_empty() {
            on!(self, tx => tx.note_closings(kilde, &dufs, (at, let_on)).await)?;
        }
        if held.is_some() {
            return Ok(false);
        }
        let more = i64::try_from(dufs.len()).unwrap_or(i64::MAX).saturating_sub(known);
        let all = closed.saturating_add(more);
        // Counting everybody is dear: only where a share could be too many.
        if more == 0 || (all < brems.at_least && all < brems.persons) {
            return Ok(true);
        }
        if brems.holds(all, on!(self, tx => tx.count_persons().await)?) {
            on!(self, tx => tx.hold_source(kilde, at).await)?;
            return Ok(false);
        }
        Ok(true)
    }
}
