//! The rows of `rules/*.toml`. `reference` and `checked_on` are for people and for the form test.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::policy::Profile;
use crate::registry::{Campaign, Lov, RapporteringsaarLaas, Role};

/// A value that holds from a day until the next row.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dated<T> {
    /// Absent: ever since the register began.
    #[serde(default)]
    pub fra: Option<NaiveDate>,
    pub verdi: T,
}

/// The value in force on the day.
pub(super) fn in_force<T: Copy + Default>(rows: &[Dated<T>], day: NaiveDate) -> T {
    let newest = rows.iter().filter(|row| row.fra.is_none_or(|fra| fra <= day)).max_by_key(|row| row.fra);
    newest.map(|row| row.verdi).unwrap_or_default()
}

/// `grenser.toml`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Limits {
    pub vindu: Vec<WindowRow>,
    pub fremtid_aar: Vec<Dated<u32>>,
    pub timer_per_uke_maks: Vec<Dated<rust_decimal::Decimal>>,
    pub timer_per_uke_varsel: Vec<Dated<rust_decimal::Decimal>>,
    pub inaktiv_maaneder: Vec<Dated<u32>>,
    pub kommunenummer_overgang_maaneder: Vec<Dated<u32>>,
    pub opprettet_maaneder: Vec<Dated<u32>>,
    pub foerste_mottak_dager: Vec<Dated<u32>>,
    pub kampanje_varsel_maaneder: Vec<Dated<u32>>,
    pub frist_varsel_dager: Vec<Dated<u32>>,
    pub alder_opphoer: Vec<Dated<u32>>,
    pub bremse_minutter: Vec<Dated<u32>>,
    pub bremse_personer: Vec<Dated<u32>>,
    pub bremse_promille: Vec<Dated<u32>>,
    pub bremse_minst: Vec<Dated<u32>>,
    pub nasjonal_id_alle_rester: Vec<From>,
}

/// A day from which something holds.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct From {
    pub fra: NaiveDate,
}

/// How far back a role may register.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct WindowRow {
    pub rolle: Role,
    pub regel: String,
    /// Absent: ever since the register began.
    #[serde(default)]
    pub fra: Option<NaiveDate>,
    pub maaneder: u32,
}

/// `kampanjer.toml`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Campaigns {
    pub kampanje: Vec<Campaign>,
    #[serde(default)]
    pub laas: Vec<RapporteringsaarLaas>,
    pub lov: Vec<LovRow>,
}

/// An act and the day it came into force.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LovRow {
    pub lov: Lov,
    pub fra: NaiveDate,
}

/// `profil.toml`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Profiles {
    pub profil: Vec<ProfileRow>,
    pub innstillinger: Settings,
}

/// What a profile allows.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ProfileRow {
    pub profil: Profile,
    pub duf_testserie: bool,
    pub syntetiske_personer: bool,
}

/// Settings that domain.md 17 decides.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Settings {
    pub tidligere_kommune_kan_skrive: bool,
    pub sen_kilde: bool,
    pub vedtak_med_tidligere_virkning: bool,
    pub superbruker_etterregistrering: bool,
    pub lesebruker_ser_alle_med_kategori: bool,
}
