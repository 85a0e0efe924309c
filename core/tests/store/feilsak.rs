//! Transfer errors (design.md 11; contract.md 4.5): written with the answer that refused, tied by id, replaced id and
//! reference, solved by the message that succeeds, in its transaction.

use chrono::{DateTime, Days, SubsecRound as _, Utc};
use register::command::Line;
use register::decide::finding;
use register::feilsak::{Enhet, Feil, Feilsak, KEPT_ATTEMPTS, Melding, Sakfeil, Saksspoersmaal, Saksstatus, forsoek};
use register::ledger::{DryRun, Effect, Job, Lane, Work};
use register::policy::{Policy, Profile};
use register::receipt::{FeilIds, Field};
use register::rejection::Rejection;
use register::support::{Fra, Melder, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus, message_id};
use uuid::Uuid;

use crate::house::{Database, OTHER_SYSTEM, Random, SYSTEM, USER, commit, duf, later, text, today};
use crate::message::{Message, correct, known_as, measure_from, message, register};

on_both!(
    a_refused_line_is_a_case_with_its_errors_and_its_window,
    attempts_are_tied_by_reference_and_end_when_one_succeeds,
    the_same_message_again_and_the_one_that_replaces_it_belong_together,
    part_of_a_message_solves_its_part,
    messages_of_one_batch_meet,
    every_case_of_a_reference_ends_when_it_is_taken,
    who_may_not_speak_for_a_system_and_a_dry_run_open_nothing,
    a_message_that_the_register_never_saw_is_a_case_too,
    what_is_sent_over_and_over_is_counted_and_not_kept,
    an_operators_decision_stands,
    a_page_goes_on_where_the_last_one_ended,
    support_cases_hold_what_both_sides_write,
);

/// As the databases hold it.
fn at(seconds: i64) -> DateTime<Utc> {
    later(seconds).trunc_subsecs(6)
}

/// So long ago that it is outside every window.
fn old(reference: &str) -> Line {
    Line { content: Some(measure_from(today() - Days::new(700), 4)), ..register(reference, 4) }
}

/// Of a kind that the person has not: refused today, inside the window.
fn unknown_post() -> Line {
    correct(known_as("finnes/ikke", 1), 4)
}

async fn all(db: &Database, system: &str) -> Vec<(Feilsak, Vec<Sakfeil>)> {
    let asked = Saksspoersmaal { avsendersystem: system.into(), ..Saksspoersmaal::default() };
    db.store.feilsaker(&asked, 100).await.unwrap().0
}

async fn states(db: &Database) -> Vec<(&'static str, usize)> {
    let told = |(sak, feil): (Feilsak, Vec<Sakfeil>)| (sak.status.code(), forsoek(feil).len());
    all(db, SYSTEM).await.into_iter().map(told).collect()
}

async fn send(lane: &mut Lane, message: Message, seconds: i64) -> String {
    text(&commit(lane, message.job(), later(seconds)).await.unwrap())
}

