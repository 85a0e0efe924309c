//! The envelope exactly as the gateway writes it. What is signed is guarded by the signature; the rest of a receipt
//! (its token, its attributes, the spelling of its tags) only by the fact that there is one way to write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::algorithm::EXC_C14N;
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::names::{BASE64, DS, SOAP12, WSA_2005, WSSE, WSU, X509V3};
use roxmltree::{Document, Node};

/// Says where the file differs from what the gateway wrote, given that its signature holds or may hold.
pub fn check(bytes: &[u8], certificate: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("byte {}: no UTF-8", error.valid_up_to()))?;
    let document =
        Document::parse(text).map_err(|error| format!("not well-formed at line and column {}", error.pos()))?;
    let expected = written(&document, certificate).ok_or("parts of the envelope are missing")?;
    match first_difference(text.as_bytes(), expected.as_bytes()) {
        None => Ok(()),
        Some(at) => Err(format!("byte {at}, in {}", element_at(&document, at))),
    }
}

fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    (common < one.len() || common < other.len()).then_some(common)
}

/// Name of the innermost element around a byte.
pub fn element_at(document: &Document<'_>, at: usize) -> String {
    let around = document.descendants().rfind(|n| n.is_element() && n.range().contains(&at));
    around.map_or_else(|| "the end of the file".to_owned(), name)
}

/// An element's name as the file spells it.
pub fn name(node: Node<'_, '_>) -> String {
    let source = &node.document().input_text()[node.range()];
    let name = source.trim_start_matches('<').split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next();
    name.unwrap_or_default().to_owned()
}

/// The first descendant of that name.
pub fn find<'a, 'i>(document: &'a Document<'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    document.descendants().find(|n| n.tag_name().name() == name && n.tag_name().namespace() == Some(namespace))
}

/// Writes the envelope anew from the parts that the signature guards.
fn written(document: &Document<'_>, certificate: &[u8]) -> Option<String> {
    let soap = document.root_element().tag_name().namespace()?;
    let text = |name: &str, namespace: &str| find(document, namespace, name).and_then(|n| n.text());
    let body = canonical(find(document, soap, "Body")?, &prefixes(document));
    let relates = find(document, WSA_2005, "RelatesTo").map(|n| canonical(n, &[])).unwrap_or_default();
    let method = find(document, DS, "SignatureMethod")?.attribute("Algorithm")?;
    let value = STANDARD.decode(text("SignatureValue", DS)?).ok()?;
    let references: String = document
        .descendants()
        .filter(|n| n.tag_name().name() == "Reference" && n.tag_name().namespace() == Some(DS))
        .map(|n| canonical(n, &[]).replacen(&format!(" xmlns:ds=\"{DS}\""), "", 1))
        .collect();
    let (created, expires) = (text("Created", WSU)?, text("Expires", WSU)?);
    let must = if soap == SOAP12 { "true" } else { "1" };
    let token = STANDARD.encode(certificate);
    let value = STANDARD.encode(value);
    Some(format!(
        "<soap:Envelope xmlns:soap=\"{soap}\"><soap:Header>{relates}<wsse:Security xmlns:wsse=\"{WSSE}\" soap:mustUnderstand=\"{must}\">\
         <wsse:BinarySecurityToken xmlns:wsu=\"{WSU}\" EncodingType=\"{BASE64}\" ValueType=\"{X509V3}\" wsu:Id=\"bst\">{token}\
         </wsse:BinarySecurityToken><wsu:Timestamp xmlns:wsu=\"{WSU}\" wsu:Id=\"ts\"><wsu:Created>{created}</wsu:Created>\
         <wsu:Expires>{expires}</wsu:Expires></wsu:Timestamp><ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo xmlns:ds=\"{DS}\">\
         <ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>{references}</ds:SignedInfo>\
         <ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>\
         <wsse:Reference URI=\"#bst\" ValueType=\"{X509V3}\"></wsse:Reference></wsse:SecurityTokenReference></ds:KeyInfo>\
         </ds:Signature></wsse:Security></soap:Header>{body}</soap:Envelope>"
    ))
}

/// The prefixes that the Body's reference keeps in scope.
pub fn prefixes<'a>(document: &'a Document<'_>) -> Vec<&'a str> {
    find(document, EXC_C14N, "InclusiveNamespaces")
        .and_then(|n| n.attribute("PrefixList"))
        .map(|list| list.split(' ').collect())
        .unwrap_or_default()
}

/// Exclusive canonical form of an element.
pub fn canonical(node: Node<'_, '_>, prefixes: &[&str]) -> String {
    let mut bytes = Vec::new();
    canonicalize(node, prefixes, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
