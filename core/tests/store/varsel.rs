//! Notices (design.md 8): told once, with their mails in the same transaction; each mail sent by one node at a time until it is.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use register::fact::{Adressebeskyttelse, FactContent};
use register::registry::RegistryEntry;
use register::store::varsel::{Brev, Epost, Ikkesendt, Poststand, Ulest};
use uuid::Uuid;

use crate::house::{Database, OTHER_SYSTEM, SYSTEM, commit, later, user};
use crate::kilde::{line, source_of, told_by};
use crate::message::{grant, message};

on_both!(
    a_notice_is_told_once_and_its_mails_are_written_with_it,
    a_mail_belongs_to_one_node_until_its_lease_ends,
    a_mail_that_cannot_be_sent_rests_and_is_given_up,
    what_is_old_is_dropped_and_what_still_holds_or_waits_is_not,
    an_unread_stream_says_since_when_and_since_when_it_is_urgent,
);

const LEASE: TimeDelta = TimeDelta::seconds(90);
const CAUSE: (&str, &str) = (SYSTEM, "NY_FEILGRUPPE");

/// As the databases hold it.
fn at(seconds: i64) -> DateTime<Utc> {
    later(seconds).trunc_subsecs(6)
}

fn letter(tekst: &str) -> Brev {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into());
    Brev {
        id,
        message_id: format!("<{id}@nir>"),
        mottaker: "drift@example.org".into(),
        emne: "NIR".into(),
        tekst: tekst.into(),
    }
}

/// Tells of these periods in one mail.
async fn tell(db: &Database, (system, aarsak): (&str, &str), perioder: &[&str], seconds: i64) -> usize {
    let write = |news: &[&str]| vec![letter(&news.join(" "))];
    db.store.tell((system, aarsak), perioder, later(seconds), write).await.unwrap()
}

async fn take(db: &Database, seconds: i64) -> Option<Epost> {
    db.store.take_mail(later(seconds), LEASE).await.unwrap()
}

fn failed(seconds: i64, rest: i64, oppgitt: bool) -> Ikkesendt {
    Ikkesendt { at: at(seconds), neste: at(seconds + rest), oppgitt, hvorfor: "no answer".into() }
}

async fn stand(db: &Database) -> (i64, i64) {
    let Poststand { venter, oppgitt } = db.store.mails().await.unwrap();
    (venter, oppgitt)
}

async fn a_notice_is_told_once_and_its_mails_are_written_with_it(db: Database) {
    let db = db.furnished().await;
    // Two nodes see the same at the same time.
    let (one, other) = tokio::join!(tell(&db, CAUSE, &["b", "a", "a"], 1), tell(&db, CAUSE, &["a", "b"], 1));
    assert_eq!((one + other, stand(&db).await), (2, (1, 0)));
    assert_eq!(tell(&db, CAUSE, &["a", "b", "c"], 2).await, 1);
    assert_eq!(tell(&db, (OTHER_SYSTEM, CAUSE.1), &["a"], 3).await, 1);
    let told = db.store.told_notices(SYSTEM, 10).await.unwrap();
    assert_eq!(told.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [at(2), at(1), at(1)]);
    let texts = [take(&db, 4).await, take(&db, 4).await, take(&db, 4).await].map(|mail| mail.unwrap().brev.tekst);
    assert_eq!(texts, ["a b", "c", "a"]);
    // A mail that cannot be written takes its note with it.
    let twice = letter("x");
    let write = |_: &[&str]| vec![twice.clone(), twice.clone()];
    assert!(db.store.tell(CAUSE, &["d"], later(5), write).await.is_err());
    assert_eq!((db.count("varsel WHERE periode = 'd'").await, stand(&db).await), (0, (3, 0)));
    assert_eq!(tell(&db, CAUSE, &["d"], 6).await, 1);
}

async fn a_mail_belongs_to_one_node_until_its_lease_ends(db: Database) {
    let db = db.furnished().await;
    tell(&db, CAUSE, &["a"], 0).await;
    tell(&db, CAUSE, &["b"], 1).await;
    let (one, other) = tokio::join!(take(&db, 1), take(&db, 1));
    let mut taken = [one, other].map(|mail| mail.map(|mail| mail.brev.tekst));
    taken.sort();
    // On SQLite two at once may reach for the same one; then one of them finds nothing.
    let second = if taken[0].is_none() { take(&db, 1).await.map(|mail| mail.brev.tekst) } else { None };
    let all: Vec<String> = taken.into_iter().chain([second]).flatten().collect();
    assert!(all.len() == 2 && all.contains(&"a".to_owned()) && all.contains(&"b".to_owned()), "{all:?}");
    assert_eq!(take(&db, 90).await, None, "both are on their way");
    // Who took it has died.
    let again = take(&db, 91).await.unwrap();
    let (written, other) = if again.brev.tekst == "a" { (at(0), "b") } else { (at(1), "a") };
    assert_eq!((again.forsoek, again.skrevet, again.avsendersystem.as_str()), (2, written, SYSTEM));
    let late = Epost { forsoek: 1, ..again.clone() };
    assert!(!db.store.mail_not_sent(&late, &failed(92, 5, true)).await.unwrap(), "another has it now");
    // Sent is sent, whoever says it.
    db.store.mail_sent(late.brev.id, later(93)).await.unwrap();
    assert!(!db.store.mail_not_sent(&again, &failed(94, 5, true)).await.unwrap());
    // The other one is taken again and again, as long as nobody says anything.
    for seconds in [95, 300] {
        assert_eq!(take(&db, seconds).await.map(|mail| mail.brev.tekst).as_deref(), Some(other));
    }
    assert_eq!((take(&db, 389).await, stand(&db).await), (None, (1, 0)));
}

