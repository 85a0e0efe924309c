//! Who may know whom.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::source;
use crate::tree::{FILES, none, read};

/// The five crates in reading order, and which of their siblings each may know (ARCHITECTURE.md).
const CRATES: [(&str, &str, &[&str]); 5] = [
    ("xsd", "nir-xsd", &[]),
    ("wsdl", "nir-wsdl", &["nir-xsd"]),
    ("core", "nir-core", &[]),
    ("gateway", "nir-gateway", &["nir-core", "nir-wsdl", "nir-xsd"]),
    ("conformance", "nir-conformance", &["nir-wsdl", "nir-xsd"]),
];

/// Crates that read or write XML.
const XML: [&str; 6] = ["quick-xml", "roxmltree", "xml-rs", "xmlparser", "libxml", "serde-xml-rs"];

#[test]
fn the_arrows_between_the_crates_are_all_there_are() {
    let workspace: Table = toml::from_str(read("Cargo.toml")).unwrap();
    let members: Vec<&str> =
        workspace["workspace"]["members"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(members, CRATES.map(|(folder, ..)| folder));
    for (folder, package, known) in CRATES {
        let manifest: Table = toml::from_str(read(&format!("{folder}/Cargo.toml"))).unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(package));
        let siblings: BTreeSet<String> = dependencies(&manifest).filter(|name| name.starts_with("nir-")).collect();
        assert_eq!(siblings, known.iter().map(|name| (*name).to_owned()).collect(), "{folder}");
        // Whatever is below a folder knows what the folder may know, and the folder.
        let below = FILES.iter().filter(|file| {
            file.path.starts_with(&format!("{folder}/"))
                && file.path.ends_with("/Cargo.toml")
                && file.path.matches('/').count() > 1
        });
        for file in below {
            let manifest: Table = toml::from_str(&file.text).unwrap();
            let strangers = dependencies(&manifest)
                .filter(|name| name.starts_with("nir-") && name != package && !known.contains(&name.as_str()));
            none(&file.path, strangers);
        }
    }
}

#[test]
fn the_register_knows_no_xml() {
    let manifest: Table = toml::from_str(read("core/Cargo.toml")).unwrap();
    none("core depends on", dependencies(&manifest).filter(|name| XML.contains(&name.as_str())));
    // Namespaces stand in strings, so whole lines are searched here and not code alone.
    let spoken = ["urn:no:nir", "xmlns", "http://schemas.xmlsoap", "http://www.w3.org", "http://docs.oasis"];
    let lines = FILES
        .iter()
        .filter(|file| file.path.starts_with("core/src/"))
        .flat_map(|file| file.text.lines().zip(1..).map(move |(line, n)| (format!("{}:{n}", file.path), line)));
    none(
        "core speaks XML",
        lines.filter(|(_, line)| spoken.iter().any(|word| line.contains(word))).map(|(place, _)| place),
    );
}

#[test]
fn the_suite_knows_only_the_wire() {
    let ours = source::lines().filter(|(file, _)| file.path.starts_with("conformance/"));
    let words = ["register", "nir_core", "nir_gateway"];
    let uses = ours.filter(|(_, line)| words.iter().any(|word| line.code.contains(&format!("{word}::"))));
    none("conformance uses the register's or the gateway's types", uses.map(|(_, line)| line.place));
}

/// Names of all dependencies of a manifest, of whatever kind.
fn dependencies(manifest: &Table) -> impl Iterator<Item = String> {
    fn collect(table: &Table, names: &mut Vec<String>) {
        for (key, value) in table {
            let Some(inner) = value.as_table() else { continue };
            if key.ends_with("dependencies") {
                // A renamed one counts by its true name.
                let name = |(name, value): (&String, &Value)| {
                    value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
                };
                names.extend(inner.iter().map(name));
            } else if key != "package" {
                collect(inner, names);
            }
        }
    }
    let mut names = Vec::new();
    collect(manifest, &mut names);
    names.into_iter()
}
