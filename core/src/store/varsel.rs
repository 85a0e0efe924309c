//! Notices in the store (design.md 8): what was told, and the mails that tell it. A note and its mails are written together,
//! so that no death of a node comes between; a mail is sent by whoever takes it, and again by another if that one dies.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use uuid::Uuid;

use crate::policy::Policy;
use crate::store::feilsak::LET_ON;
use crate::store::{Store, StoreError, Tx, on};
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

/// A mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brev {
    /// Which.
    pub id: Uuid,
    /// By which those who get it twice know it.
    pub message_id: String,
    /// The recipient's address.
    pub mottaker: String,
    /// Subject.
    pub emne: String,
    /// Text.
    pub tekst: String,
}

/// A mail that was taken to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epost {
    /// Whose contact it goes to.
    pub avsendersystem: String,
    /// What it is about (code list `varselaarsak`).
    pub aarsak: String,
    /// What is sent.
    pub brev: Brev,
    /// When it was written.
    pub skrevet: DateTime<Utc>,
    /// How often it was taken, this time counted; whoever takes it next has another number.
    pub forsoek: i64,
}

/// What a failed attempt to send leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ikkesendt {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Not before then again.
    pub neste: DateTime<Utc>,
    /// Not again.
    pub oppgitt: bool,
    /// Why, for operators: no address and no person.
    pub hvorfor: String,
}

/// How the mails stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poststand {
    /// Not sent yet.
    pub venter: i64,
    /// Given up.
    pub oppgitt: i64,
}

impl Store {
    /// Notes that these notices are told, and writes the mails that tell of them: together, once, by whichever node.
    /// `write` makes them of the periods that were not told before. How many there were.
    pub async fn tell(
        &self,
        (system, aarsak): (&str, &str),
        perioder: &[&str],
        at: DateTime<Utc>,
        write: impl FnOnce(&[&str]) -> Vec<Brev>,
    ) -> Result<usize, StoreError> {
        // Most of what is looked at was told long ago: that takes no writer.
        let mut tx = self.begin_read().await?;
        let told = tx.told_periods(system, aarsak).await;
        tx.rollback().await;
        let told = told?;
        // In one order, so that two nodes with the same notices do not wait for each other.
        let mut perioder: Vec<&str> =
            perioder.iter().copied().filter(|periode| !told.iter().any(|told| told == periode)).collect();
        perioder.sort_unstable();
        perioder.dedup();
        if perioder.is_empty() {
            return Ok(0);
        }
        let at = at.trunc_subsecs(6);
        let mut tx = self.begin().await?;
        let mut news = Vec::new();
        for periode in perioder {
            if tx.note_told(system, (aarsak, periode), at).await? {
                news.push(periode);
            }
        }
        if news.is_empty() {
            tx.rollback().await;
            return Ok(0);
        }
        for brev in write(&news) {
            tx.write_mail(system, aarsak, &brev, at).await?;
        }
        tx.commit().await?;
        Ok(news.len())
    }

    /// A cause that stands holds in this period alone, or in none: what was told of it before ended, and is told again when it
    /// comes again.
    pub async fn ended(&self, system: &str, aarsak: &str, holds: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.begin_read().await?;
        let told = tx.told_periods(system, aarsak).await;
        tx.rollback().await;
        for periode in told?.iter().filter(|told| holds != Some(told.as_str())) {
            on!(self, store => store.forget_notice(system, (aarsak, periode)).await)?;
        }
        Ok(())
    }

    /// The last notices that were told, newest first: cause and time.
    pub async fn told_notices(&self, system: &str, limit: i64) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.told(system, limit).await;
        tx.rollback().await;
        found
    }

    /// Takes the mail whose turn it is; nobody else does before the lease ends.
    pub async fn take_mail(&self, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Epost>, StoreError> {
        let now = now.trunc_subsecs(6);
        on!(self, store => store.take_mail(now, now + lease).await)
    }

    /// A mail was sent. It was, whoever has it now.
    pub async fn mail_sent(&self, id: Uuid, at: DateTime<Utc>) -> Result<(), StoreError> {
        on!(self, store => store.mail_sent(id, at.trunc_subsecs(6)).await)
    }

    /// A mail could not be sent; `false` when another has it since, or it was sent.
    pub async fn mail_not_sent(&self, mail: &Epost, failed: &Ikkesendt) -> Result<bool, StoreError> {
        let failed =
            Ikkesendt { at: failed.at.trunc_subsecs(6), neste: failed.neste.trunc_subsecs(6), ..failed.clone() };
        on!(self, store => store.mail_not_sent((mail.brev.id, mail.forsoek), &failed).await)
    }

    /// How the mails stand.
    pub async fn mails(&self) -> Result<Poststand, StoreError> {
        on!(self, store => store.mails().await)
    }

    /// Streams with changes that were not acknowledged.
    pub async fn unread_streams(&self) -> Result<Vec<Ulest>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = tx.unread_streams().await;
        tx.rollback().await;
        found
    }

    /// Drops what was told before this time, and mails that were sent or given up before it. A cause that is `standing`
    /// may still hold and is told once only, so its notes stay. How many rows.
    pub async fn prune_notices(&self, before: DateTime<Utc>, standing: &[&str]) -> Result<u64, StoreError> {
        on!(self, store => store.prune_notices(before, standing).await)
    }

    /// Drops what sources closed so long ago that the brake asks for it no more (`Tx::source_may_close`). What a held source
    /// tried stays until it is let on. How many rows.
    pub async fn prune_closings(&self, policy: &Policy, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let span = policy.bremse(oslo_date(at)).within.max(LET_ON);
        on!(self, store => store.prune_closings(at - span).await)
    }
}

impl Tx {
    async fn told_periods(&mut self, system: &str, aarsak: &str) -> Result<Vec<String>, StoreError> {
        on!(self, tx => tx.told_periods(system, aarsak).await)
    }

    async fn note_told(&mut self, system: &str, varsel: (&str, &str), at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(on!(self, tx => tx.note_told(system, varsel, at).await)? == 1)
    }

    async fn write_mail(
        &mut self,
        system: &str,
        aarsak: &str,
        brev: &Brev,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        on!(self, tx => tx.write_mail((system, aarsak), brev, at).await)
    }

    async fn told(&mut self, system: &str, limit: i64) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        on!(self, tx => tx.told(system, limit).await)
    }

    async fn unread_streams(&mut self) -> Result<Vec<Ulest>, StoreError> {
        on!(self, tx => tx.unread_streams().await)
    }
}
