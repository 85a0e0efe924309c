//! What a day brings that concerns no person: a campaign whose last day is over, rights that have run out, a transfer user that
//! nobody has used for three months. Pure, as [`crate::kalender`] is for persons.

use chrono::NaiveDate;

use crate::change::Opphav;
use crate::id::Kommunenummer;
use crate::kunngjoering::{Nyhet, campaign_over, of_place, rights_of_delegation, rights_of_user, tilgang};
use crate::policy::Policy;
use crate::registry::{Avsendersystem, Registry, RegistryEntry};

/// What the date brings to the avsendersystemer of one clock: a kommune's own, where the sandbox set one, or everybody else's.
pub fn of_date(registry: &Registry, policy: &Policy, date: NaiveDate, clock: Option<Kommunenummer>) -> Vec<Nyhet> {
    let own = |system: &Avsendersystem| match clock {
        Some(kommune) => system.kommune == kommune,
        None => !registry.clock_offsets.contains_key(&system.kommune),
    };
    let Some(yesterday) = date.pred_opt() else { return Vec::new() };
    let over = registry.campaigns.iter().filter(|campaign| campaign.gyldig_til == yesterday);
    let mut all: Vec<Nyhet> = over.map(|campaign| campaign_over(registry, campaign, date)).collect();
    all.extend(rights_run_out(registry, yesterday, date));
    for nyhet in &mut all {
        nyhet.til.retain(|id| registry.avsendersystemer.get(id).is_some_and(own));
    }
    if clock.is_none() {
        // Whether a user is used goes by the wall clock, whatever the register's clocks say (A405).
        all.extend(inactive(registry, policy, yesterday, date));
    }
    for nyhet in &mut all {
        nyhet.opphav = Opphav::Tid;
        if let (Some(kommune), Some(once)) = (clock, &mut nyhet.once) {
            *once = format!("{once} {kommune}");
        }
    }
    all.retain(|nyhet| !nyhet.til.is_empty());
    all
}

/// Transfer users and delegations whose last day was the one before.
fn rights_run_out(registry: &Registry, yesterday: NaiveDate, today: NaiveDate) -> Vec<Nyhet> {
    let told = |key: String, hva: &str, fra: String, til: Vec<String>| Nyhet {
        once: Some(format!("UTLOEPT {key} {yesterday}")),
        ..tilgang(hva, fra, "UTLOEPT".to_owned(), today, til)
    };
    let users = registry.users.values().filter(|user| user.valid.last() == Some(yesterday)).map(|user| {
        let key = RegistryEntry::User(user.clone()).key();
        let til = of_place(registry, today, user.kommune, user.bydel);
        told(key, &format!("overfoeringsbruker {}", user.id), rights_of_user(user), til)
    });
    let ended = registry.delegations.iter().filter(|one| one.valid.last() == Some(yesterday));
    let delegations = ended.map(|one| {
        let key = RegistryEntry::Delegation(one.clone()).key();
        told(key, "fullmakt", rights_of_delegation(one), of_place(registry, today, one.kommune, None))
    });
    let mut all: Vec<Nyhet> = users.chain(delegations).collect();
    all.sort_by(|a, b| a.once.cmp(&b.once));
    all
}

/// Transfer users for which this is the first day on which they count as unused (A405).
fn inactive(registry: &Registry, policy: &Policy, yesterday: NaiveDate, date: NaiveDate) -> Vec<Nyhet> {
    let since = policy.inactive_before(yesterday)..policy.inactive_before(date);
    let users = registry.users.values().filter(|user| user.valid.contains(date));
    let mut all: Vec<Nyhet> = users
        .filter(|user| since.contains(&user.last_used.date_naive()))
        .map(|user| {
            let til = of_place(registry, date, user.kommune, user.bydel);
            let hva = format!("overfoeringsbruker {}", user.id);
            Nyhet {
                once: Some(format!("INAKTIV {} {}", user.id, user.last_used.date_naive())),
                ..tilgang(&hva, "AKTIV".to_owned(), "INAKTIV".to_owned(), date, til)
            }
        })
        .collect();
    all.sort_by(|a, b| a.once.cmp(&b.once));
    all
}
