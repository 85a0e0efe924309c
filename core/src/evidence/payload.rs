//! Payloads of evidence: compressed, and requests then encrypted with a data key of their own (design.md 7, 9).

use std::cell::RefCell;
use std::sync::LazyLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use zstd::bulk::{Compressor, Decompressor};

use crate::store::{StoreError, inconsistent};

/// With the dictionary, level 1 packs the message of the example into 1,163 bytes and level 3 into 1,161, in half the time.
const LEVEL: i32 = 1;
/// The dictionary in use. Earlier ones stay for ever: they are part of the evidence.
const CURRENT: i16 = 1;
/// Trained on generated messages only, never on stored ones (`dictionaries/README.md`).
const DICTIONARIES: &[(i16, &[u8])] = &[(1, include_bytes!("../../dictionaries/1.zdict"))];
/// More than the largest message and its receipt can be.
const LARGEST: usize = 64 * 1024 * 1024;

const NONCE: usize = 12;

/// The key that wraps data keys; it stands outside the database.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        MasterKey(bytes)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// An encrypted payload and its wrapped key.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Nonce, ciphertext, tag.
    pub payload: Vec<u8>,
    /// Nonce, ciphertext, tag of the data key.
    pub wrapped: Vec<u8>,
}

/// The random source failed, or a payload is not what it was: says nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot seal or open a payload")]
pub struct CannotSeal;

/// The dictionary in use, prepared for reading.
static CODER: LazyLock<Option<zstd::dict::DecoderDictionary<'static>>> = LazyLock::new(|| {
    let (_, bytes) = DICTIONARIES.iter().find(|(id, _)| *id == CURRENT)?;
    Some(zstd::dict::DecoderDictionary::copy(bytes))
});

thread_local! {
    // A compressor holds a prepared dictionary: one for each thread that needs it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

fn dictionary(id: i16) -> Option<&'static [u8]> {
    DICTIONARIES.iter().find(|(known, _)| *known == id).map(|(_, bytes)| *bytes)
}

/// Compresses with the dictionary in use; its id stands beside the row.
pub fn compress(bytes: &[u8]) -> Result<(i16, Vec<u8>), CannotSeal> {
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            let made = Compressor::with_dictionary(LEVEL, dictionary(CURRENT).unwrap_or_default());
            *slot = Some(made.map_err(|_| CannotSeal)?);
        }
        let compressor = slot.as_mut().ok_or(CannotSeal)?;
        Ok((CURRENT, compressor.compress(bytes).map_err(|_| CannotSeal)?))
    })
}

/// Undoes [`compress`].
pub fn decompress(id: i16, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let bad = |what: String| inconsistent("evidence", &format!("dictionary {id}"), &what);
    let failed = |error: std::io::Error| bad(error.to_string());
    let mut decompressor = match (id == CURRENT, CODER.as_ref()) {
        (true, Some(prepared)) => Decompressor::with_prepared_dictionary(prepared),
        _ => Decompressor::with_dictionary(dictionary(id).ok_or_else(|| bad("unknown".to_owned()))?),
    }
    .map_err(failed)?;
    let size = Decompressor::upper_bound(bytes).unwrap_or(LARGEST).min(LARGEST);
    decompressor.decompress(bytes, size).map_err(failed)
}

fn encrypt(key: &[u8; 32], bytes: &[u8]) -> Result<Vec<u8>, CannotSeal> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CannotSeal)?;
    let mut out = bytes.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::empty(), &mut out).map_err(|_| CannotSeal)?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.append(&mut out);
    Ok(sealed)
}

fn decrypt(key: &[u8; 32], sealed: &[u8]) -> Result<Vec<u8>, CannotSeal> {
    let (nonce, rest) = sealed.split_at_checked(NONCE).ok_or(CannotSeal)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotSeal)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CannotSeal)?;
    let mut bytes = rest.to_vec();
    let length = key.open_in_place(nonce, Aad::empty(), &mut bytes).map_err(|_| CannotSeal)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Encrypts with a fresh data key, and wraps that key.
