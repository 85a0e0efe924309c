//! Certificates and revocation lists whose DER values are bent, each length fitting. The first byte chooses what is
//! bent, and whether the CA signs the result: then anything may come out that is sound. Otherwise nothing is trusted
//! but what was issued.

#![cfg_attr(fuzzing, no_main)]

use std::fs::File;
use std::sync::LazyLock;

use nir_wsdl::certificate::{Certificate, Trust};
use nir_wsdl_fuzz::authority::{Authority, as_file, as_lasting_file, ask, is_sound, now, trust};
use nir_wsdl_fuzz::choices::Choices;
use nir_wsdl_fuzz::der::{Content, Der};

struct World {
    authority: Authority,
    trust: Trust,
    /// Keeps the list readable.
    _list: File,
    trees: Vec<Der>,
}

/// Place of the revocation list among the trees.
const LIST: usize = 3;

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let authority = Authority::new();
    let (file, list) = as_lasting_file(&authority.list);
    let trust = trust(authority.pem.as_bytes(), &list).expect("an anchor");
    for (der, is_trusted) in [(&authority.sender, true), (&authority.revoked, false), (&authority.own, false)] {
        let certificate = Certificate::from_der(der).expect("a certificate");
        assert_eq!(trust.check(&certificate, now()).is_ok(), is_trusted);
    }
    let all = [&authority.sender, &authority.revoked, &authority.own, &authority.list];
    let trees = all.map(|der| Der::read(der).filter(|tree| tree.write() == *der).expect("DER")).to_vec();
    World { authority, trust, _list: file, trees }
});

nir_wsdl_fuzz::target!(|bytes| {
    let World { authority, trust: trusted, trees, .. } = &*WORLD;
    let mut input = Choices::new(bytes);
    let (signs, which) = (input.byte() % 2 == 1, input.below(trees.len()));
    let mut tree = trees[which].clone();
    if signs {
        let Content::Parts(parts) = &mut tree.content else { return };
        parts[0].bend(&mut input);
        let signature = authority.sign(&parts[0].write());
        parts[2].content = Content::Bytes([&[0], signature.as_slice()].concat());
    } else {
        tree.bend(&mut input);
    }
    let der = tree.write();
    if which == LIST {
        let trust = trust(authority.pem.as_bytes(), &as_file(&der)).expect("an anchor");
        let sender = Certificate::from_der(&authority.sender).expect("a certificate");
        let taken = trust.crl_status()[0].this_update.is_some();
        let stands = trust.check(&sender, now()).is_ok();
        assert!(taken || !stands, "a certificate stands without a list");
        assert!(signs || !taken || tree.parts()[0] == trees[LIST].parts()[0], "a list that nobody signed");
        return;
    }
    let Ok(certificate) = Certificate::from_der(&der) else { return };
    ask(&certificate, None);
    if trusted.check(&certificate, now()).is_ok() {
        is_sound(&certificate);
        assert!(signs || der == authority.sender, "trusted, and never issued");
    }
});
