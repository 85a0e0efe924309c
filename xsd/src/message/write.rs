//! Canonical writing: what is written here is its own exclusive canonical form (XML-EXC-C14N), so that signing
//! needs no canonicalization pass.

use quick_xml::se::Serializer;
use serde::Serialize;

use super::NAMESPACE;

/// Local name of the root, read from the first tag of text that has been validated.
pub(super) fn root_of(text: &str) -> &str {
    let name = text.trim_start().trim_start_matches('<');
    let end = name.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(name.len());
    let name = &name[..end];
    name.rsplit(':').next().unwrap_or(name)
}

/// Kind of a decoding error, without the text it quotes.
pub(super) fn kind_of(error: &quick_xml::DeError) -> &'static str {
    match error {
        quick_xml::DeError::Custom(_) => "a value or element that the types do not hold",
        quick_xml::DeError::InvalidXml(_) => "not well-formed",
        quick_xml::DeError::UnexpectedEof => "ended early",
        _ => "not decodable",
    }
}

/// Serializes a wrapper. Types of this crate always serialize: their maps have string keys and their choices
/// are options, which is all that the writer can refuse.
pub(super) fn canonical<T: Serialize>(root: &str, value: &T) -> Vec<u8> {
    let mut text = String::with_capacity(1024);
    let written = Serializer::with_root(&mut text, Some(root)).and_then(|mut serializer| {
        serializer.expand_empty_elements(true);
        value.serialize(serializer)
    });
    debug_assert!(written.is_ok(), "{written:?}");
    let at = 1 + root.len();
    let mut out = String::with_capacity(text.len() + 48);
    out.push_str(&text[..at]);
    out.push_str(" xmlns=\"");
    out.push_str(NAMESPACE);
    out.push('"');
    // The serializer writes a carriage return as `&#13;`, canonical form as `&#xD;` (C14N 2.3); an ampersand of the
    // text itself is `&amp;`, so nothing else looks like it.
    if text[at..].contains("&#13;") {
        out.push_str(&text[at..].replace("&#13;", "&#xD;"));
    } else {
        out.push_str(&text[at..]);
    }
    out.into_bytes()
}
