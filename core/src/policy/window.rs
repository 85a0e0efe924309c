//! How far back a date may lie (domain.md 9.2, 9.5): roles, campaigns, outage grants, and years that are locked.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::id::Kommunenummer;
use crate::policy::rows::in_force;
use crate::policy::{Policy, back};
use crate::post::Ordning;
use crate::registry::{Campaign, Driftsbrudd, Kanal, Lov, Registry, Role, Stengt};
use crate::time::Period;
use crate::vindu::Grunnlag;

/// What a window depends on besides the day of receipt.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The roles of the user.
    pub roles: &'a [Role],
    /// The scheme.
    pub ordning: Ordning,
    /// The content belongs to the person and to no one scheme (AU-4).
    pub any_ordning: bool,
    /// The sender's kommune.
    pub kommune: Kommunenummer,
    /// How it is sent.
    pub kanal: Kanal,
    /// Code of the kind of content, where it is known.
    pub posttype: Option<&'a str>,
    /// The person's act, where one has been computed.
    pub lov: Option<Lov>,
}

/// One lawful reach back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The earliest date.
    pub earliest: NaiveDate,
    /// The rule that gave it.
    pub regel: String,
    /// What it rests on.
    pub grunnlag: Grunnlag,
    /// The role that gave it.
    pub rolle: Option<Role>,
    /// Months back, where it is months.
    pub maaneder: Option<u32>,
    /// The campaign or outage that gave it.
    pub kampanje: Option<String>,
    /// Reaches into locked reporting years, too.
    pub overstyrer_laas: bool,
}

impl Policy {
    /// Every lawful reach of a message received on the day, the shortest first. Grants are never summed (domain.md
    /// 9.2): a date is inside when one of them reaches it.
    pub fn windows(&self, about: &About<'_>, registry: &Registry, today: NaiveDate) -> Vec<Window> {
        let mut all = Vec::new();
        for (on, outage) in self.judged_as(about.kommune, registry, today) {
            let given = |window: Window| match outage {
                None => window,
                Some(outage) => Window {
                    regel: format!("vindu.driftsbrudd.{}", outage.id),
                    grunnlag: Grunnlag::Driftsbrudd,
                    kampanje: Some(outage.id.clone()),
                    ..window
                },
            };
            // What a county may write is settled by its records, not by a scheme (AU-8).
            let by_itself = |role: Role| matches!(role, Role::Etterregistrerer | Role::Fylkeskommunebruker);
            let reaches = |role: &Role| by_itself(*role) || about.any_ordning || role.writes(about.ordning);
            let also = self.superbruker_is_etterregistrerer() && about.roles.contains(&Role::Nirsuperbruker);
            let roles = about.roles.iter().copied().filter(reaches).chain(also.then_some(Role::Etterregistrerer));
            for role in roles {
                let Some((earliest, maaneder, regel)) = self.reach_of(role, on) else { continue };
                all.push(given(Window {
                    earliest,
                    regel: regel.to_owned(),
                    grunnlag: Grunnlag::Hendelse,
                    rolle: Some(role),
                    maaneder: Some(maaneder),
                    kampanje: None,
                    overstyrer_laas: false,
                }));
            }
            for campaign in self.campaigns(registry).filter(|c| runs(c, on) && self.is_for(c, about, on)) {
                all.push(given(Window {
                    earliest: reach(campaign, on),
                    regel: format!("vindu.kampanje.{}", campaign.id),
                    grunnlag: Grunnlag::Kampanje,
                    rolle: None,
                    maaneder: campaign.maaneder_bakover,
                    kampanje: Some(campaign.id.clone()),
                    overstyrer_laas: campaign.overstyrer_laas,
                }));
            }
        }
        // The shorter reach first; of two that reach as far the one that needs no grant.
        all.sort_by_key(|window| (std::cmp::Reverse(window.earliest), window.grunnlag));
        all
    }

