//! Classes 8, 16 and 22: what stands for a key and is none, what a key is asked to do that it may not, and transforms
//! that compute.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use nir_wsdl::algorithm::{ECDSA_SHA256, EXC_C14N, RSA_SHA256, SHA256};
use nir_wsdl::names::{DS, X509V3};
use nir_wsdl::seal::Signer;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::attacks::certs::{Authority, VENDOR, params};
use crate::attacks::forge::{Forge, token};
use crate::attacks::house::{Attack, attack, house};

const PROFILE: &str = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1";
const X509: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0";
const USERNAME: &str = "<wsse:UsernameToken><wsse:Username>admin</wsse:Username></wsse:UsernameToken>";

#[test]
fn tokens_of_other_kinds_open_nothing() {
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let with_password = |kind: &str, password: &str| {
            format!("<wsse:UsernameToken><wsse:Username>vendor</wsse:Username><wsse:Password{kind}>{password}</wsse:Password></wsse:UsernameToken>")
        };
        let saml = "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"a\"><saml:Subject><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"/></saml:Subject></saml:Assertion>";
        let in_security = |token: &str| draft().into_start("Security", token).sign(signer);
        let instead = |token: &str| draft().replace("Signature", token);
        vec![
            attack("UsernameToken without a password", in_security(USERNAME), "NIR-S205"),
            attack("UsernameToken with an empty password", in_security(&with_password("", "")), "NIR-S205"),
            attack("UsernameToken with a password", in_security(&with_password(" Type=\"#PasswordText\"", "secret")), "NIR-S205"),
            attack("UsernameToken instead of a Signature", instead(USERNAME), "NIR-S201"),
            attack("SAML that vouches", in_security(saml), "NIR-S205"),
            attack("SAML instead of a Signature", instead(saml), "NIR-S201"),
            attack("a Kerberos token instead of a Signature", instead("<wsse:BinarySecurityToken wsu:Id=\"k\" ValueType=\"#Kerberosv5_AP_REQ\">AAAA</wsse:BinarySecurityToken>"), "NIR-S201"),
            attack("DerivedKeyToken", in_security("<wsc:DerivedKeyToken xmlns:wsc=\"http://schemas.xmlsoap.org/ws/2005/02/sc\"/>"), "NIR-S205"),
            attack("SecurityContextToken", in_security("<wsc:SecurityContextToken xmlns:wsc=\"http://schemas.xmlsoap.org/ws/2005/02/sc\"/>"), "NIR-S205"),
        ]
    });
}

