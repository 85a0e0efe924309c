//! The reads of many persons and of computations, and the report of a wrong record (contract.md 5; domain.md 10.4, 10.5,
//! HD-14), on both databases.

use crate::client::{Answer, Client};
use crate::messages::{
    Head, day, head, hent_endringer, hent_person, line, person, post, registrer, send, tiltak, vedtak,
};
use crate::sandbox::{Sandbox, on_both_databases};

on_both_databases! {
    a_person_is_found_by_another_number,
    posts_are_reconciled_page_by_page,
    a_list_shows_own_persons_alone,
    the_log_says_why,
    what_is_missing_is_told_per_person,
    a_record_of_the_wrong_person_is_struck_at_once,
    of_other_wrong_records_imdi_decides,
}

/// A request of any read.
pub fn ask(operation: &str, head: &Head, inner: &str) -> String {
    format!(
        "<{operation} xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}{inner}</forespoersel></{operation}>",
        head.xml()
    )
}

/// The number of the person that the sandbox says shows this.
fn showing(sandbox: &Sandbox, words: &str) -> String {
    let all = sandbox.json("persons.json");
    let rows = all["personer"].as_array().unwrap();
    let row = rows.iter().find(|row| row["viser"].as_str().unwrap().starts_with(words));
    row.unwrap_or_else(|| panic!("{words}"))["dufNummer"].as_str().unwrap().to_owned()
}

fn a_person_is_found_by_another_number(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let number = |kind: &str, number: &str| {
        ask("finnPerson", &head(), &format!("<nummertype>{kind}</nummertype><nummer>{number}</nummer>"))
    };
    let found = client.accepted(&number("FOEDSELSNUMMER", "01819012365"));
    assert_eq!(found.texts("dufNummer"), ["202400000702"]);
    // Of nobody, and somebody whom another kommune follows up: one answer.
    let refusal = |payload: &str| {
        let answer = client.fault(payload, "NIR-B501");
        let id = answer.text("feilId").unwrap();
        answer.body[answer.body.find("<soap:Fault").unwrap()..].replace(&id, "")
    };
    assert_eq!(refusal(&number("D_NUMMER", "41880570062")), refusal(&number("D_NUMMER", "41819012359")));
    client.fault(&number("REG_NUMMER", "ABC123"), "NIR-B501");
    client.fault(&number("FOEDSELSNUMMER", "01819012366"), "NIR-X310");
    client.fault(&number("PASSNUMMER", "X"), "NIR-X307");
}

/// Walks all pages and returns them.
fn pages(client: &Client<'_>, operation: &str, head: &Head, inner: &str, size: usize) -> Vec<Answer> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let page = client.accepted(&ask(
            operation,
            &head.clone().id(&crate::messages::fresh("p")),
            &format!("{inner}<antall>{size}</antall>{token}"),
        ));
        let next = page.text("nesteToken");
        assert_eq!(page.text("flere").as_deref() == Some("true"), next.is_some(), "{page}");
        all.push(page);
        match next {
            Some(next) => token = format!("<sidetoken>{next}</sidetoken>"),
            None => return all,
        }
    }
}

fn posts_are_reconciled_page_by_page(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let course = |from: i64| tiltak("NORSK_SAMF", "NS01", &day(from), &day(from + 1), "20");
    let lines = registrer("1", "", &vedtak(&day(-10), &day(-10), &day(300)))
        + &registrer("2", "avstem/1", &course(-9))
        + &registrer("3", "avstem/2", &course(-5))
        + &registrer("4", "avstem/3", &course(-1));
    let receipt = client.registered(&send(&head(), &person(&duf, &lines)));
    let ids = receipt.texts("postId");
    client.registered(&send(&head(), &person(&duf, &line("1", "ANNULLER", "", &post(&ids[3], 1), ""))));
    let of = |pages: &[Answer]| -> Vec<String> { pages.iter().flat_map(|page| page.texts("postId")).collect() };
    let one_by_one = of(&pages(&client, "hentPostoversikt", &head(), "<posttype>TILTAK</posttype>", 7));
    assert!(one_by_one.contains(&ids[1]) && one_by_one.contains(&ids[2]), "{one_by_one:?}");
    assert!(!one_by_one.contains(&ids[0]) && !one_by_one.contains(&ids[3]));
    let mut once = one_by_one.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), one_by_one.len(), "each post once");
    let whole = pages(&client, "hentPostoversikt", &head(), "<medAnnullerte>true</medAnnullerte>", 1000);
    assert!(ids.iter().all(|id| of(&whole).contains(id)));
    assert!(whole[0].text("stroemId").is_some());
    // Another kommune does not see them.
    let other = head().from("4203-flyktning-1", "4203", "4203-OVERF1");
    assert!(!of(&pages(&client, "hentPostoversikt", &other, "", 1000)).contains(&ids[1]));
    for (inner, code) in [
        ("<antall>1001</antall>", "NIR-X314"),
        ("<antall>0</antall>", "NIR-X314"),
        ("<sidetoken>tull</sidetoken>", "NIR-X314"),
    ] {
        client.fault(&ask("hentPostoversikt", &head(), inner), code);
    }
}

