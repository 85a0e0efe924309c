//! `kategorier.toml`: grounds of stay, ages, clocks and the days from which rows of the decision tables hold.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::fact::Oppholdstillatelse;
use crate::time::Period;

/// Which rows of the decision tables (domain.md 5.3, 5.4) a ground of stay leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Gruppe {
    /// Asylum.
    Asyl,
    /// Resettled, or humanitarian after an application for asylum.
    Flyktning,
    /// A limited permit for a family with children.
    Barnefamilie,
    /// A limited permit of an unaccompanied minor.
    EnsligMindreaarig,
    /// Collective protection.
    Kollektiv,
    /// Family of the ones above.
    FamFlyktning,
    /// Family of a Norwegian or Nordic citizen.
    FamNordisk,
    /// Family of a worker.
    FamArbeid,
    /// Other family.
    FamAnnen,
    /// A ground of one's own after abuse.
    Selvstendig,
    /// Work or own business.
    Arbeid,
    /// A permanent permit.
    Permanent,
    /// The rules of the EEA.
    Eoes,
    /// The UK withdrawal agreement.
    Separasjon,
    /// Not counted as resident.
    Utenfor,
    /// Any other permit.
    Annen,
}

/// The ages that code asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Aldersregel {
    IlIntro,
    IlKanTilbys,
    IlNorsk,
    IlMottakOppl,
    IlMottakKval,
    IntlIntro,
    IntlPlikt,
    IntlRett,
    IntlSelvstendig,
    IntlAsylnorsk,
}

/// The rules that hold from a day, or to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Gjelder {
    #[serde(rename = "IL-3a")]
    Il3a,
    #[serde(rename = "IL-3b")]
    Il3b,
    #[serde(rename = "KAP-6A")]
    Kap6a,
    #[serde(rename = "IL-4b")]
    Il4b,
    #[serde(rename = "IL-6")]
    Il6,
    #[serde(rename = "IL-18")]
    Il18,
    #[serde(rename = "INTL-INTRO")]
    IntlIntro,
    #[serde(rename = "INTL-NORSK")]
    IntlNorsk,
    #[serde(rename = "IN-a-38")]
    Ina38,
    #[serde(rename = "IN-a-38-GAP")]
    Ina38Gap,
    #[serde(rename = "IN-c")]
    Inc,
    #[serde(rename = "IN-h")]
    Inh,
}

/// The clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Botid {
    #[serde(rename = "IL-23")]
    Il23,
    #[serde(rename = "IN-a")]
    Ina,
    #[serde(rename = "IN-c")]
    Inc,
}

/// The limits on how long a sponsor may have been settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Sponsorregel {
    #[serde(rename = "IL-4")]
    Il4,
    #[serde(rename = "IN-b")]
    Inb,
}

/// Whose duty is measured in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Timeregel {
    IlPlikt,
    IlPliktAnkomst,
    IntlRettOgPlikt,
    IntlPlikt,
}

/// Completed years, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aldersgrense {
    /// From this birthday.
    pub nedre: u32,
    /// Up to this birthday.
    pub oevre: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
