//! The register's rules over the wire: act and category, durations, leave and absence, training, ends and appeals. What each
//! says in full stands in `core/tests/decide/`; here every code is met once by a real message.

use crate::codes::case::{Attempt, Case, Part, Told};
use crate::codes::house::{House, on_lines};
use crate::messages::{Head, day, head, person, registrer, send, tiltak, vedtak, vedtak_in};

fn case(code: &'static str, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Receipt(Part::Line), at, provoke }
}

fn sent(head: Head, duf: &str, lines: &str) -> Attempt {
    let payload = on_lines(&send(&head, &person(duf, lines)));
    Attempt::registering(head, payload, &[duf])
}

/// One line of the introduksjonsprogram's user.
fn intro(duf: &str, content: &str) -> Attempt {
    sent(head(), duf, &registrer("1", "", content))
}

/// The user of all schemes, whose fagsystem another vendor runs.
fn everything() -> Head {
    head().from("4204-voksen-2", "4204", "4204-SUPER1")
}

/// One line of the user of all schemes.
fn norsk(duf: &str, content: &str) -> Attempt {
    sent(everything(), duf, &registrer("1", "", content)).by("vendor2")
}

/// The last line after others that must stand with it: the message falls by the last.
fn norsk_after(duf: &str, before: &[String], content: &str) -> Attempt {
    let mut lines: String = before.iter().zip(1..).map(|(c, n)| registrer(&n.to_string(), "", c)).collect();
    lines += &registrer("9", "", content);
    sent(everything(), duf, &lines).by("vendor2")
}

fn grant() -> String {
    vedtak(&day(0), &day(0), &day(200))
}

fn norsk_grant() -> String {
    vedtak_in("NORSK", "INNVILGELSE", &day(-20), &day(-20), &day(300))
}

fn exempted(vedtakstype: &str, ground: &str) -> String {
    format!(
        "<vedtak><ordning>NORSK</ordning><vedtakstype>{vedtakstype}</vedtakstype><vedtaksdato>{}</vedtaksdato>\
         <fritaksgrunnlag>{ground}</fritaksgrunnlag></vedtak>",
        day(-1)
    )
}

fn leave(typ: &str, from: i64, to: i64) -> String {
    format!(
        "<permisjon><ordning>INTRO</ordning><permisjonstype>{typ}</permisjonstype><fraDato>{}</fraDato>\
         <tilDato>{}</tilDato></permisjon>",
        day(from),
        day(to)
    )
}

fn hours(norsk: &str, more: &str) -> String {
    format!(
        "<norsktimer><fraDato>{0}</fraDato><tilDato>{0}</tilDato><norskTimer>{norsk}</norskTimer>{more}</norsktimer>",
        day(-1)
    )
}

fn end(reason: &str) -> String {
    format!(
        "<avslutning><avslutningsdato>{}</avslutningsdato><avslutningsaarsak>{reason}</avslutningsaarsak></avslutning>",
        day(-1)
    )
}

fn work(from: i64) -> String {
    format!(
        "<arbeidsforhold><fraDato>{}</fraDato><timerPerUke>37.5</timerPerUke><tilbud>false</tilbud></arbeidsforhold>",
        day(from)
    )
}

fn education(answer: &str) -> String {
    format!(
        "<utdanningsbakgrunn><harVideregaaende>{answer}</harVideregaaende><dato>{}</dato></utdanningsbakgrunn>",
        day(-5)
    )
}

pub fn cases() -> Vec<Case> {
    [categories(), durations(), leaves(), training(), others()].into_iter().flatten().collect()
}

fn categories() -> Vec<Case> {
    let decided = "innhold/vedtak/vedtaksdato";
    vec![
        case("NIR-B503", decided, "an EEA citizen", |h| intro(&h.shown("EØS-borger"), &grant())),
        case("NIR-B504", "innhold/tiltak/ordning", "a scheme of the other act", |h| {
            let measure = tiltak("NORSK_SAMF", "NS01", &day(0), &day(10), "20").replace("INTRO", "MOTTAK_KVAL");
            intro(&h.shown("Under introduksjonsloven"), &measure)
        }),
        case("NIR-B505", decided, "under age when the permit was granted", |h| {
            intro(&h.shown("Var under 18 år"), &grant())
        }),
        case("NIR-B506", decided, "settled for three years", |h| {
            intro(&h.shown("Bosatt i tre år uten vedtak"), &grant())
        }),
        case("NIR-B507", decided, "not settled by agreement yet", |h| {
            norsk(&h.shown("Kollektiv beskyttelse, ennå"), &norsk_grant().replace(&day(-20), &day(0)))
        }),
        case("NIR-B508", decided, "in work", |h| {
            let duf = h.shown("Flyktning som kan få arbeid");
            let lines = registrer("1", "", &work(-10)) + &registrer("2", "", &grant());
            sent(head(), &duf, &lines)
        }),
        case("NIR-B509", decided, "a decision before the permit", |h| {
            let refusal = format!(
                "<vedtak><ordning>INTRO</ordning><vedtakstype>AVSLAG</vedtakstype><vedtaksdato>{}</vedtaksdato>\
                 <begrunnelse>ANNET</begrunnelse></vedtak>",
                day(-45)
            );
            intro(&h.shown("Fikk tillatelse for en måned siden"), &refusal)
        }),
        case("NIR-B511", "innhold/vedtak/startDato", "a start before the settlement", |h| {
            intro(&h.shown("Nylig bosatt"), &vedtak(&day(0), &day(-45), &day(200)))
        }),
        case("NIR-B541", "innhold/sluttmaal/fraDato", "an end goal under introduksjonsloven", |h| {
            let goal = format!("<sluttmaal><sluttmaal>ARBEID</sluttmaal><fraDato>{}</fraDato></sluttmaal>", day(-1));
            intro(&h.shown("Under introduksjonsloven"), &goal)
        }),
    ]
}

