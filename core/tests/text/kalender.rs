//! What a day brings: `kalender P1 DATO => HENDELSE [og HENDELSE]… | ingenting`; and what a table itself says was computed:
//! `person P1 frist TYPE ORDNING DATO [STATUS]`, `person P1 kategori KODE A..B [ÅRSAK]`.

use register::change::Opphav;
use register::decide::beregning::{Cause, NewFact, Outcome, merged, sponsor_changed, write_facts};
use register::decide::dag;
use register::fact::FactContent;
use register::id::Duf;
use register::kalender::{Kalenderhendelse, changes_on};
use register::kategori::*;
use register::liste::{Soekenummer, numre};
use register::registry::{Lov, Registry};
use register::time::Period;

use crate::words::{Bad, Words, period};
use crate::world::World;
use crate::{fakta, innhold};

/// What a table says was computed of a person, in the place of what the rules would.
#[derive(Clone, Default)]
pub struct Told {
    pub aapninger: Vec<Aapning>,
    frister: Vec<Frist>,
    kategorier: Vec<Kategori>,
}

fn found<T: Copy>(all: impl IntoIterator<Item = T>, code: impl Fn(T) -> &'static str, text: &str) -> Result<T, Bad> {
    all.into_iter().find(|one| code(*one) == text).ok_or(format!("ingenting heter {text}"))
}

impl Told {
    pub fn into(&self, kept: &mut Beregnet) {
        if !self.aapninger.is_empty() {
            kept.aapninger.clone_from(&self.aapninger);
        }
        if !self.frister.is_empty() {
            kept.frister.clone_from(&self.frister);
        }
        if !self.kategorier.is_empty() {
            kept.kategorier.clone_from(&self.kategorier);
        }
    }

    pub fn read(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        if words.take("frist") {
            let types =
                [Fristtype::Oppstart, Fristtype::Gjennomfoering, Fristtype::Samfunnskunnskap, Fristtype::Programslutt];
            let fristtype = found(types, Fristtype::code, words.next("fristtype")?)?;
            let ordning = innhold::ordning(words.next("ordning")?)?;
            let dato = Some(words.parse("dato")?);
            let states = [Friststatus::Loeper, Friststatus::Oppfylt, Friststatus::Bortfalt];
            let status = match words.peek() {
                Some(text) => found(states, Friststatus::code, words.next(text)?)?,
                None => Friststatus::Loeper,
            };
            self.frister.push(Frist {
                fristtype,
                ordning,
                dato,
                status,
                tillegg_dager: 0,
                rad: String::new(),
                usikker: false,
            });
            return Ok(());
        }
        words.next("kategori")?;
        let kode = found(Kategorikode::ALL, Kategorikode::code, words.next("kategori")?)?;
        let (from, last) = period(words.next("periode")?).ok_or("kategorien trenger en periode")?;
        let gyldig = Period::inclusive(from.ok_or("kategorien trenger en start")?, last);
        let aarsak = match words.peek() {
            Some(text) => Some(found(LukketAarsak::ALL.iter().copied(), LukketAarsak::code, words.next(text)?)?),
            None => None,
        };
        self.kategorier.push(Kategori {
            kode,
            lov: Lov::Intl,
            gyldig,
            aarsak,
            rett_til_aa_fullfoere: false,
            rad: String::new(),
            usikker: false,
        });
        Ok(())
    }
}

fn said(one: &Kalenderhendelse) -> String {
    match one {
        Kalenderhendelse::FristNaer { fristtype, ordning, dato }
        | Kalenderhendelse::FristOverskredet { fristtype, ordning, dato } => {
            format!("{} {} {} {dato}", one.hendelsestype().unwrap_or_default(), fristtype.code(), ordning.code())
        }
        Kalenderhendelse::ProgramUtloept { slutt } => format!("AVSLUTNING_SATT_AV_SYSTEM {slutt}"),
        Kalenderhendelse::FylteAar { alder } => format!("FYLTE {alder}"),
        Kalenderhendelse::OppholdUtloept { til } => format!("OPPHOLD_UTLOEPT {til}"),
        Kalenderhendelse::KategoriAapnet { kode } => format!("KATEGORI_AAPNET {}", kode.code()),
        Kalenderhendelse::KategoriLukket { kode, aarsak } => {
            format!("KATEGORI_LUKKET {} {}", kode.code(), aarsak.map(LukketAarsak::code).unwrap_or_default())
        }
    }
}

