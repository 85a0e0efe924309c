//! What a day brings, carried out (design.md 6, Calendar events): a scheduler asks for each date once, and this says and does
//! what follows from it. What a date brings is pure ([`crate::kalender`]); what was done is remembered by the ledger, so
//! that a date that is asked for again says nothing twice.

use chrono::NaiveDate;

use crate::change::{Change, NoticePayload};
use crate::decide::beregning::{self, Cause, Outcome};
use crate::decide::hendelser::flytting::Flytting;
use crate::decide::hendelser::mangel;
use crate::decide::hendelser::mottakere::{Hendelse, Teller, Tillegg, sted};
use crate::decide::hendelser::vern;
use crate::decide::{Ids, Now, notices, run_out, system};
use crate::kalender::{Kalenderhendelse, changes_on};
use crate::kategori::{Beregnet, Kategori};
use crate::person::Person;
use crate::policy::Policy;
use crate::registry::Registry;
use crate::time::oslo_date;

/// Whether the day brings anything for the person: whom a scheduler asks about.
pub fn brings(person: &Person, policy: &Policy, date: NaiveDate) -> bool {
    let moves = Flytting::on(policy, person, date).is_some();
    if !changes_on(person, policy, date).is_empty() || moves || vern::lifts(person, date) {
        return true;
    }
    let Some(yesterday) = date.pred_opt() else { return false };
    !mangel::arisen(policy, (person, yesterday), (person, date)).is_empty()
}

/// Whether all that the register knows of the person was judged as of earlier days. A day is asked for once more when it is
/// over: what was on its way at midnight may have been missed. What was learned in its course was told when it was learned.
pub fn known_before(registry: &Registry, person: &Person, date: NaiveDate) -> bool {
    let place = person.follow_up(date).map(|place| place.kommune);
    let by_clock = |at| oslo_date(registry.register_time(place, at));
    let facts = person.facts.iter().map(|fact| by_clock(fact.system_from));
    // A message is judged by the day of its receipt, whenever it is written.
    let posts = person.posts.iter().map(|post| post.received_on);
    let with_post = |at| person.posts.iter().any(|post| post.system_from == at);
    let computed = person.beregnet.iter().map(|beregnet| beregnet.system_from).filter(|at| !with_post(*at));
    facts.chain(posts).chain(computed.map(by_clock)).all(|day| day < date)
}

/// Carries the day out for one person, as of that day.
pub fn carry_out(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    date: NaiveDate,
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Outcome {
    let now = &Now { today: date, ..*now };
    let teller = Teller { registry, policy, now, cause };
    let mut outcome = Outcome::default();
    let mut present = person.clone();
    outcome.notices.extend(vern::lifted(&teller, person, ids));
    if let Some(flytting) = Flytting::on(policy, person, date) {
        outcome.notices.extend(flytting.tell(&teller, person, ids));
    }
    let all = changes_on(person, policy, date);
    let hidden = person.hidden(date);
    if let Some(follow_up) = person.follow_up(date) {
        let told: Vec<Hendelse> =
            all.iter().filter_map(|one| hendelse(one, date, person.beregnet.as_ref(), policy)).collect();
        // Of a strictly confidential person categories and deadlines are told, and nothing else (VERN-1).
        let told: Vec<Hendelse> =
            told.into_iter().filter(|one| !hidden || one.hendelsestype != "OPPHOLD_UTLOEPT").collect();
        outcome.notices.extend(teller.tell(person.duf, sted(follow_up), hidden, &told, ids));
    }
    if all.iter().any(|one| matches!(one, Kalenderhendelse::ProgramUtloept { .. }))
        && let Some(row) = run_out(policy, now, &present, ids)
    {
        let end = Change::VersionWritten { duf: person.duf, row: Box::new(row) };
        present.apply(&end);
        let mut written = vec![end];
        let more = system::follow_up(policy, now, "", &present, &written);
        more.iter().for_each(|change| present.apply(change));
        written.extend(more);
        outcome.notices.extend(notices::by_system(&teller, &present, &written, ids));
        outcome.changes.extend(written);
        beregning::compute_into(&teller, person, &mut present, ids, &mut outcome);
    }
    if let Some(yesterday) = date.pred_opt() {
        let mangler = mangel::arisen(policy, (person, yesterday), (&present, date));
        outcome.notices.extend(mangel::tell(&teller, &present, &mangler, ids));
    }
    outcome
}

/// The notice of what the day brings, where one is told by the day alone.
fn hendelse(one: &Kalenderhendelse, date: NaiveDate, beregnet: Option<&Beregnet>, policy: &Policy) -> Option<Hendelse> {
    let beregnet = beregnet?;
    let kategori = |kode, is: &dyn Fn(&Kategori) -> bool| {
        beregnet.kategorier.iter().find(|kategori| kategori.kode == kode && is(kategori))
    };
    let hendelsestype = one.hendelsestype()?;
    let (gjelder, ordning, payload) = match one {
        Kalenderhendelse::FristNaer { fristtype, ordning, dato }
        | Kalenderhendelse::FristOverskredet { fristtype, ordning, dato } => {
            let payload = NoticePayload::FristEndret {
                fristtype: fristtype.code().to_owned(),
                ordning: *ordning,
                dato: *dato,
                forrige_dato: None,
                beregnings_id: beregnet.beregnings_id,
            };
            (*dato, Some(*ordning), payload)
        }
        Kalenderhendelse::OppholdUtloept { til } => {
            return Some(Hendelse::annen(hendelsestype, *til, Tillegg::default().and("gyldigTil", til)));
        }
        Kalenderhendelse::KategoriAapnet { kode } => {
            let kategori = kategori(*kode, &|k| k.gyldig.from == date)?;
            let payload = beregning::kategori_endret(kategori, beregnet, policy);
            (kategori.gyldig.from, Some(kode.ordning()), payload)
        }
        Kalenderhendelse::KategoriLukket { kode, .. } => {
            let kategori = kategori(*kode, &|k| k.gyldig.to == Some(date))?;
            let payload = beregning::kategori_endret(kategori, beregnet, policy);
            (date, Some(kode.ordning()), payload)
        }
        // What the register does is told with what it wrote; a birthday by the categories that it closes.
        Kalenderhendelse::ProgramUtloept { .. } | Kalenderhendelse::FylteAar { .. } => return None,
    };
    Some(Hendelse { hendelsestype, gjelder, ordning, payload })
}
