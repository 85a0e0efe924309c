//! Errors of a person: form of the numbers, unknown, replaced, dead.

use crate::codes::case::{Attempt, Case, Part, Told};
use crate::codes::house::{House, on_lines};
use crate::messages::{day, head, person, registrer, send, vedtak};

fn case(code: &'static str, part: Part, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Receipt(part), at, provoke }
}

/// The DUF number of a year and a serial, with its control digits (domain.md 3.1).
pub fn duf(year: u32, serial: u32) -> String {
    let digits = format!("{year:04}{serial:06}");
    let weights = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{:02}", sum % 11)
}

/// One decision about a person, who comes second in the message so that the place tells who is meant.
fn about(house: &House, duf: &str, foedselsnummer: &str) -> Attempt {
    let (head, first) = (head(), house.unused());
    let line = |id: &str| registrer(id, "", &vedtak(&day(0), &day(0), &day(300)));
    let national = if foedselsnummer.is_empty() {
        String::new()
    } else {
        format!("<foedselsnummer>{foedselsnummer}</foedselsnummer>")
    };
    let second = person(duf, &line("2")).replacen("</dufNummer>", &format!("</dufNummer>{national}"), 1);
    let payload = on_lines(&send(&head, &(person(&first, &line("1")) + &second)));
    Attempt::registering(head, payload, &[&first, duf])
}

/// A national id whose check digits hold and whose bearer would be born in thirteen years.
const NOT_SYNTHETIC: &str = "31123950057";

pub fn cases() -> Vec<Case> {
    use Part::{Line, Person};
    let (number, national) = ("person[2]/dufNummer", "person[2]/foedselsnummer");
    vec![
        case("NIR-X309", Person, number, "control digits that do not hold", |h| about(h, "202400000703", "")),
        case("NIR-X310", Person, national, "check digits that do not hold", |h| {
            about(h, "202400000702", "01819012364")
        }),
        case("NIR-X313", Person, national, "a real national id in the sandbox", |h| {
            about(h, "202400000702", NOT_SYNTHETIC)
        }),
        case("NIR-B501", Person, number, "nobody", |h| about(h, &duf(2024, 999_999), "")),
        case("NIR-B501", Person, number, "somebody strictly confidential", |h| {
            about(h, &h.shown("Strengt fortrolig"), "")
        }),
        case("NIR-B502", Person, national, "somebody else's national id", |h| about(h, "202400000702", "15838540063")),
        case("NIR-B502", Person, national, "a national id for one who has none", |h| {
            about(h, &h.unused(), "15838540063")
        }),
        case("NIR-L806", Person, number, "a number that was replaced", |h| about(h, &h.shown("Erstattet av"), "")),
        case("NIR-L807", Line, "person[2]/registrering[1]/innhold/vedtak/vedtaksdato", "somebody dead", |h| {
            about(h, &h.shown("Død"), "")
        }),
        case("NIR-L807", Line, "person[2]/registrering[1]/innhold/vedtak/vedtaksdato", "somebody who emigrated", |h| {
            about(h, &h.shown("Utflyttet"), "")
        }),
    ]
}
