//! A message of a source register: facts about persons, each of a kind that is the source's to tell (domain.md 4). A person
//! that the register does not know begins with it.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::change::{Addressed, Change, Opphav};
use crate::command::Transaksjon;
use crate::decide::beregning::{Cause, NewFact, write_facts};
use crate::decide::{Decision, Ids, Now, PersonOutcome, all_errors, finding, is_error};
use crate::fact::{Fact, FactContent};
use crate::id::{Duf, Orgnr};
use crate::person::{Person, follow_up};
use crate::policy::Policy;
use crate::receipt::{Field, Finding, LineOutcome, LineResult, PersonResult, Status};
use crate::registry::{PartyKind, Registry};
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::{Period, oslo_date};

/// What a source sends, with the signer that the signature proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grunnlagsmelding {
    /// Organization of the verified signing certificate.
    pub signer: Orgnr,
    /// Organization of the TLS client certificate, where it names one.
    pub tls_client: Option<Orgnr>,
    /// Unique at the source.
    pub meldings_id: String,
    /// Minor version of the contract the caller was built against.
    pub kontraktversjon: String,
    /// The source, as sent (code list `kilde`).
    pub kilde: String,
    /// When the sender wrote the message.
    pub opprettet: DateTime<Utc>,
    /// ALT unless sent.
    pub transaksjon: Transaksjon,
    /// 1–500, at most 1,000 facts in all.
    pub persons: Vec<Persongrunnlag>,
    /// Errors of form of the message as a whole.
    pub form_errors: Vec<Finding>,
    /// SHA-256 over the decoded message without `opprettet`.
    pub digest: [u8; 32],
}

/// One person with its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persongrunnlag {
    /// As sent (12 digits by schema).
    pub duf_text: String,
    /// In document order.
    pub lines: Vec<Opplysning>,
}

/// One fact as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opplysning {
    /// The source's own id of it.
    pub kilde_id: String,
    /// What is done with it; `Err` holds an unknown code (X307).
    pub handling: Result<Kildehandling, String>,
    /// Its kind, where the message says one.
    pub kind: Option<&'static str>,
    /// What it says, where it can be read.
    pub content: Option<FactContent>,
    /// When it is true.
    pub valid: Option<Period>,
    /// Errors of form found while translating.
    pub form_errors: Vec<Finding>,
}

/// What a source does with a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kildehandling {
    /// So it is: new, or in place of what was said before under the same id.
    Sett,
    /// It never was.
    Annuller,
}

impl Grunnlagsmelding {
    /// What the ids of its messages are unique in. No avsendersystem has a space in its id.
    pub fn scope(&self) -> String {
        format!("KILDE {}", self.kilde)
    }

    /// Whom it names that can be read: those it is about, and those that others are merged into.
    pub fn dufs(&self, policy: &Policy) -> Vec<Duf> {
        let about = self.persons.iter().filter_map(|person| Duf::parse(&person.duf_text, policy.test_series()).ok());
        let merged = self.persons.iter().flat_map(|person| &person.lines).filter_map(|line| match line.content {
            Some(FactContent::DufErstattet { ny }) => Some(ny),
            _ => None,
        });
        about.chain(merged).collect()
    }

    /// Persons of whom a permit or a citizenship is told, or something is taken back: others may depend on it.
    pub fn sponsors(&self, policy: &Policy) -> Vec<Duf> {
        let tells = |line: &Opplysning| matches!(line.kind, Some("OPPHOLDSTILLATELSE" | "STATSBORGERSKAP") | None);
        let persons = self.persons.iter().filter(|person| person.lines.iter().any(tells));
        persons.filter_map(|person| Duf::parse(&person.duf_text, policy.test_series()).ok()).collect()
    }

    /// Whether somebody may be protected from it on, or come into other hands: then what streams hold of them is looked at.
    pub fn may_protect(&self) -> bool {
        let hides =
            |line: &Opplysning| line.kind.is_none() || line.content.as_ref().is_some_and(FactContent::may_protect);
        self.persons.iter().flat_map(|person| &person.lines).any(hides)
    }

    /// Who begins with it, where it is not there and the facts can be told.
    pub fn begins(&self, registry: &Registry, policy: &Policy, wall: DateTime<Utc>) -> Vec<Duf> {
        let Some(kilde) = authorized(registry, self, policy, wall) else { return Vec::new() };
        let told = |person: &&Persongrunnlag| {
            person.lines.iter().any(|line| line.handling == Ok(Kildehandling::Sett))
                && person.lines.iter().all(|line| judge_line(line, kilde, policy).is_empty())
        };
        let dufs = self.persons.iter().filter(told).filter_map(|person| duf(person, policy).ok());
        dufs.collect()
    }
}

