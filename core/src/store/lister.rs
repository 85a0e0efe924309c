//! Lists of persons and posts, and persons by another number (contract.md 5): rows derived from the person
//! ([`crate::liste`]), written in the transaction that changes it, and read page by page as of the first page's time.
//!
//! A row ends where the person's rows differ and others begin, so a page of a question that was begun before still sees what
//! was there then. Rows that ended are of use to such questions alone; [`Store::prune_lists`] drops them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::fingerprint::Fingerprint;
use crate::id::{Duf, Kommunenummer};
use crate::liste::{
    Listerad, MOST_ROWS, PersonListPage, PersonListQuery, PersonListRow, PostListPage, PostListQuery, PostListRow,
    Soekenummer, numre, rader,
};
use crate::person::Person;
use crate::post::PostVersion;
use crate::store::rows::Wanted;
use crate::store::{Store, StoreError, Tx, bad_json, inconsistent, on};

/// A row of the list of persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Whose.
    pub duf: i64,
    /// Number among the person's rows of the same time.
    pub nr: i32,
    /// Recorded from.
    pub system_from: DateTime<Utc>,
    /// The kommune; empty for none.
    pub kommune: String,
    /// The bydel.
    pub bydel: Option<String>,
    /// The category; empty for none.
    pub kode: String,
    /// The act.
    pub lov: Option<String>,
    /// Valid time.
    pub fra: NaiveDate,
    /// Valid time.
    pub til: Option<NaiveDate>,
    /// What stands in the scheme.
    pub tiltak: bool,
    /// What stands in the scheme.
    pub vedtak: bool,
    /// What stands in the scheme.
    pub sluttmaal: bool,
    /// In small letters.
    pub fornavn: Option<String>,
    /// In small letters.
    pub etternavn: Option<String>,
    /// Strictly confidential before this day.
    pub skjermet_til: Option<NaiveDate>,
    /// The row, JSON.
    pub data: String,
}

/// A number that a person is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberRow {
    /// Which number.
    pub kind: &'static str,
    /// The number.
    pub verdi: String,
    /// Whose.
    pub duf: i64,
}

/// What is derived from persons and written with them.
#[derive(Debug, Clone, Default)]
pub struct ListWrites {
    /// Persons whose rows end: their keys, and when.
    pub ended: Vec<(i64, DateTime<Utc>)>,
    /// The rows that begin.
    pub rows: Vec<ListRow>,
    /// Persons whose numbers are written anew.
    pub renumbered: Vec<i64>,
    /// The numbers that they have.
    pub numbers: Vec<NumberRow>,
}

impl FromIterator<ListWrites> for ListWrites {
    fn from_iter<I: IntoIterator<Item = ListWrites>>(all: I) -> Self {
        let mut sum = ListWrites::default();
        for one in all {
            sum.ended.extend(one.ended);
            sum.rows.extend(one.rows);
            sum.renumbered.extend(one.renumbered);
            sum.numbers.extend(one.numbers);
        }
        sum
    }
}

/// What lists say of a person, in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    rader: Vec<Listerad>,
    numre: Vec<(Soekenummer, String)>,
}

impl Listed {
    pub fn of(person: &Person) -> Self {
        Listed { rader: rader(person), numre: numre(person) }
    }

    fn rows(&self, duf: Duf, at: DateTime<Utc>) -> Result<Vec<ListRow>, StoreError> {
        self.rader.iter().zip(1..).map(|(rad, nr)| list_row(duf.to_stored(), nr, rad, at)).collect()
    }

    fn numbers(&self, duf: Duf) -> impl Iterator<Item = NumberRow> {
        let duf = duf.to_stored();
        self.numre.iter().map(move |(kind, verdi)| NumberRow { kind: kind.code(), verdi: verdi.clone(), duf })
    }
}

