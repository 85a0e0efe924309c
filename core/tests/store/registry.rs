//! Parties and rights: put, replaced, kept as history; streams opened; what the ledger sees of them.

use chrono::TimeDelta;
use register::post::Ordning;
use register::registry::RegistryEntry;
use register::store::Store;

use crate::house::{
    Database, OTHER_SYSTEM, SYSTEM, USER, VENDOR, commit, entries, kommune, later, noon, system, text, user, word,
};
use crate::message::{message, register};

on_both!(
    rows_are_replaced_by_key_and_kept_as_history,
    of_one_key_twice_in_one_file_the_last_holds,
    a_clock_that_was_set_back_ends_no_row_before_it_began,
    commands_at_the_same_time_each_raise_the_version,
    a_stream_is_opened_once_and_goes_on_when_its_system_is_replaced,
    the_ledger_sees_what_was_put_a_moment_ago,
    register_time_is_the_kommunes_own,
    the_use_of_a_transfer_user_is_noted_once_a_day,
    persons_that_are_there_already_are_left_alone,
);

async fn rows_are_replaced_by_key_and_kept_as_history(db: Database) {
    let db = db.furnished().await;
    assert_eq!(db.store.registry_version().await.unwrap(), 1);
    let before = db.store.load_registry().await.unwrap();
    assert_eq!(before.parties.len(), 2);
    assert_eq!(before.avsendersystemer[SYSTEM].operator.to_string(), VENDOR);
    let replaced = system(SYSTEM, "310000035", &[Ordning::Intro]);
    db.store.put_registry(&[replaced], later(60)).await.unwrap();
    let after = db.store.load_registry().await.unwrap();
    assert_eq!(after.version, 2);
    assert_eq!(after.avsendersystemer[SYSTEM].operator.to_string(), "310000035");
    assert_eq!(after.avsendersystemer.len(), before.avsendersystemer.len(), "nothing else changed");
    let key = format!("registry_entry WHERE key = 'avsendersystem {SYSTEM}'");
    assert_eq!(db.count(&key).await, 2);
    let seam = format!("{key} AND system_to = (SELECT max(system_from) FROM registry_entry)");
    assert_eq!(db.count(&seam).await, 1, "the old row ends where the new one begins");
}

async fn of_one_key_twice_in_one_file_the_last_holds(db: Database) {
    let db = db.furnished().await;
    let (first, last) = (user(USER, noon()), user(USER, later(7_200)));
    db.store.put_registry(&[first, last], later(60)).await.unwrap();
    assert_eq!(db.store.load_registry().await.unwrap().users[USER].last_used, later(7_200));
}

async fn a_clock_that_was_set_back_ends_no_row_before_it_began(db: Database) {
    let db = db.furnished().await;
    for seconds in [0, -3_600, -7_200] {
        db.store.put_registry(&[user(USER, later(seconds))], later(seconds)).await.unwrap();
    }
    assert_eq!(db.count("registry_entry WHERE system_to <= system_from").await, 0);
    assert_eq!(db.count(&format!("registry_entry WHERE key = 'user {USER}' AND system_to IS NULL")).await, 1);
    assert_eq!(db.store.load_registry().await.unwrap().users[USER].last_used, later(-7_200), "the last put holds");
}

async fn commands_at_the_same_time_each_raise_the_version(db: Database) {
    let db = db.furnished().await;
    let mut commands = tokio::task::JoinSet::new();
    for n in 0..8 {
        let url = db.url.clone();
        commands.spawn(async move {
            let store = Store::open(&url).await.unwrap();
            store.put_registry(&[user(&format!("4204-{n}"), noon())], later(n)).await.unwrap();
        });
    }
    commands.join_all().await;
    let registry = db.store.load_registry().await.unwrap();
    assert_eq!(registry.version, 9);
    assert_eq!(registry.users.len(), 10);
}

async fn a_stream_is_opened_once_and_goes_on_when_its_system_is_replaced(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    commit(&mut lane, message("1").person(0, [register("t/1", 4)]).job(), later(1)).await.unwrap();
    let before = db.store.stream_position(OTHER_SYSTEM).await.unwrap().unwrap();
    assert_eq!((before.stroem_id.as_str(), before.siste_sekvensnummer), ("4204-voksen-2.1", 1));
    db.store.put_registry(&entries(), later(60)).await.unwrap();
    assert_eq!(db.store.stream_position(OTHER_SYSTEM).await.unwrap().unwrap(), before);
    assert_eq!(db.store.stream_position("4204-ukjent-9").await.unwrap(), None);
    assert_eq!(db.count("stream").await, 3);
}

