//! Configuration: one TOML file over the defaults of `config.default.toml`, `NIR_*` variables over both.
//!
//! Everything that is wrong is said at once: first the keys and types, table by table, then ([`validate`])
//! the values and the files they name.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use figment::providers::{Env, Format as _, Toml};
use figment::{Figment, Profile as Layer, Provider as _};
use register::policy::Profile;
use serde::Deserialize;

mod files;
mod validate;

/// Every key with its comment and default.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The environment an anchor's certificates belong to (NIR-S217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Certificates of real organizations.
    Production,
    /// Test certificates.
    Test,
}

impl Environment {
    /// Whose certificates an installation of this profile takes.
    pub fn of(profile: Profile) -> Self {
        match profile {
            Profile::Production => Environment::Production,
            Profile::Test | Profile::Sandbox => Environment::Test,
        }
    }
}

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What this installation is.
    pub profile: Profile,
    /// Which node of it this is.
    pub node: Node,
    /// Where it listens.
    pub listeners: Listeners,
    /// TLS.
    pub tls: Tls,
    /// Keys for answers.
    pub signing: Signing,
    /// Verification of signatures.
    pub signature: Signature,
    /// Anchors and revocation.
    pub trust: Trust,
    /// The register.
    pub database: Database,
    /// The evidence.
    pub evidence: Evidence,
    /// Delivery by push.
    pub delivery: Delivery,
    /// All limits.
    pub limits: Limits,
    /// Logging.
    pub log: Log,
    /// Notices.
    pub mail: Mail,
}

/// `[node]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Names the evidence chain.
    pub name: String,
    /// Ledger lane.
    pub lane: u16,
}

/// `[listeners]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// The service.
    pub fagsystem: SocketAddr,
    /// Metrics and health.
    pub metrics: SocketAddr,
    /// Base address written into the contract; empty takes the caller's Host.
    pub public_url: String,
}

/// `[tls]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Private key.
    pub key: PathBuf,
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Anchors of client certificates.
    pub client_anchors: Vec<PathBuf>,
}

/// `[signing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// RSA key.
    pub key: PathBuf,
    /// Its certificate.
    pub certificate: PathBuf,
    /// ECDSA P-256 key.
    #[serde(deserialize_with = "files::optional")]
    pub ecdsa_key: Option<PathBuf>,
    /// Its certificate.
    #[serde(deserialize_with = "files::optional")]
    pub ecdsa_certificate: Option<PathBuf>,
    /// The certificate that takes over.
    #[serde(deserialize_with = "files::optional")]
    pub next_certificate: Option<PathBuf>,
    /// The first day on which it signs; the day after the present one's last where it is not set.
    #[serde(deserialize_with = "files::day")]
    pub next_from: Option<NaiveDate>,
    /// Those that signed before.
    pub former_certificates: Vec<PathBuf>,
}

/// `[signature]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Whether libxmlsec1 must agree.
    pub second_opinion: bool,
}

/// `[trust]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Anchors of signing certificates.
    pub anchors: Vec<Anchor>,
    /// Issuing CAs below the anchors.
    pub intermediates: Vec<PathBuf>,
    /// Revocation lists.
    pub crls: Vec<PathBuf>,
    /// How long a list is used after its nextUpdate.
    pub grace_hours: u32,
}

/// One file of anchors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// PEM.
    pub file: PathBuf,
    /// What its certificates are for.
    pub environment: Environment,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: String,
}

/// `[evidence]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// File with 64 hexadecimal digits.
    pub master_key_file: PathBuf,
}

/// `[delivery]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Whether this node delivers.
    pub enabled: bool,
    /// Anchors of the receivers' TLS certificates; none are those of `tls.client_anchors`.
    pub anchors: Vec<PathBuf>,
    /// Streams delivered at once.
    pub at_once: usize,
    /// Of those that failed last, so many more.
    pub failing_at_once: usize,
    /// Name, connection and TLS together.
    pub connect_seconds: u64,
    /// From the first byte sent to the last one received.
    pub answer_seconds: u64,
    /// Bytes of an answer.
    pub answer_bytes: usize,
    /// Rest after the first failure.
    pub backoff_first_ms: u64,
    /// The longest rest.
    pub backoff_most_ms: u64,
    /// A stream that fails so long is parked.
    pub park_after_seconds: u64,
}

/// `[limits]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Open connections.
    pub connections: usize,
    /// TLS handshake.
    pub handshake_seconds: u64,
    /// Request line and headers.
    pub header_seconds: u64,
    /// Bytes of them.
    pub header_bytes: usize,
    /// The body.
    pub body_seconds: u64,
    /// Requests in work.
    pub in_flight: usize,
    /// Requests in work for one sender.
    pub in_flight_per_sender: usize,
    /// Request bytes in memory.
    pub request_bytes_in_work: usize,
    /// Polls that wait for news.
    pub waiting_polls: usize,
    /// How often they look by themselves.
    pub polls_look_seconds: u64,
    /// Messages waiting for the ledger.
    pub queue: usize,
    /// CPU workers; 0 is one per core.
    pub workers: usize,
    /// Time to finish on shutdown.
    pub drain_seconds: u64,
}