/// The source, if the signer is it and its own TLS end carries the message: nobody sends on a source's behalf.
pub fn authorized(
    registry: &Registry,
    melding: &Grunnlagsmelding,
    policy: &Policy,
    wall: DateTime<Utc>,
) -> Option<Opphav> {
    let party = registry.parties.get(&melding.signer)?;
    let itself = party.kind == PartyKind::Kilde
        && party.kilde.as_deref() == Some(melding.kilde.as_str())
        && party.valid.contains(oslo_date(wall))
        && melding.tls_client.is_none_or(|carrier| carrier == melding.signer);
    policy.source(&melding.kilde).filter(|_| itself)
}

/// Judges one message of a source. Total: never fails, never panics on any message.
pub fn decide_grunnlag(
    state: &State<'_>,
    melding: &Grunnlagsmelding,
    policy: &Policy,
    now: &Now,
    ids: &mut dyn Ids,
) -> Decision {
    let (registry, wall) = (state.registry, now.received);
    let Some(kilde) = authorized(registry, melding, policy, wall) else {
        return refused(melding, vec![finding(Rejection::UnknownAvsendersystem, Field::Header("kilde"))]);
    };
    let mut findings = melding.form_errors.clone();
    if melding.opprettet.date_naive() < policy.ids_kept_since(now.recorded.date_naive()) {
        findings.push(finding(Rejection::MessageTooOld, Field::Header("opprettet")));
    }
    if findings.iter().any(is_error) {
        return refused(melding, findings);
    }
    // Facts have no window: they are judged as of the day on which they are known, so that a day that comes meanwhile tells
    // what was known before it and nothing else.
    let known = wall.max(now.recorded);
    let scene = Scene { registry, policy, kilde, melding, wall: known, recorded: now.recorded };
    // A person named twice is judged on what its first mention did.
    let mut present: BTreeMap<Duf, Person> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(melding.persons.len());
    for sent in &melding.persons {
        let known = |duf: &Duf| present.get(duf).or_else(|| state.persons.get(duf));
        let (outcome, notices) = scene.judge(sent, known, ids);
        if let Some(person) = outcome.present.as_ref().filter(|_| outcome.result.accepted) {
            present.insert(person.duf, person.clone());
        }
        outcomes.push((outcome, notices));
    }
    if melding.transaksjon == Transaksjon::Alt && outcomes.iter().any(|(outcome, _)| !outcome.result.accepted) {
        outcomes.iter_mut().for_each(|(outcome, _)| outcome.fall());
    }
    // After this point the message succeeds for every person that is still accepted.
    let accepted = outcomes.iter().filter(|(outcome, _)| outcome.result.accepted).count();
    let status = match accepted {
        0 => Status::Avvist,
        n if n == outcomes.len() => Status::Godtatt,
        _ => Status::DelvisGodtatt,
    };
    let (mut changes, mut notices, mut persons) = (Vec::new(), Vec::new(), Vec::new());
    for (outcome, told) in outcomes {
        if outcome.result.accepted {
            changes.extend(outcome.changes);
            notices.extend(told);
        }
        persons.push(outcome.result);
    }
    let spends_id = spends_id(accepted, &findings, &persons);
    Decision { status, findings, persons, changes, notices, spends_id }
}

fn spends_id(accepted: usize, findings: &[Finding], persons: &[PersonResult]) -> bool {
    accepted > 0 || !all_errors(findings, persons).any(|r| r.may_succeed_later() || r.outside_message())
}

/// The message as a whole cannot: every line falls, mirrored all the same.
pub(crate) fn refused(melding: &Grunnlagsmelding, findings: Vec<Finding>) -> Decision {
    let persons = melding.persons.iter().map(|person| not_carried_out(person, Vec::new())).collect();
    let spends_id = spends_id(0, &findings, &[]);
    Decision { status: Status::Avvist, findings, persons, changes: Vec::new(), notices: Vec::new(), spends_id }
}

fn not_carried_out(person: &Persongrunnlag, findings: Vec<Finding>) -> PersonResult {
    let lines = person.lines.iter().map(|line| result(line, LineOutcome::IkkeUtfoert, Vec::new())).collect();
    PersonResult { duf_text: person.duf_text.clone(), accepted: false, findings, lines }
}

fn result(line: &Opplysning, outcome: LineOutcome, findings: Vec<Finding>) -> LineResult {
    LineResult { registrerings_id: line.kilde_id.clone(), outcome, posttype: line.kind, post: None, findings }
}

fn fallen(result: PersonResult) -> (PersonOutcome, Vec<Addressed>) {
    (outcome(result, Vec::new(), None), Vec::new())
}

