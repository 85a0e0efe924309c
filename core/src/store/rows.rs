//! Rows as both databases hold them, in one shape.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::decide::References;
use crate::decide::beregning::first;
use crate::fact::Fact;
use crate::feilsak::{Feilsak, Sakfeil, Saksstatus};
use crate::id::Duf;
use crate::kategori::BeregningRow;
use crate::person::Person;
use crate::policy::Policy;
use crate::post::PostVersion;
use crate::receipt::StreamPosition;
use crate::store::hendelser::{CalendarRow, WithdrawnRow};
use crate::store::lister::{ListWrites, Listed};
use crate::store::{StoreError, bad_json, snapshot};
use crate::support::Supportbilde;
use crate::time::oslo_date;

/// What a batch needs to know before it decides.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Persons, sorted.
    pub dufs: Vec<i64>,
    /// (avsendersystem, meldingsId), sorted.
    pub ids: Vec<(String, String)>,
    /// (avsendersystem, avsendersReferanse), sorted.
    pub references: Vec<(String, String)>,
}

/// What is there.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Persons that exist.
    pub persons: Vec<Person>,
    /// Message ids that are known.
    pub ids: Vec<IdRow>,
    /// References that are in use.
    pub references: References,
    /// References of the batch with an open transfer error.
    pub open_cases: BTreeSet<(String, String)>,
    /// Ids of the batch with one.
    pub refused_ids: BTreeSet<(String, String)>,
}

/// What is there, persons as their rows hold them.
#[derive(Debug, Default)]
pub struct LoadedRows {
    /// Persons that exist.
    pub persons: Vec<PersonRow>,
    /// Message ids that are known.
    pub ids: Vec<IdRow>,
    /// References that are in use.
    pub references: References,
    /// References of the batch with an open transfer error.
    pub open_cases: BTreeSet<(String, String)>,
    /// Ids of the batch with one.
    pub refused_ids: BTreeSet<(String, String)>,
}

/// A known meldingsId.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdRow {
    /// Its scope.
    pub avsendersystem: String,
    /// The id.
    pub meldings_id: String,
    /// Digest of the content.
    pub digest: [u8; 32],
    /// Status of the answer.
    pub outcome: String,
    /// Whether the answer spent the id.
    pub is_final: bool,
    /// Receipt time of the first message with this content.
    pub first_received: DateTime<Utc>,
    /// Where the answer stands.
    pub chain: i32,
    /// Where the answer stands.
    pub position: i64,
}

/// A person's row.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// The key.
    pub duf: i64,
    /// Counts the writes.
    pub version: i64,
    /// Last row number given.
    pub last_row: i64,
    /// The snapshot.
    pub state: Vec<u8>,
}

impl PersonRow {
    /// The row of a person.
    pub fn of(person: &Person) -> Result<Self, StoreError> {
        Ok(PersonRow {
            duf: person.duf.to_stored(),
            version: person.version,
            last_row: person.last_row,
            state: snapshot::encode(person)?,
        })
    }
}

/// A fact's row.
#[derive(Debug, Clone)]
pub struct FactRow {
    /// Whose.
    pub duf: i64,
    /// Number within the person.
    pub row_no: i64,
    /// Valid time.
    pub valid_from: NaiveDate,
    /// Valid time.
    pub valid_to: Option<NaiveDate>,
    /// Recorded time.
    pub system_from: DateTime<Utc>,
    /// Recorded time.
    pub system_to: Option<DateTime<Utc>>,
    /// The fact, JSON.
    pub data: String,
}

impl FactRow {
    /// The row of a fact. One that says that the fact never was is recorded, and present at no time.
    pub fn of(duf: Duf, fact: &Fact) -> Result<Self, StoreError> {
        let duf = duf.to_stored();
        Ok(FactRow {
            duf,
            row_no: fact.row_no,
            valid_from: fact.valid.from,
            valid_to: fact.valid.to,
            system_from: fact.system_from,
            system_to: if fact.annulled { Some(fact.system_from) } else { fact.system_to },
            data: json("fact", duf, fact)?,
        })
    }
}

/// A computation's row.
#[derive(Debug, Clone)]
pub struct ComputedRow {
    /// Whose.
    pub duf: i64,
    /// Number within the person.
    pub row_no: i64,
    /// `beregningsId`.
    pub beregnings_id: Uuid,
    /// Recorded time.
    pub system_from: DateTime<Utc>,
    /// Recorded time.
    pub system_to: Option<DateTime<Utc>>,
    /// The computation, JSON.
    pub data: String,
}

