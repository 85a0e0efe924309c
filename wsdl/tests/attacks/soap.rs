//! Classes 9 and 10, and what SOAP itself demands of an envelope.

use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::names::{SOAP11, SOAP12};
use nir_wsdl::refusal::FaultCode;

use super::house::house;
use super::mill::{PING, SIGNED_BODY, sign, unsigned};
use super::{ECHO, Row, after, before, check, swap};

#[test]
fn envelopes() {
    check(|soap| -> Vec<Row> {
        let other = if soap == SoapVersion::V11 { SOAP12 } else { SOAP11 };
        let inner = format!("{SIGNED_BODY}{PING}</soap:Body>");
        let body = |inside: &str| before(soap, |t| swap(t, &inner, &format!("{SIGNED_BODY}{inside}</soap:Body>")));
        vec![
            (
                "another namespace",
                after(soap, |t| t.replace(soap.namespace(), "http://www.w3.org/2099/soap-envelope")),
                "NIR-T106",
            ),
            (
                "no namespace",
                after(soap, |t| t.replace("soap:", "").replace(&format!("xmlns:soap=\"{}\"", soap.namespace()), "")),
                "NIR-T106",
            ),
            ("another root", after(soap, |t| t.replace("soap:Envelope", "soap:Message")), "NIR-X301"),
            (
                "a Header of the other version",
                after(soap, |t| {
                    t.replace("<soap:Header>", &format!("<o:Header xmlns:o=\"{other}\">"))
                        .replace("</soap:Header>", "</o:Header>")
                }),
                "NIR-X301",
            ),
            (
                "a Body of the other version",
                after(soap, |t| {
                    t.replace("<soap:Body ", &format!("<o:Body xmlns:o=\"{other}\" "))
                        .replace("</soap:Body>", "</o:Body>")
                }),
                "NIR-X301",
            ),
            ("no Body", after(soap, |t| swap(t, &inner, "")), "NIR-X301"),
            ("an empty Body", body(""), "NIR-X301"),
            ("space of Unicode beside the child", body(&format!("\u{a0}{PING}")), "NIR-X301"),
            ("text in the Body", body("EKKO-1"), "NIR-X301"),
            ("text beside the child", body(&format!("EKKO-1{PING}")), "NIR-X301"),
            ("text after the child", body(&format!("{PING}<![CDATA[EKKO-1]]>")), "NIR-X301"),
            ("two children", body(&PING.repeat(2)), "NIR-X301"),
            ("white space and comments beside the child", body(&format!("\n <!-- -->{PING}\n")), "ok"),
            ("another operation", body(&PING.replace("ping", "slettAlt")), "NIR-T105"),
            ("an answer's root", body(&PING.replace("ping", "pingSvar")), "NIR-T105"),
            ("a root in upper case", body(&PING.replace("ping", "Ping")), "NIR-T105"),
            ("another namespace of the payload", body(&PING.replace("melding:v1", "melding:v2")), "NIR-X303"),
            ("no namespace of the payload", body(&PING.replace(" xmlns=\"urn:no:nir:melding:v1\"", "")), "NIR-X303"),
            ("a Fault", body("<soap:Fault/>"), "NIR-X303"),
            ("EncryptedData", body("<x:EncryptedData xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"/>"), "NIR-X303"),
        ]
    });
}

/// A version of SOAP that we do not speak is its own faultcode (SOAP 1.1 §4.4.1, SOAP 1.2 part 1 §5.4.7).
#[test]
fn version_mismatch_and_must_understand_have_their_fault_codes() {
    let road = |bytes: Vec<u8>| house().road(&bytes, None).unwrap_err().fault;
    let other = after(SoapVersion::V11, |t| t.replace(SOAP11, "urn:soap"));
    assert_eq!(road(other), FaultCode::VersionMismatch);
    let must = after(SoapVersion::V12, |t| {
        swap(t, "<soap:Header>", "<soap:Header><x:x xmlns:x=\"urn:x\" soap:mustUnderstand=\"true\"/>")
    });
    assert_eq!(road(must), FaultCode::MustUnderstand);
}

#[test]
fn headers_that_must_be_understood() {
    check(|soap| -> Vec<Row> {
        let (role, other) = if soap == SoapVersion::V11 { ("actor", SOAP12) } else { ("role", SOAP11) };
        let header = |attributes: &str| {
            let header = format!("<soap:Header><x:Echo xmlns:x=\"urn:x\" {attributes}>{ECHO}</x:Echo>");
            after(soap, move |t| swap(t, "<soap:Header>", &header))
        };
        let last = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
        vec![
            ("1", header("soap:mustUnderstand=\"1\""), "NIR-T107"),
            ("true", header("soap:mustUnderstand=\"true\""), "NIR-T107"),
            ("with white space", header("soap:mustUnderstand=\" 1 \""), "NIR-T107"),
            (
                "for the next",
                header(&format!(
                    "soap:mustUnderstand=\"1\" soap:{role}=\"http://schemas.xmlsoap.org/soap/actor/next\""
                )),
                "NIR-T107",
            ),
            ("for the last", header(&format!("soap:mustUnderstand=\"1\" soap:{role}=\"{last}\"")), "NIR-T107"),
            ("for another", header(&format!("soap:mustUnderstand=\"1\" soap:{role}=\"urn:other\"")), "ok"),
            ("0", header("soap:mustUnderstand=\"0\""), "ok"),
            ("none", header(""), "ok"),
            ("of the other version", header(&format!("xmlns:o=\"{other}\" o:mustUnderstand=\"1\"")), "ok"),
            ("without a namespace", header("mustUnderstand=\"1\""), "ok"),
            (
                "a Body of another version as header",
                after(soap, |t| {
                    swap(
                        t,
                        "<soap:Header>",
                        &format!("<soap:Header><o:Body xmlns:o=\"{other}\" soap:mustUnderstand=\"1\"/>"),
                    )
                }),
                "NIR-T107",
            ),
        ]
    });
}

/// Class 10: SOAPAction, or the action parameter, says what the signed Body says.
#[test]
fn the_action_of_http() {
    const OWN: &str = "urn:no:nir:fagsystem:v1/ping";
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let message = sign(&unsigned(soap, &house().party), &house().party);
        let other = before(soap, |t| t.replace("<ping ", "<hentPerson ").replace("</ping>", "</hentPerson>"));
        for (bytes, action, code) in [
            (message.as_bytes(), None, "ok"),
            (message.as_bytes(), Some(""), "ok"),
            (message.as_bytes(), Some(OWN), "ok"),
            (message.as_bytes(), Some("urn:no:nir:fagsystem:v1/hentPerson"), "NIR-T105"),
            (message.as_bytes(), Some("urn:no:nir:fagsystem:v1/Ping"), "NIR-T105"),
            (message.as_bytes(), Some("urn:no:nir:fagsystem:v1/ping/"), "NIR-T105"),
            (message.as_bytes(), Some(" "), "NIR-T105"),
            (message.as_bytes(), Some("EKKO-1"), "NIR-T105"),
            (&other, Some(OWN), "NIR-T105"),
        ] {
            let told = house().road(bytes, action).map_or_else(|refusal| refusal.code, |_| "ok");
            assert_eq!(told, code, "{soap:?} {action:?}");
        }
    }
}
