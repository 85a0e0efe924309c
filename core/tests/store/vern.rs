//! What streams may no longer hold of who becomes protected, and what they are told in its place (domain.md 10.4; contract.md
//! 0.13, 0.15).

use chrono::SubsecRound as _;
use register::bestilling::{Bestilling, Omfang};
use register::change::{NoticePayload, Opphav};
use register::fact::{Adressebeskyttelse, FactContent};
use register::id::Duf;
use register::ledger::{Internal, Job, Pictures, Work};
use register::query::PersonView;
use register::registry::{RegistryEntry, TransferUser};
use register::time::Period;
use uuid::Uuid;

use crate::hendelser::{facts, known, lives, say, told};
use crate::house::{Database, FAR_SYSTEM, SYSTEM, USER, commit, duf, kommune, later, user};
use crate::message::message;

on_both!(
    a_picture_that_was_not_read_is_told_again_without_the_address,
    pictures_of_an_order_are_told_again_and_the_last_one_says_so,
    who_must_guard_what_it_holds_is_told_so,
    who_was_protected_before_an_upgrade_is_protected_anew,
    long_streams_are_gone_through_page_by_page,
    a_page_is_found_by_an_index,
);

fn protected(n: usize, level: Adressebeskyttelse) -> Job {
    say(n, "s", FactContent::Beskyttelse { level })
}

/// IMDi decides who follows a person up.
fn placed(n: usize, number: &str, from: &str) -> Job {
    let content = FactContent::Oppfoelging { kommune: kommune(number), bydel: None };
    facts(Opphav::Imdi, n, "o", from, content)
}

/// Number, person, order, position, whether it is the last, and whether it tells where the person lives.
type Picture = (i64, Option<Duf>, Option<u128>, Option<i64>, bool, bool);

async fn pictures(db: &Database, system: &str) -> Vec<Picture> {
    let page = db.store.changes(system, 0, 1_000).await.unwrap().unwrap();
    let picture = |change: register::change::NumberedNotice| match change.notice.payload {
        NoticePayload::PersonOeyeblikksbilde { bestillings_id, posisjon, siste, person } => {
            let lives = |fact: &FactContent| matches!(fact, FactContent::Bosted { .. } | FactContent::Mottak { .. });
            let shows = person.is_some_and(|view| view.facts.iter().any(|(fact, _)| lives(fact)));
            let order = bestillings_id.map(|id| id.as_u128());
            Some((change.sekvensnummer, change.notice.duf, order, posisjon, siste, shows))
        }
        _ => None,
    };
    page.changes.into_iter().filter_map(picture).collect()
}

async fn read_to_the_end(db: &Database, system: &str) {
    let sql = "UPDATE stream SET handed_out = last_number, acknowledged = last_number WHERE avsendersystem =";
    db.run(&format!("{sql} '{system}'")).await;
}

async fn a_picture_that_was_not_read_is_told_again_without_the_address(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    // Who comes to 4203 is not there yet.
    let (read, waits) = (301, 302);
    commit(&mut lane, say(read, "b", lives("4203")), later(1)).await.unwrap();
    read_to_the_end(&db, FAR_SYSTEM).await;
    commit(&mut lane, say(waits, "b", lives("4203")), later(2)).await.unwrap();
    let before = pictures(&db, FAR_SYSTEM).await;
    let at = before[1].0;
    assert_eq!(before[1], (at, Some(duf(waits)), None, None, true, true), "{before:?}");
    commit(&mut lane, protected(waits, Adressebeskyttelse::Klientadresse), later(3)).await.unwrap();
    let again = pictures(&db, FAR_SYSTEM).await;
    // What was told since the first one prevails.
    assert_eq!(again[1..], [(again[1].0, Some(duf(waits)), None, Some(at), true, false)], "{again:?}");
    assert!(told(&db, FAR_SYSTEM).await.contains(&known("ADRESSE_ENDRET", waits)));
    // What was acknowledged is withdrawn and not told again.
    commit(&mut lane, protected(read, Adressebeskyttelse::Fortrolig), later(4)).await.unwrap();
    assert_eq!(pictures(&db, FAR_SYSTEM).await, again[1..]);
    db.sound().await;
}

