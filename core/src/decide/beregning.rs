//! Categories and deadlines in the same transaction as what they follow from (domain.md 9.4): computed anew after every
//! change of a fact or registration, recorded where the result or its reasons differ, and told to who must know.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::aapning::aapninger;
use crate::change::{Addressed, Change, Notice, NoticePayload, Opphav};
use crate::decide::hendelser::mottakere::Teller;
use crate::decide::hendelser::{self, Skrevet, mangel};
use crate::decide::{Ids, Now, notices};
use crate::fact::{Fact, FactContent};
use crate::id::Duf;
use crate::kategori::{Aapning, Beregnet, BeregningRow, Frist, Friststatus, Grunnlag, Kategori, beregn};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Content, Ordning};
use crate::registry::Registry;
use crate::time::{Period, oslo_date};

/// Names the ids of first computations.
const FIRST: uuid::Uuid = uuid::Uuid::from_u128(0x6e69_722d_6265_7265_676e_696e_6700_0001);

/// A fact as a source sends it; the register gives it its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFact {
    /// Source party.
    #[serde(rename = "kilde")]
    pub source: String,
    /// The source's own id of the fact.
    #[serde(rename = "kildeId")]
    pub source_id: String,
    /// What it says.
    #[serde(rename = "innhold")]
    pub content: FactContent,
    /// When it is true.
    #[serde(rename = "gyldig")]
    pub valid: Period,
    /// It never was: closes what the source said under this id.
    #[serde(rename = "annullert", default)]
    pub annulled: bool,
}

/// What a command without a message comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In order.
    pub changes: Vec<Change>,
    /// In order.
    pub notices: Vec<Addressed>,
}

/// Why something is computed anew, and whose word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    /// As every stream but the sender's own sees it.
    pub opphav: Opphav,
    /// The message that caused it and its avsendersystem, where one did.
    pub message: Option<(&'a str, &'a str)>,
}

/// Whether categories, deadlines or the openings follow from content of this kind.
pub(super) fn matters(content: &Content) -> bool {
    !matches!(
        content,
        Content::Tiltak(_)
            | Content::Integreringskontrakt(_)
            | Content::Integreringsplan(_)
            | Content::Norskmaal(_)
            | Content::Kompetansekartlegging(_)
            | Content::Karriereveiledning(_)
            | Content::ReservasjonForskning(_)
            | Content::Deltakerbevis(_)
            | Content::OppfoelgingOmsorgspermisjon(_)
    )
}

/// What follows from the person as it stands, as the row that it would be; `None` where the last one says the same.
pub fn recompute(person: &Person, policy: &Policy, now: &Now, ids: &mut dyn Ids) -> Option<BeregningRow> {
    let mut row = computed(person, policy, now.today, now.recorded);
    if person.beregnet.as_ref().is_some_and(|before| before.says_the_same(&row.kept())) {
        return None;
    }
    row.beregnings_id = ids.uuid();
    Some(row)
}

/// The computation without an id: what [`recompute`] compares, and what the first row of a new person is made of.
pub fn computed(person: &Person, policy: &Policy, today: NaiveDate, recorded: DateTime<Utc>) -> BeregningRow {
    let beregning = beregn(Grunnlag { facts: &person.facts, posts: &person.posts }, policy);
    let before = match &person.beregnet {
        Some(before) => before.aapninger.clone(),
        None => opened_as_learned(person, policy, today),
    };
    let aapninger = aapninger(&before, &person.facts, &beregning.kategorier, policy, today);
    BeregningRow {
        row_no: person.last_row + 1,
        beregnings_id: uuid::Uuid::nil(),
        beregning,
        aapninger,
        regelversjon: policy.version().to_owned(),
        system_from: recorded,
        system_to: None,
    }
}

