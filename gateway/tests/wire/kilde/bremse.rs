//! The brake on sources (design.md 8): who would close too many waits until the operator has looked.

use crate::client::Client;
use crate::kilde::{sett, told};
use crate::messages::{day, fresh, head, hent_person, person, registrer, send, vedtak};
use crate::process::{refused, succeed};
use crate::sandbox::Sandbox;

/// In a sandbox twenty persons are too many (`bremse_minst`).
#[test]
fn a_source_that_closes_too_many_waits_for_the_operator() {
    let sandbox = Sandbox::start(None);
    let (freg, vendor) = (Client::source(&sandbox, "folkeregister"), Client::new(&sandbox, "vendor"));
    let persons: Vec<String> = (0..20).map(|_| sandbox.unused("4204")).collect();
    let died = sett("d", &day(-1), &format!("<doedsfall><dato>{}</dato></doedsfall>", day(-1)));
    let all: String = persons.iter().map(|duf| person(duf, &died)).collect();
    let payload = told("FOLKEREGISTER", &fresh("f"), &all);
    let answer = freg.call(&payload);
    assert_eq!((answer.status, answer.codes()), (503, vec!["NIR-T104".to_owned()]), "{answer}");
    assert_eq!(answer.header("retry-after"), Some("300"), "{answer}");
    assert!(freg.verifies(&answer), "{answer}");
    // Nothing of it is there, and what closes nothing waits, too; other sources and kommuner do not.
    assert!(!vendor.accepted(&hent_person(&head(), &persons[0], "")).texts("kategori").is_empty());
    vendor.registered(&send(&head(), &person(&persons[0], &registrer("1", "", &vedtak(&day(-5), &day(0), &day(300))))));
    let lives = sett("b", &day(-1), "<bosted><kommunenummer>4204</kommunenummer></bosted>");
    let other = told("FOLKEREGISTER", &fresh("f"), &person(&persons[1], &lives));
    assert_eq!(freg.call(&other).status, 503);
    let name = sett("n", &day(-1), &super::personalia());
    Client::source(&sandbox, "udi").registered(&told("UDI", &fresh("u"), &person(&persons[1], &name)));

    let config = sandbox.config();
    assert!(succeed(&["source", "held"], &config).contains("FOLKEREGISTER"));
    succeed(&["source", "release", "FOLKEREGISTER"], &config);
    refused(&["source", "release", "FOLKEREGISTER"], &config);
    // The same message under the same id.
    let answer = freg.registered(&payload);
    assert_eq!(answer.text("gjentatt").as_deref(), Some("false"), "{answer}");
    freg.registered(&other);
    assert!(!succeed(&["source", "held"], &config).contains("FOLKEREGISTER"));
}
