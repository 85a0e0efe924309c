//! The compact snapshot of a person in its row: everything present, loaded instead of the rows (design.md 7, 17).
//! The version rows stay the truth; tests and `replay --check` compare.

use crate::id::Duf;
use crate::person::Person;
use crate::store::{StoreError, inconsistent};

/// The format that this version writes; the database names the one in use.
pub const FORMAT: u8 = 1;

/// Format byte, then the person in postcard's encoding.
pub fn encode(person: &Person) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(person, vec![FORMAT])
        .map_err(|error| inconsistent("person", &person.duf.to_string(), &error.to_string()))
}

/// Reads a snapshot.
pub fn decode(duf: Duf, bytes: &[u8]) -> Result<Person, StoreError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => {
            postcard::from_bytes(rest).map_err(|error| inconsistent("person", &duf.to_string(), &error.to_string()))
        }
        _ => Err(inconsistent("person", &duf.to_string(), "unknown snapshot format")),
    }
}
