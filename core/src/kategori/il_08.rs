//! IL §8: who has right and duty to introduksjonsprogram, and to whom it can be offered; the clocks (IL-23) and collective
//! protection under chapter 6A (IL-3a, IL-3b).

use chrono::NaiveDate;

use crate::kategori::Kategorikode::{IntroKt, IntroR, IntroRp};
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::Forhold;
use crate::kategori::krav::Krav;
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::opphold::Linje;
use crate::kategori::periode::{flett, fyller, klokke, snitt};
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Aldersregel, Botid, Gjelder, Gruppe, Kategorier};
use crate::time::Period;

/// When the two clocks run out; `None` where they do not, or a decision came in time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Klokker {
    /// Residence with a permit of §9.
    pub rett: Option<NaiveDate>,
    /// All residence.
    pub kan_tilbys: Option<NaiveDate>,
}

/// IL-23. Several kommuner add up.
pub(super) fn klokker(f: &Forhold<'_>, linjer: &[Linje<'_>], rader: &[Rad], regler: &Kategorier) -> Klokker {
    let aar = regler.botid(Botid::Il23);
    let in_time = |end: &NaiveDate| f.intro.innvilget.is_none_or(|innvilget| *end <= innvilget);
    let mut med_tillatelse: Vec<Period> = Vec::with_capacity(2);
    for (linje, _) in linjer.iter().zip(rader).filter(|(_, rad)| rad.paragraf_9()) {
        med_tillatelse.extend(linje.opphold.iter().map(|o| o.dager));
    }
    flett(&mut med_tillatelse);
    let mut both = snitt(&f.bosatt, &med_tillatelse);
    flett(&mut both);
    Klokker { rett: klokke(&both, aar).filter(in_time), kan_tilbys: klokke(&f.bosatt, aar).filter(in_time) }
}

/// Everything of introduksjonsprogram that a line of this row gives; `under_foer`: under age at the permit before (IL-6).
pub(super) fn krav(
    linje: &Linje<'_>,
    (rad, under_foer): (Rad, bool),
    f: &Forhold<'_>,
    klokker: Klokker,
    regler: &Kategorier,
    ut: &mut Vec<Krav>,
    logg: &mut Logg,
) {
    let (Some(foedt), Some(verdi)) = (f.foedt, linje.verdi) else { return };
    let vedtatt = linje.vedtatt();
    let lukket = if rad == Rad::Il3a { f.intro.lukket_kollektiv } else { f.intro.lukket };
    let nytt = |kode, rad, fra| Krav::ny(kode, rad, fra).ender(f.intro.lukket, LukketAarsak::OrdningFullfoert);
    let tilbys = |rad, fra| nytt(IntroKt, rad, fra).klokke(klokker.kan_tilbys);
    match rad {
        Rad::Il4d | Rad::Il9 | Rad::Il10a | Rad::Il12a => {
            let grense = regler.alder(Aldersregel::IlKanTilbys, vedtatt);
            let eldre = grense.oevre.is_some_and(|oevre| fyller(foedt, oevre) <= vedtatt);
            if vedtatt < fyller(foedt, grense.nedre) || eldre {
                logg.nei(linje, rad, Nei::Alder, f.alder(vedtatt));
            } else if rad != Rad::Il12a || regler.valg().kt_uten_permanent_spor {
                ut.push(tilbys(rad, verdi).usikker(rad == Rad::Il12a));
            }
            return;
        }
        _ if rad.paragraf_9() => {}
        _ => return,
    }
    let grense = regler.alder(Aldersregel::IlIntro, vedtatt);
    if vedtatt < fyller(foedt, grense.nedre) || (under_foer && !regler.valg().ny_tillatelse_teller) {
        logg.nei(linje, rad, Nei::Alder, f.alder(vedtatt));
        return;
    }
    let avtale_kreves = matches!(rad, Rad::Il1 | Rad::Il2 | Rad::Il3a | Rad::Il3b);
    if grense.oevre.is_some_and(|oevre| fyller(foedt, oevre) <= vedtatt) {
        // Over the upper age it can be offered, where the person lives in a kommune (IL-7).
        let fra = if avtale_kreves { f.bosatt_fra(verdi) } else { Some(verdi) };
        match fra {
            Some(fra) => ut.push(tilbys(Rad::Il7, fra)),
            None => logg.nei(linje, rad, Nei::IkkeBosatt, None),
        }
        return;
    }
    if !avtale_kreves {
        ut.push(nytt(IntroRp, rad, verdi).usikker(under_foer).klokke(klokker.rett));
        return;
    }
    // Living in a kommune without agreement: it can be offered until there is one (IL-8).
    let uten_avtale = f.bosatt_fra(verdi);
    let avtale = f.avtale.map(|dag| dag.max(verdi));
    if let Some(fra) = uten_avtale.filter(|fra| avtale.is_none_or(|avtale| *fra < avtale)) {
        ut.push(tilbys(Rad::Il8, fra).ender(avtale, LukketAarsak::Regelendring));
    }
    let Some(avtale) = avtale else {
        if uten_avtale.is_none() {
            logg.nei(linje, rad, Nei::IkkeBosatt, None);
        }
        return;
    };
    if linje.gruppe() != Some(Gruppe::Kollektiv) {
        ut.push(nytt(IntroRp, rad, avtale).klokke(klokker.rett));
        return;
    }
    let (uten_plikt, med_plikt) = (regler.gjelder(Gjelder::Il3a), regler.gjelder(Gjelder::Il3b));
    let begun = f.intro.innvilget.is_some_and(|innvilget| innvilget < med_plikt.from);
    let blir = begun && !regler.valg().plikt_for_paabegynte;
    let rett = Krav::ny(IntroR, Rad::Il3a, avtale.max(uten_plikt.from))
        .ender(lukket, LukketAarsak::OrdningFullfoert)
        .ender(uten_plikt.to.filter(|_| !blir), LukketAarsak::Regelendring);
    ut.push(rett.klokke(klokker.rett));
    if !blir {
        let plikt = Krav::ny(IntroRp, Rad::Il3b, avtale.max(med_plikt.from))
            .ender(lukket, LukketAarsak::OrdningFullfoert)
            .ender(med_plikt.to, LukketAarsak::Regelendring);
        ut.push(plikt.klokke(klokker.rett).usikker(begun));
    }
}
