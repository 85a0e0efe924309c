//! How mails leave: by a server that is down, that dies or is silent, that nobody knows; each once, or again as the same.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use super::post::{Mail, Moods, Post, Tls, tls_of};
use crate::node::{Installation, Node};
use crate::process::{eventually, refused};
use crate::pull::change;

/// How many notices an installation tells by itself: the approval of one avsendersystem and the block of another.
const NOTICES: usize = 2;

/// Everything is told anew.
fn untold() -> Installation {
    let installation = Installation::new(None);
    change(installation.path(), "DELETE FROM varsel");
    change(installation.path(), "DELETE FROM epost");
    installation
}

fn serve(installation: &Installation, name: &str, server: &str, more: &[(&str, &str)]) -> Node {
    let settings = [("NODE__NAME", name), ("MAIL__FOLDER", ""), ("MAIL__SERVER", server), ("MAIL__LOOK_SECONDS", "1")];
    installation.serve(&[&settings[..], more].concat())
}

/// What waits is due: leases and rests are over.
fn due(installation: &Installation) {
    change(installation.path(), "UPDATE epost SET neste = 0");
}

fn all(server: &Post, many: usize) -> Vec<Mail> {
    eventually("all mails", || Some(server.mails()).filter(|mails| mails.len() >= many))
}

#[test]
fn a_server_that_refuses_is_asked_again() {
    let server = Post::start(Moods { refuse: 1.into(), ..Moods::default() });
    let installation = untold();
    let node = serve(&installation, "a", &format!("smtp://127.0.0.1:{}", server.port), &[]);
    let mails = all(&server, NOTICES);
    let log = node.log.line_with("\"notice_not_sent\"");
    assert!(log.contains("the server answered 451") && !log.contains("drift@"), "{log}");
    node.stop();
    let mut to: Vec<_> = mails.iter().map(|mail| (mail.from.as_str(), mail.to.as_str())).collect();
    to.sort_unstable();
    let from = "<nir-gateway@localhost>";
    assert_eq!(to, [(from, "<drift@4204-godkjent-5.example>"), (from, "<drift@4204-sperret-4.example>")]);
    assert!(mails.iter().all(|mail| mail.text.contains("Avsendersystem: 4204-")), "{mails:?}");
}

#[test]
fn a_server_that_comes_up_gets_what_waited_once_and_what_is_too_old_is_given_up() {
    // A port at which nobody is, until later.
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    let url = format!("smtp://{address}");
    let installation = untold();
    let node = serve(&installation, "a", &url, &[]);
    node.log.line_with("\"notice_not_sent\"");
    let waits = |waiting: f64| (node.metric("nir_mails_waiting ") == waiting).then_some(());
    eventually("both wait", || waits(NOTICES as f64));
    change(
        installation.path(),
        "UPDATE epost SET skrevet = skrevet - 7 * 86400000000, neste = 0 WHERE avsendersystem = '4204-sperret-4'",
    );
    node.log.line_with("\"notice_given_up\"");
    eventually("one is given up, and can be seen", || (node.metric("nir_mails_given_up ") == 1.0).then_some(()));
    // It comes up while the node is away, which was told nothing new.
    node.stop();
    let server = Post::start_on(TcpListener::bind(address).unwrap(), Moods::default(), Tls::None);
    due(&installation);
    let node = serve(&installation, "a", &url, &[]);
    let sent = node.log.line_with("\"notice_sent\"");
    assert!(sent.contains("4204-godkjent-5"), "{sent}");
    eventually("nothing waits", || (node.metric("nir_mails_waiting ") == 0.0).then_some(()));
    node.stop();
    // And whoever starts next has nothing to tell.
    let node = serve(&installation, "a", &url, &[]);
    eventually("it has looked", || (node.metric("nir_mails_given_up ") == 1.0).then_some(()));
    node.stop();
    let to: Vec<_> = server.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["<drift@4204-godkjent-5.example>"]);
}

