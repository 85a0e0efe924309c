//! Arbitrary bytes on the road of a message. Whatever verifies by a key of the vectors is, in both verifiers, what was
//! signed; and nothing else was ever signed by these keys than `ping`.

#![cfg_attr(fuzzing, no_main)]

use nir_wsdl_fuzz::{check, world};

nir_wsdl_fuzz::target!(|bytes| {
    if let Some((_, verified)) = check::message(bytes, world::certificates(), world::keys()) {
        assert!(matches!(verified.root.as_str(), "ping" | "Fault"), "nobody signed {}", verified.root);
    }
});
