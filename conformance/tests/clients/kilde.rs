//! A source register with a client that nobody here wrote: it reads the description of NirKilde and tells of a person.

use serde_json::{Value, json};

use crate::foreign::{ALL, Client, Library};
use crate::messages::{list, now, text};
use crate::sandbox::shared;

/// A person that UDI may tell of.
const DUF: &str = "202400000702";

#[test]
fn a_source_is_understood_and_reads_its_receipt() {
    let endpoints: Value = serde_json::from_str(&shared().read("endpoints.json")).unwrap();
    let wsdl = format!("{}?wsdl", text(&endpoints["kilde"]));
    let now = now(&mut Client::start(shared(), Library::NodeSoap, "1.1"));
    for (library, soap) in ALL {
        // node-soap takes the operations of the first service that it finds; zeep is told which port.
        let service: &[&str] = if library == Library::Zeep { &["--service", "NirKilde"] } else { &[] };
        let options = [&["--cert", "udi", "--wsdl", &wsdl], service].concat();
        let mut client = Client::with(shared(), library, soap, &options);
        let message = personalia(&client.fresh_id(), &now);
        // What is no answer with a signature that holds ends the test.
        let receipt = client.answer("sendPersongrunnlag", &message);
        assert_eq!(text(&receipt["status"]), "GODTATT", "{library:?} {soap}: {receipt}");
        let person = list(&receipt["person"]).first().cloned().unwrap();
        assert_eq!((text(&person["dufNummer"]), text(&person["resultat"])), (DUF, "GODTATT"));
        assert_eq!(text(&list(&person["registrering"])[0]["registreringsId"]), "navn");

        let again = client.answer("sendPersongrunnlag", &message);
        assert_eq!(again["gjentatt"].to_string().trim_matches('"'), "true");
        assert_eq!(again["kvitteringsId"], receipt["kvitteringsId"]);
        assert_eq!(client.complaints(), "", "{library:?} {soap} had something to say");
    }
}

fn personalia(id: &str, now: &str) -> Value {
    let personalia =
        json!({"fornavn": "Prøve", "etternavn": "Bjørk", "foedselsdato": "1990-01-01", "kjoenn": "KVINNE"});
    let fact =
        json!({"kildeId": "navn", "handling": "SETT", "fraDato": &now[..10], "innhold": {"personalia": personalia}});
    let head = json!({
        "meldingsId": id, "kontraktversjon": "1.1", "kilde": "UDI",
        "kildesystem": {"navn": "Kildesystem", "versjon": "1"}, "opprettet": now,
    });
    json!({"melding": {"kildehode": head, "person": [{"dufNummer": DUF, "opplysning": [fact]}]}})
}
