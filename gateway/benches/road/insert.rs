//! *Insert*: the rows that messages leave, written by the store as batches of 64 write them, without deciding.
//!
//! The rows are real: a lane decides on a register of its own and hands out what it wrote. Registers of either engine
//! that stand where that one stood are then given the same rows, and only that is measured.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::seal;
use register::command::{Command, Handling, Header, Line, PersonLines, Transaksjon};
use register::decide::Ids;
use register::evidence::payload::MasterKey;
use register::ledger::{Exchange, Job, Lane, LaneConfig, Render, SignCheckpoint, Work};
use register::policy::{Policy, Profile};
use register::post::{Content, Ordning, Tiltak, Vedtak};
use register::receipt::{Bevis, Receipt, StruckReceipt};
use register::registry::RegistryEntry;
use register::store::Store;
use register::store::rows::{KeyRow, Writes};
use register::time::oslo_date;
use tempfile::TempDir;
use uuid::Uuid;

use crate::callers::LARGE;
use crate::cpu::{self, Server};
use crate::load::{Home, Load, Measure, WEEKS};
use crate::steps::Sample;
use crate::{client, messages, postgres};

/// Messages of a batch.
const BATCH: usize = 64;
/// The vendor that sends.
const SIGNER: &str = "310000000";

/// Microseconds of CPU for each message, this process and the database together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Insert {
    /// 64 in a transaction.
    pub batch: f64,
    /// Each in a transaction of its own.
    pub alone: f64,
    /// A message of many registrations, in a transaction of its own.
    pub large: f64,
    /// One bare row of a blob as large as a stored request, 64 in a transaction.
    pub blob: f64,
    /// PostgreSQL's part of `batch`.
    pub batch_database: f64,
    /// PostgreSQL's part of `alone`.
    pub alone_database: f64,
}

/// Both engines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inserts {
    pub sqlite: Insert,
    pub postgres: Insert,
}

impl Inserts {
    /// One of them.
    pub fn of(&self, engine: &str) -> &Insert {
        if engine == "sqlite" { &self.sqlite } else { &self.postgres }
    }
}

/// Measures so many batches of each kind on both engines.
pub fn measure(sandbox: &Path, single: &Sample, large: &Sample, batches: usize) -> Inserts {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = TempDir::new().expect("a folder");
        let url = postgres::cluster().database(&messages::fresh("insert").replace('-', "_"));
        let sqlite = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let mut source = Source::open(sandbox, &sqlite("decided.db"), single, large).await;
        let lite = Copy::open(&source, &sqlite("copy.db"), None).await;
        let server = Copy::open(&source, &url, Some(Server::of(&url))).await;
        let rows = source.rows(sandbox, batches).await;
        Inserts { sqlite: lite.measure(&rows).await, postgres: server.measure(&rows).await }
    })
}

/// Rows by what is measured with them.
struct Rows {
    grants: Vec<Writes>,
    warm: Vec<Writes>,
    batches: Vec<Writes>,
    alone: Vec<Writes>,
    large: Vec<Writes>,
    blobs: Vec<Writes>,
}

/// The register that decides.
struct Source {
    lane: Lane,
    persons: Vec<register::person::Person>,
    registry: Vec<RegistryEntry>,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
    unsigned: Vec<(Exchange, Bevis)>,
    single: Arc<[u8]>,
    large: Arc<[u8]>,
    signature: Vec<u8>,
}

impl Source {
    async fn open(sandbox: &Path, url: &str, single: &Sample, large: &Sample) -> Self {
        let began = client::now();
        let from = format!("sqlite:{}", sandbox.join("register.db").display());
        let sandbox_store = Store::open(&from).await.expect("the sandbox's register");
        let registry = sandbox_store.load_registry().await.expect("its registry");
        let registry: Vec<RegistryEntry> = registry
            .parties
            .into_values()
            .map(RegistryEntry::Party)
            .chain(registry.avsendersystemer.into_values().map(RegistryEntry::Avsendersystem))
            .chain(registry.users.into_values().map(RegistryEntry::User))
            .chain(registry.agreements.into_iter().map(RegistryEntry::Agreement))
            .chain(registry.delegations.into_iter().map(RegistryEntry::Delegation))
            .collect();
        let mut persons = Vec::new();
        for duf in sandbox_store.all_dufs().await.expect("its persons") {
            persons.extend(sandbox_store.snapshot(duf).await.expect("a person"));
        }
        sandbox_store.close().await;
        let signer = crate::steps::signer(&sandbox.join("certs"), "gateway");
        let sealed = seal(SoapVersion::V11, &single.answer, Some(&signer), began, None, None);
        let store = prepared(url, &persons, &registry, began).await;
        let lane = lane(store, began, single.answer.clone(), large.answer.clone()).await;
        Source {
            lane,
            persons,
            registry,
            began,
            now: began,
            unsigned: Vec::new(),
            single: single.request.as_slice().into(),
            large: large.request.as_slice().into(),
            signature: sealed.signature_value,
        }
    }

