//! Keys that are too weak, or of a kind that the profile does not have.

use super::*;

/// Public keys of nobody, made for this test: too short, of other curves, of another kind.
const WEAK_KEYS: &[(&str, &str)] = &[
    (
        "RSA 1024",
        "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCmgXSRr/fp3lgR27LZvW1GrIv5\nERU0mJtDu19CLpbHC8wfHvAqVQl2mQT8OjwlxEKNeTYtt2jDcyreKYSuKUmfIWms\nJEReTwRLiDAXQ0KsE4jclXnB49zBG+Dcy+3ZEQHJJ1OUs9bM3/1BaL6XVT3hm8Um\nDsLbRa5t9AbLSPwmDQIDAQAB\n-----END PUBLIC KEY-----",
    ),
    (
        "RSA 2040",
        "-----BEGIN PUBLIC KEY-----\nMIIBITANBgkqhkiG9w0BAQEFAAOCAQ4AMIIBCQKCAQAAux1y5+97QJFRgH7vyXGC\nbbov8nzpeaP3vZEyIo+dNHLuPo3JahJm0MdY6oKaOz1WSzTXKB23O2S2nRFpAfwL\nblKh4fX52yaQvUCnoSiyVskygmtkpw6KIYZgp7pzRNjhbCZePep/jVoMobcroyd5\nuhJ3Ltx7mlQJ5kpnSi8EvqV90UzNw2qR5J/c2E/27oo6r/e7DtD+Y8e+IEp7gz9U\nAAdhZs3wVxyfjwgFUphPnf5poL0uT9Os+JmP7SNYFMU9atl75XpGK+DWGxhcwtFL\nL6+fChVWcbio4QvgmD6GL2hFwAsopiFW61r9hOk4MtLzwx1v1zZS/w+x95orLCiN\nAgMBAAE=\n-----END PUBLIC KEY-----",
    ),
    (
        "EC 1.3.132.0.35",
        "-----BEGIN PUBLIC KEY-----\nMIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB7MfjbEvR65Ygvdu9+ZOd2ss+hrYs\neKV5WWzGJ5kDVA3UW8UzVGxjPwOSJQpoe6ObChSlJ/5Zp1vNfPek1z3nOyoB4dBG\nIMDgAfPZF+V6PGFkNC8qr0ueg63wWYgUW4PoB+8bFBlamQqn35awzKKaSyQTo7YG\nNHo76afzI+LKR+IabMs=\n-----END PUBLIC KEY-----",
    ),
    (
        "1.3.101.112",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAnxgVFl4HnoFO2Fjxh8k58OhlK4vaDg/8XxiRJ3d89DU=\n-----END PUBLIC KEY-----",
    ),
];

#[test]
fn weak_and_strange_keys_are_refused_by_name_when_the_certificate_chains() {
    let (root, stranger) = (root(), ca("Fremmed", None, |_| {}));
    for (name, pem) in WEAK_KEYS {
        let key = rcgen::SubjectPublicKeyInfo::from_pem(pem).unwrap();
        let issued = |issuer: &Ca| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), format!("NTRNO-{ORGNR}"));
            (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2029, 1, 1));
            Certificate::from_der(params.signed_by(&key, &issuer.issuer).unwrap().der()).unwrap()
        };
        let list = Folder::new("weak").write("root.crl", &crl(&root, &[], |_| {}));
        let trust = trust(&[(&root, Environment::Production)], &[], vec![list]);
        let refusal = trust.check(&issued(&root), now()).unwrap_err();
        assert_eq!((refusal.code, &refusal.params), ("NIR-S204", &vec![("algorithm", (*name).to_owned())]));
        assert_eq!(issued(&root).verify_key().unwrap_err().code, "NIR-S204");
        assert_eq!(code(&trust, &issued(&stranger), now()), "NIR-S213", "nothing else is told of a stranger's");
    }
}

/// A CA's key is held to the same measure.
#[test]
fn a_weak_authority_is_no_anchor() {
    let strong = root();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (_, pem) in WEAK_KEYS {
        let key = rcgen::SubjectPublicKeyInfo::from_pem(pem).unwrap();
        let pem = params.signed_by(&key, &strong.issuer).unwrap().pem().into_bytes();
        let settings = TrustSettings {
            anchors: vec![Anchor { pem, environment: Environment::Production }],
            intermediates: Vec::new(),
            crl_paths: Vec::new(),
            crl_grace: TimeDelta::zero(),
            environment: Environment::Production,
        };
        assert!(matches!(Trust::load(settings), Err(TrustError::NoAuthority(_))));
    }
}
