//! The way to a receiver and back: one HTTP/1.1 exchange over TLS, within named limits. No redirection is followed, no
//! proxy asked, and the address that was checked is the one that is connected to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use nir_wsdl::certificate::{Certificate, Trust};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::operation::Operation;
use nir_wsdl::seal::{self, Sealed};
use register::policy::Policy;
use register::registry::Registry;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Receiver;
use super::address::Target;
use super::outcome::Why;
use crate::app::{AnswerKeys, App};
use crate::clock;
use crate::config::Config;

/// Our end of an exchange: what a running gateway has, and what `stream ping` reads from the same files and tables.
pub struct OurEnd<'a> {
    /// Limits.
    pub config: &'a Config,
    /// Client certificate and anchors.
    pub tls: Arc<ClientConfig>,
    /// Anchors and revocation of what is signed.
    pub trust: &'a Trust,
    /// Parties and rights.
    pub registry: Arc<Registry>,
    /// Rules.
    pub policy: &'a Policy,
}

impl<'a> OurEnd<'a> {
    /// As it is in the running gateway now.
    pub fn of(app: &'a App) -> Self {
        let (tls, registry) = (app.push.tls.load_full(), app.registry.load_full());
        OurEnd { config: &app.config, tls, trust: &app.trust, registry, policy: &app.policy }
    }
}

/// How an exchange ended.
#[derive(Debug)]
pub struct Exchanged {
    /// Whether bytes of the message may have left.
    pub sent: bool,
    /// What was seen before it ended.
    pub seen: Seen,
    /// What came: the whole body of a 200, or why there is none.
    pub answer: Result<Bytes, Why>,
}

/// What was seen of the other end, in the order in which it is. What is missing was not reached.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where its name leads.
    pub addresses: Vec<SocketAddr>,
    /// Which of them was connected to.
    pub connected: Option<SocketAddr>,
    /// The version of TLS, once both ends took it.
    pub tls: Option<String>,
    /// Whose its TLS certificate is and how long, once that was accepted.
    pub certificate: Option<String>,
}

/// Signs a message to a receiver with the key that answers to its operator are signed with.
pub fn sealed(
    keys: &AnswerKeys,
    registry: &Registry,
    receiver: &Receiver,
    (operation, body): (&Operation, &[u8]),
    at: DateTime<Utc>,
) -> Sealed {
    let signer = keys.for_party(registry.parties.get(&receiver.system.operator));
    seal::seal(SoapVersion::V11, body, Some(signer), at, None, Some(operation.action))
}

/// Sends the envelope and reads the answer.
pub async fn exchange(our: &OurEnd<'_>, receiver: &Receiver, operation: &Operation, envelope: Vec<u8>) -> Exchanged {
    let delivery = &our.config.delivery;
    let mut seen = Seen::default();
    let target = match Target::parse(&receiver.address.url) {
        Ok(target) => target,
        Err(problem) => return Exchanged { sent: false, seen, answer: Err(Why::Unusable(problem)) },
    };
    let connecting = connect(our, receiver, &target, &mut seen);
    let connected = timeout(Duration::from_secs(delivery.connect_seconds), connecting).await;
    let stream = match connected.unwrap_or(Err(Why::TimedOut)) {
        Ok(stream) => stream,
        Err(why) => return Exchanged { sent: false, seen, answer: Err(why) },
    };
    let asking = ask(our, &target, stream, operation, envelope);
    let asked = timeout(Duration::from_secs(delivery.answer_seconds), asking).await;
    Exchanged { sent: true, seen, answer: asked.unwrap_or(Err(Why::TimedOut)) }
}

