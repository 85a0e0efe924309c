//! `make bench`: what a message costs on the road, as ratios within one run on one machine (design.md 14).
//!
//! First the steps that nobody can leave out, in this process; then the built gateway over loopback TLS, with 1, 8 and
//! 64 callers that replay messages signed beforehand. `--smoke` goes every way once, briefly: then only that all is
//! accepted and stored counts. `--register` looks at a register of many persons alone (`PERSONS`, `POSTS`).
//! `--only postgres/p256/off` goes one way alone, `--only lag` measures how long changes are on their way alone; neither
//! writes a file.
//! docs/performance.md says how to read it.

#![expect(clippy::unwrap_used, reason = "a benchmark says what it needs by failing")]
#![expect(clippy::expect_used, reason = "a benchmark says what it needs by failing")]
#![expect(clippy::panic, reason = "a benchmark says what it needs by failing")]

// What the tests over the wire have already: processes of their own, and messages.
#[path = "../../tests/wire/client.rs"]
#[expect(unused, reason = "the tests over the wire use all of it")]
mod client;
#[path = "../../tests/wire/messages.rs"]
#[expect(unused, reason = "the tests over the wire use all of it")]
mod messages;
#[path = "../../tests/wire/node.rs"]
#[expect(unused, reason = "the tests over the wire use all of it")]
mod node;
#[path = "../../../core/tests/support/postgres.rs"]
#[expect(unused, reason = "other tests kill it and start it again")]
mod postgres;
#[path = "../../tests/wire/process.rs"]
#[expect(unused, reason = "the tests over the wire use all of it")]
mod process;
#[path = "../../tests/wire/levering/receiver.rs"]
#[expect(unused, reason = "the tests over the wire use all of it")]
mod receiver;
#[path = "../../tests/wire/sandbox.rs"]
#[expect(unused, reason = "the tests over the wire use all of it")]
mod sandbox;

mod at_size;
mod callers;
mod cpu;
mod house;
mod insert;
mod lag;
mod load;
mod poll;
mod push;
mod report;
mod steps;
mod tls;

use callers::{BESIDE_HUGE, LARGE, Plan, SINGLE, Sender};
use house::{House, Setting};
use node::Installation;
use report::Row;
use steps::{Busy, Sample, Steps};

/// How much of everything.
struct Extent {
    /// Calls of a step in a batch.
    steps: usize,
    /// Batches of rows.
    batches: usize,
    /// Callers with their messages of one registration.
    single: &'static [(usize, usize)],
    /// Callers with their messages of many.
    large: &'static [(usize, usize)],
    /// Callers with their messages of one registration, beside those of the largest messages.
    beside_huge: &'static [(usize, usize)],
}

const FULL: Extent = Extent {
    steps: 400,
    batches: 16,
    single: &[(1, 300), (8, 1_600), (64, 6_400)],
    large: &[(1, 24), (64, 128)],
    beside_huge: &[(64, 1_600)],
};
const SMOKE: Extent = Extent { steps: 2, batches: 1, single: &[(8, 24)], large: &[(2, 2)], beside_huge: &[] };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let smoke = arguments.iter().any(|argument| argument == "--smoke");
    let only = arguments.iter().position(|argument| argument == "--only").map(|at| arguments[at + 1].as_str());
    let extent = if smoke { SMOKE } else { FULL };
    if only.is_none() {
        at_size::measure(at_size::Size::told(smoke));
    }
    if arguments.iter().any(|argument| argument == "--register") {
        return;
    }
    if only == Some("lag") {
        // Not what it costs: the steps are needed alone to fill a row.
        let [_, steps] = in_process(&SMOKE);
        return lag::measure(smoke, &steps);
    }
    let [idle, steps] = in_process(&extent);
    report::print_steps(&steps, &idle);
    if only.is_none() {
        lag::measure(smoke, &steps);
    }
    report::print_head();
    let mut rows = Vec::new();
    for setting in Setting::all().into_iter().filter(|setting| only.is_none_or(|only| setting.name() == only)) {
        rows.extend(on_the_road(setting, &extent, smoke, &steps));
    }
    if !smoke {
        report::print_ratios(&rows, &steps, &idle);
    }
    if only.is_none() {
        report::write(&rows, smoke);
    }
}

/// The steps, over a message of each kind that went over the road: first with nothing beside them, then with all other
/// cores at the same.
fn in_process(extent: &Extent) -> [Steps; 2] {
    let house = House::start(Setting { engine: "sqlite", answer_key: "rsa", second_opinion: true });
    let mut sender = Sender::new(&house);
    let certs = house.certs();
    let [single, large] = [SINGLE, LARGE].map(|plan| {
        let (request, answer) = sender.one(plan);
        Sample::new(request, &answer, &certs)
    });
    house.check(sender.sent());
    // A register that nobody has written to.
    let installation = Installation::new(None);
    let measure = || {
        let inserts = insert::measure(installation.path(), &single, &large, extent.batches);
        Steps::measure(&single, &large, &certs, inserts, extent.steps)
    };
    let idle = measure();
    let busy = Busy::with(&single, &certs);
    let steps = measure();
    drop(busy);
    [idle, steps]
}

/// Every run of a setting.
fn on_the_road(setting: Setting, extent: &Extent, smoke: bool, steps: &Steps) -> Vec<Row> {
    let plans = |kind: Plan, extents: &[(usize, usize)]| -> Vec<Plan> {
        extents.iter().map(|&(callers, messages)| Plan { callers, messages, ..kind }).collect()
    };
    let single = plans(SINGLE, extent.single);
    let large = plans(LARGE, extent.large);
    if smoke {
        return measured(setting, &[single, large].concat(), smoke, steps);
    }
    // Each on a gateway and a register of its own: what a person holds already is part of what the next one costs.
    let mut rows = measured(setting, &single, smoke, steps);
    if setting.second_opinion {
        // Memory is looked at where most of it is needed.
        rows.extend(measured(setting, &plans(BESIDE_HUGE, extent.beside_huge), smoke, steps));
    } else {
        rows.extend(measured(setting, &large, smoke, steps));
    }
    rows
}

/// The runs on one gateway. What was answered must be what is stored.
fn measured(setting: Setting, plans: &[Plan], smoke: bool, steps: &Steps) -> Vec<Row> {
    let house = House::start(setting);
    let mut sender = Sender::new(&house);
    let _warm = sender.run(Plan { callers: 8, messages: if smoke { 8 } else { 256 }, ..SINGLE }, steps);
    house.analyze();
    let mut rows = Vec::new();
    for plan in plans {
        let row = sender.run(*plan, steps);
        report::print(&row);
        rows.push(row);
    }
    house.check(sender.sent());
    rows
}
