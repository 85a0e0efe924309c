//! The same message again gets the same answer; an answer that was not final is judged anew (contract.md 4.4;
//! design.md 17, Ids; threats.md 31).

use std::collections::BTreeSet;

use register::ledger::{Done, DryRun, Job, Work};
use register::store::Store;

use crate::house::{Database, OTHER_SYSTEM, Random, SYSTEM, VENDOR, commit, config, later, noon, text, user, word};
use crate::message::{Message, grant, message, register, set};

on_both!(
    the_same_content_again_gets_the_same_bytes_and_writes_nothing,
    other_content_under_a_spent_id_is_k703_and_stored_nowhere,
    one_id_in_two_systems_does_not_meet,
    who_may_not_speak_for_a_system_neither_meets_nor_plants_its_ids,
    an_answer_that_was_not_final_is_judged_anew_from_its_first_receipt,
    a_dry_run_leaves_its_evidence_and_nothing_else,
    copies_in_one_batch_have_one_effect,
    copies_over_two_nodes_have_one_effect,
    a_final_rejection_is_repeated_too,
    the_stored_answer_is_what_was_answered,
);

/// The answer without what says that it was given before.
fn content(done: &Done) -> String {
    text(done).replace("gjentatt=ja", "gjentatt=nei")
}

fn plain(id: &str) -> Message {
    message(id).person(0, [grant("v/1"), register("t/1", 4)])
}

async fn the_same_content_again_gets_the_same_bytes_and_writes_nothing(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let first = commit(&mut lane, plain("1").job(), later(1)).await.unwrap();
    assert!(text(&first).contains("gjentatt=nei GODTATT"), "{}", text(&first));
    let before = db.rows().await;
    // Built and signed again by the client: new `opprettet`, new Timestamp.
    let again = plain("1").written(later(500)).request("<melding>annen konvolutt</melding>").at(later(600));
    let second = commit(&mut lane, again.job(), later(600)).await.unwrap();
    assert!(text(&second).contains("gjentatt=ja GODTATT"), "{}", text(&second));
    assert_eq!(content(&second), text(&first));
    assert_eq!(second.outcome, "GJENTATT");
    assert_ne!(second.bevis, first.bevis, "each exchange has a row of its own");
    let changed: Vec<_> = db.rows().await.into_iter().zip(before).filter(|(after, before)| after != before).collect();
    let tables: Vec<_> = changed.iter().map(|((table, after), (_, before))| (table.as_str(), after - before)).collect();
    assert_eq!(tables, [("evidence", 1), ("data_key", 1)]);
    assert_eq!(db.count("evidence WHERE outcome = 'GJENTATT'").await, 1);
    // Also from a node that was not there, and after a restart.
    let mut other = db.lane_of("b").await;
    let third = commit(&mut other, plain("1").job(), later(700)).await.unwrap();
    assert_eq!(content(&third), text(&first));
    db.sound().await;
}

async fn other_content_under_a_spent_id_is_k703_and_stored_nowhere(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let first = commit(&mut lane, plain("1").job(), later(1)).await.unwrap();
    let before = db.rows().await;
    let other = message("1").person(0, [grant("v/1"), register("t/1", 5)]);
    let refused = commit(&mut lane, other.job(), later(2)).await.unwrap();
    assert_eq!((refused.outcome.as_str(), word(&refused, "feil")), ("AVVIST", "NIR-K703".into()));
    for ((table, after), (_, before)) in db.rows().await.into_iter().zip(before) {
        let kept = i64::from(table == "evidence" || table == "data_key");
        assert_eq!(after - before, kept, "{table}");
    }
    let again = commit(&mut lane, plain("1").job(), later(3)).await.unwrap();
    assert_eq!(content(&again), text(&first), "the first content still has its answer");
}

async fn one_id_in_two_systems_does_not_meet(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs =
        [message("1").person(0, [register("t/1", 4)]), message("1").of_other_system().person(1, [register("t/1", 4)])];
    for (job, seconds) in jobs.iter().zip(1..) {
        let done = commit(&mut lane, job.job(), later(seconds)).await.unwrap();
        assert!(text(&done).contains("gjentatt=nei GODTATT"), "{}", text(&done));
    }
    assert_eq!(db.count("message_id WHERE meldings_id = '1'").await, 2);
    assert_eq!(db.count("post_reference WHERE reference = 't/1'").await, 2, "nor do references");
}

