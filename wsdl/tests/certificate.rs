//! Certificates: organisation numbers of SEID v1 and v2, paths, usage, validity, revocation, and what is told.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use nir_wsdl::certificate::{Anchor, Certificate, Environment, RevocationState, Trust, TrustError, TrustSettings};
use nir_wsdl::token::KeyReference;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, CustomExtension, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

const ORGNR: &str = "974760673";
const OTHER_ORGNR: &str = "889640782";
const ADDRESS: &str = "http://crl.example/1.crl";

struct Ca {
    pem: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// A CA: a root, or below another.
fn ca(name: &str, above: Option<&Ca>, change: impl Fn(&mut CertificateParams)) -> Ca {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
    change(&mut params);
    let certificate = match above {
        None => params.self_signed(&key).unwrap(),
        Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
    };
    Ca { pem: certificate.pem().into_bytes(), issuer: Issuer::new(params, key) }
}

fn root() -> Ca {
    ca("Rot", None, |_| {})
}

/// A sender's certificate in the shape of SEID v2, changed.
fn leaf(issuer: &Ca, change: impl Fn(&mut CertificateParams)) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CountryName, "NO");
    params.distinguished_name.push(DnType::OrganizationName, "EKSEMPEL, KOMMUNE");
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), format!("NTRNO-{ORGNR}"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.serial_number = Some(SerialNumber::from_slice(&[0x00, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x18]));
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2029, 1, 1));
    change(&mut params);
    Certificate::from_der(params.signed_by(&key, &issuer.issuer).unwrap().der()).unwrap()
}

/// A subject with these values of 2.5.4.97 and 2.5.4.5 alone.
fn named(issuer: &Ca, v2: Option<&str>, v1: Option<&str>) -> Certificate {
    leaf(issuer, |params| {
        params.distinguished_name.remove(DnType::CustomDnType(vec![2, 5, 4, 97]));
        if let Some(v2) = v2 {
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), v2);
        }
        if let Some(v1) = v1 {
            params
                .distinguished_name
                .push(DnType::CustomDnType(vec![2, 5, 4, 5]), DnValue::PrintableString(v1.try_into().unwrap()));
        }
    })
}

/// A list of the issuer that holds from 2026-11-01 and promises its successor for the 8th.
fn crl(issuer: &Ca, revoked: &[&Certificate], change: impl Fn(&mut CertificateRevocationListParams)) -> Vec<u8> {
    let entry = |certificate: &&Certificate| {
        let serial = certificate.serial_decimal().parse::<u128>().unwrap().to_be_bytes();
        let from = serial.iter().position(|byte| *byte != 0).unwrap();
        RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial[from..]),
            revocation_time: date_time_ymd(2026, 10, 1),
            reason_code: None,
            invalidity_date: None,
        }
    };
    let mut params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 11, 1),
        next_update: date_time_ymd(2026, 11, 8),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    change(&mut params);
    params.signed_by(&issuer.issuer).unwrap().der().to_vec()
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("certificate-{name}"));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// Trust in the given anchors and intermediates, 24 hours of grace.
fn trust(anchors: &[(&Ca, Environment)], intermediates: &[&Ca], crl_paths: Vec<PathBuf>) -> Trust {
    Trust::load(TrustSettings {
        anchors: anchors
            .iter()
            .map(|(ca, environment)| Anchor { pem: ca.pem.clone(), environment: *environment })
            .collect(),
        intermediates: intermediates.iter().map(|ca| ca.pem.clone()).collect(),
        crl_paths,
        crl_grace: TimeDelta::hours(24),
        environment: Environment::Production,
    })
    .unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2026-11-02T12:00:00Z")
}

/// What the check says now, in the environment of the one root, with its list.
fn verdict(name: &str, root: &Ca, certificate: &Certificate) -> String {
    let list = Folder::new(name).write("root.crl", &crl(root, &[], |_| {}));
    code(&trust(&[(root, Environment::Production)], &[], vec![list]), certificate, now())
}

fn code(trust: &Trust, certificate: &Certificate, at: DateTime<Utc>) -> String {
    trust.check(certificate, at).map_or_else(|refusal| refusal.code.to_owned(), |()| "ok".to_owned())
}

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
fn a_certificate_that_chains_is_trusted_and_one_that_does_not_is_told_nothing_else() {
    let (root, stranger) = (root(), ca("Fremmed", None, |_| {}));
    assert_eq!(verdict("chain", &root, &leaf(&root, |_| {})), "ok");
    assert_eq!(verdict("chain", &root, &leaf(&stranger, |_| {})), "NIR-S213");
    // Same name, other key: the signature decides.
    let double = ca("Rot", None, |_| {});
    assert_eq!(verdict("chain", &root, &leaf(&double, |_| {})), "NIR-S213");
    // Everything is wrong with it, and still nothing but S213 is said.
    let wrong = leaf(&stranger, |params| {
        params.not_after = date_time_ymd(2026, 2, 1);
        params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        params.distinguished_name.remove(DnType::CustomDnType(vec![2, 5, 4, 97]));
    });
    assert_eq!(verdict("chain", &root, &wrong), "NIR-S213");
}

