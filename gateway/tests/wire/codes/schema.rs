//! Group X as far as the whole message falls: form, schema, structure.

use crate::attacks::forge::Forge;
use crate::codes::case::{Attempt, Case, Sent, Told};
use crate::codes::house::{House, on_lines};
use crate::messages::{day, head, hent_person, person, registrer, send, tiltak, vedtak};

fn case(code: &'static str, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Fault(500, "soap:Client"), at, provoke }
}

/// A message of two persons; the change is made to its text, which is then signed.
fn changed(house: &House, change: impl Fn(String) -> String) -> Attempt {
    let (head, one, two) = (head(), house.unused(), house.unused());
    let lines = registrer("1", "v", &vedtak(&day(0), &day(0), &day(300)));
    let more = registrer("2", "w", &vedtak(&day(0), &day(0), &day(300)))
        + &registrer("3", "t", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(30), "20"));
    let payload = change(on_lines(&send(&head, &(person(&one, &lines) + &person(&two, &more)))));
    Attempt::registering(head, payload, &[&one, &two])
}

fn replaced(house: &House, from: &str, to: &str) -> Attempt {
    changed(house, |payload| {
        let at = payload.rfind(from).unwrap_or_else(|| panic!("{from}"));
        format!("{}{to}{}", &payload[..at], &payload[at + from.len()..])
    })
}

fn envelope(house: &House, change: impl Fn(Forge) -> Forge) -> Attempt {
    let vendor = house.client("vendor");
    let forge = Forge::draft(&vendor.signer, &hent_person(&head(), "202400000702", "")).sign(&vendor.signer);
    Attempt::of(Sent::Envelope(change(forge).xml))
}

pub fn cases() -> Vec<Case> {
    vec![
        case("NIR-X301", "", "tags that cross", |h| envelope(h, |f| f.text("</soap:Header>", "</soap:Headr>"))),
        case("NIR-X301", "", "two children of the Body", |h| {
            envelope(h, |f| f.into_end("Body", "<ping xmlns=\"urn:no:nir:melding:v1\"/>"))
        }),
        case("NIR-X302", "person[2]/registrering[2]/innhold/tiltak/fraDato", "a Norwegian date", |h| {
            replaced(h, &format!("<fraDato>{}", day(0)), "<fraDato>26.11.2026")
        }),
        case("NIR-X302", "person[2]/registrering[2]/innhold/tiltak/fraDato", "a date with a zone", |h| {
            replaced(h, &format!("{}</fraDato>", day(0)), &format!("{}Z</fraDato>", day(0)))
        }),
        case("NIR-X302", "person[2]/registrering[2]/innhold/tiltak/timerPerUke", "a decimal comma", |h| {
            replaced(h, "<timerPerUke>20", "<timerPerUke>20,5")
        }),
        case("NIR-X302", "person[2]/registrering[2]/innhold/tiltak/fraDato", "an element left out before it", |h| {
            replaced(h, "<tiltakstype>NS01</tiltakstype>", "")
        }),
        case("NIR-X302", "person[2]/registrering[2]/registreringsId", "a registreringsId twice", |h| {
            replaced(h, "<registreringsId>3", "<registreringsId>2")
        }),
        case("NIR-X302", "person[2]/registrering[2]/post", "REGISTRER with a post", |h| {
            replaced(
                h,
                "<innhold>\n<tiltak>",
                "<post><avsendersReferanse>x</avsendersReferanse></post>\n<innhold>\n<tiltak>",
            )
        }),
        case("NIR-X302", "person[2]/registrering[2]/gjelderFra", "ENDRE without gjelderFra", |h| {
            changed(h, |p| {
                let at = p.rfind("<handling>REGISTRER").unwrap();
                let end = p[at..].replacen("REGISTRER", "ENDRE", 1).replacen(
                    "<innhold>",
                    "<post><avsendersReferanse>x</avsendersReferanse></post>\n<innhold>",
                    1,
                );
                format!("{}{end}", &p[..at])
            })
        }),
        case("NIR-X302", "meldingshode/opprettet", "a time without a zone", |h| {
            changed(h, |p| p.replacen("Z</opprettet>", "</opprettet>", 1))
        }),
        case("NIR-X302", "hentPerson/forespoersel/dufNummer", "a read with half a DUF number", |_| {
            Attempt::of(Sent::Payload(on_lines(&hent_person(&head(), "2024", ""))))
        }),
        case("NIR-X303", "", "another version's namespace", |h| {
            changed(h, |p| p.replacen("urn:no:nir:melding:v1", "urn:no:nir:melding:v2", 1))
        }),
        case("NIR-X305", "", "a DOCTYPE", |h| envelope(h, |f| f.text("<soap:Envelope", "<!DOCTYPE x><soap:Envelope"))),
        case("NIR-X306", "", "65 levels", |h| {
            envelope(h, |f| f.into_start("Header", &format!("{}{}", "<a>".repeat(65), "</a>".repeat(65))))
        }),
        case("NIR-X306", "", "a processing instruction", |h| envelope(h, |f| f.into_start("Header", "<?php x ?>"))),
    ]
}
