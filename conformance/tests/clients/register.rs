//! The register through clients nobody here wrote: many kinds of record in one message, what follows from them, and every
//! read.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::foreign::{Client, Library};
use crate::messages::{head, list, now, read, text};
use crate::sandbox::Sandbox;

/// The DUF number of the person that shows this.
fn shown(sandbox: &Sandbox, begins: &str) -> String {
    let persons: Value = serde_json::from_str(&sandbox.read("persons.json")).unwrap();
    let all = list(&persons["personer"]);
    let found = all.iter().find(|person| text(&person["viser"]).starts_with(begins)).unwrap();
    text(&found["dufNummer"]).to_owned()
}

#[test]
fn kinds_of_record_categories_and_reads() {
    let sandbox = Sandbox::start();
    let persons = ["Flyktning bosatt etter avtale: INTRO_RP", "Flyktning som kan få arbeid"];
    for (library, shows) in [Library::Zeep, Library::NodeSoap].into_iter().zip(persons) {
        let (duf, mut client) = (shown(&sandbox, shows), Client::start(&sandbox, library, "1.1"));
        let client = &mut client;
        let now = now(client);
        let message = programme(&client.fresh_id(), &now, &duf);
        let receipt = client.answer("sendRegistreringer", &message);
        assert_eq!(text(&receipt["status"]), "GODTATT", "{library:?}: {receipt}");
        let told: Vec<String> =
            list(&receipt["endring"]).iter().map(|change| text(&change["hendelsestype"]).to_owned()).collect();
        for kind in ["ORDNING_AKTIVERT", "KATEGORI_ENDRET", "FRIST_BEREGNET"] {
            assert!(told.iter().any(|told| told == kind), "{library:?}: no {kind} in {told:?}");
        }

        let person = ask(client, "hentPerson", &now, &json!({ "dufNummer": duf }));
        let categories: Vec<String> =
            list(&person["kategori"]).iter().map(|row| text(&row["kategori"]).to_owned()).collect();
        assert_eq!(categories, ["INTRO_RP", "NORSK_RETT", "NORSK_PLIKT"], "{library:?}");
        assert!(list(&person["frist"]).iter().any(|frist| text(&frist["fristtype"]) == "PROGRAMSLUTT"));
        assert_eq!(list(&person["post"]).len(), 9);

        let log = ask(client, "hentBeregningslogg", &now, &json!({ "dufNummer": duf }));
        assert!(log.to_string().contains("Rett og plikt til introduksjonsprogram"), "{log}");
        let page = ask(client, "hentPersonliste", &now, &json!({"kategori": "INTRO_RP", "csv": true}));
        assert!(text(&page["csv"]).contains(&duf), "{page}");
        let posts = ask(client, "hentPostoversikt", &now, &json!({}));
        assert!(list(&posts["rad"]).iter().any(|row| text(&row["posttype"]) == "INTEGRERINGSKONTRAKT"));
        let lacking = ask(client, "hentDatakonsistens", &now, &json!({}));
        assert!(!list(&lacking["person"]).is_empty());
        let window = ask(client, "forklarVindu", &now, &json!({"ordning": "INTRO", "dato": "2026-01-15"}));
        assert_eq!(window["innenfor"].to_string().trim_matches('"'), "false");
        let status = ask(client, "hentAvsenderstatus", &now, &json!({}));
        assert_eq!(status["kanSende"].to_string().trim_matches('"'), "true");
        errors_and_support(client, &now, &duf);
        let number = json!({"nummertype": "FOEDSELSNUMMER", "nummer": "01819012365"});
        assert!(ask(client, "finnPerson", &now, &number).to_string().contains("202400000702"));
        assert_eq!(client.complaints(), "", "{library:?} had something to say");
    }
}

/// What is refused is a case until it is sent right, and IMDi is asked about it.
fn errors_and_support(client: &mut Client, now: &str, duf: &str) {
    let content = json!({"vedtak": {"ordning": "INTRO", "vedtakstype": "INNVILGELSE", "vedtaksdato": "2010-01-01"}});
    let line =
        json!({"registreringsId": "1", "handling": "REGISTRER", "avsendersReferanse": "feil/1", "innhold": content});
    let id = client.fresh_id();
    let message =
        json!({"melding": {"meldingshode": head(&id, now), "person": [{"dufNummer": duf, "registrering": [line]}]}});
    let refused = client.answer("sendRegistreringer", &message);
    assert_eq!(text(&refused["status"]), "AVVIST");
    let errors = ask(client, "hentOverfoeringsfeil", now, &json!({ "meldingsId": id }));
    let case = list(&errors["sak"]).first().cloned().unwrap_or_else(|| panic!("{errors}"));
    assert_eq!((text(&case["status"]), text(&case["avsendersReferanse"])), ("NY", "feil/1"));
    let attempt = list(&case["forsoek"]).first().cloned().unwrap();
    let feil_id = list(&attempt["feil"]).first().map(|feil| text(&feil["feilId"]).to_owned()).unwrap();
    let asked = ask(client, "meldSupportsak", now, &json!({"feilId": feil_id, "tekst": "Hvorfor er den avvist?"}));
    assert_eq!(asked["sakId"], case["sakId"]);
    let cases = ask(client, "hentSupportsak", now, &json!({"supportsakId": text(&asked["supportsakId"])}));
    assert!(cases.to_string().contains("Hvorfor er den avvist?"), "{cases}");
}

fn ask(client: &mut Client, operation: &str, now: &str, more: &Value) -> Value {
    let arguments = read(&client.fresh_id(), now, more);
    client.answer(operation, &arguments)
}

/// A programme with what belongs to it.
fn programme(id: &str, now: &str, duf: &str) -> Value {
    let today: NaiveDate = now[..10].parse().unwrap();
    let ago = |days: u64| today - Days::new(days);
    let in_days = |days: u64| today + Days::new(days);
    let contents = [
        json!({"utdanningsbakgrunn": {"harVideregaaende": "NEI", "dato": ago(20)}}),
        json!({"vedtak": {"ordning": "INTRO", "vedtakstype": "INNVILGELSE", "vedtaksdato": ago(20), "startDato": ago(18),
            "sluttDato": in_days(300)}}),
        json!({"sluttmaal": {"sluttmaal": "ARBEID", "fraDato": ago(18)}}),
        json!({"integreringskontrakt": {"inngaattDato": ago(18)}}),
        json!({"tiltak": {"ordning": "INTRO", "tiltaksgruppe": "NORSK_SAMF", "tiltakstype": "NS01", "fraDato": ago(17),
            "tilDato": in_days(100), "timerPerUke": "25"}}),
        json!({"permisjon": {"ordning": "INTRO", "permisjonstype": "PE01", "fraDato": ago(10), "tilDato": ago(8)}}),
        json!({"fravaer": {"ordning": "INTRO", "fravaertype": "FR02", "fraDato": ago(5), "tilDato": ago(4)}}),
        json!({"klage": {"ordning": "INTRO", "vedtakRef": {"registreringsId": "2"}, "klageDato": ago(2)}}),
        json!({"reservasjonForskning": {"reservert": true, "dato": ago(3)}}),
    ];
    let lines: Vec<Value> = contents
        .into_iter()
        .zip(1..)
        .map(|(innhold, n)| json!({"registreringsId": n.to_string(), "handling": "REGISTRER", "innhold": innhold}))
        .collect();
    json!({"melding": {"meldingshode": head(id, now), "person": [{"dufNummer": duf, "registrering": lines}]}})
}
