//! Transfer errors and support cases as a fagsystem and an operator meet them (design.md 11; contract.md 4.5, 5).

use crate::client::{Answer, Client};
use crate::messages::{Head, day, fresh, head, person, registrer, send, send_with, tiltak, vedtak};
use crate::node::Installation;
use crate::oppslag::ask;
use crate::process::{refused, succeed};
use crate::restart::Tampering;
use crate::sandbox::shared;

/// The cases with an attempt of this message.
fn cases(client: &Client<'_>, head: &Head, meldings_id: &str) -> Answer {
    client.accepted(&ask("hentOverfoeringsfeil", head, &format!("<meldingsId>{meldings_id}</meldingsId>")))
}

/// A record far outside every window.
fn old(reference: &str) -> String {
    registrer("1", reference, &vedtak("2010-01-01", "2010-01-01", "2011-01-01"))
}

#[test]
fn a_rejected_message_is_a_case_until_it_is_sent_right() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (duf, reference) = (sandbox.unused("4204"), fresh("sak"));
    let first = fresh("m");
    let receipt = client.accepted(&send(&head().id(&first), &person(&duf, &old(&reference))));
    assert_eq!(receipt.text("status").as_deref(), Some("AVVIST"), "{receipt}");
    let found = cases(&client, &head(), &first);
    let text = |name: &str| found.text(name);
    assert_eq!((text("status").as_deref(), text("dufNummer")), (Some("NY"), Some(duf.clone())), "{found}");
    assert_eq!((text("avsendersReferanse"), text("posttype").as_deref()), (Some(reference.clone()), Some("VEDTAK")));
    // In the order of the receipt: the first is the main one.
    assert!(receipt.codes().len() > 1, "{receipt}");
    let errors = |answer: &Answer| (answer.texts("feilId"), answer.codes());
    assert_eq!(errors(&found), errors(&receipt), "{found}");
    assert_eq!((text("versjon").as_deref(), text("rettesAv")), (Some("2026.11.2"), receipt.text("rettesAv")));
    // Again, wrong; the same record, so it is the same case.
    let second = fresh("m");
    client.accepted(&send(&head().id(&second), &person(&duf, &old(&reference))));
    assert_eq!(cases(&client, &head(), &second).texts("forsoek").len(), 2);
    // And right.
    let good = registrer("1", &reference, &vedtak(&day(0), &day(0), &day(300)));
    client.registered(&send(&head(), &person(&duf, &good)));
    let solved = cases(&client, &head(), &first);
    assert_eq!(solved.text("status").as_deref(), Some("LOEST_AV_AVSENDER"), "{solved}");
    let open = format!("<status>NY</status><status>UNDER_ARBEID</status><dufNummer>{duf}</dufNummer>");
    assert_eq!(client.accepted(&ask("hentOverfoeringsfeil", &head(), &open)).texts("sakId").len(), 0);
}

#[test]
fn the_day_on_which_the_window_closes_is_told() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (duf, id) = (sandbox.unused("4204"), fresh("m"));
    // Inside the window; refused for another reason: nothing was granted.
    let line = registrer("1", "", &tiltak("ARBEID", "AR03", &day(-10), &day(20), "3"));
    client.accepted(&send(&head().id(&id), &person(&duf, &line)));
    let found = cases(&client, &head(), &id);
    let closes = found.text("vinduLukker").unwrap_or_else(|| panic!("{found}"));
    let explained = format!("<ordning>INTRO</ordning><dato>{}</dato>", day(-10));
    let window = client.accepted(&ask("forklarVindu", &head(), &explained));
    assert_eq!(Some(closes), window.text("lukkes"), "{found}");
}

