//! The computation, act by act.

use crate::kategori::forhold::Forhold;
use crate::kategori::il_08::{self, klokker};
use crate::kategori::krav::{Krav, Overgang, Utkast, bygg, ordne};
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::opphold::{Linje, linjer};
use crate::kategori::periode::fyller;
use crate::kategori::rad::Rad;
use crate::kategori::{
    Beregning, Grunnlag, Kategori, il_05, il_07, il_09, il_26, il_forskrift_43h, intl_02, intl_03, intl_17, lovvalg,
};
use crate::policy::Policy;
use crate::policy::kategorier::{Aldersregel, Gruppe, Kategorier};
use crate::registry::Lov;

/// Act, categories and log; deadlines follow from them.
pub(super) fn beregn(grunnlag: Grunnlag<'_>, policy: &Policy) -> (Beregning, Logg) {
    let regler = policy.kategorier();
    let mut logg = Logg::default();
    let f = Forhold::les(grunnlag, policy);
    let linjer = linjer(&f, regler, &mut logg);
    let valgt = lovvalg::lov(&linjer, &f, policy, &mut logg);
    let mut lov = valgt.map(|(lov, _)| lov);
    let mut ut = match valgt {
        Some((Lov::Il, first)) => integreringsloven(&f, &linjer, first, regler, &mut logg),
        Some((Lov::Intl, first)) => introduksjonsloven(&f, &linjer, first, regler, &mut logg),
        None => Vec::new(),
    };
    il_05::opplaering(&f, policy, &mut ut, &mut logg);
    let fra = valgt.and_then(|(lov, nr)| Some((lov, linjer.get(nr)?.fra())));
    il_26::kan_tilbys(&f, fra, &mut ut, &mut logg);
    if lov.is_none() {
        lov = uten_tillatelse(&f, policy, &ut, &mut logg);
    }
    let ut = ordne(ut);
    for u in &ut {
        logg.kategori(u, &linjer, &f);
    }
    let kategorier = ut.iter().map(kategori).collect();
    (Beregning { lov, kategorier, frister: Vec::new(), logg: Vec::new() }, logg)
}

fn kategori(u: &Utkast) -> Kategori {
    Kategori {
        kode: u.kode,
        lov: u.lov,
        gyldig: u.dager,
        aarsak: u.aarsak,
        rett_til_aa_fullfoere: u.fullfoere,
        rad: u.rad.id().to_owned(),
        usikker: u.usikker,
    }
}

/// The act of whoever has no permit that decides it: that of the application for protection, or of the kommune's offer.
fn uten_tillatelse(f: &Forhold<'_>, policy: &Policy, ut: &[Utkast], logg: &mut Logg) -> Option<Lov> {
    if let Some(s) = f.asylsoeknader.last() {
        let lov = lovvalg::asylsoekers(s.soekt, policy);
        logg.asylsoekers_lov(s.soekt, lov);
        return Some(lov);
    }
    if !f.tillatelser.is_empty() {
        logg.ingen_lov();
    }
    ut.first().map(|u| u.lov)
}

/// Why a line gives nothing, where its row would.
fn nei(linje: &Linje<'_>, rad: Rad, f: &Forhold<'_>, krav: &[Krav], logg: &mut Logg) -> bool {
    let why = if linje.verdi.is_none() {
        Nei::IkkeAnkommet
    } else if f.foedt.is_none() {
        Nei::UkjentFoedselsdato
    } else if krav.is_empty() && !rad.maalgruppe() {
        Nei::IngenRett
    } else {
        return false;
    };
    logg.nei(linje, rad, why, None);
    true
}

/// Citizenships and work that keep categories closed.
fn stengt(f: &Forhold<'_>, rad: Rad, linjer: &[Linje<'_>], logg: &mut Logg) {
    let Some(linje) = linjer.first() else { return };
    for nordisk in &f.nordisk {
        logg.nei(linje, rad, Nei::NordiskBorger, None);
        if let Some(steg) = logg.steg.last_mut() {
            (steg.fra, steg.til) = (Some(nordisk.from), nordisk.to);
        }
    }
    if let Some(dag) = f.norsk_borger {
        logg.nei(linje, if rad == Rad::Il13a { Rad::Il17 } else { rad }, Nei::NorskBorger, None);
        if let Some(steg) = logg.steg.last_mut() {
            steg.fra = Some(dag);
        }
    }
}

