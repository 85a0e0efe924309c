//! `hentPerson` as of a day and a time and for each caller, and the stream with its cursor (contract.md 4.6, 5), on both
//! databases.

use crate::client::{Answer, Client};
use crate::messages::{
    bekreft_endringer, day, head, hent_endringer, hent_person, line, person, post, registrer, send, tiltak, vedtak,
};
use crate::sandbox::{Sandbox, on_both_databases, shared};

on_both_databases! {
    a_person_is_read_as_of_a_day_and_as_of_a_time,
    a_stream_is_read_in_pages_and_acknowledged_forward,
}

fn a_person_is_read_as_of_a_day_and_as_of_a_time(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let read = |more: &str| client.accepted(&hent_person(&head(), &duf, more));
    let course = |til: &str, timer: &str| tiltak("NORSK_SAMF", "NS01", &day(-10), til, timer);
    let lines =
        registrer("1", "", &vedtak(&day(-10), &day(-10), &day(300))) + &registrer("2", "", &course(&day(20), "25"));
    let first = client.registered(&send(&head(), &person(&duf, &lines)));
    let measure = first.texts("postId")[1].clone();
    let moments = read("").texts("registrert");
    client.registered(&send(
        &head(),
        &person(&duf, &line("1", "KORRIGER", "", &post(&measure, 1), &course(&day(10), "30"))),
    ));
    client.registered(&send(&head(), &person(&duf, &line("1", "ANNULLER", "", &post(&measure, 2), ""))));
    // As recorded at a moment: before anything, with the first version, and now.
    let as_of = |moment: &str| read(&format!("<registrertTidspunkt>{moment}</registrertTidspunkt>"));
    assert_eq!(as_of("2026-01-01T00:00:00Z").texts("postId"), Vec::<String>::new());
    let then = as_of(&after(&moments[1]));
    assert_eq!(
        (then.texts("versjon"), then.texts("timerPerUke")),
        (vec!["1".to_owned(), "1".to_owned()], vec!["25".to_owned()]),
        "{then}"
    );
    assert_eq!(read("").texts("versjon"), ["1"]);
    assert_eq!(read("<medAnnullerte>true</medAnnullerte>").texts("versjon"), ["1", "3"]);
    // As valid on a day: the decision holds after the measure has ended.
    let on = |day: &str| {
        read(&format!(
            "<gyldigDato>{day}</gyldigDato><registrertTidspunkt>{}</registrertTidspunkt>",
            after(&moments[1])
        ))
    };
    assert_eq!(on(&day(15)).texts("posttype"), ["VEDTAK", "TILTAK"]);
    assert_eq!(on(&day(25)).texts("posttype"), ["VEDTAK"]);
    assert_eq!(on(&day(-11)).texts("posttype"), Vec::<String>::new());
    // Deadlines have a status, too; those of the schemes come last.
    assert_eq!(on(&day(15)).texts("status").last().map(String::as_str), Some("AKTIV"));
    // What is asked for must make sense.
    client
        .fault(&hent_person(&head(), &duf, "<maanedFra>2026-02</maanedFra><maanedTil>2026-01</maanedTil>"), "NIR-B552");
    client
        .fault(&hent_person(&head(), &duf, "<maanedFra>2010-01</maanedFra><maanedTil>2020-01</maanedTil>"), "NIR-X314");
    let decade = read("<maanedFra>2010-01</maanedFra><maanedTil>2019-12</maanedTil>");
    assert_eq!(decade.texts("maaned").len(), 120);
    assert_eq!(read("<maanedTil>2021-04</maanedTil>").texts("maaned"), ["2021-04"], "one end alone means that month");
}

/// The end of the millisecond that an answer names, which is cut.
fn after(moment: &str) -> String {
    let at = chrono::DateTime::parse_from_rfc3339(moment).unwrap() + chrono::TimeDelta::milliseconds(1);
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
}

#[test]
fn a_person_shows_what_the_caller_may_see() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let all = sandbox.json("persons.json");
    let showing = |words: &str| {
        let rows = all["personer"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["viser"].as_str().unwrap().starts_with(words))
            .unwrap_or_else(|| panic!("{words}"));
        row["dufNummer"].as_str().unwrap().to_owned()
    };
    let own = client.accepted(&hent_person(&head(), "202400000702", ""));
    assert_eq!(own.text("foedselsnummer").as_deref(), Some("01819012365"));
    for name in ["fornavn", "etternavn", "foedselsdato", "kjoenn"] {
        assert!(own.text(name).is_some_and(|text| !text.is_empty()), "{name}: {own}");
    }
    assert_eq!(own.texts("stroemId"), ["4204-flyktning-1.1"]);
    // What is known, and what follows from it, all of one computation.
    assert!(own.text("oppholdsgrunnlag").is_some() && own.text("lov").is_some(), "{own}");
    let mut computations = own.texts("beregningsId");
    computations.dedup();
    assert_eq!((computations.len(), own.texts("usikker").is_empty()), (1, false), "{own}");
    // Another kommune reads by exact DUF, without the national id.
    let theirs = client.accepted(&hent_person(&head(), &showing("Bor i 4203"), ""));
    assert!(theirs.text("fornavn").is_some() && theirs.text("foedselsnummer").is_none(), "{theirs}");
    // A hidden person is answered exactly as an unknown one, but for the id of the error; who is approved sees no name.
    let hidden = showing("Strengt fortrolig");
    let fault = |duf: &str| {
        let answer = client.fault(&hent_person(&head(), duf, ""), "NIR-B501");
        let id = answer.text("feilId").unwrap();
        let body = &answer.body[answer.body.find("<soap:Fault").unwrap()..];
        body.replace(&id, "")
    };
    assert_eq!(fault(&hidden), fault("200100000104"));
    let approved = client.accepted(&hent_person(&head().by("4204-SKJERM1"), &hidden, ""));
    assert_eq!((approved.text("fornavn"), approved.texts("dufNummer")), (None, vec![hidden]));
    for words in ["Fortrolig adresse", "Klientadresse"] {
        assert!(client.accepted(&hent_person(&head(), &showing(words), "")).text("fornavn").is_some(), "{words}");
    }
    let moved = client.accepted(&hent_person(&head(), &showing("Flyttet fra 4203"), ""));
    assert_eq!(moved.texts("kommunenummer"), ["4203", "4204"], "{moved}");
    client.fault(&hent_person(&head(), &showing("Erstattet av"), ""), "NIR-L806");
}

