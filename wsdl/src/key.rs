//! Public keys that may verify: RSA of at least 2048 bits, ECDSA on P-256 and P-384 (design.md 5).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_FIXED,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey;

use crate::algorithm::SignatureMethod;

/// The curve P-256 (RFC 5480 §2.1.1.1).
const P256: &str = "1.2.840.10045.3.1.7";
/// The curve P-384.
const P384: &str = "1.3.132.0.34";

/// Kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, 2048 to 8192 bits.
    Rsa,
    /// P-256.
    P256,
    /// P-384.
    P384,
}

/// A key that may verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyKey {
    kind: KeyKind,
    spki: Vec<u8>,
}

/// The key is of no kind that the profile allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key is neither RSA of 2048 bits or more nor ECDSA on P-256 or P-384 ({name})")]
pub struct UnsupportedKey {
    /// What it is instead: kind and size, or an object identifier.
    pub name: String,
}

impl VerifyKey {
    /// From a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn from_spki(der: &[u8]) -> Result<Self, UnsupportedKey> {
        let unsupported = |name: String| UnsupportedKey { name };
        let unreadable = || unsupported("unreadable".to_owned());
        let Ok(([], spki)) = SubjectPublicKeyInfo::from_der(der) else { return Err(unreadable()) };
        let curve = spki.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        let curve = curve.map(|curve| curve.to_id_string()).unwrap_or_default();
        let kind = match spki.parsed().map_err(|_| unreadable())? {
            PublicKey::RSA(key) => match bits(key.modulus) {
                2048..=8192 => KeyKind::Rsa,
                bits => return Err(unsupported(format!("RSA {bits}"))),
            },
            PublicKey::EC(point) if point.key_size() == 256 && curve == P256 => KeyKind::P256,
            PublicKey::EC(point) if point.key_size() == 384 && curve == P384 => KeyKind::P384,
            PublicKey::EC(_) => return Err(unsupported(format!("EC {curve}"))),
            _ => return Err(unsupported(spki.algorithm.algorithm.to_id_string())),
        };
        Ok(VerifyKey { kind, spki: der.to_vec() })
    }

    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// SubjectPublicKeyInfo, DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Whether the signature over the message holds; false also when method and key do not belong together.
    pub fn verifies(&self, method: SignatureMethod, message: &[u8], signature: &[u8]) -> bool {
        let holds = |algorithm: &'static dyn VerificationAlgorithm, signature: &[u8]| {
            UnparsedPublicKey::new(algorithm, &self.spki).verify(message, signature).is_ok()
        };
        match (self.kind, method) {
            (KeyKind::Rsa, SignatureMethod::RsaSha256) => holds(&RSA_PKCS1_2048_8192_SHA256, signature),
            (KeyKind::Rsa, SignatureMethod::RsaSha384) => holds(&RSA_PKCS1_2048_8192_SHA384, signature),
            (KeyKind::Rsa, SignatureMethod::RsaSha512) => holds(&RSA_PKCS1_2048_8192_SHA512, signature),
            (KeyKind::Rsa, SignatureMethod::PssSha256) => holds(&RSA_PSS_2048_8192_SHA256, signature),
            (KeyKind::Rsa, SignatureMethod::PssSha384) => holds(&RSA_PSS_2048_8192_SHA384, signature),
            (KeyKind::Rsa, SignatureMethod::PssSha512) => holds(&RSA_PSS_2048_8192_SHA512, signature),
            // XML Signature writes ECDSA values as raw r‖s of the field's length (XMLDSIG 1.1 §6.4.3).
            (KeyKind::P256, SignatureMethod::EcdsaSha256) => holds(&ECDSA_P256_SHA256_FIXED, signature),
            (KeyKind::P384, SignatureMethod::EcdsaSha384) => holds(&ECDSA_P384_SHA384_FIXED, signature),
            // For a curve with the other's hash the crypto library takes DER alone.
            (KeyKind::P256, SignatureMethod::EcdsaSha384) => {
                der(signature, 32).is_some_and(|signature| holds(&ECDSA_P256_SHA384_ASN1, &signature))
            }
            (KeyKind::P384, SignatureMethod::EcdsaSha256) => {
                der(signature, 48).is_some_and(|signature| holds(&ECDSA_P384_SHA256_ASN1, &signature))
            }
            _ => false,
        }
    }
}

/// Size of a number that is written with or without leading zeros.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() - zeros) * 8 - first
}

/// The ECDSA value r‖s, each as long as the field, as a DER sequence of two integers (RFC 3279 §2.2.3).
fn der(raw: &[u8], field: usize) -> Option<Vec<u8>> {
    if raw.len() != field * 2 {
        return None;
    }
    let (r, s) = raw.split_at(field);
    let content = [integer(r)?, integer(s)?].concat();
    // At most 102 bytes, so that every length fits into one byte.
    Some([&[0x30, u8::try_from(content.len()).ok()?], content.as_slice()].concat())
}

/// A positive DER integer of less than 127 bytes.
fn integer(number: &[u8]) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..)?;
    let sign: &[u8] = if number.first().is_none_or(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    Some([&[0x02, u8::try_from(sign.len() + number.len()).ok()?], sign, number].concat())
}
