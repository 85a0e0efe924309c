//! What the published files promise to those who generate code from them (contract.md 0, 1).

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::{BTreeMap, BTreeSet};

use nir_xsd::catalog::{self, FILES};
use nir_xsd::limits::{MAX_NAMED, MAX_PER_PERSON, MAX_PERSONS, MAX_STREAMS};
use nir_xsd::message::{Answer, NAMESPACE};
use nir_xsd::validate::schema_is_usable;
use roxmltree::{Document, Node};

const XS: &str = "http://www.w3.org/2001/XMLSchema";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Calls with every element of every file.
fn each(mut look: impl FnMut(&str, Node<'_, '_>)) {
    for file in FILES {
        let document = Document::parse(std::str::from_utf8(file.bytes).unwrap()).unwrap();
        document.descendants().filter(Node::is_element).for_each(|node| look(file.name, node));
    }
}

fn is(node: Node<'_, '_>, names: &[&str]) -> bool {
    node.tag_name().namespace() == Some(XS) && names.contains(&node.tag_name().name())
}

/// Text of the annotation's child that `pick` wants.
fn annotation(node: Node<'_, '_>, pick: impl Fn(Node<'_, '_>) -> bool) -> Option<String> {
    let annotation = node.children().find(|child| is(*child, &["annotation"]))?;
    let found = annotation.descendants().find(|child| pick(*child))?;
    Some(found.text().unwrap_or_default().trim().to_owned())
}

fn words(node: Node<'_, '_>, language: &str) -> Option<String> {
    annotation(node, |child| is(child, &["documentation"]) && child.attribute((XML, "lang")) == Some(language))
}

#[test]
fn the_schema_compiles() {
    assert!(schema_is_usable());
    assert_eq!(catalog::file("nir-melding-v1.xsd").unwrap().name, FILES[0].name);
}

#[test]
fn everything_with_a_name_is_documented_in_both_languages() {
    let mut count = 0;
    each(|file, node| {
        let Some(name) = node.attribute("name").filter(|_| is(node, &["element", "complexType", "simpleType"])) else {
            return;
        };
        count += 1;
        for language in ["nb", "en"] {
            let text = words(node, language).unwrap_or_else(|| panic!("{file} {name}: no xml:lang {language}"));
            assert!(text.len() > 3, "{file} {name} {language}: {text:?}");
        }
        assert_ne!(words(node, "nb"), words(node, "en"), "{file} {name}: translated");
    });
    assert!(count > 200, "{count}");
}

#[test]
fn every_element_says_since_when() {
    each(|file, node| {
        if is(node, &["element"]) {
            let name = node.attribute("name").unwrap();
            let since = annotation(node, |child| child.tag_name().name() == "since");
            let minor = since.as_deref().and_then(|since| since.strip_prefix("1.")).and_then(|n| n.parse::<u16>().ok());
            assert!(minor.is_some(), "{file} {name}: {since:?}");
        }
    });
}

#[test]
fn one_namespace_and_qualified_elements() {
    each(|file, node| {
        if is(node, &["schema"]) {
            assert_eq!(node.attribute("targetNamespace"), Some(NAMESPACE), "{file}");
            assert_eq!(node.attribute("elementFormDefault"), Some("qualified"), "{file}");
        }
    });
}

/// Constructs that real generators choke on, or that would let a document differ from what a type holds (contract.md
/// 0.3, 1; clients.md).
const AVOIDED: &[&str] = &[
    "enumeration",
    "any",
    "anyAttribute",
    "attribute",
    "attributeGroup",
    "all",
    "group",
    "extension",
    "union",
    "list",
    "import",
    "redefine",
    "key",
    "keyref",
    "unique",
    "simpleContent",
    "complexContent",
];

#[test]
fn nothing_that_generators_choke_on() {
    each(|file, node| {
        assert!(!is(node, AVOIDED), "{file}: xs:{}", node.tag_name().name());
        for attribute in ["substitutionGroup", "abstract", "nillable", "default", "fixed", "ref", "mixed"] {
            assert!(node.attribute(attribute).is_none(), "{file}: {attribute}");
        }
        if is(node, &["element"]) {
            let named = node.attribute("type").is_some();
            let root = node.parent().is_some_and(|parent| is(parent, &["schema"]));
            assert_eq!(
                named,
                !root,
                "{file} {:?}: a root has a type within it, all others name theirs",
                node.attribute("name")
            );
        }
    });
}

