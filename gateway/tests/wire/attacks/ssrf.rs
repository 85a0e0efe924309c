//! Classes 11 to 14: no address that a message, a key or a certificate names is ever called. A listener stands at every
//! one of them.

use std::net::TcpListener;

use nir_wsdl::names::{WSA_2004, WSA_2005};
use nir_wsdl::seal::Signer;
use rcgen::{CertificateParams, CrlDistributionPoint, CustomExtension};

use crate::attacks::certs::{Authority, VENDOR, params};
use crate::attacks::forge::{Forge, reference};
use crate::attacks::house::{Attack, Victim, attack, house, refused};
use crate::messages::ping;

/// Where a fetch would arrive.
struct Trap {
    listener: TcpListener,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Trap { listener }
    }

    /// An address at which somebody listens.
    fn url(&self) -> String {
        format!("http://{}/fetched", self.listener.local_addr().unwrap())
    }

    /// Whoever is fetched from answers before the fetching is over, and the gateway has answered everything.
    fn assert_untouched(self) {
        let caught = self.listener.accept();
        assert!(caught.is_err(), "somebody called the listener: {caught:?}");
    }
}

#[test]
fn no_address_of_a_signature_is_fetched() {
    let trap = Trap::set();
    let url = trap.url();
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let uri = |to: &str| draft().text("URI=\"#body\"", &format!("URI=\"{to}\"")).sign(signer);
        let more = |to: &str| draft().into_end("SignedInfo", &reference(to)).sign(signer);
        let mut table: Vec<Attack> = [
            "",
            "#",
            &url,
            &url.replace("http:", "https:"),
            &url.replace("http:", "ftp:"),
            &url.replace("http:", ""),
            "file:///etc/passwd",
            "file:body",
            "body",
            "#body#body",
            "#body ",
            " #body",
            "?#body",
            "/#body",
            "#xpointer(/)",
            "#xpointer(id('body'))",
            "#xpointer(//*[local-name()='Body'])",
            "#element(body)",
            "#xmlns(s=urn:s)xpointer(//s:Body)",
            "#BODY",
            "#Body",
            "#%62ody",
            "cid:body",
            "urn:body",
            "data:text/xml,%3Cx/%3E",
            "jar:file:///x!/y",
            "http://[::1]:0/",
            "#b\u{f6}dy",
            "#../body",
        ]
        .into_iter()
        .map(|to| attack(format!("Reference URI {to:?}"), uri(to), "NIR-S205"))
        .collect();
        table.push(attack("a third Reference to an address", more(&url), "NIR-S205"));
        table.push(attack("a Reference without a URI", draft().text(" URI=\"#body\"", "").sign(signer), "NIR-S205"));
        table.extend(key_info(signer, victim, &url));
        table
    });
    trap.assert_untouched();
}

fn key_info(signer: &Signer, victim: &Victim, url: &str) -> Vec<Attack> {
    let with = |inside: &str| Forge::draft(signer, &victim.payload).set_content("KeyInfo", 0, inside).sign(signer);
    let by = |inside: &str| with(&format!("<wsse:SecurityTokenReference>{inside}</wsse:SecurityTokenReference>"));
    let retrieval =
        |kind: &str| format!("<ds:RetrievalMethod URI=\"{url}\" Type=\"http://www.w3.org/2000/09/xmldsig#{kind}\"/>");
    let transformed = format!(
        "<ds:RetrievalMethod URI=\"{url}\"><ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/></ds:Transforms></ds:RetrievalMethod>"
    );
    [
        ("RetrievalMethod of a raw certificate", with(&retrieval("rawX509Certificate"))),
        ("RetrievalMethod of X509Data", with(&retrieval("X509Data"))),
        ("RetrievalMethod through XSLT", with(&transformed)),
        (
            "RetrievalMethod beside the token",
            with(&format!("{}{}", retrieval("X509Data"), Forge::draft(signer, "").part("SecurityTokenReference"))),
        ),
        (
            "KeyInfoReference",
            with(&format!(
                "<dsig11:KeyInfoReference xmlns:dsig11=\"http://www.w3.org/2009/xmldsig11#\" URI=\"{url}\"/>"
            )),
        ),
        ("a token by address", by(&format!("<wsse:Reference URI=\"{url}\"/>"))),
        ("a token by file", by("<wsse:Reference URI=\"file:///etc/passwd\"/>")),
        ("a token by cid", by("<wsse:Reference URI=\"cid:token\"/>")),
        ("a key name that is an address", with(&format!("<ds:KeyName>{url}</ds:KeyName>"))),
    ]
    .into_iter()
    .map(|(what, forge)| attack(what, forge, "NIR-S202"))
    .collect()
}

