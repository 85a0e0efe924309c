//! Replay (design.md 6, 17): the rows are the journal, and what is present follows from them. `check` proves it of a
//! whole register; `rebuild` uses it where a snapshot cannot be read.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::change::Change;
use crate::fact::Fact;
use crate::id::Duf;
use crate::kategori::BeregningRow;
use crate::person::{Person, PersonHistory};
use crate::post::{PostId, PostVersion};
use crate::store::lister;
use crate::store::rows::PersonRow;
use crate::store::{Store, StoreError, Tx, bad_json, inconsistent, snapshot};

/// Persons that are read in one transaction.
const PERSONS_AT_ONCE: usize = 200;
/// Differences that are told one by one.
const TOLD: usize = 100;

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Persons compared.
    pub persons: u64,
    /// Rows of facts and versions folded.
    pub rows: u64,
    /// Streams counted.
    pub streams: u64,
    /// Changes in them.
    pub changes: u64,
    /// How many things do not fit.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// One thing that does not fit. Its text names the row, which may be a DUF number: for the operator who asked, not for
/// logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The row.
    pub key: String,
    /// What does not fit.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.table, self.key, self.what)
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.table, self.what)
    }
}

impl Report {
    fn note(&mut self, table: &'static str, key: &str, what: impl Into<String>) {
        self.differing += 1;
        if self.differences.len() < TOLD {
            self.differences.push(Difference { table, key: key.to_owned(), what: what.into() });
        }
    }
}

/// Folds the journal of every person and compares with its snapshot; counts every stream.
pub async fn check(store: &Store) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for some in store.all_dufs().await?.chunks(PERSONS_AT_ONCE) {
        let mut tx = store.begin_read().await?;
        for duf in some {
            check_person(&mut tx, *duf, &mut report).await?;
        }
        tx.rollback().await;
    }
    let mut tx = store.begin_read().await?;
    if let Some(duf) = tx.orphan().await? {
        report.note("person", &duf.to_string(), "rows of a person that is not there");
    }
    for (system, row, first, last, count) in tx.stream_counts().await? {
        report.streams += 1;
        report.changes += count.unsigned_abs();
        if count == 0 && row.oldest != row.last_number + 1 || count > 0 && first != row.oldest {
            report.note("stream", &system, "its oldest number is not the first one there");
        }
        if last != row.last_number && count > 0 {
            report.note("stream", &system, "its counter is not its last number");
        }
        if count > 0 && last - first + 1 != count {
            report.note("stream", &system, "its numbers have a gap");
        }
        if row.acknowledged > row.handed_out || row.handed_out > row.last_number {
            report.note("stream", &system, "its cursor stands beyond what was handed out");
        }
    }
    if let Some(system) = tx.lost_answer().await? {
        report.note("message_id", &system, "an id whose answer is not in the evidence");
    }
    tx.rollback().await;
    Ok(report)
}

