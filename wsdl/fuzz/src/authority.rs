//! A CA with a certificate and a revocation list of its own, and what must hold of every certificate that is trusted.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use nir_wsdl::certificate::{Anchor, Certificate, Environment, Trust, TrustSettings};
use nir_wsdl::token::KeyReference;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType, SerialNumber, SigningKey as _,
    date_time_ymd,
};

const LIST: &str = "http://crl.test.example/1.crl";
/// Serial number of the certificate that is on the list.
const REVOKED: u64 = 66;

/// A CA, and what it has issued. DER where nothing else is said.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM.
    pub pem: String,
    /// The same.
    pub own: Vec<u8>,
    /// A certificate that stands.
    pub sender: Vec<u8>,
    /// One that is revoked.
    pub revoked: Vec<u8>,
    /// The revocation list.
    pub list: Vec<u8>,
}

/// The moment at which everything is judged.
pub fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_780)
}

impl Authority {
    /// One with a key that nobody had before.
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "TEST CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
        let own = params.self_signed(&key).expect("a certificate");
        let issuer = Issuer::new(params, key);
        let issue = |serial: u64| {
            sender(serial)
                .signed_by(&KeyPair::generate().expect("a key"), &issuer)
                .expect("a certificate")
                .der()
                .to_vec()
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 11, 20),
            next_update: date_time_ymd(2026, 11, 27),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: Some(CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint { uris: vec![LIST.to_owned()] },
                scope: Some(CrlScope::UserCertsOnly),
            }),
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(REVOKED),
                revocation_time: date_time_ymd(2026, 10, 1),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: Some(date_time_ymd(2026, 9, 1)),
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&issuer).expect("a list").der().to_vec();
        let (sender, revoked) = (issue(1), issue(REVOKED));
        Authority { pem: own.pem(), own: own.der().to_vec(), sender, revoked, list, issuer }
    }

    /// The CA's signature: ECDSA with SHA-256, as X.509 writes it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.issuer.key().sign(message).expect("a signature")
    }
}

/// A sender's certificate with one of each extension that is acted on or passed over.
fn sender(serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    let name = &mut params.distinguished_name;
    name.push(DnType::CountryName, "NO");
    name.push(DnType::OrganizationName, "TEST KOMMUNE \u{d8}");
    name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), "NTRNO-310000019");
    name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "310000019");
    params.subject_alt_names = vec![SanType::Rfc822Name("test@test.example".try_into().expect("an address"))];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::EmailProtection];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![LIST.to_owned()] }];
    params.use_authority_key_identifier_extension = true;
    let custom = |oid: &[u64], der: &[u8]| CustomExtension::from_oid_content(oid, der.to_vec());
    // SubjectKeyIdentifier, and a CertificatePolicies with one policy.
    params.custom_extensions = vec![
        custom(&[2, 5, 29, 14], &[0x04, 4, 1, 2, 3, 4]),
        custom(&[2, 5, 29, 32], &[0x30, 6, 0x30, 4, 0x06, 2, 0x2a, 3]),
    ];
    params.serial_number = Some(SerialNumber::from(serial));
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2029, 1, 1));
    params
}

/// Trust in one anchor, with one revocation list. None when the anchor is none.
pub fn trust(anchor: &[u8], list: &Path) -> Option<Trust> {
    let settings = TrustSettings {
        anchors: vec![Anchor { pem: anchor.to_vec(), environment: Environment::Production }],
        intermediates: Vec::new(),
        crl_paths: vec![list.to_owned()],
        crl_grace: TimeDelta::hours(24),
        environment: Environment::Production,
    };
    Trust::load(settings).ok()
}

/// Where the bytes can be read as a file. It has no name, so that nothing is left behind; the next call overwrites it.
pub fn as_file(bytes: &[u8]) -> PathBuf {
    static FILE: LazyLock<Mutex<File>> = LazyLock::new(|| Mutex::new(unnamed()));
    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    write(&mut file, bytes)
}

/// The same for bytes that stay.
pub fn as_lasting_file(bytes: &[u8]) -> (File, PathBuf) {
    let mut file = unnamed();
    let path = write(&mut file, bytes);
    (file, path)
}

fn write(file: &mut File, bytes: &[u8]) -> PathBuf {
    file.set_len(0).expect("a file");
    file.rewind().expect("a file");
    file.write_all(bytes).expect("room for a file");
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn unnamed() -> File {
    let path = std::env::temp_dir().join(format!("nir-fuzz-{}", std::process::id()));
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).expect("a file");
    std::fs::remove_file(path).expect("a file of our own");
    file
}

/// Everything that a certificate is asked, whoever made it.
pub fn ask(certificate: &Certificate, text: Option<&str>) {
    let again = Certificate::from_der(certificate.der()).expect("it was read before");
    assert_eq!(again.thumbprint_sha256(), certificate.thumbprint_sha256());
    assert!(certificate.matches(&KeyReference::Token(certificate.der().to_vec())));
    assert!(certificate.matches(&KeyReference::ThumbprintSha1(certificate.thumbprint_sha1().to_vec())));
    if let Some(key) = certificate.subject_key_identifier() {
        assert!(certificate.matches(&KeyReference::SubjectKeyIdentifier(key.to_vec())));
    }
    if let Some(issuer) = text {
        let serial = certificate.serial_decimal().to_owned();
        let _ =
            certificate.matches(&KeyReference::IssuerSerial { issuer: issuer.to_owned(), serial, certificate: None });
    }
    if let Ok(orgnr) = certificate.orgnr() {
        assert!(orgnr.len() == 9 && orgnr.bytes().all(|byte| byte.is_ascii_digit()), "{orgnr}");
    }
    let _ = certificate.verify_key();
}

/// What is trusted names an organization, has a key of the profile, and is valid now.
pub fn is_sound(certificate: &Certificate) {
    certificate.orgnr().expect("trusted without an organization number");
    certificate.verify_key().expect("trusted with another key than the profile's");
    assert!(certificate.not_before() <= now() && now() <= certificate.not_after());
    assert_ne!(certificate.serial_decimal(), REVOKED.to_string(), "trusted although revoked");
}
