//! The published schema files, read with another XML library than the crate's own outline, and instances built from
//! them.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate};
use roxmltree::{Document, Node};

const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// All files together.
#[derive(Default)]
pub struct Schema {
    /// Named complex types.
    pub types: BTreeMap<String, Vec<Particle>>,
    /// Root elements, each with the particles of the type within it.
    pub roots: BTreeMap<String, Vec<Particle>>,
}

/// One thing in a sequence.
#[derive(Clone)]
pub enum Particle {
    Element(Element),
    /// One of these.
    Choice(Vec<Element>),
}

#[derive(Clone)]
pub struct Element {
    pub name: String,
    pub type_name: String,
    pub optional: bool,
    pub repeats: bool,
    pub since: u16,
}

impl Particle {
    /// Itself, or its branches.
    pub fn elements(&self) -> &[Element] {
        match self {
            Particle::Element(element) => std::slice::from_ref(element),
            Particle::Choice(branches) => branches,
        }
    }
}

pub fn is_xs(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(XS) && node.tag_name().name() == name
}

impl Schema {
    pub fn published() -> Self {
        Self::read(nir_xsd::catalog::FILES.iter().map(|file| std::str::from_utf8(file.bytes).unwrap()))
    }

    pub fn read<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut schema = Schema::default();
        for text in texts {
            let document = Document::parse(text).unwrap();
            for node in document.root_element().children() {
                let name = || node.attribute("name").unwrap().to_owned();
                if is_xs(node, "complexType") {
                    schema.types.insert(name(), particles(node));
                } else if is_xs(node, "element") {
                    let inner = node.children().find(|child| is_xs(*child, "complexType")).unwrap();
                    schema.roots.insert(name(), particles(inner));
                }
            }
        }
        schema
    }
}

fn particles(complex: Node<'_, '_>) -> Vec<Particle> {
    let mut out = Vec::new();
    for group in complex.children().filter(Node::is_element) {
        match group.tag_name().name() {
            "annotation" => {}
            "sequence" => {
                for child in group.children().filter(Node::is_element) {
                    out.push(match child.tag_name().name() {
                        "element" => Particle::Element(element(child)),
                        "choice" => Particle::Choice(branches(child)),
                        other => panic!("xs:{other} in a sequence: teach this reader, and Outline"),
                    });
                }
            }
            "choice" => out.push(Particle::Choice(branches(group))),
            other => panic!("xs:{other} in a type: teach this reader, and Outline"),
        }
    }
    out
}

fn branches(choice: Node<'_, '_>) -> Vec<Element> {
    assert_eq!(choice.attributes().len(), 0, "the element that holds a choice is repeated, never the choice");
    choice.children().filter(Node::is_element).map(element).collect()
}

fn element(node: Node<'_, '_>) -> Element {
    assert!(is_xs(node, "element"));
    let since = node.descendants().find(|n| n.tag_name().name() == "since").and_then(|n| n.text()).unwrap();
    Element {
        name: node.attribute("name").unwrap().to_owned(),
        type_name: node.attribute("type").unwrap().to_owned(),
        optional: node.attribute("minOccurs") == Some("0"),
        repeats: node.attribute("maxOccurs").is_some(),
        since: since.strip_prefix("1.").unwrap().parse().unwrap(),
    }
}

/// How an instance is built.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// Everything optional, and everything that repeats twice; otherwise only what must be there.
    pub maximal: bool,
    /// Which branch every choice takes.
    pub branch: usize,
}

impl Build {
    /// The smallest and the largest, with each branch in turn.
    pub fn all() -> impl Iterator<Item = Build> {
        [false, true].into_iter().flat_map(|maximal| (0..23).map(move |branch| Build { maximal, branch }))
    }
}

/// An instance of a root element, in canonical form. Every value in it is another one.
pub fn instance(schema: &Schema, root: &str, build: Build) -> String {
    let mut writer =
        Writer { schema, build, count: 0, out: format!("<{root} xmlns=\"{}\">", nir_xsd::message::NAMESPACE) };
    writer.particles(&schema.roots[root]);
    writer.out + &format!("</{root}>")
}

struct Writer<'s> {
    schema: &'s Schema,
    build: Build,
    count: u32,
    out: String,
}

impl Writer<'_> {
    fn particles(&mut self, particles: &[Particle]) {
        for particle in particles {
            let element = match particle {
                Particle::Element(element) => element,
                Particle::Choice(branches) => &branches[self.build.branch % branches.len()],
            };
            let times = match self.build.maximal {
                true => 1 + usize::from(element.repeats),
                false => usize::from(!element.optional),
            };
            for _ in 0..times {
                self.element(element);
            }
        }
    }

    fn element(&mut self, element: &Element) {
        self.out += &format!("<{}>", element.name);
        match self.schema.types.get(&element.type_name) {
            Some(particles) => self.particles(&particles.clone()),
            None => {
                self.count += 1;
                self.out += &value(&element.type_name, &element.name, self.count);
            }
        }
        self.out += &format!("</{}>", element.name);
    }
}

/// The n-th value of a simple type, as canonical text that the writer gives back unchanged.
fn value(type_name: &str, name: &str, n: u32) -> String {
    let days = Duration::days(n.into());
    match type_name {
        "Kode" => format!("{}_{n}", name.to_uppercase()),
        "Id" => format!("{name}/{n}._:-"),
        "Dato" => (NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + days).to_string(),
        "Tidspunkt" => {
            let start = DateTime::parse_from_rfc3339("2026-11-23T13:02:11.123+01:00").unwrap();
            (start + days).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
        }
        "Maaned" => format!("{}-{:02}", 2000 + n / 12, 1 + n % 12),
        "Timer" | "Dager" => format!("{n}.25"),
        "Spraak" => {
            let letter = |n: u32| char::from(b'a' + u8::try_from(n % 26).unwrap());
            [n / 26, n].map(letter).iter().collect()
        }
        "Duf" => format!("{n:012}"),
        "Personnummer" => format!("{n:011}"),
        "Kommunenummer" => format!("{n:04}"),
        "Bydelsnummer" => format!("{n:06}"),
        "Kontraktversjon" => format!("1.{n}"),
        "Navn" | "Saksreferanse" | "Forklaring" | "Supporttekst" | "xs:token" => {
            format!("{name} {n} æøå &amp; &lt;&gt; \" ' 🙂")
        }
        "xs:string" => format!("  {name} {n}\t&amp;\n &lt;&gt; \" ' &#xD; 🙂 "),
        "xs:int" => (i32::MAX - i32::try_from(n).unwrap()).to_string(),
        "xs:long" => (i64::MAX - i64::from(n)).to_string(),
        "xs:boolean" => n.is_multiple_of(2).to_string(),
        "xs:base64Binary" => format!("AA{:02}", n % 100),
        other => panic!("{other}: teach this builder"),
    }
}
