//! From claims to periods: a claim is open while the stay it rests on lasts, until something ends it.

use chrono::NaiveDate;

use crate::kategori::forhold::Forhold;
use crate::kategori::opphold::{Linje, Opphold, kutt};
use crate::kategori::periode::{mellom, slutt, uten};
use crate::kategori::rad::Rad;
use crate::kategori::{Kategorikode, LukketAarsak};
use crate::post::Ordning;
use crate::registry::Lov;
use crate::time::Period;

/// What ends a claim, and why.
pub(super) type Ende = (NaiveDate, LukketAarsak);

/// A category that a row of the decision tables gives on one line of stay.
#[derive(Debug, Clone)]
pub(super) struct Krav {
    pub kode: Kategorikode,
    pub rad: Rad,
    pub usikker: bool,
    /// The first day it can be open.
    pub fra: NaiveDate,
    /// What ends it for good: age, the end of the scheme, another rule.
    pub slutt: Option<Ende>,
    /// What ends it unless it is a right to finish: the clock of two years.
    pub klokke: Option<NaiveDate>,
}

impl Krav {
    pub fn ny(kode: Kategorikode, rad: Rad, fra: NaiveDate) -> Self {
        Krav { kode, rad, usikker: false, fra, slutt: None, klokke: None }
    }

    pub fn usikker(mut self, usikker: bool) -> Self {
        self.usikker |= usikker;
        self
    }

    /// Ends on the day at the latest.
    pub fn ender(mut self, dag: Option<NaiveDate>, aarsak: LukketAarsak) -> Self {
        self.slutt = tidligste(self.slutt, dag.map(|dag| (dag, aarsak)));
        self
    }

    pub fn klokke(mut self, klokke: Option<NaiveDate>) -> Self {
        self.klokke = klokke;
        self
    }
}

/// The earlier of two ends; on one day the first of the reasons.
pub(super) fn tidligste(ene: Option<Ende>, andre: Option<Ende>) -> Option<Ende> {
    match (ene, andre) {
        (Some(ene), Some(andre)) => Some(ene.min(andre)),
        (ene, andre) => ene.or(andre),
    }
}

/// A period in the making.
#[derive(Debug, Clone)]
pub(super) struct Utkast {
    pub kode: Kategorikode,
    pub lov: Lov,
    pub rad: Rad,
    pub usikker: bool,
    pub dager: Period,
    pub aarsak: Option<LukketAarsak>,
    /// `RETT_TIL_AA_FULLFOERE`
    pub fullfoere: bool,
    /// The line it rests on; none for what rests on no permit.
    pub linje: Option<usize>,
    /// What would have ended it for good.
    pub slutt: Option<Ende>,
}

/// Opens a claim over stays.
fn aapne(krav: &Krav, lov: Lov, linje: usize, opphold: &[Opphold], fullfoere: bool, ut: &mut Vec<Utkast>) {
    let klokke = krav.klokke.filter(|_| !fullfoere).map(|dag| (dag, LukketAarsak::ToAarUtenVedtak));
    let slutt = tidligste(krav.slutt, klokke);
    for o in opphold {
        let ende = tidligste(o.dager.to.map(|to| (to, o.aarsak)), slutt);
        ut.extend(mellom(krav.fra.max(o.dager.from), ende.map(|(dag, _)| dag)).map(|dager| Utkast {
            kode: krav.kode,
            lov,
            rad: krav.rad,
            usikker: krav.usikker,
            dager,
            aarsak: ende.map(|(_, aarsak)| aarsak),
            fullfoere,
            linje: Some(linje),
            slutt: krav.slutt,
        }));
    }
}

/// What a change of permit does to what was begun under integreringsloven (IL-17, IL-18).
pub(super) struct Overgang<'a> {
    /// Claims of every line.
    pub krav: &'a [Vec<Krav>],
    /// Lines that bring no new right, since they follow collective protection (IL-18).
    pub fra_34: &'a [bool],
}

