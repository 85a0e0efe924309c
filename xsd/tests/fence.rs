//! The fence around libxml2: what it refuses, that it stays bounded and quiet, and that threads may share a schema.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::process::Command;

use nir_xsd::catalog::{FILES, SchemaFile};
use nir_xsd::libxml::{Schema, Verdict};
use nir_xsd::limits::{MAX_REGISTRERINGER_BYTES, MAX_VIOLATIONS};
use nir_xsd::validate::validate;

const PING: &str =
    "<ping xmlns=\"urn:no:nir:melding:v1\"><forespoersel><kontraktversjon>1.0</kontraktversjon></forespoersel></ping>";

fn compiled() -> Schema {
    Schema::compile(FILES, 0).unwrap()
}

/// Bytes that are no message, in the ways that a parser can trip over.
fn hostile() -> Vec<Vec<u8>> {
    let deep = "<a>".repeat(3_000) + &"</a>".repeat(3_000);
    let texts = [
        "".to_owned(),
        " ".to_owned(),
        "<".to_owned(),
        "ping".to_owned(),
        PING[..PING.len() - 1].to_owned(),
        PING.replace("</forespoersel>", ""),
        format!("{PING}{PING}"),
        format!("{PING}x"),
        PING.replace("1.0", "&nope;"),
        PING.replace("1.0", "&#0;"),
        PING.replace("1.0", "<![CDATA["),
        PING.replace("xmlns=", "p:xmlns="),
        format!("<!DOCTYPE ping [<!ENTITY a \"1.0\">]>{}", PING.replace("1.0", "&a;")).replace("<ping", "<pong"),
        format!("<!DOCTYPE ping SYSTEM \"file:///etc/hostname\">{}", PING.replace("1.0", "&x;")),
        format!("<!DOCTYPE ping [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>{}", PING.replace("1.0", "&x;")),
        deep,
        format!("<{}/>", "n".repeat(60_000)),
    ];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    all.push(b"\0".to_vec());
    all.push(b"\xff\xfe<\0p\0".to_vec());
    all.push(PING.replace("1.0", "1\u{0}0").into_bytes());
    let mut broken = PING.as_bytes().to_vec();
    broken[60] = 0xff;
    all.push(broken);
    all
}

#[test]
fn what_is_no_message_is_never_valid() {
    let schema = compiled();
    assert_eq!(schema.validate(PING.as_bytes()), Verdict::Valid);
    for bytes in hostile() {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
        assert_ne!(schema.validate(&bytes), Verdict::Valid, "{shown}");
        let invalid = validate(&bytes).expect_err(&shown);
        assert!(invalid.total >= 1 && invalid.violations.len() <= MAX_VIOLATIONS, "{shown}");
    }
}

#[test]
fn a_schema_is_taken_from_the_given_files_alone() {
    let with = |location: &str| {
        let text = format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:x\"><xs:include schemaLocation=\"{location}\"/></xs:schema>"
        );
        [SchemaFile { name: "a.xsd", bytes: Box::leak(text.into_boxed_str()).as_bytes() }, FILES[1]]
    };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/nir-tjeneste-v1.xsd");
    for location in ["nir-tjeneste-v1.xsd", path, &format!("file://{path}"), "http://127.0.0.1:9/nir-tjeneste-v1.xsd"] {
        assert!(Schema::compile(&with(location), 0).is_none(), "{location}");
    }
    assert!(Schema::compile(&with("nir-felles-v1.xsd"), 0).is_none(), "of another namespace");
    assert!(Schema::compile(FILES, FILES.len()).is_none(), "no such file");
    assert!(Schema::compile(&[SchemaFile { name: "a.xsd", bytes: b"<a/>" }], 0).is_none());
    assert!(Schema::compile(&[SchemaFile { name: "a\0.xsd", bytes: FILES[0].bytes }], 0).is_none());
    for _ in 0..3 {
        assert_eq!(compiled().validate(PING.as_bytes()), Verdict::Valid, "compiled, used and freed");
    }
}

