//! The synthetic persons of the sandbox. Their DUF numbers are fixed within v1 (design.md 10).

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use register::fact::{Adressebeskyttelse, Fact, FactContent, Mottakstype, Oppholdstillatelse, Rettsomraade};
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
/// Refugees who were settled by agreement, for examples.
const SETTLED: [&str; 5] = ["202400010107", "202400010201", "202400010306", "202400010400", "202400010505"];

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
            .shows("Klar for introduksjonsprogram i 4204."),
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
    shown.extend(by_category(today, now));
    shown.extend(SETTLED.map(|number| {
        builder(number)
            .permit("ASYL", today.checked_sub_months(Months::new(9)).unwrap_or(today))
            .settled("4204", today.checked_sub_months(Months::new(6)).unwrap_or(today), true)
            .shows("Flyktning bosatt etter avtale. Brukes av eksemplene.")
    }));
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

/// One person for each category, and for what closes or hinders one; permits and settlement lie some months back.
fn by_category(today: NaiveDate, now: DateTime<Utc>) -> Vec<Builder> {
    let ago = |months: u32| today.checked_sub_months(Months::new(months)).unwrap_or(today);
    let settled =
        |serial: u32, ground: &str| builder(&duf(2025, serial)).permit(ground, ago(9)).settled("4204", ago(6), true);
    vec![
        settled(1, "ASYL").shows("Flyktning bosatt etter avtale: INTRO_RP, NORSK_RETT og NORSK_PLIKT (IL-1)."),
        settled(2, "KOLL34").shows("Kollektiv beskyttelse: INTRO_RP og NORSK_RETT_6A (IL-3b)."),
        builder(&duf(2025, 3))
            .permit("ASYL", ago(9))
            .settled("4204", ago(6), false)
            .shows("Flyktning bosatt uten avtale: INTRO_KT (IL-8)."),
        builder(&duf(2025, 4))
            .permit("FAM_ANNEN", ago(9))
            .lives("4204", ago(9))
            .shows("Familieinnvandret: INTRO_KT, NORSK_RETT og NORSK_PLIKT (IL-9)."),
        builder(&duf(2025, 5))
            .permit("ARB23", ago(9))
            .lives("4204", ago(9))
            .shows("Arbeidsinnvandrer: bare NORSK_PLIKT (IL-10); B503 for introduksjonsprogram."),
        builder(&duf(2025, 6))
            .applied_for_asylum(ago(5))
            .in_mottak("4204", ago(5))
            .shows("Asylsøker i mottak i 4204: MOTTAK_OPPL (IL-15)."),
        builder(&duf(2025, 7))
            .permit("ASYL", ago(4))
            .in_mottak("4204", ago(8))
            .shows("Har tillatelse og bor i mottak i 4204: MOTTAK_KVAL og NORSK (IL-16)."),
        builder(&duf(2025, 8))
            .permit("EOS", ago(9))
            .lives("4204", ago(9))
            .shows("EØS-borger: ingen kategori, B503 (IL-13)."),
        builder(&duf(2025, 9)).permit("STUD26", ago(9)).lives("4204", ago(9)).shows("Student: ingen kategori (IL-12)."),
        settled(10, "ASYL").born(ago(12 * 17)).shows("Var under 18 år da tillatelsen ble gitt: B505 (IL §8)."),
        builder(&duf(2025, 11))
            .permit("KOLL34", ago(2))
            .lives("4204", ago(2))
            .shows("Kollektiv beskyttelse, ennå ikke bosatt etter avtale: B507 (IL-8)."),
        settled(12, "ASYL").shows("Flyktning som kan få arbeid registrert: B508 (IL-24)."),
        builder(&duf(2025, 13))
            .permit("ASYL", ago(3))
            .settled("4204", ago(1), true)
            .shows("Nylig bosatt etter avtale: B511 for en start før bosettingen."),
        settled(14, "ASYL").shows("Flyktning som kan få utdanning registrert: programmets lengde (B512 til B514)."),
        builder(&duf(2025, 15))
            .permit("FAM_ANNEN", ago(1))
            .lives("4204", ago(4))
            .shows("Fikk tillatelse for en måned siden: B509 for et eldre vedtak."),
        builder(&duf(2023, 201))
            .permit("ASYL", ago(40))
            .settled("4204", ago(36), true)
            .shows("Bosatt i tre år uten vedtak: B506 (IL-23)."),
        builder(&duf(2023, 202))
            .expiring_permit("ASYL", ago(30), ago(2))
            .settled("4204", ago(27), true)
            .shows("Tillatelsen er utløpt uten søknad om fornyelse: lukket, B503 (B2 iii)."),
        builder(&duf(2023, 203))
            .expiring_permit("ASYL", ago(20), ago(1))
            .applied_for_renewal(ago(3))
            .settled("4204", ago(18), true)
            .shows("Tillatelsen er utløpt, men søkt fornyet i tide: fortsatt åpen (B2 i)."),
        builder(&duf(2018, 301))
            .permit("ASYL", day(2018, 3, 1))
            .settled("4204", day(2018, 9, 1), true)
            .shows("Under introduksjonsloven: B541 for opplysninger som bare hører til integreringsloven."),
        builder(&duf(2023, 204))
            .permit("ASYL", ago(9))
            .settled("4204", ago(8), true)
            .moved_on("4203", ago(2), now)
            .shows("Flyktning som flyttet fra 4204 til 4203 for to måneder siden: eierskap på dagen."),
    ]
}

