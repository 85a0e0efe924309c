//! How long an introduksjonsprogram may last: IL §§13, 14 and 37c, INTL §5 and what held before (domain.md 5.5, FR-VAR-*;
//! 17.17, 17.42). The rows stand in `rules/varighet.toml`.

use chrono::NaiveDate;

use crate::frist::bilde::Bilde;
use crate::kategori::Grunnlag;
use crate::policy::Policy;
use crate::policy::frister::{VarighetRow, holds, paragraf};
use crate::post::{Kode, Vedtak};
use crate::registry::Lov;
use crate::virkedag::{last_day, plus_virkedager};

/// What the duration depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Varighetsgrunnlag<'a> {
    /// The person's act.
    pub lov: Option<Lov>,
    /// Collective protection on the day of the offer (UTL §34).
    pub kollektiv: bool,
    /// Has videregående; `None` when nobody has said.
    pub videregaaende: Option<bool>,
    /// Code list `sluttmaal`; `None` when none is registered.
    pub sluttmaal: Option<&'a str>,
    /// The day of the offer: `vedtaksdato` of the grant.
    pub tilbud: NaiveDate,
    /// The receipt day of the message with the grant.
    pub mottatt: NaiveDate,
}

/// How long a programme may last, in calendar months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varighet {
    /// The row that holds (`FR-VAR-13`); `FR-NORSK-UTDANNING` never stands here, empty when no act applies.
    pub rad: String,
    /// The paragraph it rests on.
    pub hjemmel: String,
    /// The shortest granted time, where there is one.
    pub minst: Option<u32>,
    /// The longest granted time (B512); `None` when nothing is known.
    pub maks: Option<u32>,
    /// The longest extension (B514); `None`: not allowed (B513).
    pub forlengelse: Option<u32>,
    /// What leave and extension may come to together (introduksjonsloven).
    pub tak: Option<u32>,
    /// Types of leave that lengthen it by calendar days (introduksjonsloven).
    pub permisjon: Vec<Kode>,
    /// A longer one is refused, else it is a warning.
    pub hard: bool,
    /// Rests on something uncertain.
    pub usikker: bool,
    /// The row asks for the receipt day, too (FR-VAR-AKSER).
    pub to_akser: bool,
}

impl Varighet {
    /// The last day that a programme from `start` may reach, with or without an extension; `tillegg_dager` are working days
    /// that absence and leave added. `None` when nothing is known.
    pub fn latest_end(&self, start: NaiveDate, forlenget: bool, tillegg_dager: i32) -> Option<NaiveDate> {
        let more = self.forlengelse.filter(|_| forlenget).unwrap_or_default();
        let end = last_day(start, self.maks?.saturating_add(more));
        Some(plus_virkedager(self.cap(start, end), i64::from(tillegg_dager)))
    }

    /// The day, but not after what the act lets leave and extension come to together.
    pub fn cap(&self, start: NaiveDate, end: NaiveDate) -> NaiveDate {
        self.tak.map_or(end, |tak| end.min(last_day(start, tak)))
    }

    /// The last day of an extension after a programme that was to end on `slutt` (B514); `None`: not allowed (B513).
    pub fn latest_extended(&self, slutt: NaiveDate) -> Option<NaiveDate> {
        let months = self.forlengelse?;
        Some(last_day(slutt.succ_opt()?, months))
    }
}

/// The duration by the first row whose conditions all fit. An input that is not known is tried with every value, and the
/// longest that comes out holds: uncertain, but what is longer is too long whatever the value.
pub fn varighet(grunnlag: &Varighetsgrunnlag<'_>, policy: &Policy) -> Varighet {
    let file = &policy.frister().varighet;
    let defined = grunnlag.tilbud >= file.videregaaende_definert.fra;
    let known =
        |row: &&VarighetRow, videregaaende: bool, sluttmaal: &str| fits(row, grunnlag, videregaaende, sluttmaal);
    let educations: &[bool] = match grunnlag.videregaaende {
        Some(true) => &[true],
        Some(false) => &[false],
        None => &[true, false],
    };
    let listed: Vec<&str> = file.varighet.iter().flat_map(|row| row.sluttmaal.iter().map(String::as_str)).collect();
    let goals: Vec<&str> = match grunnlag.sluttmaal {
        Some(goal) => vec![goal],
        None => listed.clone(),
    };
    let mut rows: Vec<&VarighetRow> = Vec::new();
    for videregaaende in educations {
        for goal in &goals {
            match file.varighet.iter().find(|row| known(row, *videregaaende, goal)) {
                Some(row) => rows.push(row),
                // A goal that no row names for these people is as good as none.
                None => {
                    let all = listed.iter();
                    rows.extend(
                        all.filter_map(|goal| file.varighet.iter().find(|row| known(row, *videregaaende, goal))),
                    );
                }
            }
        }
    }
    let one = rows.first().is_some_and(|first| rows.iter().all(|row| std::ptr::eq(*row, *first)));
    let Some(row) = rows.into_iter().rev().max_by_key(|row| row.hoeyst + row.forlengelse.unwrap_or_default()) else {
        return Varighet {
            rad: String::new(),
            hjemmel: String::new(),
            minst: None,
            maks: None,
            forlengelse: None,
            tak: None,
            permisjon: Vec::new(),
            hard: false,
            usikker: true,
            to_akser: false,
        };
    };
    Varighet {
        rad: row.rad.clone(),
        hjemmel: paragraf(&row.reference).to_owned(),
        minst: row.minst.filter(|_| one),
        maks: Some(row.hoeyst),
        forlengelse: row.forlengelse,
        tak: row.tak,
        permisjon: row.permisjon.clone(),
        hard: row.hard,
        usikker: row.usikker || !one || (row.lov == Lov::Il && !defined),
        to_akser: row.mottatt_fra.is_some(),
    }
}

fn fits(row: &VarighetRow, grunnlag: &Varighetsgrunnlag<'_>, videregaaende: bool, sluttmaal: &str) -> bool {
    grunnlag.lov == Some(row.lov)
        && row.kollektiv.is_none_or(|kollektiv| kollektiv == grunnlag.kollektiv)
        && row.videregaaende.is_none_or(|has| has == videregaaende)
        && (row.sluttmaal.is_empty() || holds(&row.sluttmaal, sluttmaal))
        && row.tilbud_etter.is_none_or(|etter| grunnlag.tilbud > etter)
        && row.tilbud_til.is_none_or(|til| grunnlag.tilbud <= til)
        && row.mottatt_fra.is_none_or(|fra| grunnlag.mottatt >= fra)
}

/// The duration of the programme that the decision grants, by everything else that stands.
pub fn varighet_of(
    grunnlag: Grunnlag<'_>,
    policy: &Policy,
    lov: Option<Lov>,
    vedtak: &Vedtak,
    mottatt: NaiveDate,
) -> Varighet {
    varighet(&self::grunnlag(&Bilde::of(grunnlag), lov, vedtak, mottatt), policy)
}

/// What the duration of a granting decision depends on.
pub(super) fn grunnlag<'a>(
    bilde: &Bilde<'a>,
    lov: Option<Lov>,
    vedtak: &Vedtak,
    mottatt: NaiveDate,
) -> Varighetsgrunnlag<'a> {
    Varighetsgrunnlag {
        lov,
        kollektiv: bilde.kollektiv(vedtak.vedtaksdato),
        videregaaende: bilde.har_videregaaende(),
        sluttmaal: bilde.sluttmaal.last().map(|goal| goal.sluttmaal.as_str()),
        tilbud: vedtak.vedtaksdato,
        mottatt,
    }
}
