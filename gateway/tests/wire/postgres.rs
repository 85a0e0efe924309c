//! A PostgreSQL cluster of the tests' own, from Debian's package; ended with the process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The running cluster.
pub struct Cluster {
    port: u16,
    bin: PathBuf,
    _dir: TempDir,
    _server: Child,
}

/// The one cluster of this test process.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

/// PostgreSQL refuses to run as root, so as root everything runs as its own user.
fn as_server_user(program: &Path) -> Vec<String> {
    let root = std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    let mut words: Vec<String> = Vec::new();
    if root {
        words.extend(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"].map(str::to_owned));
    }
    words.push(program.display().to_string());
    words
}

fn command(program: &Path) -> Command {
    let words = as_server_user(program);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

/// Ends the server when the pipe to it closes, which it does however this process ends.
const WATCHED: &str = r#"exec 3<&0; "$@" </dev/null & pid=$!; read -r _ <&3; kill -INT $pid; wait"#;

fn start() -> Cluster {
    let bin = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .and_then(|versions| {
            versions.filter_map(Result::ok).map(|v| v.path().join("bin")).find(|b| b.join("initdb").exists())
        })
        .expect("PostgreSQL's server is not installed: run `scripts/setup test`");
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for path in [dir.path(), &data] {
        // The server's own user must reach and own its folder.
        let _ = Command::new("chown").arg("postgres").arg(path).status();
    }
    let output = command(&bin.join("initdb"))
        .args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D"])
        .arg(&data)
        .current_dir("/")
        .output()
        .unwrap();
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Command::new("sh")
        .args(["-c", WATCHED, "sh"])
        .args(as_server_user(&bin.join("postgres")))
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k"])
        .arg(dir.path())
        .args(["-c", "max_connections=200"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let cluster = Cluster { port, bin, _dir: dir, _server: server };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !cluster.psql("postgres", "SELECT 1") {
        assert!(Instant::now() < deadline, "PostgreSQL did not start");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    cluster
}

impl Cluster {
    /// A fresh database; its address.
    pub fn database(&self, name: &str) -> String {
        assert!(self.psql("postgres", &format!("CREATE DATABASE {name}")), "CREATE DATABASE {name}");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn psql(&self, database: &str, sql: &str) -> bool {
        Command::new(self.bin.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-q", "-c", sql, database])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}
