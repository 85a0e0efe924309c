//! Transfer errors (*feilsaker*, design.md 11; contract.md 4.5): a refused registration, person or message is a case; later
//! attempts at the same belong to it, and it is closed when one succeeds.
//!
//! What ties an attempt to a case: the same meldingsId, the meldingsId that it replaces, or the same avsendersReferanse.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Attempts of a case that are kept: the first, and the last ones. A program that sends the same over and over adds nothing.
pub const KEPT_ATTEMPTS: usize = 10;

/// How far a case has come (code list `saksstatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Saksstatus {
    /// Nobody has looked at it.
    Ny,
    /// An operator works with it.
    UnderArbeid,
    /// The sender sent it again, and it was taken.
    LoestAvAvsender,
    /// Solved otherwise.
    Loest,
    /// Rightly refused: nothing more happens.
    Avvist,
}

impl Saksstatus {
    /// Every one.
    pub const ALL: [Saksstatus; 5] =
        [Saksstatus::Ny, Saksstatus::UnderArbeid, Saksstatus::LoestAvAvsender, Saksstatus::Loest, Saksstatus::Avvist];

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Saksstatus::Ny => "NY",
            Saksstatus::UnderArbeid => "UNDER_ARBEID",
            Saksstatus::LoestAvAvsender => "LOEST_AV_AVSENDER",
            Saksstatus::Loest => "LOEST",
            Saksstatus::Avvist => "AVVIST",
        }
    }

    /// By its code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether somebody still has to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Saksstatus::Ny | Saksstatus::UnderArbeid)
    }
}

/// What a case is about, as its first attempt said it, and its cause, as the last one did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Innhold {
    /// Number of the kommune.
    pub kommune: String,
    /// `registreringsId` in its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registrerings_id: Option<String>,
    /// Kind of content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posttype: Option<String>,
    /// Main code of the last attempt.
    pub kode: String,
    /// Element that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub felt: Option<String>,
    /// Who can mend it.
    pub rettes_av: String,
    /// Product name and version of the last attempt.
    pub fagsystem: (String, String),
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feilsak {
    /// Its id.
    pub sak: Uuid,
    /// Whose message.
    pub avsendersystem: String,
    /// The sender's id of the record; of a whole message or person that of its first line.
    pub avsenders_referanse: Option<String>,
    /// The DUF number as sent; none where a whole message was refused.
    pub duf: Option<String>,
    /// The caseworker.
    pub saksbehandler_ref: Option<String>,
    /// How far it has come.
    pub status: Saksstatus,
    /// When the first attempt was refused.
    pub aapnet: DateTime<Utc>,
    /// When something last happened.
    pub endret: DateTime<Utc>,
    /// The last day of receipt on which its dates are inside the window; absent when they are outside or never fall out.
    pub vindu_lukker: Option<NaiveDate>,
    /// How many attempts there were, of which [`KEPT_ATTEMPTS`] are kept; counted where they are written.
    pub antall: i64,
    /// The rest.
    pub innhold: Innhold,
}

impl Feilsak {
    /// The cause group: code and field (design.md 11).
    pub fn gruppe(&self) -> String {
        gruppe(&self.innhold.kode, self.innhold.felt.as_deref())
    }
}

/// The cause group of a code and a field.
pub fn gruppe(kode: &str, felt: Option<&str>) -> String {
    felt.map_or_else(|| kode.to_owned(), |felt| format!("{kode} {felt}"))
}

/// One error of one attempt, as the answer named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sakfeil {
    /// Of which case.
    pub sak: Uuid,
    /// `feilId` of the answer.
    pub feil_id: Uuid,
    /// Whose message.
    pub avsendersystem: String,
    /// Which one.
    pub meldings_id: String,
    /// Receipt time.
    pub mottatt: DateTime<Utc>,
    /// Where the exchange stands in the evidence.
    pub chain: i32,
    /// Where the exchange stands in the evidence.
    pub position: i64,
    /// Its place among the errors of the answer.
    pub nr: i64,
    /// The code.
    pub kode: String,
    /// The element.
    pub felt: Option<String>,
}

/// An error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feil {
    /// Its id.
    pub feil_id: Uuid,
    /// Its code.
    pub kode: String,
    /// The element.
    pub felt: Option<String>,
}

