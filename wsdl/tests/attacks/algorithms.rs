//! Class 22: weaker algorithms, algorithms that do not belong to the key, and values in another form.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512,
};
use nir_wsdl::algorithm::{ECDSA_SHA256, EXC_C14N, RSA_SHA256, SHA256};
use nir_wsdl::envelope::SoapVersion;

use super::house::house;
use super::mill::{sign_with, unsigned};
use super::{Row, after, before, check, swap, texts};

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const OLD: &str = "http://www.w3.org/2000/09/xmldsig#";
const PSS: &str = "http://www.w3.org/2007/05/xmldsig-more#";

/// The party's message with another SignatureMethod, and with whatever value.
fn method(soap: SoapVersion, element: &str, value: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let own = format!("<ds:SignatureMethod Algorithm=\"{ECDSA_SHA256}\"/>");
    sign_with(&swap(&unsigned(soap, &house().party), &own, element), value).into_bytes()
}

fn named(uri: &str) -> String {
    format!("<ds:SignatureMethod Algorithm=\"{uri}\"/>")
}

#[test]
fn signature_methods() {
    check(|soap| -> Vec<Row> {
        let party = &house().party;
        let refused = |uri: &str| method(soap, &named(uri), |info| party.sign(info));
        // The public key is known to everybody, so an HMAC with it could be made by anybody.
        let hmac = |info: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, party.certificate().verify_key().unwrap().spki());
            hmac::sign(&key, info).as_ref().to_vec()
        };
        let short = format!(
            "<ds:SignatureMethod Algorithm=\"{MORE}hmac-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"
        );
        let mut rows: Vec<Row> = vec![
            ("HMAC with the public key", method(soap, &named(&format!("{MORE}hmac-sha256")), hmac), "NIR-S204"),
            ("HMACOutputLength", method(soap, &short, |info| hmac(info)[..1].to_vec()), "NIR-S204"),
            ("HMACOutputLength of zero", method(soap, &short.replace(">8<", ">0<"), |_| Vec::new()), "NIR-S204"),
            (
                "HMACOutputLength on a good method",
                method(soap, &short.replace(&format!("{MORE}hmac-sha256"), ECDSA_SHA256), |info| party.sign(info)),
                "NIR-S204",
            ),
            ("no algorithm", method(soap, "<ds:SignatureMethod/>", |info| party.sign(info)), "NIR-S204"),
            ("an empty algorithm", refused(""), "NIR-S204"),
            ("an unknown algorithm", refused("urn:EKKO-1"), "NIR-S204"),
            (
                "the algorithm in a strange namespace",
                method(
                    soap,
                    &format!("<ds:SignatureMethod xmlns:x=\"urn:x\" x:Algorithm=\"{ECDSA_SHA256}\"/>"),
                    |info| party.sign(info),
                ),
                "NIR-S205",
            ),
            ("the algorithm with white space", refused(&format!(" {ECDSA_SHA256}")), "NIR-S204"),
            ("a digest as signature", refused(SHA256), "NIR-S204"),
        ];
        for uri in [
            format!("{OLD}rsa-sha1"),
            format!("{OLD}dsa-sha1"),
            format!("{OLD}hmac-sha1"),
            format!("{MORE}rsa-md5"),
            format!("{MORE}rsa-ripemd160"),
            format!("{MORE}rsa-sha224"),
            format!("{MORE}ecdsa-sha1"),
            format!("{MORE}ecdsa-sha512"),
            format!("{MORE}hmac-md5"),
            format!("{MORE}hmac-sha512"),
            format!("{PSS}sha1-rsa-MGF1"),
            format!("{PSS}md5-rsa-MGF1"),
            format!("{PSS}rsa-pss"),
            "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519".to_owned(),
            "http://www.w3.org/2000/09/xmldsig#none".to_owned(),
        ] {
            rows.push(("a method that is not in the profile", refused(&uri), "NIR-S204"));
        }
        rows
    });
}

