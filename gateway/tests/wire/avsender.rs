//! What a sender asks about itself: `hentAvsenderstatus`, `meldSertifikat`, `forklarVindu` (contract.md 5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::client::{Answer, Client};
use crate::messages::{Head, day, head, hent_kvittering};
use crate::oppslag::ask;
use crate::sandbox::{Sandbox, shared};

fn status(client: &Client<'_>, head: &Head) -> Answer {
    client.accepted(&ask("hentAvsenderstatus", head, ""))
}

/// Preconditions that are not met, with their codes.
fn lacking(answer: &Answer) -> Vec<(String, String)> {
    let document = answer.body.clone();
    let document = roxmltree::Document::parse(&document).unwrap();
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children().find(|n| n.tag_name().name() == name).and_then(|n| n.text()).unwrap_or_default().to_owned()
    };
    document
        .descendants()
        .filter(|n| n.tag_name().name() == "forutsetning" && text(*n, "oppfylt") == "false")
        .map(|n| (text(n, "vilkaar"), text(n, "kode")))
        .collect()
}

#[test]
fn every_precondition_is_told_with_its_reason() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let well = status(&client, &head());
    assert_eq!((well.text("kanSende").as_deref(), lacking(&well)), (Some("true"), vec![]), "{well}");
    assert!(well.texts("vilkaar").len() >= 10 && well.text("stroemId").is_some());
    assert_eq!(well.texts("iBruk").iter().filter(|used| *used == "true").count(), 1, "{well}");
    let lacks = |head: Head| lacking(&status(&client, &head));
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(lacks(head().from("4204-sperret-4", "4204", "4204-OVERF1")), [pair("SPERRE", "NIR-A415")]);
    assert_eq!(lacks(head().from("4204-godkjent-5", "4204", "4204-OVERF1")), [pair("GODKJENNING", "NIR-A411")]);
    assert_eq!(lacks(head().from("5001-flyktning-1", "5001", "5001-OVERF1")), [pair("AVTALE", "NIR-A402")]);
    assert_eq!(lacks(head().by("4204-LESER1")), [pair("ROLLE", "NIR-A407")]);
    assert!(lacks(head().by("4204-SLUTT1")).contains(&pair("BRUKER", "NIR-A404")));
    // Asking is no use: who was inactive stays so.
    let inactive = || lacks(head().by("4204-INAKTIV1"));
    assert_eq!(
        (inactive(), inactive()),
        (vec![pair("BRUKER_AKTIV", "NIR-A405")], vec![pair("BRUKER_AKTIV", "NIR-A405")])
    );
    client.fault(&hent_kvittering(&head().by("4204-INAKTIV1"), "x"), "NIR-A405");
    // Of another's avsendersystem nothing is told.
    client.fault(&ask("hentAvsenderstatus", &head().from("4204-voksen-2", "4204", "4204-OVERF1"), ""), "NIR-A414");
    let second = Client::new(sandbox, "vendor2");
    let lacking = lacking(&status(&second, &head().from("0301-voksen-2", "0301", "0301-OVERF1")));
    assert_eq!(lacking, [pair("FULLMAKT", "NIR-A403")]);
}

/// A report of a certificate of the sandbox.
pub fn report(sandbox: &Sandbox, name: &str) -> String {
    let der = CertificateDer::from_pem_slice(sandbox.pem(name).as_bytes()).unwrap();
    ask("meldSertifikat", &head(), &format!("<sertifikat>{}</sertifikat>", STANDARD.encode(der)))
}

#[test]
fn a_certificate_is_reported_by_the_organization_that_it_names() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let known = client.accepted(&report(sandbox, "vendor.pem"));
    assert_eq!(known.text("resultat").as_deref(), Some("UENDRET"), "{known}");
    let own = status(&client, &head());
    assert!(own.texts("tommeltrykkSha256").contains(&known.text("tommeltrykkSha256").unwrap()));
    client.fault(&report(sandbox, "vendor2.pem"), "NIR-S215");
    client.fault(&ask("meldSertifikat", &head(), "<sertifikat>MIIB</sertifikat>"), "NIR-S213");
}

#[test]
fn a_window_is_explained() {
    let client = Client::new(shared(), "vendor");
    let on = |dato: &str, more: &str| {
        client.accepted(&ask("forklarVindu", &head(), &format!("{more}<ordning>INTRO</ordning><dato>{dato}</dato>")))
    };
    let inside = on(&day(-10), "");
    assert_eq!(
        (inside.text("innenfor").as_deref(), inside.text("grunnlag").as_deref()),
        (Some("true"), Some("HENDELSE"))
    );
    let outside = on(&day(-200), "");
    assert_eq!(outside.text("innenfor").as_deref(), Some("false"), "{outside}");
    assert!(outside.texts("noekkel").contains(&"KOMMUNEETTERREGISTRERER".to_owned()), "{outside}");
    assert!(outside.text("tidligsteDato").is_some() && outside.text("melding").is_some());
    let of_person = on(&day(-10), "<dufNummer>202400000702</dufNummer>");
    assert_eq!(of_person.text("innenfor").as_deref(), Some("true"), "{of_person}");
    let asked = |inner: &str| ask("forklarVindu", &head(), inner);
    client.fault(&asked("<ordning>TULL</ordning><dato>2026-01-01</dato>"), "NIR-X307");
    client.fault(
        &asked("<dufNummer>200100000104</dufNummer><ordning>INTRO</ordning><dato>2026-01-01</dato>"),
        "NIR-B501",
    );
}