/// What was refused together: a line, a person, or the message (no DUF, no line).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enhet {
    /// The DUF number as sent.
    pub duf: Option<String>,
    /// The line.
    pub registrerings_id: Option<String>,
    /// The sender's id.
    pub avsenders_referanse: Option<String>,
    /// Kind of content.
    pub posttype: Option<String>,
    /// Its errors, the main one first.
    pub feil: Vec<Feil>,
    /// Who can mend the main one.
    pub rettes_av: String,
    /// When its dates fall out of the window.
    pub vindu_lukker: Option<NaiveDate>,
}

/// A message as cases know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Melding {
    /// Whose.
    pub avsendersystem: String,
    /// Its id.
    pub meldings_id: String,
    /// The id it replaces.
    pub erstatter: Option<String>,
    /// Number of the kommune.
    pub kommune: String,
    /// The caseworker.
    pub saksbehandler_ref: Option<String>,
    /// Product name and version.
    pub fagsystem: (String, String),
    /// Receipt time.
    pub mottatt: DateTime<Utc>,
}

/// A line that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tatt {
    /// The person.
    pub duf: String,
    /// The line.
    pub registrerings_id: String,
    /// The sender's id.
    pub avsenders_referanse: Option<String>,
}

/// What to look for before a batch can say which cases its messages belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saksnoekler {
    /// (avsendersystem, meldingsId).
    pub ids: BTreeSet<(String, String)>,
    /// (avsendersystem, avsendersReferanse).
    pub references: BTreeSet<(String, String)>,
}

impl Saksnoekler {
    /// The ids of a message.
    pub fn message(&mut self, system: &str, meldings_id: &str, erstatter: Option<&str>) {
        let ids = [Some(meldings_id), erstatter].into_iter().flatten();
        self.ids.extend(ids.map(|id| (system.to_owned(), id.to_owned())));
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.references.is_empty()
    }
}

/// The open cases that the messages of a batch may touch, and what becomes of them.
#[derive(Debug, Default)]
pub struct Saker {
    saker: BTreeMap<Uuid, Feilsak>,
    by_id: HashMap<(String, String), BTreeSet<Uuid>>,
    by_reference: HashMap<(String, String), BTreeSet<Uuid>>,
    changed: BTreeSet<Uuid>,
    feil: Vec<Sakfeil>,
}

impl Saker {
    /// Those that were found open, and which of the ids looked for are ids of their attempts.
    pub fn new(found: impl IntoIterator<Item = Feilsak>, attempts: Vec<(Uuid, String)>) -> Self {
        let mut saker = Saker::default();
        for sak in found {
            saker.keep(sak);
        }
        for (sak, id) in attempts {
            if let Some(system) = saker.saker.get(&sak).map(|sak| sak.avsendersystem.clone()) {
                saker.by_id.entry((system, id)).or_default().insert(sak);
            }
        }
        saker
    }

    /// Whether there is nothing that a message without errors could touch.
    pub fn is_empty(&self) -> bool {
        self.saker.is_empty()
    }

    /// Cases that changed, in the order of their ids, and the errors of the new attempts.
    pub fn done(mut self) -> (Vec<Feilsak>, Vec<Sakfeil>) {
        let changed = self.changed.iter().filter_map(|sak| self.saker.remove(sak)).collect();
        (changed, self.feil)
    }

    fn keep(&mut self, sak: Feilsak) {
        if let Some(reference) = &sak.avsenders_referanse {
            let key = (sak.avsendersystem.clone(), reference.clone());
            self.by_reference.entry(key).or_default().insert(sak.sak);
        }
        self.saker.insert(sak.sak, sak);
    }

    fn open(&self, sak: &Uuid) -> Option<&Feilsak> {
        self.saker.get(sak).filter(|sak| sak.status.is_open())
    }

    /// Open cases that the message's ids tie it to.
    fn tied(&self, melding: &Melding) -> Vec<Uuid> {
        let ids = [Some(&melding.meldings_id), melding.erstatter.as_ref()].into_iter().flatten();
        let sets = ids.filter_map(|id| self.by_id.get(&(melding.avsendersystem.clone(), id.clone())));
        let all: BTreeSet<Uuid> = sets.flatten().copied().filter(|sak| self.open(sak).is_some()).collect();
        all.into_iter().collect()
    }

