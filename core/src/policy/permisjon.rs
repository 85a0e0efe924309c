//! `permisjon.toml`: types of leave and what bounds them (domain.md 8.2).

use chrono::{Months, NaiveDate};
use serde::Deserialize;

use crate::policy::Policy;
use crate::post::Ordning;
use crate::registry::Lov;

/// One type of leave in one scheme.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PermisjonRule {
    /// The type.
    pub kode: String,
    ordning: Ordning,
    /// Working days of one leave (B520).
    #[serde(default)]
    pub maks_virkedager: Option<u32>,
    /// The same, for a man, where it differs (IF §12).
    #[serde(default)]
    pub maks_virkedager_mann: Option<u32>,
    /// Months of one leave (B520).
    #[serde(default)]
    pub maks_maaneder: Option<u32>,
    /// The quota that it shares.
    #[serde(default)]
    pub kvote: Option<String>,
    /// Working days of the quota in a calendar year (B525).
    #[serde(default)]
    pub kvote_virkedager: u32,
    /// Parental leave (TI-10).
    #[serde(default)]
    pub omsorg: bool,
    /// Parts of days.
    #[serde(default)]
    pub del_av_dag: bool,
    /// The acts that have it; empty means both (B504).
    #[serde(default)]
    pub lov: Vec<Lov>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct OppfoelgingRow {
    etter_maaneder: u32,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PermisjonFile {
    permisjonstype: Vec<PermisjonRule>,
    omsorgsoppfoelging: [OppfoelgingRow; 1],
}

impl Policy {
    /// The type in the scheme; `None` when the scheme does not have it (B521).
    pub fn permisjon_rule(&self, ordning: Ordning, permisjonstype: &str) -> Option<&PermisjonRule> {
        self.permisjon.permisjonstype.iter().find(|row| row.kode == permisjonstype && row.ordning == ordning)
    }

    /// The day from which follow-up is due in an omsorgspermisjon that began on `from` (IF §33).
    pub fn care_follow_up_from(&self, from: NaiveDate) -> NaiveDate {
        let [row] = self.permisjon.omsorgsoppfoelging;
        from.checked_add_months(Months::new(row.etter_maaneder)).unwrap_or(NaiveDate::MAX)
    }
}
