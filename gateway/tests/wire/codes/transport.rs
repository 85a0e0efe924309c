//! Group T: what HTTP and the envelope show before anything of the message is judged.

use nir_wsdl::envelope::SoapVersion;

use crate::attacks::forge::Forge;
use crate::client::{SOAP_12, request};
use crate::codes::case::{Attempt, Case, Sent, Told};
use crate::codes::house::{House, MEDIA};
use crate::messages::{head, hent_person, ping};

const CLIENT: &str = "soap:Client";

fn case(
    code: &'static str,
    status: u16,
    faultcode: &'static str,
    how: &'static str,
    provoke: fn(&House) -> Attempt,
) -> Case {
    Case { code, how, told: Told::Fault(status, faultcode), at: "", provoke }
}

fn sealed(house: &House) -> Vec<u8> {
    house.client("vendor").sealed(&ping()).into_bytes()
}

fn post(media: &'static str, headers: &str, body: Vec<u8>) -> Attempt {
    Attempt::of(Sent::Post(media, headers.to_owned(), body))
}

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            code: "NIR-T101",
            how: "no client certificate",
            told: Told::UnsignedFault(403, CLIENT),
            at: "",
            provoke: |_| Attempt { tls: None, ..Attempt::of(Sent::Payload(ping())) },
        },
        case("NIR-T102", 415, CLIENT, "JSON", |h| post("application/json", "", sealed(h))),
        case("NIR-T102", 415, CLIENT, "gzip", |h| post(MEDIA, "Content-Encoding: gzip\r\n", sealed(h))),
        case("NIR-T102", 415, CLIENT, "MTOM", |h| {
            post("multipart/related; boundary=b; type=\"application/xop+xml\"", "", sealed(h))
        }),
        case("NIR-T102", 415, CLIENT, "two content types", |h| post(MEDIA, "Content-Type: text/xml\r\n", sealed(h))),
        case("NIR-T103", 413, CLIENT, "300 KB for hentPerson", |_| {
            post(MEDIA, "SOAPAction: \"urn:no:nir:fagsystem:v1/hentPerson\"\r\n", vec![b' '; 300 * 1024])
        }),
        case("NIR-T103", 413, CLIENT, "4.1 MiB for anything", |_| post(MEDIA, "", vec![b' '; 4_300_000])),
        case("NIR-T103", 500, CLIENT, "300 KB that turn out to be a read", |h| {
            let envelope = h.client("vendor").sealed(&hent_person(&head(), "202400000702", ""));
            let comment = format!("<soap:Header><!--{}-->", "x".repeat(300 * 1024));
            Attempt::of(Sent::Envelope(envelope.replacen("<soap:Header>", &comment, 1)))
        }),
        Case {
            code: "NIR-T104",
            how: "a full house",
            told: Told::UnsignedFault(503, "soap:Server"),
            at: "",
            provoke: |_| Attempt { order: Some(r#"{"type": "503"}"#), ..Attempt::of(Sent::Payload(ping())) },
        },
        case("NIR-T105", 500, CLIENT, "SOAPAction of another operation", |h| {
            post(MEDIA, "SOAPAction: \"urn:no:nir:fagsystem:v1/hentPerson\"\r\n", sealed(h))
        }),
        case("NIR-T105", 500, CLIENT, "an operation that there is not", |_| {
            Attempt::of(Sent::Payload("<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>".to_owned()))
        }),
        case("NIR-T105", 500, CLIENT, "answers wanted elsewhere", |h| {
            let to = "<wsa:ReplyTo xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"><wsa:Address>https://elsewhere.example</wsa:Address></wsa:ReplyTo>";
            let vendor = h.client("vendor");
            Attempt::of(Sent::Envelope(
                Forge::draft(&vendor.signer, &ping()).before("Security", to).sign(&vendor.signer).xml,
            ))
        }),
        case("NIR-T106", 500, CLIENT, "SOAP 1.2 as text/xml", |h| {
            post(MEDIA, "", h.client("vendor").sealed_as(SoapVersion::V12, &ping()).into_bytes())
        }),
        case("NIR-T106", 500, "soap:VersionMismatch", "an envelope of no SOAP", |h| {
            let text = h.client("vendor").sealed(&ping());
            Attempt::of(Sent::Envelope(text.replace("http://schemas.xmlsoap.org/soap/envelope/", "urn:soap:9")))
        }),
        case("NIR-T107", 500, "soap:MustUnderstand", "a header that must be understood", |h| {
            let header = "<x:Route xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"/>";
            let vendor = h.client("vendor");
            Attempt::of(Sent::Envelope(
                Forge::draft(&vendor.signer, &ping()).before("Security", header).sign(&vendor.signer).xml,
            ))
        }),
        case("NIR-T109", 415, CLIENT, "charset=iso-8859-1", |h| post("text/xml; charset=iso-8859-1", "", sealed(h))),
        case("NIR-T109", 500, CLIENT, "UTF-16", |h| {
            let text = h.client("vendor").sealed(&ping());
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            post(MEDIA, "", [&[0xff, 0xfe][..], &wide].concat())
        }),
        case("NIR-T110", 405, CLIENT, "PUT", |h| {
            let whole = String::from_utf8(request(MEDIA, "Connection: close\r\n", &sealed(h))).unwrap();
            Attempt::of(Sent::Raw(whole.replacen("POST", "PUT", 1).into_bytes()))
        }),
    ]
}

/// What helps to wait is told in seconds, and a closed door is opened by nobody.
#[test]
fn a_full_house_says_when_to_come_again() {
    let house = crate::codes::house::house();
    let _turn = house.turn();
    house.sandbox.order(r#"{"type": "503"}"#);
    let answer = house.client("vendor").call(&ping());
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")), "{answer}");
    assert_eq!(house.client("vendor").call(&ping()).status, 200);
}

/// The Fault is of the version that was spoken (SOAP 1.2 part 2 §7.5.2.2).
#[test]
fn faults_of_soap_12_tell_sender_from_receiver() {
    let house = crate::codes::house::house();
    let _turn = house.turn();
    let vendor = house.client("vendor");
    let unknown = vendor.sealed_as(SoapVersion::V12, "<slettAlt xmlns=\"urn:no:nir:melding:v1\"></slettAlt>");
    let answer = vendor.post(SOAP_12, "", unknown.as_bytes());
    assert_eq!((answer.status, answer.codes()), (400, vec!["NIR-T105".to_owned()]), "{answer}");
    assert_eq!(answer.text("Value").as_deref(), Some("soap:Sender"));
    assert_eq!(answer.header("content-type"), Some(SOAP_12));
    let texts = answer.texts("Text");
    assert!(
        texts[0].starts_with("NIR-T105: Operasjonen") && texts[1].starts_with("NIR-T105: The operation"),
        "{texts:?}"
    );
    let unsigned = Forge::draft(&vendor.signer, &ping()).replace("Signature", "");
    let as_12 =
        unsigned.xml.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope");
    let answer = vendor.post(SOAP_12, "", as_12.as_bytes());
    assert_eq!((answer.status, answer.codes()), (400, vec!["NIR-S201".to_owned()]), "{answer}");
    assert_eq!(answer.texts("Value"), ["soap:Sender", "wsse:InvalidSecurity"], "the code of WS-Security is a subcode");
}
