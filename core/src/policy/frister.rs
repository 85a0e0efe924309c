//! `frister.toml` and `varighet.toml`: deadlines and durations (domain.md 5.5). Every row names the paragraph it rests on.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::policy::{BadRules, Policy, RuleFiles};
use crate::post::{Kode, Ordning};
use crate::registry::Lov;

/// Every row of `frister.toml` that the rules ask for.
const RADER: [&str; 10] = [
    "FR-START-INTRO",
    "FR-START-INTRO-KRAV",
    "FR-START-NORSK",
    "FR-NORSK-3AAR",
    "FR-NORSK-18MND",
    "FR-SAMF",
    "FR-SAMF-GML",
    "FR-34-NORSK",
    "FR-INTL-NORSK",
    "FR-UTSATT",
];

/// Both files.
#[derive(Debug, Clone)]
pub(crate) struct Frister {
    pub frister: FristFile,
    pub varighet: VarighetFile,
}

impl Frister {
    pub(super) fn read(files: &RuleFiles) -> Result<Self, BadRules> {
        let frister: FristFile = toml::from_str(files.get("frister.toml"))?;
        let varighet: VarighetFile = toml::from_str(files.get("varighet.toml"))?;
        if RADER.iter().any(|rad| !frister.frist.iter().any(|row| row.rad == *rad)) {
            return Err(BadRules::Row("a deadline has no row"));
        }
        if varighet.tillegg.timer_per_dag <= Decimal::ZERO {
            return Err(BadRules::Row("a day of the programme has no hours"));
        }
        Ok(Frister { frister, varighet })
    }

    /// Months of a row and the paragraph it rests on.
    pub fn frist(&self, rad: &str) -> (u32, &str) {
        let row = self.frister.frist.iter().find(|row| row.rad == rad);
        row.map_or((0, ""), |row| (row.maaneder, paragraf(&row.reference)))
    }

    /// Leave of a scheme that moves the deadlines of norsk.
    pub fn permisjon(&self, ordning: Ordning, permisjonstype: &str) -> bool {
        self.frister.permisjon_forlenger.iter().any(|row| row.ordning == ordning && holds(&row.typer, permisjonstype))
    }
}

impl Policy {
    pub(crate) fn frister(&self) -> &Frister {
        &self.frister
    }
}

/// The paragraph: the first part of a reference.
pub(crate) fn paragraf(reference: &str) -> &str {
    reference.split(';').next().unwrap_or_default()
}

/// Whether a list of codes holds this one.
pub(crate) fn holds(codes: &[Kode], code: &str) -> bool {
    codes.iter().any(|known| known == code)
}

/// `frister.toml`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FristFile {
    pub frist: Vec<FristRow>,
    pub regnes_fra_tilbud: FraTilbud,
    pub kontakter: Kontakter,
    pub frist_bortfall: Bortfall,
    pub permisjon_forlenger: Vec<PermisjonRow>,
    pub intl_norsk: IntlNorsk,
    pub utvidet: UtvidetRow,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FristRow {
    pub rad: String,
    pub maaneder: u32,
    pub reference: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FraTilbud {
    pub etter: NaiveDate,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Kontakter {
    pub tilbud: Vec<Kode>,
    pub krav: Vec<Kode>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Bortfall {
    pub avslutningsaarsaker: Vec<Kode>,
    pub vedtakstyper: Vec<Kode>,
    pub begrunnelser: Vec<Kode>,
    pub reference: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PermisjonRow {
    pub ordning: Ordning,
    pub typer: Vec<Kode>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct IntlNorsk {
    pub med_fravaer: bool,
    pub fravaer: Vec<Kode>,
    pub videre_maaneder: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct UtvidetRow {
    pub vedtak_fra: NaiveDate,
    pub vedtak_til: NaiveDate,
    pub vindu_maaneder: u32,
    pub med_videregaaende: u32,
    pub uten_videregaaende: u32,
    pub uten_videregaaende_hoeyst: u32,
    pub reference: String,
}

/// `varighet.toml`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct VarighetFile {
    pub varighet: Vec<VarighetRow>,
    pub videregaaende_definert: Definert,
    pub tillegg: TilleggRow,
    pub arbeidsinnhold: Vec<InnholdRow>,
}

/// One row of the durations; what each key means stands at the top of the file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct VarighetRow {
    pub rad: String,
    pub lov: Lov,
    #[serde(default)]
    pub kollektiv: Option<bool>,
    #[serde(default)]
    pub videregaaende: Option<bool>,
    #[serde(default)]
    pub sluttmaal: Vec<Kode>,
    #[serde(default)]
    pub tilbud_etter: Option<NaiveDate>,
    #[serde(default)]
    pub tilbud_til: Option<NaiveDate>,
    #[serde(default)]
    pub mottatt_fra: Option<NaiveDate>,
    #[serde(default)]
    pub minst: Option<u32>,
    pub hoeyst: u32,
    #[serde(default)]
    pub forlengelse: Option<u32>,
    #[serde(default)]
    pub tak: Option<u32>,
    pub hard: bool,
    #[serde(default)]
    pub usikker: bool,
    #[serde(default)]
    pub permisjon: Vec<Kode>,
    pub reference: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Definert {
    pub fra: NaiveDate,
}

/// Over what the days of the ten-day rule are summed (domain.md 17.24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Periode {
    /// The whole programme.
    Program,
    /// Each calendar year by itself.
    Aar,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TilleggRow {
    pub fra: NaiveDate,
    pub terskel: u32,
    pub alle_dager: bool,
    pub periode: Periode,
    pub fravaer: Vec<Kode>,
    pub permisjon: Vec<Kode>,
    pub usikre: Vec<Kode>,
    pub timer_per_dag: Decimal,
    pub reference: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct InnholdRow {
    pub rad: String,
    pub kollektiv: bool,
    #[serde(default)]
    pub aar_fra: Option<i32>,
    #[serde(default)]
    pub startet_fra: Option<NaiveDate>,
    #[serde(default)]
    pub startet_til: Option<NaiveDate>,
    pub timer: Decimal,
    #[serde(default)]
    pub timer_deltid: Option<Decimal>,
    #[serde(default)]
    pub deltid_prosent: Option<u32>,
    #[serde(default)]
    pub full_uke: Option<Decimal>,
    pub maaneder_med: u32,
    pub maaneder_uten: u32,
    pub grupper: Vec<Kode>,
}