/// A connection whose other end is who it should be.
async fn connect(
    our: &OurEnd<'_>,
    receiver: &Receiver,
    target: &Target,
    seen: &mut Seen,
) -> Result<TlsStream<TcpStream>, Why> {
    seen.addresses = target.resolve(receiver.address.private_allowed).await?;
    let lost = |error: std::io::Error| Why::NoConnection(error.kind().to_string());
    let stream = TcpStream::connect(seen.addresses.as_slice()).await.map_err(lost)?;
    stream.set_nodelay(true).map_err(lost)?;
    seen.connected = stream.peer_addr().ok();
    let name = ServerName::try_from(target.host.clone()).map_err(|_| Why::Unusable("names no host"))?;
    let connector = TlsConnector::from(Arc::clone(&our.tls));
    let tls = connector.connect(name, stream).await.map_err(|error| Why::Tls(error.to_string()))?;
    let session = tls.get_ref().1;
    // TLSv1_3
    let spoken = session.protocol_version().and_then(|version| version.as_str());
    seen.tls = spoken.map(|version| version.replace("TLSv", "TLS ").replace('_', "."));
    let shown = session.peer_certificates().and_then(<[_]>::first);
    seen.certificate = Some(belongs(our, receiver, shown.map(AsRef::as_ref))?);
    Ok(tls)
}

/// The TLS certificate names the organization that was approved, and was not revoked. That it chains, is in force and
/// carries the host's name the TLS stack has checked.
fn belongs(our: &OurEnd<'_>, receiver: &Receiver, der: Option<&[u8]>) -> Result<String, Why> {
    let certificate = der.and_then(|der| Certificate::from_der(der).ok());
    if let Some(wanted) = receiver.address.tls_organization {
        let named = certificate.as_ref().and_then(|certificate| certificate.orgnr().ok());
        if named.is_none_or(|named| named != wanted.to_string()) {
            return Err(Why::OtherOrganization(wanted.to_string()));
        }
    }
    if certificate.as_ref().is_some_and(|certificate| our.trust.is_revoked(certificate, clock::now())) {
        return Err(Why::Certificate("NIR-S212"));
    }
    Ok(certificate.map_or_else(|| "names no organization".to_owned(), |certificate| whose(&certificate)))
}

fn whose(certificate: &Certificate) -> String {
    let organization =
        certificate.orgnr().map_or_else(|_| "no organization".to_owned(), |number| format!("organization {number}"));
    format!("{organization}, valid to {}", certificate.not_after().format("%Y-%m-%d"))
}

async fn ask(
    our: &OurEnd<'_>,
    target: &Target,
    stream: TlsStream<TcpStream>,
    operation: &Operation,
    envelope: Vec<u8>,
) -> Result<Bytes, Why> {
    let request = Request::post(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
        .header(header::CONNECTION, "close")
        .header("SOAPAction", format!("\"{}\"", operation.action))
        .body(Full::new(Bytes::from(envelope)))
        .map_err(|_| Why::Unusable("cannot be asked for"))?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(64)
        .max_buf_size(our.config.limits.header_bytes.max(8192))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Why::Broken)?;
    let driver = Driver(tokio::spawn(async move { drop(connection.await) }));
    let response = sender.send_request(request).await.map_err(|_| Why::Broken)?;
    let status = response.status();
    if status.is_redirection() {
        return Err(Why::Redirected(status.as_u16()));
    }
    let body = Limited::new(response.into_body(), our.config.delivery.answer_bytes).collect().await;
    drop(driver);
    let body = body.map_err(|error| if error.is::<LengthLimitError>() { Why::TooLarge } else { Why::Broken })?;
    if status == StatusCode::OK { Ok(body.to_bytes()) } else { Err(Why::Status(status.as_u16())) }
}

/// The connection ends with whoever asked, also when that was given up.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What deliveries share: the TLS of our own end, and the word that something was committed.
pub struct Push {
    /// Client certificate and anchors, as they are now.
    pub tls: arc_swap::ArcSwap<ClientConfig>,
    /// Rung after a commit that gave numbers.
    pub news: Arc<tokio::sync::Notify>,
}

impl Push {
    /// With these keys and anchors.
    pub fn new(tls: Arc<ClientConfig>, news: Arc<tokio::sync::Notify>) -> Self {
        Push { tls: arc_swap::ArcSwap::new(tls), news }
    }
}
