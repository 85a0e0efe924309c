//! `landgrupper.toml`: the rate class of a country background (domain.md 13).

use chrono::NaiveDate;
use serde::Deserialize;

use crate::policy::Policy;

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LandFile {
    pub landgruppe: Vec<LandRow>,
}

/// Countries of one rate class, from a day on, or ever since.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LandRow {
    pub satsklasse: String,
    #[serde(default)]
    pub fra: Option<NaiveDate>,
    pub land: Vec<String>,
}

impl Policy {
    /// The rate class of a country (ISO 3166-1 alpha-3) on a day: `LAV` where a row lists it, else `HOEY`.
    pub fn rate_class(&self, land: &str, day: NaiveDate) -> &str {
        let rows = self.land.landgruppe.iter().filter(|row| row.fra.is_none_or(|fra| fra <= day));
        let newest = rows.max_by_key(|row| row.fra);
        newest.filter(|row| row.land.iter().any(|known| known == land)).map_or("HOEY", |row| row.satsklasse.as_str())
    }
}
