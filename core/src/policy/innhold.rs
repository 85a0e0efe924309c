//! `innhold.toml`: what each kind of registration asks of the person.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::policy::Policy;
use crate::policy::kategorier::{Aldersgrense, Aldersregel};
use crate::post::{Content, Ordning};
use crate::registry::Lov;

/// How much of a category a registration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kategorikrav {
    /// One of the scheme, open on the event day.
    Dagen,
    /// One of the scheme, at any time.
    Noen,
    /// None.
    Ingen,
}

/// What a right waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VenterPaa {
    /// A settlement in a kommune.
    Bosetting,
    /// The first renewal of the permit.
    Fornyelse,
}

#[derive(Debug, Clone, Deserialize)]
struct InnholdRow {
    posttype: String,
    #[serde(default)]
    lov: Vec<Lov>,
    kategori: Kategorikrav,
    #[serde(default)]
    gjelder_fra: Option<NaiveDate>,
}

#[derive(Debug, Clone, Deserialize)]
struct VenterRow {
    oppholdsgrunnlag: String,
    ordninger: Vec<Ordning>,
    venter_paa: VenterPaa,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct InnholdFile {
    innhold: Vec<InnholdRow>,
    inntrer_senere: Vec<VenterRow>,
}

impl Policy {
    fn innhold_row(&self, content: &Content) -> Option<&InnholdRow> {
        self.innhold.innhold.iter().find(|row| row.posttype == content.posttype())
    }

    /// Whether the act knows this kind of registration (B541).
    pub fn act_knows(&self, content: &Content, lov: Lov) -> bool {
        self.innhold_row(content).is_none_or(|row| row.lov.is_empty() || row.lov.contains(&lov))
    }

    /// The first day of which this kind is registered (B527).
    pub fn registered_from(&self, content: &Content) -> Option<NaiveDate> {
        self.innhold_row(content)?.gjelder_fra
    }

    /// How much of a category the registration asks for (B503); a decision by its type.
    pub fn category_asked(&self, content: &Content) -> Kategorikrav {
        if let Content::Vedtak(vedtak) = content
            && self.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype).is_none_or(|rule| rule.uten_kategori)
        {
            return Kategorikrav::Ingen;
        }
        self.innhold_row(content).map_or(Kategorikrav::Dagen, |row| row.kategori)
    }

    /// Ages of the scheme under the act on the day, in completed years: they explain why no category is open (B505).
    pub(crate) fn ages(&self, ordning: Ordning, lov: Lov, day: NaiveDate) -> Option<Aldersgrense> {
        let regel = match (ordning, lov) {
            (Ordning::Intro, Lov::Il) => Aldersregel::IlIntro,
            (Ordning::Norsk, Lov::Il) => Aldersregel::IlNorsk,
            (Ordning::Intro, Lov::Intl) => Aldersregel::IntlIntro,
            (Ordning::Norsk, Lov::Intl) => Aldersregel::IntlRett,
            _ => return None,
        };
        Some(self.kategorier().alder(regel, day))
    }

    /// What a right of the scheme waits for on this permit (B507).
    pub fn right_waits_for(&self, ordning: Ordning, oppholdsgrunnlag: &str) -> Option<VenterPaa> {
        let mut rows = self.innhold.inntrer_senere.iter();
        rows.find(|row| row.oppholdsgrunnlag == oppholdsgrunnlag && row.ordninger.contains(&ordning))
            .map(|row| row.venter_paa)
    }
}
