//! The one function that is the domain: `decide(state, command, policy, now)`.
//!
//! Guards stand in the order of domain.md 15.1; everything that can be said at once is said at once.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::change::{Addressed, Change, Opphav};
use crate::command::{Command, Line, Transaksjon};
use crate::id::{Bydel, Duf, Kommunenummer};
use crate::kategori::Beregnet;
use crate::konsistens::Mangel;
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Content, PostId, PostVersion};
use crate::receipt::{Field, Finding, LineOutcome, LineResult, PersonResult, PostAnswer, Severity, Status};
use crate::registry::{Registry, Role, TransferUser};
use crate::rejection::Rejection;
use crate::state::State;

/// The times a decision uses; all come from the caller.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Receipt time, register clock; a judged-anew message keeps its first one (contract.md 4.4).
    pub received: DateTime<Utc>,
    /// The day in Oslo of `received`.
    pub today: NaiveDate,
    /// Wall time of the transaction: `system_from` of what is written, and for inactivity (A405).
    pub recorded: DateTime<Utc>,
}

/// Where new ids come from; random in service, counted in tests.
pub trait Ids {
    /// A fresh id.
    fn uuid(&mut self) -> Uuid;
}

/// The outcome: an answer without its numbers, the changes, and who must hear of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The whole.
    pub status: Status,
    /// Errors of the message as a whole.
    pub findings: Vec<Finding>,
    /// One per person sent.
    pub persons: Vec<PersonResult>,
    /// Empty when refused.
    pub changes: Vec<Change>,
    /// In order, for every stream concerned, the sender's own included.
    pub notices: Vec<Addressed>,
    /// Whether this answer spends the meldingsId (contract.md 4.4).
    pub spends_id: bool,
}

mod arbeid;
mod authority;
mod avslutning;
pub mod beregning;
mod common;
pub mod dag;
pub mod feilregistrert;
mod fravaer;
mod hendelser;
pub mod importert;
mod intro;
mod kategori;
pub mod kilde;
mod kontakt;
mod line;
mod norsk;
mod notices;
mod permisjon;
mod person_guard;
mod sender;
mod stored;
mod system;
mod tiltak;
mod varighet;
mod vedtak;
mod window;

pub(crate) use hendelser::mottakere::may_know;

use hendelser::mottakere::{Sted, Teller};

pub use sender::{authorized_system, may_carry, may_not_receive, sender_findings, speaks_for};
pub use system::run_out;

/// Who an avsendersReferanse belongs to, by avsendersystem and reference.
pub type References = BTreeMap<(String, String), (Duf, PostId)>;

impl Decision {
    /// Whether the sender itself was refused: such an answer says nothing of the stream.
    pub fn sender_refused(&self) -> bool {
        self.findings.iter().any(is_error)
    }
}

/// Everything a rule may look at besides the person.
struct Scene<'a> {
    registry: &'a Registry,
    references: &'a References,
    /// Everybody who was loaded.
    persons: &'a BTreeMap<Duf, Person>,
    /// References that earlier persons of the message took.
    taken: &'a References,
    policy: &'a Policy,
    now: &'a Now,
    command: &'a Command,
    user: &'a TransferUser,
    kommune: Kommunenummer,
    bydel: Option<Bydel>,
    /// An earlier line of the same person was refused: what follows from that is not said again.
    earlier_line_failed: bool,
}

impl Scene<'_> {
    fn roles(&self) -> &[Role] {
        &self.user.roles
    }

    fn avsendersystem(&self) -> &str {
        &self.command.header.avsendersystem
    }

    /// Whether the reference is in use for any person.
    fn reference_taken(&self, reference: &(String, String)) -> bool {
        self.references.contains_key(reference) || self.taken.contains_key(reference)
    }
}

/// A finding that refuses.
pub fn finding(rejection: Rejection, field: Field) -> Finding {
    Finding {
        rejection,
        severity: Severity::Error,
        field,
        params: Vec::new(),
        tidligste_dato: None,
        regel: None,
        post: None,
    }
}

fn with_post(mut finding: Finding, person: &Person, post: PostId, scene: &Scene<'_>) -> Finding {
    finding.post = person.post(post).map(|p| post_answer(p, scene.avsendersystem(), true));
    finding
}

/// A post as an answer to this avsendersystem names it.
pub fn post_answer(post: &PostVersion, avsendersystem: &str, with_channel: bool) -> PostAnswer {
    PostAnswer {
        post_id: post.post_id,
        versjon: post.versjon,
        avsenders_referanse: post.reference_of(avsendersystem).map(str::to_owned),
        sist_endret_av: with_channel.then(|| post.channel.code().to_owned()),
    }
}

