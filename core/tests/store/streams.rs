//! What a message leaves: rows, numbers in streams, pages that are read, cursors that move.

use register::change::NoticePayload;
use register::ledger::{Job, LedgerError, Work};

use crate::house::{Database, FAR_SYSTEM, OTHER_SYSTEM, SYSTEM, commit, duf, later, word};
use crate::message::{annul, attach, change, correct, grant, known_as, message, of_line, register};

on_both!(
    a_message_leaves_its_rows_and_its_numbers,
    every_handling_leaves_a_snapshot_that_the_rows_make_again,
    pages_end_at_their_limit_and_say_when_there_is_more,
    a_page_ends_before_it_is_too_long,
    a_person_is_read_together_with_the_position_of_the_stream,
    cursors_only_move_forward_and_never_beyond_what_was_handed_out,
    the_reference_attached_last_is_the_senders_own,
    columns_say_what_the_record_says,
);

async fn a_message_leaves_its_rows_and_its_numbers(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let first = message("1").person(0, [grant("v/1"), register("t/1", 4)]).person(1, [register("t/2", 8)]);
    let first = commit(&mut lane, first.job(), later(1)).await.unwrap();
    assert_eq!(first.outcome, "GODTATT");
    assert_eq!(
        word(&first, "nr"),
        "1,2,3",
        "the own stream hears that the scheme is active, of its deadline, and that a measure is missing"
    );
    assert_eq!(word(&first, "strøm"), "4204-flyktning-1.1:3:0");
    assert_eq!(db.count("post_version").await, 3);
    assert_eq!(db.count("post_reference").await, 3);
    // Three posts of somebody else, the scheme, its deadline, and what is missing.
    let other = db.store.changes(OTHER_SYSTEM, 0, 100).await.unwrap().unwrap();
    assert_eq!(other.changes.iter().map(|change| change.sekvensnummer).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(other.position.siste_sekvensnummer, 6);
    assert!(!other.more);
    assert!(matches!(other.changes[0].notice.payload, NoticePayload::PostEndret { .. }));
    assert_eq!(other.changes[0].notice.duf, Some(duf(0)));
    let far = db.store.changes(FAR_SYSTEM, 0, 100).await.unwrap().unwrap();
    assert!(far.changes.is_empty(), "another kommune hears nothing");
    let second = commit(&mut lane, message("2").person(1, [grant("v/2")]).job(), later(2)).await.unwrap();
    assert_eq!(word(&second, "nr"), "4,5,6");
    let own = db.store.changes(SYSTEM, 0, 100).await.unwrap().unwrap();
    assert_eq!(own.changes.len(), 6);
    assert_eq!(own.changes[3].notice.meldings_id.as_deref(), Some("2"));
    db.sound().await;
}

async fn every_handling_leaves_a_snapshot_that_the_rows_make_again(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let today = crate::house::today();
    let middle = today + chrono::Days::new(10);
    let steps = [
        message("1").person(0, [grant("v/1"), register("t/1", 4), register("t/2", 8), register("t/3", 12)]),
        message("2").person(0, [correct(known_as("t/1", 1), 5)]),
        message("3").person(0, [annul(known_as("t/2", 1))]),
        message("4").person(0, [change(known_as("t/3", 1), middle, 13)]),
        message("5").person(0, [attach(known_as("t/1", 2), "ny/1")]),
        message("6").person(0, [correct(known_as("ny/1", 2), 6), attach(known_as("t/1", 3), "ny/2")]),
    ];
    for (step, seconds) in steps.into_iter().zip(1..) {
        let done = commit(&mut lane, step.job(), later(seconds)).await.unwrap();
        assert_eq!(done.outcome, "GODTATT", "{}", crate::house::text(&done));
        db.sound().await;
    }
    let person = db.store.snapshot(duf(0)).await.unwrap().unwrap();
    let (history, _) = db.store.read_person(duf(0), SYSTEM).await.unwrap();
    let history = history.unwrap();
    assert_eq!((person.posts.len(), history.posts.len()), (5, 9));
    let rows = history.facts.len() + history.posts.len() + history.beregninger.len();
    assert_eq!(person.last_row, i64::try_from(rows).unwrap(), "facts, versions and computations");
    assert_eq!(register::store::replay::present(&history, person.version), person);
}

async fn the_reference_attached_last_is_the_senders_own(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    // Not in the order of the alphabet, twice in one message and once later.
    let lines = [register("m", 4), attach(known_as("m", 1), "a"), attach(known_as("m", 1), "z")];
    commit(&mut lane, message("1").person(0, lines).job(), later(1)).await.unwrap();
    let second =
        commit(&mut lane, message("2").person(0, [attach(known_as("a", 1), "b")]).job(), later(2)).await.unwrap();
    assert_eq!(second.outcome, "GODTATT", "{}", crate::house::text(&second));
    let (history, _) = db.store.read_person(duf(0), SYSTEM).await.unwrap();
    let read = history.unwrap().posts.remove(0);
    let references: Vec<_> = read.references.iter().map(|(_, reference)| reference.as_str()).collect();
    assert_eq!(references, ["m", "a", "z", "b"]);
    assert_eq!(read.reference_of(SYSTEM), Some("b"));
    db.sound().await;
}

/// The columns beside the JSON are what reports will read: they must say the same.
async fn columns_say_what_the_record_says(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let lines = [grant("v/1"), register("t/1", 4), correct(of_line(2), 5), annul(of_line(2))];
    let lines = lines.map(|mut line| {
        // The version is the line's own count here.
        if let Some(post) = &mut line.post {
            post.versjon = Some(if line.content.is_some() { 1 } else { 2 });
        }
        line
    });
    let done = commit(&mut lane, message("1").person(0, lines).job(), later(1)).await.unwrap();
    assert_eq!(done.outcome, "GODTATT", "{}", crate::house::text(&done));
    let (history, _) = db.store.read_person(duf(0), SYSTEM).await.unwrap();
    let history = history.unwrap();
    let (day, moment, flag) = if db.is_postgres() {
        (
            "CAST(COALESCE(COL, 'infinity') AS TEXT)",
            "CAST(COALESCE((extract(epoch FROM COL) * 1000000)::bigint, 0) AS TEXT)",
            "CAST(annulled::int AS TEXT)",
        )
    } else {
        (
            "COALESCE(date(COL * 86400, 'unixepoch'), 'infinity')",
            "CAST(COALESCE(COL, 0) AS TEXT)",
            "CAST(annulled AS TEXT)",
        )
    };
    let of = |form: &str, column: &str| form.replace("COL", column);
    let columns = [
        "CAST(post_id AS TEXT)".to_owned(),
        "CAST(versjon AS TEXT)".to_owned(),
        of(day, "valid_from"),
        of(day, "valid_to"),
        of(moment, "system_from"),
        of(moment, "system_to"),
        flag.to_owned(),
    ];
    let stored =
        db.texts(&format!("SELECT {} AS v FROM post_version ORDER BY row_no", columns.join(" || ' ' || "))).await;
    let told: Vec<String> = history
        .posts
        .iter()
        .map(|post| {
            format!(
                "{} {} {} {} {} {} {}",
                post.post_id,
                post.versjon,
                post.valid.from,
                post.valid.to.map_or("infinity".to_owned(), |to| to.to_string()),
                post.system_from.timestamp_micros(),
                post.system_to.map_or(0, |to| to.timestamp_micros()),
                u8::from(post.annulled)
            )
        })
        .collect();
    assert_eq!(stored, told);
    assert_eq!(told.len(), 4);
}

async fn pages_end_at_their_limit_and_say_when_there_is_more(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs: Vec<Job> =
        (0..25).map(|n| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job()).collect();
    lane.commit(&jobs, later(1)).await;
    for (after, limit, first, last, more) in [
        (0, 10, 1, 10, true),
        (10, 10, 11, 20, true),
        (20, 10, 21, 25, false),
        (15, 10, 16, 25, false),
        (0, 5_000, 1, 25, false),
        (25, 10, 26, 25, false),
        (0, 0, 1, 0, true),
        // Whatever a caller asks, it is no wish for everything at once.
        (0, -1, 1, 0, true),
    ] {
        let page = db.store.changes(OTHER_SYSTEM, after, limit).await.unwrap().unwrap();
        let found: Vec<i64> = page.changes.iter().map(|change| change.sekvensnummer).collect();
        assert_eq!(found, (first..=last).collect::<Vec<_>>(), "after {after}, at most {limit}");
        assert_eq!(page.more, more, "after {after}, at most {limit}");
        assert_eq!(page.position.siste_sekvensnummer, 25);
    }
    assert_eq!(db.store.changes("4204-ukjent-9", 0, 10).await.unwrap(), None);
}

async fn a_page_ends_before_it_is_too_long(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs: Vec<Job> =
        (0..5).map(|n| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job()).collect();
    lane.commit(&jobs, later(1)).await;
    // Blanks at the end of JSON say nothing: 400 kB each, and one of more than a whole page.
    let blanks = |bytes: u32| {
        if db.is_postgres() { format!("repeat(' ', {bytes})") } else { format!("printf('%{bytes}s', '')") }
    };
    db.run(&format!("UPDATE change SET data = data || {} WHERE number <> 4", blanks(400_000))).await;
    db.run(&format!("UPDATE change SET data = data || {} WHERE number = 4", blanks(1_500_000))).await;
    for (after, numbers) in [(0, vec![1, 2]), (2, vec![3]), (3, vec![4]), (4, vec![5])] {
        let page = db.store.changes(OTHER_SYSTEM, after, 1_000).await.unwrap().unwrap();
        let found: Vec<i64> = page.changes.iter().map(|change| change.sekvensnummer).collect();
        assert_eq!(found, numbers, "after {after}");
        assert_eq!(page.more, after < 4);
    }
}

/// Each message of the other system is one version and one number: a read that saw a half of it would show.
async fn a_person_is_read_together_with_the_position_of_the_stream(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let store = db.store.clone();
    let writer = tokio::spawn(async move {
        for n in 1..=40 {
            let job = message(&n.to_string()).of_other_system().person(0, [register(&format!("t/{n}"), n)]).job();
            assert_eq!(commit(&mut lane, job, later(i64::from(n))).await.unwrap().outcome, "GODTATT");
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let (history, position) = store.read_person(duf(0), SYSTEM).await.unwrap();
        let (versions, number) = (history.unwrap().posts.len(), position.unwrap().siste_sekvensnummer);
        assert_eq!(versions as i64, number);
        seen.insert(number);
        if number == 40 {
            break;
        }
    }
    writer.await.unwrap();
    assert!(seen.len() > 1, "read while it was written");
    let (nobody, position) = store.read_person(duf(9_999), "4204-ukjent-9").await.unwrap();
    assert!(nobody.is_none() && position.is_none());
}

async fn cursors_only_move_forward_and_never_beyond_what_was_handed_out(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs: Vec<Job> =
        (0..10).map(|n| message(&n.to_string()).person(n, [register(&format!("t/{n}"), 4)]).job()).collect();
    lane.commit(&jobs, later(1)).await;
    let exchange = message("les").of_other_system().exchange();
    let hand_out = |number| Job {
        exchange: exchange.clone(),
        work: Work::Record { answer: b"endringer".to_vec(), outcome: "OK".into(), handed_out: Some(number) },
    };
    let acknowledge = |number| Job { exchange: exchange.clone(), work: Work::Acknowledge { bekreft_til: number } };
    let beyond = commit(&mut lane, acknowledge(1), later(2)).await;
    assert!(matches!(beyond, Err(LedgerError::BeyondHandedOut)), "{beyond:?}");
    // In one batch, in the order of arrival.
    let jobs = [acknowledge(1), hand_out(4), acknowledge(4), acknowledge(5), acknowledge(2), hand_out(3)];
    let outcomes = lane.commit(&jobs, later(3)).await;
    let told: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(told, [false, true, true, false, true, true]);
    let position = db.store.stream_position(OTHER_SYSTEM).await.unwrap().unwrap();
    assert_eq!((position.bekreftet_til, position.siste_sekvensnummer), (4, 10));
    assert_eq!(db.number("SELECT handed_out AS v FROM stream WHERE avsendersystem = '4204-voksen-2'").await, 4);
    let without = Job { exchange: message("x").exchange(), work: Work::Acknowledge { bekreft_til: 0 } };
    assert!(commit(&mut lane, without, later(4)).await.is_ok(), "nothing handed out, nothing acknowledged");
    // An acknowledgement leaves no row of its own; a page that was handed out does.
    assert_eq!(db.count("evidence WHERE outcome = 'OK'").await, 2);
    db.sound().await;
}
