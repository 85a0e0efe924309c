//! Arbitrary bytes as a certificate, an anchor, a key, a revocation list and an issuer's name. Nothing becomes trusted
//! but what the CA of `certificates/` has issued, and no list counts but the one that it has signed.

#![cfg_attr(fuzzing, no_main)]

use std::path::Path;
use std::sync::LazyLock;

use nir_wsdl::certificate::{Certificate, Trust};
use nir_wsdl::key::VerifyKey;
use nir_wsdl_fuzz::authority::{as_file, ask, is_sound, now, trust};

const ANCHOR: &[u8] = include_bytes!("../certificates/ca.pem");
const SENDER: &[u8] = include_bytes!("../certificates/sender.der");
const LIST: &[u8] = include_bytes!("../certificates/list.crl");

struct World {
    trust: Trust,
    sender: Certificate,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let list = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/list.crl"));
    let trust = trust(ANCHOR, list).expect("the anchor of the seeds");
    let sender = Certificate::from_der(SENDER).expect("the certificate of the seeds");
    trust.check(&sender, now()).expect("the certificate of the seeds is trusted");
    World { trust, sender }
});

nir_wsdl_fuzz::target!(|bytes| {
    let text = std::str::from_utf8(bytes).ok();
    let single = Certificate::from_der(bytes).ok();
    for certificate in single.into_iter().chain(Certificate::from_pem(bytes).unwrap_or_default()) {
        ask(&certificate, None);
        if WORLD.trust.check(&certificate, now()).is_ok() {
            is_sound(&certificate);
            // The CA's signature has a twin (n − s for s), which holds as well; no mutation finds it.
            assert!(certificate.der() == SENDER, "trusted, and never issued");
        }
    }
    let _ = VerifyKey::from_spki(bytes);
    if let Some(text) = text {
        ask(&WORLD.sender, Some(text));
        let _ = WORLD.trust.registered(text);
    }
    if bytes.starts_with(b"-----BEGIN") {
        trust(bytes, Path::new("/dev/null"));
    }
    if bytes.starts_with(b"-----BEGIN") || bytes.starts_with(&[0x30]) {
        let trust = trust(ANCHOR, &as_file(bytes)).expect("the anchor of the seeds");
        if trust.crl_status()[0].this_update.is_some() {
            trust.check(&WORLD.sender, now()).expect("the list that was signed does not name it");
            assert_eq!(trust.crl_status()[0].revoked, 1, "a list that was never signed");
        }
    }
});

#[expect(dead_code, reason = "the seeds hold it; named here so that it cannot go missing")]
const SEED: &[u8] = LIST;
