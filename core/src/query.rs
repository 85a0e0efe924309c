//! Reads: what a caller may see of a person, as of a valid day and a recorded time (domain.md 10.3 AU-1, 10.4).

use chrono::{DateTime, Months, NaiveDate, Utc};

use crate::average::{Average, average};
use crate::command::Header;
use crate::decide::{Now, finding};
use crate::fact::{Fact, FactContent};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::person::{PersonHistory, hidden, replaced_by};
use crate::policy::Policy;
use crate::post::{Content, Ordning, PostVersion};
use crate::receipt::{Field, Finding};
use crate::registry::Registry;
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::time::Period;

/// Most months of averages in one answer.
pub const MAX_MONTHS: u32 = 120;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonQuery {
    /// About whom.
    pub duf: Duf,
    /// As valid on this day; today when absent.
    pub valid_on: Option<NaiveDate>,
    /// As recorded at this time; now when absent.
    pub recorded_at: Option<DateTime<Utc>>,
    /// With annulled posts.
    pub with_annulled: bool,
    /// First and last month of averages.
    pub months: Option<(NaiveDate, NaiveDate)>,
}

/// What the caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// The key.
    pub duf: Duf,
    /// Facts on the day.
    pub facts: Vec<FactContent>,
    /// Who follows up, over time.
    pub oppfoelging: Vec<(Kommunenummer, Option<Bydel>, Period)>,
    /// Schemes with status and whether a measure is registered.
    pub ordninger: Vec<(Ordning, &'static str, bool)>,
    /// Posts, oldest first.
    pub posts: Vec<PostVersion>,
    /// Averages of the months asked for.
    pub averages: Vec<Average>,
}

/// The person as this caller may see it, or why not. A hidden person is answered exactly as an unknown one.
pub fn person(
    registry: &Registry,
    header: &Header,
    history: Option<&PersonHistory>,
    query: &PersonQuery,
    policy: &Policy,
    now: &Now,
) -> Result<PersonView, Finding> {
    let unknown = || finding(Rejection::UnknownPerson, Field::Person("dufNummer"));
    let user = registry.users.get(&header.overfoeringsbruker).ok_or_else(unknown)?;
    let history = history.ok_or_else(unknown)?;
    let present: Vec<&Fact> = history.facts.iter().filter(|fact| fact.system_to.is_none()).collect();
    let hidden = hidden(present.iter().copied(), now.today);
    if hidden && !user.skjerming_approved {
        return Err(unknown());
    }
    if let Some(new) = replaced_by(present.iter().copied()) {
        let mut superseded = finding(Rejection::DufSuperseded, Field::Person("dufNummer"));
        superseded.params.push(("etterfoelger", new.to_string()));
        return Err(superseded);
    }
    // Any kommune that reads by exact DUF sees persons of others as Kommunelesebruker does (domain.md 17.6); a
    // fylkeskommune sees those it is responsible for, which part 2 computes.
    if !user.roles.iter().any(|role| role.reads()) {
        return Err(finding(Rejection::RoleLacksOrdning, Field::Header("overfoeringsbruker")));
    }
    let at = query.recorded_at.unwrap_or(now.recorded);
    let day = query.valid_on.unwrap_or(now.today);
    let recorded = |from: DateTime<Utc>, to: Option<DateTime<Utc>>| from <= at && to.is_none_or(|to| at < to);
    let facts: Vec<&Fact> = history.facts.iter().filter(|f| recorded(f.system_from, f.system_to)).collect();
    let versions: Vec<&PostVersion> = history.posts.iter().filter(|v| recorded(v.system_from, v.system_to)).collect();
    let mut posts: Vec<PostVersion> = versions
        .iter()
        .filter(|v| query.with_annulled || !v.annulled)
        .filter(|v| query.valid_on.is_none() || v.valid.contains(day))
        .map(|v| (*v).clone())
        .collect();
    posts.sort_by_key(|post| post.row_no);
    // Status and averages follow from all decisions and measures, also from those that are over on the day.
    let standing: Vec<&PostVersion> = versions.into_iter().filter(|post| !post.annulled).collect();
    // Current or former: who followed the person up on any day (domain.md 10.3, 17.6).
    let own = header.kommune.as_ref().is_ok_and(|own| {
        facts.iter().any(
            |f| matches!(f.content, FactContent::Oppfoelging { kommune, .. } if policy.owns(*own, kommune, now.today)),
        )
    });
    Ok(PersonView {
        duf: query.duf,
        facts: facts
            .iter()
            .filter(|f| f.valid.contains(day))
            // Idents of persons that others follow up are closed data.
            .filter(|f| own || !matches!(f.content, FactContent::Ident { .. }))
            // The name of a strictly confidential person is sent to nobody (VERN-1).
            .filter(|f| !hidden || !matches!(f.content, FactContent::Personalia { .. }))
            .map(|f| f.content.clone())
            .collect(),
        oppfoelging: facts
            .iter()
            .filter_map(|f| match f.content {
                FactContent::Oppfoelging { kommune, bydel } => Some((kommune, bydel, f.valid)),
                _ => None,
            })
            .collect(),
        ordninger: schemes(policy, &standing, day),
        averages: averages(&standing, query.months),
        posts,
    })
}

fn schemes(policy: &Policy, posts: &[&PostVersion], day: NaiveDate) -> Vec<(Ordning, &'static str, bool)> {
    let mut all: Vec<Ordning> = posts.iter().map(|post| post.content.ordning()).collect();
    all.sort();
    all.dedup();
    all.into_iter()
        .map(|ordning| {
            let scheme = Scheme::of(policy, posts.iter().copied(), ordning, None);
            let tiltak = posts.iter().any(|p| matches!(&p.content, Content::Tiltak(t) if t.ordning == ordning));
            (ordning, scheme.status(day), tiltak)
        })
        .collect()
}

fn averages(posts: &[&PostVersion], months: Option<(NaiveDate, NaiveDate)>) -> Vec<Average> {
    let Some((first, last)) = months else { return Vec::new() };
    let tiltak = || {
        posts.iter().filter_map(|post| match &post.content {
            Content::Tiltak(tiltak) => Some(tiltak),
            _ => None,
        })
    };
    std::iter::successors(Some(first), |month| month.checked_add_months(Months::new(1)))
        .take_while(|month| *month <= last)
        .take(MAX_MONTHS as usize)
        .map(|month| average(month, tiltak()))
        .collect()
}
