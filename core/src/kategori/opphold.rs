//! Stay: permits with their renewals, and when it ends (UTL §61(6)–(7), bug B2; IL-20; death and emigration).
//!
//! A *line* is one ground of stay with its renewals. Another ground begins the next line; a permanent permit goes on with
//! the line it finds. Categories follow from the first permit of a line and last as long as its stay.

use chrono::{Months, NaiveDate};

use crate::fact::Utfall;
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::{Forhold, Fornyelse, Tillatelse};
use crate::kategori::logg::Logg;
use crate::kategori::periode::{mellom, slutt};
use crate::policy::kategorier::{Gruppe, Kategorier};
use crate::time::Period;

/// Lawful stay on one ground, and why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opphold {
    pub dager: Period,
    pub aarsak: LukketAarsak,
}

/// One ground of stay with its renewals.
#[derive(Debug)]
pub(super) struct Linje<'a> {
    /// The permit that began it.
    pub foerste: Tillatelse<'a>,
    /// The day rights are counted from: the grant, or the arrival on a permit given before entry (IL §26). `None` while
    /// the person has not arrived.
    pub verdi: Option<NaiveDate>,
    /// The grant of the first renewal (IL-2).
    pub fornyet: Option<NaiveDate>,
    /// The first day of the next line.
    pub til: Option<NaiveDate>,
    /// In order, without overlaps, until the next line.
    pub opphold: Vec<Opphold>,
}

impl Linje<'_> {
    /// The day of the grant: ages are tested on it.
    pub fn vedtatt(&self) -> NaiveDate {
        self.foerste.permit.vedtaksdato
    }

    /// The group of its ground.
    pub fn gruppe(&self) -> Option<Gruppe> {
        self.foerste.gruppe
    }

    /// The first day of the line.
    pub fn fra(&self) -> NaiveDate {
        self.verdi.unwrap_or(self.vedtatt())
    }
}

/// The lines of a person, by their start.
pub(super) fn linjer<'a>(f: &Forhold<'a>, regler: &Kategorier, logg: &mut Logg) -> Vec<Linje<'a>> {
    let mut linjer: Vec<Linje<'a>> = Vec::with_capacity(2);
    let mut before: Option<usize> = None;
    for (nr, t) in f.tillatelser.iter().enumerate() {
        let continues = linjer.last().is_some_and(|l| fortsetter(l, t, before.and_then(|b| f.tillatelser.get(b)), f));
        if !continues {
            let verdi = t.verdi;
            let linje = Linje { foerste: *t, verdi, fornyet: None, til: None, opphold: Vec::with_capacity(2) };
            // A permit whose holder has not arrived takes the place of none.
            if let (Some(last), Some(verdi)) = (linjer.last_mut(), verdi) {
                last.til = Some(verdi);
            }
            linjer.push(linje);
        }
        before = Some(nr);
        let Some(linje) = linjer.last_mut() else { continue };
        if continues {
            let vedtatt = t.permit.vedtaksdato;
            linje.fornyet = Some(linje.fornyet.map_or(vedtatt, |kept| kept.min(vedtatt)));
        }
        tillatelsens(f, regler, nr, !continues, &mut linje.opphold, logg);
    }
    for linje in &mut linjer {
        flett(&mut linje.opphold);
        if let Some(til) = linje.til {
            kutt(&mut linje.opphold, til, LukketAarsak::OppholdUtloept);
        }
        for away in f.utflyttet.iter().filter(|away| linje.foerste.permit.vedtaksdato <= away.from) {
            hull(&mut linje.opphold, *away, LukketAarsak::Utflyttet);
        }
        if let Some(doed) = f.doed {
            kutt(&mut linje.opphold, doed, LukketAarsak::Doed);
        }
    }
    linjer
}

/// Whether the permit goes on with the line: a renewal, the same ground again without a break, or a permanent permit.
fn fortsetter(linje: &Linje<'_>, t: &Tillatelse<'_>, before: Option<&Tillatelse<'_>>, f: &Forhold<'_>) -> bool {
    if t.verdi.is_none() || !t.permit.foerstegang {
        return t.verdi.is_some();
    }
    if t.permit.oppholdsgrunnlag != linje.foerste.permit.oppholdsgrunnlag && t.gruppe != Some(Gruppe::Permanent) {
        return false;
    }
    // A first permit after a break begins anew, unless it was asked for in time.
    let Some(ended) = before.and_then(|before| before.gyldig.to) else { return true };
    begynner(t) <= ended
        || t.permit.soeknadsdato.is_some_and(|soekt| soekt < ended)
        || f.fornyelser.iter().any(|s| s.soekt < ended && !s.svar.is_some_and(|svar| !svar.innvilget && svar.endelig))
}

/// The first day of stay on a permit: one that was given before entry begins with the arrival.
fn begynner(t: &Tillatelse<'_>) -> NaiveDate {
    let arrived = t.verdi.filter(|_| t.permit.etter_innreisetillatelse);
    arrived.map_or(t.gyldig.from, |arrived| arrived.max(t.gyldig.from))
}

