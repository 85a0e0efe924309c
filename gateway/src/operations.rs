//! What each operation does once the message is verified, valid and decoded: one file per operation.

use std::sync::Arc;
use std::time::Duration;

use nir_wsdl::fault::FaultCode;
use nir_wsdl::refusal::Refusal;
use nir_xsd::message::{Answer, Feil, Meldingshode, Request, Version};
use register::command::Header;
use register::decide::{self, Now};
use register::id::Duf;
use register::ledger::{Done, Exchange, Job, LedgerError, Work};
use register::receipt::{Finding, Severity};
use register::registry::Registry;
use register::time::oslo_date;
use tokio::time::Instant;

use crate::admission::Held;
use crate::app::App;
use crate::feil;
use crate::pipeline::{Arrival, Call, Signer};
use crate::polls::{Full, Kind, Ticket, Watched, Woken};
use crate::reply::{self, Recipient, Reply};
use crate::translate;

pub mod bekreft_endringer;
pub mod bestill_oeyeblikksbilde;
pub mod finn_person;
pub mod forklar_vindu;
pub mod hent_avsenderstatus;
pub mod hent_beregningslogg;
pub mod hent_datakonsistens;
pub mod hent_endringer;
pub mod hent_kodeverk;
pub mod hent_kvittering;
pub mod hent_overfoeringsfeil;
pub mod hent_person;
pub mod hent_personliste;
pub mod hent_postoversikt;
pub mod hent_supportsak;
pub mod meld_feilregistrert;
pub mod meld_sertifikat;
pub mod meld_supportsak;
pub mod ping;
pub mod saker;
pub mod send_persongrunnlag;
pub mod send_registreringer;
pub mod side;
pub mod vent_paa_endringer;

/// What every operation is given.
pub struct Context {
    /// The gateway.
    pub app: Arc<App>,
    /// Who signed.
    pub signer: Signer,
    /// What is kept of the exchange.
    pub exchange: Exchange,
    /// How to answer.
    pub to: Recipient,
    /// The TLS client's organization.
    pub tls_organization: Option<String>,
    /// What the request holds of the house until it is answered.
    pub held: Held,
}

/// Runs the operation of the call.
pub async fn carry_out(app: &Arc<App>, call: Call) -> Reply {
    let Call { arrival, operation, signer, request, message_id } = call;
    let Arrival { peer, http_soap, bytes, received, held, .. } = arrival;
    metrics::counter!("nir_calls_total", "operation" => operation.name).increment(1);
    let hode = request.meldingshode();
    let exchange = reply::exchange_of(&bytes, received, operation.name, &signer, hode);
    // The exchange has its own copy: a poll that waits keeps one, not two.
    drop(bytes);
    let to = Recipient { soap: http_soap, party: Some(signer.party.clone()), message_id };
    let tls_organization = peer.organization.clone();
    let context = Context { app: Arc::clone(app), signer, exchange, to, tls_organization, held };
    match request {
        Request::Ping(wrapper) => ping::run(context, wrapper.forespoersel).await,
        Request::SendRegistreringer(wrapper) => send_registreringer::run(context, wrapper.melding).await,
        Request::HentKvittering(wrapper) => hent_kvittering::run(context, wrapper.forespoersel).await,
        Request::HentPerson(wrapper) => hent_person::run(context, wrapper.forespoersel).await,
        Request::HentKodeverk(wrapper) => hent_kodeverk::run(context, wrapper.forespoersel).await,
        Request::HentEndringer(wrapper) => hent_endringer::run(context, wrapper.forespoersel).await,
        Request::BekreftEndringer(wrapper) => bekreft_endringer::run(context, wrapper.forespoersel).await,
        Request::FinnPerson(wrapper) => finn_person::run(context, wrapper.forespoersel).await,
        Request::HentPersonliste(wrapper) => hent_personliste::run(context, wrapper.forespoersel).await,
        Request::HentPostoversikt(wrapper) => hent_postoversikt::run(context, wrapper.forespoersel).await,
        Request::HentBeregningslogg(wrapper) => hent_beregningslogg::run(context, wrapper.forespoersel).await,
        Request::HentDatakonsistens(wrapper) => hent_datakonsistens::run(context, wrapper.forespoersel).await,
        Request::ForklarVindu(wrapper) => forklar_vindu::run(context, wrapper.forespoersel).await,
        Request::HentAvsenderstatus(wrapper) => hent_avsenderstatus::run(context, wrapper.forespoersel).await,
        Request::MeldSertifikat(wrapper) => meld_sertifikat::run(context, wrapper.forespoersel).await,
        Request::SendPersongrunnlag(wrapper) => send_persongrunnlag::run(context, wrapper.melding).await,
        Request::MeldFeilregistrert(wrapper) => meld_feilregistrert::run(context, wrapper.forespoersel).await,
        Request::VentPaaEndringer(wrapper) => vent_paa_endringer::run(context, wrapper.forespoersel).await,
        Request::BestillOeyeblikksbilde(wrapper) => bestill_oeyeblikksbilde::run(context, wrapper.forespoersel).await,
        Request::HentOverfoeringsfeil(wrapper) => hent_overfoeringsfeil::run(context, wrapper.forespoersel).await,
        Request::MeldSupportsak(wrapper) => meld_supportsak::run(context, wrapper.forespoersel).await,
        Request::HentSupportsak(wrapper) => hent_supportsak::run(context, wrapper.forespoersel).await,
    }
}

