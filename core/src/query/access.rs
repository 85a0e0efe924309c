//! Who may see what of a person (domain.md 10.3 AU-1, AU-5, AU-9; 10.4; 17.6): one guard for every read.

use chrono::NaiveDate;

use crate::command::Header;
use crate::decide::{Now, finding};
use crate::fact::{Adressebeskyttelse, Fact, FactContent};
use crate::id::{Bydel, Kommunenummer};
use crate::kategori::Kategori;
use crate::person::{follow_up, hidden, replaced_by};
use crate::policy::Policy;
use crate::receipt::{Field, Finding};
use crate::registry::{Registry, Role, TransferUser};
use crate::rejection::Rejection;

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'r> {
    /// The transfer user.
    pub user: &'r TransferUser,
    /// Its kommune, by the number that holds today.
    pub kommune: Kommunenummer,
    /// Its bydel; none means the whole kommune (AU-9).
    pub bydel: Option<Bydel>,
}

impl<'r> Caller<'r> {
    /// The caller of a header whose sender has been judged; `None` for a user that is not there.
    pub fn of(registry: &'r Registry, header: &Header, policy: &Policy, today: NaiveDate) -> Option<Self> {
        let user = registry.users.get(&header.overfoeringsbruker)?;
        let system = registry.avsendersystemer.get(&header.avsendersystem);
        let kommune = header.kommune.clone().unwrap_or(user.kommune);
        let bydel = header.bydel.clone().and_then(Result::ok).or(system.and_then(|s| s.bydel)).or(user.bydel);
        Some(Caller { user, kommune: policy.present_number(kommune, today), bydel })
    }

    /// Whether the caller follows the person up on the day (AU-9).
    pub fn follows<'f>(
        &self,
        facts: impl IntoIterator<Item = &'f Fact> + Clone,
        day: NaiveDate,
        policy: &Policy,
        today: NaiveDate,
    ) -> bool {
        follow_up(facts, day).is_some_and(|placed| {
            policy.owns(self.kommune, placed.kommune, today) && self.bydel.is_none_or(|own| placed.bydel == Some(own))
        })
    }

    /// Whether the caller follows the person up today, or did on any day before (17.6).
    pub fn ever_follows<'f>(
        &self,
        facts: impl IntoIterator<Item = &'f Fact> + Clone,
        policy: &Policy,
        today: NaiveDate,
    ) -> bool {
        let placing = facts.clone().into_iter().filter(|fact| {
            matches!(
                fact.content,
                FactContent::Oppfoelging { .. }
                    | FactContent::Mottak { .. }
                    | FactContent::Bosted { .. }
                    | FactContent::Bosetting { .. }
            )
        });
        // Who follows up changes only where a placing fact begins or ends.
        let turns = placing.flat_map(|fact| [Some(fact.valid.from), fact.valid.to]).flatten();
        turns.chain([today]).filter(|day| *day <= today).any(|day| self.follows(facts.clone(), day, policy, today))
    }

    fn has(&self, role: Role) -> bool {
        self.user.roles.contains(&role)
    }

    /// Whether the user does more than read.
    fn writes(&self) -> bool {
        self.has(Role::Introbruker) || self.has(Role::Norskbruker) || self.has(Role::Nirsuperbruker)
    }
}

/// What a caller may see of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The caller's kommune follows the person up, or did.
    pub own: bool,
    /// It does so today.
    pub current: bool,
    /// Strictly confidential, and the caller is approved (VERN-1).
    pub hidden: bool,
    /// The address, and what tells of it, is suppressed (VERN-2, VERN-3).
    pub sheltered: bool,
    /// The national ids are shown: for own persons, and to superbrukere.
    pub idents: bool,
    /// Closed data are shown: to those who work with the person, and to superbrukere; never to a Kommunelesebruker (10.1).
    pub closed_data: bool,
}

