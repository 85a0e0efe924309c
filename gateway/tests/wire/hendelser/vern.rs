//! Who becomes strictly confidential (VERN-1, VERN-5): what stands in the streams of a kommune without anybody who may know is
//! withdrawn, read or not, and it hears nothing more.

use super::verden::{Verden, bosted, reader};
use crate::bilder::{bestill, of};
use crate::client::Client;
use crate::kilde::{personalia, sett};
use crate::messages::{bekreft_endringer, day, hent_endringer};
use crate::process::eventually;
use crate::pull::{as_1_1, last, numbers};

fn protected(level: &str) -> String {
    let level = format!("<beskyttelse><adressebeskyttelse>{level}</adressebeskyttelse></beskyttelse>");
    sett("g", &day(0), &level)
}

#[test]
fn what_was_not_read_is_withdrawn_and_nothing_more_is_told() {
    const NEXT: &str = "4203-flyktning-1";
    let w = Verden::new();
    let duf = w.resident("4203", None);
    let stood = w.stands(NEXT);
    w.udi(&duf, &sett("navn", &day(-1), &personalia().replace("Bjørk", "Gran")));
    let told = w.hears(NEXT, stood);
    assert_eq!((told[0].hendelsestype.as_str(), &told[0].duf), ("PERSONALIA_ENDRET", &duf), "{told:?}");
    w.freg(&duf, &protected("STRENGT_FORTROLIG"));
    let told = w.hears(NEXT, stood);
    let kinds: Vec<(&str, &str)> = told.iter().map(|one| (one.hendelsestype.as_str(), one.duf.as_str())).collect();
    assert_eq!(kinds, [("TRUKKET_TILBAKE", "")], "the number stays");
    w.freg(&duf, &sett("bosted/2", &day(0), &bosted("4203", None)));
    w.udi(&duf, &sett("navn", &day(0), &personalia().replace("Bjørk", "Furu")));
    assert_eq!(w.hears(NEXT, stood), told);
}

/// The attack: a kommune that has acknowledged all of it reads its stream again from the first number.
#[test]
fn what_was_acknowledged_cannot_be_read_again() {
    const NEXT: &str = "4203-flyktning-1";
    const STREAM: &str = "4203-flyktning-1.1";
    let w = Verden::new();
    let duf = w.resident("4203", None);
    w.udi(&duf, &sett("navn", &day(-1), &personalia().replace("Bjørk", "Gran")));
    let (certificate, head) = reader(NEXT);
    let client = Client::new(&w.sandbox, certificate);
    let again = || client.accepted(&as_1_1(&hent_endringer(&head, STREAM, 0, "<antall>1000</antall>")));
    let id = client.accepted(&bestill(&head, STREAM, &of(&[&duf]))).text("bestillingsId").unwrap();
    let read = eventually("the picture", || Some(again()).filter(|page| page.body.contains(&id)));
    assert!(read.body.contains(&duf) && read.body.contains("Gran"), "{read}");
    let end = last(&read);
    client.accepted(&bekreft_endringer(&head, STREAM, end));

    w.freg(&duf, &protected("STRENGT_FORTROLIG"));
    let page = again();
    assert_eq!((numbers(&page), last(&page)), (numbers(&read), end), "every number stays, and nothing is told again");
    assert_eq!(page.text("bekreftetTil").as_deref(), Some(end.to_string().as_str()), "{page}");
    for trace in [duf.as_str(), "Gran", "Bjørk", "PERSONALIA_ENDRET", "TILFLYTTET"] {
        assert!(!page.body.contains(trace), "{trace}: {page}");
    }
    // An order whose last picture is withdrawn before it was read is told to be at its end all the same.
    let other = w.resident("4203", None);
    let order = client.accepted(&bestill(&head, STREAM, &of(&[&other])));
    let stood = eventually("the picture", || Some(last(&again())).filter(|now| *now > last(&order)));
    w.freg(&other, &protected("STRENGT_FORTROLIG"));
    let page = client.accepted(&as_1_1(&hent_endringer(&head, STREAM, stood, "")));
    let id = order.text("bestillingsId").unwrap();
    assert!(page.body.contains(&id) && page.text("siste").as_deref() == Some("true"), "{page}");
    assert!(!page.body.contains(&other), "{page}");
    // Nor by a picture that is ordered now.
    let order = client.accepted(&bestill(&head, STREAM, &of(&[&duf])));
    assert_eq!(order.text("antall").as_deref(), Some("0"), "{order}");
}

/// An address that is suppressed from now on is not read again either; the rest of the person stays.
#[test]
fn an_address_that_was_read_cannot_be_read_again() {
    const HERE: &str = "4204-flyktning-1";
    let w = Verden::new();
    let duf = w.resident("4204", None);
    let stood = w.stands(HERE);
    w.freg(&duf, &sett("bosted/2", &day(-1), &bosted("4204", None)));
    w.udi(&duf, &sett("navn", &day(-1), &personalia().replace("Bjørk", "Gran")));
    w.freg(&duf, &protected("KLIENTADRESSE"));
    let told = w.hears(HERE, stood);
    let kinds: Vec<(&str, &str)> = told.iter().map(|one| (one.hendelsestype.as_str(), one.innhold.as_str())).collect();
    assert_eq!(kinds[0], ("TRUKKET_TILBAKE", ""), "{told:?}");
    assert_eq!((kinds[1].0, kinds[2].0), ("PERSONALIA_ENDRET", "PERSON_OEYEBLIKKSBILDE"), "{told:?}");
    assert_eq!(kinds[3], ("ADRESSE_ENDRET", "undertrykttrue"), "{told:?}");
}

/// Whoever takes a person over gets its picture though the address is suppressed before it has read it (VERN-2, contract.md
/// 0.15).
#[test]
fn the_picture_of_a_move_is_told_again_without_the_address() {
    const HERE: &str = "4204-flyktning-1";
    let w = Verden::new();
    let stood = w.stands(HERE);
    let duf = w.resident("4204", None);
    let pictures = || -> Vec<String> {
        let told = w.hears(HERE, stood).into_iter();
        told.filter(|one| one.hendelsestype == "PERSON_OEYEBLIKKSBILDE").map(|one| one.innhold).collect()
    };
    let before = pictures();
    assert!(before.len() == 1 && before[0].contains("Bjørk"), "{before:?}");
    let end = w.stands(HERE);
    w.freg(&duf, &protected("KLIENTADRESSE"));
    let again = pictures();
    assert!(again.len() == 1 && again[0].contains("Bjørk"), "{again:?}");
    let told = w.hears(HERE, end);
    let kinds: Vec<&str> = told.iter().map(|one| one.hendelsestype.as_str()).collect();
    assert_eq!(kinds, ["PERSON_OEYEBLIKKSBILDE", "ADRESSE_ENDRET"], "under another number: {told:?}");
}
