//! The chains of evidence: what is kept, and that every change of it is found and named (design.md 9).

use std::sync::Arc;

use register::evidence::payload::{MasterKey, Sealed, decompress, open};
use register::evidence::{Broken, Report, sha256, verify};
use register::ledger::{Exchange, Job, Lane, LaneConfig, SignCheckpoint, Work};

use crate::house::{Database, Signer, commit, config, later, noon};
use crate::message::{message, register};

on_both!(
    what_was_removed_added_or_moved_is_named,
    an_erased_payload_is_no_break_and_half_an_erasure_is,
    the_request_and_the_answer_can_be_had_back,
    the_head_is_signed_when_the_lane_closes_and_every_thousand_rows,
    a_signer_that_fails_is_asked_again_and_stops_nothing,
    signatures_name_what_they_sign_also_of_an_earlier_chain,
    what_is_written_meanwhile_breaks_nothing,
);

pub async fn verified(db: &Database) -> Result<Report, Broken> {
    verify(&db.store, Some(&|text, signature| Signer::holds(text, signature))).await
}

fn anonymous(text: &str) -> Exchange {
    Exchange { avsendersystem: None, meldings_id: None, user: None, ..message("x").request(text).exchange() }
}

fn record(exchange: Exchange, answer: &str, outcome: &str) -> Job {
    let work = Work::Record { answer: answer.into(), outcome: outcome.into(), handed_out: None };
    Job { exchange, work }
}

/// Two chains that between them hold every kind of row: opening, exchange, one whose payload was erased, one without a
/// sender, signature, checkpoint.
pub async fn with_every_kind(db: Database) -> Database {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let first = commit(&mut lane, message("1").person(0, [register("t/1", 4)]).job(), later(1)).await.unwrap();
    let jobs = [
        record(message("2").exchange(), "svar", "OK"),
        record(anonymous("<tull/>"), "", "NIR-S202"),
        Job { exchange: message("1").exchange(), work: Work::Signature { of: first.bevis, signature: vec![7; 8] } },
    ];
    lane.commit(&jobs, later(2)).await;
    db.run("UPDATE evidence SET request = NULL WHERE position = 3").await;
    db.run("DELETE FROM data_key WHERE position = 3").await;
    lane.close(later(3)).await.unwrap();
    db.lane_of("b").await;
    let report = verified(&db).await.unwrap();
    let told: Vec<_> = report.chains.iter().map(|c| (c.kjede.as_str(), c.rows, c.checkpoints)).collect();
    assert_eq!(told, [("a-0-1", 6, 1), ("b-0-1", 1, 0)]);
    assert_eq!(
        db.texts("SELECT kind AS v FROM evidence ORDER BY chain, position").await,
        ["4", "1", "1", "1", "2", "3", "4"]
    );
    db
}

