//! Classes 5, 11 and 16: what the references say, how many they are, and what they want done to the bytes.

use nir_wsdl::algorithm::{ENVELOPED, EXC_C14N};
use nir_wsdl::envelope::SoapVersion;

use super::mill::{SIGNED_BODY, reference};
use super::{Row, after, before, check, swap};

/// The two references of the message.
fn references() -> String {
    format!("{}{}", reference("#body"), reference("#ts"))
}

fn with_references(soap: SoapVersion, references: &str) -> Vec<u8> {
    before(soap, |text| swap(text, &self::references(), references))
}

#[test]
fn too_few_and_too_many() {
    let extra = |count: usize| (0..count).map(|n| reference(&format!("#x{n}"))).collect::<String>();
    let targets =
        |count: usize| (0..count).map(|n| format!("<x:x xmlns:x=\"urn:x\" wsu:Id=\"x{n}\"/>")).collect::<String>();
    check(|soap| -> Vec<Row> {
        let many = |count: usize| {
            before(soap, |text| {
                let text = swap(text, &references(), &format!("{}{}", references(), extra(count)));
                swap(&text, "</soap:Header>", &format!("{}</soap:Header>", targets(count)))
            })
        };
        // 2,000 are filled with nothing: they are refused by their number alone.
        let crowd =
            references() + &reference("#body").replace("></ds:DigestValue>", ">AAAA</ds:DigestValue>").repeat(1_998);
        vec![
            ("none", with_references(soap, ""), "NIR-S205"),
            ("ten", many(8), "ok"),
            ("eleven", many(9), "NIR-S205"),
            ("two thousand to the Body", with_references(soap, &crowd), "NIR-S205"),
            ("the Body twice", with_references(soap, &(references() + &reference("#body"))), "NIR-S205"),
            ("the Body alone", with_references(soap, &reference("#body")), "NIR-S205"),
            ("the Timestamp alone", with_references(soap, &reference("#ts")), "NIR-S205"),
            ("in the other order", with_references(soap, &(reference("#ts") + &reference("#body"))), "ok"),
        ]
    });
}

#[test]
fn references_to_elsewhere() {
    check(|soap| -> Vec<Row> {
        let uri = |uri: &str| with_references(soap, &references().replacen("#body", uri, 1));
        let none = with_references(soap, &references().replacen(" URI=\"#body\"", "", 1));
        // The id is in an attribute of another namespace, or there are two that differ.
        let strange = |attribute: &str| with_references(soap, &references().replacen("URI=\"#body\"", attribute, 1));
        vec![
            ("no URI", none, "NIR-S205"),
            ("the whole document", uri(""), "NIR-S205"),
            ("a fragment of nothing", uri("#"), "NIR-S205"),
            ("http", uri("http://127.0.0.1:1/secret"), "NIR-S205"),
            ("https with fragment", uri("https://gateway.example/ws#body"), "NIR-S205"),
            ("ftp", uri("ftp://127.0.0.1/x"), "NIR-S205"),
            ("file", uri("file:///etc/hostname"), "NIR-S205"),
            ("a relative path", uri("hostname"), "NIR-S205"),
            ("cid", uri("cid:body"), "NIR-S205"),
            ("without #", uri("body"), "NIR-S205"),
            ("xpointer to an id", uri("#xpointer(id('body'))"), "NIR-S205"),
            ("xpointer to the root", uri("#xpointer(/)"), "NIR-S205"),
            ("xpointer by path", uri("#xpointer(//*[local-name()='Body'])"), "NIR-S205"),
            ("element scheme", uri("#element(/1/2)"), "NIR-S205"),
            ("escaped", uri("#bod%79"), "NIR-S205"),
            ("with a space", uri("# body"), "NIR-S205"),
            ("quoted out of the id function", uri("#body') or true() or ('"), "NIR-S205"),
            ("two ids", uri("#body ts"), "NIR-S205"),
            ("a very long id", uri(&format!("#{}", "a".repeat(300))), "NIR-S205"),
            ("the id of a strange namespace", strange("xmlns:x=\"urn:x\" x:URI=\"#body\""), "NIR-S205"),
            ("two ids that differ", strange("xmlns:x=\"urn:x\" x:URI=\"#ts\" URI=\"#body\""), "NIR-S205"),
        ]
    });
}

