//! `hentBeregningslogg` (domain.md 4, 10.3 AU-1): the computation asked for, to whom may see the person.

use uuid::Uuid;

use crate::decide::{Now, finding};
use crate::fact::Fact;
use crate::kategori::BeregningRow;
use crate::person::PersonHistory;
use crate::policy::Policy;
use crate::query::access::{Caller, access};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;

/// The computation of this id, or the present one; `None` where nothing has been computed yet.
pub fn beregning<'h>(
    caller: Option<Caller<'_>>,
    history: Option<&'h PersonHistory>,
    beregnings_id: Option<Uuid>,
    policy: &Policy,
    now: &Now,
) -> Result<&'h BeregningRow, Finding> {
    let history = history.ok_or_else(|| finding(Rejection::UnknownPerson, Field::Person("dufNummer")))?;
    let present: Vec<&Fact> = history.facts.iter().filter(|fact| fact.system_to.is_none()).collect();
    let latest = history.beregninger.iter().find(|row| row.system_to.is_none());
    access(caller, &present, latest.map_or(&[], |row| &row.beregning.kategorier), policy, now)?;
    let found = match beregnings_id {
        Some(id) => history.beregninger.iter().find(|row| row.beregnings_id == id),
        None => latest,
    };
    found.ok_or_else(|| {
        let field = if beregnings_id.is_some() { "beregningsId" } else { "dufNummer" };
        finding(Rejection::NotFound, Field::Person(field))
    })
}