async fn a_refused_line_is_a_case_with_its_errors_and_its_window(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let sent = message("1").person(0, [register("t/1", 4), old("t/2"), unknown_post()]);
    let answer = send(&mut lane, sent, 1).await;
    assert!(answer.contains("AVVIST"), "{answer}");
    let found = all(&db, SYSTEM).await;
    assert_eq!(found.len(), 2, "a line that was well in itself is no case: {found:?}");
    let by_code = |kode: &str| found.iter().find(|(sak, _)| sak.innhold.kode == kode).unwrap();
    let (sak, feil) = by_code("NIR-B503");
    assert_eq!((sak.status, sak.gruppe().as_str()), (Saksstatus::Ny, "NIR-B503 fraDato"));
    assert_eq!((sak.duf.as_deref(), sak.avsenders_referanse.as_deref()), (Some(&*duf(0).to_string()), Some("t/2")));
    assert_eq!((sak.innhold.kommune.as_str(), sak.innhold.posttype.as_deref()), ("4204", Some("TILTAK")));
    assert_eq!((sak.innhold.registrerings_id.as_deref(), sak.innhold.rettes_av.as_str()), (Some("2"), "SAKSBEHANDLER"));
    assert_eq!(sak.vindu_lukker, None, "it is outside already");
    // The ids of the answer: errors are counted over the whole receipt.
    let receipt: Uuid = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let mut ids = FeilIds::of(receipt);
    let told: Vec<Uuid> = (0..found.iter().map(|(_, feil)| feil.len()).sum()).map(|_| ids.next_id()).collect();
    let of_case: Vec<Uuid> = feil.iter().map(|feil| feil.feil_id).collect();
    let in_order: Vec<Uuid> = told.into_iter().filter(|id| of_case.contains(id)).collect();
    assert!(feil.len() > 1 && in_order == of_case, "the first is the main one, as in the answer: {feil:?}");
    assert_eq!(feil[0].kode, sak.innhold.kode);
    assert_eq!(db.store.feilsak_of_error(SYSTEM, feil[0].feil_id).await.unwrap(), Some(sak.sak));
    assert_eq!(db.store.feilsak_of_error(OTHER_SYSTEM, feil[0].feil_id).await.unwrap(), None);
    assert_eq!((feil[0].meldings_id.as_str(), feil[0].mottatt), ("1", sak.aapnet));
    assert_eq!(
        db.count(&format!("evidence WHERE chain = {} AND position = {}", feil[0].chain, feil[0].position)).await,
        1
    );
    let (inside, _) = by_code("NIR-L810");
    assert!(inside.vindu_lukker.unwrap() > today() + Days::new(30), "{inside:?}");
    assert_eq!(db.store.open_feilsaker(SYSTEM).await.unwrap(), (2, inside.vindu_lukker));
    db.sound().await;
}

async fn attempts_are_tied_by_reference_and_end_when_one_succeeds(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    for (id, seconds) in [("1", 1), ("2", 2)] {
        send(&mut lane, message(id).person(0, [old("t/1")]), seconds).await;
    }
    assert_eq!(states(&db).await, [("NY", 2)]);
    // Another record of the same person changes nothing.
    assert!(send(&mut lane, message("3").person(0, [register("t/9", 4)]), 3).await.contains("GODTATT"));
    assert_eq!(states(&db).await, [("NY", 2)]);
    assert!(send(&mut lane, message("4").person(0, [register("t/1", 8)]), 4).await.contains("GODTATT"));
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 2)]);
    assert_eq!(db.store.open_feilsaker(SYSTEM).await.unwrap(), (0, None));
    // The next error of the same record is another case.
    send(&mut lane, message("5").person(0, [old("t/1")]), 5).await;
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 2), ("NY", 1)]);
    db.sound().await;
}

async fn the_same_message_again_and_the_one_that_replaces_it_belong_together(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let lines = || [correct(known_as("finnes/ikke", 1), 4)];
    // Refused whole, and judged anew: then the line is what is wrong.
    send(&mut lane, message("1").user("4204-UKJENT1").person(0, lines()), 1).await;
    let (whole, _) = all(&db, SYSTEM).await.remove(0);
    assert_eq!((whole.duf, whole.innhold.kode.as_str()), (None, "NIR-A404"));
    send(&mut lane, message("1").user("4204-UKJENT1").person(0, lines()), 2).await;
    assert_eq!(states(&db).await, [("NY", 2)]);
    send(&mut lane, message("2").replaces("1").person(0, lines()), 3).await;
    assert_eq!(states(&db).await, [("NY", 3)]);
    let (line, feil) = all(&db, SYSTEM).await.remove(0);
    assert_eq!((line.duf, line.innhold.kode.as_str()), (Some(duf(0).to_string()), "NIR-L810"));
    assert_eq!(feil.iter().map(|feil| feil.meldings_id.as_str()).collect::<Vec<_>>(), ["1", "1", "2"]);
    // The answer again is no attempt.
    assert!(send(&mut lane, message("2").replaces("1").person(0, lines()), 4).await.contains("gjentatt=ja"));
    assert_eq!(states(&db).await, [("NY", 3)]);
    // What replaces the replacement solves it.
    let last = message("3").replaces("2").person(0, [register("t/1", 4)]);
    assert!(send(&mut lane, last, 5).await.contains("GODTATT"));
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 3)]);
}

