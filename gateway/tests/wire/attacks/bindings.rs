//! Classes 9, 10, 19, 20 and 21: other verbs, paths and content types for a good message; actions and addresses that say
//! something else than the Body; MIME, compression and framing that hide a second request or cost memory.

use std::io::Write as _;
use std::process::{Command, Stdio};

use nir_wsdl::names::{WSA_2004, WSA_2005, WSU};
use nir_wsdl::seal::Signer;

use crate::attacks::forge::{Forge, reference};
use crate::attacks::house::{Attack, attack, discreet, house};
use crate::client::{SOAP_11, SOAP_12, request};

const SEND: &str = "urn:no:nir:fagsystem:v1/sendRegistreringer";
const PING: &str = "urn:no:nir:fagsystem:v1/ping";

#[test]
fn a_good_message_by_another_way_is_not_processed() {
    let house = house();
    let (vendor, victim) = (house.vendor(), house.victim());
    let body = Forge::draft(&vendor.signer, &victim.payload).sign(&vendor.signer).xml;
    let whole = |line: &str, headers: &str| {
        format!(
            "{line}\r\nHost: localhost\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let xml = "Content-Type: text/xml\r\n";
    for (line, headers, status) in [
        ("GET /ws/v1/fagsystem HTTP/1.1", xml, 405),
        ("GET /ws/v1/fagsystem?wsdl HTTP/1.1", xml, 200),
        ("HEAD /ws/v1/fagsystem HTTP/1.1", xml, 405),
        ("PUT /ws/v1/fagsystem HTTP/1.1", xml, 405),
        ("DELETE /ws/v1/fagsystem HTTP/1.1", xml, 405),
        ("TRACE /ws/v1/fagsystem HTTP/1.1", xml, 405),
        ("post /ws/v1/fagsystem HTTP/1.1", xml, 405),
        ("GET /ws/v1/fagsystem HTTP/1.1", "X-HTTP-Method-Override: POST\r\nContent-Type: text/xml\r\n", 405),
        ("POST / HTTP/1.1", xml, 404),
        ("POST /ws/v1/fagsystem/ HTTP/1.1", xml, 404),
        ("POST //ws/v1/fagsystem HTTP/1.1", xml, 404),
        ("POST /ws/v1/../v1/fagsystem HTTP/1.1", xml, 404),
        ("POST /ws/v1/fagsystem%00 HTTP/1.1", xml, 404),
        ("POST /ws/v1/fagsystem;x=y HTTP/1.1", xml, 404),
        ("POST /WS/V1/FAGSYSTEM HTTP/1.1", xml, 404),
        ("POST /ws/v2/fagsystem HTTP/1.1", xml, 404),
        ("POST /contract/v1.zip HTTP/1.1", xml, 404),
        ("POST /health/live HTTP/1.1", xml, 404),
        ("POST /ws/v1/fagsystem HTTP/1.1", "", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: application/json\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: application/xop+xml; type=\"text/xml\"\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: text/xml, application/json\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: text/xml\r\nContent-Type: text/xml\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: text/xml\r\nContent-Type: application/json\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: application/json\r\nContent-Type: text/xml\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: text/xml; charset=utf-8; charset=utf-16\r\n", 415),
        ("POST /ws/v1/fagsystem HTTP/1.1", "Content-Type: application/soap+xml\r\n", 400),
    ] {
        let answer = vendor.raw(whole(line, headers).as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{line} {headers}: {answer}");
        discreet(line, &answer.body);
        house.untouched(&vendor, &victim, line);
    }
    house.stands();
}

#[test]
fn action_and_address_may_not_contradict_the_body() {
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let mut table: Vec<Attack> = Vec::new();
        for (ns, which) in [(WSA_2005, "2005"), (WSA_2004, "2004")] {
            let address = |name: &str, address: &str| {
                format!("<wsa:{name} xmlns:wsa=\"{ns}\"><wsa:Address xmlns:wsa=\"{ns}\">{address}</wsa:Address></wsa:{name}>")
            };
            let plain = |name: &str, value: &str| format!("<wsa:{name} xmlns:wsa=\"{ns}\">{value}</wsa:{name}>");
            let anonymous = if which == "2005" {
                "http://www.w3.org/2005/08/addressing/anonymous"
            } else {
                "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
            };
            for (what, headers) in [
                ("Action of another operation", plain("Action", PING)),
                ("an unknown Action", plain("Action", "urn:evil")),
                ("Action in another case", plain("Action", &SEND.to_uppercase())),
                ("two Actions that agree", plain("Action", SEND).repeat(2)),
                ("two Actions, one right", plain("Action", SEND) + &plain("Action", PING)),
                ("To elsewhere", plain("To", "https://elsewhere.example/ws/v1/other")),
                ("To a file", plain("To", "file:///ws/v1/fagsystem/..")),
                ("two To", plain("To", anonymous).repeat(2)),
                ("two MessageIDs", plain("MessageID", "urn:a") + &plain("MessageID", "urn:b")),
                ("a MessageID of 1 MB", plain("MessageID", &"a".repeat(1_000_000))),
                ("an Action of 1 MB", plain("Action", &"a".repeat(1_000_000))),
                ("two ReplyTo", address("ReplyTo", anonymous).repeat(2)),
                ("ReplyTo without an address", format!("<wsa:ReplyTo xmlns:wsa=\"{ns}\"/>")),
                ("FaultTo with two addresses", format!("<wsa:FaultTo xmlns:wsa=\"{ns}\">{}</wsa:FaultTo>", plain("Address", anonymous).repeat(2))),
                ("an empty ReplyTo address", address("ReplyTo", "")),
            ] {
                table.push(attack(format!("{which}, unsigned: {what}"), draft().sign(signer).before("Security", &headers), "NIR-T105"));
                table.push(attack(format!("{which}, signed: {what}"), signing_first(signer, &victim.payload, &headers), "NIR-T105"));
            }
        }
        for (what, header) in [
            ("SOAPAction of another operation", format!("SOAPAction: \"{PING}\"\r\n")),
            ("two SOAPActions", format!("SOAPAction: \"{SEND}\"\r\nSOAPAction: \"{PING}\"\r\n")),
            ("SOAPAction of a prefix", "SOAPAction: \"urn:no:nir:fagsystem:v1/send\"\r\n".to_owned()),
        ] {
            let mut row = attack(what, draft().sign(signer), "NIR-T105");
            row.headers = header;
            table.push(row);
        }
        table.push(attack("mustUnderstand on a header nobody knows", must_understand(signer, &victim.payload, "1"), "NIR-T107"));
        table.push(attack("mustUnderstand as true", must_understand(signer, &victim.payload, "true"), "NIR-T107"));
        table
    });
}

/// The header is part of what is signed: a hostile party may sign what it likes.
fn signing_first(signer: &Signer, payload: &str, headers: &str) -> Forge {
    let (name, rest) = headers.split_at(headers.find(' ').unwrap());
    let with_id = format!("{name} xmlns:wsu=\"{WSU}\" wsu:Id=\"addressing\"{rest}");
    Forge::draft(signer, payload)
        .before("Security", &with_id)
        .into_end("SignedInfo", &reference("#addressing"))
        .sign(signer)
}

fn must_understand(signer: &Signer, payload: &str, value: &str) -> Forge {
    let header = format!("<x:Route xmlns:x=\"urn:x\" soap:mustUnderstand=\"{value}\"/>");
    Forge::draft(signer, payload).before("Security", &header).sign(signer)
}

#[test]
fn what_is_wrapped_or_compressed_is_not_unpacked() {
    let house = house();
    let (vendor, victim) = (house.vendor(), house.victim());
    let envelope = Forge::draft(&vendor.signer, &victim.payload).sign(&vendor.signer).xml;
    let part = |head: &str| format!("--b\r\n{head}\r\n\r\n{envelope}\r\n");
    let related = "multipart/related; boundary=b; type=\"text/xml\"";
    let mtom = "multipart/related; boundary=b; type=\"application/xop+xml\"; start-info=\"text/xml\"";
    let one = part("Content-Type: text/xml") + "--b--";
    let many = part("Content-Type: text/xml") + &"--b\r\nContent-ID: <x>\r\n\r\nx\r\n".repeat(50_000) + "--b--";
    let big_head = part(&format!("Content-Type: text/xml\r\nX: {}", "x".repeat(2_000_000))) + "--b--";
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000, "a bomb is small");
    let small = gzip(envelope.as_bytes());
    let coded = |coding: &str| format!("Content-Encoding: {coding}\r\n");
    for (what, media, more, body, codes) in [
        ("one part", related, String::new(), one.as_bytes(), "NIR-T102"),
        ("one part as MTOM", mtom, String::new(), one.as_bytes(), "NIR-T102"),
        ("50,000 parts", related, String::new(), many.as_bytes(), "NIR-T102"),
        ("a part's header of 2 MB", related, String::new(), big_head.as_bytes(), "NIR-T102"),
        ("multipart that says it is text/xml", SOAP_11, String::new(), one.as_bytes(), "NIR-X301"),
        ("64 MB in 64 KB, gzip", SOAP_11, coded("gzip"), &bomb, "NIR-T102"),
        ("64 MB in 64 KB, twice", SOAP_11, coded("gzip, gzip"), &gzip(&bomb), "NIR-T102"),
        ("gzip of a good message", SOAP_11, coded("gzip"), &small, "NIR-T102"),
        ("gzip by another name", SOAP_11, coded("x-gzip"), &small, "NIR-T102"),
        ("deflate", SOAP_11, coded("deflate"), &small, "NIR-T102"),
        ("brotli", SOAP_11, coded("br"), &small, "NIR-T102"),
        (
            "identity, then gzip",
            SOAP_11,
            "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n".into(),
            &small,
            "NIR-T102",
        ),
        ("gzip that nobody names", SOAP_11, String::new(), &small, "NIR-T109"),
        ("the bomb that nobody names", SOAP_11, String::new(), &bomb, "NIR-T109"),
    ] {
        let answer = vendor.post(media, &more, body);
        assert_eq!(answer.codes(), [codes], "{what}: {answer}");
        house.untouched(&vendor, &victim, what);
    }
    house.stands();
}