    /// The days of receipt on which it may change what is granted. From one of them to the next, every reach goes forward with
    /// the day or stands still: what has fallen out does not come in again.
    pub fn turning_days<'r>(&'r self, registry: &'r Registry) -> impl Iterator<Item = NaiveDate> + 'r {
        let campaigns = self.campaigns(registry).flat_map(|c| [Some(c.gyldig_fra), c.gyldig_til.succ_opt()]);
        let outages = registry.driftsbrudd.iter();
        let outages = outages.flat_map(|o| [o.fra.succ_opt(), o.last().and_then(|last| last.succ_opt())]);
        let locks = self.campaigns.laas.iter().chain(&registry.laaser);
        let locks = locks.flat_map(|lock| [Some(lock.laast_fra), lock.aapnet_igjen]);
        let acts = self.campaigns.lov.iter().map(|row| row.fra);
        let rows = self.limits.vindu.iter().filter_map(|row| row.fra);
        let reform = std::iter::once(self.kommuner.reform());
        campaigns.chain(outages).chain(locks).flatten().chain(acts).chain(rows).chain(reform)
    }

    /// The window that reaches furthest; today alone where there is none.
    pub fn furthest(windows: &[Window], today: NaiveDate) -> Window {
        windows.iter().min_by_key(|window| window.earliest).cloned().unwrap_or_else(|| Window {
            earliest: today,
            regel: "vindu.ingen".into(),
            grunnlag: Grunnlag::Hendelse,
            rolle: None,
            maaneder: None,
            kampanje: None,
            overstyrer_laas: false,
        })
    }

    /// The earliest date that the role Kommuneetterregistrerer would give.
    pub fn earliest_with_role(&self, today: NaiveDate) -> NaiveDate {
        self.reach_of(Role::Etterregistrerer, today).map_or(today, |(earliest, ..)| earliest)
    }

    /// The earliest date that a role gives.
    pub fn earliest_of(&self, role: Role, today: NaiveDate) -> Option<NaiveDate> {
        self.reach_of(role, today).map(|(earliest, ..)| earliest)
    }

