//! The sandbox's certificates: a test CA and SEID-shaped certificates of synthetic organizations, written once
//! and kept (design.md 10, domain.md 14). All keys say TEST in their subject.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams,
    RsaKeySize, SanType, SerialNumber,
};

use super::orgnr;

/// Subject `organizationIdentifier` of SEID v2.
const ORGANIZATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];
/// Subject `serialNumber` of SEID v1.
const SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];
/// The clock of the register may be set; that of certificates may not, so they hold from long before to long after.
const FIRST_YEAR: i32 = 2005;
const LAST_YEAR: i32 = 2049;

/// How a subject carries its organization number.
#[derive(Debug, Clone, Copy)]
enum Seid {
    V1(&'static str),
    V2(&'static str),
    Conflict { v1: &'static str, v2: &'static str },
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Rsa,
    EcdsaP256,
    /// Certificates that must be refused share one key: they are refused before it matters.
    Hostile,
}

/// One certificate to write.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// File name without its ending.
    name: &'static str,
    common_name: &'static str,
    seid: Seid,
    key: Key,
    server: bool,
    last_year: i32,
    wrong_usage: bool,
    wrong_ca: bool,
}

const GOOD: Plan = Plan {
    name: "",
    common_name: "",
    seid: Seid::Missing,
    key: Key::Rsa,
    server: false,
    last_year: LAST_YEAR,
    wrong_usage: false,
    wrong_ca: false,
};
const HOSTILE: Plan = Plan { seid: Seid::V2(orgnr::VENDOR), key: Key::Hostile, ..GOOD };

const PLANS: [Plan; 17] = [
    Plan { name: "gateway", common_name: "TEST NIR Gateway", seid: Seid::V2(orgnr::GATEWAY), server: true, ..GOOD },
    Plan {
        name: "gateway-ec",
        common_name: "TEST NIR Gateway EC",
        seid: Seid::V2(orgnr::GATEWAY),
        key: Key::EcdsaP256,
        ..GOOD
    },
    Plan { name: "vendor", common_name: "TEST Leverandør AS", seid: Seid::V2(orgnr::VENDOR), ..GOOD },
    Plan {
        name: "mottak",
        common_name: "TEST Leverandør AS mottak",
        seid: Seid::V2(orgnr::VENDOR),
        server: true,
        ..GOOD
    },
    Plan { name: "vendor2", common_name: "TEST Leverandør To AS", seid: Seid::V1(orgnr::VENDOR2), ..GOOD },
    Plan { name: "kommune", common_name: "TEST Kommune 4204", seid: Seid::V2(orgnr::KOMMUNE_4204), ..GOOD },
    Plan { name: "kilde", common_name: "TEST Kilderegister", seid: Seid::V2(orgnr::KILDE), ..GOOD },
    Plan { name: "udi", common_name: "TEST Utlendingsdirektoratet", seid: Seid::V2(orgnr::UDI), ..GOOD },
    Plan {
        name: "folkeregister",
        common_name: "TEST Folkeregisteret",
        seid: Seid::V2(orgnr::FOLKEREGISTER),
        key: Key::EcdsaP256,
        ..GOOD
    },
    Plan { name: "hkdir", common_name: "TEST HK-dir", seid: Seid::V2(orgnr::HKDIR), key: Key::EcdsaP256, ..GOOD },
    Plan { name: "imdi", common_name: "TEST IMDi", seid: Seid::V2(orgnr::IMDI), key: Key::EcdsaP256, ..GOOD },
    Plan { name: "hostile/expired", common_name: "TEST utgått", last_year: 2010, ..HOSTILE },
    Plan { name: REVOKED, common_name: "TEST sperret", ..HOSTILE },
    Plan { name: "hostile/wrong-usage", common_name: "TEST feil bruksområde", wrong_usage: true, ..HOSTILE },
    Plan { name: "hostile/wrong-ca", common_name: "TEST feil utsteder", wrong_ca: true, ..HOSTILE },
    Plan { name: "hostile/no-orgnr", common_name: "TEST uten organisasjonsnummer", seid: Seid::Missing, ..HOSTILE },
    Plan {
        name: "hostile/conflict",
        common_name: "TEST motstridende",
        seid: Seid::Conflict { v1: orgnr::VENDOR2, v2: orgnr::VENDOR },
        ..HOSTILE
    },
];
const REVOKED: &str = "hostile/revoked";

/// The files of `DIR/certs`.
#[derive(Debug, Clone)]
pub struct Certs {
    folder: PathBuf,
}

impl Certs {
    /// Writes what is missing; what is there is kept, so that clients need not be set up again.
    pub fn ensure(folder: &Path) -> anyhow::Result<Self> {
        let certs = Certs { folder: folder.to_owned() };
        fs::create_dir_all(folder.join("hostile")).with_context(|| format!("cannot create {}", folder.display()))?;
        let ca_is_new = !(certs.pem("ca").exists() && certs.key("ca").exists());
        let missing: Vec<&Plan> = PLANS
            .iter()
            .filter(|plan| ca_is_new || !(certs.pem(plan.name).exists() && certs.key(plan.name).exists()))
            .collect();
        if missing.is_empty() && certs.crl().exists() {
            return Ok(certs);
        }
        let ca = if ca_is_new { certs.new_ca()? } else { certs.read_ca()? };
        certs.issue(&missing, &ca)?;
        if ca_is_new || !certs.crl().exists() || missing.iter().any(|plan| plan.name == REVOKED) {
            certs.write_crl(&ca)?;
        }
        Ok(certs)
    }

