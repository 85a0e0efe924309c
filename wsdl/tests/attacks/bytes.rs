//! Classes 4, 5, 15, 17 and 18: bytes that parsers trip over, or that two parsers read as two documents.

use std::fmt::Write as _;

use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::operation::LARGEST;

use super::house::house;
use super::mill::{PING, SIGNED_BODY, sign, unsigned};
use super::{ECHO, Row, after, before, check, swap, texts};

fn whole(soap: SoapVersion) -> String {
    sign(&unsigned(soap, &house().party), &house().party)
}

/// Class 15: no document type in any form, wherever it stands.
#[test]
fn document_types() {
    check(|soap| -> Vec<Row> {
        let first = |text: &str| format!("{text}{}", whole(soap)).into_bytes();
        let inside = |text: &str| after(soap, |t| swap(t, SIGNED_BODY, &format!("{SIGNED_BODY}{text}")));
        let laughs: String = (1..10).fold("<!ENTITY a0 \"EKKO-1\">".to_owned(), |mut all, n| {
            write!(all, "<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10)).unwrap();
            all
        });
        vec![
            ("empty", first("<!DOCTYPE x>"), "NIR-X305"),
            ("of the root", first("<!DOCTYPE soap:Envelope>"), "NIR-X305"),
            ("external", first("<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">"), "NIR-X305"),
            ("file", first("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">"), "NIR-X305"),
            ("public", first("<!DOCTYPE x PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"http://127.0.0.1:1/\">"), "NIR-X305"),
            ("internal entity", first("<!DOCTYPE x [<!ENTITY a \"b\">]>"), "NIR-X305"),
            ("external entity", first("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>"), "NIR-X305"),
            ("parameter entity", first("<!DOCTYPE x [<!ENTITY % a SYSTEM \"http://127.0.0.1:1/\"> %a;]>"), "NIR-X305"),
            ("a billion laughs", first(&format!("<!DOCTYPE x [{laughs}]>")), "NIR-X305"),
            ("one large entity", first(&format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>", "a".repeat(100_000))), "NIR-X305"),
            ("attribute defaults", first("<!DOCTYPE x [<!ATTLIST ping Id ID #FIXED \"body\">]>"), "NIR-X305"),
            ("notation", first("<!DOCTYPE x [<!NOTATION a SYSTEM \"b\">]>"), "NIR-X305"),
            ("after a declaration", first("<?xml version=\"1.0\"?><!DOCTYPE x>"), "NIR-X305"),
            ("after a comment", first("<!-- --><!DOCTYPE x>"), "NIR-X305"),
            ("after white space", first(" \n<!DOCTYPE x>"), "NIR-X305"),
            ("after a byte order mark", first("\u{feff}<!DOCTYPE x>"), "NIR-X305"),
            ("in lower case", first("<!doctype x>"), "NIR-X305"),
            ("cut off", first("<!DOCTYPE"), "NIR-X305"),
            ("after the root", format!("{}<!DOCTYPE x>", whole(soap)).into_bytes(), "NIR-X305"),
            ("in the Body", inside("<!DOCTYPE x>"), "NIR-X305"),
            ("an entity declaration in the Body", inside("<!ENTITY a \"b\">"), "NIR-X305"),
            ("an element declaration in the Body", inside("<!ELEMENT a ANY>"), "NIR-X305"),
            ("a conditional section", inside("<![INCLUDE[<a/>]]>"), "NIR-X305"),
            ("an entity that nobody declared", after(soap, |t| t.replace("SYSTEM-1", "&EKKO;")), "NIR-X301"),
            ("an entity of HTML", after(soap, |t| t.replace("SYSTEM-1", "&nbsp;")), "NIR-X301"),
            (
                "the words in a comment",
                after(soap, |t| swap(t, "<soap:Header>", "<soap:Header><!-- <!DOCTYPE x [<!ENTITY a 'b'>]> -->")),
                "ok",
            ),
        ]
    });
}

#[test]
fn encodings() {
    check(|soap| -> Vec<Row> {
        let text = whole(soap);
        let wide = |mark: &[u8], unit: fn(u16) -> [u8; 2]| {
            [mark.to_vec(), text.encode_utf16().flat_map(unit).collect()].concat()
        };
        let utf32 =
            |mark: &[u8]| [mark.to_vec(), text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect()].concat();
        let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{text}").into_bytes();
        let latin1 = text.replace("SYSTEM-1", "S@").bytes().map(|b| if b == b'@' { 0xe5 } else { b }).collect();
        let utf7 =
            declared("UTF-7").iter().flat_map(|b| if *b == b'<' { b"+ADw-".to_vec() } else { vec![*b] }).collect();
        vec![
            ("UTF-16LE with mark", wide(&[0xff, 0xfe], u16::to_le_bytes), "NIR-T109"),
            ("UTF-16BE with mark", wide(&[0xfe, 0xff], u16::to_be_bytes), "NIR-T109"),
            ("UTF-16LE", wide(&[], u16::to_le_bytes), "NIR-T109"),
            ("UTF-16BE", wide(&[], u16::to_be_bytes), "NIR-T109"),
            ("UTF-32", utf32(&[]), "NIR-T109"),
            ("UTF-32 with mark", utf32(&[0, 0, 0xfe, 0xff]), "NIR-T109"),
            ("UTF-16 declared", declared("UTF-16"), "NIR-T109"),
            ("UTF-7 declared", declared("UTF-7"), "NIR-T109"),
            ("UTF-7", utf7, "NIR-X301"),
            ("ISO-8859-1 declared", declared("ISO-8859-1"), "NIR-T109"),
            ("windows-1252 declared", declared("windows-1252"), "NIR-T109"),
            ("EBCDIC declared", declared("IBM037"), "NIR-T109"),
            ("an empty encoding", declared(""), "NIR-T109"),
            ("US-ASCII declared", declared("US-ASCII"), "NIR-T109"),
            ("Latin-1 bytes", latin1, "NIR-T109"),
            ("an overlong slash", [text.as_bytes(), &[0xc0, 0xaf]].concat(), "NIR-T109"),
            ("a surrogate", [text.as_bytes(), &[0xed, 0xa0, 0x80]].concat(), "NIR-T109"),
            ("cut inside a letter", [text.as_bytes(), &[0xc3]].concat(), "NIR-T109"),
            ("UTF-8 declared", declared("UTF-8"), "ok"),
            ("utf-8 declared", declared("utf-8"), "ok"),
            ("a byte order mark", format!("\u{feff}{text}").into_bytes(), "ok"),
            ("a byte order mark and a declaration", [&[0xef, 0xbb, 0xbf], declared("utf-8").as_slice()].concat(), "ok"),
            ("two byte order marks", format!("\u{feff}\u{feff}{text}").into_bytes(), "NIR-X301"),
            (
                "space of Unicode in a declaration",
                format!("<?xml \u{85}version=\"1.0\"?>{text}").into_bytes(),
                "NIR-X301",
            ),
            ("XML 1.1", format!("<?xml version=\"1.1\"?>{text}").into_bytes(), "NIR-X301"),
        ]
    });
}

/// Classes 17 and 18. None of them is parsed: the prefilter counts, and stops at the first too many.
#[test]
fn floods() {
    check(|soap| -> Vec<Row> {
        let inside = |text: String| after(soap, move |t| swap(t, "</ping>", &format!("{text}</ping>")));
        let attributes = |count: usize| (0..count).map(|n| format!(" a{n}=\"\"")).collect::<String>();
        let namespaces = |count: usize| (0..count).map(|n| format!(" xmlns:a{n}=\"urn:a{n}\"")).collect::<String>();
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let scopes = |depth: usize| {
            let open: String = (0..depth).map(|n| format!("<a xmlns:n{n}=\"urn:n\" xmlns:m{n}=\"urn:m\">")).collect();
            open + &"</a>".repeat(depth)
        };
        vec![
            ("100,000 attributes", inside(format!("<a{}/>", attributes(100_000))), "NIR-X306"),
            ("33 attributes", inside(format!("<a{}/>", attributes(33))), "NIR-X306"),
            ("50,000 namespaces", inside(format!("<a{}/>", namespaces(50_000))), "NIR-X306"),
            ("65 namespaces", inside(format!("<a{}/>", namespaces(65))), "NIR-X306"),
            ("100 namespaces in scope", inside(scopes(50)), "NIR-X306"),
            ("100,000 deep", inside(nested(100_000)), "NIR-X306"),
            ("65 deep", inside(nested(65)), "NIR-X306"),
            ("deep and never closed", format!("{}{}", whole(soap), "<a>".repeat(100_000)).into_bytes(), "NIR-X306"),
            ("200,000 names", inside((0..200_000).map(|n| format!("<n{n}/>")).collect()), "NIR-X306"),
            (
                "600 names of attributes",
                inside((0..60).map(|n| format!("<a{}/>", attributes(10).replace(" a", &format!(" b{n}")))).collect()),
                "NIR-X306",
            ),
            ("a name of 300 bytes", inside(format!("<{}/>", "a".repeat(300))), "NIR-X306"),
            ("an attribute of 300 bytes", inside(format!("<a {}=\"\"/>", "a".repeat(300))), "NIR-X306"),
            ("a name of a megabyte", inside(format!("<{}/>", "a".repeat(1 << 20))), "NIR-X306"),
            ("half a million elements", inside("<a/>".repeat(500_000)), "NIR-X306"),
            (
                "a megabyte of comments",
                after(soap, |t| swap(t, "<soap:Header>", &format!("<soap:Header>{}", "<!---->".repeat(100_000)))),
                "ok",
            ),
            (
                "a megabyte of text beside",
                after(soap, |t| {
                    swap(
                        t,
                        "<soap:Header>",
                        &format!("<soap:Header><x:x xmlns:x=\"urn:x\">{}</x:x>", "&#97;".repeat(200_000)),
                    )
                }),
                "ok",
            ),
            ("larger than any operation", inside("a".repeat(LARGEST)), "NIR-T103"),
        ]
    });
    let refusal = house().road(&vec![b'<'; LARGEST + 1], None).unwrap_err();
    assert!(texts::told(&refusal)[0].contains(&LARGEST.to_string()), "the limit is told: {refusal:?}");
}

#[test]
fn ill_formed_and_ambiguous_markup() {
    check(|soap| -> Vec<Row> {
        let inside = |text: &'static str| after(soap, move |t| swap(t, "</ping>", &format!("{text}</ping>")));
        let header =
            |text: &'static str| after(soap, move |t| swap(t, "<soap:Header>", &format!("<soap:Header>{text}")));
        vec![
            ("nothing", Vec::new(), "NIR-X301"),
            ("white space", b" \n".to_vec(), "NIR-X301"),
            ("text", b"hello".to_vec(), "NIR-X301"),
            ("HTML", b"<html><body><p>x</body></html>".to_vec(), "NIR-X301"),
            ("JSON", b"{\"a\":1}".to_vec(), "NIR-X301"),
            ("two roots", format!("{0}{0}", whole(soap)).into_bytes(), "NIR-X301"),
            ("text after the root", format!("{}x", whole(soap)).into_bytes(), "NIR-X301"),
            ("cut short", whole(soap).trim_end_matches("</soap:Envelope>").as_bytes().to_vec(), "NIR-X301"),
            ("a processing instruction before", format!("<?x y?>{}", whole(soap)).into_bytes(), "NIR-X306"),
            (
                "a stylesheet",
                format!("<?xml-stylesheet href=\"http://127.0.0.1:1/\"?>{}", whole(soap)).into_bytes(),
                "NIR-X306",
            ),
            ("a processing instruction in the Body", inside("<?EKKO-1?>"), "NIR-X306"),
            ("a declaration in the Body", inside("<?xml version=\"1.0\"?>"), "NIR-X306"),
            ("xmlns twice", header("<a xmlns=\"urn:a\" xmlns=\"urn:b\"/>"), "NIR-X301"),
            ("xmlns behind a prefix", header("<a xmlns:b=\"urn:a\" b:xmlns=\"urn:b\"/>"), "NIR-X301"),
            ("xmlns behind a prefix that is bound to nothing", header("<a b:xmlns=\"urn:b\"/>"), "NIR-X301"),
            ("a prefix twice", header("<a xmlns:b=\"urn:a\" xmlns:b=\"urn:b\"/>"), "NIR-X301"),
            ("an attribute twice", header("<a b=\"1\" b=\"2\"/>"), "NIR-X301"),
            (
                "an attribute twice by two prefixes",
                header("<a xmlns:b=\"urn:a\" xmlns:c=\"urn:a\" b:d=\"1\" c:d=\"2\"/>"),
                "NIR-X301",
            ),
            ("an undeclared prefix", header("<b:a/>"), "NIR-X301"),
            ("an undeclared prefix of an attribute", header("<a b:c=\"1\"/>"), "NIR-X301"),
            ("a relative namespace", header("<a xmlns=\"relative\"/>"), "NIR-X301"),
            ("a relative namespace of a prefix", header("<b:a xmlns:b=\"../b\"/>"), "NIR-X301"),
            ("a prefix undeclared", header("<a xmlns:b=\"\"/>"), "NIR-X301"),
            ("xml bound to something else", header("<a xmlns:xml=\"urn:a\"/>"), "NIR-X301"),
            ("xmlns bound", header("<a xmlns:xmlns=\"urn:a\"/>"), "NIR-X301"),
            ("the namespace of xmlns", header("<a xmlns:b=\"http://www.w3.org/2000/xmlns/\"/>"), "NIR-X301"),
            (
                "the namespace of xml by another prefix",
                header("<a xmlns:b=\"http://www.w3.org/XML/1998/namespace\"/>"),
                "NIR-X301",
            ),
            ("an end tag with another prefix", header("<a></:a>"), "NIR-X301"),
            (
                "an end tag with another prefix of the same namespace",
                header("<b:a xmlns:b=\"urn:a\" xmlns:c=\"urn:a\"></c:a>"),
                "NIR-X301",
            ),
            ("an end tag with attributes", header("<a></a b=\"c\">"), "NIR-X301"),
            ("tags that cross", header("<a><b></a></b>"), "NIR-X301"),
            ("an end tag too many", header("</a>"), "NIR-X301"),
            ("an attribute without quotes", header("<a b=c/>"), "NIR-X301"),
            ("an attribute without a value", header("<a b/>"), "NIR-X301"),
            ("a less-than in an attribute", header("<a b=\"<\"/>"), "NIR-X301"),
            ("two hyphens in a comment", header("<!-- -- -->"), "NIR-X301"),
            ("a comment never closed", header("<!-- "), "NIR-X301"),
            ("CDATA never closed", header("<![CDATA[ "), "NIR-X301"),
            ("CDATA outside the root", format!("<![CDATA[x]]>{}", whole(soap)).into_bytes(), "NIR-X301"),
            ("the end of CDATA in text", header("<a>]]></a>"), "NIR-X301"),
            ("a control character", header("<a>\u{1}</a>"), "NIR-X301"),
            ("a zero", header("<a>\0</a>"), "NIR-X301"),
            ("a zero in an attribute", header("<a b=\"\0\"/>"), "NIR-X301"),
            ("a zero after the end", format!("{}\0<a>", whole(soap)).into_bytes(), "NIR-X301"),
            ("a reference to zero", header("<a>&#0;</a>"), "NIR-X301"),
            ("a reference to a control character", header("<a>&#1;</a>"), "NIR-X301"),
            ("a reference to a surrogate", header("<a>&#xD800;</a>"), "NIR-X301"),
            ("a reference beyond Unicode", header("<a>&#x110000;</a>"), "NIR-X301"),
            ("a reference that is none", header("<a>&#x;</a>"), "NIR-X301"),
            ("a bare ampersand", header("<a>&</a>"), "NIR-X301"),
            ("a noncharacter", header("<a>\u{ffff}</a>"), "NIR-X301"),
            ("a colon first", header("<:a/>"), "NIR-X301"),
            ("two colons", header("<a:b:c xmlns:a=\"urn:a\"/>"), "NIR-X301"),
            ("a digit first", header("<1/>"), "NIR-X301"),
        ]
    });
}

/// Class 5: what canonical form does not show changes nothing, and cuts nothing off.
#[test]
fn comments_and_cdata_change_no_value() {
    for soap in [SoapVersion::V11, SoapVersion::V12] {
        let plain = house().road(whole(soap).as_bytes(), None).unwrap();
        for (old, new) in [
            ("SYSTEM-1", "SYSTEM<!-- EKKO-1 -->-1"),
            ("SYSTEM-1", "<!-- -->SYSTEM-1<!-- -->"),
            ("SYSTEM-1", "<![CDATA[SYSTEM-1]]>"),
            ("SYSTEM-1", "SYS<![CDATA[TEM]]>-1"),
            ("SYSTEM-1", "&#83;YSTEM&#x2D;1"),
            ("<ping ", "<!-- --><ping "),
            ("<ping xmlns=\"urn:no:nir:melding:v1\">", "<ping  xmlns='urn:no:nir:melding:v1'\n>"),
            ("2026-11-23T11:59:50Z", "2026-11-23T11:59<!-- -->:50Z"),
            ("2026-11-23T11:59:50Z", "<![CDATA[2026-11-23]]>T11:59:50Z"),
            ("<wsu:Expires>", "<!-- --><wsu:Expires>"),
            ("<ds:SignedInfo>", "<ds:SignedInfo><!-- -->"),
            ("<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"),
            ("<ds:DigestValue>", "<ds:DigestValue><!-- -->"),
            ("Id=\"bst\"", "Id='b&#115;t'"),
        ] {
            let bent = whole(soap).replacen(old, new, 1);
            let verified = house().road(bent.as_bytes(), None).unwrap_or_else(|refusal| panic!("{new}: {refusal}"));
            assert_eq!(verified, plain, "{new}");
        }
        // The same put in before the signature is made: the value is whole, too.
        let bent = before(soap, |t| t.replace("SYSTEM-1", "SYS<!-- -->TEM<![CDATA[-]]>1"));
        assert_eq!(house().road(&bent, None).unwrap(), plain);
        let text = String::from_utf8(plain.body_child).unwrap();
        assert_eq!(text, PING);
        assert!(!text.contains(ECHO));
    }
}

/// Line ends and white space in attributes as the parser must normalize them (XML 1.0 §2.11, §3.3.3).
#[test]
fn normalized_alike_by_both_verifiers() {
    check(|soap| -> Vec<Row> {
        let inside = |text: &'static str| before(soap, move |t| t.replace("</ping>", &format!("{text}</ping>")));
        vec![
            ("line ends", inside("<a>x\r\ny\n\r\n&#65;\r\n</a>"), "ok"),
            ("a carriage return alone", inside("<a>x\ry</a>"), "NIR-X301"),
            ("referenced line ends", inside("<a>x&#13;&#10;y&#xD;z</a>"), "ok"),
            ("white space in attributes", inside("<a b=\"x\r\n\t\r\ny  z&#9;&#10;&#13;\"/>"), "ok"),
            ("quotes", inside("<a b='\"&apos;&quot;&lt;&gt;&amp;>'>\"'&gt;</a>"), "ok"),
            ("beyond the basic plane", inside("<a b=\"\u{1f600}\">&#x1F600;\u{e5}\u{2028}\u{85}\u{feff}</a>"), "ok"),
            (
                "xml attributes",
                inside("<a xml:lang=\"nb\" xml:space=\"preserve\" xml:base=\"http://127.0.0.1:1/\"> </a>"),
                "ok",
            ),
            ("default namespace undone", inside("<a xmlns=\"\"><b xmlns=\"urn:b\"><c xmlns=\"\"/></b></a>"), "ok"),
            (
                "prefixes exchanged",
                inside(
                    "<a:a xmlns:a=\"urn:a\" xmlns:b=\"urn:b\"><a:a xmlns:b=\"urn:a\" xmlns:a=\"urn:b\" b:x=\"1\" a:x=\"2\"/></a:a>",
                ),
                "ok",
            ),
            (
                "order of attributes",
                inside("<a xmlns:z=\"urn:a\" xmlns:a=\"urn:z\" a:b=\"1\" z:c=\"2\" c=\"3\" b=\"4\"/>"),
                "ok",
            ),
        ]
    });
}
