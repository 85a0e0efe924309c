//! Who must hear of what changed (domain.md 12; contract.md 0.13): every avsendersystem of the kommune that carries the
//! scheme, the sender's own included where the register itself has news for it.

use chrono::NaiveDate;

use crate::change::{Addressed, Change, Notice, NoticePayload, Opphav};
use crate::command::Command;
use crate::decide::common::{is_system_end, programme_end};
use crate::decide::hendelser::mottakere::{Hendelse, Sted, Teller, Tillegg};
use crate::decide::{Ids, Now, PersonOutcome};
use crate::id::Bydel;
use crate::person::{FollowUp, Person};
use crate::policy::{Policy, Virkning};
use crate::post::{Channel, Content, Ordning, PostId, PostVersion};
use crate::registry::{Avsendersystem, Registry};
use crate::scheme::{Scheme, effect_day};

/// Notices of one person's changes, in order. Of a strictly confidential person only the sender hears: other fagsystemer
/// of the kommune may serve users that are not approved (domain.md 10.4 VERN-1).
pub(super) fn of(
    registry: &Registry,
    policy: &Policy,
    now: &Now,
    command: &Command,
    outcome: &PersonOutcome,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let mut all = Vec::new();
    let ended = ended_by_endre(&outcome.changes);
    for change in &outcome.changes {
        let Change::VersionWritten { duf, row } = change else { continue };
        let kind = of_kind(policy, row, &outcome.full_time);
        let scheme = scheme_changed(policy, row, outcome.present.as_ref(), now.today);
        let mut heard: Vec<&str> = Vec::new();
        for (system, (kommune, bydel)) in systems(registry, policy, now, outcome, row) {
            let own = system.id == command.header.avsendersystem;
            if heard.contains(&system.id.as_str()) || (outcome.hidden && !own) {
                continue;
            }
            heard.push(&system.id);
            let mut tell = |hendelsestype: &str, gjelder_dato, payload| {
                all.push(Addressed {
                    avsendersystem: system.id.clone(),
                    notice: Notice {
                        hendelse_id: ids.uuid(),
                        hendelsestype: hendelsestype.to_owned(),
                        registrert: now.recorded,
                        gjelder_dato,
                        duf: Some(*duf),
                        kommune,
                        bydel,
                        opphav: if own { Opphav::EgenMelding } else { Opphav::AnnenKommune },
                        meldings_id: own.then(|| command.header.meldings_id.clone()),
                        payload,
                    },
                });
            };
            if row.channel == Channel::System {
                // The register's own doing, whoever's message gave the cause (contract.md 0.14).
                tell("REGISTRERING_ENDRET_AV_SYSTEM", row.valid.from, post_changed(row, &system.id, &ended));
                if row.annulled && is_system_end(&row.content, policy.system_reason()) {
                    let scheme = |person: &Person| Scheme::of(policy, person.posts.iter(), Ordning::Intro, None);
                    let last = |person: &Person| {
                        let last = scheme(person).granted.last()?.period.last()?;
                        Some(programme_end(person, last).unwrap_or(last))
                    };
                    let tillegg = Tillegg::default()
                        .and("forrigeDato", row.valid.from)
                        .and_some("nySluttDato", outcome.present.as_ref().and_then(last))
                        .and("postId", row.post_id);
                    tell("AVSLUTNING_OPPHEVET", row.valid.from, tillegg.into());
                }
            } else if !own {
                tell("REGISTRERING_ENDRET_UTENFRA", row.valid.from, post_changed(row, &system.id, &ended));
            }
            if let Some((hendelsestype, dato, tillegg)) = &kind {
                tell(hendelsestype, *dato, tillegg.clone().into());
            }
            if let Some((hendelsestype, status, dato)) = scheme {
                let payload =
                    NoticePayload::OrdningEndret { ordning: row.content.ordning(), status: status.into(), dato };
                tell(hendelsestype, dato, payload);
            }
        }
    }
    all
}