    async fn rows(&mut self, sandbox: &Path, batches: usize) -> Rows {
        let mut load = Load::new(sandbox);
        let mut rows =
            Rows { grants: vec![], warm: vec![], batches: vec![], alone: vec![], large: vec![], blobs: vec![] };
        for (home, dufs) in load.to_grant() {
            let granted = |duf: &String| person(duf, vec![line(&format!("bench/{duf}"), grant(self.now))]);
            let persons = dufs.iter().map(granted).collect();
            rows.grants.push(self.decided(vec![(home, persons)], false).await);
        }
        for _ in 0..2 {
            let messages = (0..BATCH).map(|_| message(&load.message((1, 1)), self.now)).collect();
            rows.warm.push(self.decided(messages, false).await);
        }
        for _ in 0..batches {
            let messages = (0..BATCH).map(|_| message(&load.message((1, 1)), self.now)).collect();
            rows.batches.push(self.decided(messages, false).await);
        }
        for _ in 0..batches * 8 {
            let messages = vec![message(&load.message((1, 1)), self.now)];
            rows.alone.push(self.decided(messages, false).await);
        }
        for _ in 0..batches {
            let messages = vec![message(&load.message(LARGE.shape), self.now)];
            rows.large.push(self.decided(messages, true).await);
        }
        let blob = rows.batches[0].evidence.iter().find_map(|row| row.request.clone()).expect("a stored request");
        for batch in 0..batches * 8 {
            let row = |n| KeyRow { chain: i32::MAX, position: (batch * BATCH + n) as i64, wrapped: blob.clone() };
            rows.blobs.push(Writes { keys: (0..BATCH).map(row).collect(), ..Writes::default() });
        }
        rows
    }

    /// Decides the messages as one batch, with the signatures of the batch before, and hands out the rows.
    async fn decided(&mut self, messages: Vec<(Home, Vec<PersonLines>)>, large: bool) -> Writes {
        self.now += TimeDelta::milliseconds(10);
        let signatures = std::mem::take(&mut self.unsigned)
            .into_iter()
            .map(|(exchange, of)| Job { exchange, work: Work::Signature { of, signature: self.signature.clone() } });
        let mut jobs: Vec<Job> = signatures.collect();
        let before = jobs.len();
        for (home, persons) in messages {
            let request = if large { &self.large } else { &self.single };
            jobs.push(job(home, persons, Arc::clone(request), self.now));
        }
        let (outcomes, writes) = self.lane.commit_with_rows(&jobs, self.now).await.expect("a commit");
        for (job, outcome) in jobs.into_iter().zip(outcomes).skip(before) {
            let done = outcome.expect("a decided message");
            assert_eq!(done.outcome, "GODTATT");
            self.unsigned.push((job.exchange, done.bevis));
        }
        writes
    }
}

/// A register that is given the rows.
struct Copy {
    store: Store,
    server: Option<Server>,
}

impl Copy {
    async fn open(source: &Source, url: &str, server: Option<Server>) -> Self {
        let store = prepared(url, &source.persons, &source.registry, source.began).await;
        // The same first row of the same chain: what follows fits on it.
        drop(lane(store.clone(), source.began, Vec::new(), Vec::new()).await);
        Copy { store, server }
    }

    async fn measure(&self, rows: &Rows) -> Insert {
        // Warm, and with the statistics that a register has which has been in use for a minute.
        self.write(&rows.grants, 1).await;
        self.write(&rows.warm, 1).await;
        self.store.analyze().await.expect("statistics");
        let (batch, batch_database) = self.write(&rows.batches, BATCH).await;
        let (alone, alone_database) = self.write(&rows.alone, 1).await;
        let (large, _) = self.write(&rows.large, 1).await;
        let (blob, _) = self.write(&rows.blobs, BATCH).await;
        Insert { batch, alone, large, blob, batch_database, alone_database }
    }

    /// Microseconds for each message, in all and in the database alone.
    async fn write(&self, all: &[Writes], messages: usize) -> (f64, f64) {
        let server = || self.server.as_ref().map_or(0.0, Server::spent);
        let (process_before, server_before) = (cpu::of_this_process(), server());
        for writes in all {
            self.store.write_rows(writes).await.expect("rows that fit");
        }
        let (process, server) = (cpu::of_this_process() - process_before, server() - server_before);
        let each = |seconds: f64| seconds * 1e6 / (all.len() * messages) as f64;
        (each(process + server), each(server))
    }
}

async fn prepared(
    url: &str,
    persons: &[register::person::Person],
    registry: &[RegistryEntry],
    at: DateTime<Utc>,
) -> Store {
    let store = Store::open(url).await.expect("a database");
    store.migrate(Profile::Sandbox.as_str()).await.expect("tables");
    let policy = register::policy::Policy::embedded(Profile::Sandbox).expect("rules");
    store.insert_persons(persons, &policy, at).await.expect("persons");
    store.put_registry(registry, at).await.expect("a registry");
    store
}

