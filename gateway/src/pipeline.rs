//! The way in, one road read top to bottom; every step has a type for what it has established (design.md 3).
//!
//! Arrival → text → opened → signer known → verified → fresh and agreeing → valid → request. What is
//! processed is what was signed: after `verify`, only the canonical bytes that the signature covered are read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hyper::body::Bytes;
use nir_wsdl::certificate::{Certificate, Trust};
use nir_wsdl::envelope::{self, Opened, SoapVersion};
use nir_wsdl::operation::{self, Operation};
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::refusal::Refusal;
use nir_wsdl::service::Service;
use nir_wsdl::verify::{SecondOpinion, Verified};
use nir_xsd::message::Request;
use nir_xsd::structure;
use nir_xsd::validate::{Invalid, validate};
use register::id::Orgnr;
use register::registry::{Party, Registry};

use crate::admission::Held;
use crate::app::App;
use crate::avslag::{self, Told};
use crate::http::Peer;
use crate::operations;
use crate::reply::{self, Reply};

/// A request as HTTP delivered it.
#[derive(Debug)]
pub struct Arrival {
    /// The other end of the connection.
    pub peer: Arc<Peer>,
    /// The service that was called, by its path.
    pub service: &'static Service,
    /// The SOAP version that the content type states.
    pub http_soap: SoapVersion,
    /// SOAPAction or the action parameter.
    pub action: Option<String>,
    /// The body.
    pub bytes: Bytes,
    /// Wall time of receipt.
    pub received: DateTime<Utc>,
    /// What it holds of the house until it is answered.
    pub held: Held,
}

/// Whose signature the message carries, before the signature has been checked.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The registered party.
    pub party: Party,
    /// Its certificate.
    pub certificate: Arc<Certificate>,
}

/// A request whose signature, time, action, schema and decoding hold.
#[derive(Debug)]
pub struct Call {
    /// What arrived.
    pub arrival: Arrival,
    /// The operation.
    pub operation: &'static Operation,
    /// Who signed it.
    pub signer: Signer,
    /// The decoded message.
    pub request: Request,
    /// wsa:MessageID, echoed as RelatesTo.
    pub message_id: Option<String>,
}

/// Why the road ended.
#[derive(Debug)]
pub enum Cause {
    /// One refusal of the message.
    Refusal(Refusal),
    /// The schema's violations.
    Invalid(Invalid),
}

/// A refused arrival; `signer` is set only once the signature has been verified.
#[derive(Debug)]
pub struct Refused {
    /// What arrived.
    pub arrival: Arrival,
    /// Why.
    pub cause: Cause,
    /// Who signed it.
    pub signer: Option<Signer>,
    /// The operation, if known.
    pub operation: Option<&'static Operation>,
    /// wsa:MessageID.
    pub message_id: Option<String>,
    /// Whose message it is, as far as that could be read.
    pub told: Option<Box<Told>>,
}

/// The whole way: judge on the pool, carry out, seal on the pool.
pub async fn answer(app: &Arc<App>, arrival: Arrival) -> Reply {
    let (soap, peer, received) = (arrival.http_soap, Arc::clone(&arrival.peer), arrival.received);
    let judged = {
        let app = Arc::clone(app);
        app.clone().pool.run(move || judge(&app, arrival)).await
    };
    let reply = match judged {
        Ok(Ok(call)) => operations::carry_out(app, call).await,
        Ok(Err(refused)) => reply::refused(app, *refused).await,
        Err(panicked) => {
            tracing::error!(event = "worker_panicked", %panicked);
            reply::unread(app, &peer, soap, "NIR-I901", hyper::StatusCode::INTERNAL_SERVER_ERROR).await
        }
    };
    let elapsed = (crate::clock::now() - received).as_seconds_f64();
    metrics::histogram!("nir_request_seconds").record(elapsed.max(0.0));
    reply
}

/// Everything that CPU alone decides. Nothing here waits.
fn judge(app: &App, arrival: Arrival) -> Result<Call, Box<Refused>> {
    let established = match establish(app, &arrival) {
        Ok(established) => established,
        Err(failure) => {
            return Err(Box::new(Refused {
                arrival,
                cause: failure.cause,
                signer: failure.signer,
                operation: failure.operation,
                message_id: failure.message_id,
                told: failure.told,
            }));
        }
    };
    let Established { signer, operation, request, message_id } = established;
    Ok(Call { arrival, operation, signer, request, message_id })
}

struct Established {
    signer: Signer,
    operation: &'static Operation,
    request: Request,
    message_id: Option<String>,
}

#[derive(Default)]
struct Progress {
    signer: Option<Signer>,
    operation: Option<&'static Operation>,
    message_id: Option<String>,
    told: Option<Box<Told>>,
}

