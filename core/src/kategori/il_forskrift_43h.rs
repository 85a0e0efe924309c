//! IF §43h: a new permit after collective protection brings no new right or duty (IL-18).

use crate::kategori::forhold::Forhold;
use crate::kategori::opphold::Linje;
use crate::kategori::rad::Rad;
use crate::policy::kategorier::{Gjelder, Gruppe, Kategorier};

/// Whether the line follows collective protection with a decision under chapter 6A, and would give rights of its own.
pub(super) fn gjelder(linje: &Linje<'_>, rad: Rad, foer: &[Linje<'_>], f: &Forhold<'_>, regler: &Kategorier) -> bool {
    if !rad.maalgruppe() || linje.gruppe() == Some(Gruppe::Kollektiv) {
        return false;
    }
    let Some(kollektiv) = foer.iter().find(|l| l.gruppe() == Some(Gruppe::Kollektiv)) else { return false };
    let kapittel = regler.gjelder(Gjelder::Kap6a);
    let under_6a = [f.intro.innvilget, f.norsk.innvilget].into_iter().flatten();
    let decided = |dag| kapittel.contains(dag) && kollektiv.fra() <= dag && dag < linje.fra();
    regler.gjelder(Gjelder::Il18).contains(linje.vedtatt()) && under_6a.into_iter().any(decided)
}
