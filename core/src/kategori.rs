//! Categories, deadlines and the calculation log: what follows from facts and registrations (domain.md 5).
//!
//! [`beregn`] is pure and knows no today: a period that will end has its end, so nothing is computed anew because time
//! passes. One file per article of the law; its numbers are rows in `rules/`.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fact::Fact;
use crate::fingerprint::Fingerprint;
use crate::id::Kommunenummer;
use crate::policy::Policy;
use crate::post::{Ordning, PostVersion};
use crate::registry::Lov;
use crate::time::Period;

mod beregning;
pub mod betaling;
mod forhold;
mod il_05;
mod il_07;
mod il_08;
mod il_09;
mod il_26;
mod il_27;
mod il_28;
mod il_37;
mod il_forskrift_43h;
mod intl_02;
mod intl_03;
mod intl_17;
mod intl_20a;
mod krav;
pub mod logg;
mod lovvalg;
mod opphold;
mod periode;
mod rad;

pub use il_37::proeveplikt;

/// A category (domain.md 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kategorikode {
    /// Rett og plikt til introduksjonsprogram.
    IntroRp,
    /// Rett uten plikt til introduksjonsprogram.
    IntroR,
    /// Kan tilbys introduksjonsprogram.
    IntroKt,
    /// Rett til opplæring i norsk og samfunnskunnskap.
    NorskRett,
    /// Plikt til opplæring i norsk og samfunnskunnskap.
    NorskPlikt,
    /// Rett til norsk, IL §37d.
    #[serde(rename = "NORSK_RETT_6A")]
    NorskRett6a,
    /// Kan tilbys opplæring i norsk og samfunnskunnskap, IL §26(7); opened by the kommune's own vedtak.
    NorskKt,
    /// Opplæring i mottak for asylsøkere.
    MottakOppl,
    /// Kvalifisering i mottak.
    MottakKval,
}

impl Kategorikode {
    /// Every category, in the order in which answers list them.
    pub const ALL: [Kategorikode; 9] = [
        Kategorikode::IntroRp,
        Kategorikode::IntroR,
        Kategorikode::IntroKt,
        Kategorikode::NorskRett,
        Kategorikode::NorskPlikt,
        Kategorikode::NorskRett6a,
        Kategorikode::NorskKt,
        Kategorikode::MottakOppl,
        Kategorikode::MottakKval,
    ];

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Kategorikode::IntroRp => "INTRO_RP",
            Kategorikode::IntroR => "INTRO_R",
            Kategorikode::IntroKt => "INTRO_KT",
            Kategorikode::NorskRett => "NORSK_RETT",
            Kategorikode::NorskPlikt => "NORSK_PLIKT",
            Kategorikode::NorskRett6a => "NORSK_RETT_6A",
            Kategorikode::NorskKt => "NORSK_KT",
            Kategorikode::MottakOppl => "MOTTAK_OPPL",
            Kategorikode::MottakKval => "MOTTAK_KVAL",
        }
    }

    /// The scheme that the category opens for.
    pub const fn ordning(self) -> Ordning {
        match self {
            Kategorikode::IntroRp | Kategorikode::IntroR | Kategorikode::IntroKt => Ordning::Intro,
            Kategorikode::NorskRett | Kategorikode::NorskPlikt | Kategorikode::NorskRett6a | Kategorikode::NorskKt => {
                Ordning::Norsk
            }
            Kategorikode::MottakOppl => Ordning::MottakOppl,
            Kategorikode::MottakKval => Ordning::MottakKval,
        }
    }
}

