//! HTTP: accept, limits, routes. Every limit has a name in `config.limits`; nothing is read that was not admitted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use nir_wsdl::certificate::Certificate;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::operation;
use nir_wsdl::service::{self, Service};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::admission::{self, Held};
use crate::app::App;
use crate::contract;
use crate::pipeline::{self, Arrival};
use crate::reply::{self, Reply};

/// What is read of a body that was refused, so that the refusal is heard: four messages of the largest size.
const FORGOTTEN_BYTES: usize = 4 * operation::LARGEST;
/// The longest pause in it.
const FORGOTTEN_PAUSE: Duration = Duration::from_secs(1);

/// Who is at the other end of the connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Address, for the log of refused exchanges.
    pub address: SocketAddr,
    /// Organization number of the TLS client certificate; `None` without a certificate or a number in it.
    pub organization: Option<String>,
    /// The TLS client certificate, or the code that says why it is none (NIR-T101 when none was sent).
    pub certificate: Result<Arc<Certificate>, &'static str>,
}

impl Peer {
    fn new(address: SocketAddr, client: Option<&[u8]>) -> Self {
        let read = |der| Certificate::from_der(der).map(Arc::new).map_err(|refusal| refusal.code);
        let certificate = client.ok_or("NIR-T101").and_then(read);
        let organization = certificate.as_ref().ok().and_then(|certificate| certificate.orgnr().ok());
        Peer { address, organization, certificate }
    }

    /// Why this end may carry nobody's message, whoever signed it: no certificate, no organization in it, or one that
    /// was revoked or ran out (threats.md, class 24). The rest the TLS stack has checked, by anchors of its own.
    fn refusal(&self, app: &App, at: DateTime<Utc>) -> Option<&'static str> {
        let certificate = match &self.certificate {
            Ok(certificate) => certificate,
            Err(code) => return Some(code),
        };
        let standing = app.trust.check(certificate, at).err().filter(|r| matches!(r.code, "NIR-S210" | "NIR-S212"));
        certificate.orgnr().err().or(standing).map(|refusal| refusal.code)
    }
}

/// Accepts until told to drain; then lets what is in work finish.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut drain: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(app.config.limits.connections));
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = drain.changed() => break,
        };
        while tasks.try_join_next().is_some() {}
        let Ok((stream, address)) = accepted else {
            // Out of file descriptors or a connection reset while queued: the next accept may work.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&connections).try_acquire_owned() else {
            metrics::counter!("nir_connections_refused_total").increment(1);
            continue;
        };
        let (app, drain) = (Arc::clone(&app), drain.clone());
        tasks.spawn(async move {
            connection(app, stream, address, drain).await;
            drop(place);
        });
    }
    drop(listener);
    let patience = Duration::from_secs(app.config.limits.drain_seconds);
    let _ = timeout(patience, async { while tasks.join_next().await.is_some() {} }).await;
}

