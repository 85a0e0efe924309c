//! Transfer errors and support cases in the store: what the ledger looks up and writes, and what is read of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::feilsak::{Feilsak, KEPT_ATTEMPTS, Sakfeil, Saksnoekler, Saksspoersmaal, Saksstatus};
use crate::id::Duf;
use crate::policy::Policy;
use crate::store::{Store, StoreError, Tx, bad_json, inconsistent, on};
use crate::support::{Fra, Supportbilde, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus};
use crate::time::oslo_date;

/// A case with the errors of its attempts.
pub type Saksbilde = (Feilsak, Vec<Sakfeil>);

/// What was let on with its source is let on for so long: long enough to be sent again by hand.
pub(super) const LET_ON: TimeDelta = TimeDelta::days(1);

/// Errors that one page of cases shows, or texts that one page of support cases shows: a page ends early after so many.
const SHOWN: usize = 2_000;
/// Texts of a support case that are shown: the first, and the last ones.
pub(super) const SHOWN_TEXTS: i64 = 200;
/// Cases whose errors are read together.
const TOGETHER: usize = 50;

type Navn = (String, Option<String>, Option<String>, Option<String>);
type Tider = (DateTime<Utc>, DateTime<Utc>, Option<NaiveDate>, i64);

/// Which of the last attempts are kept beside the first one.
pub(super) const KEPT_LAST: i64 = KEPT_ATTEMPTS as i64 - 1;

/// How many attempts of each case the errors are of.
pub(super) fn new_attempts(feil: &[Sakfeil]) -> BTreeMap<Uuid, i64> {
    let attempts: BTreeSet<(Uuid, i32, i64)> = feil.iter().map(|feil| (feil.sak, feil.chain, feil.position)).collect();
    let mut counted = BTreeMap::new();
    for (sak, ..) in attempts {
        *counted.entry(sak).or_default() += 1;
    }
    counted
}

/// A case as its row holds it.
pub(super) fn feilsak_of(
    sak: Uuid,
    (avsendersystem, avsenders_referanse, duf, saksbehandler_ref): Navn,
    (status, data): (String, String),
    (aapnet, endret, vindu_lukker, antall): Tider,
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
        antall,
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
    /// Open cases, and which of the ids asked for are ids of attempts of theirs.
    pub async fn open_cases(&mut self, keys: &Saksnoekler) -> Result<(Vec<Feilsak>, Vec<(Uuid, String)>), StoreError> {
        let attempts = if keys.ids.is_empty() { Vec::new() } else { on!(self, tx => tx.attempts_of(keys).await)? };
        let saker: BTreeSet<Uuid> = attempts.iter().map(|(sak, _)| *sak).collect();
        let saker: Vec<Uuid> = saker.into_iter().collect();
        Ok((on!(self, tx => tx.open_cases(&saker, keys).await)?, attempts))
    }
}

impl Store {
    /// Cases of an avsendersystem with their attempts, in the order in which they were opened, at most `limit`, and whether
    /// there are more.
    pub async fn feilsaker(&self, asked: &Saksspoersmaal, limit: usize) -> Result<(Vec<Saksbilde>, bool), StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.cases(asked, limit).await;
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

    /// Support cases with what was written in them, in the order in which they were opened, at most `limit`, and whether
    /// there are more.
    pub async fn supportsaker(
        &self,
        asked: &Supportspoersmaal,
        limit: usize,
    ) -> Result<(Vec<Supportbilde>, bool), StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.support_cases(asked, limit).await;
        tx.rollback().await;
        found
    }

    /// Sources that are held (design.md 8, Bremse), with since when.
    pub async fn held_sources(&self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.held_sources().await;
        tx.rollback().await;
        found
    }
}

/// Cases with what stands in them, until the page is full.
struct Page<S, R> {
    rows: Vec<(S, Vec<R>)>,
    more: bool,
}

impl<S: Clone, R> Page<S, R> {
    /// Adds the next cases; `true` where the page is full before or after the last of them.
    fn full(&mut self, some: &[S], id: impl Fn(&S) -> Uuid, rows: Vec<R>, of: impl Fn(&R) -> Uuid) -> bool {
        let mut by_case: BTreeMap<Uuid, Vec<R>> = BTreeMap::new();
        for row in rows {
            by_case.entry(of(&row)).or_default().push(row);
        }
        let mut shown: usize = self.rows.iter().map(|(_, rows)| rows.len()).sum();
        for sak in some {
            let own = by_case.remove(&id(sak)).unwrap_or_default();
            // A page has one case at least, so that the next page goes on.
            if !self.rows.is_empty() && shown + own.len() > SHOWN {
                self.more = true;
                return true;
            }
            shown += own.len();
            self.rows.push((sak.clone(), own));
        }
        false
    }
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).map_or(i64::MAX, |limit| limit.saturating_add(1))
}

impl Tx {
    async fn cases(&mut self, asked: &Saksspoersmaal, limit: usize) -> Result<(Vec<Saksbilde>, bool), StoreError> {
        let mut saker = on!(self, tx => tx.cases(asked, one_more(limit)).await)?;
        let more = saker.len() > limit;
        saker.truncate(limit);
        let mut page = Page { rows: Vec::new(), more };
        for some in saker.chunks(TOGETHER) {
            let ids: Vec<Uuid> = some.iter().map(|sak| sak.sak).collect();
            let errors = on!(self, tx => tx.case_errors(&ids).await)?;
            if page.full(some, |sak| sak.sak, errors, |feil| feil.sak) {
                break;
            }
        }
        Ok((page.rows, page.more))
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

    async fn support_cases(
        &mut self,
        asked: &Supportspoersmaal,
        limit: usize,
    ) -> Result<(Vec<Supportbilde>, bool), StoreError> {
        let mut saker = on!(self, tx => tx.support_cases(asked, one_more(limit)).await)?;
        let more = saker.len() > limit;
        saker.truncate(limit);
        let mut page = Page { rows: Vec::new(), more };
        for some in saker.chunks(TOGETHER) {
            let ids: Vec<Uuid> = some.iter().map(|sak| sak.sak).collect();
            let texts = on!(self, tx => tx.support_texts(&ids).await)?;
            if page.full(some, |sak| sak.sak, texts, |text| text.sak) {
                break;
            }
        }
        Ok((page.rows, page.more))
    }

    /// Writes a support case and what is new in it.
    pub async fn write_support(&mut self, sak: &Supportsak, texts: &[Supportmelding]) -> Result<(), StoreError> {
        on!(self, tx => tx.write_support(sak, texts).await)
    }

    async fn held_sources(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        on!(self, tx => tx.held_sources().await)
    }

    /// An operator lets a source on; `false` when it was not held. What it tried is let on with it.
    pub async fn release_source(&mut self, kilde: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(on!(self, tx => tx.release_source(kilde, at).await)? == 1)
    }

    /// Until the end of the transaction nobody else counts what these sources close: what another node has not committed
    /// would be counted by neither. All at once and in order, so that no two wait for each other.
    pub async fn take_brakes(&mut self, kilder: &BTreeSet<&str>) -> Result<(), StoreError> {
        match self {
            Tx::Postgres(tx) => tx.take_brakes(&kilder.iter().copied().collect::<Vec<_>>()).await,
            // There is one writer.
            Tx::Sqlite(_) => Ok(()),
        }
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
