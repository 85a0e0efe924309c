//! Arbitrary bytes as a Body child: as they are, where nothing may panic; and in canonical form, as they would come from
//! a message, where what the schema lets through is decoded, written, and read again as the same.

#![cfg_attr(fuzzing, no_main)]

use nir_wsdl_fuzz::payload;

nir_wsdl_fuzz::target!(|bytes| {
    payload::arbitrary(bytes);
    if let Some(canonical) = payload::canonical(bytes) {
        payload::body_child(&canonical);
    }
});