/// Opens every claim of every line, with the right to finish where the permit changes or citizenship comes.
pub(super) fn bygg(f: &Forhold<'_>, linjer: &[Linje<'_>], lov: Lov, overgang: &Overgang<'_>) -> Vec<Utkast> {
    let mut ut: Vec<Utkast> = Vec::with_capacity(8);
    for (nr, (linje, krav)) in linjer.iter().zip(overgang.krav).enumerate() {
        let first = ut.len();
        if krav.is_empty() {
            continue;
        }
        let cut = f.norsk_borger.map(|dag| {
            let mut opphold = linje.opphold.clone();
            kutt(&mut opphold, dag, LukketAarsak::Statsborger);
            opphold
        });
        let opphold = cut.as_deref().unwrap_or(&linje.opphold);
        for k in krav {
            aapne(k, lov, nr, opphold, false, &mut ut);
        }
        ta_ut(f, lov, first, &mut ut);
        if lov == Lov::Il {
            let mut at = first;
            while at < ut.len() {
                let rest = videre(f, linjer, overgang, &mut ut, at);
                ut.extend(rest);
                at += 1;
            }
        }
    }
    ut
}

/// Days on which work or citizenship of another Nordic country keeps a category closed (IL-24, IL-13a, IN-g).
fn ta_ut(f: &Forhold<'_>, lov: Lov, first: usize, ut: &mut Vec<Utkast>) {
    let work = |u: &Utkast| lov == Lov::Il && u.kode == Kategorikode::IntroRp;
    let nordic = |u: &Utkast| lov == Lov::Intl || u.kode.ordning() == Ordning::Intro;
    for hull in &f.arbeid {
        lag_hull(ut, first, *hull, LukketAarsak::Arbeid30t, work);
    }
    for hull in &f.nordisk {
        lag_hull(ut, first, *hull, LukketAarsak::Statsborger, nordic);
    }
}

/// Takes days out of the periods from `first` on that `gjelder` is about.
pub(super) fn lag_hull(
    ut: &mut Vec<Utkast>,
    first: usize,
    hull: Period,
    aarsak: LukketAarsak,
    gjelder: impl Fn(&Utkast) -> bool,
) {
    let mut at = first;
    while let Some(u) = ut.get(at) {
        if !gjelder(u) || !u.dager.overlaps(&hull) {
            at += 1;
            continue;
        }
        let u = ut.remove(at);
        let rest = hull.to.and_then(|to| mellom(to, u.dager.to));
        let before = mellom(u.dager.from, Some(hull.from));
        if let Some(dager) = rest {
            ut.insert(at, Utkast { dager, ..u.clone() });
        }
        if let Some(dager) = before {
            ut.insert(at, Utkast { dager, aarsak: Some(aarsak), ..u });
        }
        at += usize::from(before.is_some()) + usize::from(rest.is_some());
    }
}

/// How a period goes on after its line ends or the person becomes a citizen, if it does.
fn videre(f: &Forhold<'_>, linjer: &[Linje<'_>], overgang: &Overgang<'_>, ut: &mut [Utkast], at: usize) -> Vec<Utkast> {
    let Some(u) = ut.get_mut(at) else { return Vec::new() };
    let (Some(dag), Some(nr)) = (u.dager.to, u.linje) else { return Vec::new() };
    let poster = if u.kode.ordning() == Ordning::Intro { &f.intro } else { &f.norsk };
    let begun = poster.startet.is_some_and(|startet| startet < dag);
    let krav = |kode, rad| Krav { kode, rad, usikker: u.usikker, fra: dag, slutt: u.slutt, klokke: None };
    let mut more = Vec::new();
    if u.aarsak == Some(LukketAarsak::Statsborger) && f.norsk_borger == Some(dag) {
        let Some(kode) = som_borger(u.kode).filter(|_| begun) else { return more };
        let mut alive: Vec<Period> = vec![Period { from: dag, to: f.doed }];
        f.utflyttet.iter().filter(|away| dag <= away.from).for_each(|away| uten(&mut alive, *away));
        let opphold: Vec<Opphold> = alive.iter().map(|dager| levende(f, *dager)).collect();
        aapne(&krav(kode, Rad::Il17), u.lov, nr, &opphold, true, &mut more);
        return more;
    }
    let ended = linjer.get(nr).and_then(|linje| linje.til) == Some(dag);
    if !ended || u.aarsak != Some(LukketAarsak::OppholdUtloept) {
        return more;
    }
    let next = nr + 1;
    let same = |k: &Krav| k.kode == u.kode && k.fra <= dag;
    if overgang.krav.get(next).is_some_and(|krav| krav.iter().any(same)) {
        return more;
    }
    let fra_34 = overgang.fra_34.get(next).copied().unwrap_or_default();
    if !begun || u.rad.bare_plikt() {
        if fra_34 {
            u.aarsak = Some(LukketAarsak::OvergangFra34);
        }
        return more;
    }
    let (kode, rad) = match (u.kode, fra_34) {
        (Kategorikode::IntroRp | Kategorikode::IntroKt, true) => (Kategorikode::IntroR, Rad::Il18),
        (kode, true) => (kode, Rad::Il18),
        (kode, false) => (kode, Rad::Il17),
    };
    if fra_34 {
        u.aarsak = Some(LukketAarsak::OvergangFra34);
    }
    // What the rules say of those with duty does not end a right to finish the programme.
    let regelendring = |(_, aarsak): &Ende| kode.ordning() == Ordning::Intro && *aarsak == LukketAarsak::Regelendring;
    let slutt = u.slutt.filter(|slutt| !regelendring(slutt));
    let krav = Krav { slutt, ..krav(kode, rad) };
    for (nr, linje) in linjer.iter().enumerate().skip(next) {
        let mut opphold = linje.opphold.clone();
        if let Some(dag) = f.norsk_borger {
            kutt(&mut opphold, dag, LukketAarsak::Statsborger);
        }
        // The duty goes on until citizenship; the mark is a right's.
        aapne(&krav, Lov::Il, nr, &opphold, kode != Kategorikode::NorskPlikt, &mut more);
    }
    // What goes on over several lines is not begun anew on each.
    more.iter_mut().for_each(|u| u.linje = Some(linjer.len()));
    more
}