async fn connection(app: Arc<App>, stream: TcpStream, address: SocketAddr, mut drain: watch::Receiver<bool>) {
    // Answers are small and whole; waiting to fill a segment only adds latency.
    let _ = stream.set_nodelay(true);
    let limits = &app.config.limits;
    let handshake =
        timeout(Duration::from_secs(limits.handshake_seconds), app.acceptor.load_full().accept(stream)).await;
    let Ok(Ok(tls)) = handshake else {
        metrics::counter!("nir_tls_handshakes_failed_total").increment(1);
        return;
    };
    let client = tls.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let peer = Arc::new(Peer::new(address, client.map(AsRef::as_ref)));
    metrics::gauge!("nir_connections").increment(1.0);
    let service = service_fn(|request| {
        let (app, peer) = (Arc::clone(&app), Arc::clone(&peer));
        async move { handle(app, peer, request).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds))
        .max_buf_size(limits.header_bytes.max(8192))
        .max_headers(64)
        .serve_connection(TokioIo::new(tls), service);
    tokio::pin!(served);
    loop {
        tokio::select! {
            _ = served.as_mut() => break,
            _ = drain.changed() => served.as_mut().graceful_shutdown(),
        }
    }
    metrics::gauge!("nir_connections").decrement(1.0);
}

/// One request: routes, then for a SOAP call the checks of the HTTP level, admission, body, pipeline.
async fn handle(
    app: Arc<App>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, AnswerLost> {
    let path = request.uri().path();
    if request.method() == Method::GET {
        return Ok(contract::get(&app, path, request.uri().query(), request.headers()));
    }
    // What follows a request that is none of ours may be meant as its content (the tunnel of a CONNECT): it is never
    // taken for a request of its own.
    let Some(called) = service::at(path) else {
        let mut response = plain(StatusCode::NOT_FOUND, "Ukjent adresse. / Unknown address.");
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return Ok(response);
    };
    let last = request.method() != Method::POST || is_last(request.headers());
    let reply = soap_call(&app, &peer, called, request).await?;
    let mut response = respond(reply);
    if last {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// The sandbox was told to lose this answer: the connection breaks after the commit (design.md 10).
#[derive(Debug, thiserror::Error)]
#[error("the answer was lost on request")]
struct AnswerLost;

async fn soap_call(
    app: &Arc<App>,
    peer: &Arc<Peer>,
    called: &'static Service,
    request: Request<Incoming>,
) -> Result<Reply, AnswerLost> {
    let (head, mut body) = request.into_parts();
    let reply = answer_call(app, peer, called, head, &mut body).await;
    if !body.is_end_stream() {
        tokio::spawn(forget(body));
    }
    if reply.committed && app.faults.as_ref().is_some_and(|faults| faults.take_lose_answer()) {
        return Err(AnswerLost);
    }
    Ok(reply)
}

/// Reads what a refused caller still sends, and forgets it. Most callers write everything before they read anything,
/// and closing on data that was not read resets the connection: they would never see why (RFC 9112 §9.6).
async fn forget(mut body: Incoming) {
    let mut left = FORGOTTEN_BYTES;
    while let Ok(Some(Ok(frame))) = timeout(FORGOTTEN_PAUSE, body.frame()).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

async fn answer_call(
    app: &Arc<App>,
    peer: &Arc<Peer>,
    service: &'static Service,
    head: Parts,
    body: &mut Incoming,
) -> Reply {
    let started = crate::clock::now();
    let content = content_type(&head.headers);
    // What is no SOAP is answered in the version that everybody reads.
    let soap = content.as_ref().map_or(SoapVersion::V11, |content| content.soap);
    if head.method != Method::POST {
        return reply::unread(app, peer, soap, "NIR-T110", StatusCode::METHOD_NOT_ALLOWED).await;
    }
    if let Some(code) = peer.refusal(app, started) {
        return reply::unread(app, peer, soap, code, StatusCode::FORBIDDEN).await;
    }
    let content = match content {
        Ok(content) => content,
        Err(code) => return reply::unread(app, peer, soap, code, StatusCode::UNSUPPORTED_MEDIA_TYPE).await,
    };
    if app.faults.as_ref().is_some_and(|faults| faults.take_503()) {
        return reply::busy(app, peer, soap);
    }
    let sender = peer.organization.clone().unwrap_or_else(|| peer.address.ip().to_string());
    let seat = match app.admission.seat(&sender) {
        Ok(seat) => seat,
        Err(full) => return turned_away(app, peer, soap, full),
    };
    let action = action(content.action, &head.headers);
    // The action is only a hint for the limit; the root element is checked against it after verification.
    let most = action.as_deref().and_then(operation::by_action).map_or(operation::LARGEST, |known| known.max_bytes);
    let declared = head.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return reply::too_large(app, peer, soap, most).await;
    }
    let limit = Duration::from_secs(app.config.limits.body_seconds);
    let read = timeout(limit, read_body(app, body, declared, most)).await;
    let (bytes, memory) = match read {
        Ok(Ok(read)) => read,
        Ok(Err(BodyFailure::TooLarge)) => return reply::too_large(app, peer, soap, most).await,
        Ok(Err(BodyFailure::Full(full))) => return turned_away(app, peer, soap, full),
        Ok(Err(BodyFailure::Broken)) | Err(_) => {
            return reply::unread(app, peer, soap, "NIR-I903", StatusCode::REQUEST_TIMEOUT).await;
        }
    };
    if let Some(pause) = app.faults.as_ref().and_then(|faults| faults.slow()) {
        tokio::time::sleep(pause).await;
    }
    let held = Held { sender, seat: Some(seat), memory };
    let arrival = Arrival { peer: Arc::clone(peer), service, http_soap: soap, action, bytes, received: started, held };
    pipeline::answer(app, arrival).await
}

enum BodyFailure {
    TooLarge,
    Full(admission::Full),
    Broken,
}

async fn read_body(
    app: &App,
    body: &mut Incoming,
    declared: Option<usize>,
    most: usize,
) -> Result<(Bytes, Vec<tokio::sync::OwnedSemaphorePermit>), BodyFailure> {
    let mut memory = Vec::new();
    let mut reserved = declared.unwrap_or(0);
    if reserved > 0 {
        memory.push(app.admission.bytes(reserved).map_err(BodyFailure::Full)?);
    }
    let mut bytes = Vec::with_capacity(reserved);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyFailure::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(BodyFailure::TooLarge);
        }
        if bytes.len() + data.len() > reserved {
            let step = data.len().max(64 * 1024);
            memory.push(app.admission.bytes(step).map_err(BodyFailure::Full)?);
            reserved += step;
        }
        bytes.extend_from_slice(&data);
    }
    Ok((Bytes::from(bytes), memory))
}

fn turned_away(app: &Arc<App>, peer: &Peer, soap: SoapVersion, full: admission::Full) -> Reply {
    metrics::counter!("nir_turned_away_total", "limit" => format!("{full:?}").to_lowercase()).increment(1);
    reply::busy(app, peer, soap)
}

struct ContentType {
    soap: SoapVersion,
    action: Option<String>,
}

/// The two media types of SOAP; another one, a charset that is not UTF-8 or a content coding is refused.
fn content_type(headers: &HeaderMap) -> Result<ContentType, &'static str> {
    let plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Err("NIR-T102");
    }
    // Two of them are two opinions of what the body is.
    let mut stated = headers.get_all(header::CONTENT_TYPE).iter();
    let one = stated.next().filter(|_| stated.next().is_none());
    let text = one.and_then(|v| v.to_str().ok()).ok_or("NIR-T102")?;
    let media: mime::Mime = text.parse().map_err(|_| "NIR-T102")?;
    if media.params().any(|(name, value)| name == mime::CHARSET && value != mime::UTF_8) {
        return Err("NIR-T109");
    }
    let action = media.get_param("action").map(|v| v.as_str().to_owned()).filter(|v| !v.is_empty());
    match media.essence_str() {
        "text/xml" => Ok(ContentType { soap: SoapVersion::V11, action: None }),
        "application/soap+xml" => Ok(ContentType { soap: SoapVersion::V12, action }),
        _ => Err("NIR-T102"),
    }
}