async fn check_person(tx: &mut Tx, duf: Duf, report: &mut Report) -> Result<(), StoreError> {
    let Some(row) = tx.person_row(duf).await? else { return Ok(()) };
    let history = match tx.history(duf).await {
        Ok(Some(history)) => history,
        Ok(None) => return Ok(()),
        Err(StoreError::Inconsistent { table, key, what }) => {
            report.persons += 1;
            report.note(table, &key, what);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    report.persons += 1;
    report.rows += (history.facts.len() + history.posts.len() + history.beregninger.len()) as u64;
    for what in differences(&row, &history) {
        report.note("person", &duf.to_string(), what);
    }
    let state = tx.list_state(duf).await?;
    for what in lister::differences(&present(&history, row.version), &history.posts, &state)? {
        report.note("person", &duf.to_string(), what);
    }
    Ok(())
}

/// A row's number, its JSON, and until when it was recorded.
pub(crate) type Recorded = (i64, String, Option<DateTime<Utc>>);

/// Facts and versions as they were read; references in the order in which they were attached.
pub(crate) fn history(
    duf: Duf,
    facts: Vec<Recorded>,
    versions: Vec<Recorded>,
    references: &[(Uuid, String, String)],
    computed: Vec<Recorded>,
) -> Result<PersonHistory, StoreError> {
    let bad = |table, error: serde_json::Error| bad_json(table, &duf.to_string(), &error);
    let facts = facts.into_iter().map(|(row_no, data, system_to)| {
        let fact: Fact = serde_json::from_str(&data).map_err(|error| bad("fact", error))?;
        Ok(Fact { row_no, system_to, ..fact })
    });
    let posts = versions.into_iter().map(|(row_no, data, system_to)| {
        let version: PostVersion = serde_json::from_str(&data).map_err(|error| bad("post_version", error))?;
        let own = references.iter().filter(|(post, ..)| *post == version.post_id);
        let references = own.map(|(_, system, reference)| (system.clone(), reference.clone())).collect();
        Ok(PostVersion { row_no, system_to, references, ..version })
    });
    let beregninger = computed.into_iter().map(|(row_no, data, system_to)| {
        let row: BeregningRow = serde_json::from_str(&data).map_err(|error| bad("beregning", error))?;
        Ok(BeregningRow { row_no, system_to, ..row })
    });
    Ok(PersonHistory {
        duf,
        facts: facts.collect::<Result<_, StoreError>>()?,
        posts: posts.collect::<Result<_, StoreError>>()?,
        beregninger: beregninger.collect::<Result<_, StoreError>>()?,
    })
}

/// The present as the journal makes it: a snapshot of a format that this version does not know is replaced by it.
pub(crate) async fn rebuild(tx: &mut Tx, duf: Duf, row: &PersonRow) -> Result<Person, StoreError> {
    let history = tx.history(duf).await?;
    let history = history.ok_or_else(|| inconsistent("person", &duf.to_string(), "a person without a row"))?;
    Ok(present(&history, row.version))
}

fn row_numbers(history: &PersonHistory) -> impl Iterator<Item = i64> {
    let facts = history.facts.iter().map(|fact| fact.row_no);
    facts.chain(history.posts.iter().map(|post| post.row_no)).chain(history.beregninger.iter().map(|row| row.row_no))
}

/// Folds the versions in the order in which they were written. `version` counts all writes, which the rows do not.
pub fn present(history: &PersonHistory, version: i64) -> Person {
    let mut person = Person {
        duf: history.duf,
        version,
        last_row: row_numbers(history).max().unwrap_or(0),
        facts: history.facts.iter().filter(|fact| fact.system_to.is_none() && !fact.annulled).cloned().collect(),
        posts: Vec::new(),
        beregnet: history.beregninger.last().map(BeregningRow::kept),
    };
    for row in &history.posts {
        let row = PostVersion { system_to: None, ..row.clone() };
        person.apply(&Change::VersionWritten { duf: history.duf, row: Box::new(row) });
    }
    person.version = version;
    person
}

/// A person as it was recorded at a time, with the references that its posts had then; `None` before anything was.
pub(crate) fn as_of(
    history: &PersonHistory,
    at: DateTime<Utc>,
    references: &[(Uuid, String, String)],
) -> Option<Person> {
    let recorded = |from: DateTime<Utc>, to: Option<DateTime<Utc>>| from <= at && to.is_none_or(|to| at < to);
    let facts = history.facts.iter().filter(|fact| recorded(fact.system_from, fact.system_to));
    let posts = history.posts.iter().filter(|post| recorded(post.system_from, post.system_to)).map(|post| {
        let own = references.iter().filter(|(of, ..)| *of == post.post_id);
        let references = own.map(|(_, system, reference)| (system.clone(), reference.clone())).collect();
        PostVersion { system_to: None, references, ..post.clone() }
    });
    let person = Person {
        duf: history.duf,
        version: 0,
        last_row: 0,
        facts: facts.map(|fact| Fact { system_to: None, ..fact.clone() }).collect(),
        posts: posts.collect(),
        beregnet: history.beregninger.iter().rfind(|row| row.system_from <= at).map(BeregningRow::kept),
    };
    let said = !person.facts.is_empty() || !person.posts.is_empty() || person.beregnet.is_some();
    said.then_some(person)
}

fn differences(row: &PersonRow, history: &PersonHistory) -> Vec<&'static str> {
    let mut all = Vec::new();
    let mut numbers: Vec<i64> = row_numbers(history).collect();
    numbers.sort_unstable();
    if !numbers.iter().copied().eq(1..=row.last_row) {
        all.push("row numbers have a gap, or do not end with the last one given");
    }
    let follows = |rows: &[(DateTime<Utc>, Option<DateTime<Utc>>)]| {
        let next = rows.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
        rows.iter().map(|(_, to)| *to).eq(next)
    };
    let computed: Vec<_> = history.beregninger.iter().map(|row| (row.system_from, row.system_to)).collect();
    if !follows(&computed) {
        all.push("a computation does not end where the next one begins");
    }
    let mut sourced: BTreeMap<(&str, &str), Vec<&Fact>> = BTreeMap::new();
    for fact in &history.facts {
        sourced.entry((&fact.source, &fact.source_id)).or_default().push(fact);
    }
    for facts in sourced.values() {
        let next = facts.iter().skip(1).map(|fact| Some(fact.system_from)).chain([None]);
        // What never was is present at no time, and what its source says later under the same id begins anew.
        let ends = facts.iter().zip(next).map(|(fact, next)| if fact.annulled { Some(fact.system_from) } else { next });
        if !facts.iter().map(|fact| fact.system_to).eq(ends) {
            all.push("a fact does not end where the source's next word begins");
        }
    }
    let mut posts: BTreeMap<PostId, Vec<&PostVersion>> = BTreeMap::new();
    for version in &history.posts {
        posts.entry(version.post_id).or_default().push(version);
    }
    for versions in posts.values() {
        if !versions.iter().map(|version| version.versjon).eq(1..=i32::try_from(versions.len()).unwrap_or(i32::MAX)) {
            all.push("the versions of a post have a gap");
        }
        let next = versions.iter().skip(1).map(|version| Some(version.system_from)).chain([None]);
        if !versions.iter().map(|version| version.system_to).eq(next) {
            all.push("a version does not end where the next one begins");
        }
        if versions.iter().any(|version| version.system_to.is_some_and(|to| to < version.system_from)) {
            all.push("a version ends before it begins");
        }
    }
    if snapshot::is_known(&row.state) {
        match snapshot::decode(history.duf, &row.state) {
            Err(_) => all.push("the snapshot cannot be read"),
            Ok(person) if person.version != row.version || person.last_row != row.last_row => {
                all.push("the snapshot is of another version than its row");
            }
            Ok(person) if person != present(history, row.version) => all.push("the snapshot is not what the rows say"),
            Ok(_) => {}
        }
    }
    all
}
