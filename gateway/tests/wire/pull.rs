//! Pull (contract.md 0.13 to 0.15, 4.6; design.md 17, Streams): polls that wait, over one and many streams, and those that
//! behave badly; on both databases, and across nodes.

use crate::client::{Answer, Client};
use crate::messages::{Head, bekreft_endringer, day, head, hent_endringer, person, registrer, send, vedtak};
use crate::node::{Installation, Node};
use crate::postgres;
use crate::process::{eventually, refused, succeed};
use crate::sandbox::{Sandbox, plain_http};

const STREAM: &str = "4204-flyktning-1.1";
/// Longer than any test waits for something to happen.
const LONG: &str = "<ventSekunder>50</ventSekunder>";

/// One on each database.
pub fn sandboxes(name: &str) -> [Sandbox; 2] {
    [Sandbox::start(None), Sandbox::start(Some(&postgres::cluster().database(name)))]
}

/// Polls that wait now, by the metrics of a gateway.
fn waiting(port: u16) -> usize {
    let (_, _, text) = plain_http(port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let found = text.lines().find_map(|line| line.strip_prefix("nir_polls_waiting ")?.trim().parse::<f64>().ok());
    found.unwrap_or_default() as usize
}

fn metrics_of(sandbox: &Sandbox) -> u16 {
    let address = sandbox.json("endpoints.json")["metrics"].as_str().unwrap().to_owned();
    address.trim_start_matches("http://").split(['/', ':']).nth(1).unwrap().parse().unwrap()
}

fn until_waiting(port: u16, count: usize) {
    eventually("polls that wait", || (waiting(port) == count).then_some(()));
}

/// A decision of the avsendersystem: it gives its own stream a number.
pub fn decide(client: &Client<'_>, head: &Head, duf: &str) -> Answer {
    client.registered(&send(head, &person(duf, &registrer("1", "", &vedtak(&day(0), &day(0), &day(300))))))
}

pub fn numbers(answer: &Answer) -> Vec<i64> {
    answer.texts("sekvensnummer").iter().map(|number| number.parse().unwrap()).collect()
}

pub fn last(answer: &Answer) -> i64 {
    answer.text("sisteSekvensnummer").unwrap().parse().unwrap()
}

/// ventPaaEndringer of these streams.
pub fn vent_paa(head: &Head, posisjoner: &[(&str, i64)], more: &str) -> String {
    let posisjoner: String = posisjoner
        .iter()
        .map(|(stroem, etter)| {
            format!(
                "<posisjon><stroemId>{stroem}</stroemId><etterSekvensnummer>{etter}</etterSekvensnummer></posisjon>"
            )
        })
        .collect();
    let xml = format!(
        "<ventPaaEndringer xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}{posisjoner}{more}</forespoersel></ventPaaEndringer>",
        head.xml()
    );
    as_1_1(&xml)
}

/// The payload of a caller that was built against contract 1.1.
pub fn as_1_1(xml: &str) -> String {
    xml.replace("<kontraktversjon>1.0<", "<kontraktversjon>1.1<")
}

#[test]
fn a_waiting_poll_is_answered_by_the_commit_it_waits_for() {
    for sandbox in &sandboxes("pull_one") {
        let (vendor, metrics) = (Client::new(sandbox, "vendor"), metrics_of(sandbox));
        let duf = sandbox.unused("4204");
        std::thread::scope(|scope| {
            let poll = scope.spawn(|| vendor.accepted(&hent_endringer(&head(), STREAM, 0, LONG)));
            until_waiting(metrics, 1);
            let receipt = decide(&vendor, &head(), &duf);
            let page = poll.join().unwrap();
            assert!(numbers(&page).contains(&1) && numbers(&receipt).contains(&1), "{page}\n{receipt}");
        });
        until_waiting(metrics, 0);
        // What is there already is not waited for, and what is asked for without a wait comes at once, empty.
        assert_eq!(numbers(&vendor.accepted(&hent_endringer(&head(), STREAM, 0, LONG)))[0], 1);
        let end = last(&vendor.accepted(&hent_endringer(&head(), STREAM, 0, "")));
        assert!(numbers(&vendor.accepted(&hent_endringer(&head(), STREAM, end, ""))).is_empty());
        // Nothing came: an empty answer at the end of the wait.
        let waited = vendor.accepted(&hent_endringer(&head(), STREAM, end, "<ventSekunder>1</ventSekunder>"));
        assert_eq!((numbers(&waited).len(), last(&waited)), (0, end));
        vendor.fault(&hent_endringer(&head(), STREAM, end, "<ventSekunder>51</ventSekunder>"), "NIR-X314");
        vendor.fault(&hent_endringer(&head(), STREAM, end, "<ventSekunder>-1</ventSekunder>"), "NIR-X314");
    }
}

#[test]
fn one_call_waits_for_many_streams_of_whoever_may_read_them() {
    for sandbox in &sandboxes("pull_many") {
        let (vendor, metrics) = (Client::new(sandbox, "vendor"), metrics_of(sandbox));
        let neighbour = "4203-flyktning-1.1";
        let ask = |more: &str| vent_paa(&head(), &[(STREAM, 0), (neighbour, 0)], more);
        assert_eq!(vendor.accepted(&ask("")).texts("stroemId"), Vec::<String>::new());
        let people = sandbox.json("persons.json");
        let lives_there = |row: &&serde_json::Value| row["viser"].as_str().unwrap().starts_with("Bor i 4203");
        let duf =
            people["personer"].as_array().unwrap().iter().find(lives_there).unwrap()["dufNummer"].as_str().unwrap();
        let page = std::thread::scope(|scope| {
            let poll = scope.spawn(|| vendor.accepted(&ask(LONG)));
            until_waiting(metrics, 1);
            decide(&vendor, &head().from("4203-flyktning-1", "4203", "4203-OVERF1"), duf);
            poll.join().unwrap()
        });
        assert_eq!(page.texts("stroemId"), [neighbour], "{page}");
        assert!(last(&page) > 0 && page.text("bekreftetTil").as_deref() == Some("0"), "{page}");
        // Nothing is told of streams that are another's, that are none, or that do not go so far.
        for (stroem, etter) in [("4204-egen-3.1", 0), ("nowhere.1", 0), ("4204-flyktning-1.2", 0), (STREAM, 1_000)] {
            vendor.fault(&vent_paa(&head(), &[(stroem, etter)], LONG), "NIR-I905");
        }
        let kommune = Client::new(sandbox, "kommune");
        let own = head().from("4204-egen-3", "4204", "4204-SUPER1");
        let both = vent_paa(&own, &[("4204-egen-3.1", 0), (STREAM, 0)], "");
        assert_eq!(kommune.accepted(&both).texts("stroemId"), Vec::<String>::new(), "the kommune reads all of its own");
    }
}

#[test]
fn a_newer_poll_of_the_same_stream_ends_the_older_with_an_empty_answer() {
    let sandbox = Sandbox::start(None);
    let (vendor, metrics) = (Client::new(&sandbox, "vendor"), metrics_of(&sandbox));
    let duf = sandbox.unused("4204");
    std::thread::scope(|scope| {
        let poll = || vendor.accepted(&hent_endringer(&head(), STREAM, 0, LONG));
        let many = scope.spawn(|| vendor.accepted(&vent_paa(&head(), &[(STREAM, 0)], LONG)));
        let older = scope.spawn(poll);
        until_waiting(metrics, 2);
        let newer = scope.spawn(poll);
        let older = older.join().unwrap();
        assert_eq!((numbers(&older).len(), last(&older)), (0, 0), "{older}");
        decide(&vendor, &head(), &duf);
        assert_eq!(numbers(&newer.join().unwrap())[0], 1);
        assert_eq!(many.join().unwrap().texts("stroemId"), [STREAM], "the other operation is no newer poll");
    });
}

#[test]
fn a_poll_that_hangs_up_leaves_nothing_behind_and_shutting_down_answers_those_who_wait() {
    let sandbox = Sandbox::start(None);
    let (vendor, metrics) = (Client::new(&sandbox, "vendor"), metrics_of(&sandbox));
    let mut connection = vendor.connect().unwrap();
    let envelope = vendor.sealed(&hent_endringer(&head(), STREAM, 0, LONG));
    connection.write(&crate::client::request(crate::client::SOAP_11, "", envelope.as_bytes())).unwrap();
    until_waiting(metrics, 1);
    drop(connection);
    until_waiting(metrics, 0);
    let certificate = sandbox.pem("gateway.pem");
    let mut connection = vendor.connect().unwrap();
    connection.write(&crate::client::request(crate::client::SOAP_11, "", envelope_again(&vendor).as_bytes())).unwrap();
    until_waiting(metrics, 1);
    let stopped = sandbox.stop_while(move || {
        let answer = connection.answer().unwrap();
        assert!(answer.status == 200 && answer.verified_by(&certificate), "{answer}");
        assert!(numbers(&answer).is_empty(), "{answer}");
    });
    drop(stopped);
}

fn envelope_again(client: &Client<'_>) -> String {
    client.sealed(&hent_endringer(&head(), STREAM, 0, LONG))
}

#[test]
fn waiting_polls_hold_no_seat_and_are_bounded() {
    let installation = Installation::new(None);
    let settings = [("LIMITS__IN_FLIGHT", "1"), ("LIMITS__IN_FLIGHT_PER_SENDER", "1"), ("LIMITS__WAITING_POLLS", "1")];
    let node = installation.serve(&settings);
    let vendor = Client::new(&node, "vendor");
    let own = || head().from("4203-flyktning-1", "4203", "4203-OVERF1");
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| vendor.accepted(&hent_endringer(&head(), STREAM, 0, LONG)));
        until_waiting(node.metrics, 1);
        // The only seat is free; the only place to wait is not.
        assert_eq!(last(&vendor.accepted(&hent_endringer(&own(), "4203-flyktning-1.1", 0, ""))), 0);
        let busy = vendor.call(&hent_endringer(&own(), "4203-flyktning-1.1", 0, LONG));
        assert_eq!((busy.status, busy.codes()), (503, vec!["NIR-T104".to_owned()]), "{busy}");
        assert_eq!(busy.header("Retry-After"), Some("2"));
        // Whoever polls again takes its own place.
        let again = scope.spawn(|| vendor.accepted(&hent_endringer(&head(), STREAM, 0, LONG)));
        assert!(numbers(&poll.join().unwrap()).is_empty());
        until_waiting(node.metrics, 1);
        decide(&vendor, &head(), &installation.persons()[0]);
        assert_eq!(numbers(&again.join().unwrap())[0], 1);
    });
    node.stop();
}

