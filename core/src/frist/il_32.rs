//! IL §32, IF §74: how long norsk may take, from the offer or from the entry of the right (FR-NORSK-3AAR, -18MND,
//! -UTDANNING); who only has a duty has hours instead (FR-NORSK-PLIKT).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::fact::Oppholdstillatelse;
use crate::frist::program::Span;
use crate::frist::run::Run;
use crate::frist::{Scene, frist, note, outcome, permisjon};
use crate::kategori::{Frist, Fristtype, Loggsteg};
use crate::policy::frister::holds;
use crate::policy::kategorier::Timeregel;
use crate::post::Ordning;
use crate::registry::Lov;
use crate::virkedag::last_day;

/// From which day the training is counted.
pub(super) struct Start {
    /// Counted from the offer (IF §74), else from the entry of the right or duty.
    pub fra_tilbud: bool,
    /// The day; absent while nothing has been offered.
    pub dag: Option<NaiveDate>,
}

/// The day that rules with a date look at: that of the permit, or of the arrival on a permit from abroad.
pub(super) fn value_day(scene: Scene<'_>, run: &Run<'_>, permit: Option<&Oppholdstillatelse>) -> NaiveDate {
    let Some(permit) = permit else { return run.entry };
    let arrival = scene.bilde.arrival.filter(|_| permit.etter_innreisetillatelse);
    arrival.map_or(permit.vedtaksdato, |arrival| arrival.max(permit.vedtaksdato))
}

pub(super) fn start(scene: Scene<'_>, run: &Run<'_>, permit: Option<&Oppholdstillatelse>) -> Start {
    let rules = &scene.policy.frister().frister;
    if value_day(scene, run, permit) <= rules.regnes_fra_tilbud.etter {
        return Start { fra_tilbud: false, dag: Some(run.entry) };
    }
    let granted = scene.bilde.decisions(Ordning::Norsk, "INNVILGELSE").map(|decision| decision.vedtak.vedtaksdato);
    let offers =
        scene.bilde.kontakter.iter().filter(|kontakt| {
            kontakt.ordning == Ordning::Norsk && holds(&rules.kontakter.tilbud, &kontakt.kontakttype)
        });
    let first = granted.chain(offers.map(|kontakt| kontakt.dato)).filter(|day| run.covers(*day)).min();
    Start { fra_tilbud: true, dag: first }
}

pub(super) fn gjennomfoering(
    scene: Scene<'_>,
    run: &Run<'_>,
    permit: Option<&Oppholdstillatelse>,
    start: &Start,
    programs: &[Span],
    logg: &mut Vec<Loggsteg>,
) -> Option<Frist> {
    if !run.rett {
        hours(scene, run, Timeregel::IlPlikt, permit, logg);
        return None;
    }
    let rules = scene.policy.frister();
    let has = scene.bilde.har_videregaaende();
    let rad = match has {
        Some(true) => "FR-NORSK-18MND",
        Some(false) => "FR-NORSK-3AAR",
        None => "FR-NORSK-UTDANNING",
    };
    let (months, paragraf) = rules.frist(rad);
    let base = start.dag.filter(|_| has.is_some()).map(|day| last_day(day, months));
    let mut frist = frist(Fristtype::Gjennomfoering, Ordning::Norsk, rad, base);
    frist.usikker = run.usikker;
    if let (Some(day), Some(base)) = (start.dag, base) {
        let leave = permisjon::of_norsk(scene, programs, logg);
        let added = permisjon::extend(day, base, leave.into_iter(), "PERM-R2", logg);
        frist.dato = Some(added.ende);
        frist.tillegg_dager = i32::try_from(added.dager).unwrap_or(i32::MAX);
    }
    if let Some(status) = run.closed(frist.dato) {
        frist.status = status;
    }
    let text = |day: Option<NaiveDate>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let education = match has {
        Some(true) => "JA",
        Some(false) => "NEI",
        None => "IKKE_REGISTRERT",
    };
    let inputs: [(&str, &dyn std::fmt::Display); 7] = [
        ("rettEllerPliktFra", &run.entry),
        ("tillatelseEllerAnkomst", &value_day(scene, run, permit)),
        (if start.fra_tilbud { "tilbud" } else { "inntreden" }, &text(start.dag)),
        ("harVideregaaende", &education),
        ("maaneder", &months),
        ("utenPermisjon", &text(base)),
        ("tilleggDager", &frist.tillegg_dager),
    ];
    let after = frist.dato.and_then(|dato| dato.succ_opt());
    note(
        logg,
        rad,
        if paragraf.is_empty() { "IL §32" } else { paragraf },
        &inputs,
        (start.dag, after),
        outcome(&frist),
    );
    Some(frist)
}

/// The hours of norsk and samfunnskunnskap that fulfil a duty, in the log: there is no deadline (FR-NORSK-PLIKT). Who was
/// granted before them from abroad and arrived since has hours of their own (17.37).
pub(super) fn hours(
    scene: Scene<'_>,
    run: &Run<'_>,
    regel: Timeregel,
    permit: Option<&Oppholdstillatelse>,
    logg: &mut Vec<Loggsteg>,
) {
    let granted = permit.map_or(run.entry, |permit| permit.vedtaksdato);
    let value = value_day(scene, run, permit);
    let rules = scene.policy.kategorier();
    let arrived = rules
        .plikttimer(Timeregel::IlPliktAnkomst, value)
        .filter(|row| regel == Timeregel::IlPlikt && granted < value && row.fra.is_some_and(|fra| granted < fra));
    let row = arrived.or_else(|| rules.plikttimer(regel, granted));
    let (norsk, samf) = row.map(|row| (row.norsk, row.samfunnskunnskap)).unwrap_or_default();
    let inputs: [(&str, &dyn std::fmt::Display); 4] = [
        ("vedtaksdato", &granted),
        ("tillatelseEllerAnkomst", &value),
        ("norskTimer", &norsk),
        ("samfunnskunnskapTimer", &samf),
    ];
    let paragraf = if run.lov == Lov::Il { "IL §32" } else { "INTL §17" };
    note(logg, "FR-NORSK-PLIKT", paragraf, &inputs, (Some(run.entry), None), "ingen frist");
}

/// Hours of samfunnskunnskap by the day of the permit, or of the arrival on one from abroad.
pub(super) fn samf_hours(scene: Scene<'_>, day: NaiveDate) -> Decimal {
    let row = scene.policy.kategorier().plikttimer(Timeregel::IlPlikt, day);
    row.map(|row| row.samfunnskunnskap).unwrap_or_default()
}
