//! Lists (contract.md 5): persons by category, all posts of a kommune, a person by another number. What a list is read from
//! is derived from the person alone ([`rader`], [`numre`]); the store keeps it beside the person, in the same transaction.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::fact::{Adressebeskyttelse, FactContent, Nummertype};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::kategori::{Friststatus, Fristtype, Kategorikode};
use crate::person::{Person, name, oppfoelging};
use crate::post::{Content, Ordning, PostVersion};
use crate::registry::Lov;
use crate::time::Period;

/// Most rows of one page (contract.md 5).
pub const MOST_ROWS: u32 = 1_000;

/// One row of the list of persons: a person that a kommune follows up, with a category or, for lists of everybody, without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listerad {
    /// Who follows the person up; absent before anybody was known to.
    pub kommune: Option<Kommunenummer>,
    /// The bydel, where the kommune has them.
    pub bydel: Option<Bydel>,
    /// The category; absent in the row of the person as such.
    pub kategori: Option<Listekategori>,
    /// The days on which this row is right: followed up by the kommune, with the category open.
    pub fra: NaiveDate,
    /// The first day on which it no longer is.
    pub til: Option<NaiveDate>,
    /// A measure of the category's scheme stands (of any scheme, in the row without a category).
    pub tiltak: bool,
    /// A decision of the scheme stands.
    pub vedtak: bool,
    /// An end goal of the scheme stands.
    pub sluttmaal: bool,
    /// Given names; absent for a strictly confidential person (VERN-1).
    pub fornavn: Option<String>,
    /// Family name; absent for a strictly confidential person.
    pub etternavn: Option<String>,
    /// Strictly confidential before this day; `NaiveDate::MAX` without end.
    pub skjermet_til: Option<NaiveDate>,
}

/// A category in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listekategori {
    /// Which.
    pub kode: Kategorikode,
    /// Code of the act.
    pub lov: String,
    /// The day on which it opened, whoever followed the person up then.
    pub fra: NaiveDate,
    /// The first deadline of its scheme that runs.
    pub frist: Option<(Fristtype, NaiveDate)>,
}

/// Which persons are asked for. What is absent does not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonListQuery {
    /// The day on which the category is open and the kommune follows up.
    pub day: NaiveDate,
    /// Followed up by these kommuner, all numbers that they had; empty asks for the whole country. A fylke is its kommuner.
    pub kommuner: Vec<Kommunenummer>,
    /// And this bydel.
    pub bydel: Option<Bydel>,
    /// With this category.
    pub kategori: Option<Kategorikode>,
    /// With a category of this scheme.
    pub ordning: Option<Ordning>,
    /// Under this act.
    pub lov: Option<Lov>,
    /// With or without a measure of the scheme.
    pub tiltak: Option<bool>,
    /// With or without a decision of the scheme.
    pub vedtak: Option<bool>,
    /// With or without a goal.
    pub sluttmaal: Option<bool>,
    /// This person.
    pub duf: Option<Duf>,
    /// Given names that begin so, whatever the case.
    pub fornavn: Option<String>,
    /// A family name that begins so.
    pub etternavn: Option<String>,
    /// Everybody who is followed up, one row a person, instead of one row for each open category.
    pub alle: bool,
    /// Strictly confidential persons, too: for approved users alone.
    pub skjermede: bool,
    /// At most so many rows, 1 to [`MOST_ROWS`].
    pub limit: u32,
    /// The mark of the page before; day and recorded time are then those of the first page.
    pub after: Option<String>,
}

impl PersonListQuery {
    /// Everybody with an open category on the day, 25 at a time.
    pub fn on(day: NaiveDate) -> Self {
        PersonListQuery {
            day,
            kommuner: Vec::new(),
            bydel: None,
            kategori: None,
            ordning: None,
            lov: None,
            tiltak: None,
            vedtak: None,
            sluttmaal: None,
            duf: None,
            fornavn: None,
            etternavn: None,
            alle: false,
            skjermede: false,
            limit: 25,
            after: None,
        }
    }

    /// Codes of the categories that are asked for, in order; the empty one is the row of the person as such.
    pub fn koder(&self) -> Vec<&'static str> {
        if self.alle && self.kategori.is_none() && self.ordning.is_none() {
            return vec![""];
        }
        let asked = |kode: &Kategorikode| {
            self.kategori.is_none_or(|one| one == *kode) && self.ordning.is_none_or(|ordning| kode.ordning() == ordning)
        };
        let mut all: Vec<&'static str> = Kategorikode::ALL.into_iter().filter(asked).map(Kategorikode::code).collect();
        all.sort_unstable();
        all
    }
}

/// A row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonListRow {
    /// Who.
    pub duf: Duf,
    /// What the list says; without a name while the person is strictly confidential.
    pub rad: Listerad,
    /// Strictly confidential on the day of the list.
    pub skjermet: bool,
}

/// A page of persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonListPage {
    /// By kommune, category and DUF.
    pub rows: Vec<PersonListRow>,
    /// The mark that the next page is asked for with; absent on the last.
    pub next: Option<String>,
    /// The day that is listed.
    pub day: NaiveDate,
    /// As recorded at this time: that of the first page.
    pub recorded: DateTime<Utc>,
}

/// Which posts are asked for: all that a kommune owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostListQuery {
    /// The kommune, all numbers that it had.
    pub kommuner: Vec<Kommunenummer>,
    /// Posts written from this bydel.
    pub bydel: Option<Bydel>,
    /// With posts that were annulled.
    pub annullerte: bool,
    /// Strictly confidential persons, too: for approved users alone.
    pub skjermede: bool,
    /// The day on which confidentiality is judged.
    pub day: NaiveDate,
    /// At most so many rows, 1 to [`MOST_ROWS`].
    pub limit: u32,
    /// The mark of the page before.
    pub after: Option<String>,
}

