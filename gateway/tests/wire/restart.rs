//! What survives the process: the register after a restart, the evidence and its proof, and the way down
//! (issue acceptance 1 and 4; design.md 9, 13).

use std::io::{Read as _, Write as _};
use std::path::Path;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Column, Connection as _, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _};

use crate::client::Client;
use crate::messages::{day, fresh, head, hent_kvittering, hent_person, person, registrer, send, vedtak};
use crate::node::{Installation, almost_sent};
use crate::process::{eventually, refused, succeed};
use crate::sandbox::Sandbox;

fn decision(duf: &str) -> String {
    send(&head(), &person(duf, &registrer("1", &fresh("v"), &vedtak(&day(0), &day(0), &day(300)))))
}

#[test]
fn after_a_restart_the_register_holds_what_the_receipt_said() {
    let sandbox = Sandbox::start(None);
    let (duf, other) = (sandbox.unused("4204"), sandbox.unused("4204"));
    let receipt = Client::new(&sandbox, "vendor").registered(&decision(&duf));
    let (endpoints, kjede) = (sandbox.json("endpoints.json"), receipt.text("kjede").unwrap());
    let dir = sandbox.stop();
    assert!(!dir.path().join("endpoints.json").exists(), "nobody is sent to a closed door");
    let sandbox = Sandbox::start_in(dir, None);
    let client = Client::new(&sandbox, "vendor");
    let read = client.accepted(&hent_person(&head(), &duf, ""));
    for name in ["postId", "versjon", "avsendersReferanse"] {
        assert_eq!(read.text(name), receipt.text(name), "{name}");
    }
    let fetched = client.accepted(&hent_kvittering(&head(), &receipt.text("meldingsId").unwrap()));
    assert_eq!(fetched.text("kvitteringsId"), receipt.text("kvitteringsId"));
    // Keys stay; the chain goes on in a new incarnation.
    assert!(fetched.verified(&sandbox));
    assert_eq!(sandbox.json("endpoints.json")["certs"], endpoints["certs"]);
    assert_ne!(client.registered(&decision(&other)).text("kjede").unwrap(), kjede);
}

/// The database file of a sandbox that has ended, for whoever can write to it.
pub struct Tampering {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

/// A value of any column.
#[derive(Debug, Clone)]
enum Value {
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Value {
    /// The same but for one byte, one sign or one number.
    fn changed(&self) -> Self {
        match self {
            Value::Integer(number) => Value::Integer(number + 1),
            Value::Text(text) => Value::Text(format!("{text}x")),
            Value::Blob(bytes) => {
                let mut bytes = bytes.clone();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                Value::Blob(bytes)
            }
        }
    }
}

impl Tampering {
    pub fn with(dir: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = format!("sqlite:{}", dir.join("register.db").display());
        let connection = runtime.block_on(SqliteConnection::connect(&url)).unwrap();
        Tampering { runtime, connection }
    }

    /// Ends with the last page written: dropped alone, it would still be at work when the next one opens the file.
    pub fn end(self) {
        self.runtime.block_on(self.connection.close()).unwrap();
    }

    fn read(&mut self, statement: &'static str) -> Vec<SqliteRow> {
        self.runtime.block_on(sqlx::query(statement).fetch_all(&mut self.connection)).unwrap()
    }

    pub fn run(&mut self, statement: &str) {
        assert_eq!(self.rows(statement), 1, "{statement}");
    }

    /// How many rows the statement changes.
    pub fn rows(&mut self, statement: &str) -> u64 {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
        self.runtime.block_on(query.execute(&mut self.connection)).unwrap().rows_affected()
    }