/// Nodes whose polls do not look by themselves: only the commit can wake them.
#[test]
fn a_commit_wakes_the_polls_of_its_node_and_of_others() {
    for database in [None, Some(postgres::cluster().database("pull_nodes"))] {
        let installation = Installation::new(database.as_deref());
        let serve =
            |name: &'static str| installation.serve(&[("NODE__NAME", name), ("LIMITS__POLLS_LOOK_SECONDS", "3600")]);
        let a = serve("a");
        let b = database.as_ref().map(|_| serve("b"));
        let at_a = Client::new(&a, "vendor");
        let (mut read, mut woken) = (0, 0);
        for duf in &installation.persons()[..4] {
            // On SQLite the one node; else by turns the one that commits and the other.
            let node: &Node = b.as_ref().filter(|_| read > 0).unwrap_or(&a);
            let poller = Client::new(node, "vendor");
            read = std::thread::scope(|scope| {
                let poll = scope.spawn(|| poller.accepted(&hent_endringer(&head(), STREAM, read, LONG)));
                until_waiting(node.metrics, 1);
                let told = numbers(&decide(&at_a, &head(), duf));
                woken += usize::from(numbers(&poll.join().unwrap()).first() == Some(&(read + 1)));
                *told.last().unwrap()
            });
        }
        // A node that did not listen yet hears nothing of the first.
        assert!(woken >= 3, "{woken} of 4 were woken");
        for node in std::iter::once(a).chain(b) {
            node.stop();
        }
    }
}