fn durations() -> Vec<Case> {
    let ends = "innhold/vedtak/sluttDato";
    vec![
        case("NIR-B512", ends, "three years under introduksjonsloven", |h| {
            intro(&h.unused(), &vedtak(&day(0), &day(0), &day(3 * 365)))
        }),
        case("NIR-B513", ends, "an extension beyond a year, after videregående", |h| {
            let duf = h.shown("Flyktning som kan få utdanning");
            extended(&duf, &[education("JA")], 250, 400)
        }),
        case("NIR-B514", ends, "an extension beyond three years under introduksjonsloven", |h| {
            extended(&h.unused(), &[], 700, 1_200)
        }),
    ]
}

/// A programme and its extension in one message, which falls by the extension.
fn extended(duf: &str, before: &[String], first_end: i64, second_end: i64) -> Attempt {
    let extension = format!(
        "<vedtak><ordning>INTRO</ordning><vedtakstype>FORLENGELSE</vedtakstype><vedtaksdato>{}</vedtaksdato>\
         <startDato>{}</startDato><sluttDato>{}</sluttDato>\
         <vedtakRef><registreringsId>8</registreringsId></vedtakRef></vedtak>",
        day(0),
        day(first_end + 1),
        day(second_end)
    );
    let mut lines: String = before.iter().zip(1..).map(|(c, n)| registrer(&n.to_string(), "", c)).collect();
    lines += &registrer("8", "", &vedtak(&day(0), &day(0), &day(first_end)));
    lines += &registrer("9", "", &extension);
    sent(head(), duf, &lines)
}

fn leaves() -> Vec<Case> {
    vec![
        case("NIR-B520", "innhold/permisjon/tilDato", "three weeks of velferdspermisjon", |h| {
            intro(&h.granted().0, &leave("PE01", -20, 5))
        }),
        case("NIR-B521", "innhold/permisjon/permisjonstype", "a leave that norsk does not have", |h| {
            let leave = leave("PE08", -3, -2).replace("INTRO", "NORSK");
            norsk_after(&h.unused(), &[norsk_grant()], &leave)
        }),
        case("NIR-B525", "innhold/permisjon/fraDato", "more than the year's quota", |h| {
            let lines = registrer("1", "", &leave("PE01", -28, -18)) + &registrer("2", "", &leave("PE01", -16, -10));
            sent(head(), &h.granted().0, &lines)
        }),
        case("NIR-B555", "innhold/tiltak/fraDato", "a measure in a leave", |h| {
            let (duf, _) = h.granted();
            h.stores(&head(), &duf, &registrer("1", "", &leave("PE02", -10, -5)));
            intro(&duf, &tiltak("NORSK_SAMF", "NS01", &day(-9), &day(-6), "20"))
        }),
    ]
}

fn training() -> Vec<Case> {
    let ground = "innhold/vedtak/fritaksgrunnlag";
    vec![
        case("NIR-B517", ground, "a ground of asylum seekers", |h| {
            norsk(&h.unused(), &exempted("FRITAK_OPPL_NORSK", "SAMF_PROEVE"))
        }),
        case("NIR-B526", ground, "a right lost by bad health", |h| {
            norsk(&h.unused(), &exempted("BORTFALL_RETT", "HELSE"))
        }),
        case("NIR-B528", "innhold/vedtak/vedtakstype", "no exam duty to be exempt from", |h| {
            norsk(&h.shown("Arbeidsinnvandrer"), &exempted("FRITAK_PROEVE_NORSK", "HELSE"))
        }),
        case("NIR-B522", "innhold/norsktimer/norskTimer", "25 hours on a day", |h| {
            norsk_after(&h.unused(), &[norsk_grant()], &hours("25", ""))
        }),
        case("NIR-B523", "innhold/norsktimer/samfunnskunnskapTimer", "a module twice", |h| {
            let twice =
                "<samfunnskunnskapTimer><modul>MOD_UKA</modul><timer>1</timer></samfunnskunnskapTimer>".repeat(2);
            norsk_after(&h.unused(), &[norsk_grant()], &hours("2", &twice))
        }),
        Case {
            told: Told::Warning(Part::Line),
            ..case("NIR-B524", "innhold/norskmaal/lytte", "a goal below the least", |h| {
                let goals = format!(
                    "<norskmaal><dato>{}</dato><morsmaal>ti</morsmaal><lytte>A1</lytte><lese>B1</lese>\
                     <skrive>B1</skrive><muntlig>B1</muntlig></norskmaal>",
                    day(-1)
                );
                norsk(&h.shown("Nylig bosatt"), &goals)
            })
        },
    ]
}

fn others() -> Vec<Case> {
    vec![
        case("NIR-B561", "innhold/avslutning/hovedaktivitet", "a goal reached, and nothing done after it", |h| {
            intro(&h.granted().0, &end("AV21"))
        }),
        case("NIR-B562", "innhold/avslutning/avslutningsaarsak", "the system's own reason", |h| {
            intro(&h.granted().0, &end("SYS0"))
        }),
    ]
}
