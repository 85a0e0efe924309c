//! `fravaer.toml`: types of absence and what bounds them (domain.md 8.1).

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::policy::Policy;
use crate::post::Ordning;

/// One type of absence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FravaerRule {
    kode: String,
    ordninger: Vec<Ordning>,
    /// Shares the quota of the last twelve months (FRAV-R1).
    #[serde(default)]
    pub kvote: bool,
    /// Without a doctor's note (FRAV-01).
    #[serde(default)]
    pub egenmelding: bool,
    /// With a doctor's note (FRAV-02).
    #[serde(default)]
    pub legeerklaering: bool,
    /// A reason must be sent (FRAV-07).
    #[serde(default)]
    pub aarsak: bool,
    /// Follows an omsorgspermisjon (FRAV-07).
    #[serde(default)]
    pub etter_omsorgspermisjon: bool,
}

/// What bounds absence without a doctor's note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Egenmelding {
    /// Calendar days at a time.
    pub kalenderdager: u32,
    /// Calendar days within which a new absence adds to the one before.
    pub legges_sammen_dager: u32,
    /// Weeks of programme before the first.
    pub etter_uker: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct KvoteRow {
    omsorgsgrunnlag: String,
    virkedager: u32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct NorskRow {
    prosent: u32,
    timer: u32,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FravaerFile {
    fravaertype: Vec<FravaerRule>,
    egenmelding: [Egenmelding; 1],
    fravaerkvote: Vec<KvoteRow>,
    norskfravaer: [NorskRow; 1],
}

impl Policy {
    /// The type in the scheme; `None` when the scheme does not have it (B521).
    pub fn fravaer_rule(&self, ordning: Ordning, fravaertype: &str) -> Option<&FravaerRule> {
        self.fravaer.fravaertype.iter().find(|row| row.kode == fravaertype && row.ordninger.contains(&ordning))
    }

    /// What bounds absence without a doctor's note (IF §8).
    pub fn egenmelding(&self) -> Egenmelding {
        let [row] = self.fravaer.egenmelding;
        row
    }

    /// Working days in twelve months for what the person answers for; the first row where nothing is said (FRAV-R1).
    pub fn absence_quota(&self, omsorgsgrunnlag: Option<&str>) -> u32 {
        let rows = &self.fravaer.fravaerkvote;
        let named = rows.iter().find(|row| Some(row.omsorgsgrunnlag.as_str()) == omsorgsgrunnlag);
        named.or(rows.first()).map_or(0, |row| row.virkedager)
    }

    /// Hours of samfunnskunnskap that can be missed without a doctor's note and be made up free (FRAV-R4).
    pub fn free_absence_hours(&self) -> Decimal {
        let [row] = self.fravaer.norskfravaer;
        Decimal::from(row.timer) * Decimal::from(row.prosent) / Decimal::from(100)
    }
}