#[test]
fn transforms() {
    const ALONE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let transform = |uri: &str| format!("<ds:Transform Algorithm=\"{uri}\"/>");
    let filled = |uri: &str, inside: &str| format!("<ds:Transform Algorithm=\"{uri}\">{inside}</ds:Transform>");
    let prefixes = |list: &str| {
        filled(EXC_C14N, &format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"{list}\"/>"))
    };
    check(|soap| -> Vec<Row> {
        let with = |transforms: &str| with_references(soap, &references().replacen(ALONE, transforms, 1));
        let whole = format!("<ds:Transforms>{ALONE}</ds:Transforms>");
        vec![
            ("no Transforms", with_references(soap, &references().replacen(&whole, "", 1)), "NIR-S206"),
            ("empty Transforms", with(""), "NIR-S206"),
            (
                "Transforms of another namespace",
                with_references(soap, &references().replacen(&whole, "<Transforms xmlns=\"urn:x\"/>", 1)),
                "NIR-S206",
            ),
            ("another child", with("<x:x xmlns:x=\"urn:x\"/>"), "NIR-S206"),
            ("another child beside", with(&format!("{ALONE}<x:x xmlns:x=\"urn:x\"/>")), "NIR-S206"),
            ("inclusive", with(&transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")), "NIR-S206"),
            (
                "inclusive with comments",
                with(&transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments")),
                "NIR-S206",
            ),
            ("inclusive 1.1", with(&transform("http://www.w3.org/2006/12/xml-c14n11")), "NIR-S206"),
            (
                "exclusive with comments",
                with(&transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")),
                "NIR-S206",
            ),
            ("exclusive twice", with(&ALONE.repeat(2)), "NIR-S206"),
            ("exclusive a thousand times", with(&ALONE.repeat(1_000)), "NIR-S206"),
            ("enveloped alone", with(&transform(ENVELOPED)), "NIR-S206"),
            ("enveloped after", with(&format!("{ALONE}{}", transform(ENVELOPED))), "NIR-S206"),
            ("enveloped twice", with(&format!("{0}{0}{ALONE}", transform(ENVELOPED))), "NIR-S206"),
            (
                "enveloped with a parameter",
                with(&format!("{}{ALONE}", filled(ENVELOPED, "<x:x xmlns:x=\"urn:x\"/>"))),
                "NIR-S206",
            ),
            ("enveloped before, outside the element", with(&format!("{}{ALONE}", transform(ENVELOPED))), "ok"),
            (
                "XPath",
                with(&format!(
                    "{}{ALONE}",
                    filled("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>not(//x)</ds:XPath>")
                )),
                "NIR-S206",
            ),
            (
                "XPath alone",
                with(&filled("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>0</ds:XPath>")),
                "NIR-S206",
            ),
            (
                "XPath filter 2",
                with(&format!("{}{ALONE}", transform("http://www.w3.org/2002/06/xmldsig-filter2"))),
                "NIR-S206",
            ),
            (
                "XSLT",
                with(&filled(
                    "http://www.w3.org/TR/1999/REC-xslt-19991116",
                    "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/>",
                )),
                "NIR-S206",
            ),
            ("base64", with(&transform("http://www.w3.org/2000/09/xmldsig#base64")), "NIR-S206"),
            (
                "STR-Transform",
                with(&transform(
                    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
                )),
                "NIR-S206",
            ),
            ("decryption", with(&transform("http://www.w3.org/2002/07/decrypt#XML")), "NIR-S206"),
            (
                "relationships",
                with(&transform("http://schemas.openxmlformats.org/package/2006/RelationshipTransform")),
                "NIR-S206",
            ),
            ("no algorithm", with("<ds:Transform/>"), "NIR-S206"),
            (
                "the algorithm in a strange namespace",
                with(&format!("<ds:Transform xmlns:x=\"urn:x\" x:Algorithm=\"{EXC_C14N}\"/>")),
                "NIR-S205",
            ),
            (
                "two algorithms that differ",
                with(&format!(
                    "<ds:Transform xmlns:x=\"urn:x\" x:Algorithm=\"{ENVELOPED}\" Algorithm=\"{EXC_C14N}\"/>"
                )),
                "NIR-S205",
            ),
            (
                "two PrefixLists",
                with(&filled(
                    EXC_C14N,
                    &format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"\"/>").repeat(2),
                )),
                "NIR-S206",
            ),
            (
                "elements in a PrefixList",
                with(&filled(
                    EXC_C14N,
                    &format!(
                        "<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"\"><ec:x/></ec:InclusiveNamespaces>"
                    ),
                )),
                "NIR-S206",
            ),
            ("a thousand prefixes", with(&prefixes(&"a ".repeat(1_000))), "NIR-S206"),
            ("prefixes of nothing", with(&prefixes("a b #default xml xmlns")), "ok"),
            ("an empty PrefixList", with(&prefixes("")), "ok"),
            ("a space after the last prefix", with(&prefixes("a b ")), "ok"),
            ("a space before the first prefix", with(&prefixes(" a b")), "NIR-S206"),
            ("two spaces between prefixes", with(&prefixes("a  b")), "NIR-S206"),
            ("a space alone", with(&prefixes(" ")), "NIR-S206"),
            (
                "no PrefixList",
                with(&filled(EXC_C14N, &format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\"/>"))),
                "NIR-S206",
            ),
            (
                "prefixes that a tab does not divide",
                before(soap, |text| {
                    let text = text.replacen(ALONE, &prefixes("a&#9;x"), 1);
                    swap(&text, "<soap:Body ", "<soap:Body xmlns:x=\"urn:x\" ")
                }),
                "ok",
            ),
        ]
    });
}

/// The Signature inside what is signed with enveloped-signature: the no-op would be none.
#[test]
fn enveloped_around_the_signature() {
    check(|soap| -> Vec<Row> {
        let around = |id: &'static str, old: &'static str, new: &'static str| {
            let two = format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/><ds:Transform Algorithm=\"{EXC_C14N}\"/>");
            let one = format!("<ds:Transform Algorithm=\"{EXC_C14N}\"/>");
            let third = reference(id).replace(&one, &two);
            before(soap, move |text| {
                text.replace(&references(), &format!("{}{third}", references())).replacen(old, new, 1)
            })
        };
        vec![
            ("the Envelope", around("#e", "<soap:Envelope ", "<soap:Envelope wsu:Id=\"e\" "), "NIR-S206"),
            ("the Header", around("#h", "<soap:Header>", "<soap:Header wsu:Id=\"h\">"), "NIR-S206"),
            ("the Security header", around("#s", "<wsse:Security ", "<wsse:Security wsu:Id=\"s\" "), "NIR-S206"),
            ("the Signature", around("#g", "<ds:Signature ", "<ds:Signature Id=\"g\" "), "NIR-S206"),
        ]
    });
}

