//! What an attacker does to a message: its elements moved, doubled, renamed and wrapped, its ids and transforms
//! changed (threats.md, classes 1–5). An input is a row of such steps.

use crate::choices::Choices;
use crate::tree::{Child, Element, is_declaration};

/// Most steps of one input.
const MAX_STEPS: usize = 16;
/// Largest tree; doubling grows fast.
const MAX_ELEMENTS: usize = 200;

const NAMES: &[&str] = &[
    "Body",
    "Header",
    "Security",
    "Signature",
    "SignedInfo",
    "Reference",
    "Transforms",
    "Transform",
    "Timestamp",
    "Created",
    "Expires",
    "BinarySecurityToken",
    "KeyInfo",
    "Object",
    "Manifest",
    "Envelope",
    "ping",
    "Fault",
    "x",
    "InclusiveNamespaces",
    "SignatureValue",
    "DigestValue",
    "Action",
    "To",
    "ReplyTo",
    "Address",
];
const ID_NAMES: &[&str] = &["wsu:Id", "Id", "ID", "id", "xml:id", "ds:Id", "soap:Id", "wsu:ID"];
const TEXTS: &[&str] = &[
    "",
    " ",
    "FORFALSKET",
    "<!-- c -->",
    "<![CDATA[<&>]]>",
    "<![CDATA[]]>",
    "&#13;",
    "&#xA;",
    "&amp;",
    "&#65;",
    "\r\n",
    "\t",
    "1.1",
    "\u{e5}\u{1f600}",
    "]]&gt;",
    "2099-01-01T00:00:00Z",
];
const URIS: &[&str] = &[
    "",
    "#",
    "#body",
    "#ts",
    "#bst",
    "#rel",
    "#x",
    "#xpointer(/)",
    "#xpointer(id('body'))",
    "#xpointer(id(\"ts\"))",
    "file:///etc/passwd",
    "http://localhost/",
    "cid:x",
    "#body ",
    "##body",
    "#%62ody",
];
const ALGORITHMS: &[&str] = &[
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
    "http://www.w3.org/2000/09/xmldsig#base64",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
];
const NAMESPACES: &[&str] = &[
    "",
    "urn:a",
    "urn:no:nir:melding:v1",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "http://www.w3.org/2005/08/addressing",
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2000/xmlns/",
];
const PREFIXES: &[&str] = &["soap", "wsse", "wsu", "ds", "a", "xml", "xmlns", "ec", "wsa"];
const LISTS: &[&str] = &["", "#default", "soap", "wsu wsse ds", "a b c", "xml", "#default soap soap", "xmlns", " \t "];
const ATTRIBUTES: &[(&str, &str)] = &[
    ("soap:mustUnderstand", "1"),
    ("soap:actor", "urn:a"),
    ("soap:role", "urn:a"),
    ("URI", "#body"),
    ("ds:URI", "#ts"),
    ("Algorithm", "urn:a"),
    ("ds:Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#"),
    ("xml:lang", "nb"),
    ("xml:space", "preserve"),
    ("PrefixList", "soap"),
    ("ValueType", "urn:a"),
    ("a", "&#10;&#9;\t&quot;&lt;"),
];

/// Bends the message by the steps of the input.
pub fn bend(root: &mut Element, input: &mut Choices<'_>) {
    for _ in 0..MAX_STEPS {
        if input.is_done() || root.count() > MAX_ELEMENTS {
            return;
        }
        step(root, input);
    }
}

fn step(root: &mut Element, input: &mut Choices<'_>) {
    let what = input.byte() % 14;
    let count = root.count();
    let at = input.below(count);
    match what {
        // Structure: an element is moved, doubled, removed, wrapped, or changes places with another.
        0 => {
            let copy = root.copy(at);
            if root.take(at).is_some() {
                put(root, input, copy);
            }
        }
        1 => {
            let copy = root.copy(at);
            put(root, input, copy);
        }
        2 => drop(root.take(at)),
        3 => {
            let name = any_name(input);
            if let Some(element) = root.nth(at) {
                let inner = std::mem::replace(element, Element::new(&name, Vec::new()));
                element.children.push(Child::Element(inner));
            }
        }
        4 => {
            let other = input.below(count);
            if let (Some(one), Some(two)) = (root.copy(at), root.copy(other)) {
                replace(root, at.max(other), if at > other { two.clone() } else { one.clone() });
                replace(root, at.min(other), if at > other { one } else { two });
            }
        }
        // A second Body, with other content and the first one's start tag.
        5 => {
            let body = (0..count).find(|n| root.nth(*n).is_some_and(|element| element.name.ends_with("Body")));
            let copy = body.and_then(|body| root.copy(body)).map(|mut copy| {
                if let Some(leaf) = copy.nth(3) {
                    leaf.children = vec![Child::Raw("FORFALSKET".to_owned())];
                }
                copy
            });
            put(root, input, copy);
        }
        _ => {
            if let Some(element) = root.nth(at) {
                retouch(element, what, input);
            }
        }
    }
}