impl ComputedRow {
    /// The row of a computation.
    pub fn of(duf: Duf, row: &BeregningRow) -> Result<Self, StoreError> {
        let duf = duf.to_stored();
        Ok(ComputedRow {
            duf,
            row_no: row.row_no,
            beregnings_id: row.beregnings_id,
            system_from: row.system_from,
            system_to: row.system_to,
            data: json("beregning", duf, row)?,
        })
    }
}

/// A person with its facts and its first computation, for the first insert.
#[derive(Debug, Clone)]
pub struct PersonRows {
    /// The person.
    pub person: PersonRow,
    /// Its facts.
    pub facts: Vec<FactRow>,
    /// Its first computation.
    pub beregning: ComputedRow,
    /// What lists say of it.
    pub lists: ListWrites,
}

impl PersonRows {
    /// The rows of a new person; what follows from its facts is computed first.
    pub fn of(person: &Person, policy: &Policy, at: DateTime<Utc>) -> Result<Self, StoreError> {
        let (person, row) = first(person, policy, oslo_date(at), at);
        let facts = person.facts.iter().map(|fact| FactRow::of(person.duf, fact));
        let mut lists = ListWrites::default();
        lists.add(person.duf, &Listed::default(), &Listed::of(&person), at)?;
        Ok(PersonRows {
            lists,
            facts: facts.collect::<Result<_, StoreError>>()?,
            beregning: ComputedRow::of(person.duf, &row)?,
            person: PersonRow::of(&person)?,
        })
    }
}

fn json<T: serde::Serialize>(table: &'static str, duf: i64, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| bad_json(table, &duf.to_string(), &error))
}

/// A version's row.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Whose.
    pub duf: i64,
    /// Number within the person.
    pub row_no: i64,
    /// The post.
    pub post_id: Uuid,
    /// Its version.
    pub versjon: i32,
    /// Valid time.
    pub valid_from: NaiveDate,
    /// Valid time.
    pub valid_to: Option<NaiveDate>,
    /// Recorded time.
    pub system_from: DateTime<Utc>,
    /// Set when the same batch writes a later version.
    pub system_to: Option<DateTime<Utc>>,
    /// Says that the post never was.
    pub annulled: bool,
    /// The kommune that owns it.
    pub kommune: String,
    /// The bydel at registration.
    pub bydel: Option<String>,
    /// The version, JSON.
    pub data: String,
}

impl VersionRow {
    /// The row of a version.
    pub fn of(duf: Duf, version: &PostVersion) -> Result<Self, StoreError> {
        let duf = duf.to_stored();
        Ok(VersionRow {
            duf,
            row_no: version.row_no,
            post_id: version.post_id,
            versjon: version.versjon,
            valid_from: version.valid.from,
            valid_to: version.valid.to,
            system_from: version.system_from,
            system_to: version.system_to,
            annulled: version.annulled,
            kommune: version.kommune.to_string(),
            bydel: version.bydel.map(|bydel| bydel.to_string()),
            data: json("post_version", duf, version)?,
        })
    }
}

/// A row that a later one closes.
#[derive(Debug, Clone, Copy)]
pub struct Closing {
    /// Whose.
    pub duf: i64,
    /// Its number.
    pub row_no: i64,
    /// Recorded until.
    pub system_to: DateTime<Utc>,
}

/// A reference that was attached.
#[derive(Debug, Clone)]
pub struct ReferenceRow {
    /// Its scope.
    pub avsendersystem: String,
    /// The sender's id.
    pub reference: String,
    /// Whose post.
    pub duf: i64,
    /// The post.
    pub post_id: Uuid,
    /// Version of the person that attached it: the order among the references of a post.
    pub attached: i64,
    /// Recorded time.
    pub system_from: DateTime<Utc>,
}

/// A change in a stream.
#[derive(Debug, Clone)]
pub struct ChangeRow {
    /// Whose stream.
    pub avsendersystem: String,
    /// Its number.
    pub number: i64,
    /// The person.
    pub duf: Option<i64>,
    /// Recorded time.
    pub recorded: DateTime<Utc>,
    /// The notice, JSON.
    pub data: String,
}

/// A stream's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRow {
    /// Raised by `stream renew`.
    pub incarnation: i32,
    /// Last number written.
    pub last_number: i64,
    /// Last number handed out.
    pub handed_out: i64,
    /// Last number acknowledged.
    pub acknowledged: i64,
    /// The oldest number still there, or the next one where none is.
    pub oldest: i64,
}

impl StreamRow {
    /// As answers write it.
    pub fn position(&self, avsendersystem: &str) -> StreamPosition {
        StreamPosition {
            stroem_id: format!("{avsendersystem}.{}", self.incarnation),
            siste_sekvensnummer: self.last_number,
            bekreftet_til: self.acknowledged,
        }
    }
}

