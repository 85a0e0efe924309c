//! HTTP as a caller meets it: what is served without a certificate, content types, methods, actions, sizes. What happens
//! on one connection is in connections.rs; limits that take time or seats are in limits.rs.

use nir_wsdl::envelope::SoapVersion;

use crate::client::{Answer, Client, SOAP_11, SOAP_12};
use crate::messages::{head, hent_person, line, person, ping, send};
use crate::sandbox::shared;

const POST: &str = "POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\n";

#[test]
fn ping_is_answered_signed() {
    let client = Client::new(shared(), "vendor");
    let answer = client.accepted(&ping());
    assert_eq!(answer.text("miljoe").as_deref(), Some("SANDBOX"));
    assert_eq!(answer.header("content-type"), Some(SOAP_11));
}

#[test]
fn the_contract_and_health_need_no_certificate() {
    let nobody = Client::with(shared(), None, "vendor");
    for (path, status, media, holds) in [
        ("/ws/v1/fagsystem?wsdl", 200, "text/xml; charset=utf-8", "<wsdl:definitions"),
        ("/ws/v1/fagsystem?WSDL", 200, "text/xml; charset=utf-8", "<wsdl:definitions"),
        ("/ws/v1/fagsystem?xsd=nir-melding-v1.xsd", 200, "text/xml; charset=utf-8", "urn:no:nir:melding:v1"),
        ("/contract/v1.zip", 200, "application/zip", "NirFagsystem.wsdl"),
        ("/health/live", 200, "text/plain; charset=utf-8", "ok"),
        ("/health/ready", 200, "text/plain; charset=utf-8", "ready"),
        ("/ws/v1/fagsystem?xsd=../../etc/passwd", 404, "text/plain; charset=utf-8", ""),
        ("/ws/v1/fagsystem?xsd=%2e%2e%2fca.pem", 404, "text/plain; charset=utf-8", ""),
        ("/ws/v1/fagsystem/../../etc/passwd", 404, "text/plain; charset=utf-8", ""),
        ("/contract/v2.zip", 404, "text/plain; charset=utf-8", ""),
        ("/metrics", 404, "text/plain; charset=utf-8", ""),
        ("/", 404, "text/plain; charset=utf-8", ""),
    ] {
        let answer = nobody.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(media)), "{path}");
        assert!(answer.body.contains(holds), "{path}: {answer}");
    }
}

