//! `hentAvsenderstatus` (contract.md 5): every precondition of sending, one by one, from the same tests that refuse.

use chrono::NaiveDate;

use crate::command::Header;
use crate::decide::{Now, finding, is_error, sender_findings};
use crate::policy::Policy;
use crate::receipt::{Field, Finding};
use crate::registry::{Avsendersystem, Registry};
use crate::rejection::Rejection;

/// One precondition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forutsetning {
    /// Of code list `forutsetning`.
    pub vilkaar: &'static str,
    /// What refuses, where something does.
    pub refused: Option<Finding>,
    /// The last day on which it is in order, where that is known.
    pub gyldig_til: Option<NaiveDate>,
}

/// Every precondition that the register can judge, in the order of its tests. The header's avsendersystem must be the
/// signer's: of others nothing is told (NIR-A414).
pub fn forutsetninger(
    registry: &Registry,
    header: &Header,
    policy: &Policy,
    now: &Now,
) -> Result<Vec<Forutsetning>, Finding> {
    let system = crate::decide::authorized_system(registry, header, policy, now);
    let Some(system) = system.filter(|system| crate::decide::may_carry(registry, header, system, policy, now)) else {
        return Err(finding(Rejection::UnknownAvsendersystem, Field::Header("avsendersystem")));
    };
    let found = open_findings(registry, header, system, policy, now);
    let refused = |codes: &[Rejection]| found.iter().find(|f| is_error(f) && codes.contains(&f.rejection)).cloned();
    let numbers = |f: &&Finding| {
        is_error(f)
            && (matches!(f.rejection, Rejection::UnknownKommune | Rejection::KommuneSuperseded)
                || f.rejection == Rejection::UnknownAvsendersystem)
    };
    let mut blocked = finding(Rejection::Blocked, Field::Header("avsendersystem"));
    blocked.params.extend(system.blocked.clone().map(|reason| ("aarsak", reason)));
    let user = registry.users.get(&header.overfoeringsbruker);
    let in_order = |vilkaar, gyldig_til| Forutsetning { vilkaar, refused: None, gyldig_til };
    let of = |vilkaar, codes: &[Rejection], gyldig_til| Forutsetning {
        refused: refused(codes),
        ..in_order(vilkaar, gyldig_til)
    };
    let same = |kommune| policy.same_kommune(system.kommune, kommune, now.today);
    let agreements = registry.agreements.iter().filter(|a| same(a.kommune) && a.valid.contains(now.today));
    let delegations = registry
        .delegations
        .iter()
        .filter(|d| d.leverandoer == header.signer && same(d.kommune) && d.valid.contains(now.today));
    Ok(vec![
        in_order("AVSENDERSYSTEM", system.valid.last()),
        Forutsetning { refused: system.blocked.is_some().then_some(blocked), ..in_order("SPERRE", None) },
        Forutsetning { refused: found.iter().find(numbers).cloned(), ..in_order("KOMMUNENUMMER", None) },
        of("AVTALE", &[Rejection::NoAgreement], latest(agreements.map(|a| a.valid.last()))),
        of("FULLMAKT", &[Rejection::NoDelegation], earliest(delegations.map(|d| d.valid.last()))),
        of("BRUKER", &[Rejection::UnknownUser], user.and_then(|user| user.valid.last())),
        of("BRUKER_AKTIV", &[Rejection::InactiveUser, Rejection::UnknownUser], None),
        Forutsetning { refused: role(registry, header, system), ..in_order("ROLLE", None) },
        of("GODKJENNING", &[Rejection::ProductNotApproved], None),
    ])
}

/// The sender's findings, also those that a block hides.
fn open_findings(
    registry: &Registry,
    header: &Header,
    system: &Avsendersystem,
    policy: &Policy,
    now: &Now,
) -> Vec<Finding> {
    if system.blocked.is_none() {
        return sender_findings(registry, header, policy, now);
    }
    let mut open = registry.clone();
    if let Some(system) = open.avsendersystemer.get_mut(&system.id) {
        system.blocked = None;
    }
    sender_findings(&open, header, policy, now)
}

/// The user's roles write a scheme that the system carries (AU-2, AU-3); other users may write the others.
fn role(registry: &Registry, header: &Header, system: &Avsendersystem) -> Option<Finding> {
    let field = Field::Header("overfoeringsbruker");
    let Some(user) = registry.users.get(&header.overfoeringsbruker) else {
        return Some(finding(Rejection::UnknownUser, field));
    };
    if user.roles.iter().all(|role| role.only_reads()) {
        return Some(finding(Rejection::ReadOnlyRole, field));
    }
    let writes = |ordning| user.roles.iter().any(|role| role.writes(ordning));
    let none = !system.ordninger.iter().copied().any(writes);
    none.then(|| finding(Rejection::RoleLacksOrdning, field))
}

/// The last of several ends; one without end holds for ever.
fn latest(ends: impl Iterator<Item = Option<NaiveDate>>) -> Option<NaiveDate> {
    ends.reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b))).flatten()
}

/// The first of several ends.
fn earliest(ends: impl Iterator<Item = Option<NaiveDate>>) -> Option<NaiveDate> {
    ends.flatten().min()
}