/// `[log]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
}

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The server, as an address.
    pub server: String,
    /// Or a folder.
    #[serde(deserialize_with = "files::optional")]
    pub folder: Option<PathBuf>,
    /// Anchors of the server's TLS certificate; none are the public ones.
    pub anchors: Vec<PathBuf>,
    /// Who sends.
    pub from: String,
    /// How often causes are looked for.
    pub look_seconds: u64,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One object per line.
    Json,
    /// For people.
    Text,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} problem(s):", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// Reads the file and the environment, and checks everything.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the configuration {}", file.display()))?;
        let folder = std::path::absolute(file)?.parent().map(Path::to_path_buf).unwrap_or_default();
        let config = Self::parse(&text, &folder, Some(environment()))?;
        config.validate()?;
        Ok(config)
    }

    /// Reads configuration text over the defaults; paths are relative to the folder. Values are not checked.
    pub fn parse(text: &str, folder: &Path, environment: Option<Env>) -> Result<Self, Problems> {
        let mut layers = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(text));
        if let Some(environment) = environment {
            layers = layers.merge(environment);
        }
        let mut problems = Vec::new();
        unknown_tables(&layers, &mut problems);
        let config = Reader { layers: &layers, problems: &mut problems }.config();
        match config {
            Some(mut config) if problems.is_empty() => {
                config.resolve(folder);
                Ok(config)
            }
            _ => Err(Problems(problems)),
        }
    }
}

/// The variables that count: those of a table (with two underscores) and `NIR_PROFILE`. Others that begin with
/// NIR_ belong to somebody else (an orchestrator sets NIR_GATEWAY_PORT by itself for a service of that name).
fn environment() -> Env {
    Env::prefixed("NIR_").filter(|key| key.as_str().contains("__") || key == "profile").split("__")
}

fn unknown_tables(layers: &Figment, problems: &mut Vec<String>) {
    let known = Figment::from(Toml::string(DEFAULTS));
    let keys = |figment: &Figment| -> Vec<String> {
        let all = figment.data().unwrap_or_default();
        all.get(&Layer::Default).map(|table| table.keys().cloned().collect()).unwrap_or_default()
    };
    let known = keys(&known);
    if let Err(error) = layers.data() {
        problems.extend(error.into_iter().map(|error| error.to_string()));
        return;
    }
    for key in keys(layers).iter().filter(|key| !known.contains(key)) {
        problems.push(format!("{key}: there is no such key; the tables are {}", known.join(", ")));
    }
}

/// Reads table by table, so that one bad table does not hide the next.
struct Reader<'a> {
    layers: &'a Figment,
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn table<'de, T: Deserialize<'de>>(&mut self, name: &str) -> Option<T> {
        match self.layers.extract_inner(name) {
            Ok(table) => Some(table),
            Err(error) => {
                self.problems.extend(error.into_iter().map(|error| describe(name, &error)));
                None
            }
        }
    }

    fn config(&mut self) -> Option<Config> {
        // All are read before any is missed.
        let (profile, node, listeners) = (self.table("profile"), self.table("node"), self.table("listeners"));
        let (tls, signing, signature) = (self.table("tls"), self.table("signing"), self.table("signature"));
        let (trust, database, evidence) = (self.table("trust"), self.table("database"), self.table("evidence"));
        let (delivery, limits, log) = (self.table("delivery"), self.table("limits"), self.table("log"));
        let mail = self.table("mail");
        Some(Config {
            profile: profile?,
            node: node?,
            listeners: listeners?,
            tls: tls?,
            signing: signing?,
            signature: signature?,
            trust: trust?,
            database: database?,
            evidence: evidence?,
            delivery: delivery?,
            limits: limits?,
            log: log?,
            mail: mail?,
        })
    }
}

fn describe(table: &str, error: &figment::Error) -> String {
    // figment appends the table it was asked for to the path inside it.
    let inside = error.path.strip_suffix(&[table.to_owned()]).unwrap_or(&error.path);
    let path = std::iter::once(table).chain(inside.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
    // and quotes serde's list of variants once more than it should.
    let kind = error.kind.to_string().replace("`one of ", "one of ").replace("``", "`");
    let name = error.metadata.as_ref().map_or("", |metadata| metadata.name.as_ref());
    let from = if name.contains("environment") { " (from the environment)" } else { "" };
    format!("{path}: {kind}{from}")
}

#[cfg(test)]
mod tests;
