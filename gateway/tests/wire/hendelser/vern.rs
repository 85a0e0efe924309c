//! Who becomes strictly confidential (VERN-1, VERN-5): what a kommune without anybody who may know had not read is withdrawn,
//! and it hears nothing more.

use super::verden::{Verden, bosted};
use crate::kilde::{personalia, sett};
use crate::messages::day;

#[test]
fn what_was_not_read_is_withdrawn_and_nothing_more_is_told() {
    const NEXT: &str = "4203-flyktning-1";
    let w = Verden::new();
    let duf = w.resident("4203", None);
    let stood = w.stands(NEXT);
    w.udi(&duf, &sett("navn", &day(-1), &personalia().replace("Bjørk", "Gran")));
    let told = w.hears(NEXT, stood);
    assert_eq!((told[0].hendelsestype.as_str(), &told[0].duf), ("PERSONALIA_ENDRET", &duf), "{told:?}");
    let protected = "<beskyttelse><adressebeskyttelse>STRENGT_FORTROLIG</adressebeskyttelse></beskyttelse>";
    w.freg(&duf, &sett("g", &day(0), protected));
    let told = w.hears(NEXT, stood);
    let kinds: Vec<(&str, &str)> = told.iter().map(|one| (one.hendelsestype.as_str(), one.duf.as_str())).collect();
    assert_eq!(kinds, [("TRUKKET_TILBAKE", "")], "the number stays");
    w.freg(&duf, &sett("bosted/2", &day(0), &bosted("4203", None)));
    w.udi(&duf, &sett("navn", &day(0), &personalia().replace("Bjørk", "Furu")));
    assert_eq!(w.hears(NEXT, stood), told);
}