/// What is refused by name is named, so that the sender knows which option to set; what could be anything is not.
#[test]
fn only_known_algorithms_are_named_back() {
    for (uri, name) in [
        ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", Some("rsa-sha1")),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", Some("hmac-sha256")),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-md5", Some("rsa-md5")),
        ("urn:EKKO-1", None),
    ] {
        let bytes = method(SoapVersion::V11, &named(uri), |info| house().party.sign(info));
        let refusal = house().road(&bytes, None).unwrap_err();
        let [nb, en, cure] = texts::told(&refusal);
        match name {
            Some(name) => assert!(nb.contains(name) && en.contains(name), "{nb} {en}"),
            None => assert!(refusal.params.is_empty(), "{refusal:?}"),
        }
        for stack in ["zeep", "WSS4J", "PHP", ".NET", "node-soap"] {
            assert!(cure.contains(stack), "{cure}");
        }
    }
}

#[test]
fn digests_and_canonicalization() {
    check(|soap| -> Vec<Row> {
        let digest = |uri: &str| before(soap, |t| t.replacen(SHA256, uri, 1));
        let canonicalization = |uri: &str| {
            let own = format!("<ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"/>");
            before(soap, |t| swap(t, &own, &format!("<ds:CanonicalizationMethod Algorithm=\"{uri}\"/>")))
        };
        vec![
            ("SHA-1", digest("http://www.w3.org/2000/09/xmldsig#sha1"), "NIR-S204"),
            ("MD5", digest("http://www.w3.org/2001/04/xmldsig-more#md5"), "NIR-S204"),
            ("SHA-224", digest("http://www.w3.org/2001/04/xmldsig-more#sha224"), "NIR-S204"),
            ("RIPEMD-160", digest("http://www.w3.org/2001/04/xmlenc#ripemd160"), "NIR-S204"),
            ("an unknown digest", digest("urn:EKKO-1"), "NIR-S204"),
            (
                "SHA-1 for the Timestamp alone",
                before(soap, |t| {
                    let (first, second) = t.rsplit_once(SHA256).unwrap();
                    format!("{first}http://www.w3.org/2000/09/xmldsig#sha1{second}")
                }),
                "NIR-S204",
            ),
            ("SHA-512 named, SHA-256 made", digest("http://www.w3.org/2001/04/xmlenc#sha512"), "NIR-S202"),
            ("inclusive", canonicalization("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), "NIR-S204"),
            ("inclusive 1.1", canonicalization("http://www.w3.org/2006/12/xml-c14n11"), "NIR-S204"),
            ("with comments", canonicalization("http://www.w3.org/2001/10/xml-exc-c14n#WithComments"), "NIR-S204"),
            ("void", canonicalization("urn:EKKO-1"), "NIR-S204"),
            ("none", canonicalization(""), "NIR-S204"),
        ]
    });
}

/// ECDSA values as raw r‖s and in no other form (clients.md: gSOAP writes DER).
#[test]
fn ecdsa_values() {
    check(|soap| -> Vec<Row> {
        let party = &house().party;
        let value = |make: &dyn Fn(&[u8]) -> Vec<u8>| sign_with(&unsigned(soap, party), make).into_bytes();
        vec![
            ("DER", value(&|info| party.ecdsa(info, &ECDSA_P256_SHA256_ASN1_SIGNING)), "NIR-S202"),
            ("zeros", value(&|_| vec![0; 64]), "NIR-S202"),
            ("r zero", value(&|info| [&[0; 32], &party.sign(info)[32..]].concat()), "NIR-S202"),
            ("s zero", value(&|info| [&party.sign(info)[..32], &[0; 32]].concat()), "NIR-S202"),
            ("all ones", value(&|_| vec![0xff; 64]), "NIR-S202"),
            (
                "exchanged",
                value(&|info| {
                    let v = party.sign(info);
                    [&v[32..], &v[..32]].concat()
                }),
                "NIR-S202",
            ),
            ("one byte more", value(&|info| [party.sign(info), vec![0]].concat()), "NIR-S202"),
            ("one byte less", value(&|info| party.sign(info)[..63].to_vec()), "NIR-S202"),
            ("twice", value(&|info| party.sign(info).repeat(2)), "NIR-S202"),
            ("over another message", value(&|_| party.sign(b"other")), "NIR-S202"),
            ("by another key", value(&|info| house().other.sign(info)), "NIR-S202"),
            ("by a strange key", value(&|info| house().stranger.sign(info)), "NIR-S202"),
            ("empty", value(&|_| Vec::new()), "NIR-S202"),
            (
                "wrapped in lines",
                after(soap, |t| {
                    let start = t.find("<ds:SignatureValue>").unwrap() + 19;
                    format!("{}\r\n \t{}", &t[..start + 20], &t[start + 20..])
                }),
                "ok",
            ),
        ]
    });
}

/// RSA values, and methods that the key is not for.
#[test]
fn rsa_values_and_other_keys() {
    check(|soap| -> Vec<Row> {
        let (rsa, party) = (&house().rsa, &house().party);
        let with = |uri: &str, make: &dyn Fn(&[u8]) -> Vec<u8>| {
            sign_with(&unsigned(soap, rsa).replace(RSA_SHA256, uri), make).into_bytes()
        };
        let more = |name: &str| format!("{MORE}{name}");
        let pss = |name: &str| format!("{PSS}{name}-rsa-MGF1");
        vec![
            ("PKCS#1 SHA-256", with(RSA_SHA256, &|info| rsa.rsa(info, &RSA_PKCS1_SHA256)), "ok"),
            ("PKCS#1 SHA-384", with(&more("rsa-sha384"), &|info| rsa.rsa(info, &RSA_PKCS1_SHA384)), "ok"),
            ("PKCS#1 SHA-512", with(&more("rsa-sha512"), &|info| rsa.rsa(info, &RSA_PKCS1_SHA512)), "ok"),
            ("PSS SHA-256", with(&pss("sha256"), &|info| rsa.rsa(info, &RSA_PSS_SHA256)), "ok"),
            ("PSS SHA-384", with(&pss("sha384"), &|info| rsa.rsa(info, &RSA_PSS_SHA384)), "ok"),
            ("PSS SHA-512", with(&pss("sha512"), &|info| rsa.rsa(info, &RSA_PSS_SHA512)), "ok"),
            ("PSS under the name of PKCS#1", with(RSA_SHA256, &|info| rsa.rsa(info, &RSA_PSS_SHA256)), "NIR-S202"),
            (
                "PKCS#1 under the name of PSS",
                with(&pss("sha256"), &|info| rsa.rsa(info, &RSA_PKCS1_SHA256)),
                "NIR-S202",
            ),
            (
                "PSS with another hash and salt",
                with(&pss("sha256"), &|info| rsa.rsa(info, &RSA_PSS_SHA512)),
                "NIR-S202",
            ),
            (
                "PSS with parameters",
                before(soap, |t| {
                    swap(
                        t,
                        &named(ECDSA_SHA256),
                        &format!(
                            "<ds:SignatureMethod Algorithm=\"{PSS}rsa-pss\"><p:RSAPSSParams xmlns:p=\"{PSS}\"><p:SaltLength>0</p:SaltLength></p:RSAPSSParams></ds:SignatureMethod>"
                        ),
                    )
                }),
                "NIR-S204",
            ),
            ("another hash", with(RSA_SHA256, &|info| rsa.rsa(info, &RSA_PKCS1_SHA512)), "NIR-S202"),
            (
                "one byte more",
                with(RSA_SHA256, &|info| [rsa.rsa(info, &RSA_PKCS1_SHA256), vec![0]].concat()),
                "NIR-S202",
            ),
            (
                "a zero before",
                with(RSA_SHA256, &|info| [vec![0], rsa.rsa(info, &RSA_PKCS1_SHA256)].concat()),
                "NIR-S202",
            ),
            ("zero", with(RSA_SHA256, &|_| vec![0; 256]), "NIR-S202"),
            ("one", with(RSA_SHA256, &|_| [vec![0; 255], vec![1]].concat()), "NIR-S202"),
            ("larger than the modulus", with(RSA_SHA256, &|_| vec![0xff; 256]), "NIR-S202"),
            (
                "an elliptic key's value",
                with(RSA_SHA256, &|info| party.ecdsa(info, &ECDSA_P256_SHA256_ASN1_SIGNING)),
                "NIR-S202",
            ),
            ("ECDSA by an RSA key", with(ECDSA_SHA256, &|info| rsa.rsa(info, &RSA_PKCS1_SHA256)), "NIR-S202"),
            ("RSA by an elliptic key", method(soap, &named(RSA_SHA256), |info| party.sign(info)), "NIR-S202"),
            (
                "ECDSA SHA-384 by P-256, SHA-256 made",
                method(soap, &named(&more("ecdsa-sha384")), |info| party.sign(info)),
                "NIR-S202",
            ),
        ]
    });
}
