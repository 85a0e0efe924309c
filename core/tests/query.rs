//! What a caller may see of a person, as of a valid day and a recorded time (domain.md 10.3 AU-1, 10.4, 17.6).

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/message.rs"]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
#[expect(dead_code, reason = "these tests name no posts")]
mod world;

use chrono::{DateTime, NaiveDate, Utc};
use register::change::Change;
use register::command::Transaksjon;
use register::decide::decide;
use register::fact::{Fact, FactContent};
use register::id::Duf;
use register::kategori::{Beregning, BeregningRow, Kategori, Kategorikode};
use register::person::PersonHistory;
use register::post::Ordning;
use register::query::{PersonQuery, PersonView, person};
use register::receipt::{Finding, Status};
use register::registry::Lov;
use register::rejection::Rejection;
use register::time::Period;

use crate::words::Words;
use crate::world::{World, noon};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A world and everything ever recorded about P1: set-up lines and messages in the words of the tables.
struct Story {
    world: World,
    history: PersonHistory,
}

fn story(lines: &str) -> Story {
    let mut world = World::standard();
    let duf = Duf::parse(&world.duf_text("P1").unwrap(), true).unwrap();
    let mut history = PersonHistory { duf, facts: Vec::new(), posts: Vec::new(), beregninger: Vec::new() };
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if world.set_up(line).unwrap() {
            continue;
        }
        let mut words = Words::of(line);
        let header = message::header(&mut world, &mut words).unwrap();
        let sent = [message::line(&world, 1, &mut words).unwrap()];
        words.end().unwrap();
        assert!(sent[0].label.is_none(), "posts are named by ref here");
        let command = message::command(&world, header, Transaksjon::Alt, &sent).unwrap();
        let registry = world.registry();
        let now = world.now().unwrap();
        let mut ids = world.ids.clone();
        let decision = decide(&world.state(&registry), &command, &world.policy, &now, &mut ids);
        assert_eq!(decision.status, Status::Godtatt, "{line}: {decision:?}");
        world.ids = ids;
        world.keep(&registry, &decision.changes);
        for change in &decision.changes {
            let Change::VersionWritten { row, .. } = change else { continue };
            let before = history.posts.iter_mut().rfind(|post| post.post_id == row.post_id);
            if let Some(before) = before {
                before.system_to = Some(now.recorded);
            }
            history.posts.push((**row).clone());
        }
    }
    history.facts = world.persons[&duf].facts.clone();
    Story { world, history }
}

/// A computation that says nothing but that there is an open category.
fn computed() -> BeregningRow {
    let kategori = Kategori {
        kode: Kategorikode::IntroRp,
        lov: Lov::Il,
        gyldig: Period { from: day("2021-01-01"), to: None },
        aarsak: None,
        rett_til_aa_fullfoere: false,
        rad: "IL-1".into(),
        usikker: false,
    };
    BeregningRow {
        row_no: 98,
        beregnings_id: uuid::Uuid::nil(),
        beregning: Beregning { lov: Some(Lov::Il), kategorier: vec![kategori], ..Beregning::default() },
        aapninger: Vec::new(),
        regelversjon: "test".into(),
        system_from: DateTime::<Utc>::MIN_UTC,
        system_to: None,
    }
}

impl Story {
    /// A fact of P1 that the words of the tables do not have.
    fn fact(mut self, content: FactContent) -> Self {
        self.history.facts.push(Fact {
            row_no: 99,
            source: "FOLKEREGISTER".into(),
            source_id: "99".into(),
            content,
            valid: Period { from: NaiveDate::MIN, to: None },
            annulled: false,
            system_from: DateTime::<Utc>::MIN_UTC,
            system_to: None,
        });
        self
    }

    fn ask(&mut self, user: &str, change: impl FnOnce(&mut PersonQuery)) -> Result<PersonView, Finding> {
        let mut query = PersonQuery {
            duf: self.history.duf,
            valid_on: None,
            recorded_at: None,
            with_annulled: false,
            months: None,
        };
        change(&mut query);
        let header = message::header(&mut self.world, &mut Words::of(user)).unwrap();
        let known = self.world.persons.contains_key(&self.history.duf).then_some(&self.history);
        person(&self.world.registry(), &header, known, &query, &self.world.policy, &self.world.now().unwrap())
    }

    fn see(&mut self, change: impl FnOnce(&mut PersonQuery)) -> PersonView {
        self.ask("4204-OVERF1", change).unwrap()
    }
}

