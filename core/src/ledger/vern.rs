//! What streams may no longer hold of a person who becomes protected (domain.md 10.4, VERN-1, VERN-5; contract.md 0.13). A
//! stream can be read again for as long as its rows are kept, so acknowledged rows are withdrawn, too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::change::{Addressed, Notice, NoticePayload};
use crate::decide::may_know;
use crate::fact::FactContent;
use crate::id::Duf;
use crate::ledger::batch::Streams;
use crate::person::Person;
use crate::policy::Policy;
use crate::query::access;
use crate::query::oeyeblikksbilde::HENDELSESTYPE as PICTURE;
use crate::registry::Registry;
use crate::store::rows::Writes;
use crate::store::{StoreError, Tx};

/// What is taken back of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Vern {
    /// Strictly confidential from now on, or in other hands: everything in streams of others than these avsendersystemer, and
    /// what is personal in theirs (VERN-1, VERN-1a).
    Skjult(BTreeSet<String>),
    /// The address is suppressed from now on (VERN-2, VERN-3).
    Adresse,
}

/// Persons, and what is taken back of them.
pub(super) type Vernede = BTreeMap<Duf, Vern>;

impl Vern {
    /// What a change of the person takes back.
    pub fn arisen(
        registry: &Registry,
        policy: &Policy,
        before: Option<&Person>,
        after: &Person,
        today: NaiveDate,
    ) -> Option<Self> {
        // Of whom nothing was known nothing was told.
        let before = before?;
        let place = |person: &Person| person.follow_up(today).map(|placed| (placed.kommune, placed.bydel));
        if after.hidden(today) {
            let other_hands = !before.hidden(today) || place(before) != place(after);
            return other_hands.then(|| Vern::of_hidden(registry, policy, after, today));
        }
        (after.undertrykt(today) && !before.undertrykt(today)).then_some(Vern::Adresse)
    }

    /// What a date takes back that puts a strictly confidential person into other hands.
    pub fn on_date(registry: &Registry, policy: &Policy, person: &Person, date: NaiveDate) -> Option<Self> {
        let place = |day: NaiveDate| person.follow_up(day).map(|placed| (placed.kommune, placed.bydel));
        let moves = person.hidden(date) && date.pred_opt().is_some_and(|before| place(before) != place(date));
        moves.then(|| Vern::of_hidden(registry, policy, person, date))
    }

    /// What the protection takes back that a person has today.
    pub fn standing(registry: &Registry, policy: &Policy, person: &Person, today: NaiveDate) -> Option<Self> {
        if person.hidden(today) {
            return Some(Vern::of_hidden(registry, policy, person, today));
        }
        access::sheltered(&person.facts, today).then_some(Vern::Adresse)
    }

    /// Who may know of a strictly confidential person keeps what is not personal.
    pub fn of_hidden(registry: &Registry, policy: &Policy, person: &Person, today: NaiveDate) -> Self {
        Vern::Skjult(may_know(registry, policy, person, today))
    }

    /// What is withdrawn. Who must guard what it holds is told so first, and of nothing else (VERN-5); who has read that may
    /// know no more than everybody (VERN-1a).
    fn takes(&self, avsendersystem: &str, notice: &Notice, unread: bool) -> bool {
        match self {
            _ if unread && notice.hendelsestype == "SKJERMING_ENDRET" => false,
            Vern::Skjult(may_know) => {
                !may_know.contains(avsendersystem) || PERSONAL.contains(&notice.hendelsestype.as_str())
            }
            Vern::Adresse => tells_address(notice),
        }
    }

    /// The only kinds of which something may be withdrawn.
    fn kinds(&self) -> Option<&'static [&'static str]> {
        match self {
            Vern::Skjult(_) => None,
            Vern::Adresse => Some(&ADDRESSES),
        }
    }
}

/// What VERN-1 never lets out, whoever asks.
const PERSONAL: [&str; 13] = [
    "TILFLYTTET",
    "FRAFLYTTET",
    "BYDEL_ENDRET",
    "OPPFOELGING_ENDRET",
    "EIERKONFLIKT",
    "ADRESSE_ENDRET",
    "PERSONALIA_ENDRET",
    "FAMILIE_ENDRET",
    "IDENT_ENDRET",
    "MOTTAK_INN",
    "MOTTAK_UT",
    "BOSETTING_REGISTRERT",
    PICTURE,
];

/// What may tell where a person lives.
const ADDRESSES: [&str; 4] = ["ADRESSE_ENDRET", "MOTTAK_INN", "MOTTAK_UT", PICTURE];

/// Whether it tells where the person lives. Who follows the person up is no address (VERN-2).
fn tells_address(notice: &Notice) -> bool {
    match &notice.payload {
        NoticePayload::PersonOeyeblikksbilde { person: Some(view), .. } => {
            view.facts.iter().any(|(fact, _)| is_address(fact))
        }
        NoticePayload::Annen { tillegg } => {
            let address = ADDRESSES.contains(&notice.hendelsestype.as_str());
            address && !tillegg.iter().all(|(noekkel, _)| noekkel == "undertrykt")
        }
        _ => false,
    }
}

fn is_address(fact: &FactContent) -> bool {
    matches!(fact, FactContent::Bosted { .. } | FactContent::Mottak { .. })
}

