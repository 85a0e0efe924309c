//! Certificates that the sandbox's own CA would never issue, issued by it all the same.

use nir_wsdl::seal::Signer;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData,
};

use crate::client::Client;
use crate::sandbox::Sandbox;

/// The vendor of 4204-flyktning-1.
pub const VENDOR: &str = "310000000";
/// A number whose check digit holds and that nobody has registered.
pub const UNKNOWN: &str = "310000108";

/// Subject `organizationIdentifier`.
const ORGANIZATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];

/// The CA of a sandbox, in the attacker's hands.
pub struct Authority<'a> {
    sandbox: &'a Sandbox,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate as the CA would issue it to an organisation.
pub fn params(orgnr: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2049, 12, 31);
    params.distinguished_name = subject(Some(&format!("NTRNO-{orgnr}")), "TEST angriper");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// A subject with an organizationIdentifier or none.
pub fn subject(identifier: Option<&str>, common_name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "NO");
    if let Some(identifier) = identifier {
        subject.push(DnType::from_oid(ORGANIZATION_IDENTIFIER), identifier);
    }
    subject.push(DnType::CommonName, common_name);
    subject
}

impl<'a> Authority<'a> {
    pub fn of(sandbox: &'a Sandbox) -> Self {
        let key = KeyPair::from_pem(&sandbox.pem("ca.key")).unwrap();
        Authority { sandbox, issuer: Issuer::from_ca_cert_pem(&sandbox.pem("ca.pem"), key).unwrap() }
    }

    /// Issues for a fresh P-256 key; gives the name by which a client finds it.
    pub fn issue(&self, name: &str, params: CertificateParams) -> String {
        let key = KeyPair::generate().unwrap();
        self.issue_for(name, params, &key)
    }

    /// Issues for this key.
    pub fn issue_for(&self, name: &str, params: CertificateParams, key: &KeyPair) -> String {
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        self.write(name, &certificate.pem(), key)
    }

    /// Issues for a public key of which nobody has the private one; DER.
    pub fn issue_over(&self, params: CertificateParams, key: &impl PublicKeyData) -> Vec<u8> {
        params.signed_by(key, &self.issuer).unwrap().der().to_vec()
    }

    /// Issues by another issuer.
    pub fn issue_by(&self, name: &str, params: CertificateParams, issuer: &Issuer<'_, KeyPair>) -> String {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        self.write(name, &certificate.pem(), &key)
    }

    /// Signs itself.
    pub fn self_signed(&self, name: &str, params: CertificateParams) -> String {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        self.write(name, &certificate.pem(), &key)
    }

    /// A sender with TLS of the vendor and a signature by the certificate of that name.
    pub fn signs(&self, name: &str) -> Client<'a> {
        Client::with(self.sandbox, Some("vendor"), name)
    }

    /// The signer of that name alone.
    pub fn signer(&self, name: &str) -> Signer {
        let read = |ending: &str| self.sandbox.pem(&format!("{name}.{ending}"));
        Signer::from_pem(&read("key"), &read("pem")).unwrap()
    }

    fn write(&self, name: &str, pem: &str, key: &KeyPair) -> String {
        let folder = self.sandbox.data().join("certs").join("attack");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), pem).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        format!("attack/{name}")
    }
}
