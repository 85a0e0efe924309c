//! Classes 1, 2 and 4: the signature is valid, and what it signed is not what stands in its place.

use nir_wsdl::envelope::SoapVersion;

use super::mill::{PING, SIGNED_BODY, TIMESTAMP};
use super::{ECHO, Row, after, before, check, swap};

/// What an attacker would have processed instead.
fn evil_body(attributes: &str) -> String {
    format!("<soap:Body{attributes}>{}</soap:Body>", PING.replace("SYSTEM-1", ECHO))
}

fn signed_body() -> String {
    format!("{SIGNED_BODY}{PING}</soap:Body>")
}

/// Another Body in place, the signed one at `mark` (in a wrapper of its own).
fn moved(text: &str, mark: &str, attributes: &str) -> String {
    let without = swap(text, &signed_body(), &evil_body(attributes));
    swap(&without, mark, &format!("<w:Wrapper xmlns:w=\"urn:w\">{}</w:Wrapper>{mark}", signed_body()))
}

#[test]
fn a_signed_body_that_stands_elsewhere() {
    check(|soap| -> Vec<Row> {
        let end = "</soap:Header>";
        let other = if soap == SoapVersion::V11 { SoapVersion::V12 } else { SoapVersion::V11 }.namespace();
        vec![
            ("in a header", after(soap, |t| moved(t, end, "")), "NIR-S205"),
            ("in a header before Security", after(soap, |t| moved(t, "<wsse:Security ", "")), "NIR-S205"),
            ("in a header, the other with another id", after(soap, |t| moved(t, end, " wsu:Id=\"other\"")), "NIR-S205"),
            ("in a header, the other with the same id", after(soap, |t| moved(t, end, " wsu:Id=\"body\"")), "NIR-S205"),
            ("in a header, the other with it as Id", after(soap, |t| moved(t, end, " Id=\"body\"")), "NIR-S205"),
            ("in a header, the other with it as ID", after(soap, |t| moved(t, end, " ID=\"body\"")), "NIR-S205"),
            (
                "in a header, the other with it as xml:id",
                after(soap, |t| moved(t, end, " xml:id=\"body\"")),
                "NIR-S205",
            ),
            ("inside Security", after(soap, |t| moved(t, "</wsse:Security>", "")), "NIR-S205"),
            (
                "inside Security as token",
                after(soap, |t| {
                    swap(&moved(t, "</wsse:Security>", ""), "w:Wrapper xmlns:w=\"urn:w\"", "wsse:BinarySecurityToken")
                        .replace("/w:Wrapper", "/wsse:BinarySecurityToken")
                }),
                "NIR-S205",
            ),
            ("inside Timestamp", after(soap, |t| moved(t, "</wsu:Timestamp>", "")), "NIR-S205"),
            ("inside Signature", after(soap, |t| moved(t, "</ds:Signature>", "")), "NIR-S205"),
            (
                "inside ds:Object",
                after(soap, |t| {
                    moved(t, "</ds:Signature>", "")
                        .replace("w:Wrapper xmlns:w=\"urn:w\"", "ds:Object")
                        .replace("/w:Wrapper", "/ds:Object")
                }),
                "NIR-S205",
            ),
            ("inside KeyInfo", after(soap, |t| moved(t, "</ds:KeyInfo>", "")), "NIR-S205"),
            ("inside the other Body, after its child", after(soap, |t| moved(t, "</soap:Body>", "")), "NIR-X301"),
            ("inside the other Body's child", after(soap, |t| moved(t, "</ping>", "")), "NIR-S205"),
            (
                "after the other Body",
                after(soap, |t| swap(t, &signed_body(), &format!("{}{}", evil_body(""), signed_body()))),
                "NIR-X301",
            ),
            (
                "before the other Body",
                after(soap, |t| swap(t, &signed_body(), &format!("{}{}", signed_body(), evil_body("")))),
                "NIR-X301",
            ),
            (
                "second child after a stranger",
                after(soap, |t| swap(t, SIGNED_BODY, &format!("<w:w xmlns:w=\"urn:w\"/>{SIGNED_BODY}"))),
                "NIR-X301",
            ),
            (
                "beside a Body of the other version",
                after(soap, |t| {
                    swap(
                        t,
                        &signed_body(),
                        &format!(
                            "{}{}",
                            evil_body("").replace("<soap:Body", &format!("<soap:Body xmlns:soap=\"{other}\"")),
                            signed_body()
                        ),
                    )
                }),
                "NIR-X301",
            ),
            (
                "beside a Body without namespace",
                after(soap, |t| swap(t, &signed_body(), &format!("<Body>{PING}</Body>{}", signed_body()))),
                "NIR-X301",
            ),
            (
                "in the Header alone, no Body left",
                after(soap, |t| swap(&swap(t, &signed_body(), ""), end, &format!("{}{end}", signed_body()))),
                "NIR-X301",
            ),
            (
                "before the Header",
                after(soap, |t| {
                    swap(&swap(t, &signed_body(), ""), "<soap:Header>", &format!("{}<soap:Header>", signed_body()))
                }),
                "NIR-X301",
            ),
            (
                "in a second Header",
                after(soap, |t| swap(t, "</soap:Header>", "</soap:Header><soap:Header></soap:Header>")),
                "NIR-X301",
            ),
            (
                "in an inner Envelope",
                after(soap, |t| {
                    moved(t, end, "")
                        .replace("w:Wrapper xmlns:w=\"urn:w\"", "soap:Envelope")
                        .replace("/w:Wrapper", "/soap:Envelope")
                }),
                "NIR-S205",
            ),
        ]
    });
}

