//! Exclusive XML Canonicalization 1.0 without comments, with an InclusiveNamespaces PrefixList, over roxmltree.
//!
//! A defect here fails closed: the digest would not match. Nesting is bounded by the prefilter, so recursion is too.

use roxmltree::{Node, NodeType};

/// Writes the canonical form of the element, as the apex of its own document subset (XML-EXC-C14N §3).
pub fn canonicalize(apex: Node<'_, '_>, prefix_list: &[&str], out: &mut Vec<u8>) {
    let source = apex.document().input_text();
    Writer { source, prefix_list, rendered: Vec::new(), out }.element(apex);
}

struct Writer<'a> {
    source: &'a str,
    prefix_list: &'a [&'a str],
    /// Prefix and namespace as output by the ancestors, innermost last; the empty prefix is the default.
    rendered: Vec<(String, String)>,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn element(&mut self, node: Node<'_, '_>) {
        #[cfg(test)]
        work::ELEMENTS.with(|elements| elements.set(elements.get() + 1));
        let qname = qualified_name(self.source, node);
        let prefix = qname.split_once(':').map_or("", |(prefix, _)| prefix);
        let outer = self.rendered.len();
        self.out.push(b'<');
        self.out.extend_from_slice(qname.as_bytes());
        let mut declarations = Vec::new();
        self.utilize(prefix, node.tag_name().namespace().unwrap_or(""), &mut declarations);
        let mut attributes: Vec<(&str, &str, &str, &str)> = node
            .attributes()
            .map(|a| (a.namespace().unwrap_or(""), a.name(), &self.source[a.range_qname()], a.value()))
            .collect();
        for (namespace, _, qname, _) in &attributes {
            if let Some((prefix, _)) = qname.split_once(':') {
                self.utilize(prefix, namespace, &mut declarations);
            }
        }
        for prefix in self.prefix_list {
            // "#default" is the default namespace; a listed prefix is treated as Canonical XML would (§3, step 3).
            let (wanted, lookup) = if *prefix == "#default" { ("", None) } else { (*prefix, Some(*prefix)) };
            match node.lookup_namespace_uri(lookup) {
                Some(namespace) => self.utilize(wanted, namespace, &mut declarations),
                None if wanted.is_empty() => self.utilize("", "", &mut declarations),
                None => {}
            }
        }
        declarations.sort();
        for (prefix, namespace) in declarations {
            self.out.extend_from_slice(if prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
            self.out.extend_from_slice(prefix.as_bytes());
            self.out.extend_from_slice(b"=\"");
            escape_attribute(&namespace, self.out);
            self.out.push(b'"');
            self.rendered.push((prefix, namespace));
        }
        attributes.sort_by_key(|(namespace, name, ..)| (*namespace, *name));
        for (_, _, qname, value) in attributes {
            self.out.push(b' ');
            self.out.extend_from_slice(qname.as_bytes());
            self.out.extend_from_slice(b"=\"");
            escape_attribute(value, self.out);
            self.out.push(b'"');
        }
        self.out.push(b'>');
        for child in node.children() {
            match child.node_type() {
                NodeType::Element => self.element(child),
                NodeType::Text => escape_text(child.text().unwrap_or_default(), self.out),
                // Comments are left out; the prefilter lets no processing instruction through.
                NodeType::Comment | NodeType::PI | NodeType::Root => {}
            }
        }
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(qname.as_bytes());
        self.out.push(b'>');
        self.rendered.truncate(outer);
    }

    /// Adds a declaration unless an output ancestor (or this element) already gives the prefix that namespace.
    fn utilize(&self, prefix: &str, namespace: &str, declarations: &mut Vec<(String, String)>) {
        // "xml" is bound by definition and never declared (C14N §2.3).
        if prefix == "xml" || declarations.iter().any(|(p, _)| p == prefix) {
            return;
        }
        let present = self.rendered.iter().rev().find(|(p, _)| p == prefix).map(|(_, n)| n.as_str());
        // An absent default namespace is the empty one: xmlns="" is written only to undo another.
        let same = present == Some(namespace) || (prefix.is_empty() && namespace.is_empty() && present.is_none());
        if !same {
            declarations.push((prefix.to_owned(), namespace.to_owned()));
        }
    }
}

/// The name as it is written, prefix included: the tree keeps only what it means.
pub fn qualified_name<'s>(source: &'s str, node: Node<'_, '_>) -> &'s str {
    let tag = &source[node.range().start + 1..];
    let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(tag.len());
    &tag[..end]
}

/// Text of canonical form (C14N §2.3).
pub fn escape_text(text: &str, out: &mut Vec<u8>) {
    escape(text, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Attribute value of canonical form (C14N §2.3).
pub fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    escape(value, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Copies what lies between the special bytes in one piece each.
fn escape(text: &str, out: &mut Vec<u8>, special: impl Fn(u8) -> Option<&'static str>) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if let Some(replacement) = special(*byte) {
            out.extend_from_slice(&bytes[copied..at]);
            out.extend_from_slice(replacement.as_bytes());
            copied = at + 1;
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Counts, for tests, what is done before a signature is known to hold.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    thread_local! {
        /// Elements canonicalized on this thread.
        pub(crate) static ELEMENTS: Cell<usize> = const { Cell::new(0) };
    }
}
