//! INTL §20a: norsk of asylum seekers in mottak (IN-h).

use crate::kategori::forhold::{Asylsoeknad, Forhold};
use crate::kategori::il_05::i_mottak;
use crate::kategori::krav::Utkast;
use crate::kategori::logg::{Logg, Nei};
use crate::kategori::rad::Rad;
use crate::policy::Policy;
use crate::policy::kategorier::{Aldersregel, Gjelder};
use crate::registry::Lov;

/// Open in any mottak from the age on.
pub(super) fn opplaering(f: &Forhold<'_>, s: &Asylsoeknad, policy: &Policy, ut: &mut Vec<Utkast>, logg: &mut Logg) {
    if f.mottak.is_empty() {
        logg.ikke_opplaering(Rad::InH, s, Nei::IkkeMottak);
        return;
    }
    let regler = policy.kategorier();
    let nedre = regler.alder(Aldersregel::IntlAsylnorsk, s.soekt).nedre;
    i_mottak(f, s, (Lov::Intl, Rad::InH), nedre, &f.mottak, regler.gjelder(Gjelder::Inh).from, ut);
}