macro_rules! lukket_aarsak {
    ($($(#[$doc:meta])* $name:ident: $code:literal,)*) => {
        /// Why a category closed (domain.md 5.2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum LukketAarsak { $($(#[$doc])* #[serde(rename = $code)] $name,)* }

        impl LukketAarsak {
            /// Every reason.
            pub const ALL: &'static [LukketAarsak] = &[$(LukketAarsak::$name),*];

            /// The code on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(LukketAarsak::$name => $code,)* }
            }
        }
    };
}

lukket_aarsak! {
    /// Outside the ages of the category.
    Alder: "ALDER",
    /// Dead.
    Doed: "DOED",
    /// Emigrated or disappeared.
    Utflyttet: "UTFLYTTET",
    /// The permit ran out and nothing carries it on.
    OppholdUtloept: "OPPHOLD_UTLOEPT",
    /// The permit was revoked, finally.
    OppholdTilbakekalt: "OPPHOLD_TILBAKEKALT",
    /// The duty is fulfilled.
    FullfoertPlikt: "FULLFOERT_PLIKT",
    /// Exempted, and the right lapsed with it.
    FritakOgBortfall: "FRITAK_OG_BORTFALL",
    /// Became a citizen.
    Statsborger: "STATSBORGER",
    /// The scheme was completed.
    OrdningFullfoert: "ORDNING_FULLFOERT",
    /// The rules changed.
    Regelendring: "REGELENDRING",
    /// The facts behind it were wrong.
    Feilregistrert: "FEILREGISTRERT",
    /// In or offered work of 30 hours a week (IL-24).
    Arbeid30t: "ARBEID_30T",
    /// Two years without a decision (IL-23).
    ToAarUtenVedtak: "TO_AAR_UTEN_VEDTAK",
    /// Came from collective protection (IL-18).
    OvergangFra34: "OVERGANG_FRA_34",
    /// UDI refused the application (IL-15).
    AvslagUdi: "AVSLAG_UDI",
    /// Left the mottak (IL-15, IL-16).
    UtAvMottak: "UT_AV_MOTTAK",
    /// Was granted a permit (IL-15).
    GittOpphold: "GITT_OPPHOLD",
}

/// A category over a period. Open on the days of `gyldig`; closed from its end on, for `aarsak`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kategori {
    /// Which.
    pub kode: Kategorikode,
    /// Under which act.
    pub lov: Lov,
    /// When it is open (half-open).
    pub gyldig: Period,
    /// Why it ends, where it does.
    pub aarsak: Option<LukketAarsak>,
    /// `RETT_TIL_AA_FULLFOERE` (IL-17).
    pub rett_til_aa_fullfoere: bool,
    /// The row of the decision table that opened it (`IL-1`, `IN-d`).
    pub rad: String,
    /// Rests on a row that is uncertain (domain.md 17).
    pub usikker: bool,
}

/// What a deadline is for (contract.md 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Fristtype {
    /// To start.
    Oppstart,
    /// To complete the training.
    Gjennomfoering,
    /// To complete samfunnskunnskap.
    Samfunnskunnskap,
    /// The end of the programme by its duration.
    Programslutt,
}

impl Fristtype {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Fristtype::Oppstart => "OPPSTART",
            Fristtype::Gjennomfoering => "GJENNOMFOERING",
            Fristtype::Samfunnskunnskap => "SAMFUNNSKUNNSKAP",
            Fristtype::Programslutt => "PROGRAMSLUTT",
        }
    }
}

/// Whether a deadline runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Friststatus {
    /// It runs, or ran out.
    Loeper,
    /// What it asks for was done in time or late.
    Oppfylt,
    /// The kommune's duty lapsed (FR-START-BORTFALT).
    Bortfalt,
    /// It cannot be computed (FR-NORSK-UTDANNING).
    IkkeBeregnet,
}

impl Friststatus {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Friststatus::Loeper => "LOEPER",
            Friststatus::Oppfylt => "OPPFYLT",
            Friststatus::Bortfalt => "BORTFALT",
            Friststatus::IkkeBeregnet => "IKKE_BEREGNET",
        }
    }
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frist {
    /// For what.
    pub fristtype: Fristtype,
    /// In which scheme.
    pub ordning: Ordning,
    /// The last day; absent when it cannot be computed.
    pub dato: Option<NaiveDate>,
    /// Whether it runs.
    pub status: Friststatus,
    /// Days that absence, leave and extensions added.
    pub tillegg_dager: i32,
    /// The row that gave it (`FR-NORSK-3AAR`).
    pub rad: String,
    /// Rests on a row that is uncertain (domain.md 17).
    pub usikker: bool,
}

/// One step of the calculation log (`beregningslogg`): which rule, on what, with which interval. The text is made on
/// reading, so that it can be improved without computing anew (design.md 17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loggsteg {
    /// The rule's row id, or its name where it has none.
    pub regel: String,
    /// What the rule looked at, in order: the name of the input and its value. Never a name, address or protection level.
    pub grunnlag: Vec<(String, String)>,
    /// First day of the interval.
    pub fra: Option<NaiveDate>,
    /// First day after it.
    pub til: Option<NaiveDate>,
    /// What came of it: a category's, deadline's or act's code, or why nothing did.
    pub utfall: String,
}

/// Everything that follows from the facts and registrations of one person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beregning {
    /// The act, where one applies.
    pub lov: Option<Lov>,
    /// All categories there were, are and will be, by code and start.
    pub kategorier: Vec<Kategori>,
    /// All deadlines, by type, scheme and date.
    pub frister: Vec<Frist>,
    /// How it came to that.
    pub logg: Vec<Loggsteg>,
}

/// Days of a scheme that a kommune may write about, and the day on which the register first let it (`aapnetForSkriving`,
/// domain.md 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aapning {
    /// The scheme.
    pub ordning: Ordning,
    /// The kommune.
    pub kommune: Kommunenummer,
    /// The event days.
    pub dager: Period,
    /// The day on which they were opened.
    pub aapnet: NaiveDate,
}

