//! A registered party signs arbitrary text: the input is a message with holes, which are filled after it has been
//! mutated. Nothing that it can write makes the two verifiers disagree, or lets pass what it did not sign.

#![cfg_attr(fuzzing, no_main)]

use nir_wsdl_fuzz::holes::fill;
use nir_wsdl_fuzz::{check, world};

nir_wsdl_fuzz::target!(|bytes| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let party = world::party();
    if let Some(message) = fill(text, party) {
        check::message(message.as_bytes(), &[], std::slice::from_ref(&party.key));
    }
});
