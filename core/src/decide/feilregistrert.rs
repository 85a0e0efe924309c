//! `meldFeilregistrert` (HD-14, AU-7): a record that is wrong and lies outside the window. No window is tested. A record
//! of the wrong person is struck at once; of everything else IMDi decides, and until then the record stands as it is, but
//! nobody changes it.

use uuid::Uuid;

use crate::change::{Addressed, Change, Notice, NoticePayload, Opphav};
use crate::command::Header;
use crate::decide::beregning::{self, Cause, Outcome};
use crate::decide::hendelser::mangel;
use crate::decide::hendelser::mottakere::Teller;
use crate::decide::{Ids, Now, finding, is_error, post_answer, sender_findings};
use crate::eierskap::successor;
use crate::id::Duf;
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Channel, Feilregistrering, Feilstatus, Kode, PostId, PostVersion};
use crate::query::access::Caller;
use crate::receipt::{Field, Finding, PostAnswer};
use crate::registry::Registry;
use crate::rejection::Rejection;
use crate::state::{State, visible};

/// The reason that takes effect at once.
const WRONG_PERSON: &str = "FEIL_PERSON";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Melding {
    /// Who and which.
    pub header: Header,
    /// As sent.
    pub duf_text: String,
    /// The record; `Err` holds text that is no such id.
    pub post_id: Result<PostId, String>,
    /// The version that the sender read.
    pub versjon: i32,
    /// Of code list `feilregistrertAarsak`, which the gateway has looked up.
    pub aarsak: Kode,
    /// The caseworker's reason.
    pub begrunnelse: String,
    /// Errors of form (step 0 of domain.md 15.1).
    pub form_errors: Vec<Finding>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utfall {
    /// The person.
    pub duf: Duf,
    /// Struck, or reported.
    pub status: Feilstatus,
    /// The case.
    pub sak: Uuid,
    /// The same message had been carried out before.
    pub gjentatt: bool,
    /// The record afterwards.
    pub post: PostAnswer,
    /// Empty for a repeat.
    pub changes: Vec<Change>,
    /// Who must hear of it.
    pub notices: Vec<Addressed>,
}

/// Judges a report. Total, as `decide` is; every error that can be told at once is.
pub fn meld(
    state: &State<'_>,
    melding: &Melding,
    policy: &Policy,
    now: &Now,
    ids: &mut dyn Ids,
) -> Result<Utfall, Vec<Finding>> {
    let header = &melding.header;
    let mut errors: Vec<Finding> =
        sender_findings(state.registry, header, policy, now).into_iter().filter(is_error).collect();
    errors.extend(melding.form_errors.iter().cloned());
    let duf = Duf::parse(&melding.duf_text, policy.test_series());
    if duf.is_err() {
        errors.push(finding(Rejection::InvalidDuf, Field::Person("dufNummer")));
    }
    let caller = Caller::of(state.registry, header, policy, now.today);
    let (Ok(duf), Some(caller), true) = (duf, caller, errors.is_empty()) else { return Err(errors) };
    let one = |rejection, field| vec![finding(rejection, Field::Person(field))];
    let approved = caller.user.skjerming_approved;
    let person = state.persons.get(&duf).filter(|p| visible(&state.persons, p, now.today, approved));
    let person = person.ok_or_else(|| one(Rejection::UnknownPerson, "dufNummer"))?;
    if let Some(new) = person.replaced_by() {
        let mut superseded = one(Rejection::DufSuperseded, "dufNummer");
        superseded.iter_mut().for_each(|found| found.params.push(("etterfoelger", new.to_string())));
        return Err(superseded);
    }
    let post = melding.post_id.as_ref().ok().and_then(|id| person.post(*id));
    let post = post.ok_or_else(|| one(Rejection::NotFound, "postId"))?;
    // After a split the record is the one's whose person it is now (domain.md 3.5).
    let owner = successor(policy, &person.facts, post.kommune, now.today);
    if !policy.owns(caller.kommune, owner, now.today) {
        return Err(one(Rejection::OwnedByOther, "postId"));
    }
    if caller.bydel.is_some() && caller.bydel != post.bydel {
        return Err(one(Rejection::NotOppfoelgingsbydel, "postId"));
    }
    let roles = &caller.user.roles;
    let writes = |ordning| roles.iter().any(|role| role.writes(ordning));
    let any = post.content.any_ordning()
        && [crate::post::Ordning::Intro, crate::post::Ordning::Norsk].map(writes) != [false; 2];
    if !any && !writes(post.content.ordning()) {
        let only_reads = roles.iter().all(|role| role.only_reads());
        let rejection = if only_reads { Rejection::ReadOnlyRole } else { Rejection::RoleLacksOrdning };
        return Err(vec![finding(rejection, Field::Header("overfoeringsbruker"))]);
    }
    let own = Channel::Fagsystem(header.avsendersystem.clone());
    if let Some(report) = post.feilregistrert.as_ref().filter(|_| post.reported()) {
        // The same message again: the record itself remembers it.
        if post.meldings_id == header.meldings_id && post.channel == own {
            let post = post_answer(post, &header.avsendersystem, false);
            let (status, sak) = (report.status, report.sak);
            return Ok(Utfall { duf, status, sak, gjentatt: true, post, changes: Vec::new(), notices: Vec::new() });
        }
        return Err(one(Rejection::StruckAsWrong, "postId"));
    }
    if post.annulled {
        return Err(one(Rejection::Deleted, "postId"));
    }
    if post.versjon != melding.versjon {
        let mut conflict = finding(Rejection::VersionConflict, Field::Person("versjon"));
        conflict.post = Some(post_answer(post, &header.avsendersystem, true));
        return Err(vec![conflict]);
    }
    let status = if melding.aarsak == WRONG_PERSON { Feilstatus::Stroeket } else { Feilstatus::Meldt };
    let report = Feilregistrering {
        aarsak: melding.aarsak.clone(),
        begrunnelse: melding.begrunnelse.clone(),
        meldt: now.today,
        sak: ids.uuid(),
        status,
    };
    let mut row = next_version(person, post, report, own, now);
    row.registered_by.clone_from(&header.overfoeringsbruker);
    row.caseworker.clone_from(&header.saksbehandler_ref);
    row.meldings_id.clone_from(&header.meldings_id);
    let sak = row.feilregistrert.as_ref().map(|report| report.sak).unwrap_or_default();
    let post = post_answer(&row, &header.avsendersystem, false);
    let by = Some((header.meldings_id.as_str(), header.avsendersystem.as_str()));
    let cause = Cause { opphav: Opphav::AnnenKommune, message: by };
    let (changes, notices) = written(state.registry, policy, person, row, now, cause, ids);
    Ok(Utfall { duf, status, sak, gjentatt: false, post, changes, notices })
}

/// IMDi's decision on a report: the record is struck, or stands. `None` where no report of it waits.
pub fn avgjoer(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    (post, strike): (PostId, bool),
    now: &Now,
    ids: &mut dyn Ids,
) -> Option<Outcome> {
    let post = person.post(post)?;
    let report = post.feilregistrert.as_deref().filter(|report| report.status == Feilstatus::Meldt)?;
    let status = if strike { Feilstatus::Stroeket } else { Feilstatus::Avslaatt };
    let row = next_version(person, post, Feilregistrering { status, ..report.clone() }, Channel::Imdi, now);
    let cause = Cause { opphav: Opphav::Imdi, message: None };
    let (changes, notices) = written(registry, policy, person, row, now, cause, ids);
    Some(Outcome { changes, notices })
}

/// The next version of the record, which says the report alone: its content stays. A struck one is annulled with it, so
/// that nothing which counts records counts it.
fn next_version(
    person: &Person,
    post: &PostVersion,
    report: Feilregistrering,
    channel: Channel,
    now: &Now,
) -> PostVersion {
    PostVersion {
        row_no: person.last_row + 1,
        versjon: post.versjon + 1,
        system_from: now.recorded,
        annulled: report.status == Feilstatus::Stroeket,
        feilregistrert: Some(Box::new(report)),
        channel,
        received_on: now.today,
        ..post.clone()
    }
}

/// The version with what follows from it, and who hears.
fn written(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    row: PostVersion,
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> (Vec<Change>, Vec<Addressed>) {
    let mut notices = told(registry, policy, person, &row, now, cause, ids);
    let recomputes = row.annulled && beregning::matters(&row.content);
    let mut changes = vec![Change::VersionWritten { duf: person.duf, row: Box::new(row) }];
    let mut present = person.clone();
    changes.iter().for_each(|change| present.apply(change));
    if recomputes && let Some(row) = beregning::recompute(&present, policy, now, ids) {
        let change = Change::Beregnet { duf: person.duf, row: Box::new(row) };
        present.apply(&change);
        changes.push(change);
        let before = person.beregnet.as_ref();
        notices.extend(beregning::notices(registry, policy, before, &present, now, cause, ids));
    }
    let teller = Teller { registry, policy, now, cause };
    notices.extend(mangel::tell_arisen(&teller, person, &present, ids));
    (changes, notices)
}

/// REGISTRERING_FEILREGISTRERT to every stream that carries the record; of a strictly confidential person to the sender
/// alone (VERN-1).
fn told(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    row: &PostVersion,
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let hidden = person.hidden(now.today);
    let report = row.feilregistrert.as_deref();
    let numbers = policy.numbers_of(row.kommune, now.today);
    let systems = numbers.into_iter().flat_map(|number| registry.systems_of(number));
    let own = |id: &str| cause.message.filter(|(_, system)| *system == id);
    systems
        .filter(|system| {
            super::notices::concerned(system, &row.content, row.bydel, now) && (!hidden || own(&system.id).is_some())
        })
        .map(|system| Addressed {
            avsendersystem: system.id.clone(),
            notice: Notice {
                hendelse_id: ids.uuid(),
                hendelsestype: "REGISTRERING_FEILREGISTRERT".to_owned(),
                registrert: now.recorded,
                gjelder_dato: row.valid.from,
                duf: Some(person.duf),
                kommune: row.kommune,
                bydel: row.bydel,
                opphav: if own(&system.id).is_some() { Opphav::EgenMelding } else { cause.opphav },
                meldings_id: own(&system.id).map(|(message, _)| message.to_owned()),
                payload: NoticePayload::Annen {
                    tillegg: vec![
                        ("postId".to_owned(), row.post_id.to_string()),
                        ("versjon".to_owned(), row.versjon.to_string()),
                        ("posttype".to_owned(), row.content.posttype().to_owned()),
                        ("aarsak".to_owned(), report.map(|r| r.aarsak.clone()).unwrap_or_default()),
                        ("status".to_owned(), report.map(|r| r.status.code().to_owned()).unwrap_or_default()),
                    ],
                },
            },
        })
        .collect()
}