#[test]
fn validity_usage_and_number_are_told_when_it_chains() {
    let root = root();
    let usage = |usages: &[KeyUsagePurpose]| {
        let certificate = leaf(&root, |params| params.key_usages = usages.to_vec());
        verdict("usage", &root, &certificate)
    };
    assert_eq!(usage(&[]), "ok", "no key usage is no restriction");
    assert_eq!(usage(&[KeyUsagePurpose::ContentCommitment]), "NIR-S216");
    assert_eq!(usage(&[KeyUsagePurpose::KeyEncipherment]), "NIR-S216");
    assert_eq!(usage(&[KeyUsagePurpose::ContentCommitment, KeyUsagePurpose::DigitalSignature]), "ok");
    let purpose = |purposes: &[ExtendedKeyUsagePurpose]| {
        let certificate = leaf(&root, |params| params.extended_key_usages = purposes.to_vec());
        verdict("usage", &root, &certificate)
    };
    assert_eq!(purpose(&[]), "ok");
    assert_eq!(purpose(&[ExtendedKeyUsagePurpose::ServerAuth]), "NIR-S216");
    assert_eq!(purpose(&[ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::EmailProtection]), "ok");
    assert_eq!(verdict("usage", &root, &leaf(&root, |p| p.not_after = date_time_ymd(2026, 11, 2))), "NIR-S210");
    assert_eq!(verdict("usage", &root, &leaf(&root, |p| p.not_before = date_time_ymd(2026, 11, 3))), "NIR-S211");
    assert_eq!(verdict("usage", &root, &named(&root, None, None)), "NIR-S214");
    assert_eq!(verdict("usage", &root, &named(&root, Some("NTRNO-974760673"), Some(OTHER_ORGNR))), "NIR-S215");
    let authority = leaf(&root, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(verdict("usage", &root, &authority), "NIR-S216");
}

#[test]
fn a_critical_extension_that_is_not_understood_refuses() {
    let root = root();
    let with = |critical| {
        leaf(&root, |params| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(critical);
            params.custom_extensions.push(extension);
        })
    };
    assert_eq!(verdict("critical", &root, &with(false)), "ok");
    assert_eq!(verdict("critical", &root, &with(true)), "NIR-S213");
}

#[test]
fn the_environment_of_the_anchor_decides() {
    let (own, other) = (root(), ca("Test", None, |_| {}));
    let folder = Folder::new("environment");
    let lists =
        vec![folder.write("own.crl", &crl(&own, &[], |_| {})), folder.write("other.crl", &crl(&other, &[], |_| {}))];
    let trust = trust(&[(&own, Environment::Production), (&other, Environment::Test)], &[], lists);
    assert_eq!(code(&trust, &leaf(&own, |_| {}), now()), "ok");
    assert_eq!(code(&trust, &leaf(&other, |_| {}), now()), "NIR-S217");
    assert_eq!(trust.anchors().len(), 1);
}

#[test]
fn intermediates_are_checked_like_their_issuers() {
    let root = root();
    let folder = Folder::new("intermediates");
    let root_list = folder.write("root.crl", &crl(&root, &[], |_| {}));
    let through = |name: &str, intermediate: &Ca, configured: bool, root_list: &Path| {
        let list = folder.write(&format!("{name}.crl"), &crl(intermediate, &[], |_| {}));
        let intermediates: &[&Ca] = if configured { &[intermediate] } else { &[] };
        let trust = trust(&[(&root, Environment::Production)], intermediates, vec![root_list.to_owned(), list]);
        code(&trust, &leaf(intermediate, |_| {}), now())
    };
    let good = ca("Utsteder", Some(&root), |_| {});
    assert_eq!(through("good", &good, true, &root_list), "ok");
    assert_eq!(through("good", &good, false, &root_list), "NIR-S213", "senders do not bring their own CA");
    let expired = ca("Utsteder", Some(&root), |params| params.not_after = date_time_ymd(2026, 11, 1));
    assert_eq!(through("expired", &expired, true, &root_list), "NIR-S213");
    let taken_back = ca("Utsteder", Some(&root), |params| params.serial_number = Some(SerialNumber::from(77)));
    let intermediate = Certificate::from_pem(&taken_back.pem).unwrap().remove(0);
    let revoking = folder.write("revoking.crl", &crl(&root, &[&intermediate], |_| {}));
    assert_eq!(through("revoked", &taken_back, true, &revoking), "NIR-S212");
    assert_eq!(through("unknown", &good, true, Path::new("/nonexistent.crl")), "NIR-S218");
}

