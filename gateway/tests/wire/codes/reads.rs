//! Errors of reads: the declared Fault, with the same `Feil` as a receipt (contract.md 0.9).

use crate::codes::case::{Attempt, Case, Sent, Told};
use crate::codes::house::{House, on_lines};
use crate::codes::persons::duf;
use crate::messages::{Head, bekreft_endringer, head, hent_endringer, hent_kvittering, hent_person};

fn case(code: &'static str, at: &'static str, how: &'static str, provoke: fn(&House) -> Attempt) -> Case {
    Case { code, how, told: Told::Fault(500, "soap:Client"), at, provoke }
}

fn read(payload: &str) -> Attempt {
    Attempt::of(Sent::Payload(on_lines(payload)))
}

fn user(user: &'static str) -> Head {
    head().from("4204-flyktning-1", "4204", user)
}

fn kodeverk(name: &str) -> String {
    let head = head().xml();
    format!(
        "<hentKodeverk xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{head}<kodeverk>{name}</kodeverk></forespoersel></hentKodeverk>"
    )
}

const STREAM: &str = "4204-flyktning-1.1";
const SOMEBODY: &str = "202400000702";

pub fn cases() -> Vec<Case> {
    vec![
        case("NIR-A402", "meldingshode/kommunenummer", "hentPerson by a kommune without an agreement", |_| {
            read(&hent_person(&head().from("5001-flyktning-1", "5001", "5001-OVERF1"), SOMEBODY, ""))
        }),
        case("NIR-A404", "meldingshode/overfoeringsbruker", "hentPerson by nobody", |_| {
            read(&hent_person(&user("4204-INGEN"), SOMEBODY, ""))
        }),
        case("NIR-A405", "meldingshode/overfoeringsbruker", "hentEndringer by an inactive user", |_| {
            read(&hent_endringer(&user("4204-INAKTIV1"), STREAM, 0, ""))
        }),
        case("NIR-A414", "meldingshode/avsendersystem", "hentKvittering of another vendor's", |_| {
            read(&hent_kvittering(&head(), "x")).by("vendor2")
        }),
        case("NIR-A415", "meldingshode/avsendersystem", "hentKodeverk by a blocked sender", |_| {
            read(&kodeverk("ordning").replace("4204-flyktning-1", "4204-sperret-4"))
        }),
        case("NIR-B501", "forespoersel/dufNummer", "hentPerson of nobody", |_| {
            read(&hent_person(&head(), &duf(2024, 999_999), ""))
        }),
        case("NIR-B501", "forespoersel/dufNummer", "hentPerson of somebody strictly confidential", |h| {
            read(&hent_person(&head(), &h.shown("Strengt fortrolig"), ""))
        }),
        case("NIR-L806", "forespoersel/dufNummer", "hentPerson by a number that was replaced", |h| {
            read(&hent_person(&head(), &h.shown("Erstattet av"), ""))
        }),
        case("NIR-X309", "forespoersel/dufNummer", "hentPerson by control digits that do not hold", |_| {
            read(&hent_person(&head(), "202400000703", ""))
        }),
        case("NIR-B552", "forespoersel/maanedTil", "hentPerson of months that end before they begin", |_| {
            read(&hent_person(&head(), SOMEBODY, "<maanedFra>2026-05</maanedFra><maanedTil>2026-04</maanedTil>"))
        }),
        case("NIR-X314", "forespoersel/maanedTil", "hentPerson of a hundred years", |_| {
            read(&hent_person(&head(), SOMEBODY, "<maanedFra>1926-05</maanedFra><maanedTil>2026-04</maanedTil>"))
        }),
        case("NIR-X314", "forespoersel/antall", "hentEndringer of too many", |_| {
            read(&hent_endringer(&head(), STREAM, 0, "<antall>1001</antall>"))
        }),
        case("NIR-X307", "forespoersel/kodeverk", "hentKodeverk of a list that is not", |_| read(&kodeverk("tull"))),
        case("NIR-I905", "forespoersel/stroemId", "hentEndringer of another incarnation", |_| {
            read(&hent_endringer(&head(), "4204-flyktning-1.7", 0, ""))
        }),
        case("NIR-I905", "forespoersel/stroemId", "hentEndringer of another's stream", |_| {
            read(&hent_endringer(&head(), "4204-voksen-2.1", 0, ""))
        }),
        case("NIR-I905", "forespoersel/etterSekvensnummer", "hentEndringer after a number never written", |_| {
            read(&hent_endringer(&head(), STREAM, 1_000_000, ""))
        }),
        case("NIR-I906", "forespoersel/bekreftTil", "bekreftEndringer of what was not handed out", |_| {
            read(&bekreft_endringer(&head(), STREAM, 1_000_000))
        }),
    ]
}
