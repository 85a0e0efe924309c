//! SignedInfo: exactly the shape of the profile, checked before any of it is used (design.md 5).

use std::collections::HashSet;

use aws_lc_rs::digest;
use roxmltree::{Document, Node, NodeId};

use crate::algorithm::{self, ENVELOPED, EXC_C14N, SignatureMethod};
use crate::envelope::Ids;
use crate::names::{DS, WSU};
use crate::refusal::{FaultCode, Refusal};
use crate::token::base64;
use crate::tree::{attribute, elements, is};

/// Most references of one signature.
pub const MAX_REFERENCES: usize = 10;

/// One Reference, resolved to the one element it means.
#[derive(Debug)]
pub(crate) struct Reference {
    pub target: NodeId,
    pub id: String,
    pub prefix_list: Vec<String>,
    pub digest_method: &'static digest::Algorithm,
    pub digest: Vec<u8>,
}

/// The whole of it.
#[derive(Debug)]
pub(crate) struct SignedInfo {
    pub node: NodeId,
    pub prefix_list: Vec<String>,
    pub method: SignatureMethod,
    pub references: Vec<Reference>,
    /// Place of the Body's among the references.
    pub body: usize,
    /// Place of the Timestamp's.
    pub timestamp: usize,
    pub value: Vec<u8>,
}

/// Where the signature stands, and what it must cover.
pub(crate) struct Place<'a, 'i> {
    pub document: &'a Document<'i>,
    pub ids: &'a Ids,
    pub signature: Node<'a, 'i>,
    pub body: Node<'a, 'i>,
    pub timestamp: Node<'a, 'i>,
}

fn transform(log: &str) -> Refusal {
    Refusal::new("NIR-S206", FaultCode::UnsupportedAlgorithm, log)
}

/// Reads and checks the structure; resolves the references.
pub(crate) fn read(place: &Place<'_, '_>) -> Result<SignedInfo, Refusal> {
    let parts: Vec<Node<'_, '_>> = elements(place.signature).collect();
    let [info, value, key_info] = parts[..] else {
        return Err(Refusal::coverage("Signature has other children than SignedInfo, SignatureValue, KeyInfo"));
    };
    if !(is(info, "SignedInfo", DS) && is(value, "SignatureValue", DS) && is(key_info, "KeyInfo", DS)) {
        return Err(Refusal::coverage("Signature has other children than SignedInfo, SignatureValue, KeyInfo"));
    }
    if has_elements(value) {
        return Err(Refusal::coverage("elements in SignatureValue"));
    }
    let parts: Vec<Node<'_, '_>> = elements(info).collect();
    let [canonicalization, method, references @ ..] = &parts[..] else {
        return Err(Refusal::coverage("SignedInfo is incomplete"));
    };
    if !(is(*canonicalization, "CanonicalizationMethod", DS) && is(*method, "SignatureMethod", DS)) {
        return Err(Refusal::coverage("SignedInfo is out of order"));
    }
    // Readers differ in what `x:URI` beside `URI` means; libxml2 takes whichever comes first.
    if info.descendants().any(|node| node.attributes().any(|attribute| attribute.namespace().is_some())) {
        return Err(Refusal::coverage("an attribute of some namespace in SignedInfo"));
    }
    let uri = attribute(*canonicalization, "Algorithm").unwrap_or_default();
    if uri != EXC_C14N {
        return Err(algorithm::refused(uri));
    }
    let method_uri = attribute(*method, "Algorithm").unwrap_or_default();
    if has_elements(*method) {
        // HMACOutputLength, PSS parameters: neither belongs to a method of the profile (threats.md, class 22).
        return Err(algorithm::refused(method_uri));
    }
    if references.is_empty() || references.len() > MAX_REFERENCES {
        return Err(Refusal::coverage(format!("{} references", references.len())));
    }
    let method = SignatureMethod::from_uri(method_uri)?;
    let references: Vec<Reference> = references.iter().map(|node| reference(place, *node)).collect::<Result<_, _>>()?;
    let distinct: HashSet<NodeId> = references.iter().map(|reference| reference.target).collect();
    if distinct.len() != references.len() {
        return Err(Refusal::coverage("two references to one element"));
    }
    let of = |target: Node<'_, '_>| references.iter().position(|reference| reference.target == target.id());
    let body = of(place.body).ok_or_else(|| Refusal::coverage("the Body is not signed"))?;
    let timestamp = of(place.timestamp).ok_or_else(|| Refusal::coverage("the Timestamp is not signed"))?;
    Ok(SignedInfo {
        node: info.id(),
        prefix_list: prefix_list(*canonicalization)?,
        method,
        references,
        body,
        timestamp,
        value: base64(value).map_err(|_| Refusal::invalid_signature("SignatureValue is no base64"))?,
    })
}

