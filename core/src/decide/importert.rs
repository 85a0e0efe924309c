//! What `nir-gateway import` brings of one person (design.md 17, Sources): facts and posts of the register before, as of which
//! the register has no word. No window is tested and nobody is told; what was imported before under the same ids is
//! passed over, so that an import that was cut short is simply begun again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Change, Opphav};
use crate::decide::beregning::{Cause, NewFact, Outcome, write_facts};
use crate::decide::{Ids, Now};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Channel, Content, PostId, PostVersion};
use crate::registry::Registry;

/// Under which avsendersystem the source's own ids of posts stand.
pub const IMPORT: &str = "IMPORT";

/// Names the ids of imported posts.
const POSTS: Uuid = Uuid::from_u128(0x6e69_722d_696d_706f_7274_0000_0000_0001);

/// A post as the import brings it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPost {
    /// The source's own id of the post.
    pub kilde_id: String,
    /// The kommune that owns it.
    pub kommune: Kommunenummer,
    /// The bydel at registration.
    #[serde(default)]
    pub bydel: Option<Bydel>,
    /// What it says. Another post is named by the id that [`post_id`] gives it.
    pub innhold: Content,
}

/// The id of an imported post follows from person and source, so that other posts of the file can name it.
pub fn post_id(duf: Duf, kilde_id: &str) -> PostId {
    Uuid::new_v5(&POSTS, format!("{duf} {kilde_id}").as_bytes())
}

/// Everything imported of one person; what follows from it is computed once.
pub fn import(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    (facts, posts): (&[NewFact], &[NewPost]),
    now: &Now,
    ids: &mut dyn Ids,
) -> Outcome {
    let mut present = person.clone();
    let mut changes = Vec::new();
    for post in posts {
        let id = post_id(person.duf, &post.kilde_id);
        if present.post(id).is_some() {
            continue;
        }
        let row = PostVersion {
            row_no: present.last_row + 1,
            post_id: id,
            versjon: 1,
            valid: post.innhold.valid(),
            content: post.innhold.clone(),
            system_from: now.recorded,
            system_to: None,
            annulled: false,
            feilregistrert: None,
            etterregistrering: None,
            continues: None,
            kommune: post.kommune,
            bydel: post.bydel,
            channel: Channel::Import,
            registered_by: String::new(),
            caseworker: None,
            meldings_id: String::new(),
            received_on: now.today,
            references: vec![(IMPORT.to_owned(), post.kilde_id.clone())],
        };
        let change = Change::VersionWritten { duf: person.duf, row: Box::new(row) };
        present.apply(&change);
        changes.push(change);
    }
    let cause = Cause { opphav: Opphav::Imdi, message: None };
    let written = write_facts(registry, policy, &present, facts, now, cause, ids);
    changes.extend(written.changes);
    Outcome { changes, notices: Vec::new() }
}
