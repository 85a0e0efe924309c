//! Messages that are signed as they stand: a text with holes for digests and signature, which may have been bent in
//! any way before they are filled.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::algorithm::{ECDSA_SHA256, EXC_C14N, RSA_SHA256, SHA256};
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::names::{BASE64, DS, WSSE, WSU, X509V3};
use roxmltree::{Document, Node};

use super::party::Party;

pub const PING: &str = "<ping xmlns=\"urn:no:nir:melding:v1\"><forespoersel><kontraktversjon>1.0</kontraktversjon>\
                        <avsendersystem>SYSTEM-1</avsendersystem></forespoersel></ping>";
pub const SIGNED_BODY: &str = "<soap:Body wsu:Id=\"body\">";
pub const TIMESTAMP: &str = "<wsu:Timestamp wsu:Id=\"ts\"><wsu:Created>2026-11-23T11:59:50Z</wsu:Created>\
                             <wsu:Expires>2026-11-23T12:04:50Z</wsu:Expires></wsu:Timestamp>";
const HOLE: &str = "<ds:DigestValue></ds:DigestValue>";
const VALUE: &str = "<ds:SignatureValue></ds:SignatureValue>";

/// One Reference with a hole.
pub fn reference(uri: &str) -> String {
    format!(
        "<ds:Reference URI=\"{uri}\"><ds:Transforms><ds:Transform Algorithm=\"{EXC_C14N}\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"/>{HOLE}</ds:Reference>"
    )
}

/// KeyInfo with a reference to the token.
pub fn key_info(inside: &str) -> String {
    format!("<ds:KeyInfo><wsse:SecurityTokenReference>{inside}</wsse:SecurityTokenReference></ds:KeyInfo>")
}

pub const TO_TOKEN: &str = "<wsse:Reference URI=\"#bst\"/>";

/// The token of a party.
pub fn token(party: &Party) -> String {
    format!(
        "<wsse:BinarySecurityToken wsu:Id=\"bst\" EncodingType=\"{BASE64}\" ValueType=\"{X509V3}\">{}\
         </wsse:BinarySecurityToken>",
        STANDARD.encode(&party.der)
    )
}

/// The message of a party, with holes.
pub fn unsigned(soap: SoapVersion, party: &Party) -> String {
    let method = if party.is_rsa { RSA_SHA256 } else { ECDSA_SHA256 };
    format!(
        "<soap:Envelope xmlns:soap=\"{}\" xmlns:wsu=\"{WSU}\"><soap:Header><wsse:Security xmlns:wsse=\"{WSSE}\" \
         soap:mustUnderstand=\"1\">{}{TIMESTAMP}<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"/><ds:SignatureMethod Algorithm=\"{method}\"/>{}{}\
         </ds:SignedInfo>{VALUE}{}</ds:Signature></wsse:Security></soap:Header>{SIGNED_BODY}{PING}</soap:Body>\
         </soap:Envelope>",
        soap.namespace(),
        token(party),
        reference("#body"),
        reference("#ts"),
        key_info(TO_TOKEN),
    )
}

/// Fills the holes: the digest of whatever bears the id first, then the signature over SignedInfo.
pub fn sign(text: &str, party: &Party) -> String {
    sign_with(text, |info| party.sign(info))
}

/// The same with a signature of any kind.
pub fn sign_with(text: &str, signature: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let mut text = text.to_owned();
    while let Some(hole) = text.find(HOLE) {
        let digest = digest_at(&text, hole);
        text.replace_range(hole..hole + HOLE.len(), &format!("<ds:DigestValue>{digest}</ds:DigestValue>"));
    }
    let info = {
        let document = Document::parse(&text).unwrap();
        canonical(named(&document, "SignedInfo").unwrap())
    };
    text.replacen(VALUE, &format!("<ds:SignatureValue>{}</ds:SignatureValue>", STANDARD.encode(signature(&info))), 1)
}

/// The digest for the Reference whose hole is there; of nothing when it names nothing.
fn digest_at(text: &str, hole: usize) -> String {
    let document = Document::parse(text).unwrap();
    let reference = document.descendants().find(|n| n.tag_name().name() == "DigestValue" && n.range().start == hole);
    let reference = reference.and_then(|hole| hole.parent()).unwrap();
    // `attribute("URI")` would take one of any namespace.
    let uri = reference.attributes().find(|a| a.name() == "URI" && a.namespace().is_none()).map(|a| a.value());
    let id = uri.unwrap_or_default().trim_start_matches('#');
    let target =
        document.descendants().find(|n| n.attributes().any(|a| a.name().eq_ignore_ascii_case("id") && a.value() == id));
    let bytes = target.map(canonical).unwrap_or_default();
    STANDARD.encode(digest::digest(&digest::SHA256, &bytes))
}

fn canonical(node: Node<'_, '_>) -> Vec<u8> {
    let mut out = Vec::new();
    canonicalize(node, &[], &mut out);
    out
}

pub fn named<'a, 'i>(document: &'a Document<'i>, name: &str) -> Option<Node<'a, 'i>> {
    document.descendants().find(|n| n.tag_name().name() == name)
}
