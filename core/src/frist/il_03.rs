//! IL §3(3): the duty to offer lapses when the person breaks off or declines; the right stays (FR-START-BORTFALT).

use chrono::NaiveDate;

use crate::frist::run::Run;
use crate::frist::{Scene, note};
use crate::kategori::{Frist, Friststatus, Loggsteg};
use crate::policy::frister::{holds, paragraf};
use crate::post::Ordning;

/// The last day on which the person broke off or declined, within the run.
fn lapsed(scene: Scene<'_>, run: &Run<'_>, ordning: Ordning) -> Option<NaiveDate> {
    let row = &scene.policy.frister().frister.frist_bortfall;
    let declined = scene.bilde.vedtak.iter().filter(|decision| {
        let vedtak = decision.vedtak;
        vedtak.ordning == ordning
            && holds(&row.vedtakstyper, &vedtak.vedtakstype)
            && vedtak.begrunnelse.as_ref().is_some_and(|reason| holds(&row.begrunnelser, reason))
    });
    let declined = declined.map(|decision| decision.start());
    // Only programmes end with a reason of their own.
    let ended = scene
        .bilde
        .avslutninger
        .iter()
        .filter(|end| ordning == Ordning::Intro && holds(&row.avslutningsaarsaker, &end.avslutningsaarsak));
    declined.chain(ended.map(|end| end.avslutningsdato)).filter(|day| run.covers(*day)).max()
}

/// Settles the status of a deadline to start: a start fulfils it, unless the person then broke off; breaking off or declining
/// makes it lapse, unless the person then started again.
pub(super) fn settle(
    scene: Scene<'_>,
    run: &Run<'_>,
    starts: &[(NaiveDate, &str)],
    frist: &mut Frist,
    logg: &mut Vec<Loggsteg>,
) {
    let started = starts.iter().filter(|(day, _)| run.covers(*day)).max();
    let lapsed = lapsed(scene, run, frist.ordning);
    if let Some(day) = lapsed
        && started.is_none_or(|(start, _)| *start <= day)
    {
        let row = &scene.policy.frister().frister.frist_bortfall;
        frist.status = Friststatus::Bortfalt;
        "FR-START-BORTFALT".clone_into(&mut frist.rad);
        let inputs: [(&str, &dyn std::fmt::Display); 1] = [("avbruttEllerAvvist", &day)];
        note(
            logg,
            "FR-START-BORTFALT",
            paragraf(&row.reference),
            &inputs,
            (Some(day), None),
            "kommunens plikt falt bort",
        );
    } else if let Some((day, source)) = starts.iter().filter(|(day, _)| run.covers(*day)).min() {
        frist.status = Friststatus::Oppfylt;
        let inputs: [(&str, &dyn std::fmt::Display); 1] = [(source, day)];
        // A start that rests on a rule of its own names it.
        let regel = if source.starts_with("FR-") { *source } else { frist.rad.as_str() };
        note(logg, regel, "", &inputs, (Some(*day), None), "startet");
    } else if let Some(status) = run.closed(frist.dato).filter(|status| *status == Friststatus::Bortfalt) {
        frist.status = status;
    }
}
