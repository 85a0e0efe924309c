//! `nir-gateway serve --config`: a node as an operator runs it, with limits that a test can reach.

use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};

use tempfile::TempDir;

use crate::client::{Client, Connection, Gateway, SOAP_11, request};
use crate::messages::ping;
use crate::process::{self, Log, eventually, gateway};
use crate::sandbox::{Sandbox, load_persons};

/// Configuration, certificates and a filled database, made by a sandbox that has ended.
pub struct Installation {
    dir: TempDir,
}

impl Installation {
    /// On SQLite in its own folder unless another database is named.
    pub fn new(database: Option<&str>) -> Self {
        Installation { dir: Sandbox::start(database).stop() }
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("nir-gateway.toml")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The load persons of 4204.
    pub fn persons(&self) -> Vec<String> {
        load_persons(self.path(), "4204")
    }

    /// Starts a node with these settings over the file's: `("LIMITS__IN_FLIGHT", "2")`.
    pub fn serve(&self, settings: &[(&str, &str)]) -> Node {
        let mut command = gateway();
        command.args(["serve", "--config"]).arg(self.config());
        for (name, value) in [("LISTENERS__FAGSYSTEM", "127.0.0.1:0"), ("LOG__FORMAT", "json")].iter().chain(settings) {
            command.env(format!("NIR_{name}"), value);
        }
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = process::spawn(command);
        let log = Log::of(child.stderr.take().unwrap());
        let started: serde_json::Value = serde_json::from_str(&log.line_with("\"started\"")).unwrap();
        let port = |name: &str| {
            let address = started["fields"][name].as_str().unwrap_or_else(|| panic!("{name} in {started}"));
            address.rsplit(':').next().unwrap().parse().unwrap()
        };
        Node { child, log, certs: self.path().join("certs"), port: port("address"), metrics: port("metrics") }
    }
}

/// A running node; ended when dropped.
pub struct Node {
    child: Child,
    pub log: Log,
    certs: PathBuf,
    pub port: u16,
    pub metrics: u16,
}

impl Node {
    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal (`TERM`, `KILL`).
    pub fn signal(&self, name: &str) {
        process::signal(&self.child, name);
    }

    /// Waits until it ends.
    pub fn ended(&mut self) -> ExitStatus {
        process::ended(&mut self.child)
    }

    /// Ends it as an operator would, and waits.
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended();
        assert!(status.success(), "{status}:\n{}", self.log.text());
    }

    /// The most memory that was resident so far, in bytes.
    pub fn most_resident(&self) -> u64 {
        process::most_resident(self.pid())
    }

    /// GET on the listener of metrics and health: status and body.
    pub fn metrics_get(&self, path: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let (status, _, body) = crate::sandbox::plain_http(self.metrics, &request);
        (status, body)
    }

    /// The value of a metric whose line begins so; 0 when it was never counted.
    pub fn metric(&self, line: &str) -> f64 {
        let (_, text) = self.metrics_get("/metrics");
        let found = text.lines().find_map(|each| each.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_default()
    }
}

impl Gateway for Node {
    fn port(&self) -> u16 {
        self.port
    }

    fn certs(&self) -> PathBuf {
        self.certs.clone()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection of each client with a whole call but for its last byte; returns when all are in work.
pub fn almost_sent(node: &Node, clients: &[&Client<'_>]) -> Vec<Connection> {
    let before = node.metric("nir_requests_in_flight ");
    let open: Vec<Connection> = clients
        .iter()
        .map(|client| {
            let bytes = request(SOAP_11, "", client.sealed(&ping()).as_bytes());
            let mut connection = client.connect().unwrap();
            connection.write(&bytes[..bytes.len() - 1]).unwrap();
            connection
        })
        .collect();
    let wanted = before + clients.len() as f64;
    eventually("all calls in work", || (node.metric("nir_requests_in_flight ") == wanted).then_some(()));
    open
}
