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
use crate::ledger::judge::Judged;
use crate::person::Person;
use crate::policy::Policy;
use crate::query::access;
use crate::query::oeyeblikksbilde::HENDELSESTYPE as PICTURE;
use crate::registry::Registry;
use crate::store::hendelser::WithdrawnRow;
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
        let suppressed = |person: &Person| person.hidden(today) || access::sheltered(&person.facts, today);
        if after.hidden(today) {
            let other_hands = !before.hidden(today) || place(before) != place(after);
            return other_hands.then(|| Vern::of_hidden(registry, policy, after, today));
        }
        (suppressed(after) && !suppressed(before)).then_some(Vern::Adresse)
    }

    /// What a date takes back that puts a strictly confidential person into other hands.
    pub fn on_date(registry: &Registry, policy: &Policy, person: &Person, date: NaiveDate) -> Option<Self> {
        let place = |day: NaiveDate| person.follow_up(day).map(|placed| (placed.kommune, placed.bydel));
        let moves = person.hidden(date) && date.pred_opt().is_some_and(|before| place(before) != place(date));
        moves.then(|| Vern::of_hidden(registry, policy, person, date))
    }

    /// Who may know of a strictly confidential person keeps what is not personal.
    pub fn of_hidden(registry: &Registry, policy: &Policy, person: &Person, today: NaiveDate) -> Self {
        Vern::Skjult(may_know(registry, policy, person, today))
    }

    fn takes(&self, avsendersystem: &str, notice: &Notice) -> bool {
        match self {
            Vern::Skjult(may_know) => {
                !may_know.contains(avsendersystem) || PERSONAL.contains(&notice.hendelsestype.as_str())
            }
            Vern::Adresse => tells_address(notice),
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

/// Whether it tells where the person lives. Who follows the person up is no address (VERN-2).
fn tells_address(notice: &Notice) -> bool {
    match &notice.payload {
        NoticePayload::PersonOeyeblikksbilde { person: Some(view), .. } => {
            let lives = |fact: &FactContent| matches!(fact, FactContent::Bosted { .. } | FactContent::Mottak { .. });
            view.facts.iter().any(|(fact, _)| lives(fact))
        }
        NoticePayload::Annen { tillegg } => {
            let address = ["ADRESSE_ENDRET", "MOTTAK_INN", "MOTTAK_UT"].contains(&notice.hendelsestype.as_str());
            address && !tillegg.iter().all(|(noekkel, _)| noekkel == "undertrykt")
        }
        _ => false,
    }
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

/// What is withdrawn.
#[derive(Default)]
pub(super) struct Trukket {
    pub rows: Vec<WithdrawnRow>,
    /// Last pictures of orders among them: where they stood, and what says instead that the order has come to its end.
    ends: Vec<(i64, Addressed)>,
}

/// The rows that are withdrawn. Whoever writes about a person holds the person's lock, as this does: no row is missed.
pub(super) async fn withdrawn(tx: &mut Tx, vernede: &Vernede, recorded: DateTime<Utc>) -> Result<Trukket, StoreError> {
    let about: Vec<Duf> = vernede.keys().copied().collect();
    let mut all = Trukket::default();
    if about.is_empty() {
        return Ok(all);
    }
    for row in tx.told_about(&about).await? {
        let Some(vern) = Duf::from_stored(row.duf).and_then(|duf| vernede.get(&duf)) else { continue };
        let notice = row.notice()?;
        if !vern.takes(&row.avsendersystem, &notice) {
            continue;
        }
        if let NoticePayload::PersonOeyeblikksbilde { bestillings_id: Some(id), posisjon, siste: true, .. } =
            notice.payload
        {
            let payload =
                NoticePayload::PersonOeyeblikksbilde { bestillings_id: Some(id), posisjon, siste: true, person: None };
            let notice = Notice {
                hendelse_id: Uuid::new_v5(&notice.hendelse_id, b"siste"),
                registrert: recorded,
                duf: None,
                payload,
                ..notice
            };
            all.ends.push((row.number, Addressed { avsendersystem: row.avsendersystem.clone(), notice }));
        }
        all.rows.push(row.withdrawn()?);
    }
    Ok(all)
}

impl Trukket {
    /// Whose streams are told that an order has come to its end.
    pub fn heard(&self) -> impl Iterator<Item = String> {
        self.ends.iter().map(|(_, end)| end.avsendersystem.clone())
    }

    /// Ends of orders that were not acknowledged, told with the first job that tells anything: who withdraws commits alone.
    pub fn tell_ends(self, streams: &Streams, judged: &mut [Option<Judged>]) {
        let unread = |number: i64, end: &Addressed| {
            streams.position(&end.avsendersystem).is_some_and(|position| number > position.bekreftet_til)
        };
        let ends = self.ends.into_iter().filter(|(number, end)| unread(*number, end)).map(|(_, end)| end);
        let told = judged.iter_mut().find_map(|judged| match judged {
            Some(Judged::Internal { notices, .. }) => Some(notices),
            Some(Judged::Decided { decision, .. }) => Some(&mut decision.notices),
            _ => None,
        });
        if let Some(notices) = told {
            notices.extend(ends);
        }
    }
}
