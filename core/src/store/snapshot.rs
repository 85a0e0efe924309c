//! The compact snapshot of a person in its row: everything present, loaded instead of the rows (design.md 7, 17).
//! The version rows stay the truth; tests and `replay --check` compare.

use crate::id::Duf;
use crate::person::Person;
use crate::store::{StoreError, inconsistent};

/// The format that this version writes; the database names the one in use. A field more or less in [`Person`] or below it
/// is another format.
pub const FORMAT: u8 = 5;

/// Format byte, then the person in postcard's encoding.
pub fn encode(person: &Person) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(person, vec![FORMAT])
        .map_err(|error| inconsistent("person", &person.duf.to_string(), &error.to_string()))
}

/// Whether this version reads the format.
pub fn is_known(bytes: &[u8]) -> bool {
    bytes.first() == Some(&FORMAT)
}

/// Reads a snapshot.
pub fn decode(duf: Duf, bytes: &[u8]) -> Result<Person, StoreError> {
    let bad = |what: &str| inconsistent("person", &duf.to_string(), what);
    let rest = bytes.strip_prefix(&[FORMAT]).ok_or_else(|| bad("unknown snapshot format"))?;
    let (person, left) = postcard::take_from_bytes::<Person>(rest).map_err(|error| bad(&error.to_string()))?;
    if !left.is_empty() || person.duf != duf {
        return Err(bad("the snapshot is another person's, or longer than one"));
    }
    Ok(person)
}