async fn who_may_not_speak_for_a_system_neither_meets_nor_plants_its_ids(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    // The vendor of the first system signs for the second.
    let stolen = message("1").of_other_system().signed_by(VENDOR).person(0, [register("t/1", 4)]);
    let refused = commit(&mut lane, stolen.job(), later(1)).await.unwrap();
    assert_eq!(word(&refused, "feil"), "NIR-A414");
    assert_eq!(db.count("message_id").await, 0, "nothing was planted");
    let own = message("1").of_other_system().person(0, [register("t/1", 5)]);
    let done = commit(&mut lane, own.job(), later(2)).await.unwrap();
    assert!(text(&done).contains("gjentatt=nei GODTATT"), "{}", text(&done));
    // The same content, but not from the one who may: what was answered is not told.
    let spying = own.signed_by(VENDOR);
    let refused = commit(&mut lane, spying.job(), later(3)).await.unwrap();
    assert_eq!(word(&refused, "feil"), "NIR-A414");
    assert_eq!(word(&refused, "strøm"), "");
    // Nor is it told to a stranger who caught the message as it was signed and sends it again.
    let caught = message("1").of_other_system().person(0, [register("t/1", 5)]).carried_by("314123468");
    let refused = commit(&mut lane, caught.job(), later(4)).await.unwrap();
    assert_eq!(word(&refused, "feil"), "NIR-A403");
    assert_eq!(db.store.stored_answer(OTHER_SYSTEM, "1").await.unwrap(), Some(done.answer));
    assert_eq!(db.count("message_id").await, 1);
}

async fn an_answer_that_was_not_final_is_judged_anew_from_its_first_receipt(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let day = 86_400;
    let rested = user("4204-HVILT1", later(-200 * day));
    db.store.put_registry(&[rested], noon()).await.unwrap();
    let send = |id: &str, days: i64, quarters: u32| {
        let person = ["innen", "etter", "annen"].iter().position(|known| *known == id).unwrap();
        message(id).user("4204-HVILT1").at(later(days * day)).person(person, [set(&format!("t/{id}"), quarters)]).job()
    };
    // Refused for a cause outside the message: A405 spends no id.
    for id in ["innen", "etter", "annen"] {
        let refused = commit(&mut lane, send(id, 0, 4), later(1)).await.unwrap();
        assert_eq!(word(&refused, "feil"), "NIR-A405");
    }
    // Refused again, and still counted from the first time.
    let refused = commit(&mut lane, send("innen", 5, 4), later(5 * day)).await.unwrap();
    assert_eq!((word(&refused, "feil"), word(&refused, "mottatt")), ("NIR-A405".into(), "2026-11-26".into()));
    assert_eq!(db.store.stored_answer(SYSTEM, "innen").await.unwrap(), None, "nothing to repeat");
    db.store.put_registry(&[user("4204-HVILT1", later(5 * day))], later(5 * day)).await.unwrap();
    for (id, days, quarters, mottatt) in [
        ("innen", 14, 4, "2026-11-26"),
        // A day too late, and another content: judged as if it came for the first time.
        ("etter", 15, 4, "2026-12-11"),
        ("annen", 2, 5, "2026-11-28"),
    ] {
        let done = commit(&mut lane, send(id, days, quarters), later(20 * day)).await.unwrap();
        assert!(text(&done).contains("gjentatt=nei GODTATT"), "{id}: {}", text(&done));
        assert_eq!(word(&done, "mottatt"), mottatt, "{id}");
        let again = commit(&mut lane, send(id, days + 1, quarters), later(20 * day)).await.unwrap();
        assert_eq!(content(&again), text(&done), "{id}: now it is final");
    }
    assert_eq!(db.count("message_id").await, 3);
    // The first content of the third id was never answered finally, and the id is spent now.
    let first = commit(&mut lane, send("annen", 3, 4), later(20 * day)).await.unwrap();
    assert_eq!(word(&first, "feil"), "NIR-K703");
    db.sound().await;
}

async fn a_dry_run_leaves_its_evidence_and_nothing_else(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let before = db.rows().await;
    let mut command = plain("1").command();
    command.proevekjoering = true;
    let config = config("a");
    let receipt = DryRun::read(&db.store, &command, &config.policy).await.unwrap();
    let receipt = receipt.judge(&command, &config.policy, noon(), &mut Random).unwrap();
    assert!(receipt.proevekjoering && !receipt.changes.is_empty());
    assert!(receipt.changes.iter().all(|change| change.sekvensnummer == 0), "no number is taken");
    let job = Job { exchange: plain("1").exchange(), work: Work::DryRun(Box::new(receipt)) };
    let dry = commit(&mut lane, job, later(1)).await.unwrap();
    assert_eq!(dry.outcome, "PROEVEKJOERING");
    assert!(text(&dry).contains("GODTATT"), "{}", text(&dry));
    assert_eq!(word(&dry, "bevis"), format!("{}/{}/{}", dry.bevis.kjede, dry.bevis.posisjon, dry.bevis.forrige_hash));
    for ((table, after), (_, before)) in db.rows().await.into_iter().zip(before) {
        let kept = i64::from(table == "evidence" || table == "data_key");
        assert_eq!(after - before, kept, "{table}");
    }
    let position = db.store.stream_position(SYSTEM).await.unwrap().unwrap();
    assert_eq!(position.siste_sekvensnummer, 0, "no number was taken");
    // The id is still free, for this content or any other.
    let real = message("1").person(0, [grant("v/2")]);
    let done = commit(&mut lane, real.job(), later(2)).await.unwrap();
    assert!(text(&done).contains("gjentatt=nei GODTATT"), "{}", text(&done));
    db.sound().await;
}

