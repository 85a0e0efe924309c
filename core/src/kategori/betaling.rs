//! Free training, or may the kommune charge (IL §30(4); domain.md 16): a mark that follows from the categories alone.

use super::{Kategori, Kategorikode};

/// Whether the training of this category is free; `None` for schemes where nobody could be charged. Who has the right is
/// trained for free, also for the duty beside it; who only has the duty, or is only offered training, may be charged.
pub fn free(kategori: &Kategori, all: &[Kategori]) -> Option<bool> {
    match kategori.kode {
        Kategorikode::NorskRett | Kategorikode::NorskRett6a | Kategorikode::MottakOppl => Some(true),
        Kategorikode::NorskPlikt => Some(all.iter().any(|other| {
            matches!(other.kode, Kategorikode::NorskRett | Kategorikode::NorskRett6a)
                && other.gyldig.overlaps(&kategori.gyldig)
        })),
        Kategorikode::NorskKt => Some(false),
        Kategorikode::IntroRp | Kategorikode::IntroR | Kategorikode::IntroKt | Kategorikode::MottakKval => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Lov;
    use crate::time::Period;

    fn category(kode: Kategorikode, from: &str) -> Kategori {
        Kategori {
            kode,
            lov: Lov::Il,
            gyldig: Period { from: from.parse().unwrap(), to: None },
            aarsak: None,
            rett_til_aa_fullfoere: false,
            rad: "IL-1".into(),
            usikker: false,
        }
    }

    #[test]
    fn who_has_the_right_pays_nothing_and_who_has_only_the_duty_may_be_charged() {
        let right = category(Kategorikode::NorskRett, "2024-01-01");
        let duty = category(Kategorikode::NorskPlikt, "2024-01-01");
        let offered = category(Kategorikode::NorskKt, "2024-01-01");
        let programme = category(Kategorikode::IntroRp, "2024-01-01");
        assert_eq!(free(&right, &[right.clone(), duty.clone()]), Some(true));
        assert_eq!(free(&duty, &[right, duty.clone()]), Some(true));
        assert_eq!(free(&duty, &[duty.clone(), programme.clone()]), Some(false));
        assert_eq!(free(&offered, std::slice::from_ref(&offered)), Some(false));
        assert_eq!(free(&programme, std::slice::from_ref(&programme)), None);
    }
}
