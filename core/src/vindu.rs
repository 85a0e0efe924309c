//! `forklarVindu` (contract.md 5): whether a date is inside the window for a user, why, until when, and who could grant
//! more. It asks the same rules as `decide`, so the two never disagree.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::eierskap::successor;
use crate::id::{Bydel, Kommunenummer};
use crate::kategori::Aapning;
use crate::person::Person;
use crate::policy::{About, Policy, Window};
use crate::post::Ordning;
use crate::registry::{Kanal, Registry, Role};
use crate::rejection::Rejection;
use crate::time::Period;

/// Longest that an answer looks ahead for the day on which a date falls out of the window, in days.
const AHEAD: Days = Days::new(10_000);

/// What lets a date in (domain.md 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Grunnlag {
    /// The event date lies in the months of the role.
    Hendelse,
    /// The register itself opened the day for writing within those months.
    SenKilde,
    /// The decision that it follows from lies within them (HD-1a).
    Vedtak,
    /// A campaign.
    Kampanje,
    /// An outage of the gateway.
    Driftsbrudd,
}

impl Grunnlag {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Grunnlag::Hendelse => "HENDELSE",
            Grunnlag::SenKilde => "SEN_KILDE",
            Grunnlag::Vedtak => "VEDTAK",
            Grunnlag::Kampanje => "KAMPANJE",
            Grunnlag::Driftsbrudd => "DRIFTSBRUDD",
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Spoersmaal<'a> {
    /// About this event date (hendelsesdato, domain.md 9.3).
    pub dato: NaiveDate,
    /// In this scheme.
    pub ordning: Ordning,
    /// About this kind of content (`posttype`), where it is known: some campaigns are for one kind only.
    pub posttype: Option<&'a str>,
    /// For a user with these roles.
    pub roles: &'a [Role],
    /// Of this kommune.
    pub kommune: Kommunenummer,
    /// And this bydel.
    pub bydel: Option<Bydel>,
    /// About this person, where one is named; one that is hidden from the user is asked about as none.
    pub person: Option<&'a Person>,
}

/// Somebody who could let the date in, where the user's own roles do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GirMer {
    /// The role that reaches further (`KOMMUNEETTERREGISTRERER`), or `KAMPANJE`.
    pub hva: &'static str,
    /// Who grants it: `IMDI` or `KOMMUNEADMINISTRATOR`.
    pub gis_av: &'static str,
    /// How far back it reaches today; absent for what reaches as far as is decided.
    pub tidligste: Option<NaiveDate>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forklaring {
    /// Whether a message received today about the date is inside.
    pub innenfor: bool,
    /// The earliest date that the user's roles, campaigns and outage grants let in today.
    pub tidligste: NaiveDate,
    /// The rule that gave it.
    pub regel: String,
    /// What lets the date in; where nothing does, what `tidligste` rests on.
    pub grunnlag: Grunnlag,
    /// When the register opened the date for writing, where a person was named and a category is open then.
    pub aapnet: Option<NaiveDate>,
    /// The campaign that lets it in, or that would have until it ended, or that is for other records.
    pub kampanje: Option<String>,
    /// The last day of receipt on which the date is still inside; absent when it is outside, or never closes.
    pub lukker: Option<NaiveDate>,
    /// Code of what stands against it (`NIR-V601`, `NIR-V606`, `NIR-A408` …), most important first; empty when nothing does.
    pub hindringer: Vec<&'static str>,
    /// Who could let it in.
    pub gir_mer: Vec<GirMer>,
}

/// What the rules say of days on one day of receipt: what `decide` and [`explain`] both ask.
#[derive(Debug, Clone)]
pub(crate) struct Judgement<'a> {
    policy: &'a Policy,
    registry: &'a Registry,
    about: About<'a>,
    aapninger: &'a [Aapning],
    today: NaiveDate,
    windows: Vec<Window>,
    /// The window that reaches furthest.
    pub furthest: Window,
}

