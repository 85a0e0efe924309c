//! FENCE around libxmlsec1: the second opinion, and the only unsafe code of this crate. It sees a message only after
//! the strict verifier has accepted its signature by a registered party's key (threats.md 2).
//!
//! The C side is `shim.c`; the library's manual: <https://www.aleksey.com/xmlsec/api/>.

#![expect(unsafe_code, reason = "libxmlsec1 is a C library; this file and its shim are the fence")]

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::key::VerifyKey;
use crate::refusal::Refusal;

unsafe extern "C" {
    fn nir_xmlsec_init() -> c_int;
    fn nir_xmlsec_key(spki: *const u8, length: usize) -> *mut c_void;
    fn nir_xmlsec_key_free(key: *mut c_void);
    fn nir_xmlsec_agree(
        key: *mut c_void,
        text: *const c_char,
        length: usize,
        id: *const c_char,
        body: *const u8,
        body_length: usize,
    ) -> c_int;
    fn nir_xmlsec_canonical(text: *const c_char, length: usize, name: *const c_char, out: *mut *mut u8) -> c_int;
    fn nir_xmlsec_free(bytes: *mut u8);
}

/// A key of the library. Invariant: the pointer is a live `xmlSecKey` that only this value frees.
struct Key(*mut c_void);

// SAFETY: threads only duplicate the key, which raises a reference count inside OpenSSL (xml-security.md 1.1).
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the pointer is live and freed exactly once.
        unsafe { nir_xmlsec_key_free(self.0) }
    }
}

/// Loading a key costs 1 ms, so loaded keys are kept by their SubjectPublicKeyInfo (xml-security.md 2.3).
static KEYS: LazyLock<Mutex<HashMap<Vec<u8>, Arc<Key>>>> = LazyLock::new(Mutex::default);
const MAX_KEYS: usize = 1_024;

fn usable() -> bool {
    // SAFETY: runs once, before any other call into the library.
    static INIT: LazyLock<bool> = LazyLock::new(|| unsafe { nir_xmlsec_init() } == 0);
    *INIT
}

fn key(key: &VerifyKey) -> Option<Arc<Key>> {
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = keys.get(key.spki()) {
        return Some(Arc::clone(known));
    }
    let spki = key.spki();
    // SAFETY: the slice outlives the call, which copies what it needs.
    let pointer = unsafe { nir_xmlsec_key(spki.as_ptr(), spki.len()) };
    if pointer.is_null() {
        return None;
    }
    if keys.len() >= MAX_KEYS {
        keys.clear();
    }
    let loaded = Arc::new(Key(pointer));
    keys.insert(spki.to_vec(), Arc::clone(&loaded));
    Some(loaded)
}

/// Whether the library verifies the message with the same key and digested the same bytes for the Body. Anything
/// else refuses the message: two verifiers that share no code must agree.
pub(crate) fn agree(text: &str, verify_key: &VerifyKey, body_id: &str, body: &[u8]) -> Result<(), Refusal> {
    let disagree = |log: &str| Refusal::invalid_signature(format!("verifier disagreement: {log}"));
    if !usable() {
        return Err(disagree("the library cannot be used"));
    }
    let key = key(verify_key).ok_or_else(|| disagree("the key cannot be loaded"))?;
    let id = CString::new(body_id).map_err(|_| disagree("the id holds a NUL"))?;
    // SAFETY: key is live (held by the Arc); text, id and body outlive the call, which only reads them.
    let answer = unsafe {
        nir_xmlsec_agree(key.0, text.as_ptr().cast(), text.len(), id.as_ptr(), body.as_ptr(), body.len())
    };
    match answer {
        0 => Ok(()),
        1 => Err(disagree("not valid, or other bytes")),
        _ => Err(disagree("the library failed")),
    }
}

/// Exclusive canonical form by libxml2 of the first element of that local name, standing alone: the other
/// canonicalizer for differential tests and fuzzing. `None` where libxml2 refuses the text.
pub fn canonical_by_libxml2(text: &str, name: &str) -> Option<Vec<u8>> {
    if !usable() {
        return None;
    }
    let name = CString::new(name).ok()?;
    let mut out = std::ptr::null_mut();
    // SAFETY: text and name outlive the call; `out` receives memory of the library's own, or stays NULL.
    let size = unsafe { nir_xmlsec_canonical(text.as_ptr().cast(), text.len(), name.as_ptr(), &mut out) };
    if out.is_null() {
        return None;
    }
    // SAFETY: the library wrote `size` bytes at `out`.
    let bytes = usize::try_from(size).ok().map(|size| unsafe { std::slice::from_raw_parts(out, size) }.to_vec());
    // SAFETY: `out` is the library's and not used after this.
    unsafe { nir_xmlsec_free(out) };
    bytes
}
