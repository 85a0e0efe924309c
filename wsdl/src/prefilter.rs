//! A linear look at the bytes before any parser sees them (xml-security.md 3.1). It bounds what the parser can be
//! made to do: size, depth, attributes, namespaces, names; no DTD, no processing instruction, UTF-8 only.

mod form;

use std::collections::HashSet;

use crate::refusal::{FaultCode, Refusal};
use crate::tree::SPACE;
use form::{is_nc_name, line_ends, namespace, references};

/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;
/// Most attributes of one element, namespace declarations not counted.
pub const MAX_ATTRIBUTES: usize = 32;
/// Most namespace declarations of one element, and in scope at any place.
pub const MAX_NAMESPACES: usize = 64;
/// Most distinct names in a document.
pub const MAX_NAMES: usize = 512;
/// Longest name, in bytes.
pub const MAX_NAME: usize = 256;

fn structure(log: &'static str) -> Refusal {
    Refusal::new("NIR-X306", FaultCode::Sender, log)
}

fn encoding(log: &'static str) -> Refusal {
    Refusal::new("NIR-T109", FaultCode::Sender, log)
}

/// Text that may be parsed. Nothing else reaches a parser, so that no path can forget the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filtered<'a>(&'a str);

impl<'a> Filtered<'a> {
    /// The text, without a byte order mark.
    pub fn text(self) -> &'a str {
        self.0
    }
}