async fn a_mail_that_cannot_be_sent_rests_and_is_given_up(db: Database) {
    let db = db.furnished().await;
    tell(&db, CAUSE, &["a"], 0).await;
    let first = take(&db, 1).await.unwrap();
    assert!(db.store.mail_not_sent(&first, &failed(2, 5, false)).await.unwrap());
    assert_eq!(take(&db, 6).await, None);
    let second = take(&db, 7).await.unwrap();
    assert_eq!((&second.brev, second.forsoek), (&first.brev, 2));
    assert!(!db.store.mail_not_sent(&first, &failed(8, 0, false)).await.unwrap(), "of an attempt that is past");
    assert!(db.store.mail_not_sent(&second, &failed(8, 5, true)).await.unwrap());
    assert_eq!((take(&db, 100_000).await, stand(&db).await), (None, (0, 1)));
    assert_eq!(db.texts("SELECT hvorfor AS v FROM epost").await, ["no answer"]);
    // It was told all the same: nobody tells it again.
    assert_eq!(tell(&db, CAUSE, &["a"], 100_001).await, 0);
}

async fn what_is_old_is_dropped_and_what_still_holds_or_waits_is_not(db: Database) {
    let db = db.furnished().await;
    for (aarsak, seconds) in [("NY_FEILGRUPPE", 0), ("SPERRE", 1), ("STROEM_ULEST", 2), ("STROEM_PARKERT", 200)] {
        tell(&db, (SYSTEM, aarsak), &["p"], seconds).await;
    }
    let mails = [take(&db, 5).await, take(&db, 5).await].map(Option::unwrap);
    db.store.mail_sent(mails[0].brev.id, later(6)).await.unwrap();
    assert!(db.store.mail_not_sent(&mails[1], &failed(7, 5, true)).await.unwrap());
    let prune = async |seconds| db.store.prune_notices(later(seconds), &["SPERRE"]).await.unwrap();
    assert_eq!(prune(0).await, 0);
    // The mail of the third cause waits, however old it is.
    assert_eq!(prune(100).await, 4);
    assert_eq!(db.texts("SELECT aarsak AS v FROM varsel ORDER BY aarsak").await, ["SPERRE", "STROEM_PARKERT"]);
    assert_eq!(stand(&db).await, (2, 0));
    let again = async || tell(&db, (SYSTEM, "SPERRE"), &["p"], 300).await;
    db.store.ended(SYSTEM, "SPERRE", Some("p")).await.unwrap();
    assert_eq!(again().await, 0, "it still holds and was told");
    db.store.ended(SYSTEM, "SPERRE", None).await.unwrap();
    assert_eq!((again().await, again().await), (1, 0), "it came again");
}

async fn an_unread_stream_says_since_when_and_since_when_it_is_urgent(db: Database) {
    let db = db.furnished().await;
    // Somebody of the kommune may know of who is hidden.
    let mut may_know = user("4204-SKJERM1", crate::house::noon());
    if let RegistryEntry::User(user) = &mut may_know {
        user.skjerming_approved = true;
    }
    db.store.put_registry(&[source_of("FOLKEREGISTER"), may_know], crate::house::noon()).await.unwrap();
    let mut lane = db.lane().await;
    commit(&mut lane, message("1").person(0, [grant("v/1")]).at(later(1)).job(), later(1)).await.unwrap();
    let hidden = FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig };
    let told = told_by("FOLKEREGISTER", "2", [(1, vec![line("s", hidden)])]);
    commit(&mut lane, told, later(2)).await.unwrap();
    commit(&mut lane, message("3").person(2, [grant("v/3")]).at(later(3)).job(), later(3)).await.unwrap();
    let own = async || {
        let all = db.store.unread_streams().await.unwrap();
        all.into_iter().find(|unread| unread.avsendersystem == SYSTEM)
    };
    let numbers = async |what: &str| {
        db.number(&format!("SELECT min(number) AS v FROM change WHERE avsendersystem = '{SYSTEM}' AND {what}")).await
    };
    let urgent = numbers("data LIKE '%SKJERMING_ENDRET%'").await;
    let acknowledge = async |number: i64| {
        let sql = format!(
            "UPDATE stream SET handed_out = {number}, acknowledged = {number} WHERE avsendersystem = '{SYSTEM}'"
        );
        assert_eq!(db.run(&sql).await, 1);
    };
    let since = |first, shelter: Option<i64>| {
        Some(Ulest { avsendersystem: SYSTEM.into(), first: Some(at(first)), shelter: shelter.map(at) })
    };
    assert!(urgent > 1);
    assert_eq!(own().await, since(1, Some(2)));
    acknowledge(urgent - 1).await;
    assert_eq!(own().await, since(2, Some(2)));
    acknowledge(urgent).await;
    assert!(own().await.is_some_and(|unread| unread.shelter.is_none()));
    let last = db.number(&format!("SELECT last_number AS v FROM stream WHERE avsendersystem = '{SYSTEM}'")).await;
    acknowledge(last - 1).await;
    assert_eq!(own().await, since(3, None));
    acknowledge(last).await;
    assert_eq!(own().await, None);
    db.sound().await;
}
