//! Group A: who may speak, for whom, and about whom; with V608, X307 and X312 of the header.

use crate::client::now;
use crate::codes::case::{Attempt, Case, Part, Told};
use crate::codes::check;
use crate::codes::house::{House, on_lines};
use crate::messages::{Head, day, head, person, registrer, send, send_with, vedtak};

fn refused(
    code: &'static str,
    part: Part,
    at: &'static str,
    how: &'static str,
    provoke: fn(&House) -> Attempt,
) -> Case {
    Case { code, how, told: Told::Receipt(part), at, provoke }
}

/// One decision about a person by a header that may not.
fn sent(head: Head, duf: &str) -> Attempt {
    let payload = on_lines(&send(&head, &person(duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300))))));
    Attempt::registering(head, payload, &[duf])
}

fn from(system: &'static str, kommune: &'static str, user: &'static str) -> Head {
    head().from(system, kommune, user)
}

fn user(house: &House, user: &'static str) -> Attempt {
    sent(from("4204-flyktning-1", "4204", user), &house.unused())
}

pub fn cases() -> Vec<Case> {
    use Part::{Line, Message};
    vec![
        refused("NIR-A402", Message, "meldingshode/kommunenummer", "a kommune without an agreement", |h| {
            sent(from("5001-flyktning-1", "5001", "5001-OVERF1"), &h.shown("Bor i 5001"))
        }),
        refused("NIR-A403", Message, "meldingshode/avsendersystem", "a delegation that ran out", |h| {
            sent(from("0301-voksen-2", "0301", "0301-OVERF1"), &h.sandbox.unused("0301")).by("vendor2")
        }),
        refused("NIR-A403", Message, "meldingshode/avsendersystem", "the vendor's signature by another's TLS", |h| {
            Attempt { tls: Some("kilde"), ..sent(head(), &h.unused()) }
        }),
        refused("NIR-A404", Message, "meldingshode/overfoeringsbruker", "a user nobody knows", |h| {
            user(h, "4204-INGEN")
        }),
        refused("NIR-A404", Message, "meldingshode/overfoeringsbruker", "another kommune's user", |h| {
            user(h, "0301-OVERF1")
        }),
        refused("NIR-A404", Message, "meldingshode/overfoeringsbruker", "a user that is no more", |h| {
            user(h, "4204-SLUTT1")
        }),
        refused("NIR-A405", Message, "meldingshode/overfoeringsbruker", "a user unused since 2020", |h| {
            user(h, "4204-INAKTIV1")
        }),
        refused("NIR-A406", Line, "innhold/vedtak/ordning", "a user for norsk sends INTRO", |h| user(h, "4204-NORSK1")),
        refused("NIR-A407", Line, "innhold/vedtak/ordning", "a user that only reads", |h| user(h, "4204-LESER1")),
        refused("NIR-A408", Line, "innhold/vedtak/vedtaksdato", "a person of another kommune", |h| {
            sent(head(), &h.shown("Bor i 4203"))
        }),
        refused("NIR-A408", Line, "innhold/vedtak/vedtaksdato", "a person of no kommune", |h| {
            sent(head(), &h.shown("Har ingen oppfølgingskommune"))
        }),
        refused("NIR-A409", Line, "innhold/vedtak/vedtaksdato", "a person of another bydel", |h| {
            sent(from("0301-flyktning-1", "0301", "0301-GAMLEOSLO1"), &h.shown("Bor i 0301, bydel 030102"))
        }),
        refused("NIR-A410", Message, "meldingshode/kommunenummer", "a number that was replaced long ago", |h| {
            sent(from("1507-flyktning-1", "1507", "1507-OVERF1"), &h.shown("Bor i 1507"))
        }),
        refused("NIR-A411", Message, "meldingshode/fagsystem/versjon", "a version that was not approved", |h| {
            sent(from("4204-godkjent-5", "4204", "4204-OVERF1"), &h.unused())
        }),
        refused("NIR-A414", Message, "meldingshode/avsendersystem", "another vendor's avsendersystem", |h| {
            sent(head(), &h.unused()).by("vendor2")
        }),
        refused("NIR-A414", Message, "meldingshode/avsendersystem", "an avsendersystem nobody knows", |h| {
            sent(from("4204-ingen-9", "4204", "4204-OVERF1"), &h.unused())
        }),
        refused("NIR-A414", Message, "meldingshode/kommunenummer", "another kommune's avsendersystem", |h| {
            sent(from("4204-flyktning-1", "0301", "4204-OVERF1"), &h.unused())
        }),
        refused("NIR-A415", Message, "meldingshode/avsendersystem", "a blocked avsendersystem", |h| {
            sent(from("4204-sperret-4", "4204", "4204-OVERF1"), &h.unused())
        }),
        refused("NIR-X312", Message, "meldingshode/kommunenummer", "a number that never was", |h| {
            sent(from("4204-flyktning-1", "9999", "4204-OVERF1"), &h.unused())
        }),
        refused("NIR-X312", Message, "meldingshode/bydelsnummer", "a bydel that is not", |h| bydel(h, "030199")),
        refused("NIR-X307", Message, "melding/transaksjon", "a transaksjon that is not", |h| {
            let (head, duf) = (head(), h.unused());
            let persons = person(&duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300))));
            let payload = on_lines(&send_with(&head, "<transaksjon>KANSKJE</transaksjon>", &persons));
            Attempt::registering(head, payload, &[&duf])
        }),
        refused("NIR-V608", Message, "meldingshode/opprettet", "a message written 26 months ago", |h| {
            let mut head = head();
            head.opprettet = (now() - chrono::Months::new(26)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
            sent(head, &h.unused())
        }),
        refused("NIR-K703", Message, "meldingshode/meldingsId", "an id that was used for something else", |h| {
            let (head, duf) = (head(), h.unused());
            let content = |end| {
                on_lines(&send(&head, &person(&duf, &registrer("1", "k703", &vedtak(&day(0), &day(0), &day(end))))))
            };
            h.client("vendor").accepted(&content(200));
            Attempt::registering(head.clone(), content(300), &[&duf])
        }),
        refused("NIR-K705", Message, "", "persons that others keep", |h| Attempt {
            order: Some(r#"{"type": "K705"}"#),
            ..sent(head(), &h.unused())
        }),
    ]
}

