//! What a day brings is said once; what nobody may know any more is taken back; who depends on a sponsor is found; what
//! concerns no person reaches whom it concerns.

use std::sync::Arc;

use register::change::{NoticePayload, Opphav};
use register::codes::Catalogue;
use register::decide::beregning::NewFact;
use register::fact::{Adressebeskyttelse, FactContent};
use register::id::Duf;
use register::ledger::{Adressater, Exchange, Internal, InternalCommand, Job, Kunngjoering, Merke, Work};
use register::policy::{Policy, Profile};
use register::registry::RegistryEntry;
use register::store::{TOLD_CODES, TOLD_RULES};
use register::time::Period;

use crate::house::{Database, FAR_SYSTEM, OTHER_SYSTEM, SYSTEM, commit, duf, later, text};

on_both!(
    a_date_is_carried_out_once,
    a_date_that_has_not_come_is_left,
    what_was_learned_on_a_day_is_not_told_once_more_when_it_is_over,
    what_was_on_its_way_at_midnight_is_told_when_the_day_is_over,
    what_nobody_may_know_is_taken_back,
    an_address_that_is_suppressed_is_taken_back,
    a_former_number_is_protected_with_the_one_that_holds,
    who_depends_on_a_sponsor_hears,
    what_concerns_no_person_reaches_whom_it_concerns,
    a_change_of_the_registry_is_told_where_it_is_news,
    what_was_told_is_marked_by_what_tells_it,
    what_a_day_brings_to_no_person_is_told_once,
);

const DAY: i64 = 86_400;

pub fn job(opphav: Opphav, what: Internal, seconds: i64) -> Job {
    let exchange = Exchange {
        operation: "kalender",
        signer: crate::house::VENDOR.parse().unwrap(),
        avsendersystem: None,
        meldings_id: None,
        user: None,
        request: b"{}".as_slice().into(),
        received: later(seconds),
    };
    Job { exchange, work: Work::Internal(Box::new(InternalCommand { opphav, what })) }
}

fn fact(id: &str, from: &str, content: FactContent) -> NewFact {
    let valid = Period { from: from.parse().unwrap(), to: None };
    NewFact { source: "IMDI".into(), source_id: id.into(), content, valid, annulled: false }
}

/// IMDi has decided that 4203 follows them up from the day after tomorrow.
async fn decided(db: &Database, dufs: &[Duf]) {
    let mut lane = db.lane_of("imdi").await;
    let content = FactContent::Oppfoelging { kommune: "4203".parse().unwrap(), bydel: None };
    let facts = dufs.iter().map(|duf| (*duf, vec![fact("o", "2026-11-28", content.clone())])).collect();
    commit(&mut lane, job(Opphav::Imdi, Internal::Facts(facts), 1), later(1)).await.unwrap();
}

pub async fn told(db: &Database, system: &str) -> Vec<(String, Option<Duf>)> {
    let page = db.store.changes(system, 0, 1_000).await.unwrap().unwrap();
    let numbers: Vec<i64> = page.changes.iter().map(|change| change.sekvensnummer).collect();
    assert_eq!(numbers, (1..=page.position.siste_sekvensnummer).collect::<Vec<_>>(), "no gap");
    page.changes.into_iter().map(|change| (change.notice.hendelsestype, change.notice.duf)).collect()
}

async fn a_date_is_carried_out_once(db: Database) {
    let db = db.furnished().await;
    decided(&db, &[duf(3), duf(5)]).await;
    let policy = Arc::new(Policy::embedded(Profile::Sandbox).unwrap());
    let registry = db.store.load_registry().await.unwrap();
    let date = "2026-11-28".parse().unwrap();
    let page = db.store.calendar_page(&registry, &policy, (date, false), later(2 * DAY), None).await.unwrap();
    assert_eq!((page.dufs.clone(), page.next), (vec![duf(3), duf(5)], None));
    let early = db.store.calendar_page(&registry, &policy, (date, false), later(DAY), None).await.unwrap();
    assert_eq!(early.dufs, [], "the day has not come");
    // Two nodes at once, the same twice in one batch, and again later.
    let what = || Internal::Calendar { date, dufs: page.dufs.clone(), again: false };
    let (mut one, mut other) = (db.lane_of("a").await, db.lane_of("b").await);
    let jobs = [job(Opphav::Tid, what(), 2 * DAY), job(Opphav::Tid, what(), 2 * DAY)];
    let (first, second) = tokio::join!(one.commit(&jobs, later(2 * DAY)), other.commit(&jobs, later(2 * DAY)));
    assert!(first.iter().chain(&second).all(Result::is_ok), "{first:?} {second:?}");
    commit(&mut one, job(Opphav::Tid, what(), 2 * DAY + 60), later(2 * DAY + 60)).await.unwrap();
    for system in [SYSTEM, OTHER_SYSTEM, FAR_SYSTEM] {
        let moves: Vec<_> =
            told(&db, system).await.into_iter().filter(|(kind, _)| kind == "OPPFOELGING_ENDRET").collect();
        let both = [duf(3), duf(5)].map(|duf| ("OPPFOELGING_ENDRET".to_owned(), Some(duf)));
        assert_eq!(moves, both, "{system}");
    }
    let page = db.store.calendar_page(&registry, &policy, (date, false), later(2 * DAY), None).await.unwrap();
    assert_eq!(page.dufs, []);
    db.sound().await;
}

