//! Commands that no message brings: facts of a source, new rules, IMDi's word on a report. They go the same way as a message: locked, decided,
//! written, numbered and chained in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};

use crate::change::{Addressed, Change, Notice, NoticePayload, Opphav};
use crate::decide::beregning::{Cause, NewFact, Outcome, compute_anew, merged, sponsor_changed, write_facts};
use crate::decide::feilregistrert::avgjoer;
use crate::decide::importert::{NewPost, import};
use crate::decide::{Ids, Now, dag};
use crate::fact::{Fact, FactContent};
use crate::id::{Duf, Kommunenummer};
use crate::ledger::vern::{Vern, Vernede};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::PostId;
use crate::registry::{Avsendersystem, Registry};
use crate::state::State;
use crate::time::oslo_date;

/// A command of at most 200 persons: mass causes are split by whoever sends them (design.md 17, Streams).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalCommand {
    /// Whose word it is.
    pub opphav: Opphav,
    /// What is to be done.
    pub what: Internal,
}

/// What an internal command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Internal {
    /// Writes facts; persons that are not there begin with them.
    Facts(Vec<(Duf, Vec<NewFact>)>),
    /// Computes these persons anew under the rules in use.
    Recompute(Vec<Duf>),
    /// Withdraws from streams what they may no longer hold of those of these persons that are protected, whenever they became
    /// so: a version before this one left what had been acknowledged (VERN-1, VERN-5). Nobody
    /// is told anything but pictures that were not read, without the address.
    Verne(Vec<Duf>),
    /// Carries out what a date brings for these persons: at most 200, whom `Store::calendar_page` named. For whom the date has
    /// been carried out, and for whom it has not come yet, nothing happens. Its `opphav` is `Opphav::Tid`.
    Calendar {
        /// The date.
        date: NaiveDate,
        /// Whom.
        dufs: Vec<Duf>,
        /// It was carried out when it came: only what was on its way then is left.
        again: bool,
    },
    /// Tells avsendersystemer of what concerns no person: new rules, a campaign, a certificate.
    Tell(Kunngjoering),
    /// Writes facts and posts of the register before; persons that are not there begin with them, and nobody is told.
    Import(Vec<Imported>),
    /// IMDi's decision on the report of a wrong record (HD-14): it is struck, or stands.
    Avgjoer {
        /// Whose record.
        duf: Duf,
        /// Which.
        post_id: PostId,
        /// Struck.
        strike: bool,
    },
}

/// What concerns no person, and who hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kunngjoering {
    /// Who.
    pub til: Adressater,
    /// Code list `hendelsestype`.
    pub hendelsestype: String,
    /// The day that it concerns.
    pub gjelder: NaiveDate,
    /// Keys and values, as docs/hendelser.md lists them.
    pub tillegg: Vec<(String, String)>,
    /// Told only where the register's mark is another, which is set by the transaction that tells.
    pub once: Option<Merke>,
}

/// What was last told, by the name of the mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merke {
    /// Of what.
    pub navn: &'static str,
    /// What is told.
    pub verdi: String,
}

/// Avsendersystemer, chosen from the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adressater {
    /// All.
    Alle,
    /// Those of these kommuner, under every number that they have.
    Kommuner(Vec<Kommunenummer>),
    /// These.
    Systemer(Vec<String>),
}

impl Adressater {
    /// Those that are registered today, by id.
    fn of<'r>(&self, registry: &'r Registry, policy: &Policy, today: NaiveDate) -> Vec<&'r Avsendersystem> {
        let mut all: Vec<&Avsendersystem> = match self {
            Adressater::Alle => registry.avsendersystemer.values().collect(),
            Adressater::Kommuner(kommuner) => {
                let numbers = kommuner.iter().flat_map(|kommune| policy.numbers_of(*kommune, today));
                numbers.flat_map(|number| registry.systems_of(number)).collect()
            }
            Adressater::Systemer(ids) => ids.iter().filter_map(|id| registry.avsendersystemer.get(id)).collect(),
        };
        all.retain(|system| system.valid.contains(today));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        all
    }
}

/// What is imported of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Whose.
    pub duf: Duf,
    /// Facts.
    pub facts: Vec<NewFact>,
    /// Posts.
    pub posts: Vec<NewPost>,
}

