//! IL §14a, and §37c as it was: work-oriented elements of a programme, on average per week after some months (FR-INNHOLD,
//! FR-INNHOLD-34). Too few are a warning, never a refusal.

use chrono::{Datelike as _, Months, NaiveDate};
use rust_decimal::Decimal;

use crate::average::average;
use crate::frist::bilde::Bilde;
use crate::frist::program::{self, Program};
use crate::kategori::Grunnlag;
use crate::policy::Policy;
use crate::policy::frister::{InnholdRow, holds};
use crate::post::Ordning;

/// A month of a programme with too little work in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Innholdsmangel {
    /// `FR-INNHOLD` or `FR-INNHOLD-34`.
    pub rad: String,
    /// First day of the month.
    pub maaned: NaiveDate,
    /// Hours per week that are asked for.
    pub krav: Decimal,
    /// Hours per week there are.
    pub timer: Decimal,
}

/// Whether the programme that covers the whole month has too little work in it then. Asked for are programmes whose goal is
/// work, or of people with collective protection.
pub fn innhold(grunnlag: Grunnlag<'_>, policy: &Policy, month: NaiveDate) -> Option<Innholdsmangel> {
    let bilde = Bilde::of(grunnlag);
    let first = month.with_day(1)?;
    let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
    let programs = program::programs(&bilde);
    let program = programs.iter().rfind(|program| {
        let end = program.avsluttet.or(program.slutt);
        program.start <= first && end.is_none_or(|end| last <= end)
    })?;
    let row = policy.frister().varighet.arbeidsinnhold.iter().find(|row| asks(row, &bilde, program, first))?;
    let tiltak = || bilde.tiltak.iter().filter(|t| t.ordning == Ordning::Intro).copied();
    let work = average(first, tiltak().filter(|t| holds(&row.grupper, &t.tiltaksgruppe))).timer_per_uke;
    let whole = average(first, tiltak()).timer_per_uke;
    let krav = match (row.timer_deltid, row.deltid_prosent, row.full_uke) {
        (Some(part), Some(percent), Some(week)) if whole * Decimal::ONE_HUNDRED <= week * Decimal::from(percent) => {
            part
        }
        _ => row.timer,
    };
    (work < krav).then(|| Innholdsmangel { rad: row.rad.clone(), maaned: first, krav, timer: work })
}

fn asks(row: &InnholdRow, bilde: &Bilde<'_>, program: &Program<'_>, first: NaiveDate) -> bool {
    let kollektiv = bilde.kollektiv(program.vedtak.vedtak.vedtaksdato);
    let goal = bilde.sluttmaal.iter().rfind(|goal| goal.fra_dato <= first);
    let work = goal.is_some_and(|goal| goal.sluttmaal == "ARBEID");
    // Uncertain education: the longer time of grace.
    let grace = match bilde.har_videregaaende() {
        Some(true) => row.maaneder_med,
        Some(false) => row.maaneder_uten,
        None => row.maaneder_med.max(row.maaneder_uten),
    };
    let begins = program.start.checked_add_months(Months::new(grace));
    (if row.kollektiv { kollektiv } else { work })
        && row.aar_fra.is_none_or(|year| year <= first.year())
        && row.startet_fra.is_none_or(|fra| fra <= program.start)
        && row.startet_til.is_none_or(|til| program.start <= til)
        && begins.is_some_and(|begins| begins <= first)
}
