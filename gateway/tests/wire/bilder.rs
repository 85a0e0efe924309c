//! `bestillOeyeblikksbilde` (contract.md 0.15, 4.6; design.md 17, Streams): the whole picture of a kommune in its stream, in one
//! cut, whatever happens meanwhile; on both databases.

use std::collections::BTreeMap;

use sqlx::{Connection as _, PgConnection};

use crate::client::{Answer, Client, SOAP_11, request};
use crate::hendelser::verden::{Verden, system};
use crate::messages::{Head, day, head, hent_endringer, line, person, post, send, vedtak};
use crate::node::Installation;
use crate::postgres;
use crate::process::{eventually, succeed};
use crate::pull::{as_1_1, decide, last, numbers, sandboxes};
use crate::restart::Tampering;
use crate::sandbox::Sandbox;

const STREAM: &str = "4204-flyktning-1.1";

/// bestillOeyeblikksbilde with this scope.
pub fn bestill(head: &Head, stroem: &str, omfang: &str) -> String {
    as_1_1(&format!(
        "<bestillOeyeblikksbilde xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}<stroemId>{stroem}</stroemId>{omfang}\
         </forespoersel></bestillOeyeblikksbilde>",
        head.xml()
    ))
}

fn alt() -> String {
    "<omfang>ALT</omfang>".to_owned()
}

pub fn of(dufs: &[&str]) -> String {
    let dufs: String = dufs.iter().map(|duf| format!("<dufNummer>{duf}</dufNummer>")).collect();
    format!("<omfang>PERSON</omfang>{dufs}")
}

/// A picture of the stream.
#[derive(Debug)]
struct Picture {
    number: i64,
    duf: Option<String>,
    posisjon: i64,
    siste: bool,
    posts: usize,
    text: String,
}

/// The pictures of an order after a number, once the last one is there.
fn pictures(client: &Client<'_>, head: &Head, stroem: &str, after: i64, order: &str) -> Vec<Picture> {
    let mut all = Vec::new();
    let mut read = after;
    eventually("the last picture", || {
        loop {
            let page = client.accepted(&as_1_1(&hent_endringer(head, stroem, read, "<antall>200</antall>")));
            let end = numbers(&page).last().copied()?;
            read = end;
            all.extend(of_page(&page, order));
            if all.last().is_some_and(|picture: &Picture| picture.siste) {
                return Some(());
            }
        }
    });
    all
}

fn of_page(page: &Answer, order: &str) -> Vec<Picture> {
    let document = roxmltree::Document::parse(&page.body).unwrap();
    let named = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children().find(|n| n.tag_name().name() == name).and_then(|n| n.text()).map(str::to_owned)
    };
    let changes = document.descendants().filter(|n| n.tag_name().name() == "endring");
    let picture = |change: roxmltree::Node<'_, '_>| {
        let bilde = change.children().find(|n| n.tag_name().name() == "personOeyeblikksbilde")?;
        (named(bilde, "bestillingsId").as_deref() == Some(order)).then(|| Picture {
            number: named(change, "sekvensnummer").unwrap().parse().unwrap(),
            duf: named(change, "dufNummer"),
            posisjon: named(bilde, "posisjon").unwrap().parse().unwrap(),
            siste: named(bilde, "siste").unwrap() == "true",
            posts: bilde.descendants().filter(|n| n.tag_name().name() == "postId").count(),
            text: page.body[bilde.range()].to_owned(),
        })
    };
    changes.filter_map(picture).collect()
}

