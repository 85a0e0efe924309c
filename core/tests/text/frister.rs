//! Deadlines and durations as tables: `core/tests/frist/*.txt`.
//!
//! A file begins with `# TITTEL [RAD, RAD …]`, a section with `== …` (nothing is known in it yet). A line without `=>` says
//! what stands:
//! ```text
//! FAKTUM                                        as in text/fakta.rs
//! post INNHOLD [mottatt D]                      as in text/innhold.rs; received on its own day, or on D
//! kategori KODE LOV A..[B] RAD [ÅRSAK] [usikker]     instead of those that would be computed
//! lov IL|INTL
//! ```
//! A line `DEL ; DEL … => SVAR` holds with those parts added, for this line alone. Answers:
//! ```text
//! FRISTTYPE ORDNING D|- STATUS RAD [+N] [usikker]    there is this deadline, and no other of the type that is like it
//! ingen FRISTTYPE ORDNING                       there is none
//! ikke RAD                                      no deadline and no step of the log rests on the row
//! logg RAD [navn=verdi …] [utfall TEKST]        a step of the log says so
//! ```
//! One part may be a question instead, with its own answer:
//! ```text
//! utvidet D [A..B]        => tillatt D | for lang D | utenfor D..D | utdanning mangler | ingen rett | ikke i kraft |
//!                            FR-34-UTVIDET-OPPH opphevet
//! varighet D [mottatt D] [fra D]  => RAD [minst N] maks N [forl N] hard|advarsel [usikker] [sist D] [forlenget D]
//! utsatt D                => D                  latest postponed start
//! innhold D               => nok | RAD krav N har N      the month of the day
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use register::fact::Fact;
use register::frist::{Utvidet, frister, innhold as work, latest_postponed_start, utvidet, varighet_of};
use register::id::Duf;
use register::kategori::{Frist, Grunnlag, Kategori, Kategorikode, Loggsteg, LukketAarsak, beregn};
use register::policy::{Policy, Profile};
use register::post::{Channel, Content, PostId, PostVersion};
use register::registry::Lov;
use register::time::Period;

use crate::words::{Bad, Words, period};
use crate::{fakta, innhold, regler};

/// What the tables said.
#[derive(Default)]
pub struct Report {
    pub lines: usize,
    pub failures: Vec<String>,
    /// Rows that a line says hold, and rows that one says do not.
    pub holds: BTreeSet<String>,
    pub holds_not: BTreeSet<String>,
}

/// What stands about the person of a section.
#[derive(Clone, Default)]
pub struct Person {
    pub facts: Vec<Fact>,
    pub posts: Vec<PostVersion>,
    pub kategorier: Vec<Kategori>,
    pub lov: Option<Lov>,
}

pub fn folder(path: &str) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let policy = regler::policy(Profile::Sandbox);
    let mut report = Report::default();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        table(&policy, &name, &std::fs::read_to_string(&file).unwrap(), &mut report);
    }
    report
}

fn table(policy: &Policy, file: &str, text: &str, report: &mut Report) {
    let mut person = Person::default();
    for (line, n) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("==") {
            person = Person::default();
            continue;
        }
        let result = match line.split_once("=>") {
            None => person.add(line),
            Some((parts, expected)) => {
                report.lines += 1;
                rows(expected.trim(), report);
                check(policy, &person, parts, expected.trim())
            }
        };
        if let Err(bad) = result {
            report.failures.push(format!("{file}:{n}: {line}\n  {bad}"));
        }
    }
}

fn rows(expected: &str, report: &mut Report) {
    let into = if expected.starts_with("ikke FR-") { &mut report.holds_not } else { &mut report.holds };
    into.extend(
        expected.split_whitespace().filter(|word| word.starts_with("FR-") && !word.contains('=')).map(str::to_owned),
    );
}

fn lov(words: &mut Words<'_>) -> Result<Lov, Bad> {
    match words.next("lov")? {
        "IL" => Ok(Lov::Il),
        "INTL" => Ok(Lov::Intl),
        other => Err(format!("ingen lov heter {other}")),
    }
}

impl Person {
    pub fn add(&mut self, line: &str) -> Result<(), Bad> {
        let mut words = Words::of(line);
        match words.peek() {
            Some("post") => {
                words.take("post");
                self.post(&mut words)?;
            }
            Some("kategori") => {
                words.take("kategori");
                self.kategori(&mut words)?;
            }
            Some("lov") => {
                words.take("lov");
                self.lov = Some(lov(&mut words)?);
            }
            _ => {
                let none = |_: &str| -> Result<Duf, Bad> { Err("her finnes bare én person".to_owned()) };
                let (content, valid) = fakta::fact(&none, &mut words)?;
                let row_no = self.facts.len() as i64 + 1;
                self.facts.push(Fact {
                    row_no,
                    source: "TEST".to_owned(),
                    source_id: row_no.to_string(),
                    content,
                    valid,
                    annulled: false,
                    system_from: DateTime::<Utc>::MIN_UTC,
                    system_to: None,
                });
            }
        }
        words.end()
    }