fn list_row(duf: i64, nr: i32, rad: &Listerad, at: DateTime<Utc>) -> Result<ListRow, StoreError> {
    let small = |name: &Option<String>| name.as_ref().map(|name| name.to_lowercase());
    Ok(ListRow {
        duf,
        nr,
        system_from: at,
        kommune: rad.kommune.map(|kommune| kommune.to_string()).unwrap_or_default(),
        bydel: rad.bydel.map(|bydel| bydel.to_string()),
        kode: rad.kategori.as_ref().map_or("", |kategori| kategori.kode.code()).to_owned(),
        lov: rad.kategori.as_ref().map(|kategori| kategori.lov.clone()),
        fra: rad.fra,
        til: rad.til,
        tiltak: rad.tiltak,
        vedtak: rad.vedtak,
        sluttmaal: rad.sluttmaal,
        fornavn: small(&rad.fornavn),
        etternavn: small(&rad.etternavn),
        skjermet_til: rad.skjermet_til,
        data: serde_json::to_string(rad).map_err(|error| bad_json("person_liste", &duf.to_string(), &error))?,
    })
}

impl ListWrites {
    /// Adds what differs between two states of a person.
    pub(crate) fn add(
        &mut self,
        duf: Duf,
        before: &Listed,
        after: &Listed,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if before.rader != after.rader {
            if !before.rader.is_empty() {
                self.ended.push((duf.to_stored(), at));
            }
            self.rows.extend(after.rows(duf, at)?);
        }
        if before.numre != after.numre {
            if !before.numre.is_empty() {
                self.renumbered.push(duf.to_stored());
            }
            self.numbers.extend(after.numbers(duf));
        }
        Ok(())
    }
}

/// What the tables hold of a person: the present rows of the list, its numbers, and kommune and bydel of each version.
#[derive(Debug, Default)]
pub(crate) struct ListState {
    pub rows: Vec<ListRow>,
    pub numbers: Vec<(String, String)>,
    pub places: Vec<(i64, String, Option<String>)>,
}

/// What in the tables is not what the person says.
pub(crate) fn differences(
    person: &Person,
    posts: &[PostVersion],
    state: &ListState,
) -> Result<Vec<&'static str>, StoreError> {
    let mut all = Vec::new();
    let listed = Listed::of(person);
    let found = state.rows.iter().map(|row| ListRow { system_from: DateTime::<Utc>::MIN_UTC, ..row.clone() });
    if !found.eq(listed.rows(person.duf, DateTime::<Utc>::MIN_UTC)?) {
        all.push("the rows of its lists are not what follows from it");
    }
    let mut numbers: Vec<(&str, &str)> =
        listed.numre.iter().map(|(kind, verdi)| (kind.code(), verdi.as_str())).collect();
    numbers.sort_unstable();
    if !state.numbers.iter().map(|(kind, verdi)| (kind.as_str(), verdi.as_str())).eq(numbers) {
        all.push("it is found by other numbers than it has");
    }
    let places = posts.iter().map(|p| (p.row_no, p.kommune.to_string(), p.bydel.map(|bydel| bydel.to_string())));
    if !state.places.iter().cloned().eq(places) {
        all.push("a version is listed under another kommune than its own");
    }
    Ok(all)
}

/// One question to the table of persons: of one kommune and category, or of the whole country.
#[derive(Debug)]
pub(crate) struct ListQuestion<'q> {
    pub query: &'q PersonListQuery,
    pub day: NaiveDate,
    pub recorded: DateTime<Utc>,
    /// Kommune and category; absent for the whole country, by `koder`.
    pub place: Option<(String, &'static str)>,
    pub koder: Vec<&'static str>,
    pub after: (i64, i32),
    /// First and last person.
    pub dufs: (i64, i64),
    pub limit: i64,
}

/// A row as a question finds it: key, number, and the row as JSON.
pub(crate) type FoundRow = (i64, i32, String);

/// One question to the table of versions.
#[derive(Debug)]
pub(crate) struct PostQuestion {
    pub kommune: String,
    pub bydel: Option<String>,
    pub annullerte: bool,
    pub recorded: DateTime<Utc>,
    pub after: (i64, i64),
    pub limit: i64,
}

/// Where a page ended: the mark that the next one is asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    recorded: DateTime<Utc>,
    day: NaiveDate,
    /// Place and category that the page ended in, counted in the order of the question.
    step: usize,
    duf: i64,
    nr: i64,
}

