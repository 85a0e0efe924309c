//! IL §7: qualification in mottak for those with a permit of §9 (IL-16).

use crate::kategori::Kategorikode::MottakKval;
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::Forhold;
use crate::kategori::krav::{Utkast, tidligste};
use crate::kategori::opphold::Linje;
use crate::kategori::periode::{fyller, mellom};
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Aldersregel, Kategorier};
use crate::registry::Lov;

/// Open while the person lives in mottak with the permit, until settled.
pub(super) fn kvalifisering(
    f: &Forhold<'_>,
    linjer: &[Linje<'_>],
    rader: &[Rad],
    regler: &Kategorier,
    ut: &mut Vec<Utkast>,
) {
    let Some(foedt) = f.foedt else { return };
    let bosatt = [f.avtale, f.uten_avtale].into_iter().flatten().min();
    for (nr, (linje, _)) in linjer.iter().zip(rader).enumerate().filter(|(_, (_, rad))| rad.paragraf_9()) {
        let Some(verdi) = linje.verdi else { continue };
        let vedtatt = linje.vedtatt();
        if vedtatt < fyller(foedt, regler.alder(Aldersregel::IlMottakKval, vedtatt).nedre) {
            continue;
        }
        for o in &linje.opphold {
            for mottak in &f.mottak {
                let left = [mottak.to, bosatt].into_iter().flatten().min().map(|dag| (dag, LukketAarsak::UtAvMottak));
                let borger = f.norsk_borger.map(|dag| (dag, LukketAarsak::Statsborger));
                let stay = tidligste(o.dager.to.map(|to| (to, o.aarsak)), borger);
                let end = tidligste(left, stay);
                let from = o.dager.from.max(mottak.from).max(verdi);
                ut.extend(mellom(from, end.map(|(dag, _)| dag)).map(|dager| {
                    let aarsak = end.map_or(LukketAarsak::UtAvMottak, |(_, aarsak)| aarsak);
                    let open = Utkast::uten_tillatelse(MottakKval, Lov::Il, Rad::Il16, dager, aarsak);
                    Utkast { linje: Some(nr), ..open }
                }));
            }
        }
    }
}
