//! Lists of persons and posts, and persons by another number: what they hold, page by page as of the first page's time, and
//! that they are never out of step with the persons.

use std::ops::ControlFlow;

use register::change::Opphav;
use register::decide::beregning::NewFact;
use register::fact::{Adressebeskyttelse, FactContent, Nummertype};
use register::id::Duf;
use register::ledger::{Exchange, Internal, InternalCommand, Job, Lane, Work};
use register::liste::{PersonListQuery, PostListQuery, Soekenummer};
use register::store::replay::check;
use register::store::{Among, StoreError};
use register::time::Period;

use crate::house::{Database, PERSONS, SYSTEM, commit, duf, kommune, later, noon, today};
use crate::message::{annul, attach, correct, grant, known_as, message, register};

on_both!(
    persons_are_listed_by_who_follows_them_up_and_what_stands,
    pages_of_persons_are_of_one_moment,
    pages_of_posts_are_of_one_moment,
    a_mark_is_of_one_question,
    persons_are_found_by_the_numbers_that_they_have,
    the_strictly_confidential_are_in_no_list_that_does_not_ask_for_them,
    lists_that_are_out_of_step_are_built_again,
    rows_that_ended_are_dropped_when_nobody_can_ask_for_them,
    a_walk_goes_on_as_of_its_beginning,
);

fn said(n: usize, facts: Vec<NewFact>) -> Job {
    let exchange = Exchange {
        operation: "sendPersongrunnlag",
        signer: crate::house::VENDOR.parse().unwrap(),
        avsendersystem: None,
        meldings_id: None,
        user: None,
        request: b"<grunnlag/>".as_slice().into(),
        received: noon(),
    };
    let what = Internal::Facts(vec![(duf(n), facts)]);
    Job { exchange, work: Work::Internal(Box::new(InternalCommand { opphav: Opphav::Imdi, what })) }
}

fn fact(id: &str, from: &str, content: FactContent) -> NewFact {
    let valid = Period { from: from.parse().unwrap(), to: None };
    NewFact { source: "IMDI".into(), source_id: id.into(), content, valid, annulled: false }
}

fn moved(to: &str) -> NewFact {
    fact("flytting", "2024-01-01", FactContent::Oppfoelging { kommune: kommune(to), bydel: None })
}

fn everybody() -> PersonListQuery {
    PersonListQuery { alle: true, limit: 1_000, kommuner: vec![kommune("4204")], ..PersonListQuery::on(today()) }
}

fn posts() -> PostListQuery {
    PostListQuery {
        kommuner: vec![kommune("4204")],
        bydel: None,
        annullerte: false,
        skjermede: false,
        day: today(),
        limit: 1_000,
        after: None,
    }
}

async fn listed(db: &Database, query: &PersonListQuery) -> Vec<Duf> {
    db.store.list_persons(query).await.unwrap().rows.iter().map(|row| row.duf).collect()
}

async fn send(lane: &mut Lane, job: Job, seconds: i64) {
    let done = commit(lane, job, later(seconds)).await.unwrap();
    assert!(["GODTATT", "OK"].contains(&done.outcome.as_str()), "{}", crate::house::text(&done));
}

