//! Who sees what, what is missing, and how a wrong record is struck, as tables: `tests/lesing/*.txt`,
//! `tests/konsistens/*.txt`. Set-up lines are those of `tests/decide.rs`; besides:
//! ```text
//! kategori P1 INTRO_RP IL A..B              as if it had been computed; after all facts of the person
//! frist P1 OPPSTART INTRO DATO [oppfylt]
//! BRUKER leser P1 => navn ident …           what of the person is shown, or the code that refuses
//! BRUKER logg P1 => vises                   the calculation log
//! BRUKER liste P1 => nå|tidligere|nei       whether the person is in lists of the user's kommune
//! BRUKER poster P1 => NAVN …                posts in hentPostoversikt
//! mangler P1 [IL|INTL] => KODE ORDNING ALVOR DATO og …
//! BRUKER melder P1 NAVN/VERSJON AARSAK => STROEKET|MELDT|KODE
//! imdi P1 NAVN stryker|avslår
//! sjekk P1 NAVN teller|strøket              whether the record counts
//! ```

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/message.rs"]
#[expect(dead_code, reason = "the tables of decide use the rest")]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
#[expect(dead_code, reason = "the tables of decide use the rest")]
mod world;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use register::decide::feilregistrert::{self, Melding};
use register::fact::{Fact, FactContent};
use register::id::Duf;
use register::kategori::{Beregnet, Frist, Friststatus, Fristtype, Kategori, Kategorikode};
use register::konsistens::mangler;
use register::query::access::{Access, Caller, access};
use register::query::liste;
use register::registry::Lov;
use register::time::Period;

use crate::words::{Bad, Words, period};
use crate::world::World;

/// Rows of domain.md that the tables show.
const ROWS: &str = "AU-1 AU-7 AU-9 VERN-1 VERN-1a VERN-2 VERN-3 HD-14 10.5 17.6 45";

#[derive(Default)]
struct Report {
    lines: usize,
    rows: BTreeSet<String>,
    failures: Vec<String>,
}

#[test]
fn every_line_holds() {
    let mut report = Report::default();
    for folder in ["lesing", "konsistens"] {
        let folder = format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            read(&file.file_name().unwrap().to_string_lossy(), &std::fs::read_to_string(&file).unwrap(), &mut report);
        }
    }
    assert!(report.failures.is_empty(), "{} lines fail\n\n{}\n", report.failures.len(), report.failures.join("\n\n"));
    assert!(report.lines > 60, "only {} lines were read", report.lines);
    let missing: Vec<&str> = ROWS.split_whitespace().filter(|row| !report.rows.contains(*row)).collect();
    assert!(missing.is_empty(), "no heading names {missing:?}");
}

fn read(name: &str, text: &str, report: &mut Report) {
    let mut world = World::standard();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let named = comment.split(['[', ']']).skip(1).step_by(2).flat_map(str::split_whitespace);
            report.rows.extend(named.map(str::to_owned));
        } else if line.starts_with("==") {
            world = World::standard();
        } else if !line.is_empty() {
            report.lines += 1;
            if let Err(why) = run(&mut world, line) {
                report.failures.push(format!("{name}:{}: {line}\n  {why}", number + 1));
            }
        }
    }
}

fn run(world: &mut World, line: &str) -> Result<(), Bad> {
    let (told, expected) = line.split_once("=>").map_or((line, None), |(told, answer)| (told, Some(answer.trim())));
    let mut words = Words::of(told);
    let first = words.next("ord")?;
    let got = match first {
        "kategori" => return kategori(world, &mut words),
        "frist" => return frist(world, &mut words),
        "imdi" => return imdi(world, &mut words),
        "sjekk" => return check(world, &mut words),
        "mangler" => missing(world, &mut words)?,
        user => match words.peek() {
            Some("leser" | "logg" | "liste" | "poster" | "melder") => answer(world, user, &mut words)?,
            _ if world.set_up(line)? => return Ok(()),
            _ => return Err("forstår ikke linjen".into()),
        },
    };
    words.end()?;
    let expected = expected.ok_or("linjen mangler =>")?;
    if got == expected { Ok(()) } else { Err(format!("fikk    {got}")) }
}

fn duf(world: &World, words: &mut Words<'_>) -> Result<Duf, Bad> {
    Duf::parse(&world.duf_text(words.next("person")?)?, true).map_err(|_| "ugyldig nummer".into())
}

