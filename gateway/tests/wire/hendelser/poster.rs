//! What a kommune's own records cause, and those of another avsendersystem of the kommune.

use super::verden::Verden;
use super::{Case, case};
use crate::client::Client;
use crate::messages::{day, head, line, post, vedtak, vedtak_in};
use crate::oppslag::report;

const HERE: &str = "4204-flyktning-1";
const OTHER: &str = "4204-voksen-2";
const NEXT: &str = "4203-flyktning-1";
const NORSK: &str = "4204-norsk-9";
const OWN: (&str, &str) = (HERE, "EGEN_MELDING");

fn grants(w: &Verden, duf: &str) {
    w.sends(duf, &[&vedtak(&day(-5), &day(0), &day(300))]);
}

/// A decision with a reason, of today.
fn with_reason(vedtakstype: &str, start: &str, begrunnelse: &str) -> String {
    format!(
        "<vedtak><ordning>INTRO</ordning><vedtakstype>{vedtakstype}</vedtakstype><vedtaksdato>{}</vedtaksdato>{start}\
         <begrunnelse>{begrunnelse}</begrunnelse></vedtak>",
        day(0)
    )
}

fn declines(w: &Verden, duf: &str) {
    w.sends(duf, &[&with_reason("AVSLAG", "", "EGET_OENSKE")]);
}

fn avsluttet(w: &Verden, duf: &str) {
    let end = format!(
        "<avslutning><avslutningsdato>{}</avslutningsdato><avslutningsaarsak>AV15</avslutningsaarsak></avslutning>",
        day(0)
    );
    w.sends(duf, &[&end]);
}

/// A programme that is over, with its reason.
fn over(w: &Verden) -> String {
    let duf = w.refugee();
    let end = format!(
        "<avslutning><avslutningsdato>{}</avslutningsdato><avslutningsaarsak>AV01</avslutningsaarsak></avslutning>",
        day(-3)
    );
    w.sends(&duf, &[&vedtak(&day(-18), &day(-18), &day(-3)), &end]);
    duf
}

fn declined(w: &Verden) -> String {
    let duf = w.refugee();
    declines(w, &duf);
    duf
}

pub fn cases() -> Vec<Case> {
    vec![
        case("ORDNING_AKTIVERT", Verden::refugee, grants, OWN, &[NEXT, NORSK]),
        case("ORDNING_AKTIVERT", Verden::refugee, grants, (OTHER, "ANNEN_KOMMUNE"), &[NEXT, NORSK]),
        case("KATEGORI_ENDRET", Verden::refugee, grants, OWN, &[NEXT, NORSK]),
        case("TILTAK_MANGLER", Verden::refugee, grants, OWN, &[NEXT, NORSK]),
        case("REGISTRERING_ENDRET_UTENFRA", Verden::refugee, grants, (OTHER, "ANNEN_KOMMUNE"), &[HERE, NEXT, NORSK]),
        case(
            "ORDNING_INAKTIV",
            Verden::decided,
            |w, d| {
                let from = format!("<startDato>{}</startDato>", day(0));
                w.sends(d, &[&with_reason("STANS_MIDLERTIDIG", &from, "SYKDOM")]);
            },
            OWN,
            &[NEXT, NORSK],
        ),
        case(
            "ORDNING_FULLFOERT",
            Verden::decided,
            |w, d| {
                let ends = format!(
                    "<vedtak><ordning>INTRO</ordning><vedtakstype>AVSLUTNING</vedtakstype><vedtaksdato>{0}</vedtaksdato></vedtak>",
                    day(0)
                );
                w.sends(d, &[&ends]);
            },
            OWN,
            &[NEXT, NORSK],
        ),
        case("ORDNING_FULLFOERT", Verden::decided, avsluttet, OWN, &[NEXT, NORSK]),
        case("FRIST_BORTFALT", Verden::refugee, declines, OWN, &[NEXT, NORSK]),
        case(
            "AVSLUTNING_MANGLER",
            over,
            |w, d| w.sends_lines(d, &line("1", "ANNULLER", "", &post(&w.post(d, 1), 1), "")),
            OWN,
            &[NEXT, NORSK],
        ),
        case(
            "KLAGE_ENDRET",
            declined,
            |w, d| {
                let klage = format!(
                    "<klage><ordning>INTRO</ordning><vedtakRef><postId>{}</postId></vedtakRef><klageDato>{}</klageDato></klage>",
                    w.post(d, 0),
                    day(0)
                );
                w.sends(d, &[&klage]);
            },
            (OTHER, "ANNEN_KOMMUNE"),
            &[NEXT, NORSK],
        ),
        case(
            "RESERVASJON_ENDRET",
            Verden::refugee,
            |w, d| {
                let dato = day(-1);
                let innhold = format!(
                    "<reservasjonForskning><reservert>true</reservert><dato>{dato}</dato></reservasjonForskning>"
                );
                w.sends(d, &[&innhold]);
            },
            (NORSK, "ANNEN_KOMMUNE"),
            &[NEXT],
        ),
        case(
            "ARBEID_ENDRET",
            Verden::refugee,
            |w, d| {
                let fra = day(-5);
                w.sends(d, &[&format!("<arbeidsforhold><fraDato>{fra}</fraDato><timerPerUke>37.5</timerPerUke><tilbud>false</tilbud></arbeidsforhold>")]);
            },
            OWN,
            &[NEXT],
        ),
        case("REGISTRERING_FEILREGISTRERT", Verden::decided, wrong_person, (OTHER, "ANNEN_KOMMUNE"), &[NEXT, NORSK]),
        // A programme of norsk is another scheme's.
        case(
            "ORDNING_AKTIVERT",
            Verden::refugee,
            |w, d| {
                let by = head().by("4204-SUPER1");
                let norsk = vedtak_in("NORSK", "INNVILGELSE", &day(-5), &day(0), &day(300));
                let lines = crate::messages::registrer("1", "", &norsk);
                let sent = crate::messages::send(&by, &crate::messages::person(d, &lines));
                Client::new(&w.sandbox, "vendor").registered(&sent);
            },
            (NORSK, "ANNEN_KOMMUNE"),
            &[NEXT],
        ),
    ]
}

fn wrong_person(w: &Verden, duf: &str) {
    Client::new(&w.sandbox, "vendor").accepted(&report(&head(), duf, &w.post(duf, 1), 1, "FEIL_PERSON"));
}
