//! The stored post that a line means, and the avsendersReferanse that stands for it (contract.md 0.6).

use std::collections::BTreeMap;

use crate::command::{Line, PostRef};
use crate::decide::authority::Hold;
use crate::decide::line::missing;
use crate::decide::{Scene, finding, with_post};
use crate::person::Person;
use crate::post::{Content, PostId, PostVersion};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;

/// The stored post that a line changes, with what its state says against it (step 6).
pub(super) struct Target<'p> {
    pub post: &'p PostVersion,
    pub stale: Vec<Finding>,
    /// Why the caller may touch it.
    pub hold: Hold,
}

fn one(rejection: Rejection, field: Field) -> Vec<Finding> {
    vec![finding(rejection, field)]
}

impl Scene<'_> {
    pub(super) fn parent(
        &self,
        person: &Person,
        reference: Option<&PostRef>,
        earlier: &BTreeMap<String, PostId>,
        field: &'static str,
        fits: impl Fn(&Content) -> bool,
    ) -> Result<Option<PostId>, Vec<Finding>> {
        let Some(reference) = reference else { return Ok(None) };
        let post = self.find(person, reference, earlier).filter(|post| !post.annulled && fits(&post.content));
        post.map(|post| Some(post.post_id)).ok_or_else(|| one(Rejection::NotFound, Field::Content(field)))
    }

    /// The post that a reference means, among this person's; a reference means it in exactly one way.
    pub(super) fn find<'p>(
        &self,
        person: &'p Person,
        reference: &PostRef,
        earlier: &BTreeMap<String, PostId>,
    ) -> Option<&'p PostVersion> {
        match (&reference.post_id, &reference.avsenders_referanse, &reference.registrerings_id) {
            (Some(id), None, None) => person.post(*id.as_ref().ok()?),
            (None, Some(own), None) => self.by_reference(person, own),
            (None, None, Some(line)) => person.post(*earlier.get(line)?),
            _ => None,
        }
    }

    pub(super) fn by_reference<'p>(&self, person: &'p Person, own: &str) -> Option<&'p PostVersion> {
        let system = self.avsendersystem();
        person.posts.iter().find(|post| post.references.iter().any(|(s, reference)| s == system && reference == own))
    }

    /// The avsendersReferanse of the line when it means another post than `own`: it stands for one record (K701), also
    /// when that was deleted (L803).
    pub(super) fn reference_in_use(&self, person: &Person, line: &Line, own: Option<PostId>) -> Option<Finding> {
        let reference = line.avsenders_referanse.as_ref()?;
        let field = Field::Line("avsendersReferanse");
        match self.by_reference(person, reference) {
            Some(post) if Some(post.post_id) == own => None,
            Some(post) => {
                let rejection = if post.annulled { Rejection::Deleted } else { Rejection::Duplicate };
                Some(with_post(finding(rejection, field), person, post.post_id, self))
            }
            // Another person's post: whose is not told.
            None => {
                let key = (self.avsendersystem().to_owned(), reference.clone());
                self.reference_taken(&key).then(|| finding(Rejection::Duplicate, field))
            }
        }
    }

    pub(super) fn named<'p>(
        &self,
        person: &'p Person,
        line: &Line,
        earlier: &BTreeMap<String, PostId>,
    ) -> Result<&'p PostVersion, Vec<Finding>> {
        let reference = line.post.as_ref().ok_or_else(|| one(Rejection::NotFound, Field::Line("post")))?;
        self.find(person, reference, earlier).ok_or_else(|| one(Rejection::NotFound, Field::Line("post")))
    }

    /// The stored post of ENDRE, KORRIGER, ANNULLER: there (L810), and of the own kommune (K706).
    pub(super) fn target<'p>(
        &self,
        person: &'p Person,
        line: &Line,
        earlier: &BTreeMap<String, PostId>,
    ) -> Result<Target<'p>, Vec<Finding>> {
        let post = self.named(person, line, earlier)?;
        let reference = line.post.as_ref();
        let versjon = reference.and_then(|reference| reference.versjon);
        if versjon.is_none() && reference.is_some_and(|reference| reference.post_id.is_some()) {
            // The register's id comes with the version that the sender read (contract.md 3).
            return Err(vec![missing(Field::Line("post/versjon"))]);
        }
        let hold = self.own_post(person, post)?;
        Ok(Target { post, stale: self.stale(person, post, versjon), hold })
    }

    /// Step 6 of a stored post: reported as wrong (L811), deleted (L803), or not as the sender read it (K702).
    pub(super) fn stale(&self, person: &Person, post: &PostVersion, asked: Option<i32>) -> Vec<Finding> {
        let refusal = if post.reported() {
            finding(Rejection::StruckAsWrong, Field::Line("post"))
        } else if post.annulled {
            finding(Rejection::Deleted, Field::Line("post"))
        } else if asked.is_some_and(|versjon| versjon != post.versjon) {
            finding(Rejection::VersionConflict, Field::Line("post/versjon"))
        } else {
            return Vec::new();
        };
        vec![with_post(refusal, person, post.post_id, self)]
    }
}