impl InternalCommand {
    /// Whom it concerns.
    pub fn dufs(&self) -> impl Iterator<Item = Duf> {
        let anew = match &self.what {
            Internal::Recompute(dufs) | Internal::Verne(dufs) | Internal::Calendar { dufs, .. } => dufs.as_slice(),
            _ => &[],
        };
        let decided = match &self.what {
            Internal::Avgjoer { duf, .. } => Some(*duf),
            _ => None,
        };
        let told = self.facts().iter().map(|(duf, _)| *duf);
        anew.iter().copied().chain(decided).chain(told).chain(self.imported().iter().map(|person| person.duf))
    }

    /// The date that it carries out, and for whom.
    pub fn calendar(&self) -> Option<(NaiveDate, &[Duf])> {
        match &self.what {
            Internal::Calendar { date, dufs, .. } => Some((*date, dufs)),
            _ => None,
        }
    }

    /// Whose numbers take the place of others by it.
    pub fn successors(&self) -> impl Iterator<Item = Duf> {
        let facts = match &self.what {
            Internal::Facts(facts) => facts.as_slice(),
            _ => &[],
        };
        facts.iter().flat_map(|(_, facts)| facts).filter_map(|fact| match fact.content {
            FactContent::DufErstattet { ny } => Some(ny),
            _ => None,
        })
    }

    /// Persons of whom a permit or a citizenship is told: others may depend on it.
    pub fn sponsors(&self) -> impl Iterator<Item = Duf> {
        let facts = match &self.what {
            Internal::Facts(facts) => facts.as_slice(),
            _ => &[],
        };
        let sponsors = |fact: &NewFact| {
            matches!(fact.content, FactContent::Oppholdstillatelse(_) | FactContent::Statsborgerskap { .. })
        };
        facts.iter().filter(move |(_, facts)| facts.iter().any(sponsors)).map(|(duf, _)| *duf)
    }

    /// Whether it may protect a person, or give a protected one into other hands: what was said before is then withdrawn, so it
    /// commits alone.
    pub fn may_protect(&self) -> bool {
        let facts = match &self.what {
            Internal::Facts(facts) => facts.as_slice(),
            Internal::Calendar { .. } | Internal::Import(_) | Internal::Verne(_) => return true,
            _ => &[],
        };
        facts.iter().flat_map(|(_, facts)| facts).any(|fact| fact.content.may_protect())
    }

    /// Who begins with it, where it is not there.
    pub fn begins(&self) -> impl Iterator<Item = Duf> {
        let told = self.facts().iter().filter(|(_, facts)| says_something(facts));
        self.imported().iter().map(|person| person.duf).chain(told.map(|(duf, _)| *duf))
    }

    fn imported(&self) -> &[Imported] {
        match &self.what {
            Internal::Import(persons) => persons,
            _ => &[],
        }
    }

    fn facts(&self) -> &[(Duf, Vec<NewFact>)] {
        match &self.what {
            Internal::Facts(facts) => facts,
            _ => &[],
        }
    }
}

/// Whether a person can begin with them: what is only taken back says nothing.
fn says_something(facts: &[NewFact]) -> bool {
    facts.iter().any(|fact| !fact.annulled)
}

/// What it came to.
#[derive(Default)]
pub(super) struct Carried {
    pub changes: Vec<Change>,
    pub notices: Vec<Addressed>,
    /// Persons that it changed, and that were not there.
    pub changed: usize,
    pub unknown: usize,
    /// Dates that it carried out.
    pub calendar: Vec<(Duf, NaiveDate)>,
    /// Persons that are protected from now on: what streams may no longer hold is withdrawn.
    pub vernede: Vernede,
}

/// What the store knows besides the persons.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Dates that have been carried out.
    pub done: BTreeSet<(Duf, NaiveDate)>,
    /// Who depends on whom: by the sponsor.
    pub dependents: BTreeMap<Duf, Vec<Duf>>,
    /// Former numbers of those who may become protected.
    pub former: BTreeMap<Duf, Vec<Duf>>,
}

/// One command while it is carried out: a person that it has changed is seen as it stands then.
struct Work<'a> {
    state: &'a State<'a>,
    command: &'a InternalCommand,
    policy: &'a Policy,
    wall: DateTime<Utc>,
    recorded: DateTime<Utc>,
    present: BTreeMap<Duf, Person>,
    carried: Carried,
}

