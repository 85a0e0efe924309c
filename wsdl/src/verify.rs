//! The strict verifier: safe Rust, always on. The signature value comes first, then digests and identity; what is
//! handed on are the very bytes that were digested (design.md 5, xml-security.md 0).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use chrono::{DateTime, Duration, Utc};

use crate::addressing;
use crate::c14n::canonicalize;
use crate::envelope::{Opened, SoapVersion};
use crate::key::VerifyKey;
use crate::refusal::{FaultCode, Refusal};
use crate::signed_bytes;
use crate::signed_info::Reference;
use crate::xmlsec::{self, Claim};

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
        let info = &self.signed_info;
        let mut bytes = Vec::with_capacity(2048);
        canonicalize(self.node(info.node), &borrowed(&info.prefix_list), &mut bytes);
        if !key.verifies(info.method, &bytes, &info.value) {
            return Err(Refusal::invalid_signature("SignatureValue"));
        }
        // From here on the sender is a registered party.
        let digested: Vec<Vec<u8>> =
            info.references.iter().map(|reference| self.digested(reference)).collect::<Result<_, _>>()?;
        // libxmlsec1 1.2 knows no RSA-PSS: for such a message the strict verifier stands alone.
        if second == SecondOpinion::On && !info.method.is_pss() {
            let parts: Vec<(&str, &[u8])> =
                info.references.iter().zip(&digested).map(|(r, bytes)| (r.id.as_str(), bytes.as_slice())).collect();
            let claim = Claim { text: self.text, ids: self.ids.in_order(), parts: &parts };
            xmlsec::agree(&claim, key).map_err(|why| Refusal::disagreement(&why))?;
        }
        let (created, expires) = signed_bytes::times(&digested[info.timestamp])?;
        let child = signed_bytes::body_child(&digested[info.body], info.references[info.body].prefix_list.is_empty())?;
        Ok(Verified {
            soap: self.soap(),
            body_child: child.bytes,
            namespace: child.namespace,
            root: child.root,
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
}

fn borrowed(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
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
        Err(Refusal::expired(log))
    }

    /// SOAPAction or action parameter and wsa:Action, where present, say what the Body says.
    pub fn check_action(&self, action: &str, http_action: Option<&str>) -> Result<(), Refusal> {
        // An empty SOAPAction counts as absent (design.md 17, Wire).
        let disagrees = |stated: &str| !stated.is_empty() && stated != action && stated != self.root;
        if http_action.is_some_and(disagrees) || self.action.as_deref().is_some_and(disagrees) {
            return Err(Refusal::new("NIR-T105", FaultCode::Sender, "action and Body disagree"));
        }
        Ok(())
    }

    /// wsa:To, where present, is our address: the path must be ours, and the base too where one is configured.
    pub fn check_to(&self, base: &str, path: &str) -> Result<(), Refusal> {
        let Some(to) = self.to.as_deref() else { return Ok(()) };
        let anonymous = addressing::ANONYMOUS.contains(&to);
        let ours = to
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .is_some_and(|(_, p)| path == format!("/{p}"));
        if anonymous || (ours && (base.is_empty() || to.strip_suffix(path) == Some(base))) {
            return Ok(());
        }
        Err(Refusal::new("NIR-T105", FaultCode::Sender, "wsa:To is another address"))
    }
}
