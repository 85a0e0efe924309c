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

/// Path at which the description of the receiver's service is shown; nobody is called there.
pub const RECEIVER_PATH: &str = "/contract/mottak";
/// Name of that description as a file.
pub const RECEIVER_WSDL_FILE: &str = "NirMottak.wsdl";
/// Its namespace, and the beginning of its actions.
pub const RECEIVER_NAMESPACE: &str = "urn:no:nir:mottak:v1";
/// Where a receiver is, is its own matter: the operator approves the address.
const RECEIVER_ADDRESS: &str = "https://fagsystem.example/nir/mottak";
const RECEIVER_TEMPLATE: &str = include_str!("../services/NirMottak.wsdl");

/// How a schema writes the place of another.
const LOCATION: &str = "schemaLocation=\"";

/// The description for `?wsdl`. `base_url` is how callers reach us, such as `https://nir.example.no`, without the
/// service's path; behind a proxy it is the proxy's.
pub fn wsdl(base_url: &str) -> String {
    let address = address(base_url);
    fill(TEMPLATE, &address, &format!("{address}?xsd={MAIN_SCHEMA}"))
}

/// The description of the service that a fagsystem hosts, to make a server of.
pub fn receiver_wsdl(base_url: &str) -> String {
    fill(RECEIVER_TEMPLATE, RECEIVER_ADDRESS, &format!("{}?xsd={MAIN_SCHEMA}", address(base_url)))
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
    let description = fill(TEMPLATE, &address(base_url), MAIN_SCHEMA).into_bytes();
    let receiver = fill(RECEIVER_TEMPLATE, RECEIVER_ADDRESS, MAIN_SCHEMA).into_bytes();
    let schemas = FILES.iter().map(|file| (file.name.to_owned(), file.bytes.to_vec()));
    let descriptions = [(WSDL_FILE.to_owned(), description), (RECEIVER_WSDL_FILE.to_owned(), receiver)];
    descriptions.into_iter().chain(schemas).collect()
}

fn address(base_url: &str) -> String {
    format!("{}{PATH}", base_url.trim_end_matches('/'))
}

fn fill(template: &str, address: &str, schema: &str) -> String {
    template.replace("{address}", &escape(address)).replace("{schema}", &escape(schema))
}

/// An address as an attribute's value.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
