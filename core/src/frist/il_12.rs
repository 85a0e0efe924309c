//! IL §12, INTL §3: the programme begins within three months of the settlement by agreement, else of the claim
//! (FR-START-INTRO, FR-START-INTRO-KRAV).

use chrono::NaiveDate;

use crate::frist::program::Program;
use crate::frist::run::Run;
use crate::frist::{Scene, frist, il_03, note, outcome};
use crate::kategori::{Frist, Fristtype, Loggsteg};
use crate::policy::frister::holds;
use crate::post::Ordning;
use crate::virkedag::last_day;

pub(super) fn oppstart(scene: Scene<'_>, run: &Run<'_>, programs: &[Program<'_>], logg: &mut Vec<Loggsteg>) -> Frist {
    let settled = settled(scene, run);
    let claim = claim(scene, run, Ordning::Intro);
    let (rad, start, input) = match settled {
        Some(_) => ("FR-START-INTRO", settled, "bosattEtterAvtale"),
        None => ("FR-START-INTRO-KRAV", claim, "krav"),
    };
    let (months, paragraf) = scene.policy.frister().frist(rad);
    let dato = start.map(|start| last_day(start, months));
    let mut frist = frist(Fristtype::Oppstart, Ordning::Intro, rad, dato);
    frist.usikker = run.usikker;
    let text = start.map_or_else(|| "-".to_owned(), |start| start.to_string());
    let inputs: [(&str, &dyn std::fmt::Display); 3] = [("rettFra", &run.entry), (input, &text), ("maaneder", &months)];
    note(logg, rad, paragraf, &inputs, (start, dato.and_then(|dato| dato.succ_opt())), outcome(&frist));
    let begun = programs.iter().map(|program| (program.start, "programStartet"));
    let reported = scene.bilde.oppstarter.iter().filter(|(ordning, _)| *ordning == Ordning::Intro);
    let starts: Vec<(NaiveDate, &str)> = begun.chain(reported.map(|(_, day)| (*day, "oppstart"))).collect();
    il_03::settle(scene, run, &starts, &mut frist, logg);
    frist
}

/// The settlement by agreement that the right came with: the last one by its entry, else the first one after.
fn settled(scene: Scene<'_>, run: &Run<'_>) -> Option<NaiveDate> {
    let days = &scene.bilde.settled;
    let before = days.iter().rfind(|day| **day <= run.entry);
    before.or_else(|| days.iter().find(|day| run.covers(**day))).copied()
}

/// The first claim; one from before the right counts from its entry.
pub(super) fn claim(scene: Scene<'_>, run: &Run<'_>, ordning: Ordning) -> Option<NaiveDate> {
    let row = &scene.policy.frister().frister.kontakter;
    let claims = scene.bilde.kontakter.iter().filter(|k| k.ordning == ordning && holds(&row.krav, &k.kontakttype));
    claims.map(|kontakt| kontakt.dato.max(run.entry)).find(|day| run.covers(*day))
}
