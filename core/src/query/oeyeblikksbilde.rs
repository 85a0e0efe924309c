//! PERSON_OEYEBLIKKSBILDE (contract.md 0.15, domain.md 12): the whole picture of a person, for an avsendersystem that begins
//! with it: after a move, and by order.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::change::{Notice, NoticePayload, Opphav};
use crate::decide::Now;
use crate::id::{Duf, Kommunenummer};
use crate::person::{Person, PersonHistory, follow_up};
use crate::policy::Policy;
use crate::post::Ordning;
use crate::query::access::Caller;
use crate::query::{PersonQuery, PersonView, person_for};
use crate::registry::{Avsendersystem, Role, TransferUser};

/// The name of the event.
pub const HENDELSESTYPE: &str = "PERSON_OEYEBLIKKSBILDE";

/// The person as the avsendersystem may see it, as recorded at `at`; `None` of one that is hidden from it. An order sees what
/// the `user` that ordered sees, approval for strictly confidential persons included (VERN-1). Without a user the picture
/// shows what the kommune's users see who write in the schemes that the system carries, and no hidden person.
pub fn bilde(
    policy: &Policy,
    system: &Avsendersystem,
    user: Option<&TransferUser>,
    history: &PersonHistory,
    at: Option<DateTime<Utc>>,
    now: &Now,
) -> Option<PersonView> {
    let writers;
    let user = match user {
        Some(user) => user,
        None => {
            writers = writers_of(system);
            &writers
        }
    };
    let kommune = policy.present_number(system.kommune, now.today);
    let caller = Caller { user, kommune, bydel: system.bydel.or(user.bydel) };
    let query = PersonQuery { duf: history.duf, valid_on: None, recorded_at: at, with_annulled: false, months: None };
    person_for(Some(caller), &system.id, Some(history), &query, policy, now).ok()
}

/// The notice that follows TILFLYTTET in the same transaction, with the next number: the person as it stands after the
/// changes that the transaction makes. `None` of a person that the system may not see.
pub fn after_move(
    policy: &Policy,
    system: &Avsendersystem,
    person: &Person,
    opphav: Opphav,
    now: &Now,
    hendelse_id: Uuid,
) -> Option<Notice> {
    let history = PersonHistory::present(person);
    let view = bilde(policy, system, None, &history, None, now)?;
    let payload = NoticePayload::PersonOeyeblikksbilde {
        bestillings_id: None,
        posisjon: None,
        siste: true,
        person: Some(Box::new(view)),
    };
    Some(notice(Some(person.duf), placed(&history, system, now), system, opphav, payload, now, hendelse_id))
}

/// A notice of a picture.
pub fn notice(
    duf: Option<Duf>,
    kommune: Kommunenummer,
    system: &Avsendersystem,
    opphav: Opphav,
    payload: NoticePayload,
    now: &Now,
    hendelse_id: Uuid,
) -> Notice {
    Notice {
        hendelse_id,
        hendelsestype: HENDELSESTYPE.to_owned(),
        registrert: now.recorded,
        gjelder_dato: now.today,
        duf,
        kommune,
        bydel: system.bydel,
        opphav,
        meldings_id: None,
        payload,
    }
}

/// The kommune that follows the person up today; the system's own where the address may not be told, or nobody does.
pub fn placed(history: &PersonHistory, system: &Avsendersystem, now: &Now) -> Kommunenummer {
    let present = history.facts.iter().filter(|fact| fact.system_to.is_none());
    let sheltered = crate::query::access::sheltered(present.clone(), now.today);
    let placed = follow_up(present, now.today).filter(|_| !sheltered);
    placed.map_or(system.kommune, |placed| placed.kommune)
}

/// A user that stands for those of the kommune who write in the system's schemes.
fn writers_of(system: &Avsendersystem) -> TransferUser {
    let writes = |ordning: &Ordning| match ordning {
        Ordning::Intro | Ordning::MottakKval => Role::Introbruker,
        _ => Role::Norskbruker,
    };
    let mut roles: Vec<Role> = system.ordninger.iter().map(writes).collect();
    roles.push(Role::Lesebruker);
    TransferUser {
        id: system.id.clone(),
        kommune: system.kommune,
        bydel: system.bydel,
        roles,
        skjerming_approved: false,
        valid: system.valid,
        last_used: DateTime::<Utc>::MIN_UTC,
    }
}