async fn part_of_a_message_solves_its_part(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let first =
        message("1").per_person().person(0, [old("t/0")]).person(1, [unknown_post()]).person(2, [unknown_post()]);
    send(&mut lane, first, 1).await;
    assert_eq!(states(&db).await, [("NY", 1), ("NY", 1), ("NY", 1)]);
    let second = message("2").replaces("1").per_person();
    let second = second.person(0, [old("t/0")]).person(1, [register("t/1", 4)]).person(2, [unknown_post()]);
    assert!(send(&mut lane, second, 2).await.contains("DELVIS_GODTATT"));
    let mut found = states(&db).await;
    found.sort_unstable();
    assert_eq!(found, [("LOEST_AV_AVSENDER", 1), ("NY", 2), ("NY", 2)]);
}

async fn messages_of_one_batch_meet(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let jobs = [
        message("1").person(0, [old("t/1")]).job(),
        message("2").replaces("1").person(0, [old("t/1")]).job(),
        message("3").person(0, [register("t/1", 4)]).job(),
        message("4").of_other_system().person(1, [old("t/1")]).job(),
    ];
    for outcome in lane.commit(&jobs, later(1)).await {
        outcome.unwrap();
    }
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 2)]);
    assert_eq!(all(&db, OTHER_SYSTEM).await[0].0.status, Saksstatus::Ny, "a reference is its avsendersystem's own");
}

/// A person and its first line, refused for reasons of their own, bear the same reference.
async fn every_case_of_a_reference_ends_when_it_is_taken(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let twice = |id: &str| {
        let unknown = finding(Rejection::UnknownCode, Field::Content("tiltakstype"));
        message(id).person(0, [Line { form_errors: vec![unknown], ..register("t/1", 4) }]).foedselsnummer("123")
    };
    send(&mut lane, twice("1"), 1).await;
    assert_eq!(states(&db).await, [("NY", 1), ("NY", 1)]);
    send(&mut lane, twice("2"), 2).await;
    assert_eq!(states(&db).await, [("NY", 2), ("NY", 2)], "each goes on with its own");
    assert!(send(&mut lane, message("3").person(0, [register("t/1", 4)]), 3).await.contains("GODTATT"));
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 2), ("LOEST_AV_AVSENDER", 2)]);
    db.sound().await;
}

async fn who_may_not_speak_for_a_system_and_a_dry_run_open_nothing(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let stranger = message("1").signed_by(crate::house::OTHER_VENDOR).person(0, [old("t/1")]);
    assert!(send(&mut lane, stranger, 1).await.contains("NIR-A414"));
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let command = message("2").person(0, [old("t/1")]).command();
    let receipt = DryRun::read(&db.store, &command, &policy).await.unwrap();
    let receipt = receipt.judge(&command, &policy, later(2), &mut Random).unwrap();
    let job = Job { exchange: message("2").exchange(), work: Work::DryRun(Box::new(receipt)) };
    commit(&mut lane, job, later(2)).await.unwrap();
    assert_eq!((db.count("feilsak").await, db.count("feilsak_feil").await), (0, 0));
}

/// What a Fault refused (X302): the gateway names the header as far as it could be read.
fn fault(id: &str, erstatter: Option<&str>, seconds: i64) -> Job {
    let melding = Melding {
        avsendersystem: SYSTEM.into(),
        meldings_id: id.into(),
        erstatter: erstatter.map(str::to_owned),
        kommune: "4204".into(),
        saksbehandler_ref: Some("sb-1".into()),
        fagsystem: ("Flyktning".into(), "1.0".into()),
        mottatt: later(seconds),
    };
    let feil = (0..3).map(|n| Feil {
        feil_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{id}/{seconds}/{n}").as_bytes()),
        kode: "NIR-X302".into(),
        felt: None,
    });
    let enhet = Enhet { feil: feil.collect(), rettes_av: "LEVERANDOER".into(), ..Enhet::default() };
    let effect = Box::new(Effect::Refused(melding, vec![enhet]));
    let work = Work::RecordWith { answer: b"<feil/>".to_vec(), outcome: "NIR-X302".into(), effect };
    Job { exchange: message(id).exchange(), work }
}

async fn a_message_that_the_register_never_saw_is_a_case_too(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    commit(&mut lane, fault("1", None, 1), later(1)).await.unwrap();
    commit(&mut lane, fault("2", Some("1"), 2), later(2)).await.unwrap();
    assert_eq!(states(&db).await, [("NY", 2)]);
    assert_eq!(db.count("evidence WHERE outcome = 'NIR-X302'").await, 2);
    send(&mut lane, message("3").replaces("2").person(0, [register("t/1", 4)]), 3).await;
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 2)]);
    // A Fault spends no id: the program is mended and sends the same one.
    commit(&mut lane, fault("4", None, 4), later(4)).await.unwrap();
    send(&mut lane, message("4").person(1, [register("t/4", 4)]), 5).await;
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", 2), ("LOEST_AV_AVSENDER", 1)]);
    db.sound().await;
}

