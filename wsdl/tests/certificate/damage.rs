//! Certificates that are none: too large, cut, turned bit by bit, rubbish (threats.md 26).

use super::*;

#[test]
fn oversized_and_trailing_bytes_are_refused() {
    let sender = leaf(&root(), |_| {});
    let mut longer = sender.der().to_vec();
    longer.push(0);
    assert_eq!(Certificate::from_der(&longer).unwrap_err().code, "NIR-S213");
    assert_eq!(Certificate::from_der(&[0x30; 20_000]).unwrap_err().code, "NIR-S213");
    let many = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    for number in 0..60 {
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3, number], vec![5, 0]));
    }
    assert_eq!(Certificate::from_der(params.self_signed(&many).unwrap().der()).unwrap_err().code, "NIR-S213");
}

/// Every single bit of a certificate turned, and every length it can be cut to: refused, never trusted, no panic.
#[test]
fn damaged_certificates_are_never_trusted() {
    let root = root();
    let list = Folder::new("damaged").write("root.crl", &crl(&root, &[], |_| {}));
    let trust = trust(&[(&root, Environment::Production)], &[], vec![list]);
    let sender = leaf(&root, |_| {});
    assert_eq!(code(&trust, &sender, now()), "ok");
    let refused = |der: &[u8]| {
        Certificate::from_der(der).map_or_else(|refusal| refusal.code.to_owned(), |read| code(&trust, &read, now()))
            != "ok"
    };
    for place in 0..sender.der().len() {
        assert!(refused(&sender.der()[..place]), "cut at {place}");
        for bit in 0..8 {
            let mut der = sender.der().to_vec();
            der[place] ^= 1 << bit;
            assert!(refused(&der), "byte {place} of {}, bit {bit}", der.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Rubbish, and rubbish inside a certificate, is read or refused, never a panic.
    #[test]
    fn rubbish_is_no_panic(rubbish in proptest::collection::vec(any::<u8>(), 0..600), place in 0usize..600) {
        let _ = Certificate::from_der(&rubbish).map(|read| read.orgnr());
        let mut der = leaf(&root(), |_| {}).der().to_vec();
        let place = place % der.len();
        let end = der.len().min(place + rubbish.len());
        der[place..end].copy_from_slice(&rubbish[..end - place]);
        let _ = Certificate::from_der(&der).map(|read| read.orgnr());
        let _ = Certificate::from_pem(&rubbish);
    }
}