impl Mark {
    /// Opaque, and of no use to another question.
    fn write(&self, question: u64) -> String {
        let Mark { recorded, day, step, duf, nr } = self;
        hex::encode(format!("1/{}/{day}/{step}/{duf}/{nr}/{question:x}", recorded.timestamp_micros()))
    }

    fn read(text: &str, question: u64) -> Result<Self, StoreError> {
        let read = || {
            let text = String::from_utf8(hex::decode(text).ok()?).ok()?;
            let parts: Vec<&str> = text.split('/').collect();
            let ["1", recorded, day, step, duf, nr, of] = parts.as_slice() else { return None };
            let mark = Mark {
                recorded: DateTime::from_timestamp_micros(recorded.parse().ok()?)?,
                day: day.parse().ok()?,
                step: step.parse().ok()?,
                duf: duf.parse().ok()?,
                nr: nr.parse().ok()?,
            };
            (u64::from_str_radix(of, 16).ok()? == question).then_some(mark)
        };
        read().ok_or(StoreError::BadMark)
    }
}

/// What is asked, apart from where and when.
fn of_persons(query: &PersonListQuery) -> u64 {
    let asked = PersonListQuery { day: NaiveDate::MIN, after: None, limit: 0, ..query.clone() };
    fingerprint(&format!("{asked:?}"))
}

fn of_posts(query: &PostListQuery) -> u64 {
    let asked = PostListQuery { day: NaiveDate::MIN, after: None, limit: 0, ..query.clone() };
    fingerprint(&format!("{asked:?}"))
}

fn fingerprint(text: &str) -> u64 {
    let mut print = Fingerprint::new();
    print.add(text.as_bytes());
    print.finish()
}

fn duf_of(stored: i64) -> Result<Duf, StoreError> {
    Duf::from_stored(stored).ok_or_else(|| inconsistent("person_liste", &stored.to_string(), "no DUF number"))
}

impl Store {
    /// A page of the list of persons, as recorded when its first page was read.
    pub async fn list_persons(&self, query: &PersonListQuery) -> Result<PersonListPage, StoreError> {
        let question = of_persons(query);
        let mut tx = self.begin_read().await?;
        let page = list_persons(&mut tx, query, question).await;
        tx.rollback().await;
        page
    }

    /// A page of the posts that a kommune owns, as recorded when its first page was read.
    pub async fn list_posts(&self, query: &PostListQuery) -> Result<PostListPage, StoreError> {
        let question = of_posts(query);
        let mut tx = self.begin_read().await?;
        let page = list_posts(&mut tx, query, question).await;
        tx.rollback().await;
        page
    }

    /// Persons that have or had this number, in order of DUF; the case of letters does not matter. Whoever asks tells a person that another has replaced, and one
    /// that is strictly confidential, by its row.
    pub async fn find_person(&self, kind: Soekenummer, verdi: &str) -> Result<Vec<Duf>, StoreError> {
        let mut tx = self.begin_read().await?;
        let found = on_tx(&mut tx).find(kind.code(), &verdi.to_ascii_uppercase()).await;
        tx.rollback().await;
        found?.into_iter().map(duf_of).collect()
    }

    /// Drops rows of lists that ended before this time: pages of questions that were begun earlier would miss them.
    pub async fn prune_lists(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let dropped = on_tx(&mut tx).prune_lists(before).await?;
        tx.commit().await?;
        Ok(dropped)
    }

    /// Derives the lists of these persons anew where they differ; how many did.
    pub async fn rebuild_lists(&self, dufs: &[Duf], at: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut dufs: Vec<i64> = dufs.iter().map(|duf| duf.to_stored()).collect();
        dufs.sort_unstable();
        let mut writes = ListWrites::default();
        let mut differing = 0;
        for person in tx.persons(dufs, true).await? {
            let Some(history) = tx.history(person.duf).await? else { continue };
            let state = tx.list_state(person.duf).await?;
            if differences(&person, &history.posts, &state)?.is_empty() {
                continue;
            }
            differing += 1;
            let after = Listed::of(&person);
            writes.ended.push((person.duf.to_stored(), at));
            writes.rows.extend(after.rows(person.duf, at)?);
            writes.renumbered.push(person.duf.to_stored());
            writes.numbers.extend(after.numbers(person.duf));
            on_tx(&mut tx).place_versions(person.duf.to_stored(), &history.posts).await?;
        }
        on_tx(&mut tx).write_lists(&writes).await?;
        tx.commit().await?;
        Ok(differing)
    }
}