#[test]
fn every_wrapper_has_exactly_one_child() {
    each(|file, node| {
        if is(node, &["element"]) && node.parent().is_some_and(|parent| is(parent, &["schema"])) {
            let children: Vec<_> = node.descendants().skip(1).filter(|child| is(*child, &["element"])).collect();
            assert_eq!(children.len(), 1, "{file} {:?}", node.attribute("name"));
            let once = children[0].attribute("maxOccurs").is_none() || node.attribute("name") == Some("nirFeil");
            assert!(once && children[0].attribute("minOccurs").is_none(), "{file} {:?}", node.attribute("name"));
        }
    });
}

#[test]
fn a_choice_stands_last_and_its_branches_have_types_of_their_own() {
    let mut choices = 0;
    each(|file, node| {
        if !is(node, &["choice"]) {
            return;
        }
        choices += 1;
        assert!(node.next_siblings().skip(1).all(|sibling| !sibling.is_element()), "{file}: a choice stands last");
        assert_eq!(node.attributes().len(), 0, "{file}: the element that holds a choice is repeated, never the choice");
        let branches: Vec<_> = node.children().filter(Node::is_element).collect();
        let types: BTreeSet<_> = branches.iter().map(|branch| branch.attribute("type").unwrap()).collect();
        assert_eq!(types.len(), branches.len(), "{file}: distinct types");
        assert!(types.iter().all(|name| !name.starts_with("xs:")), "{file}");
    });
    assert_eq!(choices, 3, "Innhold, Endring and Opplysningsinnhold");
}

/// The choice of what only answers hold ends with a branch for what the caller does not know. `Innhold` is the choice
/// that requests share.
#[test]
fn the_choice_of_answers_ends_open() {
    let endring = nir_xsd::outline::Outline::published().elements("Endring");
    assert_eq!(endring.last().unwrap().name, "annenHendelse");
    assert!(endring.last().unwrap().branch);
    assert!(Answer::ROOTS.contains(&"hentEndringerSvar"));
}

/// Generators make a class of every type and of every root element, and some file systems and languages do not tell
/// `pingSvar` from `Pingsvar`.
#[test]
fn names_of_generated_classes_differ_by_more_than_case() {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    each(|_, node| {
        let top = node.parent().is_some_and(|parent| is(parent, &["schema"]));
        if let Some(name) = node.attribute("name").filter(|_| top) {
            let other = names.insert(name.to_lowercase(), name.to_owned());
            assert_eq!(other, None, "{name}");
        }
    });
}

#[test]
fn names_are_ascii_and_types_and_elements_are_told_apart() {
    each(|file, node| {
        let Some(name) = node.attribute("name") else { return };
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{file} {name}");
        let capital = name.starts_with(|first: char| first.is_ascii_uppercase());
        assert_eq!(capital, !is(node, &["element"]), "{file} {name}");
    });
}

#[test]
fn the_schema_has_the_limits_that_the_code_names() {
    let mut found = Vec::new();
    each(|_, node| {
        if let Some(most) = node.attribute("maxOccurs").filter(|most| *most != "unbounded") {
            found.push((node.attribute("name").unwrap().to_owned(), most.parse::<usize>().unwrap()));
        }
    });
    let limits = [
        ("registrering", MAX_PER_PERSON),
        ("person", MAX_PERSONS),
        ("posisjon", MAX_STREAMS),
        ("dufNummer", MAX_NAMED),
        ("opplysning", MAX_PER_PERSON),
        ("person", MAX_PERSONS),
    ];
    assert_eq!(found, limits.map(|(name, most)| (name.to_owned(), most)));
}

#[test]
fn every_file_includes_only_files_of_the_catalog() {
    let mut included = BTreeSet::from([FILES[0].name.to_owned()]);
    each(|file, node| {
        if is(node, &["include"]) {
            let name = node.attribute("schemaLocation").unwrap();
            assert!(catalog::file(name).is_some(), "{file} includes {name}");
            included.insert(name.to_owned());
        }
    });
    assert_eq!(included, FILES.iter().map(|file| file.name.to_owned()).collect(), "the first reaches all");
}