#[test]
fn a_key_is_only_named_as_the_profile_says() {
    let house = house();
    let (other, kilde) = (house.client("vendor2").signer, house.client("kilde").signer);
    let unregistered = {
        let authority = Authority::of(&house.sandbox);
        let name = authority.issue("unregistered", params(VENDOR));
        authority.signer(&name)
    };
    house.repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let key_info = |inside: &str| draft().set_content("KeyInfo", 0, inside).sign(signer);
        let by = |inside: &str| key_info(&format!("<wsse:SecurityTokenReference>{inside}</wsse:SecurityTokenReference>"));
        let identifier = |kind: &str, value: &[u8]| {
            by(&format!("<wsse:KeyIdentifier ValueType=\"{kind}\">{}</wsse:KeyIdentifier>", BASE64.encode(value)))
        };
        let data = |inside: &str| by(&format!("<ds:X509Data>{inside}</ds:X509Data>"));
        let serial = |issuer: &str, serial: &str| {
            data(&format!("<ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName><ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial>"))
        };
        let certificate = |signer: &Signer| format!("<ds:X509Certificate>{}</ds:X509Certificate>", BASE64.encode(signer.certificate()));
        let (issuer_of_other, serial_of_other) = issuer_serial(other.certificate());
        let mut table: Vec<Attack> = [
            ("another party's token, by its own id", draft().set_content("BinarySecurityToken", 0, &BASE64.encode(other.certificate())).sign(signer)),
            ("another party's token in front, and referred to", {
                draft().into_start("Security", &token("other", other.certificate())).text("URI=\"#bst\"", "URI=\"#other\"").sign(signer)
            }),
            ("a source register's token", draft().set_content("BinarySecurityToken", 0, &BASE64.encode(kilde.certificate())).sign(signer)),
            ("KeyName", key_info("<ds:KeyName>vendor</ds:KeyName>")),
            ("KeyValue", key_info("<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>")),
            ("X509Data without a reference", key_info(&format!("<ds:X509Data>{}</ds:X509Data>", certificate(signer)))),
            ("MgmtData", key_info("<ds:MgmtData>x</ds:MgmtData>")),
            ("no child", key_info("")),
            ("text", key_info("vendor")),
            ("two children", key_info(&format!("{0}{0}", draft().part("SecurityTokenReference")))),
            ("two references", by(&format!("{0}{0}", "<wsse:Reference URI=\"#bst\"/>"))),
            ("an empty reference", by("")),
            ("KeyName in a reference", by("<ds:KeyName>vendor</ds:KeyName>")),
            ("an embedded token", by(&format!("<wsse:Embedded>{}</wsse:Embedded>", token("e", signer.certificate())))),
            ("a reference without #", by("<wsse:Reference URI=\"bst\"/>")),
            ("a reference to nothing", by("<wsse:Reference URI=\"#nowhere\"/>")),
            ("a reference to the Body", by("<wsse:Reference URI=\"#body\"/>")),
            ("a reference to the whole", by("<wsse:Reference URI=\"\"/>")),
            ("a token outside Security", draft().replace("BinarySecurityToken", "").before("Security", &token("bst", signer.certificate())).sign(signer)),
            ("a chain for a token", draft().text(&format!("ValueType=\"{X509V3}\" wsu"), "ValueType=\"#X509PKIPathv1\" wsu").sign(signer)),
            ("a token in hexadecimal", draft().text("#Base64Binary", "#HexBinary").sign(signer)),
            ("a token that is no base64", draft().set_content("BinarySecurityToken", 0, "not base64!").sign(signer)),
            ("SKI of nobody", identifier(&format!("{X509}#X509SubjectKeyIdentifier"), &[7; 20])),
            ("SKI, empty", identifier(&format!("{X509}#X509SubjectKeyIdentifier"), &[])),
            ("thumbprint of nobody", identifier(&format!("{PROFILE}#ThumbprintSHA1"), &[7; 20])),
            ("thumbprint of another party", identifier(&format!("{PROFILE}#ThumbprintSHA1"), &thumbprint(other.certificate()))),
            ("a key identifier of another kind", identifier(&format!("{PROFILE}#EncryptedKeySHA1"), &[7; 20])),
            ("X509v3 of another party", identifier(X509V3, other.certificate())),
            ("issuer and serial of another party", serial(&issuer_of_other, &serial_of_other)),
            ("issuer and serial of another party with the own certificate", {
                data(&format!("<ds:X509IssuerSerial><ds:X509IssuerName>{issuer_of_other}</ds:X509IssuerName><ds:X509SerialNumber>{serial_of_other}</ds:X509SerialNumber></ds:X509IssuerSerial>{}", certificate(signer)))
            }),
            ("an issuer of 1 MB", serial(&"CN=a,".repeat(200_000), "1")),
            ("a serial of 100,000 digits", serial("CN=a", &"9".repeat(100_000))),
            ("no serial", data("<ds:X509IssuerSerial><ds:X509IssuerName>CN=a</ds:X509IssuerName></ds:X509IssuerSerial>")),
            ("X509SKI", data("<ds:X509SKI>AAAA</ds:X509SKI>")),
            ("X509SubjectName", data("<ds:X509SubjectName>CN=vendor</ds:X509SubjectName>")),
            ("X509CRL beside the serial", data("<ds:X509CRL>AAAA</ds:X509CRL>")),
        ]
        .into_iter()
        .map(|(what, forge)| attack(what, forge, "NIR-S202"))
        .collect();
        for (what, inside) in by_reference(&unregistered) {
            let forge = Forge::draft(&unregistered, &victim.payload).text(RSA_SHA256, ECDSA_SHA256);
            let forge = forge.set_content("KeyInfo", 0, &inside).sign(&unregistered);
            table.push(attack(format!("{what} of a certificate that nobody registered"), forge, "NIR-S202"));
        }
        table.push(attack("no KeyInfo", draft().replace("KeyInfo", "").sign(signer), "NIR-S205"));
        table
    });
}