/// What the person's row keeps of the last computation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beregnet {
    /// Row number within the person of the [`BeregningRow`].
    pub row_no: i64,
    /// `beregningsId`: what hentBeregningslogg asks for.
    pub beregnings_id: Uuid,
    /// The act.
    pub lov: Option<Lov>,
    /// Categories.
    pub kategorier: Vec<Kategori>,
    /// Deadlines.
    pub frister: Vec<Frist>,
    /// When days were opened for writing.
    pub aapninger: Vec<Aapning>,
    /// Fingerprint of the log: other reasons are another computation, though the result is the same.
    pub logg: u64,
    /// Recorded from.
    pub system_from: DateTime<Utc>,
}

impl Beregnet {
    /// What follows from nothing.
    pub fn nothing(at: DateTime<Utc>) -> Self {
        Beregnet {
            row_no: 0,
            beregnings_id: Uuid::nil(),
            lov: None,
            kategorier: Vec::new(),
            frister: Vec::new(),
            aapninger: Vec::new(),
            logg: 0,
            system_from: at,
        }
    }

    /// Whether result and reasons are the same; ids and row numbers do not count.
    pub fn says_the_same(&self, other: &Beregnet) -> bool {
        self.lov == other.lov
            && self.logg == other.logg
            && self.kategorier == other.kategorier
            && self.frister == other.frister
            && self.aapninger == other.aapninger
    }

    /// Categories of a scheme that are open on the day.
    pub fn open(&self, ordning: Ordning, day: NaiveDate) -> impl Iterator<Item = &Kategori> {
        self.kategorier.iter().filter(move |k| k.kode.ordning() == ordning && k.gyldig.contains(day))
    }
}

/// A computation as it is stored: written only when its result or its log differs from the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeregningRow {
    /// Row number within the person.
    pub row_no: i64,
    /// `beregningsId`.
    pub beregnings_id: Uuid,
    /// What was computed.
    pub beregning: Beregning,
    /// When days were opened for writing.
    pub aapninger: Vec<Aapning>,
    /// Hash of the rules that computed it.
    pub regelversjon: String,
    /// Recorded from.
    pub system_from: DateTime<Utc>,
    /// Recorded until; `None` while it is the present one.
    pub system_to: Option<DateTime<Utc>>,
}

impl BeregningRow {
    /// The row of a computation as far as the person's row keeps it: without its log.
    pub fn of_kept(kept: &Beregnet) -> Self {
        BeregningRow {
            row_no: kept.row_no,
            beregnings_id: kept.beregnings_id,
            beregning: Beregning {
                lov: kept.lov,
                kategorier: kept.kategorier.clone(),
                frister: kept.frister.clone(),
                logg: Vec::new(),
            },
            aapninger: kept.aapninger.clone(),
            regelversjon: String::new(),
            system_from: kept.system_from,
            system_to: None,
        }
    }

    /// What the person's row keeps of it.
    pub fn kept(&self) -> Beregnet {
        Beregnet {
            row_no: self.row_no,
            beregnings_id: self.beregnings_id,
            lov: self.beregning.lov,
            kategorier: self.beregning.kategorier.clone(),
            frister: self.beregning.frister.clone(),
            aapninger: self.aapninger.clone(),
            logg: fingerprint(&self.beregning.logg),
            system_from: self.system_from,
        }
    }
}

fn fingerprint(logg: &[Loggsteg]) -> u64 {
    let mut print = Fingerprint::new();
    for steg in logg {
        print.add(steg.regel.as_bytes());
        for (name, value) in &steg.grunnlag {
            print.add(name.as_bytes());
            print.add(value.as_bytes());
        }
        for day in [steg.fra, steg.til] {
            print.add(&day.map_or(i32::MIN, |day| day.num_days_from_ce()).to_le_bytes());
        }
        print.add(steg.utfall.as_bytes());
    }
    print.finish()
}

/// What a computation reads: everything present about one person.
#[derive(Debug, Clone, Copy)]
pub struct Grunnlag<'a> {
    /// Present facts.
    pub facts: &'a [Fact],
    /// Present versions of posts; annulled ones are passed over.
    pub posts: &'a [PostVersion],
}

/// Computes act, categories and deadlines. Total and pure: the order of facts and posts does not matter, and the same
/// input gives the same result.
pub fn beregn(grunnlag: Grunnlag<'_>, policy: &Policy) -> Beregning {
    let (mut beregning, logg) = beregning::beregn(grunnlag, policy);
    beregning.logg = logg.steg;
    let Beregning { lov, kategorier, frister, logg } = &mut beregning;
    *frister = crate::frist::frister(grunnlag, policy, *lov, kategorier, logg);
    beregning
}
