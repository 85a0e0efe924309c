//! The service description against the operations table and the schemas, and against what WS-I Basic Profile 1.1 and
//! real generators want of one (clients.md, WSDL constructs).

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::BTreeSet;

use nir_wsdl::operation::{LARGEST, Operation, RECEIVER_OPERATIONS, by_action, by_root};
use nir_wsdl::service::{
    FAGSYSTEM, KILDE, MAIN_SCHEMA, RECEIVER_NAMESPACE, RECEIVER_WSDL_FILE, SERVICES, contract_files, receiver_wsdl,
};
use nir_xsd::catalog::FILES;
use roxmltree::{Document, Node};

const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
const SOAP: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
const SOAP12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";
const XS: &str = "http://www.w3.org/2001/XMLSchema";
const HTTP: &str = "http://schemas.xmlsoap.org/soap/http";
const BASE: &str = "https://gateway.example";

/// Each description with its operations and its namespace.
fn services() -> Vec<(String, &'static [Operation], &'static str)> {
    let receiver = (receiver_wsdl(BASE), RECEIVER_OPERATIONS, RECEIVER_NAMESPACE);
    let offered = SERVICES.iter().map(|service| (service.wsdl(BASE), service.operations, service.namespace));
    offered.chain([receiver]).collect()
}

fn children<'a, 'i: 'a>(node: Node<'a, 'i>, namespace: &'a str, name: &'a str) -> Vec<Node<'a, 'i>> {
    node.children().filter(|n| n.has_tag_name((namespace, name))).collect()
}

fn only<'a, 'i: 'a>(node: Node<'a, 'i>, namespace: &'a str, name: &'a str) -> Node<'a, 'i> {
    let [one] = children(node, namespace, name)[..] else { panic!("not exactly one {name} in {node:?}") };
    one
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_else(|| panic!("no {name} on {node:?}"))
}

/// The local part of a name of the description's own namespace.
fn own(name: &str) -> &str {
    name.strip_prefix("tns:").unwrap_or_else(|| panic!("{name} is not of the description"))
}

/// Every global element of the schemas.
fn roots() -> BTreeSet<String> {
    let of = |bytes: &[u8]| -> Vec<String> {
        let document = Document::parse(std::str::from_utf8(bytes).unwrap()).unwrap();
        children(document.root_element(), XS, "element").iter().map(|n| attribute(*n, "name").to_owned()).collect()
    };
    FILES.iter().flat_map(|file| of(file.bytes)).collect()
}

#[test]
fn the_operations_are_those_of_the_table_in_its_order() {
    for (text, operations, namespace) in services() {
        described(&text, operations, namespace);
    }
    // And nothing that the schemas offer as a root is left out.
    let used: BTreeSet<String> = SERVICES
        .iter()
        .flat_map(|service| service.operations)
        .chain(RECEIVER_OPERATIONS)
        .flat_map(|operation| [operation.name, operation.answer])
        .chain(["nirFeil"])
        .map(str::to_owned)
        .collect();
    assert_eq!(roots(), used);
}

fn described(text: &str, table: &[Operation], namespace: &str) {
    let document = Document::parse(text).unwrap();
    let definitions = document.root_element();
    assert_eq!(attribute(definitions, "targetNamespace"), namespace);
    let port_type = only(definitions, WSDL, "portType");
    let operations = children(port_type, WSDL, "operation");
    let names: Vec<&str> = operations.iter().map(|operation| attribute(*operation, "name")).collect();
    assert_eq!(names, table.iter().map(|operation| operation.name).collect::<Vec<_>>());

    // One part per message, by element: document/literal wrapped, and every root is one of the schemas.
    let roots = roots();
    let element = |message: &str| {
        let messages = children(definitions, WSDL, "message");
        let message = messages.iter().find(|m| attribute(**m, "name") == own(message)).unwrap();
        let part = only(*message, WSDL, "part");
        assert!(part.attribute("type").is_none());
        let element = attribute(part, "element").strip_prefix("nir:").unwrap().to_owned();
        assert!(roots.contains(&element), "{element} is no root of the schemas");
        element
    };
    for (node, operation) in operations.iter().zip(table) {
        assert!(!only(*node, WSDL, "documentation").text().unwrap().trim().is_empty());
        let (input, output, fault) =
            (only(*node, WSDL, "input"), only(*node, WSDL, "output"), only(*node, WSDL, "fault"));
        assert_eq!(element(attribute(input, "message")), operation.name);
        assert_eq!(element(attribute(output, "message")), operation.answer);
        assert_eq!((attribute(fault, "name"), element(attribute(fault, "message")).as_str()), ("nirFeil", "nirFeil"));
    }
    assert_eq!(definitions.lookup_namespace_uri(Some("nir")), Some(nir_xsd::message::NAMESPACE));
}