/// Changes one element in its place.
fn retouch(element: &mut Element, what: u8, input: &mut Choices<'_>) {
    match what {
        6 => {
            let local = input.pick(NAMES);
            let prefix = element.name.split_once(':').map(|(prefix, _)| format!("{prefix}:")).unwrap_or_default();
            element.name = format!("{prefix}{local}");
        }
        7 => element.name = any_name(input),
        8 => {
            let (name, value) = (input.pick(ID_NAMES), input.pick(&["body", "ts", "bst", "rel", "x", "", "id-1"]));
            set(element, name, value);
        }
        9 => {
            let text = input.pick(TEXTS).to_owned();
            let at = input.below(element.children.len() + 1);
            match input.byte() % 2 {
                0 => element.children = vec![Child::Raw(text)],
                _ => element.children.insert(at, Child::Raw(text)),
            }
        }
        10 => {
            let name = if input.byte().is_multiple_of(2) { "URI" } else { "Algorithm" };
            set(element, name, input.pick(if name == "URI" { URIS } else { ALGORITHMS }));
        }
        11 => {
            // A transform more, or another one.
            let transform = |algorithm: &str, list: Option<&str>| {
                let mut transform = Element::new("ds:Transform", Vec::new());
                set(&mut transform, "xmlns:ds", NAMESPACES[5]);
                set(&mut transform, "Algorithm", algorithm);
                if let Some(list) = list {
                    let mut inclusive = Element::new("ec:InclusiveNamespaces", Vec::new());
                    set(&mut inclusive, "xmlns:ec", NAMESPACES[6]);
                    set(&mut inclusive, "PrefixList", list);
                    transform.children.push(Child::Element(inclusive));
                }
                Child::Element(transform)
            };
            let list = input.byte().is_multiple_of(2).then(|| input.pick(LISTS));
            let child = transform(input.pick(ALGORITHMS), list);
            match input.byte() % 3 {
                0 => element.children = vec![child],
                1 => element.children.insert(0, child),
                _ => element.children.push(child),
            }
        }
        12 => {
            let (prefix, namespace) = (input.pick(PREFIXES), input.pick(NAMESPACES));
            let name = if input.byte().is_multiple_of(2) { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            set(element, &name, namespace);
        }
        _ => match input.byte() % 3 {
            0 => {
                let (name, value) = input.pick(ATTRIBUTES);
                set(element, name, value);
            }
            1 => drop(element.attributes.pop()),
            _ => {
                let declarations = element.attributes.iter().filter(|(name, _)| !is_declaration(name)).count();
                if declarations > 0 {
                    element.attributes.reverse();
                }
            }
        },
    }
}

fn any_name(input: &mut Choices<'_>) -> String {
    let local = input.pick(NAMES);
    match input.byte() % 3 {
        0 => local.to_owned(),
        _ => format!("{}:{local}", input.pick(PREFIXES)),
    }
}

fn set(element: &mut Element, name: &str, value: &str) {
    match element.attributes.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => value.clone_into(old),
        None => element.attributes.push((name.to_owned(), value.to_owned())),
    }
}

/// Puts an element anywhere into another.
fn put(root: &mut Element, input: &mut Choices<'_>, element: Option<Element>) {
    let to = input.below(root.count());
    if let (Some(parent), Some(element)) = (root.nth(to), element) {
        let at = input.below(parent.children.len() + 1);
        parent.children.insert(at, Child::Element(element));
    }
}

fn replace(root: &mut Element, n: usize, by: Element) {
    if let Some(element) = root.nth(n) {
        *element = by;
    }
}
