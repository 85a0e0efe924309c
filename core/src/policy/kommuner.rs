//! Kommuner, their bydeler, and which number took over from which (domain.md 3.5).

use chrono::NaiveDate;
use serde::Deserialize;

use crate::id::{Bydel, Kommunenummer};
use crate::policy::{BadRules, RuleFiles};

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes())
}

#[derive(Debug, Clone, Copy)]
struct Successor {
    from: Kommunenummer,
    to: Kommunenummer,
}

#[derive(Debug, Clone, Deserialize)]
struct BydelFile {
    bydel: Vec<BydelRow>,
}

#[derive(Debug, Clone, Deserialize)]
struct BydelRow {
    kommune: Kommunenummer,
    antall: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct ReformFile {
    reform: Vec<ReformRow>,
}

/// The day on which the changes of the CSV file took effect.
#[derive(Debug, Clone, Deserialize)]
struct ReformRow {
    fra: NaiveDate,
}

/// All numbers there are and were.
#[derive(Debug, Clone)]
pub(super) struct Kommuner {
    present: Vec<Kommunenummer>,
    successors: Vec<Successor>,
    reform: NaiveDate,
    bydeler: Vec<BydelRow>,
}

impl Kommuner {
    pub fn read(files: &RuleFiles) -> Result<Self, BadRules> {
        let number = |row: &csv::StringRecord, column: usize| {
            row.get(column).and_then(|text| text.parse().ok()).ok_or(BadRules::Row("a kommune number is malformed"))
        };
        let mut present = Vec::new();
        for row in reader(files.get("kommuner_2024.csv")).records() {
            present.push(number(&row?, 0)?);
        }
        let mut successors = Vec::new();
        for row in reader(files.get("kommune_endringer_2020_2024.csv")).records() {
            let row = row?;
            successors.push(Successor { from: number(&row, 0)?, to: number(&row, 1)? });
        }
        let file: BydelFile = toml::from_str(files.get("bydeler.toml"))?;
        let reforms: ReformFile = toml::from_str(files.get("kommunereform.toml"))?;
        let [ReformRow { fra: reform }] = *reforms.reform else {
            return Err(BadRules::Row("there is one file of changes"));
        };
        Ok(Kommuner { present, successors, reform, bydeler: file.bydel })
    }

    pub fn known(&self, kommune: Kommunenummer) -> bool {
        self.present.contains(&kommune) || self.successors.iter().any(|s| s.from == kommune)
    }

    pub fn fylke_known(&self, number: Kommunenummer) -> bool {
        number.is_fylke() && self.present.iter().any(|kommune| kommune.fylke() == number.fylke())
    }

    /// All numbers of kommuner, present and former.
    pub fn all(&self) -> impl Iterator<Item = Kommunenummer> {
        self.present.iter().copied().chain(self.successors.iter().map(|s| s.from))
    }

    pub fn bydel_known(&self, bydel: Bydel) -> bool {
        self.bydeler
            .iter()
            .any(|row| bydel.kommune() == Some(row.kommune) && (1..=row.antall).contains(&bydel.within()))
    }

    pub fn successors(&self, kommune: Kommunenummer, on: NaiveDate) -> Vec<Kommunenummer> {
        if on < self.reform {
            return Vec::new();
        }
        self.successors.iter().filter(|s| s.from == kommune).map(|s| s.to).collect()
    }

    pub fn predecessors(&self, kommune: Kommunenummer, on: NaiveDate) -> impl Iterator<Item = Kommunenummer> {
        let on = on >= self.reform;
        self.successors.iter().filter(move |s| on && s.to == kommune).map(|s| s.from)
    }

    /// The day on which the numbers changed.
    pub fn reform(&self) -> NaiveDate {
        self.reform
    }
}
