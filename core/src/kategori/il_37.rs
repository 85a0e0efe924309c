//! IL chapter 6A (§§37a–37d): norsk for those with collective protection; and who has the duty to sit tests (§37, IL-22).

use chrono::NaiveDate;

use crate::kategori::Kategorikode::NorskRett6a;
use crate::kategori::forhold::Forhold;
use crate::kategori::krav::Krav;
use crate::kategori::rad::Rad;
use crate::kategori::{Kategori, Kategorikode, LukketAarsak};
use crate::policy::kategorier::{Gjelder, Kategorier};
use crate::registry::Lov;

/// NORSK_RETT_6A enters at settlement by agreement, while the chapter holds.
pub(super) fn krav(verdi: NaiveDate, f: &Forhold<'_>, regler: &Kategorier, ut: &mut Vec<Krav>) {
    let Some(avtale) = f.avtale else { return };
    let kapittel = regler.gjelder(Gjelder::Kap6a);
    let krav = Krav::ny(NorskRett6a, Rad::Il3a, avtale.max(verdi).max(kapittel.from));
    ut.push(krav.ender(kapittel.to, LukketAarsak::Regelendring));
}

/// Whether the category carries the duty to sit tests: right and duty under §27, not the duty alone of §28, nor what
/// chapter 6A, the kommune's offer or mottak gives (IL-22).
pub fn proeveplikt(kategori: &Kategori) -> bool {
    let bare_plikt = kategori.rad == Rad::Il10.id() || kategori.rad == Rad::Il10a.id();
    kategori.lov == Lov::Il && kategori.kode == Kategorikode::NorskPlikt && !bare_plikt
}
