//! IL §52, IF §72: which act a person is under (domain.md 5.1).

use chrono::NaiveDate;

use crate::kategori::forhold::Forhold;
use crate::kategori::logg::Logg;
use crate::kategori::opphold::Linje;
use crate::kategori::{il_09, intl_02};
use crate::policy::Policy;
use crate::registry::Lov;

/// The act by the first permit that brings the person into a target group: integreringsloven if it was granted after the
/// act came into force, or given before entry and the person arrived after. What comes later never moves the person.
/// With the line that decided it.
pub(super) fn lov(linjer: &[Linje<'_>], f: &Forhold<'_>, policy: &Policy, logg: &mut Logg) -> Option<(Lov, usize)> {
    let il_fra = policy.lov_fra(Lov::Il);
    let regler = policy.kategorier();
    for (nr, linje) in linjer.iter().enumerate() {
        let foer = linjer.get(..nr).unwrap_or_default();
        // Who was granted a permit before the act and has not arrived is under neither yet.
        let Some(dag) = linje.verdi.or(Some(linje.vedtatt()).filter(|vedtatt| il_fra <= *vedtatt)) else { continue };
        let (lov, maalgruppe) = if il_fra <= dag {
            (Lov::Il, il_09::rad(linje, foer, f, regler).maalgruppe())
        } else {
            (Lov::Intl, intl_02::rad(linje, regler).maalgruppe())
        };
        if maalgruppe {
            logg.lov(linje, lov);
            return Some((lov, nr));
        }
    }
    None
}

/// The act of an application for protection, by its day (IF §72(1)).
pub(super) fn asylsoekers(soekt: NaiveDate, policy: &Policy) -> Lov {
    if policy.lov_fra(Lov::Il) <= soekt { Lov::Il } else { Lov::Intl }
}
