//! Whose turn it is, and what nobody can deliver any more.

use super::receiver::{Behaviour, Receiver};
use super::{OTHER, QUICK, TRIED, approve, deliveries, position, registers};
use crate::client::Client;
use crate::messages::{bekreft_endringer, head, hent_endringer, ping};
use crate::node::Installation;
use crate::process::{eventually, succeed};
use crate::restart::Tampering;

/// One place for all: whoever has news all the time gives it back after each delivery.
#[test]
fn a_receiver_that_always_has_news_leaves_turns_to_others() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    // By name the first.
    let (leisurely, other) = (Receiver::start(&certs, "kommune"), Receiver::start(&certs, "vendor2"));
    leisurely.behave(Behaviour::Leisurely);
    approve(&installation, OTHER, &leisurely.url(), &["--private"]);
    approve(&installation, TRIED, &other.url(), &["--private"]);
    let node =
        installation.serve(&[&[("DELIVERY__AT_ONCE", "1"), ("DELIVERY__ANSWER_SECONDS", "20")], &QUICK[..3]].concat());
    let persons = installation.persons();
    let mut persons = persons.iter();
    // News without end, as long as the other has not had three turns.
    eventually("three turns of the other", || {
        registers(&node, persons.next().expect("somebody whom nothing was said of yet"));
        (other.seen().len() >= 3).then_some(())
    });
    assert!(leisurely.seen().len() >= 2, "the other waited for it");
    let last = position(&node, TRIED, "vendor2").0;
    other.has(last);
    leisurely.has(last);
    node.stop();
    other.is_sound();
    leisurely.is_sound();
}

#[test]
fn changes_that_are_no_longer_kept_are_not_left_out_in_silence() {
    let installation = Installation::new(None);
    let receiver = Receiver::start(&installation.path().join("certs"), "vendor2");
    approve(&installation, TRIED, &receiver.url(), &["--private"]);
    let persons = installation.persons();
    let node = installation.serve(&[("DELIVERY__ENABLED", "false")]);
    persons[..2].iter().for_each(|duf| registers(&node, duf));
    let last = position(&node, TRIED, "vendor2").0;
    node.stop();
    let mut register = Tampering::with(installation.path());
    for statement in [
        "UPDATE change SET recorded = 0 WHERE avsendersystem = '4204-voksen-2' AND number = 1",
        "UPDATE change SET recorded = 0 WHERE avsendersystem = '4204-voksen-2' AND number = 2",
    ] {
        register.run(statement);
    }
    register.end();
    succeed(&["stream", "prune"], &installation.config());

    let node = installation.serve(QUICK);
    let stands = eventually("the stream that rests", || {
        Some(deliveries(&installation, TRIED)).filter(|stands| stands.contains("PARKED"))
    });
    assert!(stands.contains("before number 3"), "{stands}");
    assert_eq!(receiver.seen(), []);
    // The vendor sees where the stream begins, says that it knows, and goes on.
    let vendor = Client::new(&node, "vendor2");
    let head = head().from(TRIED, "4204", "4204-SUPER1");
    let stream = format!("{TRIED}.1");
    vendor.fault(&hent_endringer(&head, &stream, 0, ""), "NIR-I905");
    vendor.accepted(&hent_endringer(&head, &stream, 2, ""));
    vendor.accepted(&bekreft_endringer(&head, &stream, 2));
    succeed(&["stream", "resume", TRIED], &installation.config());
    eventually("what is left", || (receiver.last() == last).then_some(()));
    assert_eq!(receiver.taken()[0].number, 3);
    node.stop();
}

#[test]
fn a_stream_that_cannot_be_read_waits_as_a_receiver_does_that_fails() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let (tried, other) = (Receiver::start(&certs, "vendor2"), Receiver::start(&certs, "kommune"));
    approve(&installation, TRIED, &tried.url(), &["--private"]);
    approve(&installation, OTHER, &other.url(), &["--private"]);
    let persons = installation.persons();
    let node = installation.serve(&[("DELIVERY__ENABLED", "false")]);
    registers(&node, &persons[0]);
    node.stop();
    let change = |statement: &str| {
        let mut register = Tampering::with(installation.path());
        register.run(&format!("UPDATE change SET {statement} WHERE avsendersystem = '{TRIED}' AND number = 1"));
        register.end();
    };
    change("data = '?' || data");

    let node = installation.serve(&[QUICK, &[("DELIVERY__PARK_AFTER_SECONDS", "1")]].concat());
    let log = node.log.line_with("\"delivery_failed\"");
    assert!(log.contains("INTERN_FEIL") && log.contains(TRIED), "{log}");
    let log = node.log.line_with("\"stream_parked\"");
    assert!(log.contains("INTERN_FEIL") && log.contains("\"alert\":true"), "{log}");
    registers(&node, &persons[1]);
    other.has(position(&node, OTHER, "kommune").0);
    assert_eq!(tried.connections(), 0);
    // Mended, it goes on from the row that could not be read.
    change("data = substr(data, 2)");
    succeed(&["stream", "resume", TRIED], &installation.config());
    tried.has(position(&node, TRIED, "vendor2").0);
    tried.is_sound();
    other.is_sound();
    node.stop();
}

/// After another node has activated its rules: what this one could not record it does not send.
#[test]
fn a_node_with_other_rules_calls_nobody() {
    let installation = Installation::new(None);
    let certs = installation.path().join("certs");
    let receiver = Receiver::start(&certs, "vendor2");
    approve(&installation, TRIED, &receiver.url(), &["--private"]);
    let persons = installation.persons();
    let node = installation.serve(QUICK);
    registers(&node, &persons[0]);
    let last = position(&node, TRIED, "vendor2").0;
    receiver.has(last);
    eventually("its acknowledgement", || (position(&node, TRIED, "vendor2") == (last, last)).then_some(()));
    let change = |statement: &str| {
        let mut register = Tampering::with(installation.path());
        register.run(statement);
        register.end();
    };
    let ready = || node.metrics_get("/health/ready");
    change("UPDATE meta SET value = value || '+' WHERE key = 'active_rules'");
    let (status, why) = eventually("that it is known", || Some(ready()).filter(|(status, _)| *status != 200));
    assert!(status == 503 && why.contains("other rules"), "{why}");
    let called = receiver.connections();
    // News, as another node would leave it.
    change(&format!("UPDATE stream SET acknowledged = acknowledged - 1 WHERE avsendersystem = '{TRIED}'"));
    // The registry is read all the same. Two reads are a second apart, and so often streams are looked at.
    for name in ["Først AS", "Så AS", "Sist AS"] {
        change(&format!(
            "UPDATE registry_entry SET data = json_set(data, '$.navn', '{name}') \
             WHERE key = 'party 310000000' AND system_to IS NULL"
        ));
        change("UPDATE meta SET value = value + 1 WHERE key = 'registry_version'");
        let vendor = Client::new(&node, "vendor");
        let named = || vendor.accepted(&ping()).text("organisasjonsnavn");
        eventually(name, || (named().as_deref() == Some(name)).then_some(()));
    }
    assert_eq!((ready().0, receiver.connections()), (503, called));
    change("UPDATE meta SET value = rtrim(value, '+') WHERE key = 'active_rules'");
    eventually("that it is over", || (ready().0 == 200).then_some(()));
    eventually("the delivery", || (receiver.connections() > called).then_some(()));
    node.stop();
}
