//! Each operation as a fagsystem uses it, with its answers signed and valid by the published contract
//! (contract.md 4, 5). What each code looks like is in codes.rs.

use std::io::{Cursor, Read as _, Write as _};
use std::process::{Command, Stdio};

use nir_wsdl::client::verify_answer;
use nir_wsdl::envelope::SoapVersion;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::avsender::report as reported;
use crate::client::{Answer, Client, SOAP_12, of_contract};
use crate::messages::{
    bekreft_endringer, day, fresh, head, hent_endringer, hent_kvittering, hent_person, person, ping, registrer, send,
    send_with, tiltak, vedtak,
};
use crate::node::Installation;
use crate::oppslag::{ask, measured, report};
use crate::process;
use crate::sandbox::{Sandbox, shared};

#[test]
fn ping_says_who_is_who_and_what_time_it_is() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor2");
    let asked = ping().replace("</forespoersel>", "<avsendersystem>4204-voksen-2</avsendersystem></forespoersel>");
    let answer = client.accepted(&asked);
    let texts = |name: &str| answer.texts(name);
    assert_eq!(texts("organisasjonsnummer"), ["310000019"]);
    assert_eq!(texts("organisasjonsnavn"), ["TEST Leverandør To AS"]);
    assert_eq!(texts("avsendersystem"), ["0301-voksen-2", "4204-voksen-2"]);
    assert_eq!((texts("miljoe"), texts("kontraktversjon")), (vec!["SANDBOX".to_owned()], vec!["1.1".to_owned()]));
    assert_eq!(texts("gatewayversjon"), [env!("CARGO_PKG_VERSION")]);
    assert_eq!((texts("registertid"), texts("nesteSigneringssertifikat")), (vec![], vec![]));
    // As receipts write time: in Norway, with milliseconds.
    let time = answer.text("tid").unwrap();
    let now = chrono::DateTime::parse_from_rfc3339(&time).unwrap();
    assert!(time.len() == "2026-11-24T12:00:00.000+01:00".len() && &time[19..20] == ".", "{time}");
    assert_eq!(now.with_timezone(&chrono_tz::Europe::Oslo).fixed_offset().to_rfc3339(), now.to_rfc3339());
    let token: String = sandbox.pem("gateway.pem").lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(texts("sertifikat"), [token]);
    // The kommune speaks for every avsendersystem of its own, whoever runs it.
    let kommune = Client::new(sandbox, "kommune").accepted(&ping()).texts("avsendersystem");
    assert!(
        kommune.contains(&"4204-egen-3".to_owned()) && kommune.contains(&"4204-flyktning-1".to_owned()),
        "{kommune:?}"
    );
    assert!(kommune.iter().all(|system| system.starts_with("4204-")), "{kommune:?}");
}

#[test]
fn ping_shows_the_certificate_that_takes_over() {
    let installation = Installation::new(None);
    let next = installation.path().join("certs/kilde.pem");
    let node = installation.serve(&[("SIGNING__NEXT_CERTIFICATE", next.to_str().unwrap())]);
    let answer = Client::new(&node, "vendor").accepted(&ping());
    let pem = std::fs::read_to_string(next).unwrap();
    let token: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(answer.texts("sertifikat")[1..], [token]);
}

fn kodeverk(more: &str) -> String {
    format!(
        "<hentKodeverk xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}{more}</forespoersel></hentKodeverk>",
        head().xml()
    )
}

#[test]
fn code_lists_come_all_or_by_name_and_by_day() {
    let client = Client::new(shared(), "vendor");
    let all = client.accepted(&kodeverk(""));
    let lists = |answer: &Answer| -> Vec<String> {
        let document = roxmltree::Document::parse(&answer.body).unwrap();
        let lists = document.descendants().filter(|node| node.tag_name().name() == "kodeverk");
        lists
            .filter_map(|list| list.children().find(|child| child.tag_name().name() == "navn")?.text())
            .map(str::to_owned)
            .collect()
    };
    for name in ["vedtakstype", "tiltaksgruppe", "tiltakstype", "gjennomfoering", "hendelsestype"] {
        assert!(lists(&all).contains(&name.to_owned()), "{name}: {:?}", lists(&all));
    }
    let two = client.accepted(&kodeverk("<kodeverk>tiltaksgruppe</kodeverk><kodeverk>vedtakstype</kodeverk>"));
    let mut names = lists(&two);
    names.sort();
    assert_eq!(names, ["tiltaksgruppe", "vedtakstype"]);
    assert_eq!(two.texts("versjon"), all.texts("versjon"));
    // UTVIDET_NORSK cannot be decided from July 2026 on (domain.md 15, B515): on a day, only what is valid then.
    let on = |day: &str| {
        client.accepted(&kodeverk(&format!("<kodeverk>vedtakstype</kodeverk><dato>{day}</dato>"))).codes().len()
    };
    assert!(on("1990-01-01") < on("2026-01-01"));
    let unknown =
        client.fault(&kodeverk("<kodeverk>tiltaksgruppe</kodeverk><kodeverk>oppdiktet</kodeverk>"), "NIR-X307");
    assert!(unknown.text("melding").unwrap().contains("oppdiktet"), "{unknown}");
}

