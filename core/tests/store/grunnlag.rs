//! Facts of sources and computations: recorded with both times, corrected, annulled, and computed anew in the same breath.

use register::change::Opphav;
use register::decide::beregning::NewFact;
use register::fact::FactContent;
use register::ledger::{Exchange, Internal, InternalCommand, Job, Work};
use register::time::Period;

use crate::house::{Database, SYSTEM, commit, duf, later, noon, text};

on_both!(
    a_source_says_corrects_and_takes_back,
    what_was_said_already_changes_nothing,
    persons_that_are_not_there_are_counted,
    computing_anew_under_the_same_rules_changes_nothing,
);

fn job(opphav: Opphav, what: Internal) -> Job {
    let exchange = Exchange {
        operation: "sendPersongrunnlag",
        signer: crate::house::VENDOR.parse().unwrap(),
        avsendersystem: None,
        meldings_id: None,
        user: None,
        request: b"<grunnlag/>".as_slice().into(),
        received: noon(),
    };
    Job { exchange, work: Work::Internal(Box::new(InternalCommand { opphav, what })) }
}

fn fact(id: &str, content: FactContent) -> NewFact {
    let valid = Period { from: "2005-01-01".parse().unwrap(), to: None };
    NewFact { source: "FOLKEREGISTER".into(), source_id: id.into(), content, valid, annulled: false }
}

fn lives_in(id: &str, kommune: &str) -> NewFact {
    fact(id, FactContent::Bosted { kommune: kommune.parse().unwrap(), bydel: None })
}

async fn a_source_says_corrects_and_takes_back(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let said = |facts: Vec<NewFact>| job(Opphav::Folkeregister, Internal::Facts(vec![(duf(0), facts)]));
    let before = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    let both = vec![lives_in("f-1", "4203"), fact("f-2", FactContent::Ident { number: "01819012365".into() })];
    let done = commit(&mut lane, said(both), later(1)).await.unwrap();
    assert_eq!(text(&done), "1 changed, 0 unknown");
    db.sound().await;
    let corrected = commit(&mut lane, said(vec![lives_in("f-1", "0301")]), later(2)).await.unwrap();
    assert_eq!(text(&corrected), "1 changed, 0 unknown");
    db.sound().await;
    let person = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    let homes: Vec<String> = person
        .facts
        .iter()
        .filter_map(|fact| match fact.content {
            FactContent::Bosted { kommune, .. } => Some(kommune.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(homes, ["0301"]);
    let taken_back = NewFact { annulled: true, ..lives_in("f-1", "0301") };
    commit(&mut lane, said(vec![taken_back]), later(3)).await.unwrap();
    db.sound().await;
    let person = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    assert_eq!(person.facts.len(), before.facts.len() + 1, "the number is there, the home never was");
    let (history, _) = db.store.read_person(duf(0), SYSTEM).await.unwrap();
    let history = history.unwrap();
    let rows: Vec<_> = history.facts.iter().filter(|fact| fact.source_id == "f-1").collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].system_to, Some(rows[1].system_from));
    assert_eq!(rows[1].system_to, Some(rows[2].system_from));
    assert!(rows[2].annulled);
    // The source uses its id again.
    commit(&mut lane, said(vec![lives_in("f-1", "4203")]), later(4)).await.unwrap();
    db.sound().await;
}

async fn what_was_said_already_changes_nothing(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let said = || job(Opphav::Folkeregister, Internal::Facts(vec![(duf(0), vec![lives_in("f-1", "4204")])]));
    commit(&mut lane, said(), later(1)).await.unwrap();
    let before = db.store.snapshot(duf(0)).await.unwrap();
    let again = commit(&mut lane, said(), later(2)).await.unwrap();
    assert_eq!(text(&again), "0 changed, 0 unknown");
    assert_eq!(db.store.snapshot(duf(0)).await.unwrap(), before);
    db.sound().await;
}

async fn persons_that_are_not_there_are_counted(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let anew = Internal::Recompute(vec![duf(0), duf(7_000)]);
    let done = commit(&mut lane, job(Opphav::Regelendring, anew), later(1)).await.unwrap();
    assert_eq!(text(&done), "0 changed, 1 unknown");
    // A fact begins its person.
    let facts = [duf(0), duf(7_000)].map(|duf| (duf, vec![lives_in("f-1", "4204")]));
    let done = commit(&mut lane, job(Opphav::Folkeregister, Internal::Facts(facts.into())), later(2)).await.unwrap();
    assert_eq!(text(&done), "2 changed, 0 unknown");
    db.sound().await;
}

async fn computing_anew_under_the_same_rules_changes_nothing(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let before = db.count("beregning").await;
    let all = Internal::Recompute((0..20).map(duf).collect());
    let done = commit(&mut lane, job(Opphav::Regelendring, all), later(1)).await.unwrap();
    assert_eq!(text(&done), "0 changed, 0 unknown");
    assert_eq!(db.count("beregning").await, before);
    db.sound().await;
}