fn a_stream_is_read_in_pages_and_acknowledged_forward(sandbox: &Sandbox) {
    // A fagsystem that only this test uses.
    let client = Client::new(sandbox, "kommune");
    let own = || head().from("4204-egen-3", "4204", "4204-SUPER1");
    let stream = "4204-egen-3.1";
    let page = |after: i64, more: &str| client.accepted(&hent_endringer(&own(), stream, after, more));
    let number = |answer: &Answer, name: &str| answer.text(name).unwrap().parse::<i64>().unwrap();
    let numbers =
        |answer: &Answer| -> Vec<i64> { answer.texts("sekvensnummer").iter().map(|n| n.parse().unwrap()).collect() };
    let mut told = Vec::new();
    for _ in 0..4 {
        let duf = sandbox.unused("4204");
        let lines = registrer("1", "", &vedtak(&day(0), &day(0), &day(300)))
            + &registrer("2", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(1), "25"));
        let receipt = client.registered(&send(&own(), &person(&duf, &lines)));
        assert_eq!(receipt.text("stroemId").as_deref(), Some(stream));
        told.extend(numbers(&receipt));
    }
    // Nothing was handed out yet, so nothing can be acknowledged, whatever receipts told of it.
    client.fault(&bekreft_endringer(&own(), stream, told[0]), "NIR-I906");
    // What the receipts told stands in the stream under the same numbers, among what others did.
    let head_of = number(&page(0, "<antall>1</antall>"), "sisteSekvensnummer");
    let mut seen = Vec::new();
    loop {
        // Small pages first; other tests of this sandbox write to the same stream, so the rest comes in large ones.
        let size = if seen.len() < 9 { 3 } else { 500 };
        let part = page(seen.len() as i64, &format!("<antall>{size}</antall>"));
        assert_eq!(number(&part, "bekreftetTil"), 0);
        seen.extend(numbers(&part));
        let more = part.text("flere").as_deref() == Some("true");
        assert_eq!(
            more,
            numbers(&part).len() == size && *seen.last().unwrap() < number(&part, "sisteSekvensnummer"),
            "{part}"
        );
        if !more {
            break;
        }
    }
    assert_eq!(seen, (1..=seen.len() as i64).collect::<Vec<_>>(), "gap-free");
    assert!(seen.len() as i64 >= head_of && told.iter().all(|number| seen.contains(number)));
    assert_eq!(numbers(&page(0, "<antall>2</antall>")), [1, 2], "it can be read again");
    // Forward only: a lower number, or the same, changes nothing.
    let acknowledge = |to: i64| number(&client.accepted(&bekreft_endringer(&own(), stream, to)), "bekreftetTil");
    assert_eq!([acknowledge(2), acknowledge(1), acknowledge(2), acknowledge(0)], [2, 2, 2, 2]);
    assert_eq!(number(&page(2, "<bekreftTil>3</bekreftTil><antall>1</antall>"), "bekreftetTil"), 3);
    let beyond = number(&page(0, "<antall>1</antall>"), "sisteSekvensnummer") + 1_000_000;
    client.fault(&bekreft_endringer(&own(), stream, beyond), "NIR-I906");
    client.fault(&hent_endringer(&own(), stream, 0, &format!("<bekreftTil>{beyond}</bekreftTil>")), "NIR-I906");
    assert_eq!(number(&page(0, "<antall>1</antall>"), "bekreftetTil"), 3);
    // A page has its size, and a place in the stream must be one.
    assert_eq!(numbers(&page(0, "<antall>1000</antall>"))[0], 1);
    for (after, more, code) in [
        (0, "<antall>0</antall>", "NIR-X314"),
        (0, "<antall>-1</antall>", "NIR-X314"),
        (0, "<antall>1001</antall>", "NIR-X314"),
        (0, "<ventSekunder>51</ventSekunder>", "NIR-X314"),
        (0, "<ventSekunder>-1</ventSekunder>", "NIR-X314"),
        (beyond, "", "NIR-I905"),
        (i64::MAX, "", "NIR-I905"),
        (-1, "", "NIR-I905"),
    ] {
        client.fault(&hent_endringer(&own(), stream, after, more), code);
    }
    for wrong in ["4204-egen-3.0", "4204-egen-3.2", "4204-egen-3", "4204-flyktning-1.1", "nowhere.1"] {
        client.fault(&hent_endringer(&own(), wrong, 0, ""), "NIR-I905");
        client.fault(&bekreft_endringer(&own(), wrong, 1), "NIR-I905");
    }
    // Another fagsystem's stream is not the caller's, whoever asks.
    let vendor = Client::new(sandbox, "vendor");
    vendor.fault(&hent_endringer(&head(), stream, 0, ""), "NIR-I905");
    vendor.fault(&hent_endringer(&own(), stream, 0, ""), "NIR-A414");
}
