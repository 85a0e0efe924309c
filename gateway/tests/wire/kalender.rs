//! What a day brings, over the wire (design.md 6, Calendar events): the sandbox's register clock is set ahead, and the stream
//! tells what became of deadlines and programmes on the days between, each once.

use std::collections::BTreeSet;

use crate::client::Client;
use crate::messages::{day, head, hent_endringer, hent_person, person, registrer, send, vedtak};
use crate::postgres;
use crate::process::eventually;
use crate::sandbox::Sandbox;

#[test]
fn the_calendar_is_carried_out_once_on_sqlite() {
    carried_out_once(&Sandbox::start(None));
}

#[test]
fn the_calendar_is_carried_out_once_on_postgresql() {
    carried_out_once(&Sandbox::start(Some(&postgres::cluster().database("kalender"))));
}

/// What the stream tells of the person: kind and day, in order.
fn told(client: &Client<'_>, duf: &str) -> Vec<(String, String)> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = client.accepted(&hent_endringer(&head(), "4204-flyktning-1.1", after, "<antall>1000</antall>"));
        let tree = roxmltree::Document::parse(&page.body).unwrap();
        let text = |node: roxmltree::Node<'_, '_>, name: &str| {
            let found = node.children().find(|child| child.has_tag_name(("urn:no:nir:melding:v1", name)));
            found.and_then(|child| child.text()).unwrap_or_default().to_owned()
        };
        for endring in tree.descendants().filter(|node| node.has_tag_name(("urn:no:nir:melding:v1", "endring"))) {
            after = text(endring, "sekvensnummer").parse().unwrap();
            if text(endring, "dufNummer") == duf {
                all.push((text(endring, "hendelsestype"), text(endring, "gjelderDato")));
            }
        }
        if page.text("flere").as_deref() != Some("true") {
            return all;
        }
    }
}

fn carried_out_once(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let programme = |end: i64| {
        let duf = sandbox.unused("4204");
        client.registered(&send(&head(), &person(&duf, &registrer("1", "", &vedtak(&day(-10), &day(-10), &day(end))))));
        duf
    };
    // Programmes that end without anybody saying why.
    let (first, second) = (programme(50), programme(61));
    let ended = |duf: &str| told(&client, duf).iter().any(|(kind, _)| kind == "AVSLUTNING_SATT_AV_SYSTEM");
    assert!(!ended(&first));
    let ahead = |days: i64| sandbox.set_clock("4204", &format!("{}T12:00", day(days)));
    ahead(55);
    eventually("the end that the register sets", || ended(&first).then_some(()));
    let read = client.accepted(&hent_person(&head(), &first, ""));
    assert!(read.texts("avslutningsdato").contains(&day(50)), "{read}");
    // The same days once more, and some that are new: nothing is said twice.
    ahead(20);
    ahead(65);
    eventually("the days that are new", || ended(&second).then_some(()));
    for duf in [&first, &second] {
        let told = told(&client, duf);
        assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "{told:?}");
    }
}
