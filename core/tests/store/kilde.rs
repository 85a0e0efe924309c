//! What sources tell: who begins with it and who does not, once, on both databases and on two nodes at once.

use register::change::Opphav;
use register::command::Transaksjon;
use register::decide::beregning::NewFact;
use register::decide::kilde::{Grunnlagsmelding, Kildehandling, Opplysning, Persongrunnlag};
use register::fact::FactContent;
use register::ledger::{Exchange, Internal, InternalCommand, Job, Work};
use register::registry::{Party, PartyKind, RegistryEntry};
use register::store::replay::check;
use register::time::Period;

use crate::house::{Database, OTHER_SYSTEM, PERSONS, commit, duf, kommune, later, noon};
use crate::message::{message, register};

on_both!(
    a_person_begins_with_what_is_told_and_not_with_what_is_refused,
    an_internal_fact_begins_its_person,
    two_nodes_are_told_of_the_same_persons_at_once,
);

const IMDI: &str = "310000175";

fn source() -> RegistryEntry {
    source_of("IMDI")
}

/// A source by this name, at IMDi's organization.
pub fn source_of(kilde: &str) -> RegistryEntry {
    RegistryEntry::Party(Party {
        orgnr: IMDI.parse().unwrap(),
        navn: kilde.into(),
        kind: PartyKind::Kilde,
        kommune: None,
        kilde: Some(kilde.into()),
        valid: Period { from: "2005-01-01".parse().unwrap(), to: None },
        ecdsa_answers: false,
    })
}

pub fn line(id: &str, content: FactContent) -> Opplysning {
    Opplysning {
        kilde_id: id.into(),
        handling: Ok(Kildehandling::Sett),
        kind: Some(content.kind()),
        content: Some(content),
        valid: Some(Period { from: "2024-01-01".parse().unwrap(), to: None }),
        form_errors: Vec::new(),
    }
}

fn followed(number: &str) -> FactContent {
    FactContent::Oppfoelging { kommune: kommune(number), bydel: None }
}

fn told(id: &str, persons: impl IntoIterator<Item = (usize, Vec<Opplysning>)>) -> Job {
    told_by("IMDI", id, persons)
}

/// What a source tells.
pub fn told_by(kilde: &str, id: &str, persons: impl IntoIterator<Item = (usize, Vec<Opplysning>)>) -> Job {
    let persons: Vec<Persongrunnlag> =
        persons.into_iter().map(|(n, lines)| Persongrunnlag { duf_text: duf(n).to_string(), lines }).collect();
    let melding = Grunnlagsmelding {
        signer: IMDI.parse().unwrap(),
        tls_client: None,
        meldings_id: id.into(),
        kontraktversjon: "1.1".into(),
        kilde: kilde.into(),
        opprettet: noon(),
        transaksjon: Transaksjon::Alt,
        digest: register::evidence::sha256(format!("{persons:?}").as_bytes()),
        persons,
        form_errors: Vec::new(),
    };
    let exchange = Exchange {
        operation: "sendPersongrunnlag",
        signer: melding.signer,
        avsendersystem: Some(melding.scope()),
        meldings_id: Some(id.into()),
        user: None,
        request: b"<sendPersongrunnlag/>".as_slice().into(),
        received: noon(),
    };
    Job { exchange, work: Work::Grunnlag(Box::new(melding)) }
}

async fn a_person_begins_with_what_is_told_and_not_with_what_is_refused(db: Database) {
    let db = db.furnished().await;
    db.store.put_registry(&[source()], noon()).await.unwrap();
    let mut lane = db.lane().await;
    let new = PERSONS + 1;
    let refused = told("1", [(new, vec![line("p", FactContent::EnsligMindreaarig)])]);
    assert_eq!(commit(&mut lane, refused, later(1)).await.unwrap().outcome, "AVVIST");
    assert_eq!(db.count("person").await, PERSONS as i64);
    let good = || vec![line("o", followed("4204"))];
    assert_eq!(commit(&mut lane, told("2", [(new, good())]), later(2)).await.unwrap().outcome, "GODTATT");
    assert_eq!(db.count("person").await, PERSONS as i64 + 1);
    assert_eq!(commit(&mut lane, told("2", [(new, good())]), later(3)).await.unwrap().outcome, "GJENTATT");
    // Another message under the id of one that was accepted begins nobody.
    assert_eq!(commit(&mut lane, told("2", [(new + 1, good())]), later(4)).await.unwrap().outcome, "AVVIST");
    assert_eq!(db.count("person").await, PERSONS as i64 + 1);
    // In one batch: begun, and written about.
    let jobs = [told("3", [(new + 2, good())]), message("m").person(new + 2, [register("t", 4)]).job()];
    let done = lane.commit(&jobs, later(5)).await;
    assert_eq!(done[0].as_ref().unwrap().outcome, "GODTATT");
    let person = db.store.snapshot(duf(new + 2)).await.unwrap().unwrap();
    assert_eq!((person.facts.len(), person.facts[0].source.as_str()), (1, "IMDI"));
    assert!(person.beregnet.is_some());
    assert_eq!(check(&db.store).await.unwrap().differing, 0);
    db.sound().await;
}

async fn an_internal_fact_begins_its_person(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let fact = NewFact {
        source: "IMDI".into(),
        source_id: "o".into(),
        content: followed("4204"),
        valid: Period { from: "2024-01-01".parse().unwrap(), to: None },
        annulled: false,
    };
    let what = Internal::Facts(vec![(duf(PERSONS + 3), vec![fact]), (duf(PERSONS + 4), Vec::new())]);
    let command = InternalCommand { opphav: Opphav::Imdi, what };
    let job = Job { work: Work::Internal(Box::new(command)), ..told("x", []) };
    assert_eq!(crate::house::text(&commit(&mut lane, job, later(1)).await.unwrap()), "1 changed, 1 unknown");
    assert_eq!(db.count("person").await, PERSONS as i64 + 1, "of the other nothing was said");
    db.sound().await;
}

async fn two_nodes_are_told_of_the_same_persons_at_once(db: Database) {
    let db = db.furnished().await;
    db.store.put_registry(&[source()], noon()).await.unwrap();
    let (mut a, mut b) = (db.lane_of("a").await, db.lane_of("b").await);
    let some = |id: String, persons: Vec<usize>, wrong: bool| {
        let lines = move |n| {
            let mut lines = vec![line("o", followed("4204"))];
            lines.extend((wrong && n % 7 == 0).then(|| line("p", FactContent::EnsligMindreaarig)));
            (n, lines)
        };
        told(&id, persons.into_iter().map(lines))
    };
    let range = |from: usize| (from..from + 40).collect::<Vec<_>>();
    tokio::join!(
        async {
            for from in [200, 220, 240, 260] {
                commit(&mut a, some(format!("a{from}"), range(from), from == 220), later(from as i64)).await.unwrap();
            }
        },
        async {
            for from in [260, 240, 220, 200] {
                let backwards = range(from).into_iter().rev().collect();
                commit(&mut b, some(format!("b{from}"), backwards, from == 240), later(from as i64)).await.unwrap();
            }
        }
    );
    assert_eq!(db.count("person").await, PERSONS as i64 + 100);
    assert_eq!(check(&db.store).await.unwrap().differing, 0);
    assert!(db.store.changes(OTHER_SYSTEM, 0, 10).await.unwrap().is_some());
    db.sound().await;
}
