//! What the recipients' own logs must show (issue acceptance 1; contract.md 0.13): every number once, in order; a number that
//! comes again has a cause, and is the same; what our cursor has recorded as acknowledged never comes again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::nodes::Kill;
use crate::levering::receiver::{Change, Delivery};

/// What is known besides the log of one recipient.
pub struct Known {
    pub kills: Vec<Kill>,
    /// Digests of the nodes' TLS certificates.
    pub nodes: Vec<[u8; 32]>,
    /// Cursors as the database had them: the tick after they were read, and the number.
    pub cursors: HashMap<String, Vec<(u64, i64)>>,
    /// The ids of all changes of each stream, by number from 1.
    pub ids: BTreeMap<String, Vec<String>>,
    /// The gateway waits no longer for a receipt.
    pub patience: Duration,
}

/// Numbers that came again, by cause.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// No whole good receipt was given for them.
    pub unanswered: usize,
    /// The node that had sent them was killed.
    pub killed: usize,
    /// The receipt came too late.
    pub late: usize,
    /// The recipient asked for them again.
    pub asked: usize,
}

impl std::ops::AddAssign for Again {
    fn add_assign(&mut self, more: Self) {
        self.unanswered += more.unanswered;
        self.killed += more.killed;
        self.late += more.late;
        self.asked += more.asked;
    }
}

/// One page that was pulled.
#[derive(Debug, Clone)]
pub struct Page {
    /// Ticks before it was asked for, and after it was there.
    pub began: u64,
    pub ended: u64,
    /// What was asked for, and what was acknowledged with it.
    pub etter: i64,
    pub bekreft_til: Option<i64>,
    pub changes: Vec<Change>,
    pub bekreftet_til: i64,
}

impl Known {
    /// What a recipient has stored is what the register has written for it.
    fn stored(&self, system: &str, stored: &[Change]) {
        let written = self.ids[system].iter().zip(1..);
        let written: Vec<_> = written.map(|(id, number)| (number, id.as_str())).collect();
        let stored: Vec<_> = stored.iter().map(|change| (change.number, change.id.as_str())).collect();
        assert_eq!(stored, written, "{system}");
    }

    /// The log of a recipient by push.
    pub fn pushed(&self, system: &str, stored: &[Change], seen: &[Delivery]) -> Again {
        self.stored(system, stored);
        let mut again = Again::default();
        let mut earlier: HashMap<i64, &Delivery> = HashMap::new();
        for delivery in seen {
            let first = delivery.changes[0].number;
            let recorded = self.cursor_before(system, delivery.tick);
            assert!(first > recorded, "{system}: {first} came again though {recorded} was recorded: {delivery:?}");
            for (change, number) in delivery.changes.iter().zip(first..) {
                let kept = usize::try_from(number - 1).ok().and_then(|place| stored.get(place));
                assert_eq!((Some(change), change.number), (kept, number), "{system}: equal number, id and bytes");
                if let Some(before) = earlier.insert(number, delivery) {
                    *self.cause(&mut again, before, delivery, number) += 1;
                }
            }
        }
        again
    }

