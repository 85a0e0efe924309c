//! The same message again gets the same answer (contract.md 4.4; issue acceptance 3), on both databases.

use std::collections::BTreeSet;
use std::sync::Barrier;

use crate::client::{Answer, Client};
use crate::messages::{
    Head, as_another_library_writes_it, day, fresh, head, hent_endringer, hent_kvittering, hent_person, person,
    registrer, send, send_with, tiltak, vedtak,
};
use crate::node::Installation;
use crate::postgres;
use crate::process::succeed;
use crate::sandbox::{Sandbox, on_both_databases};

pub use crate::sandbox::unused_person;

on_both_databases! {
    built_and_signed_again_it_gets_byte_equal_content,
    the_same_id_in_two_avsendersystemer_does_not_meet,
    a_dry_run_leaves_nothing_behind,
    per_person_one_person_falls_alone,
}

/// A decision and a measure for one person; ids and references follow from `id`.
fn message(head: &Head, duf: &str, timer: &str) -> String {
    let id = &head.meldings_id;
    let lines = registrer("1", &format!("vedtak/{id}"), &vedtak(&day(0), &day(0), &day(300)))
        + &registrer("2", &format!("tiltak/{id}"), &tiltak("NORSK_SAMF", "NS01", &day(0), &day(60), timer));
    send(head, &person(duf, &lines))
}

/// The Kvittering's bytes with `gjentatt` cut out.
fn content(answer: &Answer) -> String {
    let body = &answer.body;
    let start = body.find("<kvittering>").expect("a Kvittering");
    let end = body.find("</kvittering>").unwrap();
    body[start..end].replace("<gjentatt>true</gjentatt>", "").replace("<gjentatt>false</gjentatt>", "")
}

fn repeated(answer: &Answer) -> bool {
    answer.text("gjentatt").as_deref() == Some("true")
}

/// Everything that a second effect would change: the person's posts with versions, and the head of the stream.
fn effects(client: &Client<'_>, head: &Head, duf: &str) -> (Vec<String>, Vec<String>, Option<String>) {
    let read = client.accepted(&hent_person(head, duf, "<medAnnullerte>true</medAnnullerte>"));
    (read.texts("postId"), read.texts("versjon"), read.text("sisteSekvensnummer"))
}

fn status_of(client: &Client<'_>, head: &Head, id: &str) -> Option<String> {
    client.accepted(&hent_kvittering(head, id)).text("status")
}

fn built_and_signed_again_it_gets_byte_equal_content(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("idem"), unused_person(sandbox));
    assert_eq!(status_of(&client, &head(), &id).as_deref(), Some("IKKE_MOTTATT"));
    let first = client.registered(&message(&head().id(&id), &duf, "25"));
    assert!(!repeated(&first));
    let (posts, versions, _) = effects(&client, &head(), &duf);
    assert_eq!((posts.len(), versions), (2, vec!["1".to_owned(), "1".to_owned()]));
    let sign = |payload: &str| client.sealed(payload);
    let later = head().id(&id).at(&format!("{}T23:59:59.5+01:00", day(-1)));
    for (what, envelope) in [
        ("signed again", sign(&message(&head().id(&id), &duf, "25"))),
        ("another opprettet", sign(&message(&later, &duf, "25"))),
        ("other ids, prefixes and order", client.sealed_elsewhere(&message(&head().id(&id), &duf, "25"))),
        ("other words", sign(&as_another_library_writes_it(&message(&head().id(&id), &duf, "25")))),
        ("25.0", sign(&message(&head().id(&id), &duf, "25.0"))),
        ("all of it", client.sealed_elsewhere(&as_another_library_writes_it(&message(&later, &duf, "25.00")))),
        ("spaces around a number", sign(&message(&head().id(&id), &duf, " 25 "))),
    ] {
        let again = client.send(&envelope);
        assert!(client.verifies(&again), "{what}: {again}");
        assert!(repeated(&again), "{what}: {again}");
        assert_eq!(content(&first), content(&again), "{what}");
    }
    assert_eq!(effects(&client, &head(), &duf).0, posts, "no new row");
    // hentKvittering gives the stored receipt, to this avsendersystem alone.
    let fetched = client.accepted(&hent_kvittering(&head(), &id));
    assert_eq!(fetched.text("status").as_deref(), Some("FUNNET"));
    assert_eq!(content(&fetched), content(&first));
    let other = Client::new(sandbox, "vendor2");
    let others = head().from("4204-voksen-2", "4204", "4204-SUPER1");
    assert_eq!(status_of(&other, &others, &id).as_deref(), Some("IKKE_MOTTATT"));
}

