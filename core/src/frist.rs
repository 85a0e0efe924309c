//! Deadlines and durations (domain.md 5.5): what follows from categories, decisions, offers, absence and leave. One file per
//! article; the numbers are rows of `rules/frister.toml` and `rules/varighet.toml`.
//!
//! Pure and without today: a deadline that has run out still says `LOEPER`, and one that a computed future end of the
//! category will overtake does too. Who asks on a day looks at the date, and whether the category is open on it.

use chrono::NaiveDate;

use crate::kategori::{Frist, Friststatus, Fristtype, Grunnlag, Kategori, Loggsteg};
use crate::policy::Policy;
use crate::post::Ordning;
use crate::registry::Lov;

mod bilde;
mod if_20;
mod if_43g;
mod il_03;
mod il_12;
mod il_14a;
mod il_30;
mod il_32;
mod il_33;
mod il_37d;
mod intl_17;
mod permisjon;
mod program;
mod programslutt;
mod run;
mod tillegg;
mod varighet;

pub use if_20::latest_postponed_start;
pub use if_43g::{Utvidet, utvidet};
pub use il_14a::{Innholdsmangel, innhold};
pub use tillegg::{Tillegg, tillegg_dager};
pub use varighet::{Varighet, Varighetsgrunnlag, varighet, varighet_of};

use bilde::Bilde;
use run::Run;

/// What every rule reads.
#[derive(Clone, Copy)]
struct Scene<'a> {
    bilde: &'a Bilde<'a>,
    policy: &'a Policy,
    lov: Option<Lov>,
}

/// All deadlines of a person, by type, scheme and date; at most one of each type and scheme, but one PROGRAMSLUTT for
/// each programme. What was looked at, and each interval that was added, goes into the log.
pub fn frister(
    grunnlag: Grunnlag<'_>,
    policy: &Policy,
    lov: Option<Lov>,
    kategorier: &[Kategori],
    logg: &mut Vec<Loggsteg>,
) -> Vec<Frist> {
    let bilde = Bilde::of(grunnlag);
    let scene = Scene { bilde: &bilde, policy, lov };
    let mut all = Vec::new();
    let programs = program::programs(&bilde);
    let ends: Vec<(Frist, Option<NaiveDate>)> =
        programs.iter().map(|program| programslutt::frist(scene, program, logg)).collect();
    if let Some(run) = Run::intro(kategorier) {
        all.push(il_12::oppstart(scene, &run, &programs, logg));
    }
    if let Some(run) = Run::norsk(kategorier) {
        let spans = program::spans(&programs, &ends);
        norsk(scene, &run, &spans, logg, &mut all);
    }
    all.extend(ends.into_iter().map(|(end, _)| end));
    all.sort_by_key(|frist| (frist.fristtype, frist.ordning, frist.dato));
    all
}

fn norsk(scene: Scene<'_>, run: &Run<'_>, programs: &[program::Span], logg: &mut Vec<Loggsteg>, all: &mut Vec<Frist>) {
    all.push(il_30::oppstart(scene, run, programs, logg));
    if run.six_a {
        all.push(il_37d::gjennomfoering(scene, run, programs, logg));
        return;
    }
    if run.lov == Lov::Intl {
        all.extend(intl_17::gjennomfoering(scene, run, programs, logg));
        return;
    }
    let permit = scene.bilde.permit_of(run.entry);
    let start = il_32::start(scene, run, permit);
    all.extend(il_32::gjennomfoering(scene, run, permit, &start, programs, logg));
    all.push(il_33::samfunnskunnskap(scene, run, permit, &start, programs, logg));
}

/// A deadline as a rule begins it.
fn frist(fristtype: Fristtype, ordning: Ordning, rad: &str, dato: Option<NaiveDate>) -> Frist {
    let status = if dato.is_some() { Friststatus::Loeper } else { Friststatus::IkkeBeregnet };
    Frist { fristtype, ordning, dato, status, tillegg_dager: 0, rad: rad.to_owned(), usikker: false }
}

/// A step of the log: the paragraph first, then what was looked at.
fn note(
    logg: &mut Vec<Loggsteg>,
    regel: &str,
    paragraf: &str,
    inputs: &[(&str, &dyn std::fmt::Display)],
    interval: (Option<NaiveDate>, Option<NaiveDate>),
    utfall: impl Into<String>,
) {
    let mut grunnlag = Vec::with_capacity(inputs.len() + 1);
    if !paragraf.is_empty() {
        grunnlag.push(("hjemmel".to_owned(), paragraf.to_owned()));
    }
    grunnlag.extend(inputs.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())));
    logg.push(Loggsteg { regel: regel.to_owned(), grunnlag, fra: interval.0, til: interval.1, utfall: utfall.into() });
}

/// What came of a deadline, as the log says it.
fn outcome(frist: &Frist) -> String {
    let date = frist.dato.map_or_else(|| "uten dato".to_owned(), |dato| dato.to_string());
    format!("{} {} {date} {}", frist.fristtype.code(), frist.ordning.code(), frist.status.code())
}
