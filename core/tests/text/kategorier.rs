//! Tables of categories: a person's facts and registrations, and the categories that follow. The words stand at the top of
//! core/tests/kategori.rs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use register::fact::Fact;
use register::id::Duf;
use register::kategori::{Beregning, Grunnlag, Kategori, beregn, logg, proeveplikt};
use register::policy::{Policy, Profile, RuleFiles};
use register::post::{Channel, PostVersion};
use register::time::Period;
use uuid::Uuid;

use crate::words::{Bad, Words};
use crate::{fakta, innhold, regler};

/// One case of a table.
#[derive(Default)]
pub struct Case {
    pub place: String,
    pub name: String,
    pub facts: Vec<Fact>,
    pub posts: Vec<PostVersion>,
    valg: Vec<(String, String)>,
    expected: Vec<String>,
    /// `+IL-1`: shows the row at work; `-IL-1`: what it keeps out.
    pub rows: Vec<String>,
}

/// A fact as a table writes it.
pub fn fact(line: &str, row_no: i64) -> Result<Fact, Bad> {
    let mut words = Words::of(line);
    let nobody = |text: &str| Duf::parse(text, true).map_err(|_| format!("«{text}» er intet nummer"));
    let (content, valid) = fakta::fact(&nobody, &mut words)?;
    words.end()?;
    Ok(Fact {
        row_no,
        source: "UDI".into(),
        source_id: row_no.to_string(),
        content,
        valid,
        annulled: false,
        system_from: DateTime::<Utc>::MIN_UTC,
        system_to: None,
    })
}

/// A registration as a table writes it.
pub fn post(line: &str, row_no: i64) -> Result<PostVersion, Bad> {
    let mut words = Words::of(line);
    let annulled = words.take("slettet");
    let (content, _) = innhold::content(&|text| Err(format!("ingen post heter {text}")), &mut words)?;
    words.end()?;
    Ok(PostVersion {
        row_no,
        post_id: Uuid::from_u128(row_no as u128),
        versjon: 1,
        valid: content.valid(),
        content,
        system_from: DateTime::<Utc>::MIN_UTC,
        system_to: None,
        annulled,
        continues: None,
        kommune: "4204".parse().unwrap(),
        bydel: None,
        channel: Channel::Web,
        registered_by: String::new(),
        caseworker: None,
        meldings_id: String::new(),
        received_on: chrono::NaiveDate::MIN,
        references: Vec::new(),
        feilregistrert: None,
        etterregistrering: None,
    })
}

fn cases(file: &str, text: &str) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    for (line, n) in text.lines().zip(1..) {
        let place = format!("{file}:{n}");
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            let marks = name.split(['[', ']', ' ']).filter(|word| word.starts_with(['+', '-']) && word.len() > 3);
            let rows = marks.map(str::to_owned).collect();
            all.push(Case { place, name: name.to_owned(), rows, ..Case::default() });
            continue;
        }
        let case = all.last_mut().unwrap_or_else(|| panic!("{place}: et tilfelle begynner med =="));
        let next = (case.facts.len() + case.posts.len() + 1) as i64;
        let read = if let Some(expected) = line.strip_prefix("=> ") {
            case.expected.push(expected.trim().to_owned());
            Ok(())
        } else if let Some(choice) = line.strip_prefix("valg ") {
            let (name, value) = choice.split_once('=').unwrap_or_else(|| panic!("{place}: valg NAVN = VERDI"));
            case.valg.push((name.trim().to_owned(), value.trim().to_owned()));
            Ok(())
        } else if let Some(content) = line.strip_prefix("post ") {
            post(content, next).map(|post| case.posts.push(post))
        } else {
            fact(line, next).map(|fact| case.facts.push(fact))
        };
        read.unwrap_or_else(|bad| panic!("{place}: {line}: {bad}"));
    }
    all
}

fn place() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kategori")
}

/// The cases of every table.
pub fn tables() -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(place()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let read = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        cases(&name, &std::fs::read_to_string(file).unwrap())
    };
    files.iter().flat_map(read).collect()
}

/// The cases of one table.
pub fn table(name: &str) -> Vec<Case> {
    cases(name, &std::fs::read_to_string(place().join(name)).unwrap())
}

/// What fails in some cases under the rules in use.
pub fn failing(cases: &[Case]) -> Vec<String> {
    let files = regler::IN_USE.read().unwrap().clone();
    let policy = Policy::read(Profile::Sandbox, &files).unwrap();
    let mut bad = Vec::new();
    for case in cases {
        let wrong = failures(case, &policy, &files);
        bad.extend(wrong.into_iter().map(|wrong| format!("{} == {}: {wrong}", case.place, case.name)));
    }
    bad
}

