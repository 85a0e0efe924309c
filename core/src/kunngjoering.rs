//! What concerns no person (domain.md 12): a campaign, a locked year, another number of a kommune, other rights. What a change
//! of the registry means to whom is settled here, whoever made it; what a day means, in [`dag`].

pub mod dag;

use chrono::NaiveDate;

use crate::change::Opphav;
use crate::id::{Bydel, Kommunenummer};
use crate::registry::{Avsendersystem, Campaign, Delegation, Registry, RegistryEntry, TransferUser};

/// What is told, and to which avsendersystemer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nyhet {
    /// Code list `hendelsestype`.
    pub hendelsestype: &'static str,
    /// The day that it concerns.
    pub gjelder: NaiveDate,
    /// Keys and values, as docs/hendelser.md lists them.
    pub tillegg: Vec<(String, String)>,
    /// Whose word it is.
    pub opphav: Opphav,
    /// Ids, in order.
    pub til: Vec<String>,
    /// What has two causes, or whose day several nodes ask for, is told once under this name.
    pub once: Option<String>,
}

/// What the rows mean beside what was registered before. A right that is registered for the first time is no news: nobody has
/// used it yet.
pub fn nyheter(before: &Registry, rows: &[RegistryEntry], today: NaiveDate) -> Vec<Nyhet> {
    rows.iter().filter_map(|row| nyhet(before, row, today)).filter(|nyhet| !nyhet.til.is_empty()).collect()
}

/// Campaigns that the rows change, by what the names begin with under which their end is told: of what an operator changed it
/// is news again, also where it ends as it had ended before.
pub(crate) fn changed_campaigns(before: &Registry, rows: &[RegistryEntry]) -> Vec<String> {
    let changed = rows.iter().filter_map(|row| match row {
        RegistryEntry::Campaign(new) if !before.campaigns.contains(new) => Some(end_of(&new.id)),
        _ => None,
    });
    changed.collect()
}

fn end_of(campaign: &str) -> String {
    format!("KAMPANJE_LUKKET {campaign} ")
}

fn nyhet(before: &Registry, row: &RegistryEntry, today: NaiveDate) -> Option<Nyhet> {
    match row {
        RegistryEntry::Campaign(new) => {
            let old = before.campaigns.iter().find(|old| old.id == new.id);
            if old == Some(new) || (old.is_none() && new.gyldig_til < today) {
                return None;
            }
            if new.gyldig_til <= today && old.is_some() {
                return Some(campaign_over(before, new, today));
            }
            Some(Nyhet {
                hendelsestype: "KAMPANJE_AAPNET",
                gjelder: new.gyldig_fra,
                tillegg: campaign_days(new),
                opphav: Opphav::Imdi,
                til: of_kommuner(before, today, &new.kommuner),
                once: None,
            })
        }
        RegistryEntry::RapporteringsaarLaas(new) => {
            let known = before.laaser.contains(new);
            let mut tillegg = pairs([("aar", new.aar.to_string()), ("dato", new.laast_fra.to_string())]);
            tillegg.extend(new.aapnet_igjen.map(|day| ("aapnetIgjen".to_owned(), day.to_string())));
            let one = Nyhet {
                hendelsestype: "RAPPORTERINGSAAR_LAAST",
                gjelder: new.laast_fra,
                tillegg,
                opphav: Opphav::Imdi,
                til: of_kommuner(before, today, &new.kommuner),
                once: None,
            };
            (!known).then_some(one)
        }
        RegistryEntry::Avsendersystem(new) => {
            let old = before.avsendersystemer.get(&new.id)?;
            let tillegg =
                [("gammelt", old.kommune.to_string()), ("nytt", new.kommune.to_string()), ("dato", today.to_string())];
            let one = Nyhet {
                hendelsestype: "KOMMUNENUMMER_ENDRET",
                gjelder: today,
                tillegg: pairs(tillegg),
                opphav: Opphav::Imdi,
                til: vec![new.id.clone()],
                once: None,
            };
            if old.kommune != new.kommune {
                return Some(one);
            }
            let carried = |system: &Avsendersystem| codes(system.ordninger.iter().map(|ordning| ordning.code()));
            let changed = carried(old) != carried(new) || old.blocked != new.blocked;
            changed.then(|| tilgang("avsendersystem", carried(old), carried(new), today, one.til))
        }
        RegistryEntry::User(new) => {
            let old = before.users.get(&new.id)?;
            let til = of_place(before, today, old.kommune, old.bydel);
            let what = format!("overfoeringsbruker {}", new.id);
            let (fra, now) = (rights_of_user(old), rights_of_user(new));
            (fra != now).then(|| tilgang(&what, fra, now, today, til))
        }
        RegistryEntry::Delegation(new) => {
            let same = |old: &&Delegation| RegistryEntry::Delegation((*old).clone()).key() == row.key();
            let old = before.delegations.iter().find(same)?;
            let til = of_place(before, today, new.kommune, None);
            let (fra, now) = (rights_of_delegation(old), rights_of_delegation(new));
            (fra != now).then(|| tilgang("fullmakt", fra, now, today, til))
        }
        _ => None,
    }
}