async fn a_date_that_has_not_come_is_left(db: Database) {
    let db = db.furnished().await;
    decided(&db, &[duf(3)]).await;
    let what = || Internal::Calendar { date: "2026-11-28".parse().unwrap(), dufs: vec![duf(3)], again: false };
    let mut lane = db.lane().await;
    let early = commit(&mut lane, job(Opphav::Tid, what(), DAY), later(DAY)).await.unwrap();
    assert_eq!(text(&early), "0 changed, 0 unknown");
    assert_eq!(db.count("kalender").await, 0);
    commit(&mut lane, job(Opphav::Tid, what(), 2 * DAY), later(2 * DAY)).await.unwrap();
    assert_eq!(db.count("kalender").await, 1);
    assert!(told(&db, FAR_SYSTEM).await.contains(&("OPPFOELGING_ENDRET".to_owned(), Some(duf(3)))));
}

async fn what_was_learned_on_a_day_is_not_told_once_more_when_it_is_over(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let (today, tomorrow) = (crate::house::today(), later(DAY));
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    // Who dies on the day on which it is told.
    let died = vec![fact("d", "2026-11-26", FactContent::Doedsfall { dato: today })];
    commit(&mut lane, job(Opphav::Folkeregister, Internal::Facts(vec![(duf(3), died)]), 1), later(1)).await.unwrap();
    let before = told(&db, SYSTEM).await;
    assert!(before.contains(&("KATEGORI_LUKKET".to_owned(), Some(duf(3)))), "{before:?}");
    let registry = db.store.load_registry().await.unwrap();
    for again in [true, false] {
        let page = db.store.calendar_page(&registry, &policy, (today, again), tomorrow, None).await.unwrap();
        assert_eq!(page.dufs.contains(&duf(3)), !again, "who missed the day cannot know that it was told");
    }
    let what = Internal::Calendar { date: today, dufs: vec![duf(3)], again: true };
    commit(&mut lane, job(Opphav::Tid, what, DAY), tomorrow).await.unwrap();
    assert_eq!(told(&db, SYSTEM).await, before);
    db.sound().await;
}

/// A source's word about a person.
pub fn facts(opphav: Opphav, n: usize, id: &str, from: &str, content: FactContent) -> Job {
    job(opphav, Internal::Facts(vec![(duf(n), vec![fact(id, from, content)])]), 1)
}

pub fn say(n: usize, id: &str, content: FactContent) -> Job {
    facts(Opphav::Folkeregister, n, id, "2026-11-01", content)
}

/// Folkeregisteret's word about some, in one message.
pub fn say_all(told: &[(usize, &str, FactContent)]) -> Job {
    let one = |(n, id, content): &(usize, &str, FactContent)| (duf(*n), vec![fact(id, "2026-11-01", content.clone())]);
    job(Opphav::Folkeregister, Internal::Facts(told.iter().map(one).collect()), 1)
}

pub fn lives(kommune: &str) -> FactContent {
    FactContent::Bosted { kommune: kommune.parse().unwrap(), bydel: None }
}

pub fn known(kind: &str, n: usize) -> (String, Option<Duf>) {
    (kind.to_owned(), Some(duf(n)))
}

fn gone() -> (String, Option<Duf>) {
    ("TRUKKET_TILBAKE".to_owned(), None)
}