async fn persons_are_listed_by_who_follows_them_up_and_what_stands(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    assert_eq!(listed(&db, &everybody()).await, (0..PERSONS).map(duf).collect::<Vec<_>>());
    send(&mut lane, message("1").person(3, [grant("v/3"), register("t/3", 4)]).job(), 1).await;
    send(&mut lane, message("2").person(5, [register("t/5", 4)]).job(), 2).await;
    send(&mut lane, said(7, vec![moved("4203")]), 3).await;
    let with = |tiltak, vedtak| PersonListQuery { tiltak, vedtak, ..everybody() };
    assert_eq!(listed(&db, &with(Some(true), None)).await, [duf(3), duf(5)]);
    assert_eq!(listed(&db, &with(Some(true), Some(false))).await, [duf(5)]);
    assert_eq!(listed(&db, &with(Some(false), None)).await.len(), PERSONS - 3);
    // Who follows up is judged on the day.
    let far = PersonListQuery { kommuner: vec![kommune("4203")], ..everybody() };
    assert_eq!(listed(&db, &far).await, [duf(7)]);
    assert_eq!(listed(&db, &PersonListQuery { day: "2023-12-31".parse().unwrap(), ..far.clone() }).await, []);
    let both = PersonListQuery { kommuner: vec![kommune("4204"), kommune("4203")], ..everybody() };
    assert_eq!(listed(&db, &both).await.len(), PERSONS);
    assert_eq!(listed(&db, &both).await[0], duf(7), "4203 comes first");
    let country = PersonListQuery { kommuner: Vec::new(), ..everybody() };
    assert_eq!(listed(&db, &country).await, (0..PERSONS).map(duf).collect::<Vec<_>>());
    assert_eq!(listed(&db, &PersonListQuery { duf: Some(duf(9)), ..everybody() }).await, [duf(9)]);
    assert_eq!(listed(&db, &PersonListQuery { duf: Some(duf(9)), ..country }).await, [duf(9)]);
    assert_eq!(listed(&db, &PersonListQuery { duf: Some(duf(7)), ..everybody() }).await, []);
    // Names begin so, whatever the case.
    for (fornavn, etternavn, found) in [
        (Some("MOD"), None, PERSONS - 1),
        (Some("odig"), None, 0),
        (None, Some("bjØ"), PERSONS - 1),
        (Some("Modige"), None, 0),
    ] {
        let query =
            PersonListQuery { fornavn: fornavn.map(Into::into), etternavn: etternavn.map(Into::into), ..everybody() };
        assert_eq!(listed(&db, &query).await.len(), found, "{fornavn:?} {etternavn:?}");
    }
    // What never was is in no list.
    send(&mut lane, message("3").person(5, [annul(known_as("t/5", 1))]).job(), 4).await;
    assert_eq!(listed(&db, &with(Some(true), None)).await, [duf(3)]);
    // Those with an open category are those whom the computation says.
    let open = PersonListQuery { alle: false, ..everybody() };
    let page = db.store.list_persons(&open).await.unwrap();
    let mut expected = Vec::new();
    for person in db.store.persons(&(0..PERSONS).map(duf).collect::<Vec<_>>()).await.unwrap() {
        let here = person.follow_up(today()).is_some_and(|place| place.kommune == kommune("4204"));
        let beregnet = person.beregnet.iter().flat_map(|beregnet| &beregnet.kategorier);
        let open = beregnet.filter(|kategori| here && kategori.gyldig.contains(today()));
        expected.extend(open.map(|kategori| (kategori.kode.code(), person.duf)));
    }
    expected.sort_unstable();
    let found: Vec<_> = page.rows.iter().map(|row| (row.rad.kategori.as_ref().unwrap().kode.code(), row.duf)).collect();
    assert_eq!(found, expected.into_iter().take(1_000).collect::<Vec<_>>());
    db.sound().await;
}

async fn pages_of_persons_are_of_one_moment(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    send(&mut lane, message("0").person(150, [register("t/150", 4)]).job(), 1).await;
    let without = PersonListQuery { tiltak: Some(false), limit: 40, ..everybody() };
    let mut page = db.store.list_persons(&without).await.unwrap();
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        found.extend(page.rows.iter().map(|row| row.duf));
        pages += 1;
        let Some(next) = page.next else { break };
        // Persons of pages to come get a measure, lose it, or move away, while others read.
        let n = 158 - pages;
        send(&mut lane, message(&format!("p/{n}")).person(n, [register(&format!("t/{n}"), 4)]).job(), 1 + pages as i64)
            .await;
        send(&mut lane, said(150 - pages, vec![moved("4203")]), 10 + pages as i64).await;
        send(
            &mut lane,
            message(&format!("a/{n}")).person(150, [correct(known_as("t/150", pages as i32), 8 + pages as u32)]).job(),
            20,
        )
        .await;
        let day = "1999-01-01".parse().unwrap();
        let query = PersonListQuery { after: Some(next), day, ..without.clone() };
        let recorded = page.recorded;
        page = db.store.list_persons(&query).await.unwrap();
        assert_eq!((page.recorded, page.day), (recorded, today()), "the first page's");
    }
    assert_eq!(found, (0..PERSONS).filter(|n| *n != 150).map(duf).collect::<Vec<_>>());
    assert_eq!(pages, 4);
    let now = listed(&db, &PersonListQuery { limit: 1_000, ..without }).await;
    assert_eq!(now.len(), PERSONS - 1 - 2 * 3, "who asks anew sees what is there now");
    db.sound().await;
}