impl Context {
    /// The registry as it is now.
    pub fn registry(&self) -> Arc<Registry> {
        self.app.registry.load_full()
    }

    /// The times of a read: register time of the kommune, wall time for inactivity.
    pub fn now(&self, registry: &Registry, hode: &Meldingshode) -> Now {
        let wall = self.exchange.received;
        let received = registry.register_time(hode.kommunenummer.parse().ok(), wall);
        Now { received, today: oslo_date(received), recorded: wall }
    }

    /// The header in the register's words.
    pub fn header(&self, hode: &Meldingshode) -> Header {
        translate::header(hode, self.signer.party.orgnr, self.tls_organization.as_deref())
    }

    /// The header and the sender's errors for a read: all of them at once, or none.
    pub fn sender(&self, hode: &Meldingshode) -> (Header, Vec<Finding>) {
        let (registry, header) = (self.registry(), self.header(hode));
        let findings = decide::sender_findings(&registry, &header, &self.app.policy, &self.now(&registry, hode));
        let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        (header, errors)
    }

    /// Keeps the exchange, then answers: a read leaves only after its evidence row has been committed.
    pub async fn recorded(self, answer: Answer, version: &Version, outcome: &str) -> Reply {
        let body = answer.to_canonical(version);
        let work = Work::Record { answer: body, outcome: outcome.to_owned(), handed_out: None };
        self.committed(work).await
    }

    /// Answers without evidence (ping, a poll without news).
    pub async fn unrecorded(self, answer: Answer, version: &Version) -> Reply {
        reply::sealed(&self.app, self.to, answer.to_canonical(version), None).await
    }

    /// Runs the work in the ledger and seals what it answers.
    pub async fn committed(self, work: Work) -> Reply {
        let outcome = self.commit(work).await;
        self.answered(outcome).await
    }

    /// Runs the work in the ledger.
    pub async fn commit(&self, work: Work) -> Result<Done, LedgerError> {
        let job = Job { exchange: self.exchange.clone(), work };
        self.app.ledger.commit(job).await.unwrap_or(Err(LedgerError::OutcomeUnknown))
    }

    /// Seals what the ledger answered.
    pub async fn answered(self, outcome: Result<Done, LedgerError>) -> Reply {
        match outcome {
            Ok(Done { answer, bevis, .. }) => {
                reply::sealed(&self.app, self.to, answer, Some((self.exchange, bevis))).await
            }
            Err(error) => self.failed(&error).await,
        }
    }

    /// Keeps a read of many persons, with how many it showed and a digest of which (design.md 17, Reads), then answers.
    pub async fn recorded_list(self, answer: Answer, version: &Version, shown: &[Duf]) -> Reply {
        let numbers = shown.iter().map(Duf::to_string).collect::<Vec<_>>().join("\n");
        let digest = hex::encode(register::evidence::sha256(numbers.as_bytes()));
        self.recorded(answer, version, &format!("OK {} {digest}", shown.len())).await
    }

    /// The declared Fault of a code that is not the register's own.
    pub async fn refused(self, refusal: &Refusal, xpath: &str) -> Reply {
        let params: Vec<_> = refusal.params.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut feil = feil::of_code(self.app.catalogue, refusal.code, &params);
        feil.felt = xpath.rsplit('/').next().map(str::to_owned);
        feil.xpath = Some(xpath.to_owned());
        self.fault(vec![feil]).await
    }