struct GrunnlagRow {
    kode: String,
    gruppe: Gruppe,
    #[serde(default)]
    krever_fornybar: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct AlderRow {
    regel: Aldersregel,
    fra: Option<NaiveDate>,
    nedre: u32,
    oevre: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
struct GjelderRow {
    regel: Gjelder,
    fra: NaiveDate,
    til: Option<NaiveDate>,
}

#[derive(Debug, Clone, Deserialize)]
struct BotidRow {
    regel: Botid,
    aar: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct SponsorRow {
    regel: Sponsorregel,
    aar: u32,
    presis_bestaar: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct ArbeidRow {
    fra: NaiveDate,
    timer_per_uke: Decimal,
}

#[derive(Debug, Clone, Deserialize)]
struct FornyelseRow {
    maaneder: u32,
}

/// Hours of norsk and samfunnskunnskap that fulfil a duty.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Plikttimer {
    regel: Timeregel,
    /// From when; absent where it has always held.
    pub fra: Option<NaiveDate>,
    /// Norsk.
    pub norsk: Decimal,
    /// Samfunnskunnskap.
    pub samfunnskunnskap: Decimal,
}

/// For whom an end of a programme leaves the category open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Aapen {
    /// Everybody.
    Alle,
    /// KOLL34 while IL-3a holds.
    Kollektiv,
}

#[derive(Debug, Clone, Deserialize)]
struct AvslutningRow {
    avslutningsaarsak: String,
    #[serde(rename = "for")]
    for_hvem: Aapen,
}

#[derive(Debug, Clone, Deserialize)]
struct Statsborgerskap {
    norsk: String,
    nordisk: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Bortfall {
    samfunnskunnskap: Vec<String>,
}

/// Choices of domain.md 17.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Valg {
    /// `eos.testRettsomraadeFoerst` (17.31).
    pub rettsomraade_foerst: bool,
    /// `intro.ktUtenPermanentSpor` (17.32).
    pub kt_uten_permanent_spor: bool,
    /// `alder.nyTillatelseTeller` (17.33).
    pub ny_tillatelse_teller: bool,
    /// `kollektiv.pliktForPaabegynte` (17.35).
    pub plikt_for_paabegynte: bool,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Kategorier {
    grunnlag: Vec<GrunnlagRow>,
    aldersgrense: Vec<AlderRow>,
    gjelder: Vec<GjelderRow>,
    botid: Vec<BotidRow>,
    referanseperson: Vec<SponsorRow>,
    arbeid: Vec<ArbeidRow>,
    rettskrav: Vec<FornyelseRow>,
    plikttimer: Vec<Plikttimer>,
    aapen_etter: Vec<AvslutningRow>,
    statsborgerskap: Statsborgerskap,
    bortfall: Bortfall,
    kategorivalg: Valg,
}

/// The newest of the rows that hold on the day.
fn newest<T>(rows: impl Iterator<Item = T>, fra: impl Fn(&T) -> Option<NaiveDate>, day: NaiveDate) -> Option<T> {
    rows.filter(|row| fra(row).is_none_or(|fra| fra <= day)).max_by_key(|row| fra(row))
}

impl Kategorier {
    /// The group of a permit; `None` for a ground that the code list does not have.
    pub fn gruppe(&self, permit: &Oppholdstillatelse) -> Option<Gruppe> {
        let row = self.grunnlag.iter().find(|row| row.kode == permit.oppholdsgrunnlag)?;
        Some(if row.krever_fornybar && !permit.fornybar { Gruppe::Annen } else { row.gruppe })
    }

    /// The group that a code of a ground of stay names.
    pub fn gruppe_av(&self, kode: &str) -> Option<Gruppe> {
        self.grunnlag.iter().find(|row| row.kode == kode).map(|row| row.gruppe)
    }

    /// The age limits as they are on the day.
    pub fn alder(&self, regel: Aldersregel, day: NaiveDate) -> Aldersgrense {
        let row = newest(self.aldersgrense.iter().filter(|row| row.regel == regel), |row| row.fra, day);
        row.map_or(Aldersgrense { nedre: 0, oevre: None }, |row| Aldersgrense { nedre: row.nedre, oevre: row.oevre })
    }

    /// The days on which a rule holds; never, where it has no row.
    pub fn gjelder(&self, regel: Gjelder) -> Period {
        let row = self.gjelder.iter().find(|row| row.regel == regel);
        row.map_or(Period { from: NaiveDate::MAX, to: None }, |row| Period::inclusive(row.fra, row.til))
    }

    /// Years of a clock.
    pub fn botid(&self, regel: Botid) -> u32 {
        self.botid.iter().find(|row| row.regel == regel).map_or(0, |row| row.aar)
    }

    /// Years a sponsor may have been settled, and whether exactly so many pass.
    pub fn sponsor(&self, regel: Sponsorregel) -> (u32, bool) {
        let row = self.referanseperson.iter().find(|row| row.regel == regel);
        row.map_or((0, false), |row| (row.aar, row.presis_bestaar))
    }

    /// The day from which work of so many hours per week closes a programme; `None` when it never does.
    pub fn arbeid_lukker_fra(&self, timer_per_uke: Decimal) -> Option<NaiveDate> {
        self.arbeid.iter().filter(|row| row.timer_per_uke <= timer_per_uke).map(|row| row.fra).min()
    }

    /// Months before expiry up to which an application gives a right to stay on.
    pub fn rettskrav_maaneder(&self) -> u32 {
        self.rettskrav.first().map_or(0, |row| row.maaneder)
    }

    /// Hours that fulfil a duty counted from the day.
    pub fn plikttimer(&self, regel: Timeregel, day: NaiveDate) -> Option<&Plikttimer> {
        newest(self.plikttimer.iter().filter(|row| row.regel == regel), |row| row.fra, day)
    }

    /// For whom this reason of an end leaves the category open.
    pub fn aapen_etter(&self, aarsak: &str) -> Option<Aapen> {
        self.aapen_etter.iter().find(|row| row.avslutningsaarsak == aarsak).map(|row| row.for_hvem)
    }

    /// Norwegian citizenship.
    pub fn norsk(&self, land: &str) -> bool {
        land == self.statsborgerskap.norsk
    }

    /// Citizenship of another Nordic country.
    pub fn nordisk(&self, land: &str) -> bool {
        self.statsborgerskap.nordisk.iter().any(|nordisk| nordisk == land)
    }

    /// A ground for exemption that concerns samfunnskunnskap.
    pub fn gjelder_samfunnskunnskap(&self, fritaksgrunnlag: &str) -> bool {
        self.bortfall.samfunnskunnskap.iter().any(|grunnlag| grunnlag == fritaksgrunnlag)
    }

    /// Choices of domain.md 17.
    pub fn valg(&self) -> Valg {
        self.kategorivalg
    }
}
