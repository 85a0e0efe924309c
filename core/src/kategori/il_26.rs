//! IL §26: when right and duty to norsk and samfunnskunnskap enter and cease, and who can be offered it (NORSK_KT, IL-25).

use chrono::NaiveDate;

use crate::kategori::forhold::Forhold;
use crate::kategori::krav::{Krav, Utkast};
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::opphold::Linje;
use crate::kategori::periode::{fyller, mellom, uten};
use crate::kategori::rad::Rad;
use crate::kategori::{Kategorikode, LukketAarsak, il_27, il_28, il_37};
use crate::policy::kategorier::{Aldersregel, Kategorier};
use crate::post::Ordning;
use crate::registry::Lov;

/// Everything of norsk and samfunnskunnskap that a line gives.
pub(super) fn krav(
    linje: &Linje<'_>,
    rad: Rad,
    f: &Forhold<'_>,
    regler: &Kategorier,
    ut: &mut Vec<Krav>,
    logg: &mut Logg,
) {
    let (Some(foedt), Some(verdi)) = (f.foedt, linje.verdi) else { return };
    let first = ut.len();
    let varig = linje.foerste.permit.danner_grunnlag_for_permanent;
    match rad {
        // A family with children enters with its first renewal.
        Rad::Il2 => il_27::krav(rad, linje.fornyet.map(|fornyet| fornyet.max(verdi)), ut),
        Rad::Il3a | Rad::Il3b => il_37::krav(verdi, f, regler, ut),
        Rad::Il4d if !varig => {}
        Rad::Il10a if !varig => {}
        Rad::Il10 | Rad::Il10a => il_28::krav(linje, rad, verdi, f, regler, ut),
        Rad::Il12 | Rad::Il12a | Rad::Il13 | Rad::Il13a | Rad::Il14 => {}
        _ => il_27::krav(rad, Some(verdi), ut),
    }
    let vedtatt = linje.vedtatt();
    let grense = regler.alder(Aldersregel::IlNorsk, vedtatt);
    let oevre = grense.oevre.map(|oevre| fyller(foedt, oevre));
    if ut.len() > first && (vedtatt < fyller(foedt, grense.nedre) || oevre.is_some_and(|oevre| oevre <= vedtatt)) {
        ut.truncate(first);
        logg.nei(linje, rad, Nei::Alder, f.alder(vedtatt));
    }
    for krav in ut.iter_mut().skip(first) {
        let ender = std::mem::replace(krav, Krav::ny(krav.kode, krav.rad, krav.fra));
        *krav = ender.ender(oevre, LukketAarsak::Alder).ender(bortfalt(f, krav.kode), LukketAarsak::FritakOgBortfall);
    }
}

/// The day from which exemption with loss of the right closes the category: norsk and, where the right has it,
/// samfunnskunnskap.
pub(super) fn bortfalt(f: &Forhold<'_>, kode: Kategorikode) -> Option<NaiveDate> {
    match kode {
        Kategorikode::NorskRett6a => f.bortfall_norsk,
        _ => Some(f.bortfall_norsk?.max(f.bortfall_samfunnskunnskap?)),
    }
}

/// IL-25: the kommune's own decision, for whoever has no other category of norsk on the day it takes effect.
pub(super) fn kan_tilbys(f: &Forhold<'_>, valgt: Option<(Lov, NaiveDate)>, ut: &mut Vec<Utkast>, logg: &mut Logg) {
    if f.norskvedtak.is_empty() {
        return;
    }
    let norsk: Vec<_> = ut.iter().filter(|u| u.kode.ordning() == Ordning::Norsk).map(|u| u.dager).collect();
    for vedtak in &f.norskvedtak {
        if norsk.iter().any(|p| p.contains(vedtak.from)) {
            continue;
        }
        if valgt.is_some_and(|(lov, fra)| lov == Lov::Intl && fra <= vedtak.from) {
            // One person is never under both acts for one scheme (domain.md 5.1).
            logg.kan_ikke_tilbys(vedtak.from);
            continue;
        }
        let mut ends: Vec<(NaiveDate, LukketAarsak)> = Vec::with_capacity(4);
        ends.extend(vedtak.to.map(|to| (to, LukketAarsak::OrdningFullfoert)));
        ends.extend(f.norsk.lukket.filter(|dag| vedtak.from < *dag).map(|dag| (dag, LukketAarsak::OrdningFullfoert)));
        ends.extend(f.doed.map(|dag| (dag, LukketAarsak::Doed)));
        // A category of the person's own takes its place.
        ends.extend(
            norsk.iter().map(|p| p.from).filter(|from| vedtak.from < *from).map(|d| (d, LukketAarsak::Regelendring)),
        );
        let end = ends.into_iter().min();
        let mut days: Vec<_> = mellom(vedtak.from, end.map(|(dag, _)| dag)).into_iter().collect();
        f.utflyttet.iter().for_each(|away| uten(&mut days, *away));
        for dager in days {
            let ended = end.filter(|(dag, _)| dager.to == Some(*dag)).map(|(_, aarsak)| aarsak);
            let aarsak = ended.unwrap_or(LukketAarsak::Utflyttet);
            ut.push(Utkast::uten_tillatelse(Kategorikode::NorskKt, Lov::Il, Rad::Il25, dager, aarsak));
        }
    }
}
