//! Schema validation of the signed bytes: valid or every violation, in plain words, none of them quoting a value.

use std::sync::LazyLock;

use memchr::memmem;

use crate::catalog::FILES;
use crate::libxml::{RawViolation, Schema, Verdict};
use crate::limits::MAX_VIOLATIONS;
use crate::outline::{Element, Outline};

mod values;
mod words;

static SCHEMA: LazyLock<Option<Schema>> = LazyLock::new(|| Schema::compile(FILES, 0));

/// Stands in every message that uses xsi:type or xsi:nil, which the schema language always allows and we do not.
const INSTANCE: &[u8] = b"http://www.w3.org/2001/XMLSchema-instance";

/// Everything that is wrong, the first [`MAX_VIOLATIONS`] in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invalid {
    /// How many there are in all.
    pub total: usize,
    /// In document order, attributes of XMLSchema-instance before all else.
    pub violations: Vec<Violation>,
}

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `/sendRegistreringer/melding/person[1]/…`
    pub path: String,
    /// Local name of the element.
    pub element: String,
    /// What is wrong, in Norwegian.
    pub nb: String,
    /// The same in English.
    pub en: String,
    /// How to mend it, where a sentence of its own helps.
    pub hint_nb: Option<String>,
    /// The same in English.
    pub hint_en: Option<String>,
}

impl Invalid {
    /// Counts a violation, and keeps it while there is room.
    pub(crate) fn add(&mut self, violation: impl FnOnce() -> Violation) {
        self.total += 1;
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(violation());
        }
    }

    /// `Ok` when nothing was added.
    pub(crate) fn into_result(self) -> Result<(), Invalid> {
        if self.total == 0 { Ok(()) } else { Err(self) }
    }
}

/// Validates the canonical Body child.
pub fn validate(body_child: &[u8]) -> Result<(), Invalid> {
    let Some(schema) = SCHEMA.as_ref() else { return Err(failed()) };
    let streamed = schema.validate(body_child);
    let mentions_instance = memmem::find(body_child, INSTANCE).is_some();
    if streamed == Verdict::Valid && !mentions_instance {
        return Ok(());
    }
    let mut violations = Vec::new();
    let (explained, total) = schema.explain(body_child, MAX_VIOLATIONS, |raw| violations.push(violation(&raw)));
    match (streamed, explained) {
        (_, Verdict::Invalid) if total > 0 => Err(Invalid { total, violations }),
        // The namespace stood in a declaration or in a value, where it does no harm.
        (Verdict::Valid, Verdict::Valid) => Ok(()),
        // The stream said no and the tree yes, or neither could run: never let through what one of them refused.
        _ => Err(failed()),
    }
}

/// Whether the embedded schema compiles; checked at start, so that no message meets a missing schema.
pub fn schema_is_usable() -> bool {
    SCHEMA.is_some()
}

fn failed() -> Invalid {
    let violation = Violation {
        path: String::new(),
        element: String::new(),
        nb: "Meldingen kunne ikke kontrolleres mot skjemaet.".into(),
        en: "The message could not be checked against the schema.".into(),
        hint_nb: None,
        hint_en: None,
    };
    Invalid { total: 1, violations: vec![violation] }
}

fn violation(raw: &RawViolation) -> Violation {
    let place = Place::of(&raw.path);
    let words = words::of(raw, &place);
    Violation {
        path: place.path,
        element: words::short(&raw.name),
        nb: words.nb,
        en: words.en,
        hint_nb: words.hint_nb,
        hint_en: words.hint_en,
    }
}

/// A place in the message, and what the schema says of it.
struct Place {
    /// `/a/person[2]`
    path: String,
    /// The element, where the schema has one there.
    element: Option<&'static Element>,
    /// The element that it stands in.
    parent: Option<&'static Element>,
    /// Which one of its name it is there, from 1.
    index: usize,
}

impl Place {
    /// From the fence's `/a[1/1]/person[2/3]`. An element has an index where the schema lets it repeat, or where it
    /// does repeat.
    fn of(raw: &str) -> Self {
        let outline = Outline::published();
        let mut place = Place { path: String::with_capacity(raw.len()), element: None, parent: None, index: 1 };
        for (depth, step) in raw.split(']').enumerate() {
            let Some((name, index)) = step.split_once('[') else { continue };
            let name = name.trim_start_matches('/');
            let (index, count) = index.split_once('/').unwrap_or((index, "1"));
            place.index = index.parse().unwrap_or(1);
            place.parent = place.element;
            place.element = match place.parent {
                None if depth == 0 => outline.root(name),
                None => None,
                Some(parent) => outline.child(&parent.type_name, name),
            };
            place.path.push('/');
            place.path.push_str(name);
            if count != "1" || place.element.is_some_and(|element| element.repeats) {
                place.path.push('[');
                place.path.push_str(index);
                place.path.push(']');
            }
        }
        place
    }
}
