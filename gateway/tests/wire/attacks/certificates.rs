//! Classes 24 to 26: certificates that chain and may not sign, that do not chain, whose revocation is not known, and that
//! are no certificates. Which code may be told to whom: design.md 17, Faults.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::Datelike as _;
use nir_wsdl::names::X509V3;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData,
    SerialNumber, SignatureAlgorithm,
};

use crate::attacks::certs::{Authority, UNKNOWN, VENDOR, params, subject};
use crate::attacks::forge::Forge;
use crate::attacks::house::{attack, house, refused};
use crate::client::{Client, now};
use crate::messages::ping;
use crate::node::Installation;

#[test]
fn a_certificate_that_chains_and_may_not_sign_is_told_why() {
    let house = house();
    let (vendor, authority) = (house.vendor(), Authority::of(&house.sandbox));
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = params(VENDOR);
        change(&mut params);
        params
    };
    for (what, params, code) in [
        ("expired", with(|p| p.not_after = rcgen::date_time_ymd(2024, 1, 1)), "NIR-S210"),
        ("expired the day it began", with(|p| p.not_after = rcgen::date_time_ymd(2020, 1, 1)), "NIR-S210"),
        ("not yet valid", with(|p| p.not_before = rcgen::date_time_ymd(2045, 1, 1)), "NIR-S211"),
        (
            "never valid",
            with(|p| {
                (p.not_before, p.not_after) = (rcgen::date_time_ymd(2045, 1, 1), rcgen::date_time_ymd(2020, 1, 1))
            }),
            "NIR-S211",
        ),
        ("for encryption alone", with(|p| p.key_usages = vec![KeyUsagePurpose::KeyEncipherment]), "NIR-S216"),
        ("for non-repudiation alone", with(|p| p.key_usages = vec![KeyUsagePurpose::ContentCommitment]), "NIR-S216"),
        (
            "for web servers alone",
            with(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
            "NIR-S216",
        ),
        (
            "for time stamps alone",
            with(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping]),
            "NIR-S216",
        ),
        ("a CA's", with(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)), "NIR-S216"),
        ("without a number", with(|p| p.distinguished_name = subject(None, "TEST")), "NIR-S214"),
        (
            "a number that is too short",
            with(|p| p.distinguished_name = subject(Some("NTRNO-31000000"), "TEST")),
            "NIR-S214",
        ),
        ("a wrong check digit", with(|p| p.distinguished_name = subject(Some("NTRNO-310000001"), "TEST")), "NIR-S214"),
        (
            "the form of a sandbox script",
            with(|p| p.distinguished_name = subject(Some("NTRNO-NOFOR.310000000"), "TEST")),
            "NIR-S214",
        ),
        (
            "another country's register",
            with(|p| p.distinguished_name = subject(Some("VATNO-310000000"), "TEST")),
            "NIR-S214",
        ),
        ("the number in the common name", with(|p| p.distinguished_name = subject(None, "TEST-310000000")), "NIR-S214"),
        ("two numbers", with(|p| p.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 5]), "310000019")), "NIR-S215"),
        (
            "a registered one's number with one digit more",
            with(|p| p.distinguished_name = subject(Some("NTRNO-3100000000"), "TEST")),
            "NIR-S214",
        ),
        ("of an organisation that nobody registered", params(UNKNOWN), "NIR-A401"),
        ("with a critical extension nobody knows", with(|p| p.custom_extensions = vec![unknown(true, 16)]), "NIR-S213"),
        (
            "with name constraints",
            with(|p| {
                p.is_ca = IsCa::ExplicitNoCa;
                p.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("x".into())],
                    excluded_subtrees: Vec::new(),
                });
            }),
            "NIR-S213",
        ),
        ("of 17 KiB", with(|p| p.custom_extensions = vec![unknown(false, 17 * 1024)]), "NIR-S213"),
        ("of a megabyte", with(|p| p.custom_extensions = vec![unknown(false, 1024 * 1024)]), "NIR-S213"),
        (
            "with sixty extensions",
            with(|p| {
                p.custom_extensions = (0..60).map(|n| extension(&[1, 3, 6, 1, 4, 1, 99_999, n], false, 1)).collect()
            }),
            "NIR-S213",
        ),
        (
            "with one extension twice",
            with(|p| p.custom_extensions = vec![unknown(false, 1), unknown(false, 1)]),
            "NIR-S213",
        ),
        (
            "with a name of 8,000 letters",
            with(|p| p.distinguished_name = subject(Some("NTRNO-310000001"), &"x".repeat(8_000))),
            "NIR-S214",
        ),
    ] {
        // The certificate is judged before the signature, which here is another key's.
        let der = authority.issue_over(params, &KeyPair::generate().unwrap());
        let forge = Forge::with_token(&der, &ping()).sign(&vendor.signer);
        refused(what, &vendor.send(&forge.xml), code);
    }
    let name = authority.issue("plain", params(VENDOR));
    assert_eq!(authority.signs(&name).call(&ping()).status, 200, "the same without a flaw signs for the vendor");
    house.stands();
}

