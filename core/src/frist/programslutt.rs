//! The end of a programme: `startDato + varighet + tillegg`, within what was granted (domain.md 5.5; AVSL-R3).

use chrono::NaiveDate;

use crate::frist::program::Program;
use crate::frist::tillegg::{self, Tillegg};
use crate::frist::varighet::{self, Varighet};
use crate::frist::{Scene, note, outcome, permisjon};
use crate::kategori::{Frist, Friststatus, Fristtype, Loggsteg};
use crate::post::Ordning;
use crate::registry::Lov;
use crate::virkedag::plus_virkedager;

/// The last day by grant and duration alone.
fn base(program: &Program<'_>, varighet: &Varighet) -> Option<NaiveDate> {
    let longest = varighet.latest_end(program.start, program.forlenget, 0);
    match (program.slutt, longest) {
        (Some(granted), Some(longest)) if varighet.hard => Some(granted.min(longest)),
        (granted, longest) => granted.or(longest),
    }
}

/// The deadline, and the last day without what leave and absence added.
pub(super) fn frist(scene: Scene<'_>, program: &Program<'_>, logg: &mut Vec<Loggsteg>) -> (Frist, Option<NaiveDate>) {
    let decision = &program.vedtak;
    let basis = varighet::grunnlag(scene.bilde, scene.lov, decision.vedtak, decision.mottatt);
    let varighet = varighet::varighet(&basis, scene.policy);
    let base = base(program, &varighet);
    let mut end = super::frist(Fristtype::Programslutt, Ordning::Intro, &varighet.rad, base);
    end.usikker = varighet.usikker;
    if let Some(base) = base {
        match scene.lov {
            Some(Lov::Il) => {
                let tillegg = tillegg::of(scene.bilde, scene.policy, program.start, base);
                log_tillegg(scene, &tillegg, base, logg);
                end.dato = Some(plus_virkedager(base, i64::from(tillegg.dager)));
                end.tillegg_dager = tillegg.dager;
                end.usikker |= tillegg.usikker;
            }
            Some(Lov::Intl) => {
                let leave = |p: &&&crate::post::Permisjon| {
                    p.ordning == Ordning::Intro && varighet.permisjon.contains(&p.permisjonstype)
                };
                let periods = scene.bilde.permisjoner.iter().filter(leave).map(|p| (p.fra_dato, p.til_dato));
                let added = permisjon::extend(program.start, base, periods, "FR-VAR-INTL", logg);
                let capped = varighet.cap(program.start, added.ende).max(base);
                end.dato = Some(capped);
                end.tillegg_dager = i32::try_from((capped - base).num_days()).unwrap_or(i32::MAX);
            }
            None => end.usikker = true,
        }
    }
    if program.avsluttet.is_some() {
        end.status = Friststatus::Oppfylt;
    }
    log_end(program, &varighet, &end, logg);
    (end, base)
}

fn log_tillegg(scene: Scene<'_>, tillegg: &Tillegg, base: NaiveDate, logg: &mut Vec<Loggsteg>) {
    let row = &scene.policy.frister().varighet.tillegg;
    if tillegg.perioder.is_empty() && tillegg.ikke_talt == 0 {
        return;
    }
    for (kind, from, to) in &tillegg.perioder {
        note(
            logg,
            "FR-VAR-TILLEGG",
            "",
            &[("type", kind), ("tellesFra", from)],
            (Some(*from), to.succ_opt()),
            "telles",
        );
    }
    note(
        logg,
        "FR-VAR-TILLEGG",
        crate::policy::frister::paragraf(&row.reference),
        &[
            ("virkedager", &tillegg.sum),
            ("terskel", &row.terskel),
            ("virkedagerFoerRegelen", &tillegg.ikke_talt),
            ("sluttUtenTillegg", &base),
        ],
        (None, None),
        format!("+{} virkedager", tillegg.dager),
    );
}

fn log_end(program: &Program<'_>, varighet: &Varighet, end: &Frist, logg: &mut Vec<Loggsteg>) {
    let months = |value: Option<u32>| value.map_or_else(|| "-".to_owned(), |months| months.to_string());
    let day = |value: Option<NaiveDate>| value.map_or_else(|| "-".to_owned(), |day| day.to_string());
    if varighet.rad == "FR-VAR-INTL"
        && let (Some(granted), Some(tak)) = (program.slutt, varighet.latest_end(program.start, true, 0))
        && granted > tak
    {
        let inputs: [(&str, &dyn std::fmt::Display); 2] = [("innvilgetTil", &granted), ("tak", &tak)];
        note(logg, "FR-VAR-KORONA", &varighet.hjemmel, &inputs, (Some(tak), Some(granted)), "kan ikke registreres");
    }
    if varighet.to_akser {
        let decision = &program.vedtak;
        let inputs: [(&str, &dyn std::fmt::Display); 2] =
            [("tilbud", &decision.vedtak.vedtaksdato), ("mottatt", &decision.mottatt)];
        note(logg, "FR-VAR-AKSER", "IF §76", &inputs, (None, None), varighet.rad.as_str());
    }
    note(
        logg,
        &varighet.rad,
        &varighet.hjemmel,
        &[
            ("startDato", &program.start),
            ("tilbud", &program.vedtak.vedtak.vedtaksdato),
            ("mottatt", &program.vedtak.mottatt),
            ("innvilgetTil", &day(program.slutt)),
            ("maksMaaneder", &months(varighet.maks)),
            ("forlengelseMaaneder", &months(varighet.forlengelse.filter(|_| program.forlenget))),
            ("avsluttet", &day(program.avsluttet)),
        ],
        (Some(program.start), end.dato.and_then(|dato| dato.succ_opt())),
        outcome(end),
    );
}
