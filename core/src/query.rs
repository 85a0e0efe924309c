//! Reads: what a caller may see of a person, as of a valid day and a recorded time (domain.md 10.3 AU-1, 10.4).

use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::average::{Average, average};
use crate::command::Header;
use crate::decide::{Now, finding};
use crate::eierskap::{Flytting, flytting};
use crate::fact::{Fact, FactContent};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::kategori::{Frist, Kategori};
use crate::person::{PersonHistory, category_open, oppfoelging, personalia};
use crate::policy::Policy;
use crate::post::{Content, Ordning, PostId, PostVersion};
use crate::receipt::{Field, Finding};
use crate::registry::{Lov, Registry};
use crate::rejection::Rejection;
use crate::scheme::Scheme;
use crate::time::Period;

pub mod access;
pub mod avsender;
pub mod feilsak;
pub mod liste;
pub mod logg;
pub mod oeyeblikksbilde;

use access::{Caller, access};

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

/// What the caller may see. Pictures in the streams hold it as JSON ([`crate::change::NoticePayload`]): a field that comes
/// later needs a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// The key.
    pub duf: Duf,
    /// Facts on the day that the caller may see, with their valid time.
    pub facts: Vec<(FactContent, Period)>,
    /// Who follows up, over time.
    pub oppfoelging: Vec<(Kommunenummer, Option<Bydel>, Period)>,
    /// Act, categories and deadlines; absent where nothing had been computed.
    pub beregning: Option<Beregningsbilde>,
    /// Schemes with status and whether a measure is registered.
    pub ordninger: Vec<(Ordning, String, bool)>,
    /// Posts, oldest first, with no references but the caller's own.
    pub posts: Vec<PostVersion>,
    /// What moves have made of them (domain.md 11.2); of most nothing.
    pub moved: Vec<(PostId, Flytting)>,
    /// Averages of the months asked for.
    pub averages: Vec<Average>,
}

/// What had been computed: categories of the day asked for, or all where none was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beregningsbilde {
    /// What hentBeregningslogg asks for.
    pub beregnings_id: Uuid,
    /// The act.
    pub lov: Option<Lov>,
    /// Categories, open and closed.
    pub kategorier: Vec<Kategori>,
    /// Deadlines.
    pub frister: Vec<Frist>,
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
    let caller = Caller::of(registry, header, policy, now.today);
    person_for(caller, &header.avsendersystem, history, query, policy, now)
}

/// [`person`] for a caller that has been found already.
fn person_for(
    caller: Option<Caller<'_>>,
    avsendersystem: &str,
    history: Option<&PersonHistory>,
    query: &PersonQuery,
    policy: &Policy,
    now: &Now,
) -> Result<PersonView, Finding> {
    let unknown = || finding(Rejection::UnknownPerson, Field::Person("dufNummer"));
    let history = history.ok_or_else(unknown)?;
    let present: Vec<&Fact> = history.facts.iter().filter(|fact| fact.system_to.is_none()).collect();
    let latest = history.beregninger.iter().find(|row| row.system_to.is_none());
    let access = access(caller, &present, latest.map_or(&[], |row| &row.beregning.kategorier), policy, now)?;
    let at = query.recorded_at.unwrap_or(now.recorded);
    let day = query.valid_on.unwrap_or(now.today);
    let recorded = |from: DateTime<Utc>, to: Option<DateTime<Utc>>| from <= at && to.is_none_or(|to| at < to);
    let facts: Vec<&Fact> = history.facts.iter().filter(|f| recorded(f.system_from, f.system_to)).collect();
    let known: Vec<Fact> = facts.iter().map(|fact| (*fact).clone()).collect();
    let versions: Vec<&PostVersion> = history.posts.iter().filter(|v| recorded(v.system_from, v.system_to)).collect();
    let recorded_posts: Vec<PostVersion> = versions.iter().map(|v| (*v).clone()).collect();
    let mut posts: Vec<PostVersion> = recorded_posts
        .iter()
        // A struck record is shown as struck (HD-14).
        .filter(|v| query.with_annulled || !v.annulled || v.struck())
        .filter(|v| query.valid_on.is_none() || v.valid.contains(day))
        .cloned()
        .collect();
    posts.sort_by_key(|post| post.row_no);
    posts.iter_mut().for_each(|post| post.references.retain(|(system, _)| system == avsendersystem));
    // Status and averages follow from all decisions and measures, also from those that are over on the day.
    let standing: Vec<&PostVersion> = versions.into_iter().filter(|post| !post.annulled).collect();
    let beregning = history.beregninger.iter().find(|row| recorded(row.system_from, row.system_to));
    let on_day = || facts.iter().copied().filter(|fact| fact.valid.contains(day));
    // Of two sources' names one holds.
    let holds = personalia(on_day()).map(|fact| fact.row_no);
    let other_name = |fact: &Fact| matches!(fact.content, FactContent::Personalia { .. }) && Some(fact.row_no) != holds;
    Ok(PersonView {
        duf: query.duf,
        facts: on_day()
            .filter(|f| !other_name(f) && access.shows(&f.content))
            .map(|f| (f.content.clone(), f.valid))
            .collect(),
        oppfoelging: oppfoelging(&known)
            .into_iter()
            .map(|(period, follow_up)| (follow_up.kommune, follow_up.bydel, period))
            // Where somebody lives whose address is suppressed is told to nobody else (VERN-2, VERN-3).
            .filter(|_| access.own || !access.sheltered)
            .collect(),
        beregning: beregning.map(|row| Beregningsbilde {
            beregnings_id: row.beregnings_id,
            lov: row.beregning.lov,
            kategorier: row
                .beregning
                .kategorier
                .iter()
                .filter(|k| query.valid_on.is_none() || k.gyldig.contains(day))
                .cloned()
                .collect(),
            frister: row.beregning.frister.clone(),
        }),
        ordninger: schemes(policy, &standing, beregning.map(|row| row.beregning.kategorier.as_slice()), day),
        averages: averages(&standing, query.months),
        moved: posts
            .iter()
            .filter(|post| !post.annulled)
            .filter_map(|post| {
                flytting(policy, &known, &recorded_posts, post, now.today).map(|(what, _)| (post.post_id, what))
            })
            .collect(),
        posts,
    })
}

/// The schemes of the posts with their status; before anything was computed every category is open.
fn schemes(
    policy: &Policy,
    posts: &[&PostVersion],
    kategorier: Option<&[Kategori]>,
    day: NaiveDate,
) -> Vec<(Ordning, String, bool)> {
    let mut all: Vec<Ordning> = posts.iter().map(|post| post.content.ordning()).collect();
    all.sort();
    all.dedup();
    all.into_iter()
        .map(|ordning| {
            let scheme = Scheme::of(policy, posts.iter().copied(), ordning, None);
            let tiltak = posts.iter().any(|p| matches!(&p.content, Content::Tiltak(t) if t.ordning == ordning));
            let open = kategorier.is_none_or(|all| category_open(all, ordning, day));
            (ordning, scheme.status_with(day, open).to_owned(), tiltak)
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
