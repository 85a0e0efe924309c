//! `ping` of a receiver: an address is tried by the road that deliveries take, with nobody's data in it (contract.md 2.3).

use nir_wsdl::operation::PING_RECEIVER;
use nir_xsd::message::{Mottaksstatus, Ping, Pingforespoersel, PushAnswer, Request};
use register::id::Orgnr;

use super::Receiver;
use super::link::{OurEnd, Seen, exchange, sealed};
use super::outcome::Why;
use super::receipt::believed;
use crate::app::AnswerKeys;
use crate::clock;

/// What came of it.
#[derive(Debug)]
pub struct Pinged {
    /// What was seen on the way there.
    pub seen: Seen,
    /// Bytes of the answer, if there is one.
    pub answered: Option<usize>,
    /// Who signed it and what it says, or what is wrong.
    pub said: Result<(Orgnr, Mottaksstatus), Why>,
}

/// Calls `ping` at the receiver's address.
pub async fn ping(our: &OurEnd<'_>, keys: &AnswerKeys, receiver: &Receiver) -> Pinged {
    let forespoersel = Pingforespoersel {
        kontraktversjon: receiver.address.kontraktversjon.clone(),
        avsendersystem: Some(receiver.system.id.clone()),
    };
    let body = Request::Ping(Ping { forespoersel }).to_xml();
    let sealed = sealed(keys, &our.registry, receiver, (&PING_RECEIVER, &body), clock::now());
    let exchanged = exchange(our, receiver, &PING_RECEIVER, sealed.bytes).await;
    let seen = exchanged.seen;
    let bytes = match exchanged.answer {
        Ok(bytes) => bytes,
        Err(why) => return Pinged { seen, answered: None, said: Err(why) },
    };
    let said =
        believed(our, receiver, &PING_RECEIVER, &bytes, clock::now()).and_then(
            |(signer, body)| match PushAnswer::parse(&body) {
                Ok(PushAnswer::Ping(answer)) => Ok((signer, answer.svar)),
                _ => Err(Why::NoReceipt),
            },
        );
    Pinged { seen, answered: Some(bytes.len()), said }
}
