//! The back-registration window over the wire, with the sandbox's register clock set per kommune and the real time in
//! Timestamps and certificates (issue acceptance 5 and 6; domain.md 7.3, 9.2, 9.3, 9.5).

use crate::client::{Answer, Client};
use crate::messages::{Head, head, hent_person, line, person, registrer, send, tiltak, vedtak};
use crate::postgres;
use crate::process::eventually;
use crate::sandbox::Sandbox;

/// (month, virkedager, hours per week) as `hentPerson` tells them.
fn averages(answer: &Answer) -> Vec<(String, String, String)> {
    let (months, days, hours) = (answer.texts("maaned"), answer.texts("virkedager"), answer.texts("timerPerUke"));
    // The posts tell hours per week too, and stand before the averages.
    let hours = &hours[hours.len() - months.len()..];
    months.into_iter().zip(days).zip(hours).map(|((month, days), hours)| (month, days, hours.clone())).collect()
}

#[test]
fn the_seeds_table_holds_on_sqlite() {
    the_seeds_table_holds(&Sandbox::start(None));
}

#[test]
fn the_seeds_table_holds_on_postgresql() {
    the_seeds_table_holds(&Sandbox::start(Some(&postgres::cluster().database("seeds"))));
}

fn the_seeds_table_holds(sandbox: &Sandbox) {
    sandbox.set_clock("4204", "2021-04-30T12:00");
    let client = Client::new(sandbox, "vendor");
    let months = "<maanedFra>2021-03</maanedFra><maanedTil>2021-05</maanedTil>";
    // The person that persons.json names for this.
    let duf = "202100000110";
    let lines = registrer("1", "v/1", &vedtak("2021-03-01", "2021-03-01", "2022-02-28"))
        + &registrer("2", "t/1", &tiltak("NORSK_SAMF", "NS01", "2021-04-02", "2021-04-30", "25"))
        + &registrer("3", "t/2", &tiltak("LIVSM_FORELDRE", "LF01", "2021-04-30", "2021-04-30", "4"))
        + &registrer("4", "t/3", &tiltak("ARBEID", "AR03", "2021-04-29", "2021-04-30", "3"));
    let answer = client.registered(&send(&head(), &person(duf, &lines)));
    assert_eq!(answer.text("mottattDato").as_deref(), Some("2021-04-30"));
    let read = client.accepted(&hent_person(&head(), duf, months));
    let row = |month: &str, days: &str, hours: &str| (month.to_owned(), days.to_owned(), hours.to_owned());
    assert_eq!(
        averages(&read),
        [row("2021-03", "23", "0.00"), row("2021-04", "19", "25.53"), row("2021-05", "18", "0.00")]
    );
    let lines = registrer("1", "t/4", &tiltak("NORSK_SAMF", "NS01", "2021-05-03", "2021-05-31", "25"))
        + &registrer("2", "t/5", &tiltak("LIVSM_FORELDRE", "LF01", "2021-05-03", "2021-05-31", "4"))
        + &registrer("3", "t/6", &tiltak("ARBEID", "AR03", "2021-05-03", "2021-05-31", "3"));
    client.registered(&send(&head(), &person(duf, &lines)));
    let read = client.accepted(&hent_person(&head(), duf, months));
    assert_eq!(
        averages(&read),
        [row("2021-03", "23", "0.00"), row("2021-04", "19", "25.53"), row("2021-05", "18", "32.00")]
    );
}

#[test]
fn on_30_april_the_window_reaches_28_february() {
    let sandbox = Sandbox::start(None);
    sandbox.set_clock("4204", "2021-04-30T12:00");
    let client = Client::new(&sandbox, "vendor");
    let of = |day: &str| {
        send(&head(), &person(&sandbox.unused("4204"), &registrer("1", "", &vedtak(day, day, "2022-02-20"))))
    };
    let within = client.registered(&of("2021-02-28"));
    assert_eq!(within.text("mottattDato").as_deref(), Some("2021-04-30"));
    let refused = client.rejected(&of("2021-02-27"), &["NIR-V601", "NIR-V601"]);
    assert_eq!(refused.texts("tidligsteDato"), ["2021-02-28", "2021-02-28"]);
    assert_eq!(refused.texts("felt"), ["vedtaksdato", "startDato"]);
    assert_eq!(refused.texts("regel"), ["vindu.intro.2mnd", "vindu.intro.2mnd"]);
}