pub fn seal(master: &MasterKey, bytes: &[u8]) -> Result<Sealed, CannotSeal> {
    let mut data_key = [0; 32];
    SystemRandom::new().fill(&mut data_key).map_err(|_| CannotSeal)?;
    Ok(Sealed { payload: encrypt(&data_key, bytes)?, wrapped: encrypt(&master.0, &data_key)? })
}

/// Undoes [`seal`].
pub fn open(master: &MasterKey, sealed: &Sealed) -> Result<Vec<u8>, CannotSeal> {
    let data_key: [u8; 32] = decrypt(&master.0, &sealed.wrapped)?.try_into().map_err(|_| CannotSeal)?;
    decrypt(&data_key, &sealed.payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_a_changed_byte_shows() {
        let master = MasterKey::new([7; 32]);
        let message = b"<melding>tekst</melding>".repeat(40);
        let (dictionary, packed) = compress(&message).unwrap();
        assert!(packed.len() < message.len());
        let sealed = seal(&master, &packed).unwrap();
        assert_eq!(decompress(dictionary, &open(&master, &sealed).unwrap()).unwrap(), message);
        for at in 0..sealed.payload.len() {
            let mut changed = sealed.clone();
            changed.payload[at] ^= 1;
            assert_eq!(open(&master, &changed), Err(CannotSeal));
        }
        assert_eq!(open(&MasterKey::new([8; 32]), &sealed), Err(CannotSeal));
        assert!(decompress(99, &packed).is_err(), "an unknown dictionary is said, not guessed");
    }

    const EXAMPLE: &[u8] = include_bytes!("../../dictionaries/1.example.xml");

    #[test]
    fn dictionaries_are_kept_for_ever() {
        let digests = ["0f97b7d1ccbc78802dae934b1fabc9dbf96672fe2244b89c1ed549402748e9de"];
        assert_eq!(DICTIONARIES.len(), digests.len());
        for ((id, bytes), digest) in DICTIONARIES.iter().zip(digests) {
            assert_eq!(hex::encode(crate::evidence::sha256(bytes)), digest, "dictionary {id} was changed");
            assert_eq!(bytes.len(), 32 * 1024);
        }
    }

    #[test]
    fn a_message_is_less_than_a_third_with_the_dictionary() {
        assert!(EXAMPLE.len() > 4_000, "an ordinary message");
        let (id, packed) = compress(EXAMPLE).unwrap();
        assert_eq!(id, CURRENT);
        let plain = zstd::bulk::compress(EXAMPLE, LEVEL).unwrap();
        assert!(packed.len() * 3 < EXAMPLE.len(), "{} of {} bytes", packed.len(), EXAMPLE.len());
        assert!(packed.len() * 3 < plain.len() * 2, "{} bytes, without a dictionary {}", packed.len(), plain.len());
        assert_eq!(decompress(id, &packed).unwrap(), EXAMPLE);
    }

    /// What it was trained on stands in a dictionary as it was: no number of anybody may.
    #[test]
    fn no_dictionary_holds_a_number_that_could_be_somebodys() {
        for (id, bytes) in DICTIONARIES {
            for run in bytes.split(|byte| !byte.is_ascii_digit()) {
                assert!(
                    run.len() < 7 || run.iter().all(|digit| *digit == b'0'),
                    "dictionary {id}: {} digits",
                    run.len()
                );
            }
        }
    }

    #[test]
    fn what_another_dictionary_packed_is_refused_and_not_misread() {
        let other = [EXAMPLE, EXAMPLE].concat();
        let packed = Compressor::with_dictionary(LEVEL, &other).unwrap().compress(EXAMPLE).unwrap();
        assert!(!decompress(CURRENT, &packed).is_ok_and(|bytes| bytes == EXAMPLE));
        // Nor is more room taken than a payload can need.
        let huge = zstd::bulk::compress(&vec![0; LARGEST + 1], LEVEL).unwrap();
        assert!(decompress(CURRENT, &huge).is_err());
    }
}
