//! One person of a message: steps 0 to 2 of domain.md 15.1, then the lines in order, on a copy of its state.

use std::collections::BTreeMap;

use crate::change::Change;
use crate::command::PersonLines;
use crate::decide::beregning::{computed, matters, recompute};
use crate::decide::hendelser::mangel;
use crate::decide::hendelser::mottakere::Sted;
use crate::decide::notices::is_full_time;
use crate::decide::{Ids, PersonOutcome, Scene, finding, is_error, line_result, system};
use crate::id::{Duf, Fnr, InvalidId};
use crate::kategori::Beregnet;
use crate::person::Person;
use crate::post::PostId;
use crate::receipt::{Field, Finding, LineOutcome, PersonResult};
use crate::rejection::Rejection;
use crate::state::visible;

/// Judges all lines; the outcome's changes are those of the whole person.
pub(super) fn judge(
    mut scene: Scene<'_>,
    duf: Result<Duf, InvalidId>,
    person: Option<&Person>,
    sent: &PersonLines,
    earlier: &mut BTreeMap<String, PostId>,
    ids: &mut dyn Ids,
) -> PersonOutcome {
    let person = match guard(&scene, duf, person, sent) {
        Ok(person) => person,
        Err(findings) => return refused(sent, findings),
    };
    let mut present = person.clone();
    if present.beregnet.is_none() {
        present.beregnet = Some(compute(&scene, &present));
    }
    let before = present.beregnet.clone();
    let mut changes = Vec::new();
    let mut lines = Vec::with_capacity(sent.lines.len());
    for line in &sent.lines {
        let mut result = line_result(line, LineOutcome::Avvist, Vec::new());
        match scene.judge_line(&present, line, earlier, ids) {
            Ok(done) => {
                result.outcome = done.outcome;
                result.findings = done.warnings;
                if let Some(post_id) = done.post {
                    earlier.insert(line.registrerings_id.clone(), post_id);
                }
                let matters = done.changes.iter().any(written_that_matters);
                let written = done.changes;
                written.iter().for_each(|change| present.apply(change));
                changes.extend(written.iter().cloned());
                // Later lines are judged by the categories that earlier ones leave.
                if matters {
                    present.beregnet = Some(compute(&scene, &present));
                }
                let meldings_id = &scene.command.header.meldings_id;
                let more = system::follow_up(scene.policy, scene.now, meldings_id, &present, &written);
                if !more.is_empty() {
                    more.iter().for_each(|change| present.apply(change));
                    changes.extend(more);
                    present.beregnet = Some(compute(&scene, &present));
                }
                result.post = done
                    .post
                    .and_then(|id| present.post(id))
                    .map(|post| super::post_answer(post, scene.avsendersystem(), false));
            }
            Err(findings) => {
                scene.earlier_line_failed = true;
                result.findings = findings;
            }
        }
        lines.push(result);
    }
    let accepted = lines.iter().all(|line| line.outcome != LineOutcome::Avvist);
    if accepted && (person.beregnet.is_none() || changes.iter().any(written_that_matters)) {
        present.beregnet = person.beregnet.clone();
        if let Some(row) = recompute(&present, scene.policy, scene.now, ids) {
            let change = Change::Beregnet { duf: person.duf, row: Box::new(row) };
            present.apply(&change);
            changes.push(change);
        }
    }
    let result = PersonResult { duf_text: sent.duf_text.clone(), accepted, findings: Vec::new(), lines };
    let hidden = present.hidden(scene.now.today);
    let full_time = person.posts.iter().filter(|post| post.stands() && is_full_time(scene.policy, &post.content));
    let full_time = full_time.map(|post| post.post_id).collect();
    let taken_over = changes.iter().filter_map(|change| taken_from(person, change)).collect();
    let today = scene.now.today;
    let mangler = if accepted && !changes.is_empty() {
        // What a person lacked whom nothing was computed for yet is no news either.
        let was = person.beregnet.is_none().then(|| Person { beregnet: before.clone(), ..person.clone() });
        mangel::arisen(scene.policy, (was.as_ref().unwrap_or(person), today), (&present, today))
    } else {
        Vec::new()
    };
    let present = Some(present);
    let mut outcome = PersonOutcome { result, changes, present, before, hidden, full_time, taken_over, mangler };
    if !accepted {
        outcome.fall();
    }
    outcome
}

