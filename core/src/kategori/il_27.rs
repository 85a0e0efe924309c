//! IL §27: right and duty to norsk and samfunnskunnskap.

use chrono::NaiveDate;

use crate::kategori::Kategorikode::{NorskPlikt, NorskRett};
use crate::kategori::krav::Krav;
use crate::kategori::rad::Rad;

/// Both, from the day they enter; none while that day has not come.
pub(super) fn krav(rad: Rad, fra: Option<NaiveDate>, ut: &mut Vec<Krav>) {
    let Some(fra) = fra else { return };
    ut.extend([NorskRett, NorskPlikt].map(|kode| Krav::ny(kode, rad, fra)));
}
