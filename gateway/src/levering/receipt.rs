//! The receipt of a delivery: nothing unsigned is believed, and nothing that is signed by others, for another delivery, or
//! about numbers that were not sent.

use chrono::{DateTime, Utc};
use nir_wsdl::envelope;
use nir_wsdl::operation::DELIVER;
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::verify::SecondOpinion;
use nir_xsd::message::{Mottakskvittering, NAMESPACE, PushAnswer};
use nir_xsd::validate::validate;
use register::decide::{Now, speaks_for};
use register::id::Orgnr;
use register::time::oslo_date;

use super::Receiver;
use super::batch::Batch;
use super::outcome::Why;
use crate::app::App;
use crate::pipeline;

/// A receipt that was believed.
#[derive(Debug)]
pub struct Receipt {
    /// Who signed it.
    pub signer: Orgnr,
    /// The last number stored at the receiver's end.
    pub to: i64,
}

/// Verifies by the same road as a request: prefilter, envelope, certificate, signature, time, schema.
pub fn read(app: &App, receiver: &Receiver, batch: &Batch, bytes: &[u8], at: DateTime<Utc>) -> Result<Receipt, Why> {
    let text = prefilter(bytes, app.config.delivery.answer_bytes)?;
    let opened = envelope::open(text)?;
    let signer = pipeline::signer_of(app, &opened, at)?;
    let second = if app.config.signature.second_opinion { SecondOpinion::On } else { SecondOpinion::Off };
    let verified = opened.verify(&signer.certificate.verify_key()?, second)?;
    verified.check_freshness(at)?;
    let orgnr = signer.party.orgnr;
    let registry = app.registry.load();
    let received = registry.register_time(Some(receiver.system.kommune), at);
    let now = Now { received, today: oslo_date(received), recorded: at };
    if !speaks_for(&registry, orgnr, &receiver.system, &app.policy, &now) {
        return Err(Why::Stranger(orgnr.to_string()));
    }
    if (verified.namespace.as_str(), verified.root.as_str()) != (NAMESPACE, DELIVER.answer) {
        return Err(Why::NoReceipt);
    }
    validate(&verified.body_child).map_err(|_| Why::Refused("it is not valid by the schema".to_owned()))?;
    let Ok(PushAnswer::MottaEndringer(answer)) = PushAnswer::parse(&verified.body_child) else {
        return Err(Why::NoReceipt);
    };
    let to = taken(batch, &answer.kvittering)?;
    Ok(Receipt { signer: orgnr, to })
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