    /// Enters the polls that wait, where the request says how long; `None` without a wait.
    pub fn ticket(&self, kind: Kind, streams: Vec<Watched>, seconds: u64) -> Result<Option<(Ticket, Instant)>, Full> {
        if seconds == 0 {
            return Ok(None);
        }
        let ticket = self.app.polls.enter(kind, streams, self.exchange.request.len())?;
        Ok(Some((ticket, Instant::now() + Duration::from_secs(seconds))))
    }

    /// Waits for news without a seat: whoever is in work takes it meanwhile.
    pub async fn wait(&mut self, ticket: &Ticket, until: Instant) -> Woken {
        self.held.seat = None;
        self.held.memory.clear();
        let woken = ticket.woken(until).await;
        self.held.seat = self.app.admission.seat_again(&self.held.sender).await;
        woken
    }

    /// No more polls can wait: the caller comes again.
    pub async fn busy(self) -> Reply {
        metrics::counter!("nir_turned_away_total", "limit" => "polls").increment(1);
        let feil =
            vec![feil::of_code(self.app.catalogue, "NIR-T104", &[("sekunder", reply::RETRY_SECONDS.to_string())])];
        let reply = reply::faulted(&self.app, self.to, FaultCode::Receiver, feil, true, None).await;
        Reply { status: hyper::StatusCode::SERVICE_UNAVAILABLE, ..reply }
    }

    /// A source that is held (design.md 8, Bremse): it comes again until an operator has let it on. The refusal is kept.
    pub async fn source_held(self, kilde: &str) -> Reply {
        tracing::warn!(event = "source_held", kilde);
        metrics::counter!("nir_turned_away_total", "limit" => "bremse").increment(1);
        let params = [("sekunder", reply::HELD_SECONDS.to_string())];
        let feil = vec![feil::of_code(self.app.catalogue, "NIR-T104", &params)];
        let answer = reply::fault_body(self.to.soap, FaultCode::Receiver, feil.clone());
        let work = Work::Record { answer, outcome: "NIR-T104".to_owned(), handed_out: None };
        let kept = match self.commit(work).await {
            Ok(Done { bevis, .. }) => Some((self.exchange, bevis)),
            Err(error) => return self.failed(&error).await,
        };
        let reply = reply::faulted(&self.app, self.to, FaultCode::Receiver, feil, true, kept).await;
        let (status, retry_after) = (hyper::StatusCode::SERVICE_UNAVAILABLE, Some(reply::HELD_SECONDS));
        Reply { status, retry_after, ..reply }
    }

    /// A failure of ours.
    pub async fn failed(self, error: &LedgerError) -> Reply {
        tracing::error!(event = "call_failed", operation = self.exchange.operation, %error);
        let code = match error {
            LedgerError::OutcomeUnknown => "NIR-I903",
            LedgerError::Locked => "NIR-K705",
            _ => "NIR-I901",
        };
        let feil = vec![feil::of_code(self.app.catalogue, code, &[])];
        reply::faulted(&self.app, self.to, FaultCode::Receiver, feil, true, None).await
    }

    /// The declared Fault of a read: the same `Feil` list as a receipt has (contract.md 0.9).
    pub async fn nir_feil(self, root: &str, findings: &[Finding]) -> Reply {
        let feil: Vec<_> = findings
            .iter()
            .map(|f| {
                feil::of_finding(self.app.catalogue, f, uuid::Uuid::new_v4(), translate::read_xpath(root, f.field))
            })
            .collect();
        self.fault(feil).await
    }

    /// Keeps the refusal, then answers it.
    async fn fault(self, mut feil: Vec<Feil>) -> Reply {
        feil::find_places(feil.iter_mut().collect(), &self.exchange.request);
        let outcome = feil.first().map(|f| f.kode.clone()).unwrap_or_default();
        metrics::counter!("nir_refused_total", "code" => outcome.clone()).increment(1);
        let answer = reply::fault_body(self.to.soap, FaultCode::Sender, feil.clone());
        match self.commit(Work::Record { answer, outcome, handed_out: None }).await {
            Ok(Done { bevis, .. }) => {
                let kept = Some((self.exchange, bevis));
                reply::faulted(&self.app, self.to, FaultCode::Sender, feil, true, kept).await
            }
            Err(error) => self.failed(&error).await,
        }
    }
}
