//! What the clients send is accepted, and they read every answer.

use serde_json::{Value, json};

use crate::foreign::{ALL, Client, Library};
use crate::messages::{STREAM, list, now, number, post, posts, read, registration, text};
use crate::sandbox::{Sandbox, shared};

/// Makes one call of every operation; zeep refuses an answer with anything that its schema does not have.
#[test]
fn every_operation_is_answered_and_every_answer_is_read() {
    for (n, (library, soap)) in ALL.into_iter().enumerate() {
        let (duf, mut client) = (shared().person(n), Client::start(shared(), library, soap));
        let client = &mut client;
        let now = now(client);
        let id = client.fresh_id();
        let message = registration(&id, &now, &duf, 20);
        let receipt = client.answer("sendRegistreringer", &message);
        assert_eq!(text(&receipt["status"]), "GODTATT", "{library:?} {soap}: {receipt}");
        assert_eq!(posts(&receipt).len(), 2);

        let again = client.answer("sendRegistreringer", &message);
        assert_eq!(receipt["gjentatt"].to_string().trim_matches('"'), "false");
        assert_eq!(again["gjentatt"].to_string().trim_matches('"'), "true");
        assert_eq!(again["kvitteringsId"], receipt["kvitteringsId"]);

        let late = registration(&client.fresh_id(), &now, &shared().person(ALL.len() + n), 120);
        let late = client.answer("sendRegistreringer", &late);
        assert_eq!(text(&late["status"]), "AVVIST");
        let lines = list(&list(&late["person"])[0]["registrering"]);
        let feil = list(&lines[0]["feil"]);
        assert!(feil.iter().any(|feil| feil["kode"] == "NIR-V601" && !feil["xpath"].is_null()), "{feil:?}");

        let more = json!({"gjelderMeldingsId": id});
        let stored = ask(client, "hentKvittering", &now, &more);
        assert_eq!(stored["kvittering"]["kvitteringsId"], receipt["kvitteringsId"]);

        let month = &now[..7];
        let more = json!({"dufNummer": duf, "maanedFra": month, "maanedTil": month});
        let person = ask(client, "hentPerson", &now, &more);
        assert_eq!(list(&person["post"]).iter().map(post).collect::<Vec<_>>(), posts(&receipt));
        assert_eq!(list(&person["post"])[0]["innhold"]["vedtak"]["saksreferanse"], "blåbær & æsj <2026/1>");
        assert_eq!(list(&person["maanedssnitt"]).len(), 1);

        let codes = ask(client, "hentKodeverk", &now, &json!({}));
        assert!(list(&codes["kodeverk"]).len() > 5);
        let page = ask(client, "hentEndringer", &now, &json!({"stroemId": STREAM, "etterSekvensnummer": 0}));
        let numbers: Vec<_> = list(&page["endring"]).iter().map(|change| number(&change["sekvensnummer"])).collect();
        assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>(), "{library:?} {soap}");
        let to = numbers.last().unwrap();
        let stream = ask(client, "bekreftEndringer", &now, &json!({"stroemId": STREAM, "bekreftTil": to}));
        assert!(number(&stream["bekreftetTil"]) >= *to);

        assert_eq!(client.complaints(), "", "{library:?} {soap} had something to say");
    }
}

#[test]
fn what_a_receipt_says_is_there_after_a_restart() {
    let sandbox = Sandbox::start();
    let duf = sandbox.person(0);
    let mut client = Client::start(&sandbox, Library::Zeep, "1.1");
    let now = now(&mut client);
    let message = registration(&client.fresh_id(), &now, &duf, 20);
    let receipt = client.answer("sendRegistreringer", &message);
    assert_eq!(text(&receipt["status"]), "GODTATT");
    drop(client);

    let sandbox = sandbox.restart();
    let mut client = Client::start(&sandbox, Library::Zeep, "1.1");
    let person = ask(&mut client, "hentPerson", &now, &json!({ "dufNummer": duf }));
    assert_eq!(list(&person["post"]).iter().map(post).collect::<Vec<_>>(), posts(&receipt));
    let mut again = client.answer("sendRegistreringer", &message);
    again["gjentatt"] = receipt["gjentatt"].clone();
    assert_eq!(again, receipt);
}

fn ask(client: &mut Client, operation: &str, now: &str, more: &Value) -> Value {
    let arguments = read(&client.fresh_id(), now, more);
    client.answer(operation, &arguments)
}
