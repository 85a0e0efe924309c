//! The other side: checking an answer or a Fault with the gateway's known certificate.

use crate::certificate::Certificate;
use crate::envelope::open;
use crate::prefilter::prefilter;
use crate::refusal::Refusal;
use crate::verify::{SecondOpinion, Verified};

/// Largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Verifies strictly. The signature must be by the certificate given: the one that the message carries is not asked.
pub fn verify_answer(bytes: &[u8], certificate_der: &[u8]) -> Result<Verified, Refusal> {
    let opened = open(prefilter(bytes, MAX_ANSWER)?)?;
    let key = Certificate::from_der(certificate_der)?.verify_key()?;
    opened.verify(&key, SecondOpinion::Off)
}
