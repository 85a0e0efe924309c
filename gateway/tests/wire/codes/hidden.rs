//! A person whom the caller may not see is answered as one that is not, byte for byte (domain.md 15.1; contract.md 4.9).

use crate::client::Answer;
use crate::codes::house::{House, house};
use crate::codes::persons::duf;
use crate::messages::{Head, day, fresh, head, hent_person, line, person, registrer, send, send_with, tiltak, vedtak};

/// Ids, times and the number asked for, which differ in any two answers; whatever else differs tells something.
const OWN: [&str; 10] = [
    "kvitteringsId",
    "meldingsId",
    "mottatt",
    "feilId",
    "dufNummer",
    "posisjon",
    "forrigeHash",
    "kjede",
    "hendelseId",
    "registrert",
];

/// The Body with its own ids cut out.
fn without_own(answer: &Answer) -> String {
    let start = answer.body.find("<soap:Body").unwrap();
    let mut text = answer.body[start..].to_owned();
    for name in OWN {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut done = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(&open) {
            done.push_str(before);
            done.push_str(&open);
            rest = &after[after.find(&close).unwrap()..];
        }
        done.push_str(rest);
        text = done;
    }
    text
}

fn post(reference: &str) -> String {
    format!("<post><avsendersReferanse>{reference}</avsendersReferanse></post>")
}

/// The payload of a header about a number.
type Way = Box<dyn Fn(&Head, &str) -> String>;

/// Every way to speak of a person: the same with the number of a hidden one and of nobody.
fn ways() -> Vec<(&'static str, Way)> {
    let decision = || vedtak(&day(0), &day(0), &day(300));
    let one = move |lines: String| move |head: &Head, duf: &str| send(head, &person(duf, &lines));
    let version = "<post><postId>7f0c2a4e-55b1-4a60-9d0c-0a6f5f1b9c11</postId><versjon>1</versjon></post>";
    let ended = |gjelder: i64| format!("<gjelderFra>{}</gjelderFra>", day(gjelder));
    vec![
        ("REGISTRER", Box::new(one(registrer("1", "", &decision())))),
        (
            "REGISTRER with the reference that the hidden one's record has",
            Box::new(one(registrer("1", "hidden/1", &decision()))),
        ),
        (
            "REGISTRER of a measure",
            Box::new(one(registrer("1", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(10), "20")))),
        ),
        (
            "REGISTRER far outside the window",
            Box::new(one(registrer("1", "", &vedtak("2010-01-01", "2010-01-01", "2011-01-01")))),
        ),
        ("SETT", Box::new(one(line("1", "SETT", "x", "", &decision())))),
        ("KORRIGER by reference", Box::new(one(line("1", "KORRIGER", "", &post("hidden/1"), &decision())))),
        ("KORRIGER by postId", Box::new(one(line("1", "KORRIGER", "", version, &decision())))),
        ("ENDRE", Box::new(one(line("1", "ENDRE", "", &(post("hidden/1") + &ended(0)), &decision())))),
        ("ANNULLER", Box::new(one(line("1", "ANNULLER", "", &post("hidden/1"), "")))),
        ("KNYTT", Box::new(one(line("1", "KNYTT", "y", version, "")))),
        (
            "with an error of form",
            Box::new(one(line("1", "FLYTT", "", "", &decision()) + &registrer("2", "", &decision()))),
        ),
        (
            "with a national id",
            Box::new(|head, duf| {
                let line = registrer("1", "", &vedtak(&day(0), &day(0), &day(300)));
                send(
                    head,
                    &person(duf, &line).replacen(
                        "</dufNummer>",
                        "</dufNummer><foedselsnummer>15838540063</foedselsnummer>",
                        1,
                    ),
                )
            }),
        ),
        (
            "in a dry run",
            Box::new(|head, duf| {
                send_with(
                    head,
                    "<proevekjoering>true</proevekjoering>",
                    &person(duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300)))),
                )
            }),
        ),
        (
            "person by person",
            Box::new(|head, duf| {
                let line = |id: &str| registrer(id, "", &vedtak(&day(0), &day(0), &day(300)));
                let other = crate::codes::persons::duf(2024, 999_998);
                send_with(
                    head,
                    "<transaksjon>PER_PERSON</transaksjon>",
                    &(person(duf, &line("1")) + &person(&other, &line("2"))),
                )
            }),
        ),
        ("hentPerson", Box::new(|head, duf| hent_person(head, duf, ""))),
        (
            "hentPerson as it was",
            Box::new(|head, duf| {
                hent_person(head, duf, "<gyldigDato>2020-01-01</gyldigDato><medAnnullerte>true</medAnnullerte>")
            }),
        ),
        (
            "hentPerson with months",
            Box::new(|head, duf| {
                hent_person(head, duf, "<maanedFra>2026-01</maanedFra><maanedTil>2026-03</maanedTil>")
            }),
        ),
    ]
}

/// A hidden person with a record that another fagsystem of the kommune registered by a user who may.
fn hidden_with_a_record(house: &House) -> String {
    let duf = house.shown("Strengt fortrolig");
    let may = head().from("4204-flyktning-1", "4204", "4204-SKJERM1");
    let read = house.client("vendor").accepted(&hent_person(&may, &duf, ""));
    if read.texts("postId").is_empty() {
        house.stores(&may, &duf, &registrer("1", "hidden/1", &vedtak(&day(0), &day(0), &day(300))));
    }
    duf
}

#[test]
fn hidden_is_unknown_byte_for_byte() {
    let house = house();
    let _turn = house.turn();
    let (hidden, nobody) = (hidden_with_a_record(house), duf(2022, 999_999));
    let senders: [(&str, Head); 3] = [
        ("vendor", head()),
        ("vendor2", head().from("4204-voksen-2", "4204", "4204-OVERF1")),
        ("vendor", head().from("4203-flyktning-1", "4203", "4203-OVERF1")),
    ];
    for (name, head) in &senders {
        let client = house.client(name);
        for (what, payload) in ways() {
            let of = |duf: &str| {
                let head = head.clone().id(&fresh("hidden"));
                client.call(&payload(&head, duf))
            };
            let (of_hidden, of_nobody) = (of(&hidden), of(&nobody));
            assert!(of_nobody.codes().contains(&"NIR-B501".to_owned()), "{what}: {of_nobody}");
            assert_eq!(without_own(&of_hidden), without_own(&of_nobody), "{what} by {}", head.avsendersystem);
            assert_eq!(of_hidden.status, of_nobody.status, "{what}");
            assert_eq!(sized(&of_hidden), sized(&of_nobody), "{what}: not even the size tells");
        }
    }
}

/// Bytes of the whole answer, signature and all, but for its own ids and times: a whole second is written shorter.
fn sized(answer: &Answer) -> usize {
    let own: usize = OWN.iter().flat_map(|name| answer.texts(name)).map(|text| text.len()).sum();
    answer.body.len() - own
}

/// What happens to a hidden person reaches nobody but its sender.
#[test]
fn nobody_hears_of_a_hidden_person() {
    let house = house();
    let _turn = house.turn();
    let hidden = hidden_with_a_record(house);
    let stream = |client: &str, system: &'static str| {
        let head = head().from(system, "4204", "4204-OVERF1");
        let page = crate::messages::hent_endringer(&head, &format!("{system}.1"), 0, "<antall>1000</antall>");
        house.client(client).accepted(&page)
    };
    let others = stream("vendor2", "4204-voksen-2");
    assert!(!others.body.contains(&hidden), "another fagsystem of the kommune hears of it: {others}");
}