impl Work<'_> {
    fn person(&self, duf: Duf) -> Option<&Person> {
        self.present.get(&duf).or_else(|| self.state.persons.get(&duf))
    }

    /// Who is not there is from now on.
    fn begin(&mut self, duf: Duf, begun: Person) {
        if self.person(duf).is_none() {
            self.present.insert(duf, begun);
        }
    }

    fn now(&self, kommune: Option<Kommunenummer>) -> Now {
        let received = self.state.registry.register_time(kommune, self.wall).trunc_subsecs(6);
        Now { received, today: oslo_date(received), recorded: self.recorded }
    }

    /// Does it to the person, if the person is there.
    fn each(&mut self, duf: Duf, work: &mut dyn FnMut(&Person, &Now) -> Outcome) {
        let Some(person) = self.person(duf) else {
            self.carried.unknown += 1;
            return;
        };
        let place = person.follow_up(oslo_date(self.wall)).map(|place| place.kommune);
        let now = self.now(place);
        let outcome = work(person, &now);
        if !outcome.changes.is_empty() {
            let mut present = person.clone();
            outcome.changes.iter().for_each(|change| present.apply(change));
            let vern = Vern::arisen(self.state.registry, self.policy, Some(person), &present, now.today);
            self.carried.changed += 1;
            self.carried.vernede.extend(vern.map(|vern| (duf, vern)));
            self.present.insert(duf, present);
        }
        self.carried.changes.extend(outcome.changes);
        self.carried.notices.extend(outcome.notices);
    }

    /// A source's word about one person, and what it means to others.
    fn facts(&mut self, (duf, facts): &(Duf, Vec<NewFact>), around: &Around, ids: &mut dyn Ids) {
        let (registry, policy) = (self.state.registry, self.policy);
        let cause = Cause { opphav: self.command.opphav, message: None };
        let from = self.carried.changes.len();
        self.each(*duf, &mut |person, now| write_facts(registry, policy, person, facts, now, cause, ids));
        let written: Vec<Fact> = self.carried.changes.iter().skip(from).filter_map(fact_of).collect();
        self.others(*duf, &written, around, ids);
    }

    /// What was told of one person means something to others, too: to who has the number now, and to the family.
    fn others(&mut self, duf: Duf, written: &[Fact], around: &Around, ids: &mut dyn Ids) {
        let (registry, policy) = (self.state.registry, self.policy);
        let cause = Cause { opphav: self.command.opphav, message: None };
        for fact in written {
            if let FactContent::DufErstattet { ny } = fact.content {
                self.merged(duf, (ny, fact.annulled), cause, ids);
            }
        }
        let sponsors = |fact: &Fact| {
            matches!(fact.content, FactContent::Oppholdstillatelse(_) | FactContent::Statsborgerskap { .. })
        };
        if written.iter().any(sponsors) {
            for dependent in around.dependents.get(&duf).into_iter().flatten() {
                let changed = self.carried.changed;
                self.each(*dependent, &mut |person, now| sponsor_changed(registry, policy, person, now, cause, ids));
                // Counted are the persons that the command names.
                self.carried.changed = changed;
            }
        }
    }

    fn merged(&mut self, old: Duf, (ny, annulled): (Duf, bool), cause: Cause<'_>, ids: &mut dyn Ids) {
        let (Some(before), new) = (self.state.persons.get(&old), self.person(ny)) else { return };
        let now = self.now(new.unwrap_or(before).follow_up(oslo_date(self.wall)).map(|place| place.kommune));
        let known = |duf| self.person(duf);
        let told = merged(self.state.registry, self.policy, (before, &known), (ny, annulled), &now, cause, ids);
        let hides = new.filter(|new| !annulled && new.hidden(now.today) && !before.hidden(now.today));
        let vern = hides.map(|new| Vern::of_hidden(self.state.registry, self.policy, new, now.today));
        self.carried.vernede.extend(vern.map(|vern| (old, vern)));
        self.carried.notices.extend(told);
    }
}

fn fact_of(change: &Change) -> Option<Fact> {
    match change {
        Change::FactWritten { row, .. } => Some((**row).clone()),
        _ => None,
    }
}