#[test]
fn nothing_is_included_from_elsewhere() {
    let trap = Trap::set();
    let url = trap.url();
    house().repels(|signer, victim| {
        let include = |href: &str| {
            format!("<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"{href}\"></xop:Include>")
        };
        let in_payload = |element: &str, href: &str| {
            let end = format!("</{element}>");
            Forge::draft(signer, &victim.payload.replacen(&end, &format!("{}{end}", include(href)), 1)).sign(signer)
        };
        let xinclude = format!(
            "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"{url}\" parse=\"text\"></xi:include>"
        );
        let instance = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        let on_root = |attribute: &str| {
            victim.payload.replacen("<sendRegistreringer ", &format!("<sendRegistreringer {instance} {attribute} "), 1)
        };
        let schema = on_root(&format!("xsi:schemaLocation=\"urn:no:nir:melding:v1 {url}\""));
        let no_namespace = on_root(&format!("xsi:noNamespaceSchemaLocation=\"{url}\""));
        let mut table = vec![
            attack("xop:Include in a value", in_payload("navn", &url), "NIR-X302"),
            attack("xop:Include in the DUF number", in_payload("dufNummer", &url), "NIR-X302"),
            attack("xop:Include of a file", in_payload("navn", "file:///etc/passwd"), "NIR-X302"),
            attack("xop:Include of a part", in_payload("navn", "cid:x"), "NIR-X302"),
            attack(
                "XInclude in the payload",
                Forge::draft(signer, &victim.payload.replacen("<person>", &format!("{xinclude}<person>"), 1))
                    .sign(signer),
                "NIR-X302",
            ),
            attack("xsi:schemaLocation", Forge::draft(signer, &schema).sign(signer), "NIR-X302"),
            attack("xsi:noNamespaceSchemaLocation", Forge::draft(signer, &no_namespace).sign(signer), "NIR-X302"),
        ];
        for name in ["BinarySecurityToken", "SignatureValue", "DigestValue"] {
            // A token without text is no certificate; the others may hold no element.
            let code = if name == "BinarySecurityToken" { "NIR-S213" } else { "NIR-S205" };
            let forge = Forge::draft(signer, &victim.payload).sign(signer).set_content(name, 0, &include(&url));
            table.push(attack(format!("xop:Include in {name}"), forge, code));
        }
        for (what, forge) in [
            (
                "xsi:schemaLocation on the Envelope",
                Forge::draft(signer, &victim.evil)
                    .text("<soap:Header>", &format!("<soap:Header {instance} xsi:schemaLocation=\"urn:x {url}\">"))
                    .text("#ts", "#bst")
                    .sign(signer),
            ),
            (
                "XInclude in the Header",
                Forge::draft(signer, &victim.evil).before("Security", &xinclude).text("#ts", "#bst").sign(signer),
            ),
        ] {
            table.push(attack(what, forge, "NIR-S205"));
        }
        table
    });
    trap.assert_untouched();
}

#[test]
fn answers_go_nowhere_but_back() {
    let trap = Trap::set();
    let url = trap.url();
    house().repels(|signer, victim| {
        let mut table = Vec::new();
        for ns in [WSA_2005, WSA_2004] {
            for name in ["ReplyTo", "FaultTo"] {
                for address in [
                    &url,
                    "mailto:x@example.org",
                    "http://localhost/anonymous",
                    "http://www.w3.org/2005/08/addressing/anonymous/x",
                ] {
                    let header =
                        format!("<wsa:{name} xmlns:wsa=\"{ns}\"><wsa:Address>{address}</wsa:Address></wsa:{name}>");
                    let draft = || Forge::draft(signer, &victim.payload);
                    table.push(attack(
                        format!("{name} {address}, unsigned"),
                        draft().sign(signer).before("Security", &header),
                        "NIR-T105",
                    ));
                    let with_id = header.replacen("<wsa:Address", "<wsa:Address wsu:Id=\"address\"", 1);
                    let signed = draft()
                        .before("Security", &with_id)
                        .into_end("SignedInfo", &reference("#address"))
                        .sign(signer);
                    table.push(attack(format!("{name} {address}, signed"), signed, "NIR-T105"));
                    // Even when the message is refused for something else, its Fault goes back on the connection.
                    let unsigned = draft().replace("Signature", "").before("Security", &header);
                    table.push(attack(format!("{name} {address}, not signed at all"), unsigned, "NIR-T105"));
                }
            }
        }
        table
    });
    trap.assert_untouched();
}

/// Authority information access, distribution points and the like are addresses that whoever made the certificate chose.
#[test]
fn no_address_of_a_certificate_is_fetched() {
    let house = house();
    let trap = Trap::set();
    let url = trap.url();
    let authority = Authority::of(&house.sandbox);
    let addressed = |orgnr: &str| -> CertificateParams {
        let mut params = params(orgnr);
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![url.clone()] }];
        params.custom_extensions = vec![access(&url)];
        params
    };
    // Of the CA: its revocation is looked up in the files of the configuration, which say nothing of this address.
    let own = authority.issue("addressed", addressed(VENDOR));
    let answer = authority.signs(&own).call(&ping());
    assert!(answer.status == 200 || answer.codes() == ["NIR-S218"], "{answer}");
    // Of nobody.
    let stranger = authority.self_signed("addressed-stranger", addressed(VENDOR));
    refused("a self-signed certificate with addresses", &authority.signs(&stranger).call(&ping()), "NIR-S213");
    let unsigned = Forge::draft(&authority.signer(&stranger), &ping());
    refused("the same without a signature", &house.vendor().send(&unsigned.xml), "NIR-S213");
    trap.assert_untouched();
    house.stands();
}

/// Authority information access (RFC 5280 §4.2.2.1) with an OCSP responder and an issuer's certificate.
fn access(url: &str) -> CustomExtension {
    let location = |method: &[u8]| {
        let name = [&[0x86, u8::try_from(url.len()).unwrap()], url.as_bytes()].concat();
        let both = [method, &name].concat();
        [&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat()
    };
    let ocsp = location(&[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1]);
    let issuer = location(&[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    let both = [ocsp, issuer].concat();
    let sequence = [&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], sequence)
}
