//! Envelopes put together and signed as their author wants them. Whatever is changed before [`Forge::sign`] is covered by
//! a true signature of a registered party; whatever is changed after is not. A hostile sender can do both.

use std::ops::Range;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use nir_wsdl::algorithm::{EXC_C14N, RSA_SHA256, SHA256};
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::names::{BASE64 as ENCODING, DS, SOAP11, WSSE, WSU, X509V3};
use nir_wsdl::seal::Signer;
use roxmltree::{Document, Node};

use crate::client::now;

/// An envelope while it is made.
#[derive(Debug, Clone)]
pub struct Forge {
    pub xml: String,
}

/// A Reference as the profile wants it, without its digest.
pub fn reference(uri: &str) -> String {
    reference_with(uri, EXC_C14N, SHA256)
}

/// A Reference with another transform or digest.
pub fn reference_with(uri: &str, transform: &str, digest: &str) -> String {
    format!(
        "<ds:Reference URI=\"{uri}\"><ds:Transforms><ds:Transform Algorithm=\"{transform}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest}\"></ds:DigestMethod><ds:DigestValue></ds:DigestValue></ds:Reference>"
    )
}

/// A Timestamp.
pub fn timestamp(id: &str, created: &str, expires: &str) -> String {
    format!(
        "<wsu:Timestamp wsu:Id=\"{id}\"><wsu:Created>{created}</wsu:Created><wsu:Expires>{expires}</wsu:Expires></wsu:Timestamp>"
    )
}

/// A time as clients write it.
pub fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A BinarySecurityToken.
pub fn token(id: &str, der: &[u8]) -> String {
    format!(
        "<wsse:BinarySecurityToken EncodingType=\"{ENCODING}\" ValueType=\"{X509V3}\" wsu:Id=\"{id}\">{}\
         </wsse:BinarySecurityToken>",
        BASE64.encode(der)
    )
}

impl Forge {
    /// The ordinary envelope of this signer by SOAP 1.1, not signed yet.
    pub fn draft(signer: &Signer, payload: &str) -> Self {
        Self::with_token(signer.certificate(), payload)
    }

    /// The same with another token.
    pub fn with_token(der: &[u8], payload: &str) -> Self {
        let (created, expires) = (written(now()), written(now() + TimeDelta::minutes(5)));
        let xml = format!(
            "<soap:Envelope xmlns:soap=\"{SOAP11}\" xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\"><soap:Header>\
             <wsse:Security soap:mustUnderstand=\"1\">{}{}<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>{}{}</ds:SignedInfo>\
             <ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>\
             <wsse:Reference URI=\"#bst\" ValueType=\"{X509V3}\"></wsse:Reference></wsse:SecurityTokenReference></ds:KeyInfo>\
             </ds:Signature></wsse:Security></soap:Header><soap:Body wsu:Id=\"body\">{payload}</soap:Body></soap:Envelope>",
            token("bst", der),
            timestamp("ts", &created, &expires),
            reference("#body"),
            reference("#ts"),
        );
        Forge { xml }
    }

    /// Byte range of the n-th element of a local name.
    pub fn range(&self, name: &str, nth: usize) -> Range<usize> {
        let document = Document::parse(&self.xml).unwrap_or_else(|error| panic!("{error}: {}", self.xml));
        let mut all = document.descendants().filter(|n| n.is_element() && n.tag_name().name() == name);
        all.nth(nth).unwrap_or_else(|| panic!("no {name} in {}", self.xml)).range()
    }

    /// The first element of a local name, as text.
    pub fn part(&self, name: &str) -> String {
        self.xml[self.range(name, 0)].to_owned()
    }

    /// The content of the first element of a local name.
    pub fn content(&self, name: &str) -> String {
        self.xml[inside(&self.xml, self.range(name, 0))].to_owned()
    }

    pub fn replace(self, name: &str, with: &str) -> Self {
        self.replace_nth(name, 0, with)
    }

    pub fn replace_nth(mut self, name: &str, nth: usize, with: &str) -> Self {
        let range = self.range(name, nth);
        self.xml.replace_range(range, with);
        self
    }

    pub fn set_content(mut self, name: &str, nth: usize, with: &str) -> Self {
        let range = inside(&self.xml, self.range(name, nth));
        self.xml.replace_range(range, with);
        self
    }

    pub fn before(mut self, name: &str, what: &str) -> Self {
        let at = self.range(name, 0).start;
        self.xml.insert_str(at, what);
        self
    }

