//! IL §9 and §§27–28: which row of domain.md 5.3 a permit leads to, whatever the age.

use crate::fact::Rettsomraade;
use crate::kategori::forhold::Forhold;
use crate::kategori::opphold::Linje;
use crate::kategori::periode::aar_etter;
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Gjelder, Gruppe, Kategorier, Sponsorregel};

/// The row of a line; `foer` are the lines before it.
pub(super) fn rad(linje: &Linje<'_>, foer: &[Linje<'_>], f: &Forhold<'_>, regler: &Kategorier) -> Rad {
    let permit = linje.foerste.permit;
    let vedtatt = linje.vedtatt();
    let nordisk = f.nordisk.iter().any(|p| p.contains(vedtatt));
    if nordisk && !regler.valg().rettsomraade_foerst {
        return Rad::Il13a;
    }
    if permit.rettsomraade == Rettsomraade::Eoes {
        return Rad::Il13;
    }
    let varig = permit.danner_grunnlag_for_permanent;
    let annen_familie = if varig { Rad::Il9 } else { Rad::Il12a };
    match linje.gruppe() {
        Some(Gruppe::Eoes) => Rad::Il13,
        Some(Gruppe::Separasjon) => Rad::Il14,
        Some(Gruppe::Asyl) => {
            let hadde_familie = foer.iter().any(|l| l.gruppe() == Some(Gruppe::FamFlyktning));
            if hadde_familie && regler.gjelder(Gjelder::Il6).contains(vedtatt) { Rad::Il6 } else { Rad::Il1 }
        }
        Some(Gruppe::Flyktning) => Rad::Il1,
        Some(Gruppe::Barnefamilie) => Rad::Il2,
        Some(Gruppe::Kollektiv) => Rad::Il3a,
        Some(Gruppe::FamFlyktning) => familie(linje, regler).unwrap_or(annen_familie),
        Some(Gruppe::FamNordisk | Gruppe::FamAnnen) => annen_familie,
        Some(Gruppe::FamArbeid) => Rad::Il10a,
        Some(Gruppe::Selvstendig) => Rad::Il5,
        Some(Gruppe::Arbeid) if varig => Rad::Il10,
        Some(Gruppe::Permanent) => Rad::Il11,
        Some(Gruppe::EnsligMindreaarig | Gruppe::Annen) if varig => Rad::Il11,
        Some(Gruppe::Arbeid | Gruppe::EnsligMindreaarig | Gruppe::Annen | Gruppe::Utenfor) | None => Rad::Il12,
    }
}

/// IL §9 f and (2): by the sponsor and how long the sponsor had been settled; `None` where other rules for family hold.
fn familie(linje: &Linje<'_>, regler: &Kategorier) -> Option<Rad> {
    let permit = linje.foerste.permit;
    let sponsor = permit.referanseperson.as_ref();
    let permanent = sponsor.is_some_and(|sponsor| sponsor.permanent);
    if permanent && !regler.gjelder(Gjelder::Il4b).contains(linje.vedtatt()) {
        return None;
    }
    let (aar, presis_bestaar) = regler.sponsor(Sponsorregel::Il4);
    let soekt = permit.soeknadsdato.unwrap_or(permit.vedtaksdato);
    let lenge = sponsor.and_then(|sponsor| sponsor.bosatt_dato).is_some_and(|bosatt| {
        let grense = aar_etter(bosatt, aar);
        if presis_bestaar { grense < soekt } else { grense <= soekt }
    });
    let ground = sponsor.and_then(|sponsor| sponsor.oppholdsgrunnlag.as_deref());
    Some(match ground.and_then(|kode| regler.gruppe_av(kode)) {
        _ if lenge => Rad::Il4d,
        _ if permanent => Rad::Il4b,
        Some(Gruppe::Kollektiv) => Rad::Il4c,
        _ => Rad::Il4,
    })
}