/// Whom a version concerns, and as whose record: its owner; the one that owned it before the message, whose own reference
/// may hang on it (domain.md 11.2 item 5; contract.md 0.17); and what a county registers, it owes the kommune (IF §59).
fn systems<'a>(
    registry: &'a Registry,
    policy: &'a Policy,
    now: &'a Now,
    outcome: &PersonOutcome,
    row: &'a PostVersion,
) -> impl Iterator<Item = (&'a Avsendersystem, Sted)> {
    let owner = (row.kommune, row.bydel);
    let taken_from = outcome.taken_over.iter().filter(|(post, _)| *post == row.post_id).map(|(_, before)| *before);
    let places: Vec<Sted> = std::iter::once(owner).chain(taken_from).collect();
    let follow_up = outcome.present.as_ref().and_then(|person| person.follow_up(row.content.hendelse().0));
    let owed = follow_up.filter(|_| policy.fylke_known(row.kommune));
    let as_owner = |place: Sted| (place, place);
    let all = places.into_iter().map(as_owner).chain(owed.map(|here| ((here.kommune, row.bydel), owner)));
    all.flat_map(move |(place, owner)| {
        let numbers = policy.numbers_of(place.0, now.today);
        let systems = numbers.into_iter().flat_map(|number| registry.systems_of(number));
        systems.filter(move |system| concerned(system, &row.content, place.1, now)).map(move |system| (system, owner))
    })
}

/// What the register did to records by itself (contract.md 0.14, 4.7), because of a day or of what a source said; `person` is
/// as it stands after it.
pub(super) fn by_system(teller: &Teller<'_>, person: &Person, changes: &[Change], ids: &mut dyn Ids) -> Vec<Addressed> {
    let (policy, now) = (teller.policy, teller.now);
    let hidden = person.hidden(now.today);
    let mut all = Vec::new();
    for change in changes {
        let Change::VersionWritten { duf, row } = change else { continue };
        let place = (row.kommune, row.bydel);
        if hidden && !teller.approved(place) {
            continue;
        }
        for system in teller.systems(place).filter(|system| concerned(system, &row.content, row.bydel, now)) {
            let one =
                |hendelsestype, payload| Hendelse { hendelsestype, gjelder: row.valid.from, ordning: None, payload };
            let mut told = vec![one("REGISTRERING_ENDRET_AV_SYSTEM", post_changed(row, &system.id, &[]))];
            if !row.annulled && is_system_end(&row.content, policy.system_reason()) {
                let tillegg = Tillegg::default()
                    .and("dato", row.valid.from)
                    .and_some("aarsak", policy.system_reason())
                    .and("postId", row.post_id)
                    .and("versjon", row.versjon);
                told.push(Hendelse::annen("AVSLUTNING_SATT_AV_SYSTEM", row.valid.from, tillegg));
                let (ordning, dato) = (row.content.ordning(), row.valid.from);
                let status = Scheme::of(policy, person.posts.iter(), ordning, None).status(now.today).to_owned();
                told.push(one("ORDNING_FULLFOERT", NoticePayload::OrdningEndret { ordning, status, dato }));
            }
            all.extend(told.iter().map(|one| teller.notice(system, Some(*duf), place, one, ids)));
        }
    }
    all
}

/// Whether the kommune and bydel have a user that is approved for strictly confidential persons (VERN-1).
pub(super) fn approved(registry: &Registry, policy: &Policy, follow_up: FollowUp, today: NaiveDate) -> bool {
    registry.users.values().any(|user| {
        user.skjerming_approved
            && user.valid.contains(today)
            && policy.owns(user.kommune, follow_up.kommune, today)
            && (user.bydel.is_none() || user.bydel == follow_up.bydel)
    })
}

