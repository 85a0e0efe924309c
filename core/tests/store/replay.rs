//! Replay: the rows make the snapshot again; what does not fit is found and named.

use chrono::{DateTime, NaiveDate, Utc};
use register::fact::{Fact, FactContent};
use register::id::Duf;
use register::kategori::{Aapning, Beregnet, Frist, Friststatus, Fristtype, Kategori, Kategorikode, LukketAarsak};
use register::person::Person;
use register::post::{Channel, Ordning, PostVersion};
use register::registry::Lov;
use register::store::replay::check;
use register::store::snapshot::{self, FORMAT};
use register::time::Period;
use uuid::Uuid;

use crate::house::{Database, OTHER_SYSTEM, SYSTEM, commit, duf, kommune, later};
use crate::message::{attach, correct, grant, known_as, measure, message, register};

on_both!(
    whatever_does_not_fit_is_found_and_named,
    a_snapshot_of_an_unknown_format_is_made_again_from_the_rows,
    a_snapshot_that_cannot_be_read_stops_its_own_messages_only,
);

async fn with_history(db: Database) -> Database {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let steps = [
        message("1").person(0, [grant("v/1"), register("t/1", 4)]).person(1, [register("t/2", 8)]),
        message("2").person(0, [correct(known_as("t/1", 1), 5), attach(known_as("t/1", 2), "ny/1")]),
    ];
    for (step, seconds) in steps.into_iter().zip(1..) {
        assert_eq!(commit(&mut lane, step.job(), later(seconds)).await.unwrap().outcome, "GODTATT");
    }
    db
}