fn unknown(critical: bool, length: usize) -> CustomExtension {
    extension(&[1, 3, 6, 1, 4, 1, 99_999, 1], critical, length)
}

/// An extension of the attacker's with an octet string of that length.
fn extension(oid: &[u64], critical: bool, length: usize) -> CustomExtension {
    let header = match length {
        0..=0x7f => vec![0x04, u8::try_from(length).unwrap()],
        _ => [&[0x04, 0x84][..], &u32::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    let mut extension = CustomExtension::from_oid_content(oid, [header, vec![0; length]].concat());
    extension.set_criticality(critical);
    extension
}

/// Of what does not chain nothing is told but that.
#[test]
fn a_certificate_that_does_not_chain_is_s213_whatever_else_is_wrong_with_it() {
    let house = house();
    let authority = Authority::of(&house.sandbox);
    let expired = |orgnr: &str| {
        let mut params = params(orgnr);
        params.not_after = rcgen::date_time_ymd(2024, 1, 1);
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
        params
    };
    let mut nameless = params(VENDOR);
    nameless.distinguished_name = subject(None, "TEST");
    // A CA with the very name of the sandbox's, and one that a sender's certificate would be.
    let pretender = {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CountryName, "NO");
        params.distinguished_name.push(DnType::OrganizationName, "TEST NIR Sandkasse");
        params.distinguished_name.push(DnType::CommonName, "TEST NIR Sandkasse CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Issuer::new(params, KeyPair::generate().unwrap())
    };
    let vendor_key = KeyPair::from_pem(&house.sandbox.pem("vendor.key")).unwrap();
    let below_a_sender = Issuer::from_ca_cert_pem(&house.sandbox.pem("vendor.pem"), vendor_key).unwrap();
    for (what, name) in [
        ("self-signed", authority.self_signed("self", params(VENDOR))),
        ("self-signed and expired", authority.self_signed("self-expired", expired(VENDOR))),
        ("self-signed and nameless", authority.self_signed("self-nameless", nameless)),
        ("self-signed, of nobody registered", authority.self_signed("self-unknown", params(UNKNOWN))),
        ("by a CA of the same name", authority.issue_by("pretended", params(VENDOR), &pretender)),
        ("by a CA of the same name, and expired", authority.issue_by("pretended-expired", expired(VENDOR), &pretender)),
        ("by a sender's certificate", authority.issue_by("below", params(VENDOR), &below_a_sender)),
        ("by another CA", "hostile/wrong-ca".to_owned()),
    ] {
        refused(what, &authority.signs(&name).call(&ping()), "NIR-S213");
    }
    // Two answers to strangers are the same but for ids: nothing tells which of the numbers is registered.
    let told = |name: &str| {
        let answer = authority.signs(name).call(&ping());
        [answer.text("melding"), answer.text("loesning"), answer.text("faultcode")]
    };
    assert_eq!(told("attack/self"), told("attack/self-unknown"));
    house.stands();
}

#[test]
fn the_sandboxs_hostile_certificates_are_what_they_say() {
    let house = house();
    for (name, code) in [
        ("hostile/expired", "NIR-S210"),
        ("hostile/revoked", "NIR-S212"),
        ("hostile/wrong-usage", "NIR-S216"),
        ("hostile/wrong-ca", "NIR-S213"),
        ("hostile/no-orgnr", "NIR-S214"),
        ("hostile/conflict", "NIR-S215"),
        ("gateway", "NIR-A401"),
    ] {
        let answer = Client::with(&house.sandbox, Some("vendor"), name).call(&ping());
        refused(name, &answer, code);
    }
    house.stands();
}

/// TLS alone speaks for nobody, and a TLS identity that nobody may have carries nobody's message.
#[test]
fn the_tls_end_must_be_somebody() {
    let house = house();
    let authority = Authority::of(&house.sandbox);
    let mut nameless = params(VENDOR);
    nameless.distinguished_name = subject(None, "TEST");
    let nameless = authority.issue("tls-nameless", nameless);
    for (what, tls, code) in [
        ("a number that nobody registered", authority.issue("tls-unknown", params(UNKNOWN)), "NIR-A403"),
        ("no number", nameless, "NIR-S214"),
        ("two numbers", "hostile/conflict".to_owned(), "NIR-S215"),
        ("revoked", "hostile/revoked".to_owned(), "NIR-S212"),
        ("a source register without delegation", "kilde".to_owned(), "NIR-A403"),
    ] {
        let (vendor, victim) = (house.vendor(), house.victim());
        let answer = Client::with(&house.sandbox, Some(&tls), "vendor").call(&victim.payload);
        assert_eq!(answer.codes(), [code], "{what}: {answer}");
        house.untouched(&vendor, &victim, what);
    }
    // These do not even get a connection.
    for name in ["hostile/expired", "hostile/wrong-ca", "attack/tls-self"] {
        if name == "attack/tls-self" {
            authority.self_signed("tls-self", params(VENDOR));
        }
        let client = Client::with(&house.sandbox, Some(name), "vendor");
        let answer = client.try_send(&client.sealed(&ping()));
        assert!(answer.is_none(), "{name}: {answer:?}");
    }
    house.stands();
}

#[test]
fn a_token_that_is_no_certificate_breaks_nothing() {
    let house = house();
    let good = house.vendor().signer.certificate().to_vec();
    let authority = Authority::of(&house.sandbox);
    let weak = authority.issue_over(params(VENDOR), &Weak::rsa(1024));
    let huge = authority.issue_over(params(VENDOR), &Weak::rsa(16_384));
    house.repels(|signer, victim| {
        let with = |der: &[u8]| Forge::with_token(der, &victim.payload).sign(signer);
        let mut table = vec![
            attack("an RSA key of 1,024 bits", with(&weak), "NIR-S204"),
            attack("an RSA key of 16,384 bits", with(&huge), "NIR-S204"),
            attack("nothing", with(&[]), "NIR-S213"),
            attack("one byte", with(&[0x30]), "NIR-S213"),
            attack("text", with(b"-----BEGIN CERTIFICATE-----"), "NIR-S213"),
            attack("zeros", with(&[0; 1_000]), "NIR-S213"),
            attack("a megabyte of zeros", with(&[0; 1_000_000]), "NIR-S213"),
            attack("a byte more", with(&[&good[..], &[0]].concat()), "NIR-S213"),
            attack("a byte less", with(&good[..good.len() - 1]), "NIR-S213"),
            attack("half of it", with(&good[..good.len() / 2]), "NIR-S213"),
            attack("twice", with(&good.repeat(2)), "NIR-S213"),
            attack(
                "a length of four gigabytes",
                with(&[&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &good[4..]].concat()),
                "NIR-S213",
            ),
            attack("a length that never ends", with(&[&[0x30, 0x80], &good[4..], &[0, 0]].concat()), "NIR-S213"),
            attack("sequences in sequences", with(&nested(4_000)), "NIR-S213"),
            attack(
                "the token's text with line ends",
                Forge::draft(signer, &victim.evil).text("#ts", "#bst").sign(signer),
                "NIR-S205",
            ),
        ];
        // Every 23rd byte changed: none of it is the certificate that the CA signed.
        for at in (0..good.len()).step_by(23) {
            let mut changed = good.clone();
            changed[at] ^= 0x55;
            table.push(attack(format!("byte {at} changed"), with(&changed), "NIR-S213"));
        }
        for (what, kind) in
            [("PKCS#7", "#PKCS7"), ("a path", "#X509PKIPathv1"), ("a version that there is not", "#X509v9")]
        {
            let forge = Forge::draft(signer, &victim.payload).text(X509V3, kind).sign(signer);
            table.push(attack(format!("called {what}"), forge, "NIR-S202"));
        }
        let padded = BASE64.encode(&good).replace('=', "") + "====";
        let forge = Forge::draft(signer, &victim.payload).set_content("BinarySecurityToken", 0, &padded).sign(signer);
        table.push(attack("padding that base64 does not have", forge, "NIR-S202"));
        table
    });
}

/// So many SEQUENCEs, each inside the one before.
fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(Vec::new(), |inside, _| {
        let length = u32::try_from(inside.len()).unwrap().to_be_bytes();
        [&[0x30, 0x84], &length[..], &inside].concat()
    })
}

/// A public key of which nobody has the private one.
struct Weak(Vec<u8>);

impl Weak {
    /// An RSA key with a modulus of that many bits, and the exponent 65537.
    fn rsa(bits: usize) -> Self {
        let modulus = vec![0xff; bits / 8];
        let short = |n: usize| {
            if n < 0x100 {
                vec![0x81, u8::try_from(n).unwrap()]
            } else {
                [&[0x82][..], &u16::try_from(n).unwrap().to_be_bytes()].concat()
            }
        };
        let integer = [&[0x02][..], &short(modulus.len() + 1), &[0], &modulus].concat();
        let both = [&integer[..], &[0x02, 3, 1, 0, 1]].concat();
        Weak([&[0x30][..], &short(both.len()), &both].concat())
    }
}

impl PublicKeyData for Weak {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// Class 25: an unreachable list stops nobody inside the grace and passes nobody after it.
#[test]
fn revocation_is_known_or_nobody_signs() {
    let installation = Installation::new(None);
    let crl = installation.path().join("certs/ca.crl");
    let key = KeyPair::from_pem(&std::fs::read_to_string(installation.path().join("certs/ca.key")).unwrap()).unwrap();
    let pem = std::fs::read_to_string(installation.path().join("certs/ca.pem")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&pem, key).unwrap();
    // A list whose successor was due that many days ago.
    let overdue = |days: i64| {
        let date = |back: i64| {
            let day = (now() - chrono::TimeDelta::days(back)).date_naive();
            rcgen::date_time_ymd(day.year(), u8::try_from(day.month()).unwrap(), u8::try_from(day.day()).unwrap())
        };
        let list = CertificateRevocationListParams {
            this_update: date(days + 30),
            next_update: date(days),
            crl_number: SerialNumber::from(2_u64),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        std::fs::write(&crl, list.signed_by(&issuer).unwrap().pem().unwrap()).unwrap();
    };
    overdue(1);
    let node = installation.serve(&[("TRUST__GRACE_HOURS", "72")]);
    assert_eq!(Client::new(&node, "vendor").call(&ping()).status, 200, "inside the grace");
    drop(node);
    overdue(5);
    let node = installation.serve(&[("TRUST__GRACE_HOURS", "72")]);
    refused("past the grace", &Client::new(&node, "vendor").call(&ping()), "NIR-S218");
    drop(node);
    let node = installation.serve(&[("TRUST__CRLS", "[]")]);
    refused("no list at all", &Client::new(&node, "vendor").call(&ping()), "NIR-S218");
}
