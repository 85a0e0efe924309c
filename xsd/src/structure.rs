//! What the schema cannot say of a `Registreringsmelding` or a `Grunnlagsmelding`: rules between elements, tested on the decoded message right
//! after the schema, and told in the same form (contract.md 0.6–0.8, 4.3).
//!
//! Nothing here is looked up: codes, dates and persons are judged later. A `handling` that the contract does not
//! know is passed over, because it is an error of its line (NIR-X307) and not of the message.

use std::collections::HashMap;

use crate::limits::MAX_REGISTRERINGER;
use crate::message::{Innhold, Postreferanse, Registrering, Registreringsmelding};
use crate::validate::{Invalid, Violation};

mod grunnlag;
mod handling;

pub use grunnlag::check_grunnlag;

/// Every violation of the message, in document order.
pub fn check(melding: &Registreringsmelding) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    let total: usize = melding.person.iter().map(|person| person.registrering.len()).sum();
    if total > MAX_REGISTRERINGER {
        invalid.add(|| too_many(total));
    }
    let mut earlier = Lines::of(melding);
    for (p, person) in melding.person.iter().enumerate() {
        for (r, registrering) in person.registrering.iter().enumerate() {
            let at = || format!("/sendRegistreringer/melding/person[{}]/registrering[{}]", p + 1, r + 1);
            line(&mut Line { invalid: &mut invalid, at: &at }, registrering, &earlier);
            earlier.pass();
        }
    }
    invalid.into_result()
}

/// One line while it is tested.
struct Line<'a> {
    invalid: &'a mut Invalid,
    /// Its path, written only when it is needed.
    at: &'a dyn Fn() -> String,
}

impl Line<'_> {
    /// Adds a violation at an element of the line; `below` is the path from the line.
    fn add(&mut self, below: &str, nb: String, en: String, hint: (&str, &str)) {
        let at = self.at;
        self.invalid.add(|| Violation {
            path: format!("{}/{below}", at()),
            element: below.rsplit('/').next().unwrap_or(below).to_owned(),
            nb,
            en,
            hint_nb: Some(hint.0.to_owned()),
            hint_en: Some(hint.1.to_owned()),
        });
    }
}

/// Which line first used each registreringsId, and which line is being tested.
struct Lines<'a> {
    first: HashMap<&'a str, usize>,
    current: usize,
}

impl<'a> Lines<'a> {
    fn of(melding: &'a Registreringsmelding) -> Self {
        let mut first = HashMap::new();
        for (index, line) in melding.person.iter().flat_map(|person| &person.registrering).enumerate() {
            first.entry(line.registrerings_id.as_str()).or_insert(index);
        }
        Lines { first, current: 0 }
    }

    fn pass(&mut self) {
        self.current += 1;
    }

    fn is_earlier(&self, id: &str) -> bool {
        self.first.get(id).is_some_and(|index| *index < self.current)
    }

    fn is_in_message(&self, id: &str) -> bool {
        self.first.contains_key(id)
    }
}

fn line(at: &mut Line<'_>, registrering: &Registrering, lines: &Lines<'_>) {
    if lines.is_earlier(&registrering.registrerings_id) {
        at.add(
            "registreringsId",
            "registreringsId er brukt på en tidligere linje i meldingen.".into(),
            "registreringsId is used on an earlier line of the message.".into(),
            (
                "Gi hver linje sin egen registreringsId, for eksempel 1, 2, 3.",
                "Give each line a registreringsId of its own, for instance 1, 2, 3.",
            ),
        );
    }
    handling::check(at, registrering);
    if let Some(post) = &registrering.post {
        reference(at, "post", post, lines);
    }
    for (below, post) in registrering.innhold.iter().flat_map(Innhold::references) {
        reference(at, &format!("innhold/{below}"), post, lines);
    }
}

/// A reference points in exactly one way, and at an earlier line where it points at a line.
fn reference(at: &mut Line<'_>, below: &str, post: &Postreferanse, lines: &Lines<'_>) {
    let name = below.rsplit('/').next().unwrap_or(below);
    let ways = [post.post_id.is_some(), post.avsenders_referanse.is_some(), post.registrerings_id.is_some()];
    match ways.iter().filter(|given| **given).count() {
        1 => {}
        0 => at.add(
            below,
            format!("{name} peker ikke på noen post."),
            format!("{name} points at no post."),
            (
                "Send postId, avsendersReferanse eller registreringsId.",
                "Send postId, avsendersReferanse or registreringsId.",
            ),
        ),
        _ => at.add(
            below,
            format!("{name} peker på en post på flere måter."),
            format!("{name} points at a post in several ways."),
            (
                "Send bare én av postId, avsendersReferanse og registreringsId.",
                "Send only one of postId, avsendersReferanse and registreringsId.",
            ),
        ),
    }
    let Some(id) = &post.registrerings_id else { return };
    if lines.is_earlier(id) {
        return;
    }
    let below = format!("{below}/registreringsId");
    if lines.is_in_message(id) {
        at.add(
            &below,
            "registreringsId peker på en linje som ikke kommer før denne.".into(),
            "registreringsId points at a line that does not come before this one.".into(),
            (
                "Flytt linjen det pekes på foran denne: linjene utføres i meldingens rekkefølge.",
                "Move the line that is pointed at before this one: lines are carried out in the message's order.",
            ),
        );
    } else {
        at.add(
            &below,
            "registreringsId peker på en linje som ikke finnes i meldingen.".into(),
            "registreringsId points at a line that is not in the message.".into(),
            (
                "Bruk postId eller avsendersReferanse for en post fra en tidligere melding.",
                "Use postId or avsendersReferanse for a post of an earlier message.",
            ),
        );
    }
}

fn too_many(total: usize) -> Violation {
    Violation {
        path: "/sendRegistreringer/melding".into(),
        element: "melding".into(),
        nb: format!("Meldingen har {total} registreringer. Høyst {MAX_REGISTRERINGER} er tillatt."),
        en: format!("The message has {total} registrations. At most {MAX_REGISTRERINGER} are allowed."),
        hint_nb: Some("Del meldingen i flere, hver med sin meldingsId.".into()),
        hint_en: Some("Split the message into several, each with a meldingsId of its own.".into()),
    }
}
