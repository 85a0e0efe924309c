//! INTL §2: which row of domain.md 5.4 a permit leads to, and right and duty to introduksjonsprogram (IN-a, IN-b, IN-c).

use chrono::NaiveDate;

use crate::fact::Rettsomraade;
use crate::kategori::Kategorikode::IntroRp;
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::Forhold;
use crate::kategori::krav::Krav;
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::opphold::Linje;
use crate::kategori::periode::{aar_etter, fyller, klokke};
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Aldersregel, Botid, Gjelder, Gruppe, Kategorier, Sponsorregel};

/// The row of a line.
pub(super) fn rad(linje: &Linje<'_>, regler: &Kategorier) -> Rad {
    let permit = linje.foerste.permit;
    if permit.rettsomraade == Rettsomraade::Eoes {
        return Rad::InG;
    }
    match linje.gruppe() {
        Some(
            Gruppe::Asyl | Gruppe::Flyktning | Gruppe::Kollektiv | Gruppe::Barnefamilie | Gruppe::EnsligMindreaarig,
        ) => Rad::InA,
        Some(Gruppe::FamFlyktning) => {
            let (aar, presis_bestaar) = regler.sponsor(Sponsorregel::Inb);
            let soekt = permit.soeknadsdato.unwrap_or(permit.vedtaksdato);
            let bosatt = permit.referanseperson.as_ref().and_then(|sponsor| sponsor.bosatt_dato);
            let lenge = bosatt.is_some_and(|bosatt| {
                let grense = aar_etter(bosatt, aar);
                if presis_bestaar { grense < soekt } else { grense <= soekt }
            });
            if lenge { Rad::InIngen } else { Rad::InB }
        }
        Some(Gruppe::Selvstendig) => Rad::InC,
        Some(Gruppe::FamNordisk) => Rad::InD,
        Some(Gruppe::Arbeid | Gruppe::FamArbeid) => Rad::InF,
        Some(Gruppe::FamAnnen | Gruppe::Permanent) => Rad::InIngen,
        Some(Gruppe::Eoes | Gruppe::Separasjon | Gruppe::Utenfor | Gruppe::Annen) | None => Rad::InG,
    }
}

/// When the clock of two years runs out; `None` where it does not, or a decision came in time.
pub(super) fn klokken(f: &Forhold<'_>, rad: Rad, verdi: NaiveDate, regler: &Kategorier) -> Option<NaiveDate> {
    let end = match rad {
        Rad::InC => Some(aar_etter(verdi, regler.botid(Botid::Inc))),
        // Family of a Norwegian or Nordic citizen: it can be offered without a limit.
        Rad::InD => None,
        _ => klokke(&f.bosatt, regler.botid(Botid::Ina)),
    };
    end.filter(|end| f.intro.innvilget.is_none_or(|innvilget| *end <= innvilget))
}

/// The limited permits that came in by act of 2018 (domain.md 5.1): from when, and whether it is uncertain.
pub(super) fn begrenset(linje: &Linje<'_>, regler: &Kategorier) -> Option<(NaiveDate, bool)> {
    let limited = matches!(linje.gruppe(), Some(Gruppe::Barnefamilie | Gruppe::EnsligMindreaarig));
    let gap = regler.gjelder(Gjelder::Ina38Gap);
    let in_gap = linje.opphold.iter().any(|o| o.dager.overlaps(&gap)) && linje.fra() < gap.to.unwrap_or(NaiveDate::MAX);
    limited.then(|| (regler.gjelder(Gjelder::Ina38).from, in_gap))
}

/// INTRO_RP, by continuous age.
pub(super) fn krav(
    linje: &Linje<'_>,
    rad: Rad,
    f: &Forhold<'_>,
    regler: &Kategorier,
    ut: &mut Vec<Krav>,
    logg: &mut Logg,
) {
    let (Some(foedt), Some(verdi)) = (f.foedt, linje.verdi) else { return };
    let fra = match rad {
        // Settled by agreement.
        Rad::InA => match f.avtale {
            Some(avtale) => verdi.max(avtale),
            None => return logg.nei(linje, rad, Nei::IkkeBosatt, None),
        },
        Rad::InB => verdi,
        Rad::InC => verdi.max(regler.gjelder(Gjelder::Inc).from),
        _ => return,
    };
    let grense = regler.alder(Aldersregel::IntlIntro, verdi);
    let (limited, usikker) = begrenset(linje, regler).unwrap_or((NaiveDate::MIN, false));
    let fra = fra.max(fyller(foedt, grense.nedre)).max(regler.gjelder(Gjelder::IntlIntro).from).max(limited);
    let krav = Krav::ny(IntroRp, rad, fra)
        .ender(grense.oevre.map(|oevre| fyller(foedt, oevre)), LukketAarsak::Alder)
        .ender(f.intro.lukket, LukketAarsak::OrdningFullfoert);
    ut.push(krav.klokke(klokken(f, rad, verdi, regler)).usikker(usikker));
}