#[test]
fn korriger_of_hours_alone_is_v601_and_of_such_a_day_v602() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let duf = sandbox.unused("4204");
    // Stored while 27 February still was in the window.
    sandbox.set_clock("4204", "2021-04-27T12:00");
    let lines = registrer("1", "v", &vedtak("2021-02-27", "2021-02-27", "2022-02-26"))
        + &registrer("2", "t", &tiltak("NORSK_SAMF", "NS01", "2021-02-27", "2021-06-30", "25"));
    client.registered(&send(&head(), &person(&duf, &lines)));
    // Now the earliest date is 28 February (domain.md 9.2): one day too late for this record.
    sandbox.set_clock("4204", "2021-04-30T12:00");
    let read = || client.accepted(&hent_person(&head(), &duf, "<medAnnullerte>true</medAnnullerte>"));
    let before = read();
    let korriger = |fra: &str, til: &str, timer: &str| {
        let post = "<post><avsendersReferanse>t</avsendersReferanse></post>";
        send(&head(), &person(&duf, &line("1", "KORRIGER", "", post, &tiltak("NORSK_SAMF", "NS01", fra, til, timer))))
    };
    // Hours alone: the changed set is the whole period, which begins one day too early (HD-4).
    let refused = client.rejected(&korriger("2021-02-27", "2021-06-30", "20"), &["NIR-V601"]);
    assert_eq!(refused.text("tidligsteDato").as_deref(), Some("2021-02-28"));
    // A date that moves such a day.
    for fra in ["2021-03-01", "2021-02-28"] {
        let refused = client.rejected(&korriger(fra, "2021-06-30", "25"), &["NIR-V602"]);
        assert_eq!(refused.text("tidligsteDato").as_deref(), Some("2021-02-28"), "{fra}");
    }
    let after = read();
    for name in ["postId", "versjon", "fraDato", "tilDato", "timerPerUke", "registrert", "sisteSekvensnummer"] {
        assert_eq!(after.texts(name), before.texts(name), "nothing was stored: {name}");
    }
    // Shortening it at the open end changes only days inside the window.
    client.registered(&korriger("2021-02-27", "2021-05-31", "25"));
    assert_eq!(read().texts("versjon"), ["1", "2"]);
}

#[test]
fn two_kommuner_at_different_register_times_and_the_campaign_edge() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    let of = |head: Head, kommune: &str, day: &str, slutt: &str| {
        send(&head, &person(&sandbox.unused(kommune), &registrer("1", "", &vedtak(day, day, slutt))))
    };
    let oslo = |day: &str| of(head().from("0301-flyktning-1", "0301", "0301-OVERF1"), "0301", day, "2017-05-01");
    let kristiansand = |day: &str| of(head(), "4204", day, "2022-02-20");
    sandbox.set_clock("4204", "2021-04-30T12:00");
    // The last second of campaign K2017: 24 months back, to and including 15 May 2015. A machine that needs longer
    // than the second tries again.
    let in_the_last_second = |day: &str| {
        eventually("an answer in the last second", || {
            sandbox.set_clock("0301", "2017-05-15T23:59:59");
            let answer = client.accepted(&oslo(day));
            (answer.text("mottattDato").as_deref() == Some("2017-05-15")).then_some(answer)
        })
    };
    let open = in_the_last_second("2015-05-15");
    assert_eq!(open.text("status").as_deref(), Some("GODTATT"), "{open}");
    assert!(open.text("mottatt").unwrap().starts_with("2017-05-15T23:59:59."), "{open}");
    let past = in_the_last_second("2015-05-14");
    assert_eq!(past.codes(), ["NIR-V601", "NIR-V601"], "{past}");
    assert_eq!(past.text("tidligsteDato").as_deref(), Some("2015-05-15"));
    // At the same moment of real time, Kristiansand is in 2021.
    let there = client.registered(&kristiansand("2021-02-28"));
    assert_eq!(there.text("mottattDato").as_deref(), Some("2021-04-30"));
    client.rejected(&kristiansand("2021-02-27"), &["NIR-V601", "NIR-V601"]);
    // Midnight.
    sandbox.set_clock("0301", "2017-05-16T00:00");
    let closed = client.rejected(&oslo("2015-05-16"), &["NIR-V604", "NIR-V604"]);
    assert!(closed.text("mottatt").unwrap().starts_with("2017-05-16T00:00:"), "{closed}");
    assert_eq!(closed.text("tidligsteDato").as_deref(), Some("2017-03-16"));
    client.rejected(&oslo("2017-03-15"), &["NIR-V604", "NIR-V604"]);
    client.registered(&oslo("2017-03-16"));
    assert_eq!(client.registered(&kristiansand("2021-02-28")).text("mottattDato").as_deref(), Some("2021-04-30"));
}