#[test]
fn every_schema_that_the_description_leads_to_is_served() {
    let nobody = Client::with(shared(), None, "vendor");
    let host = "nir.example.no:8443";
    let fetch = |path: &str| {
        let get = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        nobody.raw(get.as_bytes()).unwrap()
    };
    let mut left = vec!["/ws/v1/fagsystem?wsdl".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = left.pop() {
        let answer = fetch(&path);
        assert_eq!(answer.status, 200, "{path}");
        for link in answer.body.split("schemaLocation=\"").skip(1) {
            let link = &link[..link.find('"').unwrap()];
            let next =
                link.strip_prefix(&format!("https://{host}")).expect("absolute, by the caller's Host").to_owned();
            if seen.insert(next.clone()) {
                left.push(next);
            }
        }
    }
    assert!(seen.len() >= 6, "{seen:?}");
}

#[test]
fn the_description_names_the_host_that_was_asked_and_never_what_would_break_its_xml() {
    let nobody = Client::with(shared(), None, "vendor");
    for (host, location) in [
        ("localhost:8443", "https://localhost:8443/ws/v1/fagsystem"),
        ("nir.example.no", "https://nir.example.no/ws/v1/fagsystem"),
        ("[::1]:8443", "https://[::1]:8443/ws/v1/fagsystem"),
        ("x\"><evil", "https://localhost/ws/v1/fagsystem"),
        ("a@b", "https://localhost/ws/v1/fagsystem"),
        ("nir.example.no/x?", "https://localhost/ws/v1/fagsystem"),
    ] {
        let get = format!("GET /ws/v1/fagsystem?wsdl HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = nobody.raw(get.as_bytes()).unwrap();
        assert!(answer.body.contains(&format!("location=\"{location}\"")), "{host}: {answer}");
    }
}

#[test]
fn without_a_client_certificate_it_is_t101() {
    let nobody = Client::with(shared(), None, "vendor");
    let answer = nobody.call(&ping());
    assert_eq!((answer.status, answer.codes()), (403, vec!["NIR-T101".to_owned()]), "{answer}");
    assert!(!answer.body.contains("Signature"), "nobody knows who asks, so nothing is signed");
    // Before anything else is said.
    let other = nobody.post("application/json", "", b"{}");
    assert_eq!(other.codes(), ["NIR-T101"], "{other}");
}

#[test]
fn a_client_certificate_of_another_authority_ends_the_handshake() {
    let stranger = Client::with(shared(), Some("hostile/wrong-ca"), "vendor");
    let got = stranger.raw(b"GET /ws/v1/fagsystem?wsdl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(got.is_err(), "{got:?}");
}

#[test]
fn what_is_not_soap_in_utf_8_is_refused_by_its_content_type() {
    let client = Client::new(shared(), "vendor");
    let body = client.sealed(&ping());
    let mtom = "multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"; boundary=x";
    for (media, more, code) in [
        ("text/xml", "", ""),
        ("TEXT/XML; Charset=UTF-8", "", ""),
        ("text/xml; charset=\"utf-8\"", "", ""),
        ("text/xml", "Content-Encoding: identity\r\n", ""),
        ("application/json", "", "NIR-T102"),
        ("application/xml", "", "NIR-T102"),
        ("text/plain", "", "NIR-T102"),
        ("text", "", "NIR-T102"),
        (mtom, "", "NIR-T102"),
        ("application/xop+xml; type=\"text/xml\"", "", "NIR-T102"),
        ("text/xml", "Content-Encoding: gzip\r\n", "NIR-T102"),
        ("text/xml", "Content-Encoding: deflate\r\n", "NIR-T102"),
        ("text/xml", "Content-Encoding: identity, gzip\r\n", "NIR-T102"),
        ("text/xml", "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", "NIR-T102"),
        ("text/xml; charset=iso-8859-1", "", "NIR-T109"),
        ("text/xml; charset=utf-16", "", "NIR-T109"),
        ("text/xml; charset=us-ascii", "", "NIR-T109"),
        ("application/soap+xml; charset=utf-16", "", "NIR-T109"),
    ] {
        let answer = client.post(media, more, body.as_bytes());
        if code.is_empty() {
            assert_eq!(answer.status, 200, "{media} {more}: {answer}");
        } else {
            assert_eq!((answer.status, answer.codes()), (415, vec![code.to_owned()]), "{media} {more}: {answer}");
        }
    }
    let none = format!("{POST}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    assert_eq!(client.raw(none.as_bytes()).unwrap().codes(), ["NIR-T102"]);
}

#[test]
fn other_encodings_of_the_body_are_t109() {
    let client = Client::new(shared(), "vendor");
    let text = client.sealed(&ping());
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let declared = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{text}");
    for body in
        [[&[0xff, 0xfe], &little[..]].concat(), [&[0xfe, 0xff], &big[..]].concat(), little, declared.into_bytes()]
    {
        let answer = client.post(SOAP_11, "", &body);
        assert_eq!(answer.codes(), ["NIR-T109"], "{:?}: {answer}", &body[..4]);
    }
}

#[test]
fn only_post_calls() {
    let client = Client::new(shared(), "vendor");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST2"] {
        for media in ["Content-Type: text/xml\r\n", ""] {
            let head = format!(
                "{method} /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\n{media}Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let answer = client.raw(head.as_bytes()).unwrap();
            assert_eq!(
                (answer.status, answer.codes()),
                (405, vec!["NIR-T110".to_owned()]),
                "{method} {media}: {answer}"
            );
            assert_eq!(answer.header("allow"), Some("POST"), "{method}");
        }
    }
    let get = client.get("/ws/v1/fagsystem");
    assert_eq!(get.status, 405);
    assert!(get.body.contains("NIR-T110"), "{get}");
    let elsewhere = client
        .raw(b"POST /ws/v2/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!(elsewhere.unwrap().status, 404);
}

#[test]
fn action_and_body_must_agree() {
    let client = Client::new(shared(), "vendor");
    let (v11, v12) = (client.sealed(&ping()), client.sealed_as(SoapVersion::V12, &ping()));
    let good = "urn:no:nir:fagsystem:v1/ping";
    let other = "urn:no:nir:fagsystem:v1/sendRegistreringer";
    let with_action = |action: &str| format!("application/soap+xml; charset=utf-8; action=\"{action}\"");
    for (media, header, body, code) in [
        (SOAP_11.to_owned(), format!("SOAPAction: \"{good}\"\r\n"), &v11, ""),
        (SOAP_11.to_owned(), format!("SOAPAction: {good}\r\n"), &v11, ""),
        (SOAP_11.to_owned(), "SOAPAction: \"\"\r\n".to_owned(), &v11, ""),
        (SOAP_11.to_owned(), "SOAPAction:\r\n".to_owned(), &v11, ""),
        (SOAP_11.to_owned(), String::new(), &v11, ""),
        (SOAP_11.to_owned(), format!("SOAPAction: \"{other}\"\r\n"), &v11, "NIR-T105"),
        (SOAP_11.to_owned(), "SOAPAction: \"urn:elsewhere\"\r\n".to_owned(), &v11, "NIR-T105"),
        (SOAP_11.to_owned(), format!("SOAPAction: \"{good}\"\r\nSOAPAction: \"{other}\"\r\n"), &v11, "NIR-T105"),
        (with_action(good), String::new(), &v12, ""),
        (SOAP_12.to_owned(), String::new(), &v12, ""),
        (with_action(other), String::new(), &v12, "NIR-T105"),
        // zeep sends SOAPAction with SOAP 1.2 too (clients.md).
        (SOAP_12.to_owned(), format!("SOAPAction: \"{good}\"\r\n"), &v12, ""),
        (with_action(good), format!("SOAPAction: \"{other}\"\r\n"), &v12, "NIR-T105"),
    ] {
        let answer = client.post(&media, &header, body.as_bytes());
        let codes: &[&str] = if code.is_empty() { &[] } else { &[code] };
        assert_eq!(answer.codes(), codes, "{media} {header}: {answer}");
    }
}

#[test]
fn an_unknown_operation_or_contract_is_told_apart() {
    let client = Client::new(shared(), "vendor");
    client.fault("<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>", "NIR-T105");
    client.fault("<pingSvar xmlns=\"urn:no:nir:melding:v1\"></pingSvar>", "NIR-T105");
    client.fault("<ping xmlns=\"urn:no:nir:melding:v9\"></ping>", "NIR-X303");
    client.fault("<ping></ping>", "NIR-X303");
}

#[test]
fn the_soap_version_is_one_and_the_same_in_content_type_and_envelope() {
    let client = Client::new(shared(), "vendor");
    let (v11, v12) = (client.sealed(&ping()), client.sealed_as(SoapVersion::V12, &ping()));
    assert_eq!(client.post(SOAP_11, "", v12.as_bytes()).codes(), ["NIR-T106"]);
    assert_eq!(client.post(SOAP_12, "", v11.as_bytes()).codes(), ["NIR-T106"]);
    let answer = client.post(SOAP_12, "", v12.as_bytes());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(SOAP_12)), "{answer}");
    assert!(client.verifies(&answer));
    let other = v11.replace("http://schemas.xmlsoap.org/soap/envelope/", "urn:soap:9");
    assert_eq!(client.send(&other).codes(), ["NIR-T106"]);
}

/// The sealed message with so many bytes more in its Body: a comment costs nothing but its length, since
/// canonicalisation takes it away.
fn padded(client: &Client<'_>, payload: &str, bytes: usize) -> String {
    let comment = format!("<!--{}--></meldingshode>", "x".repeat(bytes));
    client.sealed(payload).replacen("</meldingshode>", &comment, 1)
}

#[test]
fn a_message_past_its_operations_limit_is_t103() {
    let client = Client::new(shared(), "vendor");
    let large = |answer: Answer, most: &str| {
        assert_eq!((answer.status, answer.codes()), (413, vec!["NIR-T103".to_owned()]), "{answer}");
        assert!(answer.text("melding").unwrap().contains(most), "{answer}");
    };
    let declared = |action: &str, length: usize| {
        let action = if action.is_empty() {
            String::new()
        } else {
            format!("SOAPAction: \"urn:no:nir:fagsystem:v1/{action}\"\r\n")
        };
        format!("{POST}Content-Type: text/xml\r\n{action}Content-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    // By what is declared, before anything is read: the body never comes.
    large(client.raw(declared("", 4_194_305).as_bytes()).unwrap(), "4194304");
    large(client.raw(declared("sendRegistreringer", 10_000_000).as_bytes()).unwrap(), "4194304");
    large(client.raw(declared("hentPerson", 262_145).as_bytes()).unwrap(), "262144");
    large(client.raw(declared("hentPerson", i64::MAX as usize).as_bytes()).unwrap(), "262144");
    // By what comes, when nothing is declared.
    let chunk = format!("{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536));
    let chunked = format!(
        "{POST}Content-Type: text/xml\r\nSOAPAction: \"urn:no:nir:fagsystem:v1/hentPerson\"\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    large(client.raw((chunked + &chunk.repeat(5)).as_bytes()).unwrap(), "262144");
    // A read is limited to 256 KiB also when it does not say which operation it is; sendRegistreringer is not.
    let read = client.send(&padded(&client, &hent_person(&head(), "202400000702", ""), 300 * 1024));
    assert_eq!((read.status, read.codes()), (500, vec!["NIR-T103".to_owned()]), "{read}");
    let line = line("1", "ANNULLER", "", "<post><avsendersReferanse>none</avsendersReferanse></post>", "");
    let written = client.send(&padded(&client, &send(&head(), &person("202400000702", &line)), 300 * 1024));
    assert_eq!((written.status, written.codes()), (200, vec!["NIR-L810".to_owned()]), "{written}");
}

#[test]
fn hundred_thousand_attributes_and_deep_nesting_cost_nothing() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let good = client.sealed(&ping());
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"\"")).collect();
    let namespaces: String = (0..50_000).map(|n| format!(" xmlns:n{n}=\"urn:{n}\"")).collect();
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    for bad in [
        good.replacen("<soap:Body", &format!("<soap:Body{attributes}"), 1),
        good.replacen("<soap:Body", &format!("<soap:Body{namespaces}"), 1),
        good.replacen("</ping>", &format!("{deep}</ping>"), 1),
    ] {
        assert_ne!(bad, good, "the attack was built");
        let answer = client.send(&bad);
        assert_eq!(answer.codes(), ["NIR-X306"], "{answer}");
    }
    client.accepted(&ping());
}
