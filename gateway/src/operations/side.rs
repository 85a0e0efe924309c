//! Pages of lists: their size, and the token that leads to the next one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use register::decide::finding;
use register::evidence::sha256;
use register::id::Duf;
use register::receipt::{Field, Finding};
use register::rejection::Rejection;
use uuid::Uuid;

/// Rows of a page where the caller does not say (domain.md 10.5).
pub const DEFAULT: usize = 25;
/// Most rows of a page.
pub const MOST: usize = 1_000;
/// Bytes of the digest that binds a token to what was asked.
const BOUND: usize = 8;

/// The size asked for (NIR-X314).
pub fn size(antall: Option<i32>, default: usize) -> Result<usize, Finding> {
    let size = antall.map_or(Ok(default), usize::try_from);
    let size = size.ok().filter(|size| (1..=MOST).contains(size));
    size.ok_or_else(|| finding(Rejection::PageTooLarge, Field::Content("antall")))
}

/// The place after which the next page begins, as a token holds it.
pub trait Place: Sized {
    /// Written.
    fn bytes(&self) -> Vec<u8>;
    /// Read; `None` for bytes that are no such place.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// In a list of persons: a person, and a row of it where one person has many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Personplace {
    /// The person.
    pub duf: Duf,
    /// Its row; 0 after the whole person.
    pub row_no: i64,
    /// As of when the first page was read: all pages are of that moment.
    pub recorded: DateTime<Utc>,
}

impl Place for Personplace {
    fn bytes(&self) -> Vec<u8> {
        [self.duf.to_stored().to_be_bytes(), self.row_no.to_be_bytes(), moment(self.recorded)].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (duf, rest) = bytes.split_first_chunk::<8>()?;
        let (row_no, recorded) = rest.split_first_chunk::<8>()?;
        let duf = Duf::from_stored(i64::from_be_bytes(*duf))?;
        Some(Personplace { duf, row_no: i64::from_be_bytes(*row_no), recorded: of_moment(recorded)? })
    }
}

/// In a list of cases, which stand in the order in which they were opened: when, and its id.
pub type Sakplace = (DateTime<Utc>, Uuid);

impl Place for Sakplace {
    fn bytes(&self) -> Vec<u8> {
        [&moment(self.0)[..], self.1.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (opened, sak) = bytes.split_first_chunk::<8>()?;
        Some((of_moment(opened)?, Uuid::from_slice(sak).ok()?))
    }
}

fn moment(at: DateTime<Utc>) -> [u8; 8] {
    at.timestamp_micros().to_be_bytes()
}

fn of_moment(bytes: &[u8]) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(i64::from_be_bytes(bytes.try_into().ok()?))
}

/// Writes the token. It holds a digest of the question: one page's token is none of another question.
pub fn token(place: &impl Place, question: &str) -> String {
    URL_SAFE_NO_PAD.encode([&place.bytes()[..], &sha256(question.as_bytes())[..BOUND]].concat())
}

/// Reads a token of the same question (NIR-X314 if it is none).
pub fn place<P: Place>(token: Option<&str>, question: &str) -> Result<Option<P>, Finding> {
    let Some(token) = token else { return Ok(None) };
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (place, bound) = bytes.split_last_chunk::<BOUND>()?;
        let own = bound[..] == sha256(question.as_bytes())[..BOUND];
        P::read(place).filter(|_| own)
    };
    read().map(Some).ok_or_else(|| finding(Rejection::PageTooLarge, Field::Content("sidetoken")))
}