/// In Oslo a day begins at 23:00 UTC in November.
async fn what_was_on_its_way_at_midnight_is_told_when_the_day_is_over(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let registry = db.store.load_registry().await.unwrap();
    let (evening, night, next) = (later(11 * 3_600 - 1), later(11 * 3_600 + 1), later(11 * 3_600 + DAY));
    let day: chrono::NaiveDate = "2026-11-27".parse().unwrap();
    // A programme that begins on the day, received the evening before; a source's word about a move on that day.
    let mut starts = crate::message::grant("v/1");
    if let Some(register::post::Content::Vedtak(vedtak)) = &mut starts.content {
        vedtak.start_dato = Some(day);
    }
    let moves =
        vec![fact("m", "2026-11-27", FactContent::Oppfoelging { kommune: "4203".parse().unwrap(), bydel: None })];
    let mut source = job(Opphav::Imdi, Internal::Facts(vec![(duf(5), moves)]), 0);
    source.exchange.received = evening;
    let message = crate::message::message("1").person(3, [starts]).at(evening).job();
    assert!(lane.commit(&[message, source], night).await.iter().all(Result::is_ok));
    let moved = ("OPPFOELGING_ENDRET".to_owned(), Some(duf(5)));
    assert!(told(&db, FAR_SYSTEM).await.contains(&moved), "judged as of the day on which it is known");
    let lacks = ("TILTAK_MANGLER".to_owned(), Some(duf(3)));
    assert!(!told(&db, SYSTEM).await.contains(&lacks), "judged as of its receipt");
    let page = db.store.calendar_page(&registry, &policy, (day, true), next, None).await.unwrap();
    assert_eq!(page.dufs, [duf(3)]);
    for _ in 0..2 {
        let what = Internal::Calendar { date: day, dufs: page.dufs.clone(), again: true };
        commit(&mut lane, job(Opphav::Tid, what, 11 * 3_600 + DAY), next).await.unwrap();
    }
    assert_eq!(told(&db, SYSTEM).await.iter().filter(|one| **one == lacks).count(), 1);
    assert_eq!(told(&db, FAR_SYSTEM).await.iter().filter(|one| **one == moved).count(), 1);
    db.sound().await;
}

async fn what_nobody_may_know_is_taken_back(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    // The first is acknowledged, the second read, the third waits; somebody else's stays. All can be read again.
    for (n, kommune) in [(3, "4203"), (3, "0301"), (5, "4203")] {
        commit(&mut lane, say(n, "b", lives(kommune)), later(2)).await.unwrap();
    }
    let before = told(&db, SYSTEM).await;
    assert_eq!(before.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["ADRESSE_ENDRET"; 3]);
    db.run(&format!("UPDATE stream SET handed_out = 2, acknowledged = 1 WHERE avsendersystem = '{SYSTEM}'")).await;
    let position = db.store.stream_position(SYSTEM).await.unwrap();
    let hidden = FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig };
    commit(&mut lane, say(3, "s", hidden), later(3)).await.unwrap();
    assert_eq!(told(&db, SYSTEM).await, [gone(), gone(), known("ADRESSE_ENDRET", 5)]);
    assert_eq!(told(&db, OTHER_SYSTEM).await, [gone(), gone(), known("ADRESSE_ENDRET", 5)]);
    assert_eq!(db.store.stream_position(SYSTEM).await.unwrap(), position, "no cursor moves, nothing is told again");
    let page = db.store.changes(SYSTEM, 1, 1).await.unwrap().unwrap();
    assert_eq!(page.changes[0].notice.payload, NoticePayload::Annen { tillegg: Vec::new() });
    let rows = db.texts("SELECT data AS v FROM change WHERE duf IS NULL").await;
    assert_eq!(rows.len(), 4);
    let number = duf(3).to_string();
    assert!(rows.iter().all(|row| !row.contains(&number) && !row.contains("0301")), "{rows:?}");
    db.sound().await;
}

async fn an_address_that_is_suppressed_is_taken_back(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let citizen = FactContent::Statsborgerskap { land: "SYR".into() };
    for (id, content) in [("b", lives("4203")), ("c", citizen)] {
        commit(&mut lane, say(3, id, content), later(2)).await.unwrap();
    }
    db.run(&format!("UPDATE stream SET handed_out = 2, acknowledged = 2 WHERE avsendersystem = '{SYSTEM}'")).await;
    let client = FactContent::Beskyttelse { level: Adressebeskyttelse::Klientadresse };
    commit(&mut lane, say(3, "s", client), later(3)).await.unwrap();
    // That it is suppressed is told, and holds no address.
    let all = [gone(), known("STATSBORGERSKAP_ENDRET", 3), known("ADRESSE_ENDRET", 3)];
    assert_eq!(told(&db, SYSTEM).await, all);
    let strict = FactContent::Beskyttelse { level: Adressebeskyttelse::Fortrolig };
    commit(&mut lane, say(3, "s", strict), later(4)).await.unwrap();
    assert_eq!(told(&db, SYSTEM).await, all, "it was suppressed before");
    db.sound().await;
}

