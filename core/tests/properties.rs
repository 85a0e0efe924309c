//! What holds of `decide` whatever is sent: messages of a small vocabulary, by chance, in the words of the tables.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/message.rs"]
#[expect(dead_code, reason = "nothing is named after the message here")]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/tilfeller.rs"]
mod tilfeller;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
#[expect(dead_code, reason = "nothing is named after the message here")]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use register::change::Change;
use register::command::{Command, Transaksjon};
use register::decide::{Decision, decide};
use register::id::Duf;
use register::post::{PostId, PostVersion};
use register::receipt::{Finding, LineOutcome, PersonResult, Severity, Status};

use crate::words::Words;
use crate::world::World;

/// P1 and P2 live in a mottak in 4204 and have a right to a programme, too; P3 in 4203, P4 is strictly confidential, P5 is dead, P6 is nobody.
const WORLD: &str = "i dag 2021-04-30
person P1 i 4204
person P2 i 4204
person P1 tillatelse FAM_FLYKT 2021-01-01 søkt 2020-12-01 referanse ASYL ref-bosatt 2020-06-01
person P1 mottak 4204 2021-01-01..
person P2 tillatelse FAM_FLYKT 2021-01-01 søkt 2020-12-01 referanse ASYL ref-bosatt 2020-06-01
person P2 mottak 4204 2021-01-01..
person P3 i 4203
person P4 i 4204
person P4 strengt fortrolig
person P4 fnr 01819012365
person P5 i 4204
person P5 død 2021-03-15
system 4204-flyktning-2 i 4204
system 4204-norsk-1 i 4204 ordninger NORSK
bruker 4204-LESE1 i 4204 LESEBRUKER
bruker 4204-SUPER1 i 4204 NIRSUPERBRUKER,ETTERREGISTRERER
lagret P1 som A ref RA vedtak INNVILGELSE 2021-03-01 2021-03-01..2021-12-31
lagret P1 som B ref RB tiltak NS01 2021-03-01..2021-06-30 25 t
lagret P2 som C ref RC av WEB versjon 3 tiltak NS03 2020-03-01..2021-06-30 5 t ordning MOTTAK_KVAL
lagret P2 som D ref RD slettet tiltak NS03 2021-03-01..2021-06-30 5 t ordning MOTTAK_KVAL
lagret P3 som E tiltak NS03 2021-03-01..2021-06-30 5 t ordning MOTTAK_KVAL
lagret P4 som F ref RF tiltak NS03 2021-03-01..2021-06-30 5 t ordning MOTTAK_KVAL";

static STANDARD: LazyLock<World> = LazyLock::new(|| {
    let mut world = World::standard();
    WORLD.lines().for_each(|line| assert!(world.set_up(line).unwrap(), "{line}"));
    world
});

fn content() -> impl Strategy<Value = String> {
    let day = select(vec![
        "2020-03-01",
        "2021-02-27",
        "2021-02-28",
        "2021-03-01",
        "2021-04-12",
        "2021-04-30",
        "2021-05-03",
        "2027-01-01",
    ]);
    let ordning = select(vec!["INTRO", "INTRO", "INTRO", "MOTTAK_KVAL", "MOTTAK_KVAL", "NORSK"]);
    let tiltak = (
        select(vec!["NS01", "NS03", "LF01", "AN06"]),
        day.clone(),
        day.clone(),
        select(vec!["0", "5", "25", "38", "41"]),
    )
        .prop_map(|(kind, from, to, hours)| format!("tiltak {kind} {from}..{to} {hours} t"));
    let marks =
        select(vec!["", "", "", " erstattende", " gjennomføring GJENNOMFOERT vurdert 2021-04-30", " gruppe ARBEID"]);
    let kinds = vec![
        "INNVILGELSE",
        "AVSLAG",
        "ENDRING_PLAN",
        "FORLENGELSE",
        "PERMISJON",
        "STANS_MIDLERTIDIG",
        "STANS_PERMANENT",
        "GJENOPPTAK",
        "AVSLUTNING",
        "OMGJOERING",
        "BORTFALL_RETT",
    ];
    let more = select(vec!["", " begrunnelse ALDER", " til A/1", " til ref:RA", " til linje:1", " klage ref:K"]);
    let vedtak = (select(kinds), day.clone(), day.clone(), day, any::<(bool, bool)>(), more).prop_map(
        |(kind, decided, start, end, (starts, ends), more)| {
            let period = match (starts, ends) {
                (true, true) => format!(" {start}..{end}"),
                (true, false) => format!(" {start}.."),
                _ => String::new(),
            };
            format!("vedtak {kind} {decided}{period}{more}")
        },
    );
    prop_oneof![
        (tiltak, ordning.clone(), marks)
            .prop_map(|(tiltak, ordning, mark)| format!("{tiltak}{mark} ordning {ordning}")),
        (vedtak, ordning).prop_map(|(vedtak, ordning)| format!("{vedtak} ordning {ordning}")),
    ]
}

