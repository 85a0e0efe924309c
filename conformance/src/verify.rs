//! `nir-conformance verify`: a saved receipt, checked with nothing but the gateway's certificate.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use nir_wsdl::client::verify_answer;
use nir_xsd::message::{Answer, Kvittering};

use crate::show::fault::Fault;
use crate::{Verdict, frame, place, show, target, wire};

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Options {
    /// The saved answer: the whole envelope, byte for byte as it came.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The gateway's certificate (PEM): the one that signed, also when it has expired since.
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    gateway_cert: Option<PathBuf>,
    /// Directory of a sandbox (its --data), running or not: the certificate is its certs/gateway.pem.
    #[arg(long, value_name = "DIR", conflicts_with = "gateway_cert")]
    sandbox: Option<PathBuf>,
    /// Be content when what is signed holds, though a program has written the envelope around it anew.
    #[arg(long)]
    signed_parts_only: bool,
}

/// What a file came to.
#[derive(Debug)]
pub enum Finding {
    /// It holds: canonical bytes of the Body's child.
    Holds(Vec<u8>),
    /// It does not: the place.
    Broken(String),
}

/// Checks the bytes of an envelope.
pub fn check(bytes: &[u8], certificate: &[u8], signed_parts_only: bool) -> Finding {
    match verify_answer(bytes, certificate) {
        Err(refusal) => Finding::Broken(place::of_break(bytes, certificate, &refusal)),
        Ok(verified) => match frame::check(bytes, certificate) {
            Err(place) if !signed_parts_only => Finding::Broken(format!("{place} (what is signed still holds)")),
            _ => Finding::Holds(verified.body_child),
        },
    }
}

/// Runs the command.
pub fn run(options: &Options) -> anyhow::Result<Verdict> {
    let bytes = fs::read(&options.file).with_context(|| format!("cannot read {}", options.file.display()))?;
    let certificate = match (&options.gateway_cert, &options.sandbox) {
        (Some(file), _) => file.clone(),
        (None, Some(sandbox)) => target::gateway_certificate(sandbox),
        (None, None) => bail!("neither --gateway-cert nor --sandbox"),
    };
    let certificate = wire::certificates(&certificate)?.remove(0);
    let child = match check(&bytes, &certificate, options.signed_parts_only) {
        Finding::Holds(child) => child,
        Finding::Broken(place) => {
            show::problem(&format!("{} does not hold: {place}", options.file.display()));
            return Ok(Verdict::Unverifiable);
        }
    };
    if let Some(fault) = Fault::in_body(&child) {
        show::remark("The signature holds; it is a Fault and no receipt.");
        fault.show(None);
        return Ok(Verdict::Fault);
    }
    match Answer::parse(&child).ok().as_ref().and_then(receipt) {
        Some(receipt) => {
            show::good("The receipt holds: signed by this certificate, and unchanged.");
            show::receipt(receipt, None);
            show::evidence(receipt);
            Ok(Verdict::Good)
        }
        None => {
            show::problem("the signature holds, but there is no receipt in it");
            Ok(Verdict::Refused)
        }
    }
}