#[test]
fn path_lengths_and_the_number_of_authorities_are_bounded() {
    let folder = Folder::new("length");
    let verdict = |authorities: &[&Ca]| {
        let list = |(place, ca): (usize, &&Ca)| folder.write(&format!("{place}.crl"), &crl(ca, &[], |_| {}));
        let lists = authorities.iter().enumerate().map(list).collect();
        let trust = trust(&[(authorities[0], Environment::Production)], &authorities[1..], lists);
        code(&trust, &leaf(authorities[authorities.len() - 1], |_| {}), now())
    };
    let root = root();
    let second = ca("Nr 2", Some(&root), |_| {});
    let third = ca("Nr 3", Some(&second), |_| {});
    let fourth = ca("Nr 4", Some(&third), |_| {});
    let fifth = ca("Nr 5", Some(&fourth), |_| {});
    assert_eq!(verdict(&[&root, &second, &third, &fourth]), "ok");
    assert_eq!(verdict(&[&root, &second, &third, &fourth, &fifth]), "NIR-S213");
    let narrow = ca("Smal", None, |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    assert_eq!(verdict(&[&narrow]), "ok");
    let below = ca("Under", Some(&narrow), |_| {});
    assert_eq!(verdict(&[&narrow, &below]), "NIR-S213");
}

#[test]
fn settings_that_trust_nothing_or_no_authority_are_refused() {
    let root = root();
    let settings = |pem: Vec<u8>, environment| TrustSettings {
        anchors: vec![Anchor { pem, environment }],
        intermediates: Vec::new(),
        crl_paths: Vec::new(),
        crl_grace: TimeDelta::zero(),
        environment: Environment::Production,
    };
    let load = |pem, environment| Trust::load(settings(pem, environment)).map(|_| ());
    assert_eq!(load(root.pem.clone(), Environment::Production), Ok(()));
    assert_eq!(load(root.pem.clone(), Environment::Test), Err(TrustError::NoAnchor));
    assert_eq!(load(Vec::new(), Environment::Production), Err(TrustError::NoAnchor));
    let plain = ca("Ingen", None, |params| params.is_ca = IsCa::ExplicitNoCa);
    assert!(matches!(load(plain.pem, Environment::Production), Err(TrustError::NoAuthority(_))));
}

#[test]
fn revocation_grace_and_reload() {
    let root = root();
    let sender = leaf(&root, |_| {});
    let folder = Folder::new("revocation");
    let list = folder.write("root.crl", &crl(&root, &[], |_| {}));
    let trust = trust(&[(&root, Environment::Production)], &[], vec![list]);
    let on = |text| code(&trust, &sender, at(text));
    assert_eq!(on("2026-11-02T12:00:00Z"), "ok");
    assert_eq!(on("2026-11-09T00:00:00Z"), "ok", "the last moment of the grace");
    assert_eq!(on("2026-11-09T00:00:01Z"), "NIR-S218");
    let state = |text| trust.revocation(at(text)).state;
    assert_eq!(state("2026-11-08T00:00:00Z"), RevocationState::Current);
    assert_eq!(state("2026-11-08T00:00:01Z"), RevocationState::InGrace);
    assert_eq!(state("2026-11-09T00:00:00Z"), RevocationState::InGrace);
    assert_eq!(state("2026-11-09T00:00:01Z"), RevocationState::Unusable);
    let together = trust.revocation(now());
    assert_eq!(together.age(now()), Some(TimeDelta::hours(36)));
    assert_eq!(together.due, Some(at("2026-11-08T00:00:00Z")));
    assert_eq!(together.usable_until, Some(at("2026-11-09T00:00:00Z")));

    // A new list takes effect with its reading, though the certificate was found good a moment before.
    let newer = |params: &mut CertificateRevocationListParams| {
        params.this_update = date_time_ymd(2026, 11, 2);
        params.crl_number = SerialNumber::from(2);
    };
    let generation = trust.generation();
    folder.write("root.crl", &crl(&root, &[&sender], newer));
    assert_eq!(trust.reload_crls_if_changed(), Ok(()));
    assert_ne!(trust.generation(), generation);
    assert_eq!(on("2026-11-02T12:00:00Z"), "NIR-S212");
    assert_eq!(trust.crl_status()[0].revoked, 1);

    // Neither rubbish nor an older list brings it back, and both are told to the operator.
    folder.write("root.crl", b"rubbish");
    assert!(trust.reload_crls_if_changed().is_err());
    assert_eq!(on("2026-11-02T12:00:00Z"), "NIR-S212");
    folder.write("root.crl", &crl(&root, &[], |_| {}));
    assert!(trust.reload_crls()[0].problem.is_some());
    assert_eq!(on("2026-11-02T12:00:00Z"), "NIR-S212");
}

#[test]
fn a_list_counts_only_when_its_issuer_signed_it_and_it_covers_the_certificate() {
    let root = root();
    let folder = Folder::new("scope");
    let with = |name: &str, bytes: &[u8], certificate: &Certificate| {
        let trust = trust(&[(&root, Environment::Production)], &[], vec![folder.write(name, bytes)]);
        code(&trust, certificate, now())
    };
    let sender = leaf(&root, |_| {});
    let forged = crl(&ca("Rot", None, |_| {}), &[], |_| {});
    assert_eq!(with("forged", &forged, &sender), "NIR-S218");
    let pem = |der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN X509 CRL-----\n{text}\n-----END X509 CRL-----\n").into_bytes()
    };
    assert_eq!(with("pem", &pem(&crl(&root, &[], |_| {})), &sender), "ok");
    let scoped = |scope| {
        crl(&root, &[], |params| {
            let distribution_point = CrlDistributionPoint { uris: vec![ADDRESS.to_owned()] };
            params.issuing_distribution_point = Some(CrlIssuingDistributionPoint { distribution_point, scope });
        })
    };
    let addressed = leaf(&root, |params| {
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![ADDRESS.to_owned()] }];
    });
    assert_eq!(with("named", &scoped(None), &addressed), "ok");
    assert_eq!(with("other-name", &scoped(None), &sender), "NIR-S218", "another partition of the issuer's lists");
    assert_eq!(with("users", &scoped(Some(CrlScope::UserCertsOnly)), &addressed), "ok");
    assert_eq!(with("authorities", &scoped(Some(CrlScope::CaCertsOnly)), &addressed), "NIR-S218");
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
fn oversized_and_trailing_bytes_are_refused() {
    let sender = leaf(&root(), |_| {});
    let mut longer = sender.der().to_vec();
    longer.push(0);
    assert_eq!(Certificate::from_der(&longer).unwrap_err().code, "NIR-S213");
    assert_eq!(Certificate::from_der(&[0x30; 20_000]).unwrap_err().code, "NIR-S213");
    let many = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    for number in 0..60 {
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3, number], vec![5, 0]));
    }
    assert_eq!(Certificate::from_der(params.self_signed(&many).unwrap().der()).unwrap_err().code, "NIR-S213");
}