/// A person that is strictly confidential from now on, or no longer (VERN-5): the kommune that follows the person up is told
/// that and nothing else, and only if it has somebody who may know. `before` is the person as of a day: the same day where
/// something was learned, the day before where a day is what changes it.
pub(super) fn sheltered(
    registry: &Registry,
    policy: &Policy,
    (before, day_before): (&Person, NaiveDate),
    after: &Person,
    now: &Now,
    opphav: Opphav,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let hidden = after.hidden(now.today);
    // Where IMDi has not said yet who follows a person up that is strictly confidential now, who did until now must guard what
    // it holds (11.1, VERN-5).
    let owner = after.follow_up(now.today).or_else(|| before.follow_up(day_before));
    let Some(follow_up) = owner.filter(|_| hidden != before.hidden(day_before)) else {
        return Vec::new();
    };
    if !approved(registry, policy, follow_up, now.today) {
        return Vec::new();
    }
    let systems = policy.numbers_of(follow_up.kommune, now.today).into_iter().flat_map(|n| registry.systems_of(n));
    let concerned = systems.filter(|system| {
        system.valid.contains(now.today) && (system.bydel.is_none() || system.bydel == follow_up.bydel)
    });
    let tell = |system: &Avsendersystem| Addressed {
        avsendersystem: system.id.clone(),
        notice: Notice {
            hendelse_id: ids.uuid(),
            hendelsestype: "SKJERMING_ENDRET".to_owned(),
            registrert: now.recorded,
            gjelder_dato: now.today,
            duf: Some(after.duf),
            kommune: follow_up.kommune,
            bydel: None,
            opphav,
            meldings_id: None,
            payload: NoticePayload::Annen { tillegg: vec![("skjermet".to_owned(), hidden.to_string())] },
        },
    };
    concerned.map(tell).collect()
}

/// Whether the stream carries the scheme and the bydel of the record (AU-9).
pub(super) fn concerned(system: &Avsendersystem, content: &Content, bydel: Option<Bydel>, now: &Now) -> bool {
    (system.bydel.is_none() || system.bydel == bydel)
        && (content.any_ordning() || system.ordninger.contains(&content.ordning()))
        && system.valid.contains(now.today)
}

/// Posts that ENDRE closed: the ones that a new post continues.
fn ended_by_endre(changes: &[Change]) -> Vec<PostId> {
    let opened = changes.iter().filter_map(|change| match change {
        Change::VersionWritten { row, .. } if row.versjon == 1 => row.continues,
        _ => None,
    });
    opened.collect()
}

fn post_changed(row: &PostVersion, receiver: &str, ended: &[PostId]) -> NoticePayload {
    NoticePayload::PostEndret {
        posttype: row.content.posttype().to_owned(),
        post_id: row.post_id,
        versjon: row.versjon,
        avsenders_referanse: row.reference_of(receiver).map(str::to_owned),
        sist_endret_av: row.channel.code().to_owned(),
        handling: if row.annulled {
            "ANNULLER"
        } else if ended.contains(&row.post_id) || (row.versjon == 1 && row.continues.is_some()) {
            "ENDRE"
        } else if row.versjon == 1 {
            "REGISTRER"
        } else {
            "KORRIGER"
        }
        .to_owned(),
        content: (!row.annulled).then(|| Box::new(row.content.clone())),
    }
}

/// What some kinds of records are told as besides (domain.md 12): an appeal, an objection to research, and work that crosses
/// the hours at which a right ends (IL-24). `full_time` is the work of such hours before.
fn of_kind(policy: &Policy, row: &PostVersion, full_time: &[PostId]) -> Option<(&'static str, NaiveDate, Tillegg)> {
    let record = Tillegg::default().and("postId", row.post_id).and("versjon", row.versjon);
    let (hendelsestype, tillegg) = match &row.content {
        Content::Klage(klage) => {
            let tillegg = record
                .and_some("vedtakPostId", klage.vedtak_ref)
                .and("klageDato", klage.klage_dato)
                .and_some("utfall", klage.utfall.as_ref())
                .and_some("utfallsdato", klage.utfallsdato);
            ("KLAGE_ENDRET", tillegg)
        }
        Content::ReservasjonForskning(reservasjon) => {
            ("RESERVASJON_ENDRET", record.and("reservert", reservasjon.reservert).and("dato", reservasjon.dato))
        }
        Content::Arbeidsforhold(arbeid) => {
            let crosses = full_time.contains(&row.post_id) != (is_full_time(policy, &row.content) && !row.annulled);
            if !crosses {
                return None;
            }
            let tillegg = record
                .and("fra", arbeid.fra_dato)
                .and_some("til", arbeid.til_dato)
                .and("timerPerUke", arbeid.timer_per_uke);
            ("ARBEID_ENDRET", tillegg)
        }
        _ => return None,
    };
    Some((hendelsestype, row.valid.from, tillegg.and_if("annullert", row.annulled)))
}