struct Failure {
    cause: Cause,
    signer: Option<Signer>,
    operation: Option<&'static Operation>,
    message_id: Option<String>,
    told: Option<Box<Told>>,
}

fn establish(app: &App, arrival: &Arrival) -> Result<Established, Failure> {
    let mut progress = Progress::default();
    steps(app, arrival, &mut progress).map_err(|cause| Failure {
        cause,
        signer: progress.signer.take(),
        operation: progress.operation,
        message_id: progress.message_id.take(),
        told: progress.told.take(),
    })
}

fn steps(app: &App, arrival: &Arrival, progress: &mut Progress) -> Result<Established, Cause> {
    let text = prefilter(&arrival.bytes, operation::LARGEST).map_err(Cause::Refusal)?;
    let verified;
    let signer;
    {
        // The parsed tree is dropped before libxml2 parses anything, which keeps the memory flat.
        let opened = envelope::open(text).map_err(Cause::Refusal)?;
        if opened.soap() != arrival.http_soap {
            return Err(Cause::Refusal(reply::refusal(
                "NIR-T106",
                "the envelope's SOAP version is not the content type's",
            )));
        }
        signer = signer_of(&app.registry.load(), &app.trust, &opened, arrival.received).map_err(Cause::Refusal)?;
        let second = if app.config.signature.second_opinion { SecondOpinion::On } else { SecondOpinion::Off };
        let key = signer.certificate.verify_key().map_err(Cause::Refusal)?;
        verified = opened.verify(&key, second).map_err(Cause::Refusal)?;
    }
    progress.signer = Some(signer.clone());
    progress.message_id = verified.message_id.clone();
    let operation = agree(app, arrival, &verified).map_err(Cause::Refusal)?;
    progress.operation = Some(operation);
    let request =
        read_valid(&verified).inspect_err(|_| progress.told = avslag::read(&verified.body_child).map(Box::new))?;
    Ok(Established { signer, operation, request, message_id: verified.message_id })
}

/// The typed message, from the very bytes that were signed.
fn read_valid(verified: &Verified) -> Result<Request, Cause> {
    validate(&verified.body_child).map_err(Cause::Invalid)?;
    let request = Request::parse(&verified.body_child).map_err(|error| {
        Cause::Refusal(reply::refusal("NIR-X302", &format!("valid by schema but not decoded: {error}")))
    })?;
    match &request {
        Request::SendRegistreringer(wrapper) => structure::check(&wrapper.melding).map_err(Cause::Invalid)?,
        Request::SendPersongrunnlag(wrapper) => structure::check_grunnlag(&wrapper.melding).map_err(Cause::Invalid)?,
        _ => {}
    }
    Ok(request)
}

/// Which registered party's key the message points at. Its certificate must chain to an anchor and be in
/// force; keys named without a certificate resolve to registered certificates only (design.md 5).
pub fn signer_of(
    registry: &Registry,
    trust: &Trust,
    opened: &Opened<'_>,
    at: DateTime<Utc>,
) -> Result<Signer, Refusal> {
    let key = opened.key();
    let certificate = match key.certificate() {
        Some(der) => trust.certificate(der)?,
        None => registry
            .certificates
            .iter()
            .filter_map(|row| trust.registered(&row.der_base64).ok())
            .find(|certificate| certificate.matches(key))
            .ok_or_else(|| Refusal::unknown_key("it leads to no registered certificate"))?,
    };
    trust.check(&certificate, at)?;
    let orgnr: Orgnr = certificate
        .orgnr()?
        .parse()
        .map_err(|_| reply::refusal("NIR-S214", "the organization number's check digit does not hold"))?;
    let today = register::time::oslo_date(at);
    match registry.parties.get(&orgnr) {
        Some(party) if party.valid.contains(today) => Ok(Signer { party: party.clone(), certificate }),
        _ => Err(reply::refusal("NIR-A401", "the signer is no registered party")),
    }
}

/// Time, action and addressing agree with the signed Body; the operation is the Body child's.
fn agree(app: &App, arrival: &Arrival, verified: &Verified) -> Result<&'static Operation, Refusal> {
    verified.check_freshness(arrival.received)?;
    let operation = operation::by_root(arrival.service, &verified.namespace, &verified.root)?;
    verified.check_action(operation.action, arrival.action.as_deref())?;
    verified.check_to(&app.public_base, arrival.service.path)?;
    if arrival.bytes.len() > operation.max_bytes {
        let mut refusal = reply::refusal("NIR-T103", "larger than the operation allows");
        refusal.params.push(("maksimum", operation.max_bytes.to_string()));
        return Err(refusal);
    }
    Ok(operation)
}