async fn the_ledger_sees_what_was_put_a_moment_ago(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let good = commit(&mut lane, message("1").person(0, [register("t/1", 4)]).job(), later(1)).await.unwrap();
    assert_eq!(good.outcome, "GODTATT", "{}", text(&good));
    let RegistryEntry::Avsendersystem(mut row) = system(SYSTEM, VENDOR, &[Ordning::MottakKval]) else { unreachable!() };
    row.blocked = Some("prøve".into());
    db.store.put_registry(&[RegistryEntry::Avsendersystem(row)], later(2)).await.unwrap();
    let refused = commit(&mut lane, message("2").person(0, [register("t/2", 8)]).job(), later(3)).await.unwrap();
    assert_eq!(word(&refused, "feil"), "NIR-A415");
    assert_eq!(word(&refused, "strøm"), "", "who was refused is told nothing of the stream");
}

async fn register_time_is_the_kommunes_own(db: Database) {
    let db = db.furnished().await;
    let year = -365 * 86_400;
    let clock = RegistryEntry::Clock { kommune: kommune("4204"), offset_seconds: year };
    db.store.put_registry(&[clock], later(1)).await.unwrap();
    let registry = db.store.load_registry().await.unwrap();
    assert_eq!(registry.register_time(Some(kommune("4204")), noon()), later(year));
    assert_eq!(registry.register_time(Some(kommune("4203")), noon()), noon());
    let mut lane = db.lane().await;
    // Today's measure begins a year ahead of the register's today.
    let done = commit(&mut lane, message("1").person(0, [register("t/1", 4)]).job(), later(2)).await.unwrap();
    assert_eq!(word(&done, "mottatt"), "2025-11-26");
    assert!(text(&done).contains("12:00:00.123456 UTC"), "times are kept to the microsecond: {}", text(&done));
    // Order and recorded time follow the commit, never the register's clock.
    let history = db.store.read_person(crate::house::duf(0), SYSTEM).await.unwrap().0.unwrap();
    assert_eq!(history.posts[0].received_on.to_string(), "2025-11-26");
    assert!(history.posts[0].system_from >= noon());
}

async fn the_use_of_a_transfer_user_is_noted_once_a_day(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let send = |n: u32, hours: i64| {
        let at = later(hours * 3_600);
        message(&n.to_string()).at(at).person(0, [register(&format!("t/{n}"), n)]).job()
    };
    for (n, hours, noted) in [(1, 1, None), (2, 25, Some(25)), (3, 30, Some(25)), (4, 50, Some(50))] {
        commit(&mut lane, send(n, hours), later(hours * 3_600)).await.unwrap();
        let expected = noon() + TimeDelta::hours(noted.unwrap_or(0));
        let found = db.store.load_registry().await.unwrap().users[USER].last_used;
        assert!((found - expected).abs() < TimeDelta::microseconds(1), "after {hours} hours: {found}");
        assert_eq!(db.count("user_use").await, i64::from(noted.is_some()));
    }
    // A refused sender's use is none.
    let stranger = message("5").signed_by("310000035").at(later(100 * 3_600)).person(0, [register("t/5", 5)]);
    commit(&mut lane, stranger.job(), later(100 * 3_600)).await.unwrap();
    let found = db.store.load_registry().await.unwrap().users[USER].last_used;
    assert!(found < later(51 * 3_600), "{found}");
}

async fn persons_that_are_there_already_are_left_alone(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    commit(&mut lane, message("1").person(0, [register("t/1", 4)]).job(), later(1)).await.unwrap();
    let (rows, before) = (db.rows().await, db.store.snapshot(crate::house::duf(0)).await.unwrap());
    let db = db.furnished().await;
    assert_eq!(db.store.snapshot(crate::house::duf(0)).await.unwrap(), before);
    assert_eq!(db.rows().await, rows);
    db.sound().await;
}