/// What lets days in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inside<'w> {
    /// On which ground.
    pub grunnlag: Grunnlag,
    /// By which window.
    pub window: &'w Window,
    /// When the register opened them (SEN_KILDE).
    pub aapnet: Option<NaiveDate>,
}

impl<'a> Judgement<'a> {
    pub fn new(
        policy: &'a Policy,
        registry: &'a Registry,
        about: About<'a>,
        person: Option<&'a Person>,
        today: NaiveDate,
    ) -> Self {
        let windows = policy.windows(&about, registry, today);
        let furthest = Policy::furthest(&windows, today);
        let beregnet = person.and_then(|person| person.beregnet.as_ref());
        let aapninger = beregnet.map(|beregnet| beregnet.aapninger.as_slice()).unwrap_or_default();
        Judgement { policy, registry, about, aapninger, today, windows, furthest }
    }

    /// What lets the days in: the months of a role, what the register opened late, the decision they follow from, and
    /// at last what was granted beyond that. The months of a role and grants look at `day`, the others at all days.
    pub fn inside(&self, day: NaiveDate, days: Period, vedtak: Option<NaiveDate>) -> Option<Inside<'_>> {
        let reaches = |granted: bool| {
            let mut able = self.windows.iter().filter(move |w| (w.grunnlag != Grunnlag::Hendelse) == granted);
            able.find(|window| window.earliest <= day)
        };
        let by = |grunnlag, window, aapnet| Some(Inside { grunnlag, window, aapnet });
        if let Some(window) = reaches(false) {
            return by(Grunnlag::Hendelse, window, None);
        }
        // A user without any window reaches today alone, which needs none.
        if day >= self.furthest.earliest && self.windows.is_empty() {
            return by(Grunnlag::Hendelse, &self.furthest, None);
        }
        if let Some(aapnet) = self.opened_late(days) {
            return by(Grunnlag::SenKilde, &self.furthest, Some(aapnet));
        }
        if vedtak.is_some_and(|decided| self.furthest.earliest <= decided) {
            return by(Grunnlag::Vedtak, &self.furthest, None);
        }
        reaches(true).and_then(|window| by(window.grunnlag, window, None))
    }

    /// When the register opened the day for the kommune.
    pub fn opened(&self, day: NaiveDate) -> Option<&'a Aapning> {
        let mine = self.aapninger.iter().filter(|a| {
            (self.about.any_ordning || a.ordning == self.about.ordning)
                && self.policy.owns(self.about.kommune, a.kommune, self.today)
                && a.dager.contains(day)
        });
        mine.min_by_key(|a| a.aapnet)
    }

    /// When the register opened the first of the days that lie before the window, if it opened all of them within it.
    fn opened_late(&self, days: Period) -> Option<NaiveDate> {
        let earliest = self.furthest.earliest;
        let end = days.to.map_or(earliest, |to| to.min(earliest));
        let (mut day, mut first) = (days.from, None);
        while self.policy.late_source() && day < end {
            let opening = self.opened(day).filter(|a| a.aapnet >= earliest)?;
            first = first.or(Some(opening.aapnet));
            day = opening.dager.to.unwrap_or(end);
        }
        first
    }

    /// The locked reporting year that keeps the days out, unless a campaign says that it reaches into it.
    pub fn locked(&self, days: Period) -> Option<i32> {
        let unlocked = self.windows.iter().any(|window| window.overstyrer_laas && window.earliest <= days.from);
        self.policy.locked_year(days, &self.about, self.registry, self.today).filter(|_| !unlocked)
    }

    /// The campaign that makes a refusal V604 or V605 instead of V601 and V602.
    pub fn campaign(&self, day: NaiveDate) -> Option<(Rejection, String)> {
        let closed = self.policy.closed_campaign(day, &self.about, self.registry, self.today);
        let others = || self.policy.campaign_of_others(day, &self.about, self.registry, self.today);
        closed
            .map(|id| (Rejection::CampaignClosed, id))
            .or_else(|| others().map(|id| (Rejection::CampaignNotForThis, id)))
    }
}

