//! A fagsystem that begins with us: zeep orders the whole picture of its kommune, polls it out of its stream, acknowledges, and
//! reconciles what it has by `hentPostoversikt` (contract.md 0.15, 4.6).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::foreign::{Client, Library};
use crate::messages::{STREAM, list, now, number, post, read, registration, text};
use crate::sandbox::Sandbox;

#[test]
fn zeep_loads_a_whole_kommune_and_reconciles_it() {
    let sandbox = Sandbox::start();
    let mut client = Client::start(&sandbox, Library::Zeep, "1.1");
    let client = &mut client;
    let now = now(client);
    let register = |client: &mut Client, n: usize| {
        let message = registration(&client.fresh_id(), &now, &sandbox.person(n), 20);
        let receipt = client.answer("sendRegistreringer", &message);
        assert_eq!(text(&receipt["status"]), "GODTATT", "{receipt}");
    };
    (0..5).for_each(|n| register(client, n));

    let order = ask(client, "bestillOeyeblikksbilde", &now, &json!({"stroemId": STREAM, "omfang": "ALT"}));
    let cut = number(&order["posisjon"]);
    // The world goes on while the pictures are written.
    (5..8).for_each(|n| register(client, n));

    let mut store = Store::default();
    loop {
        let more = json!({"stroemId": STREAM, "etterSekvensnummer": store.read, "antall": 100, "ventSekunder": 50});
        let page = ask(client, "hentEndringer", &now, &more);
        let changes = list(&page["endring"]);
        assert!(!changes.is_empty(), "nothing came in time: {page}");
        changes.iter().for_each(|change| store.take(change));
        let more = json!({"stroemId": STREAM, "bekreftTil": store.read});
        assert_eq!(number(&ask(client, "bekreftEndringer", &now, &more)["bekreftetTil"]), store.read);
        let all = page["flere"].to_string().trim_matches('"') == "false";
        if store.complete && all {
            break;
        }
    }
    assert_eq!(i64::try_from(store.pictures.len()).unwrap(), number(&order["antall"]));
    assert!(store.pictures.values().all(|posisjon| *posisjon == cut));

    // Every record that the register has, the fagsystem has, with the same version; and none that it has not. What it wrote
    // itself after the cut it knows from its own receipts.
    let mut theirs = BTreeMap::new();
    let mut sidetoken = Value::Null;
    loop {
        let mut more = json!({"antall": 1000});
        if !sidetoken.is_null() {
            more["sidetoken"] = sidetoken.clone();
        }
        let page = ask(client, "hentPostoversikt", &now, &more);
        for row in list(&page["rad"]) {
            let (post_id, versjon) = post(&row["post"]);
            theirs.insert(post_id, (text(&row["dufNummer"]).to_owned(), versjon));
        }
        sidetoken = page["nesteToken"].clone();
        if sidetoken.is_null() {
            break;
        }
    }
    let late: BTreeSet<String> = (5..8).map(|n| sandbox.person(n)).collect();
    theirs.retain(|_, (duf, _)| !late.contains(duf));
    store.posts.retain(|_, (duf, _)| !late.contains(duf));
    assert!(theirs.len() >= 10, "{theirs:?}");
    assert_eq!(store.posts, theirs);

    let waited = json!({"posisjon": [{"stroemId": STREAM, "etterSekvensnummer": cut}], "ventSekunder": 50});
    let news = ask(client, "ventPaaEndringer", &now, &waited);
    // zeep gives the one child of an answer without the element around it.
    assert!(news.to_string().contains(STREAM), "{news}");
    assert_eq!(client.complaints(), "", "zeep had something to say");
}

/// What a fagsystem keeps.
#[derive(Default)]
struct Store {
    /// The last number read.
    read: i64,
    /// Whether the last picture has come.
    complete: bool,
    /// Persons with the position of their picture.
    pictures: BTreeMap<String, i64>,
    /// Records: whose, and which version.
    posts: BTreeMap<String, (String, i64)>,
}

impl Store {
    fn take(&mut self, change: &Value) {
        let number_here = number(&change["sekvensnummer"]);
        assert_eq!(number_here, self.read + 1, "in order, without gaps");
        self.read = number_here;
        let picture = &change["personOeyeblikksbilde"];
        if picture.is_null() {
            return;
        }
        self.complete |= picture["siste"].to_string().trim_matches('"') == "true";
        let person = &picture["person"];
        if person.is_null() {
            return;
        }
        let duf = text(&person["dufNummer"]).to_owned();
        for shown in list(&person["post"]) {
            let (post_id, versjon) = post(&shown);
            self.posts.insert(post_id, (duf.clone(), versjon));
        }
        self.pictures.insert(duf, number(&picture["posisjon"]));
    }
}

/// Reads by contract 1.1.
pub fn ask(client: &mut Client, operation: &str, now: &str, more: &Value) -> Value {
    let mut arguments = read(&client.fresh_id(), now, more);
    as_1_1(&mut arguments);
    client.answer(operation, &arguments)
}

/// Wherever the arguments have their header: built against contract 1.1.
fn as_1_1(arguments: &mut Value) {
    match arguments {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "kontraktversjon" => *value = json!("1.1"),
                    _ => as_1_1(value),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(as_1_1),
        _ => {}
    }
}