async fn pages_of_posts_are_of_one_moment(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    for n in 0..6 {
        let lines = [register(&format!("a/{n}"), 4), register(&format!("b/{n}"), 8)];
        send(&mut lane, message(&n.to_string()).person(n, lines).job(), n as i64 + 1).await;
    }
    send(&mut lane, message("x").person(5, [annul(known_as("b/5", 1))]).job(), 8).await;
    let query = PostListQuery { limit: 4, ..posts() };
    let mut page = db.store.list_posts(&query).await.unwrap();
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let row = |row: &register::liste::PostListRow| {
            (row.duf, row.post.versjon, row.post.references.iter().map(|(_, own)| own.clone()).collect::<Vec<_>>())
        };
        found.extend(page.rows.iter().map(row));
        pages += 1;
        let Some(next) = page.next else { break };
        let n = 5 - pages;
        let lines =
            [correct(known_as(&format!("a/{n}"), 1), 12), attach(known_as(&format!("b/{n}"), 1), &format!("c/{n}"))];
        send(&mut lane, message(&format!("p/{n}")).person(n, lines).job(), 10 + pages as i64).await;
        page = db.store.list_posts(&PostListQuery { after: Some(next), ..query.clone() }).await.unwrap();
    }
    let expected: Vec<_> =
        (0..6).flat_map(|n| ["a", "b"].map(|name| (duf(n), 1, vec![format!("{name}/{n}")]))).take(11).collect();
    assert_eq!(found, expected);
    let all = db.store.list_posts(&PostListQuery { annullerte: true, ..posts() }).await.unwrap();
    assert_eq!((all.rows.len(), all.next), (12, None));
    assert!(all.rows.iter().any(|row| row.post.annulled && row.post.versjon == 2));
    assert!(all.rows.iter().any(|row| row.post.references.len() == 2));
    let far = PostListQuery { kommuner: vec![kommune("4203")], ..posts() };
    assert_eq!(db.store.list_posts(&far).await.unwrap().rows, []);
    db.sound().await;
}

async fn a_mark_is_of_one_question(db: Database) {
    let db = db.furnished().await;
    let query = PersonListQuery { limit: 10, ..everybody() };
    let next = db.store.list_persons(&query).await.unwrap().next.unwrap();
    for bad in [next.clone() + "00", "x".into(), hex::encode("1/2/3"), String::new()] {
        let answer = db.store.list_persons(&PersonListQuery { after: Some(bad), ..query.clone() }).await;
        assert!(matches!(answer, Err(StoreError::BadMark)), "{answer:?}");
    }
    let other = PersonListQuery { after: Some(next.clone()), kommuner: vec![kommune("4203")], ..query.clone() };
    assert!(matches!(db.store.list_persons(&other).await, Err(StoreError::BadMark)));
    let larger = PersonListQuery { after: Some(next), limit: 20, ..query };
    assert_eq!(listed(&db, &larger).await, (10..30).map(duf).collect::<Vec<_>>(), "pages may be of any size");
}