/// On sandboxes of its own: the head of the stream is no other test's.
#[test]
fn one_changed_value_under_the_same_id_is_k703() {
    for database in [None, Some(postgres::cluster().database("k703"))] {
        one_changed_value_is_k703(&Sandbox::start(database.as_deref()));
    }
}

fn one_changed_value_is_k703(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("k703"), unused_person(sandbox));
    let first = client.registered(&message(&head().id(&id), &duf, "25"));
    let before = effects(&client, &head(), &duf);
    let other = client.rejected(&message(&head().id(&id), &duf, "25.01"), &["NIR-K703"]);
    assert_eq!(other.text("kanProevesIgjen").as_deref(), Some("false"));
    assert_eq!(other.text("xpath").as_deref(), Some("/sendRegistreringer/melding/meldingshode/meldingsId"));
    // A header value is content too; so is one line more.
    let with_ref = Head { more: "<erstatterMeldingsId>m-1</erstatterMeldingsId>".to_owned(), ..head().id(&id) };
    client.rejected(&message(&with_ref, &duf, "25"), &["NIR-K703"]);
    let again = client.registered(&message(&head().id(&id), &duf, "25"));
    assert!(repeated(&again), "the first content still has its answer");
    assert_eq!(content(&first), content(&again));
    assert_eq!(effects(&client, &head(), &duf), before, "nothing was stored");
}

fn the_same_id_in_two_avsendersystemer_does_not_meet(sandbox: &Sandbox) {
    let first = Client::new(sandbox, "vendor").registered(&message(&head().id("1"), &unused_person(sandbox), "25"));
    let other = head().id("1").from("4204-voksen-2", "4204", "4204-SUPER1");
    let second = Client::new(sandbox, "vendor2").registered(&message(&other, &unused_person(sandbox), "25"));
    assert!(!repeated(&first) && !repeated(&second));
    assert_ne!(first.text("kvitteringsId"), second.text("kvitteringsId"));
}

fn a_dry_run_leaves_nothing_behind(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let (id, duf) = (fresh("dry"), unused_person(sandbox));
    let real = message(&head().id(&id), &duf, "25");
    let dry = real.replace("</meldingshode>", "</meldingshode><proevekjoering>true</proevekjoering>");
    let answer = client.registered(&dry);
    assert_eq!(answer.text("proevekjoering").as_deref(), Some("true"));
    let follows = answer.texts("hendelsestype");
    assert!(!follows.is_empty(), "{answer}");
    assert!(answer.texts("sekvensnummer").iter().all(|number| number == "0"), "a dry run takes no number: {answer}");
    assert_eq!(status_of(&client, &head(), &id).as_deref(), Some("IKKE_MOTTATT"));
    assert_eq!(effects(&client, &head(), &duf).0, Vec::<String>::new());
    // Again, it is judged again; and the real one is the first of its id.
    assert!(!repeated(&client.registered(&dry)));
    let first = client.registered(&real);
    assert!(!repeated(&first));
    assert_eq!(first.text("proevekjoering").as_deref(), Some("false"));
    assert_eq!(first.texts("hendelsestype"), follows, "what the dry run had shown came to pass");
    // A dry run of what was done meets the posts, not the id.
    let after = client.accepted(&dry);
    assert!(!repeated(&after), "{after}");
    assert_eq!(after.texts("resultat"), ["GODTATT", "UENDRET", "UENDRET"], "{after}");
}

/// On nodes of its own: the copies take every seat that a sender has.
#[test]
fn sixty_four_parallel_copies_have_one_effect() {
    for database in [None, Some(postgres::cluster().database("copies"))] {
        let installation = Installation::new(database.as_deref());
        let node = installation.serve(&[]);
        let client = Client::new(&node, "vendor");
        parallel_copies_have_one_effect(&[&client], &fresh("par"), &installation.persons()[0]);
        node.stop();
    }
}