async fn a_former_number_is_protected_with_the_one_that_holds(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    commit(&mut lane, say(3, "b", lives("4203")), later(1)).await.unwrap();
    commit(&mut lane, say(3, "e", FactContent::DufErstattet { ny: duf(5) }), later(2)).await.unwrap();
    commit(&mut lane, say(5, "e", FactContent::DufErstattet { ny: duf(7) }), later(3)).await.unwrap();
    let merged = ["ADRESSE_ENDRET", "DUF_SAMMENSLAATT"].map(|kind| known(kind, 3));
    assert_eq!(told(&db, SYSTEM).await, [&merged[..], &[known("DUF_SAMMENSLAATT", 5)]].concat());
    let hidden = FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig };
    commit(&mut lane, say(7, "s", hidden), later(4)).await.unwrap();
    assert_eq!(told(&db, SYSTEM).await, [gone(), gone(), gone()]);
    db.sound().await;
}

async fn who_depends_on_a_sponsor_hears(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let say = |n: usize, content| {
        job(Opphav::Udi, Internal::Facts(vec![(duf(n), vec![fact("f", "2026-11-01", content)])]), 1)
    };
    let family = FactContent::Familie { relasjon: "EKTEFELLE".into(), annen: duf(3) };
    commit(&mut lane, say(7, family), later(1)).await.unwrap();
    let done = commit(&mut lane, say(3, FactContent::Statsborgerskap { land: "SYR".into() }), later(2)).await.unwrap();
    assert_eq!(text(&done), "1 changed, 0 unknown");
    let known = |kind: &str, n: usize| (kind.to_owned(), Some(duf(n)));
    let all = [known("FAMILIE_ENDRET", 7), known("STATSBORGERSKAP_ENDRET", 3), known("FAMILIE_ENDRET", 7)];
    assert_eq!(told(&db, SYSTEM).await, all);
    db.sound().await;
}

