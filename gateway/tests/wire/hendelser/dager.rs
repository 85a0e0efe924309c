//! What the calendar causes (design.md 6, Calendar events): the sandbox's clock is set ahead once, for both kommuner.

use super::verden::{Verden, bosted, until};
use super::{Case, case};
use crate::kilde::{permit, sett};
use crate::messages::{day, vedtak};
use crate::process::eventually;

const HERE: &str = "4204-flyktning-1";
const TID: (&str, &str) = (HERE, "TID");
const NEXT: &str = "4203-flyktning-1";

fn nothing(_: &Verden, _: &str) {}

/// A programme that nobody ends.
fn runs_out(w: &Verden) -> String {
    let duf = w.refugee();
    w.sends(&duf, &[&vedtak(&day(-10), &day(-10), &day(50))]);
    duf
}

/// A permit that expires.
fn expires(w: &Verden) -> String {
    let duf = w.refugee();
    w.udi(&duf, &until(&sett("vedtak/1", &day(-90), &permit("ASYL", &day(-90))), &day(30)));
    duf
}

/// A move that Folkeregisteret tells of before it happens.
fn will_move(w: &Verden) -> String {
    let duf = w.resident("4204", None);
    w.freg(&duf, &sett("bosted/2", &day(10), &bosted("4203", None)));
    duf
}

fn protected_until(w: &Verden, level: &str) -> String {
    let duf = w.load();
    let innhold = format!("<beskyttelse><adressebeskyttelse>{level}</adressebeskyttelse></beskyttelse>");
    w.freg(&duf, &until(&sett("g", &day(-5), &innhold), &day(20)));
    duf
}

pub fn cases() -> Vec<Case> {
    vec![
        case("FRIST_NAER", Verden::refugee, nothing, TID, &[NEXT]),
        case("FRIST_OVERSKREDET", Verden::refugee, nothing, TID, &[NEXT]),
        case("OPPHOLD_UTLOEPT", expires, nothing, TID, &[NEXT]),
        case("KATEGORI_LUKKET", expires, nothing, TID, &[NEXT]),
        // The measure ends before the programme does.
        case("TILTAK_MANGLER", Verden::decided, nothing, TID, &[NEXT, "4204-norsk-9"]),
        case("FRAFLYTTET", will_move, nothing, TID, &["0301-flyktning-1"]),
        case("ADRESSE_ENDRET", |w| protected_until(w, "FORTROLIG"), nothing, TID, &[NEXT]),
        case("SKJERMING_ENDRET", |w| protected_until(w, "STRENGT_FORTROLIG"), nothing, TID, &[NEXT]),
        case("AVSLUTNING_SATT_AV_SYSTEM", runs_out, nothing, TID, &[NEXT]),
        case("REGISTRERING_ENDRET_AV_SYSTEM", runs_out, nothing, TID, &[NEXT]),
        // Told by the message that moves the end on, once the day has set it.
        case("AVSLUTNING_OPPHEVET", runs_out, extends, (HERE, "EGEN_MELDING"), &[NEXT]),
    ]
}

fn extends(w: &Verden, duf: &str) {
    w.sends(
        duf,
        &[&format!(
            "<vedtak><ordning>INTRO</ordning><vedtakstype>FORLENGELSE</vedtakstype><vedtaksdato>{}</vedtaksdato>\
             <startDato>{}</startDato><sluttDato>{}</sluttDato><vedtakRef><postId>{}</postId></vedtakRef></vedtak>",
            day(70),
            day(51),
            day(120),
            w.post(duf, 0)
        )],
    );
}

#[test]
fn what_days_bring_is_heard() {
    let w = Verden::new();
    let cases = cases();
    let dufs: Vec<String> = cases.iter().map(|case| (case.given)(&w)).collect();
    let stands = |case: &Case| -> Vec<(&'static str, i64)> {
        std::iter::once(&case.til).chain(case.ikke).map(|system| (*system, w.stands(system))).collect()
    };
    let stood: Vec<_> = cases.iter().map(stands).collect();
    for kommune in ["4203", "4204"] {
        w.sandbox.set_clock(kommune, &format!("{}T12:00", day(75)));
    }
    let overdue = dufs[1].clone();
    eventually("the last of the days", || {
        let told = w.hears(HERE, stood[1][0].1);
        told.iter().any(|one| one.duf == overdue && one.hendelsestype == "FRIST_OVERSKREDET").then_some(())
    });
    for ((case, duf), stood) in cases.iter().zip(&dufs).zip(&stood) {
        (case.cause)(&w, duf);
        w.holds(case, duf, stood);
    }
}
