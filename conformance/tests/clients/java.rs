//! `wsimport` of JAX-WS RI (Debian's `jaxws`) reads the description, and `javac` compiles what it makes of it. Java is
//! not among what the tests install; `make conformance` runs this where it is there.

use std::process::Command;

use tempfile::TempDir;

use crate::sandbox::shared;

#[test]
#[ignore = "needs wsimport (Debian: jaxws) and a JDK; `make conformance` runs it where they are"]
fn wsimport_makes_plain_methods_of_the_operations() {
    let folder = TempDir::new().unwrap();
    let (out, anchors) = (folder.path(), folder.path().join("ca.p12"));
    let ca = shared().folder().join("certs/ca.pem");
    let imported = Command::new("keytool")
        .args(["-importcert", "-noprompt", "-alias", "ca", "-storepass", "changeit", "-file"])
        .arg(ca)
        .arg("-keystore")
        .arg(&anchors)
        .output()
        .expect("keytool is not there");
    assert!(imported.status.success(), "{imported:?}");
    let trust = format!(
        "-Djavax.net.ssl.trustStore={} -Djavax.net.ssl.trustStorePassword=changeit -Djavax.xml.accessExternalSchema=all",
        anchors.display()
    );
    // It compiles what it made, and leaves the sources.
    let made = Command::new("wsimport")
        .env("WSIMPORT_OPTS", trust)
        .args(["-extension", "-keep", "-d"])
        .arg(out)
        .arg(format!("{}?wsdl", shared().endpoint()))
        .output()
        .expect("wsimport is not there");
    let said = String::from_utf8_lossy(&[made.stdout, made.stderr].concat()).into_owned();
    // It warns of every SOAP 1.2 port.
    let fuss = said.lines().filter(|line| line.starts_with('[') && !line.contains("SOAP 1.2 binding")).count();
    assert!(made.status.success() && fuss == 0, "{said}");
    assert!(out.join("no/nir/melding/v1/Kvittering.class").exists(), "{said}");
    let port = std::fs::read_to_string(out.join("no/nir/fagsystem/v1/NirFagsystem.java")).unwrap();
    // One child in each wrapper, so that a call takes a message and gives a receipt (contract.md 1).
    assert!(port.contains("public Kvittering sendRegistreringer("), "{port}");
    assert!(port.contains("Registreringsmelding melding)"), "{port}");
}