fn about<'a>(policy: &Policy, asked: &Spoersmaal<'a>, today: NaiveDate) -> About<'a> {
    About {
        roles: asked.roles,
        ordning: asked.ordning,
        any_ordning: false,
        kommune: policy.present_number(asked.kommune, today),
        kanal: Kanal::Fagsystem,
        posttype: asked.posttype,
        lov: asked.person.and_then(|person| person.beregnet.as_ref()).and_then(|beregnet| beregnet.lov),
    }
}

/// The last day of receipt on which the date is still inside; `None` when it is outside today, or never falls out.
pub fn lukker(policy: &Policy, registry: &Registry, asked: &Spoersmaal<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let about = about(policy, asked, today);
    last_day(asked.dato, today, policy.turning_days(registry), |day| {
        Judgement::new(policy, registry, about, asked.person, day)
    })
}

/// The last day from today on, on which the date stays inside without a break. It is looked at where grants begin and end,
/// and bisected only where it falls out between them: a refused message asks this of every date in it.
fn last_day<'a>(
    dato: NaiveDate,
    today: NaiveDate,
    turning: impl Iterator<Item = NaiveDate>,
    on: impl Fn(NaiveDate) -> Judgement<'a>,
) -> Option<NaiveDate> {
    let days = Period { from: dato, to: dato.succ_opt() };
    let stays = |day: NaiveDate| {
        let then = on(day);
        then.inside(dato, days, None).is_some() && then.locked(days).is_none()
    };
    let first = today.max(dato);
    let end = first.checked_add_days(AHEAD)?;
    if !stays(first) {
        return None;
    }
    let mut begins: Vec<NaiveDate> = turning.filter(|day| first < *day && *day < end).collect();
    begins.sort_unstable();
    begins.dedup();
    let mut from = first;
    for next in begins.into_iter().chain([end]) {
        let last = next.pred_opt()?;
        if !stays(last) {
            return Some(before_it_falls_out(from, last, stays));
        }
        if next == end || !stays(next) {
            return Some(last);
        }
        from = next;
    }
    None
}

/// The last day that stays, where `inside` does and `outside` does not, and there is one change between them.
fn before_it_falls_out(mut inside: NaiveDate, mut outside: NaiveDate, stays: impl Fn(NaiveDate) -> bool) -> NaiveDate {
    while (outside - inside).num_days() > 1 {
        let between = inside + (outside - inside) / 2;
        if stays(between) { inside = between } else { outside = between }
    }
    inside
}

/// Whether a message received today about the date would be inside the window, and why.
pub fn explain(policy: &Policy, registry: &Registry, asked: &Spoersmaal<'_>, today: NaiveDate) -> Forklaring {
    let about = about(policy, asked, today);
    let on = |day| Judgement::new(policy, registry, about, asked.person, day);
    let days = Period { from: asked.dato, to: asked.dato.succ_opt() };
    let now = on(today);
    let inside = now.inside(asked.dato, days, None).filter(|_| now.locked(days).is_none());
    let mut hindringer: Vec<&'static str> = Vec::new();
    let mut kampanje = inside.and_then(|inside| inside.window.kampanje.clone());
    if policy.closed_for(registry, about.kommune, today).is_some() {
        hindringer.push(Rejection::TransferClosed.code());
    }
    hindringer.extend(asked.person.and_then(|person| not_followed_here(policy, asked, person, today)));
    if now.locked(days).is_some() {
        hindringer.push(Rejection::YearLocked.code());
    } else if inside.is_none() {
        let (rejection, id) = now.campaign(asked.dato).unzip();
        hindringer.push(rejection.unwrap_or(Rejection::TooFarBack).code());
        kampanje = id;
    }
    let lukker = inside.and_then(|_| last_day(asked.dato, today, policy.turning_days(registry), on));
    Forklaring {
        innenfor: inside.is_some(),
        tidligste: now.furthest.earliest,
        regel: inside.map_or(&now.furthest, |inside| inside.window).regel.clone(),
        grunnlag: inside.map_or(now.furthest.grunnlag, |inside| inside.grunnlag),
        aapnet: now.opened(asked.dato).map(|opening| opening.aapnet),
        kampanje,
        lukker,
        hindringer,
        gir_mer: if inside.is_some() { Vec::new() } else { more(policy, asked, &now, today) },
    }
}

