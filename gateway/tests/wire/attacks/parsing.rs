//! Classes 4, 5, 15, 17, 18, 27: two readers of one text, canonical forms that hide something, entities, and sizes that
//! cost a parser more than they cost the sender. Most are signed by a registered party: what a stranger sends is refused
//! earlier.

use nir_wsdl::algorithm::EXC_C14N;
use nir_wsdl::seal::Signer;

use crate::attacks::forge::Forge;
use crate::attacks::house::{Attack, attack, bytes, house};
use crate::client::{Answer, Client};
use crate::messages::{day, head, hent_person, person, registrer, send, vedtak};

fn signed(signer: &Signer, payload: &str) -> Forge {
    Forge::draft(signer, payload).sign(signer)
}

#[test]
fn both_readers_read_one_document() {
    house().repels(|signer, victim| {
        let base = || signed(signer, &victim.payload);
        let payload = |from: &str, to: &str| {
            assert!(victim.payload.contains(from), "{from}");
            signed(signer, &victim.payload.replacen(from, to, 1))
        };
        vec![
            attack("an attribute twice", base().text("<soap:Body ", "<soap:Body wsu:Id=\"x\" "), "NIR-X301"),
            attack("one attribute by two prefixes", base().text("<soap:Body ", "<soap:Body xmlns:u2=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" u2:Id=\"x\" "), "NIR-X301"),
            attack("xmlns twice", base().text("<soap:Header>", "<soap:Header xmlns=\"urn:a\" xmlns=\"urn:b\">"), "NIR-X301"),
            attack("a prefix declared twice", base().text("<soap:Header>", "<soap:Header xmlns:a=\"urn:a\" xmlns:a=\"urn:b\">"), "NIR-X301"),
            attack("a prefix that nobody declared", base().text("<soap:Header>", "<soap:Header><q:X/>"), "NIR-X301"),
            attack("a prefix undeclared again", base().text("<soap:Header>", "<soap:Header xmlns:wsse=\"\">"), "NIR-X301"),
            attack("xml bound to another namespace", base().text("<soap:Header>", "<soap:Header xmlns:xml=\"urn:x\">"), "NIR-X301"),
            attack("xmlns as a prefix", base().text("<soap:Header>", "<soap:Header xmlns:xmlns=\"urn:x\">"), "NIR-X301"),
            attack("a relative namespace, on which canonicalizers fail", base().text("<soap:Header>", "<soap:Header xmlns:a=\"../a\">"), "NIR-X301"),
            attack("a relative namespace in the payload", base().text("<melding>", "<melding xmlns:a=\"a\">"), "NIR-X301"),
            attack("a namespace by character references", base().text("<soap:Header>", "<soap:Header xmlns:a=\"urn&#58;a\">"), "NIR-X301"),
            attack("the soap prefix means something else from the Body on", base().text("<soap:Body ", "<soap:Body xmlns:soap=\"urn:soap\" "), "NIR-X301"),
            attack("the payload's namespace changes after signing", base().text("<meldingshode>", "<meldingshode xmlns=\"urn:x\">"), "NIR-S202"),
            attack("a part of another namespace in the payload", payload("<meldingshode>", "<meldingshode xmlns=\"urn:x\">"), "NIR-X302"),
            attack("an element without a namespace in the payload", payload("<handling>", "<handling xmlns=\"\">"), "NIR-X302"),
            attack("the payload in another namespace", payload("urn:no:nir:melding:v1", "urn:no:nir:melding:v2"), "NIR-X303"),
            attack("the payload in no namespace", payload(" xmlns=\"urn:no:nir:melding:v1\"", ""), "NIR-X303"),
            attack("the meldingsId twice", payload("</meldingsId>", "</meldingsId><meldingsId>other</meldingsId>"), "NIR-X302"),
            attack("the header twice", payload("</meldingshode>", "</meldingshode><meldingshode></meldingshode>"), "NIR-X302"),
            attack("an attribute in the payload", payload("<meldingshode>", "<meldingshode kommunenummer=\"0301\">"), "NIR-X302"),
            attack("xsi:type, whose prefix stands in a value", payload("<handling>", "<handling xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Kode\">"), "NIR-X302"),
            attack("xsi:nil", payload("<handling>", "<handling xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\">"), "NIR-X302"),
            attack("characters that XML does not have", base().text("<soap:Header>", "<soap:Header>\u{1}"), "NIR-X301"),
            attack("a character reference that XML does not have", base().text("<soap:Header>", "<soap:Header>&#0;"), "NIR-X301"),
            attack("]]> in text", base().text("<soap:Header>", "<soap:Header>]]>"), "NIR-X301"),
            attack("-- in a comment", base().text("<soap:Header>", "<soap:Header><!-- a -- b -->"), "NIR-X301"),
            attack("a comment that never ends", base().text("<soap:Header>", "<soap:Header><!-- "), "NIR-X301"),
            attack("a comment that hides the signed Body from one reader", base().text("<soap:Body ", "<!--><soap:Body ").text("</soap:Body>", "</soap:Body>-->"), "NIR-X301"),
            attack("CDATA that never ends", base().text("<soap:Header>", "<soap:Header><![CDATA["), "NIR-X301"),
            attack("a slash inside a tag", base().text("<soap:Header>", "<soap:Header / >"), "NIR-X301"),
            attack("an attribute without quotes", base().text("<soap:Header>", "<soap:Header a=b>"), "NIR-X301"),
            attack("tags that cross", base().text("</soap:Header>", "</soap:Body>"), "NIR-X301"),
            attack("two roots", base().text("</soap:Envelope>", "</soap:Envelope><x/>"), "NIR-X301"),
            attack("text after the root", base().text("</soap:Envelope>", "</soap:Envelope>x"), "NIR-X301"),
            attack("nothing", Forge { xml: String::new() }, "NIR-X301"),
            attack("no XML", Forge { xml: "hello".into() }, "NIR-X301"),
        ]
    });
}