fn lov(code: &str) -> Result<Lov, Bad> {
    match code {
        "IL" => Ok(Lov::Il),
        "INTL" => Ok(Lov::Intl),
        other => Err(format!("ingen lov heter {other}")),
    }
}

fn beregnet(world: &mut World, duf: Duf) -> Result<&mut Beregnet, Bad> {
    let person = world.persons.get_mut(&duf).ok_or("personen finnes ikke")?;
    Ok(person.beregnet.get_or_insert_with(|| Beregnet {
        row_no: 0,
        beregnings_id: uuid::Uuid::nil(),
        lov: None,
        kategorier: Vec::new(),
        frister: Vec::new(),
        aapninger: Vec::new(),
        logg: 0,
        system_from: chrono::DateTime::<chrono::Utc>::MIN_UTC,
    }))
}

fn kategori(world: &mut World, words: &mut Words<'_>) -> Result<(), Bad> {
    let duf = duf(world, words)?;
    let kode = words.next("kategori")?;
    let kode = Kategorikode::ALL.into_iter().find(|k| k.code() == kode).ok_or("ingen slik kategori")?;
    let lov = lov(words.next("lov")?)?;
    let (from, last) = period(words.next("periode")?).ok_or("ingen periode")?;
    let gyldig = Period::inclusive(from.unwrap_or(NaiveDate::MIN), last);
    let beregnet = beregnet(world, duf)?;
    beregnet.lov = Some(lov);
    beregnet.kategorier.push(Kategori {
        kode,
        lov,
        gyldig,
        aarsak: None,
        rett_til_aa_fullfoere: false,
        rad: "IL-1".into(),
        usikker: false,
    });
    words.end()
}

fn frist(world: &mut World, words: &mut Words<'_>) -> Result<(), Bad> {
    let duf = duf(world, words)?;
    let fristtype = match words.next("fristtype")? {
        "OPPSTART" => Fristtype::Oppstart,
        "GJENNOMFOERING" => Fristtype::Gjennomfoering,
        other => return Err(format!("ingen frist heter {other}")),
    };
    let ordning = innhold::ordning(words.next("ordning")?)?;
    let dato = Some(words.parse("dato")?);
    let status = if words.take("oppfylt") { Friststatus::Oppfylt } else { Friststatus::Loeper };
    let frist = Frist { fristtype, ordning, dato, status, tillegg_dager: 0, rad: "FR-START-IL".into(), usikker: false };
    beregnet(world, duf)?.frister.push(frist);
    words.end()
}

fn missing(world: &World, words: &mut Words<'_>) -> Result<String, Bad> {
    let duf = duf(world, words)?;
    let asked = words.peek().map(lov).transpose()?;
    if asked.is_some() {
        words.next("lov")?;
    }
    let person = world.persons.get(&duf).ok_or("personen finnes ikke")?;
    let found = mangler(person, asked, &world.policy, world.now()?.today);
    let one = |m: &register::konsistens::Mangel| {
        let mut text = format!("{} {} {}", m.kode, m.ordning.code(), m.alvor.code());
        text += &m.fristtype.map(|f| format!(" {}", f.code())).unwrap_or_default();
        text += &m.dato.map(|dato| format!(" {dato}")).unwrap_or_default();
        text
    };
    let all: Vec<String> = found.iter().map(one).collect();
    Ok(if all.is_empty() { "ingenting".into() } else { all.join(" og ") })
}

fn answer(world: &mut World, user: &str, words: &mut Words<'_>) -> Result<String, Bad> {
    let verb = words.next("verb")?;
    let duf = duf(world, words)?;
    let header = message::header(world, &mut Words::of(user))?;
    let (registry, now) = (world.registry(), world.now()?);
    let caller = Caller::of(&registry, &header, &world.policy, now.today);
    let person = world.persons.get(&duf).cloned();
    if verb == "melder" {
        return report(world, header, duf, words);
    }
    let looked = |person: &register::person::Person| {
        let facts: Vec<&Fact> = person.facts.iter().collect();
        let categories = person.beregnet.as_ref().map_or(&[][..], |b| &b.kategorier);
        access(caller, &facts, categories, &world.policy, &now)
    };
    let (Some(person), Some(caller)) = (person, caller) else { return Ok("NIR-B501".into()) };
    Ok(match verb {
        "leser" => match looked(&person) {
            Ok(access) => shown(&person, access, now.today),
            Err(refused) => refused.rejection.code().to_owned(),
        },
        "logg" => looked(&person).map_or_else(|refused| refused.rejection.code().to_owned(), |_| "vises".into()),
        "liste" => match liste::listed(&person, &caller, &world.policy, now.today) {
            Some(true) => "nå".into(),
            Some(false) => "tidligere".into(),
            None => "nei".into(),
        },
        _ => {
            let found = liste::poster(&person, &caller, &[], false, &world.policy, now.today);
            let names: Vec<&str> = found.iter().map(|post| world.label_of(post.post_id)).collect();
            if names.is_empty() { "ingen".into() } else { names.join(" ") }
        }
    })
}

