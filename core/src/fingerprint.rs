//! FNV-1a, 64 bits: tells whether something differs. Stable over versions of the compiler, as what is stored must be;
//! no protection against anybody (that is the evidence's SHA-256).

/// A fingerprint in the making.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub fn new() -> Self {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a value and a separator, so that `ab`, `c` is not `a`, `bc`.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub fn finish(self) -> u64 {
        self.0
    }
}
