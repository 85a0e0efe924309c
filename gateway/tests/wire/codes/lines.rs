//! Errors and warnings of a line: rules of a tiltak and of a vedtak, what is stored already, and in which order.

use chrono::Datelike as _;

use crate::client::now;
use crate::codes::case::{Attempt, Case, Part, Told};
use crate::codes::house::{House, on_lines};
use crate::messages::{day, fresh, head, line, person, registrer, send, tiltak, vedtak, vedtak_in};

fn case(code: &'static str, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Receipt(Part::Line), at, provoke }
}

fn warning(code: &'static str, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { told: Told::Warning(Part::Line), ..case(code, at, how, provoke) }
}

fn lines(duf: &str, lines: &str) -> Attempt {
    let head = head();
    let payload = on_lines(&send(&head, &person(duf, lines)));
    Attempt::registering(head, payload, &[duf])
}

/// A measure of an INTRO programme that began 30 days ago.
fn measure(house: &House, content: &str) -> Attempt {
    lines(&house.granted().0, &registrer("1", "", content))
}

fn with(content: &str, more: &str) -> String {
    content.replace("</tiltak>", &format!("{more}</tiltak>"))
}

fn norsk(from: i64, to: i64, hours: &str) -> String {
    tiltak("NORSK_SAMF", "NS01", &day(from), &day(to), hours)
}

/// A decision with a reason.
fn decided(vedtakstype: &str, date: i64, more: &str) -> String {
    format!(
        "<vedtak><ordning>INTRO</ordning><vedtakstype>{vedtakstype}</vedtakstype><vedtaksdato>{}</vedtaksdato>{more}</vedtak>",
        day(date)
    )
}

fn start(date: i64) -> String {
    format!("<startDato>{}</startDato>", day(date))
}

const REASON: &str = "<begrunnelse>ANNET</begrunnelse>";

fn by_reference(reference: &str) -> String {
    format!("<post><avsendersReferanse>{reference}</avsendersReferanse></post>")
}

/// Days from today to the next Saturday and Sunday.
fn weekend() -> (i64, i64) {
    let today = now().with_timezone(&chrono_tz::Europe::Oslo).date_naive();
    let saturday = 6 - i64::from(today.weekday().number_from_monday());
    let saturday = if saturday < 0 { saturday + 7 } else { saturday };
    (saturday, saturday + 1)
}

/// A programme that this decision followed.
fn after(house: &House, decision: &str) -> String {
    let (duf, _) = house.granted();
    house.stores(&head(), &duf, &registrer("1", "", decision));
    duf
}

pub fn cases() -> Vec<Case> {
    [rules(), warnings(), stored(), states()].into_iter().flatten().collect()
}

fn rules() -> Vec<Case> {
    vec![
        case("NIR-X307", "registrering[1]/handling", "a handling that is not", |h| {
            lines(&h.unused(), &line("1", "FLYTT", "", "", &vedtak(&day(0), &day(0), &day(300))))
        }),
        case("NIR-X307", "innhold/vedtak/vedtakstype", "a type that is not", |h| {
            lines(&h.unused(), &registrer("1", "", &decided("TULL", 0, "")))
        }),
        case("NIR-X307", "innhold/tiltak/ordning", "a scheme that is not", |h| {
            lines(&h.unused(), &registrer("1", "", &norsk(0, 10, "20").replace("INTRO", "TULL")))
        }),
        case("NIR-X308", "innhold/vedtak/vedtakstype", "a type before it was", |h| {
            lines(&h.unused(), &registrer("1", "", &decided("INNVILGELSE", 0, "").replace(&day(0), "2003-01-01")))
        }),
        case("NIR-B510", "innhold/tiltak/ordning", "a measure without a decision", |h| {
            lines(&h.unused(), &registrer("1", "", &norsk(0, 10, "20")))
        }),
        case("NIR-B515", "innhold/vedtak/vedtakstype", "a type of another scheme", |h| {
            let leave = vedtak_in("MOTTAK_KVAL", "PERMISJON", &day(0), &day(0), &day(10));
            lines(&h.shown("Har tillatelse og bor i mottak"), &registrer("1", "", &leave))
        }),
        case("NIR-B516", "innhold/vedtak/begrunnelse", "AVSLAG without a reason", |h| {
            lines(&h.unused(), &registrer("1", "", &decided("AVSLAG", 0, "")))
        }),
        case("NIR-B551", "innhold/tiltak/tiltakstype", "a type of another group", |h| {
            measure(h, &tiltak("NORSK_SAMF", "LF01", &day(0), &day(10), "20"))
        }),
        case("NIR-B552", "innhold/tiltak/tilDato", "an end before the start", |h| measure(h, &norsk(5, 4, "20"))),
        case("NIR-B552", "innhold/vedtak/sluttDato", "a decision that ends before it begins", |h| {
            lines(&h.unused(), &registrer("1", "", &vedtak(&day(0), &day(0), &day(-1))))
        }),
        case("NIR-B553", "innhold/tiltak/gjennomfoering", "completion of norsk", |h| {
            measure(
                h,
                &with(
                    &norsk(-10, -1, "20"),
                    &format!("<gjennomfoering>GJENNOMFOERT</gjennomfoering><vurdertDato>{}</vurdertDato>", day(0)),
                ),
            )
        }),
        case("NIR-B554", "innhold/tiltak/timerPerUke", "41 hours", |h| measure(h, &norsk(0, 10, "41"))),
        case("NIR-B554", "innhold/tiltak/timerPerUke", "no hours", |h| measure(h, &norsk(0, 10, "0"))),
        case("NIR-B556", "innhold/tiltak/tilDato", "past the end of the programme", |h| {
            measure(h, &norsk(0, 301, "20"))
        }),
        case("NIR-B556", "innhold/tiltak/fraDato", "before the programme", |h| measure(h, &norsk(-31, 10, "20"))),
        case("NIR-B559", "innhold/tiltak/vurdertDato", "assessed before its end", |h| {
            let content = tiltak("LIVSM_FORELDRE", "LF01", &day(-10), &day(-1), "4");
            measure(
                h,
                &with(
                    &content,
                    &format!("<gjennomfoering>GJENNOMFOERT</gjennomfoering><vurdertDato>{}</vurdertDato>", day(-5)),
                ),
            )
        }),
    ]
}