/// The `endring` elements as they were sent.
fn bytes(page: &Answer) -> Vec<String> {
    let parts = page.body.split("<endring>").skip(1);
    parts.map(|part| part.split_once("</endring>").unwrap().0.to_owned()).collect()
}

#[test]
fn bad_pollers_lose_nothing_and_hurt_nobody() {
    for database in [None, Some(postgres::cluster().database("pollers"))] {
        let database = database.as_deref();
        let sandbox = Sandbox::start(database);
        let dufs: Vec<String> = (0..3).map(|_| sandbox.unused("4204")).collect();
        let first = {
            let vendor = Client::new(&sandbox, "vendor");
            dufs.iter().for_each(|duf| drop(decide(&vendor, &head(), duf)));
            // Never acknowledges, reads again and again: the same numbers, ids and bytes.
            let page = || vendor.accepted(&hent_endringer(&head(), STREAM, 0, ""));
            let first = bytes(&page());
            assert!(first.len() >= 3);
            assert_eq!(bytes(&page()), first);
            // Twice at once.
            std::thread::scope(|scope| {
                let (one, other) = (scope.spawn(page), scope.spawn(page));
                assert_eq!(
                    (bytes(&one.join().unwrap()), bytes(&other.join().unwrap())),
                    (first.clone(), first.clone())
                );
            });
            // A number that will only come, at once also with a wait; one before the beginning; no number of a stream.
            let end = last(&page());
            for (after, more) in [(end + 1, ""), (end + 1, LONG), (i64::MAX, LONG), (-1, "")] {
                vendor.fault(&hent_endringer(&head(), STREAM, after, more), "NIR-I905");
            }
            // Beyond what was handed out, also in a poll; nothing moved.
            vendor.fault(&bekreft_endringer(&head(), STREAM, end + 1), "NIR-I906");
            vendor.fault(
                &hent_endringer(&head(), STREAM, end, &format!("<bekreftTil>{}</bekreftTil>", end + 1)),
                "NIR-I906",
            );
            assert_eq!(page().text("bekreftetTil").as_deref(), Some("0"));
            first
        };
        // The gateway dies, the poller begins anew: the same again.
        let sandbox = Sandbox::start_in(sandbox.kill(), database);
        let vendor = Client::new(&sandbox, "vendor");
        let page = vendor.accepted(&hent_endringer(&head(), STREAM, 0, ""));
        assert_eq!(bytes(&page), first);
        let end = last(&page);
        assert_eq!(
            vendor.accepted(&bekreft_endringer(&head(), STREAM, end)).text("bekreftetTil"),
            Some(end.to_string())
        );
        assert_eq!(bytes(&vendor.accepted(&hent_endringer(&head(), STREAM, 0, ""))), first, "it can still be read");
    }
}

