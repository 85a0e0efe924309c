//! The state a decision reads, and the fold of changes into it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::change::Change;
use crate::decide::References;
use crate::id::Duf;
use crate::person::Person;
use crate::registry::Registry;

/// What was loaded for a batch; later messages of the batch see what earlier ones did.
#[derive(Debug, Clone)]
pub struct State<'a> {
    /// Parties and rights.
    pub registry: &'a Registry,
    /// The persons named by the batch that exist, and those whose numbers took the place of theirs.
    pub persons: BTreeMap<Duf, Person>,
    /// avsendersReferanse of the batch that exist: (avsendersystem, reference) → whose post.
    pub references: References,
}

/// Whether the caller may know of the person: not strictly confidential, nor replaced by a number that is (VERN-1a), unless
/// the user is approved.
pub fn visible(persons: &BTreeMap<Duf, Person>, person: &Person, today: NaiveDate, approved: bool) -> bool {
    let successor = person.replaced_by().and_then(|new| persons.get(&new));
    approved || !(person.hidden(today) || successor.is_some_and(|new| new.hidden(today)))
}

impl State<'_> {
    /// Folds one change. Total: a change of a person that was not loaded changes no person.
    pub fn apply(&mut self, change: &Change) {
        self.references.extend(change.references());
        if let Some(person) = self.persons.get_mut(&change.duf()) {
            person.apply(change);
        }
    }
}

impl Person {
    /// Folds one change of this person into the present: a version closes the one before it.
    pub fn apply(&mut self, change: &Change) {
        self.version += 1;
        match change {
            Change::VersionWritten { row, .. } => {
                self.last_row = self.last_row.max(row.row_no);
                self.posts.retain(|present| present.post_id != row.post_id);
                self.posts.push((**row).clone());
            }
            Change::ReferenceAttached { post_id, avsendersystem, avsenders_referanse, .. } => {
                if let Some(post) = self.posts.iter_mut().find(|post| post.post_id == *post_id) {
                    post.references.push((avsendersystem.clone(), avsenders_referanse.clone()));
                }
            }
            Change::FactWritten { row, .. } => {
                self.last_row = self.last_row.max(row.row_no);
                self.facts.retain(|present| (&present.source, &present.source_id) != (&row.source, &row.source_id));
                if !row.annulled {
                    self.facts.push((**row).clone());
                }
            }
            Change::Beregnet { row, .. } => {
                self.last_row = self.last_row.max(row.row_no);
                self.beregnet = Some(row.kept());
            }
        }
    }
}