/// Of a person of whom facts are told: nothing is registered, so what follows from registrations is none.
fn outcome(result: PersonResult, changes: Vec<Change>, present: Option<Person>) -> PersonOutcome {
    let (full_time, taken_over, mangler) = (Vec::new(), Vec::new(), Vec::new());
    PersonOutcome { result, changes, present, before: None, full_time, taken_over, hidden: false, mangler }
}

/// X309, X313: facts of the number alone.
fn duf(person: &Persongrunnlag, policy: &Policy) -> Result<Duf, Finding> {
    let refuse = |rejection| finding(rejection, Field::Person("dufNummer"));
    match Duf::parse(&person.duf_text, policy.test_series()) {
        Err(_) => Err(refuse(Rejection::InvalidDuf)),
        Ok(duf) if duf.is_synthetic() && !policy.accepts_person(true) => Err(refuse(Rejection::SyntheticPerson)),
        Ok(duf) => Ok(duf),
    }
}

/// What is wrong with a line alone: its form (step 0 of domain.md 15.1), or a kind of fact that is not the source's (A406).
fn judge_line(line: &Opplysning, kilde: Opphav, policy: &Policy) -> Vec<Finding> {
    let mut all = line.form_errors.clone();
    if let Err(code) = &line.handling {
        let mut unknown = finding(Rejection::UnknownCode, Field::Line("handling"));
        unknown.params = vec![("kodeverk", "handling".to_owned()), ("kode", code.clone())];
        all.push(unknown);
    }
    if line.valid.is_some_and(|valid| valid.to.is_some_and(|to| to <= valid.from)) {
        all.push(finding(Rejection::EndBeforeStart, Field::Line("tilDato")));
    }
    all.extend(line.content.as_ref().and_then(|content| content_error(content, policy)));
    if let Some(kind) = line.kind.filter(|kind| !policy.tells(kilde, kind)) {
        let mut not_theirs = finding(Rejection::RoleLacksOrdning, Field::Line("innhold"));
        not_theirs.params = vec![("opplysning", kind.to_owned()), ("kilde", kilde.code().to_owned())];
        all.push(not_theirs);
    }
    all
}

/// Places that there are not (X312), and numbers that are not registered here (X313).
fn content_error(content: &FactContent, policy: &Policy) -> Option<Finding> {
    let unknown = |field| Some(finding(Rejection::UnknownKommune, Field::Content(field)));
    match content {
        FactContent::Oppfoelging { kommune, bydel }
        | FactContent::Bosted { kommune, bydel }
        | FactContent::Bosetting { kommune, bydel, .. } => match bydel {
            _ if !policy.kommune_known(*kommune) => unknown("kommunenummer"),
            Some(bydel) if !policy.bydel_known(*bydel) || bydel.kommune() != Some(*kommune) => unknown("bydelsnummer"),
            _ => None,
        },
        FactContent::Mottak { kommune, .. } if !policy.kommune_known(*kommune) => unknown("kommunenummer"),
        _ => None,
    }
}

struct Scene<'a> {
    registry: &'a Registry,
    policy: &'a Policy,
    kilde: Opphav,
    melding: &'a Grunnlagsmelding,
    wall: DateTime<Utc>,
    recorded: DateTime<Utc>,
}