fn tilgang(hva: &str, fra: String, til: String, today: NaiveDate, systems: Vec<String>) -> Nyhet {
    let tillegg = pairs([("hva", hva.to_owned()), ("fra", fra), ("til", til)]);
    let (hendelsestype, opphav) = ("TILGANG_ENDRET", Opphav::Imdi);
    Nyhet { hendelsestype, gjelder: today, tillegg, opphav, til: systems, once: None }
}

fn rights_of_user(user: &TransferUser) -> String {
    let last = user.valid.last().map(|day| day.to_string()).unwrap_or_default();
    format!("{} {}..{last}", codes(user.roles.iter().map(|role| role.code())), user.valid.from)
}

fn rights_of_delegation(one: &Delegation) -> String {
    let last = one.valid.last().map(|day| day.to_string()).unwrap_or_default();
    format!("{} {}..{last}", codes(one.ordninger.iter().map(|ordning| ordning.code())), one.valid.from)
}

/// Its last day has come, or an operator ended it: told once, whichever comes first, until an operator changes it.
fn campaign_over(registry: &Registry, campaign: &Campaign, today: NaiveDate) -> Nyhet {
    Nyhet {
        hendelsestype: "KAMPANJE_LUKKET",
        gjelder: campaign.gyldig_til,
        tillegg: campaign_days(campaign),
        opphav: Opphav::Imdi,
        til: of_kommuner(registry, today, &campaign.kommuner),
        once: Some(end_of(&campaign.id) + &campaign.gyldig_til.to_string()),
    }
}

fn campaign_days(campaign: &Campaign) -> Vec<(String, String)> {
    let (fra, til) = (campaign.gyldig_fra.to_string(), campaign.gyldig_til.to_string());
    pairs([("kampanje", campaign.id.clone()), ("fra", fra), ("til", til)])
}

fn pairs<const N: usize>(all: [(&str, String); N]) -> Vec<(String, String)> {
    all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn codes<'c>(all: impl Iterator<Item = &'c str>) -> String {
    let mut all: Vec<&str> = all.collect();
    all.sort_unstable();
    all.join(",")
}

/// All avsendersystemer of the day.
pub fn alle(registry: &Registry, today: NaiveDate) -> Vec<String> {
    systems(registry, today, |_| true)
}

/// The avsendersystemer of these kommuner; of all where none is named.
fn of_kommuner(registry: &Registry, today: NaiveDate, kommuner: &[Kommunenummer]) -> Vec<String> {
    systems(registry, today, |system| kommuner.is_empty() || kommuner.contains(&system.kommune))
}

/// The avsendersystemer of a kommune; those of a bydel hear of their own bydel alone.
fn of_place(registry: &Registry, today: NaiveDate, kommune: Kommunenummer, bydel: Option<Bydel>) -> Vec<String> {
    systems(registry, today, |system| {
        system.kommune == kommune && (bydel.is_none() || system.bydel.is_none() || system.bydel == bydel)
    })
}

fn systems(registry: &Registry, today: NaiveDate, concerned: impl Fn(&Avsendersystem) -> bool) -> Vec<String> {
    let all = registry.avsendersystemer.values().filter(|system| system.valid.contains(today) && concerned(system));
    let mut ids: Vec<String> = all.map(|system| system.id.clone()).collect();
    ids.sort_unstable();
    ids
}
