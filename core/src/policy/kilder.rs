//! `kilder.toml`: which source tells which kinds of fact (domain.md 4).

use serde::Deserialize;

use crate::change::Opphav;
use crate::policy::Policy;

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KilderFile {
    pub kilde: Vec<KildeRow>,
}

/// One source.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KildeRow {
    /// Its code, which is also where a change by it comes from.
    pub kode: Opphav,
    pub opplysninger: Vec<String>,
}

impl Policy {
    /// The source of this code, as the streams name it.
    pub fn source(&self, kilde: &str) -> Option<Opphav> {
        self.kilder.kilde.iter().map(|row| row.kode).find(|kode| kode.code() == kilde)
    }

    /// Whether facts of this kind (code list `opplysningstype`) are the source's to tell.
    pub fn tells(&self, kilde: Opphav, opplysning: &str) -> bool {
        let mut rows = self.kilder.kilde.iter().filter(|row| row.kode == kilde);
        rows.any(|row| row.opplysninger.iter().any(|kind| kind == opplysning))
    }
}