async fn lane(store: Store, at: DateTime<Utc>, single: Vec<u8>, large: Vec<u8>) -> Lane {
    let config = LaneConfig {
        node: "bench".to_owned(),
        lane: 0,
        master_key: MasterKey::new([7; 32]),
        policy: Arc::new(Policy::embedded(Profile::Sandbox).expect("rules")),
        render: Arc::new(Canned { single, large }),
        checkpoints: Arc::new(Canned { single: Vec::new(), large: Vec::new() }),
        ids: Box::new(RandomIds),
    };
    Lane::open(store, config, at).await.expect("a lane")
}

/// Answers that were given by the gateway, for their size.
pub struct Canned {
    single: Vec<u8>,
    large: Vec<u8>,
}

impl Canned {
    /// For what is never answered.
    pub fn nothing() -> Self {
        Canned { single: Vec::new(), large: Vec::new() }
    }
}

impl Render for Canned {
    fn struck(&self, _receipt: &StruckReceipt) -> Vec<u8> {
        self.single.clone()
    }

    fn receipt(&self, receipt: &Receipt, _request: &[u8]) -> Vec<u8> {
        if receipt.persons.len() == 1 { self.single.clone() } else { self.large.clone() }
    }

    fn grunnlag(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        self.receipt(receipt, request)
    }

    fn repeated(&self, stored: &[u8]) -> Vec<u8> {
        stored.to_vec()
    }
}

impl SignCheckpoint for Canned {
    /// A checkpoint for a thousand rows is nothing to be measured here.
    fn sign(&self, _text: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

pub struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&mut self) -> Uuid {
        Uuid::new_v4()
    }
}

fn message(measures: &[Measure], now: DateTime<Utc>) -> (Home, Vec<PersonLines>) {
    let person = |own: &[Measure]| {
        let lines = own.iter().map(|measure| line(&measure.reference, tiltak(measure, now))).collect();
        person(&own[0].duf, lines)
    };
    (measures[0].home, measures.chunk_by(|a, b| a.duf == b.duf).map(person).collect())
}

fn person(duf: &str, lines: Vec<Line>) -> PersonLines {
    PersonLines { duf_text: duf.to_owned(), foedselsnummer: None, lines }
}

fn line(reference: &str, content: Content) -> Line {
    Line {
        registrerings_id: reference.to_owned(),
        handling: Ok(Handling::Registrer),
        avsenders_referanse: Some(reference.to_owned()),
        post: None,
        gjelder_fra: None,
        content: Some(content),
        vedtak_ref: None,
        klage_ref: None,
        form_errors: Vec::new(),
    }
}

fn grant(now: DateTime<Utc>) -> Content {
    let today = oslo_date(now);
    Content::Vedtak(Vedtak {
        ordning: Ordning::Intro,
        vedtakstype: "INNVILGELSE".to_owned(),
        vedtaksdato: today,
        start_dato: Some(today),
        slutt_dato: Some(today + TimeDelta::days(7 * WEEKS as i64)),
        begrunnelse: None,
        fritaksgrunnlag: None,
        vedtak_ref: None,
        klage_ref: None,
        saksreferanse: None,
    })
}

fn tiltak(measure: &Measure, now: DateTime<Utc>) -> Content {
    let today = oslo_date(now);
    let (first, last) = measure.days;
    Content::Tiltak(Tiltak {
        ordning: Ordning::Intro,
        tiltaksgruppe: "NORSK_SAMF".to_owned(),
        tiltakstype: "NS01".to_owned(),
        fra_dato: today + TimeDelta::days(first),
        til_dato: today + TimeDelta::days(last),
        timer_per_uke: 20.into(),
        erstattende_tiltak: false,
        gjennomfoering: None,
        vurdert_dato: None,
        mottatt_tilbud: None,
    })
}

fn job(home: Home, persons: Vec<PersonLines>, request: Arc<[u8]>, received: DateTime<Utc>) -> Job {
    let meldings_id = Uuid::new_v4().to_string();
    let signer = SIGNER.parse().expect("an organization number");
    let command = Command {
        header: Header {
            signer,
            tls_client: Some(signer),
            meldings_id: meldings_id.clone(),
            kontraktversjon: "1.0".to_owned(),
            avsendersystem: home.avsendersystem.to_owned(),
            kommune: Ok(home.kommune.parse().expect("a kommune")),
            bydel: None,
            overfoeringsbruker: home.user.to_owned(),
            saksbehandler_ref: None,
            fagsystem: ("Flyktning".to_owned(), "2026.11.2".to_owned()),
            opprettet: received,
            erstatter_meldings_id: None,
        },
        transaksjon: Transaksjon::Alt,
        proevekjoering: false,
        persons,
        form_errors: Vec::new(),
        digest: [0; 32],
    };
    let exchange = Exchange {
        operation: "sendRegistreringer",
        signer,
        avsendersystem: Some(home.avsendersystem.to_owned()),
        meldings_id: Some(meldings_id),
        user: Some(home.user.to_owned()),
        request,
        received,
    };
    Job { exchange, work: Work::Register(Box::new(command)) }
}