/// Every single bit of a certificate turned, and every length it can be cut to: refused, never trusted, no panic.
#[test]
fn damaged_certificates_are_never_trusted() {
    let root = root();
    let list = Folder::new("damaged").write("root.crl", &crl(&root, &[], |_| {}));
    let trust = trust(&[(&root, Environment::Production)], &[], vec![list]);
    let sender = leaf(&root, |_| {});
    assert_eq!(code(&trust, &sender, now()), "ok");
    let refused = |der: &[u8]| {
        Certificate::from_der(der).map_or_else(|refusal| refusal.code.to_owned(), |read| code(&trust, &read, now()))
            != "ok"
    };
    for place in 0..sender.der().len() {
        assert!(refused(&sender.der()[..place]), "cut at {place}");
        for bit in 0..8 {
            let mut der = sender.der().to_vec();
            der[place] ^= 1 << bit;
            assert!(refused(&der), "byte {place} of {}, bit {bit}", der.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Rubbish, and rubbish inside a certificate, is read or refused, never a panic.
    #[test]
    fn rubbish_is_no_panic(rubbish in proptest::collection::vec(any::<u8>(), 0..600), place in 0usize..600) {
        let _ = Certificate::from_der(&rubbish).map(|read| read.orgnr());
        let mut der = leaf(&root(), |_| {}).der().to_vec();
        let place = place % der.len();
        let end = der.len().min(place + rubbish.len());
        der[place..end].copy_from_slice(&rubbish[..end - place]);
        let _ = Certificate::from_der(&der).map(|read| read.orgnr());
        let _ = Certificate::from_pem(&rubbish);
    }
}