/// Changes a database in SQLite.
pub fn change(dir: &std::path::Path, sql: &'static str) {
    use sqlx::Connection as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("sqlite:{}", dir.join("register.db").display());
    runtime.block_on(async {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// The first column of each row, as text, from a database of a node that runs or has ended.
pub fn texts(dir: &std::path::Path, sql: &str) -> Vec<String> {
    use sqlx::Connection as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("sqlite:{}", dir.join("register.db").display());
    runtime.block_on(async {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let all = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        all
    })
}

#[test]
fn an_operator_sees_prunes_and_renews_streams_and_the_reader_is_told() {
    let sandbox = Sandbox::start(None);
    let dufs: Vec<String> = (0..3).map(|_| sandbox.unused("4204")).collect();
    let end = {
        let vendor = Client::new(&sandbox, "vendor");
        let end = dufs.iter().map(|duf| last(&decide(&vendor, &head(), duf))).max().unwrap();
        vendor.accepted(&hent_endringer(&head(), STREAM, 0, "<antall>2</antall>"));
        vendor.accepted(&bekreft_endringer(&head(), STREAM, 1));
        end
    };
    let dir = sandbox.stop();
    let config = dir.path().join("nir-gateway.toml");
    let own = |text: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with("4204-flyktning-1.")).unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    };
    let listed = own(&succeed(&["stream", "list"], &config));
    assert_eq!(listed[..5], [STREAM, &end.to_string(), "2", "1", "1"], "{listed:?}");
    assert!(listed[5].ends_with('Z'), "{listed:?}");
    // Nothing is as old as that, until it is.
    assert_eq!(succeed(&["stream", "prune"], &config).trim(), "0 changes dropped.");
    change(dir.path(), "UPDATE change SET recorded = 0 WHERE avsendersystem = '4204-flyktning-1' AND number <= 3");
    assert_eq!(succeed(&["stream", "prune"], &config).trim(), "3 changes dropped.");
    assert_eq!(own(&succeed(&["stream", "list"], &config))[4], "4");

    let sandbox = Sandbox::start_in(dir, None);
    let vendor = Client::new(&sandbox, "vendor");
    for (after, more) in [(0, ""), (2, LONG)] {
        let expired = vendor.fault(&hent_endringer(&head(), STREAM, after, more), "NIR-I905");
        assert!(expired.text("melding").unwrap().ends_with("igjen, er 4."), "{expired}");
        assert!(expired.text("loesning").unwrap().contains("bestillOeyeblikksbilde"), "{expired}");
        let told = (expired.texts("noekkel"), expired.texts("verdi"));
        assert_eq!(told, (vec!["eldsteSekvensnummer".to_owned()], vec!["4".to_owned()]));
    }
    assert_eq!(numbers(&vendor.accepted(&hent_endringer(&head(), STREAM, 3, "")))[0], 4);

    let dir = sandbox.stop();
    assert!(refused(&["stream", "renew", "nowhere"], &config).contains("nowhere has no stream"));
    assert_eq!(succeed(&["stream", "renew", "4204-flyktning-1"], &config).trim(), "4204-flyktning-1.2");
    assert!(succeed(&["replay", "--check"], &config).contains("streams"));
    let sandbox = Sandbox::start_in(dir, None);
    let vendor = Client::new(&sandbox, "vendor");
    vendor.fault(&hent_endringer(&head(), STREAM, end, LONG), "NIR-I905");
    vendor.fault(&bekreft_endringer(&head(), STREAM, end), "NIR-I905");
    vendor.fault(&vent_paa(&head(), &[(STREAM, end)], LONG), "NIR-I905");
    let page = vendor.accepted(&hent_endringer(&head(), "4204-flyktning-1.2", end, ""));
    assert_eq!((last(&page), numbers(&page).len()), (end, 0), "numbers go on");
}