    /// A certificate's file.
    pub fn pem(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pem"))
    }

    /// Its key's file.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }

    /// The revocation list.
    pub fn crl(&self) -> PathBuf {
        self.folder.join("ca.crl")
    }

    fn new_ca(&self) -> anyhow::Result<Issuer<'static, KeyPair>> {
        let key = rsa_key()?;
        let params = ca_params("TEST NIR Sandkasse CA")?;
        let certificate = params.self_signed(&key).context("the test CA")?;
        write(&self.key("ca"), key.serialize_pem().as_bytes(), 0o600)?;
        write(&self.pem("ca"), certificate.pem().as_bytes(), 0o644)?;
        Ok(Issuer::new(params, key))
    }

    fn read_ca(&self) -> anyhow::Result<Issuer<'static, KeyPair>> {
        let read = |path: PathBuf| fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()));
        let key = KeyPair::from_pem(&read(self.key("ca"))?).context("ca.key")?;
        Issuer::from_ca_cert_pem(&read(self.pem("ca"))?, key).context("ca.pem")
    }

    /// Makes the keys in parallel (an RSA key takes some tenths of a second), then the certificates.
    fn issue(&self, plans: &[&Plan], ca: &Issuer<'_, KeyPair>) -> anyhow::Result<()> {
        let other_ca = {
            let key = KeyPair::generate().context("a key")?;
            Issuer::new(ca_params("TEST ukjent CA")?, key)
        };
        let (hostile, keys) = std::thread::scope(|threads| {
            let hostile = threads.spawn(rsa_key);
            let own: Vec<_> = plans.iter().map(|plan| threads.spawn(|| plan.own_key())).collect();
            let keys: Vec<_> = own.into_iter().map(join).collect();
            (join(hostile), keys)
        });
        let hostile = hostile?;
        for (plan, own) in plans.iter().zip(keys) {
            let own = own?;
            let key = own.as_ref().unwrap_or(&hostile);
            let issuer = if plan.wrong_ca { &other_ca } else { ca };
            let certificate = plan.params()?.signed_by(key, issuer).with_context(|| plan.name.to_owned())?;
            write(&self.key(plan.name), key.serialize_pem().as_bytes(), 0o600)?;
            write(&self.pem(plan.name), certificate.pem().as_bytes(), 0o644)?;
        }
        Ok(())
    }

    fn write_crl(&self, ca: &Issuer<'_, KeyPair>) -> anyhow::Result<()> {
        let pem = fs::read(self.pem(REVOKED))?;
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).context("hostile/revoked.pem")?;
        let serial = pem.parse_x509().context("hostile/revoked.pem")?.raw_serial().to_vec();
        let list = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(FIRST_YEAR, 1, 1),
            next_update: rcgen::date_time_ymd(LAST_YEAR, 12, 31),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from_slice(&serial),
                revocation_time: rcgen::date_time_ymd(2006, 1, 1),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        write(&self.crl(), list.signed_by(ca).context("ca.crl")?.pem().context("ca.crl")?.as_bytes(), 0o644)
    }
}