/// What a person's days were opened on before anything was computed: the register learned its facts one after the other,
/// and would have opened days as it did.
fn opened_as_learned(person: &Person, policy: &Policy, today: NaiveDate) -> Vec<Aapning> {
    let mut times: Vec<DateTime<Utc>> = person.facts.iter().map(|fact| fact.system_from).collect();
    times.sort_unstable();
    times.dedup();
    let mut opened = Vec::new();
    for time in times {
        let known: Vec<Fact> = person.facts.iter().filter(|fact| fact.system_from <= time).cloned().collect();
        let kategorier = beregn(Grunnlag { facts: &known, posts: &person.posts }, policy).kategorier;
        opened = aapninger(&opened, &known, &kategorier, policy, oslo_date(time).min(today));
    }
    opened
}

/// The person with its first computation, and the row of it: how a source's or an import's new person enters the store.
/// The id follows from person and row, so that entering again makes the same.
pub fn first(person: &Person, policy: &Policy, today: NaiveDate, recorded: DateTime<Utc>) -> (Person, BeregningRow) {
    let mut row = computed(person, policy, today, recorded);
    row.beregnings_id = uuid::Uuid::new_v5(&FIRST, format!("{} {}", person.duf, row.row_no).as_bytes());
    let mut person = person.clone();
    person.last_row = row.row_no;
    person.beregnet = Some(row.kept());
    (person, row)
}