fn receipt(answer: &Answer) -> Option<&Kvittering> {
    match answer {
        Answer::SendRegistreringer(wrapper) => Some(&wrapper.kvittering),
        Answer::HentKvittering(wrapper) => wrapper.svar.kvittering.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use nir_wsdl::envelope::SoapVersion;
    use nir_wsdl::seal::{Signer, seal};

    use super::*;
    use crate::clock;

    const BODY: &[u8] = b"<sendRegistreringerSvar xmlns=\"urn:no:nir:melding:v1\"><kvittering><status>GODTATT</status>\
        <post postId=\"x\"></post></kvittering></sendRegistreringerSvar>";

    fn gateway() -> (Signer, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let signer = Signer::from_pem(&made.signing_key.serialize_pem(), &made.cert.pem()).unwrap();
        let certificate = signer.certificate().to_vec();
        (signer, certificate)
    }

    fn receipt(soap: SoapVersion, relates: Option<&str>) -> (Vec<u8>, Vec<u8>) {
        let (signer, certificate) = gateway();
        (seal(soap, BODY, Some(&signer), clock::now(), relates, None).bytes, certificate)
    }

    #[test]
    fn what_the_gateway_seals_holds() {
        for soap in [SoapVersion::V11, SoapVersion::V12] {
            for relates in [None, Some("urn:uuid:1 & <2>")] {
                let (bytes, certificate) = receipt(soap, relates);
                let finding = check(&bytes, &certificate, false);
                assert!(matches!(&finding, Finding::Holds(child) if child == BODY), "{finding:?}");
            }
        }
    }

    #[test]
    fn no_byte_can_be_changed_dropped_or_added() {
        let (bytes, certificate) = receipt(SoapVersion::V11, Some("urn:uuid:1"));
        let broken = |bytes: &[u8]| match check(bytes, &certificate, false) {
            Finding::Broken(place) => !place.is_empty(),
            Finding::Holds(_) => false,
        };
        for at in 0..bytes.len() {
            for other in [bytes[at] ^ 1, b' ', b'A'] {
                let mut changed = bytes.clone();
                changed[at] = other;
                assert!(changed == bytes || broken(&changed), "byte {at} became {other}");
            }
        }
        let longer = [bytes.as_slice(), b"\n"].concat();
        assert!(broken(&longer));
        assert!(broken(&bytes[..bytes.len() - 1]));
    }

    #[test]
    fn the_place_is_named() {
        let (bytes, certificate) = receipt(SoapVersion::V12, None);
        let text = String::from_utf8(bytes).unwrap();
        let place = |from: &str, to: &str| match check(text.replacen(from, to, 1).as_bytes(), &certificate, false) {
            Finding::Broken(place) => place,
            Finding::Holds(_) => "nothing".to_owned(),
        };
        assert!(place("GODTATT", "GODTATU").starts_with("soap:Body was changed"));
        assert!(place("<wsu:Created>2", "<wsu:Created>3").starts_with("wsu:Timestamp was changed"));
        assert!(place("mustUnderstand=\"true\"", "mustUnderstand=\"1\"").contains("wsse:Security"));
        assert!(place("wsu:Id=\"bst\">MI", "wsu:Id=\"bst\">NI").contains("wsse:BinarySecurityToken"));
        let digest = text.split("<ds:DigestValue>").nth(1).unwrap().chars().next().unwrap();
        let other = if digest == 'A' { 'B' } else { 'A' };
        let changed = place(&format!("<ds:DigestValue>{digest}"), &format!("<ds:DigestValue>{other}"));
        assert!(changed.starts_with("ds:DigestValue of soap:Body"), "{changed}");
        let value = text.split("<ds:SignatureValue>").nth(1).unwrap().chars().next().unwrap();
        let other = if value == 'A' { 'B' } else { 'A' };
        let changed = place(&format!("<ds:SignatureValue>{value}"), &format!("<ds:SignatureValue>{other}"));
        assert!(changed.starts_with("ds:SignatureValue"), "{changed}");
        assert!(place("</soap:Header>", "</soap:Heade>").contains("not well-formed"));
    }

    #[test]
    fn another_certificate_is_named() {
        let (bytes, _) = receipt(SoapVersion::V11, None);
        let Finding::Broken(place) = check(&bytes, &gateway().1, false) else { panic!("it holds") };
        assert!(place.starts_with("wsse:BinarySecurityToken"), "{place}");
    }

    #[test]
    fn signed_parts_alone_stand_a_new_spelling_around_them() {
        let (bytes, certificate) = receipt(SoapVersion::V11, None);
        let respelled = String::from_utf8(bytes).unwrap().replacen("<soap:Header>", "<soap:Header >", 1);
        assert!(matches!(check(respelled.as_bytes(), &certificate, false), Finding::Broken(_)));
        assert!(matches!(check(respelled.as_bytes(), &certificate, true), Finding::Holds(_)));
        let changed = respelled.replacen("GODTATT", "AVVIST", 1);
        assert!(matches!(check(changed.as_bytes(), &certificate, true), Finding::Broken(_)));
    }
}
