//! IL §28: duty without right, for workers and their family; fulfilled by hours (IL §32(2), IF §73).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::kategori::Kategorikode::NorskPlikt;
use crate::kategori::LukketAarsak;
use crate::kategori::forhold::Forhold;
use crate::kategori::krav::Krav;
use crate::kategori::opphold::Linje;
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Kategorier, Plikttimer, Timeregel};

/// The duty, until its hours are done.
pub(super) fn krav(
    linje: &Linje<'_>,
    rad: Rad,
    verdi: NaiveDate,
    f: &Forhold<'_>,
    regler: &Kategorier,
    ut: &mut Vec<Krav>,
) {
    let vedtatt = linje.vedtatt();
    // Granted earlier from abroad and arrived since: hours of its own (domain.md 17.37).
    let from_abroad = linje.foerste.permit.etter_innreisetillatelse;
    let arrived = regler
        .plikttimer(Timeregel::IlPliktAnkomst, verdi)
        .filter(|timer| from_abroad && timer.fra.is_some_and(|fra| vedtatt < fra));
    let timer = arrived.or_else(|| regler.plikttimer(Timeregel::IlPlikt, vedtatt));
    let fullfoert = timer.and_then(|timer| fullfoert(f, timer, true));
    ut.push(Krav::ny(NorskPlikt, rad, verdi).ender(fullfoert, LukketAarsak::FullfoertPlikt));
}

/// The first day after the hours of a duty were done.
pub(super) fn fullfoert(f: &Forhold<'_>, krav: &Plikttimer, med_mottak: bool) -> Option<NaiveDate> {
    let (mut norsk, mut samfunnskunnskap) = (Decimal::ZERO, Decimal::ZERO);
    for timer in f.timer.iter().filter(|timer| med_mottak || !timer.mottak) {
        norsk += timer.norsk;
        samfunnskunnskap += timer.samfunnskunnskap;
        if krav.norsk <= norsk && krav.samfunnskunnskap <= samfunnskunnskap {
            return timer.dag.succ_opt();
        }
    }
    None
}
