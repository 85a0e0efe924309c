//! A linear look at the bytes before any parser sees them (xml-security.md 3.1). It bounds what the parser can be
//! made to do: size, depth, attributes, namespaces, names; no DTD, no processing instruction, UTF-8 only.

use std::collections::HashSet;

use crate::refusal::{FaultCode, Refusal};

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
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Scan { rest: text, depth: 0, in_scope: 0, declared: Vec::new(), names: HashSet::new(), any: false }.run()?;
    Ok(Filtered(text))
}

struct Scan<'a> {
    rest: &'a str,
    depth: usize,
    in_scope: usize,
    /// Namespace declarations of each open element.
    declared: Vec<usize>,
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
                self.depth =
                    self.depth.checked_sub(1).ok_or_else(|| Refusal::malformed("an end tag without a start"))?;
                self.in_scope -= self.declared.pop().unwrap_or(0);
                self.rest = after(end, ">")?;
            } else {
                self.start(&tag[1..])?;
            }
        }
        if self.any { Ok(()) } else { Err(Refusal::malformed("no element at all")) }
    }

    /// The XML declaration, if any, must not name another encoding than UTF-8 (XML 1.0 §4.3.3).
    fn declaration(&mut self) -> Result<(), Refusal> {
        let Some(declaration) = self.rest.strip_prefix("<?xml").filter(|d| d.starts_with(char::is_whitespace)) else {
            return Ok(());
        };
        let (inside, rest) =
            declaration.split_once("?>").ok_or_else(|| Refusal::malformed("an open XML declaration"))?;
        if let Some((_, encoding_part)) = inside.split_once("encoding") {
            let name = encoding_part.trim_start_matches(|c: char| c.is_whitespace() || "='\"".contains(c));
            let name = name.split(['\'', '"']).next().unwrap_or_default();
            if !name.eq_ignore_ascii_case("utf-8") {
                return Err(encoding("the XML declaration names another encoding"));
            }
        }
        self.rest = rest;
        Ok(())
    }

    fn start(&mut self, tag: &'a str) -> Result<(), Refusal> {
        self.any = true;
        let bytes = tag.as_bytes();
        let name_end =
            bytes.iter().position(|b| b" \t\r\n/>".contains(b)).ok_or_else(|| Refusal::malformed("an open tag"))?;
        self.name(&tag[..name_end])?;
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
                    self.open(namespaces)?;
                    self.rest = &tag[at + 1..];
                    return Ok(());
                }
                b'/' => {
                    if bytes.get(at + 1) != Some(&b'>') {
                        return Err(Refusal::malformed("a slash inside a tag"));
                    }
                    // An element without content opens and closes: its depth counts.
                    self.open(namespaces)?;
                    self.depth -= 1;
                    self.in_scope -= self.declared.pop().unwrap_or(0);
                    self.rest = &tag[at + 2..];
                    return Ok(());
                }
                _ => {}
            }
            let equals = bytes[at..]
                .iter()
                .position(|b| *b == b'=')
                .ok_or_else(|| Refusal::malformed("an attribute without a value"))?;
            let name = tag[at..at + equals].trim_end();
            let before = namespaces;
            if name == "xmlns" || name.starts_with("xmlns:") {
                namespaces += 1;
                // roxmltree accepts a second default declaration, libxml2 does not (xml-security.md 3.1).
                if name == "xmlns" && std::mem::replace(&mut default_seen, true) {
                    return Err(Refusal::malformed("xmlns twice on one element"));
                }
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

    fn open(&mut self, namespaces: usize) -> Result<(), Refusal> {
        self.depth += 1;
        self.in_scope += namespaces;
        self.declared.push(namespaces);
        if self.depth > MAX_DEPTH {
            return Err(structure("nested too deep"));
        }
        if self.in_scope > MAX_NAMESPACES {
            return Err(structure("too many namespaces in scope"));
        }
        Ok(())
    }

    fn name(&mut self, name: &'a str) -> Result<(), Refusal> {
        if name.len() > MAX_NAME {
            return Err(structure("a name that is too long"));
        }
        self.names.insert(name);
        if self.names.len() > MAX_NAMES { Err(structure("too many distinct names")) } else { Ok(()) }
    }
}

/// A namespace is an absolute URI: Canonical XML fails on any other (C14N §1.3), and the two canonicalizers must not
/// differ on what an odd one means. Only the default namespace can be undeclared (Namespaces in XML 1.0 §5).
fn namespace(name: &str, value: &str) -> Result<(), Refusal> {
    if value.is_empty() && name == "xmlns" {
        return Ok(());
    }
    let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme);
    let absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
    let plain = value.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}&".contains(&b));
    if absolute && plain { Ok(()) } else { Err(Refusal::malformed("a namespace that is no absolute URI")) }
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, Refusal> {
    memchr::memmem::find(text.as_bytes(), end.as_bytes())
        .map(|at| &text[at + end.len()..])
        .ok_or_else(|| Refusal::malformed("markup that is never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for namespace in ["xmlns='relative'", "xmlns:a=''", "xmlns='urn:a b'", "xmlns:a='1:b'", "xmlns='urn:&#x61;'"] {
            assert_eq!(code(&format!("<a {namespace}/>")), "NIR-X301", "{namespace}");
        }
        assert_eq!(code("<a xmlns='urn:u'><b xmlns=''/></a>"), "");
        assert_eq!(code("</a>"), "NIR-X301");
        assert_eq!(code(""), "NIR-X301");
    }
}
