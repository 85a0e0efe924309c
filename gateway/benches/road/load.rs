//! Messages that all differ and are all accepted: each measure has a week of its own in the person's programme.

use std::path::Path;

use crate::messages::{self, Head};
use crate::sandbox::load_persons;

/// How many persons a message holds, and how many registrations of each.
pub type Shape = (usize, usize);
/// Persons of one message of grants; one of more would commit alone.
const GRANTS: usize = 50;
/// Weeks of a programme: so many measures a person can take.
pub const WEEKS: usize = 42;

/// A kommune and who sends for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    pub kommune: &'static str,
    pub avsendersystem: &'static str,
    pub user: &'static str,
}

/// The vendor sends for both.
pub const HOMES: [Home; 2] = [
    Home { kommune: "4204", avsendersystem: "4204-flyktning-1", user: "4204-OVERF1" },
    Home { kommune: "0301", avsendersystem: "0301-flyktning-1", user: "0301-OVERF1" },
];

/// One measure to be registered.
#[derive(Debug, Clone)]
pub struct Measure {
    pub home: Home,
    pub duf: String,
    /// Unique in all messages.
    pub reference: String,
    /// First and last day, in days from today.
    pub days: (i64, i64),
}

/// The persons of each kommune, and how many weeks of each programme are taken.
pub struct Load {
    persons: [Vec<(String, usize)>; HOMES.len()],
    measures: usize,
    many: usize,
}

impl Load {
    /// The load persons of a sandbox.
    pub fn new(sandbox: &Path) -> Self {
        let persons = HOMES.map(|home| load_persons(sandbox, home.kommune).into_iter().map(|duf| (duf, 0)).collect());
        Load { persons, measures: 0, many: 0 }
    }

    /// One measure: one kommune after the other, round after round over their persons.
    fn measure(&mut self) -> Measure {
        let (home, turn) = (self.measures % HOMES.len(), self.measures / HOMES.len());
        self.measures += 1;
        let person = turn % self.persons[home].len();
        self.next_of(home, person)
    }

    /// The measures of one message of many: persons of one kommune, each with several.
    fn many(&mut self, (persons, each): Shape) -> Vec<Measure> {
        let (home, turn) = (self.many % HOMES.len(), self.many / HOMES.len());
        self.many += 1;
        let first = turn * persons % (self.persons[home].len() - persons + 1);
        (0..persons * each).map(|n| self.next_of(home, first + n / each)).collect()
    }

    /// The measures of the next message of that shape.
    pub fn message(&mut self, shape: Shape) -> Vec<Measure> {
        if shape == (1, 1) { vec![self.measure()] } else { self.many(shape) }
    }

    /// Posts that each person has once all is stored: the programme and the measures.
    pub fn posts(&self) -> impl Iterator<Item = (&str, usize)> {
        self.persons.iter().flatten().map(|(duf, weeks)| (duf.as_str(), weeks + 1))
    }

    fn next_of(&mut self, home: usize, person: usize) -> Measure {
        let (duf, weeks) = &mut self.persons[home][person];
        assert!(*weeks < WEEKS, "the programme of {duf} is full");
        let first = 1 + 7 * *weeks as i64;
        let measure = Measure {
            home: HOMES[home],
            duf: duf.clone(),
            reference: format!("bench/{duf}/{weeks}"),
            days: (first, first + 6),
        };
        *weeks += 1;
        measure
    }

    /// Who must be granted a programme before measures can follow, in portions of a message.
    pub fn to_grant(&self) -> Vec<(Home, Vec<String>)> {
        let dufs = |persons: &[(String, usize)]| persons.iter().map(|(duf, _)| duf.clone()).collect();
        let of = |(home, all): (Home, &Vec<(String, usize)>)| {
            all.chunks(GRANTS).map(|some| (home, dufs(some))).collect::<Vec<_>>()
        };
        HOMES.into_iter().zip(&self.persons).flat_map(of).collect()
    }
}

fn head(home: Home) -> Head {
    messages::head().from(home.avsendersystem, home.kommune, home.user)
}

/// The payload of a message of grants.
pub fn grants(home: Home, dufs: &[String]) -> String {
    let innhold = messages::vedtak(&messages::day(0), &messages::day(0), &messages::day(7 * WEEKS as i64));
    let one = |duf: &String| messages::person(duf, &messages::registrer(duf, &format!("bench/{duf}"), &innhold));
    messages::send(&head(home), &dufs.iter().map(one).collect::<String>())
}

/// The payload of a message with these measures of one kommune, those of a person side by side.
pub fn payload(measures: &[Measure]) -> String {
    let persons: String = measures
        .chunk_by(|a, b| a.duf == b.duf)
        .map(|own| {
            let lines: String = own.iter().map(line).collect();
            messages::person(&own[0].duf, &lines)
        })
        .collect();
    messages::send(&head(measures[0].home), &persons)
}

fn line(measure: &Measure) -> String {
    let (first, last) = measure.days;
    let innhold = messages::tiltak("NORSK_SAMF", "NS01", &messages::day(first), &messages::day(last), "20.00");
    messages::registrer(&measure.reference, &measure.reference, &innhold)
}