/// Former numbers are protected with the one that holds now.
pub(super) fn with_former(vernede: &mut Vernede, former: &BTreeMap<Duf, Vec<Duf>>) {
    let mut look: Vec<Duf> = vernede.keys().copied().collect();
    while let Some(duf) = look.pop() {
        let Some(vern) = vernede.get(&duf).cloned() else { continue };
        for old in former.get(&duf).into_iter().flatten() {
            if !vernede.contains_key(old) {
                vernede.insert(*old, vern.clone());
                look.push(*old);
            }
        }
    }
}

/// Changes of one person that are looked at in one step.
const AT_ONCE: usize = 200;

/// The streams that hold something of them: they are locked before anything is withdrawn.
pub(super) async fn concerned(tx: &mut Tx, vernede: &Vernede) -> Result<Vec<String>, StoreError> {
    let about: Vec<Duf> = vernede.keys().copied().collect();
    if about.is_empty() { Ok(Vec::new()) } else { tx.told_systems(&about).await }
}

/// Withdraws what streams may no longer hold, and tells in its place what still may be told; page by page, so that no more
/// than a page is in memory. Whoever writes about a person holds the person's lock, as this does: no row is missed. The
/// streams that were told something.
pub(super) async fn withdraw(
    tx: &mut Tx,
    vernede: &Vernede,
    streams: &mut Streams,
    recorded: DateTime<Utc>,
) -> Result<BTreeSet<String>, StoreError> {
    let (mut heard, mut last) = (BTreeSet::new(), LastOfOrders::default());
    for (duf, vern) in vernede {
        let mut after = Some((String::new(), 0));
        while let Some(from) = after.take() {
            let page = tx.told_about(*duf, vern.kinds(), (&from.0, from.1), AT_ONCE).await?;
            if let Some(row) = page.last().filter(|_| page.len() == AT_ONCE) {
                after = Some((row.avsendersystem.clone(), row.number));
            }
            let (mut told, mut writes) = (Vec::new(), Writes::default());
            for row in page {
                let notice = row.notice()?;
                let unread = streams.position(&row.avsendersystem).is_some_and(|at| row.number > at.bekreftet_til);
                if !vern.takes(&row.avsendersystem, &notice, unread) {
                    continue;
                }
                if unread {
                    let again = vern.in_place_of(&notice, row.number, recorded);
                    told.extend(again.and_then(|notice| last.keep(&row.avsendersystem, notice)));
                }
                writes.withdrawn.push(row.withdrawn(notice)?);
            }
            heard.extend(told.iter().map(|told: &Addressed| told.avsendersystem.clone()));
            (writes.changes, _) = streams.give(told, "")?;
            tx.write(&writes).await?;
        }
    }
    let told = last.done(tx).await?;
    heard.extend(told.iter().map(|told| told.avsendersystem.clone()));
    let (changes, _) = streams.give(told, "")?;
    tx.write(&Writes { changes, ..Writes::default() }).await?;
    Ok(heard)
}

impl Vern {
    /// What is told in place of a picture that nobody has read: the same one without the address, or, of a person that must
    /// not be shown, that its order has come to its end.
    fn in_place_of(&self, notice: &Notice, number: i64, recorded: DateTime<Utc>) -> Option<Notice> {
        let NoticePayload::PersonOeyeblikksbilde { bestillings_id, posisjon, siste, person } = &notice.payload else {
            return None;
        };
        let (duf, person) = match self {
            Vern::Skjult(_) if *siste && bestillings_id.is_some() => (None, None),
            Vern::Skjult(_) => return None,
            Vern::Adresse => {
                let mut view = person.clone()?;
                view.facts.retain(|(fact, _)| !is_address(fact));
                (notice.duf, Some(view))
            }
        };
        let payload = NoticePayload::PersonOeyeblikksbilde {
            bestillings_id: *bestillings_id,
            // What was told of the person since then prevails.
            posisjon: posisjon.or(Some(number)),
            siste: *siste,
            person,
        };
        let hendelse_id = Uuid::new_v5(&notice.hendelse_id, b"siste");
        Some(Notice { hendelse_id, registrert: recorded, duf, payload, ..notice.clone() })
    }
}

/// What is told last of each order that is told of again: one picture says that no other comes.
#[derive(Default)]
struct LastOfOrders(BTreeMap<(String, Uuid), Addressed>);

impl LastOfOrders {
    /// Keeps it while it may be the last one; what is told now.
    fn keep(&mut self, avsendersystem: &str, notice: Notice) -> Option<Addressed> {
        let NoticePayload::PersonOeyeblikksbilde { bestillings_id, .. } = &notice.payload else { return None };
        let order = *bestillings_id;
        let told = Addressed { avsendersystem: avsendersystem.to_owned(), notice };
        let Some(order) = order else { return Some(told) };
        let before = self.0.insert((avsendersystem.to_owned(), order), told);
        // One without a person said only that it was the last.
        before.filter(|before| before.notice.duf.is_some()).map(|before| says_last(before, false))
    }

    /// Those that are left. Of an order that is still written its own last picture comes.
    async fn done(self, tx: &mut Tx) -> Result<Vec<Addressed>, StoreError> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let open: BTreeSet<Uuid> = tx.open_orders().await?.into_iter().map(|order| order.id).collect();
        Ok(self.0.into_iter().map(|((_, order), told)| says_last(told, !open.contains(&order))).collect())
    }
}

fn says_last(mut told: Addressed, last: bool) -> Addressed {
    if let NoticePayload::PersonOeyeblikksbilde { siste, .. } = &mut told.notice.payload {
        *siste = last;
    }
    told
}
