//! `hentPersonliste`, `hentPostoversikt` and `finnPerson` (domain.md 10.5, 17.6): which persons and posts of a page a
//! caller sees. Lists are for the own oppfølgingskommune, current or former, and a hidden person is in none of them.

use chrono::NaiveDate;

use crate::fact::{FactContent, Nummertype};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::kategori::{Frist, Kategori, Kategorikode};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Content, Ordning, PostVersion};
use crate::query::access::Caller;
use crate::registry::Lov;

/// What a list is narrowed to; several hold at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these is open; empty means any.
    pub kategorier: Vec<Kategorikode>,
    /// Under this act.
    pub lov: Option<Lov>,
    /// Of this scheme.
    pub ordning: Option<Ordning>,
    /// With or without a decision.
    pub vedtak: Option<bool>,
    /// With or without measures.
    pub tiltak: Option<bool>,
    /// With or without an end goal.
    pub sluttmaal: Option<bool>,
    /// Followed up by this bydel.
    pub bydel: Option<Bydel>,
    /// Only this person.
    pub duf: Option<Duf>,
    /// The given names begin so.
    pub fornavn: Option<String>,
    /// The family name begins so.
    pub etternavn: Option<String>,
    /// Also those whom the kommune followed up before.
    pub tidligere: bool,
}

/// A person of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rad {
    /// The key.
    pub duf: Duf,
    /// Given names and family name.
    pub navn: Option<(String, String)>,
    /// Who follows up today.
    pub oppfoelging: (Kommunenummer, Option<Bydel>),
    /// The caller follows up today.
    pub gjeldende: bool,
    /// Open categories that the filter lets in.
    pub kategorier: Vec<Kategori>,
    /// Deadlines of their schemes that have a date.
    pub frister: Vec<Frist>,
    /// A decision is registered in one of their schemes.
    pub vedtak: bool,
    /// A measure is.
    pub tiltak: bool,
    /// An end goal is.
    pub sluttmaal: bool,
}

/// Whether the person may be in a list of this caller at all; `Some(true)` where it is followed up today.
pub fn listed(person: &Person, caller: &Caller<'_>, policy: &Policy, today: NaiveDate) -> Option<bool> {
    if person.hidden(today) || person.replaced_by().is_some() || !caller.user.roles.iter().any(|role| role.reads()) {
        return None;
    }
    let current = caller.follows(&person.facts, today, policy, today);
    (current || caller.ever_follows(&person.facts, policy, today)).then_some(current)
}

/// The person's row, where caller and filter let it in. Only open categories make a person one of a list (10.5).
pub fn rad(person: &Person, caller: &Caller<'_>, filter: &Filter, policy: &Policy, today: NaiveDate) -> Option<Rad> {
    if filter.duf.is_some_and(|duf| duf != person.duf) {
        return None;
    }
    let gjeldende = listed(person, caller, policy, today)?;
    if !gjeldende && !filter.tidligere {
        return None;
    }
    let placed = person.follow_up(today)?;
    if filter.bydel.is_some_and(|bydel| placed.bydel != Some(bydel)) {
        return None;
    }
    let beregnet = person.beregnet.as_ref()?;
    let kategorier: Vec<Kategori> = beregnet
        .kategorier
        .iter()
        .filter(|k| k.gyldig.contains(today))
        .filter(|k| filter.kategorier.is_empty() || filter.kategorier.contains(&k.kode))
        .filter(|k| filter.lov.is_none_or(|lov| k.lov == lov))
        .filter(|k| filter.ordning.is_none_or(|ordning| k.kode.ordning() == ordning))
        .cloned()
        .collect();
    if kategorier.is_empty() {
        return None;
    }
    let schemes: Vec<Ordning> = kategorier.iter().map(|k| k.kode.ordning()).collect();
    let registered = |kind: fn(&Content) -> bool| {
        let mut standing = person.posts.iter().filter(|post| post.stands() && kind(&post.content));
        standing.any(|post| schemes.contains(&post.content.ordning()))
    };
    let vedtak = registered(|content| matches!(content, Content::Vedtak(_)));
    let tiltak = registered(|content| matches!(content, Content::Tiltak(_)));
    let sluttmaal = registered(|content| matches!(content, Content::Sluttmaal(_)));
    let as_asked = |asked: Option<bool>, is: bool| asked.is_none_or(|asked| asked == is);
    if !as_asked(filter.vedtak, vedtak) || !as_asked(filter.tiltak, tiltak) || !as_asked(filter.sluttmaal, sluttmaal) {
        return None;
    }
    let navn = name(person, today);
    let begins = |asked: &Option<String>, part: Option<&String>| {
        asked
            .as_ref()
            .is_none_or(|asked| part.is_some_and(|part| part.to_lowercase().starts_with(&asked.to_lowercase())))
    };
    if !begins(&filter.fornavn, navn.as_ref().map(|(first, _)| first))
        || !begins(&filter.etternavn, navn.as_ref().map(|(_, last)| last))
    {
        return None;
    }
    let frister = beregnet.frister.iter().filter(|f| f.dato.is_some() && schemes.contains(&f.ordning)).cloned();
    Some(Rad {
        duf: person.duf,
        navn,
        oppfoelging: (placed.kommune, placed.bydel),
        gjeldende,
        frister: frister.collect(),
        kategorier,
        vedtak,
        tiltak,
        sluttmaal,
    })
}

fn name(person: &Person, today: NaiveDate) -> Option<(String, String)> {
    crate::person::name(person.facts.iter().filter(|fact| fact.valid.contains(today)))
}

/// The posts of a person that the caller's kommune owns (contract.md 0.17), by row number; those that are annulled only
/// where they are asked for. What a kommune wrote it reconciles, wherever the person lives now.
pub fn poster<'p>(
    person: &'p Person,
    caller: &Caller<'_>,
    kinds: &[String],
    with_annulled: bool,
    policy: &Policy,
    today: NaiveDate,
) -> Vec<&'p PostVersion> {
    if person.hidden(today) || !caller.user.roles.iter().any(|role| role.reads()) {
        return Vec::new();
    }
    let mut found: Vec<&PostVersion> = person
        .posts
        .iter()
        .filter(|post| policy.owns(caller.kommune, post.kommune, today))
        .filter(|post| caller.bydel.is_none_or(|own| post.bydel == Some(own)))
        .filter(|post| kinds.is_empty() || kinds.iter().any(|kind| kind == post.content.posttype()))
        .filter(|post| with_annulled || !post.annulled || post.struck())
        .collect();
    found.sort_by_key(|post| post.row_no);
    found
}

/// A number that a person is searched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Soekenummer {
    /// A fødselsnummer or D-nummer, present or former.
    Ident(String),
    /// Another number.
    Annet(Nummertype, String),
}

/// Whether the person has, or had, the number.
pub fn has_number(person: &Person, number: &Soekenummer) -> bool {
    person.facts.iter().any(|fact| match (&fact.content, number) {
        (FactContent::Ident { number: own }, Soekenummer::Ident(asked)) => own == asked,
        (FactContent::Nummer { nummertype, verdi }, Soekenummer::Annet(kind, asked)) => {
            nummertype == kind && verdi.eq_ignore_ascii_case(asked)
        }
        _ => false,
    })
}
