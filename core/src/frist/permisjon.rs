//! Calendar days of leave that move a deadline: each day of the leave, once, moves it by one day (PERM-R2, PERM-R3).

use chrono::NaiveDate;

use crate::frist::program::Span;
use crate::frist::{Scene, note};
use crate::kategori::Loggsteg;
use crate::post::Ordning;
use crate::virkedag::plus_days;

pub(super) struct Added {
    pub dager: i64,
    pub ende: NaiveDate,
}

/// Adds the days of the periods (both ends included) that begin before the deadline, as it moves. Days before `start` do
/// not count; a day that two periods hold counts once.
pub(super) fn extend(
    start: NaiveDate,
    base: NaiveDate,
    periods: impl Iterator<Item = (NaiveDate, NaiveDate)>,
    regel: &str,
    logg: &mut Vec<Loggsteg>,
) -> Added {
    let mut periods: Vec<(NaiveDate, NaiveDate)> =
        periods.map(|(from, to)| (from.max(start), to)).filter(|(from, to)| from <= to).collect();
    periods.sort_unstable();
    let mut added = Added { dager: 0, ende: base };
    let mut counted: Option<NaiveDate> = None;
    for (from, to) in periods {
        let from = match counted {
            Some(last) if last >= from => match last.succ_opt() {
                Some(next) => next,
                None => break,
            },
            _ => from,
        };
        if from > to || from > added.ende {
            continue;
        }
        let days = (to - from).num_days() + 1;
        added.dager += days;
        added.ende = plus_days(base, added.dager);
        counted = Some(to);
        note(logg, regel, "", &[("nyDato", &added.ende)], (Some(from), to.succ_opt()), format!("+{days} dager"));
    }
    added
}

/// Leave that moves the deadlines of norsk. While norsk is part of a programme there is no leave from norsk, and that of the
/// programme counts (FR-NORSK-I-INTRO).
pub(super) fn of_norsk(scene: Scene<'_>, programs: &[Span], logg: &mut Vec<Loggsteg>) -> Vec<(NaiveDate, NaiveDate)> {
    let mut all = Vec::new();
    for p in &scene.bilde.permisjoner {
        let within = programs.iter().any(|program| program.contains(p.fra_dato));
        let norsk_in_program = programs.iter().any(|program| program.contains_before_additions(p.fra_dato));
        if p.ordning == Ordning::Norsk && norsk_in_program {
            let inputs: [(&str, &dyn std::fmt::Display); 1] = [("permisjonstype", &p.permisjonstype)];
            let interval = (Some(p.fra_dato), p.til_dato.succ_opt());
            note(logg, "FR-NORSK-I-INTRO", "IF §30", &inputs, interval, "teller ikke");
        } else if scene.policy.frister().permisjon(p.ordning, &p.permisjonstype)
            && (p.ordning == Ordning::Norsk || within)
        {
            if p.ordning == Ordning::Intro {
                let inputs: [(&str, &dyn std::fmt::Display); 1] = [("permisjonstype", &p.permisjonstype)];
                let interval = (Some(p.fra_dato), p.til_dato.succ_opt());
                note(logg, "FR-NORSK-I-INTRO", "IF §30", &inputs, interval, "teller");
            }
            all.push((p.fra_dato, p.til_dato));
        }
    }
    all
}
