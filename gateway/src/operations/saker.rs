//! What `hentOverfoeringsfeil` and `hentSupportsak` have in common: lists of the avsendersystem's own cases, page by page in the
//! order in which they were opened.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use nir_xsd::message::Meldingshode;
use register::command::Header;
use register::decide::Now;
use register::id::Duf;
use register::person::Person;
use register::query::access::Caller;
use register::query::feilsak::hidden;
use register::receipt::Finding;
use register::registry::Registry;
use register::store::StoreError;

use crate::operations::Context;
use crate::operations::side::{self, Sakplace};
use crate::translate;

/// Who asks for which page.
pub struct Asked {
    /// The header in the register's words.
    pub header: Header,
    /// Cases of the page.
    pub size: usize,
    /// The case that it comes after.
    pub after: Option<Sakplace>,
    registry: Arc<Registry>,
    now: Now,
    question: String,
}

impl Asked {
    /// Judges the sender, then reads the question, the size and the token, which is one of this question alone.
    pub fn read<Q: Debug>(
        context: &Context,
        root: &str,
        hode: &Meldingshode,
        question: Result<Q, Vec<Finding>>,
        (antall, sidetoken): (Option<i32>, Option<&str>),
    ) -> Result<(Self, Q), Vec<Finding>> {
        let (header, errors) = context.sender(hode);
        if !errors.is_empty() {
            return Err(errors);
        }
        let asked = question?;
        let registry = context.registry();
        let now = context.now(&registry, hode);
        let question = format!("{root} {asked:?}");
        let page = || Ok((side::size(antall, side::DEFAULT)?, side::place(sidetoken, &question)?));
        let (size, after) = page().map_err(|error| vec![error])?;
        Ok((Asked { header, size, after, registry, now, question }, asked))
    }

    /// The user who asks.
    pub fn caller(&self, context: &Context) -> Result<Caller<'_>, Vec<Finding>> {
        let caller = Caller::of(&self.registry, &self.header, &context.app.policy, self.now.today);
        caller.ok_or_else(translate::may_not_list)
    }

    /// What leads to the page after this case.
    pub fn token(&self, last: &Sakplace) -> String {
        side::token(last, &self.question)
    }

    /// Whether a person of these is hidden from the caller.
    pub fn hides(
        &self,
        context: &Context,
        caller: &Caller<'_>,
        persons: &BTreeMap<Duf, Person>,
        duf: Option<&str>,
    ) -> bool {
        duf.is_some_and(|duf| hidden(persons, duf, caller, &context.app.policy, &self.now))
    }
}

/// The persons of these numbers that exist, and those whose numbers took the place of theirs.
pub async fn persons<'d>(
    context: &Context,
    dufs: impl Iterator<Item = &'d str>,
) -> Result<BTreeMap<Duf, Person>, StoreError> {
    let series = context.app.policy.test_series();
    let mut dufs: Vec<Duf> = dufs.filter_map(|duf| Duf::parse(duf, series).ok()).collect();
    dufs.sort_unstable();
    dufs.dedup();
    if dufs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut all = context.app.store.persons(&dufs).await?;
    let new: Vec<Duf> = all.iter().filter_map(Person::replaced_by).collect();
    if !new.is_empty() {
        all.extend(context.app.store.persons(&new).await?);
    }
    Ok(all.into_iter().map(|person| (person.duf, person)).collect())
}
