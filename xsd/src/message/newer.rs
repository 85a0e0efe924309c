//! Writing for a caller that was built against an older contract (contract.md 0.2, 4.1).

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::outline::{Element, Outline};

/// The branch that every choice of an answer ends with (contract.md 0.4).
const OTHER: &str = "annenHendelse";

/// Where the walk is: inside an element that the caller knows, or inside one that it does not.
enum Inside<'o> {
    Known(Option<&'o Element>),
    Newer(Newer),
}

/// An element that the caller's version does not have.
struct Newer {
    /// What is written instead: nothing, or `annenHendelse` as far as it has been written.
    instead: Option<String>,
    /// Names of the elements that are open inside it.
    path: Vec<String>,
    /// The value of the innermost one, where it is a leaf.
    value: Option<String>,
}

/// A canonical answer without what is newer than `minor`.
pub(super) fn leave_out(outline: &Outline, minor: u16, answer: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&answer) else { return answer };
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut open: Vec<Inside<'_>> = Vec::new();
    let mut reader = Reader::from_str(text);
    loop {
        let begin = position(&reader);
        let Ok(event) = reader.read_event() else { return answer };
        let end = position(&reader);
        match (event, open.last_mut()) {
            (Event::Eof, _) => break,
            (Event::Start(tag), Some(Inside::Newer(newer))) => {
                newer.path.push(tag.local_name().as_ref().to_owned());
                newer.value = Some(String::new());
            }
            (Event::Start(tag), parent) => {
                let name = tag.local_name();
                let element = match parent {
                    None => outline.root(name.as_ref()),
                    Some(Inside::Known(parent)) => {
                        parent.and_then(|parent| outline.child(&parent.type_name, name.as_ref()))
                    }
                    Some(Inside::Newer(_)) => None,
                };
                if element.is_some_and(|element| element.since > minor) {
                    out.push_str(&text[copied..begin]);
                    let instead = element.is_some_and(|e| e.branch).then(|| format!("<{OTHER}>"));
                    open.push(Inside::Newer(Newer { instead, path: Vec::new(), value: None }));
                } else {
                    open.push(Inside::Known(element));
                }
            }
            (Event::End(_), Some(Inside::Newer(newer))) if !newer.path.is_empty() => newer.close(),
            (Event::End(_), _) => {
                if let Some(Inside::Newer(newer)) = open.pop() {
                    if let Some(instead) = newer.instead {
                        out.push_str(&instead);
                        out.push_str(&format!("</{OTHER}>"));
                    }
                    copied = end;
                }
            }
            (_, Some(Inside::Newer(Newer { value: Some(value), .. }))) => value.push_str(&text[begin..end]),
            _ => {}
        }
    }
    out.push_str(&text[copied..]);
    out.into_bytes()
}

impl Newer {
    /// At an end tag inside: a leaf becomes a key and its value, as canonical text.
    fn close(&mut self) {
        if let (Some(value), Some(instead)) = (self.value.take(), &mut self.instead) {
            let key = self.path.join(".");
            instead.push_str(&format!("<tillegg><noekkel>{key}</noekkel><verdi>{value}</verdi></tillegg>"));
        }
        self.path.pop();
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}
