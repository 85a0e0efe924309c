//! IL §33: samfunnskunnskap and its test within a year (FR-SAMF, FR-SAMF-GML); not while the fylkeskommune is responsible
//! (FR-FYLKE-KRAV).

use chrono::NaiveDate;

use crate::fact::Oppholdstillatelse;
use crate::frist::il_32::{Start, samf_hours, value_day};
use crate::frist::program::Span;
use crate::frist::run::Run;
use crate::frist::{Scene, frist, note, outcome, permisjon};
use crate::kategori::{Frist, Friststatus, Fristtype, Loggsteg};
use crate::post::Ordning;
use crate::virkedag::last_day;

pub(super) fn samfunnskunnskap(
    scene: Scene<'_>,
    run: &Run<'_>,
    permit: Option<&Oppholdstillatelse>,
    start: &Start,
    programs: &[Span],
    logg: &mut Vec<Loggsteg>,
) -> Frist {
    let rad = if start.fra_tilbud { "FR-SAMF" } else { "FR-SAMF-GML" };
    let (months, paragraf) = scene.policy.frister().frist(rad);
    let base = start.dag.map(|day| last_day(day, months));
    let mut frist = frist(Fristtype::Samfunnskunnskap, Ordning::Norsk, rad, base);
    frist.usikker = run.usikker;
    // As §33 was worded before, leave did not move it.
    if let (Some(day), Some(base), true) = (start.dag, base, start.fra_tilbud) {
        let leave = permisjon::of_norsk(scene, programs, &mut Vec::new());
        let added = permisjon::extend(day, base, leave.into_iter(), "PERM-R2", logg);
        frist.dato = Some(added.ende);
        frist.tillegg_dager = i32::try_from(added.dager).unwrap_or(i32::MAX);
    }
    if let Some(status) = run.closed(frist.dato) {
        frist.status = status;
    }
    let text = |day: Option<NaiveDate>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let inputs: [(&str, &dyn std::fmt::Display); 5] = [
        ("rettEllerPliktFra", &run.entry),
        (if start.fra_tilbud { "tilbud" } else { "inntreden" }, &text(start.dag)),
        ("maaneder", &months),
        ("timer", &samf_hours(scene, value_day(scene, run, permit))),
        ("tilleggDager", &frist.tillegg_dager),
    ];
    let after = frist.dato.and_then(|dato| dato.succ_opt());
    note(logg, rad, paragraf, &inputs, (start.dag, after), outcome(&frist));
    fylke(scene, &mut frist, logg);
    frist
}

/// While the fylkeskommune is responsible on the day of the deadline there is none. One whose education ended before has
/// its deadline back.
fn fylke(scene: Scene<'_>, frist: &mut Frist, logg: &mut Vec<Loggsteg>) {
    let Some(dato) = frist.dato else { return };
    let education = scene
        .bilde
        .videregaaende
        .iter()
        .find(|education| education.fra_dato <= dato && education.til_dato.is_none_or(|til| dato <= til));
    let Some(education) = education else { return };
    frist.status = Friststatus::Bortfalt;
    "FR-FYLKE-KRAV".clone_into(&mut frist.rad);
    let combined = education.kombinert.unwrap_or_default();
    let interval = (Some(education.fra_dato), education.til_dato.and_then(|til| til.succ_opt()));
    let inputs: [(&str, &dyn std::fmt::Display); 1] = [("kombinert", &combined)];
    note(logg, "FR-FYLKE-KRAV", "IL §33", &inputs, interval, "fylkeskommunen er ansvarlig, ingen frist");
}
