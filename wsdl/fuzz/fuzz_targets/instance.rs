//! Messages that the schema allows, or nearly: the input decides which. What the validator lets through is decoded,
//! written, and read again as the same.

#![cfg_attr(fuzzing, no_main)]

use std::sync::LazyLock;

use nir_wsdl_fuzz::choices::Choices;
use nir_wsdl_fuzz::{instance, payload};

/// Where nothing is decided, each message is valid: a target whose messages never are would find nothing.
static SOUND: LazyLock<()> = LazyLock::new(|| {
    for root in 0..=u8::MAX {
        let text = instance::build(&mut Choices::new(&[root, 1]));
        let valid = payload::canonical(text.as_bytes()).is_some_and(|canonical| payload::body_child(&canonical));
        assert!(valid, "{text}");
    }
});

nir_wsdl_fuzz::target!(|bytes| {
    LazyLock::force(&SOUND);
    let text = instance::build(&mut Choices::new(bytes));
    if let Some(canonical) = payload::canonical(text.as_bytes()) {
        payload::body_child(&canonical);
    }
});