/// The text, if it may be parsed.
pub fn prefilter(bytes: &[u8], max_bytes: usize) -> Result<Filtered<'_>, Refusal> {
    if bytes.len() > max_bytes {
        let refusal = Refusal::new("NIR-T103", FaultCode::Sender, "larger than any operation allows");
        return Err(refusal.with("maksimum", max_bytes.to_string()));
    }
    // Without a mark, UTF-16 and UTF-32 show by a zero in the first character, which is ASCII in any XML.
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if wide || bytes.get(..2).is_some_and(|first| first.contains(&0)) {
        return Err(encoding("UTF-16 or UTF-32"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| encoding("not UTF-8"))?;
    // No XML holds one (XML 1.0 §2.2), and to libxml2 the text would end there.
    if memchr::memchr(0, bytes).is_some() {
        return Err(Refusal::malformed("a zero"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The parser would strip a second one, too; libxml2 would not.
    if text.starts_with('\u{feff}') {
        return Err(Refusal::malformed("two byte order marks"));
    }
    line_ends(text)?;
    references(text)?;
    Scan { rest: text, in_scope: 0, open: Vec::new(), names: HashSet::new(), any: false }.run()?;
    Ok(Filtered(text))
}

struct Scan<'a> {
    rest: &'a str,
    in_scope: usize,
    /// Name and number of namespace declarations of each open element.
    open: Vec<(&'a str, usize)>,
    names: HashSet<&'a str>,
    any: bool,
}

impl<'a> Scan<'a> {
    fn run(mut self) -> Result<(), Refusal> {
        self.declaration()?;
        while let Some(at) = memchr::memchr(b'<', self.rest.as_bytes()) {
            let tag = &self.rest[at..];
            if let Some(comment) = tag.strip_prefix("<!--") {
                self.rest = after(comment, "-->")?;
            } else if let Some(cdata) = tag.strip_prefix("<![CDATA[") {
                self.rest = after(cdata, "]]>")?;
            } else if tag.starts_with("<!") {
                return Err(Refusal::new("NIR-X305", FaultCode::Sender, "a DOCTYPE or entity declaration"));
            } else if tag.starts_with("<?") {
                return Err(structure("a processing instruction"));
            } else if let Some(end) = tag.strip_prefix("</") {
                let (name, rest) = end.split_once('>').ok_or_else(|| Refusal::malformed("an open end tag"))?;
                // roxmltree takes `</:a>` for the end of `a`.
                if self.close() != Some(name.trim_end_matches(SPACE)) {
                    return Err(Refusal::malformed("an end tag that ends nothing"));
                }
                self.rest = rest;
            } else {
                self.start(&tag[1..])?;
            }
        }
        if self.any { Ok(()) } else { Err(Refusal::malformed("no element at all")) }
    }

    /// The XML declaration, if any, is of XML 1.0 and names no other encoding than UTF-8 (XML 1.0 §2.8, §4.3.3).
    fn declaration(&mut self) -> Result<(), Refusal> {
        let Some(declaration) = self.rest.strip_prefix("<?xml").filter(|d| d.starts_with(SPACE)) else {
            return Ok(());
        };
        let malformed = || Refusal::malformed("an XML declaration that is none");
        let (inside, rest) = declaration.split_once("?>").ok_or_else(malformed)?;
        let mut inside = inside.trim_end_matches(SPACE);
        while !inside.is_empty() {
            let (name, value) = inside.split_once('=').ok_or_else(malformed)?;
            let value = value.trim_start_matches(SPACE);
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or_else(malformed)?;
            let (value, after) = value[1..].split_once(quote).ok_or_else(malformed)?;
            match name.trim_matches(SPACE) {
                "version" if value == "1.0" => {}
                "version" => return Err(Refusal::malformed("another version of XML")),
                "encoding" if value.eq_ignore_ascii_case("utf-8") => {}
                "encoding" => return Err(encoding("the XML declaration names another encoding")),
                "standalone" => {}
                _ => return Err(malformed()),
            }
            inside = after;
        }
        self.rest = rest;
        Ok(())
    }

    fn start(&mut self, tag: &'a str) -> Result<(), Refusal> {
        self.any = true;
        let bytes = tag.as_bytes();
        let name_end =
            bytes.iter().position(|b| b" \t\r\n/>".contains(b)).ok_or_else(|| Refusal::malformed("an open tag"))?;
        let element = &tag[..name_end];
        self.name(element)?;
        if element.starts_with("xml:") {
            // roxmltree takes no such element, libxml2 does; there is none.
            return Err(Refusal::malformed("an element of the namespace xml"));
        }
        let (mut attributes, mut namespaces, mut default_seen) = (0, 0, false);
        let mut at = name_end;
        loop {
            let gap = bytes[at..]
                .iter()
                .position(|b| !b" \t\r\n".contains(b))
                .ok_or_else(|| Refusal::malformed("an open tag"))?;
            at += gap;
            match bytes[at] {
                b'>' => {
                    self.open(element, namespaces)?;
                    self.rest = &tag[at + 1..];
                    return Ok(());
                }
                b'/' => {
                    if bytes.get(at + 1) != Some(&b'>') {
                        return Err(Refusal::malformed("a slash inside a tag"));
                    }
                    // An element without content opens and closes: its depth counts.
                    self.open(element, namespaces)?;
                    self.close();
                    self.rest = &tag[at + 2..];
                    return Ok(());
                }
                _ => {}
            }
            let equals = bytes[at..]
                .iter()
                .position(|b| *b == b'=')
                .ok_or_else(|| Refusal::malformed("an attribute without a value"))?;
            let name = tag[at..at + equals].trim_end_matches(SPACE);
            let before = namespaces;
            if name == "xmlns" || name.starts_with("xmlns:") {
                namespaces += 1;
                // roxmltree accepts a second default declaration, libxml2 does not (xml-security.md 3.1).
                if name == "xmlns" && std::mem::replace(&mut default_seen, true) {
                    return Err(Refusal::malformed("xmlns twice on one element"));
                }
            } else if name.ends_with(":xmlns") {
                // roxmltree takes it for a declaration of the default namespace, whatever the prefix.
                return Err(Refusal::malformed("xmlns behind a prefix"));
            } else {
                attributes += 1;
            }
            if attributes > MAX_ATTRIBUTES || namespaces > MAX_NAMESPACES {
                return Err(structure("too many attributes or namespaces on one element"));
            }
            self.name(name)?;
            at += equals + 1;
            let gap = bytes[at..]
                .iter()
                .position(|b| !b" \t\r\n".contains(b))
                .ok_or_else(|| Refusal::malformed("an open tag"))?;
            at += gap;
            let quote = bytes[at];
            if quote != b'"' && quote != b'\'' {
                return Err(Refusal::malformed("an attribute value without quotes"));
            }
            let length =
                memchr::memchr(quote, &bytes[at + 1..]).ok_or_else(|| Refusal::malformed("an open attribute value"))?;
            if namespaces > before {
                namespace(name, &tag[at + 1..at + 1 + length])?;
            }
            at += length + 2;
        }
    }

    fn open(&mut self, name: &'a str, namespaces: usize) -> Result<(), Refusal> {
        self.in_scope += namespaces;
        self.open.push((name, namespaces));
        if self.open.len() > MAX_DEPTH {
            return Err(structure("nested too deep"));
        }
        if self.in_scope > MAX_NAMESPACES {
            return Err(structure("too many namespaces in scope"));
        }
        Ok(())
    }

    /// The innermost open element, closed.
    fn close(&mut self) -> Option<&'a str> {
        let (name, namespaces) = self.open.pop()?;
        self.in_scope -= namespaces;
        Some(name)
    }

    fn name(&mut self, name: &'a str) -> Result<(), Refusal> {
        if name.len() > MAX_NAME {
            return Err(structure("a name that is too long"));
        }
        if !self.names.insert(name) {
            return Ok(());
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("_", name));
        if !is_nc_name(prefix) || !is_nc_name(local) {
            return Err(Refusal::malformed("a name that is none"));
        }
        if self.names.len() > MAX_NAMES { Err(structure("too many distinct names")) } else { Ok(()) }
    }
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, Refusal> {
    memchr::memmem::find(text.as_bytes(), end.as_bytes())
        .map(|at| &text[at + end.len()..])
        .ok_or_else(|| Refusal::malformed("markup that is never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{DS, SOAP11, WSSE};

    fn code(text: &str) -> &'static str {
        prefilter(text.as_bytes(), 1 << 22).map_or_else(|refusal| refusal.code, |_| "")
    }

    #[test]
    fn what_every_client_sends_passes() {
        assert_eq!(
            code(
                "<?xml version='1.0' encoding='utf-8'?>\n<a b=\"c>d\" xmlns='urn:u'><!-- < --><b/><![CDATA[<x>]]></a>"
            ),
            ""
        );
        assert_eq!(code("\u{feff}<a></a>"), "");
    }

    #[test]
    fn hostile_forms_are_refused_by_name() {
        assert_eq!(code("<!DOCTYPE a><a/>"), "NIR-X305");
        assert_eq!(code("<a><!ENTITY b 'c'></a>"), "NIR-X305");
        assert_eq!(code("<a><?php x ?></a>"), "NIR-X306");
        assert_eq!(code("<?xml version='1.0' encoding='iso-8859-1'?><a/>"), "NIR-T109");
        assert_eq!(code(&"<a>".repeat(65)), "NIR-X306");
        assert_eq!(code(&format!("<a{}/>", (0..33).map(|n| format!(" a{n}='1'")).collect::<String>())), "NIR-X306");
        assert_eq!(
            code(&format!("<a{}/>", (0..65).map(|n| format!(" xmlns:a{n}='urn:u'")).collect::<String>())),
            "NIR-X306"
        );
        assert_eq!(code(&(0..600).map(|n| format!("<n{n}/>")).collect::<String>()), "NIR-X306");
        assert_eq!(code(&format!("<{}/>", "a".repeat(257))), "NIR-X306");
        assert_eq!(code("<a xmlns='urn:u' xmlns='urn:v'/>"), "NIR-X301");
        assert_eq!(code("<a xmlns:b='urn:b' b:xmlns='urn:u'/>"), "NIR-X301");
        let odd = [
            "http://a:b/",
            "http://a@b/",
            "http:///",
            "http://[::1]/",
            "urn:a%2",
            "urn:a#b#c",
            "urn:\u{e5}",
            "urn:a|b",
        ];
        for namespace in odd.map(|namespace| format!("xmlns='{namespace}'")) {
            assert_eq!(code(&format!("<a {namespace}/>")), "NIR-X301", "{namespace}");
        }
        for namespace in [SOAP11, WSSE, DS, "http://a.b:80/c?d=e#f", "urn:a:b%20c", "http://a", "urn:"] {
            assert_eq!(code(&format!("<a xmlns='{namespace}'/>")), "", "{namespace}");
        }
        for namespace in ["xmlns='relative'", "xmlns:a=''", "xmlns='urn:a b'", "xmlns:a='1:b'", "xmlns='urn:&#x61;'"] {
            assert_eq!(code(&format!("<a {namespace}/>")), "NIR-X301", "{namespace}");
        }
        assert_eq!(code("<a xmlns='urn:u'><b xmlns=''/></a>"), "");
        assert_eq!(code("</a>"), "NIR-X301");
        assert_eq!(code("<a/>\0"), "NIR-X301");
        assert_eq!(code("<a><xml:b/></a>"), "NIR-X301");
        assert_eq!(code("<a>\r&#65;</a>"), "NIR-X301");
        assert_eq!(code("<a>&#65;\r</a>"), "NIR-X301");
        assert_eq!(code("<a>\r\n&#65;\r\n</a>"), "");
        assert_eq!(code(""), "NIR-X301");
    }
}