/// The statements of either database.
pub(super) fn on_tx(tx: &mut Tx) -> Lists<'_> {
    match tx {
        Tx::Sqlite(tx) => Lists::Sqlite(tx),
        Tx::Postgres(tx) => Lists::Postgres(tx),
    }
}

pub(super) enum Lists<'t> {
    Sqlite(&'t mut crate::store::sqlite::SqliteTx),
    Postgres(&'t mut crate::store::postgres::PostgresTx),
}

impl Lists<'_> {
    async fn newest(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        on!(self, tx => tx.newest_recorded().await)
    }

    pub(super) async fn persons(&mut self, question: &ListQuestion<'_>) -> Result<Vec<FoundRow>, StoreError> {
        on!(self, tx => tx.list_persons(question).await)
    }

    async fn posts(&mut self, question: &PostQuestion) -> Result<Vec<(i64, i64, String)>, StoreError> {
        on!(self, tx => tx.list_posts(question).await)
    }

    pub(super) async fn references(
        &mut self,
        dufs: &[i64],
        recorded: DateTime<Utc>,
    ) -> Result<Vec<(uuid::Uuid, String, String)>, StoreError> {
        on!(self, tx => tx.references_of(dufs, recorded).await)
    }

    pub(super) async fn followed_up(
        &mut self,
        kommune: &str,
        after: i64,
        recorded: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        on!(self, tx => tx.followed_up(kommune, after, recorded, limit).await)
    }

    pub(super) async fn owning(&mut self, kommune: &str, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        on!(self, tx => tx.owning(kommune, after, limit).await)
    }

    pub(super) async fn written_since(
        &mut self,
        dufs: &[i64],
        recorded: DateTime<Utc>,
    ) -> Result<Vec<i64>, StoreError> {
        on!(self, tx => tx.written_since(dufs, recorded).await)
    }

    async fn find(&mut self, kind: &str, verdi: &str) -> Result<Vec<i64>, StoreError> {
        on!(self, tx => tx.find_number(kind, verdi).await)
    }

    async fn prune_lists(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        on!(self, tx => tx.prune_lists(before).await)
    }

    async fn write_lists(&mut self, writes: &ListWrites) -> Result<(), StoreError> {
        on!(self, tx => tx.write_lists(writes).await)
    }

    async fn place_versions(&mut self, duf: i64, posts: &[PostVersion]) -> Result<(), StoreError> {
        on!(self, tx => tx.place_versions(duf, posts).await)
    }
}

/// As of when a question that begins now is answered: as far as this transaction sees. Every lane records in the order in
/// which it commits, so what it commits later is later.
pub(super) async fn beginning(tx: &mut Tx) -> Result<DateTime<Utc>, StoreError> {
    let newest = on_tx(tx).newest().await?;
    Ok(newest.unwrap_or(DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(100 * 366)))
}

