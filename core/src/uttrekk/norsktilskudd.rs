//! The basis of norsktilskudd (domain.md 13): who lived where on which days with a right to norsk, day-exact, so that a
//! split between kommuner can be made again by anybody. No money is computed.

use chrono::{Months, NaiveDate};
use serde::Serialize;

use crate::fact::FactContent;
use crate::id::{Bydel, Kommunenummer};
use crate::kategori::Kategorikode;
use crate::person::{Person, oppfoelging};
use crate::policy::Policy;
use crate::post::Content;
use crate::time::Period;

/// One period of one person with the same kommune, year of right and responsibility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rad {
    /// The person.
    pub duf_nummer: String,
    /// The category that gives the grant: NORSK_RETT or NORSK_RETT_6A.
    pub kategori: &'static str,
    /// The day the category opened: year 1 begins here.
    pub kategori_fra: NaiveDate,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Days of the period.
    pub dager: i64,
    /// Which year of the right, from 1.
    pub tilskuddsaar: i32,
    /// Who is followed up where: the recipient.
    pub kommunenummer: Kommunenummer,
    /// The bydel.
    pub bydelsnummer: Option<Bydel>,
    /// HOEY or LAV by country background; UKJENT where that is not known.
    pub satsklasse: String,
    /// KOMMUNE or FYLKESKOMMUNE (FR-FYLKE).
    pub ansvarlig: &'static str,
    /// A decision on utvidet norskopplæring (IF §43g) is in force.
    pub utvidet: bool,
}

/// The rows of a person within the days `fra` to `til`, both inclusive.
pub fn rader(person: &Person, policy: &Policy, fra: NaiveDate, til: NaiveDate) -> Vec<Rad> {
    let Some(beregnet) = &person.beregnet else { return Vec::new() };
    let within = Period::inclusive(fra, Some(til));
    let places = oppfoelging(&person.facts);
    let mut all = Vec::new();
    for kategori in &beregnet.kategorier {
        if !matches!(kategori.kode, Kategorikode::NorskRett | Kategorikode::NorskRett6a) {
            continue;
        }
        let Some(span) = within.common(&kategori.gyldig) else { continue };
        let opened = kategori.gyldig.from;
        for day_span in split(&span, &edges(person, &places, opened, &span)) {
            let Some((_, place)) = places.iter().find(|(period, _)| period.contains(day_span.from)) else { continue };
            let Some(last) = day_span.last() else { continue };
            all.push(Rad {
                duf_nummer: person.duf.to_string(),
                kategori: kategori.kode.code(),
                kategori_fra: opened,
                fra_dato: day_span.from,
                til_dato: last,
                dager: (last - day_span.from).num_days() + 1,
                tilskuddsaar: year_of(opened, day_span.from),
                kommunenummer: place.kommune,
                bydelsnummer: place.bydel,
                satsklasse: rate_class(person, policy, day_span.from),
                ansvarlig: if county_is_responsible(person, day_span.from) { "FYLKESKOMMUNE" } else { "KOMMUNE" },
                utvidet: extended(person, day_span.from),
            });
        }
    }
    all.sort_by_key(|rad| (rad.fra_dato, rad.kategori));
    all
}

/// Days within the span on which something of a row may change.
fn edges(
    person: &Person,
    places: &[(Period, crate::person::FollowUp)],
    opened: NaiveDate,
    span: &Period,
) -> Vec<NaiveDate> {
    let mut edges: Vec<NaiveDate> =
        places.iter().flat_map(|(period, _)| [Some(period.from), period.to]).flatten().collect();
    let years = (1..).map_while(|year: u32| opened.checked_add_months(Months::new(12 * year)));
    edges.extend(years.take_while(|day| span.to.is_some_and(|to| *day < to)));
    for post in person.posts.iter().filter(|post| post.stands()) {
        if matches!(&post.content, Content::FulltidVideregaaende(_)) || is_extension(&post.content) {
            edges.extend([Some(post.valid.from), post.valid.to].into_iter().flatten());
        }
    }
    let countries = person.facts.iter().filter(|fact| matches!(fact.content, FactContent::Landbakgrunn { .. }));
    edges.extend(countries.flat_map(|fact| [Some(fact.valid.from), fact.valid.to]).flatten());
    edges.retain(|day| span.from < *day && span.contains(*day));
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn split(span: &Period, edges: &[NaiveDate]) -> Vec<Period> {
    let starts = std::iter::once(span.from).chain(edges.iter().copied());
    let ends = edges.iter().copied().map(Some).chain([span.to]);
    starts.zip(ends).map(|(from, to)| Period { from, to }).collect()
}

/// Completed years since the category opened, plus one.
fn year_of(opened: NaiveDate, day: NaiveDate) -> i32 {
    i32::try_from(day.years_since(opened).unwrap_or(0)).unwrap_or(i32::MAX - 1) + 1
}

fn rate_class(person: &Person, policy: &Policy, day: NaiveDate) -> String {
    let known = person.facts.iter().find_map(|fact| match &fact.content {
        FactContent::Landbakgrunn { land } if fact.valid.contains(day) => Some(land.as_str()),
        _ => None,
    });
    known.map_or("UKJENT", |land| policy.rate_class(land, day)).to_owned()
}

fn county_is_responsible(person: &Person, day: NaiveDate) -> bool {
    person.posts.iter().any(|post| {
        post.stands() && matches!(post.content, Content::FulltidVideregaaende(_)) && post.valid.contains(day)
    })
}

fn is_extension(content: &Content) -> bool {
    matches!(content, Content::Vedtak(vedtak) if vedtak.vedtakstype == "UTVIDET_NORSK")
}

fn extended(person: &Person, day: NaiveDate) -> bool {
    person.posts.iter().any(|post| post.stands() && is_extension(&post.content) && post.valid.contains(day))
}
