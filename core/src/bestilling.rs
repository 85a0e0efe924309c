//! Orders of pictures (`bestillOeyeblikksbilde`, contract.md 0.15; design.md 17, Streams): whom they cover, and how far they
//! have come.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::Duf;
use crate::post::Ordning;
use crate::query::PersonView;

/// Persons of one batch (design.md 17, Streams).
pub const BATCH: usize = 200;

/// Whom an order covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Omfang {
    /// Everybody that the receiver may see.
    Alt,
    /// Those with a category or a post of one of these schemes.
    Ordning(Vec<Ordning>),
    /// These, in order.
    Person(Vec<Duf>),
}

impl Omfang {
    /// Whether a person that the receiver may see is covered.
    pub fn covers(&self, view: &PersonView) -> bool {
        match self {
            Omfang::Alt => true,
            Omfang::Ordning(ordninger) => {
                let kategorier = view.beregning.iter().flat_map(|beregning| &beregning.kategorier);
                let mut named =
                    kategorier.map(|k| k.kode.ordning()).chain(view.ordninger.iter().map(|(ordning, ..)| *ordning));
                named.any(|ordning| ordninger.contains(&ordning))
            }
            Omfang::Person(dufs) => dufs.contains(&view.duf),
        }
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bestilling {
    /// Names it.
    pub id: Uuid,
    /// Whose stream.
    pub avsendersystem: String,
    /// The transfer user that ordered, whose eyes the pictures are taken with.
    pub bruker: String,
    /// The number of the stream at which they are taken.
    pub posisjon: i64,
    /// The recorded time at which they are taken.
    pub recorded: DateTime<Utc>,
    /// Whom it covers.
    pub omfang: Omfang,
    /// How many it covered when it was taken.
    pub antall: i64,
    /// Persons up to this one (as stored) are done.
    pub done_to: i64,
    /// Pictures written so far.
    pub skrevet: i64,
    /// When something was last written for it.
    pub touched: DateTime<Utc>,
}