/// Version and hours or type of each post, in order.
fn posts(view: &PersonView) -> Vec<String> {
    let one = |post: &register::post::PostVersion| {
        let what = match &post.content {
            register::post::Content::Vedtak(vedtak) => vedtak.vedtakstype.clone(),
            register::post::Content::Tiltak(tiltak) => format!("{} t", tiltak.timer_per_uke),
            other => other.posttype().to_owned(),
        };
        format!("{what} v{}{}", post.versjon, if post.annulled { " slettet" } else { "" })
    };
    view.posts.iter().map(one).collect()
}

fn idents(view: &PersonView) -> usize {
    view.facts.iter().filter(|fact| matches!(fact.0, FactContent::Ident { .. })).count()
}

fn names(view: &PersonView) -> usize {
    view.facts.iter().filter(|fact| matches!(fact.0, FactContent::Personalia { .. })).count()
}

fn name() -> FactContent {
    FactContent::Personalia {
        fornavn: "Fornavn".into(),
        etternavn: "Etternavn".into(),
        foedselsdato: day("1990-01-01"),
        kjoenn: "KVINNE".into(),
    }
}

const HIDDEN: &str = "i dag 2021-04-30
    person P1 i 4204
    person P1 strengt fortrolig
    bruker 4204-SKJERM1 i 4204 INTROBRUKER skjerming";

#[test]
fn hidden_and_unknown_are_answered_alike_and_nobody_is_sent_the_name() {
    let mut hidden = story(HIDDEN).fact(name());
    let mut unknown = story("i dag 2021-04-30\nperson P1 i 4204");
    unknown.world.set_up("person P1 ukjent").unwrap();
    let refused = hidden.ask("4204-OVERF1", |_| {}).unwrap_err();
    assert_eq!(refused.rejection, Rejection::UnknownPerson);
    assert_eq!(refused, unknown.ask("4204-OVERF1", |_| {}).unwrap_err());
    // Also when it is asked as of a time before it was hidden.
    let before = hidden.ask("4204-OVERF1", |query| query.recorded_at = Some(noon(day("2020-01-01")))).unwrap_err();
    assert_eq!(before, refused);
    let view = hidden.ask("4204-SKJERM1", |_| {}).unwrap();
    assert_eq!((names(&view), view.oppfoelging.len()), (0, 1), "VERN-1");
    let mut open = story("i dag 2021-04-30\nperson P1 i 4204\nperson P1 fortrolig").fact(name());
    assert_eq!(names(&open.see(|_| {})), 1);
}

#[test]
fn as_it_was_recorded() {
    let mut story = story(
        "i dag 2021-03-01
         person P1 i 4204
         person P1 tillatelse ASYL 2021-01-04
         person P1 mottak 4204 2021-01-04..
         4204-OVERF1 REGISTRER P1 ref A tiltak NS01 2021-03-01..2021-06-30 25 t ordning MOTTAK_KVAL
         4204-OVERF1 REGISTRER P1 ref B tiltak NS03 2021-03-01..2021-06-30 5 t ordning MOTTAK_KVAL
         i dag 2021-03-10
         4204-OVERF1 KORRIGER P1 post ref:A tiltak NS01 2021-03-01..2021-06-30 20 t ordning MOTTAK_KVAL
         i dag 2021-03-20
         4204-OVERF1 ANNULLER P1 post ref:A",
    );
    let at = |text: &str| Some(noon(day(text)));
    assert_eq!(posts(&story.see(|_| {})), ["5 t v1"]);
    assert_eq!(posts(&story.see(|query| query.with_annulled = true)), ["5 t v1", "20 t v3 slettet"]);
    assert_eq!(posts(&story.see(|query| query.recorded_at = at("2021-03-10"))), ["5 t v1", "20 t v2"]);
    assert_eq!(posts(&story.see(|query| query.recorded_at = at("2021-03-09"))), ["25 t v1", "5 t v1"]);
    assert!(posts(&story.see(|query| query.recorded_at = at("2021-02-28"))).is_empty());
    // What is deleted counts nothing, also when it is shown.
    let march = Some((day("2021-03-01"), day("2021-03-01")));
    let average = |query: &mut PersonQuery| (query.with_annulled, query.months) = (true, march);
    assert_eq!(story.see(average).averages[0].timer_per_uke.to_string(), "5.00");
    let then = |query: &mut PersonQuery| (query.recorded_at, query.months) = (at("2021-03-09"), march);
    assert_eq!(story.see(then).averages[0].timer_per_uke.to_string(), "30.00");
}

