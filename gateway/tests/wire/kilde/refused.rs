//! What a source, or who is none, is refused. The way in is the same code as NirFagsystem's (`attacks/`); here stands what
//! differs.

use crate::client::Client;
use crate::kilde::{annuller, nobody, permit, personalia, sett, told, told_with};
use crate::messages::{day, fresh, head, hent_person, person, ping, registrer, send, vedtak};
use crate::sandbox::Sandbox;

#[test]
fn each_party_tells_its_own_kinds_by_its_own_name() {
    let sandbox = Sandbox::start(None);
    let (udi, vendor) = (Client::source(&sandbox, "udi"), Client::new(&sandbox, "vendor"));
    let duf = sandbox.unused("4204");
    let name = sett("n", &day(-1), &personalia());
    let test = sett(
        "p",
        &day(-1),
        &format!(
            "<proeve><proevetype>NORSKPROEVE_A1_B2</proevetype><dato>{}</dato><status>AVLAGT</status></proeve>",
            day(-1)
        ),
    );
    // A kind that is not UDI's: the line is refused, and with it the message, or the person.
    let refused = udi.rejected(&told("UDI", &fresh("u"), &person(&duf, &(name.clone() + &test))), &["NIR-A406"]);
    assert_eq!(refused.texts("resultat"), ["AVVIST", "IKKE_UTFOERT", "AVVIST"]);
    assert_eq!(refused.text("rettesAv").as_deref(), Some("KILDE"));
    assert_eq!(refused.text("xpath").as_deref(), Some("/sendPersongrunnlag/melding/person[1]/opplysning[2]/innhold"));
    assert!(refused.text("melding").unwrap().contains("PROEVE"), "{refused}");
    let per_person = "<transaksjon>PER_PERSON</transaksjon>";
    let both = person(&duf, &name) + &person(&nobody(5), &(test + &sett("n", &day(-1), &personalia())));
    let partly = udi.accepted(&told_with("UDI", &fresh("u"), per_person, &both));
    assert_eq!(partly.text("status").as_deref(), Some("DELVIS_GODTATT"), "{partly}");
    assert_eq!(partly.texts("resultat"), ["GODTATT", "REGISTRERT", "AVVIST", "AVVIST", "IKKE_UTFOERT"]);
    vendor.fault(&hent_person(&head(), &nobody(5), ""), "NIR-B501");

    // Another source's name, no source at all, a party that does not say which source it is, another's TLS end.
    let payload = |kilde: &str| told(kilde, &fresh("x"), &person(&duf, &name));
    udi.rejected(&payload("FOLKEREGISTER"), &["NIR-A414"]);
    udi.rejected(&payload("UKJENT"), &["NIR-A414"]);
    for stranger in ["vendor", "kommune", "kilde"] {
        Client::source(&sandbox, stranger).rejected(&payload("UDI"), &["NIR-A414"]);
    }
    let mut carried = Client::source(&sandbox, "vendor");
    carried.signer = Client::new(&sandbox, "udi").signer;
    carried.rejected(&payload("UDI"), &["NIR-A414"]);

    // Each service has its own operations, and a source registers nothing.
    let registration = send(&head(), &person(&duf, &registrer("1", "", &vedtak(&day(-5), &day(0), &day(300)))));
    udi.fault(&registration, "NIR-T105");
    vendor.fault(&payload("UDI"), "NIR-T105");
    Client::new(&sandbox, "udi").rejected(&registration, &["NIR-A414"]);
    let answer = udi.accepted(&ping());
    assert_eq!(answer.text("organisasjonsnummer").as_deref(), Some("310000140"));
}

#[test]
fn what_is_wrong_with_a_fact_is_told_at_its_place() {
    let sandbox = Sandbox::start(None);
    let udi = Client::source(&sandbox, "udi");
    let duf = sandbox.unused("4204");
    let bad = |line: &str| told("UDI", &fresh("u"), &person(&duf, line));
    for (line, code, felt) in [
        (sett("1", &day(0), &permit("UKJENT", &day(0))), "NIR-X307", "oppholdsgrunnlag"),
        (
            sett("1", &day(0), "<familie><relasjon>BARN</relasjon><dufNummer>202400000799</dufNummer></familie>"),
            "NIR-X309",
            "dufNummer",
        ),
        (
            sett(
                "1",
                &day(0),
                "<mottak><navn>M</navn><kommunenummer>9999</kommunenummer><mottakstype>ORDINAERT</mottakstype></mottak>",
            ),
            "NIR-X312",
            "kommunenummer",
        ),
        (
            sett(
                "1",
                &day(0),
                &format!("<fornyelse><soeknadsdato>{}</soeknadsdato><utfall>INNVILGET</utfall></fornyelse>", day(0)),
            ),
            "NIR-B516",
            "avgjortDato",
        ),
        (
            sett("1", &day(0), &personalia()).replace("<innhold>", &format!("<tilDato>{}</tilDato><innhold>", day(-1))),
            "NIR-B552",
            "tilDato",
        ),
        (sett("1", &day(0), &personalia()).replace("SETT", "REGISTRER"), "NIR-X307", "handling"),
    ] {
        let refused = udi.rejected(&bad(&line), &[code]);
        assert_eq!(refused.text("felt").as_deref(), Some(felt), "{refused}");
        assert!(refused.text("linje").is_some(), "{refused}");
    }
    udi.rejected(&told("UDI", &fresh("u"), &person("202400000799", &annuller("1"))), &["NIR-X309"]);
    udi.rejected(&told("UDI", &fresh("u"), &person(&nobody(6), &annuller("1"))), &["NIR-B501"]);
    // What no schema can say.
    let twice = sett("1", &day(0), &personalia()) + &sett("1", &day(0), &personalia());
    udi.fault(&bad(&twice), "NIR-X302");
    let dated = annuller("1").replace("</handling>", &format!("</handling><tilDato>{}</tilDato>", day(0)));
    udi.fault(&bad(&dated), "NIR-X302");
}

/// The signature covers the same of this service as of the other.
#[test]
fn a_changed_message_is_refused() {
    let sandbox = Sandbox::start(None);
    let udi = Client::source(&sandbox, "udi");
    let payload = told("UDI", &fresh("u"), &person(&nobody(7), &sett("n", &day(-1), &personalia())));
    let sealed = udi.sealed(&payload);
    let changed = udi.send(&sealed.replace(&nobody(7), &nobody(8)));
    assert_eq!((changed.status, changed.codes()), (500, vec!["NIR-S202".to_owned()]), "{changed}");
    let unsigned = format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>{payload}</soap:Body></soap:Envelope>"
    );
    assert_eq!(udi.send(&unsigned).codes(), ["NIR-S201"]);
    // The other service's action.
    let other = udi.post(
        crate::client::SOAP_11,
        "SOAPAction: \"urn:no:nir:fagsystem:v1/sendRegistreringer\"\r\n",
        sealed.as_bytes(),
    );
    assert_eq!(other.codes(), ["NIR-T105"], "{other}");
    assert_eq!(udi.send(&sealed).text("status").as_deref(), Some("GODTATT"));
}
