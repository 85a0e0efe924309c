//! `forklarVindu`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Meldingshode;

/// A date on which you want to know whether you may register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vindusforespoersel {
    /// Who asks, and on whose behalf.
    pub meldingshode: Meldingshode,
    /// The person, when the answer shall regard when facts became known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duf_nummer: Option<String>,
    /// The scheme.
    pub ordning: String,
    /// The event date.
    pub dato: NaiveDate,
    /// The kind of post, where some campaigns are for it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posttype: Option<String>,
}

/// Something that gives a longer window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vindusutvidelse {
    /// The role or arrangement, for instance KOMMUNEETTERREGISTRERER.
    pub noekkel: String,
    /// The earliest date with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tidligste_dato: Option<NaiveDate>,
    /// Who can grant it.
    pub gis_av: String,
}

/// Whether the date is inside, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vindusforklaring {
    /// The day the window counts from.
    pub mottatt_dato: NaiveDate,
    /// Whether you may register on the date today.
    pub innenfor: bool,
    /// The earliest date today.
    pub tidligste_dato: NaiveDate,
    /// HENDELSE, SEN_KILDE, VEDTAK, KAMPANJE or DRIFTSBRUDD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grunnlag: Option<String>,
    /// The rule that answered.
    pub regel: String,
    /// The last day on which the date is inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lukkes: Option<NaiveDate>,
    /// The day on which the register first opened the date to the kommune.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aapnet_for_skriving: Option<NaiveDate>,
    /// The campaign that lets the date in, or did until it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kampanje: Option<String>,
    /// The error codes that a registration would meet, most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hinder: Vec<String>,
    /// What could give more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub utvidelse: Vec<Vindusutvidelse>,
    /// The answer in words.
    pub melding: String,
}
