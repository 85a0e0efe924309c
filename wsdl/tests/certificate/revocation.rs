//! Revocation lists from files: grace, reading again, and whose lists count.

use nir_wsdl::refusal::FaultCode;

use super::*;

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

/// Unknown status is the gateway's fault and may pass later; a revoked certificate is the sender's and never will.
#[test]
fn only_unknown_status_is_worth_a_retry() {
    let root = root();
    let sender = leaf(&root, |_| {});
    let fault = |lists: Vec<PathBuf>| {
        trust(&[(&root, Environment::Production)], &[], lists).check(&sender, now()).unwrap_err().fault
    };
    assert_eq!(fault(Vec::new()), FaultCode::Receiver);
    let list = Folder::new("retry").write("root.crl", &crl(&root, &[&sender], |_| {}));
    assert_eq!(fault(vec![list]), FaultCode::InvalidSecurityToken);
}

/// What an operator and a readiness answer see of lists that are not there.
#[test]
fn missing_lists_are_told() {
    let root = root();
    let none = trust(&[(&root, Environment::Production)], &[], Vec::new());
    assert_eq!(none.revocation(now()).state, RevocationState::Unusable);
    assert_eq!(none.revocation(now()).age(now()), None);
    let folder = Folder::new("missing");
    let good = folder.write("good.crl", &crl(&root, &[], |_| {}));
    let some = trust(&[(&root, Environment::Production)], &[], vec![good, folder.0.join("absent.crl")]);
    assert_eq!(some.revocation(now()).state, RevocationState::Unusable);
    let status = some.crl_status();
    assert!(status[0].problem.is_none() && status[0].usable_until == Some(at("2026-11-09T00:00:00Z")));
    assert!(status[1].problem.is_some() && status[1].this_update.is_none());
}

/// The list is older than its grace, and still what stands on it stays revoked.
#[test]
fn an_old_list_still_revokes() {
    let root = root();
    let (sender, other) =
        (leaf(&root, |_| {}), leaf(&root, |params| params.serial_number = Some(SerialNumber::from(9))));
    let list = Folder::new("old").write("root.crl", &crl(&root, &[&sender], |_| {}));
    let trust = trust(&[(&root, Environment::Production)], &[], vec![list]);
    assert_eq!(code(&trust, &sender, at("2027-06-01T00:00:00Z")), "NIR-S212");
    assert_eq!(code(&trust, &other, at("2027-06-01T00:00:00Z")), "NIR-S218");
}