/// A chain of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRow {
    /// Its number.
    pub chain: i32,
    /// The node.
    pub node: String,
    /// The node's lane.
    pub lane: i32,
    /// Counts the openings.
    pub incarnation: i32,
    /// Last position.
    pub head_position: i64,
    /// Hash of the last row.
    pub head_hash: Vec<u8>,
}

impl ChainRow {
    /// The name that receipts carry.
    pub fn kjede(&self) -> String {
        format!("{}-{}-{}", self.node, self.lane, self.incarnation)
    }
}

/// A row of evidence (design.md 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// The chain.
    pub chain: i32,
    /// Its place in it.
    pub position: i64,
    /// What the row is.
    pub kind: i16,
    /// When it was written.
    pub recorded: DateTime<Utc>,
    /// When the message was received.
    pub received: DateTime<Utc>,
    /// The operation.
    pub operation: String,
    /// The signer.
    pub signer: String,
    /// The sender.
    pub avsendersystem: Option<String>,
    /// The message.
    pub meldings_id: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// The row that this one is about (a signature).
    pub about: Option<i64>,
    /// Digest of the request as it arrived.
    pub request_sha256: Vec<u8>,
    /// Digest of the answer's Body child, or of the signature.
    pub answer_sha256: Vec<u8>,
    /// Digest of what is stored of the request, then of what is stored of the answer.
    pub stored_sha256: Vec<u8>,
    /// Dictionary of the compression; 0 is none.
    pub dictionary: i16,
    /// Compressed, then encrypted; `None` once retention dropped it.
    pub request: Option<Vec<u8>>,
    /// Compressed.
    pub answer: Vec<u8>,
    /// Of this row and the one before.
    pub hash: Vec<u8>,
}

/// A row of evidence as it was found: somebody may have made it unreadable.
#[derive(Debug)]
pub struct FoundEvidence {
    /// Its place.
    pub position: i64,
    /// The row, or the name of the column that cannot be read.
    pub row: Result<EvidenceRow, String>,
    /// Whether its data key is still there.
    pub has_key: bool,
}

/// An answer as it is stored.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// The chain.
    pub chain: i32,
    /// The row.
    pub position: i64,
    /// Dictionary of the compression.
    pub dictionary: i16,
    /// Compressed.
    pub answer: Vec<u8>,
}

/// A wrapped data key.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// The chain.
    pub chain: i32,
    /// The row.
    pub position: i64,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

/// The rows of a batch.
#[derive(Debug, Default)]
pub struct Writes {
    /// Persons that changed.
    pub persons: Vec<PersonRow>,
    /// New versions.
    pub versions: Vec<VersionRow>,
    /// Versions that are no longer present.
    pub closings: Vec<Closing>,
    /// New facts.
    pub facts: Vec<FactRow>,
    /// Facts that are no longer present.
    pub fact_closings: Vec<Closing>,
    /// New computations.
    pub beregninger: Vec<ComputedRow>,
    /// Computations that are no longer present.
    pub beregning_closings: Vec<Closing>,
    /// What lists say of them.
    pub lists: ListWrites,
    /// New references.
    pub references: Vec<ReferenceRow>,
    /// Message ids that are new.
    pub new_ids: Vec<IdRow>,
    /// Message ids that were judged anew.
    pub known_ids: Vec<IdRow>,
    /// Changes with their numbers.
    pub changes: Vec<ChangeRow>,
    /// Evidence.
    pub evidence: Vec<EvidenceRow>,
    /// Its data keys.
    pub keys: Vec<KeyRow>,
    /// Transfer users that were used.
    pub uses: Vec<(String, DateTime<Utc>)>,
    /// Dates that were carried out.
    pub calendar: Vec<CalendarRow>,
    /// Changes that say nothing any more.
    pub withdrawn: Vec<WithdrawnRow>,
    /// Transfer errors that opened, went on or were solved.
    pub saker: Vec<Feilsak>,
    /// Errors of their new attempts.
    pub sakfeil: Vec<Sakfeil>,
    /// What operators say of transfer errors.
    pub decided: Vec<(Uuid, Saksstatus, DateTime<Utc>)>,
    /// Sources that operators let on.
    pub let_on: Vec<(String, DateTime<Utc>)>,
    /// Support cases with what is new in them.
    pub support: Vec<Supportbilde>,
    /// Streams as they stand after the batch; their rows are locked already.
    pub streams: Vec<(String, StreamRow)>,
}

/// A stream with the first and last number and the count of its changes.
pub type StreamCount = (String, StreamRow, i64, i64, i64);
