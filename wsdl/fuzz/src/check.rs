//! What must hold of every message, whoever made it.

use chrono::{DateTime, TimeDelta, Utc};
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::differential::{Forms, canonical_forms};
use nir_wsdl::envelope::{Opened, open};
use nir_wsdl::key::VerifyKey;
use nir_wsdl::locate::locate;
use nir_wsdl::names::{WSSE, WSU};
use nir_wsdl::operation::{LARGEST, by_root};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::service;
use nir_wsdl::verify::{SecondOpinion, Verified};
use nir_xsd::message::NAMESPACE;
use roxmltree::{Document, Node};

use crate::payload;

/// The road of a message with each of the keys. Gives what was verified, and by which key.
pub fn message(bytes: &[u8], certificates: &[Certificate], keys: &[VerifyKey]) -> Option<(usize, Verified)> {
    let filtered = prefilter(bytes, LARGEST).ok()?;
    let opened = open(filtered).ok()?;
    for certificate in certificates {
        let _ = certificate.matches(opened.key());
    }
    let _ = opened.root();
    let mut verified =
        keys.iter().enumerate().filter_map(|(place, key)| Some((place, verify(filtered.text(), &opened, key)?)));
    let (place, verified) = verified.next()?;
    is_what_was_signed(filtered.text(), &verified);
    goes_on(filtered.text(), &verified);
    Some((place, verified))
}

/// Both verifiers say the same.
fn verify(text: &str, opened: &Opened<'_>, key: &VerifyKey) -> Option<Verified> {
    let alone = opened.verify(key, SecondOpinion::Off);
    let both = opened.verify(key, SecondOpinion::On);
    if let Err(refusal) = &both {
        assert!(!refusal.disagreement, "{refusal}\n{}", show(text.as_bytes()));
    }
    assert_eq!(alone, both);
    both.ok()
}

/// What is handed on is the Body's one child, in canonical form, and the times of the one Timestamp: read here from
/// the text by another way than the verifier's.
fn is_what_was_signed(text: &str, verified: &Verified) {
    let document = Document::parse(text).expect("it was parsed before");
    let envelope = document.root_element();
    let soap = envelope.tag_name().namespace().expect("an envelope has a namespace");
    assert_eq!(soap, verified.soap.namespace());
    let header = only(envelope, "Header", soap);
    let child = only_element(only(envelope, "Body", soap));
    let mut canonical = Vec::new();
    canonicalize(child, &[], &mut canonical);
    assert_eq!(show(&canonical), show(&verified.body_child), "another Body child than the message's");
    assert_eq!(child.tag_name().name(), verified.root);
    assert_eq!(child.tag_name().namespace().unwrap_or_default(), verified.namespace);
    match canonical_forms(&verified.body_child, 0, &[]) {
        Forms::Same(again) => assert_eq!(show(&again), show(&verified.body_child), "not canonical"),
        other => panic!("{other:?} of {}", show(&verified.body_child)),
    }
    let timestamp = only(only(header, "Security", WSSE), "Timestamp", WSU);
    let time = |name| -> DateTime<Utc> {
        let text: String =
            only(timestamp, name, WSU).children().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
        text.trim().parse().expect("a time")
    };
    assert_eq!((time("Created"), time("Expires")), (verified.created, verified.expires));
}

/// What comes after verification takes anything, and what is valid by the schema is decoded.
fn goes_on(text: &str, verified: &Verified) {
    let _ = verified.check_freshness(verified.created + TimeDelta::seconds(1));
    let _ = verified.check_to("", service::FAGSYSTEM.path);
    if let Ok(operation) = by_root(&service::FAGSYSTEM, &verified.namespace, &verified.root) {
        let _ = verified.check_action(operation.action, Some("\"x\""));
    }
    if verified.namespace == NAMESPACE {
        payload::body_child(&verified.body_child);
    }
    assert_eq!(locate(text, &["/ping/forespoersel", ""]).len(), 2);
}

fn only<'a, 'i>(parent: Node<'a, 'i>, name: &str, namespace: &str) -> Node<'a, 'i> {
    let is = |node: &Node<'_, '_>| node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace);
    let all: Vec<Node<'a, 'i>> = parent.children().filter(is).collect();
    assert_eq!(all.len(), 1, "{name}");
    all[0]
}

fn only_element<'a, 'i>(parent: Node<'a, 'i>) -> Node<'a, 'i> {
    let all: Vec<Node<'a, 'i>> = parent.children().filter(Node::is_element).collect();
    assert_eq!(all.len(), 1, "children of the Body");
    all[0]
}

/// Bytes as people read them.
pub fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