/// The largest message: as many such lines as fit, 200 in each person.
fn flood(line: &str) -> (String, usize) {
    let head = "<sendRegistreringer xmlns=\"urn:no:nir:melding:v1\"><melding><meldingshode></meldingshode>";
    let person = format!("<person><dufNummer>202400000702</dufNummer>{}</person>", line.repeat(200));
    let persons = (MAX_REGISTRERINGER_BYTES - 200) / person.len();
    (format!("{head}{}</melding></sendRegistreringer>", person.repeat(persons)), persons * 200)
}

#[test]
fn the_largest_and_worst_message_is_counted_and_the_first_violations_told() {
    let instance = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"";
    for (line, each) in [
        // An id that is none, and what is missing.
        ("<registrering><registreringsId>x y</registreringsId></registrering>".to_owned(), 2),
        (format!("<registrering {instance}></registrering>"), 2),
        (format!("<registrering><{0}></{0}></registrering>", "n".repeat(400)), 1),
    ] {
        let (xml, count) = flood(&line);
        assert!(xml.len() <= MAX_REGISTRERINGER_BYTES);
        let invalid = validate(xml.as_bytes()).unwrap_err();
        assert_eq!(invalid.total, 1 + each * count);
        assert_eq!(invalid.violations.len(), MAX_VIOLATIONS);
        for violation in &invalid.violations {
            let texts =
                [Some(&violation.nb), Some(&violation.en), violation.hint_nb.as_ref(), violation.hint_en.as_ref()];
            assert!(texts.into_iter().flatten().all(|text| text.len() < 500), "{violation:?}");
            assert!(violation.path.len() < 1_100 && violation.element.len() < 100, "{}", violation.path.len());
        }
    }
}

/// The place of an element among very many siblings is found for those that are told, not for all.
#[test]
fn very_many_siblings() {
    let attribute = "<x xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"></x>";
    let count = (MAX_REGISTRERINGER_BYTES - 200) / attribute.len();
    let xml = format!("<ping xmlns=\"urn:no:nir:melding:v1\">{}</ping>", attribute.repeat(count));
    let invalid = validate(xml.as_bytes()).unwrap_err();
    assert_eq!(invalid.total, count + 1);
    assert_eq!(invalid.violations[99].path, "/ping/x[100]");
}

/// Prints nothing itself; what libxml2 would print goes to the standard error of this process.
#[test]
fn child_that_provokes_every_complaint() {
    for bytes in hostile() {
        let _ = validate(&bytes);
        let _ = compiled().validate(&bytes);
        if let Ok(text) = String::from_utf8(bytes) {
            let file = SchemaFile { name: "a.xsd", bytes: Box::leak(text.into_boxed_str()).as_bytes() };
            let _ = Schema::compile(&[file], 0);
        }
    }
    std::thread::spawn(|| {
        for bytes in hostile() {
            let _ = validate(&bytes);
        }
    })
    .join()
    .unwrap();
}

#[test]
fn nothing_is_printed() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_provokes_every_complaint", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    assert!(child.status.success());
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
    assert_eq!(String::from_utf8_lossy(&child.stderr), "");
}

#[test]
fn threads_share_a_schema() {
    let schema = compiled();
    let wrong = PING.replace("1.0", "x");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (schema, wrong) = (&schema, &wrong);
            scope.spawn(move || {
                for round in 0..200 {
                    if (thread + round) % 2 == 0 {
                        assert_eq!(schema.validate(PING.as_bytes()), Verdict::Valid);
                        assert_eq!(validate(PING.as_bytes()), Ok(()));
                    } else {
                        assert_eq!(schema.validate(wrong.as_bytes()), Verdict::Invalid);
                        assert_eq!(validate(wrong.as_bytes()).unwrap_err().total, 1);
                    }
                }
            });
        }
    });
}