/// What follows from a source's message beside what it says: for those who have another's number now, for families, and for
/// whom nobody may know of any more. The state is as it was before the message.
pub(super) fn aftermath(
    state: &State<'_>,
    opphav: Opphav,
    changes: &[Change],
    around: &Around,
    policy: &Policy,
    (wall, recorded): (DateTime<Utc>, DateTime<Utc>),
    ids: &mut dyn Ids,
) -> Carried {
    let command = InternalCommand { opphav, what: Internal::Recompute(Vec::new()) };
    let (present, carried) = (BTreeMap::new(), Carried::default());
    let mut work = Work { state, command: &command, policy, wall, recorded, present, carried };
    for change in changes {
        let duf = change.duf();
        work.begin(duf, Person::unheard_of(duf));
        if let Some(mut person) = work.person(duf).cloned() {
            person.apply(change);
            work.present.insert(duf, person);
        }
    }
    let told: BTreeSet<Duf> = changes.iter().map(Change::duf).collect();
    for duf in told {
        if let Some(present) = work.present.get(&duf) {
            let place = present.follow_up(oslo_date(wall)).map(|place| place.kommune);
            let vern = Vern::arisen(state.registry, policy, state.persons.get(&duf), present, work.now(place).today);
            work.carried.vernede.extend(vern.map(|vern| (duf, vern)));
        }
        let written: Vec<Fact> = changes.iter().filter(|c| c.duf() == duf).filter_map(fact_of).collect();
        work.others(duf, &written, around, ids);
    }
    work.carried
}

/// Decides one command over the state that earlier jobs of the batch left.
pub(super) fn carry_out(
    state: &State<'_>,
    command: &InternalCommand,
    around: &Around,
    policy: &Policy,
    (wall, recorded): (DateTime<Utc>, DateTime<Utc>),
    ids: &mut dyn Ids,
) -> Carried {
    let cause = Cause { opphav: command.opphav, message: None };
    let (registry, present, carried) = (state.registry, BTreeMap::new(), Carried::default());
    let mut work = Work { state, command, policy, wall, recorded, present, carried };
    match &command.what {
        Internal::Facts(facts) => {
            for one in facts {
                if says_something(&one.1) {
                    work.begin(one.0, Person::begun(one.0, recorded));
                }
                work.facts(one, around, ids);
            }
        }
        Internal::Import(persons) => {
            for Imported { duf, facts, posts } in persons {
                work.begin(*duf, Person::unheard_of(*duf));
                work.each(*duf, &mut |person, now| import(registry, policy, person, (facts, posts), now, ids));
            }
        }
        Internal::Recompute(dufs) => {
            for duf in dufs {
                work.each(*duf, &mut |person, now| compute_anew(registry, policy, person, now, cause, ids));
            }
        }
        Internal::Verne(dufs) => {
            for duf in dufs {
                let mut vern = None;
                work.each(*duf, &mut |person, now| {
                    vern = Vern::standing(registry, policy, person, now.today);
                    Outcome::default()
                });
                work.carried.changed += usize::from(vern.is_some());
                work.carried.vernede.extend(vern.map(|vern| (*duf, vern)));
            }
        }
        Internal::Avgjoer { duf, post_id, strike } => {
            work.each(*duf, &mut |person, now| {
                avgjoer(registry, policy, person, (*post_id, *strike), now, ids).unwrap_or_default()
            });
        }
        Internal::Calendar { date, dufs, again } => {
            for duf in dufs.iter().filter(|duf| !around.done.contains(&(**duf, *date))) {
                let mut came = false;
                work.each(*duf, &mut |person, now| {
                    came = *date <= now.today && (!again || dag::known_before(registry, person, *date));
                    if came {
                        dag::carry_out(registry, policy, person, *date, now, cause, ids)
                    } else {
                        Outcome::default()
                    }
                });
                if came {
                    let vern = work.person(*duf).and_then(|person| Vern::on_date(registry, policy, person, *date));
                    work.carried.vernede.extend(vern.map(|vern| (*duf, vern)));
                    work.carried.calendar.push((*duf, *date));
                }
            }
        }
        Internal::Tell(what) => {
            let now = work.now(None);
            for system in what.til.of(registry, policy, now.today) {
                let payload = NoticePayload::Annen { tillegg: what.tillegg.clone() };
                work.carried.notices.push(Addressed {
                    avsendersystem: system.id.clone(),
                    notice: Notice {
                        hendelse_id: ids.uuid(),
                        hendelsestype: what.hendelsestype.clone(),
                        registrert: recorded,
                        gjelder_dato: what.gjelder,
                        duf: None,
                        kommune: system.kommune,
                        bydel: system.bydel,
                        opphav: command.opphav,
                        meldings_id: None,
                        payload,
                    },
                });
            }
        }
    }
    work.carried
}
