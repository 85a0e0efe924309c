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

/// The place after which the next page begins: a person, and a row of it where one person has many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The person.
    pub duf: Duf,
    /// Its row; 0 after the whole person.
    pub row_no: i64,
    /// As of when the first page was read: all pages are of that moment.
    pub recorded: DateTime<Utc>,
}

/// Writes the token. It holds a digest of the question: one page's token is none of another question.
pub fn token(place: Place, question: &str) -> String {
    let digest = sha256(question.as_bytes());
    let recorded = place.recorded.timestamp_micros().to_be_bytes();
    let parts = [&place.duf.to_stored().to_be_bytes()[..], &place.row_no.to_be_bytes(), &recorded, &digest[..BOUND]];
    URL_SAFE_NO_PAD.encode(parts.concat())
}

/// Reads a token of the same question (NIR-X314 if it is none).
pub fn place(token: Option<&str>, question: &str) -> Result<Option<Place>, Finding> {
    let Some(token) = token else { return Ok(None) };
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (duf, rest) = bytes.split_first_chunk::<8>()?;
        let (row_no, rest) = rest.split_first_chunk::<8>()?;
        let (recorded, bound) = rest.split_first_chunk::<8>()?;
        let own = bound == &sha256(question.as_bytes())[..BOUND];
        let duf = Duf::from_stored(i64::from_be_bytes(*duf))?;
        let recorded = DateTime::from_timestamp_micros(i64::from_be_bytes(*recorded))?;
        own.then_some(Place { duf, row_no: i64::from_be_bytes(*row_no), recorded })
    };
    read().map(Some).ok_or_else(|| finding(Rejection::PageTooLarge, Field::Content("sidetoken")))
}

/// Writes the token of a list of cases, which stand in the order in which they were opened.
pub fn sak_token((opened, sak): (DateTime<Utc>, Uuid), question: &str) -> String {
    let digest = sha256(question.as_bytes());
    let parts = [&opened.timestamp_micros().to_be_bytes()[..], sak.as_bytes(), &digest[..BOUND]];
    URL_SAFE_NO_PAD.encode(parts.concat())
}

/// Reads a token of the same list of cases (NIR-X314 if it is none).
pub fn sak_place(token: Option<&str>, question: &str) -> Result<Option<(DateTime<Utc>, Uuid)>, Finding> {
    let Some(token) = token else { return Ok(None) };
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (opened, rest) = bytes.split_first_chunk::<8>()?;
        let (sak, bound) = rest.split_first_chunk::<16>()?;
        let own = bound == &sha256(question.as_bytes())[..BOUND];
        let opened = DateTime::from_timestamp_micros(i64::from_be_bytes(*opened))?;
        own.then_some((opened, Uuid::from_bytes(*sak)))
    };
    read().map(Some).ok_or_else(|| finding(Rejection::PageTooLarge, Field::Content("sidetoken")))
}