    fn post(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        let refer = |_: &str| Err("her har poster ingen navn".to_owned());
        let (content, _) = innhold::content(&refer, words)?;
        let received_on = words.value_of("mottatt")?.unwrap_or_else(|| content.hendelse().0);
        let row_no = self.posts.len() as i64 + 1;
        self.posts.push(PostVersion {
            row_no,
            post_id: PostId::from_u128(row_no as u128),
            versjon: 1,
            valid: content.valid(),
            content,
            system_from: DateTime::<Utc>::MIN_UTC,
            system_to: None,
            annulled: words.take("slettet"),
            feilregistrert: None,
            etterregistrering: None,
            continues: None,
            kommune: "4204".parse().unwrap(),
            bydel: None,
            channel: Channel::Web,
            registered_by: String::new(),
            caseworker: None,
            meldings_id: String::new(),
            received_on,
            references: Vec::new(),
        });
        Ok(())
    }

    fn kategori(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        let code = words.next("kategori")?;
        let kode = Kategorikode::ALL.into_iter().find(|kode| kode.code() == code).ok_or(format!("ingen {code}"))?;
        let lov = lov(words)?;
        let Some((Some(from), last)) = period(words.next("periode")?) else { return Err("A.. eller A..B".into()) };
        let rad = words.next("rad")?.to_owned();
        let aarsak = words.peek().and_then(|text| LukketAarsak::ALL.iter().find(|aarsak| aarsak.code() == text));
        if aarsak.is_some() {
            words.next("årsak")?;
        }
        self.kategorier.push(Kategori {
            kode,
            lov,
            gyldig: Period::inclusive(from, last),
            aarsak: aarsak.copied(),
            rett_til_aa_fullfoere: false,
            rad,
            usikker: words.take("usikker"),
        });
        self.lov = Some(lov);
        Ok(())
    }

    pub fn grunnlag(&self) -> Grunnlag<'_> {
        Grunnlag { facts: &self.facts, posts: &self.posts }
    }

    /// With the categories that the section states, or else with those that are computed.
    pub fn frister(&self, policy: &Policy) -> (Vec<Frist>, Vec<Loggsteg>) {
        let mut logg = Vec::new();
        if self.kategorier.is_empty() && self.lov.is_none() {
            let beregnet = beregn(self.grunnlag(), policy);
            return (beregnet.frister, beregnet.logg);
        }
        let frister = frister(self.grunnlag(), policy, self.lov, &self.kategorier, &mut logg);
        (frister, logg)
    }
}

fn check(policy: &Policy, person: &Person, parts: &str, expected: &str) -> Result<(), Bad> {
    let mut person = person.clone();
    let mut question = None;
    for part in parts.split(" ; ").map(str::trim).filter(|part| !part.is_empty()) {
        let word = part.split_whitespace().next().unwrap_or_default();
        if ["utvidet", "varighet", "utsatt", "innhold"].contains(&word) {
            question = Some(part);
        } else {
            person.add(part)?;
        }
    }
    if let Some(question) = question {
        let got = answer(policy, &person, question)?;
        if let Some(row) = expected.strip_prefix("ikke FR-") {
            let there = got.split_whitespace().next() == Some(&format!("FR-{row}"));
            return if there { Err(format!("fikk    {got}")) } else { Ok(()) };
        }
        return if got == expected { Ok(()) } else { Err(format!("fikk    {got}")) };
    }
    let (frister, logg) = person.frister(policy);
    let mut words = Words::of(expected);
    let fails = |what: &str| {
        let all: Vec<String> = frister.iter().map(text).collect();
        let steps: Vec<String> = logg.iter().map(step).collect();
        Err(format!("{what}\n  frister {}\n  logg    {}", all.join("\n          "), steps.join("\n          ")))
    };
    match words.next("svar")? {
        "ingen" => {
            let wanted = words.rest();
            if frister.iter().any(|frist| text(frist).starts_with(&wanted)) { fails("det er en") } else { Ok(()) }
        }
        "ikke" => {
            let row = words.next("rad")?;
            let there = frister.iter().any(|frist| frist.rad == row) || logg.iter().any(|steg| steg.regel == row);
            if there { fails("raden gjelder") } else { Ok(()) }
        }
        "logg" => {
            let row = words.next("rad")?;
            let wanted = words.rest();
            let (inputs, outcome) = wanted.split_once("utfall ").unwrap_or((&wanted, ""));
            let there = logg.iter().filter(|steg| steg.regel == row).any(|steg| {
                let text = step(steg);
                inputs.split_whitespace().all(|input| text.contains(&format!(" {input} ")))
                    && steg.utfall.contains(outcome)
            });
            if there { Ok(()) } else { fails("loggen sier det ikke") }
        }
        _ => {
            let there = frister.iter().any(|frist| text(frist) == expected);
            if there { Ok(()) } else { fails("ingen slik frist") }
        }
    }
}

