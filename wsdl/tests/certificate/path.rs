//! Paths to anchors, environments, validity, usage, and what is told to whom.

use super::*;

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
