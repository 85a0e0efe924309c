//! Starts the built gateway as a sandbox on free ports, in a folder of its own.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Gateway;
use crate::postgres;
use crate::process::{self, eventually, gateway};

/// A running sandbox; ended when dropped.
pub struct Sandbox {
    child: Child,
    dir: TempDir,
    pub port: u16,
    pub console: u16,
    given: Mutex<HashMap<String, usize>>,
}

/// The sandbox that tests share when they do not set its clock, order faults or restart it.
pub fn shared() -> &'static Sandbox {
    static SHARED: OnceLock<Sandbox> = OnceLock::new();
    SHARED.get_or_init(|| Sandbox::start(None))
}

/// As `shared`, on PostgreSQL.
pub fn shared_on_postgresql() -> &'static Sandbox {
    static SHARED: OnceLock<Sandbox> = OnceLock::new();
    SHARED.get_or_init(|| Sandbox::start(Some(&postgres::cluster().database("shared"))))
}

/// Runs each of these functions, which take a sandbox, on both databases.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name($crate::sandbox::shared()); })*
        }
        mod on_postgresql {
            $(#[test] fn $name() { super::$name($crate::sandbox::shared_on_postgresql()); })*
        }
    };
}
pub(crate) use on_both_databases;

/// A person of 4204 that no other test of this sandbox touches.
pub fn unused_person(sandbox: &Sandbox) -> String {
    sandbox.unused("4204")
}

/// Makes RSA keys once for all sandboxes of these tests: they are most of what a first start costs.
fn certificates() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir = process::folder();
        Sandbox::start_as_it_is(dir, None).stop()
    })
    .path()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Sandbox {
    /// Starts one, on SQLite in its own folder unless another database is named.
    pub fn start(database: Option<&str>) -> Self {
        Self::start_in(process::folder(), database)
    }

    /// Starts on a folder that may hold an earlier sandbox's data.
    pub fn start_in(dir: TempDir, database: Option<&str>) -> Self {
        let certs = dir.path().join("certs");
        if !certs.exists() {
            copy(&certificates().join("certs"), &certs);
        }
        Self::start_as_it_is(dir, database)
    }

    fn start_as_it_is(dir: TempDir, database: Option<&str>) -> Self {
        let _ = std::fs::remove_file(dir.path().join("endpoints.json"));
        let out = std::fs::File::options().create(true).append(true).open(dir.path().join("sandbox.out")).unwrap();
        let mut command = gateway();
        command.args(["sandbox", "--port", "0", "--console-port", "0", "--data"]).arg(dir.path());
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let child = process::spawn(command);
        let mut sandbox = Sandbox { child, dir, port: 0, console: 0, given: Mutex::default() };
        let endpoints = sandbox.wait_ready();
        sandbox.port = port_of(&endpoints, "fagsystem");
        sandbox.console = port_of(&endpoints, "console");
        sandbox
    }

    /// `endpoints.json` appears by rename, whole; looking for it is the event to wait for.
    fn wait_ready(&mut self) -> Value {
        let file = self.dir.path().join("endpoints.json");
        eventually("endpoints.json", || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the sandbox ended with {status}:\n{}", self.log());
            }
            std::fs::read_to_string(&file).ok().map(|text| serde_json::from_str(&text).unwrap())
        })
    }

    /// SIGKILL while others still use it.
    pub fn kill_now(&self) {
        process::signal(&self.child, "KILL");
    }

    /// Ends it hard and hands its folder on.
    pub fn kill(mut self) -> TempDir {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.folder()
    }

    /// Ends it as an operator would, waits, and hands its folder on.
    pub fn stop(mut self) -> TempDir {
        process::signal(&self.child, "TERM");
        let status = process::ended(&mut self.child);
        assert!(status.success(), "{status}:\n{}", self.log());
        self.folder()
    }

    /// As `stop`, with something that happens between the signal and the end.
    pub fn stop_while(self, meanwhile: impl FnOnce()) -> TempDir {
        process::signal(&self.child, "TERM");
        meanwhile();
        self.stop()
    }

    fn folder(&mut self) -> TempDir {
        std::mem::replace(&mut self.dir, process::folder())
    }

    pub fn data(&self) -> &Path {
        self.dir.path()
    }

    /// The configuration with which the other commands work on its database.
    pub fn config(&self) -> PathBuf {
        self.data().join("nir-gateway.toml")
    }

    pub fn pem(&self, name: &str) -> String {
        let path: PathBuf = self.data().join("certs").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// What it logged and printed.
    pub fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.data().join(name)).unwrap_or_default();
        read("sandbox.log") + &read("sandbox.out")
    }

    /// A JSON file of its folder.
    pub fn json(&self, name: &str) -> Value {
        let path = self.data().join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap()
    }

    /// The load persons of a kommune, in order.
    pub fn load_persons(&self, kommune: &str) -> Vec<String> {
        load_persons(self.data(), kommune)
    }

    /// The next load person of a kommune, which nobody else is given.
    pub fn unused(&self, kommune: &str) -> String {
        let mut given = self.given.lock().unwrap();
        let next = given.entry(kommune.to_owned()).or_default();
        *next += 1;
        let all = self.load_persons(kommune);
        all.get(*next - 1).unwrap_or_else(|| panic!("all {} persons of {kommune} are in use", all.len())).clone()
    }

    /// Resident memory of the process, in bytes.
    pub fn resident(&self) -> u64 {
        process::resident(self.child.id())
    }

    /// Sets register time of one kommune.
    pub fn set_clock(&self, kommune: &str, tid: &str) {
        let (status, answer) = self.control("/sandbox/clock", &format!(r#"{{"tid":"{tid}","kommune":"{kommune}"}}"#));
        assert_eq!(status, 200, "{answer}");
    }

    /// Orders a fault.
    pub fn order(&self, fault: &str) {
        let (status, answer) = self.control("/sandbox/fault", fault);
        assert_eq!(status, 200, "{answer}");
    }

    /// POST to the control port: status and what it says.
    pub fn control(&self, path: &str, json: &str) -> (u16, Value) {
        self.control_raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{json}",
            json.len()
        ))
    }

    /// `GET /sandbox`.
    pub fn status(&self) -> Value {
        let (status, answer) =
            self.control_raw("GET /sandbox HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A whole request to the control port.
    pub fn control_raw(&self, request: &str) -> (u16, Value) {
        let (status, _, body) = plain_http(self.console, request);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }
}

impl Gateway for Sandbox {
    fn port(&self) -> u16 {
        self.port
    }

    fn certs(&self) -> PathBuf {
        self.data().join("certs")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The load persons of a kommune, as a sandbox's folder lists them.
pub fn load_persons(data: &Path, kommune: &str) -> Vec<String> {
    let text = std::fs::read_to_string(data.join("persons.json")).unwrap();
    let persons: Value = serde_json::from_str(&text).unwrap();
    let load = persons["last"].as_array().expect("persons.json lists the load series");
    let own = load.iter().filter(|person| person["kommunenummer"] == kommune);
    own.map(|person| person["dufNummer"].as_str().unwrap().to_owned()).collect()
}

/// One request without TLS on loopback, which must ask for `Connection: close`: status, head, body.
pub fn plain_http(port: u16, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(process::PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head.to_owned(), body.to_owned())
}

fn port_of(endpoints: &Value, name: &str) -> u16 {
    let url = endpoints[name].as_str().unwrap();
    url.split("://").nth(1).unwrap().split('/').next().unwrap().rsplit(':').next().unwrap().parse().unwrap()
}