/// The rules with the choices of a case.
fn with(valg: &[(String, String)], files: &RuleFiles) -> Policy {
    let mut text = files.get("kategorier.toml").to_owned();
    for (name, value) in valg {
        let line =
            text.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap_or_else(|| panic!("{name}"));
        text = text.replace(line, &format!("{name} = {value}"));
    }
    Policy::read(Profile::Sandbox, &files.clone().with("kategorier.toml", text).unwrap()).unwrap()
}

fn compute(case: &Case, standard: &Policy, files: &RuleFiles) -> Beregning {
    let other;
    let policy = if case.valg.is_empty() {
        standard
    } else {
        other = with(&case.valg, files);
        &other
    };
    beregn(Grunnlag { facts: &case.facts, posts: &case.posts }, policy)
}

fn days(period: &Period) -> String {
    format!("{}..{}", period.from, period.last().map_or_else(String::new, |last| last.to_string()))
}

/// A category as a table writes it.
fn written(kategori: &Kategori, beregning: &Beregning) -> String {
    let mut words = vec![kategori.kode.code().to_owned(), days(&kategori.gyldig)];
    words.extend(kategori.aarsak.map(|aarsak| aarsak.code().to_owned()));
    words.push(kategori.rad.clone());
    if kategori.usikker {
        words.push("usikker".into());
    }
    if kategori.rett_til_aa_fullfoere {
        words.push("fullføre".into());
    }
    if Some(kategori.lov) != beregning.lov {
        words.push(kategori.lov.code().to_owned());
    }
    words.join(" ")
}

fn sorted_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is wrong with a case; nothing when all is as it says.
fn failures(case: &Case, policy: &Policy, files: &RuleFiles) -> Vec<String> {
    let got = compute(case, policy, files);
    let mut wrong = Vec::new();
    let mut categories: BTreeSet<String> = BTreeSet::new();
    let mut said_categories = false;
    let law = got.lov.map_or("ingen lov", |lov| lov.code());
    for expected in &case.expected {
        let mut words = Words::of(expected);
        match words.next("forventning").unwrap() {
            "IL" | "INTL" if expected == law => {}
            "ingen" if expected == law => {}
            "IL" | "INTL" => wrong.push(format!("venter {expected}, fikk {law}")),
            "ingen" if words.take("kategori") => said_categories = true,
            "ingen" if words.take("prøveplikt") => {
                let day = words.parse("dato").unwrap();
                if got.kategorier.iter().any(|k| k.gyldig.contains(day) && proeveplikt(k)) {
                    wrong.push(format!("har prøveplikt {day}"));
                }
            }
            "prøveplikt" => {
                let day = words.parse("dato").unwrap();
                if !got.kategorier.iter().any(|k| k.gyldig.contains(day) && proeveplikt(k)) {
                    wrong.push(format!("har ikke prøveplikt {day}"));
                }
            }
            "logg" => {
                let said = expected.split_once('«').and_then(|(_, said)| said.strip_suffix('»')).unwrap();
                if !got.logg.iter().any(|steg| logg::tekst(steg).contains(said)) {
                    let all: Vec<_> = got.logg.iter().map(logg::tekst).collect();
                    wrong.push(format!("loggen sier ikke «{said}», men\n    {}", all.join("\n    ")));
                }
            }
            _ => {
                said_categories = true;
                categories.insert(sorted_words(expected));
            }
        }
    }
    let computed: BTreeSet<String> = got.kategorier.iter().map(|k| written(k, &got)).collect();
    if !said_categories {
        wrong.push("sier ikke hvilke kategorier som ventes".into());
    }
    if computed != categories {
        let lines: Vec<String> = computed.iter().map(|line| format!("=> {line}")).collect();
        let lines = if lines.is_empty() { "=> ingen kategori".to_owned() } else { lines.join("\n") };
        wrong.push(format!("fikk\n=> {law}\n{lines}"));
    }
    for steg in &got.logg {
        let text = logg::tekst(steg);
        if text.contains(['{', '}']) || !text.ends_with('.') || text.contains("Regel ") {
            wrong.push(format!("loggen leses ikke godt: {text}"));
        }
    }
    if case.expected.is_empty() {
        wrong.push("venter ingenting".into());
    }
    wrong
}
