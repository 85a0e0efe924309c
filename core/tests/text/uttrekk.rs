//! Extracts as tables: a world in the words of the other tables, a question, and every row of the answer.
//!
//! ```text
//! norsktilskudd P1 A..B
//! => KATEGORI A..B DAGER år N KOMMUNE[/BYDEL] SATSKLASSE ANSVARLIG [utvidet]
//! statistikk P1 ÅR
//! => LOV KOMMUNE A..[B] STATUS ÅRSAK|- HOVEDAKTIVITET|- MÅLOPPNÅELSE|- timer T norsk N arbeid A utdanning U
//! udi P1 D
//! => LOV plikt A..[B] [oppfylt] norsk N samf S [fritak F…] [prøver P…]
//! => ingen
//! ```

use std::path::Path;

use chrono::NaiveDate;
use register::id::Duf;
use register::person::Person;
use register::uttrekk::{norsktilskudd, statistikk, udi};

use crate::words::{Bad, Words, period};
use crate::world::World;

/// Failing lines of every table of the folder.
pub fn folder(path: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut world = World::standard();
        let mut rows: Option<Vec<String>> = None;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut told = |bad: Bad| failures.push(format!("{}:{}: {line}\n  {bad}", file.display(), number + 1));
            if let Some(expected) = line.strip_prefix("=>") {
                let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
                match &mut rows {
                    None => told("ingen har spurt".into()),
                    Some(left) if left.is_empty() => told("det er ingen flere rader".into()),
                    Some(left) => {
                        let got = left.remove(0);
                        if got != expected {
                            told(format!("fikk    {got}"));
                        }
                    }
                }
                continue;
            }
            if let Some(left) = rows.take().filter(|left| !left.is_empty()) {
                told(format!("rader som ingen linje nevner:\n  {}", left.join("\n  ")));
            }
            if line.starts_with("==") {
                world = World::standard();
                continue;
            }
            match ask(&world, line) {
                Ok(Some(answer)) => rows = Some(answer),
                Ok(None) => match world.set_up(line) {
                    Ok(true) => {}
                    Ok(false) => told("forstår ikke linjen".into()),
                    Err(bad) => told(bad),
                },
                Err(bad) => told(bad),
            }
        }
        if let Some(left) = rows.filter(|left| !left.is_empty()) {
            failures.push(format!("{}: slutt\n  {}", file.display(), left.join("\n  ")));
        }
    }
    failures
}

fn ask(world: &World, line: &str) -> Result<Option<Vec<String>>, Bad> {
    let mut words = Words::of(line);
    let question = words.next("spørsmål")?;
    if !["norsktilskudd", "statistikk", "udi"].contains(&question) {
        return Ok(None);
    }
    let person = person(world, words.next("person")?)?;
    let mut rows: Vec<String> = match question {
        "norsktilskudd" => {
            let (Some(from), Some(to)) = period(words.next("periode")?).unwrap_or_default() else {
                return Err("perioden trenger begge ender".into());
            };
            norsktilskudd::rader(&person, &world.policy, from, to).iter().map(grant).collect()
        }
        "statistikk" => statistikk::rader(&person, &world.policy, words.parse("år")?).iter().map(statistics).collect(),
        _ => udi::bevis(&person, words.parse("dato")?).iter().map(evidence).collect(),
    };
    words.end()?;
    if rows.is_empty() {
        rows.push("ingen".to_owned());
    }
    Ok(Some(rows))
}

fn person(world: &World, name: &str) -> Result<Person, Bad> {
    let duf = Duf::parse(&world.duf_text(name)?, true).map_err(|_| "ugyldig nummer")?;
    let registry = world.registry();
    world.state(&registry).persons.get(&duf).cloned().ok_or(format!("{name} finnes ikke"))
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn or_dash(text: Option<&String>) -> &str {
    text.map_or("-", String::as_str)
}

fn grant(rad: &norsktilskudd::Rad) -> String {
    let place = match rad.bydelsnummer {
        Some(bydel) => format!("{}/{bydel}", rad.kommunenummer),
        None => rad.kommunenummer.to_string(),
    };
    format!(
        "{} {}..{} {} år {} {place} {} {}{}",
        rad.kategori,
        rad.fra_dato,
        rad.til_dato,
        rad.dager,
        rad.tilskuddsaar,
        rad.satsklasse,
        rad.ansvarlig,
        if rad.utvidet { " utvidet" } else { "" }
    )
}

fn statistics(rad: &statistikk::Rad) -> String {
    format!(
        "{} {} {}..{} {} {} {} {} timer {} norsk {} arbeid {} utdanning {}",
        rad.lov,
        rad.kommunenummer,
        rad.start_dato,
        day(rad.slutt_dato),
        rad.status,
        or_dash(rad.avslutningsaarsak.as_ref()),
        or_dash(rad.hovedaktivitet.as_ref()),
        or_dash(rad.maaloppnaaelse.as_ref()),
        rad.timer.normalize(),
        rad.timer_norsk_samf.normalize(),
        rad.timer_arbeid.normalize(),
        rad.timer_utdanning.normalize()
    )
}

fn evidence(bevis: &udi::Bevis) -> String {
    let list = |name: &str, all: &[String]| {
        if all.is_empty() { String::new() } else { format!(" {name} {}", all.join(" ")) }
    };
    format!(
        "{} plikt {}..{}{} norsk {} samf {}{}{}",
        bevis.lov,
        day(bevis.plikt_fra),
        day(bevis.plikt_til),
        if bevis.plikt_oppfylt { " oppfylt" } else { "" },
        bevis.norsk_timer.normalize(),
        bevis.samfunnskunnskap_timer.normalize(),
        list("fritak", &bevis.fritak),
        list("prøver", &bevis.proever)
    )
}