/// Every way to name a certificate but by a token. The signer's own CA issued this one, the organization is registered, and
/// the signature is true: it must be refused for that alone.
fn by_reference(signer: &Signer) -> Vec<(&'static str, String)> {
    let der = signer.certificate();
    let (issuer, serial) = issuer_serial(der);
    let parsed = nir_wsdl::certificate::Certificate::from_der(der).unwrap();
    let identifier = |kind: &str, value: &[u8]| {
        format!("<wsse:KeyIdentifier ValueType=\"{kind}\">{}</wsse:KeyIdentifier>", BASE64.encode(value))
    };
    let named = format!(
        "<ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName><ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    );
    let whole = format!("<ds:X509Certificate>{}</ds:X509Certificate>", BASE64.encode(der));
    [
        ("X509v3", identifier(X509V3, der)),
        ("ThumbprintSHA1", identifier(&format!("{PROFILE}#ThumbprintSHA1"), &thumbprint(der))),
        (
            "SKI",
            identifier(&format!("{X509}#X509SubjectKeyIdentifier"), parsed.subject_key_identifier().unwrap_or(&[1])),
        ),
        ("issuer and serial", format!("<ds:X509Data>{named}</ds:X509Data>")),
        ("issuer and serial with the certificate", format!("<ds:X509Data>{named}{whole}</ds:X509Data>")),
    ]
    .into_iter()
    .map(|(what, inside)| (what, format!("<wsse:SecurityTokenReference>{inside}</wsse:SecurityTokenReference>")))
    .collect()
}

fn issuer_serial(der: &[u8]) -> (String, String) {
    let certificate = X509Certificate::from_der(der).unwrap().1;
    (certificate.issuer().to_string(), certificate.tbs_certificate.serial.to_string())
}

fn thumbprint(der: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec()
}

#[test]
fn algorithms_outside_the_profile_are_named_and_refused() {
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let mut table: Vec<Attack> = Vec::new();
        for method in [
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
            "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
            "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
            "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
            "HTTP://WWW.W3.ORG/2001/04/XMLDSIG-MORE#RSA-SHA256",
            "rsa-sha256",
            "none",
            "",
        ] {
            table.push(attack(
                format!("signature by {method}"),
                draft().text(RSA_SHA256, method).sign(signer),
                "NIR-S204",
            ));
        }
        for method in [
            "http://www.w3.org/2000/09/xmldsig#sha1",
            "http://www.w3.org/2001/04/xmldsig-more#md5",
            "http://www.w3.org/2001/04/xmldsig-more#sha224",
            "http://www.w3.org/2001/04/xmlenc#ripemd160",
            "urn:crc32",
            "",
        ] {
            table.push(attack(format!("digest by {method}"), draft().text(SHA256, method).sign(signer), "NIR-S204"));
        }
        let parameter = |inside: &str| draft().into_end("SignatureMethod", inside).sign(signer);
        table.extend([
            attack("HMACOutputLength 0", parameter("<ds:HMACOutputLength>0</ds:HMACOutputLength>"), "NIR-S204"),
            attack("HMACOutputLength 8", parameter("<ds:HMACOutputLength>8</ds:HMACOutputLength>"), "NIR-S204"),
            attack(
                "PSS parameters with SHA-1",
                parameter("<p:RSAPSSParams xmlns:p=\"http://www.w3.org/2007/05/xmldsig-more#\"/>"),
                "NIR-S204",
            ),
            attack("no SignatureMethod", draft().sign(signer).replace("SignatureMethod", ""), "NIR-S205"),
            attack(
                "two SignatureMethods",
                draft().after("SignatureMethod", &draft().part("SignatureMethod")).sign(signer),
                "NIR-S205",
            ),
            attack("no DigestMethod", draft().sign(signer).replace("DigestMethod", ""), "NIR-S206"),
            attack("the digest is missing", draft().sign(signer).set_content("DigestValue", 0, ""), "NIR-S202"),
            attack("the digest is cut", draft().sign(signer).set_content("DigestValue", 0, "AAAA"), "NIR-S202"),
            attack("the digest is no base64", draft().sign(signer).set_content("DigestValue", 0, "!"), "NIR-S202"),
        ]);
        table
    });
}

