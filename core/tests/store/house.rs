//! What the tests stand in: a database with persons, parties and rights; lanes; answers that can be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use register::decide::Ids;
use register::evidence::payload::MasterKey;
use register::fact::{Fact, FactContent, Mottakstype, Oppholdstillatelse, Referanseperson, Rettsomraade};
use register::id::{Duf, Kommunenummer};
use register::ledger::{Done, Job, Lane, LaneConfig, LedgerError, Render, SignCheckpoint};
use register::person::Person;
use register::policy::{Policy, Profile};
use register::post::Ordning;
use register::receipt::{Receipt, Status, StruckReceipt};
use register::registry::{Agreement, Avsendersystem, Delegation, Party, PartyKind, RegistryEntry, Role, TransferUser};
use register::store::Store;
use register::time::Period;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row as _};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::postgres_server::cluster;

pub const PROFILE: &str = "sandbox";
pub const VENDOR: &str = "310000019";
pub const OTHER_VENDOR: &str = "310000027";
pub const SYSTEM: &str = "4204-flyktning-1";
pub const OTHER_SYSTEM: &str = "4204-voksen-2";
pub const USER: &str = "4204-OVERF1";
/// Of another kommune and operator.
pub const FAR_SYSTEM: &str = "4203-flyktning-1";
/// Persons of every database.
pub const PERSONS: usize = 160;
/// In a request: the renderer panics on it.
pub const PANIC: &str = "PANIKK";

const ALWAYS: Period = Period { from: NaiveDate::MIN, to: None };

/// Noon of a working day; tests add to it.
pub fn noon() -> DateTime<Utc> {
    "2026-11-26T12:00:00.123456789Z".parse().unwrap()
}

pub fn later(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

pub fn today() -> NaiveDate {
    noon().date_naive()
}

/// The nth person; synthetic.
pub fn duf(n: usize) -> Duf {
    Duf::parse(&format!("9000{:08}", n + 1), true).unwrap()
}

/// A migrated database with everybody in it.
pub struct Database {
    pub store: Store,
    pub url: String,
    outside: OnceCell<Outside>,
    _dir: Option<TempDir>,
}

impl Database {
    /// A new file, empty.
    pub async fn sqlite() -> Self {
        let dir = TempDir::new().unwrap();
        let url = format!("sqlite:{}", dir.path().join("register.db").display());
        Database { store: Store::open(&url).await.unwrap(), url, outside: OnceCell::new(), _dir: Some(dir) }
    }

    /// A new database of the shared cluster, empty.
    pub async fn postgres() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("store_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = tokio::task::spawn_blocking(move || cluster().database(&name)).await.unwrap();
        Database::at(url).await
    }

    pub async fn at(url: String) -> Self {
        Database { store: Store::open(&url).await.unwrap(), url, outside: OnceCell::new(), _dir: None }
    }

    /// Migrates, and puts persons, parties and rights in.
    pub async fn furnished(self) -> Self {
        self.store.migrate(PROFILE).await.unwrap();
        let persons: Vec<Person> = (0..PERSONS).map(person).collect();
        let policy = Policy::embedded(Profile::Sandbox).unwrap();
        self.store.insert_persons(&persons, &policy, noon()).await.unwrap();
        self.store.put_registry(&entries(), noon()).await.unwrap();
        self
    }

    pub fn is_postgres(&self) -> bool {
        self.store.engine() == "postgres"
    }

    /// A lane of the first node.
    pub async fn lane(&self) -> Lane {
        self.lane_of("a").await
    }

    pub async fn lane_of(&self, node: &str) -> Lane {
        Lane::open(self.store.clone(), config(node), noon()).await.unwrap()
    }

    /// Runs SQL from outside; the rows it touched.
    pub async fn run(&self, sql: &str) -> u64 {
        self.try_run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub async fn try_run(&self, sql: &str) -> Result<u64, sqlx::Error> {
        Ok(match self.outside().await {
            Outside::Sqlite(pool) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?.rows_affected(),
            Outside::Postgres(pool) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?.rows_affected(),
        })
    }

    /// The column `v` of each row, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = format!("SELECT CAST(x.v AS TEXT) FROM ({sql}) AS x");
        match self.outside().await {
            Outside::Sqlite(pool) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
            }
            Outside::Postgres(pool) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
            }
        }
    }

    /// How the database would carry out a query.
    pub async fn plan(&self, sql: &str) -> String {
        let lines: Vec<String> = match self.outside().await {
            Outside::Sqlite(pool) => {
                let sql = format!("EXPLAIN QUERY PLAN {sql}");
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| row.get("detail")).collect()
            }
            Outside::Postgres(pool) => {
                let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        };
        lines.join("\n")
    }

    /// The column `v` of the one row, a number.
    pub async fn number(&self, sql: &str) -> i64 {
        self.texts(sql).await[0].parse().unwrap()
    }

    pub async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS v FROM {table}")).await
    }

    /// Rows of every table that a message may write to.
    pub async fn rows(&self) -> Vec<(String, i64)> {
        let mut all = Vec::new();
        for table in ["fact", "post_version", "post_reference", "message_id", "change", "evidence", "data_key"] {
            all.push((table.to_owned(), self.count(table).await));
        }
        all
    }

    /// Keeps these tables aside, for [`Database::put_back`].
    pub async fn keep(&self, tables: &[&str]) {
        for table in tables {
            self.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
    }

    /// Makes the tables what they were.
    pub async fn put_back(&self, tables: &[&str]) {
        for table in tables {
            self.run(&format!("DELETE FROM {table}")).await;
            self.run(&format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
            self.run(&format!("DROP TABLE kept_{table}")).await;
        }
    }

    /// A byte string as SQL.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex = hex::encode(bytes);
        if self.is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") }
    }

    /// Connections that know nothing of the store. What they write need not reach the disk.
    pub async fn outside(&self) -> &Outside {
        let open = || async {
            if self.is_postgres() {
                return Outside::Postgres(sqlx::PgPool::connect(&self.url).await.unwrap());
            }
            let options: SqliteConnectOptions = self.url.parse().unwrap();
            Outside::Sqlite(sqlx::SqlitePool::connect_with(options.synchronous(SqliteSynchronous::Off)).await.unwrap())
        };
        self.outside.get_or_init(open).await
    }

    /// The invariants that hold after everything: chains, replay, streams.
    pub async fn sound(&self) {
        register::evidence::verify(&self.store, Some(&|text, signature| Signer::holds(text, signature)))
            .await
            .unwrap_or_else(|broken| panic!("{broken}"));
        let report = register::store::replay::check(&self.store).await.unwrap();
        let told: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
        assert_eq!(told, Vec::<String>::new());
    }
}