/// By the gzip of the system, which every Debian has.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new("gzip").args(["-9", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(bytes).unwrap());
        let mut out = Vec::new();
        std::io::Read::read_to_end(child.stdout.as_mut().unwrap(), &mut out).unwrap();
        assert!(child.wait().unwrap().success());
        out
    })
}

/// Whatever the framing says, a second request is never read out of the body of the first.
#[test]
fn a_request_hidden_in_another_is_not_found() {
    let house = house();
    let (vendor, victim) = (house.vendor(), house.victim());
    let envelope = Forge::draft(&vendor.signer, &victim.payload).sign(&vendor.signer).xml;
    let hidden = String::from_utf8(request(SOAP_11, "", envelope.as_bytes())).unwrap();
    let post = "POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n";
    let length = hidden.len();
    for (what, bytes) in [
        (
            "length and chunks",
            format!("{post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "chunks and length",
            format!("{post}Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        ("two lengths", format!("{post}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}")),
        ("two lengths in a list", format!("{post}Content-Length: 0, {length}\r\n\r\n{hidden}")),
        ("a signed length", format!("{post}Content-Length: +{length}\r\n\r\n{hidden}")),
        ("a negative length", format!("{post}Content-Length: -1\r\n\r\n{hidden}")),
        ("a length past all numbers", format!("{post}Content-Length: 99999999999999999999999\r\n\r\n{hidden}")),
        (
            "chunks by another name",
            format!("{post}Transfer-Encoding: xchunked\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        ),
        (
            "chunks behind a blank",
            format!("{post}Transfer-Encoding : chunked\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        ),
        ("chunks, then gzip", format!("{post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n{hidden}")),
        (
            "chunks after a folded line",
            format!("{post}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n{hidden}"),
        ),
        (
            "a chunk's length past all numbers",
            format!("{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{hidden}"),
        ),
        (
            "a chunk that is longer than it says",
            format!("{post}Transfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n{hidden}"),
        ),
        ("bare line feeds", format!("{}\n{hidden}", post.replace("\r\n", "\n"))),
        ("a carriage return in a header", format!("{post}X: a\rContent-Length: 0\r\n\r\n{hidden}")),
        ("a zero in a header", format!("{post}X: a\0b\r\nContent-Length: 0\r\n\r\n{hidden}")),
        ("a line without a colon", format!("{post}nonsense\r\nContent-Length: 0\r\n\r\n{hidden}")),
        ("HTTP/0.9", format!("GET /ws/v1/fagsystem\r\n\r\n{hidden}")),
        ("HTTP/2 without asking", format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}")),
        (
            "a version that there is not",
            format!("POST /ws/v1/fagsystem HTTP/1.9\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n{hidden}"),
        ),
        ("CONNECT", format!("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}")),
        (
            "300 headers",
            format!(
                "{post}{}Content-Length: 0\r\n\r\n{hidden}",
                (0..300).map(|n| format!("X{n}: y\r\n")).collect::<String>()
            ),
        ),
        ("a header of 1 MB", format!("{post}X: {}\r\nContent-Length: 0\r\n\r\n{hidden}", "x".repeat(1_000_000))),
        (
            "a request line of 1 MB",
            format!("POST /{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n{hidden}", "x".repeat(1_000_000)),
        ),
    ] {
        let mut connection = vendor.connect().unwrap();
        // The gateway may close while there still is something to write.
        let _ = connection.write(bytes.as_bytes());
        let _ = connection.close();
        let all = connection.rest().unwrap_or_default();
        let text = String::from_utf8_lossy(&all);
        assert!(!text.contains("kvittering>"), "{what}: the hidden message was answered: {text}");
        discreet(what, &text);
        house.untouched(&vendor, &victim, what);
    }
    house.stands();
}

/// Connections that are opened and say nothing, or begin and never end, keep nobody else waiting.
#[test]
fn idle_and_slow_callers_keep_nobody_waiting() {
    let house = house();
    let vendor = house.vendor();
    let silent: Vec<_> = (0..150).map(|_| vendor.tcp().unwrap()).collect();
    let begun: Vec<_> = (0..50)
        .map(|n| {
            let mut connection = vendor.connect().unwrap();
            let part: &[u8] = match n % 3 {
                0 => b"P",
                1 => b"POST /ws/v1/fagsystem HTTP/1.1\r\nHost: loc",
                _ => b"POST /ws/v1/fagsystem HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n<",
            };
            connection.write(part).unwrap();
            connection
        })
        .collect();
    let half_hello: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = vendor.tcp().unwrap();
            stream.write_all(b"\x16\x03\x01\x40\x00\x01\x00").unwrap();
            stream
        })
        .collect();
    let victim = house.victim();
    let answer = vendor.call(&victim.payload);
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{answer}");
    let other = house.client("kommune").sealed_as(nir_wsdl::envelope::SoapVersion::V12, &crate::messages::ping());
    assert_eq!(house.client("kommune").post(SOAP_12, "", other.as_bytes()).status, 200);
    drop((silent, begun, half_hello));
    house.stands();
}