/// CVE-2009-0217 and its kin: a value that anybody can make from what is public.
#[test]
fn nothing_public_makes_a_signature() {
    let house = house();
    let authority = Authority::of(&house.sandbox);
    let name = authority.issue("ec", params(VENDOR));
    let ec = authority.signer(&name);
    house.repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let ec_draft = || Forge::draft(&ec, &victim.payload).text(RSA_SHA256, ECDSA_SHA256);
        let der = CertificateDer::from_pem_slice(house.sandbox.pem("vendor.pem").as_bytes()).unwrap();
        let parsed = X509Certificate::from_der(&der).unwrap().1;
        let spki = parsed.public_key().raw.to_vec();
        let hmac = |key: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            move |text: &[u8]| hmac::sign(&key, text).as_ref().to_vec()
        };
        let mut table: Vec<Attack> = Vec::new();
        for (what, key) in [
            ("the public key", spki.clone()),
            ("the certificate", der.to_vec()),
            ("the certificate's text", house.sandbox.pem("vendor.pem").into_bytes()),
            ("nothing", Vec::new()),
        ] {
            let named =
                draft().text(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256").sign_with(hmac(&key));
            table.push(attack(format!("HMAC with {what}"), named, "NIR-S204"));
            table.push(attack(format!("HMAC with {what}, called RSA"), draft().sign_with(hmac(&key)), "NIR-S202"));
            let called_ecdsa = draft().text(RSA_SHA256, ECDSA_SHA256).sign_with(hmac(&key));
            table.push(attack(format!("HMAC with {what}, called ECDSA"), called_ecdsa, "NIR-S202"));
        }
        let value = |bytes: &'static [u8]| draft().sign_with(|_| bytes.to_vec());
        let changed = |change: fn(&mut Vec<u8>)| {
            draft().sign_with(|text| {
                let mut value = signer.sign(text);
                change(&mut value);
                value
            })
        };
        let ec_value = |change: fn(Vec<u8>) -> Vec<u8>| ec_draft().sign_with(|text| change(ec.sign(text)));
        table.extend(
            [
                ("an RSA value of zeros", value(&[0; 256])),
                ("an RSA value of one", value(&ONE)),
                ("an RSA value of ones", value(&[0xff; 256])),
                ("a short RSA value", value(&[1; 64])),
                ("a value of 64 KiB", value(&[1; 65_536])),
                ("a true value with a zero before it", changed(|value| value.insert(0, 0))),
                ("a true value with a byte after it", changed(|value| value.push(0))),
                ("a true value without its end", changed(|value| value.truncate(255))),
                ("a true value with a bit changed", changed(|value| value[100] ^= 1)),
                ("the signature of something else", draft().sign_with(|_| signer.sign(b"something else"))),
                ("an RSA value called ECDSA", draft().text(RSA_SHA256, ECDSA_SHA256).sign(signer)),
                (
                    "an RSA value called PSS",
                    draft().text(RSA_SHA256, "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1").sign(signer),
                ),
                (
                    "an RSA value by SHA-256 called SHA-512",
                    draft().text(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512").sign(signer),
                ),
                ("an ECDSA value called RSA", Forge::draft(&ec, &victim.payload).sign(&ec)),
                ("an ECDSA value of zeros", ec_value(|_| vec![0; 64])),
                ("an ECDSA value in DER, as gSOAP writes it", ec_value(|value| in_der(&value))),
                ("an ECDSA value cut in half", ec_value(|value| value[..32].to_vec())),
                ("an ECDSA value with its halves exchanged", ec_value(|value| [&value[32..], &value[..32]].concat())),
                (
                    "another key's signature under the vendor's token",
                    Forge::draft(signer, &victim.payload).text(RSA_SHA256, ECDSA_SHA256).sign(&ec),
                ),
            ]
            .into_iter()
            .map(|(what, forge)| attack(what, forge, "NIR-S202")),
        );
        table
    });
}

const ONE: [u8; 256] = {
    let mut one = [0; 256];
    one[255] = 1;
    one
};