impl Scene<'_> {
    fn judge<'p>(
        &self,
        sent: &Persongrunnlag,
        known: impl Fn(&Duf) -> Option<&'p Person>,
        ids: &mut dyn Ids,
    ) -> (PersonOutcome, Vec<Addressed>) {
        let duf = match duf(sent, self.policy) {
            Ok(duf) => duf,
            Err(finding) => return fallen(not_carried_out(sent, vec![finding])),
        };
        let there = known(&duf);
        let begins = sent.lines.iter().any(|line| line.handling != Ok(Kildehandling::Annuller));
        if there.is_none() && !begins {
            let unknown = finding(Rejection::UnknownPerson, Field::Person("dufNummer"));
            return fallen(not_carried_out(sent, vec![unknown]));
        }
        let new;
        let person = match there {
            Some(person) => person,
            None => {
                new = Person::begun(duf, self.recorded);
                &new
            }
        };
        let mut lines = Vec::with_capacity(sent.lines.len());
        let mut facts = Vec::new();
        for line in &sent.lines {
            let mut findings = judge_line(line, self.kilde, self.policy);
            if findings.is_empty() {
                findings.extend(self.merged(person, line, &known));
            }
            let (outcome, fact) = self.outcome(person, line);
            if findings.is_empty() {
                facts.extend(fact);
                lines.push(result(line, outcome, findings));
            } else {
                lines.push(result(line, LineOutcome::Avvist, findings));
            }
        }
        let accepted = lines.iter().all(|line| line.outcome != LineOutcome::Avvist);
        let result = PersonResult { duf_text: sent.duf_text.clone(), accepted, findings: Vec::new(), lines };
        if !accepted {
            let (mut outcome, notices) = fallen(result);
            outcome.fall();
            return (outcome, notices);
        }
        let now = self.now(person, &facts);
        let cause = Cause { opphav: self.kilde, message: None };
        let written = write_facts(self.registry, self.policy, person, &facts, &now, cause, ids);
        let mut present = person.clone();
        written.changes.iter().for_each(|change| present.apply(change));
        (outcome(result, written.changes, Some(present)), written.notices)
    }

    /// The times of a person: by the clock of the kommune that follows it up, before the message or by what it says.
    fn now(&self, person: &Person, facts: &[NewFact]) -> Now {
        let today = oslo_date(self.wall);
        let told: Vec<Fact> = facts.iter().map(|fact| row(fact, self.recorded)).collect();
        let place = person.follow_up(today).or_else(|| follow_up(&told, today)).map(|place| place.kommune);
        let received = self.registry.register_time(place, self.wall).trunc_subsecs(6);
        Now { received, today: oslo_date(received), recorded: self.recorded }
    }

    /// A number that was replaced is not written about any more (L806), but for its replacement itself; and a number is not
    /// replaced by itself, by one that nobody knows (B501), or by one that was itself replaced (L806).
    fn merged<'p>(
        &self,
        person: &Person,
        line: &Opplysning,
        known: &impl Fn(&Duf) -> Option<&'p Person>,
    ) -> Option<Finding> {
        let superseded = |field, new: Duf| {
            let mut superseded = finding(Rejection::DufSuperseded, field);
            superseded.params.push(("etterfoelger", new.to_string()));
            superseded
        };
        if let Some(FactContent::DufErstattet { ny }) = line.content {
            let field = Field::Content("nyttDufNummer");
            if ny == person.duf {
                return Some(finding(Rejection::InvalidDuf, field));
            }
            let told = self.melding.persons.iter().any(|other| other.duf_text == ny.to_string());
            return match known(&ny) {
                Some(other) => other.replaced_by().map(|newer| superseded(field, newer)),
                None if told => None,
                None => Some(finding(Rejection::UnknownPerson, field)),
            };
        }
        let replaced = person.facts.iter().find_map(|fact| match fact.content {
            FactContent::DufErstattet { ny } => Some((fact, ny)),
            _ => None,
        });
        let (fact, ny) = replaced?;
        let takes_it_back = line.handling == Ok(Kildehandling::Annuller) && self.is_said(fact, line);
        (!takes_it_back).then(|| superseded(Field::Person("dufNummer"), ny))
    }

    /// Whether the fact is what this source said under the id.
    fn is_said(&self, fact: &Fact, line: &Opplysning) -> bool {
        fact.source == self.kilde.code() && fact.source_id == line.kilde_id
    }

    /// What becomes of a line, and the fact that it writes.
    fn outcome(&self, person: &Person, line: &Opplysning) -> (LineOutcome, Option<NewFact>) {
        let said = person.facts.iter().find(|fact| self.is_said(fact, line));
        let fact = |content: &FactContent, valid, annulled| NewFact {
            source: self.kilde.code().to_owned(),
            source_id: line.kilde_id.clone(),
            content: content.clone(),
            valid,
            annulled,
        };
        match (&line.handling, said, &line.content, line.valid) {
            (Ok(Kildehandling::Annuller), Some(said), ..) => {
                (LineOutcome::Annullert, Some(fact(&said.content, said.valid, true)))
            }
            (Ok(Kildehandling::Sett), Some(said), Some(content), Some(valid)) => {
                let same = said.content == *content && said.valid == valid;
                let outcome = if same { LineOutcome::Uendret } else { LineOutcome::Korrigert };
                (outcome, Some(fact(content, valid, false)))
            }
            (Ok(Kildehandling::Sett), None, Some(content), Some(valid)) => {
                (LineOutcome::Registrert, Some(fact(content, valid, false)))
            }
            // What was never said, or was taken back already.
            _ => (LineOutcome::Uendret, None),
        }
    }
}

/// The row that the fact would be, for what places alone say.
fn row(fact: &NewFact, recorded: DateTime<Utc>) -> Fact {
    Fact {
        row_no: 0,
        source: fact.source.clone(),
        source_id: fact.source_id.clone(),
        content: fact.content.clone(),
        valid: fact.valid,
        annulled: fact.annulled,
        system_from: recorded,
        system_to: None,
    }
}