impl Access {
    /// Whether a fact is shown. Closed data are what is more than the categories and what they rest on: numbers, family,
    /// where the person lives, marks and test results.
    pub fn shows(&self, fact: &FactContent) -> bool {
        match fact {
            FactContent::Personalia { .. } => !self.hidden,
            FactContent::Bosted { .. } | FactContent::Mottak { .. } => {
                self.closed_data && !self.hidden && !self.sheltered
            }
            FactContent::Familie { .. } => self.closed_data && !self.hidden,
            FactContent::Ident { .. } => self.idents,
            FactContent::Nummer { .. }
            | FactContent::EnsligMindreaarig
            | FactContent::Kompetanse { .. }
            | FactContent::Proeve(_)
            | FactContent::KulturOgVerdier { .. } => self.closed_data,
            // The fact of protection is itself confidential (10.4).
            FactContent::Beskyttelse { .. } => false,
            FactContent::Oppfoelging { .. } | FactContent::Bosetting { .. } => self.own || !self.sheltered,
            FactContent::Doedsfall { .. }
            | FactContent::Utflyttet { .. }
            | FactContent::Forsvunnet { .. }
            | FactContent::DufErstattet { .. }
            | FactContent::Statsborgerskap { .. }
            | FactContent::Landbakgrunn { .. }
            | FactContent::Ankomst { .. }
            | FactContent::Oppholdstillatelse(_)
            | FactContent::Fornyelse { .. }
            | FactContent::Asylsoeknad { .. } => true,
        }
    }
}

/// The guard of a read of one person. `facts` are those present, `categories` those computed last; a hidden person is
/// answered exactly as an unknown one (VERN-1a), before everything else.
pub fn access(
    caller: Option<Caller<'_>>,
    facts: &[&Fact],
    categories: &[Kategori],
    policy: &Policy,
    now: &Now,
) -> Result<Access, Finding> {
    let unknown = || finding(Rejection::UnknownPerson, Field::Person("dufNummer"));
    let caller = caller.ok_or_else(unknown)?;
    let present = facts.iter().copied();
    let hidden = hidden(present.clone(), now.today);
    let current = caller.follows(present.clone(), now.today, policy, now.today);
    if hidden && !(caller.user.skjerming_approved && current) {
        return Err(unknown());
    }
    if let Some(new) = replaced_by(present.clone()) {
        let mut superseded = finding(Rejection::DufSuperseded, Field::Person("dufNummer"));
        superseded.params.push(("etterfoelger", new.to_string()));
        return Err(superseded);
    }
    // A fylkeskommune reads those it is responsible for: who has a category and is followed up in the county (AU-1, AU-8).
    if policy.fylke_known(caller.kommune) {
        let here = follow_up(present.clone(), now.today)
            .is_some_and(|placed| policy.in_fylke(placed.kommune, caller.kommune, now.today));
        if !caller.has(Role::Fylkeskommunebruker) {
            return Err(finding(Rejection::RoleLacksOrdning, Field::Header("overfoeringsbruker")));
        }
        if !here || categories.is_empty() {
            return Err(finding(Rejection::NotResponsibleCounty, Field::Person("dufNummer")));
        }
        let sheltered = sheltered(present, now.today);
        return Ok(Access { own: true, current: true, hidden, sheltered, idents: true, closed_data: false });
    }
    if !caller.user.roles.iter().any(|role| role.reads()) {
        return Err(finding(Rejection::RoleLacksOrdning, Field::Header("overfoeringsbruker")));
    }
    let own = current || caller.ever_follows(present.clone(), policy, now.today);
    let everybody = caller.has(Role::Nirsuperbruker) || (policy.readers_see_all() && !categories.is_empty());
    if !own && !everybody {
        return Err(finding(Rejection::NotOppfoelgingskommune, Field::Person("dufNummer")));
    }
    Ok(Access {
        own,
        current,
        hidden,
        sheltered: hidden || sheltered(present, now.today),
        idents: own || caller.has(Role::Nirsuperbruker),
        closed_data: caller.has(Role::Nirsuperbruker) || (own && caller.writes()),
    })
}

/// Whether an address is suppressed (VERN-2, VERN-3); an end in the past lifts it, a start in the future does not wait.
pub fn sheltered<'f>(facts: impl IntoIterator<Item = &'f Fact>, today: NaiveDate) -> bool {
    facts.into_iter().any(|fact| {
        matches!(
            fact.content,
            FactContent::Beskyttelse { level: Adressebeskyttelse::Fortrolig | Adressebeskyttelse::Klientadresse }
        ) && fact.valid.to.is_none_or(|to| today < to)
    })
}
