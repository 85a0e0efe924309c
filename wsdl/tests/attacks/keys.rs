//! Classes 11 and 22: what KeyInfo points at. Whatever is wrong with it, the sender hears what a wrong signature
//! hears, and nothing is fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::names::DS;

use super::house::house;
use super::mill::{TO_TOKEN, key_info, sign, token, unsigned};
use super::party::Party;
use super::{Row, after, before, check, swap};

const WSS: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0";
const WSS11: &str = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1";

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn issuer_serial(serial: &str) -> String {
    format!(
        "<ds:X509IssuerSerial><ds:X509IssuerName>CN=TEST CA</ds:X509IssuerName><ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )
}

fn x509_data(inside: &str) -> String {
    format!("<ds:X509Data>{inside}</ds:X509Data>")
}

fn certificate(party: &Party) -> String {
    format!("<ds:X509Certificate>{}</ds:X509Certificate>", base64(&party.der))
}

fn identifier(kind: &str, value: &str) -> String {
    format!("<wsse:KeyIdentifier ValueType=\"{kind}\">{value}</wsse:KeyIdentifier>")
}

#[test]
fn references_that_lead_to_a_registered_certificate() {
    let party = &house().party;
    check(|soap| -> Vec<Row> {
        let by = |inside: &str| before(soap, |t| swap(t, &key_info(TO_TOKEN), &key_info(inside)));
        let thumbprint = base64(&party.certificate().thumbprint_sha1());
        vec![
            ("issuer and serial", by(&x509_data(&issuer_serial("1"))), "ok"),
            ("issuer, serial and certificate", by(&x509_data(&(issuer_serial("1") + &certificate(party)))), "ok"),
            ("the certificate as identifier", by(&identifier(&format!("{WSS}#X509v3"), &base64(&party.der))), "ok"),
            ("its SHA-1", by(&identifier(&format!("{WSS11}#ThumbprintSHA1"), &thumbprint)), "ok"),
            ("issuer and serial of another party", by(&x509_data(&issuer_serial("2"))), "NIR-S202"),
            ("issuer and serial of nobody", by(&x509_data(&issuer_serial("12345"))), "NIR-S202"),
            (
                "issuer and serial, another's certificate",
                by(&x509_data(&(issuer_serial("1") + &certificate(&house().other)))),
                "NIR-S202",
            ),
            (
                "issuer and serial, a strange certificate",
                by(&x509_data(&(issuer_serial("1") + &certificate(&house().stranger)))),
                "NIR-S202",
            ),
            ("a serial number of a million digits", by(&x509_data(&issuer_serial(&"0".repeat(1_000_000)))), "NIR-S202"),
            (
                "an issuer of a million letters",
                by(&x509_data(
                    &issuer_serial("1").replace("CN=TEST CA", &format!("CN=TEST CA{}", " ".repeat(500_000) + "x")),
                )),
                "NIR-S202",
            ),
            (
                "the identifier of another party",
                by(&identifier(&format!("{WSS}#X509v3"), &base64(&house().other.der))),
                "NIR-S202",
            ),
            (
                "the identifier of a stranger",
                by(&identifier(&format!("{WSS}#X509v3"), &base64(&house().stranger.der))),
                "NIR-S202",
            ),
            // It chains, but only registered certificates can be named without a token (design.md 5).
            (
                "the identifier of one that is not registered",
                by(&identifier(&format!("{WSS}#X509v3"), &base64(&house().revoked.der))),
                "NIR-S202",
            ),
            ("an unknown SHA-1", by(&identifier(&format!("{WSS11}#ThumbprintSHA1"), &base64(&[7; 20]))), "NIR-S202"),
            (
                "an unknown key identifier",
                by(&identifier(&format!("{WSS}#X509SubjectKeyIdentifier"), &base64(&[7; 20]))),
                "NIR-S202",
            ),
            ("an empty key identifier", by(&identifier(&format!("{WSS}#X509SubjectKeyIdentifier"), "")), "NIR-S202"),
        ]
    });
}

#[test]
fn another_certificate_in_the_token() {
    check(|soap| -> Vec<Row> {
        let swapped = |party: &Party| after(soap, |t| swap(t, &token(&house().party), &token(party)));
        // The token is signed along, by its own key or by the other.
        let whole = |named: &Party, by: &Party| sign(&unsigned(soap, named), by).into_bytes();
        let raw = |bytes: &[u8]| after(soap, |t| swap(t, &base64(&house().party.der), &base64(bytes)));
        let der = house().party.der.as_slice();
        vec![
            ("another party's", swapped(&house().other), "NIR-S202"),
            ("another party's, all signed by one's own key", whole(&house().other, &house().party), "NIR-S202"),
            ("one's own, all signed by another party", whole(&house().party, &house().other), "NIR-S202"),
            ("an RSA party's", swapped(&house().rsa), "NIR-S202"),
            ("a stranger's with the trusted CA's name", whole(&house().stranger, &house().stranger), "NIR-S213"),
            ("a stranger's, signed by a party", swapped(&house().stranger), "NIR-S213"),
            ("of the other environment", whole(&house().test, &house().test), "NIR-S217"),
            ("revoked", whole(&house().revoked, &house().revoked), "NIR-S212"),
            ("nothing", raw(b""), "NIR-S213"),
            ("rubbish", raw(b"rubbish"), "NIR-S213"),
            ("cut short", raw(&der[..der.len() - 1]), "NIR-S213"),
            ("with a byte after it", raw(&[der, &[0]].concat()), "NIR-S213"),
            (
                "one bit of its signature",
                raw(&{
                    let mut d = der.to_vec();
                    let last = d.len() - 1;
                    d[last] ^= 1;
                    d
                }),
                "NIR-S213",
            ),
            ("three million bytes", raw(&vec![0x30; 3_000_000]), "NIR-S213"),
            ("ten thousand sequences deep", raw(&[0x30, 0x80].repeat(8_000)), "NIR-S213"),
            ("a length of four gigabytes", raw(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30]), "NIR-S213"),
            (
                "no base64",
                after(soap, |t| t.replace("</wsse:BinarySecurityToken>", "*</wsse:BinarySecurityToken>")),
                "NIR-S202",
            ),
            ("a path of certificates", after(soap, |t| t.replace("#X509v3\"", "#X509PKIPathv1\"")), "NIR-S202"),
            ("another encoding", after(soap, |t| t.replace("#Base64Binary", "#HexBinary")), "NIR-S202"),
            (
                "no encoding",
                after(soap, |t| {
                    swap(
                        t,
                        " EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\"",
                        "",
                    )
                }),
                "ok",
            ),
            (
                "an include instead of bytes",
                after(soap, |t| {
                    swap(
                        t,
                        &base64(der),
                        "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"http://127.0.0.1:1/c\"/>",
                    )
                }),
                "NIR-S213",
            ),
        ]
    });
}

