//! A fagsystem that hosts NirMottak: the sample of `conformance/clients/node_mottak.js`, node-soap's server made of the
//! gateway's own description, takes what is pushed (contract.md 2.3; design.md 8).

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::foreign::{Client, Library, installed};
use crate::messages::{STREAM, list, now, number, registration, text};
use crate::pull::ask;
use crate::sandbox::{Sandbox, built};
use crate::vendor;

/// Whose changes are pushed.
const SYSTEM: &str = "4204-flyktning-1";
/// The longest that anything is waited for. Only a test that fails gets near it.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn node_soap_takes_what_is_pushed() {
    let (sandbox, folder) = (Sandbox::start(), TempDir::new().unwrap());
    let store = folder.path().join("endringer.ndjson");
    let receiver = Receiver::start(&sandbox, &store);
    approve(&sandbox, &receiver);
    // The operator tries it: a ping, answered by what node-soap made of the description.
    operator(&sandbox, &["stream", "ping", SYSTEM]);

    let mut client = Client::start(&sandbox, Library::NodeSoap, "1.1");
    let client = &mut client;
    let now = now(client);
    let register = |client: &mut Client, n: usize| {
        let message = registration(&client.fresh_id(), &now, &sandbox.person(n), 20);
        let receipt = client.answer("sendRegistreringer", &message);
        assert_eq!(text(&receipt["status"]), "GODTATT", "{receipt}");
        identities(&receipt["endring"])
    };
    // What a receipt showed is what comes.
    let shown = register(client, 0);
    assert!(!shown.is_empty());
    assert_eq!(stored(&store, shown.len()), shown);
    // A whole kommune comes in larger deliveries.
    let order = ask(client, "bestillOeyeblikksbilde", &now, &json!({"stroemId": STREAM, "omfang": "ALT"}));
    let pictures = usize::try_from(number(&order["antall"])).unwrap();
    let so_far = stored(&store, shown.len() + pictures).len();
    everything_is_acknowledged(client, &now, &store);

    // What another signed is not taken.
    let file = folder.path().join("levering.xml");
    std::fs::write(&file, forged()).unwrap();
    let pem = |name: &str| sandbox.folder().join("certs").join(name).to_str().unwrap().to_owned();
    let said = vendor::run(
        &[
            &["send", file.to_str().unwrap(), "--endpoint", &receiver.address][..],
            &["--ca", &pem("ca.pem"), "--cert", &pem("vendor.pem"), "--key", &pem("vendor.key")],
            &["--gateway-cert", &pem("mottak.pem")],
        ]
        .concat(),
    );
    assert!(said.code == 3 && said.err.contains("HTTP 400"), "{said:?}");
    assert_eq!(stored(&store, so_far).len(), so_far);

    // It is away for a while, and comes back elsewhere with what it had: what it missed comes, and nothing twice.
    drop(receiver);
    let shown = register(client, 1);
    let receiver = Receiver::start(&sandbox, &store);
    approve(&sandbox, &receiver);
    operator(&sandbox, &["stream", "resume", SYSTEM]);
    assert_eq!(stored(&store, so_far + shown.len())[so_far..], shown);
    everything_is_acknowledged(client, &now, &store);
    assert_eq!(client.complaints(), "", "node-soap had something to say");
}

/// The number and the id of each change.
fn identities(changes: &Value) -> Vec<(i64, String)> {
    let all = list(changes).into_iter();
    all.map(|change| (number(&change["sekvensnummer"]), text(&change["hendelseId"]).to_owned())).collect()
}

/// Waits until the receiver has stored so many changes: all of them, in order and without gaps.
fn stored(store: &Path, least: usize) -> Vec<(i64, String)> {
    let all = eventually(&format!("{least} changes"), || {
        let lines = std::fs::read_to_string(store).ok()?;
        // A line that is being written is none yet.
        let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let all: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (all.len() >= least).then_some(all)
    });
    let all = identities(&Value::Array(all));
    let numbers: Vec<i64> = all.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=i64::try_from(all.len()).unwrap()).collect::<Vec<_>>());
    all
}

/// The cursor has moved to the end of the stream, and pull gives the same changes under the same numbers.
fn everything_is_acknowledged(client: &mut Client, now: &str, store: &Path) {
    eventually("the cursor at the end", || {
        let more = json!({"stroemId": STREAM, "etterSekvensnummer": 0, "antall": 1});
        let page = ask(client, "hentEndringer", now, &more);
        (number(&page["bekreftetTil"]) == number(&page["sisteSekvensnummer"])).then_some(())
    });
    let mut read: Vec<(i64, String)> = Vec::new();
    loop {
        let after = read.last().map_or(0, |(number, _)| *number);
        let more = json!({"stroemId": STREAM, "etterSekvensnummer": after, "antall": 1000});
        let page = identities(&ask(client, "hentEndringer", now, &more)["endring"]);
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert_eq!(stored(store, read.len()), read);
}

/// A delivery as the gateway would send it.
fn forged() -> String {
    format!(
        "<mottaEndringer xmlns=\"urn:no:nir:melding:v1\"><endringsmelding><leveranseId>lev-1</leveranseId>\
         <stroemId>{STREAM}</stroemId><fraSekvensnummer>1000000</fraSekvensnummer>\
         <tilSekvensnummer>1000000</tilSekvensnummer></endringsmelding></mottaEndringer>"
    )
}

fn approve(sandbox: &Sandbox, receiver: &Receiver) {
    operator(sandbox, &["stream", "approve", SYSTEM, "--url", &receiver.address, "--by", "op1", "--private"]);
}

/// What an operator of the sandbox does.
fn operator(sandbox: &Sandbox, arguments: &[&str]) {
    let mut command = Command::new(built("nir-gateway"));
    let output =
        command.args(arguments).arg("--config").arg(sandbox.folder().join("nir-gateway.toml")).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not in time");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The sample as a process; it ends when dropped.
struct Receiver {
    process: Child,
    address: String,
}

impl Receiver {
    fn start(sandbox: &Sandbox, store: &Path) -> Self {
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "clients", "node_mottak.js"].iter().collect();
        let mut process = Command::new(installed("node/node"))
            .args([&script, sandbox.folder(), store])
            .env("NODE_PATH", installed("node/node_modules"))
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with("https://"), "the receiver ended before it was ready");
        Receiver { process, address: address.trim_end().to_owned() }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
