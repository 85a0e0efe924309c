//! What concerns no person (domain.md 12): a campaign, a locked year, another number of a kommune, other rights. What a change
//! of the registry means to whom is settled here, whoever made it.

use chrono::NaiveDate;

use crate::id::{Bydel, Kommunenummer};
use crate::registry::{Avsendersystem, Registry, RegistryEntry, TransferUser};

/// What is told, and to which avsendersystemer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nyhet {
    /// Code list `hendelsestype`.
    pub hendelsestype: &'static str,
    /// The day that it concerns.
    pub gjelder: NaiveDate,
    /// Keys and values, as docs/hendelser.md lists them.
    pub tillegg: Vec<(String, String)>,
    /// Ids, in order.
    pub til: Vec<String>,
}

/// What the rows mean beside what was registered before. A right that is registered for the first time is no news: nobody has
/// used it yet.
pub fn nyheter(before: &Registry, rows: &[RegistryEntry], today: NaiveDate) -> Vec<Nyhet> {
    rows.iter().filter_map(|row| nyhet(before, row, today)).filter(|nyhet| !nyhet.til.is_empty()).collect()
}

fn nyhet(before: &Registry, row: &RegistryEntry, today: NaiveDate) -> Option<Nyhet> {
    let all =
        |kommuner: &[Kommunenummer]| systems(before, today, |s| kommuner.is_empty() || kommuner.contains(&s.kommune));
    match row {
        RegistryEntry::Campaign(new) => {
            let old = before.campaigns.iter().find(|old| old.id == new.id);
            let over = new.gyldig_til <= today && old.is_some();
            if old == Some(new) || (old.is_none() && new.gyldig_til < today) {
                return None;
            }
            let (hendelsestype, gjelder) =
                if over { ("KAMPANJE_LUKKET", new.gyldig_til) } else { ("KAMPANJE_AAPNET", new.gyldig_fra) };
            let tillegg = [
                ("kampanje", new.id.clone()),
                ("fra", new.gyldig_fra.to_string()),
                ("til", new.gyldig_til.to_string()),
            ];
            Some(Nyhet { hendelsestype, gjelder, tillegg: pairs(tillegg), til: all(&new.kommuner) })
        }
        RegistryEntry::RapporteringsaarLaas(new) => {
            let known = before.laaser.contains(new);
            let mut tillegg = pairs([("aar", new.aar.to_string()), ("dato", new.laast_fra.to_string())]);
            tillegg.extend(new.aapnet_igjen.map(|day| ("aapnetIgjen".to_owned(), day.to_string())));
            let one = Nyhet {
                hendelsestype: "RAPPORTERINGSAAR_LAAST",
                gjelder: new.laast_fra,
                tillegg,
                til: all(&new.kommuner),
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
                til: vec![new.id.clone()],
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
            let rights = |user: &TransferUser| {
                let last = user.valid.last().map(|day| day.to_string()).unwrap_or_default();
                format!("{} {}..{last}", codes(user.roles.iter().map(|role| role.code())), user.valid.from)
            };
            let til = of_place(before, today, old.kommune, old.bydel);
            let what = format!("overfoeringsbruker {}", new.id);
            (rights(old) != rights(new)).then(|| tilgang(&what, rights(old), rights(new), today, til))
        }
        RegistryEntry::Delegation(new) => {
            let same =
                |old: &&crate::registry::Delegation| RegistryEntry::Delegation((*old).clone()).key() == row.key();
            let old = before.delegations.iter().find(same)?;
            let rights = |one: &crate::registry::Delegation| {
                let last = one.valid.last().map(|day| day.to_string()).unwrap_or_default();
                format!("{} {}..{last}", codes(one.ordninger.iter().map(|ordning| ordning.code())), one.valid.from)
            };
            let til = of_place(before, today, new.kommune, None);
            (rights(old) != rights(new)).then(|| tilgang("fullmakt", rights(old), rights(new), today, til))
        }
        _ => None,
    }
}

fn tilgang(hva: &str, fra: String, til: String, today: NaiveDate, systems: Vec<String>) -> Nyhet {
    let tillegg = pairs([("hva", hva.to_owned()), ("fra", fra), ("til", til)]);
    Nyhet { hendelsestype: "TILGANG_ENDRET", gjelder: today, tillegg, til: systems }
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