#[test]
fn a_fault_is_a_case_of_the_one_who_may_speak_for_the_avsendersystem() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let (duf, id) = (sandbox.unused("4204"), fresh("m"));
    let broken = |head: &Head| send(head, &person(&duf, "<registrering><tull>1</tull></registrering>"));
    let fault = client.fault(&broken(&head().id(&id)), "NIR-X302");
    let found = cases(&client, &head(), &id);
    assert_eq!((found.codes(), found.texts("feilId")), (fault.codes(), fault.texts("feilId")), "{found}");
    assert_eq!((found.text("rettesAv").as_deref(), found.text("dufNummer")), (Some("LEVERANDOER"), None));
    // Another's name in the header opens nothing there, nor does a dry run.
    let other = fresh("m");
    client.fault(&broken(&head().id(&other).from("4204-voksen-2", "4204", "4204-OVERF1")), "NIR-X302");
    let owner = Client::new(sandbox, "vendor2");
    let theirs = head().from("4204-voksen-2", "4204", "4204-OVERF1");
    assert_eq!(cases(&owner, &theirs, &other).texts("sakId").len(), 0);
    let dry = fresh("m");
    let lines = "<registrering><tull>1</tull></registrering>";
    client
        .fault(&send_with(&head().id(&dry), "<proevekjoering>true</proevekjoering>", &person(&duf, lines)), "NIR-X302");
    client.accepted(&send_with(&head().id(&dry), "<proevekjoering>true</proevekjoering>", &person(&duf, &old(""))));
    assert_eq!(cases(&client, &head(), &dry).texts("sakId").len(), 0);
    // What takes its place solves it.
    let mut next = head();
    next.more = format!("<erstatterMeldingsId>{id}</erstatterMeldingsId>");
    client.registered(&send(&next, &person(&duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300))))));
    assert_eq!(cases(&client, &head(), &id).text("status").as_deref(), Some("LOEST_AV_AVSENDER"));
}

#[test]
fn pages_lead_to_each_other_and_to_nobody_elses() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let lines: String =
        (1..=5).map(|n| registrer(&n.to_string(), "", &vedtak("2010-01-01", "2010-01-01", "2011-01-01"))).collect();
    let id = fresh("m");
    client.accepted(&send(&head().id(&id), &person(&duf, &lines)));
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let asked = format!("<meldingsId>{id}</meldingsId><antall>2</antall>{token}");
        let page = client.accepted(&ask("hentOverfoeringsfeil", &head(), &asked));
        seen.extend(page.texts("sakId"));
        let Some(next) = page.text("nesteToken") else { break };
        token = format!("<sidetoken>{next}</sidetoken>");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    client.fault(&ask("hentOverfoeringsfeil", &head(), &format!("<dufNummer>{duf}</dufNummer>{token}")), "NIR-X314");
    client.fault(&ask("hentOverfoeringsfeil", &head(), "<status>HVEM</status>"), "NIR-X307");
    client.fault(&ask("hentOverfoeringsfeil", &head().from("4204-voksen-2", "4204", "4204-OVERF1"), ""), "NIR-A414");
}

