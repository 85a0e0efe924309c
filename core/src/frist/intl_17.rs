//! INTL §§17–18: three years of norsk from the entry of the right, further hours within five (FR-INTL-NORSK; domain.md
//! 17.25, 17.36).

use crate::frist::program::Span;
use crate::frist::run::Run;
use crate::frist::{Scene, frist, il_32, note, outcome, permisjon};
use crate::kategori::{Frist, Fristtype, Loggsteg};
use crate::policy::frister::holds;
use crate::policy::kategorier::Timeregel;
use crate::post::Ordning;
use crate::virkedag::last_day;

pub(super) fn gjennomfoering(
    scene: Scene<'_>,
    run: &Run<'_>,
    programs: &[Span],
    logg: &mut Vec<Loggsteg>,
) -> Option<Frist> {
    let permit = scene.bilde.permit_of(run.entry);
    let gruppe = if run.rett { Timeregel::IntlRettOgPlikt } else { Timeregel::IntlPlikt };
    il_32::hours(scene, run, gruppe, permit, logg);
    if !run.rett {
        return None;
    }
    let rad = "FR-INTL-NORSK";
    let (months, paragraf) = scene.policy.frister().frist(rad);
    let rules = &scene.policy.frister().frister.intl_norsk;
    let base = last_day(run.entry, months);
    let mut periods = permisjon::of_norsk(scene, programs, logg);
    if rules.med_fravaer {
        let absence =
            scene.bilde.fravaer.iter().filter(|f| {
                matches!(f.ordning, Ordning::Norsk | Ordning::Intro) && holds(&rules.fravaer, &f.fravaertype)
            });
        periods.extend(absence.map(|f| (f.fra_dato, f.til_dato)));
    }
    let added = permisjon::extend(run.entry, base, periods.into_iter(), rad, logg);
    let mut frist = frist(Fristtype::Gjennomfoering, Ordning::Norsk, rad, Some(added.ende));
    frist.tillegg_dager = i32::try_from(added.dager).unwrap_or(i32::MAX);
    frist.usikker = true;
    if let Some(status) = run.closed(frist.dato) {
        frist.status = status;
    }
    let inputs: [(&str, &dyn std::fmt::Display); 5] = [
        ("inntreden", &run.entry),
        ("maaneder", &months),
        ("utenTillegg", &base),
        ("medTillegg", &added.ende),
        ("videreTimerTil", &last_day(run.entry, rules.videre_maaneder)),
    ];
    note(logg, rad, paragraf, &inputs, (Some(run.entry), added.ende.succ_opt()), outcome(&frist));
    Some(frist)
}
