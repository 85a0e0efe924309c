//! The law's numbers, the register's limits and settings, read from `rules/`; `Policy` is their only reader.
//!
//! A number is a dated row: nothing here or in `decide` branches on a date that stands in code.

use chrono::{Months, NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::bremse::Bremse;
use crate::id::{Bydel, Kommunenummer};
use crate::post::Ordning;
use crate::registry::Lov;

mod avslutning;
mod files;
mod fravaer;
pub(crate) mod frister;
mod innhold;
pub(crate) mod kategorier;
mod kilder;
mod kommuner;
mod land;
mod norsk;
mod permisjon;
mod rows;
mod vedtak;
mod window;

pub use avslutning::{AvslutningRule, Hovedaktivitet, Utfall};
pub use files::{RULES, RuleFiles};
pub use fravaer::{Egenmelding, FravaerRule};
pub use innhold::{Kategorikrav, VenterPaa};
pub use permisjon::PermisjonRule;
pub use vedtak::{VedtakRule, Virkning};
pub use window::{About, Window, month_end};

use rows::in_force;

/// What an installation is. Set in the database by `migrate`; never changed after (design.md 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Real persons, real certificates.
    Production,
    /// Synthetic persons, test certificates.
    Test,
    /// As test, with clocks that can be set and faults that can be ordered.
    Sandbox,
}

