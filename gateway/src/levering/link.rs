//! The way to a receiver and back: one HTTP/1.1 exchange over TLS, within named limits. No redirection is followed, no
//! proxy asked, and the address that was checked is the one that is connected to.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::operation;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Receiver;
use super::address::Target;
use super::outcome::Why;
use crate::app::App;
use crate::clock;

/// How an exchange ended.
#[derive(Debug)]
pub struct Exchanged {
    /// Whether bytes of the message may have left.
    pub sent: bool,
    /// What came: the whole body of a 200, or why there is none.
    pub answer: Result<Bytes, Why>,
}

impl Exchanged {
    fn unsent(why: Why) -> Self {
        Exchanged { sent: false, answer: Err(why) }
    }
}

/// Sends the envelope and reads the answer.
pub async fn exchange(app: &App, receiver: &Receiver, envelope: Vec<u8>) -> Exchanged {
    let delivery = &app.config.delivery;
    let target = match Target::parse(&receiver.address.url) {
        Ok(target) => target,
        Err(problem) => return Exchanged::unsent(Why::Unusable(problem)),
    };
    let connected = timeout(Duration::from_secs(delivery.connect_seconds), connect(app, receiver, &target)).await;
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(why)) => return Exchanged::unsent(why),
        Err(_) => return Exchanged::unsent(Why::TimedOut),
    };
    let asked = timeout(Duration::from_secs(delivery.answer_seconds), ask(app, &target, stream, envelope)).await;
    Exchanged { sent: true, answer: asked.unwrap_or(Err(Why::TimedOut)) }
}

/// A connection whose other end is who it should be.
async fn connect(app: &App, receiver: &Receiver, target: &Target) -> Result<TlsStream<TcpStream>, Why> {
    let addresses = target.resolve(receiver.address.private_allowed).await?;
    let lost = |error: std::io::Error| Why::NoConnection(error.kind().to_string());
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(lost)?;
    stream.set_nodelay(true).map_err(lost)?;
    let name = ServerName::try_from(target.host.clone()).map_err(|_| Why::Unusable("names no host"))?;
    let connector = TlsConnector::from(app.push.tls.load_full());
    let tls = connector.connect(name, stream).await.map_err(|error| Why::Tls(error.to_string()))?;
    let shown = tls.get_ref().1.peer_certificates().and_then(<[_]>::first);
    belongs(app, receiver, shown.map(AsRef::as_ref))?;
    Ok(tls)
}

/// The TLS certificate names the organization that was approved, and was neither revoked nor ran out. That it chains and
/// carries the host's name the TLS stack has checked.
fn belongs(app: &App, receiver: &Receiver, der: Option<&[u8]>) -> Result<(), Why> {
    let certificate = der.and_then(|der| Certificate::from_der(der).ok());
    if let Some(wanted) = receiver.address.tls_organization {
        let named = certificate.as_ref().and_then(|certificate| certificate.orgnr().ok());
        if named.is_none_or(|named| named != wanted.to_string()) {
            return Err(Why::OtherOrganization(wanted.to_string()));
        }
    }
    let standing = certificate.and_then(|certificate| app.trust.check(&certificate, clock::now()).err());
    match standing.filter(|refusal| matches!(refusal.code, "NIR-S210" | "NIR-S212")) {
        Some(refusal) => Err(Why::Certificate(refusal.code)),
        None => Ok(()),
    }
}

async fn ask(app: &App, target: &Target, stream: TlsStream<TcpStream>, envelope: Vec<u8>) -> Result<Bytes, Why> {
    let request = Request::post(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
        .header(header::CONNECTION, "close")
        .header("SOAPAction", format!("\"{}\"", operation::DELIVER.action))
        .body(Full::new(Bytes::from(envelope)))
        .map_err(|_| Why::Unusable("cannot be asked for"))?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(64)
        .max_buf_size(app.config.limits.header_bytes.max(8192))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Why::Broken)?;
    let driver = Driver(tokio::spawn(async move { drop(connection.await) }));
    let response = sender.send_request(request).await.map_err(|_| Why::Broken)?;
    let status = response.status();
    if status.is_redirection() {
        return Err(Why::Redirected(status.as_u16()));
    }
    let body = Limited::new(response.into_body(), app.config.delivery.answer_bytes).collect().await;
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
    pub tls: arc_swap::ArcSwap<rustls::ClientConfig>,
    /// Rung after a commit that gave numbers.
    pub news: Arc<tokio::sync::Notify>,
}

impl Push {
    /// With these keys and anchors.
    pub fn new(tls: Arc<rustls::ClientConfig>, news: Arc<tokio::sync::Notify>) -> Self {
        Push { tls: arc_swap::ArcSwap::new(tls), news }
    }
}
