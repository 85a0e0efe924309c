//! Reading what the signature covered, from the canonical bytes that were digested and from nothing else.

use chrono::{DateTime, Utc};
use memchr::memmem;
use roxmltree::{Document, Node};

use crate::c14n::canonicalize;
use crate::names::WSU;
use crate::refusal::Refusal;
use crate::tree::{elements, is, text};

/// The Body's child, canonical and standing alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub bytes: Vec<u8>,
    pub namespace: String,
    pub root: String,
}

fn unreadable() -> Refusal {
    Refusal::malformed("the canonical bytes do not parse")
}

/// Created and Expires of the digested Timestamp, exactly one of each (WSS 1.1 §10).
pub(crate) fn times(timestamp: &[u8]) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let document = Document::parse(std::str::from_utf8(timestamp).map_err(|_| unreadable())?);
    let document = document.map_err(|_| unreadable())?;
    let one = |name: &str| {
        let mut all = elements(document.root_element()).filter(|n| is(*n, name, WSU));
        let (Some(node), None) = (all.next(), all.next()) else {
            return Err(Refusal::expired(format!("not exactly one {name}")));
        };
        let whole = elements(node).next().is_none();
        let time = DateTime::parse_from_rfc3339(&text(node)).ok().filter(|_| whole);
        time.map(|time| time.to_utc()).ok_or_else(|| Refusal::expired(format!("{name} is no time with a zone")))
    };
    Ok((one("Created")?, one("Expires")?))
}

/// The child of the digested Body. `exclusive` says that its canonicalization had no PrefixList.
///
/// Mostly the child's part of the bytes stands alone as it is and is cut out. Where it leans on what the Body's start
/// tag declares, the bytes are parsed once more and the child is canonicalized from them.
pub(crate) fn body_child(body: &[u8], exclusive: bool) -> Result<Child, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    match cut(text).filter(|_| exclusive) {
        Some(child) => Ok(child),
        None => parsed(text),
    }
}

fn parsed(text: &str) -> Result<Child, Refusal> {
    let document = Document::parse(text).map_err(|_| unreadable())?;
    let child = document.root_element().children().find(Node::is_element).ok_or_else(unreadable)?;
    let mut bytes = Vec::with_capacity(text.len());
    canonicalize(child, &[], &mut bytes);
    let name = child.tag_name();
    Ok(Child { bytes, namespace: name.namespace().unwrap_or_default().to_owned(), root: name.name().to_owned() })
}

/// The child as it stands in the canonical text, if it uses nothing that the Body's start tag declares.
fn cut(text: &str) -> Option<Child> {
    let body = StartTag::read(text)?;
    let inner = text.get(body.length..)?.strip_suffix('>')?.strip_suffix(body.name)?.strip_suffix("</")?;
    let inner = inner.trim_matches([' ', '\n', '\t']);
    if !inner.ends_with('>') || body.declarations.iter().any(|(prefix, _)| uses(inner, prefix)) {
        return None;
    }
    let child = StartTag::read(inner)?;
    let (prefix, root) = child.name.split_once(':').unwrap_or(("", child.name));
    let namespace =
        child.declarations.iter().find(|(declared, _)| *declared == prefix).map(|(_, namespace)| *namespace);
    let namespace = if prefix.is_empty() { namespace.unwrap_or_default() } else { namespace? };
    (!namespace.contains('&')).then(|| Child {
        bytes: inner.as_bytes().to_vec(),
        namespace: namespace.to_owned(),
        root: root.to_owned(),
    })
}

/// Whether a name in the text may have the prefix; the default namespace reaches every name.
fn uses(text: &str, prefix: &str) -> bool {
    if prefix.is_empty() {
        return true;
    }
    let colon = format!("{prefix}:");
    memmem::find_iter(text.as_bytes(), colon.as_bytes())
        .any(|at| at.checked_sub(1).and_then(|before| text.as_bytes().get(before)).is_some_and(|b| b"</ ".contains(b)))
}

/// A start tag in canonical form: one space before each attribute, double quotes, no white space besides.
struct StartTag<'a> {
    name: &'a str,
    /// Prefix and namespace.
    declarations: Vec<(&'a str, &'a str)>,
    length: usize,
}

impl<'a> StartTag<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let tag = text.strip_prefix('<')?;
        let name = tag.get(..tag.find([' ', '>'])?)?;
        let mut declarations = Vec::new();
        let mut rest = tag.get(name.len()..)?;
        while let Some(attribute) = rest.strip_prefix(' ') {
            let (qname, value) = attribute.split_once("=\"")?;
            let (value, after) = value.split_once('"')?;
            match qname.split_once(':') {
                None if qname == "xmlns" => declarations.push(("", value)),
                Some(("xmlns", prefix)) => declarations.push((prefix, value)),
                _ => {}
            }
            rest = after;
        }
        let rest = rest.strip_prefix('>')?;
        Some(StartTag { name, declarations, length: text.len() - rest.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(envelope: &str) -> String {
        let document = Document::parse(envelope).unwrap();
        let body = document.descendants().find(|n| n.tag_name().name() == "Body").unwrap();
        let mut out = Vec::new();
        canonicalize(body, &[], &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Each row: a Body with its child, and whether the child is cut out.
    #[test]
    fn what_is_cut_out_is_what_is_parsed() {
        for (envelope, is_cut) in [
            (r#"<s:Body xmlns:s="urn:s" Id="a&gt;b>"><ping xmlns="urn:p"><a b="c>d">&lt;</a></ping></s:Body>"#, true),
            (
                r#"<s:Body xmlns:s="urn:s">
                 <p:ping xmlns:p="urn:p"><p:a/></p:ping>
                 </s:Body>"#,
                true,
            ),
            (r#"<s:Body xmlns:s="urn:s"><ping><a/></ping></s:Body>"#, true),
            (
                r#"<s:Body xmlns:s="urn:s"><p:ping xmlns:p="urn:p"><a xmlns:ns="urn:n" ns:b="1">s:x</a></p:ping></s:Body>"#,
                true,
            ),
            (r#"<s:Body xmlns:s="urn:s"><ping xmlns="urn:p"><s:a/></ping></s:Body>"#, false),
            (r#"<s:Body xmlns:s="urn:s"><ping xmlns="urn:p"><a s:b="1"/></ping></s:Body>"#, false),
            (r#"<s:Body xmlns:s="urn:s"><s:ping/></s:Body>"#, false),
            (r#"<Body xmlns="urn:s"><ping/></Body>"#, false),
            (r#"<Body xmlns="urn:s"><p:ping xmlns:p="urn:p"/></Body>"#, false),
            ("<s:Body xmlns:s=\"urn:s\">&#13;<ping/></s:Body>", false),
        ] {
            let text = canonical(envelope);
            assert_eq!(cut(&text).is_some(), is_cut, "{text}");
            assert_eq!(body_child(text.as_bytes(), true).unwrap(), parsed(&text).unwrap(), "{text}");
        }
    }
}