async fn whatever_does_not_fit_is_found_and_named(db: Database) {
    let db = with_history(db).await;
    let report = check(&db.store).await.unwrap();
    let mut rows = 0;
    for table in ["fact", "post_version", "beregning"] {
        rows += db.count(table).await;
    }
    assert_eq!(report.rows, u64::try_from(rows).unwrap());
    assert_eq!((report.persons, report.streams, report.differing), (160, 3, 0));
    let (one, other, nobody) = (duf(0), duf(1), duf(8_000));
    let garbage = db.bytes(&[FORMAT, 0]);
    let last = format!("(SELECT max(v.row_no) FROM post_version v WHERE v.duf = {one})");
    let of_one = |what: &str| format!("person {one}: {what}");
    for (sql, expected) in [
        (
            format!("UPDATE person SET version = version + 1 WHERE duf = {one}"),
            of_one("the snapshot is of another version than its row"),
        ),
        (
            format!("UPDATE post_version SET system_to = NULL WHERE duf = {one} AND versjon = 1"),
            of_one("a version does not end where the next one begins"),
        ),
        (
            format!("UPDATE post_version SET row_no = 99 WHERE duf = {one} AND row_no = {last}"),
            of_one("row numbers have a gap, or do not end with the last one given"),
        ),
        (
            format!("DELETE FROM post_version WHERE duf = {one} AND row_no = {last}"),
            of_one("row numbers have a gap, or do not end with the last one given"),
        ),
        (
            format!("UPDATE post_version SET data = replace(data, '\"versjon\":2', '\"versjon\":3') WHERE duf = {one}"),
            of_one("the versions of a post have a gap"),
        ),
        (
            format!(
                "UPDATE post_version SET data = replace(data, '1.25', '1.5') WHERE duf = {one} AND row_no = {last}"
            ),
            of_one("the snapshot is not what the rows say"),
        ),
        (
            "UPDATE post_reference SET attached = -1 WHERE reference = 'ny/1'".into(),
            of_one("the snapshot is not what the rows say"),
        ),
        ("DELETE FROM post_reference WHERE reference = 'ny/1'".into(), of_one("the snapshot is not what the rows say")),
        (format!("UPDATE person SET state = {garbage} WHERE duf = {one}"), of_one("the snapshot cannot be read")),
        (
            format!("UPDATE person SET state = (SELECT p.state FROM person p WHERE p.duf = {other}) WHERE duf = {one}"),
            of_one("the snapshot cannot be read"),
        ),
        (format!("UPDATE fact SET data = '[' WHERE duf = {one}"), format!("fact {one}: JSON, Eof at column 1")),
        (
            format!("UPDATE fact SET data = replace(data, 'FAM_FLYKT', 'FAM_ANNEN') WHERE duf = {one}"),
            of_one("the snapshot is not what the rows say"),
        ),
        (
            format!("UPDATE beregning SET data = '[' WHERE duf = {one}"),
            format!("beregning {one}: JSON, Eof at column 1"),
        ),
        (
            format!("UPDATE beregning SET system_to = system_from WHERE duf = {one}"),
            of_one("a computation does not end where the next one begins"),
        ),
        (
            format!("UPDATE post_version SET duf = {nobody} WHERE duf = {other}"),
            format!("person {nobody}: rows of a person that is not there"),
        ),
        (
            format!("UPDATE person_liste SET kommune = '0301' WHERE duf = {one}"),
            of_one("the rows of its lists are not what follows from it"),
        ),
        (
            format!("UPDATE person_liste SET etternavn = 'bjork' WHERE duf = {one}"),
            of_one("the rows of its lists are not what follows from it"),
        ),
        (
            format!("UPDATE person_liste SET data = replace(data, 'Modig', 'Modog') WHERE duf = {one}"),
            of_one("the rows of its lists are not what follows from it"),
        ),
        (
            format!("DELETE FROM person_liste WHERE duf = {one} AND nr = 1"),
            of_one("the rows of its lists are not what follows from it"),
        ),
        (
            format!("INSERT INTO person_nummer (kind, verdi, duf) VALUES ('IDENT', '1', {one})"),
            of_one("it is found by other numbers than it has"),
        ),
        (
            format!("UPDATE post_version SET kommune = '4203' WHERE duf = {one} AND versjon = 1"),
            of_one("a version is listed under another kommune than its own"),
        ),
        (
            format!("INSERT INTO person_nummer (kind, verdi, duf) VALUES ('IDENT', '1', {nobody})"),
            format!("person {nobody}: rows of a person that is not there"),
        ),
        (
            format!("UPDATE stream SET last_number = last_number + 1 WHERE avsendersystem = '{OTHER_SYSTEM}'"),
            format!("stream {OTHER_SYSTEM}: its counter is not its last number"),
        ),
        (
            format!("UPDATE change SET number = -7 WHERE avsendersystem = '{OTHER_SYSTEM}' AND number = 2"),
            format!("stream {OTHER_SYSTEM}: its numbers have a gap"),
        ),
        (
            format!("UPDATE stream SET acknowledged = 1 WHERE avsendersystem = '{OTHER_SYSTEM}'"),
            format!("stream {OTHER_SYSTEM}: its cursor stands beyond what was handed out"),
        ),
        (
            "UPDATE message_id SET position = 77 WHERE meldings_id = '1'".into(),
            format!("message_id {SYSTEM}: an id whose answer is not in the evidence"),
        ),
    ] {
        let tables = [
            "person",
            "fact",
            "post_version",
            "beregning",
            "post_reference",
            "person_liste",
            "person_nummer",
            "stream",
            "change",
            "message_id",
        ];
        db.keep(&tables).await;
        assert!(db.run(&sql).await > 0, "{sql}");
        let report = check(&db.store).await.unwrap();
        let told: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
        assert!(told.contains(&expected), "{sql}: {told:?} lacks {expected}");
        assert_eq!(report.differing, told.len() as u64);
        assert!(!format!("{:?}", report.differences).contains(&one.to_string()), "a number of a person is in no log");
        db.put_back(&tables).await;
        assert_eq!(check(&db.store).await.unwrap().differing, 0, "{sql}");
    }
}

async fn a_snapshot_of_an_unknown_format_is_made_again_from_the_rows(db: Database) {
    let db = with_history(db).await;
    let before = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    let bytes = db.bytes(&[0xff, 0]);
    db.run(&format!("UPDATE person SET state = {bytes} WHERE duf = {}", duf(0))).await;
    assert!(db.store.snapshot(duf(0)).await.is_err(), "it cannot be read as it is");
    db.sound().await;
    let mut lane = db.lane_of("b").await;
    let done =
        commit(&mut lane, message("3").person(0, [correct(known_as("ny/1", 2), 6)]).job(), later(9)).await.unwrap();
    assert_eq!(done.outcome, "GODTATT", "{}", crate::house::text(&done));
    let after = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    assert_eq!(after.version, before.version + 1);
    assert_eq!(after.last_row, before.last_row + 1);
    assert_eq!(after.posts.iter().map(|post| post.references.len()).sum::<usize>(), 3, "references stayed");
    assert_eq!(after.posts.last().unwrap().reference_of(SYSTEM), Some("ny/1"));
    db.sound().await;
}

