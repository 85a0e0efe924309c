//! Classes 10 and 13: WS-Addressing carries no authority. Signed or not it must agree with the Body, and no address of
//! it is called.

use nir_wsdl::envelope::SoapVersion;

use super::mill::reference;
use super::{Row, after, before, check, swap};

const A2005: &str = "http://www.w3.org/2005/08/addressing";
const A2004: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";

/// Headers put beside a signed message.
fn unsigned(soap: SoapVersion, headers: &str) -> Vec<u8> {
    after(soap, |t| swap(t, "<soap:Header>", &format!("<soap:Header>{headers}")))
}

/// One header that the signature covers.
fn signed(soap: SoapVersion, header: &str) -> Vec<u8> {
    before(soap, |t| {
        let named = header.replacen(" xmlns:a=", " wsu:Id=\"wsa\" xmlns:a=", 1);
        let t = swap(t, "<soap:Header>", &format!("<soap:Header>{named}"));
        swap(&t, "</ds:SignedInfo>", &format!("{}</ds:SignedInfo>", reference("#wsa")))
    })
}

fn header(space: &str, name: &str, value: &str) -> String {
    format!("<a:{name} xmlns:a=\"{space}\">{value}</a:{name}>")
}

fn reply(name: &str, address: &str) -> String {
    header(A2005, name, &format!("<a:Address>{address}</a:Address>"))
}

/// Each header: its value, and what becomes of the message that has it, whether signed or not.
#[test]
fn headers_that_contradict_the_body() {
    let rows = [
        ("its own action", header(A2005, "Action", "urn:no:nir:fagsystem:v1/ping"), "ok"),
        ("its own action of 2004", header(A2004, "Action", "urn:no:nir:fagsystem:v1/ping"), "ok"),
        ("an action with white space", header(A2005, "Action", "\n urn:no:nir:fagsystem:v1/ping "), "ok"),
        ("an action with a comment", header(A2005, "Action", "urn:no:nir:fagsystem:v1/<!-- -->ping"), "ok"),
        ("an empty action", header(A2005, "Action", ""), "ok"),
        ("another action", header(A2005, "Action", "urn:no:nir:fagsystem:v1/sendRegistreringer"), "NIR-T105"),
        ("another action of 2004", header(A2004, "Action", "urn:no:nir:fagsystem:v1/hentPerson"), "NIR-T105"),
        (
            "an action in two elements",
            header(A2005, "Action", "urn:no:nir:fagsystem:v1/<a:x>hentPerson</a:x>"),
            "NIR-T105",
        ),
        ("a strange action", header(A2005, "Action", "EKKO-1"), "NIR-T105"),
        ("a long action", header(A2005, "Action", &"x".repeat(600)), "NIR-T105"),
        ("our address", header(A2005, "To", "https://gateway.example/ws/v1/fagsystem"), "ok"),
        ("anonymous", header(A2005, "To", &format!("{A2005}/anonymous")), "ok"),
        ("another host", header(A2005, "To", "https://evil.example/ws/v1/fagsystem"), "NIR-T105"),
        ("another path", header(A2005, "To", "https://gateway.example/ws/v1/kilde"), "NIR-T105"),
        ("another scheme", header(A2005, "To", "http://gateway.example/ws/v1/fagsystem"), "NIR-T105"),
        (
            "a host with ours as its beginning",
            header(A2005, "To", "https://gateway.example.evil/ws/v1/fagsystem"),
            "NIR-T105",
        ),
        ("a host with ours as user", header(A2005, "To", "https://gateway.example@evil/ws/v1/fagsystem"), "NIR-T105"),
        ("no address at all", header(A2005, "To", "EKKO-1"), "NIR-T105"),
        ("anonymous of somebody's own", header(A2005, "To", "http://evil.example/addressing/anonymous"), "NIR-T105"),
        ("an id", header(A2005, "MessageID", "urn:uuid:0"), "ok"),
        ("an id that is no URI", header(A2005, "MessageID", "uuid:0"), "ok"),
        ("an id of 600 bytes", header(A2005, "MessageID", &"x".repeat(600)), "NIR-T105"),
        ("an anonymous reply", reply("ReplyTo", &format!("{A2005}/anonymous")), "ok"),
        ("no reply", reply("FaultTo", &format!("{A2005}/none")), "ok"),
        (
            "an anonymous reply of 2004",
            header(A2004, "ReplyTo", &format!("<a:Address>{A2004}/role/anonymous</a:Address>")),
            "ok",
        ),
        ("a reply elsewhere", reply("ReplyTo", "http://127.0.0.1:1/EKKO-1"), "NIR-T105"),
        ("a fault elsewhere", reply("FaultTo", "https://evil.example/"), "NIR-T105"),
        ("a reply by mail", reply("ReplyTo", "mailto:a@evil.example"), "NIR-T105"),
        ("a reply to somebody's anonymous", reply("ReplyTo", "http://evil.example/addressing/anonymous"), "NIR-T105"),
        ("a reply without an address", header(A2005, "ReplyTo", ""), "NIR-T105"),
        (
            "a reply with two addresses",
            header(
                A2005,
                "ReplyTo",
                &format!("<a:Address>{A2005}/anonymous</a:Address><a:Address>http://127.0.0.1:1/</a:Address>"),
            ),
            "NIR-T105",
        ),
        (
            "an address inside another element",
            header(A2005, "FaultTo", "<a:x><a:Address>http://127.0.0.1:1/</a:Address></a:x>"),
            "NIR-T105",
        ),
        ("from somebody", reply("From", "http://127.0.0.1:1/"), "ok"),
        ("related to something", header(A2005, "RelatesTo", "urn:uuid:0"), "ok"),
    ];
    check(|soap| -> Vec<Row> {
        let unsigned = rows.iter().map(|(name, header, code)| (*name, unsigned(soap, header), *code));
        let signed = rows.iter().map(|(name, header, code)| (*name, signed(soap, header), *code));
        unsigned.chain(signed).collect()
    });
}