/// Writes facts of a source about one person: corrections close what the source said before, what it said already is
/// passed over, and what follows is computed in the same breath.
pub fn write_facts(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    facts: &[NewFact],
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Outcome {
    let mut present = person.clone();
    let mut outcome = Outcome::default();
    let mut written = Vec::new();
    for fact in facts {
        let known =
            present.facts.iter().find(|known| (&known.source, &known.source_id) == (&fact.source, &fact.source_id));
        let says_nothing_new = match known {
            Some(known) => !fact.annulled && known.content == fact.content && known.valid == fact.valid,
            None => fact.annulled,
        };
        if says_nothing_new {
            continue;
        }
        let row = Fact {
            row_no: present.last_row + 1,
            source: fact.source.clone(),
            source_id: fact.source_id.clone(),
            content: fact.content.clone(),
            valid: fact.valid,
            annulled: fact.annulled,
            system_from: now.recorded,
            system_to: None,
        };
        written.push(Skrevet { foer: known.cloned(), naa: row.clone() });
        let change = Change::FactWritten { duf: person.duf, row: Box::new(row) };
        present.apply(&change);
        outcome.changes.push(change);
    }
    let teller = Teller { registry, policy, now, cause };
    let mut computed = Outcome::default();
    compute_into(&teller, person, &mut present, ids, &mut computed);
    let before = (person, now.today);
    outcome.notices.extend(notices::sheltered(registry, policy, before, &present, now, cause.opphav, ids));
    outcome.notices.extend(hendelser::of_facts(&teller, person, &present, &written, ids));
    outcome.changes.extend(computed.changes);
    outcome.notices.extend(computed.notices);
    outcome.notices.extend(mangel::tell_arisen(&teller, person, &present, ids));
    outcome
}

/// Computes one person anew under the rules of `policy`. The first computation of a person is no news.
pub fn compute_anew(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Outcome {
    let teller = Teller { registry, policy, now, cause };
    let (mut outcome, mut present) = (Outcome::default(), person.clone());
    compute_into(&teller, person, &mut present, ids, &mut outcome);
    if person.beregnet.is_none() {
        outcome.notices.clear();
    } else if !outcome.changes.is_empty() {
        outcome.notices.extend(mangel::tell_arisen(&teller, person, &present, ids));
    }
    outcome
}

/// The permit or citizenship of whom a person's own permit or family names is another: the kommune hears, and the person is
/// computed anew (design.md 17, decide).
pub fn sponsor_changed(
    registry: &Registry,
    policy: &Policy,
    person: &Person,
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Outcome {
    let teller = Teller { registry, policy, now, cause };
    let mut outcome = compute_anew(registry, policy, person, now, cause, ids);
    outcome.notices.splice(0..0, hendelser::sponsor_changed(&teller, person, ids));
    outcome
}

/// Whoever follows up a person whose number was replaced hears which one holds now, and so does who follows the other up; where
/// the source names another number than before, also that the one it had named never was. `old` is the person as it was.
pub fn merged<'p>(
    registry: &Registry,
    policy: &Policy,
    (old, known): (&Person, &dyn Fn(Duf) -> Option<&'p Person>),
    (ny, annulled): (Duf, bool),
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let teller = Teller { registry, policy, now, cause };
    let mut all = Vec::new();
    match old.replaced_by().filter(|_| !annulled) {
        Some(before) if before == ny => return all,
        Some(before) => all.extend(hendelser::merged(&teller, old, (before, known(before)), true, ids)),
        None => {}
    }
    all.extend(hendelser::merged(&teller, old, (ny, known(ny)), annulled, ids));
    all
}

/// What follows from the person as it stands now, and who hears of what differs from `before`.
pub(super) fn compute_into(
    teller: &Teller<'_>,
    before: &Person,
    present: &mut Person,
    ids: &mut dyn Ids,
    outcome: &mut Outcome,
) {
    let Teller { registry, policy, now, cause } = *teller;
    let Some(row) = recompute(present, policy, now, ids) else { return };
    // Before anything was computed there was nothing, under whichever act it is now.
    let nothing = Beregnet {
        row_no: 0,
        beregnings_id: uuid::Uuid::nil(),
        lov: row.beregning.lov,
        kategorier: Vec::new(),
        frister: Vec::new(),
        aapninger: Vec::new(),
        logg: 0,
        system_from: now.recorded,
    };
    let change = Change::Beregnet { duf: present.duf, row: Box::new(row) };
    present.apply(&change);
    outcome.changes.push(change);
    let before = before.beregnet.as_ref().unwrap_or(&nothing);
    outcome.notices.extend(notices(registry, policy, Some(before), present, now, cause, ids));
}

/// One thing that differs between two computations.
struct Difference {
    hendelsestype: &'static str,
    /// Whoever carries one of them is told, once.
    ordninger: Vec<Ordning>,
    gjelder: NaiveDate,
    payload: NoticePayload,
}

/// Who must hear that categories, deadlines or the act differ: the avsendersystemer of the kommune and bydel that follow
/// the person up, by the schemes they carry. Of a strictly confidential person a kommune hears only if it has somebody who
/// may know, and else the sender alone (VERN-1); the first
/// computation of a person is no news.
pub(super) fn notices(
    registry: &Registry,
    policy: &Policy,
    before: Option<&Beregnet>,
    person: &Person,
    now: &Now,
    cause: Cause<'_>,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let (Some(before), Some(after)) = (before, person.beregnet.as_ref()) else { return Vec::new() };
    let Some(follow_up) = person.follow_up(now.today) else { return Vec::new() };
    let hidden = person.hidden(now.today);
    let approved = notices::approved(registry, policy, follow_up, now.today);
    let differences = differences(before, after, policy, now.today);
    let numbers = policy.numbers_of(follow_up.kommune, now.today);
    let mut all = Vec::new();
    for system in numbers.into_iter().flat_map(|number| registry.systems_of(number)) {
        let own = cause.message.filter(|(_, by)| *by == system.id);
        if !system.valid.contains(now.today)
            || (system.bydel.is_some() && system.bydel != follow_up.bydel)
            || (hidden && own.is_none() && (cause.message.is_some() || !approved))
        {
            continue;
        }
        let carried = |one: &&Difference| one.ordninger.iter().any(|ordning| system.ordninger.contains(ordning));
        for difference in differences.iter().filter(carried) {
            all.push(Addressed {
                avsendersystem: system.id.clone(),
                notice: Notice {
                    hendelse_id: ids.uuid(),
                    hendelsestype: difference.hendelsestype.to_owned(),
                    registrert: now.recorded,
                    gjelder_dato: difference.gjelder,
                    duf: Some(person.duf),
                    kommune: follow_up.kommune,
                    bydel: follow_up.bydel,
                    opphav: if own.is_some() { Opphav::EgenMelding } else { cause.opphav },
                    meldings_id: own.map(|(meldings_id, _)| meldings_id.to_owned()),
                    payload: difference.payload.clone(),
                },
            });
        }
    }
    all
}

fn differences(before: &Beregnet, after: &Beregnet, policy: &Policy, today: NaiveDate) -> Vec<Difference> {
    let mut all = Vec::new();
    if before.lov != after.lov
        && let Some(lov) = after.lov
    {
        let fra = after.kategorier.iter().map(|kategori| kategori.gyldig.from).min().unwrap_or(today);
        let mut tillegg = vec![("ny".to_owned(), lov.code().to_owned()), ("fra".to_owned(), fra.to_string())];
        tillegg.extend(before.lov.map(|lov| ("forrige".to_owned(), lov.code().to_owned())));
        all.push(Difference {
            hendelsestype: "LOVVALG_ENDRET",
            ordninger: vec![Ordning::Intro, Ordning::Norsk],
            gjelder: fra,
            payload: NoticePayload::Annen { tillegg },
        });
    }
    kategorier(before, after, policy, today, &mut all);
    frister(before, after, &mut all);
    all
}

/// A category as its notice tells it.
pub(super) fn kategori_endret(kategori: &Kategori, beregnet: &Beregnet, policy: &Policy) -> NoticePayload {
    let end = (kategori.gyldig.last(), kategori.aarsak.map(|aarsak| aarsak.code()));
    kategori_payload(kategori, beregnet, policy, end)
}

fn kategori_payload(
    kategori: &Kategori,
    beregnet: &Beregnet,
    policy: &Policy,
    (til, aarsak): (Option<NaiveDate>, Option<&'static str>),
) -> NoticePayload {
    let ordning = kategori.kode.ordning();
    let opened = |a: &&Aapning| a.ordning == ordning && a.dager.contains(kategori.gyldig.from);
    NoticePayload::KategoriEndret {
        kategori: kategori.kode.code().to_owned(),
        lov: kategori.lov.code().to_owned(),
        fra: kategori.gyldig.from,
        til,
        aarsak: aarsak.map(str::to_owned),
        aapnet_for_skriving: beregnet.aapninger.iter().find(opened).map(|a| a.aapnet),
        regelversjon: Some(policy.version().to_owned()),
        beregnings_id: beregnet.beregnings_id,
    }
}

/// A period that begins on another day is another period; one that only ends otherwise was changed, or has closed.
fn kategorier(before: &Beregnet, after: &Beregnet, policy: &Policy, today: NaiveDate, all: &mut Vec<Difference>) {
    let same = |a: &Kategori, b: &Kategori| (a.kode, a.gyldig.from) == (b.kode, b.gyldig.from);
    let mut tell =
        |hendelsestype, gjelder, kategori: &Kategori, aarsak: Option<&'static str>, til: Option<NaiveDate>| {
            let payload = kategori_payload(kategori, after, policy, (til, aarsak));
            all.push(Difference { hendelsestype, ordninger: vec![kategori.kode.ordning()], gjelder, payload });
        };
    for kategori in &after.kategorier {
        let (til, aarsak) = (kategori.gyldig.last(), kategori.aarsak.map(|aarsak| aarsak.code()));
        let over = kategori.gyldig.to.filter(|to| *to <= today);
        match before.kategorier.iter().find(|old| same(old, kategori)) {
            None => tell("KATEGORI_AAPNET", kategori.gyldig.from, kategori, aarsak, til),
            Some(old) if old.gyldig == kategori.gyldig && old.aarsak == kategori.aarsak && old.lov == kategori.lov => {}
            Some(_) => match over {
                Some(to) => tell("KATEGORI_LUKKET", to, kategori, aarsak, til),
                None => tell("KATEGORI_ENDRET", kategori.gyldig.from, kategori, aarsak, til),
            },
        }
    }
    for old in before.kategorier.iter().filter(|old| !after.kategorier.iter().any(|new| same(old, new))) {
        // The facts that had opened it say otherwise now: it never was.
        tell("KATEGORI_LUKKET", old.gyldig.from, old, Some("FEILREGISTRERT"), old.gyldig.last());
    }
}

fn frister(before: &Beregnet, after: &Beregnet, all: &mut Vec<Difference>) {
    let mut tell = |hendelsestype, frist: &Frist, dato, forrige: Option<NaiveDate>| {
        let payload = payload(frist, dato, forrige.filter(|forrige| *forrige != dato), after);
        all.push(Difference { hendelsestype, ordninger: vec![frist.ordning], gjelder: dato, payload });
    };
    for (old, new) in paired(&before.frister, &after.frister) {
        let ran = old.filter(|old| old.status != Friststatus::Bortfalt).and_then(|old| old.dato);
        let forrige = old.and_then(|old| old.dato);
        match (old, new) {
            (Some(old), Some(new)) if old.dato == new.dato && old.status == new.status => {}
            (_, Some(new)) if new.status == Friststatus::Bortfalt => {
                // A deadline that lapsed has the day it had.
                if let Some(dato) = new.dato.or(forrige) {
                    tell("FRIST_BORTFALT", new, dato, forrige);
                }
            }
            (_, Some(new)) if new.dato.is_some() => match (new.dato, ran) {
                (Some(dato), Some(ran)) if dato == ran => {}
                (Some(dato), Some(_)) => tell("FRIST_ENDRET", new, dato, forrige),
                // The stream's last word of one that had lapsed was that: where it runs again, it is new.
                (Some(dato), None) if forrige != Some(dato) || new.status == Friststatus::Loeper => {
                    tell("FRIST_BEREGNET", new, dato, forrige);
                }
                _ => {}
            },
            // What it followed from is gone.
            (Some(old), _) => ran.into_iter().for_each(|dato| tell("FRIST_BORTFALT", old, dato, None)),
            (None, _) => {}
        }
    }
}

/// Each deadline with what it was before. Several programmes have an end each: what has the same day is the same one, the
/// others go in order.
fn paired<'a>(before: &'a [Frist], after: &'a [Frist]) -> Vec<(Option<&'a Frist>, Option<&'a Frist>)> {
    let same = |a: &Frist, b: &Frist| (a.fristtype, a.ordning) == (b.fristtype, b.ordning);
    let mut left: Vec<&Frist> = before.iter().collect();
    let mut take = |is: &dyn Fn(&Frist) -> bool| left.iter().position(|old| is(old)).map(|at| left.remove(at));
    let exact: Vec<Option<&Frist>> =
        after.iter().map(|new| take(&|old| same(old, new) && old.dato == new.dato)).collect();
    let mut pairs: Vec<(Option<&Frist>, Option<&Frist>)> = Vec::new();
    for (new, old) in after.iter().zip(exact) {
        pairs.push((old.or_else(|| take(&|old| same(old, new))), Some(new)));
    }
    pairs.extend(left.into_iter().map(|old| (Some(old), None)));
    pairs
}

fn payload(frist: &Frist, dato: NaiveDate, forrige_dato: Option<NaiveDate>, after: &Beregnet) -> NoticePayload {
    NoticePayload::FristEndret {
        fristtype: frist.fristtype.code().to_owned(),
        ordning: frist.ordning,
        dato,
        forrige_dato,
        beregnings_id: after.beregnings_id,
    }
}
