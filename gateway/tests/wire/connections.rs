//! One connection: many calls on it, its end, chunks, `Expect`, and bytes that could be read in two ways.

use crate::client::{Client, SOAP_11, request};
use crate::messages::ping;
use crate::sandbox::shared;

const POST: &str = "POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\n";

#[test]
fn a_body_in_chunks_is_read_as_one() {
    let client = Client::new(shared(), "vendor");
    let body = client.sealed(&ping());
    let chunks: String = body
        .as_bytes()
        .chunks(700)
        .map(|part| format!("{:X};ext=1\r\n{}\r\n", part.len(), String::from_utf8_lossy(part)))
        .collect();
    let whole =
        format!("{POST}Content-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\nTrailer: x\r\n\r\n");
    let mut connection = client.connect().unwrap();
    connection.write(whole.as_bytes()).unwrap();
    let answer = connection.answer().unwrap();
    assert_eq!(answer.status, 200, "{answer}");
}

#[test]
fn a_connection_serves_many_calls_and_closes_when_asked() {
    let client = Client::new(shared(), "vendor");
    let mut connection = client.connect().unwrap();
    for _ in 0..3 {
        connection.write(&request(SOAP_11, "", client.sealed(&ping()).as_bytes())).unwrap();
        let answer = connection.answer().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, None), "{answer}");
    }
    // Two at once: answered in order.
    let (first, second) =
        (client.sealed(&ping()), client.sealed("<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>"));
    connection
        .write(&[request(SOAP_11, "", first.as_bytes()), request(SOAP_11, "", second.as_bytes())].concat())
        .unwrap();
    assert_eq!(connection.answer().unwrap().status, 200);
    assert_eq!(connection.answer().unwrap().codes(), ["NIR-T105"]);
    // A Fault leaves the connection open as well, and one that was not read too, where the rest is small.
    connection.write(&request("application/json", "", b"{}")).unwrap();
    assert_eq!(connection.answer().unwrap().codes(), ["NIR-T102"]);
    // strong-soap and gSOAP ask for the end and want to hear it (clients.md).
    for value in ["close", "Close", "keep-alive, close"] {
        let mut connection = client.connect().unwrap();
        connection.write(&request(SOAP_11, &format!("Connection: {value}\r\n"), first.as_bytes())).unwrap();
        let answer = connection.answer().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{value}: {answer}");
        assert!(connection.answer().is_none(), "{value}: closed");
    }
}

#[test]
fn the_body_is_asked_for_only_when_it_will_be_read() {
    let client = Client::new(shared(), "vendor");
    let body = client.sealed(&ping());
    let expect = |length: usize| {
        format!("{POST}Content-Type: text/xml\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n")
    };
    let mut connection = client.connect().unwrap();
    connection.write(expect(body.len()).as_bytes()).unwrap();
    assert_eq!(connection.head().unwrap(), "HTTP/1.1 100 Continue");
    connection.write(body.as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().status, 200);
    // Refused by its size: the final answer comes at once, and nobody is invited to send 10 MB.
    connection.write(expect(10_000_000).as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().codes(), ["NIR-T103"]);
}

#[test]
fn what_could_be_read_as_two_requests_never_is() {
    let client = Client::new(shared(), "vendor");
    let call = client.sealed(&ping());
    let hidden = "GET /ws/v1/fagsystem?wsdl HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let chunked = format!("{:x}\r\n{call}\r\n0\r\n\r\n", call.len());
    let whole = chunked.len() + hidden.len();
    for (what, head) in [
        ("both lengths", format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked\r\n")),
        ("both lengths, the other way", format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}\r\n")),
        ("chunked alone", "Transfer-Encoding: chunked\r\n".to_owned()),
        ("a coding that is none", "Transfer-Encoding: xchunked\r\n".to_owned()),
        ("chunked is not last", "Transfer-Encoding: chunked, identity\r\n".to_owned()),
        ("chunked by two lines", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n".to_owned()),
        ("two lengths", format!("Content-Length: {}\r\nContent-Length: {whole}\r\n", call.len())),
        ("a list of lengths", format!("Content-Length: {}, {whole}\r\n", call.len())),
        ("a signed length", format!("Content-Length: +{whole}\r\n")),
        ("a length below zero", "Content-Length: -1\r\n".to_owned()),
        ("a length in hexadecimal", "Content-Length: 0x10\r\n".to_owned()),
        ("a space before the colon", "Content-Length : 4\r\n".to_owned()),
        ("a folded line", "Transfer-Encoding:\r\n chunked\r\n".to_owned()),
        ("a line with NUL", "X: \0\r\nContent-Length: 4\r\n".to_owned()),
        ("bare CR", "X: a\rTransfer-Encoding: chunked\r\n".to_owned()),
    ] {
        let mut connection = client.connect().unwrap();
        let bytes = format!("{POST}Content-Type: text/xml\r\n{head}\r\n{chunked}{hidden}");
        let _ = connection.write(bytes.as_bytes());
        // At most one answer, then the end: the hidden request is never answered.
        let all = connection.rest().unwrap_or_default();
        let text = String::from_utf8_lossy(&all);
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "{what}: {text}");
        assert!(!text.contains("wsdl:definitions"), "{what}: {text}");
    }
    client.accepted(&ping());
}

#[test]
fn garbage_is_no_crash() {
    let client = Client::new(shared(), "vendor");
    for bytes in [
        &b"\x00\x01\x02 not http \r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /ws/v1/fagsystem HTTP/1.1\r\nHost\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut connection = client.connect().unwrap();
        connection.write(bytes).unwrap();
        let answer = connection.rest().unwrap_or_default();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    }
    client.accepted(&ping());
}

#[test]
fn headers_are_limited_in_size_and_number() {
    let client = Client::new(shared(), "vendor");
    let body = client.sealed(&ping());
    let sent = |more: &str| {
        client.raw(&request(SOAP_11, &format!("{more}Connection: close\r\n"), body.as_bytes())).unwrap().status
    };
    assert_eq!(sent(&format!("X: {}\r\n", "x".repeat(8_000))), 200);
    assert_eq!(sent(&format!("X: {}\r\n", "x".repeat(20_000))), 431);
    let lines = |count: usize| (0..count).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
    assert_eq!(sent(&lines(50)), 200);
    assert_eq!(sent(&lines(100)), 431);
    let long = client.get(&format!("/ws/v1/fagsystem?{}", "x".repeat(20_000)));
    assert!((400..500).contains(&long.status), "{long}");
}