/// What was held before the first line of a target group gives nothing, then or later.
fn integreringsloven(
    f: &Forhold<'_>,
    linjer: &[Linje<'_>],
    first: usize,
    regler: &Kategorier,
    logg: &mut Logg,
) -> Vec<Utkast> {
    let foer = |nr: usize| linjer.get(..nr).unwrap_or_default();
    let rad = |nr: usize, linje| if nr < first { Rad::Il12 } else { il_09::rad(linje, foer(nr), f, regler) };
    let rader: Vec<Rad> = linjer.iter().enumerate().map(|(nr, linje)| rad(nr, linje)).collect();
    let klokker = klokker(f, linjer, &rader, regler);
    if let (Some(bosatt), Some(dag)) = (f.bosatt.first(), klokker.rett.or(klokker.kan_tilbys)) {
        logg.klokke(bosatt.from, dag);
    }
    let mut krav: Vec<Vec<Krav>> = Vec::with_capacity(linjer.len());
    let mut fra_34: Vec<bool> = Vec::with_capacity(linjer.len());
    for (nr, (linje, rad)) in linjer.iter().zip(&rader).enumerate() {
        let mut mine = Vec::with_capacity(4);
        let overgang = il_forskrift_43h::gjelder(linje, *rad, foer(nr), f, regler);
        if overgang {
            logg.nei(linje, Rad::Il18, Nei::Overgang34, None);
        } else {
            let under_foer = *rad == Rad::Il6 && var_under(f, foer(nr), regler);
            il_08::krav(linje, (*rad, under_foer), f, klokker, regler, &mut mine, logg);
            il_26::krav(linje, *rad, f, regler, &mut mine, logg);
            nei(linje, *rad, f, &mine, logg);
        }
        krav.push(mine);
        fra_34.push(overgang);
    }
    stengt(f, Rad::Il13a, linjer, logg);
    f.arbeid.iter().for_each(|dager| logg.arbeid(dager));
    let mut ut = bygg(f, linjer, Lov::Il, &Overgang { krav: &krav, fra_34: &fra_34 });
    il_07::kvalifisering(f, linjer, &rader, regler, &mut ut);
    ut
}

/// IL-6: under age when the family permit was granted (domain.md 17.33).
fn var_under(f: &Forhold<'_>, foer: &[Linje<'_>], regler: &Kategorier) -> bool {
    let family = foer.iter().find(|linje| linje.gruppe() == Some(Gruppe::FamFlyktning));
    let (Some(family), Some(foedt)) = (family, f.foedt) else { return false };
    let vedtatt = family.vedtatt();
    vedtatt < fyller(foedt, regler.alder(Aldersregel::IlIntro, vedtatt).nedre)
}

fn introduksjonsloven(
    f: &Forhold<'_>,
    linjer: &[Linje<'_>],
    first: usize,
    regler: &Kategorier,
    logg: &mut Logg,
) -> Vec<Utkast> {
    let mut krav: Vec<Vec<Krav>> = Vec::with_capacity(linjer.len());
    for (nr, linje) in linjer.iter().enumerate() {
        let rad = if nr < first { Rad::InG } else { intl_02::rad(linje, regler) };
        let mut mine = Vec::with_capacity(4);
        intl_02::krav(linje, rad, f, regler, &mut mine, logg);
        intl_03::krav(linje, rad, f, regler, &mut mine);
        intl_17::krav(linje, rad, f, regler, &mut mine, logg);
        nei(linje, rad, f, &mine, logg);
        krav.push(mine);
    }
    stengt(f, Rad::InG, linjer, logg);
    bygg(f, linjer, Lov::Intl, &Overgang { krav: &krav, fra_34: &[] })
}
