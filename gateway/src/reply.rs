//! Answers and Faults: the one place where a cause becomes what goes on the wire (design.md 5, 17 Faults).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::fault::{self, Fault, FaultCode};
use nir_wsdl::refusal::Refusal;
use nir_wsdl::seal;
use nir_xsd::message::{Feil, Meldingshode, NirFeil, Version};
use register::ledger::{Exchange, Job, Work};
use register::receipt::Bevis;
use register::registry::Party;

use crate::app::App;
use crate::avslag;
use crate::clock;
use crate::feil;
use crate::http::Peer;
use crate::pipeline::{Cause, Refused, Signer};

/// Signed Faults per party and second; past that they leave unsigned (design.md 17).
const SIGNED_FAULTS_PER_SECOND: u32 = 10;
/// What `Retry-After` says when the house is full.
pub const RETRY_SECONDS: u64 = 2;
/// What it says to a source that is held: an operator must look first.
pub const HELD_SECONDS: u64 = 300;

/// What HTTP sends.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// SOAP version of the bytes.
    pub soap: SoapVersion,
    /// The envelope.
    pub bytes: Vec<u8>,
    /// Seconds to wait, where waiting helps.
    pub retry_after: Option<u64>,
    /// Whether something was committed for it (the sandbox loses only such answers).
    pub committed: bool,
}

/// How the asked party is answered: version, key, and what relates.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// SOAP version of the request.
    pub soap: SoapVersion,
    /// The party, when it is known.
    pub party: Option<Party>,
    /// wsa:MessageID of the request.
    pub message_id: Option<String>,
}

/// A refusal of our own.
pub fn refusal(code: &'static str, log: &str) -> Refusal {
    Refusal::new(code, FaultCode::Sender, log)
}

/// An exchange that is kept, and where: the signature under its answer follows as the second evidence row.
pub type Kept = (Exchange, Bevis);

/// Seals an answer.
pub async fn sealed(app: &Arc<App>, to: Recipient, body_child: Vec<u8>, of: Option<Kept>) -> Reply {
    let (soap, committed) = (to.soap, of.is_some());
    match seal_on_pool(app, to, move || body_child, true, of).await {
        Some(bytes) => Reply { status: StatusCode::OK, soap, bytes, retry_after: None, committed },
        None => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Reply { status, soap, bytes: Vec::new(), retry_after: None, committed }
        }
    }
}

/// A Fault that carries `nirFeil`, signed or not.
pub async fn faulted(
    app: &Arc<App>,
    to: Recipient,
    code: FaultCode,
    feil: Vec<Feil>,
    sign: bool,
    of: Option<Kept>,
) -> Reply {
    let soap = to.soap;
    let (status, retry_after) = status_of(soap, code, &feil);
    let bytes = seal_on_pool(app, to, move || fault_body(soap, code, feil), sign, of).await.unwrap_or_default();
    Reply { status, soap, bytes, retry_after, committed: false }
}

/// Writes and signs on the pool, then hands the signature to the ledger.
async fn seal_on_pool(
    app: &Arc<App>,
    to: Recipient,
    body_child: impl FnOnce() -> Vec<u8> + Send + 'static,
    sign: bool,
    of: Option<Kept>,
) -> Option<Vec<u8>> {
    let work = {
        let app = Arc::clone(app);
        move || {
            let keys = app.keys.load();
            let signer = sign.then(|| keys.for_party(to.party.as_ref()));
            seal::seal(to.soap, &body_child(), signer, clock::now(), to.message_id.as_deref(), None)
        }
    };
    let sealed = match app.pool.run(work).await {
        Ok(sealed) => sealed,
        Err(panicked) => {
            tracing::error!(event = "seal_failed", %panicked);
            return None;
        }
    };
    if let Some((exchange, bevis)) = of {
        let work = Work::Signature { of: bevis, signature: sealed.signature_value };
        app.ledger.note(Job { exchange, work }).await;
    }
    Some(sealed.bytes)
}

/// Canonical bytes of a Fault whose detail is `nirFeil`.
pub fn fault_body(soap: SoapVersion, code: FaultCode, feil: Vec<Feil>) -> Vec<u8> {
    let first = feil.first();
    let (nb, en) = first.map_or((String::new(), String::new()), |f| {
        (format!("{}: {}", f.kode, f.melding), format!("{}: {}", f.kode, f.melding_en))
    });
    let detail = NirFeil { feil }.to_canonical(&Version::LATEST);
    fault::body(soap, &Fault { code, reason_nb: nb, reason_en: en, detail })
}

/// SOAP 1.1 answers every Fault with 500; SOAP 1.2 tells sender from receiver (SOAP 1.2 part 2 §7.5.2.2).
fn status_of(soap: SoapVersion, code: FaultCode, feil: &[Feil]) -> (StatusCode, Option<u64>) {
    let retry = feil.first().is_some_and(|f| f.kan_proeves_igjen).then_some(RETRY_SECONDS);
    let status = match (soap, code) {
        (SoapVersion::V12, FaultCode::Receiver) | (SoapVersion::V11, _) => StatusCode::INTERNAL_SERVER_ERROR,
        (SoapVersion::V12, _) => StatusCode::BAD_REQUEST,
    };
    (status, retry)
}

/// A Fault for a request whose body was not read, or not to be trusted.
pub async fn unread(app: &Arc<App>, peer: &Peer, soap: SoapVersion, code: &'static str, status: StatusCode) -> Reply {
    app.strangers.note(peer, code, "before the body", None);
    let fault_code = if code.starts_with("NIR-I") { FaultCode::Receiver } else { FaultCode::Sender };
    let feil = vec![feil::of_code(app.catalogue, code, &[])];
    Reply { status, ..to_a_stranger(app, peer, soap, fault_code, feil, None).await }
}