#[test]
fn soap_12_carries_the_same() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let call = |payload: &str| client.post(SOAP_12, "", client.sealed_as(SoapVersion::V12, payload).as_bytes());
    let receipt =
        call(&send(&head(), &person(&sandbox.unused("4204"), &registrer("1", "", &vedtak(&day(0), &day(0), &day(9))))));
    assert_eq!(
        (receipt.status, receipt.header("content-type"), receipt.text("status").as_deref()),
        (200, Some(SOAP_12), Some("GODTATT")),
        "{receipt}"
    );
    assert!(client.verifies(&receipt) && receipt.body.contains("http://www.w3.org/2003/05/soap-envelope"));
    // Sender and Receiver are told apart by status and by code (SOAP 1.2 part 2, 7.5.2.2).
    let sender = call(&hent_person(&head(), "202400000703", ""));
    assert_eq!(
        (sender.status, sender.codes(), sender.text("Value").as_deref()),
        (400, vec!["NIR-X309".to_owned()], Some("soap:Sender")),
        "{sender}"
    );
    assert!(client.verifies(&sender));
    let texts = sender.texts("Text");
    assert!(
        texts.len() == 2 && texts[0].starts_with("NIR-X309: DUF-nummeret") && texts[1].starts_with("NIR-X309: The DUF"),
        "{texts:?}"
    );
    let tampered = client.sealed_as(SoapVersion::V12, &ping()).replace("<kontraktversjon>1.0", "<kontraktversjon>1.1");
    let fault = client.post(SOAP_12, "", tampered.as_bytes());
    assert_eq!((fault.status, fault.codes()), (400, vec!["NIR-S202".to_owned()]), "{fault}");
    assert!(fault.body.contains("wsse:FailedCheck"), "{fault}");
}

#[test]
fn an_answer_relates_to_the_message_that_asked() {
    let client = Client::new(shared(), "vendor");
    const WSA: &str = "http://www.w3.org/2005/08/addressing";
    let with_id = |envelope: String, id: &str| {
        envelope.replacen(
            "<soap:Header>",
            &format!("<soap:Header><wsa:MessageID xmlns:wsa=\"{WSA}\">{id}</wsa:MessageID>"),
            1,
        )
    };
    for id in ["urn:uuid:6b29fc40-ca47-1067-b31d-00dd010662da", "uuid:1", "a &amp; b &lt;c>", "http://x/?a=1&amp;b=2"] {
        let meaning = id.replace("&amp;", "&").replace("&lt;", "<");
        let answer = client.send(&with_id(client.sealed(&ping()), id));
        assert_eq!((answer.status, answer.text("RelatesTo")), (200, Some(meaning.clone())), "{answer}");
        assert!(client.verifies(&answer));
        // It is signed: another value would show.
        let changed = answer.body.replacen("</wsa:RelatesTo>", "x</wsa:RelatesTo>", 1);
        assert!(changed != answer.body && !client.verifies(&Answer { body: changed, ..answer }), "{id}");
        let fault = client.send(&with_id(client.sealed("<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>"), id));
        assert_eq!((fault.codes(), fault.text("RelatesTo")), (vec!["NIR-T105".to_owned()], Some(meaning)), "{fault}");
        assert!(client.verifies(&fault));
    }
    assert_eq!(client.accepted(&ping()).text("RelatesTo"), None);
}

/// A report of a record that was registered for it.
fn struck(client: &Client<'_>, sandbox: &Sandbox) -> String {
    let duf = sandbox.unused("4204");
    let measure = measured(client, &duf);
    report(&head(), &duf, &measure, 1, "FEIL_PERSON")
}