/// Which facts are shown, by short names in the order of the person's rows.
fn shown(person: &register::person::Person, access: Access, today: NaiveDate) -> String {
    let name = |fact: &FactContent| match fact {
        FactContent::Personalia { .. } => Some("navn"),
        FactContent::Ident { .. } => Some("ident"),
        FactContent::Nummer { .. } => Some("nummer"),
        FactContent::Bosted { .. } => Some("bosted"),
        FactContent::Mottak { .. } => Some("mottak"),
        FactContent::Oppfoelging { .. } => Some("oppfølging"),
        FactContent::Proeve(_) => Some("prøve"),
        FactContent::EnsligMindreaarig => Some("enslig"),
        FactContent::Beskyttelse { .. } => Some("beskyttelse"),
        FactContent::Statsborgerskap { .. } => Some("borger"),
        _ => None,
    };
    let facts = person.facts.iter().filter(|fact| fact.valid.contains(today) && access.shows(&fact.content));
    let names: Vec<&str> = facts.filter_map(|fact| name(&fact.content)).collect();
    names.join(" ")
}

fn report(
    world: &mut World,
    header: register::command::Header,
    duf: Duf,
    words: &mut Words<'_>,
) -> Result<String, Bad> {
    let (name, versjon) = words.next("post")?.split_once('/').ok_or("posten trenger versjon: NAVN/1")?;
    let melding = Melding {
        header,
        duf_text: duf.to_string(),
        post_id: Ok(world.label(name)?),
        versjon: versjon.parse().map_err(|_| "ingen versjon")?,
        aarsak: words.next("årsak")?.to_owned(),
        begrunnelse: "Feil.".into(),
        form_errors: Vec::new(),
    };
    let (registry, now) = (world.registry(), world.now()?);
    let mut ids = world.ids.clone();
    let judged = feilregistrert::meld(&world.state(&registry), &melding, &world.policy, &now, &mut ids);
    world.ids = ids;
    match judged {
        Ok(utfall) => {
            world.keep(&registry, &utfall.changes);
            Ok(utfall.status.code().to_owned())
        }
        Err(findings) => Ok(findings.iter().map(|f| f.rejection.code()).collect::<Vec<_>>().join(" ")),
    }
}

fn imdi(world: &mut World, words: &mut Words<'_>) -> Result<(), Bad> {
    let duf = duf(world, words)?;
    let post = world.label(words.next("post")?)?;
    let strike = match words.next("stryker eller avslår")? {
        "stryker" => true,
        "avslår" => false,
        other => return Err(format!("IMDi kan ikke {other}")),
    };
    let (registry, now) = (world.registry(), world.now()?);
    let mut ids = world.ids.clone();
    let person = world.persons.get(&duf).ok_or("personen finnes ikke")?;
    let decided = feilregistrert::avgjoer(&registry, &world.policy, person, (post, strike), &now, &mut ids);
    world.ids = ids;
    world.keep(&registry, &decided.ok_or("ingen melding venter")?.changes);
    words.end()
}

fn check(world: &World, words: &mut Words<'_>) -> Result<(), Bad> {
    let duf = duf(world, words)?;
    let post = world.label(words.next("post")?)?;
    let post = world.persons.get(&duf).and_then(|person| person.post(post)).ok_or("posten finnes ikke")?;
    let holds = match words.next("teller eller strøket")? {
        "teller" => post.stands(),
        "strøket" => post.struck() && !post.stands(),
        other => return Err(format!("forstår ikke «{other}»")),
    };
    if holds { words.end() } else { Err("posten står annerledes".into()) }
}