async fn list_persons(tx: &mut Tx, query: &PersonListQuery, question: u64) -> Result<PersonListPage, StoreError> {
    let begun = match &query.after {
        Some(mark) => Mark::read(mark, question)?,
        None => Mark { recorded: beginning(tx).await?, day: query.day, step: 0, duf: 0, nr: 0 },
    };
    let limit = query.limit.clamp(1, MOST_ROWS) as usize;
    let koder = query.koder();
    let mut kommuner: Vec<Kommunenummer> = query.kommuner.clone();
    kommuner.sort_unstable();
    kommuner.dedup();
    let steps: Vec<Option<(String, &'static str)>> = match kommuner.as_slice() {
        [] => vec![None],
        some => some.iter().flat_map(|k| koder.iter().map(|kode| Some((k.to_string(), *kode)))).collect(),
    };
    let dufs = query.duf.map_or((0, i64::MAX), |duf| (duf.to_stored(), duf.to_stored()));
    let mut found: Vec<(usize, FoundRow)> = Vec::new();
    for (step, place) in steps.iter().enumerate().skip(begun.step) {
        let left = limit + 1 - found.len();
        let after = if step == begun.step { (begun.duf, i32::try_from(begun.nr).unwrap_or(0)) } else { (0, 0) };
        let asked = ListQuestion {
            query,
            day: begun.day,
            recorded: begun.recorded,
            place: place.clone(),
            koder: koder.clone(),
            after,
            dufs,
            limit: i64::try_from(left).unwrap_or(i64::MAX),
        };
        found.extend(on_tx(tx).persons(&asked).await?.into_iter().map(|row| (step, row)));
        if found.len() > limit {
            break;
        }
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(step, (duf, nr, _))| Mark { step: *step, duf: *duf, nr: i64::from(*nr), ..begun }.write(question));
    let rows = found.into_iter().map(|(_, (duf, _, data))| {
        let duf = duf_of(duf)?;
        let mut rad: Listerad =
            serde_json::from_str(&data).map_err(|error| bad_json("person_liste", &duf.to_string(), &error))?;
        let skjermet = rad.skjermet_til.is_some_and(|to| begun.day < to);
        if skjermet {
            (rad.fornavn, rad.etternavn) = (None, None);
        }
        Ok(PersonListRow { duf, rad, skjermet })
    });
    let rows = rows.collect::<Result<_, StoreError>>()?;
    Ok(PersonListPage { rows, next, day: begun.day, recorded: begun.recorded })
}

async fn list_posts(tx: &mut Tx, query: &PostListQuery, question: u64) -> Result<PostListPage, StoreError> {
    let begun = match &query.after {
        Some(mark) => Mark::read(mark, question)?,
        None => Mark { recorded: beginning(tx).await?, day: query.day, step: 0, duf: 0, nr: 0 },
    };
    let limit = query.limit.clamp(1, MOST_ROWS) as usize;
    let mut kommuner: Vec<Kommunenummer> = query.kommuner.clone();
    kommuner.sort_unstable();
    kommuner.dedup();
    let mut found: Vec<(usize, (i64, i64, String))> = Vec::new();
    for (step, kommune) in kommuner.iter().enumerate().skip(begun.step) {
        let asked = PostQuestion {
            kommune: kommune.to_string(),
            bydel: query.bydel.map(|bydel| bydel.to_string()),
            annullerte: query.annullerte,
            recorded: begun.recorded,
            after: if step == begun.step { (begun.duf, begun.nr) } else { (0, 0) },
            limit: i64::try_from(limit + 1 - found.len()).unwrap_or(i64::MAX),
        };
        found.extend(on_tx(tx).posts(&asked).await?.into_iter().map(|row| (step, row)));
        if found.len() > limit {
            break;
        }
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(step, (duf, nr, _))| Mark { step: *step, duf: *duf, nr: *nr, ..begun }.write(question));
    let mut dufs: Vec<i64> = found.iter().map(|(_, (duf, ..))| *duf).collect();
    dufs.sort_unstable();
    dufs.dedup();
    let references = on_tx(tx).references(&dufs, begun.recorded).await?;
    // A number that another has replaced is as confidential as that one (VERN-1a): both are loaded.
    let persons = tx.load(&Wanted { dufs, ..Wanted::default() }, false).await?.persons;
    let strict: BTreeSet<Duf> =
        persons.iter().filter(|person| person.hidden(begun.day)).map(|person| person.duf).collect();
    let hidden = |duf: &Duf| {
        strict.contains(duf)
            || persons.iter().any(|one| one.duf == *duf && one.replaced_by().is_some_and(|new| strict.contains(&new)))
    };
    let mut rows = Vec::with_capacity(found.len());
    for (_, (duf, row_no, data)) in found {
        let duf = duf_of(duf)?;
        if hidden(&duf) && !query.skjermede {
            continue;
        }
        let mut post: PostVersion =
            serde_json::from_str(&data).map_err(|error| bad_json("post_version", &duf.to_string(), &error))?;
        let own = references.iter().filter(|(of, ..)| *of == post.post_id);
        post.references = own.map(|(_, system, reference)| (system.clone(), reference.clone())).collect();
        (post.row_no, post.system_to) = (row_no, None);
        rows.push(PostListRow { duf, post });
    }
    Ok(PostListPage { rows, next, recorded: begun.recorded })
}
