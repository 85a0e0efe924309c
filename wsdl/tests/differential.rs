//! Our canonicalizer against libxml2's, and our verifier against libxmlsec1, over thousands of documents that were
//! bent at random. The seed is fixed; where keys come in, which are new in every run, a failure shows the whole text.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use nir_wsdl::differential::{Forms, canonical_forms, open_and_verify};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::operation::LARGEST;
use nir_wsdl::prefilter::prefilter;

#[path = "support/mill.rs"]
mod mill;
#[path = "support/party.rs"]
mod party;
#[path = "support/random.rs"]
mod random;

use party::Party;
use random::Random;

/// What canonicalization must get right, put in anywhere.
const FRAGMENTS: &[&str] = &[
    "<!-- c -->",
    "<![CDATA[<&>\r\n]]>",
    "&#13;",
    "&#xD;&#10;",
    "&amp;&lt;&gt;",
    "]]&gt;",
    "\r\n",
    "\r",
    "\t",
    "\u{e5}\u{1f600}",
    "<a/>",
    "<p:a/>",
    "<a xmlns=\"\"/>",
    "<a xmlns=\"urn:b\"><a xmlns=\"\"/></a>",
    " xmlns=\"urn:a\"",
    " xmlns=\"\"",
    " xmlns:p=\"urn:a\"",
    " xmlns:p=\"urn:b\"",
    " xmlns:q=\"urn:a\"",
    " p:x=\"1\"",
    " q:x=\"2\"",
    " x='\"'",
    " x=\"&#9;\t&#10;\n&#13;\"",
    " xml:lang=\"nb\"",
    " xml:id=\"i\"",
    "<q:a xmlns:q=\"urn:b\" q:y='&apos;'/>",
    "<a\n b = '1'/>",
    "</a>",
    "<a>",
    "<",
    ">",
    "&",
    "\"",
    "xmlns",
    ":",
    "/>",
    "&#0;",
    "&#x1F600;",
    "<a b='1' b='1'/>",
    "\u{85}\u{2028}",
    " ",
    "'",
    "=",
];

const PREFIXES: &[&str] = &["#default", "p", "q", "soap", "wsu", "ds", "xml", "nothing"];

/// A well-formed document that uses and reuses prefixes in every way.
fn grown(random: &mut Random) -> String {
    fn element(random: &mut Random, depth: usize, out: &mut String) {
        const URIS: &[&str] = &["urn:a", "urn:b", "urn:c", "http://x.example/?a=b#c"];
        let mut declared = String::new();
        for prefix in ["p", "q", "r"] {
            if depth == 0 || random.below(4) == 0 {
                declared.push_str(&format!(" xmlns:{prefix}=\"{}\"", random.pick(URIS)));
            }
        }
        if random.below(3) == 0 {
            let uri = if random.below(3) == 0 { "" } else { random.pick(URIS) };
            declared.push_str(&format!(" xmlns='{uri}'"));
        }
        let mut attributes = vec![declared];
        for name in ["x", "y", "p:x", "q:y", "r:z", "xml:lang", "Id"] {
            if random.below(5) == 0 {
                attributes.push(format!(
                    " {name}=\"{}\"",
                    random.pick(&["", "1", "a&amp;b", "&quot;'", "\t\n", "&#9;&#13;&#10;", ">", "\u{e5}"])
                ));
            }
        }
        if random.below(2) == 0 {
            attributes.reverse();
        }
        let name = random.pick(&["a", "p:a", "q:b", "r:c", "b"]);
        out.push_str(&format!("<{name}{}", attributes.concat()));
        if random.below(6) == 0 {
            out.push_str("/>");
            return;
        }
        out.push_str(" >");
        for _ in 0..random.below(4) {
            match random.below(3) {
                0 if depth < 5 => element(random, depth + 1, out),
                1 => out.push_str(random.pick(&[
                    "text",
                    "&#13;\r\n&#10;\r\n",
                    "&lt;&gt;&amp;\"'",
                    "<![CDATA[<x>&amp;]]>",
                    " \n",
                    "&#x1F600;",
                ])),
                _ => out.push_str(random.pick(&["<!-- c -->", "", "\u{e5}"])),
            }
        }
        out.push_str(&format!("</{name}\n>"));
    }
    let mut out = String::new();
    element(random, 0, &mut out);
    out
}