async fn copies_in_one_batch_have_one_effect(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let mut jobs: Vec<Job> = (0..64).map(|_| plain("1").job()).collect();
    jobs.insert(40, message("1").person(0, [grant("v/9")]).job());
    let outcomes = lane.commit(&jobs, later(1)).await;
    let done: Vec<&Done> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap()).collect();
    assert_eq!(word(done[40], "feil"), "NIR-K703", "another content between the copies");
    let copies: BTreeSet<String> = done.iter().filter(|d| d.outcome != "AVVIST").map(|d| content(d)).collect();
    assert_eq!(copies.len(), 1);
    assert_eq!(done.iter().filter(|d| d.outcome == "GODTATT").count(), 1);
    assert_eq!(done[0].outcome, "GODTATT", "the first is the one");
    assert_eq!(db.count("post_version").await, 2);
    db.sound().await;
}

/// PostgreSQL: two nodes. SQLite: two processes on one file would look the same.
async fn copies_over_two_nodes_have_one_effect(db: Database) {
    let db = db.furnished().await;
    let rounds = 12;
    let mut nodes = Vec::new();
    for node in ["a", "b"] {
        let store = Store::open(&db.url).await.unwrap();
        let mut lane = register::ledger::Lane::open(store, config(node), noon()).await.unwrap();
        nodes.push(tokio::spawn(async move {
            let mut answers = Vec::new();
            for round in 0..rounds {
                let id = format!("kopi-{round}");
                let copy = message(&id).person(round, [grant(&format!("v/{id}")), register(&format!("t/{id}"), 4)]);
                let jobs: Vec<Job> = (0..32).map(|_| copy.job()).collect();
                let outcomes = lane.commit(&jobs, later(round as i64)).await;
                answers.push(outcomes.into_iter().map(|outcome| outcome.unwrap()).collect::<Vec<Done>>());
            }
            answers
        }));
    }
    let (a, b) = (nodes.remove(0).await.unwrap(), nodes.remove(0).await.unwrap());
    for (a, b) in a.iter().zip(&b) {
        let all: Vec<&Done> = a.iter().chain(b).collect();
        assert_eq!(all.iter().filter(|done| done.outcome == "GODTATT").count(), 1, "one of 64 had the effect");
        assert_eq!(all.iter().map(|done| content(done)).collect::<BTreeSet<_>>().len(), 1, "all got its answer");
    }
    assert_eq!(db.count("post_version").await, 2 * rounds as i64);
    assert_eq!(db.count("message_id").await, rounds as i64);
    db.sound().await;
}

async fn a_final_rejection_is_repeated_too(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    // 41 hours a week: the message's own fault.
    let wrong = message("1").person(0, [register("t/1", 41 * 4)]);
    let first = commit(&mut lane, wrong.job(), later(1)).await.unwrap();
    assert_eq!((first.outcome.as_str(), word(&first, "feil")), ("AVVIST", "NIR-B554".into()));
    let second = commit(&mut lane, wrong.job(), later(2)).await.unwrap();
    assert_eq!((second.outcome.as_str(), content(&second)), ("GJENTATT", text(&first)));
    // An approval that is missing is none of the message's: the same id is judged again.
    let done =
        commit(&mut lane, message("2").user("4204-UKJENT1").person(0, [register("t/2", 4)]).job(), later(3)).await;
    assert_eq!(word(&done.unwrap(), "feil"), "NIR-A404");
    db.store.put_registry(&[user("4204-UKJENT1", noon())], later(4)).await.unwrap();
    let done =
        commit(&mut lane, message("2").user("4204-UKJENT1").person(0, [register("t/2", 4)]).job(), later(5)).await;
    assert_eq!(done.unwrap().outcome, "GODTATT");
}

async fn the_stored_answer_is_what_was_answered(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let done = commit(&mut lane, plain("1").job(), later(1)).await.unwrap();
    commit(&mut lane, plain("1").job(), later(2)).await.unwrap();
    assert_eq!(db.store.stored_answer(SYSTEM, "1").await.unwrap(), Some(done.answer), "the first, not a repetition");
    assert_eq!(db.store.stored_answer(SYSTEM, "2").await.unwrap(), None);
    assert_eq!(db.store.stored_answer(OTHER_SYSTEM, "1").await.unwrap(), None);
}