/// With the header's bydelsnummer.
fn bydel(house: &House, bydel: &str) -> Attempt {
    let head = head();
    let duf = house.unused();
    let payload = send(&head, &person(&duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300)))));
    let payload =
        payload.replacen("</kommunenummer>", &format!("</kommunenummer><bydelsnummer>{bydel}</bydelsnummer>"), 1);
    Attempt::registering(head, on_lines(&payload), &[&duf])
}

/// In the three months after a reform the sender's own old number is a warning; whose a person of a kommune that was split
/// is, is not known before its address is (domain.md 3.5).
#[test]
fn an_old_number_is_a_warning_for_three_months() {
    let house = crate::codes::house::house();
    let _turn = house.turn();
    let attempt = || sent(from("1507-flyktning-1", "1507", "1507-OVERF1"), &house.shown("Bor i 1507"));
    let place = |feil: &check::Feil| (feil.kode.clone(), feil.alvorlighet.clone(), feil.inside.clone());
    let of = |inside: &str, alvorlighet: &str| ("NIR-A410".to_owned(), alvorlighet.to_owned(), inside.to_owned());
    for (tid, expected) in [
        ("2024-01-01T00:00", vec![of("kvittering", "ADVARSEL"), of("registrering", "FEIL")]),
        ("2024-03-31T23:59", vec![of("kvittering", "ADVARSEL"), of("registrering", "FEIL")]),
        ("2024-04-01T00:00", vec![of("kvittering", "FEIL")]),
    ] {
        house.sandbox.set_clock("1507", tid);
        let (_, answer) = house.send(&attempt(), Told::Receipt(Part::Message));
        let found = check::all(&answer);
        assert_eq!(found.iter().map(place).collect::<Vec<_>>(), expected, "{tid}: {answer}");
        assert!(found.iter().all(|feil| check::texts(feil).is_ok()), "{found:?}");
        assert!(
            found[0].melding.contains("1508") && found[0].melding.contains("1580"),
            "the successors are named: {found:?}"
        );
    }
    house.sandbox.set_clock("1507", "now");
}