    /// Puts a value into one column of one row of the evidence.
    fn put(&mut self, column: &str, position: i64, value: &Value) {
        let statement = format!("UPDATE evidence SET {column} = ? WHERE chain = 1 AND position = {position}");
        let query = sqlx::query(AssertSqlSafe(statement));
        let query = match value.clone() {
            Value::Integer(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Blob(bytes) => query.bind(bytes),
        };
        let done = self.runtime.block_on(query.execute(&mut self.connection)).unwrap();
        assert_eq!(done.rows_affected(), 1, "{column} of {position}");
    }
}

/// What the column holds; nothing where it is NULL or empty.
fn value(row: &SqliteRow, column: &str) -> Option<Value> {
    let raw = row.try_get_raw(column).unwrap();
    if raw.is_null() {
        return None;
    }
    let kind = raw.type_info().name().to_owned();
    match kind.as_str() {
        "INTEGER" => Some(Value::Integer(row.get(column))),
        "TEXT" => Some(Value::Text(row.get(column))),
        "BLOB" => {
            Some(Value::Blob(row.get(column))).filter(|value| !matches!(value, Value::Blob(bytes) if bytes.is_empty()))
        }
        _ => None,
    }
}

#[test]
fn one_changed_byte_in_any_evidence_row_is_found_and_named() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    client.registered(&decision(&sandbox.unused("4204")));
    client.fault("<ping xmlns=\"urn:no:nir:melding:v1\"></ping>", "NIR-X302");
    let dir = sandbox.stop();
    let config = dir.path().join("nir-gateway.toml");
    let said = succeed(&["log", "verify"], &config);
    // Opening, message and signature, refusal and signature, checkpoint.
    assert_eq!(said.trim_end(), "ok  n1-0-1  6 rows, 1 checkpoints");
    let mut database = Tampering::with(dir.path());
    let rows = database.read("SELECT * FROM evidence WHERE chain = 1 ORDER BY position");
    let kinds: std::collections::BTreeSet<i64> = rows.iter().map(|row| row.get("kind")).collect();
    assert_eq!(kinds.len(), 4, "opening, exchange, signature, checkpoint: {kinds:?}");
    for row in &rows {
        let position: i64 = row.get("position");
        for column in row.columns().iter().map(Column::name).filter(|name| !["chain", "position"].contains(name)) {
            let Some(was) = value(row, column) else { continue };
            database.put(column, position, &was.changed());
            let said = refused(&["log", "verify"], &config);
            assert!(said.contains(&format!("chain n1-0-1, position {position}: ")), "{column} of {position}: {said}");
            database.put(column, position, &was);
        }
    }
    succeed(&["log", "verify"], &config);
}

#[test]
fn a_row_that_is_gone_or_elsewhere_is_found_and_named() {
    let sandbox = Sandbox::start(None);
    let client = Client::new(&sandbox, "vendor");
    client.registered(&decision(&sandbox.unused("4204")));
    client.registered(&decision(&sandbox.unused("4204")));
    // A second incarnation, whose opening names the head of the first.
    let dir = Sandbox::start_in(sandbox.stop(), None).stop();
    let file = dir.path().join("register.db");
    // Connections that close at the same moment may leave the log beside the file: SQLite reads it with it.
    let mut database = Tampering::with(dir.path());
    database.read("PRAGMA wal_checkpoint(TRUNCATE)");
    database.end();
    let whole = std::fs::read(&file).unwrap();
    for (what, statements, names) in [
        (
            "the last row",
            &[
                "DELETE FROM evidence WHERE chain = 1 AND position = (SELECT max(position) FROM evidence WHERE chain = 1)",
            ] as &[&str],
            "chain n1-0-1, position ",
        ),
        ("a row within", &["DELETE FROM evidence WHERE chain = 1 AND position = 3"], "chain n1-0-1, position 3: "),
        ("the first row", &["DELETE FROM evidence WHERE chain = 1 AND position = 1"], "chain n1-0-1, position 1: "),
        (
            "two rows that changed places",
            &[
                "UPDATE evidence SET position = -1 WHERE chain = 1 AND position = 2",
                "UPDATE evidence SET position = 2 WHERE chain = 1 AND position = 4",
                "UPDATE evidence SET position = 4 WHERE chain = 1 AND position = -1",
            ],
            "chain n1-0-1, position 2: ",
        ),
        (
            "the head",
            &["UPDATE evidence_chain SET head_position = head_position + 1 WHERE chain = 2"],
            "chain n1-0-2, position ",
        ),
        // Whoever cuts the end and moves the head is contradicted by the next incarnation (and by receipts).
        (
            "the end, with the head moved",
            &[
                "DELETE FROM evidence WHERE chain = 1 AND position = (SELECT max(position) FROM evidence WHERE chain = 1)",
                "UPDATE evidence_chain SET head_position = head_position - 1, head_hash = (SELECT hash FROM evidence \
                 WHERE chain = 1 ORDER BY position DESC LIMIT 1) WHERE chain = 1",
            ],
            "chain n1-0-1, position ",
        ),
    ] {
        // What is left of the log belongs to the file before.
        for rest in ["register.db-wal", "register.db-shm"] {
            let _ = std::fs::remove_file(dir.path().join(rest));
        }
        std::fs::write(&file, &whole).unwrap();
        let mut database = Tampering::with(dir.path());
        for statement in statements {
            database.run(statement);
        }
        database.end();
        let said = refused(&["log", "verify"], &dir.path().join("nir-gateway.toml"));
        assert!(said.contains(names), "{what}: {said}");
    }
}

#[test]
fn told_to_stop_it_answers_what_is_in_work_and_writes_its_checkpoint() {
    let installation = Installation::new(None);
    let mut node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let mut calls = almost_sent(&node, &[&client; 32]);
    // A scraper that keeps its connection must not keep the gateway.
    let mut scraper = std::net::TcpStream::connect(("127.0.0.1", node.metrics)).unwrap();
    scraper.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(scraper.read(&mut [0; 512]).unwrap() > 0);
    node.signal("TERM");
    node.log.line_with("\"draining\"");
    eventually("the door is closed", || client.tcp().is_err().then_some(()));
    for call in &mut calls {
        call.write(b">").unwrap();
    }
    for mut call in calls {
        let answer = call.answer().expect("an answer");
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{answer}");
        assert!(client.verifies(&answer), "{answer}");
        assert!(call.answer().is_none(), "closed");
    }
    assert!(node.ended().success(), "{}", node.log.text());
    node.log.line_with("\"stopped\"");
    let said = succeed(&["log", "verify"], &installation.config());
    let ours = said.lines().find(|line| line.contains("n1-0-2")).unwrap_or_else(|| panic!("{said}"));
    assert!(ours.ends_with(" 1 checkpoints"), "{said}");
}

#[test]
fn what_does_not_finish_in_time_is_left() {
    let installation = Installation::new(None);
    let mut node = installation.serve(&[("LIMITS__DRAIN_SECONDS", "1")]);
    let client = Client::new(&node, "vendor");
    let mut calls = almost_sent(&node, &[&client; 2]);
    node.signal("TERM");
    assert!(node.ended().success(), "{}", node.log.text());
    node.log.line_with("\"stopped\"");
    assert!(calls.iter_mut().all(|call| call.answer().is_none()));
    succeed(&["log", "verify"], &installation.config());
}

#[test]
fn told_twice_it_stops_at_once_and_nothing_acknowledged_is_lost() {
    let installation = Installation::new(None);
    let mut node = installation.serve(&[("LIMITS__DRAIN_SECONDS", "3600"), ("LIMITS__BODY_SECONDS", "3600")]);
    let client = Client::new(&node, "vendor");
    let duf = installation.persons().remove(0);
    let receipt = client.registered(&decision(&duf));
    let mut calls = almost_sent(&node, &[&client]);
    node.signal("TERM");
    node.log.line_with("\"draining\"");
    node.signal("INT");
    assert!(node.ended().success(), "{}", node.log.text());
    node.log.line_with("\"stopped_at_once\"");
    assert!(calls.iter_mut().all(|call| call.answer().is_none()));
    succeed(&["log", "verify"], &installation.config());
    let node = installation.serve(&[]);
    let read = Client::new(&node, "vendor").accepted(&hent_person(&head(), &duf, ""));
    assert_eq!(read.text("postId"), receipt.text("postId"));
}