/// One line about the person: whatever comes, or one that may well be accepted.
fn line(persons: Vec<&'static str>) -> impl Strategy<Value = String> {
    prop_oneof![1 => any_line(persons.clone()), 4 => likely_line(persons)]
}

fn any_line(persons: Vec<&'static str>) -> impl Strategy<Value = String> {
    let handling = select(vec!["REGISTRER", "ENDRE", "KORRIGER", "ANNULLER", "SETT", "KNYTT", "FJERN"]);
    let reference = select(vec!["", " ref R1", " ref R2", " ref RB", " ref RD"]);
    let post = select(vec![
        "",
        " post A/1",
        " post C/1",
        " post E/1",
        " post ref:RB",
        " post linje:1",
        " post /1",
        " post id:x/1",
    ]);
    let from = select(vec!["", " gjelderFra 2021-04-12", " gjelderFra 2021-02-28"]);
    (handling, select(persons), reference, post, from, proptest::option::weighted(0.9, content())).prop_map(
        |(handling, person, reference, post, from, content)| {
            format!("{handling} {person}{reference}{post}{from} {}", content.unwrap_or_default())
        },
    )
}

fn likely_line(persons: Vec<&'static str>) -> impl Strategy<Value = String> {
    let reference = select(vec!["R1", "R2", "R3", "R4"]);
    let post = select(vec!["ref:R1", "ref:R2", "ref:R3", "linje:1", "linje:2", "A/1", "B/1", "C/3"]);
    let kind = select(vec!["NS01", "NS03", "NS04", "LF01", "LF02", "AR03", "AR04", "AR06", "UT06", "UT07"]);
    let from = select(vec!["2021-03-01", "2021-03-15", "2021-04-12"]);
    let tiltak = (
        kind,
        from,
        select(vec!["2021-04-30", "2021-06-30", "2021-12-31"]),
        select(vec!["5", "25", "38"]),
        select(vec!["INTRO", "MOTTAK_KVAL"]),
    )
        .prop_map(|(kind, from, to, hours, ordning)| {
            (from, format!("tiltak {kind} {from}..{to} {hours} t ordning {ordning}"))
        });
    let avslag = (1..=30_u32, select(vec!["ALDER", "I_ARBEID", "ANNET"]))
        .prop_map(|(day, why)| ("", format!("vedtak AVSLAG 2021-04-{day:02} begrunnelse {why}")));
    let content = prop_oneof![4 => tiltak, 1 => avslag];
    (0..10_u32, select(persons), reference, post, content).prop_map(
        |(handling, person, reference, post, (from, content))| match handling {
            0..=2 => format!("REGISTRER {person} ref {reference} {content}"),
            3 => format!("REGISTRER {person} {content}"),
            4 | 5 => format!("SETT {person} ref {reference} {content}"),
            6 => format!("KORRIGER {person} post {post} {content}"),
            7 => format!(
                "ENDRE {person} post {post} {} {content}",
                if from.is_empty() { String::new() } else { format!("gjelderFra {from}") }
            ),
            8 => format!("ANNULLER {person} post {post}"),
            _ => format!("KNYTT {person} ref {reference} post {post}"),
        },
    )
}