impl Plan {
    fn own_key(&self) -> anyhow::Result<Option<KeyPair>> {
        Ok(match self.key {
            Key::Rsa => Some(rsa_key()?),
            Key::EcdsaP256 => Some(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).context("an ECDSA key")?),
            Key::Hostile => None,
        })
    }

    fn params(&self) -> anyhow::Result<CertificateParams> {
        let mut params = dated(self.last_year)?;
        params.distinguished_name = self.subject();
        // Without one it would follow from the key, and the hostile certificates share one: all would be revoked.
        params.serial_number = Some(SerialNumber::from_slice(&rand::random::<[u8; 16]>()));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = if self.wrong_usage {
            vec![KeyUsagePurpose::KeyEncipherment]
        } else {
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]
        };
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if self.server {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
            params.subject_alt_names = vec![
                SanType::DnsName("localhost".try_into().context("localhost")?),
                SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            ];
        }
        Ok(params)
    }

    fn subject(&self) -> DistinguishedName {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, "NO");
        subject.push(DnType::OrganizationName, self.common_name);
        let mut v1 = |number: &str| subject.push(DnType::from_oid(SERIAL_NUMBER), number);
        match self.seid {
            Seid::V1(number) | Seid::Conflict { v1: number, .. } => v1(number),
            Seid::V2(_) | Seid::Missing => {}
        }
        match self.seid {
            Seid::V2(number) | Seid::Conflict { v2: number, .. } => {
                subject.push(DnType::from_oid(ORGANIZATION_IDENTIFIER), format!("NTRNO-{number}"));
            }
            Seid::V1(_) | Seid::Missing => {}
        }
        subject.push(DnType::CommonName, self.common_name);
        subject
    }
}

fn dated(last_year: i32) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new()).context("certificate parameters")?;
    params.not_before = rcgen::date_time_ymd(FIRST_YEAR, 1, 1);
    params.not_after = rcgen::date_time_ymd(last_year, 12, 31);
    Ok(params)
}

fn ca_params(name: &str) -> anyhow::Result<CertificateParams> {
    let mut params = dated(LAST_YEAR)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "NO");
    params.distinguished_name.push(DnType::OrganizationName, "TEST NIR Sandkasse");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn rsa_key() -> anyhow::Result<KeyPair> {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).context("an RSA key")
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, anyhow::Result<T>>) -> anyhow::Result<T> {
    thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("making a key failed")))
}

/// Writes a file whole or not at all; a half written key from a stopped start would be kept for ever.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let aside = path.with_extension("new");
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    })();
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_what_is_missing_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let certs = Certs::ensure(folder.path()).unwrap();
        let before = fs::read(certs.pem("vendor")).unwrap();
        Certs::ensure(folder.path()).unwrap();
        assert_eq!(fs::read(certs.pem("vendor")).unwrap(), before);

        let list = fs::read(certs.crl()).unwrap();
        fs::remove_file(certs.key("vendor2")).unwrap();
        fs::remove_file(certs.pem(REVOKED)).unwrap();
        Certs::ensure(folder.path()).unwrap();
        assert_eq!(fs::read(certs.pem("vendor")).unwrap(), before);
        assert!(certs.key("vendor2").exists());
        assert_ne!(fs::read(certs.crl()).unwrap(), list, "the list must name the new revoked certificate");
    }

    #[test]
    fn certificates_chain_to_the_ca_and_only_the_hostile_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let certs = Certs::ensure(folder.path()).unwrap();
        let der = |name: &str| {
            let bytes = fs::read(certs.pem(name)).unwrap();
            x509_parser::pem::parse_x509_pem(&bytes).unwrap().1.contents
        };
        let ca = der("ca");
        let ca = x509_parser::parse_x509_certificate(&ca).unwrap().1;
        for plan in PLANS {
            let der = der(plan.name);
            let certificate = x509_parser::parse_x509_certificate(&der).unwrap().1;
            let chains = certificate.verify_signature(Some(ca.public_key())).is_ok();
            assert_eq!(chains, !plan.wrong_ca, "{}", plan.name);
            assert!(certificate.subject().to_string().contains("TEST"), "{}", plan.name);
        }
        let list = fs::read(certs.crl()).unwrap();
        let list = x509_parser::pem::parse_x509_pem(&list).unwrap().1.contents;
        let list = x509_parser::parse_x509_crl(&list).unwrap().1;
        list.verify_signature(ca.public_key()).unwrap();
        let revoked = der(REVOKED);
        let revoked = x509_parser::parse_x509_certificate(&revoked).unwrap().1;
        let listed: Vec<_> = list.iter_revoked_certificates().map(|row| row.raw_serial()).collect();
        assert_eq!(listed, [revoked.raw_serial()]);
    }
}