#[test]
fn key_infos_of_other_kinds() {
    let party = &house().party;
    check(|soap| -> Vec<Row> {
        let whole = |key_info: &str| before(soap, |t| swap(t, &super::mill::key_info(TO_TOKEN), key_info));
        let child = |inside: &str| whole(&format!("<ds:KeyInfo>{inside}</ds:KeyInfo>"));
        let reference = |inside: &str| whole(&key_info(inside));
        vec![
            ("none", whole(""), "NIR-S205"),
            ("empty", child(""), "NIR-S202"),
            ("two", whole(&key_info(TO_TOKEN).repeat(2)), "NIR-S205"),
            ("KeyName", child("<ds:KeyName>EKKO-1</ds:KeyName>"), "NIR-S202"),
            (
                "KeyName beside the reference",
                whole(&key_info(TO_TOKEN).replace("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>x</ds:KeyName>")),
                "NIR-S202",
            ),
            (
                "KeyValue",
                child(
                    "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AAAA</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
                ),
                "NIR-S202",
            ),
            ("KeyValue within the reference", reference("<ds:KeyValue/>"), "NIR-S202"),
            (
                "DEREncodedKeyValue",
                child(
                    "<d:DEREncodedKeyValue xmlns:d=\"http://www.w3.org/2009/xmldsig11#\">AAAA</d:DEREncodedKeyValue>",
                ),
                "NIR-S202",
            ),
            ("RetrievalMethod", child("<ds:RetrievalMethod URI=\"http://127.0.0.1:1/key\"/>"), "NIR-S202"),
            (
                "RetrievalMethod to a file",
                child(
                    "<ds:RetrievalMethod URI=\"file:///etc/passwd\" Type=\"http://www.w3.org/2000/09/xmldsig#rawX509Certificate\"/>",
                ),
                "NIR-S202",
            ),
            (
                "KeyInfoReference",
                child(
                    "<d:KeyInfoReference xmlns:d=\"http://www.w3.org/2009/xmldsig11#\" URI=\"http://127.0.0.1:1/\"/>",
                ),
                "NIR-S202",
            ),
            ("MgmtData, PGPData, SPKIData", child("<ds:MgmtData/><ds:PGPData/><ds:SPKIData/>"), "NIR-S202"),
            ("EncryptedKey", child("<x:EncryptedKey xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"/>"), "NIR-S202"),
            ("X509Data without a reference", child(&x509_data(&certificate(party))), "NIR-S202"),
            (
                "two references",
                child(
                    "<wsse:SecurityTokenReference><wsse:Reference URI=\"#bst\"/></wsse:SecurityTokenReference>"
                        .repeat(2)
                        .as_str(),
                ),
                "NIR-S202",
            ),
            (
                "a reference of two kinds",
                reference(&format!("{TO_TOKEN}{}", x509_data(&issuer_serial("1")))),
                "NIR-S202",
            ),
            ("an empty reference", reference(""), "NIR-S202"),
            (
                "an embedded token",
                reference(&format!("<wsse:Embedded>{}</wsse:Embedded>", token(party).replace("\"bst\"", "\"b2\""))),
                "NIR-S202",
            ),
            ("the certificate alone", reference(&x509_data(&certificate(party))), "NIR-S202"),
            (
                "several certificates",
                reference(&x509_data(&(certificate(party) + &certificate(&house().other)))),
                "NIR-S202",
            ),
            ("issuer and serial twice", reference(&x509_data(&issuer_serial("1").repeat(2))), "NIR-S202"),
            (
                "issuer and serial with two certificates",
                reference(&x509_data(&(issuer_serial("1") + &certificate(party).repeat(2)))),
                "NIR-S202",
            ),
            ("two X509Data", reference(&x509_data(&issuer_serial("1")).repeat(2)), "NIR-S202"),
            ("X509SKI", reference(&x509_data("<ds:X509SKI>AAAA</ds:X509SKI>")), "NIR-S202"),
            ("X509SubjectName", reference(&x509_data("<ds:X509SubjectName>CN=x</ds:X509SubjectName>")), "NIR-S202"),
            ("X509CRL", reference(&x509_data(&(issuer_serial("1") + "<ds:X509CRL>AAAA</ds:X509CRL>"))), "NIR-S202"),
            (
                "serial without issuer",
                reference(&x509_data(
                    "<ds:X509IssuerSerial><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>",
                )),
                "NIR-S202",
            ),
            ("an identifier without a type", reference("<wsse:KeyIdentifier>AAAA</wsse:KeyIdentifier>"), "NIR-S202"),
            ("an identifier of another type", reference(&identifier("urn:EKKO-1", "AAAA")), "NIR-S202"),
            (
                "an identifier of SAML",
                reference(&identifier(
                    "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID",
                    "x",
                )),
                "NIR-S202",
            ),
            ("a URL", reference("<wsse:Reference URI=\"http://127.0.0.1:1/token\"/>"), "NIR-S202"),
            ("no URI", reference("<wsse:Reference/>"), "NIR-S202"),
            ("without #", reference("<wsse:Reference URI=\"bst\"/>"), "NIR-S202"),
            ("to nothing", reference("<wsse:Reference URI=\"#EKKO-1\"/>"), "NIR-S202"),
            ("to the Body", reference("<wsse:Reference URI=\"#body\"/>"), "NIR-S202"),
            (
                "to a token outside Security",
                before(soap, |t| {
                    swap(t, &token(party), "").replacen("</wsse:Security>", &format!("</wsse:Security>{}", token(party).replace("<wsse:BinarySecurityToken ", "<wsse:BinarySecurityToken xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" ")), 1)
                }),
                "NIR-S202",
            ),
            (
                "to a token by another attribute",
                before(soap, |t| t.replace("BinarySecurityToken wsu:Id=", "BinarySecurityToken Id=")),
                "NIR-S202",
            ),
            (
                "to a token by xml:id",
                before(soap, |t| t.replace("BinarySecurityToken wsu:Id=", "BinarySecurityToken xml:id=")),
                "NIR-S202",
            ),
            (
                "a KeyInfo of another namespace",
                before(soap, |t| {
                    t.replace("<ds:KeyInfo>", "<d:KeyInfo xmlns:d=\"urn:d\">").replace("</ds:KeyInfo>", "</d:KeyInfo>")
                }),
                "NIR-S205",
            ),
            (
                "the namespace of 1.1",
                before(soap, |t| {
                    t.replace(&format!("xmlns:ds=\"{DS}\""), "xmlns:ds=\"http://www.w3.org/2009/xmldsig11#\"")
                }),
                "NIR-S201",
            ),
        ]
    });
}
