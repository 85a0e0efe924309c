//! Transfer errors within a batch (design.md 11, Feilsaker): which are looked for, and what each answer makes of them.
//!
//! The road without errors pays nothing: a reference or id with an open case is told by the statement that looks for references,
//! and more is asked only where something was refused, replaced, or judged anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::codes::Catalogue;
use crate::command::{Command, Handling, Line};
use crate::decide::{Now, is_error};
use crate::feilsak::{Enhet, Feil, Melding, Saksnoekler, Tatt};
use crate::id::{Duf, Kommunenummer};
use crate::ledger::judge::Judged;
use crate::ledger::{Effect, Job, Work};
use crate::person::Person;
use crate::policy::{Policy, month_end};
use crate::post::{Content, Ordning};
use crate::receipt::{FeilIds, Finding, LineOutcome, Receipt, Status};
use crate::registry::Registry;
use crate::rejection::Rejection;
use crate::vindu::{Spoersmaal, lukker};

/// Pairs of an avsendersystem and a name in it.
type Keys = BTreeSet<(String, String)>;

/// What must be looked for: cases that what was refused may belong to, and that what was taken may solve.
pub(super) fn wanted(run: &[Job], judged: &[Option<Judged>], (open, ids): (&Keys, &Keys)) -> Saksnoekler {
    let mut keys = Saksnoekler::default();
    for (job, judged) in run.iter().zip(judged) {
        match (&job.work, judged) {
            (Work::Register(command), Some(Judged::Decided { decision, id, own: true, .. })) => {
                let header = &command.header;
                let refused = decision.status != Status::Godtatt;
                let refused_before = ids.contains(&(header.avsendersystem.clone(), header.meldings_id.clone()));
                let again = refused_before || id.is_some_and(|id| id.known);
                if refused || again || header.erstatter_meldings_id.is_some() {
                    keys.message(&header.avsendersystem, &header.meldings_id, header.erstatter_meldings_id.as_deref());
                }
                let lines = command.persons.iter().flat_map(|person| &person.lines);
                let references = lines.filter_map(|line| line.avsenders_referanse.as_ref());
                let pairs = references.map(|reference| (header.avsendersystem.clone(), reference.clone()));
                keys.references.extend(pairs.filter(|pair| open.contains(pair)));
            }
            (Work::RecordWith { effect, .. }, _) => {
                if let Effect::Refused(melding, enheter) = &**effect {
                    keys.message(&melding.avsendersystem, &melding.meldings_id, melding.erstatter.as_deref());
                    let references = enheter.iter().filter_map(|enhet| enhet.avsenders_referanse.clone());
                    keys.references.extend(references.map(|reference| (melding.avsendersystem.clone(), reference)));
                }
            }
            _ => {}
        }
    }
    keys
}

/// The message of a command as cases know it.
pub(super) fn melding(command: &Command, registry: &Registry, now: &Now) -> Melding {
    let header = &command.header;
    let kommune = registry.avsendersystemer.get(&header.avsendersystem).map(|system| system.kommune.to_string());
    Melding {
        avsendersystem: header.avsendersystem.clone(),
        meldings_id: header.meldings_id.clone(),
        erstatter: header.erstatter_meldings_id.clone(),
        kommune: kommune.unwrap_or_default(),
        saksbehandler_ref: header.saksbehandler_ref.clone(),
        fagsystem: header.fagsystem.clone(),
        // When the first of its attempts came decides the window, and when this one did is what a case shows.
        mottatt: now.recorded,
    }
}

/// What an answer refused, each with its errors and when its dates fall out of the window.
pub(super) fn refused(
    command: &Command,
    receipt: &Receipt,
    persons: &BTreeMap<Duf, Person>,
    registry: &Registry,
    policy: &Policy,
    today: NaiveDate,
) -> Vec<Enhet> {
    let mut ids = FeilIds::of(receipt.kvitterings_id);
    let mut windows = Windows { command, persons, registry, policy, today, known: HashMap::new() };
    let mut all = Vec::new();
    let whole = errors(&receipt.findings, &mut ids);
    if let Some((_, rettes_av)) = &whole {
        let lines = command.persons.iter().flat_map(|person| person.lines.iter().map(|line| (None, line)));
        all.push(Enhet {
            avsenders_referanse: command.persons.iter().flat_map(|p| &p.lines).find_map(reference),
            vindu_lukker: windows.of_lines(lines),
            rettes_av: rettes_av.clone(),
            ..Enhet::default()
        });
        if let (Some(enhet), Some((feil, _))) = (all.last_mut(), whole) {
            enhet.feil = feil;
        }
    }
    for (sent, result) in command.persons.iter().zip(&receipt.persons) {
        let person = Duf::parse(&sent.duf_text, policy.test_series()).ok();
        if let Some((feil, rettes_av)) = errors(&result.findings, &mut ids) {
            let known = person.filter(|_| !unknown(&feil));
            all.push(Enhet {
                duf: Some(sent.duf_text.clone()),
                avsenders_referanse: sent.lines.iter().find_map(reference),
                vindu_lukker: windows.of_lines(sent.lines.iter().map(|line| (known, line))),
                feil,
                rettes_av,
                ..Enhet::default()
            });
        }
        for (line, answered) in sent.lines.iter().zip(&result.lines) {
            let Some((feil, rettes_av)) = errors(&answered.findings, &mut ids) else { continue };
            let known = person.filter(|_| !unknown(&feil));
            all.push(Enhet {
                duf: Some(sent.duf_text.clone()),
                registrerings_id: Some(line.registrerings_id.clone()),
                avsenders_referanse: line.avsenders_referanse.clone(),
                posttype: answered.posttype.map(str::to_owned),
                vindu_lukker: windows.of_lines(std::iter::once((known, line))),
                feil,
                rettes_av,
            });
        }
    }
    all
}