#[test]
fn a_support_case_is_asked_answered_and_closed() {
    let installation = Installation::new(None);
    let node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let duf = installation.persons().remove(0);
    let receipt = client.accepted(&send(&head(), &person(&duf, &old(""))));
    let feil_id = receipt.text("feilId").unwrap();
    let asked = |head: &Head, tekst: &str| {
        let about = format!("<feilId>{feil_id}</feilId><dufNummer>{duf}</dufNummer><tekst>{tekst}</tekst>");
        ask("meldSupportsak", head, &about)
    };
    let first = head();
    let opened = client.accepted(&asked(&first, "Hvorfor er den avvist?"));
    let sak = opened.text("supportsakId").unwrap();
    assert!(opened.text("sakId").is_some() && opened.text("gjentatt").as_deref() == Some("false"), "{opened}");
    let again = client.accepted(&asked(&first, "Hvorfor er den avvist?"));
    assert_eq!((again.text("supportsakId"), again.text("gjentatt").as_deref()), (Some(sak.clone()), Some("true")));
    client.fault(&asked(&first, "Noe annet"), "NIR-K703");
    client.fault(&ask("meldSupportsak", &head(), "<tekst>Hvem er jeg?</tekst>"), "NIR-B516");
    client.fault(&ask("meldSupportsak", &head(), "<dufNummer>202400000703</dufNummer><tekst>x</tekst>"), "NIR-X309");
    let unknown = "<supportsakId>6ba7b810-9dad-11d1-80b4-00c04fd430c8</supportsakId><tekst>x</tekst>";
    client.fault(&ask("meldSupportsak", &head(), unknown), "NIR-L810");
    // The operator answers, on the command line until there is a console.
    let listed = succeed(&["support", "list"], &installation.config());
    assert!(listed.contains(&sak) && listed.contains("Hvorfor er den avvist?"), "{listed}");
    let file = installation.path().join("svar.txt");
    std::fs::write(&file, "Datoen er før vinduet.\n").unwrap();
    succeed(&["support", "answer", &sak, "--text", file.to_str().unwrap()], &installation.config());
    let read = || client.accepted(&ask("hentSupportsak", &head(), &format!("<supportsakId>{sak}</supportsakId>")));
    let found = read();
    assert_eq!(found.text("status").as_deref(), Some("BESVART"), "{found}");
    assert_eq!(found.texts("tekst"), ["Hvorfor er den avvist?", "Datoen er før vinduet."]);
    assert_eq!(
        (found.texts("fra"), found.text("feilId")),
        (vec!["AVSENDER".into(), "IMDI".into()], Some(feil_id.clone()))
    );
    succeed(&["support", "close", &sak], &installation.config());
    assert_eq!(read().text("status").as_deref(), Some("LUKKET"));
    // Who writes more opens it again.
    client.accepted(&ask(
        "meldSupportsak",
        &head(),
        &format!("<supportsakId>{sak}</supportsakId><tekst>Takk.</tekst>"),
    ));
    assert_eq!((read().text("status").as_deref(), read().texts("tekst").len()), (Some("NY"), 3));
    refused(&["support", "close", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"], &installation.config());
    // The transfer error is the operator's, too.
    let feilsak = opened.text("sakId").unwrap();
    let listed = succeed(&["feilsak", "list", "--avsendersystem", "4204-flyktning-1"], &installation.config());
    assert!(listed.contains(&feilsak) && listed.contains(" NY "), "{listed}");
    succeed(&["feilsak", "set", &feilsak, "--status", "UNDER_ARBEID"], &installation.config());
    refused(&["feilsak", "set", &feilsak, "--status", "LOEST_AV_AVSENDER"], &installation.config());
    let open = client.accepted(&ask("hentOverfoeringsfeil", &head(), "<status>UNDER_ARBEID</status>"));
    assert_eq!(open.texts("sakId"), [feilsak]);
    // Of what was written nothing is in the log.
    let log = node.log.text();
    assert!(!log.contains("Hvorfor er den") && !log.contains("Takk."), "{log}");
}

/// A page ends at 1,000 cases, or at 2,000 errors or texts.
#[test]
fn an_operator_sees_every_case_however_many_there_are() {
    let installation = Installation::new(None);
    let node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let duf = installation.persons().remove(0);
    client.accepted(&send(&head(), &person(&duf, &old(""))));
    let about = format!("<dufNummer>{duf}</dufNummer><tekst>Hvorfor?</tekst>");
    client.accepted(&ask("meldSupportsak", &head(), &about));
    node.stop();
    // Twelve hundred more of each, opened at the same moment.
    let mut register = Tampering::with(installation.path());
    let numbers = "WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)";
    let id = "printf('00000000-0000-4000-8000-%012x', n)";
    for (table, columns) in [
        (
            "feilsak",
            "avsendersystem, avsenders_referanse, duf, saksbehandler_ref, status, aapen, aapnet, endret, vindu_lukker, gruppe, \
             data, antall",
        ),
        ("supportsak", "avsendersystem, feil_id, feilsak, duf, status, aapnet, endret, data"),
    ] {
        let more =
            format!("INSERT INTO {table} (sak, {columns}) {numbers} SELECT {id}, {columns} FROM {table}, numbers");
        assert_eq!(register.rows(&more), 1_200);
    }
    register.end();
    let config = installation.config();
    let listed = succeed(&["feilsak", "list", "--avsendersystem", "4204-flyktning-1"], &config);
    assert_eq!(listed.matches(" attempts ").count(), 1_201);
    assert!(listed.contains("1201 transfer errors."));
    let listed = succeed(&["support", "list"], &config);
    assert_eq!(listed.matches(" NY 4204-flyktning-1 ").count(), 1_201);
    assert!(listed.contains("1201 support cases."));
}
