//! The service description and the schemas as they are served, and as files for the contract's zip.
//!
//! Served with absolute addresses, since tools differ in how they resolve `?xsd=` against `?wsdl`; as files with
//! names side by side.

use nir_xsd::catalog::{self, FILES};

/// Path of the service.
pub const PATH: &str = "/ws/v1/fagsystem";
/// Name of the description as a file.
pub const WSDL_FILE: &str = "NirFagsystem.wsdl";
/// Namespace of the description, and the beginning of every action.
pub const NAMESPACE: &str = "urn:no:nir:fagsystem:v1";
/// Schema that the description imports; it includes the others.
pub const MAIN_SCHEMA: &str = "nir-melding-v1.xsd";

/// The description with its two placeholders, `{address}` and `{schema}`.
const TEMPLATE: &str = include_str!("../services/NirFagsystem.wsdl");

/// How a schema writes the place of another.
const LOCATION: &str = "schemaLocation=\"";

/// The description for `?wsdl`. `base_url` is how callers reach us, such as `https://nir.example.no`, without the
/// service's path; behind a proxy it is the proxy's.
pub fn wsdl(base_url: &str) -> String {
    let address = address(base_url);
    fill(&address, &format!("{address}?xsd={MAIN_SCHEMA}"))
}

/// A schema for `?xsd=NAME`, its includes as absolute addresses; None for a name that is not ours.
pub fn xsd(name: &str, base_url: &str) -> Option<Vec<u8>> {
    let file = catalog::file(name)?;
    let address = format!("{LOCATION}{}?xsd=", escape(&address(base_url)));
    // The schemas are embedded and UTF-8; every location in them is the bare name of another (tests/service.rs).
    Some(String::from_utf8_lossy(file.bytes).replace(LOCATION, &address).into_bytes())
}

/// The description and the schemas as files that refer to each other by name. The samples are the caller's to add.
pub fn contract_files(base_url: &str) -> Vec<(String, Vec<u8>)> {
    let description = fill(&address(base_url), MAIN_SCHEMA).into_bytes();
    let schemas = FILES.iter().map(|file| (file.name.to_owned(), file.bytes.to_vec()));
    std::iter::once((WSDL_FILE.to_owned(), description)).chain(schemas).collect()
}

fn address(base_url: &str) -> String {
    format!("{}{PATH}", base_url.trim_end_matches('/'))
}

fn fill(address: &str, schema: &str) -> String {
    TEMPLATE.replace("{address}", &escape(address)).replace("{schema}", &escape(schema))
}

/// An address as an attribute's value.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
