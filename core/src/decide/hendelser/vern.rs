//! Protection that ends because its last day is over (domain.md 10.4 VERN-5; 12): told as when a source takes it back.

use chrono::NaiveDate;

use crate::change::Addressed;
use crate::decide::hendelser::mottakere::{Hendelse, Teller, Tillegg, sted};
use crate::decide::{Ids, notices};
use crate::fact::FactContent;
use crate::person::Person;
use crate::time::oslo_date;

/// The day before, where protection of the person ends on the day, as was known before it: what is learned later is told
/// when it is.
fn day_before_end(person: &Person, day: NaiveDate) -> Option<NaiveDate> {
    if person.ended_on().is_some_and(|ended| ended < day) || person.replaced_by().is_some() {
        return None;
    }
    let ends = person.facts.iter().any(|fact| {
        matches!(fact.content, FactContent::Beskyttelse { .. })
            && fact.valid.to == Some(day)
            && oslo_date(fact.system_from) < day
    });
    let protected = |day| (person.hidden(day), person.undertrykt(day));
    day.pred_opt().filter(|before| ends && protected(*before) != protected(day))
}

/// Whether the day lifts any.
pub(in crate::decide) fn lifts(person: &Person, day: NaiveDate) -> bool {
    day_before_end(person, day).is_some()
}

/// Tells what the day lifts: that the person is strictly confidential no longer, or that the address may be told.
pub(in crate::decide) fn lifted(teller: &Teller<'_>, person: &Person, ids: &mut dyn Ids) -> Vec<Addressed> {
    let day = teller.now.today;
    let Some(before) = day_before_end(person, day) else { return Vec::new() };
    let Teller { registry, policy, now, cause } = *teller;
    let mut told = notices::sheltered(registry, policy, (person, before), person, now, cause.opphav, ids);
    if !person.hidden(before)
        && let Some(here) = person.follow_up(day)
    {
        let one = Hendelse::annen("ADRESSE_ENDRET", day, Tillegg::default().and("undertrykt", false));
        told.extend(teller.tell(person.duf, sted(here), false, &[one], ids));
    }
    told
}
