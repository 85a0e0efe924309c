//! What a certificate's extensions say, as far as we act on it (RFC 5280 §4.2.1).

use x509_parser::prelude::{ParsedExtension, TbsCertificate};

use super::crl;
use super::problem::Problem;

/// Most extensions in one certificate (threats.md 26).
const MAX_EXTENSIONS: usize = 40;

/// Purposes of which one must be named where a certificate limits its extended key usage: TLS client, e-mail,
/// document signing (RFC 9336), Microsoft's document signing, any. A web server's certificate signs no message.
const SIGNING_PURPOSES: &[&str] =
    &["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.10.3.12", "2.5.29.37.0"];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    /// None without the extension: any usage.
    pub(super) key_usage: Option<KeyUse>,
    /// None without the extension: any purpose.
    purposes: Option<Vec<String>>,
    pub(super) is_ca: bool,
    pub(super) path_length: Option<u32>,
    /// Addresses of the revocation lists that cover it; compared, never fetched.
    pub(super) crl_names: Vec<String>,
    /// It has a critical extension that we do not act on, or name constraints: no path may run through it.
    pub(super) not_understood: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyUse {
    digital_signature: bool,
    pub(super) certificate_sign: bool,
    pub(super) crl_sign: bool,
}

impl Extensions {
    pub(super) fn read(tbs: &TbsCertificate<'_>) -> Result<Self, Problem> {
        if tbs.extensions().len() > MAX_EXTENSIONS || tbs.extensions_map().is_err() {
            return Err(Problem::Unreadable("too many extensions, or one of them twice"));
        }
        let mut read = Extensions::default();
        for extension in tbs.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(key) => read.subject_key_identifier = Some(key.0.to_vec()),
                ParsedExtension::KeyUsage(usage) => {
                    read.key_usage = Some(KeyUse {
                        digital_signature: usage.digital_signature(),
                        certificate_sign: usage.key_cert_sign(),
                        crl_sign: usage.crl_sign(),
                    });
                }
                ParsedExtension::ExtendedKeyUsage(usage) => read.purposes = Some(purposes(usage)),
                ParsedExtension::BasicConstraints(constraints) => {
                    read.is_ca = constraints.ca;
                    read.path_length = constraints.path_len_constraint;
                }
                ParsedExtension::CRLDistributionPoints(points) => read.crl_names = crl::names_of(points),
                ParsedExtension::SubjectAlternativeName(_) | ParsedExtension::CertificatePolicies(_) => {}
                // No CA of the domain uses name constraints; passing over them would be worse than refusing.
                ParsedExtension::NameConstraints(_) => read.not_understood = true,
                ParsedExtension::ParseError { .. } => return Err(Problem::Unreadable("an extension is malformed")),
                // RFC 5280 §4.2: what is critical and not acted on refuses the certificate.
                _ => read.not_understood |= extension.critical,
            }
        }
        Ok(read)
    }

    /// Whether it may sign messages and open TLS as a client: digitalSignature where usage is limited at all
    /// (nonRepudiation alone is the wrong certificate, domain.md 14), no CA, a purpose of a signer.
    pub(super) fn check_usage(&self) -> Result<(), Problem> {
        if self.is_ca {
            return Err(Problem::WrongUsage("it is a CA certificate"));
        }
        if self.key_usage.is_some_and(|usage| !usage.digital_signature) {
            return Err(Problem::WrongUsage("digitalSignature is missing"));
        }
        match &self.purposes {
            Some(purposes) if !purposes.iter().any(|purpose| SIGNING_PURPOSES.contains(&purpose.as_str())) => {
                Err(Problem::WrongUsage("no extended key usage of a signer"))
            }
            _ => Ok(()),
        }
    }
}

fn purposes(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.any, "2.5.29.37.0"),
        (usage.client_auth, "1.3.6.1.5.5.7.3.2"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
    ];
    let named = named.into_iter().filter(|(set, _)| *set).map(|(_, oid)| oid.to_owned());
    named.chain(usage.other.iter().map(x509_parser::asn1_rs::Oid::to_id_string)).collect()
}