    /// Why a number of one delivery comes again in the next.
    fn cause<'a>(&self, again: &'a mut Again, before: &Delivery, after: &Delivery, number: i64) -> &'a mut usize {
        let died =
            |kill: &Kill| self.nodes[kill.node] == before.by && before.tick < kill.after && kill.before < after.tick;
        if before.answered.is_none_or(|to| to < number) {
            &mut again.unanswered
        } else if self.kills.iter().any(died) {
            &mut again.killed
        } else {
            assert!(before.took >= self.patience, "{number} came again without a cause: {before:?}, {after:?}");
            &mut again.late
        }
    }

    fn cursor_before(&self, system: &str, tick: u64) -> i64 {
        let seen = self.cursors.get(system).map(Vec::as_slice).unwrap_or_default();
        seen.iter().filter(|(at, _)| *at < tick).map(|(_, number)| *number).max().unwrap_or_default()
    }

    /// The log of a recipient by pull.
    pub fn pulled(&self, system: &str, stored: &[Change], pages: &[Page]) -> Again {
        self.stored(system, stored);
        let (mut again, mut highest) = (Again::default(), 0);
        for page in pages {
            for (change, number) in page.changes.iter().zip(page.etter + 1..) {
                let kept = usize::try_from(number - 1).ok().and_then(|place| stored.get(place));
                assert_eq!((Some(change), change.number), (kept, number), "{system}: equal number, id and bytes");
                again.asked += usize::from(number <= highest);
                highest = highest.max(number);
            }
            // What was answered as acknowledged stays so, at every node.
            let earlier = pages.iter().filter(|earlier| earlier.ended < page.began);
            let known = earlier.map(|earlier| earlier.bekreftet_til.max(earlier.bekreft_til.unwrap_or_default())).max();
            assert!(page.bekreftet_til >= known.unwrap_or_default(), "{system}: {page:?}");
        }
        again
    }

    /// No cursor went back, or beyond what there is.
    pub fn cursors(&self) {
        for (system, seen) in &self.cursors {
            assert!(seen.is_sorted_by_key(|(_, number)| *number), "{system}: {seen:?}");
        }
    }
}

/// A log of three numbers: 1 and 2 were answered well by a node that was killed before it could record that, so they came
/// again; 3 came after both were recorded.
fn sound() -> (Known, Vec<Change>, Vec<Delivery>) {
    let stored: Vec<_> = (1..=3).map(|number| Change::new(number, &format!("h{number}"), "bytes")).collect();
    let delivery = |tick, node, numbers: std::ops::Range<usize>, answered| Delivery {
        tick,
        by: [node; 32],
        leveranse_id: format!("lev-{numbers:?}"),
        changes: stored[numbers].to_vec(),
        answered,
        took: Duration::ZERO,
    };
    let seen = vec![delivery(10, 0, 0..2, Some(2)), delivery(30, 1, 0..2, Some(2)), delivery(50, 1, 2..3, Some(3))];
    let known = Known {
        kills: vec![Kill { node: 0, before: 20, after: 25 }],
        nodes: vec![[0; 32], [1; 32]],
        cursors: HashMap::from([("s".to_owned(), vec![(40, 2), (60, 3)])]),
        ids: BTreeMap::from([("s".to_owned(), stored.iter().map(|change| change.id.clone()).collect())]),
        patience: Duration::from_secs(3),
    };
    (known, stored, seen)
}

#[test]
fn a_sound_log_is_believed() {
    let (known, stored, seen) = sound();
    assert_eq!(known.pushed("s", &stored, &seen), Again { killed: 2, ..Again::default() });
    known.cursors();
}

#[test]
fn a_log_that_breaks_a_rule_is_found() {
    type Spoil = fn(&mut Known, &mut Vec<Change>, &mut Vec<Delivery>);
    let spoilt: [(&str, Spoil); 9] = [
        ("a number is missing", |_, stored, _| drop(stored.remove(1))),
        ("the end is missing", |_, stored, _| drop(stored.pop())),
        ("the order is another", |_, stored, _| stored.swap(0, 1)),
        ("another id came again", |_, _, seen| seen[1].changes[0].id = "other".to_owned()),
        ("other bytes came again", |_, _, seen| seen[1].changes[0].digest = [7; 32]),
        ("nobody was killed", |known, _, _| known.kills.clear()),
        ("another node was killed", |known, _, _| known.kills[0].node = 1),
        ("it was killed before", |known, _, _| (known.kills[0].before, known.kills[0].after) = (5, 9)),
        ("what was recorded came again", |known, _, _| known.cursors.get_mut("s").unwrap()[0].0 = 29),
    ];
    for (what, spoil) in spoilt {
        let (mut known, mut stored, mut seen) = sound();
        spoil(&mut known, &mut stored, &mut seen);
        let checked = std::panic::catch_unwind(move || known.pushed("s", &stored, &seen));
        assert!(checked.is_err(), "not found: {what}");
    }
}