/// Lines that an answer took.
pub(super) fn taken(command: &Command, receipt: &Receipt) -> Vec<Tatt> {
    let persons = command.persons.iter().zip(&receipt.persons);
    let lines = persons.flat_map(|(sent, result)| sent.lines.iter().zip(&result.lines).map(move |pair| (sent, pair)));
    lines
        .filter(|(_, (_, answered))| !matches!(answered.outcome, LineOutcome::Avvist | LineOutcome::IkkeUtfoert))
        .map(|(sent, (line, _))| Tatt {
            duf: sent.duf_text.clone(),
            registrerings_id: line.registrerings_id.clone(),
            avsenders_referanse: line.avsenders_referanse.clone(),
        })
        .collect()
}

fn reference(line: &Line) -> Option<String> {
    line.avsenders_referanse.clone()
}

/// Whether the person was unknown to the sender: then nothing of it may show.
fn unknown(feil: &[Feil]) -> bool {
    feil.iter().any(|feil| feil.kode == Rejection::UnknownPerson.code())
}

/// The errors among findings, with who can mend the main one; warnings take their ids, too.
fn errors(findings: &[Finding], ids: &mut FeilIds) -> Option<(Vec<Feil>, String)> {
    let feil: Vec<Feil> = findings
        .iter()
        .map(|finding| (finding, ids.next_id()))
        .filter(|(finding, _)| is_error(finding))
        .map(|(finding, feil_id)| {
            let felt = Some(finding.field.element().to_owned()).filter(|felt| !felt.is_empty());
            Feil { feil_id, kode: finding.rejection.code().to_owned(), felt }
        })
        .collect();
    let rettes_av = feil.first().map(|main| Catalogue::embedded().error(&main.kode).rettes_av.clone())?;
    Some((feil, rettes_av))
}

/// When dates fall out of the window of the sender's role; the same question is asked once.
struct Windows<'a> {
    command: &'a Command,
    persons: &'a BTreeMap<Duf, Person>,
    registry: &'a Registry,
    policy: &'a Policy,
    today: NaiveDate,
    known: HashMap<Question, Option<NaiveDate>>,
}

/// A date, what is registered on it, and the person where the register opened days late.
type Question = (NaiveDate, Ordning, &'static str, Option<Duf>);

impl<'a> Windows<'a> {
    /// The first day on which one of the lines falls out.
    fn of_lines<'l>(&mut self, lines: impl Iterator<Item = (Option<Duf>, &'l Line)>) -> Option<NaiveDate> {
        let mut first: Option<NaiveDate> = None;
        for (duf, line) in lines {
            let person = duf.and_then(|duf| self.persons.get(&duf));
            for (day, content) in days(line, person) {
                let opened =
                    person.and_then(|person| person.beregnet.as_ref()).is_some_and(|b| !b.aapninger.is_empty());
                let question = (day, content.ordning(), content.posttype(), duf.filter(|_| opened));
                let closes = match self.known.get(&question) {
                    Some(closes) => *closes,
                    None => {
                        let closes = self.ask(question, person.filter(|_| opened));
                        self.known.insert(question, closes);
                        closes
                    }
                };
                first = closes.map(|closes| first.map_or(closes, |first| first.min(closes))).or(first);
            }
        }
        first
    }

    fn ask(&self, (dato, ordning, posttype, _): Question, person: Option<&'a Person>) -> Option<NaiveDate> {
        let header = &self.command.header;
        let user = self.registry.users.get(&header.overfoeringsbruker)?;
        let system = self.registry.avsendersystemer.get(&header.avsendersystem);
        let kommune: Kommunenummer = header.kommune.clone().ok().or(system.map(|system| system.kommune))?;
        let asked =
            Spoersmaal { dato, ordning, posttype: Some(posttype), roles: &user.roles, kommune, bydel: None, person };
        lukker(self.policy, self.registry, &asked, self.today)
    }
}

/// The days that the window looks at, with what stands on them: of the content sent, or of the post that a line deletes.
fn days<'c>(line: &'c Line, person: Option<&'c Person>) -> Vec<(NaiveDate, &'c Content)> {
    let named = line.post.as_ref().and_then(|post| post.post_id.as_ref()).and_then(|id| id.as_ref().ok());
    let stored = || named.and_then(|id| person?.post(*id)).map(|post| &post.content);
    let Some(content) = line.content.as_ref().or_else(stored) else { return Vec::new() };
    if let (Ok(Handling::Endre), Some(from)) = (&line.handling, line.gjelder_fra) {
        return vec![(from, content)];
    }
    match content {
        Content::Norsktimer(_) | Content::OpplaeringIMottak(_) => vec![(month_end(content.hendelse().0), content)],
        Content::Vedtak(vedtak) => {
            let days = std::iter::once(vedtak.vedtaksdato).chain(vedtak.start_dato);
            days.map(|day| (day, content)).collect()
        }
        _ => vec![(content.hendelse().0, content)],
    }
}