fn warnings() -> Vec<Case> {
    vec![
        warning("NIR-B554", "innhold/tiltak/timerPerUke", "38 hours", |h| measure(h, &norsk(0, 10, "38"))),
        warning("NIR-B557", "innhold/tiltak/erstattendeTiltak", "replaces nothing", |h| {
            measure(h, &with(&norsk(0, 10, "20"), "<erstattendeTiltak>true</erstattendeTiltak>"))
        }),
        warning("NIR-B558", "innhold/tiltak/fraDato", "a weekend", |h| {
            let (saturday, sunday) = weekend();
            measure(h, &norsk(saturday, sunday, "4"))
        }),
        warning("NIR-K704", "innhold/tiltak/fraDato", "two measures of one kind at once", |h| {
            let (duf, _) = h.granted();
            h.stores(&head(), &duf, &registrer("1", "", &norsk(0, 30, "20")));
            lines(&duf, &registrer("1", "", &norsk(10, 40, "10")))
        }),
    ]
}

fn stored() -> Vec<Case> {
    vec![
        case("NIR-K701", "registrering[1]/avsendersReferanse", "a reference that stands for another record", |h| {
            let (duf, reference) = h.granted();
            lines(&duf, &registrer("1", &reference, &norsk(0, 10, "20")))
        }),
        case("NIR-K701", "registrering[1]/avsendersReferanse", "another person's reference", |h| {
            let (_, reference) = h.granted();
            lines(&h.unused(), &registrer("1", &reference, &vedtak(&day(0), &day(0), &day(300))))
        }),
        case("NIR-K701", "innhold/tiltak/tiltakstype", "the same measure again", |h| {
            let (duf, _) = h.granted();
            h.stores(&head(), &duf, &registrer("1", "", &norsk(0, 30, "20")));
            lines(&duf, &registrer("1", "", &norsk(0, 30, "20")))
        }),
        case("NIR-K702", "post/versjon", "a version that is past", |h| {
            let (duf, reference) = h.granted();
            let changed = vedtak(&day(-30), &day(-30), &day(200));
            h.stores(&head(), &duf, &line("1", "KORRIGER", "", &by_reference(&reference), &changed));
            let post = by_reference(&reference).replace("<post>", "<post><versjon>1</versjon>");
            lines(&duf, &line("1", "KORRIGER", "", &post, &vedtak(&day(-30), &day(-30), &day(100))))
        }),
        case("NIR-K706", "registrering[1]/post", "the former kommune's record", |h| {
            let (duf, reference) = (h.shown("Flyttet fra 4203"), fresh("vedtak"));
            let theirs = head().from("4203-flyktning-1", "4203", "4203-OVERF1");
            let receipt = h.stores(&theirs, &duf, &registrer("1", &reference, &decided("AVSLAG", -40, REASON)));
            let post = format!("<post><postId>{}</postId><versjon>1</versjon></post>", receipt.text("postId").unwrap());
            lines(&duf, &line("1", "ANNULLER", "", &post, ""))
        }),
        case("NIR-L803", "registrering[1]/post", "a record that was deleted", |h| {
            let (duf, reference) = h.granted();
            h.stores(&head(), &duf, &line("1", "ANNULLER", "", &by_reference(&reference), ""));
            lines(&duf, &line("1", "KORRIGER", "", &by_reference(&reference), &vedtak(&day(-30), &day(-30), &day(100))))
        }),
        case("NIR-L810", "registrering[1]/post", "a record that is not", |h| {
            lines(&h.unused(), &line("1", "ANNULLER", "", &by_reference("ingen"), ""))
        }),
        case("NIR-L810", "innhold/vedtak/vedtakRef", "a decision that follows none", |h| {
            let (duf, _) = h.granted();
            lines(&duf, &registrer("1", "", &decided("OMGJOERING", 0, "")))
        }),
    ]
}

fn states() -> Vec<Case> {
    vec![
        case("NIR-L801", "innhold/tiltak/fraDato", "a measure after the end", |h| {
            let duf = after(h, &decided("AVSLUTNING", -10, ""));
            lines(&duf, &registrer("1", "", &norsk(0, 10, "20")))
        }),
        case("NIR-L802", "innhold/tiltak/fraDato", "a measure during a stop", |h| {
            let duf = after(h, &decided("STANS_MIDLERTIDIG", -10, &(start(-10) + REASON)));
            lines(&duf, &registrer("1", "", &norsk(0, 10, "20")))
        }),
        case("NIR-L804", "innhold/vedtak/startDato", "a second programme at once", |h| {
            let (duf, _) = h.granted();
            lines(&duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(200))))
        }),
        case("NIR-L805", "innhold/vedtak/vedtakstype", "GJENOPPTAK without a stop", |h| {
            let (duf, _) = h.granted();
            lines(&duf, &registrer("1", "", &decided("GJENOPPTAK", 0, "")))
        }),
    ]
}
