//! Notices by mail (design.md 8): told once by whichever node, without personal data; each cause, and how they leave.

mod aarsaker;
mod post;
mod utsending;

use std::collections::BTreeMap;
use std::path::Path;

use crate::client::Client;
use crate::messages::{day, fresh, head, person, registrer, send, vedtak};
use crate::node::Installation;
use crate::postgres;
use crate::process::eventually;
use crate::sandbox::Sandbox;

/// How often each notice lies in the folder: (address, subject as it is encoded).
fn told(folder: &Path) -> BTreeMap<(String, String), usize> {
    let mut all = BTreeMap::new();
    for text in texts(folder) {
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        *all.entry((line("To: "), line("Subject: "))).or_default() += 1;
    }
    all
}

fn texts(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mails = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "eml"));
    // A mail that is just being written is read the next time.
    let read = mails.map(|path| std::fs::read_to_string(path).unwrap().replace("=\r\n", ""));
    read.filter(|text| text.contains("Avsendersystem: ")).collect()
}

/// Asked by version 1.1, which tells of notices and deliveries.
pub fn newer(asked: &str) -> String {
    asked.replace("<kontraktversjon>1.0<", "<kontraktversjon>1.1<")
}

/// Those about one avsendersystem.
pub fn about(folder: &Path, system: &str) -> Vec<String> {
    texts(folder).into_iter().filter(|text| text.contains(&format!("Avsendersystem: {system}"))).collect()
}

#[test]
fn a_sandbox_writes_what_it_would_send_into_a_folder() {
    let sandbox = Sandbox::start(None);
    let folder = sandbox.data().join("mail");
    let of = |system: &str| eventually(system, || about(&folder, system).pop());
    let blocked = of("4204-sperret-4");
    assert!(blocked.contains("To: drift@4204-sperret-4.example") && blocked.contains("NIR-A415"), "{blocked}");
    assert!(blocked.contains("Message-ID: <") && blocked.contains("From: \"NIR Gateway\" <"), "{blocked}");
    let approved = of("4204-godkjent-5");
    assert!(approved.contains("\r\n2.0\r\n"), "the approved versions: {approved}");
    // Told is what hentAvsenderstatus shows, also after a restart, and never twice.
    let dir = sandbox.stop();
    let sandbox = Sandbox::start_in(dir, None);
    let client = Client::new(&sandbox, "vendor");
    let asked = crate::oppslag::ask("hentAvsenderstatus", &head().from("4204-sperret-4", "4204", "4204-OVERF1"), "");
    assert_eq!(client.accepted(&newer(&asked)).texts("aarsak"), ["SPERRE"]);
    assert!(told(&sandbox.data().join("mail")).values().all(|count| *count == 1));
}

#[test]
fn a_stream_that_nobody_reads_is_told_once_by_two_nodes() {
    let cluster = postgres::cluster();
    let installation = Installation::new(Some(&cluster.database("varsel")));
    let folder = installation.path().join("post");
    let setting = folder.display().to_string();
    let settings = [("MAIL__FOLDER", setting.as_str()), ("MAIL__LOOK_SECONDS", "1")];
    let nodes = ["a", "b"].map(|name| installation.serve(&[&settings[..], &[("NODE__NAME", name)]].concat()));
    let duf = installation.persons().remove(0);
    let line = registrer("1", &fresh("v"), &vedtak(&day(-3), &day(-2), &day(360)));
    Client::new(&nodes[0], "vendor").registered(&send(&head(), &person(&duf, &line)));
    let later = |system: &str| {
        let sql = format!(
            "UPDATE change SET recorded = recorded - interval '25 hours' WHERE avsendersystem = '{system}' RETURNING number"
        );
        assert!(!cluster.psql("varsel", &sql).trim().is_empty());
    };
    let mails =
        |system: &str| about(&folder, system).into_iter().filter(|text| text.contains("uleste endring")).count();
    later("4204-voksen-2");
    eventually("a stream that is not read", || (mails("4204-voksen-2") > 0).then_some(()));
    // Whichever node tells of the second one has looked at the first again.
    later("4204-egen-3");
    eventually("another", || (mails("4204-egen-3") > 0).then_some(()));
    for node in nodes {
        node.stop();
    }
    assert_eq!((mails("4204-voksen-2"), mails("4204-egen-3")), (1, 1));
    assert!(told(&folder).values().all(|count| *count == 1), "{:?}", told(&folder));
    for text in texts(&folder) {
        assert!(!text.contains(&duf), "{text}");
    }
}