async fn what_concerns_no_person_reaches_whom_it_concerns(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let tell = |til: Adressater, kind: &str| {
        let tillegg = vec![("regelversjon".to_owned(), "2026.2".to_owned())];
        let gjelder = "2027-01-01".parse().unwrap();
        Internal::Tell(Kunngjoering { til, hendelsestype: kind.to_owned(), gjelder, tillegg, once: None })
    };
    let all = job(Opphav::Regelendring, tell(Adressater::Alle, "REGELVERK_ENDRET"), 1);
    let of_one = Adressater::Kommuner(vec!["4203".parse().unwrap()]);
    let of_one = job(Opphav::Imdi, tell(of_one, "KAMPANJE_AAPNET"), 2);
    let named = job(Opphav::Imdi, tell(Adressater::Systemer(vec![SYSTEM.to_owned()]), "TILGANG_ENDRET"), 3);
    let outcomes = lane.commit(&[all, of_one, named], later(4)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let known = |kind: &str| (kind.to_owned(), None);
    assert_eq!(told(&db, SYSTEM).await, [known("REGELVERK_ENDRET"), known("TILGANG_ENDRET")]);
    assert_eq!(told(&db, OTHER_SYSTEM).await, [known("REGELVERK_ENDRET")]);
    assert_eq!(told(&db, FAR_SYSTEM).await, [known("REGELVERK_ENDRET"), known("KAMPANJE_AAPNET")]);
    db.sound().await;
}

/// Rules are activated first, and then everybody is computed anew: who is told of them last hears of them however often it was
/// tried, and of each change once.
async fn what_was_told_is_marked_by_what_tells_it(db: Database) {
    let db = db.furnished().await;
    let (mut lane, mut other) = (db.lane().await, db.lane_of("b").await);
    let tell = |navn, verdi: &str, seconds| {
        let what = Kunngjoering {
            til: Adressater::Alle,
            hendelsestype: "REGELVERK_ENDRET".to_owned(),
            gjelder: "2027-01-01".parse().unwrap(),
            tillegg: Vec::new(),
            once: Some(Merke { navn, verdi: verdi.to_owned() }),
        };
        job(Opphav::Regelendring, Internal::Tell(what), seconds)
    };
    let known = ("REGELVERK_ENDRET".to_owned(), None);
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let own = policy.version();
    db.store.activate_rules("older", true).await.unwrap();
    // Activated, and killed before it was told.
    db.store.activate_rules(own, false).await.unwrap();
    db.store.activate_rules(own, false).await.unwrap();
    let (twice, once) = ([tell(TOLD_RULES, own, 1), tell(TOLD_RULES, own, 1)], [tell(TOLD_RULES, own, 1)]);
    let (one, two) = tokio::join!(lane.commit(&twice, later(1)), other.commit(&once, later(1)));
    assert!(one.iter().chain(&two).all(Result::is_ok), "{one:?} {two:?}");
    assert_eq!(told(&db, SYSTEM).await, std::slice::from_ref(&known));
    // And back.
    commit(&mut lane, tell(TOLD_RULES, "older", 2), later(2)).await.unwrap();
    assert_eq!(told(&db, SYSTEM).await, [known.clone(), known.clone()]);
    // The lists that it was migrated with are no news.
    let lists = Catalogue::embedded().version();
    commit(&mut lane, tell(TOLD_CODES, lists, 3), later(3)).await.unwrap();
    commit(&mut lane, tell(TOLD_CODES, "next", 4), later(4)).await.unwrap();
    assert_eq!(told(&db, SYSTEM).await, [known.clone(), known.clone(), known]);
    db.sound().await;
}

async fn a_change_of_the_registry_is_told_where_it_is_news(db: Database) {
    let db = db.furnished().await;
    for system in [SYSTEM, OTHER_SYSTEM, FAR_SYSTEM] {
        assert_eq!(told(&db, system).await, [], "who is registered for the first time hears nothing of that");
    }
    let registry = db.store.load_registry().await.unwrap();
    let row = |text: &str| serde_json::from_str::<RegistryEntry>(text).unwrap();
    let campaign = |til: &str| {
        row(&format!(
            r#"{{"kind": "CAMPAIGN", "id": "K1", "gyldig_fra": "2026-11-01", "gyldig_til": "{til}", "maaneder_bakover": 6,
                "kommuner": ["4203"], "beslutningsreferanse": "b"}}"#
        ))
    };
    let lock = row(
        r#"{"kind": "RAPPORTERINGSAAR_LAAS", "aar": 2025, "laast_fra": "2026-12-01", "beslutningsreferanse": "b"}"#,
    );
    let mut user = registry.users[crate::house::USER].clone();
    user.roles = vec![register::registry::Role::Lesebruker];
    let mut moved = registry.avsendersystemer[FAR_SYSTEM].clone();
    moved.kommune = "4205".parse().unwrap();
    for (seconds, entry) in (1..).zip([
        campaign("2026-12-31"),
        campaign("2026-12-31"),
        campaign("2026-11-20"),
        lock,
        RegistryEntry::User(user.clone()),
        RegistryEntry::User(register::registry::TransferUser { last_used: later(5), ..user }),
        RegistryEntry::Avsendersystem(moved),
    ]) {
        db.store.put_registry(&[entry], later(seconds)).await.unwrap();
    }
    let known = |kind: &str| (kind.to_owned(), None);
    assert_eq!(told(&db, SYSTEM).await, [known("RAPPORTERINGSAAR_LAAST"), known("TILGANG_ENDRET")]);
    assert_eq!(told(&db, OTHER_SYSTEM).await, [known("RAPPORTERINGSAAR_LAAST"), known("TILGANG_ENDRET")]);
    let far = ["KAMPANJE_AAPNET", "KAMPANJE_LUKKET", "RAPPORTERINGSAAR_LAAST", "KOMMUNENUMMER_ENDRET"].map(known);
    assert_eq!(told(&db, FAR_SYSTEM).await, far);
    let from = "2027-01-22".parse().unwrap();
    let announced = || db.store.announce_certificate("ab01", from, Opphav::Tid, later(9));
    assert_eq!(announced().await.unwrap(), registry.avsendersystemer.len());
    assert_eq!(announced().await.unwrap(), 0, "told already");
    assert_eq!(told(&db, OTHER_SYSTEM).await.last(), Some(&known("SERTIFIKAT_BYTTES")));
    db.sound().await;
}