/// A Fault whose asker only TLS knows: signed for a registered party, within that party's budget (design.md 17).
async fn to_a_stranger(
    app: &Arc<App>,
    peer: &Peer,
    soap: SoapVersion,
    code: FaultCode,
    feil: Vec<Feil>,
    message_id: Option<String>,
) -> Reply {
    let party = tls_party(app, peer).filter(|party| app.fault_budget.take(&party.orgnr.to_string()));
    let sign = party.is_some();
    faulted(app, Recipient { soap, party, message_id }, code, feil, sign, None).await
}

/// NIR-T104 with `Retry-After`: unsigned, since signing is what a full house cannot afford.
pub fn busy(app: &Arc<App>, peer: &Peer, soap: SoapVersion) -> Reply {
    app.strangers.note(peer, "NIR-T104", "admission", None);
    let params = [("sekunder", RETRY_SECONDS.to_string())];
    let body = fault_body(soap, FaultCode::Receiver, vec![feil::of_code(app.catalogue, "NIR-T104", &params)]);
    let bytes = seal::seal(soap, &body, None, clock::now(), None, None).bytes;
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Reply { status, soap, bytes, retry_after: Some(RETRY_SECONDS), committed: false }
}

/// NIR-T103.
pub async fn too_large(app: &Arc<App>, peer: &Peer, soap: SoapVersion, most: usize) -> Reply {
    app.strangers.note(peer, "NIR-T103", "larger than the operation allows", None);
    let feil = vec![feil::of_code(app.catalogue, "NIR-T103", &[("maksimum", most.to_string())])];
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    Reply { status, ..to_a_stranger(app, peer, soap, FaultCode::Sender, feil, None).await }
}

/// The Fault for an arrival that the pipeline refused. An authenticated one is kept as evidence first.
pub async fn refused(app: &Arc<App>, refused: Refused) -> Reply {
    let Refused { arrival, cause, signer, operation, message_id, told } = refused;
    let (code, fault_code) = match &cause {
        Cause::Refusal(refusal) => (refusal.code, refusal.fault),
        Cause::Invalid(_) => ("NIR-X302", FaultCode::Sender),
    };
    metrics::counter!("nir_refused_total", "code" => code).increment(1);
    let feil = feil::of_cause(app.catalogue, &cause, &arrival.bytes);
    match signer {
        Some(signer) => {
            let name = operation.map_or("", |o| o.name);
            if let Cause::Refusal(refusal) = &cause {
                tracing::info!(event = "exchange_refused", code, operation = name, signer = %signer.party.orgnr, log = refusal.log);
            }
            let exchange = exchange_of(&arrival.bytes, arrival.received, name, &signer, None);
            let answer = fault_body(arrival.http_soap, fault_code, feil.clone());
            let tls = arrival.peer.organization.as_deref();
            let effect = told.and_then(|told| {
                avslag::effect(*told, &feil, &app.registry.load(), &app.policy, (&signer, tls), arrival.received)
            });
            let outcome = code.to_owned();
            let work = match effect.map(Box::new) {
                Some(effect) => Work::RecordWith { answer, outcome, effect },
                None => Work::Record { answer, outcome, handed_out: None },
            };
            let kept = app.ledger.commit(Job { exchange: exchange.clone(), work }).await;
            let of = match kept {
                Some(Ok(done)) => Some((exchange, done.bevis)),
                _ => {
                    tracing::error!(event = "evidence_not_written", code);
                    None
                }
            };
            let to = Recipient { soap: arrival.http_soap, party: Some(signer.party), message_id };
            faulted(app, to, fault_code, feil, true, of).await
        }
        None => {
            let log = if let Cause::Refusal(refusal) = &cause { refusal.log.as_str() } else { "" };
            app.strangers.note(&arrival.peer, code, log, Some(&arrival.bytes));
            to_a_stranger(app, &arrival.peer, arrival.http_soap, fault_code, feil, message_id).await
        }
    }
}

/// What is kept of an exchange.
pub fn exchange_of(
    request: &[u8],
    received: DateTime<Utc>,
    operation: &'static str,
    signer: &Signer,
    hode: Option<&Meldingshode>,
) -> Exchange {
    Exchange {
        operation,
        signer: signer.party.orgnr,
        avsendersystem: hode.map(|h| h.avsendersystem.clone()),
        meldings_id: hode.map(|h| h.meldings_id.clone()),
        user: hode.map(|h| h.overfoeringsbruker.clone()),
        request: request.into(),
        received,
    }
}

fn tls_party(app: &App, peer: &Peer) -> Option<Party> {
    let orgnr = peer.organization.as_deref()?.parse().ok()?;
    app.registry.load().parties.get(&orgnr).cloned()
}

/// Counts signed Faults per party and second.
#[derive(Debug, Default)]
pub struct FaultBudget(Mutex<(i64, HashMap<String, u32>)>);

impl FaultBudget {
    /// Whether one more may be signed for this party in this second.
    pub fn take(&self, party: &str) -> bool {
        self.take_at(party, clock::now().timestamp())
    }

    fn take_at(&self, party: &str, second: i64) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.0 != second {
            *spent = (second, HashMap::new());
        }
        let count = spent.1.entry(party.to_owned()).or_default();
        *count += 1;
        *count <= SIGNED_FAULTS_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_faults_a_second_are_signed_for_each_party() {
        let budget = FaultBudget::default();
        let signed = |party: &str, second| (0..50).filter(|_| budget.take_at(party, second)).count();
        assert_eq!([signed("a", 1), signed("b", 1), signed("a", 1), signed("a", 2)], [10, 10, 0, 10]);
    }
}