fn reference(place: &Place<'_, '_>, node: Node<'_, '_>) -> Result<Reference, Refusal> {
    if !is(node, "Reference", DS) {
        return Err(Refusal::coverage("SignedInfo has another child than Reference"));
    }
    let id = attribute(node, "URI").and_then(|uri| uri.strip_prefix('#')).filter(|id| is_name(id));
    let id = id.ok_or_else(|| Refusal::coverage("a reference that is not to an id of this document"))?;
    let target = place.ids.get(id).and_then(|target| place.document.get_node(target));
    let target = target.ok_or_else(|| Refusal::coverage("a reference to nothing"))?;
    if !id_counts(place, target, id) {
        return Err(Refusal::coverage("a reference by an id that does not count on that element"));
    }
    let parts: Vec<Node<'_, '_>> = elements(node).collect();
    let (transforms, method, value) = match parts[..] {
        [transforms, method, value] if is(transforms, "Transforms", DS) => (transforms, method, value),
        // Without Transforms, XML Signature would fall back to inclusive canonicalization.
        _ => return Err(transform("a reference without Transforms")),
    };
    if !(is(method, "DigestMethod", DS) && is(value, "DigestValue", DS)) {
        return Err(Refusal::coverage("a reference out of order"));
    }
    // All of SignedInfo is canonicalized before the signature is checked, so nothing may grow inside it.
    if has_elements(method) || has_elements(value) {
        return Err(Refusal::coverage("elements in DigestMethod or DigestValue"));
    }
    Ok(Reference {
        target: target.id(),
        id: id.to_owned(),
        prefix_list: transforms_of(place, transforms, target)?,
        digest_method: algorithm::digest_from_uri(attribute(method, "Algorithm").unwrap_or_default())?,
        digest: base64(value).map_err(|_| Refusal::invalid_signature("DigestValue is no base64"))?,
    })
}

/// `[exc-c14n]`, or `[enveloped-signature, exc-c14n]` where the Signature lies outside the element, so that the
/// first does nothing (node-soap sends it). Gives the PrefixList.
fn transforms_of(place: &Place<'_, '_>, node: Node<'_, '_>, target: Node<'_, '_>) -> Result<Vec<String>, Refusal> {
    let all: Vec<Node<'_, '_>> = elements(node).collect();
    if all.iter().any(|n| !is(*n, "Transform", DS)) {
        return Err(transform("Transforms with another child"));
    }
    let algorithm = |n: Node<'_, '_>| attribute(n, "Algorithm").unwrap_or_default().to_owned();
    let last = match all[..] {
        [one] => one,
        [first, last] if algorithm(first) == ENVELOPED && !has_elements(first) => {
            let inside = place.signature.ancestors().any(|ancestor| ancestor == target);
            if inside {
                return Err(transform("enveloped-signature around the Signature"));
            }
            last
        }
        _ => return Err(transform("other transforms than the profile's")),
    };
    if algorithm(last) != EXC_C14N {
        return Err(transform("another transform than exclusive canonicalization"));
    }
    prefix_list(last)
}

/// The PrefixList of an InclusiveNamespaces child, which WSS4J always writes. As libxmlsec1 reads it: it must be there,
/// and only the space divides.
fn prefix_list(method: Node<'_, '_>) -> Result<Vec<String>, Refusal> {
    let children: Vec<Node<'_, '_>> = elements(method).collect();
    match children[..] {
        [] => Ok(Vec::new()),
        [one] if is(one, "InclusiveNamespaces", EXC_C14N) && !has_elements(one) => {
            let list = attribute(one, "PrefixList").ok_or_else(|| transform("no PrefixList"))?;
            // What is empty between two spaces, libxml2 takes for #default.
            if list.starts_with(' ') || list.contains("  ") {
                return Err(transform("a PrefixList with an empty prefix"));
            }
            let list: Vec<String> = list.split(' ').filter(|prefix| !prefix.is_empty()).map(str::to_owned).collect();
            if list.len() > 32 { Err(transform("a PrefixList of more than 32 prefixes")) } else { Ok(list) }
        }
        _ => Err(transform("parameters of a transform")),
    }
}

fn has_elements(node: Node<'_, '_>) -> bool {
    elements(node).next().is_some()
}

/// wsu:Id counts on any element; plain Id on Body, Timestamp and XML Signature's own elements (clients.md).
fn id_counts(place: &Place<'_, '_>, target: Node<'_, '_>, id: &str) -> bool {
    if target.attribute((WSU, "Id")) == Some(id) {
        return true;
    }
    let plain = target == place.body || target == place.timestamp || target.tag_name().namespace() == Some(DS);
    plain && attribute(target, "Id") == Some(id)
}

/// An NCName of modest length: no xpointer, no path.
fn is_name(id: &str) -> bool {
    !id.is_empty() && id.len() <= 256 && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