impl Profile {
    /// As it is written in the configuration and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Production => "production",
            Profile::Test => "test",
            Profile::Sandbox => "sandbox",
        }
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rules that are compiled in do not hold together; a test proves that they do.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    /// A TOML file.
    #[error("rules: {0}")]
    Toml(#[from] toml::de::Error),
    /// A CSV file.
    #[error("rules: {0}")]
    Csv(#[from] csv::Error),
    /// A row that contradicts its file.
    #[error("rules: {0}")]
    Row(&'static str),
}

/// What the rules say.
#[derive(Debug, Clone)]
pub struct Policy {
    profile: rows::ProfileRow,
    settings: rows::Settings,
    limits: rows::Limits,
    campaigns: rows::Campaigns,
    vedtak: vedtak::VedtakFile,
    innhold: innhold::InnholdFile,
    fravaer: fravaer::FravaerFile,
    permisjon: permisjon::PermisjonFile,
    norsk: norsk::NorskFile,
    avslutning: avslutning::AvslutningFile,
    kommuner: kommuner::Kommuner,
    kilder: kilder::KilderFile,
    land: land::LandFile,
    kategorier: kategorier::Kategorier,
    frister: frister::Frister,
    version: String,
}

impl Policy {
    /// The embedded rules as they are for this profile.
    pub fn embedded(profile: Profile) -> Result<Self, BadRules> {
        Policy::read(profile, &RuleFiles::embedded())
    }

    /// The rules of these files as they are for this profile.
    pub fn read(profile: Profile, files: &RuleFiles) -> Result<Self, BadRules> {
        let profiles: rows::Profiles = toml::from_str(files.get("profil.toml"))?;
        let row = profiles.profil.into_iter().find(|row| row.profil == profile);
        Ok(Policy {
            profile: row.ok_or(BadRules::Row("a profile has no row"))?,
            settings: profiles.innstillinger,
            limits: toml::from_str(files.get("grenser.toml"))?,
            campaigns: toml::from_str(files.get("kampanjer.toml"))?,
            vedtak: toml::from_str(files.get("vedtak.toml"))?,
            innhold: toml::from_str(files.get("innhold.toml"))?,
            fravaer: toml::from_str(files.get("fravaer.toml"))?,
            permisjon: toml::from_str(files.get("permisjon.toml"))?,
            norsk: toml::from_str(files.get("norsk.toml"))?,
            avslutning: toml::from_str(files.get("avslutning.toml"))?,
            kommuner: kommuner::Kommuner::read(files)?,
            kilder: toml::from_str(files.get("kilder.toml"))?,
            land: toml::from_str(files.get("landgrupper.toml"))?,
            kategorier: toml::from_str(files.get("kategorier.toml"))?,
            frister: frister::Frister::read(files)?,
            version: files.version(),
        })
    }

    /// Names the rule set: the same files give the same version, another byte another one.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Years from 9000 on may have any control digits (domain.md 17.3).
    pub fn test_series(&self) -> bool {
        self.profile.duf_testserie
    }

    /// Whether persons of this kind are registered here at all: production takes no synthetic ones, test and sandbox
    /// take no real national ids (domain.md 3.1, 3.2; X313).
    pub fn accepts_person(&self, synthetic: bool) -> bool {
        synthetic == self.profile.syntetiske_personer
    }

    /// Hard upper limit of hours per week on a day (TI-8).
    pub fn hours_hard(&self, day: NaiveDate) -> Decimal {
        in_force(&self.limits.timer_per_uke_maks, day)
    }

    /// Hours per week above which a warning is due (TI-8).
    pub fn hours_warning(&self, day: NaiveDate) -> Decimal {
        in_force(&self.limits.timer_per_uke_varsel, day)
    }

    /// The last day that a start or a period may reach (HD-12).
    pub fn latest_future(&self, today: NaiveDate) -> NaiveDate {
        let years: u32 = in_force(&self.limits.fremtid_aar, today);
        today.checked_add_months(Months::new(12 * years)).unwrap_or(NaiveDate::MAX)
    }

    /// Days before a deadline on which the kommune is told that it is near (domain.md 12).
    pub fn deadline_warning_days(&self, day: NaiveDate) -> u32 {
        in_force(&self.limits.frist_varsel_dager, day)
    }

    /// The age at which all rights end (domain.md 17.5).
    pub fn age_of_end(&self, day: NaiveDate) -> u32 {
        in_force(&self.limits.alder_opphoer, day)
    }

    /// When a source is held (design.md 8, Bremse).
    pub fn bremse(&self, today: NaiveDate) -> Bremse {
        let limit = |rows| i64::from(in_force(rows, today));
        Bremse {
            within: TimeDelta::minutes(limit(&self.limits.bremse_minutter)),
            persons: limit(&self.limits.bremse_personer),
            per_mille: limit(&self.limits.bremse_promille),
            at_least: limit(&self.limits.bremse_minst),
        }
    }

    /// Users last used before this day are inactive (A405).
    pub fn inactive_before(&self, today: NaiveDate) -> NaiveDate {
        back(today, in_force(&self.limits.inaktiv_maaneder, today))
    }

    /// Messages written before this day are refused (V608).
    pub fn ids_kept_since(&self, today: NaiveDate) -> NaiveDate {
        back(today, in_force(&self.limits.opprettet_maaneder, today))
    }

    /// Days for which a message that was not answered finally keeps its first receipt time (contract.md 4.4).
    pub fn first_receipt_days(&self, today: NaiveDate) -> u32 {
        in_force(&self.limits.foerste_mottak_dager, today)
    }

    /// Whether the first control digit of a national id may leave any of four remainders (domain.md 3.3).
    pub fn all_id_remainders(&self, today: NaiveDate) -> bool {
        self.limits.nasjonal_id_alle_rester.iter().any(|row| row.fra <= today)
    }

    /// Whether a former kommune may register what happened before the move (domain.md 17.8).
    pub fn former_kommune_may_write(&self) -> bool {
        self.settings.tidligere_kommune_kan_skrive
    }

    /// Whether the day on which the register learned of the follow-up is a second lawful start (domain.md 17.12).
    pub fn late_source(&self) -> bool {
        self.settings.sen_kilde
    }

    /// Whether a decision with earlier effect is judged by the day it was made (domain.md 17.12, HD-1a).
    pub fn earlier_effect(&self) -> bool {
        self.settings.vedtak_med_tidligere_virkning
    }

    /// Whether Kommunenirsuperbruker has the reach of Kommuneetterregistrerer (domain.md 17.4).
    pub fn superbruker_is_etterregistrerer(&self) -> bool {
        self.settings.superbruker_etterregistrering
    }

    /// Whether the number is a county's: its two digits followed by 00, as KOSTRA numbers fylkeskommuner.
    pub fn fylke_known(&self, number: Kommunenummer) -> bool {
        self.kommuner.fylke_known(number)
    }

    /// Whether the kommune lies in the county on the day.
    pub fn in_fylke(&self, kommune: Kommunenummer, fylke: Kommunenummer, on: NaiveDate) -> bool {
        self.fylke_known(fylke) && self.present_number(kommune, on).fylke() == fylke.fylke()
    }

    /// All numbers of the kommuner in the county on the day, former ones included.
    pub fn numbers_in_fylke(&self, fylke: Kommunenummer, on: NaiveDate) -> Vec<Kommunenummer> {
        let mut all: Vec<Kommunenummer> = self.kommuner.all().filter(|one| self.in_fylke(*one, fylke, on)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether who only reads sees everybody with a computed category, and not own persons alone (domain.md 17.6).
    pub fn readers_see_all(&self) -> bool {
        self.settings.lesebruker_ser_alle_med_kategori
    }

    /// Whether measures of the scheme need a granting decision (B510); kvalifisering i mottak does not (6.5).
    pub fn tiltak_needs_vedtak(&self, ordning: Ordning) -> bool {
        self.vedtak.ordning.iter().any(|row| row.ordning == ordning && row.tiltak_krever_vedtak)
    }

    /// Whether the scheme has measures (B556).
    pub fn has_tiltak(&self, ordning: Ordning) -> bool {
        self.vedtak.ordning.iter().any(|row| row.ordning == ordning && row.tiltak)
    }

    /// Whether the act has the scheme (B504).
    pub fn ordning_under(&self, ordning: Ordning, lov: Lov) -> bool {
        let row = self.vedtak.ordning.iter().find(|row| row.ordning == ordning);
        row.is_none_or(|row| row.lov.is_empty() || row.lov.contains(&lov))
    }

    /// Whether decisions of the scheme follow a permit (B509); asylum seekers have none.
    pub fn needs_permit(&self, ordning: Ordning) -> bool {
        !self.vedtak.ordning.iter().any(|row| row.ordning == ordning && row.uten_tillatelse)
    }

    /// What a type of decision asks for in a scheme; `None` when the scheme has no such type (B515).
    pub fn vedtak_rule(&self, ordning: Ordning, vedtakstype: &str) -> Option<&VedtakRule> {
        self.vedtak.vedtakstype.iter().find(|row| row.ordning == ordning && row.vedtakstype == vedtakstype)
    }

    /// Whether the number ever was a kommune's.
    pub fn kommune_known(&self, kommune: Kommunenummer) -> bool {
        self.kommuner.known(kommune)
    }

    /// Whether the bydel exists.
    pub fn bydel_known(&self, bydel: Bydel) -> bool {
        self.kommuner.bydel_known(bydel)
    }

    /// Numbers that took over from this one by that day; several after a split.
    pub fn successors(&self, kommune: Kommunenummer, on: NaiveDate) -> Vec<Kommunenummer> {
        self.kommuner.successors(kommune, on)
    }

    /// The successors of a sender's own old number, and whether the months of grace are over (A410).
    pub fn superseded(&self, kommune: Kommunenummer, on: NaiveDate) -> Option<(Vec<Kommunenummer>, bool)> {
        let successors = self.successors(kommune, on);
        let grace: u32 = in_force(&self.limits.kommunenummer_overgang_maaneder, on);
        let end = self.kommuner.reform().checked_add_months(Months::new(grace));
        (!successors.is_empty()).then(|| (successors, end.is_none_or(|end| on >= end)))
    }

    /// The number that the kommune has on the day: that of the one that took over. A split gives none.
    pub fn present_number(&self, kommune: Kommunenummer, on: NaiveDate) -> Kommunenummer {
        match *self.successors(kommune, on) {
            [only] => only,
            _ => kommune,
        }
    }

    /// Every number of the kommune on the day: after a reform its avsendersystemer may still bear the old one.
    pub fn numbers_of(&self, kommune: Kommunenummer, on: NaiveDate) -> Vec<Kommunenummer> {
        let present = self.present_number(kommune, on);
        let old = self.kommuner.predecessors(present, on).filter(|old| self.present_number(*old, on) == present);
        std::iter::once(present).chain(old).collect()
    }

    /// Whether `kommune` is `owner`, by the numbers of either side of a reform. What was split is nobody's until the
    /// address of the person is known (domain.md 3.5).
    pub fn owns(&self, kommune: Kommunenummer, owner: Kommunenummer, on: NaiveDate) -> bool {
        self.successors(owner, on).len() < 2 && self.present_number(kommune, on) == self.present_number(owner, on)
    }

    /// Whether the two numbers are the same party's. Unlike a record, a party that was split is still itself.
    pub fn same_kommune(&self, one: Kommunenummer, other: Kommunenummer, on: NaiveDate) -> bool {
        one == other || self.owns(one, other, on)
    }

    /// What opens and closes categories.
    pub(crate) fn kategorier(&self) -> &kategorier::Kategorier {
        &self.kategorier
    }

    /// The day an act came into force.
    pub(crate) fn lov_fra(&self, lov: Lov) -> NaiveDate {
        self.campaigns.lov.iter().find(|row| row.lov == lov).map_or(NaiveDate::MAX, |row| row.fra)
    }

    /// Acts in force on a day. While only one is, it is everybody's (domain.md 5.1).
    fn acts(&self, on: NaiveDate) -> Vec<Lov> {
        self.campaigns.lov.iter().filter(|row| row.fra <= on).map(|row| row.lov).collect()
    }
}

/// Calendar months back, clamped to the last day of the target month (domain.md 9.2).
fn back(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN)
}
