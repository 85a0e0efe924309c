//! The gateway's processes: each ends with the tests, however those end.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, Once, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The longest that anything is waited for. Only a test that fails gets near it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How the folders of these tests begin.
const FOLDER: &str = "wire-";

/// A command of the gateway, ready for its arguments. It dies with the thread that spawns it, so a process that
/// shall live on is started by [`spawn`].
pub fn gateway() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_nir-gateway")]).stdin(Stdio::null());
    // What the one who runs the tests has set is no part of them.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NIR_")) {
        command.env_remove(name);
    }
    command
}

/// Starts a process from a thread that lives as long as the tests: the thread of one test ends before others that
/// share the process do.
pub fn spawn(command: Command) -> Child {
    type Order = (Command, Sender<std::io::Result<Child>>);
    static STARTER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, waiting) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, done) in waiting {
                let _ = done.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (done, started) = channel();
    starter.lock().unwrap().send((command, done)).unwrap();
    started.recv().unwrap().expect("setpriv (util-linux) starts the gateway")
}

/// Runs a command of the gateway to its end.
pub fn run(arguments: &[&str]) -> Output {
    gateway().args(arguments).output().unwrap()
}

/// `nir-gateway … --config FILE`: both outputs as one text, which must have succeeded.
pub fn succeed(arguments: &[&str], config: &Path) -> String {
    let (status, text) = with_config(arguments, config);
    assert!(status.success(), "{arguments:?}: {status}\n{text}");
    text
}

/// `nir-gateway … --config FILE`: both outputs as one text, which must have been refused.
pub fn refused(arguments: &[&str], config: &Path) -> String {
    let (status, text) = with_config(arguments, config);
    assert_eq!(status.code(), Some(1), "{arguments:?}: {text}");
    text
}

fn with_config(arguments: &[&str], config: &Path) -> (ExitStatus, String) {
    let output = gateway().args(arguments).arg("--config").arg(config).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&text).into_owned())
}

/// A folder for one process. Those that live as long as the tests are not removed by them, so the next run does it.
pub fn folder() -> TempDir {
    static SWEPT: Once = Once::new();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    SWEPT.call_once(|| {
        for entry in std::fs::read_dir(place).unwrap().filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let of = name.strip_prefix(FOLDER).and_then(|rest| rest.split('-').next());
            if of.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    });
    let prefix = format!("{FOLDER}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(place).unwrap()
}

/// Sends a signal (`TERM`, `KILL`).
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success(), "kill -{name}");
}

/// Waits until a process ends.
pub fn ended(child: &mut Child) -> ExitStatus {
    eventually("the end of the process", || child.try_wait().unwrap())
}

/// Resident memory now, in bytes.
pub fn resident(pid: u32) -> u64 {
    memory(pid, "VmRSS:")
}

/// The most memory that was resident so far, in bytes.
pub fn most_resident(pid: u32) -> u64 {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, which: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(which)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Looks again and again until there is something; for what gives no event to wait for.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, look)
}

/// As `eventually`, for what takes longer than anything else.
pub fn eventually_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// What a process writes to its standard error, line by line as it comes.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Written>, Condvar)>);

#[derive(Default)]
struct Written {
    text: String,
    ended: bool,
}

impl Log {
    /// Reads until the process closes it.
    pub fn of(stderr: ChildStderr) -> Self {
        let log = Log::default();
        let shared = Arc::clone(&log.0);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stderr);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
                shared.0.lock().unwrap().text.push_str(&line);
                shared.1.notify_all();
                line.clear();
            }
            shared.0.lock().unwrap().ended = true;
            shared.1.notify_all();
        });
        log
    }

    /// All of it until now.
    pub fn text(&self) -> String {
        self.0.0.lock().unwrap().text.clone()
    }

    /// The first line that holds these words; waits for it, and fails when the process ends without.
    pub fn line_with(&self, words: &str) -> String {
        let (lock, changed) = &*self.0;
        let found = |written: &Written| written.text.lines().find(|line| line.contains(words)).map(str::to_owned);
        let waiting = |written: &mut Written| found(written).is_none() && !written.ended;
        let (written, _) = changed.wait_timeout_while(lock.lock().unwrap(), PATIENCE, waiting).unwrap();
        found(&written).unwrap_or_else(|| panic!("no line with {words}:\n{}", written.text))
    }
}