async fn pictures_of_an_order_are_told_again_and_the_last_one_says_so(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let at = later(0).trunc_subsecs(6);
    let taken = |id: u128| Bestilling {
        id: Uuid::from_u128(id),
        avsendersystem: SYSTEM.to_owned(),
        bruker: USER.to_owned(),
        posisjon: 0,
        recorded: at,
        omfang: Omfang::Alt,
        antall: 3,
        done_to: 0,
        skrevet: 0,
        touched: at,
    };
    let job = |work| Job { exchange: message("o").exchange(), work };
    let view = |n: usize| PersonView {
        duf: duf(n),
        facts: vec![(lives("4204"), Period { from: "2026-01-01".parse().unwrap(), to: None })],
        oppfoelging: Vec::new(),
        beregning: None,
        ordninger: Vec::new(),
        posts: Vec::new(),
        moved: Vec::new(),
        averages: Vec::new(),
    };
    let picture = |order: Bestilling, persons: &[usize], last| {
        let views: Vec<PersonView> = persons.iter().map(|n| view(*n)).collect();
        let done_to = views.last().unwrap().duf.to_stored();
        job(Work::Pictures(Box::new(Pictures { order, views, done_to, last })))
    };
    let answer = || b"svar".to_vec();
    commit(&mut lane, job(Work::Order { order: Box::new(taken(1)), answer: answer() }), later(1)).await.unwrap();
    commit(&mut lane, picture(taken(1), &[3, 5, 7], true), later(2)).await.unwrap();
    // Two of a finished order, the last among them; the message tells of both.
    let hides = [3, 7].map(|n| (n, "s", FactContent::Beskyttelse { level: Adressebeskyttelse::Klientadresse }));
    commit(&mut lane, crate::hendelser::say_all(&hides), later(3)).await.unwrap();
    let all = pictures(&db, SYSTEM).await;
    let told: Vec<_> = all.iter().map(|(_, duf, order, at, last, shows)| (*duf, *order, *at, *last, *shows)).collect();
    let of = |n, last, shows| (Some(duf(n)), Some(1), Some(0), last, shows);
    assert_eq!(told, [of(5, false, true), of(3, false, false), of(7, true, false)]);
    // Of an order that is not at its end: its last picture comes.
    commit(&mut lane, job(Work::Order { order: Box::new(taken(2)), answer: answer() }), later(4)).await.unwrap();
    commit(&mut lane, picture(taken(2), &[9], false), later(5)).await.unwrap();
    commit(&mut lane, protected(9, Adressebeskyttelse::Klientadresse), later(6)).await.unwrap();
    let last = pictures(&db, SYSTEM).await.pop().unwrap();
    assert_eq!((last.1, last.2, last.4, last.5), (Some(duf(9)), Some(2), false, false));
    // Of one that is, whose last picture stands: no other comes after this one.
    commit(&mut lane, protected(5, Adressebeskyttelse::Klientadresse), later(7)).await.unwrap();
    let last = pictures(&db, SYSTEM).await.pop().unwrap();
    assert_eq!((last.1, last.2, last.4, last.5), (Some(duf(5)), Some(1), true, false));
    db.sound().await;
}

async fn who_must_guard_what_it_holds_is_told_so(db: Database) {
    let db = db.furnished().await;
    for name in ["4203-OVERF9", "4204-OVERF9"] {
        let RegistryEntry::User(row) = user(name, later(0)) else { panic!("a user") };
        let approved = RegistryEntry::User(TransferUser { skjerming_approved: true, ..row });
        db.store.put_registry(&[approved], later(0)).await.unwrap();
    }
    let mut lane = db.lane().await;
    commit(&mut lane, placed(3, "4203", "2026-11-20"), later(1)).await.unwrap();
    commit(&mut lane, protected(3, Adressebeskyttelse::StrengtFortrolig), later(2)).await.unwrap();
    assert!(told(&db, FAR_SYSTEM).await.contains(&known("SKJERMING_ENDRET", 3)));
    // Within the interval in which it asks, the person is given into other hands; that it goes is told, and not where.
    commit(&mut lane, placed(3, "4204", "2026-11-24"), later(3)).await.unwrap();
    let left: Vec<_> = told(&db, FAR_SYSTEM).await.into_iter().filter(|(_, duf)| duf.is_some()).collect();
    assert_eq!(left, ["SKJERMING_ENDRET", "OPPFOELGING_ENDRET"].map(|kind| known(kind, 3)));
    // Once it has been read, nothing is left of whom it may not know.
    read_to_the_end(&db, FAR_SYSTEM).await;
    commit(&mut lane, placed(3, "4205", "2026-11-25"), later(4)).await.unwrap();
    assert!(told(&db, FAR_SYSTEM).await.iter().all(|(_, duf)| duf.is_none()));
    db.sound().await;
}

