//! Tests of the sender, before any person is looked at (domain.md 15.1, first paragraph; contract.md 4.2).

use crate::command::Header;
use crate::decide::{Now, finding};
use crate::id::{Kommunenummer, Orgnr};
use crate::policy::Policy;
use crate::receipt::{Field, Finding, Severity};
use crate::registry::{Avsendersystem, PartyKind, Registry, TransferUser};
use crate::rejection::Rejection;

/// Every error of the sender at once, in the order of domain.md 15.1. Cause stands before consequence: an unknown
/// avsendersystem says nothing of users or agreements.
pub fn sender_findings(registry: &Registry, header: &Header, policy: &Policy, now: &Now) -> Vec<Finding> {
    let Some(system) = authorized_system(registry, header, policy, now) else {
        return vec![finding(Rejection::UnknownAvsendersystem, Field::Header("avsendersystem"))];
    };
    if let Some(reason) = &system.blocked {
        let mut blocked = finding(Rejection::Blocked, Field::Header("avsendersystem"));
        blocked.params.push(("aarsak", reason.clone()));
        return vec![blocked];
    }
    let mut all = numbers(header, system, policy, now);
    let same = |kommune| policy.same_kommune(system.kommune, kommune, now.today);
    if !registry.agreements.iter().any(|a| same(a.kommune) && a.valid.contains(now.today)) {
        all.push(finding(Rejection::NoAgreement, Field::Header("kommunenummer")));
    }
    if !delegated(registry, header, system, policy, now) {
        all.push(finding(Rejection::NoDelegation, Field::Header("avsendersystem")));
    }
    match registry.users.get(&header.overfoeringsbruker).filter(|user| usable(user, header, system, policy, now)) {
        None => all.push(finding(Rejection::UnknownUser, Field::Header("overfoeringsbruker"))),
        Some(user) if user.last_used.date_naive() < policy.inactive_before(now.recorded.date_naive()) => {
            all.push(finding(Rejection::InactiveUser, Field::Header("overfoeringsbruker")));
        }
        Some(_) => {}
    }
    if !system.approved_versions.is_empty() && !system.approved_versions.contains(&header.fagsystem.1) {
        all.push(finding(Rejection::ProductNotApproved, Field::Header("fagsystem/versjon")));
    }
    all.extend(old_number(header, policy, now));
    if header.opprettet.date_naive() < policy.ids_kept_since(now.recorded.date_naive()) {
        all.push(finding(Rejection::MessageTooOld, Field::Header("opprettet")));
    }
    all
}

/// Transfer is closed for the kommune (V607): nothing is written, reads go on.
pub(super) fn closed(registry: &Registry, header: &Header, policy: &Policy, now: &Now) -> Option<Finding> {
    let kommune = registry.avsendersystemer.get(&header.avsendersystem)?.kommune;
    let closed = policy.closed_for(registry, kommune, now.today)?;
    let mut refusal = finding(Rejection::TransferClosed, Field::Header("kommunenummer"));
    refusal.params = vec![("til", closed.til.to_string()), ("aarsak", closed.aarsak.clone())];
    Some(refusal)
}

/// The avsendersystem, if the signer may speak for it: its operator, or the kommune itself (contract.md 4.2).
pub fn authorized_system<'r>(
    registry: &'r Registry,
    header: &Header,
    policy: &Policy,
    now: &Now,
) -> Option<&'r Avsendersystem> {
    let system = registry.avsendersystemer.get(&header.avsendersystem).filter(|s| s.valid.contains(now.today))?;
    speaks_for(registry, header.signer, system, policy, now).then_some(system)
}

/// Whether the organization is a registered party that speaks for the avsendersystem: its operator, or the kommune itself.
pub fn speaks_for(registry: &Registry, orgnr: Orgnr, system: &Avsendersystem, policy: &Policy, now: &Now) -> bool {
    // A source tells facts by NirKilde, and registers nothing.
    let Some(party) = registry.parties.get(&orgnr).filter(|party| party.kind != PartyKind::Kilde) else { return false };
    let itself = party.kommune.is_some_and(|kommune| policy.same_kommune(system.kommune, kommune, now.today));
    system.operator == orgnr || (party.kind == PartyKind::Kommune && itself)
}

