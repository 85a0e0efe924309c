//! `vedtak.toml`: the types of decision of each scheme and what each asks for.

use serde::Deserialize;

use crate::post::Ordning;
use crate::registry::Lov;

/// What a decision does to its scheme. In this order where several have effect on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Virkning {
    /// Opens it.
    Aapner,
    /// Makes it last longer.
    Forlenger,
    /// A leave within it.
    Permisjon,
    /// Stops it for a time.
    Stanser,
    /// Takes it up again.
    Gjenopptar,
    /// Ends it.
    Lukker,
}

/// One type of decision in one scheme.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VedtakRule {
    /// The scheme.
    pub ordning: Ordning,
    /// The type.
    pub vedtakstype: String,
    /// `startDato` must be sent.
    #[serde(default)]
    pub start: bool,
    /// `sluttDato` must be sent.
    #[serde(default)]
    pub slutt: bool,
    /// `begrunnelse` must be sent (B516).
    #[serde(default)]
    pub begrunnelse: bool,
    /// `vedtakRef` must be sent (L810).
    #[serde(default)]
    pub vedtak_ref: bool,
    /// It follows up the decision that it names: written by the kommune that owns that one (domain.md 11.3).
    #[serde(default)]
    pub foelger_opp: bool,
    /// A granting decision must be in force on the day of effect.
    #[serde(default)]
    pub krever_aktiv: bool,
    /// A temporary stop must be in force (L805).
    #[serde(default)]
    pub krever_stans: bool,
    /// The window looks at `vedtaksdato` alone (HD-1a).
    #[serde(default)]
    pub tidligere_virkning: bool,
    /// What it does to the scheme.
    #[serde(default)]
    pub virkning: Option<Virkning>,
    /// It asks for no open category (B503).
    #[serde(default)]
    pub uten_kategori: bool,
    /// It opens «kan tilbys» where no right is open (IL-25).
    #[serde(default)]
    pub kan_tilbys: bool,
    /// The acts that have it; empty means both (B504).
    #[serde(default)]
    pub lov: Vec<Lov>,
    /// `fritaksgrunnlag` must be sent and fit (B516, B517).
    #[serde(default)]
    pub fritak: bool,
    /// An exemption from exams: only for whom has the duty (B528).
    #[serde(default)]
    pub proeve: bool,
    /// A right lapses with an exemption (B526).
    #[serde(default)]
    pub bortfall: bool,
    /// Extends the right of IL §37d (B515, B518, B519, B527).
    #[serde(default)]
    pub utvider: bool,
    /// Postpones the start of the training (B512).
    #[serde(default)]
    pub utsetter: bool,
}

/// One scheme.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct OrdningRow {
    pub ordning: Ordning,
    pub tiltak: bool,
    pub tiltak_krever_vedtak: bool,
    #[serde(default)]
    pub lov: Vec<Lov>,
    #[serde(default)]
    pub uten_tillatelse: bool,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct VedtakFile {
    pub ordning: Vec<OrdningRow>,
    pub vedtakstype: Vec<VedtakRule>,
}
