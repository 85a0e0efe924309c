//! The strict verifier: safe Rust, always on. The signature value comes first, then digests and identity; what is
//! handed on are the very bytes that were digested (design.md 5, xml-security.md 0).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use chrono::{DateTime, Duration, Utc};
use roxmltree::Node;

use crate::c14n::canonicalize;
use crate::envelope::{Opened, SoapVersion};
use crate::key::VerifyKey;
use crate::names::WSU;
use crate::refusal::{FaultCode, Refusal};
use crate::signed_info::{self, Reference};
use crate::token::{elements, is, text};
use crate::xmlsec;

/// Longest life of a message.
pub const MAX_LIFE: Duration = Duration::minutes(15);
/// Clocks may differ so much.
pub const MAX_SKEW: Duration = Duration::seconds(60);

/// Whether libxmlsec1 must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondOpinion {
    /// Yes (the default).
    On,
    /// No, for throughput.
    Off,
}

/// What the signature established. Nothing else of the message may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Version of the envelope.
    pub soap: SoapVersion,
    /// The Body child in canonical form, standing alone.
    pub body_child: Vec<u8>,
    /// Its namespace.
    pub namespace: String,
    /// Its local name.
    pub root: String,
    /// Created of the Timestamp.
    pub created: DateTime<Utc>,
    /// Expires of the Timestamp.
    pub expires: DateTime<Utc>,
    /// wsa:MessageID, without authority.
    pub message_id: Option<String>,
    /// wsa:Action, to be compared only.
    pub action: Option<String>,
    /// wsa:To, to be compared only.
    pub to: Option<String>,
}

impl Opened<'_> {
    /// Verifies with the key that `key()` resolved to.
    pub fn verify(&self, key: &VerifyKey, second: SecondOpinion) -> Result<Verified, Refusal> {
        let info = signed_info::read(self)?;
        let mut bytes = Vec::with_capacity(2048);
        canonicalize(self.node(info.node), &borrowed(&info.prefix_list), &mut bytes);
        if !key.verifies(info.method, &bytes, &info.value) {
            return Err(Refusal::invalid_signature("SignatureValue"));
        }
        let mut body = None;
        let mut timestamp = None;
        for reference in &info.references {
            let digested = self.digested(reference)?;
            if reference.target == self.body {
                body = Some(digested);
            } else if reference.target == self.timestamp {
                timestamp = Some(digested);
            }
        }
        let body = body.ok_or_else(|| Refusal::coverage("the Body is not signed"))?;
        timestamp.ok_or_else(|| Refusal::coverage("the Timestamp is not signed"))?;
        // libxmlsec1 1.2 knows no RSA-PSS: for such a message the strict verifier stands alone.
        if second == SecondOpinion::On && !info.method.is_pss() {
            let body_id = info.references.iter().find(|r| r.target == self.body).map(|r| r.id.as_str());
            xmlsec::agree(self.text, key, body_id.unwrap_or_default(), &body)?;
        }
        let (created, expires) = times(self.node(self.timestamp))?;
        let (namespace, root) = self.root();
        Ok(Verified {
            soap: self.soap(),
            body_child: self.standalone_child(&body)?,
            namespace: namespace.to_owned(),
            root: root.to_owned(),
            created,
            expires,
            message_id: self.addressing().message_id.clone(),
            action: self.addressing().action.clone(),
            to: self.addressing().to.clone(),
        })
    }

    /// Canonical bytes of the referenced element, once their digest has been found right.
    fn digested(&self, reference: &Reference) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::with_capacity(4096);
        canonicalize(self.node(reference.target), &borrowed(&reference.prefix_list), &mut bytes);
        let computed = digest::digest(reference.digest_method, &bytes);
        verify_slices_are_equal(computed.as_ref(), &reference.digest)
            .map_err(|_| Refusal::invalid_signature("NIR-S203: DigestValue"))?;
        Ok(bytes)
    }

    /// The Body child, canonical and standing alone, from the Body's digested bytes.
    ///
    /// Where the Body's start tag declares nothing but its own prefix, the child's part of those bytes stands alone
    /// as it is. Otherwise (a PrefixList, or a shared prefix) the digested bytes are parsed once more and the child
    /// is canonicalized from them: still nothing but what the signature covered.
    fn standalone_child(&self, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let malformed = || Refusal::malformed("the canonical Body does not parse");
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let document = roxmltree::Document::parse(text).map_err(|_| malformed())?;
        let child = document.root_element().children().find(Node::is_element).ok_or_else(malformed)?;
        let mut bytes = Vec::with_capacity(body.len());
        canonicalize(child, &[], &mut bytes);
        Ok(bytes)
    }
}

fn borrowed(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn expired(log: impl Into<String>) -> Refusal {
    Refusal::new("NIR-S207", FaultCode::MessageExpired, log)
}

/// Created and Expires, exactly one of each (WSS 1.1 §10).
fn times(timestamp: Node<'_, '_>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let one = |name: &str| {
        let mut all = elements(timestamp).filter(|n| is(*n, name, WSU)).map(text);
        match (all.next(), all.next()) {
            (Some(value), None) => DateTime::parse_from_rfc3339(&value)
                .map(|time| time.to_utc())
                .map_err(|_| expired(format!("{name} is no time with a zone"))),
            _ => Err(expired(format!("not exactly one {name}"))),
        }
    };
    Ok((one("Created")?, one("Expires")?))
}

impl Verified {
    /// Created and Expires lie at most 15 minutes apart and around now, with 60 seconds of skew (design.md 5).
    pub fn check_freshness(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        let life = self.expires - self.created;
        let log = if life > MAX_LIFE || life < Duration::zero() {
            "longer than 15 minutes, or negative"
        } else if self.created > now + MAX_SKEW {
            "from the future"
        } else if self.expires < now - MAX_SKEW {
            "expired"
        } else {
            return Ok(());
        };
        Err(expired(log).with("grense", "15"))
    }

    /// SOAPAction or action parameter and wsa:Action, where present, say what the Body says.
    pub fn check_action(&self, action: &str, http_action: Option<&str>) -> Result<(), Refusal> {
        let disagree = |stated: &str| stated != action && stated != self.root;
        if http_action.is_some_and(disagree) || self.action.as_deref().filter(|a| !a.is_empty()).is_some_and(disagree) {
            return Err(Refusal::new("NIR-T105", FaultCode::Sender, "action and Body disagree"));
        }
        Ok(())
    }

    /// wsa:To, where present, is our address: the path must be ours, and the base too where one is configured.
    pub fn check_to(&self, base: &str, path: &str) -> Result<(), Refusal> {
        let Some(to) = self.to.as_deref() else { return Ok(()) };
        let anonymous = to.ends_with("/addressing/anonymous") || to.ends_with("/addressing/role/anonymous");
        let ours = to.split_once("://").and_then(|(_, rest)| rest.split_once('/')).is_some_and(|(_, p)| path == format!("/{p}"));
        if anonymous || (ours && (base.is_empty() || to.strip_suffix(path) == Some(base))) {
            return Ok(());
        }
        Err(Refusal::new("NIR-T105", FaultCode::Sender, "wsa:To is another address"))
    }
}