async fn what_is_sent_over_and_over_is_counted_and_not_kept(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    for batch in 0..10 {
        let jobs: Vec<Job> = (0..500).map(|n| fault("1", None, batch * 500 + n)).collect();
        for outcome in lane.commit(&jobs, later(batch)).await {
            outcome.unwrap();
        }
    }
    let (sak, feil) = all(&db, SYSTEM).await.remove(0);
    assert_eq!((db.count("feilsak").await, sak.antall), (1, 5_000));
    let kept = forsoek(feil);
    assert_eq!((kept.len(), db.count("feilsak_feil").await), (KEPT_ATTEMPTS, 3 * KEPT_ATTEMPTS as i64));
    let times: Vec<_> = kept.iter().map(|attempt| attempt[0].mottatt).collect();
    assert_eq!((times[0], times[1], times[9]), (at(0), at(4_991), at(4_999)), "the first, and the last ones");
    // What takes its place is still tied to it.
    send(&mut lane, message("2").replaces("1").person(0, [register("t/1", 4)]), 5_001).await;
    assert_eq!(states(&db).await, [("LOEST_AV_AVSENDER", KEPT_ATTEMPTS)]);

    // A page ends before it grows beyond measure, and the next one goes on.
    let jobs: Vec<Job> = (0..900).map(|n| fault(&format!("f/{n}"), None, n)).collect();
    for outcome in lane.commit(&jobs, later(5_002)).await {
        outcome.unwrap();
    }
    let mut asked = Saksspoersmaal { avsendersystem: SYSTEM.into(), ..Saksspoersmaal::default() };
    let (mut seen, mut pages) = (0, 0);
    loop {
        let (page, more) = db.store.feilsaker(&asked, 1_000).await.unwrap();
        assert!(page.iter().map(|(_, feil)| feil.len()).sum::<usize>() <= 2_000);
        (seen, pages) = (seen + page.len(), pages + 1);
        asked.after = page.last().map(|(sak, _)| (sak.aapnet, sak.sak));
        if !more {
            break;
        }
    }
    assert_eq!((seen, pages), (901, 2));
    db.sound().await;
}

fn with(id: &str, effect: Effect) -> Job {
    let work = Work::RecordWith { answer: Vec::new(), outcome: "OK".into(), effect: Box::new(effect) };
    Job { exchange: message(id).exchange(), work }
}

fn decided(sak: Uuid, status: Saksstatus) -> Job {
    with("operatør", Effect::Decided(sak, status))
}

async fn an_operators_decision_stands(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    send(&mut lane, message("1").person(0, [old("t/1")]), 1).await;
    let sak = all(&db, SYSTEM).await[0].0.sak;
    commit(&mut lane, decided(sak, Saksstatus::UnderArbeid), later(2)).await.unwrap();
    send(&mut lane, message("2").person(0, [old("t/1")]), 3).await;
    assert_eq!(states(&db).await, [("UNDER_ARBEID", 2)]);
    commit(&mut lane, decided(sak, Saksstatus::Avvist), later(4)).await.unwrap();
    send(&mut lane, message("3").person(0, [old("t/1")]), 5).await;
    assert_eq!(states(&db).await, [("AVVIST", 2), ("NY", 1)]);
    assert!(commit(&mut lane, decided(Uuid::nil(), Saksstatus::Loest), later(6)).await.is_err());
    assert_eq!(db.store.new_groups(later(0)).await.unwrap(), [(SYSTEM.to_owned(), "NIR-B503 fraDato".to_owned())]);
    assert_eq!(db.store.new_groups(later(3_600)).await.unwrap(), []);
}