fn parallel_copies_have_one_effect(clients: &[&Client<'_>], id: &str, duf: &str) {
    let payload = message(&head().id(id), duf, "25");
    let gate = Barrier::new(64);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let copies: Vec<_> = (0..64)
            .map(|n| {
                let (client, gate, payload) = (clients[n % clients.len()], &gate, &payload);
                scope.spawn(move || {
                    let envelope = client.sealed(payload);
                    gate.wait();
                    loop {
                        let answer = client.send(&envelope);
                        // A sender's share of seats may be taken: it is told to come again.
                        if answer.status != 503 {
                            return answer;
                        }
                    }
                })
            })
            .collect();
        copies.into_iter().map(|copy| copy.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{answer}");
        assert!(clients[0].verifies(answer), "{answer}");
    }
    assert_eq!(answers.iter().filter(|answer| !repeated(answer)).count(), 1, "exactly one copy had the effect");
    let contents: BTreeSet<String> = answers.iter().map(content).collect();
    assert_eq!(contents.len(), 1, "all copies got the same content: {contents:#?}");
    let (posts, versions, _) = effects(clients[0], &head(), duf);
    assert_eq!((posts.len(), versions), (2, vec!["1".to_owned(), "1".to_owned()]));
}

#[test]
fn over_two_nodes_parallel_copies_have_one_effect_and_no_number_is_lost() {
    let installation = Installation::new(Some(&postgres::cluster().database("two_nodes")));
    let nodes = [installation.serve(&[("NODE__NAME", "n1")]), installation.serve(&[("NODE__NAME", "n2")])];
    let clients = nodes.each_ref().map(|node| Client::new(node, "vendor"));
    let persons = installation.persons();
    for duf in &persons[..3] {
        parallel_copies_have_one_effect(&[&clients[0], &clients[1]], &fresh("nodes"), duf);
    }
    // Distinct messages at once: every receipt names its own numbers, and the stream has no gap.
    let gate = Barrier::new(32);
    let mut numbers: Vec<i64> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..32)
            .map(|n| {
                let (client, gate, duf) = (&clients[n % 2], &gate, &persons[3 + n]);
                scope.spawn(move || {
                    gate.wait();
                    client.registered(&message(&head(), duf, "25")).texts("sekvensnummer")
                })
            })
            .collect();
        calls.into_iter().flat_map(|call| call.join().unwrap()).map(|number| number.parse().unwrap()).collect()
    });
    numbers.sort_unstable();
    let distinct: BTreeSet<i64> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len(), "each number stands in one receipt: {numbers:?}");
    for client in &clients {
        let page = client.accepted(&hent_endringer(&head(), "4204-flyktning-1.1", 0, "<antall>1000</antall>"));
        let seen: Vec<i64> = page.texts("sekvensnummer").iter().map(|number| number.parse().unwrap()).collect();
        assert_eq!(seen, (1..=*numbers.last().unwrap()).collect::<Vec<_>>(), "gap-free");
    }
    for node in nodes {
        node.stop();
    }
    succeed(&["log", "verify"], &installation.config());
}

fn per_person_one_person_falls_alone(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let (good, bad) = (unused_person(sandbox), unused_person(sandbox));
    let persons = person(&good, &registrer("1", &fresh("v"), &vedtak(&day(0), &day(0), &day(200))))
        + &person(&bad, &registrer("2", &fresh("t"), &tiltak("NORSK_SAMF", "NS01", &day(0), &day(0), "10")));
    let answer = client.accepted(&send_with(&head(), "<transaksjon>PER_PERSON</transaksjon>", &persons));
    assert_eq!(answer.text("status").as_deref(), Some("DELVIS_GODTATT"), "{answer}");
    assert_eq!(
        (answer.codes(), answer.texts("resultat")),
        (vec!["NIR-B510".to_owned()], ["GODTATT", "REGISTRERT", "AVVIST", "AVVIST"].map(str::to_owned).to_vec())
    );
    assert_eq!(effects(&client, &head(), &good).0.len(), 1);
    assert_eq!(effects(&client, &head(), &bad).0.len(), 0);
    // ALT is the default: the whole message falls, and says what would have stood.
    let (good, bad) = (unused_person(sandbox), unused_person(sandbox));
    let persons = person(&good, &registrer("1", &fresh("v"), &vedtak(&day(0), &day(0), &day(200))))
        + &person(&bad, &registrer("2", &fresh("t"), &tiltak("NORSK_SAMF", "NS01", &day(0), &day(0), "10")));
    let all = client.rejected(&send(&head(), &persons), &["NIR-B510"]);
    assert_eq!(all.texts("resultat"), ["AVVIST", "IKKE_UTFOERT", "AVVIST", "AVVIST"], "{all}");
    assert_eq!(effects(&client, &head(), &good).0.len(), 0);
}