/// The action parameter of SOAP 1.2 and SOAPAction of 1.1 (zeep sends it with 1.2 too); quoted or not, empty counts as
/// absent (design.md 17). Where several are said, all are kept, and so agree with no operation unless they are one.
fn action(parameter: Option<String>, headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all("soapaction").iter().filter_map(|value| value.to_str().ok());
    let lines = lines.map(|text| text.trim().trim_matches('"').to_owned()).filter(|text| !text.is_empty());
    let mut said: Vec<String> = parameter.into_iter().chain(lines).collect();
    said.dedup();
    (!said.is_empty()).then(|| said.join(" "))
}

/// Whether this is the last request of its connection: the caller says so (strong-soap and gSOAP do, and fail without
/// the echo, clients.md), or its body has no stated length. The end of such a body is where others might see another
/// request begin, so nothing after it is read (RFC 9112 §6.1).
fn is_last(headers: &HeaderMap) -> bool {
    let words = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let close = words.flat_map(|text| text.split(',')).any(|word| word.trim().eq_ignore_ascii_case("close"));
    close || headers.contains_key(header::TRANSFER_ENCODING)
}

fn respond(reply: Reply) -> Response<Full<Bytes>> {
    let media = match reply.soap {
        SoapVersion::V11 => "text/xml; charset=utf-8",
        SoapVersion::V12 => "application/soap+xml; charset=utf-8",
    };
    let mut response = Response::new(Full::new(Bytes::from(reply.bytes)));
    *response.status_mut() = reply.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if reply.status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A plain text answer outside SOAP.
pub fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