#[test]
fn an_order_puts_one_picture_of_everybody_into_the_stream_as_of_one_moment() {
    for sandbox in &sandboxes("bilder") {
        let vendor = Client::new(sandbox, "vendor");
        let (first, second) = (sandbox.unused("4204"), sandbox.unused("4204"));
        let receipt = decide(&vendor, &head(), &first);
        let before = last(&receipt);
        let order = vendor.accepted(&bestill(&head(), STREAM, &alt()));
        let (id, antall) = (order.text("bestillingsId").unwrap(), order.text("antall").unwrap());
        assert_eq!((order.text("posisjon"), last(&order)), (Some(before.to_string()), before), "{order}");
        // What is written meanwhile does not change the cut.
        decide(&vendor, &head(), &second);
        let correction = vedtak(&day(0), &day(0), &day(200));
        let (post_id, posts) = (receipt.text("postId").unwrap(), &receipt.texts("versjon")[0]);
        let versjon = posts.parse().unwrap();
        let corrected = line("1", "KORRIGER", "", &post(&post_id, versjon), &correction);
        vendor.registered(&send(&head(), &person(&first, &corrected)));

        let all = pictures(&vendor, &head(), STREAM, before, &id);
        assert_eq!(all.len().to_string(), antall);
        assert!(all.len() > 400, "more than one batch: {}", all.len());
        let by_duf: BTreeMap<&str, &Picture> =
            all.iter().map(|picture| (picture.duf.as_deref().unwrap(), picture)).collect();
        assert_eq!(by_duf.len(), all.len(), "one of each");
        assert!(all.iter().all(|picture| picture.posisjon == before && picture.number > before));
        assert_eq!(all.iter().filter(|picture| picture.siste).count(), 1);
        assert!(by_duf[first.as_str()].text.contains(&format!("<sluttDato>{}</sluttDato>", day(300))), "as of the cut");
        assert_eq!(by_duf[second.as_str()].posts, 0, "as of the cut");
        // Who is strictly confidential, or another's, is in nobody's picture; the rest of the kommune is.
        let people = sandbox.json("persons.json");
        let duf = |shows: &str| {
            let row = people["personer"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["viser"].as_str().unwrap().starts_with(shows));
            row.unwrap_or_else(|| panic!("{shows}"))["dufNummer"].as_str().unwrap().to_owned()
        };
        assert!(
            !by_duf.contains_key(duf("Strengt fortrolig").as_str()) && !by_duf.contains_key(duf("Bor i 4203").as_str())
        );
        assert!(by_duf.contains_key("202400000702"));
        // By an approved user they are there.
        let approved = head().by("4204-SKJERM1");
        let hidden = duf("Strengt fortrolig");
        let order = vendor.accepted(&bestill(&approved, STREAM, &of(&[&hidden, &first, "200100000104"])));
        let id = order.text("bestillingsId").unwrap();
        let some = pictures(&vendor, &head(), STREAM, last(&order), &id);
        let mut expected = vec![Some(hidden), Some(first)];
        expected.sort();
        assert_eq!(some.into_iter().map(|picture| picture.duf).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn an_order_of_nobody_ends_and_an_order_of_a_scheme_covers_it_alone() {
    let sandbox = Sandbox::start(None);
    let vendor = Client::new(&sandbox, "vendor");
    let order = vendor.accepted(&bestill(&head(), STREAM, &of(&["200100000104"])));
    assert_eq!(order.text("antall").as_deref(), Some("0"));
    let none = pictures(&vendor, &head(), STREAM, 0, &order.text("bestillingsId").unwrap());
    assert!(matches!(none.as_slice(), [Picture { duf: None, siste: true, posts: 0, .. }]), "{none:?}");
    let counted = |omfang: &str| {
        let order = eventually("an order that is taken", || {
            let answer = vendor.call(&bestill(&head(), STREAM, omfang));
            (answer.status == 200).then_some(answer)
        });
        let antall: usize = order.text("antall").unwrap().parse().unwrap();
        let id = order.text("bestillingsId").unwrap();
        assert_eq!(pictures(&vendor, &head(), STREAM, last(&order), &id).len(), antall, "{omfang}");
        antall
    };
    let scheme = counted("<omfang>ORDNING</omfang><ordning>INTRO</ordning>");
    let all = counted(&alt());
    assert!(0 < scheme && scheme < all, "{scheme} of {all}");
    // What is no scope, no scheme, no number, or no stream of ours.
    vendor.fault(&bestill(&head(), STREAM, "<omfang>NOE</omfang>"), "NIR-X307");
    vendor.fault(&bestill(&head(), STREAM, "<omfang>ORDNING</omfang><ordning>NOE</ordning>"), "NIR-X307");
    vendor.fault(&bestill(&head(), STREAM, &of(&["202400000703"])), "NIR-X309");
    vendor.fault(&bestill(&head(), "4204-egen-3.1", &alt()), "NIR-I905");
}

/// A person that nobody can read any more holds up the order that covers it and no other one.
#[test]
fn an_order_that_cannot_be_written_holds_up_no_other() {
    let installation = Installation::new(None);
    let dufs = installation.persons();
    let mut register = Tampering::with(installation.path());
    register.run(&format!(
        "INSERT INTO bestilling (bestillings_id, avsendersystem, bruker, posisjon, recorded, omfang, antall, done_to, skrevet, \
         touched) VALUES ('6ba7b810-9dad-11d1-80b4-00c04fd430c8', '4204-flyktning-1', '4204-OVERF1', 0, \
         (SELECT max(system_from) FROM beregning), '{{\"Person\":[{duf}]}}', 1, 0, 0, 0)",
        duf = dufs[0].parse::<i64>().unwrap()
    ));
    register.run(&format!("UPDATE person SET state = substr(state, 1, 1) WHERE duf = {}", dufs[0]));
    register.end();
    let node = installation.serve(&[]);
    let vendor = Client::new(&node, "vendor");
    let owner = Client::new(&node, "vendor2");
    let theirs = head().from("4204-voksen-2", "4204", "4204-OVERF1");
    let order = owner.accepted(&bestill(&theirs, "4204-voksen-2.1", &of(&[&dufs[1]])));
    let written = pictures(&owner, &theirs, "4204-voksen-2.1", 0, &order.text("bestillingsId").unwrap());
    assert_eq!(written.iter().map(|picture| picture.duf.as_deref()).collect::<Vec<_>>(), [Some(&*dufs[1])]);
    // Nobody is looked at before it is known that an order is open: not even whom nobody can read.
    let second = vendor.call(&bestill(&head(), STREAM, &of(&[&dufs[0]])));
    assert_eq!(second.codes(), ["NIR-T104"], "{second}");
    assert!(node.log.text().contains("pictures_not_written"));
}

#[test]
fn one_order_of_a_stream_at_a_time_and_a_kill_in_its_midst_loses_and_doubles_nothing() {
    for database in [None, Some(postgres::cluster().database("bilder_kill"))] {
        let sandbox = Sandbox::start(database.as_deref());
        let (id, antall) = {
            let vendor = Client::new(&sandbox, "vendor");
            let order = vendor.accepted(&bestill(&head(), STREAM, &alt()));
            let second = vendor.call(&bestill(&head(), STREAM, &alt()));
            // The first one may have come to its end already; mostly it has not.
            assert!(second.codes() == ["NIR-T104"] || second.status == 200, "{second}");
            (order.text("bestillingsId").unwrap(), order.text("antall").unwrap())
        };
        let sandbox = Sandbox::start_in(sandbox.kill(), database.as_deref());
        let vendor = Client::new(&sandbox, "vendor");
        let all = pictures(&vendor, &head(), STREAM, 0, &id);
        let dufs: std::collections::BTreeSet<_> = all.iter().map(|picture| &picture.duf).collect();
        assert_eq!((all.len().to_string(), dufs.len()), (antall, all.len()));
        let dir = sandbox.stop();
        let mut command = vec!["replay", "--check"];
        command.extend(database.iter().flat_map(|url| ["--database", url]));
        succeed(&command, &dir.path().join("nir-gateway.toml"));
    }
}

/// A county follows nobody up; its picture is of those it is responsible for (domain.md 10.3 AU-1): who has a category and is
/// followed up in one of its kommuner.
#[test]
fn a_county_gets_the_persons_of_its_kommuner() {
    let w = Verden::new();
    let valid = r#""valid": {"from": "2005-01-01", "to": null}"#;
    let rows = [
        system("4200-skole-1", "4200", None, "NORSK"),
        format!(
            r#"{{"kind": "DELEGATION", "kommune": "4200", "leverandoer": "310000000", "ordninger": ["NORSK"], "reference": "F-42", {valid}}}"#
        ),
    ];
    w.import("party", &rows.join("\n"));
    w.import("agreement", &format!(r#"{{"kind": "AGREEMENT", "kommune": "4200", "reference": "A-42", {valid}}}"#));
    let last_used = day(-1);
    w.import(
        "user",
        &format!(
            r#"{{"kind": "USER", "id": "4200-FYLKE1", "kommune": "4200", "roles": ["FYLKESKOMMUNEBRUKER"], {valid}, "last_used": "{last_used}T00:00:00Z"}}"#
        ),
    );
    let stream = "4200-skole-1.1";
    let (county, vendor) = (head().from("4200-skole-1", "4200", "4200-FYLKE1"), Client::new(&w.sandbox, "vendor"));
    eventually("the avsendersystem", || {
        (vendor.call(&hent_endringer(&county, stream, 0, "")).status == 200).then_some(())
    });
    let with_category = w.refugee();
    let order = vendor.accepted(&bestill(&county, stream, &alt()));
    let all = pictures(&vendor, &county, stream, last(&order), &order.text("bestillingsId").unwrap());
    assert_eq!(order.text("antall").as_deref(), Some(all.len().to_string().as_str()), "{order}");
    let shown: Vec<&str> = all.iter().filter_map(|picture| picture.duf.as_deref()).collect();
    assert!(shown.contains(&with_category.as_str()), "{} persons", shown.len());
    let people = w.sandbox.json("persons.json");
    let there = |shows: &str| {
        let row =
            people["personer"].as_array().unwrap().iter().find(|row| row["viser"].as_str().unwrap().starts_with(shows));
        shown.contains(&row.unwrap_or_else(|| panic!("{shows}"))["dufNummer"].as_str().unwrap())
    };
    assert!(!there("Strengt fortrolig"));
}

/// Another program keeps the table that the count reads, so that it goes on for as long as the test wants.
#[test]
fn who_gives_up_and_orders_again_counts_no_second_time() {
    let url = postgres::cluster().database("bilder_counts");
    let sandbox = Sandbox::start(Some(&url));
    let vendor = Client::new(&sandbox, "vendor");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut keeper = runtime.block_on(PgConnection::connect(&url)).unwrap();
    let mut keep = |statement: &'static str| runtime.block_on(sqlx::raw_sql(statement).execute(&mut keeper)).unwrap();
    keep("BEGIN; LOCK TABLE person_liste IN ACCESS EXCLUSIVE MODE");
    let waits = || {
        let count =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'bilder_counts' AND wait_event_type = 'Lock'";
        postgres::cluster().psql("bilder_counts", count).trim().to_owned()
    };
    let mut given_up = vendor.connect().unwrap();
    given_up.write(&request(SOAP_11, "", vendor.sealed(&bestill(&head(), STREAM, &alt())).as_bytes())).unwrap();
    eventually("the count", || (waits() == "1").then_some(()));
    drop(given_up);
    let second = vendor.call(&bestill(&head(), STREAM, &alt()));
    assert_eq!(second.codes(), ["NIR-T104"], "{second}");
    // Another avsendersystem has a count of its own.
    let theirs = head().from("4204-voksen-2", "4204", "4204-OVERF1");
    let owner = Client::new(&sandbox, "vendor2");
    std::thread::scope(|scope| {
        let other = scope.spawn(|| owner.accepted(&bestill(&theirs, "4204-voksen-2.1", &alt())));
        eventually("the other count", || (waits() == "2").then_some(()));
        keep("ROLLBACK");
        other.join().unwrap();
    });
    let order = eventually("the end of the count", || {
        let answer = vendor.call(&bestill(&head(), STREAM, &alt()));
        (answer.status == 200).then_some(answer)
    });
    assert!(order.text("bestillingsId").is_some(), "{order}");
}
