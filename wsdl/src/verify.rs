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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c14n::work::ELEMENTS;
    use crate::certificate::Certificate;
    use crate::envelope::open;
    use crate::prefilter::prefilter;
    use crate::seal::{Signer, seal};
    use crate::xmlsec::agree;

    fn signer() -> Signer {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        Signer::from_pem(&key.serialize_pem(), &certificate.pem()).unwrap()
    }

    fn key(signer: &Signer) -> VerifyKey {
        Certificate::from_der(signer.certificate()).unwrap().verify_key().unwrap()
    }

    fn sealed(signer: &Signer, children: usize) -> String {
        let child = format!("<ping xmlns=\"urn:no:nir:melding:v1\">{}</ping>", "<a></a>".repeat(children));
        let created = "2026-11-23T12:00:00Z".parse().unwrap();
        String::from_utf8(seal(SoapVersion::V11, child.as_bytes(), Some(signer), created, None, None).bytes).unwrap()
    }

    /// threats.md 2: the signature value is checked before any digest, so that what a stranger can make us do does not
    /// grow with the message, nor with the references to it.
    #[test]
    fn nothing_but_signed_info_is_canonicalized_before_the_signature_holds() {
        let signer = signer();
        let text = sealed(&signer, 100_000);
        let start = text.find("<ds:Reference URI=\"#ts\"").unwrap();
        let end = start + text[start..].find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
        let third = text[start..end].replace("#ts", "#env");
        let forged = format!("{}{third}{}", &text[..end], &text[end..]);
        let forged = forged.replacen(
            "<soap:Header>",
            &format!("<soap:Header xmlns:wsu=\"{}\" wsu:Id=\"env\">", crate::names::WSU),
            1,
        );
        let work = |text: &str, code: &str| {
            let before = ELEMENTS.get();
            let opened = open(prefilter(text.as_bytes(), 1 << 22).unwrap()).unwrap();
            let result = opened.verify(&key(&signer), SecondOpinion::On).map_err(|refusal| refusal.code);
            assert_eq!(result.err().unwrap_or("ok"), code);
            ELEMENTS.get() - before
        };
        // SignedInfo with its two methods, and five elements of each of three references.
        let signed_info = 3 + 3 * 5;
        assert_eq!(work(&forged, "NIR-S202"), signed_info);
        let whole = work(&text, "ok");
        assert!(whole > 100_000, "the count counts: {whole}");
    }

    /// A disagreement cannot be brought about by a message that we know of; so the claim is bent instead.
    #[test]
    fn the_second_opinion_compares_ids_references_and_bytes() {
        let signer = signer();
        let text = sealed(&signer, 1);
        let opened = open(prefilter(text.as_bytes(), 1 << 20).unwrap()).unwrap();
        let references = &opened.signed_info.references;
        let digested: Vec<Vec<u8>> = references.iter().map(|reference| opened.digested(reference).unwrap()).collect();
        let parts: Vec<(&str, &[u8])> =
            references.iter().zip(&digested).map(|(r, bytes)| (r.id.as_str(), bytes.as_slice())).collect();
        let ids = opened.ids.in_order();
        let ask = |text: &str, ids: &[String], parts: &[(&str, &[u8])], key: &VerifyKey| {
            agree(&Claim { text, ids, parts }, key)
        };
        let key = key(&signer);
        assert_eq!(ask(&text, ids, &parts, &key), Ok(()));
        let refused = |text: &str, ids: &[String], parts: &[(&str, &[u8])], key: &VerifyKey, why: &str| {
            let told = ask(text, ids, parts, key).unwrap_err();
            assert!(told.contains(why), "{told} is not {why}");
            let refusal = Refusal::disagreement(&told);
            assert!(refusal.disagreement && refusal.params.is_empty());
            assert_eq!((refusal.code, refusal.fault), ("NIR-S202", FaultCode::FailedCheck));
            assert!(refusal.log.starts_with("verifier disagreement: "));
        };
        refused(&text, &ids[1..], &parts, &key, "other ids");
        refused(&text, &[ids, &["more".to_owned()]].concat(), &parts, &key, "other ids");
        refused(&text, &[&["x".to_owned()], &ids[1..]].concat(), &parts, &key, "other ids");
        refused(&text, ids, &parts[..1], &key, "other bytes");
        refused(&text, ids, &[parts[1], parts[0]], &key, "other bytes");
        refused(&text, ids, &[(parts[0].0, &digested[0][1..]), parts[1]], &key, "other bytes");
        refused(&text, ids, &[("other", parts[0].1), parts[1]], &key, "other bytes");
        refused(&text, ids, &parts, &self::key(&self::signer()), "xmlSec");
        refused(&text.replace("<a>", "<a >x"), ids, &parts, &key, "xmlSec");
        refused(&text.replace("</soap:Envelope>", ""), ids, &parts, &key, "not well-formed");
        refused(
            &text.replacen("<soap:Header>", "<!-- --><p:x/><soap:Header>", 1),
            ids,
            &parts,
            &key,
            "not well-formed",
        );
        refused(&format!("<!DOCTYPE x>{text}"), ids, &parts, &key, "not well-formed");
        refused(&text.replace("wsse:Security", "wsse:Other"), ids, &parts, &key, "no Signature in its place");
    }
}
