//! The services with their descriptions, and the schemas as they are served, and as files for the contract's zip.
//!
//! Served with absolute addresses, since tools differ in how they resolve `?xsd=` against `?wsdl`; as files with
//! names side by side.

use nir_xsd::catalog::{self, FILES};

use crate::operation::{self, Operation};

/// A service that the gateway offers, at a path of its own.
#[derive(Debug)]
pub struct Service {
    /// Its path.
    pub path: &'static str,
    /// Name of its description as a file.
    pub wsdl_file: &'static str,
    /// Namespace of its description, and the beginning of every action.
    pub namespace: &'static str,
    /// Its operations, in the order of its description.
    pub operations: &'static [Operation],
    /// The description with its two placeholders, `{address}` and `{schema}`.
    template: &'static str,
}

/// For fagsystemer.
pub const FAGSYSTEM: Service = Service {
    path: "/ws/v1/fagsystem",
    wsdl_file: "NirFagsystem.wsdl",
    namespace: "urn:no:nir:fagsystem:v1",
    operations: operation::FAGSYSTEM,
    template: include_str!("../services/NirFagsystem.wsdl"),
};

/// For source registers.
pub const KILDE: Service = Service {
    path: "/ws/v1/kilde",
    wsdl_file: "NirKilde.wsdl",
    namespace: "urn:no:nir:kilde:v1",
    operations: operation::KILDE,
    template: include_str!("../services/NirKilde.wsdl"),
};

/// All that the gateway offers.
pub const SERVICES: &[&Service] = &[&FAGSYSTEM, &KILDE];

/// Schema that every description imports; it includes the others.
pub const MAIN_SCHEMA: &str = "nir-melding-v1.xsd";

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

/// The service at a path.
pub fn at(path: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.path == path).copied()
}

/// The description of the service that a fagsystem hosts, to make a server of.
pub fn receiver_wsdl(base_url: &str) -> String {
    fill(RECEIVER_TEMPLATE, RECEIVER_ADDRESS, &format!("{}?xsd={MAIN_SCHEMA}", FAGSYSTEM.address(base_url)))
}

impl Service {
    /// The description for `?wsdl`. `base_url` is how callers reach us, such as `https://nir.example.no`, without the
    /// service's path; behind a proxy it is the proxy's.
    pub fn wsdl(&self, base_url: &str) -> String {
        let address = self.address(base_url);
        fill(self.template, &address, &format!("{address}?xsd={MAIN_SCHEMA}"))
    }

    /// A schema for `?xsd=NAME`, its includes as absolute addresses; None for a name that is not ours.
    pub fn xsd(&self, name: &str, base_url: &str) -> Option<Vec<u8>> {
        let file = catalog::file(name)?;
        let address = format!("{LOCATION}{}?xsd=", escape(&self.address(base_url)));
        // The schemas are embedded and UTF-8; every location in them is the bare name of another (tests/service.rs).
        Some(String::from_utf8_lossy(file.bytes).replace(LOCATION, &address).into_bytes())
    }

    fn address(&self, base_url: &str) -> String {
        format!("{}{}", base_url.trim_end_matches('/'), self.path)
    }
}

/// The descriptions and the schemas as files that refer to each other by name. The samples are the caller's to add.
pub fn contract_files(base_url: &str) -> Vec<(String, Vec<u8>)> {
    let description = |service: &&Service| {
        let text = fill(service.template, &service.address(base_url), MAIN_SCHEMA);
        (service.wsdl_file.to_owned(), text.into_bytes())
    };
    let receiver = fill(RECEIVER_TEMPLATE, RECEIVER_ADDRESS, MAIN_SCHEMA).into_bytes();
    let schemas = FILES.iter().map(|file| (file.name.to_owned(), file.bytes.to_vec()));
    let descriptions = SERVICES.iter().map(description).chain([(RECEIVER_WSDL_FILE.to_owned(), receiver)]);
    descriptions.chain(schemas).collect()
}

fn fill(template: &str, address: &str, schema: &str) -> String {
    template.replace("{address}", &escape(address)).replace("{schema}", &escape(schema))
}

/// An address as an attribute's value.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