#[test]
fn both_bindings_are_document_literal_with_an_action() {
    for (text, operations, _) in services() {
        bound(&text, operations);
    }
}

fn bound(text: &str, table: &[Operation]) {
    let document = Document::parse(text).unwrap();
    let definitions = document.root_element();
    let bindings = children(definitions, WSDL, "binding");
    assert_eq!(bindings.len(), 2);
    for (binding, soap) in bindings.into_iter().zip([SOAP, SOAP12]) {
        assert_eq!(own(attribute(binding, "type")), attribute(only(definitions, WSDL, "portType"), "name"));
        let style = only(binding, soap, "binding");
        assert_eq!((attribute(style, "style"), attribute(style, "transport")), ("document", HTTP));
        let operations = children(binding, WSDL, "operation");
        assert_eq!(operations.len(), table.len());
        for (node, operation) in operations.into_iter().zip(table) {
            assert_eq!(attribute(node, "name"), operation.name);
            let action = attribute(only(node, soap, "operation"), "soapAction");
            assert_eq!((action, action.is_empty()), (operation.action, false));
            for direction in ["input", "output"] {
                let body = only(only(node, WSDL, direction), soap, "body");
                assert_eq!(attribute(body, "use"), "literal");
                // Neither a namespace nor a choice of parts belongs to document/literal (R2716, R2202).
                assert_eq!(body.attributes().count(), 1);
            }
            let fault = only(node, WSDL, "fault");
            let inner = only(fault, soap, "fault");
            assert_eq!((attribute(inner, "name"), attribute(inner, "use")), (attribute(fault, "name"), "literal"));
        }
    }
}

/// SOAP 1.1 first: most generators take the first port, and some know no other (clients.md).
#[test]
fn the_port_of_soap_11_comes_first_and_both_are_at_one_address() {
    for service in SERVICES {
        let text = service.wsdl(&format!("{BASE}/"));
        let document = Document::parse(&text).unwrap();
        let ports = children(only(document.root_element(), WSDL, "service"), WSDL, "port");
        assert_eq!(ports.len(), 2);
        for (port, soap) in ports.into_iter().zip([SOAP, SOAP12]) {
            assert_eq!(attribute(only(port, soap, "address"), "location"), format!("{BASE}{}", service.path));
            let binding = children(document.root_element(), WSDL, "binding");
            let binding = binding.iter().find(|b| attribute(**b, "name") == own(attribute(port, "binding"))).unwrap();
            assert_eq!(children(*binding, soap, "binding").len(), 1, "the port's version is its binding's");
        }
        // What some stacks cannot read, or act upon unasked (clients.md, point 9).
        for construct in
            ["Policy", "substitutionGroup", "UsingAddressing", "wsdl:import", "soap:header", "parameterOrder"]
        {
            assert!(!text.contains(construct), "{construct}");
        }
    }
}