#[test]
fn as_it_was_valid() {
    let mut story = story(
        "i dag 2021-04-30
         person P1 i 4203 ..2021-02-28
         person P1 i 4204 2021-03-01..
         person P1 fnr 41819012359 ..2021-03-31
         person P1 fnr 01819012365 2021-04-01..
         4204-OVERF1 REGISTRER P1 ref V vedtak INNVILGELSE 2021-03-01 2021-03-01..2021-06-30
         4204-OVERF1 REGISTRER P1 vedtak FORLENGELSE 2021-04-20 2021-07-01..2021-12-31 til ref:V
         4204-OVERF1 REGISTRER P1 tiltak NS01 2021-03-01..2021-04-30 25 t
         4204-OVERF1 REGISTRER P1 tiltak NS03 2021-05-01..2021-09-30 5 t",
    );
    let on = |text: &str| {
        let day = day(text);
        move |query: &mut PersonQuery| (query.valid_on, query.months) = (Some(day), Some((day, day)))
    };
    let view = story.see(on("2021-08-01"));
    assert_eq!(posts(&view), ["FORLENGELSE v1", "5 t v1"]);
    // The status follows from the whole, also from the decision that ran out before the day.
    assert_eq!(view.ordninger, [(Ordning::Intro, "AKTIV".to_owned(), true)]);
    assert_eq!(view.averages[0].timer_per_uke.to_string(), "5.00");
    // A month is whole, whatever day it is asked on.
    let view = story.see(on("2021-05-31"));
    assert_eq!((posts(&view).len(), view.averages[0].timer_per_uke.to_string()), (2, "5.00".to_owned()));
    let known = |view: &PersonView| view.facts.iter().map(|fact| format!("{fact:?}")).collect::<String>();
    assert!(known(&story.see(on("2021-03-31"))).contains("41819012359"));
    assert!(!known(&story.see(on("2021-04-01"))).contains("41819012359"));
    assert!(known(&story.see(on("2021-02-28"))).contains("4203"));
    assert_eq!(story.see(on("2021-02-28")).oppfoelging.len(), 2, "who followed up is told over time");
}

#[test]
fn the_status_of_a_scheme_on_each_day() {
    let mut story = story(
        "i dag 2021-04-30
         person P1 i 4204
         4204-OVERF1 REGISTRER P1 vedtak INNVILGELSE 2021-03-01 2021-03-01..2021-06-30
         4204-OVERF1 REGISTRER P1 vedtak PERMISJON 2021-03-01 2021-03-10..2021-03-12
         4204-OVERF1 REGISTRER P1 vedtak STANS_MIDLERTIDIG 2021-03-20 2021-03-20.. begrunnelse FRAVAER
         4204-OVERF1 REGISTRER P1 vedtak GJENOPPTAK 2021-03-25
         4204-OVERF1 REGISTRER P1 vedtak AVSLUTNING 2021-04-20
         4204-OVERF1 REGISTRER P1 vedtak INNVILGELSE 2021-04-25 2021-05-01..2021-05-31",
    );
    for (on, status) in [
        ("2021-02-28", "IKKE_STARTET"),
        ("2021-03-01", "AKTIV"),
        ("2021-03-09", "AKTIV"),
        ("2021-03-10", "PERMISJON"),
        ("2021-03-12", "PERMISJON"),
        ("2021-03-13", "AKTIV"),
        ("2021-03-20", "STANSET"),
        ("2021-03-24", "STANSET"),
        ("2021-03-25", "AKTIV"),
        ("2021-04-20", "AKTIV"),
        ("2021-04-21", "AVSLUTTET"),
        ("2021-05-01", "AKTIV"),
        ("2021-05-31", "AKTIV"),
        ("2021-06-01", "FULLFOERT"),
    ] {
        assert_eq!(
            story.see(|query| query.valid_on = Some(day(on))).ordninger,
            [(Ordning::Intro, status.to_owned(), false)],
            "{on}"
        );
    }
}

#[test]
fn others_see_no_idents_and_who_may_not_read_sees_nothing() {
    let mut story = story(
        "i dag 2021-04-30
         person P1 i 4203 ..2021-02-28
         person P1 i 4204 2021-03-01..
         person P1 fnr 01819012365
         bruker 4204-LESE1 i 4204 LESEBRUKER
         bruker 4204-LESEETTER1 i 4204 LESEBRUKER,ETTERREGISTRERER
         bruker 4204-ETTER1 i 4204 ETTERREGISTRERER
         bruker 4204-FYLKE1 i 4204 FYLKESKOMMUNEBRUKER
         4204-OVERF1 REGISTRER P1 vedtak AVSLAG 2021-03-01 begrunnelse ALDER",
    );
    let stranger = story.ask("0301-OVERF1", |_| {}).unwrap_err();
    assert_eq!(stranger.rejection, Rejection::NotOppfoelgingskommune, "without a category only own persons (17.6)");
    story.history.beregninger.push(computed());
    for (user, sees) in
        [("4204-OVERF1", 1), ("4204-LESE1", 1), ("4204-LESEETTER1", 1), ("4203-OVERF1", 1), ("0301-OVERF1", 0)]
    {
        let view = story.ask(user, |_| {}).unwrap();
        assert_eq!((idents(&view), view.posts.len()), (sees, 1), "{user}");
    }
    for user in ["4204-ETTER1", "4204-FYLKE1"] {
        assert_eq!(story.ask(user, |_| {}).unwrap_err().rejection, Rejection::RoleLacksOrdning, "{user}");
    }
}