/// r and s as a SEQUENCE of two INTEGERs.
fn in_der(value: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let sign: &[u8] = if bytes[start] & 0x80 == 0 { &[] } else { &[0] };
        let content = [sign, &bytes[start..]].concat();
        [&[0x02, u8::try_from(content.len()).unwrap()], &content[..]].concat()
    };
    let both = [integer(&value[..32]), integer(&value[32..])].concat();
    [&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat()
}

#[test]
fn transforms_that_compute_are_refused() {
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let plain = format!("<ds:Transform Algorithm=\"{EXC_C14N}\"></ds:Transform>");
        let transforms = |inside: &str| draft().set_content("Transforms", 0, inside).sign(signer);
        let one = |algorithm: &str, inside: &str| format!("<ds:Transform Algorithm=\"{algorithm}\">{inside}</ds:Transform>");
        let xslt = "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\"><xsl:value-of select=\"document('file:///etc/passwd')\"/></xsl:template></xsl:stylesheet>";
        let xpath = |expression: &str| format!("<ds:XPath>{expression}</ds:XPath>");
        let prefixes = |list: &str| one(EXC_C14N, &format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"{list}\"/>"));
        [
            ("XSLT", one("http://www.w3.org/TR/1999/REC-xslt-19991116", xslt)),
            ("XSLT, then canonical form", one("http://www.w3.org/TR/1999/REC-xslt-19991116", xslt) + &plain),
            ("XPath to nothing", one("http://www.w3.org/TR/1999/REC-xpath-19991116", &xpath("false()"))),
            ("XPath that counts for ever", one("http://www.w3.org/TR/1999/REC-xpath-19991116", &xpath("count(//*[count(//*[count(//*) > 0]) > 0]) > 0"))),
            ("XPath filter 2", one("http://www.w3.org/2002/06/xmldsig-filter2", "<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">//*</f:XPath>")),
            ("base64", one("http://www.w3.org/2000/09/xmldsig#base64", "")),
            ("decryption", one("http://www.w3.org/2002/07/decrypt#XML", "")),
            ("XPointer", one("http://www.w3.org/2001/04/xmldsig-more/xptr", "")),
            ("enveloped-signature alone", one("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "")),
            ("enveloped-signature last", format!("{plain}{}", one("http://www.w3.org/2000/09/xmldsig#enveloped-signature", ""))),
            ("the canonical form twice", plain.repeat(2)),
            ("six transforms", plain.repeat(6)),
            ("ten thousand transforms", plain.repeat(10_000)),
            ("no transform", String::new()),
            ("a transform without an algorithm", "<ds:Transform></ds:Transform>".into()),
            ("a transform of another namespace", format!("<x:Transform xmlns:x=\"urn:x\" Algorithm=\"{EXC_C14N}\"/>")),
            ("an element inside the transform", one(EXC_C14N, "<x xmlns=\"urn:x\"/>")),
            ("two prefix lists", one(EXC_C14N, &format!("{0}{0}", format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"a\"/>")))),
            ("a prefix list of 33", prefixes(&"a ".repeat(33))),
            ("a prefix list of 100,000", prefixes(&"a ".repeat(100_000))),
        ]
        .into_iter()
        .map(|(what, inside)| attack(what, transforms(&inside), "NIR-S206"))
        .chain([
            attack("no Transforms at all, which means inclusive canonical form", draft().replace("Transforms", "").sign(signer), "NIR-S206"),
            attack("Transforms twice", draft().after("Transforms", &draft().part("Transforms")).sign(signer), "NIR-S206"),
            attack("Transforms of another namespace", draft().text("<ds:Transforms>", "<x:Transforms xmlns:x=\"urn:x\">").text("</ds:Transforms>", "</x:Transforms>").sign(signer), "NIR-S206"),
            attack("a Manifest", manifest(signer, victim.payload.as_str()), "NIR-S205"),
        ])
        .collect()
    });
}

/// The signature covers a Manifest, and only the Manifest covers the Body.
fn manifest(signer: &Signer, payload: &str) -> Forge {
    let draft = Forge::draft(signer, payload);
    let body = draft.part("Reference");
    let object = format!("<ds:Object xmlns:ds=\"{DS}\"><ds:Manifest Id=\"m\">{body}</ds:Manifest></ds:Object>");
    draft
        .into_end("Signature", &object)
        .text("URI=\"#body\"", "URI=\"#m\" Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\"")
        .sign(signer)
}
