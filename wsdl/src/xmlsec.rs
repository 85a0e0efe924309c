//! FENCE around libxmlsec1: the second opinion, and the only unsafe code of this crate. It sees a message only after
//! the strict verifier has accepted its signature by a registered party's key (threats.md 2).
//!
//! The C side is `shim.c`; the library's manual: <https://www.aleksey.com/xmlsec/api/>.

#![expect(unsafe_code, reason = "libxmlsec1 is a C library; this file and its shim are the fence")]

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::key::VerifyKey;
use crate::prefilter::Filtered;

/// A slice as the shim reads it; valid as long as what it was made from.
#[repr(C)]
struct Bytes {
    data: *const u8,
    length: usize,
}

#[repr(C)]
struct RawPart {
    id: Bytes,
    digested: Bytes,
}

unsafe extern "C" {
    fn nir_xmlsec_init() -> c_int;
    fn nir_xmlsec_key(spki: *const u8, length: usize) -> *mut c_void;
    fn nir_xmlsec_key_free(key: *mut c_void);
    fn nir_xmlsec_agree(
        key: *mut c_void,
        text: *const c_char,
        length: usize,
        ids: *const Bytes,
        id_count: usize,
        parts: *const RawPart,
        part_count: usize,
        out: *mut c_char,
        out_size: usize,
    ) -> c_int;
    fn nir_xmlsec_canonical(
        text: *const c_char,
        length: usize,
        n: usize,
        prefixes: *const *const c_char,
        out: *mut *mut u8,
    ) -> c_int;
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

/// Loading a key costs 1 ms, so loaded keys are kept by their SubjectPublicKeyInfo (xml-security.md 2.3). Only keys of
/// registered parties come here, and their number is bounded all the same.
static KEYS: LazyLock<Mutex<HashMap<Vec<u8>, Arc<Key>>>> = LazyLock::new(Mutex::default);
const MAX_KEYS: usize = 1_024;

/// Longest reason, its final zero included.
const REASON_BYTES: usize = 192;

/// Whether the library can be used at all. Where a second opinion is wanted this is asked once at the start: without
/// the library every message would be refused.
pub fn usable() -> bool {
    // SAFETY: runs once, before any other call into the library; the initializer of libxml2 guards itself against
    // the one in the schema fence.
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
    // A key in use lives on in its Arc.
    if keys.len() >= MAX_KEYS {
        keys.clear();
    }
    let loaded = Arc::new(Key(pointer));
    keys.insert(spki.to_vec(), Arc::clone(&loaded));
    Some(loaded)
}

fn bytes(slice: &[u8]) -> Bytes {
    Bytes { data: slice.as_ptr(), length: slice.len() }
}

/// What the strict verifier found, to be found again.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    /// The message.
    pub text: &'a str,
    /// Every id of the document, in order.
    pub ids: &'a [String],
    /// The references in order: id, and the bytes that were digested.
    pub parts: &'a [(&'a str, &'a [u8])],
}

/// Asks the library whether the message is valid by the same key, with the same ids, the same references and the
/// same digested bytes. The error says why not: two verifiers that share no code must agree.
pub(crate) fn agree(claim: &Claim<'_>, verify_key: &VerifyKey) -> Result<(), String> {
    if !usable() {
        return Err("the library cannot be used".to_owned());
    }
    let key = key(verify_key).ok_or_else(|| "the key cannot be loaded".to_owned())?;
    let ids: Vec<Bytes> = claim.ids.iter().map(|id| bytes(id.as_bytes())).collect();
    let part = |(id, digested): &(&str, &[u8])| RawPart { id: bytes(id.as_bytes()), digested: bytes(digested) };
    let parts: Vec<RawPart> = claim.parts.iter().map(part).collect();
    let mut reason = [0_u8; REASON_BYTES];
    // SAFETY: the key is live (held by the Arc); text, ids and parts outlive the call, which only reads them, within
    // the lengths given; the shim writes at most `reason.len()` bytes, the last one zero, and keeps no pointer.
    let answer = unsafe {
        nir_xmlsec_agree(
            key.0,
            claim.text.as_ptr().cast(),
            claim.text.len(),
            ids.as_ptr(),
            ids.len(),
            parts.as_ptr(),
            parts.len(),
            reason.as_mut_ptr().cast(),
            reason.len(),
        )
    };
    let reason = String::from_utf8_lossy(reason.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned();
    match answer {
        0 => Ok(()),
        1 => Err(reason),
        _ => Err(format!("the library failed: {reason}")),
    }
}

/// Exclusive canonical form, by libxml2, of the n-th element in document order: the other canonicalizer, for
/// differential tests and fuzzing. `None` where libxml2 refuses the text, or has no such element.
pub fn canonical_by_libxml2(text: Filtered<'_>, n: usize, prefix_list: &[&str]) -> Option<Vec<u8>> {
    if !usable() {
        return None;
    }
    let text = text.text();
    let prefixes: Vec<CString> =
        prefix_list.iter().map(|prefix| CString::new(*prefix)).collect::<Result<_, _>>().ok()?;
    let mut pointers: Vec<*const c_char> = prefixes.iter().map(|prefix| prefix.as_ptr()).collect();
    pointers.push(std::ptr::null());
    let mut out = std::ptr::null_mut();
    // SAFETY: text and prefixes outlive the call, which only reads them; the list of pointers ends with NULL; `out`
    // receives memory of the library's own, or stays NULL.
    let size = unsafe { nir_xmlsec_canonical(text.as_ptr().cast(), text.len(), n, pointers.as_ptr(), &raw mut out) };
    if out.is_null() {
        return None;
    }
    // SAFETY: the library wrote `size` bytes at `out`.
    let bytes = usize::try_from(size).ok().map(|size| unsafe { std::slice::from_raw_parts(out, size) }.to_vec());
    // SAFETY: `out` is the library's and not used after this.
    unsafe { nir_xmlsec_free(out) };
    bytes
}
