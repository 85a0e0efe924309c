//! Whom a date concerns, and for whom it has been carried out (design.md 6, Calendar events); whom a person's permit
//! concerns; what is withdrawn from streams (design.md 17, Streams).

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};
use uuid::Uuid;

use crate::change::{Notice, NoticePayload, Opphav};
use crate::decide;
use crate::id::{Duf, Kommunenummer};
use crate::kunngjoering::{Nyhet, alle, dag};
use crate::liste::Soekenummer;
use crate::policy::Policy;
use crate::registry::Registry;
use crate::store::rows::{ChangeRow, Writes};
use crate::store::{Store, StoreError, Tx, bad_json, on};
use crate::time::oslo_date;

/// Persons that are looked at in one step, and that one command carries out at most.
const AT_ONCE: i64 = 200;

/// Names the ids of news of the registry.
const NEWS: Uuid = Uuid::from_u128(0x6e69_722d_6e79_6865_742d_0000_0000_0001);

/// A page of the persons whom a date concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPage {
    /// Whom the date concerns and for whom it has not been carried out: one `Internal::Calendar`. May be empty on any page.
    pub dufs: Vec<Duf>,
    /// What the next page is asked for with; absent on the last.
    pub next: Option<Duf>,
}

/// A person for whom a date was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarRow {
    /// Whose.
    pub duf: i64,
    /// The date.
    pub dato: NaiveDate,
    /// When.
    pub system_from: DateTime<Utc>,
}