async fn who_was_protected_before_an_upgrade_is_protected_anew(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    for n in [3, 5, 7] {
        commit(&mut lane, say(n, "b", lives("4203")), later(1)).await.unwrap();
    }
    read_to_the_end(&db, SYSTEM).await;
    commit(&mut lane, say(9, "b", lives("4203")), later(1)).await.unwrap();
    db.keep(&["change"]).await;
    for (n, level) in [(3, Adressebeskyttelse::StrengtFortrolig), (5, Adressebeskyttelse::Fortrolig)] {
        commit(&mut lane, protected(n, level), later(2)).await.unwrap();
    }
    // As the version before left them: what was acknowledged stands.
    for n in [3, 5] {
        let kept = "FROM kept_change k WHERE k.avsendersystem = change.avsendersystem AND k.number = change.number";
        let number = duf(n).to_stored();
        db.run(&format!(
            "UPDATE change SET duf = {number}, data = (SELECT k.data {kept}) \
             WHERE EXISTS (SELECT 1 {kept} AND k.duf = {number})"
        ))
        .await;
    }
    let of = |told: Vec<(String, Option<Duf>)>| -> Vec<Option<Duf>> { told.into_iter().map(|(_, duf)| duf).collect() };
    let stood = of(told(&db, SYSTEM).await);
    assert_eq!(stood[..4], [3, 5, 7, 9].map(|n| Some(duf(n))));
    let anew = || crate::hendelser::job(Opphav::Imdi, Internal::Verne([3, 5, 7, 9, 400].map(duf).to_vec()), 3);
    let mut after = Vec::new();
    for seconds in [3, 4] {
        let done = commit(&mut lane, anew(), later(seconds)).await.unwrap();
        assert_eq!(crate::house::text(&done), "2 changed, 1 unknown");
        after.push(of(told(&db, SYSTEM).await));
    }
    let left = [None, None, Some(duf(7)), Some(duf(9))];
    assert_eq!((&after[0][..4], after[0].len()), (&left[..], stood.len()), "nothing is told");
    assert_eq!(after[0], after[1]);
    db.sound().await;
}

async fn long_streams_are_gone_through_page_by_page(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    commit(&mut lane, say(3, "b", lives("4203")), later(1)).await.unwrap();
    let rows = if db.is_postgres() {
        "generate_series(2, 700) AS s(value)"
    } else {
        "(WITH RECURSIVE s(value) AS (SELECT 2 UNION ALL SELECT value + 1 FROM s WHERE value < 700) SELECT value FROM s)"
    };
    for system in [SYSTEM, FAR_SYSTEM] {
        db.run(&format!(
            "INSERT INTO change (avsendersystem, number, duf, recorded, data) SELECT '{system}', value, c.duf, c.recorded, \
             CASE WHEN value % 3 = 0 THEN replace(c.data, 'ADRESSE_ENDRET', 'STATSBORGERSKAP_ENDRET') ELSE c.data END \
             FROM change c, {rows} WHERE c.avsendersystem = '{SYSTEM}' AND c.number = 1"
        ))
        .await;
        db.run(&format!("UPDATE stream SET last_number = 700 WHERE avsendersystem = '{system}'")).await;
    }
    commit(&mut lane, protected(3, Adressebeskyttelse::Klientadresse), later(2)).await.unwrap();
    let left = "SELECT count(*) AS v FROM change WHERE duf IS NOT NULL AND number BETWEEN 2 AND 700 AND avsendersystem <> '4204-voksen-2'";
    let addresses = format!("{left} AND data LIKE '%ADRESSE_ENDRET%'");
    assert_eq!((db.number(&addresses).await, db.number(left).await), (0, 466));
    commit(&mut lane, protected(3, Adressebeskyttelse::StrengtFortrolig), later(3)).await.unwrap();
    assert_eq!(db.number(left).await, 0);
}

/// A page of a person is found by an index, however long the streams are.
async fn a_page_is_found_by_an_index(db: Database) {
    let db = db.furnished().await;
    let (rows, now) = if db.is_postgres() {
        ("generate_series(1, 20000) AS s(value)", "now()")
    } else {
        let series = "(WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value < 20000) \
                      SELECT value FROM s)";
        (series, "0")
    };
    let columns = "avsendersystem, number, duf, recorded, data";
    db.run(&format!(
        "INSERT INTO change ({columns}) SELECT '{SYSTEM}', value, 200000000000 + value % 20, {now}, '{{}}' FROM {rows}"
    ))
    .await;
    db.run("ANALYZE").await;
    let kinds = if db.is_postgres() { "'{ADRESSE_ENDRET}'" } else { "'[\"ADRESSE_ENDRET\"]'" };
    let system = format!("'{SYSTEM}'");
    let mut sql = db.store.told_about_sql().to_owned();
    for (n, value) in (1..).zip(["200000000007", &system, "700", kinds, "200"]) {
        sql = sql.replace(&format!("{}{n}", if db.is_postgres() { '$' } else { '?' }), value);
    }
    let plan = db.plan(&sql).await;
    let scan = if db.is_postgres() { "Seq Scan" } else { "SCAN change" };
    assert!(plan.contains("change_person") && !plan.contains(scan), "{plan}");
}
