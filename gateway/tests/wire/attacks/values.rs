//! Classes 28 to 30: values that are code somewhere else, names that are paths, and what a refusal tells.

use nir_wsdl::algorithm::RSA_SHA256;

use crate::attacks::forge::Forge;
use crate::attacks::house::{discreet, house, refused};
use crate::client::Client;
use crate::messages::{day, fresh, head, hent_kvittering, hent_person, person, ping, registrer, send, vedtak};

/// Free text that is something else to a database, a shell, a browser, a log or a template.
const VALUES: [&str; 16] = [
    "'; DROP TABLE person; --",
    "' OR '1'='1",
    "1; SELECT pg_sleep(10)",
    "$(reboot)",
    "`reboot`",
    "${jndi:ldap://127.0.0.1:9/x}",
    "{{7*7}}",
    "%s%s%s%n",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "2026-11-26T00:00:00.000000Z INFO event=\"started\"",
    "{\"level\":\"ERROR\",\"event\":\"forged\"}",
    "a\u{202e}b\u{200b}c\u{feff}d",
    "\u{1f4a9}\u{e6}\u{f8}\u{e5}",
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn a_value_is_a_value() {
    let house = house();
    let vendor = house.vendor();
    let read = |duf: &str| vendor.accepted(&hent_person(&head(), duf, ""));
    for value in VALUES {
        let duf = house.sandbox.unused("4204");
        let content = vedtak(&day(0), &day(0), &day(300))
            .replace("</vedtak>", &format!("<saksreferanse>{}</saksreferanse></vedtak>", escaped(value)));
        let mut head = head();
        head.more = String::new();
        let payload = send(&head, &person(&duf, &registrer("1", &fresh("v"), &content)))
            .replace("<navn>Flyktning</navn>", &format!("<navn>{}</navn>", escaped(value)));
        let answer = vendor.accepted(&payload);
        assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{value}: {answer}");
        assert_eq!(read(&duf).text("saksreferanse").as_deref(), Some(value), "it comes back as it was sent");
    }
    // A line feed in a value, and the colors of a terminal: XML has the one and not the other.
    for (value, code) in [("&#10;ERROR forged", ""), ("&#27;[31mred", "NIR-X301"), ("&#0;", "NIR-X301")] {
        let content = vedtak(&day(0), &day(0), &day(300))
            .replace("</vedtak>", &format!("<saksreferanse>{value}</saksreferanse></vedtak>"));
        let payload = send(&head(), &person(&house.sandbox.unused("4204"), &registrer("1", &fresh("v"), &content)));
        // What is not canonical is signed as its canonical form.
        let forge = Forge::draft(&vendor.signer, &payload.replace(value, "value"))
            .sign(&vendor.signer)
            .text(">value<", &format!(">{value}<"));
        let answer = vendor.send(&forge.xml);
        let expected = if code.is_empty() { "NIR-S202" } else { code };
        assert_eq!(answer.codes(), [expected], "{value}: {answer}");
    }
    house.stands();
}

/// Where only ids may stand, nothing else comes through, and what was sent is not said again.
#[test]
fn an_id_is_an_id() {
    let house = house();
    let vendor = house.vendor();
    // A path is spelled like an id, and is one.
    for value in VALUES.into_iter().filter(|value| !value.starts_with("../")) {
        let payload = send(
            &head(),
            &person(&house.sandbox.unused("4204"), &registrer("1", "", &vedtak(&day(0), &day(0), &day(300)))),
        );
        for element in ["meldingsId", "avsendersystem", "overfoeringsbruker", "registreringsId"] {
            let open = format!("<{element}>");
            let start = payload.find(&open).unwrap() + open.len();
            let end = start + payload[start..].find('<').unwrap();
            let changed = format!("{}{}{}", &payload[..start], escaped(value), &payload[end..]);
            let answer = vendor.call(&changed);
            refused(&format!("{element} {value}"), &answer, "NIR-X302");
            assert!(!answer.body.contains(&escaped(value)), "the value is not told: {answer}");
        }
        let answer = vendor.call(&hent_kvittering(&head(), &escaped(value)));
        refused(&format!("gjelderMeldingsId {value}"), &answer, "NIR-X302");
    }
    house.stands();
}

#[test]
fn a_name_is_not_a_path() {
    let house = house();
    let nobody = Client::with(&house.sandbox, None, "vendor");
    for name in [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f",
        "....//",
        "/etc/passwd",
        "file:///etc/passwd",
        "nir-melding-v1.xsd%00.txt",
        "nir-melding-v1.xsd/..",
        "NIR-MELDING-V1.XSD",
        "..\\..\\x",
        "",
        "nir-melding-v1.xsd&xsd=x",
        "http://127.0.0.1:9/x.xsd",
    ] {
        for path in [
            format!("/ws/v1/fagsystem?xsd={name}"),
            format!("/contract/{name}"),
            format!("/ws/v1/fagsystem/{name}"),
            format!("/health/{name}"),
        ] {
            let get = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = nobody.raw(get.as_bytes()).unwrap();
            let schema = path.ends_with("?xsd=nir-melding-v1.xsd&xsd=x") && answer.status == 200;
            assert!(schema || matches!(answer.status, 400 | 404 | 405), "{path}: {answer}");
            assert!(!answer.body.contains("root:"), "{path}: {answer}");
            discreet(&path, &answer.body.replace(".rs", ""));
        }
    }
    house.stands();
}

/// Value, digest and unknown key: one answer, word for word (design.md 17, Faults).
#[test]
fn a_refusal_is_no_oracle() {
    let house = house();
    let (vendor, other) = (house.vendor(), house.client("vendor2"));
    let signed = || Forge::draft(&vendor.signer, &ping()).sign(&vendor.signer);
    let identifier = |forge: Forge| {
        let key = "<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier\">BwcHBwcHBwcHBwcHBwcHBwcHBwc=</wsse:KeyIdentifier></wsse:SecurityTokenReference>";
        forge.set_content("KeyInfo", 0, key)
    };
    let answers: Vec<String> = [
        ("value", Forge::draft(&vendor.signer, &ping()).sign(&other.signer)),
        ("digest", signed().text("<kontraktversjon>1.0", "<kontraktversjon>1.1")),
        ("digest of the Timestamp", signed().text("<wsu:Created>20", "<wsu:Created>19")),
        ("unknown key", identifier(signed())),
        ("another kind of key", signed().text(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")),
        ("no base64", signed().set_content("SignatureValue", 0, "!")),
    ]
    .into_iter()
    .map(|(what, forge)| {
        let answer = vendor.send(&forge.xml);
        refused(what, &answer, "NIR-S202");
        without_ids(&answer.body)
    })
    .collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    house.stands();
}

/// The Body with what differs in any two answers cut out.
fn without_ids(body: &str) -> String {
    let start = body.find(":Fault>").unwrap();
    let fault = &body[start..body.rfind(":Fault>").unwrap()];
    let (before, rest) = fault.split_once("<feilId>").unwrap();
    format!("{before}{}", rest.split_once("</feilId>").unwrap().1)
}
