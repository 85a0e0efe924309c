//! The same message again gets the same answer (contract.md 4.4; issue acceptance 3).

use std::sync::Barrier;

use crate::client::Client;
use crate::messages::{fresh, head, hent_kvittering, person, registrer, send, send_with, tiltak, vedtak};
use crate::sandbox::shared;

pub use crate::sandbox::unused_person;

fn message(id: &str, duf: &str, timer: &str) -> String {
    let today = crate::client::now().date_naive();
    let lines = registrer(
        "1",
        &format!("vedtak/{id}"),
        &vedtak(&today.to_string(), &today.to_string(), &(today + chrono::Days::new(300)).to_string()),
    ) + &registrer(
        "2",
        &format!("tiltak/{id}"),
        &tiltak("NORSK_SAMF", "NS01", &today.to_string(), &(today + chrono::Days::new(60)).to_string(), timer),
    );
    send(&head().id(id), &person(duf, &lines))
}

/// The Kvittering's bytes with `gjentatt` cut out.
fn content(body: &str) -> String {
    let start = body.find("<kvittering>").expect("a Kvittering");
    let end = body.find("</kvittering>").unwrap();
    body[start..end].replace("<gjentatt>true</gjentatt>", "").replace("<gjentatt>false</gjentatt>", "")
}

#[test]
fn built_and_signed_again_it_gets_byte_equal_content() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("idem"), unused_person(sandbox));
    let first = client.call(&message(&id, &duf, "25"));
    assert_eq!(first.text("status").as_deref(), Some("GODTATT"), "{}", first.body);
    assert_eq!(first.text("gjentatt").as_deref(), Some("false"));
    assert!(first.verified(sandbox));
    // New Timestamp, new signature, new `opprettet`.
    let second = client.call(&message(&id, &duf, "25"));
    assert_eq!(second.text("gjentatt").as_deref(), Some("true"), "{}", second.body);
    assert!(second.verified(sandbox));
    assert_eq!(content(&first.body), content(&second.body));
    // hentKvittering gives the stored receipt.
    let fetched = client.call(&hent_kvittering(&head(), &id));
    assert_eq!(fetched.texts("status").first().map(String::as_str), Some("FUNNET"), "{}", fetched.body);
    assert_eq!(fetched.text("kvitteringsId"), first.text("kvitteringsId"));
}

#[test]
fn one_changed_value_under_the_same_id_is_k703() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("k703"), unused_person(sandbox));
    assert_eq!(client.call(&message(&id, &duf, "25")).text("status").as_deref(), Some("GODTATT"));
    let other = client.call(&message(&id, &duf, "26"));
    assert_eq!(other.text("status").as_deref(), Some("AVVIST"), "{}", other.body);
    assert_eq!(other.codes(), ["NIR-K703"]);
    let again = client.call(&message(&id, &duf, "25"));
    assert_eq!(again.text("gjentatt").as_deref(), Some("true"), "the first content still has its answer");
}

#[test]
fn the_same_id_in_two_avsendersystemer_does_not_meet() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let id = fresh("two");
    let first = client.call(&message(&id, &unused_person(sandbox), "25"));
    assert_eq!(first.text("status").as_deref(), Some("GODTATT"), "{}", first.body);
    let other = head().id(&id).from("4204-voksen-2", "4204", "4204-OVERF1");
    let today = crate::client::now().date_naive().to_string();
    let lines = registrer("1", &format!("v/{id}"), &vedtak(&today, &today, "2027-06-30"));
    let second = client.call(&send(&other, &person(&unused_person(sandbox), &lines)));
    assert_eq!(second.text("gjentatt").as_deref(), Some("false"), "{}", second.body);
    assert_eq!(second.text("status").as_deref(), Some("GODTATT"), "{}", second.body);
}

#[test]
fn a_dry_run_leaves_nothing_behind() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("dry"), unused_person(sandbox));
    let real = message(&id, &duf, "25");
    let dry = real.replace("</meldingshode>", "</meldingshode><proevekjoering>true</proevekjoering>");
    let answer = client.call(&dry);
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{}", answer.body);
    assert_eq!(answer.text("proevekjoering").as_deref(), Some("true"));
    let none = client.call(&hent_kvittering(&head(), &id));
    assert_eq!(none.text("status").as_deref(), Some("IKKE_MOTTATT"), "{}", none.body);
    let first = client.call(&real);
    assert_eq!(first.text("gjentatt").as_deref(), Some("false"), "{}", first.body);
    assert_eq!(first.text("status").as_deref(), Some("GODTATT"), "{}", first.body);
}

#[test]
fn sixty_four_parallel_copies_have_one_effect() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("par"), unused_person(sandbox));
    let payload = message(&id, &duf, "25");
    let gate = Barrier::new(64);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let copies: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    let envelope = client.sealed(&payload);
                    gate.wait();
                    loop {
                        let answer = client.send(&envelope);
                        // The sender's share of seats is smaller than 64: the rest is told to come again.
                        if answer.status != 503 {
                            return answer;
                        }
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        copies.into_iter().map(|copy| copy.join().unwrap()).collect()
    });
    let first = answers.iter().filter(|a| a.text("gjentatt").as_deref() == Some("false")).count();
    assert_eq!(first, 1, "exactly one copy had the effect");
    let contents: std::collections::BTreeSet<_> = answers.iter().map(|a| content(&a.body)).collect();
    assert_eq!(contents.len(), 1, "all copies got the same content");
}

#[test]
fn per_person_one_person_falls_alone() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let today = crate::client::now().date_naive();
    let (good, bad) = (unused_person(sandbox), unused_person(sandbox));
    let day = today.to_string();
    let persons = person(&good, &registrer("1", &fresh("v"), &vedtak(&day, &day, "2027-06-30")))
        + &person(&bad, &registrer("2", &fresh("t"), &tiltak("NORSK_SAMF", "NS01", &day, &day, "10")));
    let answer = client.call(&send_with(&head(), "<transaksjon>PER_PERSON</transaksjon>", &persons));
    assert_eq!(answer.text("status").as_deref(), Some("DELVIS_GODTATT"), "{}", answer.body);
    assert_eq!(answer.codes(), ["NIR-B510"]);
    let all = client.call(&send(&head(), &persons));
    assert_eq!(all.text("status").as_deref(), Some("AVVIST"), "ALT: the whole message falls");
}