#[test]
fn what_is_signed_is_not_what_must_be() {
    let to = |text: &str, id: &str| text.replacen("URI=\"#body\"", &format!("URI=\"#{id}\""), 1);
    check(|soap| -> Vec<Row> {
        vec![
            ("the Body's child", before(soap, |t| to(t, "c").replace("<ping ", "<ping Id=\"c\" ")), "NIR-S205"),
            (
                "the Body's child by wsu:Id",
                before(soap, |t| to(t, "c").replace("<ping ", "<ping wsu:Id=\"c\" ")),
                "NIR-S205",
            ),
            (
                "the Envelope",
                before(soap, |t| to(t, "e").replace("<soap:Envelope ", "<soap:Envelope wsu:Id=\"e\" ")),
                "NIR-S205",
            ),
            (
                "the Header",
                before(soap, |t| to(t, "h").replace("<soap:Header>", "<soap:Header wsu:Id=\"h\">")),
                "NIR-S205",
            ),
            ("the token", before(soap, |t| to(t, "bst")), "NIR-S205"),
            (
                "a header of the sender's",
                before(soap, |t| {
                    swap(&to(t, "x"), "</soap:Header>", "<x:x xmlns:x=\"urn:x\" wsu:Id=\"x\"/></soap:Header>")
                }),
                "NIR-S205",
            ),
            ("the Body twice and no Timestamp", before(soap, |t| t.replace("#ts", "#body")), "NIR-S205"),
            ("the Timestamp twice and no Body", before(soap, |t| t.replace("#body", "#ts")), "NIR-S205"),
            ("nothing there", before(soap, |t| to(t, "nothing")), "NIR-S205"),
        ]
    });
}

#[test]
fn a_timestamp_that_is_unsigned_moved_or_doubled() {
    let stamp = || TIMESTAMP.to_owned();
    let fresh = || TIMESTAMP.replace("wsu:Id=\"ts\"", "").replace("11:59", "11:58");
    check(|soap| -> Vec<Row> {
        let only_body = |t: &str| {
            let start = t.find("<ds:Reference URI=\"#ts\"").unwrap();
            let end = start + t[start..].find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
            format!("{}{}", &t[..start], &t[end..])
        };
        vec![
            ("not signed", before(soap, only_body), "NIR-S205"),
            ("absent", before(soap, |t| swap(&only_body(t), &stamp(), "")), "NIR-S205"),
            (
                "moved to a header, another in place",
                after(soap, |t| {
                    swap(&swap(t, &stamp(), &fresh()), "</soap:Header>", &format!("{}</soap:Header>", stamp()))
                }),
                "NIR-S205",
            ),
            (
                "moved to a header, none in place",
                after(soap, |t| swap(&swap(t, &stamp(), ""), "</soap:Header>", &format!("{}</soap:Header>", stamp()))),
                "NIR-S205",
            ),
            (
                "moved into the Body",
                after(soap, |t| swap(&swap(t, &stamp(), &fresh()), "</ping>", &format!("{}</ping>", stamp()))),
                "NIR-S205",
            ),
            (
                "moved into the token",
                after(soap, |t| {
                    swap(
                        &swap(t, &stamp(), &fresh()),
                        "</wsse:BinarySecurityToken>",
                        &format!("{}</wsse:BinarySecurityToken>", stamp()),
                    )
                }),
                "NIR-S205",
            ),
            (
                "doubled, the fresh one first",
                after(soap, |t| swap(t, &stamp(), &format!("{}{}", fresh(), stamp()))),
                "NIR-S205",
            ),
            (
                "doubled, the fresh one last",
                after(soap, |t| swap(t, &stamp(), &format!("{}{}", stamp(), fresh()))),
                "NIR-S205",
            ),
            (
                "of another namespace beside it",
                after(soap, |t| swap(t, &stamp(), &format!("<Timestamp xmlns=\"urn:x\"/>{}", stamp()))),
                "NIR-S205",
            ),
            (
                "nested",
                after(soap, |t| swap(t, &stamp(), &format!("<wsu:Timestamp>{}</wsu:Timestamp>", stamp()))),
                "NIR-S205",
            ),
        ]
    });
}

