//! CPU time: of this thread, of this process, and of other processes by what /proc says of them.

use std::collections::BTreeMap;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};

/// A stage of the road is a group of threads: each does one kind of work only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// TCP, TLS, HTTP, and translation of the message: the async threads.
    Net,
    /// Prefilter to decode, and signing: the bounded pool.
    Pool,
    /// Load, decide, render, evidence, SQL client: the ledger's thread.
    Ledger,
    /// The database: PostgreSQL's processes, or SQLite's threads within the gateway.
    Database,
}

/// Seconds of CPU by stage.
#[derive(Debug, Clone, Default)]
pub struct Spent(BTreeMap<Stage, f64>);

impl Spent {
    /// What the threads of the gateway have used so far.
    pub fn of_gateway(pid: u32) -> Self {
        let mut spent = Spent::default();
        for thread in numbers_in(&format!("/proc/{pid}/task")) {
            let folder = format!("/proc/{pid}/task/{thread}");
            *spent.0.entry(stage_of(&name_of(&folder))).or_default() += on_cpu(&folder);
        }
        spent
    }

    /// Adds what the database server has used so far.
    pub fn with_server(mut self, server: Option<&Server>) -> Self {
        *self.0.entry(Stage::Database).or_default() += server.map_or(0.0, Server::spent);
        self
    }

    /// What was used since, in microseconds for each of so many messages.
    pub fn micros_since(&self, before: &Spent, messages: usize) -> Spent {
        let since = self.0.iter().map(|(stage, now)| {
            let was = before.0.get(stage).copied().unwrap_or_default();
            (*stage, (now - was) * 1e6 / messages as f64)
        });
        Spent(since.collect())
    }

    /// One stage.
    pub fn stage(&self, stage: Stage) -> f64 {
        self.0.get(&stage).copied().unwrap_or_default()
    }

    /// All but the database.
    pub fn gateway(&self) -> f64 {
        self.0.iter().filter(|(stage, _)| **stage != Stage::Database).map(|(_, spent)| spent).sum()
    }
}

fn stage_of(thread: &str) -> Stage {
    match thread {
        name if name.starts_with("work-") => Stage::Pool,
        name if name.starts_with("ledger") => Stage::Ledger,
        name if name.starts_with("sqlx-sqlite") => Stage::Database,
        _ => Stage::Net,
    }
}

/// A PostgreSQL server of our own: the one that was told this folder for its socket.
#[derive(Debug)]
pub struct Server {
    postmaster: u32,
}

impl Server {
    /// Finds it by the folder in its address; others may run on this machine.
    pub fn of(url: &str) -> Self {
        let folder = url.split_once("host=").and_then(|(_, rest)| rest.split('&').next());
        let told = ["-k", folder.expect("an address with a folder")].join("\0");
        let postmaster = numbers_in("/proc").into_iter().find(|pid| {
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            name_of(&format!("/proc/{pid}")) == "postgres" && line.contains(&told)
        });
        Server { postmaster: postmaster.expect("the server runs") }
    }

    /// Seconds of CPU of all its processes: ended ones are in the postmaster's account of its children.
    pub fn spent(&self) -> f64 {
        let children =
            numbers_in("/proc").into_iter().filter(|pid| fields_of(*pid).get(1) == Some(&self.postmaster.into()));
        let living: f64 = children.map(|pid| on_cpu(&format!("/proc/{pid}"))).sum();
        // proc(5): cutime and cstime are fields 16 and 17 of stat, in ticks of 1/100 s; field 3 is our first.
        let ended: f64 = fields_of(self.postmaster).iter().skip(13).take(2).map(|ticks| *ticks as f64 / 100.0).sum();
        living + ended + on_cpu(&format!("/proc/{}", self.postmaster))
    }
}

/// Entries of a folder of /proc that are numbers.
fn numbers_in(folder: &str) -> Vec<u32> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn name_of(folder: &str) -> String {
    let name = std::fs::read_to_string(Path::new(folder).join("comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

/// Seconds on a CPU, to the nanosecond: the first number of schedstat. A process that is gone has 0.
fn on_cpu(folder: &str) -> f64 {
    let text = std::fs::read_to_string(Path::new(folder).join("schedstat")).unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// The fields of stat after the name, which may hold anything: state (which is no number and left as 0), parent, …
fn fields_of(pid: u32) -> Vec<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = text.rsplit_once(')') else { return Vec::new() };
    rest.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect()
}

/// Resident memory of a process in MB: now, and at most since it began.
pub fn resident_mb(pid: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    };
    (line("VmRSS:"), line("VmHWM:"))
}

/// Seconds of CPU of this thread.
pub fn of_this_thread() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Threads of this name keep the machine busy and are no part of what is measured.
pub const BUSY: &str = "busy";

/// Seconds of CPU of this process, all threads but the busy ones.
pub fn of_this_process() -> f64 {
    let folders = numbers_in("/proc/self/task").into_iter().map(|thread| format!("/proc/self/task/{thread}"));
    folders.filter(|folder| name_of(folder) != BUSY).map(|folder| on_cpu(&folder)).sum()
}