#[test]
fn a_node_that_dies_before_the_server_answers_is_followed_by_one_that_sends_the_same() {
    let server = Post::start(Moods { silent: 1.into(), ..Moods::default() });
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let installation = untold();
    let mut node = serve(&installation, "a", &url, &[]);
    let read = all(&server, 1);
    node.signal("KILL");
    node.ended();
    due(&installation);
    let node = serve(&installation, "b", &url, &[]);
    let mails = all(&server, NOTICES + 1);
    eventually("nothing waits", || (node.metric("nir_mails_waiting ") == 0.0).then_some(()));
    node.stop();
    let mut copies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in mails {
        copies.entry(mail.header("Message-ID")).or_default().push(mail.text);
    }
    assert_eq!((server.mails().len(), copies.len()), (NOTICES + 1, NOTICES), "{copies:?}");
    // The server may have kept what it never answered: the second is the same, to the byte.
    let twice = &copies[&read[0].header("Message-ID")];
    assert!(twice.len() == 2 && twice[0] == twice[1], "{twice:?}");
}

/// A CA that the server does not know.
fn other_ca(folder: &Path) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let file = folder.join("other-ca.pem");
    std::fs::write(&file, params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()).unwrap();
    file.display().to_string()
}

fn private_ca(tls: impl Fn(&Path) -> Tls, url: impl Fn(u16) -> String) {
    let installation = untold();
    let certs = installation.path().join("certs");
    let server = Post::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), Moods::default(), tls(&certs));
    let url = url(server.port);
    // Neither the public authorities nor another private one vouch for it.
    let other = format!("[\"{}\"]", other_ca(installation.path()));
    for anchors in ["[]", &other] {
        let node = serve(&installation, "a", &url, &[("MAIL__ANCHORS", anchors)]);
        let log = node.log.line_with("\"notice_not_sent\"");
        assert!(log.contains("UnknownIssuer"), "{log}");
        node.stop();
        due(&installation);
    }
    assert_eq!(server.mails().len(), 0);
    let ca = format!("[\"{}\"]", certs.join("ca.pem").display());
    let node = serve(&installation, "a", &url, &[("MAIL__ANCHORS", &ca)]);
    assert_eq!(all(&server, NOTICES).len(), NOTICES);
    node.stop();
}

#[test]
fn a_server_with_a_private_ca_is_believed_by_its_anchor_alone() {
    private_ca(|certs| Tls::Implicit(tls_of(certs)), |port| format!("smtps://localhost:{port}"));
}

#[test]
fn starttls_goes_by_the_same_anchors() {
    private_ca(|certs| Tls::Starttls(tls_of(certs)), |port| format!("smtp://localhost:{port}?tls=required"));
}

#[test]
fn anchors_that_cannot_be_used_are_said_by_check_config() {
    let installation = Installation::new(None);
    let folder = installation.path();
    let written = std::fs::read_to_string(installation.config()).unwrap();
    let said = |name: &str, mail: &str| {
        let (before, _) = written.split_once("[mail]").unwrap();
        let file = folder.join(name);
        std::fs::write(&file, format!("{before}[mail]\n{mail}\n")).unwrap();
        refused(&["check-config"], &file)
    };
    let text = said("none.toml", "server = \"smtps://localhost\"\nanchors = [\"nowhere.pem\"]");
    assert!(text.contains("mail.anchors") && text.contains("nowhere.pem"), "{text}");
    let text = said("key.toml", "server = \"smtps://localhost\"\nanchors = [\"certs/gateway.key\"]");
    assert!(text.contains("mail.anchors") && text.contains("holds no certificate"), "{text}");
    let text = said("clear.toml", "server = \"smtp://localhost\"\nanchors = [\"certs/ca.pem\"]");
    assert!(text.contains("mail.anchors cannot be used") && text.contains("names no TLS"), "{text}");
}