/// X309, X310, X313; then hidden or unknown (the same answer, byte for byte); then ident and superseded DUF.
fn guard<'p>(
    scene: &Scene<'_>,
    duf: Result<Duf, InvalidId>,
    person: Option<&'p Person>,
    sent: &PersonLines,
) -> Result<&'p Person, Vec<Finding>> {
    let mut form = Vec::new();
    match duf {
        Err(_) => form.push(finding(Rejection::InvalidDuf, Field::Person("dufNummer"))),
        // A synthetic number in test and sandbox may be of any year, so only production tells them apart.
        Ok(duf) if duf.is_synthetic() && !scene.policy.accepts_person(true) => {
            form.push(finding(Rejection::SyntheticPerson, Field::Person("dufNummer")));
        }
        Ok(_) => {}
    }
    if let Some(text) = sent.foedselsnummer.as_deref() {
        match Fnr::parse(text, scene.policy.all_id_remainders(scene.now.today)) {
            Err(_) => form.push(finding(Rejection::InvalidFnr, Field::Person("foedselsnummer"))),
            Ok(fnr) if !scene.policy.accepts_person(fnr.is_synthetic()) => {
                form.push(finding(Rejection::SyntheticPerson, Field::Person("foedselsnummer")));
            }
            Ok(_) => {}
        }
    }
    if !form.is_empty() {
        return Err(form);
    }
    let approved = scene.user.skjerming_approved;
    let visible = person.filter(|p| visible(scene.persons, p, scene.now.today, approved));
    let Some(person) = visible else {
        return Err(vec![finding(Rejection::UnknownPerson, Field::Person("dufNummer"))]);
    };
    let mismatch = sent.foedselsnummer.as_deref().is_some_and(|fnr| !person.idents().any(|known| known == fnr));
    // A merge may have taken the national ids along: then the pointer to the new number is the answer.
    if mismatch && (person.replaced_by().is_none() || person.idents().next().is_some()) {
        return Err(vec![finding(Rejection::IdentMismatch, Field::Person("foedselsnummer"))]);
    }
    if let Some(new) = person.replaced_by() {
        let mut superseded = finding(Rejection::DufSuperseded, Field::Person("dufNummer"));
        superseded.params.push(("etterfoelger", new.to_string()));
        return Err(vec![superseded]);
    }
    Ok(person)
}

fn refused(sent: &PersonLines, findings: Vec<Finding>) -> PersonOutcome {
    debug_assert!(findings.iter().all(is_error));
    // Errors of form of the lines are facts of the message alone and are told with the person's (step 0).
    let lines = sent
        .lines
        .iter()
        .map(|line| {
            let form = super::line::form(line);
            let outcome = if form.is_empty() { LineOutcome::IkkeUtfoert } else { LineOutcome::Avvist };
            line_result(line, outcome, form)
        })
        .collect();
    let result = PersonResult { duf_text: sent.duf_text.clone(), accepted: false, findings, lines };
    let (changes, full_time, taken_over, mangler) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    PersonOutcome { result, changes, present: None, before: None, hidden: false, full_time, taken_over, mangler }
}

/// The record that the change gives to another kommune or bydel, and whose it was.
fn taken_from(before: &Person, change: &Change) -> Option<(PostId, Sted)> {
    let Change::VersionWritten { row, .. } = change else { return None };
    let post = before.post(row.post_id)?;
    let owner = (post.kommune, post.bydel);
    (owner != (row.kommune, row.bydel)).then_some((row.post_id, owner))
}

fn compute(scene: &Scene<'_>, person: &Person) -> Beregnet {
    computed(person, scene.policy, scene.now.today, scene.now.recorded).kept()
}

fn written_that_matters(change: &Change) -> bool {
    matches!(change, Change::VersionWritten { row, .. } if matters(&row.content))
}
