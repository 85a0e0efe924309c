//! Signing a message after it was bent: `D` stands where a digest goes, `S` where the signature goes, so that whatever
//! has been done to the text is what a registered party signed.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::algorithm::{ECDSA_SHA256, digest_from_uri};
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::names::{DS, WSSE};
use nir_wsdl::prefilter::prefilter;
use roxmltree::{Document, Node};

use crate::world::Party;

/// Larger texts are not worth their time.
const MAX_BYTES: usize = 64 * 1024;

/// The message with holes: another signature method, nothing digested, nothing signed, and a token of one letter.
pub fn emptied(text: &str) -> String {
    let document = Document::parse(text).expect("a message of ours");
    let mut cuts = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        let content = match node.tag_name().name() {
            "DigestValue" => "D",
            "SignatureValue" => "S",
            "BinarySecurityToken" | "X509Certificate" => "AAAA",
            "KeyIdentifier" if node.tag_name().namespace() == Some(WSSE) => "AAAA",
            "SignatureMethod" => {
                let method = node.attributes().find(|a| a.name() == "Algorithm").expect("a method has a name");
                cuts.push((method.range_value(), ECDSA_SHA256));
                continue;
            }
            _ => continue,
        };
        let (first, last) = (node.first_child().expect("a value"), node.last_child().expect("a value"));
        cuts.push((first.range().start..last.range().end, content));
    }
    cuts.sort_by_key(|(range, _)| range.start);
    let mut out = text.to_owned();
    for (range, content) in cuts.into_iter().rev() {
        out.replace_range(range, content);
    }
    out
}

/// Fills the holes, if the text can be parsed and has any.
pub fn fill(text: &str, party: &Party) -> Option<String> {
    let text = prefilter(text.as_bytes(), MAX_BYTES).ok()?.text();
    let digested = {
        let document = Document::parse(text).ok()?;
        let holes = document.descendants().filter(|node| is_ds(*node, "DigestValue") && is_hole(*node, "D"));
        let mut cuts: Vec<_> = holes.filter_map(|hole| Some((range(hole)?, digest_for(hole)?))).collect();
        cuts.sort_by_key(|(range, _)| range.start);
        let mut out = text.to_owned();
        for (range, digest) in cuts.into_iter().rev() {
            out.replace_range(range, &digest);
        }
        out
    };
    let document = Document::parse(&digested).ok()?;
    let hole = document.descendants().find(|node| is_ds(*node, "SignatureValue") && is_hole(*node, "S"))?;
    let info = hole.parent()?.children().find(|node| is_ds(*node, "SignedInfo"))?;
    let method = info.children().find(|node| is_ds(*node, "CanonicalizationMethod"))?;
    let value = party.sign(&canonical(info, method));
    let mut out = digested.clone();
    out.replace_range(range(hole)?, &STANDARD.encode(value));
    Some(out)
}

fn is_ds(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(DS)
}

fn is_hole(node: Node<'_, '_>, letter: &str) -> bool {
    node.children().count() == 1 && node.text() == Some(letter)
}

fn range(hole: Node<'_, '_>) -> Option<std::ops::Range<usize>> {
    hole.first_child().map(|text| text.range()).filter(|range| range.len() == 1)
}

/// The digest of whatever the Reference around the hole names, in the way that it asks for.
fn digest_for(hole: Node<'_, '_>) -> Option<String> {
    let reference = hole.parent()?;
    let id = plain(reference, "URI")?.strip_prefix('#')?;
    let is_id = |name: &str| matches!(name, "Id" | "ID" | "id");
    let mut elements = hole.document().descendants();
    let target = elements.find(|n| n.attributes().any(|a| is_id(a.name()) && a.value() == id))?;
    let method = reference.children().find(|node| is_ds(*node, "DigestMethod"))?;
    let algorithm = digest_from_uri(plain(method, "Algorithm")?).ok()?;
    let transform = reference.descendants().rfind(|node| is_ds(*node, "Transform"))?;
    Some(STANDARD.encode(digest::digest(algorithm, &canonical(target, transform))))
}

fn canonical(node: Node<'_, '_>, method: Node<'_, '_>) -> Vec<u8> {
    let list = method.children().find(Node::is_element).and_then(|child| plain(child, "PrefixList"));
    let list: Vec<&str> = list.unwrap_or_default().split_ascii_whitespace().collect();
    let mut out = Vec::new();
    canonicalize(node, &list, &mut out);
    out
}

fn plain<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.namespace().is_none() && a.name() == name).map(|a| a.value())
}