async fn persons_are_found_by_the_numbers_that_they_have(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let ident = || fact("i", "2005-01-01", FactContent::Ident { number: "01819012365".into() });
    let mottak = FactContent::Nummer { nummertype: Nummertype::RegNummer, verdi: "r-17a".into() };
    send(&mut lane, said(4, vec![ident(), fact("r", "2005-01-01", mottak)]), 1).await;
    let find = |kind, verdi: &'static str| db.store.find_person(kind, verdi);
    assert_eq!(find(Soekenummer::Ident, "01819012365").await.unwrap(), [duf(4)]);
    assert_eq!(find(Soekenummer::Annet(Nummertype::RegNummer), "R-17a").await.unwrap(), [duf(4)]);
    assert_eq!(find(Soekenummer::Annet(Nummertype::UnhcrNummer), "R-17a").await.unwrap(), []);
    assert_eq!(find(Soekenummer::Ident, "0181901236").await.unwrap(), []);
    send(&mut lane, said(4, vec![NewFact { annulled: true, ..ident() }]), 2).await;
    assert_eq!(find(Soekenummer::Ident, "01819012365").await.unwrap(), []);
    assert_eq!(find(Soekenummer::Annet(Nummertype::RegNummer), "r-17A").await.unwrap(), [duf(4)]);
    db.sound().await;
}

async fn the_strictly_confidential_are_in_no_list_that_does_not_ask_for_them(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    send(&mut lane, message("1").person(2, [register("t/2", 4)]).job(), 1).await;
    let strict = FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig };
    send(&mut lane, said(2, vec![fact("vern", "2026-12-24", strict)]), 2).await;
    assert_eq!(listed(&db, &everybody()).await.len(), PERSONS - 1);
    assert_eq!(db.store.list_posts(&posts()).await.unwrap().rows, []);
    let page = db.store.list_persons(&PersonListQuery { skjermede: true, ..everybody() }).await.unwrap();
    let row = page.rows.iter().find(|row| row.duf == duf(2)).unwrap();
    assert!(row.skjermet && row.rad.fornavn.is_none() && row.rad.etternavn.is_none(), "{row:?}");
    assert_eq!(db.store.list_posts(&PostListQuery { skjermede: true, ..posts() }).await.unwrap().rows.len(), 1);
    assert_eq!(
        db.count("person_liste WHERE fornavn IS NULL AND system_to IS NULL").await,
        db.count(&format!("person_liste WHERE duf = {} AND system_to IS NULL", duf(2))).await
    );
    db.sound().await;
}

async fn lists_that_are_out_of_step_are_built_again(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    send(&mut lane, message("1").person(1, [register("t/1", 4)]).job(), 1).await;
    db.run(&format!("DELETE FROM person_liste WHERE duf = {}", duf(0))).await;
    db.run(&format!("UPDATE post_version SET kommune = '0301' WHERE duf = {}", duf(1))).await;
    db.run(&format!("INSERT INTO person_nummer (kind, verdi, duf) VALUES ('IDENT', '1', {})", duf(2))).await;
    assert_eq!(check(&db.store).await.unwrap().differing, 3);
    let all: Vec<Duf> = (0..PERSONS).map(duf).collect();
    assert_eq!(db.store.rebuild_lists(&all, later(5)).await.unwrap(), 3);
    db.sound().await;
    assert_eq!(db.store.rebuild_lists(&all, later(6)).await.unwrap(), 0);
    // Whoever asks from now on is told so.
    send(&mut lane, message("2").person(3, [register("t/3", 4)]).job(), 7).await;
    assert_eq!(listed(&db, &everybody()).await.len(), PERSONS);
}

async fn rows_that_ended_are_dropped_when_nobody_can_ask_for_them(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let before = db.count("person_liste").await;
    send(&mut lane, message("1").person(1, [register("t/1", 4)]).job(), 1).await;
    assert!(db.count("person_liste").await > before);
    assert_eq!(db.store.prune_lists(noon()).await.unwrap(), 0, "too young");
    assert!(db.store.prune_lists(later(2)).await.unwrap() > 0);
    assert_eq!(db.count("person_liste").await, before);
    db.sound().await;
}