/// Who sends, and how much stands or falls together.
fn sender() -> impl Strategy<Value = (&'static str, Transaksjon)> {
    let users = prop_oneof![
        6 => Just("4204-OVERF1"),
        2 => Just("4204-OVERF1@4204-flyktning-2"),
        2 => Just("4204-SUPER1"),
        1 => select(vec!["4203-OVERF1", "4204-LESE1", "4204-NY1"]),
    ];
    (users, select(vec![Transaksjon::Alt, Transaksjon::PerPerson]))
}

fn anybody() -> Vec<&'static str> {
    let mut all = vec!["P3", "P4", "P5", "P6", "123456789012", "P1/15838540063"];
    all.extend(["P1"; 10]);
    all.extend(["P2"; 10]);
    all
}

fn command(world: &mut World, (user, transaksjon): (&str, Transaksjon), lines: &[String]) -> Command {
    let header = message::header(world, &mut Words::of(user)).unwrap();
    let sent: Vec<_> =
        lines.iter().zip(1..).map(|(line, n)| message::line(world, n, &mut Words::of(line)).unwrap()).collect();
    message::command(world, header, transaksjon, &sent).unwrap()
}

fn judge(world: &World, command: &Command) -> Decision {
    let registry = world.registry();
    decide(&world.state(&registry), command, &world.policy, &world.now().unwrap(), &mut world.ids.clone())
}

fn lines(decision: &Decision) -> impl Iterator<Item = &register::receipt::LineResult> {
    decision.persons.iter().flat_map(|person| &person.lines)
}

fn findings(decision: &Decision) -> impl Iterator<Item = &Finding> {
    let of_persons =
        decision.persons.iter().flat_map(|p| p.findings.iter().chain(p.lines.iter().flat_map(|l| &l.findings)));
    decision.findings.iter().chain(of_persons)
}

/// The present version of every post, from the journal alone.
fn fold(stored: &World, rows: &[Change]) -> BTreeMap<(Duf, PostId), PostVersion> {
    let mut present: BTreeMap<(Duf, PostId), PostVersion> = BTreeMap::new();
    for (duf, person) in &stored.persons {
        present.extend(person.posts.iter().map(|post| ((*duf, post.post_id), post.clone())));
    }
    for change in rows {
        match change {
            Change::VersionWritten { duf, row } => {
                let before = present.insert((*duf, row.post_id), (**row).clone());
                assert_eq!(before.map_or(0, |before| before.versjon) + 1, row.versjon, "versions follow each other");
            }
            Change::ReferenceAttached { duf, post_id, avsendersystem, avsenders_referanse } => {
                let post = present.get_mut(&(*duf, *post_id)).unwrap();
                post.references.push((avsendersystem.clone(), avsenders_referanse.clone()));
            }
            Change::FactWritten { .. } | Change::Beregnet { .. } => {}
        }
    }
    present
}

