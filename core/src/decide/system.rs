//! What the register itself does to posts (domain.md 8.3 AVSL-R1, AVSL-R3, AVSL-R4; contract.md 0.14): an end truncates open
//! measures, time that runs out ends a programme, and what moves its end withdraws that.

use crate::change::Change;
use crate::decide::common::{is_system_end, programme_end};
use crate::decide::{Ids, Now};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Avslutning, Channel, Content, Ordning, PostVersion};
use crate::scheme::Scheme;

/// What follows from a line that was written; the changes go with the line's own.
pub(super) fn follow_up(
    policy: &Policy,
    now: &Now,
    meldings_id: &str,
    person: &Person,
    written: &[Change],
) -> Vec<Change> {
    let mut changes = Vec::new();
    for row in written.iter().filter_map(row_of) {
        if let Content::Avslutning(end) = &row.content
            && !row.annulled
        {
            truncate(policy, now, meldings_id, person, row, end, &mut changes);
        }
    }
    let moves = |change: &Change| {
        row_of(change)
            .is_some_and(|row| matches!(&row.content, Content::Fravaer(_) | Content::Permisjon(_) | Content::Vedtak(_)))
    };
    if written.iter().any(moves) {
        withdraw(policy, now, meldings_id, person, &mut changes);
    }
    changes
}

fn row_of(change: &Change) -> Option<&PostVersion> {
    match change {
        Change::VersionWritten { row, .. } => Some(row),
        _ => None,
    }
}

/// The next version of a post, by the register.
fn by_system(person: &Person, post: &PostVersion, now: &Now, meldings_id: &str, at: usize) -> PostVersion {
    let mut row = post.clone();
    row.row_no = person.last_row + 1 + i64::try_from(at).unwrap_or_default();
    row.versjon += 1;
    row.system_from = now.recorded;
    row.system_to = None;
    row.channel = Channel::System;
    row.registered_by = String::new();
    row.caseworker = None;
    meldings_id.clone_into(&mut row.meldings_id);
    row.received_on = now.today;
    row
}

/// AVSL-R1: measures of the programme that reach past its end, end with it; one that had not begun never was.
fn truncate(
    policy: &Policy,
    now: &Now,
    meldings_id: &str,
    person: &Person,
    end_row: &PostVersion,
    end: &Avslutning,
    changes: &mut Vec<Change>,
) {
    let last = end.avslutningsdato;
    let scheme = Scheme::of(policy, person.posts.iter(), Ordning::Intro, Some(end_row.post_id));
    let next = scheme.granted.iter().map(|granted| granted.period.from).find(|from| *from > last);
    for post in person.posts.iter().filter(|post| !post.annulled) {
        let Content::Tiltak(tiltak) = &post.content else { continue };
        let reaches = tiltak.ordning == Ordning::Intro && tiltak.til_dato > last;
        if !reaches || next.is_some_and(|next| tiltak.fra_dato >= next) {
            continue;
        }
        let mut row = by_system(person, post, now, meldings_id, changes.len());
        if tiltak.fra_dato > last {
            row.annulled = true;
        } else if let Some(ended) = post.content.ended(last) {
            row.valid = ended.valid();
            row.content = ended;
        }
        changes.push(Change::VersionWritten { duf: person.duf, row: Box::new(row) });
    }
}

/// AVSL-R4: the end that the register set has moved past today: the programme is active again.
fn withdraw(policy: &Policy, now: &Now, meldings_id: &str, person: &Person, changes: &mut Vec<Change>) {
    let system = policy.system_reason();
    let without = person.posts.iter().filter(|post| !is_system_end(&post.content, system));
    let scheme = Scheme::of(policy, without, Ordning::Intro, None);
    for post in person.posts.iter().filter(|post| !post.annulled && is_system_end(&post.content, system)) {
        let day = post.valid.from;
        let Some(at) = scheme.granted.iter().rposition(|granted| granted.period.contains(day)) else { continue };
        let granted = scheme.granted.get(at).filter(|granted| granted.ended.is_none());
        let last_one = at + 1 == scheme.granted.len();
        let end = granted.map(|granted| {
            let last = granted.period.last();
            last.filter(|_| last_one).and_then(|last| programme_end(person, last)).or(last)
        });
        if end.is_some_and(|end| end.is_none_or(|end| end >= now.today)) {
            let mut row = by_system(person, post, now, meldings_id, changes.len());
            row.annulled = true;
            changes.push(Change::VersionWritten { duf: person.duf, row: Box::new(row) });
        }
    }
}

/// AVSL-R3: the post that ends a programme whose duration with all additions has run out without a reason, where that is so.
pub fn run_out(policy: &Policy, now: &Now, person: &Person, ids: &mut dyn Ids) -> Option<PostVersion> {
    let reason = policy.system_reason()?;
    let scheme = Scheme::of(policy, person.posts.iter(), Ordning::Intro, None);
    let last_granted = scheme.granted.last()?;
    let granting = person.post(last_granted.post)?;
    let end = match last_granted.ended {
        Some(end) if end.with_reason => return None,
        // A decision ended it before its time: the reason is missing when that time has passed.
        Some(end) => granting.valid.last().filter(|fixed| *fixed < now.today).map(|_| end.last)?,
        None => {
            let last = last_granted.period.last()?;
            programme_end(person, last).unwrap_or(last)
        }
    };
    if end >= now.today || person.ended_on().is_some_and(|ended| ended <= end) {
        return None;
    }
    let content = Content::Avslutning(Avslutning {
        avslutningsdato: end,
        avslutningsaarsak: reason.to_owned(),
        hovedaktivitet: None,
    });
    Some(PostVersion {
        row_no: person.last_row + 1,
        post_id: ids.uuid(),
        versjon: 1,
        valid: content.valid(),
        content,
        system_from: now.recorded,
        system_to: None,
        annulled: false,
        feilregistrert: None,
        etterregistrering: None,
        continues: None,
        kommune: granting.kommune,
        bydel: granting.bydel,
        channel: Channel::System,
        registered_by: String::new(),
        caseworker: None,
        meldings_id: String::new(),
        received_on: now.today,
        references: Vec::new(),
    })
}
