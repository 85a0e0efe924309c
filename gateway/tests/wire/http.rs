//! The HTTP and TLS level: group T, limits, the contract without a certificate, signed Faults.

use crate::client::Client;
use crate::messages::{head, hent_person, ping};
use crate::sandbox::shared;

#[test]
fn ping_is_answered_signed() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let answer = client.call(&ping());
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.verified(sandbox));
    assert_eq!(answer.text("miljoe").as_deref(), Some("SANDBOX"));
}

#[test]
fn the_contract_needs_no_certificate_and_names_our_address() {
    let sandbox = shared();
    let nobody = Client::with(sandbox, None, "vendor");
    let wsdl = nobody.get("/ws/v1/fagsystem?wsdl");
    assert_eq!(wsdl.status, 200);
    assert!(wsdl.body.contains(&format!("https://localhost:{}/ws/v1/fagsystem", sandbox.port)), "{}", wsdl.body);
    let schema = nobody.get("/ws/v1/fagsystem?xsd=nir-melding-v1.xsd");
    assert_eq!(schema.status, 200);
    assert!(schema.body.contains("urn:no:nir:melding:v1"));
    assert_eq!(nobody.get("/ws/v1/fagsystem?xsd=../../etc/passwd").status, 404);
    assert_eq!(nobody.get("/contract/v1.zip").status, 200);
    assert_eq!(nobody.get("/anything").status, 404);
}

#[test]
fn without_a_client_certificate_it_is_t101() {
    let sandbox = shared();
    let nobody = Client::with(sandbox, None, "vendor");
    let answer = nobody.call(&ping());
    assert_eq!(answer.codes(), ["NIR-T101"], "{}", answer.body);
}

#[test]
fn a_client_certificate_of_another_authority_ends_the_handshake() {
    let sandbox = shared();
    let stranger = Client::with(sandbox, Some("hostile/wrong-ca"), "vendor");
    let answer = stranger.raw(b"GET /ws/v1/fagsystem?wsdl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status == 0));
}

#[test]
fn content_types_that_are_not_soap_are_t102() {
    let client = Client::new(shared(), "vendor");
    let body = client.sealed(&ping());
    for (media, more, code) in [
        ("application/json", "", "NIR-T102"),
        ("multipart/related; type=\"application/xop+xml\"", "", "NIR-T102"),
        ("text/xml", "Content-Encoding: gzip\r\n", "NIR-T102"),
        ("text/xml; charset=iso-8859-1", "", "NIR-T109"),
        ("text/xml; charset=utf-16", "", "NIR-T109"),
    ] {
        let answer = client.post(media, more, body.as_bytes());
        assert_eq!(answer.codes(), [code], "{media} {more}: {}", answer.body);
    }
}

#[test]
fn the_body_in_utf_16_is_t109() {
    let client = Client::new(shared(), "vendor");
    let utf16: Vec<u8> = client.sealed(&ping()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let answer = client.post("text/xml; charset=utf-8", "", &[&[0xff, 0xfe], &utf16[..]].concat());
    assert_eq!(answer.codes(), ["NIR-T109"], "{}", answer.body);
}

#[test]
fn only_post_calls() {
    let client = Client::new(shared(), "vendor");
    let answer = client
        .raw(b"PUT /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert_eq!((answer.status, answer.codes()), (405, vec!["NIR-T110".to_owned()]), "{}", answer.body);
    assert_eq!(client.get("/ws/v1/fagsystem").status, 405);
}

#[test]
fn action_and_body_must_agree() {
    let client = Client::new(shared(), "vendor");
    let body = client.sealed(&ping());
    let wrong = "SOAPAction: \"urn:no:nir:fagsystem:v1/sendRegistreringer\"\r\n";
    let answer = client.post("text/xml; charset=utf-8", wrong, body.as_bytes());
    assert_eq!(answer.codes(), ["NIR-T105"], "{}", answer.body);
    let empty = "SOAPAction: \"\"\r\n";
    assert_eq!(client.post("text/xml; charset=utf-8", empty, body.as_bytes()).status, 200);
    let unknown = client.call("<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>");
    assert_eq!(unknown.codes(), ["NIR-T105"], "{}", unknown.body);
    let version = client.call("<ping xmlns=\"urn:no:nir:melding:v9\"></ping>");
    assert_eq!(version.codes(), ["NIR-X303"], "{}", version.body);
}

#[test]
fn a_soap_12_envelope_under_a_soap_11_content_type_is_t106() {
    let client = Client::new(shared(), "vendor");
    let sealed = nir_wsdl::seal::seal(
        nir_wsdl::envelope::SoapVersion::V12,
        ping().as_bytes(),
        Some(&client.signer),
        crate::client::now(),
        None,
        None,
    );
    assert_eq!(client.post("text/xml; charset=utf-8", "", &sealed.bytes).codes(), ["NIR-T106"]);
    assert_eq!(client.post("application/soap+xml; charset=utf-8", "", &sealed.bytes).status, 200);
    let other = client.sealed(&ping()).replace("http://schemas.xmlsoap.org/soap/envelope/", "urn:soap:9");
    assert_eq!(client.send(&other).codes(), ["NIR-T106"]);
}

#[test]
fn a_body_past_its_operations_limit_is_t103_before_it_is_read() {
    let client = Client::new(shared(), "vendor");
    let head = "POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 5000000\r\nConnection: close\r\n\r\n";
    let answer = client.raw(head.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.codes()), (413, vec!["NIR-T103".to_owned()]), "{}", answer.body);
    // A read is limited to 256 KiB even when it does not say which operation it is.
    let padded = hent_person(&head_with_padding(), "202400000702", "");
    let answer = client.call(&padded);
    assert_eq!(answer.codes(), ["NIR-T103"], "{}", &answer.body[..answer.body.len().min(2000)]);
}

fn head_with_padding() -> crate::messages::Head {
    let mut head = head();
    head.more = format!("<!--{}-->", "x".repeat(300 * 1024));
    head
}

#[test]
fn hundred_thousand_attributes_and_deep_nesting_cost_nothing() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let good = client.sealed(&ping());
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"\"")).collect();
    let namespaces: String = (0..50_000).map(|n| format!(" xmlns:n{n}=\"urn:{n}\"")).collect();
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let before = sandbox.resident();
    for bad in [
        good.replacen("<soap:Body", &format!("<soap:Body{attributes}"), 1),
        good.replacen("<soap:Body", &format!("<soap:Body{namespaces}"), 1),
        good.replacen("</ping>", &format!("{deep}</ping>"), 1),
    ] {
        assert_ne!(bad, good, "the attack was built");
        let answer = client.send(&bad);
        assert_eq!(answer.codes(), ["NIR-X306"], "{}", &answer.body[..answer.body.len().min(2000)]);
    }
    assert!(sandbox.resident() < before + 64 * 1024 * 1024, "memory stays flat");
    assert_eq!(client.call(&ping()).status, 200, "the process is up");
}

#[test]
fn a_slow_header_is_cut_off_and_garbage_is_no_crash() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let mut stream = client.connect().unwrap();
    stream.write(b"\x00\x01\x02 not http \r\n\r\n").unwrap();
    let answer = stream.rest().unwrap_or_default();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"));
    let smuggle = b"POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n";
    let answer = client.raw(smuggle);
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status != 200));
    assert_eq!(client.call(&ping()).status, 200);
}