/// Whether it is work of so many hours that a right ends (IL §8(4)).
pub(super) fn is_full_time(policy: &Policy, content: &Content) -> bool {
    matches!(content, Content::Arbeidsforhold(work) if policy.kategorier().arbeid_lukker_fra(work.timer_per_uke).is_some())
}

/// A decision that grants opens the scheme, one that ends it closes it, and so does the kommune's own avslutning; a leave of
/// whole days rests it; taking one back is told where the status of today is another by it. What was corrected or changed moves
/// no event: its content comes with the record itself. `present` is the person after the message.
fn scheme_changed(
    policy: &Policy,
    row: &PostVersion,
    present: Option<&Person>,
    today: NaiveDate,
) -> Option<(&'static str, &'static str, NaiveDate)> {
    if row.annulled {
        return taken_back(policy, row, present?, today);
    }
    if row.versjon > 1 || row.continues.is_some() {
        return None;
    }
    let scheme = |without| Some(Scheme::of(policy, present?.posts.iter(), row.content.ordning(), without));
    match &row.content {
        Content::Vedtak(vedtak) => {
            let day = effect_day(vedtak);
            match policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype)?.virkning? {
                Virkning::Aapner | Virkning::Gjenopptar => Some(("ORDNING_AKTIVERT", "AKTIV", day)),
                Virkning::Stanser => Some(("ORDNING_INAKTIV", "STANSET", day)),
                Virkning::Permisjon => Some(("ORDNING_INAKTIV", "PERMISJON", day)),
                // The avslutning of the same day has the last word, whichever of them comes first.
                Virkning::Lukker if scheme(None)?.ends().any(|end| end.with_reason && end.last == day) => None,
                Virkning::Lukker => Some(("ORDNING_FULLFOERT", "AVSLUTTET", day)),
                Virkning::Forlenger => None,
            }
        }
        Content::Avslutning(_) => {
            let end = scheme(None)?.ends().find(|end| end.post == row.post_id)?;
            Some(("ORDNING_FULLFOERT", end.status(), end.last))
        }
        Content::Permisjon(_) => {
            let day = row.valid.from;
            let rests = |scheme: Scheme| scheme.status(day) == "PERMISJON";
            (rests(scheme(None)?) && !rests(scheme(Some(row.post_id))?)).then_some((
                "ORDNING_INAKTIV",
                "PERMISJON",
                day,
            ))
        }
        _ => None,
    }
}

/// What became of the scheme by the annulment of a record of the kommune. Of the register's own AVSLUTNING_OPPHEVET tells.
fn taken_back(
    policy: &Policy,
    row: &PostVersion,
    present: &Person,
    today: NaiveDate,
) -> Option<(&'static str, &'static str, NaiveDate)> {
    let moves = matches!(row.content, Content::Vedtak(_) | Content::Avslutning(_) | Content::Permisjon(_));
    if !moves || row.channel == Channel::System {
        return None;
    }
    let stood = PostVersion { annulled: false, ..row.clone() };
    let status = |besides: Option<&PostVersion>| {
        let posts = present.posts.iter().chain(besides);
        Scheme::of(policy, posts, row.content.ordning(), None).status(today)
    };
    let (before, after) = (status(Some(&stood)), status(None));
    let hendelsestype = match after {
        "AKTIV" => "ORDNING_AKTIVERT",
        "FULLFOERT" | "AVSLUTTET" => "ORDNING_FULLFOERT",
        _ => "ORDNING_INAKTIV",
    };
    (before != after).then_some((hendelsestype, after, today))
}