async fn what_a_day_brings_to_no_person_is_told_once(db: Database) {
    let db = db.furnished().await;
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let registry = db.store.load_registry().await.unwrap();
    let row = |text: &str| serde_json::from_str::<RegistryEntry>(text).unwrap();
    let campaign = |id: &str, til: &str| {
        row(&format!(
            r#"{{"kind": "CAMPAIGN", "id": "{id}", "gyldig_fra": "2026-10-01", "gyldig_til": "{til}", "maaneder_bakover": 6,
                "beslutningsreferanse": "b"}}"#
        ))
    };
    let mut unused = registry.users[crate::house::USER].clone();
    unused.last_used = "2026-08-26T10:00:00Z".parse().unwrap();
    let delegation = row(&format!(
        r#"{{"kind": "DELEGATION", "kommune": "4203", "leverandoer": "{}", "ordninger": ["INTRO"], "reference": "f9",
            "valid": {{"from": "2026-01-01", "to": "2026-11-28"}}}}"#,
        crate::house::VENDOR
    ));
    let clock = row(r#"{"kind": "CLOCK", "kommune": "4203", "offset_seconds": 864000}"#);
    let rows = [campaign("K1", "2026-11-26"), campaign("K2", "2026-12-31"), delegation, RegistryEntry::User(unused)];
    for entry in rows {
        db.store.put_registry(&[entry], later(1)).await.unwrap();
    }
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let mut before = Vec::new();
    for system in [SYSTEM, OTHER_SYSTEM, FAR_SYSTEM] {
        before.push(told(&db, system).await.len());
    }
    let everybody = std::collections::BTreeSet::from([None]);
    let tell = |date: &str, clocks| {
        let (store, policy, date) = (&db.store, &policy, day(date));
        async move {
            let registry = store.load_registry().await.unwrap();
            store.tell_date(&registry, policy, date, clocks, later(2)).await.unwrap()
        }
    };
    assert_eq!(tell("2026-11-26", &everybody).await, 0, "its last day is not over, and it was used three months ago");
    // Two nodes, and the day before once more.
    let (one, other) = tokio::join!(tell("2026-11-27", &everybody), tell("2026-11-27", &everybody));
    let systems = registry.avsendersystemer.len();
    let of_4204 = registry.avsendersystemer.values().filter(|system| system.kommune == "4204".parse().unwrap()).count();
    assert_eq!(one + other, systems + of_4204, "the campaign to all, the user to its kommune");
    assert_eq!(tell("2026-11-27", &everybody).await, 0);
    assert!(tell("2026-11-28", &everybody).await > 0, "a delegation ran out");
    let since = |kinds: Vec<(String, Option<Duf>)>, n: usize| -> Vec<String> {
        kinds.into_iter().skip(n).map(|(kind, _)| kind).collect()
    };
    assert_eq!(since(told(&db, SYSTEM).await, before[0]), ["KAMPANJE_LUKKET", "TILGANG_ENDRET"]);
    assert_eq!(since(told(&db, OTHER_SYSTEM).await, before[1]), ["KAMPANJE_LUKKET", "TILGANG_ENDRET"]);
    assert_eq!(since(told(&db, FAR_SYSTEM).await, before[2]), ["KAMPANJE_LUKKET", "TILGANG_ENDRET"]);

    // The sandbox set a clock ahead: its kommune alone hears, and the others when their day comes.
    db.store.put_registry(&[clock, campaign("K3", "2026-12-01")], later(3)).await.unwrap();
    let ahead = std::collections::BTreeSet::from([Some("4203".parse().unwrap())]);
    assert_eq!(tell("2026-12-02", &ahead).await, 1);
    assert_eq!(tell("2026-12-02", &everybody).await, systems - 1);
    // Who ends a campaign tells of it, and its day does not again.
    db.store.put_registry(&[campaign("K2", "2026-11-25")], later(4)).await.unwrap();
    assert_eq!(tell("2026-11-26", &everybody).await, 0);
    // Extended and ended again on the same day it is told each time; said again as it stands, it is not.
    let before = told(&db, FAR_SYSTEM).await.len();
    for til in ["2026-12-31", "2026-11-25", "2026-11-25"] {
        db.store.put_registry(&[campaign("K2", til)], later(5)).await.unwrap();
    }
    assert_eq!(since(told(&db, FAR_SYSTEM).await, before), ["KAMPANJE_AAPNET", "KAMPANJE_LUKKET"]);
    assert_eq!(tell("2026-11-26", &everybody).await, 0);
    db.sound().await;
}