async fn what_was_removed_added_or_moved_is_named(db: Database) {
    let db = with_every_kind(db).await;
    let copy = "chain, position, kind, recorded, received, operation, signer, avsendersystem, meldings_id, outcome, about, \
                request_sha256, answer_sha256, stored_sha256, dictionary, request, answer, hash";
    let insert = |place: &str, from: &str| {
        let values = copy.replacen("chain, position", place, 1);
        format!("INSERT INTO evidence ({copy}) SELECT {values} FROM evidence WHERE {from}")
    };
    for (what, sql, expected) in [
        ("a row", vec!["DELETE FROM evidence WHERE chain = 1 AND position = 4".into()], "chain a-0-1, position 4: the row is missing"),
        ("the first", vec!["DELETE FROM evidence WHERE chain = 1 AND position = 1".into()], "chain a-0-1, position 1: the row is missing"),
        ("the last", vec!["DELETE FROM evidence WHERE chain = 1 AND position = 6".into()], "chain a-0-1, position 6: the row is missing; the chain's head says 6"),
        ("all", vec!["DELETE FROM evidence WHERE chain = 1".into()], "chain a-0-1, position 1: the row is missing; the chain's head says 6"),
        (
            "two rows, exchanged",
            vec![
                "UPDATE evidence SET position = 40 WHERE chain = 1 AND position = 4".into(),
                "UPDATE evidence SET position = 4 WHERE chain = 1 AND position = 3".into(),
                "UPDATE evidence SET position = 3 WHERE position = 40".into(),
            ],
            "chain a-0-1, position 3: ",
        ),
        ("a row beyond the head", vec![insert("1, 7", "chain = 1 AND position = 6")], "chain a-0-1, position 7: "),
        ("a row before the first", vec![insert("1, 0", "chain = 1 AND position = 4")], "chain a-0-1, position 0: a row before the first"),
        ("a row of no chain", vec![insert("9, 1", "chain = 1 AND position = 5")], "chain 9, position 1: a row or a data key that belongs to nothing"),
        ("a key of no row", vec!["INSERT INTO data_key (chain, position, wrapped) SELECT 1, 99, wrapped FROM data_key WHERE position = 2".into()], "chain a-0-1, position 99: a row or a data key that belongs to nothing"),
        (
            "the end, with its head",
            vec![
                "UPDATE evidence_chain SET head_position = 5, head_hash = (SELECT hash FROM evidence WHERE chain = 1 AND position = 5) WHERE chain = 1".into(),
                "DELETE FROM evidence WHERE chain = 1 AND position = 6".into(),
            ],
            "chain a-0-1, position 6: the row is not the one that b-0-1 names",
        ),
        (
            "a whole chain",
            vec![
                "DELETE FROM data_key WHERE chain = 1".into(),
                "DELETE FROM evidence WHERE chain = 1".into(),
                "DELETE FROM evidence_chain WHERE chain = 1".into(),
            ],
            "chain a-0-1, position 6: the chain is gone, and b-0-1 names it",
        ),
        ("a chain, its rows left", vec!["DELETE FROM evidence_chain WHERE chain = 2".into()], "chain 2, position 1: a row or a data key that belongs to nothing"),
    ] {
        db.keep(&["evidence", "evidence_chain", "data_key"]).await;
        for sql in &sql {
            assert!(db.run(sql).await > 0, "{what}: {sql}");
        }
        match verified(&db).await {
            Err(broken) => assert!(broken.to_string().starts_with(expected), "{what}: {broken}"),
            Ok(report) => panic!("{what}: {report:?}"),
        }
        db.put_back(&["evidence", "evidence_chain", "data_key"]).await;
        verified(&db).await.unwrap_or_else(|broken| panic!("{what} was put back: {broken}"));
    }
}

async fn an_erased_payload_is_no_break_and_half_an_erasure_is(db: Database) {
    let db = with_every_kind(db).await;
    db.run("DELETE FROM data_key WHERE chain = 1 AND position = 2").await;
    let broken = verified(&db).await.unwrap_err();
    assert_eq!(broken.to_string(), "chain a-0-1, position 2: the data key is gone, and the payload is still there");
    db.run("UPDATE evidence SET request = NULL WHERE chain = 1 AND position = 2").await;
    verified(&db).await.unwrap();
    db.run("UPDATE evidence SET request = NULL WHERE chain = 1 AND position = 4").await;
    let broken = verified(&db).await.unwrap_err();
    assert_eq!(broken.to_string(), "chain a-0-1, position 4: the payload is gone, and its data key is still there");
}

async fn the_request_and_the_answer_can_be_had_back(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let request = format!("<melding>{}</melding>", "blåbær ".repeat(500));
    let sent = message("1").request(&request).person(0, [register("t/1", 4)]);
    let done = commit(&mut lane, sent.job(), later(1)).await.unwrap();
    let place = "FROM evidence e JOIN data_key k ON k.chain = e.chain AND k.position = e.position WHERE e.position = 2";
    let hex_of =
        |column: &str| if db.is_postgres() { format!("encode({column}, 'hex')") } else { format!("hex({column})") };
    let mut columns = Vec::new();
    for column in ["e.request", "k.wrapped", "e.answer", "e.request_sha256", "e.answer_sha256"] {
        let text = db.texts(&format!("SELECT {} AS v {place}", hex_of(column))).await.remove(0);
        columns.push(hex::decode(text).unwrap());
    }
    let dictionary = i16::try_from(db.number(&format!("SELECT e.dictionary AS v {place}")).await).unwrap();
    let sealed = Sealed { payload: columns[0].clone(), wrapped: columns[1].clone() };
    let packed = open(&MasterKey::new([7; 32]), &sealed).unwrap();
    assert_eq!(decompress(dictionary, &packed).unwrap(), request.as_bytes());
    assert_eq!(decompress(dictionary, &columns[2]).unwrap(), done.answer);
    assert_eq!(columns[3], sha256(request.as_bytes()));
    assert_eq!(columns[4], sha256(&done.answer));
    assert!(open(&MasterKey::new([8; 32]), &sealed).is_err(), "with another master key nothing is had");
    // Neither what was sent nor its key stands there as it is.
    let stored = columns[..2].concat();
    assert!(!stored.windows(6).any(|bytes| bytes == "blåbæ".as_bytes()));
}

