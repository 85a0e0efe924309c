//! IF §20: the start of norsk may be postponed, up to ten years after the entry of the right or duty (FR-UTSATT).

use chrono::NaiveDate;

use crate::frist::run::Run;
use crate::frist::{Scene, note, outcome};
use crate::kategori::{Frist, Loggsteg};
use crate::policy::Policy;
use crate::post::Ordning;
use crate::virkedag::last_day;

/// The last day to which the start may be postponed.
pub fn latest_postponed_start(policy: &Policy, entry: NaiveDate) -> NaiveDate {
    last_day(entry, policy.frister().frist("FR-UTSATT").0)
}

/// Moves the deadline to the end of the postponement; one without an end lasts as long as it may.
pub(super) fn postpone(scene: Scene<'_>, run: &Run<'_>, frist: &mut Frist, logg: &mut Vec<Loggsteg>) {
    let latest = latest_postponed_start(scene.policy, run.entry);
    let postponed = scene.bilde.decisions(Ordning::Norsk, "UTSATT_OPPSTART");
    let within = postponed.filter(|decision| run.covers(decision.start()));
    let Some(until) = within.map(|decision| decision.vedtak.slutt_dato.unwrap_or(latest).min(latest)).max() else {
        return;
    };
    if frist.dato.is_some_and(|dato| until <= dato) {
        return;
    }
    frist.dato = Some(until);
    frist.status = crate::kategori::Friststatus::Loeper;
    "FR-UTSATT".clone_into(&mut frist.rad);
    let (months, paragraf) = scene.policy.frister().frist("FR-UTSATT");
    let inputs: [(&str, &dyn std::fmt::Display); 3] =
        [("rettEllerPliktFra", &run.entry), ("maaneder", &months), ("senest", &latest)];
    note(logg, "FR-UTSATT", paragraf, &inputs, (Some(run.entry), until.succ_opt()), outcome(frist));
}
