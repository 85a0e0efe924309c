//! The decision tables of domain.md 5.3 and 5.4 and the bugs of 5.6, as tables that a clerk can read.
//!
//! ```text
//! # ASYL og OVERFLYKT [IL-1]              what the file or the block is about, and the rows it is about
//! == bosatt etter avtale [+IL-1]          a case; +ROW shows the row at work, -ROW shows what it keeps out
//! født 1990-01-01                         facts, as core/tests/text/fakta.rs writes them
//! tillatelse ASYL 2022-03-01 2022-03-01..2025-02-28
//! post vedtak INNVILGELSE 2022-07-01 2022-08-01..2024-07-31     registrations, as core/tests/text/innhold.rs writes them
//! valg kt_uten_permanent_spor = false     another choice of domain.md 17
//! => IL                                   the act: IL, INTL or «ingen lov»
//! => INTRO_RP 2022-06-01..2024-05-31 TO_AAR_UTEN_VEDTAK IL-1 [usikker] [fullføre] [INTL]
//! => ingen kategori
//! => prøveplikt 2023-01-01                | ingen prøveplikt 2023-01-01 (IL-22)
//! => logg «uten rettskrav»                the calculation log says so, in words
//! ```
//! Days are inclusive. All categories must be listed, in any order: one that is not listed fails. The act of a category is
//! said only where it differs from the person's. A case without a birth date, a permit and so on has none.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
#[expect(dead_code, reason = "names of all kinds of content are the messages' concern")]
mod innhold;
#[path = "text/words.rs"]
mod words;

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

/// One case of a table.
#[derive(Default)]
struct Case {
    place: String,
    name: String,
    facts: Vec<Fact>,
    posts: Vec<PostVersion>,
    valg: Vec<(String, String)>,
    expected: Vec<String>,
    rows: Vec<String>,
}

fn fact(line: &str, row_no: i64) -> Result<Fact, Bad> {
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

fn post(line: &str, row_no: i64) -> Result<PostVersion, Bad> {
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
        feilregistrert: None,
        etterregistrering: None,
        references: Vec::new(),
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
            let rows = name.split_once('[').map_or("", |(_, rows)| rows.trim_end_matches(']'));
            let rows = rows.split_whitespace().map(str::to_owned).collect();
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

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kategori")
}

fn tables() -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let read = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        cases(&name, &std::fs::read_to_string(file).unwrap())
    };
    files.iter().flat_map(read).collect()
}

fn table(name: &str) -> Vec<Case> {
    cases(name, &std::fs::read_to_string(folder().join(name)).unwrap())
}

/// The rules with the choices of a case.
fn policy(valg: &[(String, String)]) -> Policy {
    let files = RuleFiles::embedded();
    let mut text = files.get("kategorier.toml").to_owned();
    for (name, value) in valg {
        let line =
            text.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap_or_else(|| panic!("{name}"));
        text = text.replace(line, &format!("{name} = {value}"));
    }
    Policy::read(Profile::Sandbox, &files.with("kategorier.toml", text).unwrap()).unwrap()
}

fn compute(case: &Case, standard: &Policy) -> Beregning {
    let other;
    let policy = if case.valg.is_empty() {
        standard
    } else {
        other = policy(&case.valg);
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
fn failures(case: &Case, policy: &Policy) -> Vec<String> {
    let got = compute(case, policy);
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

fn check(cases: &[Case]) {
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let mut bad = Vec::new();
    for case in cases {
        bad.extend(
            failures(case, &policy).into_iter().map(|wrong| format!("{} == {}: {wrong}", case.place, case.name)),
        );
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_tables_hold() {
    let cases = tables();
    assert!(!cases.is_empty());
    check(&cases);
}

#[test]
fn every_rule_outcome_and_input_of_the_log_has_its_words() {
    let (regler, utfall, inndata) = logg::alle_navn();
    let missing: Vec<&str> = regler
        .into_iter()
        .filter(|regel| !logg::har_tekst(Some(regel), None, None))
        .chain(utfall.into_iter().filter(|utfall| !logg::har_tekst(None, Some(utfall), None)))
        .chain(inndata.into_iter().filter(|navn| !logg::har_tekst(None, None, Some(navn))))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
