//! `finnPerson`.

use serde::{Deserialize, Serialize};

use super::Meldingshode;

/// A number whose person you want to find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finnforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// FOEDSELSNUMMER, D_NUMMER, REG_NUMMER or UNHCR_NUMMER.
    pub nummertype: String,
    /// The number.
    pub nummer: String,
}

/// The persons with the number that your kommune follows up or followed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finnsvar {
    /// The key of the register.
    pub duf_nummer: Vec<String>,
}