/// Judges one message. Total: never fails, never panics on any command.
pub fn decide(state: &State<'_>, command: &Command, policy: &Policy, now: &Now, ids: &mut dyn Ids) -> Decision {
    let mut findings = sender_findings(state.registry, &command.header, policy, now);
    findings.extend(sender::closed(state.registry, &command.header, policy, now));
    findings.extend(command.form_errors.iter().cloned());
    let user = state.registry.users.get(&command.header.overfoeringsbruker);
    let system = state.registry.avsendersystemer.get(&command.header.avsendersystem);
    let (Some(user), Some(system), false) = (user, system, findings.iter().any(is_error)) else {
        return refused_whole(command, findings);
    };
    // In the months of grace an old number means the kommune that took over (contract.md 0.17).
    let kommune = policy.present_number(command.header.kommune.clone().unwrap_or(system.kommune), now.today);
    let bydel = command.header.bydel.clone().and_then(Result::ok).or(system.bydel).or(user.bydel);
    let mut outcomes: Vec<PersonOutcome> = Vec::with_capacity(command.persons.len());
    // A person named twice is judged on what its first mention did, a reference is taken once, and a line may point at
    // any earlier one of the message.
    let mut changed: BTreeMap<Duf, Person> = BTreeMap::new();
    let mut taken = References::new();
    let mut earlier = BTreeMap::new();
    for sent in &command.persons {
        let scene = Scene {
            registry: state.registry,
            references: &state.references,
            persons: &state.persons,
            taken: &taken,
            policy,
            now,
            command,
            user,
            kommune,
            bydel,
            earlier_line_failed: false,
        };
        let duf = Duf::parse(&sent.duf_text, policy.test_series());
        let person = duf.as_ref().ok().and_then(|duf| changed.get(duf).or_else(|| state.persons.get(duf)));
        let outcome = person_guard::judge(scene, duf, person, sent, &mut earlier, ids);
        if outcome.result.accepted {
            taken.extend(outcome.changes.iter().flat_map(Change::references));
            if command.persons.len() > 1 {
                changed.extend(outcome.present.clone().map(|present| (present.duf, present)));
            }
        }
        outcomes.push(outcome);
    }
    if command.transaksjon == Transaksjon::Alt && outcomes.iter().any(|outcome| !outcome.result.accepted) {
        outcomes.iter_mut().for_each(PersonOutcome::fall);
    }
    // After this point the command succeeds for every person that is still accepted.
    let accepted = outcomes.iter().filter(|outcome| outcome.result.accepted).count();
    let status = match accepted {
        0 => Status::Avvist,
        n if n == outcomes.len() => Status::Godtatt,
        _ => Status::DelvisGodtatt,
    };
    let mut changes = Vec::new();
    let mut notices = Vec::new();
    for outcome in &mut outcomes {
        if outcome.result.accepted {
            notices.extend(notices::of(state.registry, policy, now, command, outcome, ids));
            if let Some(present) = &outcome.present {
                let message = Some((command.header.meldings_id.as_str(), command.header.avsendersystem.as_str()));
                let cause = beregning::Cause { opphav: Opphav::AnnenKommune, message };
                let before = outcome.before.as_ref();
                notices.extend(beregning::notices(state.registry, policy, before, present, now, cause, ids));
                let teller = Teller { registry: state.registry, policy, now, cause };
                notices.extend(hendelser::mangel::tell(&teller, present, &outcome.mangler, ids));
            }
            changes.append(&mut outcome.changes);
        }
    }
    let persons: Vec<PersonResult> = outcomes.into_iter().map(|outcome| outcome.result).collect();
    let spends_id =
        accepted > 0 || !all_errors(&findings, &persons).any(|r| r.may_succeed_later() || r.outside_message());
    Decision { status, findings, persons, changes, notices, spends_id }
}

/// What became of one person, and the changes it would make.
struct PersonOutcome {
    result: PersonResult,
    changes: Vec<Change>,
    /// The person with the changes folded in.
    present: Option<Person>,
    /// What had been computed before the message.
    before: Option<Beregnet>,
    /// Strictly confidential: nobody but the sender hears of it.
    hidden: bool,
    /// Work of so many hours that a right ends, before the message.
    full_time: Vec<PostId>,
    /// Whose the records were that another kommune or bydel has taken over.
    taken_over: Vec<(PostId, Sted)>,
    /// What is missing now and was not before the message.
    mangler: Vec<Mangel>,
}

impl PersonOutcome {
    /// Falls with the others: lines that were well in themselves were not carried out, and the posts that they would
    /// have opened stand in nobody's way.
    fn fall(&mut self) {
        let opened: Vec<PostId> = self.changes.drain(..).filter_map(|change| change.opens()).collect();
        self.result.accepted = false;
        self.present = None;
        for line in &mut self.result.lines {
            for finding in &mut line.findings {
                finding.post.take_if(|post| opened.contains(&post.post_id));
            }
            if line.outcome != LineOutcome::Avvist {
                line.outcome = LineOutcome::IkkeUtfoert;
                line.post = None;
            }
        }
    }
}

pub(crate) fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

fn all_errors<'a>(findings: &'a [Finding], persons: &'a [PersonResult]) -> impl Iterator<Item = Rejection> + 'a {
    let of_persons = persons.iter().flat_map(|p| p.findings.iter().chain(p.lines.iter().flat_map(|l| &l.findings)));
    findings.iter().chain(of_persons).filter(|f| is_error(f)).map(|f| f.rejection)
}

/// The sender may not, or the message as a whole cannot: every line falls, mirrored all the same.
pub(crate) fn refused_whole(command: &Command, findings: Vec<Finding>) -> Decision {
    let persons: Vec<PersonResult> = command
        .persons
        .iter()
        .map(|person| PersonResult {
            duf_text: person.duf_text.clone(),
            accepted: false,
            findings: Vec::new(),
            lines: person.lines.iter().map(|l| line_result(l, LineOutcome::IkkeUtfoert, Vec::new())).collect(),
        })
        .collect();
    let spends_id = !all_errors(&findings, &[]).any(|r| r.may_succeed_later() || r.outside_message());
    Decision { status: Status::Avvist, findings, persons, changes: Vec::new(), notices: Vec::new(), spends_id }
}

fn line_result(line: &Line, outcome: LineOutcome, findings: Vec<Finding>) -> LineResult {
    LineResult {
        registrerings_id: line.registrerings_id.clone(),
        posttype: line.content.as_ref().map(Content::posttype),
        outcome,
        post: None,
        findings,
    }
}