pub enum Outside {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

pub fn config(node: &str) -> LaneConfig {
    LaneConfig {
        node: node.to_owned(),
        lane: 0,
        master_key: MasterKey::new([7; 32]),
        policy: Arc::new(Policy::embedded(Profile::Sandbox).unwrap()),
        render: Arc::new(Plain),
        checkpoints: Arc::new(Signer),
        ids: Box::new(Random),
    }
}

/// Ids as the gateway gives them: never the same twice, over all nodes and processes.
pub struct Random;

impl Ids for Random {
    fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).unwrap();
        Uuid::from_bytes(bytes)
    }
}

/// Answers that a test can read: words, apart by blanks.
pub struct Plain;

impl Render for Plain {
    fn struck(&self, receipt: &StruckReceipt) -> Vec<u8> {
        let again = if receipt.gjentatt { "ja" } else { "nei" };
        format!("feilregistrert {} gjentatt={again} v{}", receipt.status.code(), receipt.post.versjon).into_bytes()
    }

    fn grunnlag(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        self.receipt(receipt, request)
    }

    fn receipt(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        assert!(!String::from_utf8_lossy(request).contains(PANIC), "as ordered");
        let status = match receipt.status {
            Status::Godtatt => "GODTATT",
            Status::DelvisGodtatt => "DELVIS_GODTATT",
            Status::Avvist => "AVVIST",
        };
        let mut findings: Vec<_> = receipt.findings.iter().map(|finding| finding.rejection.code()).collect();
        for person in &receipt.persons {
            let lines = person.lines.iter().flat_map(|line| &line.findings);
            findings.extend(person.findings.iter().chain(lines).map(|finding| finding.rejection.code()));
        }
        let numbers: Vec<String> = receipt.changes.iter().map(|change| change.sekvensnummer.to_string()).collect();
        let stream = receipt.stroem.as_ref();
        let text = format!(
            "kvittering {} gjentatt=nei {status} id={} mottatt={} feil={} nr={} strøm={} bevis={}/{}/{}",
            receipt.kvitterings_id,
            receipt.meldings_id,
            receipt.mottatt,
            findings.join(","),
            numbers.join(","),
            stream
                .map_or_else(String::new, |s| format!("{}:{}:{}", s.stroem_id, s.siste_sekvensnummer, s.bekreftet_til)),
            receipt.bevis.kjede,
            receipt.bevis.posisjon,
            receipt.bevis.forrige_hash,
        );
        text.into_bytes()
    }

    fn repeated(&self, stored: &[u8]) -> Vec<u8> {
        String::from_utf8(stored.to_vec()).unwrap().replace("gjentatt=nei", "gjentatt=ja").into_bytes()
    }
}

/// Signs with a secret that everybody knows: what matters here is what is signed.
pub struct Signer;

impl SignCheckpoint for Signer {
    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        Some(register::evidence::sha256(&[b"secret", text].concat()).to_vec())
    }
}

impl Signer {
    pub fn holds(text: &[u8], signature: &[u8]) -> bool {
        Signer.sign(text).is_some_and(|expected| expected == signature)
    }
}

/// One job, committed alone.
pub async fn commit(lane: &mut Lane, job: Job, at: DateTime<Utc>) -> Result<Done, LedgerError> {
    let mut outcomes = lane.commit(&[job], at).await;
    assert_eq!(outcomes.len(), 1, "an outcome for each job");
    outcomes.remove(0)
}

