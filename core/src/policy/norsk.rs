//! `norsk.toml`: grounds of exemption, goals, modules (domain.md 6.3, 6.4).

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::policy::Policy;
use crate::post::Ordning;

#[derive(Debug, Clone, Deserialize)]
struct FritakRow {
    grunnlag: String,
    ordning: Ordning,
    vedtakstyper: Vec<String>,
    bortfall: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct NivaaRow {
    rekke: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct MinimumRow {
    har_videregaaende: String,
    skriftlig: String,
    muntlig: String,
}

#[derive(Debug, Clone, Deserialize)]
struct ModulRow {
    kode: String,
    #[serde(default)]
    gjelder_fra: Option<NaiveDate>,
    #[serde(default)]
    gjelder_til: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct DagRow {
    verdi: u32,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct NorskFile {
    fritak: Vec<FritakRow>,
    norsknivaa: [NivaaRow; 1],
    norskminimum: Vec<MinimumRow>,
    modul: Vec<ModulRow>,
    timer_per_dag: [DagRow; 1],
}

impl Policy {
    /// Whether the ground fits an exemption of this type (B517).
    pub fn exemption_fits(&self, ordning: Ordning, vedtakstype: &str, grunnlag: &str) -> bool {
        let mut rows = self.norsk.fritak.iter();
        rows.any(|row| {
            row.ordning == ordning && row.grunnlag == grunnlag && row.vedtakstyper.iter().any(|t| t == vedtakstype)
        })
    }

    /// Whether the right can lapse on the ground (B526).
    pub fn right_can_lapse(&self, ordning: Ordning, grunnlag: &str) -> bool {
        self.norsk.fritak.iter().any(|row| row.ordning == ordning && row.grunnlag == grunnlag && row.bortfall)
    }

    /// How high a level is; a grade or another word has no height.
    pub fn level(&self, norsknivaa: &str) -> Option<usize> {
        let [row] = &self.norsk.norsknivaa;
        row.rekke.iter().position(|level| level == norsknivaa)
    }

    /// The lowest goal that is advised in writing (with reading and listening) and in speech (IF §28).
    pub fn lowest_goal(&self, har_videregaaende: &str) -> Option<(&str, &str)> {
        let row = self.norsk.norskminimum.iter().find(|row| row.har_videregaaende == har_videregaaende);
        row.map(|row| (row.skriftlig.as_str(), row.muntlig.as_str()))
    }

    /// Whether the module can be taught in all of the period (B523); one without a row always can.
    pub fn module_taught(&self, modul: &str, from: NaiveDate, to: NaiveDate) -> bool {
        self.norsk.modul.iter().filter(|row| row.kode == modul).all(|row| {
            row.gjelder_fra.is_none_or(|first| from >= first) && row.gjelder_til.is_none_or(|last| to <= last)
        })
    }

    /// Hours that a number of days can hold (B522).
    pub fn hours_of_days(&self, days: i64) -> Decimal {
        let [row] = self.norsk.timer_per_dag;
        Decimal::from(row.verdi) * Decimal::from(days)
    }
}