    /// Open cases of a reference: a line, its person and its message may each have one.
    fn of_reference(&self, system: &str, reference: &str) -> impl Iterator<Item = &Feilsak> {
        let saker = self.by_reference.get(&(system.to_owned(), reference.to_owned()));
        saker.into_iter().flatten().filter_map(|sak| self.open(sak))
    }

    /// What an answer says of a message: what it refused opens cases or joins them, what it took closes them. `whole` says
    /// that nothing of the message was refused.
    pub fn answered(&mut self, melding: &Melding, refused: &[Enhet], taken: &[Tatt], place: (i32, i64), whole: bool) {
        let tied = self.tied(melding);
        let mut joined = BTreeSet::new();
        for enhet in refused {
            let found = self.cases_of(melding, enhet, &tied, &joined);
            if found.is_empty() {
                joined.extend(self.begin(melding, enhet, place));
            }
            for sak in found {
                joined.insert(sak);
                self.join(sak, melding, enhet, place);
            }
        }
        let system = melding.avsendersystem.as_str();
        let mut solved: BTreeSet<Uuid> = tied
            .iter()
            .filter(|sak| whole || self.open(sak).is_some_and(|sak| of_taken(sak, taken)))
            .copied()
            .collect();
        let references = taken.iter().filter_map(|line| line.avsenders_referanse.as_deref());
        solved.extend(references.flat_map(|reference| self.of_reference(system, reference)).map(|sak| sak.sak));
        for sak in solved.difference(&joined) {
            if let Some(sak) = self.saker.get_mut(sak) {
                (sak.status, sak.endret) = (Saksstatus::LoestAvAvsender, melding.mottatt);
                self.changed.insert(sak.sak);
            }
        }
    }

    /// The open cases that what was refused belongs to: that of its reference (of a line rather the line's than the person's),
    /// of the same line of the message that came before, or of the message that was refused whole. A message that is refused
    /// whole belongs to all that it is tied to.
    fn cases_of(&self, melding: &Melding, enhet: &Enhet, tied: &[Uuid], joined: &BTreeSet<Uuid>) -> Vec<Uuid> {
        let tied = || tied.iter().filter_map(|sak| self.open(sak)).filter(|sak| !joined.contains(&sak.sak));
        let reference = enhet.avsenders_referanse.as_deref();
        let of_reference = reference.into_iter().flat_map(|text| self.of_reference(&melding.avsendersystem, text));
        let by_reference: Vec<&Feilsak> = of_reference.filter(|sak| !joined.contains(&sak.sak)).collect();
        if enhet.duf.is_none() {
            let all: Vec<Uuid> = tied().map(|sak| sak.sak).collect();
            return if all.is_empty() { by_reference.iter().map(|sak| sak.sak).collect() } else { all };
        }
        let same_kind = |sak: &&&Feilsak| sak.innhold.registrerings_id.is_some() == enhet.registrerings_id.is_some();
        let same_line = |sak: &&Feilsak| sak.duf == enhet.duf && sak.innhold.registrerings_id == enhet.registrerings_id;
        let found = by_reference
            .iter()
            .find(same_kind)
            .or(by_reference.first())
            .map(|sak| sak.sak)
            .or_else(|| tied().find(same_line).map(|sak| sak.sak))
            .or_else(|| tied().find(|sak| sak.duf.is_none()).map(|sak| sak.sak));
        found.into_iter().collect()
    }

    fn begin(&mut self, melding: &Melding, enhet: &Enhet, place: (i32, i64)) -> Option<Uuid> {
        let main = enhet.feil.first()?;
        // Errors of a person may be told of one line each: the line is part of the name.
        let name =
            format!("{}/{}", enhet.duf.as_deref().unwrap_or(""), enhet.registrerings_id.as_deref().unwrap_or(""));
        let sak = Uuid::new_v5(&main.feil_id, name.as_bytes());
        self.keep(Feilsak {
            sak,
            avsendersystem: melding.avsendersystem.clone(),
            avsenders_referanse: enhet.avsenders_referanse.clone(),
            duf: enhet.duf.clone(),
            saksbehandler_ref: melding.saksbehandler_ref.clone(),
            status: Saksstatus::Ny,
            aapnet: melding.mottatt,
            endret: melding.mottatt,
            vindu_lukker: enhet.vindu_lukker,
            antall: 0,
            innhold: Innhold {
                kommune: melding.kommune.clone(),
                registrerings_id: enhet.registrerings_id.clone(),
                posttype: enhet.posttype.clone(),
                kode: main.kode.clone(),
                felt: main.felt.clone(),
                rettes_av: enhet.rettes_av.clone(),
                fagsystem: melding.fagsystem.clone(),
            },
        });
        self.attempt(sak, melding, enhet, place);
        Some(sak)
    }

