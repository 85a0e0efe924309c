//! Group I: when the fault is ours, or nobody knows. A node of its own, whose database is broken on purpose.

use sqlx::{Connection as _, Executor as _};

use crate::attacks::discreet;
use crate::client::{Answer, Client};
use crate::codes::check;
use crate::messages::{day, fresh, head, hent_kvittering, hent_person, person, ping, registrer, send, vedtak};
use crate::node::Installation;

pub const BROKEN: &str = "NIR-I901";
pub const TIMEOUT: &str = "NIR-I903";

fn told(client: &Client<'_>, answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.codes()), (status, vec![code.to_owned()]), "{answer}");
    assert_eq!(answer.text("faultcode").as_deref(), Some("soap:Server"), "{answer}");
    assert!(client.verifies(answer), "{answer}");
    let feil = check::all(answer);
    assert_eq!(check::texts(&feil[0]), Ok(()));
    discreet(code, &answer.body);
}

/// A database that cannot be written or read: the sender is told to come again, and nothing of why.
#[test]
fn a_broken_database_is_i901_and_mended_all_is_as_before() {
    let installation = Installation::new(None);
    let node = installation.serve(&[]);
    let vendor = Client::new(&node, "vendor");
    let duf = &installation.persons()[0];
    let id = fresh("broken");
    let message = || send(&head().id(&id), &person(duf, &registrer("1", "v", &vedtak(&day(0), &day(0), &day(300)))));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let change = |sql: &str| {
        let url = format!("sqlite:{}", installation.path().join("register.db").display());
        let sql = sql.to_owned();
        runtime.block_on(async move {
            let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
            database.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
        });
    };
    change("ALTER TABLE evidence RENAME TO evidence_away");
    told(&vendor, &vendor.call(&message()), 500, BROKEN);
    told(&vendor, &vendor.call(&hent_person(&head(), duf, "")), 500, BROKEN);
    assert_eq!(vendor.call(&ping()).status, 200, "what needs no database is answered");
    change("ALTER TABLE evidence_away RENAME TO evidence");
    let none = vendor.accepted(&hent_kvittering(&head(), &id));
    assert_eq!(none.text("status").as_deref(), Some("IKKE_MOTTATT"), "{none}");
    let answer = vendor.accepted(&message());
    assert_eq!(
        (answer.text("status").as_deref(), answer.text("gjentatt").as_deref()),
        (Some("GODTATT"), Some("false"))
    );
}

/// A body that does not come is given up, and its sender told that nobody knows.
#[test]
fn a_body_that_does_not_come_is_i903() {
    let installation = Installation::new(None);
    let node = installation.serve(&[("LIMITS__BODY_SECONDS", "1")]);
    let vendor = Client::new(&node, "vendor");
    let mut connection = vendor.connect().unwrap();
    connection.write(b"POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<soap").unwrap();
    let answer = connection.answer().unwrap();
    told(&vendor, &answer, 408, TIMEOUT);
}
