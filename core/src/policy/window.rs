//! How far back a date may lie (domain.md 9.2, 9.5): roles, campaigns, and which of them reaches furthest.

use chrono::{Months, NaiveDate};

use crate::id::Kommunenummer;
use crate::policy::rows::in_force;
use crate::policy::{Policy, back};
use crate::post::Ordning;
use crate::registry::{Campaign, Role};

/// How far back a date may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The earliest date.
    pub earliest: NaiveDate,
    /// The rule that gave it.
    pub regel: String,
    /// `HENDELSE` or `KAMPANJE` (domain.md 9.2).
    pub grunnlag: &'static str,
}

impl Policy {
    /// The furthest of the lawful windows; grants are never summed (domain.md 9.2). `more` are campaigns of the
    /// registry.
    pub fn window(
        &self,
        roles: &[Role],
        ordning: Ordning,
        kommune: Kommunenummer,
        more: &[Campaign],
        today: NaiveDate,
    ) -> Window {
        let mut best = Window { earliest: today, regel: "vindu.ingen".into(), grunnlag: "HENDELSE" };
        for role in roles.iter().filter(|role| role.writes(ordning) || **role == Role::Etterregistrerer) {
            if let Some((earliest, regel)) = self.reach_of(*role, today)
                && earliest < best.earliest
            {
                best = Window { earliest, regel: regel.to_owned(), grunnlag: "HENDELSE" };
            }
        }
        for campaign in self.campaigns_for(ordning, kommune, more, today) {
            let earliest = reach(campaign, today);
            if campaign.gyldig_fra <= today && today <= campaign.gyldig_til && earliest < best.earliest {
                best = Window { earliest, regel: format!("vindu.kampanje.{}", campaign.id), grunnlag: "KAMPANJE" };
            }
        }
        best
    }

    /// The earliest date that the role Kommuneetterregistrerer would give.
    pub fn earliest_with_role(&self, today: NaiveDate) -> NaiveDate {
        self.reach_of(Role::Etterregistrerer, today).map_or(today, |(earliest, _)| earliest)
    }

    /// A campaign that ended lately and on its last day would have let the date in (V604).
    pub fn closed_campaign(
        &self,
        date: NaiveDate,
        ordning: Ordning,
        kommune: Kommunenummer,
        more: &[Campaign],
        today: NaiveDate,
    ) -> Option<String> {
        let since = back(today, in_force(&self.limits.kampanje_varsel_maaneder, today));
        self.campaigns_for(ordning, kommune, more, today)
            .find(|c| c.gyldig_til < today && c.gyldig_til >= since && date >= reach(c, c.gyldig_til))
            .map(|c| c.id.clone())
    }

    fn reach_of(&self, role: Role, today: NaiveDate) -> Option<(NaiveDate, &str)> {
        let rows = self.limits.vindu.iter().filter(|row| row.rolle == role && row.fra.is_none_or(|fra| fra <= today));
        rows.max_by_key(|row| row.fra).map(|row| (back(today, row.maaneder), row.regel.as_str()))
    }

    /// Campaigns of this scheme and kommune. One of a single act applies while that act is everybody's; later the
    /// act is the person's own (domain.md 5.1), which the register computes from part 2 on.
    fn campaigns_for<'a>(
        &'a self,
        ordning: Ordning,
        kommune: Kommunenummer,
        more: &'a [Campaign],
        today: NaiveDate,
    ) -> impl Iterator<Item = &'a Campaign> {
        let acts = self.acts(today);
        self.campaigns.kampanje.iter().chain(more).filter(move |c| {
            (c.ordninger.is_empty() || c.ordninger.contains(&ordning))
                && (c.kommuner.is_empty() || c.kommuner.contains(&kommune))
                && (c.lov.is_empty() || acts.iter().all(|act| c.lov.contains(act)))
        })
    }
}

fn reach(campaign: &Campaign, on: NaiveDate) -> NaiveDate {
    match (campaign.tidligste_dato, campaign.maaneder_bakover) {
        (Some(date), _) => date,
        (None, Some(months)) => on.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN),
        (None, None) => on,
    }
}