impl World {
    /// `kilde P1 [fra KILDE] [id ID] [trekker] FAKTUM`: what a source says of a person, Folkeregisteret unless the line says
    /// who; the same id again takes the place of what it said, and `trekker` takes it back.
    pub fn source_says(&self, registry: &Registry, line: &str) -> Result<Outcome, Bad> {
        let mut words = Words::of(line);
        let number = self.duf_text(words.next("person")?)?;
        let source = words.value("fra")?.unwrap_or("FOLKEREGISTER").to_owned();
        let opphav = match source.as_str() {
            "FOLKEREGISTER" => Opphav::Folkeregister,
            "UDI" => Opphav::Udi,
            "PAD" => Opphav::Pad,
            "IMDI" => Opphav::Imdi,
            other => return Err(format!("ingen kilde heter {other}")),
        };
        let source_id = words.value("id")?.unwrap_or("1").to_owned();
        let annulled = words.take("trekker");
        let duf = |name: &str| Duf::parse(&self.duf_text(name)?, true).map_err(|_| "ugyldig nummer".to_owned());
        let (content, valid) = fakta::fact(&duf, &mut words)?;
        words.end()?;
        let state = self.state(registry);
        let person =
            state.persons.values().find(|person| person.duf.to_string() == number).ok_or("ingen slik person")?;
        let ny = match content {
            FactContent::DufErstattet { ny } => Some(ny),
            _ => None,
        };
        let sponsor = matches!(content, FactContent::Oppholdstillatelse(_) | FactContent::Statsborgerskap { .. });
        let fact = NewFact { source, source_id, content, valid, annulled };
        let cause = Cause { opphav, message: None };
        let (now, mut ids) = (self.now()?, self.ids.clone());
        let mut outcome = write_facts(registry, &self.policy, person, &[fact], &now, cause, &mut ids);
        if let Some(ny) = ny {
            let known = |duf| state.persons.get(&duf);
            let (old, said) = ((person, &known as &dyn Fn(Duf) -> _), (ny, annulled));
            outcome.notices.extend(merged(registry, &self.policy, old, said, &now, cause, &mut ids));
        }
        let named = (Soekenummer::Referanseperson, number);
        for other in state.persons.values().filter(|other| sponsor && numre(other).contains(&named)) {
            let more = sponsor_changed(registry, &self.policy, other, &now, cause, &mut ids);
            outcome.changes.extend(more.changes);
            outcome.notices.extend(more.notices);
        }
        Ok(outcome)
    }

    /// `dag P1 DATO`: what the date brings is carried out.
    pub fn day_is_carried_out(&self, registry: &Registry, line: &str) -> Result<Outcome, Bad> {
        let mut words = Words::of(line);
        let number = self.duf_text(words.next("person")?)?;
        let date = words.parse("dato")?;
        words.end()?;
        let state = self.state(registry);
        let person =
            state.persons.values().find(|person| person.duf.to_string() == number).ok_or("ingen slik person")?;
        let cause = Cause { opphav: Opphav::Tid, message: None };
        let (now, mut ids) = (self.now()?, self.ids.clone());
        let outcome = dag::carry_out(registry, &self.policy, person, date, &now, cause, &mut ids);
        let brings = dag::brings(person, &self.policy, date);
        if !brings && outcome != Outcome::default() {
            return Err("noen som kalenderen ikke spør om, har en dag".into());
        }
        Ok(outcome)
    }

    /// Asks for a day and compares with everything it brings.
    pub fn day_comes(&self, line: &str) -> Result<(), Bad> {
        let (question, answer) = line.split_once("=>").ok_or("linjen har ikke =>")?;
        let mut words = Words::of(question);
        let number = self.duf_text(words.next("person")?)?;
        let date = words.parse("dato")?;
        words.end()?;
        let registry = self.registry();
        let state = self.state(&registry);
        let person =
            state.persons.values().find(|person| person.duf.to_string() == number).ok_or("ingen slik person")?;
        let got: Vec<String> = changes_on(person, &self.policy, date).iter().map(said).collect();
        let got = if got.is_empty() { "ingenting".to_owned() } else { got.join(" og ") };
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words(&got) == words(answer) { Ok(()) } else { Err(format!("fikk    {got}")) }
    }
}
