//! SignedInfo: exactly the shape of the profile, checked before any of it is used (design.md 5).

use aws_lc_rs::digest;
use roxmltree::{Node, NodeId};

use crate::algorithm::{self, EXC_C14N, ENVELOPED, SignatureMethod};
use crate::envelope::Opened;
use crate::names::{DS, WSU};
use crate::refusal::{FaultCode, Refusal};
use crate::token::{base64, elements, is};

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
    pub value: Vec<u8>,
}

fn transform(log: &str) -> Refusal {
    Refusal::new("NIR-S206", FaultCode::UnsupportedAlgorithm, log)
}

/// Reads and checks the structure; resolves the references.
pub(crate) fn read(opened: &Opened<'_>) -> Result<SignedInfo, Refusal> {
    let signature = opened.node(opened.signature);
    let parts: Vec<Node<'_, '_>> = elements(signature).collect();
    let [info, value, key_info] = parts[..] else {
        return Err(Refusal::coverage("Signature has other children than SignedInfo, SignatureValue, KeyInfo"));
    };
    if !(is(info, "SignedInfo", DS) && is(value, "SignatureValue", DS) && is(key_info, "KeyInfo", DS)) {
        return Err(Refusal::coverage("Signature has other children than SignedInfo, SignatureValue, KeyInfo"));
    }
    let parts: Vec<Node<'_, '_>> = elements(info).collect();
    let [canonicalization, method, references @ ..] = &parts[..] else {
        return Err(Refusal::coverage("SignedInfo is incomplete"));
    };
    if !(is(*canonicalization, "CanonicalizationMethod", DS) && is(*method, "SignatureMethod", DS)) {
        return Err(Refusal::coverage("SignedInfo is out of order"));
    }
    let uri = canonicalization.attribute("Algorithm").unwrap_or_default();
    if uri != EXC_C14N {
        return Err(algorithm::refused(uri));
    }
    if elements(*method).next().is_some() {
        // HMACOutputLength, PSS parameters: neither belongs to a method of the profile (threats.md, class 22).
        return Err(algorithm::refused("parameters"));
    }
    if references.is_empty() || references.len() > MAX_REFERENCES {
        return Err(Refusal::coverage(format!("{} references", references.len())));
    }
    Ok(SignedInfo {
        node: info.id(),
        prefix_list: prefix_list(*canonicalization)?,
        method: SignatureMethod::from_uri(method.attribute("Algorithm").unwrap_or_default())?,
        references: references.iter().map(|node| reference(opened, *node)).collect::<Result<_, _>>()?,
        value: base64(value).map_err(|_| Refusal::invalid_signature("SignatureValue is no base64"))?,
    })
}

fn reference(opened: &Opened<'_>, node: Node<'_, '_>) -> Result<Reference, Refusal> {
    if !is(node, "Reference", DS) {
        return Err(Refusal::coverage("SignedInfo has another child than Reference"));
    }
    let id = node.attribute("URI").and_then(|uri| uri.strip_prefix('#')).filter(|id| is_name(id));
    let id = id.ok_or_else(|| Refusal::coverage("a reference that is not to an id of this document"))?;
    let target = opened.ids.get(id).ok_or_else(|| Refusal::coverage("a reference to nothing"))?;
    let target = opened.node(*target);
    if !id_counts(opened, target, id) {
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
    Ok(Reference {
        target: target.id(),
        id: id.to_owned(),
        prefix_list: transforms_of(opened, transforms, target)?,
        digest_method: algorithm::digest_from_uri(method.attribute("Algorithm").unwrap_or_default())?,
        digest: base64(value).map_err(|_| Refusal::invalid_signature("DigestValue is no base64"))?,
    })
}

/// `[exc-c14n]`, or `[enveloped-signature, exc-c14n]` where the Signature lies outside the element, so that the
/// first does nothing (node-soap sends it). Gives the PrefixList.
fn transforms_of(opened: &Opened<'_>, node: Node<'_, '_>, target: Node<'_, '_>) -> Result<Vec<String>, Refusal> {
    let all: Vec<Node<'_, '_>> = elements(node).collect();
    if all.iter().any(|n| !is(*n, "Transform", DS)) {
        return Err(transform("Transforms with another child"));
    }
    let algorithm = |n: Node<'_, '_>| n.attribute("Algorithm").unwrap_or_default().to_owned();
    let last = match all[..] {
        [one] => one,
        [first, last] if algorithm(first) == ENVELOPED && elements(first).next().is_none() => {
            let inside = opened.node(opened.signature).ancestors().any(|ancestor| ancestor == target);
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

/// The PrefixList of an InclusiveNamespaces child, which WSS4J always writes.
fn prefix_list(method: Node<'_, '_>) -> Result<Vec<String>, Refusal> {
    let children: Vec<Node<'_, '_>> = elements(method).collect();
    match children[..] {
        [] => Ok(Vec::new()),
        [one] if is(one, "InclusiveNamespaces", EXC_C14N) => {
            let list: Vec<String> =
                one.attribute("PrefixList").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
            if list.len() > 32 { Err(transform("a PrefixList of more than 32 prefixes")) } else { Ok(list) }
        }
        _ => Err(transform("parameters of a transform")),
    }
}

/// wsu:Id counts on any element; plain Id on Body, Timestamp and XML Signature's own elements (clients.md).
fn id_counts(opened: &Opened<'_>, target: Node<'_, '_>, id: &str) -> bool {
    if target.attribute((WSU, "Id")) == Some(id) {
        return true;
    }
    let plain = target.id() == opened.body || target.id() == opened.timestamp || target.tag_name().namespace() == Some(DS);
    plain && target.attribute("Id") == Some(id)
}

/// An NCName of modest length: no xpointer, no path.
fn is_name(id: &str) -> bool {
    !id.is_empty() && id.len() <= 256 && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