async fn the_head_is_signed_when_the_lane_closes_and_every_thousand_rows(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs: Vec<Job> = (0..250).map(|_| record(anonymous("<x/>"), "y", "OK")).collect();
    for (batch, checkpoints) in [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1), (7, 1), (8, 2)] {
        lane.commit(&jobs, later(batch)).await;
        assert_eq!(db.count("evidence WHERE kind = 3").await, checkpoints, "after batch {batch}");
    }
    lane.close(later(9)).await.unwrap();
    let lane = db.lane_of("b").await;
    lane.close(later(10)).await.unwrap();
    let report = verified(&db).await.unwrap();
    assert_eq!(
        report.chains.iter().map(|chain| chain.checkpoints).collect::<Vec<_>>(),
        [2, 1],
        "none where nothing is new"
    );
    let broken = verify(&db.store, Some(&|_, _| false)).await.unwrap_err();
    assert_eq!(broken.to_string(), "chain a-0-1, position 1002: the checkpoint's signature does not hold");
    verify(&db.store, None).await.unwrap();
}

/// Fails until it is let.
struct Moody(std::sync::atomic::AtomicU32);

impl SignCheckpoint for Moody {
    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => None,
            1 => panic!("as ordered"),
            _ => Signer.sign(text),
        }
    }
}

async fn a_signer_that_fails_is_asked_again_and_stops_nothing(db: Database) {
    let db = db.furnished().await;
    let config = LaneConfig { checkpoints: Arc::new(Moody(0.into())), ..config("a") };
    let mut lane = Lane::open(db.store.clone(), config, noon()).await.unwrap();
    let jobs: Vec<Job> = (0..1_000).map(|_| record(anonymous("<x/>"), "y", "OK")).collect();
    for (batch, checkpoints) in [(&jobs[..], 0), (&jobs[..1], 0), (&jobs[..1], 1)] {
        assert!(lane.commit(batch, later(1)).await.iter().all(Result::is_ok));
        assert_eq!(db.count("evidence WHERE kind = 3").await, checkpoints);
    }
    verified(&db).await.unwrap();
}

async fn signatures_name_what_they_sign_also_of_an_earlier_chain(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let done = commit(&mut lane, message("1").person(0, [register("t/1", 4)]).job(), later(1)).await.unwrap();
    let signature =
        Job { exchange: message("1").exchange(), work: Work::Signature { of: done.bevis, signature: vec![1, 2, 3] } };
    commit(&mut lane, signature.clone(), later(2)).await.unwrap();
    let mut lane = db.lane().await;
    commit(&mut lane, signature, later(3)).await.unwrap();
    let rows =
        "SELECT outcome || ':' || COALESCE(CAST(about AS TEXT), '') AS v FROM evidence WHERE kind = 2 ORDER BY chain";
    assert_eq!(db.texts(rows).await, ["SIGNATUR:2", "SIGNATUR a-0-1 2:"]);
    verified(&db).await.unwrap();
}

async fn what_is_written_meanwhile_breaks_nothing(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let writer = tokio::spawn(async move {
        for batch in 0..60 {
            let jobs: Vec<Job> = (0..5).map(|_| record(anonymous("<x/>"), "y", "OK")).collect();
            lane.commit(&jobs, later(batch)).await;
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    while !writer.is_finished() {
        seen.insert(verified(&db).await.unwrap().chains[0].rows);
    }
    writer.await.unwrap();
    assert!(seen.len() > 1, "verified while it was written: {seen:?}");
    assert_eq!(verified(&db).await.unwrap().chains[0].rows, 301);
}
