//! What the schemas say, as data: which elements each type holds, in which order, and since which version. It is
//! read from the embedded files, so it cannot part from what is published.

use std::collections::HashMap;
use std::sync::LazyLock;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::catalog::FILES;

static PUBLISHED: LazyLock<Outline> = LazyLock::new(|| Outline::read(FILES.iter().map(|file| file.bytes)));

/// Every type and root element of a set of schema files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    types: HashMap<String, Vec<Element>>,
    roots: HashMap<String, Element>,
}

/// One element of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Its type as the schema writes it: `Dato`, `xs:int`. Of a root, which has a type without name, `#root`.
    pub type_name: String,
    /// Whether it must be there. No branch of a choice must.
    pub required: bool,
    /// Whether it may stand more than once.
    pub repeats: bool,
    /// How often it may stand, where there is a limit.
    pub most: Option<usize>,
    /// Whether it is a branch of a choice.
    pub branch: bool,
    /// The minor version of the contract that brought it: the `n` of `1.n`.
    pub since: u16,
}

impl Outline {
    /// The outline of the embedded schemas.
    pub fn published() -> &'static Outline {
        &PUBLISHED
    }

    /// Reads schema files of the form that ours have: named types, elements that name their type, and root elements
    /// around a type of their own.
    pub fn read<'a>(files: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut outline = Outline::default();
        for file in files {
            outline.add(file);
        }
        outline
    }

    /// The root element of that name.
    pub fn root(&self, name: &str) -> Option<&Element> {
        self.roots.get(name)
    }

    /// Names of all root elements, in no order.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.roots.keys().map(String::as_str)
    }

    /// The elements of a complex type, in the schema's order; none for a simple type.
    pub fn elements(&self, type_name: &str) -> &[Element] {
        self.types.get(type_name).map_or(&[], Vec::as_slice)
    }

    /// An element of a complex type.
    pub fn child(&self, type_name: &str, name: &str) -> Option<&Element> {
        self.elements(type_name).iter().find(|element| element.name == name)
    }

    /// Names of all elements of a type, in no order.
    pub fn named_by_type<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = &'a str> {
        self.types.values().flatten().filter(move |element| element.type_name == type_name).map(|e| e.name.as_str())
    }

    /// The newest minor version that any element names.
    pub fn newest(&self) -> u16 {
        self.types.values().flatten().chain(self.roots.values()).map(|element| element.since).max().unwrap_or(0)
    }

    fn add(&mut self, file: &[u8]) {
        let mut reader = Reader::from_str(std::str::from_utf8(file).unwrap_or_default());
        let mut type_name: Option<String> = None;
        let mut open: Vec<Element> = Vec::new();
        let mut choices = 0_usize;
        let mut in_since = false;
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Eof => break,
                Event::Start(tag) => match tag.name().as_ref() {
                    "xs:complexType" => {
                        if let Some(name) = attribute(&tag, "name") {
                            type_name = Some(name);
                        }
                    }
                    "xs:choice" => choices += 1,
                    "nir:since" => in_since = true,
                    "xs:element" => {
                        let element = element(&tag, choices > 0);
                        if type_name.is_none() {
                            type_name = Some(element.type_name.clone());
                        }
                        open.push(element);
                    }
                    _ => {}
                },
                Event::Text(text) if in_since => {
                    if let (Some(element), Some(minor)) = (open.last_mut(), minor(text.as_ref())) {
                        element.since = minor;
                    }
                }
                Event::End(tag) => match tag.name().as_ref() {
                    "xs:complexType" if open.is_empty() => type_name = None,
                    "xs:choice" => choices = choices.saturating_sub(1),
                    "nir:since" => in_since = false,
                    "xs:element" => {
                        let Some(element) = open.pop() else { continue };
                        if open.is_empty() && element.type_name.starts_with('#') {
                            type_name = None;
                            self.roots.insert(element.name.clone(), element);
                        } else if let Some(name) = &type_name {
                            self.types.entry(name.clone()).or_default().push(element);
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

fn element(tag: &BytesStart<'_>, branch: bool) -> Element {
    let name = attribute(tag, "name").unwrap_or_default();
    let most = attribute(tag, "maxOccurs").unwrap_or_else(|| "1".to_owned());
    Element {
        type_name: attribute(tag, "type").unwrap_or_else(|| format!("#{name}")),
        name,
        required: !branch && attribute(tag, "minOccurs").as_deref() != Some("0"),
        repeats: most != "1",
        most: most.parse().ok(),
        branch,
        since: 0,
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name).ok()?.map(|attribute| attribute.value.into_owned())
}

/// The `n` of `1.n`.
fn minor(version: &str) -> Option<u16> {
    version.trim().strip_prefix("1.")?.parse().ok()
}