impl Store {
    /// The statement that finds what streams hold of a person: a test asks how it is carried out.
    #[doc(hidden)]
    pub fn told_about_sql(&self) -> &'static str {
        on!(self, store => store.told_about_sql())
    }

    /// Tells every avsendersystem that is registered now that answers will be signed with another certificate from a day on;
    /// once for each certificate and day. How many were told.
    pub async fn announce_certificate(
        &self,
        thumbprint: &str,
        from: NaiveDate,
        opphav: Opphav,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut tx = self.begin().await?;
        let registry = tx.load_registry().await?;
        let nyhet = Nyhet {
            hendelsestype: "SERTIFIKAT_BYTTES",
            gjelder: from,
            tillegg: vec![
                ("nyttTommeltrykkSha256".to_owned(), thumbprint.to_owned()),
                ("dato".to_owned(), from.to_string()),
            ],
            opphav,
            til: alle(&registry, oslo_date(at)),
            once: Some(format!("SERTIFIKAT_BYTTES {thumbprint} {from}")),
        };
        let told = tx.tell(&registry, vec![nyhet], at.trunc_subsecs(6)).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// Tells what a date brings that concerns no person, to those whose clocks have come to it; each thing once, however often
    /// the date is asked for. How many changes were written.
    pub async fn tell_date(
        &self,
        registry: &Registry,
        policy: &Policy,
        date: NaiveDate,
        clocks: &BTreeSet<Option<Kommunenummer>>,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let brings = |registry: &Registry| -> Vec<Nyhet> {
            clocks.iter().flat_map(|clock| dag::of_date(registry, policy, date, *clock)).collect()
        };
        if brings(registry).is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        // Read again: a transfer user may have been used since the caller read it.
        let registry = tx.load_registry().await?;
        let told = tx.tell(&registry, brings(&registry), at.trunc_subsecs(6)).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// Whom a date concerns, page by page in the order of their numbers. A date is asked for when it has come, by the clock
    /// of the kommune that follows the person up: who is not there yet is left out. One that was carried out when it came is
    /// asked for `again` when it is over.
    ///
    /// ```text
    /// let mut after = None;
    /// loop {
    ///     let page = store.calendar_page(&registry, &policy, (date, false), wall, after).await?;
    ///     let what = Internal::Calendar { date, dufs: page.dufs, again: false };
    ///     commit(InternalCommand { opphav: Opphav::Tid, what });
    ///     match page.next { Some(next) => after = Some(next), None => break }
    /// }
    /// ```
    ///
    /// Any number of nodes may do so at once, and again: a command says nothing twice. Dates that were missed are asked for
    /// one by one, the earliest first.
    pub async fn calendar_page(
        &self,
        registry: &Registry,
        policy: &Policy,
        (date, again): (NaiveDate, bool),
        wall: DateTime<Utc>,
        after: Option<Duf>,
    ) -> Result<CalendarPage, StoreError> {
        let mut tx = self.begin_read().await?;
        let after = after.map_or(0, Duf::to_stored);
        let found = tx.persons_after(after, AT_ONCE).await?;
        let next = found.last().copied().filter(|_| i64::try_from(found.len()) == Ok(AT_ONCE));
        let done = tx.calendar_done(&found, date).await?;
        let dufs: Vec<i64> = found.into_iter().filter(|duf| !done.contains(duf)).collect();
        let persons = tx.persons(dufs, false).await?;
        tx.rollback().await;
        let mut dufs: Vec<Duf> = persons
            .iter()
            .filter(|person| {
                let place = person.follow_up(date).map(|place| place.kommune);
                let came = date <= oslo_date(registry.register_time(place, wall));
                let told = again && !decide::dag::known_before(registry, person, date);
                // What fails here fails again under its lock, where it is kept to this person.
                let brings = || decide::dag::brings(person, policy, date);
                came && !told && catch_unwind(AssertUnwindSafe(brings)).unwrap_or(true)
            })
            .map(|person| person.duf)
            .collect();
        dufs.sort_unstable();
        Ok(CalendarPage { dufs, next: next.and_then(Duf::from_stored) })
    }
}

/// A change that names a person, read or not: a stream can be read again for as long as its rows are kept.
#[derive(Debug, Clone)]
pub(crate) struct ToldRow {
    pub avsendersystem: String,
    pub number: i64,
    /// The notice, JSON.
    pub data: String,
}

/// A change that keeps its number and says nothing any more.
#[derive(Debug, Clone)]
pub struct WithdrawnRow {
    /// Whose stream.
    pub avsendersystem: String,
    /// Its number.
    pub number: i64,
    /// What stands there now, JSON.
    pub data: String,
}

impl ToldRow {
    /// The same change as TRUKKET_TILBAKE: who it was about and what it said is gone (contract.md 0.13).
    pub fn withdrawn(self, notice: Notice) -> Result<WithdrawnRow, StoreError> {
        let ToldRow { avsendersystem, number, .. } = self;
        let bad = |error| bad_json("change", &format!("{avsendersystem} {number}"), &error);
        let notice = Notice {
            hendelsestype: "TRUKKET_TILBAKE".to_owned(),
            duf: None,
            meldings_id: None,
            payload: NoticePayload::Annen { tillegg: Vec::new() },
            ..notice
        };
        let data = serde_json::to_string(&notice).map_err(bad)?;
        Ok(WithdrawnRow { avsendersystem, number, data })
    }

    /// What it said.
    pub fn notice(&self) -> Result<Notice, StoreError> {
        let bad = |error| bad_json("change", &format!("{} {}", self.avsendersystem, self.number), &error);
        serde_json::from_str(&self.data).map_err(bad)
    }
}

impl Tx {
    /// A value of the register as a whole.
    pub async fn meta(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        on!(self, tx => tx.meta(key).await)
    }

    /// Sets a mark; `true` where another one stood there. Of two at once one alone finds another.
    pub async fn mark(&mut self, key: &str, value: &str) -> Result<bool, StoreError> {
        let changed = on!(self, tx => tx.change_meta(key, value).await)? == 1;
        if !changed && self.meta(key).await?.is_none() {
            on!(self, tx => tx.put_meta(key, value).await)?;
        }
        Ok(changed)
    }

    /// Keys of persons after one, in order.
    async fn persons_after(&mut self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        on!(self, tx => tx.persons_after(after, limit).await)
    }

    /// Those of the persons for whom the date has been carried out.
    pub async fn calendar_done(&mut self, dufs: &[i64], date: NaiveDate) -> Result<BTreeSet<i64>, StoreError> {
        Ok(on!(self, tx => tx.calendar_done(dufs, date).await)?.into_iter().collect())
    }

    /// Persons whose permit or family names one of these: whom it names, and who.
    pub async fn dependents(&mut self, dufs: &[Duf]) -> Result<BTreeMap<Duf, Vec<Duf>>, StoreError> {
        self.naming(Soekenummer::Referanseperson, dufs).await
    }

    /// Former numbers of these, and theirs: whose place each took.
    pub async fn former_numbers(&mut self, dufs: &[Duf]) -> Result<BTreeMap<Duf, Vec<Duf>>, StoreError> {
        let mut all: BTreeMap<Duf, Vec<Duf>> = BTreeMap::new();
        let mut last = dufs.to_vec();
        while !last.is_empty() {
            let found = self.naming(Soekenummer::Etterfoelger, &last).await?;
            last = found.values().flatten().copied().filter(|duf| !all.contains_key(duf)).collect();
            all.extend(found);
        }
        Ok(all)
    }

    async fn naming(&mut self, kind: Soekenummer, dufs: &[Duf]) -> Result<BTreeMap<Duf, Vec<Duf>>, StoreError> {
        let named: BTreeMap<String, Duf> = dufs.iter().map(|duf| (duf.to_string(), *duf)).collect();
        let values: Vec<String> = named.keys().cloned().collect();
        let mut all: BTreeMap<Duf, Vec<Duf>> = BTreeMap::new();
        for (verdi, duf) in on!(self, tx => tx.named_by(kind.code(), &values).await)? {
            if let (Some(named), Some(duf)) = (named.get(&verdi), Duf::from_stored(duf)) {
                all.entry(*named).or_default().push(duf);
            }
        }
        Ok(all)
    }

    /// Writes news of the registry into the streams that they concern, but for what was told before; how many changes that
    /// makes.
    pub async fn tell(
        &mut self,
        registry: &Registry,
        nyheter: Vec<Nyhet>,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut untold = Vec::new();
        for nyhet in nyheter {
            let new = match &nyhet.once {
                Some(once) => {
                    let key = format!("told {once}");
                    on!(self, tx => tx.add_meta(&key, &at.to_rfc3339()).await)?
                }
                None => true,
            };
            untold.extend(new.then_some(nyhet));
        }
        let systems: BTreeSet<String> = untold.iter().flat_map(|nyhet| nyhet.til.iter().cloned()).collect();
        if systems.is_empty() {
            return Ok(0);
        }
        let mut streams = self.lock_streams(&systems.into_iter().collect::<Vec<_>>()).await?;
        let mut changes = Vec::new();
        for (name, row) in &mut streams {
            let Some(system) = registry.avsendersystemer.get(name) else { continue };
            for nyhet in untold.iter().filter(|nyhet| nyhet.til.contains(name)) {
                row.last_number += 1;
                let notice = Notice {
                    hendelse_id: Uuid::new_v5(
                        &NEWS,
                        format!("{name} {} {}", row.incarnation, row.last_number).as_bytes(),
                    ),
                    hendelsestype: nyhet.hendelsestype.to_owned(),
                    registrert: at,
                    gjelder_dato: nyhet.gjelder,
                    duf: None,
                    kommune: system.kommune,
                    bydel: system.bydel,
                    opphav: nyhet.opphav,
                    meldings_id: None,
                    payload: NoticePayload::Annen { tillegg: nyhet.tillegg.clone() },
                };
                let data = serde_json::to_string(&notice).map_err(|error| bad_json("change", name, &error))?;
                changes.push(ChangeRow {
                    avsendersystem: name.clone(),
                    number: row.last_number,
                    duf: None,
                    recorded: at,
                    data,
                });
            }
        }
        let told = changes.len();
        self.write(&Writes { changes, streams, ..Writes::default() }).await?;
        Ok(told)
    }

    /// The streams that hold something of these persons.
    pub async fn told_systems(&mut self, dufs: &[Duf]) -> Result<Vec<String>, StoreError> {
        let dufs: Vec<i64> = dufs.iter().map(|duf| duf.to_stored()).collect();
        on!(self, tx => tx.told_systems(&dufs).await)
    }

    /// What all streams hold of a person, of these kinds where they are named: `most` of those after a number of a stream.
    pub async fn told_about(
        &mut self,
        duf: Duf,
        kinds: Option<&[&str]>,
        after: (&str, i64),
        most: usize,
    ) -> Result<Vec<ToldRow>, StoreError> {
        let kinds: Option<Vec<String>> =
            kinds.map(|kinds| kinds.iter().map(|kind| format!("\"hendelsestype\":\"{kind}\"")).collect());
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        on!(self, tx => tx.told_about(duf.to_stored(), kinds.as_deref(), after, most).await)
    }
}
