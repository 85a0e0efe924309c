//! What the sandbox writes for those who use it: `endpoints.json`, `persons.json`, `parties.json`, and a
//! configuration file with which the other commands work on the sandbox's database.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::certs::{Certs, write};
use super::parties;
use super::persons::Everyone;
use crate::config::Config;

/// Named in the acceptance and in every vendor's CI: fixed within v1.
pub const ENDPOINTS: &str = "endpoints.json";
const CONFIG: &str = "nir-gateway.toml";
const MASTER_KEY: &str = "evidence.key";

/// The addresses of a sandbox that answers.
pub fn endpoints(data: &Path, fagsystem: SocketAddr, console: SocketAddr, metrics: SocketAddr) -> Value {
    let base = format!("https://localhost:{}", fagsystem.port());
    let service = format!("{base}/ws/v1/fagsystem");
    json!({
        "fagsystem": service,
        "kilde": format!("{base}/ws/v1/kilde"),
        "wsdl": format!("{service}?wsdl"),
        "contract": format!("{base}/contract/v1.zip"),
        "console": format!("http://{console}"),
        "metrics": format!("http://{metrics}/metrics"),
        "health": format!("http://{metrics}/health/ready"),
        "certs": data.join("certs"),
    })
}

/// Writes the addresses, whole and last: whoever finds the file may connect.
pub fn write_endpoints(data: &Path, endpoints: &Value) -> anyhow::Result<()> {
    write_json(&data.join(ENDPOINTS), endpoints)
}

/// Takes the addresses of an earlier run away, so that nobody waits at a closed door.
pub fn remove_endpoints(data: &Path) -> anyhow::Result<()> {
    match fs::remove_file(data.join(ENDPOINTS)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("endpoints.json"),
        _ => Ok(()),
    }
}

/// The addresses of the running sandbox.
pub fn read_endpoints(data: &Path) -> anyhow::Result<Value> {
    let path = data.join(ENDPOINTS);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{} is not there: is the sandbox running, and is this its --data?", path.display()))?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Writes who can be registered and who may do so.
pub fn write_people(data: &Path, everyone: &Everyone) -> anyhow::Result<()> {
    let rows = |all: &[super::persons::Synthetic]| all.iter().map(|one| json!(one.row)).collect::<Vec<_>>();
    let persons = json!({ "personer": rows(&everyone.shown), "last": rows(&everyone.load) });
    write_json(&data.join("persons.json"), &persons)?;
    write_json(&data.join("parties.json"), &parties::description())
}

/// The sandbox's configuration, also written to the data directory for `log verify` and the imports.
pub fn configuration(
    data: &Path,
    certs: &Certs,
    fagsystem: SocketAddr,
    database: Option<&str>,
) -> anyhow::Result<Config> {
    let key = data.join(MASTER_KEY);
    if !key.exists() {
        write(&key, format!("{}\n", hex::encode(rand::random::<[u8; 32]>())).as_bytes(), 0o600)?;
    }
    let text = configuration_text(certs, fagsystem, database.unwrap_or("sqlite:register.db"))?;
    // A database URL may hold a password.
    write(&data.join(CONFIG), text.as_bytes(), 0o600)?;
    let config = Config::parse(&text, data, None)?;
    config.validate()?;
    Ok(config)
}

fn configuration_text(certs: &Certs, fagsystem: SocketAddr, database: &str) -> anyhow::Result<String> {
    let file = |path: std::path::PathBuf| path.display().to_string();
    let ca = file(certs.pem("ca"));
    let table = json!({
        "profile": "sandbox",
        "listeners": { "fagsystem": fagsystem, "metrics": "127.0.0.1:0" },
        "tls": { "key": file(certs.key("gateway")), "certificate": file(certs.pem("gateway")), "client_anchors": [ca] },
        "signing": {
            "key": file(certs.key("gateway")), "certificate": file(certs.pem("gateway")),
            "ecdsa_key": file(certs.key("gateway-ec")), "ecdsa_certificate": file(certs.pem("gateway-ec")),
        },
        "trust": { "anchors": [{ "file": ca, "environment": "test" }], "crls": [file(certs.crl())] },
        "database": { "url": database },
        "evidence": { "master_key_file": MASTER_KEY },
        "mail": { "folder": "mail", "look_seconds": 10 },
        "log": { "format": "text" },
    });
    let body = toml::to_string(&table).context("the sandbox's configuration")?;
    Ok(format!(
        "# Written by nir-gateway sandbox at every start; works with log verify, party import and the like.\n{body}"
    ))
}

fn write_json(path: &Path, value: &Value) -> anyhow::Result<()> {
    write(path, format!("{value:#}\n").as_bytes(), 0o644)
}