#[test]
fn doubled_headers() {
    let own = || header(A2005, "Action", "urn:no:nir:fagsystem:v1/ping");
    check(|soap| -> Vec<Row> {
        vec![
            ("action", unsigned(soap, &own().repeat(2)), "NIR-T105"),
            ("action of both versions", unsigned(soap, &(own() + &own().replace(A2005, A2004))), "NIR-T105"),
            ("to", unsigned(soap, &header(A2005, "To", &format!("{A2005}/anonymous")).repeat(2)), "NIR-T105"),
            ("id", unsigned(soap, &header(A2005, "MessageID", "urn:uuid:0").repeat(2)), "NIR-T105"),
            ("reply", unsigned(soap, &reply("ReplyTo", &format!("{A2005}/anonymous")).repeat(2)), "NIR-T105"),
            ("fault", unsigned(soap, &reply("FaultTo", &format!("{A2005}/none")).repeat(2)), "NIR-T105"),
            ("a signed one and another", after_signed(soap, &own()), "NIR-T105"),
            (
                "in the Security header",
                after(soap, |t| swap(t, "</wsse:Security>", &format!("{}</wsse:Security>", own()))),
                "NIR-S205",
            ),
            (
                "marked mustUnderstand",
                unsigned(soap, &own().replacen(" xmlns:a", " soap:mustUnderstand=\"1\" xmlns:a", 1)),
                "ok",
            ),
        ]
    });
}

/// The signed action stays; another is put before it.
fn after_signed(soap: SoapVersion, header: &str) -> Vec<u8> {
    let text = String::from_utf8(signed(soap, header)).unwrap();
    swap(&text, "<soap:Header>", &format!("<soap:Header>{}", header.replace("ping", "hentPerson"))).into_bytes()
}
