//! Somebody with a key and a certificate.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair,
};
use nir_wsdl::certificate::Certificate;
use rcgen::{CertificateParams, KeyPair};

pub struct Party {
    pkcs8: Vec<u8>,
    /// The certificate, which need not be one that can be read.
    pub der: Vec<u8>,
    /// Whether the key is RSA; else it is on P-256.
    pub is_rsa: bool,
}

impl Party {
    /// By oneself, on P-256.
    pub fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Party::of(&key, params.self_signed(&key).unwrap().der())
    }

    /// A key and whatever certificate.
    pub fn of(key: &KeyPair, der: &[u8]) -> Self {
        Party { pkcs8: key.serialize_der(), der: der.to_vec(), is_rsa: key.is_compatible(&rcgen::PKCS_RSA_SHA256) }
    }

    pub fn certificate(&self) -> Certificate {
        Certificate::from_der(&self.der).unwrap()
    }

    /// As XML Signature wants it: PKCS#1, or r‖s.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        if self.is_rsa {
            self.rsa(message, &RSA_PKCS1_SHA256)
        } else {
            self.ecdsa(message, &ECDSA_P256_SHA256_FIXED_SIGNING)
        }
    }

    pub fn ecdsa(&self, message: &[u8], algorithm: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).unwrap();
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    pub fn rsa(&self, message: &[u8], encoding: &'static dyn RsaEncoding) -> Vec<u8> {
        let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap();
        let mut value = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut value).unwrap();
        value
    }
}
