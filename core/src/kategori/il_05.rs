//! IL §5: training of asylum seekers in ordinary mottak (IL-15).

use chrono::NaiveDate;

use crate::kategori::forhold::{Asylsoeknad, Forhold};
use crate::kategori::krav::{Utkast, tidligste};
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::periode::{fyller, mellom, uten};
use crate::kategori::rad::Rad;
use crate::kategori::{Kategorikode, LukketAarsak, intl_20a, lovvalg};
use crate::policy::Policy;
use crate::policy::kategorier::{Aldersregel, Gruppe};
use crate::registry::Lov;
use crate::time::Period;

/// MOTTAK_OPPL of every application, under the act of its day.
pub(super) fn opplaering(f: &Forhold<'_>, policy: &Policy, ut: &mut Vec<Utkast>, logg: &mut Logg) {
    for s in &f.asylsoeknader {
        match lovvalg::asylsoekers(s.soekt, policy) {
            Lov::Intl => intl_20a::opplaering(f, s, policy, ut, logg),
            Lov::Il => {
                let regler = policy.kategorier();
                // Who has collective protection is not of this group.
                let kollektiv = f.tillatelser.iter().find(|t| t.gruppe == Some(Gruppe::Kollektiv));
                if s.hurtig || s.dublin {
                    logg.ikke_opplaering(Rad::Il15, s, Nei::Hurtigprosedyre);
                } else if kollektiv.is_some_and(|t| t.permit.vedtaksdato <= s.soekt) {
                    logg.ikke_opplaering(Rad::Il15, s, Nei::Kollektiv);
                } else if f.ordinaert_mottak.is_empty() {
                    logg.ikke_opplaering(Rad::Il15, s, Nei::IkkeMottak);
                } else {
                    let nedre = regler.alder(Aldersregel::IlMottakOppl, s.soekt).nedre;
                    i_mottak(f, s, (Lov::Il, Rad::Il15), nedre, &f.ordinaert_mottak, NaiveDate::MIN, ut);
                }
            }
        }
    }
}

/// Open in mottak from the application and the age on, until UDI has answered.
pub(super) fn i_mottak(
    f: &Forhold<'_>,
    s: &Asylsoeknad,
    (lov, rad): (Lov, Rad),
    nedre: u32,
    mottak: &[Period],
    tidligst: NaiveDate,
    ut: &mut Vec<Utkast>,
) {
    let Some(foedt) = f.foedt else { return };
    let granted = f.tillatelser.iter().map(|t| t.permit.vedtaksdato).filter(|dag| s.soekt <= *dag).min();
    let answer = s
        .svar
        .map(|svar| (svar.dato, if svar.innvilget { LukketAarsak::GittOpphold } else { LukketAarsak::AvslagUdi }));
    let ends = [answer, granted.map(|dag| (dag, LukketAarsak::GittOpphold)), f.doed.map(|d| (d, LukketAarsak::Doed))];
    let end = ends.into_iter().fold(None, tidligste);
    for stay in mottak {
        let left = tidligste(end, stay.to.map(|to| (to, LukketAarsak::UtAvMottak)));
        let from = stay.from.max(s.soekt).max(fyller(foedt, nedre)).max(tidligst);
        let mut days: Vec<Period> = mellom(from, left.map(|(dag, _)| dag)).into_iter().collect();
        f.utflyttet.iter().for_each(|away| uten(&mut days, *away));
        for dager in days {
            let ended = left.filter(|(dag, _)| dager.to == Some(*dag)).map(|(_, aarsak)| aarsak);
            let aarsak = ended.unwrap_or(LukketAarsak::Utflyttet);
            ut.push(Utkast::uten_tillatelse(Kategorikode::MottakOppl, lov, rad, dager, aarsak));
        }
    }
}
