//! A saved receipt, checked with nothing but the gateway's certificate: by `nir-conformance verify`, and by Debian's
//! `xmlsec1` with the command line that the vendor guide prints.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::sandbox::shared;
use crate::vendor::{example, run, send};

/// The command line of the vendor guide.
const XMLSEC1: &str =
    "xmlsec1 --verify --id-attr:Id Body --id-attr:Id Timestamp --pubkey-cert-pem gateway.pem kvittering.xml";

/// A receipt in either version of SOAP.
fn receipts() -> (TempDir, [PathBuf; 2]) {
    let folder = TempDir::new().unwrap();
    let saved = ["1.1", "1.2"].map(|soap| {
        let file = folder.path().join(format!("kvittering-{soap}.xml"));
        let path = file.to_str().unwrap();
        let said = send(&["--new-id", "--soap", soap, "--save-answer", path, &example("sendRegistreringer")]);
        assert_eq!(said.code, 0, "{said:?}");
        file
    });
    (folder, saved)
}

fn verify(file: &Path) -> crate::vendor::Said {
    let certificate = shared().folder().join("certs/gateway.pem");
    run(&["verify", file.to_str().unwrap(), "--gateway-cert", certificate.to_str().unwrap()])
}

fn xmlsec1(file: &Path) -> bool {
    let certificate = shared().folder().join("certs/gateway.pem");
    let mut words = XMLSEC1.split(' ').map(|word| match word {
        "gateway.pem" => certificate.as_os_str(),
        "kvittering.xml" => file.as_os_str(),
        word => word.as_ref(),
    });
    let output = Command::new(words.next().unwrap()).args(words).output();
    output.expect("xmlsec1 is not installed: run `scripts/setup test`").status.success()
}

#[test]
fn a_receipt_holds_until_a_byte_is_changed() {
    let (folder, receipts) = receipts();
    for receipt in receipts {
        let said = verify(&receipt);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("The receipt holds") && said.out.contains("GODTATT"), "{said:?}");
        assert!(said.out.contains("kjede") && said.out.contains("posisjon"), "{said:?}");
        assert!(xmlsec1(&receipt));

        let text = std::fs::read_to_string(&receipt).unwrap();
        let changed = folder.path().join("changed.xml");
        // What was changed, for xmlsec1 to see too, and the place that is named.
        for (from, to, signed, place) in [
            ("GODTATT", "GODTATU", true, "soap:Body was changed"),
            ("<wsu:Created>2", "<wsu:Created>3", true, "wsu:Timestamp was changed"),
            (&next_letter(&text, "<ds:DigestValue>"), "<ds:DigestValue>_", true, "DigestValue"),
            (&next_letter(&text, "<ds:SignatureValue>"), "<ds:SignatureValue>_", true, "SignatureValue"),
            ("wsu:Id=\"bst\">MI", "wsu:Id=\"bst\">NI", false, "wsse:BinarySecurityToken"),
            ("<soap:Header>", "<soap:Header >", false, "soap:Header"),
            ("</soap:Envelope>", "</soap:Envelope>\n", false, "the end of the file"),
        ] {
            assert!(text.contains(from), "{from}");
            let other = if from.ends_with('A') { "B" } else { "A" };
            std::fs::write(&changed, text.replacen(from, &to.replace('_', other), 1)).unwrap();
            let said = verify(&changed);
            assert_eq!(said.code, 3, "{from}: {said:?}");
            assert!(said.err.contains("does not hold") && said.err.contains(place), "{from}: {said:?}");
            assert!(!signed || !xmlsec1(&changed), "{from}");
        }
    }
}

#[test]
fn the_vendor_guide_prints_the_command_line() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vendor-guide.md");
    assert!(std::fs::read_to_string(guide).unwrap().lines().any(|line| line == XMLSEC1), "{XMLSEC1}");
}

/// These words and the letter after them.
fn next_letter(text: &str, words: &str) -> String {
    let at = text.find(words).unwrap();
    text[at..=at + words.len()].to_owned()
}

#[test]
fn what_is_no_receipt_is_said_to_be_none() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fault.xml");
    let path = file.to_str().unwrap();
    // An avsendersystem that the certificate may not speak for: a signed Fault.
    let said = send(&["--new-id", "--cert-name", "vendor2", "--save-answer", path, &example("hentPerson")]);
    assert_eq!(said.code, 2, "{said:?}");
    let said = verify(&file);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.out.contains("NIR-A414"), "{said:?}");

    let said = send(&["--save-answer", path, &example("ping")]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = verify(&file);
    assert_eq!((said.code, said.err.contains("no receipt")), (1, true), "{said:?}");
}

#[test]
fn garbage_is_told_from_a_receipt_without_a_panic() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    let deep = "<a>".repeat(200_000);
    let garbage: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("no UTF-8", b"\xff\xfe\x00<\x00"),
        ("no XML", b"kvittering"),
        ("no envelope", b"<kvittering/>"),
        ("a DOCTYPE", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
        ("deep", deep.as_bytes()),
    ];
    for (what, bytes) in garbage {
        std::fs::write(&file, bytes).unwrap();
        let said = verify(&file);
        assert_eq!(said.code, 3, "{what}: {said:?}");
        assert!(said.err.starts_with("error  ") && said.err.contains("does not hold: "), "{what}: {said:?}");
    }
    let said = verify(&folder.path().join("missing"));
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("cannot read"), "{said:?}");
}
