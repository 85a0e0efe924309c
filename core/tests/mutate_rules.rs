//! Which line notices when a number of the rules moves? Every number in `core/rules/*.toml` is moved by one unit and every
//! date by one day, both ways, one at a time; each move must make a line of a table fail, or it is a rule that no table
//! holds. Run by `make mutate-rules`, which prints the list; too slow for every run of the tests.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/expect.rs"]
mod expect;
#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/frister.rs"]
mod frister;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/kategorier.rs"]
#[expect(dead_code, clippy::panic, reason = "the tables' own test uses the rest")]
mod kategorier;
#[path = "text/message.rs"]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/run.rs"]
mod run;
#[path = "text/tall.rs"]
mod tall;
#[path = "text/vindu.rs"]
mod vindu;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
mod world;

use chrono::{Days, NaiveDate};
use register::policy::{Policy, Profile, RULES, RuleFiles};
use rust_decimal::Decimal;
use toml::{Table, Value};

/// Keys that say where a row comes from, not what it rules.
const NO_RULES: [&str; 3] = ["checked_on", "reference", "regel"];

/// One number or date moved.
struct Move {
    file: &'static str,
    /// `vindu[2].maaneder`
    place: String,
    from: String,
    to: String,
    table: Table,
}

#[test]
#[ignore = "minutes: make mutate-rules"]
fn every_number_is_held_by_a_line() {
    assert_eq!(failing_lines(), 0, "the tables hold before anything is moved");
    let mut left = Vec::new();
    let moves = moves();
    for moved in &moves {
        let text = toml::to_string(&moved.table).unwrap();
        let files = RuleFiles::embedded().with(moved.file, text).unwrap();
        // Rules that no longer hold together are noticed before any line.
        let noticed = if Policy::read(Profile::Sandbox, &files).is_err() {
            "refused".to_owned()
        } else {
            *regler::IN_USE.write().unwrap() = files;
            failing_lines().to_string()
        };
        println!("{:<20} {:<44} {:>12} -> {:<12} {noticed} lines", moved.file, moved.place, moved.from, moved.to);
        if noticed == "0" {
            left.push(format!("{} {} {} -> {}", moved.file, moved.place, moved.from, moved.to));
        }
    }
    *regler::IN_USE.write().unwrap() = RuleFiles::embedded();
    println!("{} moves, {} left over", moves.len(), left.len());
    assert!(left.is_empty(), "no line notices:\n{}", left.join("\n"));
}

/// Lines of all tables that fail under the rules in use.
fn failing_lines() -> usize {
    run::folder("tests/decide").failures.len()
        + tall::folder("tests/tall").len()
        + kategorier::failing(&kategorier::tables()).len()
        + frister::folder("tests/frist").failures.len()
}

fn moves() -> Vec<Move> {
    let mut all = Vec::new();
    for (file, text) in RULES.iter().filter(|(name, _)| name.ends_with(".toml")) {
        let table: Table = text.parse().unwrap();
        let mut places = Vec::new();
        walk(&Value::Table(table.clone()), &mut Vec::new(), &mut places);
        for (path, value) in places {
            for to in neighbors(&value) {
                let mut moved = Value::Table(table.clone());
                let place = path.iter().fold(&mut moved, |at, step| match step {
                    Step::Key(key) => at.get_mut(key.as_str()).unwrap(),
                    Step::Index(index) => at.get_mut(*index).unwrap(),
                });
                *place = to.clone();
                let Value::Table(moved) = moved else { continue };
                all.push(Move { file, place: name(&path), from: short(&value), to: short(&to), table: moved });
            }
        }
    }
    all
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

fn name(path: &[Step]) -> String {
    let mut name = String::new();
    for step in path {
        match step {
            Step::Key(key) if name.is_empty() => name.push_str(key),
            Step::Key(key) => name.push_str(&format!(".{key}")),
            Step::Index(index) => name.push_str(&format!("[{}]", index + 1)),
        }
    }
    name
}

fn short(value: &Value) -> String {
    value.to_string().trim_matches('"').to_owned()
}

fn walk(value: &Value, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, Value)>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table.iter().filter(|(key, _)| !NO_RULES.contains(&key.as_str())) {
                path.push(Step::Key(key.clone()));
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                path.push(Step::Index(index));
                walk(value, path, found);
                path.pop();
            }
        }
        value if !neighbors(value).is_empty() => found.push((path.clone(), value.clone())),
        _ => {}
    }
}

/// The value one unit or one day away on both sides; nothing for what is neither number nor date.
fn neighbors(value: &Value) -> Vec<Value> {
    match value {
        Value::Integer(number) => vec![Value::Integer(number + 1), Value::Integer(number - 1)],
        Value::String(text) => {
            if let Ok(day) = text.parse::<NaiveDate>() {
                return [day + Days::new(1), day - Days::new(1)].map(|day| Value::String(day.to_string())).into();
            }
            // Kommune numbers are names: four digits with nothing to count.
            let number = text.parse::<Decimal>().ok().filter(|_| text.len() != 4 || text.contains('.'));
            number.map_or_else(Vec::new, |number| {
                [number + Decimal::ONE, number - Decimal::ONE].map(|number| Value::String(number.to_string())).into()
            })
        }
        _ => Vec::new(),
    }
}