#[test]
fn every_import_and_include_leads_to_a_schema() {
    for service in SERVICES {
        let text = service.wsdl(BASE);
        let document = Document::parse(&text).unwrap();
        let schema = only(only(document.root_element(), WSDL, "types"), XS, "schema");
        let import = only(schema, XS, "import");
        assert_eq!(attribute(import, "namespace"), nir_xsd::message::NAMESPACE);
        assert_eq!(attribute(import, "schemaLocation"), format!("{BASE}{}?xsd={MAIN_SCHEMA}", service.path));
        for file in FILES {
            let served = String::from_utf8(service.xsd(file.name, BASE).unwrap()).unwrap();
            let document = Document::parse(&served).unwrap();
            assert_eq!(attribute(document.root_element(), "targetNamespace"), nir_xsd::message::NAMESPACE);
            for place in document.descendants().filter_map(|n| n.attribute("schemaLocation")) {
                let name =
                    place.strip_prefix(&format!("{BASE}{}?xsd=", service.path)).unwrap_or_else(|| panic!("{place}"));
                assert!(service.xsd(name, BASE).is_some(), "{place}");
            }
            // As a file it names its neighbours bare.
            let document = Document::parse(std::str::from_utf8(file.bytes).unwrap()).unwrap();
            for place in document.descendants().filter_map(|n| n.attribute("schemaLocation")) {
                assert!(FILES.iter().any(|file| file.name == place), "{place}");
            }
        }
        for name in ["", "x.xsd", "../Cargo.toml", "/etc/passwd", "nir-melding-v1.xsd/", "NIR-MELDING-V1.XSD"] {
            assert_eq!(service.xsd(name, BASE), None, "{name}");
        }
    }
}

#[test]
fn the_files_of_the_contract_refer_to_each_other_by_name() {
    let files = contract_files(BASE);
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), files.len());
    assert_eq!(names.len(), FILES.len() + SERVICES.len() + 1);
    for file in SERVICES.iter().map(|service| service.wsdl_file).chain([RECEIVER_WSDL_FILE]) {
        let (_, description) = files.iter().find(|(name, _)| name == file).unwrap();
        refers(std::str::from_utf8(description).unwrap(), &names);
    }
}

fn refers(text: &str, names: &BTreeSet<&str>) {
    let document = Document::parse(text).unwrap();
    let import = document.descendants().find(|n| n.has_tag_name((XS, "import"))).unwrap();
    assert!(names.contains(attribute(import, "schemaLocation")));
    assert!(!text.contains('{'), "every hole is filled");
}

/// The address comes from configuration or from a Host header; it cannot become markup.
#[test]
fn an_address_is_escaped() {
    for service in SERVICES {
        for base in ["https://a.example/?b&c", "https://a\"><x/>", "https://<script>"] {
            let text = service.wsdl(base);
            let document = Document::parse(&text).unwrap_or_else(|error| panic!("{base}: {error}"));
            let address = document.descendants().find(|n| n.has_tag_name((SOAP, "address"))).unwrap();
            assert_eq!(attribute(address, "location"), format!("{base}{}", service.path));
            for file in FILES {
                let served = service.xsd(file.name, base).unwrap();
                Document::parse(std::str::from_utf8(&served).unwrap())
                    .unwrap_or_else(|error| panic!("{base}: {error}"));
            }
        }
    }
}

#[test]
fn operations_are_found_by_action_and_by_root_of_their_service() {
    for service in SERVICES {
        for operation in service.operations {
            assert_eq!(by_action(operation.action), Some(operation));
            assert_eq!(by_root(service, nir_xsd::message::NAMESPACE, operation.name).unwrap(), operation);
            assert!(operation.max_bytes <= LARGEST);
            assert_eq!(operation.action, format!("{}/{}", service.namespace, operation.name));
        }
    }
    assert_eq!(by_action("urn:no:nir:fagsystem:v1/"), None);
    let code = |service, namespace, root| by_root(service, namespace, root).unwrap_err().code;
    assert_eq!(code(&FAGSYSTEM, nir_xsd::message::NAMESPACE, "pingSvar"), "NIR-T105");
    assert_eq!(code(&FAGSYSTEM, nir_xsd::message::NAMESPACE, "sendPersongrunnlag"), "NIR-T105");
    assert_eq!(code(&KILDE, nir_xsd::message::NAMESPACE, "sendRegistreringer"), "NIR-T105");
    assert_eq!(code(&FAGSYSTEM, "urn:no:nir:melding:v2", "ping"), "NIR-X303");
    assert_eq!(code(&KILDE, "", "ping"), "NIR-X303");
}