/// What a reader that stops at a comment would see differs from what was signed (CVE-2017-11427 and its family).
#[test]
fn a_value_is_read_whole_or_not_at_all() {
    let house = house();
    let vendor = house.vendor();
    let duf = house.sandbox.unused("4204");
    let (start, end) = duf.split_at(6);
    for (what, written) in [
        ("a comment inside", format!("{start}<!-- -->{end}")),
        ("a comment that looks like markup", format!("{start}<!--</dufNummer><dufNummer>-->{end}")),
        ("CDATA inside", format!("{start}<![CDATA[{end}]]>")),
        ("two CDATA", format!("<![CDATA[{start}]]><![CDATA[{end}]]>")),
        ("character references", duf.chars().map(|digit| format!("&#x{:x};", digit as u32)).collect()),
    ] {
        let read = vendor.send(&signed(&vendor.signer, &hent_person(&head(), &written, "")).xml);
        assert_eq!(read.text("dufNummer").as_deref(), Some(duf.as_str()), "{what}: {}", read.body);
        // The same written so after signing: comments and the like are no part of what is signed.
        let plain = signed(&vendor.signer, &hent_person(&head(), &duf, ""));
        let read = vendor.send(&plain.text(&format!("<dufNummer>{duf}<"), &format!("<dufNummer>{written}<")).xml);
        assert_eq!(read.text("dufNummer").as_deref(), Some(duf.as_str()), "{what}, after signing: {}", read.body);
    }
    house.stands();
}

#[test]
fn no_canonical_form_but_the_one_of_the_profile() {
    house().repels(|signer, victim| {
        let others = [
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
            "http://www.w3.org/2006/12/xml-c14n11",
            "http://www.w3.org/2010/10/xml-c14n2",
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            "urn:identity",
            "",
        ];
        let mut table: Vec<Attack> = Vec::new();
        for other in others {
            let method = Forge::draft(signer, &victim.payload).text(EXC_C14N, other);
            table.push(attack(format!("CanonicalizationMethod {other}"), method.sign(signer), "NIR-S204"));
            let transform = Forge::draft(signer, &victim.payload).text(
                &format!("<ds:Transform Algorithm=\"{EXC_C14N}\">"),
                &format!("<ds:Transform Algorithm=\"{other}\">"),
            );
            table.push(attack(format!("Transform {other}"), transform.sign(signer), "NIR-S206"));
        }
        let draft = || Forge::draft(signer, &victim.payload);
        table.extend([
            attack("no CanonicalizationMethod", draft().sign(signer).replace("CanonicalizationMethod", ""), "NIR-S205"),
            attack(
                "a parameter of another kind",
                draft().into_end("CanonicalizationMethod", "<x xmlns=\"urn:x\"/>").sign(signer),
                "NIR-S206",
            ),
        ]);
        table
    });
}

