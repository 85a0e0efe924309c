//! The synthetic persons of the sandbox. Their DUF numbers are fixed within v1 (design.md 10).

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use register::fact::{Adressebeskyttelse, Fact, FactContent};
use register::id::{Bydel, Duf, InvalidId};
use register::person::Person;
use register::time::{Period, oslo_date};
use serde::Serialize;

/// Facts hold from here on, so that the register's clock can be set back to the first campaigns.
const BEGINNING: NaiveDate = match NaiveDate::from_ymd_opt(2005, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
/// Persons of the 9000 series, for load.
const LOAD_PERSONS: u32 = 1_000;
/// Persons that the demonstration uses.
pub const DEMONSTRATION: [&str; 5] = ["202400010107", "202400010201", "202400010306", "202400010400", "202400010505"];

/// One row of `persons.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The number.
    pub duf_nummer: String,
    /// Its oppfølgingskommune today, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kommunenummer: Option<String>,
    /// Its bydel, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// Its fødselsnummer or D-nummer, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foedselsnummer: Option<String>,
    /// What it shows, in Norwegian.
    pub viser: String,
}

/// A person with its row.
#[derive(Debug, Clone)]
pub struct Synthetic {
    /// What the register holds.
    pub person: Person,
    /// What persons.json says.
    pub row: Row,
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Everyone {
    /// Each shows something.
    pub shown: Vec<Synthetic>,
    /// For load only.
    pub load: Vec<Synthetic>,
}

/// Makes all persons as seen on the day of `now`: two of them have facts that lie some weeks back.
pub fn everyone(now: DateTime<Utc>) -> Result<Everyone, InvalidId> {
    let today = oslo_date(now);
    let moved = today.checked_sub_days(Days::new(30)).unwrap_or(today);
    let late = today.checked_sub_months(Months::new(8)).unwrap_or(today);
    let oslo = ("0301", Some("030101"));
    let mut shown = vec![
        builder("202400000702")
            .in_kommune("4204", None)
            .ident("01819012365")
            .shows("Klar for introduksjonsprogram i 4204. Har fødselsnummer til kryssjekk (B502 når et annet sendes)."),
        builder("202265432110")
            .in_kommune("4204", None)
            .ident("15838540063")
            .shows("Klar for introduksjonsprogram i 4204. Brukes til feil i demonstrasjonen."),
        builder("202100000110")
            .in_kommune("4204", None)
            .shows("Klar i 4204. Send tiltakene fra april 2021 med registertid 2021-04-30: snittet blir 25.53."),
        builder("201990000104")
            .moved("4203", "4204", moved)
            .shows(&format!("Flyttet fra 4203 til 4204 {moved}. A408 for 4203 fra den dagen og for 4204 før den.")),
        builder("201512345609")
            .in_kommune(oslo.0, oslo.1)
            .shows("Bor i 0301, bydel 030101, siden 2005. For kampanjen K2017 med registertid 2017-05-15."),
        builder("200500012305")
            .in_kommune("4204", None)
            .fact(FactContent::Doedsfall { dato: day(2024, 3, 1) })
            .shows("Død 2024-03-01: L807."),
        builder("201677777703")
            .in_kommune("4204", None)
            .fact(FactContent::Utflyttet { dato: day(2023, 9, 15) })
            .shows("Utflyttet 2023-09-15: L807."),
        builder(&duf(2019, 12))
            .fact(FactContent::DufErstattet { ny: Duf::parse("202400000702", true)? })
            .shows("Erstattet av 202400000702: L806."),
        builder(&duf(2022, 900))
            .in_kommune("4204", None)
            .protected(Adressebeskyttelse::StrengtFortrolig)
            .shows("Strengt fortrolig: svarer som ukjent (B501) for alle uten godkjenning."),
        builder(&duf(2022, 901))
            .in_kommune("4204", None)
            .protected(Adressebeskyttelse::Fortrolig)
            .shows("Fortrolig adresse: svarer som andre."),
        builder(&duf(2022, 902))
            .in_kommune("4204", None)
            .protected(Adressebeskyttelse::Klientadresse)
            .shows("Klientadresse: svarer som andre."),
        builder(&duf(2023, 17)).shows("Har ingen oppfølgingskommune: A408."),
        builder(&duf(2023, 18)).late_source("4204", late, now).shows(&format!(
            "Bosatt i 4204 fra {late}, men kjent for registeret først {today}: sen kilde åpner for eldre datoer."
        )),
        builder(&duf(2023, 101))
            .in_kommune("0301", Some("030102"))
            .ident("24849731048")
            .shows("Bor i 0301, bydel 030102: A409 for brukeren 0301-GAMLEOSLO1."),
        builder(&duf(2023, 102))
            .in_kommune("0301", None)
            .ident("41819012359")
            .shows("Bor i 0301 uten bydel, med D-nummer."),
        builder(&duf(2023, 103))
            .in_kommune("4203", None)
            .ident("09830061271")
            .shows("Bor i 4203: A408 når 4204 sender."),
        builder(&duf(2021, 1507)).in_kommune("1507", None).shows("Bor i 1507, som ble delt i 2024: A410."),
        builder(&duf(2021, 5001)).in_kommune("5001", None).shows("Bor i 5001, som ikke har avtale: A402."),
    ];
    shown.extend(
        DEMONSTRATION.map(|number| {
            builder(number).in_kommune("4204", None).shows("Brukes av demonstrasjonen (sandbox --demo).")
        }),
    );
    let load = (1..=LOAD_PERSONS).map(|n| {
        let kommune = if n % 2 == 1 { "4204" } else { "0301" };
        builder(&duf(9000, n)).in_kommune(kommune, None).shows("For last.")
    });
    Ok(Everyone { shown: number(shown)?, load: number(load.collect())? })
}

/// The DUF number of a year and a serial, with its control digits (domain.md 3.1).
pub fn duf(year: u32, serial: u32) -> String {
    const WEIGHTS: [u32; 10] = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5];
    let digits = format!("{year:04}{serial:06}");
    let sum: u32 = WEIGHTS.iter().zip(digits.bytes()).map(|(weight, digit)| weight * u32::from(digit - b'0')).sum();
    format!("{digits}{:02}", sum % 11)
}