/// The stay on one permit, continued by applications in time.
fn tillatelsens(f: &Forhold<'_>, regler: &Kategorier, nr: usize, foerst: bool, ut: &mut Vec<Opphold>, logg: &mut Logg) {
    let Some(t) = f.tillatelser.get(nr) else { return };
    let fra = if foerst && !t.permit.etter_innreisetillatelse {
        t.gyldig.from.min(t.permit.vedtaksdato)
    } else {
        begynner(t)
    };
    let mut legg_til = |from: NaiveDate, to: Option<NaiveDate>, aarsak: LukketAarsak| {
        ut.extend(mellom(from, to).map(|dager| Opphold { dager, aarsak }));
    };
    if let Some(o) = t.permit.opphoer.filter(|o| t.gyldig.to.is_none_or(|to| o.dato < to)) {
        logg.opphoer(t, &o);
        if o.endelig {
            let aarsak = match o.utfall {
                Utfall::Bortfall => LukketAarsak::OppholdUtloept,
                _ => LukketAarsak::OppholdTilbakekalt,
            };
            return legg_til(fra, Some(o.dato), aarsak);
        }
    }
    let Some(utloep) = t.gyldig.to else { return legg_til(fra, None, LukketAarsak::OppholdUtloept) };
    let later = f.tillatelser.get(nr + 1..).unwrap_or_default();
    let mut til = Some(utloep);
    let mut extend = |end: Option<NaiveDate>| til = til.and_then(|til| end.map(|end| end.max(til)));
    for s in f.fornyelser.iter().filter(|s| t.gyldig.from <= s.soekt) {
        // A permit given before entry answers nobody who has not come on it.
        let answer = later.iter().find(|q| q.verdi.is_some() && s.soekt <= q.permit.vedtaksdato);
        if utloep <= s.soekt {
            // Too late: UTL §61(6) continues a permit, it does not bring one back (domain.md 17.7).
            let other = later.iter().any(|q| q.permit.vedtaksdato <= s.soekt);
            if !other {
                logg.soekt_for_sent(t, s, utloep);
                if let Some(svar) = s.svar.filter(|svar| svar.innvilget) {
                    let from = if s.soekt < s.gyldig_fra { s.gyldig_fra } else { svar.dato.max(s.soekt) };
                    // The permit that follows takes over from its own validity.
                    let to = [s.gyldig_til, answer.map(begynner)].into_iter().flatten().min();
                    legg_til(from, to, LukketAarsak::OppholdUtloept);
                }
            }
            continue;
        }
        if !t.permit.fornybar {
            logg.ikke_fornybar(t, s, utloep);
            continue;
        }
        let end = fortsettelse(s, answer, utloep);
        logg.fortsetter(t, s, utloep, end, med_rettskrav(s, utloep, regler));
        extend(end);
    }
    // A permit that says when it was applied for tells the same as an application.
    let in_time = |q: &&Tillatelse<'_>| {
        q.verdi.is_some()
            && q.permit.soeknadsdato.is_some_and(|soekt| t.gyldig.from <= soekt && soekt < utloep)
            && utloep < begynner(q)
    };
    if t.permit.fornybar
        && let Some(q) = later.iter().find(in_time)
    {
        extend(Some(begynner(q)));
    }
    legg_til(fra, til, LukketAarsak::OppholdUtloept);
}

/// Until when an application in time carries the stay on; `None` while nothing ends it.
fn fortsettelse(s: &Fornyelse, answer: Option<&Tillatelse<'_>>, utloep: NaiveDate) -> Option<NaiveDate> {
    match s.svar {
        Some(svar) if !svar.innvilget && svar.endelig => Some(svar.dato.max(utloep)),
        _ => answer.map(|q| begynner(q).max(utloep)),
    }
}

/// Whether it was applied for so early that staying on is a right.
fn med_rettskrav(s: &Fornyelse, utloep: NaiveDate, regler: &Kategorier) -> bool {
    let last = utloep.pred_opt().unwrap_or(utloep);
    last.checked_sub_months(Months::new(regler.rettskrav_maaneder())).is_some_and(|latest| s.soekt <= latest)
}

/// Sorts stays and joins those that touch; the later end tells why.
fn flett(opphold: &mut Vec<Opphold>) {
    opphold.sort_by_key(|o| (o.dager.from, slutt(&o.dager), o.aarsak));
    let mut joined: Vec<Opphold> = Vec::with_capacity(opphold.len());
    for next in opphold.drain(..) {
        match joined.last_mut() {
            Some(last) if last.dager.to.is_none_or(|to| next.dager.from <= to) => {
                if slutt(&next.dager) > slutt(&last.dager) {
                    (last.dager.to, last.aarsak) = (next.dager.to, next.aarsak);
                }
            }
            _ => joined.push(next),
        }
    }
    *opphold = joined;
}

/// Ends every stay on the day.
pub(super) fn kutt(opphold: &mut Vec<Opphold>, dag: NaiveDate, aarsak: LukketAarsak) {
    opphold.retain(|o| o.dager.from < dag);
    for o in opphold {
        if o.dager.to.is_none_or(|to| dag <= to) {
            (o.dager.to, o.aarsak) = (Some(dag), aarsak);
        }
    }
}

/// Takes days out of the stays.
fn hull(opphold: &mut Vec<Opphold>, hull: Period, aarsak: LukketAarsak) {
    let mut left = Vec::with_capacity(opphold.len() + 1);
    for o in opphold.drain(..) {
        if !o.dager.overlaps(&hull) {
            left.push(o);
            continue;
        }
        left.extend(mellom(o.dager.from, Some(hull.from)).map(|dager| Opphold { dager, aarsak }));
        left.extend(hull.to.and_then(|to| mellom(to, o.dager.to)).map(|dager| Opphold { dager, aarsak: o.aarsak }));
    }
    *opphold = left;
}