/// Each kind of answer, one of each that the contract has a root for.
fn one_of_each(client: &Client<'_>, sandbox: &Sandbox) -> Vec<Answer> {
    let (id, duf) = (fresh("each"), sandbox.unused("4204"));
    let lines = registrer("1", "", &vedtak(&day(0), &day(0), &day(300)))
        + &registrer("2", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(1), "38"))
        + &registrer("3", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(400), "41"));
    [
        ping(),
        send(&head().id(&id), &person(&duf, &lines)),
        send_with(
            &head(),
            "<transaksjon>PER_PERSON</transaksjon><proevekjoering>true</proevekjoering>",
            &person(&duf, &lines),
        ),
        send(&head(), &person(&sandbox.unused("4204"), &registrer("1", "r", &vedtak(&day(0), &day(0), &day(300))))),
        hent_kvittering(&head(), &id),
        hent_kvittering(&head(), "never"),
        hent_person(
            &head(),
            "202400000702",
            "<medAnnullerte>true</medAnnullerte><maanedFra>2026-01</maanedFra><maanedTil>2026-12</maanedTil>",
        ),
        kodeverk(""),
        hent_endringer(&head(), "4204-flyktning-1.1", 0, ""),
        bekreft_endringer(&head(), "4204-flyktning-1.1", 0),
        ask("finnPerson", &head(), "<nummertype>FOEDSELSNUMMER</nummertype><nummer>01819012365</nummer>"),
        ask("hentPersonliste", &head(), "<tidligere>true</tidligere><csv>true</csv>"),
        ask("hentPostoversikt", &head(), "<medAnnullerte>true</medAnnullerte>"),
        ask("hentBeregningslogg", &head(), "<dufNummer>202400000702</dufNummer>"),
        ask("hentDatakonsistens", &head(), ""),
        ask("forklarVindu", &head(), "<ordning>INTRO</ordning><dato>2020-01-01</dato>"),
        ask("hentAvsenderstatus", &head(), ""),
        crate::pull::vent_paa(&head(), &[("4204-flyktning-1.1", 0)], ""),
        crate::bilder::bestill(
            &head().from("4203-flyktning-1", "4203", "4203-OVERF1"),
            "4203-flyktning-1.1",
            &crate::bilder::of(&["200100000104"]),
        ),
        ask("hentOverfoeringsfeil", &head(), ""),
        ask("meldSupportsak", &head(), "<dufNummer>202400000702</dufNummer><tekst>Hva nå?</tekst>"),
        ask("hentSupportsak", &head(), ""),
        reported(sandbox, "vendor.pem"),
        struck(client, sandbox),
        hent_person(&head().from("ukjent", "9999", "ukjent"), "202400000702", ""),
        hent_endringer(&head(), "nowhere.1", 0, ""),
        "<ping xmlns=\"urn:no:nir:melding:v1\"><a></a><b></b></ping>".to_owned(),
    ]
    .iter()
    .map(|payload| client.call(payload))
    .collect()
}

#[test]
fn every_kind_of_answer_is_valid_by_the_files_that_are_published() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let certificate = sandbox.pem("gateway.pem");
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let folder = process::folder();
    let mut archive = zip::ZipArchive::new(Cursor::new(client.get_bytes("/contract/v1.zip"))).unwrap();
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).unwrap();
        let name = file.enclosed_name().expect("a name that stays in its folder");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    assert!(folder.path().join("NirFagsystem.wsdl").exists());
    let xmllint = Command::new("xmllint").arg("--version").output().is_ok();
    if !xmllint {
        println!("NOT RUN: xmllint over the published schemas; it is not installed (Debian: libxml2-utils)");
    }
    let mut roots = std::collections::BTreeSet::new();
    for answer in one_of_each(&client, sandbox) {
        assert!(client.verifies(&answer), "{answer}");
        let verified = verify_answer(answer.body.as_bytes(), &der).unwrap();
        let payload = of_contract(&verified.body_child);
        let text = String::from_utf8_lossy(payload);
        roots.insert(text[1..text.find(' ').unwrap()].to_owned());
        if xmllint {
            let mut child = Command::new("xmllint")
                .args(["--noout", "--nonet", "--schema", "nir-melding-v1.xsd", "-"])
                .current_dir(folder.path())
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(payload).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        }
    }
    let all = [
        "bekreftEndringerSvar",
        "bestillOeyeblikksbildeSvar",
        "finnPersonSvar",
        "forklarVinduSvar",
        "hentAvsenderstatusSvar",
        "hentBeregningsloggSvar",
        "hentDatakonsistensSvar",
        "hentEndringerSvar",
        "hentKodeverkSvar",
        "hentKvitteringSvar",
        "hentOverfoeringsfeilSvar",
        "hentPersonSvar",
        "hentPersonlisteSvar",
        "hentPostoversiktSvar",
        "hentSupportsakSvar",
        "meldFeilregistrertSvar",
        "meldSertifikatSvar",
        "meldSupportsakSvar",
        "nirFeil",
        "pingSvar",
        "sendRegistreringerSvar",
        "ventPaaEndringerSvar",
    ];
    assert_eq!(roots.into_iter().collect::<Vec<_>>(), all);
}