fn number(builders: Vec<Builder>) -> Result<Vec<Synthetic>, InvalidId> {
    builders.into_iter().zip(0..).map(|(builder, n)| builder.build(n)).collect()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(BEGINNING)
}

struct Builder {
    duf: String,
    facts: Vec<(FactContent, Period, DateTime<Utc>)>,
    residence: Vec<(&'static str, Option<&'static str>, Period, DateTime<Utc>)>,
    row: Row,
}

fn builder(duf: &str) -> Builder {
    Builder {
        duf: duf.to_owned(),
        facts: Vec::new(),
        residence: Vec::new(),
        row: Row {
            duf_nummer: duf.to_owned(),
            kommunenummer: None,
            bydelsnummer: None,
            foedselsnummer: None,
            viser: String::new(),
        },
    }
}

/// A fact was known on the day it began to hold: else the late-source rule (domain.md 9.2) would open the
/// whole past for writing.
fn known(from: NaiveDate) -> DateTime<Utc> {
    from.and_time(NaiveTime::MIN).and_utc()
}

impl Builder {
    fn in_kommune(mut self, kommune: &'static str, bydel: Option<&'static str>) -> Self {
        self.residence.push((kommune, bydel, Period { from: BEGINNING, to: None }, known(BEGINNING)));
        self.lives_in(kommune, bydel)
    }

    fn moved(mut self, from: &'static str, to: &'static str, on: NaiveDate) -> Self {
        self.residence.push((from, None, Period { from: BEGINNING, to: Some(on) }, known(BEGINNING)));
        self.residence.push((to, None, Period { from: on, to: None }, known(on)));
        self.lives_in(to, None)
    }

    fn late_source(mut self, kommune: &'static str, from: NaiveDate, seen: DateTime<Utc>) -> Self {
        self.residence.push((kommune, None, Period { from, to: None }, seen));
        self.lives_in(kommune, None)
    }

    fn lives_in(mut self, kommune: &str, bydel: Option<&str>) -> Self {
        self.row.kommunenummer = Some(kommune.to_owned());
        self.row.bydelsnummer = bydel.map(str::to_owned);
        self
    }

