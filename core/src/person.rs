//! A person as the register knows it: sourced facts and the posts that are present now.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{Bydel, Duf, Kommunenummer};
use crate::post::{PostId, PostVersion};
use crate::time::Period;

/// Folkeregisteret's protection levels (domain.md 10.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Adressebeskyttelse {
    /// Not graded.
    Ugradert,
    /// The address reveals refugee or health status.
    Klientadresse,
    /// Confidential.
    Fortrolig,
    /// Strictly confidential: hidden to all but approved users (VERN-1, VERN-1a).
    StrengtFortrolig,
}

/// What a source said about a person (domain.md 4). Further kinds join with parts 2 and 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactContent {
    /// Name, sex and birth date; sex and birth date are never derived from a number (domain.md 3.3).
    Personalia {
        /// Given names.
        fornavn: String,
        /// Family name.
        etternavn: String,
        /// Birth date.
        foedselsdato: NaiveDate,
        /// `KVINNE` or `MANN`.
        kjoenn: String,
    },
    /// A fødselsnummer or D-nummer.
    Ident {
        /// Eleven digits.
        number: String,
    },
    /// Oppfølgingskommune and -bydel over the fact's valid time (domain.md 11.1).
    Oppfoelging {
        /// The kommune.
        kommune: Kommunenummer,
        /// The bydel, where the kommune has them.
        bydel: Option<Bydel>,
    },
    /// The protection level.
    Beskyttelse {
        /// The level.
        level: Adressebeskyttelse,
    },
    /// Death.
    Doedsfall {
        /// The date.
        dato: NaiveDate,
    },
    /// Emigration.
    Utflyttet {
        /// The date.
        dato: NaiveDate,
    },
    /// UDI merged this DUF into another (domain.md 11.4).
    DufErstattet {
        /// The number that holds now.
        ny: Duf,
    },
}

/// One fact with both times and its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Row number within the person.
    pub row_no: i64,
    /// Source party: `UDI`, `FOLKEREGISTER`, `IMDI` …
    pub source: String,
    /// The source's own id of the fact (idempotent import).
    pub source_id: String,
    /// What it says.
    pub content: FactContent,
    /// When it is true (half-open).
    pub valid: Period,
    /// Recorded from.
    pub system_from: DateTime<Utc>,
    /// Recorded until; `None` while present.
    pub system_to: Option<DateTime<Utc>>,
}

/// Everything present (system_to = ∞) about one person: what `decide` reads and the snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The key.
    pub duf: Duf,
    /// Counts the writes to this person.
    pub version: i64,
    /// Last row number used in facts and posts.
    pub last_row: i64,
    /// Present facts.
    pub facts: Vec<Fact>,
    /// Present versions of all posts, annulled ones included (they refuse later writes with L803).
    pub posts: Vec<PostVersion>,
}

/// Everything ever recorded about one person, closed rows included: what reads as of another time need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonHistory {
    /// The key.
    pub duf: Duf,
    /// All facts, in order of `row_no`.
    pub facts: Vec<Fact>,
    /// All versions of all posts, in order of `row_no`; each carries its post's references.
    pub posts: Vec<PostVersion>,
}

/// Where a person is followed up on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUp {
    /// The kommune.
    pub kommune: Kommunenummer,
    /// The bydel, where the kommune has them.
    pub bydel: Option<Bydel>,
    /// When the register learned it.
    pub known_since: DateTime<Utc>,
}

impl Person {
    /// Where the person is followed up on the day. Where two facts cover it, the later learned one holds.
    pub fn follow_up(&self, day: NaiveDate) -> Option<FollowUp> {
        follow_up(&self.facts, day)
    }

    /// Whether the person is strictly confidential; an end in the past lifts it, a start in the future does not wait.
    pub fn hidden(&self, today: NaiveDate) -> bool {
        hidden(&self.facts, today)
    }

    /// The post, annulled or not.
    pub fn post(&self, id: PostId) -> Option<&PostVersion> {
        self.posts.iter().find(|post| post.post_id == id)
    }

    /// The number that has replaced this one (domain.md 11.4).
    pub fn replaced_by(&self) -> Option<Duf> {
        replaced_by(&self.facts)
    }

    /// Fødselsnumre and D-numre, present and former.
    pub fn idents(&self) -> impl Iterator<Item = &str> {
        self.facts.iter().filter_map(|fact| match &fact.content {
            FactContent::Ident { number } => Some(number.as_str()),
            _ => None,
        })
    }

    /// The day of death or emigration.
    pub fn ended_on(&self) -> Option<NaiveDate> {
        let ended = self.facts.iter().filter_map(|fact| match fact.content {
            FactContent::Doedsfall { dato } | FactContent::Utflyttet { dato } => Some(dato),
            _ => None,
        });
        ended.min()
    }
}

/// [`Person::follow_up`] over any facts.
pub fn follow_up<'a>(facts: impl IntoIterator<Item = &'a Fact>, day: NaiveDate) -> Option<FollowUp> {
    facts
        .into_iter()
        .filter(|fact| fact.valid.contains(day))
        .filter_map(|fact| match fact.content {
            FactContent::Oppfoelging { kommune, bydel } => {
                Some(((fact.system_from, fact.row_no), FollowUp { kommune, bydel, known_since: fact.system_from }))
            }
            _ => None,
        })
        .max_by_key(|(learned, _)| *learned)
        .map(|(_, follow_up)| follow_up)
}

/// [`Person::replaced_by`] over any facts.
pub fn replaced_by<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<Duf> {
    facts.into_iter().find_map(|fact| match fact.content {
        FactContent::DufErstattet { ny } => Some(ny),
        _ => None,
    })
}

/// [`Person::hidden`] over any facts.
pub fn hidden<'a>(facts: impl IntoIterator<Item = &'a Fact>, today: NaiveDate) -> bool {
    facts.into_iter().any(|fact| {
        matches!(fact.content, FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig })
            && fact.valid.to.is_none_or(|to| today < to)
    })
}