/// What was said of one id attribute is not said of another, and no value may stand twice, whatever the attribute.
#[test]
fn ids_by_other_attributes() {
    check(|soap| -> Vec<Row> {
        let named = |attribute: &'static str| {
            before(soap, move |t| t.replace("<soap:Body wsu:Id=", &format!("<soap:Body {attribute}=")))
        };
        let beside = |element: &'static str| {
            after(soap, move |t| swap(t, "</soap:Header>", &format!("{element}</soap:Header>")))
        };
        vec![
            ("Body by plain Id", named("Id"), "ok"),
            ("Body by ID", named("ID"), "NIR-S205"),
            ("Body by id", named("id"), "NIR-S205"),
            ("Body by xml:id", named("xml:id"), "NIR-S205"),
            ("Body by an Id of another namespace", named("xmlns:x=\"urn:x\" x:Id"), "NIR-S205"),
            ("Body by Id in the namespace of SOAP", named("soap:Id"), "NIR-S205"),
            ("Timestamp by plain Id", before(soap, |t| swap(t, "<wsu:Timestamp wsu:Id=", "<wsu:Timestamp Id=")), "ok"),
            (
                "Timestamp by xml:id",
                before(soap, |t| swap(t, "<wsu:Timestamp wsu:Id=", "<wsu:Timestamp xml:id=")),
                "NIR-S205",
            ),
            ("doubled as wsu:Id", beside("<x:x xmlns:x=\"urn:x\" wsu:Id=\"body\"/>"), "NIR-S205"),
            ("doubled as Id", beside("<x:x xmlns:x=\"urn:x\" Id=\"body\"/>"), "NIR-S205"),
            ("doubled as ID", beside("<x:x xmlns:x=\"urn:x\" ID=\"body\"/>"), "NIR-S205"),
            ("doubled as id", beside("<x:x xmlns:x=\"urn:x\" id=\"body\"/>"), "NIR-S205"),
            ("doubled as xml:id", beside("<x:x xmlns:x=\"urn:x\" xml:id=\"body\"/>"), "NIR-S205"),
            ("doubled in a strange namespace", beside("<x:x xmlns:x=\"urn:x\" x:Id=\"body\"/>"), "NIR-S205"),
            ("doubled through a character reference", beside("<x:x xmlns:x=\"urn:x\" Id=\"&#98;ody\"/>"), "NIR-S205"),
            ("doubled in the payload", before(soap, |t| t.replace("<ping ", "<ping id=\"ts\" ")), "NIR-S205"),
            (
                "doubled on one element",
                before(soap, |t| t.replace(SIGNED_BODY, "<soap:Body Id=\"body\" wsu:Id=\"body\">")),
                "NIR-S205",
            ),
            (
                "two values on one element",
                before(soap, |t| t.replace(SIGNED_BODY, "<soap:Body Id=\"b2\" wsu:Id=\"body\">")),
                "ok",
            ),
            ("an empty one beside", beside("<x:x xmlns:x=\"urn:x\" Id=\"\"/>"), "ok"),
            ("odd ones beside", beside("<x:x xmlns:x=\"urn:x\" Id=\" a b \" ID=\"&#xe5;&amp;'\" x:id=\"1\"/>"), "ok"),
            ("two empty ones beside", beside("<x:x xmlns:x=\"urn:x\" Id=\"\" ID=\"\"/>"), "NIR-S205"),
            ("an xml:id that is no name", beside("<x:x xmlns:x=\"urn:x\" xml:id=\"1 2\"/>"), "ok"),
        ]
    });
}

