//! Classes 24, 25 and 26 on a message whose signature holds: codes beside S213 are told only to those whose
//! certificate chains to a configured anchor.

use nir_wsdl::refusal::FaultCode;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SerialNumber, date_time_ymd,
};

use super::house::{house, params};
use super::mill::{sign, unsigned};
use super::party::Party;
use super::{Row, check};

const V2: [u64; 4] = [2, 5, 4, 97];
const V1: [u64; 4] = [2, 5, 4, 5];

/// Each way in which a certificate can be wrong, and the code.
fn wrongs() -> Vec<(&'static str, CertificateParams, &'static str)> {
    let with = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = params("310000019", 90);
        change(&mut params);
        params
    };
    let names = |v2: Option<&str>, v1: Option<&str>| {
        with(&|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, "310000019");
            if let Some(v2) = v2 {
                params.distinguished_name.push(DnType::CustomDnType(V2.to_vec()), v2);
            }
            if let Some(v1) = v1 {
                params.distinguished_name.push(DnType::CustomDnType(V1.to_vec()), v1);
            }
        })
    };
    vec![
        ("as it should be", with(&|_| {}), "ok"),
        ("SEID v1", names(None, Some("310000019")), "ok"),
        ("expired", with(&|p| p.not_after = date_time_ymd(2026, 11, 1)), "NIR-S210"),
        ("not yet valid", with(&|p| p.not_before = date_time_ymd(2026, 12, 1)), "NIR-S211"),
        ("revoked", with(&|p| p.serial_number = Some(SerialNumber::from(66_u64))), "NIR-S212"),
        ("no number", names(None, None), "NIR-S214"),
        ("another form of number", names(Some("NTRNO-NOFOR.310000019"), None), "NIR-S214"),
        ("another register", names(Some("VATNO-310000019"), None), "NIR-S214"),
        ("a wrong check digit", names(Some("NTRNO-310000018"), None), "NIR-S214"),
        ("two numbers", names(Some("NTRNO-310000019"), Some("310000027")), "NIR-S215"),
        ("non-repudiation alone", with(&|p| p.key_usages = vec![KeyUsagePurpose::ContentCommitment]), "NIR-S216"),
        ("encipherment alone", with(&|p| p.key_usages = vec![KeyUsagePurpose::KeyEncipherment]), "NIR-S216"),
        ("a web server's", with(&|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]), "NIR-S216"),
        ("a CA's", with(&|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)), "NIR-S216"),
        (
            "a critical extension of somebody's own",
            with(&|p| {
                let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99], vec![5, 0]);
                extension.set_criticality(true);
                p.custom_extensions.push(extension);
            }),
            "NIR-S213",
        ),
        (
            "fifty extensions",
            with(&|p| {
                p.custom_extensions =
                    (0..50).map(|n| CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, n], vec![5, 0])).collect();
            }),
            "NIR-S213",
        ),
        (
            "an extension of 20,000 bytes",
            with(&|p| {
                p.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99], vec![0; 20_000])];
            }),
            "NIR-S213",
        ),
        (
            "a serial number of 40 bytes",
            with(&|p| p.serial_number = Some(SerialNumber::from_slice(&[7; 40]))),
            "NIR-S213",
        ),
    ]
}

#[test]
fn the_certificate_that_signed() {
    check(|soap| -> Vec<Row> {
        let message = |party: &Party| sign(&unsigned(soap, party), party).into_bytes();
        wrongs().into_iter().map(|(name, params, code)| (name, message(&house().issue(&params)), code)).collect()
    });
}

/// The same wrongs in certificates that one made for oneself: nothing but S213 is said of any of them.
#[test]
fn a_stranger_learns_nothing() {
    check(|soap| -> Vec<Row> {
        let made = wrongs().into_iter().map(|(name, params, _)| (name, Party::self_signed(&params)));
        made.map(|(name, party)| (name, sign(&unsigned(soap, &party), &party).into_bytes(), "NIR-S213")).collect()
    });
}

/// Status unknown is our fault and may pass later; everything else is the sender's certificate.
#[test]
fn fault_codes() {
    let fault = |party: &Party| {
        let text = sign(&unsigned(nir_wsdl::envelope::SoapVersion::V11, party), party);
        house().road(text.as_bytes(), None).unwrap_err().fault
    };
    assert_eq!(fault(&house().revoked), FaultCode::InvalidSecurityToken);
    assert_eq!(fault(&house().test), FaultCode::InvalidSecurityToken);
    assert_eq!(fault(&house().stranger), FaultCode::InvalidSecurityToken);
}