/// A post of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostListRow {
    /// Whose.
    pub duf: Duf,
    /// The version that was present, with the references that it had.
    pub post: PostVersion,
}

/// A page of posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostListPage {
    /// By kommune, DUF and row number. Fewer than were asked for do not say that it is the last page.
    pub rows: Vec<PostListRow>,
    /// The mark that the next page is asked for with; absent on the last.
    pub next: Option<String>,
    /// As recorded at this time: that of the first page.
    pub recorded: DateTime<Utc>,
}

/// A number that a person is searched by (contract.md 5, `finnPerson`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Soekenummer {
    /// Fødselsnummer or D-nummer, present or former.
    Ident,
    /// Another number.
    Annet(Nummertype),
    /// The person that a permit or a family tie names: how whoever depends on a sponsor is found. No caller asks by it.
    Referanseperson,
    /// The number that has replaced the person's: how former numbers are found. No caller asks by it.
    Etterfoelger,
}

impl Soekenummer {
    /// As the store writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Soekenummer::Ident => "IDENT",
            Soekenummer::Referanseperson => "REFERANSEPERSON",
            Soekenummer::Etterfoelger => "ETTERFOELGER",
            Soekenummer::Annet(Nummertype::RegNummer) => "REG_NUMMER",
            Soekenummer::Annet(Nummertype::UnhcrNummer) => "UNHCR_NUMMER",
            Soekenummer::Annet(Nummertype::Passnummer) => "PASSNUMMER",
        }
    }
}

/// The rows of the list that a person has. None when another number has replaced the person's.
pub fn rader(person: &Person) -> Vec<Listerad> {
    if person.replaced_by().is_some() {
        return Vec::new();
    }
    let skjermet_til = skjermet_til(person);
    let (fornavn, etternavn) = match skjermet_til {
        Some(NaiveDate::MAX) => (None, None),
        _ => name(&person.facts).unzip(),
    };
    let row = |kommune, bydel, kategori: Option<Listekategori>, days: Period, ordning: Option<Ordning>| {
        let of = |post: &PostVersion| ordning.is_none_or(|ordning| post.content.ordning() == ordning);
        let any = |is: &dyn Fn(&Content) -> bool| {
            person.posts.iter().any(|post| post.stands() && of(post) && is(&post.content))
        };
        Listerad {
            kommune,
            bydel,
            kategori,
            fra: days.from,
            til: days.to,
            tiltak: any(&|content| matches!(content, Content::Tiltak(_))),
            vedtak: any(&|content| matches!(content, Content::Vedtak(_))),
            sluttmaal: any(&|content| matches!(content, Content::Sluttmaal(_))),
            fornavn: fornavn.clone(),
            etternavn: etternavn.clone(),
            skjermet_til,
        }
    };
    let owned = oppfoelging(&person.facts);
    let mut all: Vec<Listerad> =
        owned.iter().map(|(days, place)| row(Some(place.kommune), place.bydel, None, *days, None)).collect();
    for kategori in person.beregnet.iter().flat_map(|beregnet| &beregnet.kategorier) {
        let ordning = kategori.kode.ordning();
        let listed = || {
            let frister = person.beregnet.iter().flat_map(|beregnet| &beregnet.frister);
            let running = frister.filter(|f| f.ordning == ordning && f.status == Friststatus::Loeper);
            Listekategori {
                kode: kategori.kode,
                lov: kategori.lov.code().to_owned(),
                fra: kategori.gyldig.from,
                frist: running
                    .filter_map(|f| f.dato.map(|dato| (f.fristtype, dato)))
                    .min_by_key(|(fristtype, dato)| (*dato, *fristtype)),
            }
        };
        let first = owned.first().map(|(days, _)| days.from);
        let before = match first {
            Some(first) if kategori.gyldig.from < first => {
                kategori.gyldig.common(&Period { from: kategori.gyldig.from, to: Some(first) })
            }
            Some(_) => None,
            None => Some(kategori.gyldig),
        };
        all.extend(before.map(|days| row(None, None, Some(listed()), days, Some(ordning))));
        for (days, place) in &owned {
            let Some(days) = kategori.gyldig.common(days) else { continue };
            all.push(row(Some(place.kommune), place.bydel, Some(listed()), days, Some(ordning)));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// The numbers that a person is found by, each once; letters are capitals, as whoever asks may write them either way.
pub fn numre(person: &Person) -> Vec<(Soekenummer, String)> {
    let mut all: Vec<(Soekenummer, String)> = person
        .facts
        .iter()
        .filter_map(|fact| match &fact.content {
            FactContent::Ident { number } => Some((Soekenummer::Ident, number.clone())),
            FactContent::Nummer { nummertype, verdi } => {
                Some((Soekenummer::Annet(*nummertype), verdi.to_ascii_uppercase()))
            }
            FactContent::Familie { annen, .. } => Some((Soekenummer::Referanseperson, annen.to_string())),
            FactContent::DufErstattet { ny } => Some((Soekenummer::Etterfoelger, ny.to_string())),
            FactContent::Oppholdstillatelse(permit) => {
                let sponsor = permit.referanseperson.as_ref().and_then(|sponsor| sponsor.duf)?;
                Some((Soekenummer::Referanseperson, sponsor.to_string()))
            }
            _ => None,
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The day from which the person is no longer strictly confidential; a start in the future does not wait (VERN-1).
fn skjermet_til(person: &Person) -> Option<NaiveDate> {
    let strict = person.facts.iter().filter(|fact| {
        matches!(fact.content, FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig })
    });
    strict.map(|fact| fact.valid.to.unwrap_or(NaiveDate::MAX)).max()
}
