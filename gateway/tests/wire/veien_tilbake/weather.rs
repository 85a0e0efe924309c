//! Recipients by push, and what is wrong with each on which day (issue 4, bad days).

use crate::levering::receiver::{Behaviour, Change, Delivery, Receiver};
use crate::node::Installation;
use crate::postgres;
use crate::process::{eventually, succeed};

/// A good one, the bad ones, a good one.
pub const DAYS: usize = 5;

/// Everything that a receiver can do wrong; the last two park the stream.
fn bad(trap: &Receiver) -> [Behaviour; 20] {
    [
        Behaviour::HalfOpen,
        Behaviour::Garbage,
        Behaviour::Fault,
        Behaviour::Unsigned,
        Behaviour::Stranger,
        Behaviour::OtherDelivery,
        Behaviour::Again,
        Behaviour::Redirect(trap.url()),
        Behaviour::Tls("expired".into()),
        Behaviour::Slow,
        Behaviour::HangUp,
        Behaviour::Endless,
        Behaviour::Changed,
        Behaviour::Old,
        Behaviour::Beyond,
        Behaviour::Nothing,
        Behaviour::Part,
        Behaviour::Status(503),
        Behaviour::Tls("hostile/wrong-ca".into()),
        Behaviour::Tls("gateway".into()),
    ]
}

/// What a stream suffers over all days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lot {
    /// Nothing.
    Sound,
    /// Nobody is at its address before the last day.
    Down,
    /// Its name leads to a private address, which nobody allowed before the last day.
    Private,
    /// Something else each bad day.
    Changing(usize),
}

pub struct Pushed<'a> {
    pub system: &'static str,
    lot: Lot,
    receiver: Receiver,
    trap: &'a Receiver,
    installation: &'a Installation,
    database: &'a str,
}

impl<'a> Pushed<'a> {
    pub fn new(
        system: &'static str,
        index: usize,
        trap: &'a Receiver,
        installation: &'a Installation,
        database: &'a str,
    ) -> Self {
        let lot = match index {
            0 => Lot::Sound,
            1 => Lot::Down,
            2 => Lot::Private,
            more => Lot::Changing(more - 3),
        };
        let receiver = Receiver::start(&installation.path().join("certs"), "vendor");
        let pushed = Pushed { system, lot, receiver, trap, installation, database };
        match lot {
            Lot::Down => pushed.approve("https://localhost:1/nir/mottak", &["--private"]),
            Lot::Private => pushed.approve(&pushed.receiver.url(), &[]),
            _ => pushed.approve(&pushed.receiver.url(), &["--private"]),
        }
        pushed
    }

    fn approve(&self, url: &str, more: &[&str]) {
        let approve = ["stream", "approve", self.system, "--url", url, "--by", "op1"];
        succeed(&[&approve, more].concat(), &self.installation.config());
    }

    /// What goes wrong with it that day.
    fn of_day(&self, day: usize) -> Option<Behaviour> {
        match self.lot {
            Lot::Changing(index) if (1..DAYS - 1).contains(&day) => {
                let all = bad(self.trap);
                Some(all[(index + (day - 1) * all.len().div_ceil(DAYS - 2)) % all.len()].clone())
            }
            _ => None,
        }
    }

    /// The day begins; how often it was called before.
    pub fn morning(&self, day: usize) -> usize {
        self.receiver.behave(self.of_day(day).unwrap_or(Behaviour::Good));
        self.receiver.connections()
    }

    /// The day ends when the weather was felt; then everything is mended, and an operator lets the stream go on.
    pub fn evening(&self, day: usize, called_before: usize) {
        if let Some(behaviour) = self.of_day(day) {
            let parks = matches!(behaviour, Behaviour::Redirect(_)) || behaviour == Behaviour::Tls("gateway".into());
            let times = if parks || behaviour == Behaviour::Part { 1 } else { 2 };
            eventually(&format!("{behaviour:?} at {}", self.system), || {
                (self.receiver.connections() >= called_before + times && (!parks || self.parked())).then_some(())
            });
            self.receiver.behave(Behaviour::Good);
            self.resume();
        }
        if day + 2 == DAYS && matches!(self.lot, Lot::Down | Lot::Private) {
            assert_eq!(self.receiver.connections(), 0, "nobody was called whom no operator approved");
            eventually("parked", || (self.lot == Lot::Down || self.parked()).then_some(()));
            self.approve(&self.receiver.url(), &["--private"]);
            // A node may park it once more before it has read the new approval.
            eventually("the mended stream", || {
                self.resume();
                (self.receiver.last() > 0).then_some(())
            });
        }
    }

    fn resume(&self) {
        succeed(&["stream", "resume", self.system], &self.installation.config());
    }

    fn parked(&self) -> bool {
        let sql =
            format!("SELECT count(*) FROM levering WHERE parked IS NOT NULL AND avsendersystem = '{}'", self.system);
        postgres::cluster().psql(self.database, &sql).trim() == "1"
    }

    pub fn last(&self) -> i64 {
        self.receiver.last()
    }

    /// What it stored, and everything that came.
    pub fn log(&self) -> (Vec<Change>, Vec<Delivery>) {
        (self.receiver.taken(), self.receiver.seen())
    }
}
