//! A PostgreSQL cluster of the tests' own, from Debian's package: also as root, on a socket in a folder of its own, gone
//! with the process however it ends. Other crates' tests include this file by `#[path]`; it needs std and tempfile.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// What a start, or a tool of the package, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a cluster is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Commits reach the disk. Most tests need none of it: what they kill is a process, not the machine.
    pub fsync: bool,
    /// Settings of `postgresql.conf`, for example `("max_connections", "20")`.
    pub settings: Vec<(&'static str, &'static str)>,
}

/// A running cluster.
pub struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    /// The shell that starts servers, and ends the last one when its standard input closes.
    keeper: Mutex<Child>,
    /// Lines of the server's log.
    log: Mutex<Receiver<String>>,
}

/// The one cluster that the tests of this process share; each makes its own database.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(&Options::default()))
}

/// Starts a server for each line it reads; when there are no more, ends the last one and removes the folder. The folder
/// is the first argument, the rest is the server's command.
const KEEPER: &str = r#"
exec 3<&0
trap : INT TERM HUP
dir=$1 server=
shift
while read -r _ <&3; do
    # One that was killed is gone only when somebody waited for it.
    [ -z "$server" ] || wait "$server"
    "$@" </dev/null 3<&- &
    server=$!
done
[ -z "$server" ] || kill -QUIT "$server" 2>/dev/null
wait
rm -rf "$dir"
"#;

impl Cluster {
    /// A new, empty cluster.
    pub fn start(options: &Options) -> Self {
        let bin = bin();
        // A path that is too long is no socket's, so not below a deep TMPDIR.
        let dir = tempfile::Builder::new().prefix("nir-pg-").tempdir_in("/tmp").expect("a folder in /tmp").keep();
        let data = dir.join("data");
        std::fs::create_dir(&data).expect("a folder for the data");
        if root() {
            for path in [&dir, &data] {
                let owner = Command::new("chown").arg("postgres:postgres").arg(path).status();
                assert!(owner.is_ok_and(|status| status.success()), "chown postgres {}", path.display());
            }
        }
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&dir);
        let server = as_server(&bin.join("postgres"));
        keeper.arg(server.get_program()).args(server.get_args()).arg("-D").arg(&data).arg("-k").arg(&dir);
        let fsync = if options.fsync { "on" } else { "off" };
        let mine = [("listen_addresses", ""), ("max_connections", "200"), ("shared_buffers", "64MB"), ("fsync", fsync)];
        for (name, value) in mine.iter().chain(&options.settings) {
            keeper.arg("-c").arg(format!("{name}={value}"));
        }
        keeper.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut keeper = keeper.spawn().expect("sh runs");
        let (lines, log) = channel();
        let errors = keeper.stderr.take().expect("a pipe");
        std::thread::spawn(move || forward(errors, &lines));
        // Only now, when somebody removes what it makes, whatever becomes of this process.
        let mut initdb = as_server(&bin.join("initdb"));
        initdb.args(["--no-sync", "--no-instructions", "--auth=trust", "--username=postgres"]);
        let output = initdb.args(["--encoding=UTF8", "--locale=C", "-D"]).arg(&data).current_dir("/").output();
        let output = output.expect("initdb runs");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        let cluster = Cluster { bin, dir, keeper: Mutex::new(keeper), log: Mutex::new(log) };
        cluster.start_again();
        cluster
    }

    /// A new, empty database; its address.
    pub fn database(&self, name: &str) -> String {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// The address of a database.
    pub fn url(&self, name: &str) -> String {
        format!("postgres:///{name}?host={}&user=postgres", self.dir.display())
    }

    /// Runs SQL and returns what it printed, unaligned and without headings.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.arg("-h").arg(&self.dir).args(["-U", "postgres", "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql, database]);
        let output = psql.output().expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Ends the server and every process of it at once, as a power cut of its own would.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.dir.join("data/postmaster.pid")).expect("a running server");
        let postmaster: u32 = file.lines().next().and_then(|line| line.parse().ok()).expect("its process id");
        let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
        let children = children.unwrap_or_default();
        // The first of them, so that nobody mends or restarts anything.
        let all = std::iter::once(postmaster.to_string()).chain(children.split_whitespace().map(str::to_owned));
        let _ = Command::new("kill").arg("-KILL").args(all).stderr(Stdio::null()).status();
    }

    /// Starts the server, after [`Cluster::kill`] on the same data; returns when it answers.
    pub fn start_again(&self) {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut said = Vec::new();
        // What was killed a moment ago may still hold the data, and then the new server refuses and is started anew.
        loop {
            let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
            keeper.stdin.as_mut().expect("a pipe").write_all(b"start\n").expect("the keeper listens");
            drop(keeper);
            loop {
                let line = match log.recv_timeout(PATIENCE) {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                        panic!("PostgreSQL did not start: {said:#?}")
                    }
                };
                if line.contains("database system is ready to accept connections") {
                    return;
                }
                let held = line.contains("lock file") || line.contains("pre-existing shared memory");
                said.push(line);
                if held {
                    break;
                }
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }
}

fn forward(errors: ChildStderr, lines: &Sender<String>) {
    for line in BufReader::new(errors).lines().map_while(Result::ok) {
        // Nobody listens any longer: the server must not block on a full pipe.
        let _ = lines.send(line);
    }
}

/// Where the server's programs are: the newest of Debian's, else what the search path has.
fn bin() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let debian = debian.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    let found = debian.max_by_key(|bin| version(bin)).or_else(|| {
        let output = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
        let path = std::fs::canonicalize(String::from_utf8(output.stdout).ok()?.trim()).ok()?;
        path.parent().map(Path::to_path_buf)
    });
    found.expect("PostgreSQL's server is not installed: run `scripts/setup test` (Debian: apt-get install postgresql)")
}

fn version(bin: &Path) -> u32 {
    let folder = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    folder.and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

/// PostgreSQL refuses to run as root, so as root everything of the server runs as its own user.
fn as_server(program: &Path) -> Command {
    if !root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}
