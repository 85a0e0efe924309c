//! An import: persons begin with their facts and posts, once, and nobody is told; and the rules that a register is under.

use register::change::Opphav;
use register::decide::beregning::NewFact;
use register::decide::importert::{NewPost, post_id};
use register::fact::FactContent;
use register::ledger::{Exchange, Imported, Internal, InternalCommand, Job, LedgerError, Work};
use register::liste::PersonListQuery;
use register::policy::{Policy, Profile};
use register::post::Channel;
use register::store::replay::check;
use register::time::Period;

use crate::house::{Database, OTHER_SYSTEM, PERSONS, commit, duf, kommune, later, noon, text, today};
use crate::message::{known_as, measure, message, register};

on_both!(
    persons_begin_once_with_everything_that_is_known_of_them,
    two_nodes_import_the_same_persons_at_once,
    a_node_with_other_rules_writes_nothing,
);

fn imported(n: usize) -> Imported {
    let valid = Period { from: "2012-01-01".parse().unwrap(), to: None };
    let fact = |id: &str, content| NewFact {
        source: "UDI".into(),
        source_id: format!("{id}/{n}"),
        content,
        valid,
        annulled: false,
    };
    Imported {
        duf: duf(n),
        facts: vec![
            fact("sted", FactContent::Oppfoelging { kommune: kommune("4203"), bydel: None }),
            fact("ident", FactContent::Ident { number: format!("{n:011}") }),
        ],
        posts: vec![
            NewPost { kilde_id: format!("a/{n}"), kommune: kommune("4203"), bydel: None, innhold: measure(8) },
            NewPost { kilde_id: format!("b/{n}"), kommune: kommune("4204"), bydel: None, innhold: measure(12) },
        ],
    }
}

fn job(what: Internal) -> Job {
    let exchange = Exchange {
        operation: "import",
        signer: crate::house::VENDOR.parse().unwrap(),
        avsendersystem: None,
        meldings_id: None,
        user: None,
        request: b"{}".as_slice().into(),
        received: noon(),
    };
    Job { exchange, work: Work::Internal(Box::new(InternalCommand { opphav: Opphav::Imdi, what })) }
}

async fn persons_begin_once_with_everything_that_is_known_of_them(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let all: Vec<Imported> = (PERSONS - 10..PERSONS + 300).map(imported).collect();
    let done = commit(&mut lane, job(Internal::Import(all.clone())), later(1)).await.unwrap();
    assert_eq!(text(&done), "310 changed, 0 unknown");
    assert_eq!(db.count("person").await, PERSONS as i64 + 300);
    let person = db.store.snapshot(duf(PERSONS)).await.unwrap().unwrap();
    assert_eq!((person.facts.len(), person.posts.len()), (2, 2));
    assert!(person.beregnet.is_some() && person.posts.iter().all(|post| post.channel == Channel::Import));
    assert_eq!(person.posts[0].post_id, post_id(duf(PERSONS), &format!("a/{PERSONS}")));
    assert_eq!(db.count("change").await, 0, "nobody is told");
    db.sound().await;
    let listed =
        PersonListQuery { alle: true, limit: 1_000, kommuner: vec![kommune("4203")], ..PersonListQuery::on(today()) };
    assert_eq!(db.store.list_persons(&listed).await.unwrap().rows.len(), 310);
    // The same file again, and one line more.
    let again = all.into_iter().chain([imported(PERSONS + 300)]).collect();
    let done = commit(&mut lane, job(Internal::Import(again)), later(2)).await.unwrap();
    assert_eq!(text(&done), "1 changed, 0 unknown");
    assert_eq!(db.store.snapshot(duf(PERSONS)).await.unwrap().unwrap(), person);
    // What a fagsystem sends goes on from there.
    let next = message("1").person(0, [register("t/1", 4)]).person(PERSONS - 1, [register("t/2", 4)]);
    commit(&mut lane, next.job(), later(3)).await.unwrap();
    let unknown = message("2").person(PERSONS, [crate::message::correct(known_as("a/0", 1), 5)]);
    assert_eq!(commit(&mut lane, unknown.job(), later(4)).await.unwrap().outcome, "AVVIST");
    db.sound().await;
}

async fn two_nodes_import_the_same_persons_at_once(db: Database) {
    let db = db.furnished().await;
    let (mut a, mut b) = (db.lane_of("a").await, db.lane_of("b").await);
    let some = |range: std::ops::Range<usize>| job(Internal::Import(range.map(imported).collect()));
    let (forwards, backwards) = tokio::join!(
        async {
            for from in [200, 220, 240, 260] {
                commit(&mut a, some(from..from + 40), later(from as i64)).await.unwrap();
            }
        },
        async {
            for from in [260, 240, 220, 200] {
                commit(&mut b, some(from..from + 40), later(from as i64)).await.unwrap();
            }
        }
    );
    let ((), ()) = (forwards, backwards);
    assert_eq!(db.count("person").await, PERSONS as i64 + 100);
    assert_eq!(db.count("post_version").await, 200);
    assert_eq!(check(&db.store).await.unwrap().differing, 0);
    db.sound().await;
}

async fn a_node_with_other_rules_writes_nothing(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let send = |id: &str| message(id).person(0, [register(id, 4 + id.len() as u32)]).job();
    let own = Policy::embedded(Profile::Sandbox).unwrap().version().to_owned();
    assert_eq!(db.store.active_rules().await.unwrap(), None);
    db.store.activate_rules(&own, true).await.unwrap();
    assert_eq!(commit(&mut lane, send("a"), later(1)).await.unwrap().outcome, "GODTATT");
    db.store.activate_rules("others", true).await.unwrap();
    assert_eq!(db.store.active_rules().await.unwrap(), Some(own.clone()), "the first stays");
    db.store.activate_rules("others", false).await.unwrap();
    let before = db.rows().await;
    let refused = commit(&mut lane, send("bb"), later(2)).await;
    assert!(
        matches!(&refused, Err(LedgerError::Store(error)) if error.to_string().contains("rule set")),
        "{refused:?}"
    );
    assert_eq!(db.rows().await, before);
    db.store.activate_rules(&own, false).await.unwrap();
    assert_eq!(commit(&mut lane, send("bb"), later(3)).await.unwrap().outcome, "GODTATT");
    assert_eq!(db.store.changes(OTHER_SYSTEM, 0, 10).await.unwrap().unwrap().changes.len(), 2);
    db.sound().await;
}