fn a_list_shows_own_persons_alone(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let list = |head: &Head, inner: &str| -> Vec<Answer> { pages(&client, "hentPersonliste", head, inner, 100) };
    let dufs = |pages: &[Answer]| -> Vec<String> { pages.iter().flat_map(|page| page.texts("dufNummer")).collect() };
    let own = list(&head(), "");
    let theirs = list(&head().from("4203-flyktning-1", "4203", "4203-OVERF1"), "");
    assert!(dufs(&own).iter().all(|duf| !dufs(&theirs).contains(duf)));
    assert!(!dufs(&own).is_empty(), "persons with open categories");
    assert!(own.iter().flat_map(|page| page.texts("kommunenummer")).all(|kommune| kommune == "4204"));
    // A hidden person is in no list, whoever asks.
    let hidden = showing(sandbox, "Strengt fortrolig");
    assert!(!dufs(&own).contains(&hidden) && !dufs(&list(&head().by("4204-SKJERM1"), "")).contains(&hidden));
    // Filters narrow, and a page has its CSV.
    let intro = list(&head(), "<kategori>INTRO_RP</kategori><lov>IL</lov>");
    assert!(
        intro.iter().flat_map(|page| page.texts("kategori")).all(|text| text.trim().is_empty() || text == "INTRO_RP")
    );
    assert!(dufs(&intro).iter().all(|duf| dufs(&own).contains(duf)));
    let first = dufs(&own)[0].clone();
    let one =
        client.accepted(&ask("hentPersonliste", &head(), &format!("<dufNummer>{first}</dufNummer><csv>true</csv>")));
    assert_eq!(one.texts("dufNummer"), std::slice::from_ref(&first));
    let csv = one.text("csv").unwrap();
    assert!(csv.starts_with("DUF-nummer;fornavn/etternavn;kategori;kategori fra;ordning;frist"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with(&first), "{csv}");
    for (inner, code) in [
        ("<kategori>TULL</kategori>", "NIR-X307"),
        ("<ordning>TULL</ordning>", "NIR-X307"),
        ("<antall>1001</antall>", "NIR-X314"),
    ] {
        client.fault(&ask("hentPersonliste", &head(), inner), code);
    }
}

fn the_log_says_why(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let log = |head: &Head, duf: &str, more: &str| {
        ask("hentBeregningslogg", head, &format!("<dufNummer>{duf}</dufNummer>{more}"))
    };
    let own = client.accepted(&log(&head(), "202400000702", ""));
    assert_eq!(own.text("gjeldende").as_deref(), Some("true"), "{own}");
    assert!(own.texts("steg").len() == own.texts("tekst").len() && !own.texts("hjemmel").is_empty(), "{own}");
    let id = own.text("beregningsId").unwrap();
    let again = client.accepted(&log(&head(), "202400000702", &format!("<beregningsId>{id}</beregningsId>")));
    assert_eq!(again.texts("tekst"), own.texts("tekst"));
    let nowhere = "<beregningsId>3a5e2a77-1b7e-4f0e-b1e6-7c1df1a20044</beregningsId>";
    client.fault(&log(&head(), "202400000702", nowhere), "NIR-L810");
    client.fault(&log(&head(), "202400000702", "<beregningsId>tull</beregningsId>"), "NIR-L810");
    client.fault(&log(&head(), &showing(sandbox, "Strengt fortrolig"), ""), "NIR-B501");
    client.fault(&log(&head(), "202400000703", ""), "NIR-X309");
}

fn what_is_missing_is_told_per_person(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let lacks = || {
        let one = format!("<dufNummer>{duf}</dufNummer>");
        client.accepted(&ask("hentDatakonsistens", &head(), &one)).texts("kode")
    };
    assert!(lacks().contains(&"VEDTAK_MANGLER".to_owned()), "{:?}", lacks());
    client.registered(&send(&head(), &person(&duf, &registrer("1", "", &vedtak(&day(-10), &day(-10), &day(300))))));
    let after = lacks();
    assert!(after.contains(&"TILTAK_MANGLER".to_owned()), "{after:?}");
    // All of the kommune, and of nobody else's.
    let all = pages(&client, "hentDatakonsistens", &head(), "<mangel>TILTAK_MANGLER</mangel>", 100);
    let dufs: Vec<String> = all.iter().flat_map(|page| page.texts("dufNummer")).collect();
    assert!(dufs.contains(&duf));
    assert!(all.iter().flat_map(|page| page.texts("kode")).all(|kode| kode == "TILTAK_MANGLER"));
    let other = head().from("4203-flyktning-1", "4203", "4203-OVERF1");
    let none = client.accepted(&ask("hentDatakonsistens", &other, &format!("<dufNummer>{duf}</dufNummer>")));
    assert!(none.texts("kode").is_empty());
    client.fault(&ask("hentDatakonsistens", &head(), "<mangel>TULL</mangel>"), "NIR-X307");
}

/// A report of a wrong record.
pub fn report(head: &Head, duf: &str, post: &str, versjon: i32, aarsak: &str) -> String {
    let inner = format!(
        "<dufNummer>{duf}</dufNummer><postId>{post}</postId><versjon>{versjon}</versjon><aarsak>{aarsak}</aarsak>\
         <forklaring>Gjaldt en annen.</forklaring>"
    );
    ask("meldFeilregistrert", head, &inner)
}

/// A person with a decision and a measure; the measure's id.
pub fn measured(client: &Client<'_>, duf: &str) -> String {
    let lines = registrer("1", "", &vedtak(&day(-10), &day(-10), &day(300)))
        + &registrer("2", "", &tiltak("NORSK_SAMF", "NS01", &day(-10), &day(20), "25"));
    client.registered(&send(&head(), &person(duf, &lines))).texts("postId")[1].clone()
}

fn a_record_of_the_wrong_person_is_struck_at_once(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let measure = measured(&client, &duf);
    client.fault(&report(&head(), &duf, &measure, 2, "FEIL_PERSON"), "NIR-K702");
    client.fault(&report(&head(), &duf, &measure, 1, "TULL"), "NIR-X307");
    client.fault(&report(&head(), &duf, "3a5e2a77-1b7e-4f0e-b1e6-7c1df1a20044", 1, "FEIL_PERSON"), "NIR-L810");
    client.fault(&report(&head().by("4204-LESER1"), &duf, &measure, 1, "FEIL_PERSON"), "NIR-A407");
    client.fault(&report(&head().by("4204-NORSK1"), &duf, &measure, 1, "FEIL_PERSON"), "NIR-A406");
    let other = head().from("4203-flyktning-1", "4203", "4203-OVERF1");
    client.fault(&report(&other, &duf, &measure, 1, "FEIL_PERSON"), "NIR-K706");
    let sender = head();
    let struck = client.accepted(&report(&sender, &duf, &measure, 1, "FEIL_PERSON"));
    let texts = |name: &str| struck.text(name).unwrap();
    assert_eq!(
        (texts("resultat"), texts("gjentatt"), texts("versjon")),
        ("STROEKET".into(), "false".into(), "2".into())
    );
    assert!(struck.texts("hendelsestype").contains(&"REGISTRERING_FEILREGISTRERT".to_owned()), "{struck}");
    // The same message again is the same report; another one finds the record struck.
    let again = client.accepted(&report(&sender, &duf, &measure, 1, "FEIL_PERSON"));
    assert_eq!(
        (again.text("gjentatt").as_deref(), again.text("saksnummer")),
        (Some("true"), struck.text("saksnummer"))
    );
    client.fault(&report(&head(), &duf, &measure, 2, "FEIL_PERSON"), "NIR-L811");
    client.rejected(&send(&head(), &person(&duf, &line("1", "ANNULLER", "", &post(&measure, 2), ""))), &["NIR-L811"]);
    // It is shown, counts no more, and stands in the streams of the kommune.
    let month = day(0)[..7].to_owned();
    let read = client.accepted(&hent_person(&head(), &duf, &format!("<maanedFra>{month}</maanedFra>")));
    assert_eq!(read.texts("annullert"), ["false", "true"], "{read}");
    assert_eq!(read.texts("timerPerUke").last().map(String::as_str), Some("0.00"), "{read}");
    let theirs = Client::new(sandbox, "kommune");
    let own = head().from("4204-egen-3", "4204", "4204-SUPER1");
    let mut told = Vec::new();
    loop {
        let page = theirs.accepted(&hent_endringer(&own, "4204-egen-3.1", told.len() as i64, "<antall>1000</antall>"));
        told.extend(page.texts("hendelsestype"));
        if page.text("flere").as_deref() != Some("true") {
            break;
        }
    }
    assert!(told.contains(&"REGISTRERING_FEILREGISTRERT".to_owned()));
}

fn of_other_wrong_records_imdi_decides(sandbox: &Sandbox) {
    let client = Client::new(sandbox, "vendor");
    let duf = sandbox.unused("4204");
    let measure = measured(&client, &duf);
    let reported = client.accepted(&report(&head(), &duf, &measure, 1, "FEIL_DATO"));
    assert_eq!(reported.text("resultat").as_deref(), Some("MELDT"), "{reported}");
    // Until then it counts, and nobody changes it.
    let read = client.accepted(&hent_person(&head(), &duf, ""));
    assert_eq!(read.texts("annullert"), ["false", "false"], "{read}");
    let change =
        line("1", "KORRIGER", "", &post(&measure, 2), &tiltak("NORSK_SAMF", "NS01", &day(-10), &day(20), "20"));
    client.rejected(&send(&head(), &person(&duf, &change)), &["NIR-L811"]);
    client.fault(&report(&head(), &duf, &measure, 2, "DOBBEL"), "NIR-L811");
    let overview = pages(&client, "hentPostoversikt", &head(), "<posttype>TILTAK</posttype>", 1000);
    assert!(overview.iter().any(|page| page.texts("feilregistrert").contains(&"MELDT".to_owned())));
}