    /// Why nothing of the kommune is taken on the day (V607).
    pub fn closed_for<'r>(
        &self,
        registry: &'r Registry,
        kommune: Kommunenummer,
        today: NaiveDate,
    ) -> Option<&'r Stengt> {
        registry
            .stengt
            .iter()
            .find(|closed| closed.fra <= today && today <= closed.til && self.in_list(&closed.kommuner, kommune, today))
    }

    /// A campaign that ended lately and on its last day would have let the date in (V604).
    pub fn closed_campaign(
        &self,
        date: NaiveDate,
        about: &About<'_>,
        registry: &Registry,
        today: NaiveDate,
    ) -> Option<String> {
        let since = back(today, in_force(&self.limits.kampanje_varsel_maaneder, today));
        self.campaigns(registry)
            .filter(|c| c.gyldig_til < today && c.gyldig_til >= since && date >= reach(c, c.gyldig_til))
            .find(|c| self.is_for(c, about, today))
            .map(|c| c.id.clone())
    }

    /// A campaign for the kommune and the person that runs and reaches the date, but is for other records: another
    /// scheme, kind of content or channel (V605).
    pub fn campaign_of_others(
        &self,
        date: NaiveDate,
        about: &About<'_>,
        registry: &Registry,
        today: NaiveDate,
    ) -> Option<String> {
        self.campaigns(registry)
            .filter(|c| runs(c, today) && date >= reach(c, today) && self.is_for_person(c, about, today))
            .find(|c| !is_for_record(c, about))
            .map(|c| c.id.clone())
    }

    /// The first reporting year of the days that is locked for messages received on the day (V606).
    pub fn locked_year(&self, days: Period, about: &About<'_>, registry: &Registry, today: NaiveDate) -> Option<i32> {
        let receipt: Vec<NaiveDate> = self.judged_as(about.kommune, registry, today).map(|(on, _)| on).collect();
        let locks = self.campaigns.laas.iter().chain(&registry.laaser);
        let years = locks
            .filter(|lock| {
                receipt.iter().all(|on| lock.laast_fra <= *on && lock.aapnet_igjen.is_none_or(|day| *on < day))
            })
            .filter(|lock| about.any_ordning || lock.ordninger.is_empty() || lock.ordninger.contains(&about.ordning))
            .filter(|lock| self.in_list(&lock.kommuner, about.kommune, today))
            .filter(|lock| year(lock.aar).is_some_and(|of_year| of_year.overlaps(&days)))
            .map(|lock| lock.aar);
        years.min()
    }

    /// The day of receipt, and the first day of every outage that a message received then may still be judged by
    /// (design.md 11).
    fn judged_as<'r>(
        &self,
        kommune: Kommunenummer,
        registry: &'r Registry,
        today: NaiveDate,
    ) -> impl Iterator<Item = (NaiveDate, Option<&'r Driftsbrudd>)> {
        let grants = registry.driftsbrudd.iter().filter(move |outage| {
            let last = outage.last();
            outage.fra < today
                && last.is_none_or(|last| today <= last)
                && self.in_list(&outage.kommuner, kommune, today)
        });
        std::iter::once((today, None)).chain(grants.map(|outage| (outage.fra, Some(outage))))
    }

    fn reach_of(&self, role: Role, today: NaiveDate) -> Option<(NaiveDate, u32, &str)> {
        let rows = self.limits.vindu.iter().filter(|row| row.rolle == role && row.fra.is_none_or(|fra| fra <= today));
        rows.max_by_key(|row| row.fra).map(|row| (back(today, row.maaneder), row.maaneder, row.regel.as_str()))
    }

    fn campaigns<'a>(&'a self, registry: &'a Registry) -> impl Iterator<Item = &'a Campaign> {
        self.campaigns.kampanje.iter().chain(&registry.campaigns)
    }

    fn in_list(&self, kommuner: &[Kommunenummer], kommune: Kommunenummer, today: NaiveDate) -> bool {
        kommuner.is_empty() || kommuner.iter().any(|one| self.same_kommune(kommune, *one, today))
    }

    fn is_for(&self, campaign: &Campaign, about: &About<'_>, today: NaiveDate) -> bool {
        self.is_for_person(campaign, about, today) && is_for_record(campaign, about)
    }

    /// Kommune and act. The act is the person's own; where none has been computed, the acts in force on the day, which
    /// while there was one was everybody's (domain.md 5.1). Before the first act there is none.
    fn is_for_person(&self, campaign: &Campaign, about: &About<'_>, today: NaiveDate) -> bool {
        let lov = campaign.lov.is_empty()
            || match about.lov {
                Some(lov) => campaign.lov.contains(&lov),
                None => {
                    let acts = self.acts(today);
                    !acts.is_empty() && acts.iter().all(|lov| campaign.lov.contains(lov))
                }
            };
        lov && self.in_list(&campaign.kommuner, about.kommune, today)
    }
}

/// Scheme, channel and kind of content.
fn is_for_record(campaign: &Campaign, about: &About<'_>) -> bool {
    let posttype = |posttype| campaign.registreringstyper.iter().any(|one| one == posttype);
    (campaign.ordninger.is_empty() || about.any_ordning || campaign.ordninger.contains(&about.ordning))
        && (campaign.kanaler.is_empty() || campaign.kanaler.contains(&about.kanal))
        && (campaign.registreringstyper.is_empty() || about.posttype.is_none_or(posttype))
}

fn runs(campaign: &Campaign, on: NaiveDate) -> bool {
    campaign.gyldig_fra <= on && on <= campaign.gyldig_til
}

fn reach(campaign: &Campaign, on: NaiveDate) -> NaiveDate {
    match (campaign.tidligste_dato, campaign.maaneder_bakover) {
        (Some(date), _) => date,
        (None, Some(months)) => on.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN),
        (None, None) => on,
    }
}

fn year(aar: i32) -> Option<Period> {
    let first = NaiveDate::from_yo_opt(aar, 1)?;
    Some(Period { from: first, to: NaiveDate::from_yo_opt(aar + 1, 1) })
}

/// The last day of the month of a day: the day that a month's hours are judged by (HD-7).
pub fn month_end(day: NaiveDate) -> NaiveDate {
    let next = day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    next.and_then(|next| next.pred_opt()).unwrap_or(day)
}
