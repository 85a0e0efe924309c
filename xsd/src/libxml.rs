//! FENCE around libxml2: the only unsafe code of this crate. It validates bytes that a signature covered and that
//! are in canonical form; it never sees what an unauthenticated sender wrote (threats.md 2).
//!
//! The C side is `shim.c`; libxml2's manual: <https://gnome.pages.gitlab.gnome.org/libxml2/devhelp/>.

#![expect(unsafe_code, reason = "libxml2 is a C library; this file and its shim are the fence")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::Once;

use crate::catalog::SchemaFile;

#[repr(C)]
struct File {
    name: *const c_char,
    data: *const c_char,
    length: usize,
}

type Report = extern "C" fn(*mut c_void, c_int, *const c_char, *const c_char, *const c_char, *const c_char);

unsafe extern "C" {
    fn nir_xsd_init();
    fn nir_xsd_compile(files: *const File, count: usize, root: usize) -> *mut c_void;
    fn nir_xsd_free(schema: *mut c_void);
    fn nir_xsd_validate(schema: *mut c_void, data: *const c_char, length: usize) -> c_int;
    fn nir_xsd_explain(schema: *mut c_void, data: *const c_char, length: usize, report: Report, sink: *mut c_void) -> c_int;
}

/// A compiled schema. Invariant: the pointer is a live `xmlSchema` that only this value frees.
#[derive(Debug)]
pub struct Schema(*mut c_void);

// SAFETY: a compiled xmlSchema is only read by validation contexts, each of which belongs to one call; libxml2
// documents sharing it between threads after `xmlSchemaInitTypes` as safe (measured: xml-security.md 2.3).
unsafe impl Send for Schema {}
// SAFETY: as above.
unsafe impl Sync for Schema {}

/// What the validator said of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It follows the schema.
    Valid,
    /// It does not.
    Invalid,
    /// The validator could not run (out of memory, or bytes that are no XML).
    Failed,
}

/// One violation as libxml2 reports it; `text` is for classification and must not leave the crate.
#[derive(Debug)]
pub(crate) struct RawViolation {
    pub code: i32,
    pub path: String,
    pub name: String,
    pub text: String,
    pub message: String,
}

impl Schema {
    /// Compiles the file at `root`; includes are taken from `files` alone. `None` when it is no schema.
    pub fn compile(files: &[SchemaFile], root: usize) -> Option<Self> {
        static INIT: Once = Once::new();
        // SAFETY: runs once, before any other call into libxml2 through this fence.
        INIT.call_once(|| unsafe { nir_xsd_init() });
        let names: Vec<CString> = files.iter().map(|f| CString::new(f.name)).collect::<Result<_, _>>().ok()?;
        let table: Vec<File> = files
            .iter()
            .zip(&names)
            .map(|(f, name)| File { name: name.as_ptr(), data: f.bytes.as_ptr().cast(), length: f.bytes.len() })
            .collect();
        if root >= table.len() {
            return None;
        }
        // SAFETY: table, names and bytes live through the call; the shim keeps none of the pointers, and lengths
        // are those of the slices.
        let schema = unsafe { nir_xsd_compile(table.as_ptr(), table.len(), root) };
        (!schema.is_null()).then_some(Schema(schema))
    }

    /// Streams the bytes through the validator; no tree is built.
    pub fn validate(&self, bytes: &[u8]) -> Verdict {
        // SAFETY: the schema is live (invariant of the type); bytes outlive the call, which only reads them.
        verdict(unsafe { nir_xsd_validate(self.0, bytes.as_ptr().cast(), bytes.len()) })
    }

    /// Validates over a tree and tells every violation to `report`.
    pub(crate) fn explain(&self, bytes: &[u8], mut report: impl FnMut(RawViolation)) -> Verdict {
        let mut sink: &mut dyn FnMut(RawViolation) = &mut report;
        let pointer: *mut c_void = std::ptr::from_mut(&mut sink).cast();
        // SAFETY: as in `validate`; `pointer` is to a local that lives through the call, and the shim hands it back
        // to `tell` unchanged, on this thread, only during the call.
        verdict(unsafe { nir_xsd_explain(self.0, bytes.as_ptr().cast(), bytes.len(), tell, pointer) })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // SAFETY: the pointer is live and freed exactly once.
        unsafe { nir_xsd_free(self.0) }
    }
}

fn verdict(code: c_int) -> Verdict {
    match code {
        0 => Verdict::Valid,
        1 => Verdict::Invalid,
        _ => Verdict::Failed,
    }
}

extern "C" fn tell(
    sink: *mut c_void,
    code: c_int,
    path: *const c_char,
    name: *const c_char,
    text: *const c_char,
    message: *const c_char,
) {
    // SAFETY: the shim passes NUL-terminated strings that live through this call, never NULL.
    let string = |pointer: *const c_char| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned();
    let raw = RawViolation { code, path: string(path), name: string(name), text: string(text), message: string(message) };
    // SAFETY: `sink` is the pointer that `explain` made from a live `&mut dyn FnMut`, used by nobody else meanwhile.
    let report = unsafe { &mut *sink.cast::<&mut dyn FnMut(RawViolation)>() };
    // A panic must not cross the C frames; the sink only pushes to a list.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| report(raw)));
}
