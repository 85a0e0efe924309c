//! Group V: dates that lie too far back or ahead.

use crate::codes::case::{Attempt, Case, Part, Told};
use crate::codes::house::{House, on_lines};
use crate::messages::{Head, day, fresh, head, line, person, registrer, send, tiltak, vedtak};

fn case(code: &'static str, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Receipt(Part::Line), at, provoke }
}

fn sent(head: Head, duf: &str, lines: &str) -> Attempt {
    let payload = on_lines(&send(&head, &person(duf, lines)));
    Attempt::registering(head, payload, &[duf])
}

/// A programme and a measure from 200 days ago, registered by one who may.
fn long_ago(house: &House) -> (String, String) {
    let (duf, reference) = (house.unused(), fresh("t"));
    let may = head().from("4204-flyktning-1", "4204", "4204-ETTER1");
    let lines = registrer("1", "", &vedtak(&day(-200), &day(-200), &day(100)))
        + &registrer("2", &reference, &tiltak("NORSK_SAMF", "NS01", &day(-200), &day(50), "20"));
    house.stores(&may, &duf, &lines);
    (duf, reference)
}

fn korriger(reference: &str, content: &str) -> String {
    line("1", "KORRIGER", "", &format!("<post><avsendersReferanse>{reference}</avsendersReferanse></post>"), content)
}

pub fn cases() -> Vec<Case> {
    vec![
        case("NIR-V601", "innhold/vedtak/vedtaksdato", "a decision of 100 days ago", |h| {
            sent(head(), &h.unused(), &registrer("1", "", &vedtak(&day(-100), &day(0), &day(100))))
        }),
        case("NIR-V601", "innhold/tiltak/timerPerUke", "hours of a measure that began 200 days ago", |h| {
            let (duf, reference) = long_ago(h);
            sent(head(), &duf, &korriger(&reference, &tiltak("NORSK_SAMF", "NS01", &day(-200), &day(50), "25")))
        }),
        case("NIR-V601", "registrering[1]/post", "deletes a record of 200 days ago", |h| {
            let (duf, reference) = long_ago(h);
            let post = format!("<post><avsendersReferanse>{reference}</avsendersReferanse></post>");
            sent(head(), &duf, &line("1", "ANNULLER", "", &post, ""))
        }),
        case("NIR-V602", "innhold/tiltak/fraDato", "moves a start of 200 days ago", |h| {
            let (duf, reference) = long_ago(h);
            sent(head(), &duf, &korriger(&reference, &tiltak("NORSK_SAMF", "NS01", &day(-190), &day(50), "20")))
        }),
        case("NIR-V603", "innhold/vedtak/vedtaksdato", "a decision of tomorrow", |h| {
            sent(head(), &h.unused(), &registrer("1", "", &vedtak(&day(1), &day(1), &day(100))))
        }),
        case("NIR-V603", "innhold/tiltak/tilDato", "a measure until in six years", |h| {
            // In mottak no decision bounds a measure.
            let measure = tiltak("NORSK_SAMF", "NS01", &day(0), &day(2_200), "20").replace("INTRO", "MOTTAK_KVAL");
            sent(head(), &h.shown("Har tillatelse og bor i mottak"), &registrer("1", "", &measure))
        }),
        case("NIR-V604", "innhold/vedtak/vedtaksdato", "the campaign closed yesterday", |h| {
            let oslo = head().from("0301-flyktning-1", "0301", "0301-OVERF1");
            let content = "<vedtak><ordning>INTRO</ordning><vedtakstype>AVSLAG</vedtakstype><vedtaksdato>2015-05-16</vedtaksdato><begrunnelse>ANNET</begrunnelse></vedtak>";
            let lines = registrer("1", "", content);
            Attempt { clock: Some(("0301", "2017-05-16T00:00")), ..sent(oslo, &h.sandbox.unused("0301"), &lines) }
        }),
    ]
}
