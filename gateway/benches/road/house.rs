//! One gateway under measurement: the built binary on a fresh database, and the CPU that both use.

use std::path::PathBuf;

use register::id::Duf;
use register::store::Store;
use tempfile::TempDir;

use crate::client::Gateway as _;
use crate::cpu::{Server, Spent, resident_mb};
use crate::load::Load;
use crate::node::{Installation, Node};
use crate::{postgres, process};

/// Who sends. Its certificates hold RSA-2048 keys.
pub const SENDER: &str = "vendor";
/// The sender, to be answered with the gateway's ECDSA key.
const ECDSA_ANSWERS: &str = r#"{"kind":"PARTY","orgnr":"310000000","navn":"TEST Leverandør AS","partstype":"LEVERANDOER","valid":{"from":"2005-01-01"},"ecdsa_answers":true}"#;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub engine: &'static str,
    pub answer_key: &'static str,
    pub second_opinion: bool,
}

impl Setting {
    /// As `--only` takes it.
    pub fn name(&self) -> String {
        let second = if self.second_opinion { "on" } else { "off" };
        format!("{}/{}/{second}", self.engine, self.answer_key)
    }

    /// Every combination.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for engine in ["sqlite", "postgres"] {
            for answer_key in ["rsa", "p256"] {
                for second_opinion in [false, true] {
                    all.push(Setting { engine, answer_key, second_opinion });
                }
            }
        }
        all
    }
}

/// A running gateway.
pub struct House {
    pub setting: Setting,
    pub node: Node,
    server: Option<Server>,
    database: String,
    installation: Installation,
}

impl House {
    /// Starts one on a database of its own, filled with the sandbox's persons and rights.
    pub fn start(setting: Setting) -> Self {
        let Setting { engine, answer_key, second_opinion } = setting;
        let url = (engine == "postgres")
            .then(|| postgres::cluster().database(&crate::messages::fresh("bench").replace('-', "_")));
        let installation = Installation::new(url.as_deref());
        if answer_key == "p256" {
            let rows = TempDir::new().expect("a folder");
            let file = rows.path().join("parties.ndjson");
            std::fs::write(&file, ECDSA_ANSWERS).expect("a file of rows");
            let file = file.display().to_string();
            process::succeed(&["party", "import", &file], &installation.config());
        }
        let node = installation.serve(&[
            ("SIGNATURE__SECOND_OPINION", if second_opinion { "true" } else { "false" }),
            // One organization sends for all callers.
            ("LIMITS__IN_FLIGHT_PER_SENDER", "128"),
        ]);
        let server = url.as_deref().map(Server::of);
        let database = url.unwrap_or_else(|| format!("sqlite:{}", installation.path().join("register.db").display()));
        House { setting, node, server, database, installation }
    }

    /// Its persons, with nothing registered of them.
    pub fn load(&self) -> Load {
        Load::new(self.installation.path())
    }

    /// Its folder of certificates.
    pub fn certs(&self) -> PathBuf {
        self.node.certs()
    }

    /// An operator approves where the changes of an avsendersystem are pushed to; the TLS certificate there is the sender's.
    pub fn approve(&self, system: &str, url: &str) {
        let vendor = ["--tls-organization", "310000000", "--private", "--by", "bench"];
        process::succeed(
            &[&["stream", "approve", system, "--url", url], &vendor[..]].concat(),
            &self.installation.config(),
        );
    }

    /// Gives the database the statistics that it has by itself after a minute of use (design.md 14, Growth: after
    /// ANALYZE, warm).
    pub fn analyze(&self) {
        self.on_store(async |store| store.analyze().await.expect("statistics"));
    }

    /// What was sent is stored: every person holds as many posts as were registered.
    pub fn check(&self, sent: &Load) {
        self.on_store(async |store| {
            for (duf, posts) in sent.posts() {
                let person = store.snapshot(Duf::parse(duf, true).expect("a DUF number")).await.expect("a person");
                assert_eq!(person.map(|person| person.posts.len()), Some(posts), "posts of {duf}");
            }
        });
    }

    fn on_store(&self, work: impl AsyncFnOnce(&Store)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let store = Store::open(&self.database).await.expect("the register");
            work(&store).await;
            store.close().await;
        });
    }

    /// CPU used until now.
    pub fn spent(&self) -> Spent {
        Spent::of_gateway(self.node.pid()).with_server(self.server.as_ref())
    }

    /// Batches that the ledger has committed.
    pub fn batches(&self) -> f64 {
        self.node.metric("nir_ledger_batch_jobs_count")
    }

    /// Resident memory in MB: now, and at most.
    pub fn resident_mb(&self) -> (f64, f64) {
        resident_mb(self.node.pid())
    }
}
