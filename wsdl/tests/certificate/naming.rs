//! Organisation numbers of SEID v1 and v2, and the ways in which messages name a certificate.

use super::*;

#[test]
fn organisation_numbers_of_both_profiles() {
    let root = root();
    let orgnr = |v2, v1| named(&root, v2, v1).orgnr().map_err(|refusal| refusal.code);
    let v2 = format!("NTRNO-{ORGNR}");
    assert_eq!(orgnr(Some(&v2), None).unwrap(), ORGNR);
    assert_eq!(orgnr(None, Some(ORGNR)).unwrap(), ORGNR);
    assert_eq!(orgnr(Some(&v2), Some(ORGNR)).unwrap(), ORGNR);
    assert_eq!(orgnr(Some(&v2), Some("UN:NO-1")).unwrap(), ORGNR, "a serial number that is no organisation");
    assert_eq!(orgnr(Some(&v2), Some(OTHER_ORGNR)), Err("NIR-S215"));
    assert_eq!(orgnr(None, None), Err("NIR-S214"));
    assert_eq!(orgnr(None, Some("974760674")), Err("NIR-S214"), "check digit");
    assert_eq!(orgnr(None, Some("97476067")), Err("NIR-S214"), "eight digits");
    for other in ["NTRNO-NOFOR.974760673", "VATNO-974760673", "ntrno-974760673", "NTRNO-9747606730", "NTRNO-"] {
        assert_eq!(orgnr(Some(other), Some(ORGNR)), Err("NIR-S214"), "{other}");
    }
}

#[test]
fn every_way_of_naming_a_key_finds_its_certificate_alone() {
    let root = root();
    let (sender, other) =
        (leaf(&root, |_| {}), leaf(&root, |params| params.serial_number = Some(SerialNumber::from(5))));
    let by_issuer = |issuer: &str, serial: &str| KeyReference::IssuerSerial {
        issuer: issuer.to_owned(),
        serial: serial.to_owned(),
        certificate: None,
    };
    let serial = sender.serial_decimal();
    let references = [
        KeyReference::Token(sender.der().to_vec()),
        KeyReference::X509v3(sender.der().to_vec()),
        KeyReference::ThumbprintSha1(sender.thumbprint_sha1().to_vec()),
        by_issuer("CN=Rot", serial),
    ];
    for reference in references {
        assert!(sender.matches(&reference) && !other.matches(&reference), "{reference:?}");
    }
    assert!(!sender.matches(&by_issuer("CN=Rot2", serial)));
    assert!(!sender.matches(&by_issuer("CN=Rot,O=Mer", serial)));
}

#[test]
fn issuer_names_match_as_stacks_write_them() {
    let root = ca("Buypass \"Klasse\" 3, Test", None, |params| {
        params.distinguished_name.push(DnType::OrganizationName, "Buypass AS+983163327");
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), "NTRNO-983163327");
    });
    let sender = leaf(&root, |_| {});
    let matches = |issuer: &str| {
        sender.matches(&KeyReference::IssuerSerial {
            issuer: issuer.to_owned(),
            serial: sender.serial_decimal().to_owned(),
            certificate: None,
        })
    };
    for written in [
        // RFC 4514, as Java and OpenSSL write it: backwards, unnamed types in hexadecimal DER.
        r#"2.5.4.97=#0c0f4e54524e4f2d393833313633333237,O=Buypass AS\+983163327,CN=Buypass \"Klasse\" 3\, Test"#,
        r#"organizationIdentifier=NTRNO-983163327, O=Buypass AS\2B983163327, CN=Buypass \22Klasse\22 3\2c Test"#,
        // As .NET writes it, and forwards.
        r#"OID.2.5.4.97=NTRNO-983163327, O="Buypass AS+983163327", CN="Buypass \"Klasse\" 3, Test""#,
        r#"CN=buypass  \"klasse\" 3\, test,O=Buypass AS\+983163327,2.5.4.97=NTRNO-983163327"#,
    ] {
        assert!(matches(written), "{written}");
    }
    for wrong in ["", "CN", "CN=", r"CN=\", "O=Buypass AS\\+983163327", "2.5.4.97=#0cff41,O=a,CN=b", "XX=1,O=a,CN=b"] {
        assert!(!matches(wrong), "{wrong}");
    }
}

#[test]
fn registered_certificates_are_read_once() {
    use base64::Engine as _;
    let root = root();
    let trust = trust(&[(&root, Environment::Production)], &[], Vec::new());
    let text = base64::engine::general_purpose::STANDARD.encode(leaf(&root, |_| {}).der());
    let (first, second) = (trust.registered(&text).unwrap(), trust.registered(&text).unwrap());
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    for wrong in ["", "*", "AAAA", &"A".repeat(100_000)] {
        assert_eq!(trust.registered(wrong).unwrap_err().code, "NIR-S213");
    }
}
