//! Public keys that may verify: RSA of at least 2048 bits, ECDSA on P-256 and P-384 (design.md 5).

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey;

use crate::algorithm::SignatureMethod;

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
#[derive(Debug, Clone)]
pub struct VerifyKey {
    kind: KeyKind,
    spki: Vec<u8>,
}

/// The key is of no kind that the profile allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is neither RSA of 2048 bits or more nor ECDSA on P-256 or P-384")]
pub struct UnsupportedKey;

impl VerifyKey {
    /// From a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn from_spki(der: &[u8]) -> Result<Self, UnsupportedKey> {
        let (_, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| UnsupportedKey)?;
        let kind = match spki.parsed().map_err(|_| UnsupportedKey)? {
            PublicKey::RSA(key) if (2048..=8192).contains(&key.key_size()) => KeyKind::Rsa,
            PublicKey::EC(point) if point.key_size() == 256 => KeyKind::P256,
            PublicKey::EC(point) if point.key_size() == 384 => KeyKind::P384,
            _ => return Err(UnsupportedKey),
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
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, method) {
            (KeyKind::Rsa, SignatureMethod::RsaSha256) => &RSA_PKCS1_2048_8192_SHA256,
            (KeyKind::Rsa, SignatureMethod::RsaSha384) => &RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, SignatureMethod::RsaSha512) => &RSA_PKCS1_2048_8192_SHA512,
            (KeyKind::Rsa, SignatureMethod::PssSha256) => &RSA_PSS_2048_8192_SHA256,
            (KeyKind::Rsa, SignatureMethod::PssSha384) => &RSA_PSS_2048_8192_SHA384,
            (KeyKind::Rsa, SignatureMethod::PssSha512) => &RSA_PSS_2048_8192_SHA512,
            // XML Signature writes ECDSA values as raw r‖s of the field's length (XMLDSIG 1.1 §6.4.3); each curve goes
            // with the hash of its own strength.
            (KeyKind::P256, SignatureMethod::EcdsaSha256) => &ECDSA_P256_SHA256_FIXED,
            (KeyKind::P384, SignatureMethod::EcdsaSha384) => &ECDSA_P384_SHA384_FIXED,
            _ => return false,
        };
        let key: UnparsedPublicKey<&[u8]> = signature::UnparsedPublicKey::new(algorithm, &self.spki);
        key.verify(message, signature).is_ok()
    }
}