/// The answer's text.
pub fn text(done: &Done) -> String {
    String::from_utf8(done.answer.clone()).unwrap()
}

/// A word of the answer: `word(&answer, "nr")`.
pub fn word(done: &Done, name: &str) -> String {
    let text = text(done);
    let found = text.split(' ').find_map(|word| word.strip_prefix(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("{name} in {text}")).to_owned()
}

fn person(n: usize) -> Person {
    let always: NaiveDate = "2005-01-01".parse().unwrap();
    let granted: NaiveDate = "2026-01-05".parse().unwrap();
    let contents = [
        (always, FactContent::Oppfoelging { kommune: kommune("4204"), bydel: None }),
        (
            always,
            FactContent::Personalia {
                fornavn: "Modig".into(),
                etternavn: "Bjørk".into(),
                foedselsdato: "1980-01-01".parse().unwrap(),
                kjoenn: "KVINNE".into(),
            },
        ),
        // Family of a refugee, still in mottak: open for introduksjonsprogram and for kvalifisering i mottak (IL-4, IL-16).
        (
            granted,
            FactContent::Oppholdstillatelse(Box::new(Oppholdstillatelse {
                soeknadsdato: Some("2025-12-01".parse().unwrap()),
                vedtaksdato: granted,
                oppholdsgrunnlag: "FAM_FLYKT".into(),
                danner_grunnlag_for_permanent: true,
                fornybar: true,
                foerstegang: true,
                etter_innreisetillatelse: false,
                rettsomraade: Rettsomraade::Utlendingsloven,
                referanseperson: Some(Referanseperson {
                    duf: None,
                    oppholdsgrunnlag: Some("ASYL".into()),
                    permanent: false,
                    bosatt_dato: Some("2025-06-01".parse().unwrap()),
                }),
                opphoer: None,
            })),
        ),
        (
            granted,
            FactContent::Mottak {
                navn: "Mottaket".into(),
                kommune: kommune("4204"),
                mottakstype: Mottakstype::Ordinaert,
            },
        ),
    ];
    let facts: Vec<Fact> = contents
        .into_iter()
        .zip(1..)
        .map(|((from, content), row_no)| Fact {
            row_no,
            source: "IMDI".into(),
            source_id: format!("prøve-{n}-{row_no}"),
            content,
            annulled: false,
            valid: Period { from, to: None },
            system_from: always.and_hms_nano_opt(0, 0, 0, 1_999).unwrap().and_utc(),
            system_to: None,
        })
        .collect();
    Person { duf: duf(n), version: 1, last_row: 4, facts, posts: Vec::new(), beregnet: None }
}

pub fn kommune(number: &str) -> Kommunenummer {
    number.parse().unwrap()
}

pub fn system(id: &str, operator: &str, ordninger: &[Ordning]) -> RegistryEntry {
    RegistryEntry::Avsendersystem(Avsendersystem {
        id: id.into(),
        kommune: kommune(&id[..4]),
        bydel: None,
        operator: operator.parse().unwrap(),
        ordninger: ordninger.to_vec(),
        produkt: "Fagsystem".into(),
        valid: ALWAYS,
        approved_versions: Vec::new(),
        blocked: None,
        contacts: Vec::new(),
    })
}

pub fn user(id: &str, last_used: DateTime<Utc>) -> RegistryEntry {
    RegistryEntry::User(TransferUser {
        id: id.into(),
        kommune: kommune(&id[..4]),
        bydel: None,
        roles: vec![Role::Introbruker],
        skjerming_approved: false,
        valid: ALWAYS,
        last_used,
    })
}

fn party(orgnr: &str) -> RegistryEntry {
    RegistryEntry::Party(Party {
        orgnr: orgnr.parse().unwrap(),
        navn: format!("Leverandør {orgnr}"),
        kind: PartyKind::Leverandoer,
        kommune: None,
        kilde: None,
        valid: ALWAYS,
        ecdsa_answers: false,
    })
}

/// Two kommuner, two vendors; 4204 has a system with each of them, so that each hears of the other.
pub fn entries() -> Vec<RegistryEntry> {
    let carried = [Ordning::Intro, Ordning::MottakKval];
    let mut all = vec![party(VENDOR), party(OTHER_VENDOR)];
    for number in ["4204", "4203"] {
        all.push(RegistryEntry::Agreement(Agreement {
            kommune: kommune(number),
            reference: "A".into(),
            valid: ALWAYS,
        }));
        all.push(user(&format!("{number}-OVERF1"), noon()));
        for vendor in [VENDOR, OTHER_VENDOR] {
            all.push(RegistryEntry::Delegation(Delegation {
                kommune: kommune(number),
                leverandoer: vendor.parse().unwrap(),
                ordninger: carried.to_vec(),
                valid: ALWAYS,
                reference: "F".into(),
            }));
        }
    }
    all.push(system(SYSTEM, VENDOR, &carried));
    all.push(system(OTHER_SYSTEM, OTHER_VENDOR, &carried));
    all.push(system(FAR_SYSTEM, OTHER_VENDOR, &carried));
    all
}