    pub fn after(mut self, name: &str, what: &str) -> Self {
        let at = self.range(name, 0).end;
        self.xml.insert_str(at, what);
        self
    }

    /// Inserts as the first child.
    pub fn into_start(mut self, name: &str, what: &str) -> Self {
        let at = inside(&self.xml, self.range(name, 0)).start;
        self.xml.insert_str(at, what);
        self
    }

    /// Inserts as the last child.
    pub fn into_end(mut self, name: &str, what: &str) -> Self {
        let at = inside(&self.xml, self.range(name, 0)).end;
        self.xml.insert_str(at, what);
        self
    }

    /// Replaces a text that must be there.
    pub fn text(mut self, from: &str, to: &str) -> Self {
        assert!(self.xml.contains(from), "{from} is not in {}", self.xml);
        self.xml = self.xml.replacen(from, to, 1);
        self
    }

    /// Computes every digest, then the signature value.
    pub fn sign(self, signer: &Signer) -> Self {
        self.sign_with(|signed_info| signer.sign(signed_info))
    }

    /// As `sign`, by anything that makes a value of the canonical SignedInfo.
    pub fn sign_with(mut self, value: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        for (range, digest) in digests(&self.xml).into_iter().rev() {
            self.xml.replace_range(range, &digest);
        }
        let (range, signed_info) = {
            let document = Document::parse(&self.xml).unwrap();
            let mut bytes = Vec::new();
            let node = one(&document, "SignedInfo");
            let method = node.children().find(|n| n.tag_name().name() == "CanonicalizationMethod").unwrap();
            canonicalize(node, &prefixes(method), &mut bytes);
            (inside(&self.xml, one(&document, "SignatureValue").range()), bytes)
        };
        self.xml.replace_range(range, &BASE64.encode(value(&signed_info)));
        self
    }
}

/// What is between the tags of an element.
fn inside(xml: &str, element: Range<usize>) -> Range<usize> {
    let text = &xml[element.clone()];
    let start = element.start + text.find('>').unwrap() + 1;
    start..element.start + text.rfind("</").unwrap_or_else(|| panic!("an element without an end tag: {text}"))
}

fn one<'a, 'i>(document: &'a Document<'i>, name: &str) -> Node<'a, 'i> {
    document.descendants().find(|n| n.tag_name().name() == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Where each digest belongs, and what it is. A reference that is not to an id means the Body: what an evaluation of
/// the reference would give.
fn digests(xml: &str) -> Vec<(Range<usize>, String)> {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let info = one(&document, "SignedInfo");
    let references = info.children().filter(|n| n.tag_name().name() == "Reference");
    references
        .filter_map(|node| {
            let value = node.descendants().find(|n| n.tag_name().name() == "DigestValue")?;
            let id = node.attribute("URI").and_then(|uri| uri.strip_prefix('#'));
            let has_id =
                |n: &Node<'_, '_>| n.attributes().any(|a| a.name().eq_ignore_ascii_case("id") && Some(a.value()) == id);
            let target = document.descendants().find(has_id).unwrap_or_else(|| {
                document.root_element().children().rfind(|n| n.tag_name().name() == "Body").unwrap()
            });
            let mut bytes = Vec::new();
            let transform = node.descendants().rfind(|n| n.tag_name().name() == "Transform");
            canonicalize(target, &transform.map(prefixes).unwrap_or_default(), &mut bytes);
            let method = node.descendants().find(|n| n.tag_name().name() == "DigestMethod");
            let algorithm = match method.and_then(|n| n.attribute("Algorithm")).unwrap_or_default() {
                "http://www.w3.org/2000/09/xmldsig#sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
                "http://www.w3.org/2001/04/xmlenc#sha512" => &digest::SHA512,
                "http://www.w3.org/2001/04/xmldsig-more#sha384" => &digest::SHA384,
                _ => &digest::SHA256,
            };
            Some((inside(xml, value.range()), BASE64.encode(digest::digest(algorithm, &bytes))))
        })
        .collect()
}

fn prefixes<'a>(method: Node<'a, '_>) -> Vec<&'a str> {
    let list = method.children().find(|n| n.tag_name().name() == "InclusiveNamespaces");
    list.and_then(|n| n.attribute("PrefixList")).unwrap_or_default().split_ascii_whitespace().collect()
}
