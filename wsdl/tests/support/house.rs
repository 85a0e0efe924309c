//! A small world for messages: a CA that is trusted, parties that are registered, and the road that a message takes
//! as far as this crate goes.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use nir_wsdl::certificate::{Anchor, Certificate, Environment, Trust, TrustSettings};
use nir_wsdl::envelope::open;
use nir_wsdl::operation::{self, LARGEST};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::refusal::Refusal;
use nir_wsdl::service;
use nir_wsdl::verify::{SecondOpinion, Verified};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::party::Party;

/// Where the gateway is reached.
pub const BASE: &str = "https://gateway.example";

pub struct House {
    ca: Issuer<'static, KeyPair>,
    pub trust: Trust,
    /// Two registered parties with P-256 keys, one with an RSA key.
    pub party: Party,
    pub other: Party,
    pub rsa: Party,
    /// Of a CA that nobody configured, though it bears the trusted one's name.
    pub stranger: Party,
    /// Revoked by the trusted CA.
    pub revoked: Party,
    /// Of the other environment's CA.
    pub test: Party,
    registered: Vec<Arc<Certificate>>,
}

pub fn house() -> &'static House {
    static HOUSE: LazyLock<House> = LazyLock::new(House::build);
    &HOUSE
}

/// The moment at which everything is judged.
pub fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn ca(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
    let pem = params.self_signed(&key).unwrap().pem().into_bytes();
    (Issuer::new(params, key), pem)
}

/// A sender's certificate as issuers of today shape it.
pub fn params(orgnr: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "TEST KOMMUNE");
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), format!("NTRNO-{orgnr}"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.serial_number = Some(SerialNumber::from(serial));
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2029, 1, 1));
    params
}

fn issued(ca: &Issuer<'static, KeyPair>, params: &CertificateParams, key: &KeyPair) -> Party {
    Party::of(key, params.signed_by(key, ca).unwrap().der())
}

impl House {
    fn build() -> Self {
        let (ca, pem) = self::ca("TEST CA");
        let (same_name, _) = self::ca("TEST CA");
        let (test_ca, test_pem) = self::ca("TEST CA of the other environment");
        let p256 = || KeyPair::generate().unwrap();
        let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("house-{}.crl", std::process::id()));
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(66_u64),
            revocation_time: date_time_ymd(2026, 10, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let crl = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 11, 20),
            next_update: date_time_ymd(2026, 11, 27),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        std::fs::write(&list, crl.signed_by(&ca).unwrap().der()).unwrap();
        let trust = Trust::load(TrustSettings {
            anchors: vec![
                Anchor { pem, environment: Environment::Production },
                Anchor { pem: test_pem, environment: Environment::Test },
            ],
            intermediates: Vec::new(),
            crl_paths: vec![list.clone()],
            crl_grace: TimeDelta::hours(24),
            environment: Environment::Production,
        });
        let trust = trust.unwrap();
        std::fs::remove_file(list).unwrap();
        let party = issued(&ca, &params("310000019", 1), &p256());
        let other = issued(&ca, &params("310000027", 2), &p256());
        let rsa = issued(&ca, &params("310000035", 3), &rsa);
        let registered = [&party, &other, &rsa].map(|party| Arc::new(party.certificate())).to_vec();
        House {
            stranger: issued(&same_name, &params("310000019", 1), &p256()),
            revoked: issued(&ca, &params("310000019", 66), &p256()),
            test: issued(&test_ca, &params("310000019", 1), &p256()),
            ca,
            trust,
            party,
            other,
            rsa,
            registered,
        }
    }

    /// Another certificate of the trusted CA.
    pub fn issue(&self, params: &CertificateParams) -> Party {
        issued(&self.ca, params, &KeyPair::generate().unwrap())
    }

    /// What the gateway does with a message, up to the schema.
    pub fn road(&self, bytes: &[u8], http_action: Option<&str>) -> Result<Verified, Refusal> {
        let opened = open(prefilter(bytes, LARGEST)?)?;
        let key = opened.key();
        let certificate = match key.certificate() {
            Some(der) => self.trust.certificate(der)?,
            None => {
                let found = self.registered.iter().find(|certificate| certificate.matches(key));
                Arc::clone(found.ok_or_else(|| Refusal::unknown_key("not registered"))?)
            }
        };
        self.trust.check(&certificate, now())?;
        let verified = opened.verify(&certificate.verify_key()?, SecondOpinion::On)?;
        verified.check_freshness(now())?;
        let operation = operation::by_root(&service::FAGSYSTEM, &verified.namespace, &verified.root)?;
        verified.check_action(operation.action, http_action)?;
        verified.check_to(BASE, service::FAGSYSTEM.path)?;
        Ok(verified)
    }
}