#[test]
fn the_shape_of_signature_and_signed_info() {
    let bent = |old: &'static str, new: String| move |text: &str| text.replacen(old, &new, 1);
    check(|soap| -> Vec<Row> {
        let bend = |old: &'static str, new: &str| before(soap, bent(old, new.to_owned()));
        let object = "<ds:Object><ds:Manifest><ds:Reference URI=\"#body\"/></ds:Manifest></ds:Object></ds:Signature>";
        vec![
            ("a Manifest", after(soap, |t| swap(t, "</ds:Signature>", object)), "NIR-S205"),
            ("an Object before", bend("<ds:SignedInfo>", "<ds:Object/><ds:SignedInfo>"), "NIR-S205"),
            (
                "two SignedInfo",
                after(soap, |t| {
                    let (start, end) = (t.find("<ds:SignedInfo>").unwrap(), t.find("</ds:SignedInfo>").unwrap() + 16);
                    let info = t[start..end].to_owned();
                    swap(t, &info, &info.repeat(2))
                }),
                "NIR-S205",
            ),
            (
                "two SignatureValue",
                after(soap, |t| t.replace("<ds:KeyInfo>", "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>")),
                "NIR-S205",
            ),
            (
                "no SignatureValue",
                after(soap, |t| {
                    let (start, end) =
                        (t.find("<ds:SignatureValue>").unwrap(), t.find("</ds:SignatureValue>").unwrap() + 20);
                    format!("{}{}", &t[..start], &t[end..])
                }),
                "NIR-S205",
            ),
            (
                "elements in SignatureValue",
                after(soap, |t| t.replace("</ds:SignatureValue>", "<ds:x/></ds:SignatureValue>")),
                "NIR-S205",
            ),
            (
                "elements in DigestMethod",
                bend("xmlenc#sha256\"/>", "xmlenc#sha256\"><ds:x/></ds:DigestMethod>"),
                "NIR-S205",
            ),
            (
                "elements in DigestValue",
                after(soap, |t| t.replacen("</ds:DigestValue>", "<ds:x/></ds:DigestValue>", 1)),
                "NIR-S205",
            ),
            ("another element among the references", bend("</ds:SignedInfo>", "<ds:x/></ds:SignedInfo>"), "NIR-S205"),
            (
                "SignatureMethod first",
                before(soap, |t| {
                    let (start, end) =
                        (t.find("<ds:CanonicalizationMethod").unwrap(), t.find("<ds:SignatureMethod").unwrap());
                    let method = t[start..end].to_owned();
                    swap(
                        &swap(t, &method, ""),
                        "<ds:Reference URI=\"#body\"",
                        &format!("{method}<ds:Reference URI=\"#body\""),
                    )
                }),
                "NIR-S205",
            ),
            (
                "no SignatureMethod",
                before(soap, |t| {
                    let (start, end) = (t.find("<ds:SignatureMethod").unwrap(), t.find("<ds:Reference").unwrap());
                    format!("{}{}", &t[..start], &t[end..])
                }),
                "NIR-S205",
            ),
            (
                "SignedInfo of another namespace",
                before(soap, |t| {
                    t.replace("<ds:SignedInfo>", "<d:SignedInfo xmlns:d=\"urn:d\">")
                        .replace("</ds:SignedInfo>", "</d:SignedInfo>")
                }),
                "NIR-S205",
            ),
            (
                "space of Unicode, not of XML, after the value",
                after(soap, |t| t.replace("</ds:SignatureValue>", "\u{2028}</ds:SignatureValue>")),
                "NIR-S202",
            ),
            (
                "space of Unicode in a digest",
                after(soap, |t| t.replacen("<ds:DigestValue>", "<ds:DigestValue>\u{85}", 1)),
                "NIR-S202",
            ),
            (
                "SignatureValue is no base64",
                after(soap, |t| t.replace("<ds:SignatureValue>", "<ds:SignatureValue>*")),
                "NIR-S202",
            ),
            (
                "DigestValue is no base64",
                after(soap, |t| t.replacen("<ds:DigestValue>", "<ds:DigestValue>*", 1)),
                "NIR-S202",
            ),
            (
                "an empty SignatureValue",
                after(soap, |t| {
                    let (start, end) =
                        (t.find("<ds:SignatureValue>").unwrap() + 19, t.find("</ds:SignatureValue>").unwrap());
                    format!("{}{}", &t[..start], &t[end..])
                }),
                "NIR-S202",
            ),
            (
                "DigestValue cut short",
                after(soap, |t| {
                    let start = t.find("<ds:DigestValue>").unwrap() + 16;
                    format!("{}{}", &t[..start], &t[start + 4..])
                }),
                "NIR-S202",
            ),
            (
                "the digests exchanged",
                after(soap, |t| {
                    let digest = |from: usize| {
                        let start = from + t[from..].find("<ds:DigestValue>").unwrap() + 16;
                        (start, start + t[start..].find('<').unwrap())
                    };
                    let first = digest(0);
                    let second = digest(first.1);
                    format!(
                        "{}{}{}{}{}",
                        &t[..first.0],
                        &t[second.0..second.1],
                        &t[first.1..second.0],
                        &t[first.0..first.1],
                        &t[second.1..]
                    )
                }),
                "NIR-S202",
            ),
            ("one letter of the Body", after(soap, |t| t.replace("SYSTEM-1", "SYSTEM-2")), "NIR-S202"),
            (
                "an attribute added to the Body",
                after(soap, |t| t.replace(SIGNED_BODY, "<soap:Body wsu:Id=\"body\" x=\"1\">")),
                "NIR-S202",
            ),
            ("white space added to the Body", after(soap, |t| t.replace("</soap:Body>", " </soap:Body>")), "NIR-S202"),
            ("one letter of the Timestamp", after(soap, |t| t.replace("12:04:50Z", "12:04:51Z")), "NIR-S202"),
        ]
    });
}
