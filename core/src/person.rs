//! A person as the register knows it: sourced facts, the posts that are present now, and what follows from both.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::change::Opphav;
use crate::fact::{Adressebeskyttelse, Fact, FactContent};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::kategori::{Beregnet, BeregningRow, Kategori, LukketAarsak};
use crate::post::{Ordning, PostId, PostVersion};
use crate::time::Period;

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
    /// Categories, deadlines and when days were opened for writing, as last computed; absent before the first time.
    pub beregnet: Option<Beregnet>,
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
    /// All computations, in order of `row_no`.
    pub beregninger: Vec<BeregningRow>,
}

impl PersonHistory {
    /// What is present now, and nothing from before.
    pub fn present(person: &Person) -> Self {
        PersonHistory {
            duf: person.duf,
            facts: person.facts.clone(),
            posts: person.posts.clone(),
            beregninger: person.beregnet.iter().map(BeregningRow::of_kept).collect(),
        }
    }
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
    /// A person of whom nothing has been said yet.
    pub fn unheard_of(duf: Duf) -> Self {
        Person { duf, version: 0, last_row: 0, facts: Vec::new(), posts: Vec::new(), beregnet: None }
    }

    /// A person that begins now: of whom nothing followed until now, so that what follows is news.
    pub fn begun(duf: Duf, at: DateTime<Utc>) -> Self {
        Person { beregnet: Some(Beregnet::nothing(at)), ..Person::unheard_of(duf) }
    }

    /// Whether nothing has been said yet: a row of the store that waits for its first fact.
    pub fn is_unheard_of(&self) -> bool {
        self.last_row == 0 && self.facts.is_empty() && self.posts.is_empty()
    }

    /// Where the person is followed up on the day. Where two facts cover it, the later learned one holds.
    pub fn follow_up(&self, day: NaiveDate) -> Option<FollowUp> {
        follow_up(&self.facts, day)
    }

    /// Whether the person is strictly confidential; an end in the past lifts it, a start in the future does not wait.
    pub fn hidden(&self, today: NaiveDate) -> bool {
        hidden(&self.facts, today)
    }

    /// Whether the address must not be told: of who is strictly confidential, fortrolig or has a klientadresse (VERN-1 to
    /// VERN-3), by the days of [`Person::hidden`].
    pub fn undertrykt(&self, today: NaiveDate) -> bool {
        self.facts.iter().any(|fact| {
            matches!(&fact.content, FactContent::Beskyttelse { level } if *level != Adressebeskyttelse::Ugradert)
                && fact.valid.to.is_none_or(|to| today < to)
        })
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

    /// What was last computed.
    pub fn computed(&self) -> Option<&Beregnet> {
        self.beregnet.as_ref()
    }

    /// Whether a category of the scheme lets registrations of the day in, as last computed. Before the first time
    /// everything is. One that closed because the scheme was completed does not shut the scheme out: its own state says
    /// what comes after its end.
    pub fn category_open(&self, ordning: Ordning, day: NaiveDate) -> bool {
        self.computed().is_none_or(|beregnet| category_open(&beregnet.kategorier, ordning, day))
    }

    /// The day of death or emigration.
    pub fn ended_on(&self) -> Option<NaiveDate> {
        let ended = self.facts.iter().filter_map(|fact| match fact.content {
            FactContent::Doedsfall { dato } | FactContent::Utflyttet { dato } | FactContent::Forsvunnet { dato } => {
                Some(dato)
            }
            _ => None,
        });
        ended.min()
    }
}

/// [`Person::category_open`] over any categories.
pub fn category_open(kategorier: &[Kategori], ordning: Ordning, day: NaiveDate) -> bool {
    kategorier.iter().filter(|k| k.kode.ordning() == ordning).any(|k| {
        let completed = k.aarsak == Some(LukketAarsak::OrdningFullfoert) && k.gyldig.from <= day;
        k.gyldig.contains(day) || completed
    })
}

/// [`Person::follow_up`] over any facts. First hit wins (domain.md 11.1): a decision of IMDi, the vertskommune of a
/// mottak, Folkeregisteret, the settlement agreement, and at last whoever was the last known. A strictly confidential
/// person is followed up by IMDi's decision alone.
pub fn follow_up<'a>(facts: impl IntoIterator<Item = &'a Fact> + Clone, day: NaiveDate) -> Option<FollowUp> {
    let manual = hidden(facts.clone(), day);
    let placed = facts.into_iter().filter_map(|fact| {
        let (order, kommune, bydel) = match fact.content {
            FactContent::Oppfoelging { kommune, bydel } => (0, kommune, bydel),
            FactContent::Mottak { kommune, .. } => (1, kommune, None),
            FactContent::Bosted { kommune, bydel } => (2, kommune, bydel),
            FactContent::Bosetting { kommune, bydel, .. } => (3, kommune, bydel),
            _ => return None,
        };
        if manual && order > 0 || fact.valid.from > day {
            return None;
        }
        // What is over on the day only tells who was the last known: the later it ended, the better.
        let over = fact.valid.to.filter(|to| *to <= day);
        let rank = match over {
            None => (1, None, 3 - order),
            Some(to) => (0, Some(to), 3 - order),
        };
        Some(((rank, fact.system_from, fact.row_no), FollowUp { kommune, bydel, known_since: fact.system_from }))
    });
    placed.max_by_key(|(rank, _)| *rank).map(|(_, follow_up)| follow_up)
}

/// Who follows the person up over time, day-exact: neighbours of one kommune and bydel are one period. Days before the
/// first known place have nobody.
pub fn oppfoelging(facts: &[Fact]) -> Vec<(Period, FollowUp)> {
    let mut edges: Vec<NaiveDate> = facts
        .iter()
        .filter(|fact| {
            matches!(
                fact.content,
                FactContent::Oppfoelging { .. }
                    | FactContent::Mottak { .. }
                    | FactContent::Bosted { .. }
                    | FactContent::Bosetting { .. }
                    | FactContent::Beskyttelse { .. }
            )
        })
        .flat_map(|fact| [Some(fact.valid.from), fact.valid.to])
        .flatten()
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let mut all: Vec<(Period, FollowUp)> = Vec::new();
    for (index, from) in edges.iter().enumerate() {
        let to = edges.get(index + 1).copied();
        let Some(follow_up) = follow_up(facts, *from) else { continue };
        match all.last_mut() {
            Some((period, last))
                if period.to == Some(*from) && (last.kommune, last.bydel) == (follow_up.kommune, follow_up.bydel) =>
            {
                period.to = to;
            }
            _ => all.push((Period { from: *from, to }, follow_up)),
        }
    }
    all
}

/// Name, sex and birth date as they hold (domain.md 4): Folkeregisteret's word before everybody else's, whichever came last; of
/// one source what holds since the latest day, and of that what was learned last.
pub fn personalia<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<&'a Fact> {
    let first = Opphav::Folkeregister.code();
    let said =
        facts.into_iter().filter(|fact| matches!(fact.content, FactContent::Personalia { .. }) && !fact.annulled);
    said.max_by_key(|fact| (fact.source == first, fact.valid.from, fact.row_no))
}

/// The birth date as it holds.
pub fn born<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<NaiveDate> {
    match personalia(facts)?.content {
        FactContent::Personalia { foedselsdato, .. } => Some(foedselsdato),
        _ => None,
    }
}

/// Given names and family name as they hold.
pub fn name<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<(String, String)> {
    match &personalia(facts)?.content {
        FactContent::Personalia { fornavn, etternavn, .. } => Some((fornavn.clone(), etternavn.clone())),
        _ => None,
    }
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