#[test]
fn a_doctype_is_refused_in_all_its_forms() {
    house().repels(|signer, victim| {
        let base = || signed(signer, &victim.payload).xml;
        let laughs: String =
            (1..20).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
        let mut table = Vec::new();
        for (what, doctype) in [
            ("a name alone", "<!DOCTYPE x>".to_owned()),
            ("white space in it", "<!DOCTYPE\n\tx\r\n>".to_owned()),
            ("small letters", "<!doctype x>".to_owned()),
            ("SYSTEM file", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">".to_owned()),
            ("PUBLIC", "<!DOCTYPE x PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"http://127.0.0.1:9/x.dtd\">".to_owned()),
            ("an empty subset", "<!DOCTYPE x []>".to_owned()),
            ("an entity", "<!DOCTYPE x [<!ENTITY a \"a\">]>".to_owned()),
            ("an external entity", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>".to_owned()),
            ("a parameter entity", "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\">%p;]>".to_owned()),
            ("ten to the power of nineteen laughs", format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>")),
            ("one entity of 64 KiB, many times", format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>", "a".repeat(65_536))),
            (
                "an attribute default, which would change what is signed",
                "<!DOCTYPE x [<!ATTLIST soap:Body Id CDATA \"x\">]>".to_owned(),
            ),
            (
                "an ID type, which would change what a reference means",
                "<!DOCTYPE x [<!ATTLIST x y ID #IMPLIED>]>".to_owned(),
            ),
            ("a notation", "<!DOCTYPE x [<!NOTATION n SYSTEM \"n\">]>".to_owned()),
            ("a conditional section", "<![INCLUDE[x]]>".to_owned()),
            ("a comment before it", "<!-- a --><!DOCTYPE x>".to_owned()),
        ] {
            table.push(bytes(what, format!("{doctype}{}", base()).into_bytes(), "NIR-X305"));
            let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{doctype}{}", base());
            table.push(bytes(format!("{what}, after the XML declaration"), declared.into_bytes(), "NIR-X305"));
            table.push(bytes(
                format!("{what}, after a byte order mark"),
                format!("\u{feff}{doctype}{}", base()).into_bytes(),
                "NIR-X305",
            ));
            let inside = Forge { xml: base() }.text("<soap:Header>", &format!("<soap:Header>{doctype}"));
            table.push(attack(format!("{what}, inside the Header"), inside, "NIR-X305"));
            let wide = |bytes: Vec<u8>, mark: &[u8]| [mark, &bytes[..]].concat();
            let utf16 = format!("{doctype}{}", base());
            let little = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
            table.push(bytes(format!("{what}, in UTF-16"), wide(little, &[0xff, 0xfe]), "NIR-T109"));
        }
        table.push(bytes(
            "an entity that nobody declared",
            base().replacen("<soap:Header>", "<soap:Header>&a;", 1).into_bytes(),
            "NIR-X301",
        ));
        table.push(bytes("an entity after the root", format!("{}<!ENTITY a \"b\">", base()).into_bytes(), "NIR-X305"));
        table
    });
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    house().repels(|signer, victim| {
        let text = signed(signer, &victim.payload).xml;
        let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{text}");
        let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let utf32 = |text: &str| text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect::<Vec<u8>>();
        let latin = |text: &str| {
            text.replacen("<navn>Flyktning", "<navn>Flyktn\u{1}", 1)
                .bytes()
                .map(|b| if b == 1 { 0xe6 } else { b })
                .collect::<Vec<u8>>()
        };
        let mut table = vec![
            bytes(
                "UTF-16 little-endian with a mark",
                [&[0xff, 0xfe][..], &utf16(&text, u16::to_le_bytes)].concat(),
                "NIR-T109",
            ),
            bytes(
                "UTF-16 big-endian with a mark",
                [&[0xfe, 0xff][..], &utf16(&text, u16::to_be_bytes)].concat(),
                "NIR-T109",
            ),
            bytes("UTF-16 little-endian without a mark", utf16(&text, u16::to_le_bytes), "NIR-T109"),
            bytes("UTF-16 big-endian without a mark", utf16(&text, u16::to_be_bytes), "NIR-T109"),
            bytes("UTF-16 that says so", utf16(&declared("UTF-16"), u16::to_le_bytes), "NIR-T109"),
            bytes("UTF-32", utf32(&text), "NIR-T109"),
            bytes("ISO-8859-1 bytes", latin(&text), "NIR-T109"),
            bytes(
                "half a character",
                text.replacen("<soap:Header>", "<soap:Header>\u{e6}", 1).bytes().filter(|b| *b != 0xa6).collect(),
                "NIR-T109",
            ),
            bytes("an overlong <", [b"\xc0\xbc", text.as_bytes()].concat(), "NIR-T109"),
            bytes("half a surrogate", [text.as_bytes(), b"\xed\xa0\x80"].concat(), "NIR-T109"),
            bytes("UTF-7 with an XML declaration", declared("UTF-7").into_bytes(), "NIR-T109"),
        ];
        for encoding in ["UTF-16", "ISO-8859-1", "windows-1252", "us-ascii", "EBCDIC-CP-US", "x", ""] {
            table.push(bytes(
                format!("the XML declaration says {encoding}"),
                declared(encoding).into_bytes(),
                "NIR-T109",
            ));
        }
        table
    });
}

#[test]
fn size_costs_the_sender_more_than_the_gateway() {
    house().repels(|signer, victim| {
        let base = || signed(signer, &victim.payload);
        let in_header = |what: &str| base().text("<soap:Header>", &format!("<soap:Header>{what}"));
        let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
        let attributes = |count| many(count, &|n| format!(" a{n}=\"\""));
        let namespaces = |count| many(count, &|n| format!(" xmlns:n{n}=\"urn:{n}\""));
        let deep = |count: usize| format!("{}{}", "<a>".repeat(count), "</a>".repeat(count));
        // Signed by a registered party, in the payload itself.
        let in_payload =
            |what: &str| signed(signer, &victim.payload.replacen("<handling>", &format!("{what}<handling>"), 1));
        vec![
            attack("33 attributes", in_header(&format!("<x{}/>", attributes(33))), "NIR-X306"),
            attack("100,000 attributes", in_header(&format!("<x{}/>", attributes(100_000))), "NIR-X306"),
            attack(
                "100,000 attributes on the Body",
                base().text("<soap:Body", &format!("<soap:Body{}", attributes(100_000))),
                "NIR-X306",
            ),
            attack(
                "100,000 times the same attribute",
                in_header(&format!("<x{}/>", " a=\"\"".repeat(100_000))),
                "NIR-X306",
            ),
            attack("65 namespaces", in_header(&format!("<x{}/>", namespaces(65))), "NIR-X306"),
            attack("50,000 namespaces", in_header(&format!("<x{}/>", namespaces(50_000))), "NIR-X306"),
            attack(
                "50,000 namespaces on the Envelope",
                base().text("<soap:Envelope", &format!("<soap:Envelope{}", namespaces(50_000))),
                "NIR-X306",
            ),
            attack(
                "many namespaces in scope, few on each element",
                in_header(&format!(
                    "{}{}",
                    many(20, &|n| format!("<a{}>", namespaces(4).replace("n0", &format!("n{n}x")))),
                    "</a>".repeat(20)
                )),
                "NIR-X306",
            ),
            attack("60 levels more than there are", in_header(&deep(65)), "NIR-X306"),
            attack("100,000 levels", in_header(&deep(100_000)), "NIR-X306"),
            attack("100,000 levels that never end", in_header(&"<a>".repeat(100_000)), "NIR-X306"),
            attack("100,000 ends that never began", in_header(&"</a>".repeat(100_000)), "NIR-X301"),
            attack("600 distinct names", in_header(&many(600, &|n| format!("<n{n}/>"))), "NIR-X306"),
            attack("200,000 distinct names", in_header(&many(200_000, &|n| format!("<n{n}/>"))), "NIR-X306"),
            attack(
                "600 distinct names of attributes",
                in_header(&many(600, &|n| format!("<x a{n}=\"\"/>"))),
                "NIR-X306",
            ),
            attack("a name of 300 bytes", in_header(&format!("<{}/>", "n".repeat(300))), "NIR-X306"),
            attack("a name of 3 MB", in_header(&format!("<{}/>", "n".repeat(3_000_000))), "NIR-X306"),
            attack(
                "a name of an attribute of 3 MB",
                in_header(&format!("<x {}=\"\"/>", "n".repeat(3_000_000))),
                "NIR-X306",
            ),
            attack(
                "names that collide in weak hashes",
                in_header(&many(4_000, &|n| format!("<{}/>", collision(n)))),
                "NIR-X306",
            ),
            attack("500,000 elements", in_header(&"<a/>".repeat(500_000)), "NIR-X306"),
            attack("500,000 elements in the payload, signed", in_payload(&"<a></a>".repeat(450_000)), "NIR-X306"),
            attack("a value of 3 MB, signed", in_payload(&format!("<a>{}</a>", "a".repeat(3_000_000))), "NIR-X302"),
            attack(
                "an attribute of 3 MB, signed",
                in_payload(&format!("<a b=\"{}\"></a>", "&lt;".repeat(750_000))),
                "NIR-X302",
            ),
            attack("30 levels in the payload, signed", in_payload(&deep(30)), "NIR-X302"),
            attack("a processing instruction", in_header("<?php x ?>"), "NIR-X306"),
            attack("a second XML declaration", in_header("<?xml version=\"1.0\"?>"), "NIR-X306"),
            attack("a style sheet", Forge { xml: format!("<?xml-stylesheet href=\"x\"?>{}", base().xml) }, "NIR-X306"),
            attack(
                "2 MB of white space in the Envelope, then an end that is none",
                base().text("</soap:Envelope>", &format!("{}</soap:Envelop>", " ".repeat(2_000_000))),
                "NIR-X301",
            ),
            attack("1 MB of comments, then rubbish", in_header(&format!("{}<", "<!---->".repeat(140_000))), "NIR-X301"),
            attack("4.5 MB", in_header(&"x".repeat(4_500_000)), "NIR-T103"),
        ]
    });
}

/// Strings of letters that collide in hashes of the kind `h * 33 + c`.
fn collision(n: usize) -> String {
    (0..12).map(|bit| if n >> bit & 1 == 0 { "Ez" } else { "FY" }).collect()
}

#[test]
fn values_made_for_the_schema_are_refused_at_once() {
    house().repels(|signer, victim| {
        let value = |element: &str, value: &str| {
            let open = format!("<{element}>");
            let start = victim.payload.find(&open).unwrap() + open.len();
            let end = start + victim.payload[start..].find('<').unwrap();
            signed(signer, &format!("{}{value}{}", &victim.payload[..start], &victim.payload[end..]))
        };
        let long = "A".repeat(1_000_000);
        vec![
            attack("a code of 1 MB", value("handling", &long), "NIR-X302"),
            attack("a code of 1 MB that ends wrong", value("handling", &format!("{long}!")), "NIR-X302"),
            attack("a DUF number of 1 MB", value("dufNummer", &"1".repeat(1_000_000)), "NIR-X302"),
            attack("a date of 1 MB", value("vedtaksdato", &"2".repeat(1_000_000)), "NIR-X302"),
            attack(
                "a year of a million digits",
                value("vedtaksdato", &format!("{}-01-01", "9".repeat(1_000_000))),
                "NIR-X302",
            ),
            attack("an id of 1 MB", value("meldingsId", &long), "NIR-X302"),
            attack("a name of 1 MB", value("navn", &long), "NIR-X302"),
        ]
    });
}

#[test]
fn a_thousand_lines_and_no_more() {
    let house = house();
    let vendor = house.vendor();
    let lines = |count: usize| -> String {
        (0..count).map(|n| registrer(&n.to_string(), "", &vedtak(&day(0), &day(0), &day(30)))).collect()
    };
    let duf = house.sandbox.unused("4204");
    let call = |persons: &str| -> Answer { send_signed(&vendor, &send(&head(), persons)) };
    for (what, persons) in [
        ("201 lines of a person", person(&duf, &lines(201))),
        ("501 persons", person(&duf, &lines(1)).repeat(501)),
        ("1,001 lines", person(&duf, &lines(143)).repeat(7)),
        ("no person", String::new()),
        ("no line", person(&duf, "")),
    ] {
        let answer = call(&persons);
        assert_eq!(answer.codes().first().map(String::as_str), Some("NIR-X302"), "{what}: {}", answer.body);
    }
    house.stands();
}

fn send_signed(client: &Client<'_>, payload: &str) -> Answer {
    client.send(&signed(&client.signer, payload).xml)
}
