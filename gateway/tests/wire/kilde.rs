//! The source registers over the wire: what they tell opens categories, moves persons, shows test results, begins and
//! merges persons; what is not theirs to tell is refused, line by line.

mod bremse;
mod refused;

use crate::client::{Answer, Client};
use crate::messages::{Head, day, fresh, head, hent_endringer, hent_person, person, registrer, send, vedtak};
use crate::postgres;
use crate::sandbox::Sandbox;

/// sendPersongrunnlag with these `person` elements.
pub fn told(kilde: &str, meldings_id: &str, persons: &str) -> String {
    told_with(kilde, meldings_id, "", persons)
}

/// With `transaksjon` before the persons.
pub fn told_with(kilde: &str, meldings_id: &str, before: &str, persons: &str) -> String {
    let opprettet = crate::client::now().format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "<sendPersongrunnlag xmlns=\"urn:no:nir:melding:v1\"><melding><kildehode><meldingsId>{meldings_id}</meldingsId>\
         <kontraktversjon>1.1</kontraktversjon><kilde>{kilde}</kilde>\
         <kildesystem><navn>Kildesystem</navn><versjon>1</versjon></kildesystem><opprettet>{opprettet}</opprettet>\
         </kildehode>{before}{persons}</melding></sendPersongrunnlag>"
    )
}

/// SETT from a day on.
pub fn sett(id: &str, from: &str, innhold: &str) -> String {
    format!(
        "<opplysning><kildeId>{id}</kildeId><handling>SETT</handling><fraDato>{from}</fraDato>\
         <innhold>{innhold}</innhold></opplysning>"
    )
}

/// ANNULLER.
pub fn annuller(id: &str) -> String {
    format!("<opplysning><kildeId>{id}</kildeId><handling>ANNULLER</handling></opplysning>")
}

/// A permit of a ground.
pub fn permit(ground: &str, on: &str) -> String {
    format!(
        "<oppholdstillatelse><vedtaksdato>{on}</vedtaksdato><oppholdsgrunnlag>{ground}</oppholdsgrunnlag>\
         <dannerGrunnlagForPermanent>true</dannerGrunnlagForPermanent><fornybar>true</fornybar>\
         <foerstegang>true</foerstegang><etterInnreisetillatelse>false</etterInnreisetillatelse>\
         <rettsomraade>UTLENDINGSLOVEN</rettsomraade></oppholdstillatelse>"
    )
}

pub fn personalia() -> String {
    "<personalia><fornavn>Prøve</fornavn><etternavn>Bjørk</etternavn><foedselsdato>1990-01-01</foedselsdato>\
     <kjoenn>KVINNE</kjoenn></personalia>"
        .to_owned()
}

fn bosted(kommune: &str) -> String {
    format!("<bosted><kommunenummer>{kommune}</kommunenummer></bosted>")
}

fn bosetting(kommune: &str, on: &str) -> String {
    format!(
        "<bosetting><kommunenummer>{kommune}</kommunenummer><dato>{on}</dato><etterAvtale>true</etterAvtale></bosetting>"
    )
}

/// The neighbour's header.
fn arendal() -> Head {
    head().from("4203-flyktning-1", "4203", "4203-OVERF1")
}

/// What a stream tells of a person, in order, by its end.
fn heard(client: &Client<'_>, head: &Head, duf: &str) -> Vec<(String, String)> {
    let stroem = format!("{}.1", head.avsendersystem);
    let page = client.accepted(&hent_endringer(head, &stroem, 0, "<antall>1000</antall>"));
    let document = roxmltree::Document::parse(&page.body).unwrap();
    let changes = document.descendants().filter(|node| node.has_tag_name(("urn:no:nir:melding:v1", "endring")));
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let found = node.children().find(|child| child.tag_name().name() == name);
        found.and_then(|child| child.text()).unwrap_or_default().to_owned()
    };
    let own = changes.filter(|change| text(*change, "dufNummer") == duf);
    own.map(|change| (text(change, "hendelsestype"), text(change, "opphav"))).collect()
}

fn has(heard: &[(String, String)], hendelsestype: &str, opphav: &str) -> bool {
    heard.iter().any(|(what, whose)| (what.as_str(), whose.as_str()) == (hendelsestype, opphav))
}

fn results(answer: &Answer) -> Vec<String> {
    answer.texts("resultat")
}

/// A number that nobody has yet.
pub fn nobody(serial: u32) -> String {
    const WEIGHTS: [u32; 10] = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5];
    let digits = format!("2026{serial:06}");
    let sum: u32 = WEIGHTS.iter().zip(digits.bytes()).map(|(w, d)| w * u32::from(d - b'0')).sum();
    format!("{digits}{:02}", sum % 11)
}

