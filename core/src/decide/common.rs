//! What the rules of several kinds share: dates, periods, doubles, and the scheme that a record lies in.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use crate::average::{holidays, is_virkedag};
use crate::decide::window::too_far_ahead;
use crate::decide::{Scene, finding, with_post};
use crate::kategori::Fristtype;
use crate::person::Person;
use crate::post::{Content, Ordning, PostId, PostVersion};
use crate::receipt::{Field, Finding, Severity};
use crate::rejection::Rejection;
use crate::scheme::Scheme;

/// A period of both its days, as a record writes it.
pub(super) type Days = (NaiveDate, NaiveDate);

/// A finding that refuses, at an element of the content.
pub(super) fn refusal(rejection: Rejection, field: &'static str) -> Finding {
    finding(rejection, Field::Content(field))
}

/// A finding that warns.
pub(super) fn warning(rejection: Rejection, field: &'static str) -> Finding {
    Finding { severity: Severity::Warning, ..refusal(rejection, field) }
}

/// The same with a value for its text.
pub(super) fn with(mut finding: Finding, name: &'static str, value: impl ToString) -> Finding {
    finding.params.push((name, value.to_string()));
    finding
}

/// Working days of a period (IF §17), in order.
pub(super) fn virkedager((from, to): Days) -> impl Iterator<Item = NaiveDate> {
    let mut year: Option<(i32, BTreeSet<NaiveDate>)> = None;
    from.iter_days().take_while(move |day| *day <= to).filter(move |day| {
        if year.as_ref().is_none_or(|(known, _)| *known != day.year()) {
            year = Some((day.year(), holidays(day.year())));
        }
        year.as_ref().is_some_and(|(_, free)| is_virkedag(*day, free))
    })
}

/// How many calendar days a period has.
pub(super) fn calendar_days((from, to): Days) -> i64 {
    (to - from).num_days() + 1
}

/// Whether two periods have a day in common.
pub(super) fn overlap(a: Days, b: Days) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

/// Whether it is an end that the register itself has set (SYS0).
pub(super) fn is_system_end(content: &Content, system_reason: Option<&str>) -> bool {
    matches!(content, Content::Avslutning(end) if Some(end.avslutningsaarsak.as_str()) == system_reason)
}

/// Standing posts but one.
pub(super) fn others(person: &Person, own: Option<PostId>) -> impl Iterator<Item = &PostVersion> {
    person.posts.iter().filter(move |post| !post.annulled && Some(post.post_id) != own)
}

impl Scene<'_> {
    /// A day that has been (HD-12).
    pub(super) fn past(&self, day: Option<NaiveDate>, field: &'static str, all: &mut Vec<Finding>) {
        if day.is_some_and(|day| day > self.now.today) {
            all.push(too_far_ahead(field, self.now.today));
        }
    }

    /// A day that is not years ahead (HD-12). Whether it is.
    pub(super) fn foreseeable(&self, day: NaiveDate, field: &'static str, all: &mut Vec<Finding>) -> bool {
        let latest = self.policy.latest_future(self.now.today);
        if day > latest {
            all.push(too_far_ahead(field, latest));
        }
        day <= latest
    }

    /// The period ends on or after the day it begins (B552). Whether it does.
    pub(super) fn ordered(&self, (from, to): Days, field: &'static str, all: &mut Vec<Finding>) -> bool {
        if to < from {
            all.push(refusal(Rejection::EndBeforeStart, field));
        }
        from <= to
    }

    /// The very same record stands already (K701). Whether it does.
    pub(super) fn doubled(
        &self,
        person: &Person,
        content: &Content,
        own: Option<PostId>,
        field: &'static str,
        all: &mut Vec<Finding>,
    ) -> bool {
        let same = others(person, own).find(|post| post.content == *content);
        all.extend(same.map(|post| with_post(refusal(Rejection::Duplicate, field), person, post.post_id, self)));
        same.is_some()
    }

    /// Another record is in the way of this one (K704).
    pub(super) fn in_the_way(&self, person: &Person, post: PostId, field: &'static str) -> Finding {
        with_post(refusal(Rejection::Overlap, field), person, post, self)
    }

    /// The scheme as it stands; an introduksjonsprogram lasts as long as its additions make it (FR-VAR-TILLEGG).
    pub(super) fn scheme(&self, person: &Person, ordning: Ordning, own: Option<PostId>) -> Scheme {
        self.lengthened(person, ordning, Scheme::of(self.policy, person.posts.iter(), ordning, own))
    }

    /// The scheme without the end that the register set because time ran out: what moves the end lies after it (AVSL-R4).
    pub(super) fn scheme_if_moved(&self, person: &Person, ordning: Ordning, own: Option<PostId>) -> Scheme {
        let system = self.policy.system_reason();
        let posts = person.posts.iter().filter(|post| !is_system_end(&post.content, system));
        self.lengthened(person, ordning, Scheme::of(self.policy, posts, ordning, own))
    }

    fn lengthened(&self, person: &Person, ordning: Ordning, mut scheme: Scheme) -> Scheme {
        if let Some(granted) = scheme.granted.last_mut()
            && ordning == Ordning::Intro
            && granted.ended.is_none()
            && let Some(end) = granted.period.last().and_then(|last| programme_end(person, last))
        {
            granted.period.to = end.succ_opt();
        }
        scheme
    }

    /// Whether Norwegian is part of an introduksjonsprogram on the day (FR-NORSK-I-INTRO).
    pub(super) fn norsk_in_intro(&self, person: &Person, day: NaiveDate) -> bool {
        self.scheme(person, Ordning::Intro, None).granted_on(day).is_some()
    }

    /// The days lie in one granted period (B510, B556) that has not ended (L801). What follows from an earlier line that
    /// failed is not said again.
    pub(super) fn within(
        &self,
        person: &Person,
        scheme: &Scheme,
        (from, to): Days,
        (first, last): (&'static str, &'static str),
        all: &mut Vec<Finding>,
    ) {
        if self.earlier_line_failed {
            return;
        }
        if scheme.granted.is_empty() {
            all.push(refusal(Rejection::NoInnvilgelse, first));
        } else if let Some(post) = scheme.ended_before(from) {
            all.push(with_post(refusal(Rejection::ProgrammeEnded, first), person, post, self));
        } else {
            all.extend(outside(scheme, (from, to), (first, last)));
        }
    }
}

/// Days outside what was granted (B556), with the period that was.
pub(super) fn outside(
    scheme: &Scheme,
    (from, to): Days,
    (first, last): (&'static str, &'static str),
) -> Option<Finding> {
    if scheme.granted.iter().any(|granted| granted.period.contains(from) && granted.period.contains(to)) {
        return None;
    }
    let covering = scheme.granted_on(from);
    let mut outside = refusal(Rejection::OutsideOrdning, if covering.is_some() { last } else { first });
    if let Some(period) = covering.or(scheme.granted.first()).map(|granted| granted.period) {
        outside.params.push(("gyldigFra", period.from.to_string()));
        outside.params.extend(period.last().map(|last| ("gyldigTil", last.to_string())));
    }
    Some(outside)
}

/// The last day of an introduksjonsprogram that is granted to `last`, where absence and leave have moved it: the nearest
/// computed end after it.
pub(super) fn programme_end(person: &Person, last: NaiveDate) -> Option<NaiveDate> {
    let deadlines = person.beregnet.iter().flat_map(|beregnet| &beregnet.frister);
    let moved = deadlines.filter(|frist| frist.fristtype == Fristtype::Programslutt && frist.tillegg_dager > 0);
    moved.filter_map(|frist| frist.dato).filter(|day| *day > last).min()
}
