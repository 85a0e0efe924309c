//! `avslutning.toml`: reasons for the end of a programme (domain.md 8.3).

use serde::Deserialize;

use crate::policy::Policy;

/// The status that a reason gives the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Utfall {
    /// Completed.
    Fullfoert,
    /// Broken off.
    Avbrutt,
}

/// What a reason has to do with the main activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Hovedaktivitet {
    /// It is none.
    #[default]
    Nei,
    /// It can be named as one.
    Kan,
    /// One must be named beside it (AVSL-21).
    Kreves,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AvslutningRule {
    kode: String,
    /// The status that the programme gets.
    pub utfall: Utfall,
    /// What it has to do with the main activity.
    #[serde(default)]
    pub hovedaktivitet: Hovedaktivitet,
    /// Set by the register alone (B562).
    #[serde(default)]
    pub bare_system: bool,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AvslutningFile {
    avslutningsaarsak: Vec<AvslutningRule>,
}

impl Policy {
    /// The reason of that code.
    pub fn avslutning_rule(&self, avslutningsaarsak: &str) -> Option<&AvslutningRule> {
        self.avslutning.avslutningsaarsak.iter().find(|row| row.kode == avslutningsaarsak)
    }

    /// The reason that the register sets when a programme has run out without one (AVSL-SYS0).
    pub fn system_reason(&self) -> Option<&str> {
        self.avslutning.avslutningsaarsak.iter().find(|row| row.bare_system).map(|row| row.kode.as_str())
    }
}
