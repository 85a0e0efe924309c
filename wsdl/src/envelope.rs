//! The envelope before its signature has been checked: one of everything, each in its place (design.md 5).

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId, ParsingOptions};

use crate::addressing::{self, Addressing};
use crate::names::{DS, SOAP11, SOAP12, WSSE, WSU};
use crate::prefilter::Filtered;
use crate::refusal::{FaultCode, Refusal};
use crate::signed_info::{self, Place, SignedInfo};
use crate::token::{self, KeyReference};
use crate::tree::SPACE;

/// Most nodes of a document: a 4 MiB message of 1,000 registrations has some 60,000.
const MAX_NODES: u32 = 400_000;

/// How a header names the last receiver, or every node (SOAP 1.1 §4.2.2, SOAP 1.2 part 1 §2.2).
const OUR_ROLES: &[&str] = &[
    "http://schemas.xmlsoap.org/soap/actor/next",
    "http://www.w3.org/2003/05/soap-envelope/role/next",
    "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
];

/// The two versions of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapVersion {
    /// 1.1
    V11,
    /// 1.2
    V12,
}

impl SoapVersion {
    /// Namespace of the envelope.
    pub fn namespace(self) -> &'static str {
        match self {
            SoapVersion::V11 => SOAP11,
            SoapVersion::V12 => SOAP12,
        }
    }
}

/// A parsed envelope whose parts have been found, and nothing yet believed.
#[derive(Debug)]
pub struct Opened<'a> {
    pub(crate) text: &'a str,
    document: Document<'a>,
    child: NodeId,
    pub(crate) signed_info: SignedInfo,
    /// Every attribute named Id, ID or id in any namespace.
    pub(crate) ids: Ids,
    soap: SoapVersion,
    addressing: Addressing,
    key: KeyReference,
}

/// The ids of a document. The same values, in the same order, are demanded of libxmlsec1 (design.md 17, Wire).
#[derive(Debug, Default)]
pub(crate) struct Ids {
    whose: HashMap<String, NodeId>,
    in_order: Vec<String>,
}

impl Ids {
    /// The element that carries the id.
    pub(crate) fn get(&self, id: &str) -> Option<NodeId> {
        self.whose.get(id).copied()
    }

    /// All values in document order.
    pub(crate) fn in_order(&self) -> &[String] {
        &self.in_order
    }
}

/// Parses text that the prefilter let through, and finds the parts.
pub fn open(filtered: Filtered<'_>) -> Result<Opened<'_>, Refusal> {
    let text = filtered.text();
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => Refusal::new("NIR-X306", FaultCode::Sender, "too many nodes"),
        roxmltree::Error::DtdDetected => Refusal::new("NIR-X305", FaultCode::Sender, "a DTD"),
        // The parser's own words quote the message.
        _ => Refusal::malformed("not well-formed"),
    })?;
    let envelope = document.root_element();
    let soap = match (envelope.tag_name().name(), envelope.tag_name().namespace()) {
        ("Envelope", Some(SOAP11)) => SoapVersion::V11,
        ("Envelope", Some(SOAP12)) => SoapVersion::V12,
        ("Envelope", _) => {
            return Err(Refusal::new("NIR-T106", FaultCode::VersionMismatch, "another envelope namespace"));
        }
        _ => return Err(Refusal::malformed("the root is no Envelope")),
    };
    let (header, body) = header_and_body(envelope, soap)?;
    let child = only_child(body)?;
    let header = header.ok_or_else(|| missing("no Header"))?;
    let security = security(header, soap)?;
    let addressing = addressing::read(header)?;
    let ids = index(&document)?;
    let signature = one(security, "Signature", DS)?.ok_or_else(|| missing("no Signature"))?;
    let timestamp = one(security, "Timestamp", WSU)?.ok_or_else(|| Refusal::coverage("no Timestamp"))?;
    for other in security.children().filter(Node::is_element) {
        let name = (other.tag_name().name(), other.tag_name().namespace());
        if !matches!(name, ("Signature", Some(DS)) | ("Timestamp", Some(WSU)) | ("BinarySecurityToken", Some(WSSE))) {
            return Err(Refusal::new("NIR-S205", FaultCode::InvalidSecurity, "another child of Security"));
        }
    }
    let place = Place { document: &document, ids: &ids, signature, body, timestamp };
    let signed_info = signed_info::read(&place)?;
    let key = token::read(signature, security, &ids, &document)?;
    let child = child.id();
    Ok(Opened { text, child, signed_info, ids, soap, addressing, key, document })
}

