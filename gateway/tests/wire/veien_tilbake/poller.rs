//! Recipients by pull, each with a way of its own (issue 4, bad days).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use super::journal::Page;
use super::nodes::Nodes;
use super::{again_later, from};
use crate::client::{Answer, Client};
use crate::levering::receiver::{Change, tick};
use crate::messages::{bekreft_endringer, hent_endringer};
use crate::process::eventually;

/// How one polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One long poll after the other; acknowledges what it stored with the next.
    Steady,
    /// Dies before it has stored every third page, and begins again at the cursor.
    Restarts,
    /// Two of it poll at once.
    Twice,
    /// Acknowledges nothing before the end.
    NeverAcknowledges,
    /// Asks for numbers that are not there yet, and reads all of it again in the end.
    Wanders,
}

const WAYS: [Way; 5] = [Way::Steady, Way::Restarts, Way::Twice, Way::NeverAcknowledges, Way::Wanders];

pub struct Poller {
    pub system: &'static str,
    way: Way,
    pages: Mutex<Vec<Page>>,
    stored: Mutex<Vec<Change>>,
    asked: AtomicUsize,
}

/// Set to the last number when nothing more is written.
pub type End = OnceLock<i64>;

impl Poller {
    pub fn new(system: &'static str, index: usize) -> Self {
        let way = WAYS[index % WAYS.len()];
        Poller { system, way, pages: Mutex::default(), stored: Mutex::default(), asked: AtomicUsize::new(0) }
    }

    /// Reads until it has everything, and acknowledges it.
    pub fn run(&self, nodes: &Nodes<'_>, end: &End, over: &AtomicBool) {
        std::thread::scope(|scope| {
            for _ in 0..if self.way == Way::Twice { 2 } else { 1 } {
                scope.spawn(|| self.read(nodes, end, over));
            }
        });
        if self.way == Way::NeverAcknowledges {
            let moved: Vec<_> = self.log().1.into_iter().filter(|page| page.bekreftet_til > 0).collect();
            assert!(moved.is_empty(), "a cursor moves by acknowledgement alone: {moved:?}");
        }
        let client = Client::new(nodes, "vendor");
        if self.way == Way::Wanders {
            let mut etter = 0;
            while etter < self.last() {
                etter = self.ask(&client, etter, None, 0).map_or(etter, |page| etter + page.changes.len() as i64);
            }
        }
        let last = self.last();
        eventually("the last acknowledgement", || {
            let payload = bekreft_endringer(&from(self.system), &self.stream(), last);
            let answer = answered(&client, &payload)?;
            (answer.text("bekreftetTil") == Some(last.to_string())).then_some(())
        });
    }

    fn read(&self, nodes: &Nodes<'_>, end: &End, over: &AtomicBool) {
        let client = Client::new(nodes, "vendor");
        let mut etter = 0;
        while end.get().is_none_or(|end| self.last() < *end) && !over.load(Ordering::SeqCst) {
            let bekreft_til = (self.way != Way::NeverAcknowledges && etter > 0).then_some(etter);
            let Some(page) = self.ask(&client, etter, bekreft_til, 2) else { continue };
            if page.changes.is_empty() {
                // Two at once would else end each other's polls without a breath.
                std::thread::park_timeout(Duration::from_millis(100));
            }
            match self.asked.fetch_add(1, Ordering::Relaxed) % 3 {
                0 if self.way == Way::Restarts => etter = page.bekreftet_til,
                1 if self.way == Way::Wanders => {
                    let ahead = hent_endringer(&from(self.system), &self.stream(), i64::MAX, "");
                    if let Some(answer) = whole(client.try_send(&client.sealed(&ahead))) {
                        assert!(again_later(&answer) || answer.codes() == ["NIR-I905"], "{answer}");
                    }
                    etter = self.store(page);
                }
                _ => etter = self.store(page),
            }
        }
    }

    /// Stores what is new.
    fn store(&self, page: Page) -> i64 {
        let mut stored = self.stored.lock().unwrap();
        for change in page.changes {
            if change.number > stored.len() as i64 {
                stored.push(change);
            }
        }
        stored.len() as i64
    }

    fn ask(&self, client: &Client<'_>, etter: i64, bekreft_til: Option<i64>, seconds: i64) -> Option<Page> {
        let til = bekreft_til.map(|til| format!("<bekreftTil>{til}</bekreftTil>")).unwrap_or_default();
        let more = format!("{til}<antall>1000</antall><ventSekunder>{seconds}</ventSekunder>");
        let began = tick();
        let answer = answered(client, &hent_endringer(&from(self.system), &self.stream(), etter, &more))?;
        let parts = answer.body.split("<endring>").skip(1).map(|part| part.split("</endring>").next().unwrap());
        let (numbers, ids) = (answer.texts("sekvensnummer"), answer.texts("hendelseId"));
        let changes = numbers.iter().zip(&ids).zip(parts);
        let page = Page {
            began,
            ended: tick(),
            etter,
            bekreft_til,
            changes: changes.map(|((number, id), bytes)| Change::new(number.parse().unwrap(), id, bytes)).collect(),
            bekreftet_til: answer.text("bekreftetTil").unwrap().parse().unwrap(),
        };
        self.pages.lock().unwrap().push(page.clone());
        Some(page)
    }

    fn stream(&self) -> String {
        format!("{}.1", self.system)
    }

    fn last(&self) -> i64 {
        self.stored.lock().unwrap().len() as i64
    }

    /// What it stored, and every page that it got.
    pub fn log(&self) -> (Vec<Change>, Vec<Page>) {
        (self.stored.lock().unwrap().clone(), self.pages.lock().unwrap().clone())
    }
}

/// An answer that came as a whole and was signed; `None` where it is to be asked again.
fn answered(client: &Client<'_>, payload: &str) -> Option<Answer> {
    let answer = whole(client.try_send(&client.sealed(payload)))?;
    if answer.status != 200 {
        assert!(again_later(&answer), "{answer}");
        return None;
    }
    assert!(client.verifies(&answer), "{answer}");
    Some(answer)
}

/// What a killed node had begun to say is no answer.
pub fn whole(answer: Option<Answer>) -> Option<Answer> {
    answer.filter(|answer| answer.body.trim_end().ends_with("Envelope>"))
}
