//! A foreign client's process: a line of JSON in is a call, a line of JSON out is what came of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::messages;
use crate::sandbox::Sandbox;

/// Which library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    Zeep,
    NodeSoap,
}

/// Which library in which version of SOAP.
pub const ALL: [(Library, &str); 4] =
    [(Library::Zeep, "1.1"), (Library::Zeep, "1.2"), (Library::NodeSoap, "1.1"), (Library::NodeSoap, "1.2")];

/// A client that has read the description and waits for calls.
pub struct Client {
    process: Child,
    calls: Option<ChildStdin>,
    outcomes: BufReader<ChildStdout>,
    // A name that no other client gives its messages.
    name: String,
    sent: usize,
}

/// What came of a call.
#[derive(Debug)]
pub enum Outcome {
    /// Its signature held.
    Answer(Value),
    /// The errors of a Fault whose signature held.
    Fault(Vec<Value>),
    /// It is not to be believed.
    Unverified,
}

impl Client {
    /// One that talks to the sandbox.
    pub fn start(sandbox: &Sandbox, library: Library, soap: &str) -> Self {
        Self::with(sandbox, library, soap, &[])
    }

    /// With more of its options.
    pub fn with(sandbox: &Sandbox, library: Library, soap: &str, options: &[&str]) -> Self {
        let (program, script) = match library {
            Library::Zeep => ("python/bin/python", "zeep_client.py"),
            Library::NodeSoap => ("node/node", "node_client.js"),
        };
        let mut process = Command::new(installed(program))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script))
            .arg(sandbox.folder())
            .args(["--soap", soap])
            .args(options)
            .env("NODE_PATH", installed("node/node_modules"))
            // node-soap calls something of xml-crypto that is to go away.
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let calls = process.stdin.take();
        let outcomes = BufReader::new(process.stdout.take().unwrap());
        let name = format!("{library:?}-{soap}-{}", process.id());
        Client { process, calls, outcomes, name, sent: 0 }
    }

    /// A meldingsId of its own.
    pub fn fresh_id(&mut self) -> String {
        self.sent += 1;
        format!("{}-{}", self.name, self.sent)
    }

    /// Makes one call.
    pub fn call(&mut self, operation: &str, arguments: &Value) -> Outcome {
        let call = json!({"operation": operation, "arguments": arguments});
        let mut outcome = String::new();
        let written = writeln!(self.calls.as_ref().unwrap(), "{call}");
        let read = self.outcomes.read_line(&mut outcome).unwrap();
        if written.is_err() || read == 0 {
            let complaints = self.complaints();
            panic!("{} ended in {operation}: {complaints}", self.name);
        }
        let mut outcome: Value = serde_json::from_str(&outcome).unwrap();
        match outcome.as_object_mut().unwrap() {
            fields if fields.contains_key("answer") => Outcome::Answer(fields["answer"].take()),
            fields if fields.contains_key("fault") => Outcome::Fault(messages::list(&fields["fault"]["feil"])),
            fields => {
                assert!(fields.contains_key("unverified"), "{fields:?}");
                Outcome::Unverified
            }
        }
    }

    /// Makes one call that must be answered.
    pub fn answer(&mut self, operation: &str, arguments: &Value) -> Value {
        match self.call(operation, arguments) {
            Outcome::Answer(answer) => answer,
            other => panic!("{}, {operation}: {other:?}", self.name),
        }
    }

    /// Makes one call that must end in a Fault with one error, whose signature held.
    pub fn fault(&mut self, operation: &str, arguments: &Value) -> Value {
        match self.call(operation, arguments) {
            Outcome::Fault(mut feil) if feil.len() == 1 => feil.remove(0),
            other => panic!("{}, {operation}: {other:?}", self.name),
        }
    }

    /// Ends it; what it wrote to standard error.
    pub fn complaints(&mut self) -> String {
        drop(self.calls.take());
        let mut text = String::new();
        if let Some(mut stderr) = self.process.stderr.take() {
            stderr.read_to_string(&mut text).unwrap();
        }
        text
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.calls.take());
        let _ = self.process.wait();
    }
}

/// What `scripts/setup test` installs.
pub fn installed(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"))).unwrap();
    let path = cache.join("nir-gateway/clients").join(name);
    assert!(path.exists(), "{} is not there: run `scripts/setup test` first", path.display());
    path
}
