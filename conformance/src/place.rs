//! Why a receipt does not hold: the element that was changed, as closely as digests and spelling can tell.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::algorithm::SignatureMethod;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::names::{DS, WSSE, WSU};
use nir_wsdl::refusal::Refusal;
use roxmltree::{Document, Node};

use crate::frame;

/// Names the place.
pub fn of_break(bytes: &[u8], certificate: &[u8], refusal: &Refusal) -> String {
    let spelling = frame::check(bytes, certificate).err();
    let document = std::str::from_utf8(bytes).ok().and_then(|text| Document::parse(text).ok());
    let Some(document) = document else {
        return spelling.unwrap_or_else(|| refusal.log.clone());
    };
    let changed: Vec<String> = elements(&document, "Reference", DS).filter_map(changed_target).collect();
    let spelled = || spelling.clone().map_or_else(|| refusal.log.clone(), |place| format!("{place}: {}", refusal.log));
    match signature_holds(&document, certificate) {
        Some(true) if !changed.is_empty() => {
            format!("{} was changed: its digest is not the signed one", changed.join(" and "))
        }
        Some(false) if other_token(&document, certificate) && changed.is_empty() => {
            "wsse:BinarySecurityToken: it names another certificate than --gateway-cert".to_owned()
        }
        Some(false) if !changed.is_empty() => {
            format!("ds:DigestValue of {}: ds:SignedInfo is not what was signed", changed.join(" and "))
        }
        Some(false) if spelling.is_none() => {
            "ds:SignatureValue or ds:SignedInfo: this certificate's key did not make this signature".to_owned()
        }
        _ => spelled(),
    }
}

fn elements<'a, 'i>(
    document: &'a Document<'i>,
    name: &'static str,
    namespace: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    document.descendants().filter(move |n| n.tag_name().name() == name && n.tag_name().namespace() == Some(namespace))
}

/// The element that a reference means, when its digest is not the one written there.
fn changed_target(reference: Node<'_, '_>) -> Option<String> {
    let document = reference.document();
    let id = reference.attribute("URI")?.strip_prefix('#')?;
    let Some(target) = document.descendants().find(|n| n.attribute((WSU, "Id")) == Some(id)) else {
        return Some(format!("#{id}, which is not there,"));
    };
    let prefixes = if target.tag_name().name() == "Body" { frame::prefixes(document) } else { Vec::new() };
    let computed = STANDARD.encode(digest(&SHA256, frame::canonical(target, &prefixes).as_bytes()));
    let written = reference.children().find(|n| n.tag_name().name() == "DigestValue")?.text()?;
    (computed != written).then(|| frame::name(target))
}

/// Whether the key signed SignedInfo as it stands; None when that cannot be asked.
fn signature_holds(document: &Document<'_>, certificate: &[u8]) -> Option<bool> {
    let info = elements(document, "SignedInfo", DS).next()?;
    let method = elements(document, "SignatureMethod", DS).next()?.attribute("Algorithm")?;
    let value = elements(document, "SignatureValue", DS).next()?.text()?;
    let key = Certificate::from_der(certificate).ok()?.verify_key().ok()?;
    let method = SignatureMethod::from_uri(method).ok()?;
    let value = STANDARD.decode(value).ok()?;
    Some(key.verifies(method, frame::canonical(info, &[]).as_bytes(), &value))
}

fn other_token(document: &Document<'_>, certificate: &[u8]) -> bool {
    let token = elements(document, "BinarySecurityToken", WSSE).next().and_then(|n| n.text());
    token.is_some_and(|token| token != STANDARD.encode(certificate))
}