#[test]
fn a_person_begins_and_is_followed_by_the_sources_on_sqlite() {
    a_person_begins(&Sandbox::start(None));
}

#[test]
fn a_person_begins_and_is_followed_by_the_sources_on_postgresql() {
    a_person_begins(&Sandbox::start(Some(&postgres::cluster().database("kilde"))));
}

fn a_person_begins(sandbox: &Sandbox) {
    let (udi, freg) = (Client::source(sandbox, "udi"), Client::source(sandbox, "folkeregister"));
    let (hkdir, imdi) = (Client::source(sandbox, "hkdir"), Client::source(sandbox, "imdi"));
    let vendor = Client::new(sandbox, "vendor");
    let duf = nobody(1);
    vendor.fault(&hent_person(&head(), &duf, ""), "NIR-B501");

    // UDI begins the person; the kommune learns of it with the settlement, and hears of the category.
    let (granted, settled) = (day(-90), day(-20));
    let lines = sett("navn", &granted, &personalia()) + &sett("vedtak/1", &granted, &permit("ASYL", &granted));
    let answer = udi.registered(&told("UDI", &fresh("u"), &person(&duf, &lines)));
    assert_eq!(results(&answer), ["GODTATT", "REGISTRERT", "REGISTRERT"]);
    assert_eq!(answer.texts("registreringsId"), ["navn", "vedtak/1"]);
    imdi.registered(&told("IMDI", &fresh("i"), &person(&duf, &sett("b", &settled, &bosetting("4204", &settled)))));
    let read = vendor.accepted(&hent_person(&head(), &duf, ""));
    assert!(read.texts("kategori").contains(&"INTRO_RP".to_owned()), "{read}");
    assert_eq!(read.text("fornavn").as_deref(), Some("Prøve"));
    let told_4204 = heard(&vendor, &head(), &duf);
    assert!(has(&told_4204, "KATEGORI_AAPNET", "IMDI"), "{told_4204:?}");
    vendor.registered(&send(&head(), &person(&duf, &registrer("1", "v", &vedtak(&day(-5), &day(0), &day(300))))));

    // HK-dir tells a result, corrects it and takes it back.
    let test = |result: &str| {
        format!(
            "<proeve><proevetype>NORSKPROEVE_A1_B2</proevetype><delproeve>MUNTLIG</delproeve><dato>{}</dato>\
             <resultat>{result}</resultat><status>AVLAGT</status></proeve>",
            day(-3)
        )
    };
    let shown = |client: &Client<'_>| {
        let read = client.accepted(&hent_person(&head(), &duf, ""));
        read.texts("resultat")
    };
    for (line, outcome, now) in [
        (sett("p", &day(-3), &test("A2")), "REGISTRERT", vec!["A2"]),
        (sett("p", &day(-3), &test("A2")), "UENDRET", vec!["A2"]),
        (sett("p", &day(-3), &test("B1")), "KORRIGERT", vec!["B1"]),
        (annuller("p"), "ANNULLERT", vec![]),
        (annuller("p"), "UENDRET", vec![]),
    ] {
        let answer = hkdir.registered(&told("PAD", &fresh("p"), &person(&duf, &line)));
        assert_eq!(results(&answer), ["GODTATT", outcome]);
        assert_eq!(shown(&vendor), now, "{outcome}");
    }

    // Folkeregisteret moves the person; the former kommune reads no more than others, the new one does.
    freg.registered(&told("FOLKEREGISTER", &fresh("f"), &person(&duf, &sett("bosted/1", &settled, &bosted("4204")))));
    let ended = sett("bosted/1", &settled, &bosted("4204"))
        .replace("<innhold>", &format!("<tilDato>{}</tilDato><innhold>", day(-2)));
    let moves = ended + &sett("bosted/2", &day(-1), &bosted("4203"));
    let answer = freg.registered(&told("FOLKEREGISTER", &fresh("f"), &person(&duf, &moves)));
    assert_eq!(results(&answer), ["GODTATT", "KORRIGERT", "REGISTRERT"]);
    let read = vendor.accepted(&hent_person(&arendal(), &duf, ""));
    let followed: Vec<String> = read.texts("kommunenummer");
    assert!(followed.contains(&"4203".to_owned()) && followed.contains(&"4204".to_owned()), "{followed:?}");
    let by = arendal();
    let refused = vendor.rejected(
        &send(&head(), &person(&duf, &registrer("2", "w", &vedtak(&day(0), &day(1), &day(300))))),
        &["NIR-A408"],
    );
    assert_eq!(refused.texts("resultat"), ["AVVIST", "AVVIST"]);
    assert!(vendor.accepted(&hent_person(&by, &duf, "")).texts("kategori").contains(&"INTRO_RP".to_owned()));

    // UDI takes the permit back: the category that it opened never was.
    let before = heard(&vendor, &by, &duf).len();
    udi.registered(&told("UDI", &fresh("u"), &person(&duf, &annuller("vedtak/1"))));
    let read = vendor.accepted(&hent_person(&by, &duf, ""));
    assert!(!read.texts("kategori").contains(&"INTRO_RP".to_owned()), "{read}");
    let since = heard(&vendor, &by, &duf);
    assert!(has(&since[before..], "KATEGORI_LUKKET", "UDI"), "{since:?}");
}