#[test]
fn a_message_refused_for_its_user_is_judged_anew_by_its_first_receipt_time_on_sqlite() {
    judged_anew(&Sandbox::start(None));
}

#[test]
fn a_message_refused_for_its_user_is_judged_anew_by_its_first_receipt_time_on_postgresql() {
    judged_anew(&Sandbox::start(Some(&postgres::cluster().database("anew"))));
}

/// Day 59: in the window, but the user is not (A404) or not any more (A405). Mended at day 62, out of the window.
fn judged_anew(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let today = |day: &str| sandbox.set_clock("4204", &format!("{day}T12:00"));
    let of = |head: &Head, duf: &str, slutt: &str| {
        send(
            head,
            &person(
                duf,
                &registrer("1", &format!("v/{}", head.meldings_id), &vedtak("2021-03-01", "2021-03-01", slutt)),
            ),
        )
    };
    let (late, missing, changed) =
        (head().by("4204-INAKTIV1"), head().by("4204-NYBRUKER1"), head().by("4204-NYBRUKER1"));
    let (first, second, third) = (sandbox.unused("4204"), sandbox.unused("4204"), sandbox.unused("4204"));
    today("2021-04-29");
    for (head, duf, code) in
        [(&late, &first, "NIR-A405"), (&missing, &second, "NIR-A404"), (&changed, &third, "NIR-A404")]
    {
        let refused = client.rejected(&of(head, duf, "2022-02-28"), &[code]);
        assert_eq!(refused.text("kanProevesIgjen").as_deref(), Some("true"));
        // Not final, so nothing is stored to be fetched.
        assert_eq!(status_of(&client, &crate::messages::head(), &head.meldings_id).as_deref(), Some("IKKE_MOTTATT"));
    }
    today("2021-05-02");
    let user = |id: &str| {
        format!(
            r#"{{"kind": "USER", "id": "{id}", "kommune": "4204", "roles": ["INTROBRUKER"], "valid": {{"from": "2005-01-01", "to": null}}, "last_used": "{}"}}"#,
            crate::client::now().to_rfc3339()
        )
    };
    let file = sandbox.data().join("users.ndjson");
    std::fs::write(&file, [user("4204-INAKTIV1"), user("4204-NYBRUKER1")].join("\n")).unwrap();
    let said = succeed(&["user", "import", file.to_str().unwrap()], &sandbox.config());
    assert!(said.contains("1 added, 1 changed, 0 unchanged."), "{said}");
    // The same messages, signed again: judged by the time of their first receipt, which was in the window.
    for (head, duf) in [(&late, &first), (&missing, &second)] {
        let again = client.registered(&of(head, duf, "2022-02-28"));
        assert!(!repeated(&again), "{again}");
        assert_eq!(again.text("mottattDato").as_deref(), Some("2021-04-29"), "{again}");
        assert!(repeated(&client.registered(&of(head, duf, "2022-02-28"))), "now it is final");
    }
    // Other content under the id is another message, and so is another id: judged today.
    client.rejected(&of(&changed, &third, "2022-02-27"), &["NIR-V601", "NIR-V601"]);
    client.rejected(&of(&crate::messages::head(), &third, "2022-02-28"), &["NIR-V601", "NIR-V601"]);
}

#[test]
fn a_first_receipt_time_is_kept_for_fourteen_days_only() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let head = head().by("4204-INAKTIV1");
    let message = send(&head, &person(&duf, &registrer("1", "v", &vedtak("2021-03-01", "2021-03-01", "2022-02-28"))));
    sandbox.set_clock("4204", "2021-04-29T12:00");
    let first = client.rejected(&message, &["NIR-A405"]);
    sandbox.set_clock("4204", "2021-05-13T11:59");
    let within = client.rejected(&message, &["NIR-A405"]);
    assert_eq!(within.text("mottatt"), first.text("mottatt"));
    sandbox.set_clock("4204", "2021-05-13T12:01");
    let past = client.rejected(&message, &["NIR-A405"]);
    assert_eq!(past.text("mottattDato").as_deref(), Some("2021-05-13"));
}