impl Opened<'_> {
    /// Version of the envelope.
    pub fn soap(&self) -> SoapVersion {
        self.soap
    }

    /// Which key the message points at.
    pub fn key(&self) -> &KeyReference {
        &self.key
    }

    /// WS-Addressing headers.
    pub fn addressing(&self) -> &Addressing {
        &self.addressing
    }

    /// Namespace and local name of the Body child; not to be believed before `verify`.
    pub fn root(&self) -> (&str, &str) {
        let name = self.node(self.child).tag_name();
        (name.namespace().unwrap_or(""), name.name())
    }

    pub(crate) fn node(&self, id: NodeId) -> Node<'_, '_> {
        // Ids come from this document, which never changes; the root stands for the impossible.
        self.document.get_node(id).unwrap_or_else(|| self.document.root())
    }
}

fn missing(log: &str) -> Refusal {
    Refusal::new("NIR-S201", FaultCode::InvalidSecurity, log)
}

fn header_and_body<'a, 'i>(
    envelope: Node<'a, 'i>,
    soap: SoapVersion,
) -> Result<(Option<Node<'a, 'i>>, Node<'a, 'i>), Refusal> {
    let (mut header, mut body) = (None, None);
    for node in envelope.children().filter(Node::is_element) {
        let ours = node.tag_name().namespace() == Some(soap.namespace());
        match node.tag_name().name() {
            "Header" if ours && header.is_none() && body.is_none() => header = Some(node),
            "Body" if ours && body.is_none() => body = Some(node),
            _ => return Err(Refusal::malformed("the Envelope has other children than one Header and one Body")),
        }
    }
    Ok((header, body.ok_or_else(|| Refusal::malformed("no Body"))?))
}

fn only_child<'a, 'i>(body: Node<'a, 'i>) -> Result<Node<'a, 'i>, Refusal> {
    // Text beside the child would be signed and never read.
    if body
        .children()
        .any(|node| node.text().is_some_and(|text| node.is_text() && !text.trim_matches(SPACE).is_empty()))
    {
        return Err(Refusal::malformed("the Body holds text"));
    }
    let mut children = body.children().filter(Node::is_element);
    match (children.next(), children.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(Refusal::malformed("the Body has not exactly one child")),
    }
}

/// The Security header for us; other headers must be ones that may be ignored (SOAP 1.1 §4.2.3, SOAP 1.2 §5.2).
fn security<'a, 'i>(header: Node<'a, 'i>, soap: SoapVersion) -> Result<Node<'a, 'i>, Refusal> {
    let mut found = None;
    for node in header.children().filter(Node::is_element) {
        if node.tag_name().name() == "Security" && node.tag_name().namespace() == Some(WSSE) {
            // One in all, whoever it is for: two are how wrapped signatures hide.
            if found.replace(node).is_some() {
                return Err(Refusal::coverage("two Security headers"));
            }
            continue;
        }
        let must = node.attribute((soap.namespace(), "mustUnderstand")).map(|must| must.trim_matches(SPACE));
        if matches!(must, Some("1" | "true")) && for_us(node) && !addressing::is_addressing(node) {
            return Err(Refusal::new("NIR-T107", FaultCode::MustUnderstand, "a header that must be understood"));
        }
    }
    let security = found.ok_or_else(|| missing("no Security header"))?;
    if for_us(security) { Ok(security) } else { Err(missing("the Security header is for another actor")) }
}

/// Whether a header is for the last receiver, or for everybody on the way.
fn for_us(header: Node<'_, '_>) -> bool {
    let role = header.attribute((SOAP11, "actor")).or_else(|| header.attribute((SOAP12, "role")));
    role.is_none_or(|role| role.is_empty() || OUR_ROLES.contains(&role))
}

fn one<'a, 'i>(parent: Node<'a, 'i>, name: &str, namespace: &str) -> Result<Option<Node<'a, 'i>>, Refusal> {
    let mut all = parent
        .children()
        .filter(|n| n.is_element() && n.tag_name().name() == name && n.tag_name().namespace() == Some(namespace));
    match (all.next(), all.next()) {
        (first, None) => Ok(first),
        _ => Err(Refusal::coverage(format!("more than one {name}"))),
    }
}

/// Indexes every id of the document; a value seen twice refuses the message (design.md 17, Wire).
fn index(document: &Document<'_>) -> Result<Ids, Refusal> {
    let mut ids = Ids::default();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes().filter(|a| matches!(a.name(), "Id" | "ID" | "id")) {
            if ids.whose.insert(attribute.value().to_owned(), node.id()).is_some() {
                return Err(Refusal::coverage("an id that stands twice"));
            }
            ids.in_order.push(attribute.value().to_owned());
        }
    }
    Ok(ids)
}