/// A408, A409, A410 of the date.
fn not_followed_here(
    policy: &Policy,
    asked: &Spoersmaal<'_>,
    person: &Person,
    today: NaiveDate,
) -> Option<&'static str> {
    let Some(placed) = person.follow_up(asked.dato) else { return Some(Rejection::NotOppfoelgingskommune.code()) };
    let owner = successor(policy, &person.facts, placed.kommune, today);
    if !policy.owns(asked.kommune, owner, today) {
        let split = policy.successors(owner, today).len() > 1;
        let rejection = if split { Rejection::KommuneSuperseded } else { Rejection::NotOppfoelgingskommune };
        return Some(rejection.code());
    }
    let elsewhere = asked.bydel.is_some() && asked.bydel != placed.bydel;
    elsewhere.then_some(Rejection::NotOppfoelgingsbydel.code())
}

/// Who could let in what the user's own roles and the campaigns do not.
fn more(policy: &Policy, asked: &Spoersmaal<'_>, now: &Judgement<'_>, today: NaiveDate) -> Vec<GirMer> {
    let mut all = Vec::new();
    if !asked.roles.iter().any(|role| role.writes(asked.ordning)) {
        let role = [Role::Introbruker, Role::Norskbruker].into_iter().find(|role| role.writes(asked.ordning));
        all.extend(role.map(|role| GirMer {
            hva: role.code(),
            gis_av: "KOMMUNEADMINISTRATOR",
            tidligste: policy.earliest_of(role, today),
        }));
    }
    let with_role = policy.earliest_with_role(today);
    if !asked.roles.contains(&Role::Etterregistrerer) && with_role < now.furthest.earliest && asked.dato >= with_role {
        all.push(GirMer { hva: Role::Etterregistrerer.code(), gis_av: "IMDI", tidligste: Some(with_role) });
    }
    // IMDi may decide on a campaign for any date.
    all.push(GirMer { hva: "KAMPANJE", gis_av: "IMDI", tidligste: None });
    all
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::policy::Profile;
    use crate::registry::{Campaign, Driftsbrudd, RapporteringsaarLaas};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn campaign(id: &str, (fra, til): (&str, &str), reach: Result<u32, &str>, overstyrer_laas: bool) -> Campaign {
        Campaign {
            id: id.into(),
            gyldig_fra: day(fra),
            gyldig_til: day(til),
            maaneder_bakover: reach.ok(),
            tidligste_dato: reach.err().map(day),
            ordninger: Vec::new(),
            kommuner: Vec::new(),
            lov: Vec::new(),
            kanaler: Vec::new(),
            registreringstyper: Vec::new(),
            overstyrer_laas,
            beslutningsreferanse: String::new(),
        }
    }

    /// Grants that meet, overlap and leave gaps, over years that are locked and opened again.
    fn registry() -> Registry {
        let outage = |id: &str, fra: &str, til: &str, dager| Driftsbrudd {
            id: id.into(),
            fra: day(fra),
            til: day(til),
            dager,
            kommuner: Vec::new(),
            beslutningsreferanse: String::new(),
        };
        let lock = |aar, laast_fra: &str, aapnet_igjen: Option<&str>| RapporteringsaarLaas {
            aar,
            laast_fra: day(laast_fra),
            aapnet_igjen: aapnet_igjen.map(day),
            ordninger: Vec::new(),
            kommuner: Vec::new(),
            beslutningsreferanse: String::new(),
        };
        let campaigns = vec![
            campaign("K1", ("2026-03-01", "2026-05-31"), Ok(14), false),
            campaign("K2", ("2026-06-01", "2026-08-15"), Err("2025-01-01"), true),
            campaign("K3", ("2027-02-10", "2035-01-01"), Err("2026-06-15"), false),
        ];
        let driftsbrudd =
            vec![outage("D1", "2026-01-20", "2026-02-10", 45), outage("D2", "2027-01-04", "2027-01-04", 200)];
        let laaser = vec![lock(2025, "2026-04-15", Some("2026-05-10")), lock(2026, "2027-03-01", None)];
        let mut registry = Registry::default();
        (registry.campaigns, registry.driftsbrudd, registry.laaser) = (campaigns, driftsbrudd, laaser);
        registry
    }

    #[test]
    fn the_last_day_is_the_one_that_a_walk_over_the_days_would_find() {
        let (policy, registry) = (Policy::embedded(Profile::Sandbox).unwrap(), registry());
        let roles: [&[Role]; 3] = [&[Role::Introbruker], &[Role::Introbruker, Role::Etterregistrerer], &[]];
        let mut lasted = 0;
        for roles in roles {
            for back in (0..500).step_by(13) {
                for after in (0..420).step_by(29) {
                    let today = day("2026-01-05") + Days::new(after);
                    let asked = Spoersmaal {
                        dato: today + Days::new(20) - Days::new(back),
                        ordning: Ordning::Intro,
                        posttype: None,
                        roles,
                        kommune: "4204".parse().unwrap(),
                        bydel: None,
                        person: None,
                    };
                    let about = about(&policy, &asked, today);
                    let days = Period { from: asked.dato, to: asked.dato.succ_opt() };
                    let stays = |day: &NaiveDate| {
                        let then = Judgement::new(&policy, &registry, about, None, *day);
                        then.inside(asked.dato, days, None).is_some() && then.locked(days).is_none()
                    };
                    let walked = today.max(asked.dato).iter_days().take(10_000).take_while(stays).last();
                    assert_eq!(lukker(&policy, &registry, &asked, today), walked, "{asked:?} on {today}");
                    lasted += usize::from(walked.is_some());
                }
            }
        }
        assert!(lasted > 300, "{lasted}");
    }

    #[test]
    fn few_days_are_looked_at_however_long_a_date_stays_inside() {
        let (policy, registry) = (Policy::embedded(Profile::Sandbox).unwrap(), registry());
        let (dato, today) = (day("2026-07-01"), day("2027-02-20"));
        let asked = Spoersmaal {
            dato,
            ordning: Ordning::Intro,
            posttype: None,
            roles: &[Role::Introbruker],
            kommune: "4204".parse().unwrap(),
            bydel: None,
            person: None,
        };
        let about = about(&policy, &asked, today);
        let looked_at = Cell::new(0);
        let on = |day| {
            looked_at.set(looked_at.get() + 1);
            Judgement::new(&policy, &registry, about, None, day)
        };
        assert_eq!(
            last_day(dato, today, policy.turning_days(&registry), on),
            Some(day("2027-07-23")),
            "2026 is locked, but for what the outage of its first days lets in"
        );
        let mut unlocked = registry.clone();
        unlocked.laaser.clear();
        let on = |day| {
            looked_at.set(looked_at.get() + 1);
            Judgement::new(&policy, &unlocked, about, None, day)
        };
        assert_eq!(last_day(dato, today, policy.turning_days(&unlocked), on), Some(day("2035-01-01")));
        assert!(looked_at.get() < 60, "{}", looked_at.get());
    }
}
