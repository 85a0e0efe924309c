//! INTL §17: right and duty to norsk and samfunnskunnskap, by continuous age (IN-a to IN-f, IN-i).

use chrono::NaiveDate;

use crate::kategori::Kategorikode::{NorskPlikt, NorskRett};
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::Forhold;
use crate::kategori::il_26::bortfalt;
use crate::kategori::il_28::fullfoert;
use crate::kategori::intl_02::begrenset;
use crate::kategori::krav::Krav;
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::opphold::Linje;
use crate::kategori::periode::fyller;
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Aldersregel, Gjelder, Gruppe, Kategorier, Timeregel};

/// NORSK_RETT to 67 years and NORSK_PLIKT to 55; the duty alone for workers and their family.
pub(super) fn krav(
    linje: &Linje<'_>,
    rad: Rad,
    f: &Forhold<'_>,
    regler: &Kategorier,
    ut: &mut Vec<Krav>,
    logg: &mut Logg,
) {
    let (Some(foedt), Some(verdi)) = (f.foedt, linje.verdi) else { return };
    let kollektiv = linje.gruppe() == Some(Gruppe::Kollektiv);
    let (fra, rad) = match rad {
        // Collective protection enters at settlement by agreement.
        Rad::InA if kollektiv => match f.avtale {
            Some(avtale) => (verdi.max(avtale), Rad::InI),
            None => return logg.nei(linje, Rad::InI, Nei::IkkeBosatt, None),
        },
        Rad::InC => (verdi.max(regler.gjelder(Gjelder::Inc).from), rad),
        Rad::InA | Rad::InB | Rad::InD | Rad::InF => (verdi, rad),
        _ => return,
    };
    let selvstendig = regler.alder(Aldersregel::IntlSelvstendig, verdi);
    let (plikt, rett) = (regler.alder(Aldersregel::IntlPlikt, verdi), regler.alder(Aldersregel::IntlRett, verdi));
    let (plikt, nedre) = if rad == Rad::InC { (selvstendig, selvstendig.nedre) } else { (plikt, rett.nedre) };
    let (limited, usikker) = begrenset(linje, regler).unwrap_or((NaiveDate::MIN, false));
    let start = fra.max(regler.gjelder(Gjelder::IntlNorsk).from).max(limited);
    let eldre = plikt.oevre.map_or(NaiveDate::MAX, |oevre| fyller(foedt, oevre));
    if !rad.bare_plikt() {
        let fra = start.max(fyller(foedt, nedre));
        let krav = Krav::ny(NorskRett, if eldre <= fra { Rad::InE } else { rad }, fra)
            .ender(rett.oevre.map(|oevre| fyller(foedt, oevre)), LukketAarsak::Alder)
            .ender(bortfalt(f, NorskRett), LukketAarsak::FritakOgBortfall);
        ut.push(krav.usikker(usikker));
    }
    let regel = if rad.bare_plikt() { Timeregel::IntlPlikt } else { Timeregel::IntlRettOgPlikt };
    let done = regler.plikttimer(regel, linje.vedtatt()).and_then(|timer| fullfoert(f, timer, false));
    let krav = Krav::ny(NorskPlikt, rad, start.max(fyller(foedt, plikt.nedre)))
        .ender(Some(eldre).filter(|_| plikt.oevre.is_some()), LukketAarsak::Alder)
        .ender(bortfalt(f, NorskPlikt), LukketAarsak::FritakOgBortfall)
        .ender(done, LukketAarsak::FullfoertPlikt);
    // How many hours fulfil the duty is uncertain (domain.md 17.36).
    ut.push(krav.usikker(usikker || done.is_some()));
}