proptest! {
    #![proptest_config(tilfeller::cases())]

    /// Messages one after the other: the same answer twice, no change by what is refused, and the state is the fold of the
    /// journal, in which rows, versions and references are each there once.
    #[test]
    fn the_state_is_the_fold_of_what_was_answered(
        messages in prop::collection::vec((sender(), prop::collection::vec(line(anybody()), 1..4)), 1..6)
    ) {
        let mut world = STANDARD.clone();
        for (sender, sent) in &messages {
            let command = command(&mut world, *sender, sent);
            let decision = judge(&world, &command);
            prop_assert_eq!(&decision, &judge(&world, &command));
            prop_assert_eq!(lines(&decision).count(), sent.len());
            let accepted = decision.persons.iter().filter(|person| person.accepted).count();
            let status = match accepted {
                0 => Status::Avvist,
                n if n == decision.persons.len() => Status::Godtatt,
                _ => Status::DelvisGodtatt,
            };
            prop_assert_eq!(decision.status, status);
            prop_assert!(command.transaksjon == Transaksjon::PerPerson || status != Status::DelvisGodtatt);
            if status == Status::Avvist {
                prop_assert!(decision.changes.is_empty() && decision.notices.is_empty());
            }
            for person in &decision.persons {
                whole_or_nothing(person)?;
            }
            let before = world.clone();
            let registry = world.registry();
            world.keep(&registry, &decision.changes);
            let present = fold(&before, &decision.changes);
            let kept: BTreeMap<_, _> =
                world.persons.iter().flat_map(|(duf, p)| p.posts.iter().map(|post| ((*duf, post.post_id), post.clone()))).collect();
            prop_assert_eq!(present, kept);
            for (duf, person) in &world.persons {
                let rows: BTreeSet<i64> = decision.changes.iter().filter_map(|change| match change {
                    Change::VersionWritten { duf: of, row } if of == duf => Some(row.row_no),
                    Change::FactWritten { duf: of, row } if of == duf => Some(row.row_no),
                    Change::Beregnet { duf: of, row } if of == duf => Some(row.row_no),
                    _ => None,
                }).collect();
                let first = before.persons[duf].last_row + 1;
                prop_assert_eq!(rows, (first..=person.last_row).collect(), "row numbers without gaps");
            }
            let mut taken = BTreeSet::new();
            for post in world.persons.values().flat_map(|person| &person.posts) {
                prop_assert!(post.references.iter().all(|key| taken.insert(key.clone())), "a reference stands for two posts");
            }
            prop_assert!(taken.iter().all(|key| world.references.contains_key(key)));
            for line in lines(&decision).filter(|line| line.post.is_some()) {
                let post = line.post.as_ref().unwrap();
                let now = world.persons.values().find_map(|person| person.post(post.post_id));
                prop_assert!(now.is_some_and(|now| now.versjon >= post.versjon), "an answer names what is stored");
            }
            world.ids.0 += 1_000;
        }
    }

    /// Nobody hears twice of one change, and nobody of what is not theirs.
    #[test]
    fn notices_go_once_to_those_concerned(sender in sender(), sent in prop::collection::vec(line(anybody()), 1..6)) {
        let mut world = STANDARD.clone();
        let command = command(&mut world, sender, &sent);
        let decision = judge(&world, &command);
        let registry = world.registry();
        let mut told = BTreeSet::new();
        for addressed in &decision.notices {
            let notice = &addressed.notice;
            let what = format!("{} {} {:?} {:?}", addressed.avsendersystem, notice.hendelsestype, notice.duf, notice.payload);
            prop_assert!(told.insert(what.clone()), "told twice: {}", what);
            let system = &registry.avsendersystemer[&addressed.avsendersystem];
            prop_assert_eq!(system.kommune, notice.kommune);
            prop_assert!(system.id != "4204-norsk-1", "a scheme that it does not carry: {}", what);
            let own = system.id == command.header.avsendersystem;
            prop_assert_eq!(notice.meldings_id.is_some(), own);
            prop_assert!(!own || notice.hendelsestype != "REGISTRERING_ENDRET_UTENFRA");
        }
    }

    /// To who is not approved, a strictly confidential person is answered byte for byte as nobody (VERN-1a).
    #[test]
    fn hidden_is_as_unknown(sender in sender(), sent in prop::collection::vec(line(vec!["P4", "P4", "P4/15838540063", "P4/1", "P1"]), 1..5)) {
        let mut hidden = STANDARD.clone();
        let mut unknown = STANDARD.clone();
        unknown.set_up("person P4 ukjent").unwrap();
        let command = command(&mut hidden, sender, &sent);
        prop_assert_eq!(judge(&hidden, &command), judge(&unknown, &command));
    }

    /// The same registration sent once more, in a message of its own, changes nothing.
    #[test]
    fn registering_again_is_unchanged(line in line(vec!["P1"]).prop_filter("a registration", |line| line.starts_with("REGISTRER"))) {
        let mut world = STANDARD.clone();
        let content = line.split_once("tiltak ").map(|(_, rest)| format!("tiltak {rest}"));
        let content = content.or_else(|| line.split_once("vedtak ").map(|(_, rest)| format!("vedtak {rest}")));
        let sent = [format!("REGISTRER P1 ref NY {}", content.unwrap_or_default())];
        let sender = ("4204-SUPER1", Transaksjon::Alt);
        let first = command(&mut world, sender, &sent);
        let decision = judge(&world, &first);
        if decision.status == Status::Godtatt {
            let registry = world.registry();
            world.keep(&registry, &decision.changes);
            let again = command(&mut world, sender, &sent);
            let again = judge(&world, &again);
            let line = lines(&again).next().unwrap();
            prop_assert_eq!(line.outcome, LineOutcome::Uendret);
            prop_assert!(again.changes.is_empty() && again.notices.is_empty());
            let named = line.post.as_ref().map(|post| (post.versjon, post.avsenders_referanse.as_deref()));
            prop_assert_eq!(named, Some((1, Some("NY"))));
        }
    }

    /// With PER_PERSON what is said of one person does not depend on the others.
    #[test]
    fn persons_are_judged_apart(
        of_first in prop::collection::vec(line(vec!["P1"]), 1..4),
        of_second in prop::collection::vec(line(vec!["P2"]), 1..4),
    ) {
        // A reference may be taken by the other person, so each has its own.
        let of_second: Vec<String> = of_second.iter().map(|line| line.replace("ref R", "ref Q").replace("ref:R", "ref:Q")).collect();
        let sender = ("4204-OVERF1", Transaksjon::PerPerson);
        let both: Vec<String> = of_first.iter().chain(&of_second).map(|line| line.replace("linje:", "linje:x")).collect();
        let mut world = STANDARD.clone();
        let together = command(&mut world, sender, &both);
        let together = judge(&world, &together);
        for (n, range) in [(0, 0..of_first.len()), (1, of_first.len()..both.len())] {
            let alone = command(&mut world, sender, &both[range]);
            let alone = judge(&world, &alone);
            prop_assert_eq!(said(&together.persons[n]), said(&alone.persons[0]));
        }
    }

    /// Only an error refuses, and every refusal says one.
    #[test]
    fn warnings_never_refuse(sender in sender(), sent in prop::collection::vec(line(anybody()), 1..5)) {
        let mut world = STANDARD.clone();
        let command = command(&mut world, sender, &sent);
        let decision = judge(&world, &command);
        let error = findings(&decision).any(|finding| finding.severity == Severity::Error);
        prop_assert_eq!(decision.status != Status::Godtatt, error);
        let later = findings(&decision).any(|f| f.severity == Severity::Error && (f.rejection.may_succeed_later() || f.rejection.outside_message()));
        prop_assert_eq!(decision.spends_id, !later);
    }
}

/// Lines of an accepted person all stand with their post; of another none does, and something says why.
fn whole_or_nothing(person: &PersonResult) -> Result<(), TestCaseError> {
    for line in &person.lines {
        let stands = !matches!(line.outcome, LineOutcome::Avvist | LineOutcome::IkkeUtfoert);
        prop_assert_eq!(stands, person.accepted);
        prop_assert_eq!(line.post.is_some(), person.accepted);
        let errors = line.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        prop_assert_eq!(line.outcome == LineOutcome::Avvist, errors > 0);
    }
    Ok(())
}

/// Outcomes and codes, without ids.
fn said(person: &PersonResult) -> Vec<(LineOutcome, Vec<&'static str>)> {
    let codes = |findings: &[Finding]| findings.iter().map(|finding| finding.rejection.code()).collect::<Vec<_>>();
    let lines = person.lines.iter().map(|line| (line.outcome, codes(&line.findings)));
    lines.chain([(LineOutcome::Uendret, codes(&person.findings))]).collect()
}