    fn join(&mut self, id: Uuid, melding: &Melding, enhet: &Enhet, place: (i32, i64)) {
        let (Some(sak), Some(main)) = (self.saker.get_mut(&id), enhet.feil.first()) else { return };
        sak.endret = melding.mottatt;
        sak.innhold.kode.clone_from(&main.kode);
        sak.innhold.felt.clone_from(&main.felt);
        sak.innhold.rettes_av.clone_from(&enhet.rettes_av);
        sak.innhold.fagsystem = melding.fagsystem.clone();
        sak.vindu_lukker = enhet.vindu_lukker.or(sak.vindu_lukker);
        // A message that was refused whole says more of itself once it is read.
        if sak.duf.is_none() && enhet.duf.is_some() {
            sak.duf.clone_from(&enhet.duf);
            sak.innhold.registrerings_id.clone_from(&enhet.registrerings_id);
            sak.innhold.posttype.clone_from(&enhet.posttype);
            sak.avsenders_referanse.clone_from(&enhet.avsenders_referanse);
            let again = sak.clone();
            self.keep(again);
        }
        self.attempt(id, melding, enhet, place);
    }

    fn attempt(&mut self, sak: Uuid, melding: &Melding, enhet: &Enhet, (chain, position): (i32, i64)) {
        let id = (melding.avsendersystem.clone(), melding.meldings_id.clone());
        self.by_id.entry(id).or_default().insert(sak);
        self.changed.insert(sak);
        let told = i64::try_from(self.feil.len()).unwrap_or(i64::MAX);
        self.feil.extend((told..).zip(&enhet.feil).map(|(nr, feil)| Sakfeil {
            sak,
            feil_id: feil.feil_id,
            avsendersystem: melding.avsendersystem.clone(),
            meldings_id: melding.meldings_id.clone(),
            mottatt: melding.mottatt,
            chain,
            position,
            nr,
            kode: feil.kode.clone(),
            felt: feil.felt.clone(),
        }));
    }
}

/// Whether a line that was taken is what the case is about: the same line, or any of its person; a case of a whole message
/// ends when any line is taken.
fn of_taken(sak: &Feilsak, taken: &[Tatt]) -> bool {
    taken.iter().any(|line| {
        sak.duf.as_ref().is_none_or(|duf| *duf == line.duf)
            && sak.innhold.registrerings_id.as_ref().is_none_or(|id| *id == line.registrerings_id)
    })
}

/// What is asked of the cases of an avsendersystem (`hentOverfoeringsfeil`). An absent filter lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saksspoersmaal {
    /// Whose.
    pub avsendersystem: String,
    /// In one of these states; none means all.
    pub status: Vec<Saksstatus>,
    /// With this DUF number.
    pub duf: Option<String>,
    /// With an attempt of this id.
    pub meldings_id: Option<String>,
    /// Of this caseworker.
    pub saksbehandler_ref: Option<String>,
    /// Only what stands after this one.
    pub after: Option<(DateTime<Utc>, Uuid)>,
}

/// Errors of an attempt, in the order they were told in.
pub type Forsoek = Vec<Sakfeil>;

/// The attempts among the errors of one case, first to last.
pub fn forsoek(mut feil: Vec<Sakfeil>) -> Vec<Forsoek> {
    feil.sort_by_key(|feil| (feil.mottatt, feil.chain, feil.position, feil.nr));
    feil.chunk_by(|a, b| (a.chain, a.position) == (b.chain, b.position)).map(<[Sakfeil]>::to_vec).collect()
}

/// Whether an answer with this code is given of unknown persons, too: of a hidden person nothing else may be told (VERN-1a).
pub fn told_of_unknown(kode: &str) -> bool {
    let sender = ["NIR-A401", "NIR-A402", "NIR-A403", "NIR-A404", "NIR-A405", "NIR-A411", "NIR-A414", "NIR-A415"];
    kode == "NIR-B501"
        || kode.starts_with("NIR-X")
        || sender.contains(&kode)
        || kode == "NIR-V607"
        || kode == "NIR-V608"
}