/// What a right becomes when its holder becomes a citizen: the duty ends (IL-17).
fn som_borger(kode: Kategorikode) -> Option<Kategorikode> {
    match kode {
        Kategorikode::IntroRp | Kategorikode::IntroR | Kategorikode::IntroKt => Some(Kategorikode::IntroR),
        Kategorikode::NorskRett | Kategorikode::NorskRett6a => Some(kode),
        _ => None,
    }
}

/// A citizen's stay ends with death or emigration alone.
fn levende(f: &Forhold<'_>, dager: Period) -> Opphold {
    let aarsak = if dager.to == f.doed { LukketAarsak::Doed } else { LukketAarsak::Utflyttet };
    Opphold { dager, aarsak }
}

/// Periods of one category in order, joined where they touch and without overlaps; what can be offered gives way to a
/// right of the same scheme.
pub(super) fn ordne(mut ut: Vec<Utkast>) -> Vec<Utkast> {
    let rights: Vec<Period> =
        ut.iter().filter(|u| matches!(u.kode, Kategorikode::IntroRp | Kategorikode::IntroR)).map(|u| u.dager).collect();
    for right in rights {
        lag_hull(&mut ut, 0, right, LukketAarsak::Regelendring, |u| u.kode == Kategorikode::IntroKt);
    }
    ut.sort_by_key(|u| (u.kode, u.dager.from, u.fullfoere, slutt(&u.dager), u.rad));
    let mut ordered: Vec<Utkast> = Vec::with_capacity(ut.len());
    for mut next in ut {
        let Some(last) = ordered.last_mut().filter(|last| last.kode == next.kode) else {
            ordered.push(next);
            continue;
        };
        let Some(to) = last.dager.to.filter(|to| *to <= slutt(&next.dager)) else { continue };
        if to < next.dager.from {
            ordered.push(next);
        } else if last.fullfoere == next.fullfoere && last.lov == next.lov {
            if slutt(&next.dager) > to {
                (last.dager.to, last.aarsak) = (next.dager.to, next.aarsak);
            }
            last.usikker |= next.usikker;
        } else if let Some(dager) = mellom(to, next.dager.to) {
            next.dager = dager;
            ordered.push(next);
        }
    }
    ordered
}

impl Utkast {
    /// A period that rests on no permit.
    pub fn uten_tillatelse(kode: Kategorikode, lov: Lov, rad: Rad, dager: Period, aarsak: LukketAarsak) -> Self {
        let aarsak = dager.to.map(|_| aarsak);
        Utkast { kode, lov, rad, usikker: false, dager, aarsak, fullfoere: false, linje: None, slutt: None }
    }
}