/// Domain.md 9.2: what a source tells late opens the days for the kommune from the day on which the register learned it.
#[test]
fn a_late_source_opens_older_days_for_writing() {
    let sandbox = Sandbox::start(None);
    let (udi, imdi) = (Client::source(&sandbox, "udi"), Client::source(&sandbox, "imdi"));
    let vendor = Client::new(&sandbox, "vendor");
    let (late, in_time) = (nobody(2), sandbox.unused("4204"));
    let long_ago = day(-200);
    let vedtak = || registrer("1", "", &vedtak(&day(-150), &day(-150), &day(100)));
    vendor.rejected(&send(&head(), &person(&in_time, &vedtak())), &["NIR-V601", "NIR-V601"]);
    let lines = sett("navn", &long_ago, &personalia()) + &sett("vedtak/1", &long_ago, &permit("ASYL", &long_ago));
    udi.registered(&told("UDI", &fresh("u"), &person(&late, &lines)));
    imdi.registered(&told("IMDI", &fresh("i"), &person(&late, &sett("b", &long_ago, &bosetting("4204", &long_ago)))));
    vendor.registered(&send(&head(), &person(&late, &vedtak())));
}

/// Domain.md 11.4: the old number is refused with a pointer to the new one, until the merge is taken back.
#[test]
fn numbers_are_merged_and_the_merge_is_taken_back() {
    let sandbox = Sandbox::start(None);
    let (udi, vendor) = (Client::source(&sandbox, "udi"), Client::new(&sandbox, "vendor"));
    let (old, new) = (sandbox.unused("4204"), sandbox.unused("4204"));
    let merge =
        |ny: &str| sett("m", &day(0), &format!("<dufErstattet><nyttDufNummer>{ny}</nyttDufNummer></dufErstattet>"));
    let write = |duf: &str| send(&head(), &person(duf, &registrer("1", "", &vedtak(&day(-5), &day(0), &day(300)))));
    udi.rejected(&told("UDI", &fresh("u"), &person(&old, &merge(&nobody(9)))), &["NIR-B501"]);
    udi.rejected(&told("UDI", &fresh("u"), &person(&old, &merge(&old))), &["NIR-X309"]);
    udi.registered(&told("UDI", &fresh("u"), &person(&old, &merge(&new))));
    let refused = vendor.rejected(&write(&old), &["NIR-L806"]);
    assert!(refused.texts("verdi").contains(&new), "{refused}");
    // Nor is anything told about it any more, and nothing is merged into it.
    udi.rejected(&told("UDI", &fresh("u"), &person(&old, &sett("navn", &day(0), &personalia()))), &["NIR-L806"]);
    udi.rejected(&told("UDI", &fresh("u"), &person(&new, &merge(&old))), &["NIR-L806"]);
    udi.registered(&told("UDI", &fresh("u"), &person(&old, &annuller("m"))));
    vendor.registered(&write(&old));
    // A number that the same message begins is known.
    let both = person(&old, &merge(&nobody(10))) + &person(&nobody(10), &sett("navn", &day(0), &personalia()));
    udi.registered(&told("UDI", &fresh("u"), &both));
}

#[test]
fn the_same_message_again_gets_the_stored_answer() {
    let sandbox = Sandbox::start(None);
    let udi = Client::source(&sandbox, "udi");
    let (duf, id) = (nobody(3), fresh("u"));
    let payload = told("UDI", &id, &person(&duf, &sett("navn", &day(-1), &personalia())));
    let first = udi.registered(&payload);
    let again = udi.registered(&payload);
    assert_eq!(again.text("gjentatt").as_deref(), Some("true"));
    assert_eq!(again.text("kvitteringsId"), first.text("kvitteringsId"));
    let other = told("UDI", &id, &person(&nobody(4), &sett("navn", &day(-1), &personalia())));
    udi.rejected(&other, &["NIR-K703"]);
    // What was refused begins nobody.
    Client::new(&sandbox, "vendor").fault(&hent_person(&head(), &nobody(4), ""), "NIR-B501");
    // The same id at another source is another message.
    let freg = Client::source(&sandbox, "folkeregister");
    freg.registered(&told("FOLKEREGISTER", &id, &person(&duf, &sett("bosted", &day(-1), &bosted("4204")))));
}
