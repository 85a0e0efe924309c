//! The yearly statistics (domain.md 16 row 56; it took the place of KOSTRA 11B from reporting year 2017): one row for each
//! introduksjonsprogram that ran in the year, in each kommune.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::average::{holidays, is_virkedag};
use crate::codes::Catalogue;
use crate::id::{Bydel, Kommunenummer};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Avslutning, Content, Ordning, PostVersion, Tiltak};
use crate::scheme::Scheme;
use crate::time::Period;

/// One programme in one reporting year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rad {
    /// The person.
    pub duf_nummer: String,
    /// The reporting year.
    pub aar: i32,
    /// The act.
    pub lov: &'static str,
    /// The kommune that granted it.
    pub kommunenummer: Kommunenummer,
    /// Its bydel.
    pub bydelsnummer: Option<Bydel>,
    /// First day of the programme.
    pub start_dato: NaiveDate,
    /// Last day, where it is known.
    pub slutt_dato: Option<NaiveDate>,
    /// Status on 31 December.
    pub status: &'static str,
    /// Code list `avslutningsaarsak`; `SYS0` where it ended without a reason, absent while it runs.
    pub avslutningsaarsak: Option<String>,
    /// With AV21.
    pub hovedaktivitet: Option<String>,
    /// `arbeid`, `utdanning` or both, by the code list.
    pub maaloppnaaelse: Option<String>,
    /// Hours of measures offered in the year: hours per week ÷ 5 for each working day.
    pub timer: Decimal,
    /// The same in NORSK_SAMF.
    pub timer_norsk_samf: Decimal,
    /// In ARBEID.
    pub timer_arbeid: Decimal,
    /// In UTDANNING.
    pub timer_utdanning: Decimal,
}

/// The rows of a person for a year.
pub fn rader(person: &Person, policy: &Policy, aar: i32) -> Vec<Rad> {
    let (Some(first), Some(last)) = (NaiveDate::from_ymd_opt(aar, 1, 1), NaiveDate::from_ymd_opt(aar, 12, 31)) else {
        return Vec::new();
    };
    let year = Period::inclusive(first, Some(last));
    let lov = person.beregnet.as_ref().and_then(|beregnet| beregnet.lov).map_or("", |lov| lov.code());
    let standing = || person.posts.iter().filter(|post| post.stands());
    let scheme = Scheme::of(policy, standing(), Ordning::Intro, None);
    let mut all = Vec::new();
    for granted in &scheme.granted {
        let Some(span) = granted.period.common(&year) else { continue };
        let Some(post) = person.post(granted.post) else { continue };
        let end = ending(standing(), &granted.period, last);
        let running = granted.period.to.is_none_or(|to| to > last) && end.is_none();
        let reason = end.map(|end| end.avslutningsaarsak.clone()).or_else(|| (!running).then(|| "SYS0".to_owned()));
        let activity = end.and_then(|end| end.hovedaktivitet.clone());
        let hours = |group: Option<&str>| hours_offered(standing(), &span, group);
        all.push(Rad {
            duf_nummer: person.duf.to_string(),
            aar,
            lov,
            kommunenummer: post.kommune,
            bydelsnummer: post.bydel,
            start_dato: granted.period.from,
            slutt_dato: end.map(|end| end.avslutningsdato).or(granted.period.last()),
            status: scheme.status(last),
            maaloppnaaelse: activity.as_ref().or(reason.as_ref()).and_then(|code| outcome_of(code)),
            avslutningsaarsak: reason,
            hovedaktivitet: activity,
            timer: hours(None),
            timer_norsk_samf: hours(Some("NORSK_SAMF")),
            timer_arbeid: hours(Some("ARBEID")),
            timer_utdanning: hours(Some("UTDANNING")),
        });
    }
    all
}

/// The end that was registered of a programme by the last day of the year.
fn ending<'p>(
    posts: impl Iterator<Item = &'p PostVersion>,
    granted: &Period,
    last: NaiveDate,
) -> Option<&'p Avslutning> {
    let ends = posts.filter_map(|post| match &post.content {
        Content::Avslutning(end) if end.avslutningsdato >= granted.from && end.avslutningsdato <= last => Some(end),
        _ => None,
    });
    ends.filter(|end| granted.to.is_none_or(|to| end.avslutningsdato <= to)).max_by_key(|end| end.avslutningsdato)
}

fn outcome_of(code: &str) -> Option<String> {
    Catalogue::embedded().lookup("avslutningsaarsak", code).and_then(|row| row.gruppe.clone())
}

fn hours_offered<'p>(posts: impl Iterator<Item = &'p PostVersion>, span: &Period, group: Option<&str>) -> Decimal {
    let mut total = Decimal::ZERO;
    for post in posts {
        let Content::Tiltak(tiltak) = &post.content else { continue };
        if tiltak.ordning == Ordning::Intro && group.is_none_or(|group| group == tiltak.tiltaksgruppe) {
            total += tiltak.timer_per_uke * Decimal::from(working_days(tiltak, span));
        }
    }
    (total / Decimal::from(5)).round_dp(2)
}

fn working_days(tiltak: &Tiltak, span: &Period) -> u32 {
    let Some(common) = span.common(&Period::inclusive(tiltak.fra_dato, Some(tiltak.til_dato))) else { return 0 };
    let Some(last) = common.last() else { return 0 };
    let holidays = holidays(common.from.year());
    let days = common.from.iter_days().take_while(|day| *day <= last).filter(|day| is_virkedag(*day, &holidays));
    u32::try_from(days.count()).unwrap_or(u32::MAX)
}