#[test]
fn a_replaced_number_points_at_the_new_one() {
    let mut story = story("i dag 2021-04-30\nperson P1 i 4204\nperson P1 erstattet av P2");
    let refused = story.ask("4204-OVERF1", |_| {}).unwrap_err();
    assert_eq!(refused.rejection, Rejection::DufSuperseded);
    assert_eq!(refused.params, [("etterfoelger", "202265432110".to_owned())]);
    let mut hidden = self::story(&format!("{HIDDEN}\nperson P1 erstattet av P2"));
    assert_eq!(hidden.ask("4204-OVERF1", |_| {}).unwrap_err().rejection, Rejection::UnknownPerson, "domain.md 11.4");
}

#[test]
fn months_of_averages_have_a_limit() {
    let mut story = story("i dag 2021-04-30\nperson P1 i 4204");
    let mut months = |first: &str, last: &str| {
        let months = Some((day(first), day(last)));
        story.see(|query| query.months = months).averages.iter().map(|average| average.month).collect::<Vec<_>>()
    };
    assert_eq!(months("2021-03-01", "2021-05-01"), ["2021-03-01", "2021-04-01", "2021-05-01"].map(day));
    assert!(months("2021-05-01", "2021-04-01").is_empty());
    let many = months("2010-01-01", "2035-12-01");
    assert_eq!((many.len(), many.last().copied()), (120, Some(day("2019-12-01"))));
    assert!(story.see(|_| {}).averages.is_empty(), "none unless asked for");
}

#[test]
fn a_picture_shows_what_the_avsendersystem_may_see() {
    use register::change::{NoticePayload, Opphav};
    use register::query::oeyeblikksbilde::{after_move, bilde};

    let mut story = story(
        "i dag 2021-04-30
         person P1 i 4204
         4204-OVERF1 REGISTRER P1 ref V vedtak INNVILGELSE 2021-03-01 2021-03-01..2021-06-30",
    );
    let (registry, policy) = (story.world.registry(), story.world.policy.clone());
    let now = story.world.now().unwrap();
    let system = registry.systems_of("4204".parse().unwrap()).next().unwrap().clone();
    let mut person = story.world.persons[&story.history.duf].clone();
    let notice = after_move(&policy, &system, &person, Opphav::Folkeregister, &now, uuid::Uuid::nil()).unwrap();
    let NoticePayload::PersonOeyeblikksbilde { bestillings_id: None, posisjon: None, siste: true, person: Some(view) } =
        notice.payload
    else {
        panic!("{notice:?}")
    };
    assert_eq!((notice.duf, notice.kommune.to_string()), (Some(person.duf), "4204".to_owned()));
    assert_eq!(view.posts[0].references.len(), 1);
    // What the stream keeps is read back as it was.
    let kept = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<PersonView>(&kept).unwrap(), *view);
    assert_eq!(posts(&view), posts(&story.see(|_| ())));

    // Another avsendersystem of the kommune sees the post, and not whose reference it has.
    let other = register::registry::Avsendersystem { id: "4204-annet-1".into(), ..system.clone() };
    let seen = bilde(&policy, &other, None, &story.history, None, &now).unwrap();
    assert_eq!((seen.posts.len(), seen.posts[0].references.len()), (1, 0));

    // A strictly confidential person is in nobody's picture, but of the user that is approved.
    let hidden = FactContent::Beskyttelse { level: register::fact::Adressebeskyttelse::StrengtFortrolig };
    let placed = FactContent::Oppfoelging { kommune: "4204".parse().unwrap(), bydel: None };
    story = story.fact(hidden).fact(placed);
    person.facts.clone_from(&story.history.facts);
    assert!(after_move(&policy, &system, &person, Opphav::Folkeregister, &now, uuid::Uuid::nil()).is_none());
    let mut user = registry.users["4204-OVERF1"].clone();
    assert!(bilde(&policy, &system, Some(&user), &story.history, None, &now).is_none());
    user.skjerming_approved = true;
    assert!(bilde(&policy, &system, Some(&user), &story.history, None, &now).is_some());
}
