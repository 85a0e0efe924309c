//! What the register knows of a person, as `hentPerson` answers it (domain.md 4, 5.2, 5.5, 6.6).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Another number by which the person can be searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personnummeropplysning {
    /// What kind of number (code list nummertype).
    pub nummertype: String,
    /// The number.
    pub nummer: String,
}

/// A citizenship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statsborgerskap {
    /// The country, ISO 3166-1 alpha-3.
    pub land: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
}

/// A relation to a person that the register knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Familierelasjon {
    /// The relation (code list familierelasjon).
    pub relasjon: String,
    /// The other.
    pub duf_nummer: String,
}

/// Settlement in a kommune.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bosetting {
    /// The kommune.
    pub kommunenummer: String,
    /// The bydel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bydelsnummer: Option<String>,
    /// The day of settlement.
    pub dato: NaiveDate,
    /// Whether it is by agreement with IMDi.
    pub etter_avtale: bool,
}

/// A stay in a reception centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mottaksopphold {
    /// The centre's name.
    pub navn: String,
    /// The vertskommune.
    pub kommunenummer: String,
    /// What kind of centre (code list mottakstype).
    pub mottakstype: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
}

/// The end of a permit before its last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opphoer {
    /// How it ended (code list oppholdsutfall).
    pub utfall: String,
    /// The day it was decided.
    pub dato: NaiveDate,
    /// Whether the decision can no longer be appealed.
    pub endelig: bool,
}

/// A residence permit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oppholdstillatelse {
    /// The ground (code list oppholdsgrunnlag).
    pub oppholdsgrunnlag: String,
    /// The day of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soeknadsdato: Option<NaiveDate>,
    /// The day it was granted.
    pub vedtaksdato: NaiveDate,
    /// First day of validity.
    pub gyldig_fra: NaiveDate,
    /// Last day of validity, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gyldig_til: Option<NaiveDate>,
    /// Whether it is a first permit.
    pub foerstegang: bool,
    /// Whether it can be renewed.
    pub fornybar: bool,
    /// Whether it can lead to a permanent permit.
    pub danner_grunnlag_for_permanent: bool,
    /// Whether it was given before entry.
    pub etter_innreisetillatelse: bool,
    /// The rules it was given under (code list rettsomraade).
    pub rettsomraade: String,
    /// Where it ended before its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opphoer: Option<Opphoer>,
}

/// An application for renewal, or for a permit on new grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fornyelse {
    /// The day of the application.
    pub soeknadsdato: NaiveDate,
    /// UDI's latest decision (code list oppholdsutfall). Left out: undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utfall: Option<String>,
    /// The day it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avgjort_dato: Option<NaiveDate>,
    /// Whether the decision can no longer be appealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endelig: Option<bool>,
}

/// An application for protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asylsoeknad {
    /// The day of the application.
    pub soeknadsdato: NaiveDate,
    /// Whether it is handled in the fast procedure.
    pub hurtigprosedyre: bool,
    /// Whether another state is responsible by the Dublin rules.
    pub dublin: bool,
    /// UDI's latest decision (code list oppholdsutfall). Left out: undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utfall: Option<String>,
    /// The day it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avgjort_dato: Option<NaiveDate>,
    /// Whether the decision can no longer be appealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endelig: Option<bool>,
}

/// A test result, read only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proeveresultat {
    /// The test (code list proevetype).
    pub proevetype: String,
    /// The part (code list delproeve).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delproeve: Option<String>,
    /// The day of the test.
    pub dato: NaiveDate,
    /// The result (code list proeveresultat).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resultat: Option<String>,
    /// Status (code list proevestatus).
    pub status: String,
    /// The language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spraak: Option<String>,
}

/// A category over a period, as the register has computed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personkategori {
    /// The category (code list kategori).
    pub kategori: String,
    /// The act (code list lov).
    pub lov: String,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive. Left out: open with no known end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub til_dato: Option<NaiveDate>,
    /// Why it closes (code list lukketAarsak).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lukket_aarsak: Option<String>,
    /// Whether it is the right to finish after the duty has ended.
    pub rett_til_aa_fullfoere: bool,
    /// Whether the training is free, or the kommune may charge. Left out for schemes where nobody may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gratis: Option<bool>,
    /// The row of the rules that gave the result.
    pub regel: String,
    /// Whether the rule is uncertain and should be checked.
    pub usikker: bool,
    /// What hentBeregningslogg asks for.
    pub beregnings_id: String,
}

/// A deadline, as the register has computed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personfrist {
    /// What it is for (code list fristtype).
    pub fristtype: String,
    /// The scheme.
    pub ordning: String,
    /// The last day. Left out: it cannot be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dato: Option<NaiveDate>,
    /// Whether it runs (code list friststatus).
    pub status: String,
    /// Days that absence, leave and extensions have added.
    pub tilleggsdager: i32,
    /// The row of the rules that gave the result.
    pub regel: String,
    /// Whether the rule is uncertain and should be checked.
    pub usikker: bool,
    /// What hentBeregningslogg asks for.
    pub beregnings_id: String,
}

/// A report that the post is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feilregistrering {
    /// The case at IMDi.
    pub sak_id: String,
    /// The reason (code list feilregistrertAarsak).
    pub aarsak: String,
    /// The day of the report.
    pub meldt_dato: NaiveDate,
    /// How far the report has come (code list feilstatus).
    pub status: String,
}
