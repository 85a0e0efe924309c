//! INTL §3(3): to whom introduksjonsprogram can be offered (IN-d, IN-e, IN-f).

use crate::kategori::Kategorikode::IntroKt;
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::Forhold;
use crate::kategori::intl_02::{begrenset, klokken};
use crate::kategori::krav::Krav;
use crate::kategori::opphold::Linje;
use crate::kategori::periode::fyller;
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Aldersregel, Gjelder, Gruppe, Kategorier};

/// INTRO_KT, by continuous age: family from 18 years, the others from the age at which INTRO_RP ends.
pub(super) fn krav(linje: &Linje<'_>, rad: Rad, f: &Forhold<'_>, regler: &Kategorier, ut: &mut Vec<Krav>) {
    let (Some(foedt), Some(verdi)) = (f.foedt, linje.verdi) else { return };
    let intro = regler.alder(Aldersregel::IntlIntro, verdi);
    let Some(eldre) = intro.oevre.map(|oevre| fyller(foedt, oevre)) else { return };
    let fra = match rad {
        Rad::InA => f.bosatt_fra(verdi).map(|bosatt| bosatt.max(eldre)),
        Rad::InB | Rad::InC => Some(verdi.max(eldre)),
        Rad::InD => Some(verdi.max(fyller(foedt, intro.nedre))),
        Rad::InF if linje.gruppe() == Some(Gruppe::FamArbeid) => Some(verdi.max(fyller(foedt, intro.nedre))),
        _ => None,
    };
    let Some(fra) = fra else { return };
    let from = begrenset(linje, regler).map_or(fra, |(limited, _)| fra.max(limited));
    let fra = from.max(regler.gjelder(Gjelder::IntlIntro).from);
    let oevre = regler.alder(Aldersregel::IntlRett, verdi).oevre.map(|oevre| fyller(foedt, oevre));
    let aapnet_av = if eldre <= fra { Rad::InE } else { rad };
    let krav = Krav::ny(IntroKt, aapnet_av, fra)
        .ender(oevre, LukketAarsak::Alder)
        .ender(f.intro.lukket, LukketAarsak::OrdningFullfoert);
    ut.push(krav.klokke(klokken(f, rad, verdi, regler)));
}