/// Why nothing may be sent to the avsendersystem of our own accord: the preconditions of its own sending that are not
/// about a message (domain.md 15.1).
pub fn may_not_receive(registry: &Registry, system: &Avsendersystem, policy: &Policy, now: &Now) -> Option<Rejection> {
    let same = |kommune| policy.same_kommune(system.kommune, kommune, now.today);
    let operator = registry.parties.get(&system.operator).is_some_and(|party| party.valid.contains(now.today));
    if !operator || !system.valid.contains(now.today) {
        Some(Rejection::UnknownAvsendersystem)
    } else if system.blocked.is_some() {
        Some(Rejection::Blocked)
    } else if !registry.agreements.iter().any(|a| same(a.kommune) && a.valid.contains(now.today)) {
        Some(Rejection::NoAgreement)
    } else if !stands_for(registry, system.operator, system, policy, now) {
        Some(Rejection::NoDelegation)
    } else {
        None
    }
}

/// Kommune and bydel are known, and the avsendersystem's own.
fn numbers(header: &Header, system: &Avsendersystem, policy: &Policy, now: &Now) -> Vec<Finding> {
    let field = Field::Header("kommunenummer");
    let kommune = match header.kommune {
        Ok(kommune) if policy.kommune_known(kommune) || policy.fylke_known(kommune) => kommune,
        _ => return vec![finding(Rejection::UnknownKommune, field)],
    };
    if !policy.same_kommune(system.kommune, kommune, now.today) {
        return vec![finding(Rejection::UnknownAvsendersystem, field)];
    }
    let field = Field::Header("bydelsnummer");
    match header.bydel {
        Some(Ok(sent)) if policy.bydel_known(sent) && sent.kommune() == Some(kommune) => {
            let other = system.bydel.is_some_and(|own| own != sent);
            if other { vec![finding(Rejection::UnknownAvsendersystem, field)] } else { Vec::new() }
        }
        Some(_) => vec![finding(Rejection::UnknownKommune, field)],
        None => Vec::new(),
    }
}

/// The sender's own number was replaced: a warning for some months, then an error (A410).
fn old_number(header: &Header, policy: &Policy, now: &Now) -> Option<Finding> {
    let kommune = *header.kommune.as_ref().ok()?;
    let (successors, refused) = policy.superseded(kommune, now.today)?;
    let mut superseded = finding(Rejection::KommuneSuperseded, Field::Header("kommunenummer"));
    superseded.severity = if refused { Severity::Error } else { Severity::Warning };
    superseded.params.push(("etterfoelger", numbers_of(&successors)));
    Some(superseded)
}

/// Numbers as a text names them.
pub(super) fn numbers_of(kommuner: &[Kommunenummer]) -> String {
    kommuner.iter().map(Kommunenummer::to_string).collect::<Vec<_>>().join(", ")
}

/// A vendor that signs, or whose TLS end carries what the kommune signed, needs the kommune's delegation for every
/// scheme of the system (design.md 5, Authority).
fn delegated(registry: &Registry, header: &Header, system: &Avsendersystem, policy: &Policy, now: &Now) -> bool {
    stands_for(registry, header.signer, system, policy, now) && may_carry(registry, header, system, policy, now)
}

/// Whether the TLS end may carry what the signer sends: it is the signer itself, the kommune or a vendor with its
/// delegation. Who caught a message learns nothing by sending it again.
pub fn may_carry(registry: &Registry, header: &Header, system: &Avsendersystem, policy: &Policy, now: &Now) -> bool {
    let carrier = header.tls_client.filter(|carrier| *carrier != header.signer);
    carrier.is_none_or(|carrier| stands_for(registry, carrier, system, policy, now))
}

/// Whether the organization is the kommune of the system, or has its delegation for every scheme.
fn stands_for(registry: &Registry, orgnr: Orgnr, system: &Avsendersystem, policy: &Policy, now: &Now) -> bool {
    let same = |kommune| policy.same_kommune(system.kommune, kommune, now.today);
    let itself = registry.parties.get(&orgnr).and_then(|party| party.kommune).is_some_and(same);
    let delegated = |ordning| {
        registry.delegations.iter().any(|d| {
            d.leverandoer == orgnr && same(d.kommune) && d.valid.contains(now.today) && d.ordninger.contains(ordning)
        })
    };
    itself || system.ordninger.iter().all(delegated)
}

/// The user is the kommune's, and its bydel is the one that the message or the avsendersystem speaks for.
fn usable(user: &TransferUser, header: &Header, system: &Avsendersystem, policy: &Policy, now: &Now) -> bool {
    let bydel = header.bydel.clone().and_then(Result::ok).or(system.bydel);
    user.valid.contains(now.today)
        && policy.same_kommune(system.kommune, user.kommune, now.today)
        && (user.bydel.is_none() || bydel.is_none() || user.bydel == bydel)
}