/// Classes 3 and 8: other things in and around Security change nothing, or refuse.
#[test]
fn security_headers() {
    const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    check(|soap| -> Vec<Row> {
        let end = "</wsse:Security>";
        let inside = |element: &'static str| after(soap, move |t| swap(t, end, &format!("{element}{end}")));
        let role = if soap == SoapVersion::V11 { "actor" } else { "role" };
        let second = |attributes: &str| {
            let header = format!("<wsse:Security xmlns:wsse=\"{WSSE}\"{attributes}/></soap:Header>");
            after(soap, move |t| swap(t, "</soap:Header>", &header))
        };
        let signature = |t: &str| {
            let (start, end) = (t.find("<ds:Signature ").unwrap(), t.find("</ds:Signature>").unwrap() + 15);
            t[start..end].to_owned()
        };
        vec![
            (
                "none",
                after(soap, |t| {
                    let (start, end) = (t.find("<wsse:Security").unwrap(), t.find("</soap:Header>").unwrap());
                    format!("{}{}", &t[..start], &t[end..])
                }),
                "NIR-S201",
            ),
            (
                "no Header",
                after(soap, |t| {
                    let (start, end) = (t.find("<soap:Header").unwrap(), t.find("</soap:Header>").unwrap() + 14);
                    format!("{}{}", &t[..start], &t[end..])
                }),
                "NIR-S201",
            ),
            ("no Signature", after(soap, |t| swap(t, &signature(t), "")), "NIR-S201"),
            ("Security of another namespace", after(soap, |t| t.replace(WSSE, "urn:wsse")), "NIR-T107"),
            (
                "Security of another namespace that need not be understood",
                after(soap, |t| swap(&t.replace(WSSE, "urn:wsse"), " soap:mustUnderstand=\"1\"", "")),
                "NIR-S201",
            ),
            (
                "for another actor",
                after(soap, |t| {
                    swap(t, "soap:mustUnderstand", &format!("soap:{role}=\"urn:other\" soap:mustUnderstand"))
                }),
                "NIR-S201",
            ),
            ("a second, empty", second(""), "NIR-S205"),
            ("a second for another actor", second(&format!(" soap:{role}=\"urn:other\"")), "NIR-S205"),
            (
                "two Signatures",
                after(soap, |t| {
                    let s = signature(t);
                    swap(t, &s, &format!("{s}{s}"))
                }),
                "NIR-S205",
            ),
            (
                "a Signature in a header before",
                after(soap, |t| {
                    let s = signature(t);
                    swap(
                        t,
                        "<soap:Header>",
                        &format!("<soap:Header><x:x xmlns:x=\"urn:x\">{s}</x:x>")
                            .replace("<ds:KeyInfo>", &format!("<ds:KeyInfo xmlns:wsse=\"{WSSE}\">")),
                    )
                }),
                "ok",
            ),
            (
                "the Signature in a wrapper",
                after(soap, |t| {
                    let s = signature(t);
                    swap(t, &s, &format!("<x:x xmlns:x=\"urn:x\">{s}</x:x>"))
                }),
                "NIR-S201",
            ),
            (
                "a UsernameToken",
                inside("<wsse:UsernameToken><wsse:Username>x</wsse:Username><wsse:Password/></wsse:UsernameToken>"),
                "NIR-S205",
            ),
            (
                "a SAML assertion",
                inside("<s:Assertion xmlns:s=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>"),
                "NIR-S205",
            ),
            ("an EncryptedKey", inside("<x:EncryptedKey xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"/>"), "NIR-S205"),
            ("EncryptedData", inside("<x:EncryptedData xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"/>"), "NIR-S205"),
            ("a Signature of another namespace", inside("<Signature xmlns=\"urn:x\"/>"), "NIR-S205"),
            ("a second token", inside("<wsse:BinarySecurityToken wsu:Id=\"t2\">AAAA</wsse:BinarySecurityToken>"), "ok"),
            (
                "an EncryptedHeader beside",
                after(soap, |t| {
                    swap(
                        t,
                        "</soap:Header>",
                        "<w:EncryptedHeader xmlns:w=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\"/></soap:Header>",
                    )
                }),
                "ok",
            ),
            ("no mustUnderstand", after(soap, |t| swap(t, " soap:mustUnderstand=\"1\"", "")), "ok"),
            ("mustUnderstand true", after(soap, |t| swap(t, "mustUnderstand=\"1\"", "mustUnderstand=\"true\"")), "ok"),
        ]
    });
}
