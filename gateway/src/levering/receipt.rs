//! What a receiver answers: nothing unsigned is believed, and nothing that is signed by others, for another delivery, or
//! about numbers that were not sent.

use chrono::{DateTime, Utc};
use nir_wsdl::envelope;
use nir_wsdl::operation::{DELIVER, Operation};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::verify::SecondOpinion;
use nir_xsd::message::{Mottakskvittering, NAMESPACE, PushAnswer};
use nir_xsd::validate::validate;
use register::decide::speaks_for;
use register::id::Orgnr;

use super::Receiver;
use super::batch::Batch;
use super::link::OurEnd;
use super::outcome::Why;
use crate::pipeline;

/// A receipt that was believed.
#[derive(Debug)]
pub struct Receipt {
    /// Who signed it.
    pub signer: Orgnr,
    /// The last number stored at the receiver's end.
    pub to: i64,
}

/// The receipt of a delivery.
pub fn read(
    our: &OurEnd<'_>,
    receiver: &Receiver,
    batch: &Batch,
    bytes: &[u8],
    at: DateTime<Utc>,
) -> Result<Receipt, Why> {
    let (signer, body) = believed(our, receiver, &DELIVER, bytes, at)?;
    let Ok(PushAnswer::MottaEndringer(answer)) = PushAnswer::parse(&body) else { return Err(Why::NoReceipt) };
    let to = taken(batch, &answer.kvittering)?;
    Ok(Receipt { signer, to })
}

/// Verifies an answer by the same road as a request: prefilter, envelope, certificate, signature, time, schema. Who signed
/// it, and its Body child.
pub fn believed(
    our: &OurEnd<'_>,
    receiver: &Receiver,
    operation: &Operation,
    bytes: &[u8],
    at: DateTime<Utc>,
) -> Result<(Orgnr, Vec<u8>), Why> {
    let text = prefilter(bytes, our.config.delivery.answer_bytes)?;
    let opened = envelope::open(text)?;
    let signer = pipeline::signer_of(&our.registry, our.trust, &opened, at)?;
    let second = if our.config.signature.second_opinion { SecondOpinion::On } else { SecondOpinion::Off };
    let verified = opened.verify(&signer.certificate.verify_key()?, second)?;
    verified.check_freshness(at)?;
    let orgnr = signer.party.orgnr;
    let now = receiver.now(&our.registry, at);
    if !speaks_for(&our.registry, orgnr, &receiver.system, our.policy, &now) {
        return Err(Why::Stranger(orgnr.to_string()));
    }
    if (verified.namespace.as_str(), verified.root.as_str()) != (NAMESPACE, operation.answer) {
        return Err(Why::NoReceipt);
    }
    validate(&verified.body_child).map_err(|_| Why::Refused("it is not valid by the schema".to_owned()))?;
    Ok((orgnr, verified.body_child))
}

/// How far the receiver says that it came, if it speaks of this delivery.
fn taken(batch: &Batch, receipt: &Mottakskvittering) -> Result<i64, Why> {
    if receipt.leveranse_id != batch.leveranse_id || receipt.stroem_id != batch.stroem_id {
        return Err(Why::OtherDelivery);
    }
    match receipt.bekreftet_til {
        to if (batch.from..=batch.to).contains(&to) => Ok(to),
        to if to == batch.from - 1 => Err(Why::TookNothing),
        _ => Err(Why::OutsideBatch),
    }
}
