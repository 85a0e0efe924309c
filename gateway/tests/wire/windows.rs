//! The back-registration window over the wire, with the sandbox's register clock set per kommune
//! (issue acceptance 5 and 6; domain.md 9.2, 7.3).

use crate::client::Client;
use crate::idempotency::unused_person;
use crate::messages::{fresh, head, hent_person, line, person, registrer, send, tiltak, vedtak};
use crate::sandbox::Sandbox;

fn average(answer: &crate::client::Answer, maaned: &str) -> String {
    let document = roxmltree::Document::parse(&answer.body).unwrap();
    let row = document
        .descendants()
        .filter(|n| n.tag_name().name() == "maanedssnitt")
        .find(|n| n.children().any(|c| c.tag_name().name() == "maaned" && c.text() == Some(maaned)))
        .unwrap_or_else(|| panic!("no {maaned}: {}", answer.body));
    row.children().find(|c| c.tag_name().name() == "timerPerUke").unwrap().text().unwrap().to_owned()
}

#[test]
fn the_seeds_table_holds() {
    let sandbox = Sandbox::start(None);
    sandbox.set_clock("4204", "2021-04-30T12:00");
    let client = Client::new(&sandbox, "vendor");
    let duf = unused_person(&sandbox);
    let lines = registrer("1", "v/1", &vedtak("2021-03-01", "2021-03-01", "2022-02-28"))
        + &registrer("2", "t/1", &tiltak("NORSK_SAMF", "NS01", "2021-04-02", "2021-04-30", "25"))
        + &registrer("3", "t/2", &tiltak("LIVSM_FORELDRE", "LF01", "2021-04-30", "2021-04-30", "4"))
        + &registrer("4", "t/3", &tiltak("ARBEID", "AR03", "2021-04-29", "2021-04-30", "3"))
        + &registrer("5", "t/4", &tiltak("NORSK_SAMF", "NS01", "2021-05-03", "2021-05-31", "25"))
        + &registrer("6", "t/5", &tiltak("LIVSM_FORELDRE", "LF01", "2021-05-03", "2021-05-31", "4"))
        + &registrer("7", "t/6", &tiltak("ARBEID", "AR03", "2021-05-03", "2021-05-31", "3"));
    let answer = client.call(&send(&head(), &person(&duf, &lines)));
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{}", answer.body);
    assert_eq!(answer.text("mottattDato").as_deref(), Some("2021-04-30"));
    let months = "<maanedFra>2021-03</maanedFra><maanedTil>2021-05</maanedTil>";
    let read = client.call(&hent_person(&head(), &duf, months));
    assert_eq!(average(&read, "2021-03"), "0.00");
    assert_eq!(average(&read, "2021-04"), "25.53");
    assert_eq!(average(&read, "2021-05"), "32.00");
}

#[test]
fn korriger_of_hours_alone_is_v601_and_of_such_a_day_v602() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let duf = unused_person(&sandbox);
    // Stored while 27 February still was in the window.
    sandbox.set_clock("4204", "2021-04-27T12:00");
    let lines = registrer("1", "v", &vedtak("2021-02-27", "2021-02-27", "2022-02-26"))
        + &registrer("2", "t", &tiltak("NORSK_SAMF", "NS01", "2021-02-27", "2021-06-30", "25"));
    let answer = client.call(&send(&head(), &person(&duf, &lines)));
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{}", answer.body);
    // Now the earliest date is 28 February (domain.md 9.2): one day too late for this record.
    sandbox.set_clock("4204", "2021-04-30T12:00");
    let read = |client: &Client<'_>| client.call(&hent_person(&head(), &duf, ""));
    let before = read(&client);
    let version = |answer: &crate::client::Answer| answer.texts("versjon");
    let post = "<post><avsendersReferanse>t</avsendersReferanse></post>";
    let hours = line("1", "KORRIGER", "", post, &tiltak("NORSK_SAMF", "NS01", "2021-02-27", "2021-06-30", "20"));
    let refused = client.call(&send(&head(), &person(&duf, &hours)));
    assert_eq!(refused.codes(), ["NIR-V601"], "{}", refused.body);
    assert_eq!(refused.text("tidligsteDato").as_deref(), Some("2021-02-28"));
    let moved = line("1", "KORRIGER", "", post, &tiltak("NORSK_SAMF", "NS01", "2021-03-01", "2021-06-30", "25"));
    let refused = client.call(&send(&head(), &person(&duf, &moved)));
    assert_eq!(refused.codes(), ["NIR-V602"], "{}", refused.body);
    assert_eq!(version(&before), version(&read(&client)), "nothing was stored");
    // Shortening it at the open end changes only days inside the window.
    let shorter = line("1", "KORRIGER", "", post, &tiltak("NORSK_SAMF", "NS01", "2021-02-27", "2021-05-31", "25"));
    let answer = client.call(&send(&head(), &person(&duf, &shorter)));
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{}", answer.body);
}

#[test]
fn two_kommuner_at_different_register_times_and_the_campaign_edge() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let kommune_0301 = || head().from("0301-flyktning-1", "0301", "0301-OVERF1");
    let oslo = sandbox.unused("0301");
    sandbox.set_clock("0301", "2017-05-15T23:59:59");
    sandbox.set_clock("4204", "2021-04-30T12:00");
    // 24 months back while campaign K2017 is open, to and including 15 May 2017 (domain.md 9.5).
    let old = registrer("1", &fresh("v"), &vedtak("2015-05-15", "2015-05-15", "2016-05-14"));
    let open = client.call(&send(&kommune_0301(), &person(&oslo, &old)));
    assert_eq!(open.text("mottattDato").as_deref(), Some("2017-05-15"), "{}", open.body);
    assert_eq!(open.text("status").as_deref(), Some("GODTATT"), "{}", open.body);
    // At the same moment of real time, Kristiansand is in 2021.
    let today = client.call(&send(
        &head(),
        &person(
            &unused_person(&sandbox),
            &registrer("1", &fresh("v"), &vedtak("2021-02-28", "2021-02-28", "2022-02-27")),
        ),
    ));
    assert_eq!(today.text("mottattDato").as_deref(), Some("2021-04-30"), "{}", today.body);
    assert_eq!(today.text("status").as_deref(), Some("GODTATT"), "{}", today.body);
    sandbox.set_clock("0301", "2017-05-16T00:00");
    let old = registrer("1", &fresh("v"), &vedtak("2015-05-16", "2015-05-16", "2016-05-14"));
    let closed = client.call(&send(&kommune_0301(), &person(&sandbox.unused("0301"), &old)));
    assert_eq!(closed.codes(), ["NIR-V604"], "{}", closed.body);
}
