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

#[path = "certificate/damage.rs"]
mod damage;
#[path = "certificate/keys.rs"]
mod keys;
#[path = "certificate/naming.rs"]
mod naming;
#[path = "certificate/path.rs"]
mod path;
#[path = "certificate/revocation.rs"]
mod revocation;

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
