//! The built gateway as a sandbox, on free ports and in a folder of its own; both are gone when the tests are.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Runs the sandbox until its own input ends, which it does when the test process does, however that comes about.
/// Then it is asked to stop, and what it wrote is removed unless it is to go on later.
const KEEPER: &str = r#"
    "$@" &
    read -r last
    kill -TERM $!
    wait $!
    ended=$?
    [ "$last" = keep ] || rm -rf "$FOLDER"
    exit $ended
"#;

/// A running sandbox.
pub struct Sandbox {
    keeper: Child,
    // What it says: kept open, so that it can go on saying it.
    _said: BufReader<ChildStdout>,
    folder: PathBuf,
}

/// The one that all tests share that need none of their own.
pub fn shared() -> &'static Sandbox {
    static SHARED: OnceLock<Sandbox> = OnceLock::new();
    SHARED.get_or_init(Sandbox::start)
}

/// A program that is built beside this one.
pub fn built(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_nir-conformance")).with_file_name(name);
    assert!(path.is_file(), "{} is not there: run `cargo build --workspace --bins` first", path.display());
    path
}

impl Sandbox {
    /// In a new folder.
    pub fn start() -> Self {
        Self::start_in(TempDir::with_prefix("nir-sandbox-").unwrap().keep())
    }

    fn start_in(folder: PathBuf) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(built("nir-gateway"))
            .args(["sandbox", "--port", "0", "--console-port", "0", "--data"])
            .arg(&folder)
            .env("FOLDER", &folder)
            .env_remove("NIR_SANDBOX_DATABASE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(keeper.stdout.take().unwrap());
        // It says where its files are once it answers.
        let mut line = String::new();
        while !line.starts_with("  files") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the sandbox ended before it was ready");
        }
        Sandbox { keeper, _said: said, folder }
    }

    /// Stops it and starts it anew on the same data.
    pub fn restart(mut self) -> Self {
        self.keeper.stdin.take().unwrap().write_all(b"keep\n").unwrap();
        assert!(self.keeper.wait().unwrap().success(), "the sandbox did not stop well");
        Self::start_in(self.folder.clone())
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of it.
    pub fn read(&self, name: &str) -> String {
        let path = self.folder.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The address of the service.
    pub fn endpoint(&self) -> String {
        let endpoints: Value = serde_json::from_str(&self.read("endpoints.json")).unwrap();
        endpoints["fagsystem"].as_str().unwrap().to_owned()
    }

    /// A synthetic person of kommune 4204 that nothing but this test uses.
    pub fn person(&self, n: usize) -> String {
        let persons: Value = serde_json::from_str(&self.read("persons.json")).unwrap();
        let ours = |person: &&Value| person["kommunenummer"] == "4204";
        // The first ones are those of conformance/examples.
        let person = persons["last"].as_array().unwrap().iter().filter(ours).nth(10 + n).unwrap();
        person["dufNummer"].as_str().unwrap().to_owned()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
