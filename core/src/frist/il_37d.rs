//! IL §37d: people with collective protection have norsk for a year from the start in the first decision (FR-34-NORSK), and
//! what utvidet norskopplæring adds while it lasts (FR-34-UTVIDET).

use chrono::NaiveDate;

use crate::frist::program::Span;
use crate::frist::run::Run;
use crate::frist::{Scene, frist, if_43g, note, outcome, permisjon};
use crate::kategori::{Frist, Fristtype, Loggsteg};
use crate::post::Ordning;
use crate::virkedag::last_day;

/// The last day of the right itself, with leave: the day that the window of utvidet norskopplæring looks at.
pub(super) fn right(
    scene: Scene<'_>,
    entry: Option<NaiveDate>,
    programs: &[Span],
    logg: &mut Vec<Loggsteg>,
) -> Option<(NaiveDate, permisjon::Added)> {
    let granted = scene.bilde.decisions(Ordning::Norsk, "INNVILGELSE").map(|decision| decision.start());
    let start = granted.filter(|day| entry.is_none_or(|entry| entry <= *day)).min()?;
    let base = last_day(start, scene.policy.frister().frist("FR-34-NORSK").0);
    let leave = permisjon::of_norsk(scene, programs, logg);
    Some((start, permisjon::extend(start, base, leave.into_iter(), "PERM-R2", logg)))
}

pub(super) fn gjennomfoering(scene: Scene<'_>, run: &Run<'_>, programs: &[Span], logg: &mut Vec<Loggsteg>) -> Frist {
    let rad = "FR-34-NORSK";
    let (months, paragraf) = scene.policy.frister().frist(rad);
    let right = right(scene, Some(run.entry), programs, logg);
    let mut frist = frist(Fristtype::Gjennomfoering, Ordning::Norsk, rad, right.as_ref().map(|(_, added)| added.ende));
    frist.usikker = run.usikker;
    if let Some((_, added)) = &right {
        frist.tillegg_dager = i32::try_from(added.dager).unwrap_or(i32::MAX);
    }
    let start = right.as_ref().map(|(start, _)| *start);
    let text = start.map_or_else(|| "-".to_owned(), |start| start.to_string());
    let inputs: [(&str, &dyn std::fmt::Display); 4] = [
        ("rettFra", &run.entry),
        ("startIFoersteVedtak", &text),
        ("maaneder", &months),
        ("tilleggDager", &frist.tillegg_dager),
    ];
    note(logg, rad, paragraf, &inputs, (start, frist.dato.and_then(|dato| dato.succ_opt())), outcome(&frist));
    if_43g::lengthen(scene, &mut frist, logg);
    if let Some(status) = run.closed(frist.dato) {
        frist.status = status;
    }
    frist
}