fn text(frist: &Frist) -> String {
    let date = frist.dato.map_or_else(|| "-".to_owned(), |dato| dato.to_string());
    let status = frist.status.code();
    let mut text = format!("{} {} {date} {status} {}", frist.fristtype.code(), frist.ordning.code(), frist.rad);
    if frist.tillegg_dager != 0 {
        let _ = write!(text, " +{}", frist.tillegg_dager);
    }
    if frist.usikker {
        text.push_str(" usikker");
    }
    text
}

fn step(steg: &Loggsteg) -> String {
    let inputs: Vec<String> = steg.grunnlag.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {} {:?}..{:?} utfall {}", steg.regel, inputs.join(" "), steg.fra, steg.til, steg.utfall)
}

fn answer(policy: &Policy, person: &Person, question: &str) -> Result<String, Bad> {
    let mut words = Words::of(question);
    let lov = person.lov.or_else(|| beregn(person.grunnlag(), policy).lov);
    let got = match words.next("spørsmål")? {
        "utvidet" => {
            let rest = words.rest();
            let vedtak = vedtak(&format!("vedtak UTVIDET_NORSK {rest} ordning NORSK"))?;
            match utvidet(person.grunnlag(), policy, lov, &vedtak, None) {
                Utvidet::Opphevet => "FR-34-UTVIDET-OPPH opphevet".to_owned(),
                Utvidet::IkkeIKraft => "ikke i kraft".to_owned(),
                Utvidet::IngenRett => "ingen rett".to_owned(),
                Utvidet::UtdanningMangler => "utdanning mangler".to_owned(),
                Utvidet::UtenforVindu { fra, til, .. } => format!("utenfor {fra}..{til}"),
                Utvidet::ForLang { sist } => format!("for lang {sist}"),
                Utvidet::Tillatt { sist } => format!("tillatt {sist}"),
            }
        }
        "varighet" => {
            let day: NaiveDate = words.parse("dato")?;
            let received = words.value_of("mottatt")?.unwrap_or(day);
            let from: Option<NaiveDate> = words.value_of("fra")?;
            let granted = vedtak(&format!("vedtak INNVILGELSE {day}"))?;
            let v = varighet_of(person.grunnlag(), policy, lov, &granted, received);
            let months = |name: &str, value: Option<u32>| value.map_or(String::new(), |n| format!(" {name} {n}"));
            let hard = if v.hard { " hard" } else { " advarsel" };
            let unsure = if v.usikker { " usikker" } else { "" };
            let mut text = format!(
                "{}{}{}{}{hard}{unsure}",
                v.rad,
                months("minst", v.minst),
                months("maks", v.maks),
                months("forl", v.forlengelse)
            );
            if let Some(from) = from {
                let day = |day: Option<NaiveDate>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
                let (end, longer) = (v.latest_end(from, false, 0), v.latest_end(from, true, 0));
                let _ = write!(text, " sist {}", day(end));
                if v.forlengelse.is_some() {
                    let _ = write!(text, " forlenget {}", day(longer));
                }
            }
            text
        }
        "utsatt" => latest_postponed_start(policy, words.parse("dato")?).to_string(),
        "innhold" => {
            let found = work(person.grunnlag(), policy, words.parse("dato")?);
            found.map_or_else(|| "nok".to_owned(), |few| format!("{} krav {} har {}", few.rad, few.krav, few.timer))
        }
        other => return Err(format!("forstår ikke «{other}»")),
    };
    words.end()?;
    Ok(got)
}

fn vedtak(text: &str) -> Result<register::post::Vedtak, Bad> {
    let refer = |_: &str| Err("her har poster ingen navn".to_owned());
    let mut words = Words::of(text);
    let (content, _) = innhold::content(&refer, &mut words)?;
    words.end()?;
    match content {
        Content::Vedtak(vedtak) => Ok(vedtak),
        _ => Err("ikke noe vedtak".to_owned()),
    }
}