async fn a_snapshot_that_cannot_be_read_stops_its_own_messages_only(db: Database) {
    let db = with_history(db).await;
    let bytes = db.bytes(&[FORMAT, 0]);
    db.run(&format!("UPDATE person SET state = {bytes} WHERE duf = {}", duf(0))).await;
    let mut lane = db.lane_of("b").await;
    let send = |n: usize| message(&format!("x/{n}")).person(n, [register(&format!("x/{n}"), 4)]).job();
    let outcomes = lane.commit(&[send(1), send(0), send(2)], later(9)).await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    let error = outcomes[1].as_ref().unwrap_err();
    assert!(error.to_string().starts_with("inconsistent row of person: "), "{error}");
    assert!(!format!("{error} {error:?}").contains(&duf(0).to_string()), "a number of a person is in no log");
}

/// A person with one of each thing that a snapshot holds; nothing of it is computed.
fn sample() -> Person {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let valid = Period { from: day("2005-01-01"), to: Some(day("2030-01-01")) };
    let fact = |row_no, content| Fact {
        row_no,
        source: "IMDI".into(),
        source_id: format!("f/{row_no}"),
        content,
        valid,
        annulled: false,
        system_from: at("2005-01-01T00:00:00.000001Z"),
        system_to: None,
    };
    let measure = PostVersion {
        row_no: 4,
        post_id: Uuid::from_u128(7),
        versjon: 1,
        content: measure(6),
        valid,
        system_from: at("2026-11-26T12:00:00.000001Z"),
        system_to: None,
        annulled: false,
        feilregistrert: None,
        etterregistrering: None,
        continues: None,
        kommune: kommune("4204"),
        bydel: None,
        channel: Channel::Fagsystem(SYSTEM.into()),
        registered_by: "4204-OVERF1".into(),
        caseworker: None,
        meldings_id: "1".into(),
        received_on: day("2026-11-26"),
        references: vec![(SYSTEM.into(), "t/1".into())],
    };
    let kategori = Kategori {
        kode: Kategorikode::IntroRp,
        lov: Lov::Il,
        gyldig: valid,
        aarsak: Some(LukketAarsak::Alder),
        rett_til_aa_fullfoere: false,
        rad: "IL-1".into(),
        usikker: false,
    };
    let frist = Frist {
        fristtype: Fristtype::Oppstart,
        ordning: Ordning::Intro,
        dato: Some(day("2005-04-01")),
        status: Friststatus::Loeper,
        tillegg_dager: 0,
        rad: "FR-START".into(),
        usikker: false,
    };
    let aapning =
        Aapning { ordning: Ordning::Intro, kommune: kommune("4204"), dager: valid, aapnet: day("2005-01-02") };
    Person {
        duf: Duf::parse("900000000001", true).unwrap(),
        version: 5,
        last_row: 4,
        facts: vec![
            fact(1, FactContent::Oppfoelging { kommune: kommune("4204"), bydel: None }),
            fact(2, FactContent::Ident { number: "01819012365".into() }),
        ],
        posts: vec![measure],
        beregnet: Some(Beregnet {
            row_no: 3,
            beregnings_id: Uuid::from_u128(9),
            lov: Some(Lov::Il),
            kategorier: vec![kategori],
            frister: vec![frist],
            aapninger: vec![aapning],
            logg: 17,
            system_from: at("2026-11-26T12:00:00.000001Z"),
        }),
    }
}

/// Bytes of an earlier version of the program must be read for ever, or be known as another format.
#[test]
fn the_snapshot_has_the_format_that_it_says() {
    const STORED: &str = include_str!("snapshot.hex");
    let stored: Vec<u8> = STORED.split_whitespace().flat_map(|line| hex::decode(line).unwrap()).collect();
    let written = hex::encode(snapshot::encode(&sample()).unwrap());
    assert_eq!(written, hex::encode(&stored), "what the format writes differs: it is another format");
    let duf = sample().duf;
    assert_eq!(snapshot::decode(duf, &stored).unwrap(), sample());
    assert!(snapshot::decode(Duf::parse("900000000002", true).unwrap(), &stored).is_err(), "another person's");
    assert!(snapshot::decode(duf, &[stored.as_slice(), b"x"].concat()).is_err(), "longer than one");
    assert!(snapshot::decode(duf, &stored[..stored.len() - 1]).is_err(), "cut");
}