    fn fact(mut self, content: FactContent) -> Self {
        let from = match &content {
            FactContent::Doedsfall { dato } | FactContent::Utflyttet { dato } => *dato,
            _ => BEGINNING,
        };
        self.facts.push((content, Period { from, to: None }, known(from)));
        self
    }

    fn ident(mut self, number: &str) -> Self {
        self.row.foedselsnummer = Some(number.to_owned());
        self.fact(FactContent::Ident { number: number.to_owned() })
    }

    fn protected(self, level: Adressebeskyttelse) -> Self {
        self.fact(FactContent::Beskyttelse { level })
    }

    fn shows(mut self, what: &str) -> Self {
        what.clone_into(&mut self.row.viser);
        self
    }

    fn build(self, n: usize) -> Result<Synthetic, InvalidId> {
        let mut contents = vec![(personalia(n), Period { from: BEGINNING, to: None }, known(BEGINNING))];
        for (kommune, bydel, valid, seen) in self.residence {
            let bydel: Option<Bydel> = bydel.map(str::parse).transpose()?;
            contents.push((FactContent::Oppfoelging { kommune: kommune.parse()?, bydel }, valid, seen));
        }
        contents.extend(self.facts);
        let facts: Vec<Fact> = contents
            .into_iter()
            .zip(1..)
            .map(|((content, valid, system_from), row_no)| Fact {
                row_no,
                source: source(&content).to_owned(),
                source_id: format!("sandkasse-{}-{row_no}", self.duf),
                content,
                valid,
                annulled: false,
                system_from,
                system_to: None,
            })
            .collect();
        let last_row = facts.last().map_or(0, |fact| fact.row_no);
        let duf = Duf::parse(&self.duf, true)?;
        Ok(Synthetic {
            person: Person { duf, version: 1, last_row, facts, posts: Vec::new(), beregnet: None },
            row: self.row,
        })
    }
}

fn source(content: &FactContent) -> &'static str {
    match content {
        FactContent::DufErstattet { .. } => "UDI",
        FactContent::Oppfoelging { .. } => "IMDI",
        _ => "FOLKEREGISTER",
    }
}

/// Names that nobody bears, with letters that show whether a fagsystem reads UTF-8.
fn personalia(n: usize) -> FactContent {
    const FIRST: [&str; 8] = ["Modig", "Rask", "Blid", "Snill", "Grønn", "Lun", "Kjær", "Blå"];
    const LAST: [&str; 9] = ["Bjørk", "Elv", "Fjell", "Sjø", "Ås", "Hare", "Fjord", "Løv", "Næbb"];
    let pick = |from: &[&str]| from.get(n % from.len()).copied().unwrap_or_default().to_owned();
    let born = day(1970, 1, 1).checked_add_days(Days::new(n as u64 * 137 % 11_000)).unwrap_or(BEGINNING);
    FactContent::Personalia {
        fornavn: pick(&FIRST),
        etternavn: pick(&LAST),
        foedselsdato: born,
        kjoenn: if n.is_multiple_of(2) { "KVINNE" } else { "MANN" }.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_number_holds_its_control_digits_and_stands_once() {
        let all = everyone(at()).unwrap();
        let rows: Vec<_> = all.shown.iter().chain(&all.load).collect();
        for synthetic in &rows {
            assert!(Duf::parse(&synthetic.row.duf_nummer, false).is_ok(), "{}", synthetic.row.duf_nummer);
            assert!(!synthetic.row.viser.is_empty());
        }
        let distinct: BTreeSet<_> = rows.iter().map(|synthetic| synthetic.person.duf).collect();
        assert_eq!(distinct.len(), rows.len());
    }

    #[test]
    fn only_the_late_source_was_known_later_than_it_holds() {
        let all = everyone(at()).unwrap();
        let late: Vec<_> = all
            .shown
            .iter()
            .filter(|one| one.person.facts.iter().any(|fact| fact.system_from > known(fact.valid.from)))
            .collect();
        assert_eq!(late.len(), 1);
        assert!(late[0].row.viser.contains("sen kilde"));
    }
}
