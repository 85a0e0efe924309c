//! Which key the message points at (X.509 token profile 1.1 §3.2). Nothing is fetched, and only a reference says
//! which certificate is meant: a token that nobody refers to is never looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node};

use crate::envelope::Ids;
use crate::names::{BASE64, DS, WSSE, WSU};
use crate::refusal::Refusal;
use crate::tree::{attribute, elements, is, text};

/// Longest issuer name that is compared with registered certificates.
const MAX_ISSUER: usize = 4 * 1024;
/// Longest serial number: 20 octets are at most 49 digits (RFC 5280 §4.1.2.2).
const MAX_SERIAL: usize = 64;

/// A reference to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyReference {
    /// A BinarySecurityToken of the message, DER.
    Token(Vec<u8>),
    /// Issuer and serial number, with or without the certificate.
    IssuerSerial {
        /// Distinguished name as the sender's stack writes it.
        issuer: String,
        /// Decimal.
        serial: String,
        /// DER.
        certificate: Option<Vec<u8>>,
    },
    /// Subject key identifier.
    SubjectKeyIdentifier(Vec<u8>),
    /// The certificate as key identifier, DER.
    X509v3(Vec<u8>),
    /// SHA-1 of the certificate, as an identifier only.
    ThumbprintSha1(Vec<u8>),
}

impl KeyReference {
    /// The certificate that the message brings as its token. Every other reference means a *registered* certificate
    /// ([`matches`](crate::certificate::Certificate::matches)), also where it repeats the certificate (design.md 5).
    pub fn certificate(&self) -> Option<&[u8]> {
        match self {
            KeyReference::Token(der) => Some(der),
            _ => None,
        }
    }
}

/// What the sender is told is the same as for a wrong signature: no oracle (design.md 17, Faults).
fn unusable(log: &str) -> Refusal {
    Refusal::invalid_signature(format!("key reference: {log}"))
}

/// Reads KeyInfo.
pub(crate) fn read(
    signature: Node<'_, '_>,
    security: Node<'_, '_>,
    ids: &Ids,
    document: &Document<'_>,
) -> Result<KeyReference, Refusal> {
    let key_info = only(elements(signature).filter(|n| is(*n, "KeyInfo", DS)), "not exactly one KeyInfo")?;
    let reference = only(elements(key_info), "KeyInfo has not exactly one child")?;
    if !is(reference, "SecurityTokenReference", WSSE) {
        return Err(unusable("KeyInfo holds no SecurityTokenReference"));
    }
    let target = only(elements(reference), "SecurityTokenReference has not exactly one child")?;
    if is(target, "Reference", WSSE) {
        return token(target, security, ids, document);
    }
    if is(target, "KeyIdentifier", WSSE) {
        let bytes = base64(target)?;
        let kind = attribute(target, "ValueType").unwrap_or_default();
        return match kind.rsplit('#').next().unwrap_or_default() {
            "X509SubjectKeyIdentifier" => Ok(KeyReference::SubjectKeyIdentifier(bytes)),
            "X509v3" => Ok(KeyReference::X509v3(bytes)),
            "ThumbprintSHA1" => Ok(KeyReference::ThumbprintSha1(bytes)),
            _ => Err(unusable("a KeyIdentifier of another type")),
        };
    }
    if is(target, "X509Data", DS) {
        return issuer_serial(target);
    }
    Err(unusable("a SecurityTokenReference of another kind"))
}

fn token(
    reference: Node<'_, '_>,
    security: Node<'_, '_>,
    ids: &Ids,
    document: &Document<'_>,
) -> Result<KeyReference, Refusal> {
    let id = attribute(reference, "URI")
        .and_then(|uri| uri.strip_prefix('#'))
        .ok_or_else(|| unusable("a token reference without #"))?;
    let token = ids.get(id).and_then(|id| document.get_node(id)).ok_or_else(|| unusable("the token is not there"))?;
    if !is(token, "BinarySecurityToken", WSSE) || token.parent() != Some(security) {
        return Err(unusable("the reference is to no token of this header"));
    }
    if token.attribute((WSU, "Id")) != Some(id) {
        return Err(unusable("the token is named by another attribute than wsu:Id"));
    }
    if attribute(token, "EncodingType").is_some_and(|encoding| encoding != BASE64) {
        return Err(unusable("a token in another encoding"));
    }
    // WCF leaves EncodingType out; a chain (PKIPath) is another value type.
    if attribute(token, "ValueType").is_some_and(|kind| !kind.ends_with("#X509v3")) {
        return Err(unusable("a token of another type"));
    }
    Ok(KeyReference::Token(base64(token)?))
}

fn issuer_serial(data: Node<'_, '_>) -> Result<KeyReference, Refusal> {
    let mut found = None;
    let mut certificate = None;
    for node in elements(data) {
        if is(node, "X509IssuerSerial", DS) && found.is_none() {
            let part = |name: &str| elements(node).find(|n| is(*n, name, DS)).map(text).filter(|t| !t.is_empty());
            found = part("X509IssuerName").zip(part("X509SerialNumber"));
        } else if is(node, "X509Certificate", DS) && certificate.is_none() {
            certificate = Some(base64(node)?);
        } else {
            return Err(unusable("X509Data with other content"));
        }
    }
    let (issuer, serial) = found.ok_or_else(|| unusable("X509Data without issuer and serial"))?;
    if issuer.len() > MAX_ISSUER || serial.len() > MAX_SERIAL {
        // They are compared with every registered certificate, before the signature is checked.
        return Err(unusable("an issuer or serial number that is too long"));
    }
    Ok(KeyReference::IssuerSerial { issuer, serial, certificate })
}

fn only<'a, 'i>(mut all: impl Iterator<Item = Node<'a, 'i>>, log: &str) -> Result<Node<'a, 'i>, Refusal> {
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(unusable(log)),
    }
}

/// Base64 with any white space: zeep and xmlsec wrap lines.
pub(crate) fn base64(node: Node<'_, '_>) -> Result<Vec<u8>, Refusal> {
    let clean: String = text(node).chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(clean).map_err(|_| unusable("not base64"))
}