/// Persons as a page shows them: what stands, and who follows up.
fn shown(person: &register::person::Person) -> String {
    let posts: Vec<_> = person
        .posts
        .iter()
        .map(|post| format!("{}.{} {:?} {}", post.row_no, post.versjon, post.references, post.annulled))
        .collect();
    let facts: Vec<_> = person.facts.iter().map(|fact| fact.row_no).collect();
    format!("{} {posts:?} {facts:?} {:?}", person.duf, person.beregnet.as_ref().map(|b| b.row_no))
}

async fn walked(
    db: &Database,
    among: Among<'_>,
    after: Option<Duf>,
    recorded: Option<chrono::DateTime<chrono::Utc>>,
    most: usize,
) -> (Vec<String>, Option<Duf>, chrono::DateTime<chrono::Utc>) {
    let (mut all, mut last) = (Vec::new(), None);
    let walk = db.store.each_person_among(among, after, recorded, SYSTEM, |person| {
        all.push(shown(&person));
        last = Some(person.duf);
        if all.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let walked = walk.await.unwrap();
    assert!(walked.stroem.is_some());
    (all, last, walked.recorded)
}

async fn a_walk_goes_on_as_of_its_beginning(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    for n in (0..60).step_by(3) {
        let lines = [grant(&format!("v/{n}")), register(&format!("t/{n}"), 4)];
        send(&mut lane, message(&n.to_string()).person(n, lines).job(), 1).await;
    }
    let own = [kommune("4204")];
    let listed =
        PersonListQuery { tiltak: Some(true), alle: true, kommuner: own.to_vec(), ..PersonListQuery::on(today()) };
    for (name, among, count) in [
        ("followed", Among::FollowedUp(&own), PERSONS),
        ("owning", Among::Owning(&own), 20),
        ("listed", Among::Listed(&listed), 20),
    ] {
        let (whole, ..) = walked(&db, among, None, None, usize::MAX).await;
        assert!(whole.len() >= count, "{name}: {}", whole.len());
        let (mut all, mut last, recorded) = walked(&db, among, None, None, 7).await;
        // What pages to come show is corrected, annulled, attached, moved away, said, taken back and begun.
        let id = |what: &str| format!("{name}/{what}");
        send(&mut lane, message(&id("1")).person(57, [correct(known_as("t/57", versions(&db, 57).await), 9)]).job(), 2)
            .await;
        send(&mut lane, message(&id("2")).person(54, [attach(known_as("t/54", 1), &id("n"))]).job(), 3).await;
        send(&mut lane, message(&id("3")).person(50, [register(&id("ny"), 16)]).job(), 4).await;
        send(&mut lane, said(51, vec![fact(&id("i"), "2005-01-01", FactContent::Ident { number: "1".into() })]), 5)
            .await;
        send(&mut lane, said(48, vec![NewFact { source_id: id("f"), ..moved("4203") }]), 6).await;
        while last.is_some() {
            let (some, next, same) = walked(&db, among, last, Some(recorded), 7).await;
            assert_eq!(same, recorded);
            all.extend(some);
            last = next;
        }
        assert_eq!(all, whole, "{name}");
        let (now, ..) = walked(&db, among, None, None, usize::MAX).await;
        assert_ne!(now, whole, "{name}: who begins anew sees what is there now");
        send(&mut lane, said(48, vec![NewFact { source_id: id("f"), annulled: true, ..moved("4203") }]), 7).await;
        send(&mut lane, message(&id("4")).person(50, [annul(known_as(&id("ny"), 1))]).job(), 8).await;
        db.sound().await;
    }
}

async fn versions(db: &Database, n: usize) -> i32 {
    let person = db.store.snapshot(duf(n)).await.unwrap().unwrap();
    person.posts.iter().find(|post| post.reference_of(SYSTEM) == Some(&format!("t/{n}"))).unwrap().versjon
}
