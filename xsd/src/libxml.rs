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

#[repr(C)]
struct Told {
    code: c_int,
    path: *const c_char,
    name: *const c_char,
    space: *const c_char,
    text: *const c_char,
    message: *const c_char,
}

type Report = extern "C" fn(*mut c_void, *const Told);

unsafe extern "C" {
    fn nir_xsd_init();
    fn nir_xsd_compile(files: *const File, count: usize, root: usize) -> *mut c_void;
    fn nir_xsd_free(schema: *mut c_void);
    fn nir_xsd_validate(schema: *const c_void, data: *const c_char, length: usize) -> c_int;
    fn nir_xsd_explain(
        schema: *const c_void,
        data: *const c_char,
        length: usize,
        limit: usize,
        report: Report,
        sink: *mut c_void,
        total: *mut usize,
    ) -> c_int;
}

/// A compiled schema. Invariant: the pointer is a live `nir_schema` that only this value frees.
#[derive(Debug)]
pub struct Schema(*mut c_void);

// SAFETY: nothing in a compiled schema belongs to the thread that compiled it, so another may use and free it.
unsafe impl Send for Schema {}
// SAFETY: after compilation the schema is only read; what a validation writes is in a context of its own, made and
// freed within one call (no race seen under ThreadSanitizer: xml-security.md 2.3).
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

/// Not libxml2's: an attribute of XMLSchema-instance, whose local name is in `text` (`shim.c` has the same number).
pub(crate) const INSTANCE_ATTRIBUTE: i32 = 1;

/// One violation as the shim reports it. `text` and `message` hold what was sent: they are for classification and
/// must not leave the crate.
#[derive(Debug)]
pub(crate) struct RawViolation {
    pub code: i32,
    pub path: String,
    pub name: String,
    pub space: String,
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
        // SAFETY: table, names and bytes live through the call; the shim keeps none of the pointers, lengths are
        // those of the slices, and `root` is within the table.
        let schema = unsafe { nir_xsd_compile(table.as_ptr(), table.len(), root) };
        (!schema.is_null()).then_some(Schema(schema))
    }

    /// Streams the bytes through the validator; no tree is built.
    pub fn validate(&self, bytes: &[u8]) -> Verdict {
        // SAFETY: the schema is live (invariant of the type); bytes outlive the call, which only reads them.
        verdict(unsafe { nir_xsd_validate(self.0, bytes.as_ptr().cast(), bytes.len()) })
    }

    /// Validates over a tree, with no attribute of XMLSchema-instance allowed. Tells the first `limit` violations to
    /// `report`, those attributes first, and counts them all.
    pub(crate) fn explain(&self, bytes: &[u8], limit: usize, mut report: impl FnMut(RawViolation)) -> (Verdict, usize) {
        let mut total = 0;
        let mut sink: &mut dyn FnMut(RawViolation) = &mut report;
        let pointer: *mut c_void = std::ptr::from_mut(&mut sink).cast();
        // SAFETY: as in `validate`; `pointer` and `total` are to locals that live through the call; the shim hands
        // `pointer` back to `tell` unchanged, on this thread, only during the call.
        let code = unsafe {
            nir_xsd_explain(self.0, bytes.as_ptr().cast(), bytes.len(), limit, tell, pointer, &raw mut total)
        };
        (verdict(code), total)
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

extern "C" fn tell(sink: *mut c_void, told: *const Told) {
    // SAFETY: the shim passes a violation that lives through this call.
    let told = unsafe { &*told };
    // SAFETY: its strings are NUL-terminated, live through this call, and are never NULL.
    let string = |pointer: *const c_char| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned();
    let raw = RawViolation {
        code: told.code,
        path: string(told.path),
        name: string(told.name),
        space: string(told.space),
        text: string(told.text),
        message: string(told.message),
    };
    // SAFETY: `sink` is the pointer that `explain` made from a live `&mut dyn FnMut`, used by nobody else meanwhile.
    let report = unsafe { &mut *sink.cast::<&mut dyn FnMut(RawViolation)>() };
    // A panic must not cross the C frames; the sink only pushes to a list.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| report(raw)));
}