/// A text with a few things put in, taken out, or doubled, mostly where markup begins or ends.
fn bent(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(2) {
        let places: Vec<usize> =
            text.char_indices().filter(|(_, c)| matches!(c, '<' | '>' | ' ' | '"')).map(|(at, _)| at).collect();
        let at = if random.below(4) == 0 { floor(&text, random.below(text.len() + 1)) } else { random.pick(&places) };
        let at = if random.below(2) == 0 { at } else { floor(&text, at + 1) };
        let end = floor(&text, at + random.below(30));
        match random.below(4) {
            0 => text.replace_range(at..end, ""),
            1 => text.insert_str(at, &text.clone()[at..end]),
            _ => text.insert_str(at, random.pick(FRAGMENTS)),
        }
    }
    text
}

/// The nearest place between characters, within the text.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

fn party() -> Party {
    Party::self_signed(&rcgen::CertificateParams::new(Vec::new()).unwrap())
}

/// What other tools made, in the order of their names.
fn vectors() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let vectors = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "xml"));
    vectors.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn agree(text: &str, random: &mut Random) -> bool {
    let elements = text.matches('<').count();
    let n = random.below(elements.max(1)) / 2;
    let list: Vec<&str> = PREFIXES.iter().copied().filter(|_| random.below(4) == 0).collect();
    match canonical_forms(text.as_bytes(), n, &list) {
        Forms::Refused => false,
        Forms::Same(_) => true,
        Forms::Different { strict, libxml2 } => {
            let show = |form: Option<Vec<u8>>| form.map(|bytes| String::from_utf8(bytes).unwrap());
            panic!(
                "element {n}, prefixes {list:?} of\n{text}\nstrict:  {:?}\nlibxml2: {:?}",
                show(strict),
                show(libxml2)
            )
        }
    }
}

#[test]
fn canonicalizers_agree_on_grown_documents() {
    let mut random = Random::new(1);
    let same = (0..4_000).filter(|_| agree(&grown(&mut random), &mut random)).count();
    assert!(same > 2_500, "only {same} were compared");
}

#[test]
fn canonicalizers_agree_on_bent_documents() {
    let (mut random, vectors) = (Random::new(2), vectors());
    let (mut same, mut refused) = (0, 0);
    for round in 0..10_000 {
        let text = if round % 2 == 0 { vectors[random.below(vectors.len())].clone() } else { grown(&mut random) };
        if agree(&bent(&text, &mut random), &mut random) { same += 1 } else { refused += 1 }
    }
    assert!(same > 1_000 && refused > 1_000, "{same} the same, {refused} refused");
}

/// Whatever is bent, both verifiers say the same; and what they accept is what was signed.
#[test]
fn verifiers_agree_on_bent_messages() {
    let party = party();
    let mut random = Random::new(3);
    let key = party.certificate().verify_key().unwrap();
    let own = [SoapVersion::V11, SoapVersion::V12].map(|soap| mill::sign(&mill::unsigned(soap, &party), &party));
    let whole: Vec<_> = own.iter().map(|text| open_and_verify(text.as_bytes(), &key).unwrap()).collect();
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..4_000 {
        let which = round % 2;
        let text = bent(&own[which], &mut random);
        match open_and_verify(text.as_bytes(), &key) {
            Ok(verified) => {
                assert_eq!(verified.body_child, whole[which].body_child, "{text}");
                assert_eq!((verified.created, verified.expires), (whole[which].created, whole[which].expires));
                accepted += 1;
            }
            Err(refusal) => {
                assert!(!refusal.disagreement, "{refusal}\n{text}");
                refused += 1;
            }
        }
    }
    assert!(accepted > 100 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

/// A message bent before it is signed is valid unless it is refused by its shape: here nobody may disagree either.
#[test]
fn verifiers_agree_on_messages_bent_before_signing() {
    let mut random = Random::new(4);
    let party = party();
    let key = party.certificate().verify_key().unwrap();
    let mut accepted = 0;
    for round in 0..2_000 {
        let soap = if round % 2 == 0 { SoapVersion::V11 } else { SoapVersion::V12 };
        let text = bent(&mill::unsigned(soap, &party), &mut random);
        // Only what can be parsed can be signed.
        let Ok(filtered) = prefilter(text.as_bytes(), LARGEST) else { continue };
        if roxmltree::Document::parse(filtered.text()).is_err() || !text.contains("<ds:SignedInfo>") {
            continue;
        }
        match open_and_verify(mill::sign(filtered.text(), &party).as_bytes(), &key) {
            Ok(_) => accepted += 1,
            Err(refusal) => assert!(!refusal.disagreement, "{refusal}\n{text}"),
        }
    }
    assert!(accepted > 100, "{accepted} accepted");
}
