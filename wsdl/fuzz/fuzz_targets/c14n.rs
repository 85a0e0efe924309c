//! Our exclusive canonicalizer and libxml2's over the same text: every element as apex, with the PrefixList that the
//! first line gives. They refuse the same texts and write the same bytes.

#![cfg_attr(fuzzing, no_main)]

use nir_wsdl::differential::{Forms, canonical_forms};
use nir_wsdl_fuzz::check::show;

/// Each element costs a parse.
const MAX_APEXES: usize = 64;

nir_wsdl_fuzz::target!(|bytes| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (list, text) = text.split_once('\n').unwrap_or(("", text));
    // A PrefixList is the value of an attribute, where no NUL can stand.
    if list.contains('\0') {
        return;
    }
    let list: Vec<&str> = list.split_ascii_whitespace().take(32).collect();
    for n in 0..MAX_APEXES {
        match canonical_forms(text.as_bytes(), n, &list) {
            Forms::Refused => return,
            Forms::Same(_) => {}
            Forms::Different { strict, libxml2 } => panic!(
                "element {n}, prefixes {list:?} of {text:?}\nstrict:  {:?}\nlibxml2: {:?}",
                strict.map(|bytes| show(&bytes)),
                libxml2.map(|bytes| show(&bytes)),
            ),
        }
    }
});