fn number(builders: Vec<Builder>) -> Result<Vec<Synthetic>, InvalidId> {
    builders.into_iter().zip(0..).map(|(builder, n)| builder.build(n)).collect()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(BEGINNING)
}

struct Builder {
    duf: String,
    /// Says itself why the person is in Norway.
    own_basis: bool,
    born: Option<NaiveDate>,
    facts: Vec<(FactContent, Period, DateTime<Utc>)>,
    residence: Vec<(&'static str, Option<&'static str>, Period, DateTime<Utc>)>,
    row: Row,
}

fn builder(duf: &str) -> Builder {
    Builder {
        duf: duf.to_owned(),
        own_basis: false,
        born: None,
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

    /// A permit from this day, without end.
    fn permit(self, ground: &str, on: NaiveDate) -> Self {
        self.basis(ground, on, None)
    }

    fn expiring_permit(self, ground: &str, on: NaiveDate, last: NaiveDate) -> Self {
        self.basis(ground, on, Some(last))
    }

    /// Born on this day; without it everybody is between 18 and 55.
    fn born(mut self, on: NaiveDate) -> Self {
        self.born = Some(on);
        self
    }

    fn basis(mut self, ground: &str, on: NaiveDate, last: Option<NaiveDate>) -> Self {
        self.own_basis = true;
        self.facts.push((permit(ground, on), Period::inclusive(on, last), known(on)));
        self
    }

    fn applied_for_asylum(mut self, on: NaiveDate) -> Self {
        self.own_basis = true;
        let application =
            FactContent::Asylsoeknad { soeknadsdato: on, hurtigprosedyre: false, dublin: false, avgjoerelse: None };
        self.facts.push((application, Period { from: on, to: None }, known(on)));
        self
    }

    fn applied_for_renewal(mut self, on: NaiveDate) -> Self {
        let application = FactContent::Fornyelse { soeknadsdato: on, avgjoerelse: None };
        self.facts.push((application, Period { from: on, to: None }, known(on)));
        self
    }

    fn settled(mut self, kommune: &'static str, on: NaiveDate, by_agreement: bool) -> Self {
        if let Ok(number) = kommune.parse() {
            let content = FactContent::Bosetting { kommune: number, bydel: None, dato: on, etter_avtale: by_agreement };
            self.facts.push((content, Period { from: on, to: None }, known(on)));
        }
        self.lives(kommune, on)
    }

    /// Registered as living there by Folkeregisteret.
    fn lives(mut self, kommune: &'static str, on: NaiveDate) -> Self {
        if let Ok(number) = kommune.parse() {
            let content = FactContent::Bosted { kommune: number, bydel: None };
            self.facts.push((content, Period { from: on, to: None }, known(on)));
        }
        self.lives_in(kommune, None)
    }

    fn in_mottak(mut self, kommune: &'static str, on: NaiveDate) -> Self {
        if let Ok(number) = kommune.parse() {
            let content = FactContent::Mottak {
                navn: "Prøvemottaket".to_owned(),
                kommune: number,
                mottakstype: Mottakstype::Ordinaert,
            };
            self.facts.push((content, Period { from: on, to: None }, known(on)));
        }
        self.lives_in(kommune, None)
    }

    /// Moves to another kommune, which ends the residence that Folkeregisteret has.
    fn moved_on(mut self, kommune: &'static str, on: NaiveDate, now: DateTime<Utc>) -> Self {
        for (content, valid, _) in &mut self.facts {
            if matches!(content, FactContent::Bosted { .. }) && known(on) <= now {
                valid.to = Some(on);
            }
        }
        self.lives(kommune, on)
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
        let always = Period { from: BEGINNING, to: None };
        let mut contents = vec![(personalia(n, self.born), always, known(BEGINNING))];
        if !self.own_basis {
            // Family of a Norwegian or Nordic citizen since 2005, under introduksjonsloven: open for introduksjonsprogram
            // and norsk whatever the register's clock is set to (domain.md 5.4 IN-d).
            contents.push((permit("FAM_NORDISK", BEGINNING), always, known(BEGINNING)));
        }
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

/// A permit as UDI grants it: its ground says whether it can lead to a permanent one.
fn permit(ground: &str, on: NaiveDate) -> FactContent {
    let eea = ground == "EOS";
    FactContent::Oppholdstillatelse(Box::new(Oppholdstillatelse {
        soeknadsdato: on.checked_sub_months(Months::new(6)),
        vedtaksdato: on,
        oppholdsgrunnlag: ground.to_owned(),
        danner_grunnlag_for_permanent: !eea && ground != "STUD26",
        fornybar: true,
        foerstegang: true,
        etter_innreisetillatelse: false,
        rettsomraade: if eea { Rettsomraade::Eoes } else { Rettsomraade::Utlendingsloven },
        referanseperson: None,
        opphoer: None,
    }))
}

fn source(content: &FactContent) -> &'static str {
    match content {
        FactContent::DufErstattet { .. }
        | FactContent::Oppholdstillatelse(_)
        | FactContent::Asylsoeknad { .. }
        | FactContent::Fornyelse { .. }
        | FactContent::Mottak { .. } => "UDI",
        FactContent::Oppfoelging { .. } | FactContent::Bosetting { .. } => "IMDI",
        _ => "FOLKEREGISTER",
    }
}

/// Names that nobody bears, with letters that show whether a fagsystem reads UTF-8.
fn personalia(n: usize, own: Option<NaiveDate>) -> FactContent {
    const FIRST: [&str; 8] = ["Modig", "Rask", "Blid", "Snill", "Grønn", "Lun", "Kjær", "Blå"];
    const LAST: [&str; 9] = ["Bjørk", "Elv", "Fjell", "Sjø", "Ås", "Hare", "Fjord", "Løv", "Næbb"];
    let pick = |from: &[&str]| from.get(n % from.len()).copied().unwrap_or_default().to_owned();
    // All are between 18 and 55 for the whole time that the register's clock is likely to be set to.
    let born = day(1976, 1, 1).checked_add_days(Days::new(n as u64 * 137 % 5_000)).unwrap_or(BEGINNING);
    FactContent::Personalia {
        fornavn: pick(&FIRST),
        etternavn: pick(&LAST),
        foedselsdato: own.unwrap_or(born),
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