async fn a_page_goes_on_where_the_last_one_ended(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let lines = (0..5).map(|n| old(&format!("t/{n}")));
    send(&mut lane, message("1").person(0, lines), 1).await;
    send(&mut lane, message("2").person(1, [old("t/9")]), 2).await;
    let mut asked = Saksspoersmaal { avsendersystem: SYSTEM.into(), ..Saksspoersmaal::default() };
    let mut seen = Vec::new();
    loop {
        let (page, _) = db.store.feilsaker(&asked, 2).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        asked.after = Some((last.aapnet, last.sak));
        seen.extend(page.into_iter().map(|(sak, _)| sak.avsenders_referanse.unwrap()));
    }
    assert_eq!((seen.len(), seen.last().map(String::as_str)), (6, Some("t/9")));
    let only = async |asked: Saksspoersmaal| db.store.feilsaker(&asked, 10).await.unwrap().0.len();
    let asked = Saksspoersmaal { avsendersystem: SYSTEM.into(), ..Saksspoersmaal::default() };
    assert_eq!(only(Saksspoersmaal { meldings_id: Some("2".into()), ..asked.clone() }).await, 1);
    assert_eq!(only(Saksspoersmaal { duf: Some(duf(0).to_string()), ..asked.clone() }).await, 5);
    assert_eq!(only(Saksspoersmaal { status: vec![Saksstatus::Loest], ..asked.clone() }).await, 0);
    assert_eq!(only(Saksspoersmaal { status: vec![Saksstatus::Loest, Saksstatus::Ny], ..asked.clone() }).await, 6);
    assert_eq!(only(Saksspoersmaal { saksbehandler_ref: Some("sb".into()), ..asked }).await, 0);
}

async fn support_cases_hold_what_both_sides_write(db: Database) {
    let db = db.furnished().await;
    let mut lane = db.lane().await;
    let sak = message_id(SYSTEM, "s1");
    let melder = Melder { kommune: "4204".into(), overfoeringsbruker: USER.into(), saksbehandler_ref: None };
    let (feil_id, duf) = (Some(Uuid::nil()), Some(duf(0).to_string()));
    let mut case = Supportsak {
        sak,
        avsendersystem: SYSTEM.into(),
        feil_id,
        feilsak: None,
        duf,
        status: Supportstatus::Ny,
        aapnet: at(1),
        endret: at(1),
        melder,
    };
    let asked = Supportmelding { id: sak, sak, fra: Fra::Avsender, skrevet: later(1), tekst: "Hvorfor?".into() };
    let effect = Box::new(Effect::Support((case.clone(), vec![asked.clone()])));
    let work = Work::RecordWith { answer: b"<svar/>".to_vec(), outcome: "OK".into(), effect };
    for seconds in [1, 2] {
        let job = Job { exchange: message("s1").exchange(), work: work.clone() };
        commit(&mut lane, job, later(seconds)).await.unwrap();
    }
    (case.status, case.endret) = (Supportstatus::Besvart, at(9));
    let answer = Supportmelding { id: Uuid::nil(), fra: Fra::Imdi, skrevet: later(9), tekst: "Fordi.".into(), ..asked };
    let said = with("operatør", Effect::Support((case.clone(), vec![answer.clone()])));
    commit(&mut lane, said, later(9)).await.unwrap();
    let (found, _) = db.store.supportsaker(&Supportspoersmaal::default(), 10).await.unwrap();
    assert_eq!((found.len(), &found[0].0), (1, &case));
    assert_eq!(found[0].1.iter().map(|text| text.tekst.as_str()).collect::<Vec<_>>(), ["Hvorfor?", "Fordi."]);
    let others = Supportspoersmaal { avsendersystem: Some(OTHER_SYSTEM.into()), ..Supportspoersmaal::default() };
    assert_eq!(db.store.supportsaker(&others, 10).await.unwrap().0, []);
    assert!(!format!("{answer:?}").contains("Fordi"), "the text is in no log");
    // Of very many texts the first and the last are shown.
    let text = |n: u128| Supportmelding {
        id: Uuid::from_u128(n + 1),
        skrevet: at(10 + n as i64),
        tekst: n.to_string(),
        ..answer.clone()
    };
    let many = with("mange", Effect::Support((case, (0..300).map(text).collect())));
    commit(&mut lane, many, later(400)).await.unwrap();
    let shown = db.store.supportsaker(&Supportspoersmaal::default(), 10).await.unwrap().0.remove(0).1;
    assert_eq!((shown.len(), shown[0].tekst.as_str(), shown[199].tekst.as_str()), (200, "Hvorfor?", "299"));
    db.sound().await;
}
