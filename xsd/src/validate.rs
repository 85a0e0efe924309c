//! Schema validation of the signed bytes: valid or every violation, in plain words, none of them quoting a value.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::catalog::FILES;
use crate::libxml::{RawViolation, Schema, Verdict};
use crate::limits::MAX_VIOLATIONS;

mod words;

static SCHEMA: LazyLock<Option<Schema>> = LazyLock::new(|| Schema::compile(FILES, 0));

/// Elements that the schema lets repeat: their path always has an index.
static REPEATING: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let text = FILES.iter().map(|file| String::from_utf8_lossy(file.bytes)).collect::<String>();
    text.split("<xs:element ")
        .filter_map(|part| part.split_once('>').map(|(tag, _)| tag))
        .filter(|tag| tag.contains("maxOccurs"))
        .filter_map(|tag| tag.split("name=\"").nth(1)?.split('"').next().map(str::to_owned))
        .collect()
});

/// Everything that is wrong, the first [`MAX_VIOLATIONS`] in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// How many there are in all.
    pub total: usize,
    /// In document order.
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

/// Validates the canonical Body child.
pub fn validate(body_child: &[u8]) -> Result<(), Invalid> {
    let Some(schema) = SCHEMA.as_ref() else { return Err(failed()) };
    if schema.validate(body_child) == Verdict::Valid {
        return Ok(());
    }
    let mut total = 0;
    let mut violations: Vec<Violation> = Vec::new();
    let mut seen = HashSet::new();
    let verdict = schema.explain(body_child, |raw| {
        let path = path(&raw.path);
        // One wrong value is reported twice, by its facet and by its type: the first says more.
        if !seen.insert(path.clone()) {
            return;
        }
        total += 1;
        if violations.len() < MAX_VIOLATIONS {
            violations.push(violation(path, &raw));
        }
    });
    match verdict {
        Verdict::Invalid if total > 0 => Err(Invalid { total, violations }),
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

fn violation(path: String, raw: &RawViolation) -> Violation {
    let words = words::of(raw);
    Violation { path, element: raw.name.clone(), nb: words.nb, en: words.en, hint_nb: words.hint_nb, hint_en: words.hint_en }
}

/// `/a[1/1]/person[2/3]` to `/a/person[2]`.
fn path(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for step in raw.split(']') {
        let Some((name, place)) = step.split_once('[') else { continue };
        let name = name.trim_start_matches('/');
        let (index, count) = place.split_once('/').unwrap_or((place, "1"));
        out.push('/');
        out.push_str(name);
        if count != "1" || REPEATING.contains(name) {
            out.push_str(&format!("[{index}]"));
        }
    }
    out
}
