//! IL §30(3), INTL §18: norsk begins within three months of the registration in the kommune or of the claim
//! (FR-START-NORSK), at the latest after a postponement (FR-UTSATT); the fylkeskommune's education counts (FR-FYLKE).

use chrono::NaiveDate;

use crate::frist::program::Span;
use crate::frist::run::Run;
use crate::frist::{Scene, frist, if_20, il_03, il_12, note, outcome};
use crate::kategori::{Frist, Fristtype, Loggsteg};
use crate::post::Ordning;
use crate::virkedag::last_day;

pub(super) fn oppstart(scene: Scene<'_>, run: &Run<'_>, programs: &[Span], logg: &mut Vec<Loggsteg>) -> Frist {
    let rad = "FR-START-NORSK";
    let registered = scene.bilde.registered.iter().find(|period| period.to.is_none_or(|to| run.entry < to));
    let registered = registered.map(|period| period.from.max(run.entry)).filter(|day| run.covers(*day));
    let claim = il_12::claim(scene, run, Ordning::Norsk);
    let start = match (registered, claim) {
        (Some(registered), Some(claim)) => Some(registered.min(claim)),
        (one, other) => one.or(other),
    };
    let (months, paragraf) = scene.policy.frister().frist(rad);
    let mut frist = frist(Fristtype::Oppstart, Ordning::Norsk, rad, start.map(|start| last_day(start, months)));
    frist.usikker = run.usikker;
    let text = |day: Option<NaiveDate>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let inputs: [(&str, &dyn std::fmt::Display); 4] = [
        ("rettEllerPliktFra", &run.entry),
        ("folkeregistrert", &text(registered)),
        ("krav", &text(claim)),
        ("maaneder", &months),
    ];
    let after = frist.dato.and_then(|dato| dato.succ_opt());
    note(logg, rad, paragraf, &inputs, (start, after), outcome(&frist));
    if_20::postpone(scene, run, &mut frist, logg);
    il_03::settle(scene, run, &starts(scene, programs), &mut frist, logg);
    frist
}

/// Whatever is a start of norsk: reported, granted, as part of a programme, or as education of the fylkeskommune.
fn starts(scene: Scene<'_>, programs: &[Span]) -> Vec<(NaiveDate, &'static str)> {
    let bilde = scene.bilde;
    let reported = bilde.oppstarter.iter().filter(|(ordning, _)| *ordning == Ordning::Norsk);
    let reported = reported.map(|(_, day)| (*day, "oppstart"));
    let granted = bilde.decisions(Ordning::Norsk, "INNVILGELSE").map(|decision| (decision.start(), "innvilgelse"));
    let programs = programs.iter().map(|program| (program.fra, "FR-NORSK-I-INTRO"));
    let education = bilde.videregaaende.iter().map(|education| (education.fra_dato, "FR-FYLKE"));
    reported.chain(granted).chain(programs).chain(education).collect()
}
