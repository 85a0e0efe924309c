//! The sandbox's own control: `GET /sandbox`, `POST /sandbox/{clock,reset,fault}` on loopback (design.md 10).
//!
//! Any page in a browser can send requests to loopback; so Host, and Origin where there is one, must be loopback names
//! (no DNS rebinding, no other site), and a POST must be JSON (which needs a preflight that is never allowed).

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use register::registry::RegistryEntry;
use register::store::Store;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{RwLock, mpsc, oneshot};

use super::fault::{Faults, Order};
use super::register_clock;
use crate::app::App;
use crate::{clock, kalender};

/// Nothing said to the control is longer.
const MOST_BYTES: usize = 64 * 1024;

/// A wish to begin anew; answered when it is done.
pub type Reset = oneshot::Sender<Result<(), String>>;

/// What the control works on.
#[derive(Debug)]
pub struct Control {
    /// The register, empty while it is being reset.
    pub store: RwLock<Option<Store>>,
    /// The gateway while it runs; it is not kept from stopping.
    pub app: RwLock<Weak<App>>,
    /// The orders.
    pub faults: Arc<Faults>,
    /// What `endpoints.json` says.
    pub endpoints: RwLock<Value>,
    /// To the sandbox itself.
    pub resets: mpsc::Sender<Reset>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    tid: String,
    #[serde(default)]
    kommune: Option<String>,
}

type Answer = Result<Value, (StatusCode, String)>;

/// Serves until the task is dropped.
pub async fn serve(control: Arc<Control>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let control = Arc::clone(&control);
                async move { Ok::<_, Infallible>(control.answer(request).await) }
            });
            // A caller that hangs up is no event.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Control {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let answer = match (&head.method, head.uri.path()) {
            _ if !is_local(&head.headers) => Err((StatusCode::FORBIDDEN, "call it as localhost".to_owned())),
            (&Method::GET, "/") | (&Method::GET, "/sandbox") => self.status().await,
            (&Method::POST, path @ ("/sandbox/clock" | "/sandbox/fault" | "/sandbox/reset")) => {
                match read(&head.headers, body).await {
                    Ok(bytes) => self.post(path, &bytes).await,
                    Err(refused) => Err(refused),
                }
            }
            _ => Err((
                StatusCode::NOT_FOUND,
                "GET /sandbox, POST /sandbox/clock, POST /sandbox/fault, POST /sandbox/reset".to_owned(),
            )),
        };
        let (status, value) = match answer {
            Ok(value) => (StatusCode::OK, value),
            Err((status, text)) => (status, json!({ "feil": text })),
        };
        let mut response = Response::new(Full::new(Bytes::from(format!("{value:#}\n"))));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        response
    }

    async fn post(&self, path: &str, bytes: &[u8]) -> Answer {
        match path {
            "/sandbox/clock" => self.set_clock(parse(bytes)?).await,
            "/sandbox/fault" => {
                let order: Order = parse(bytes)?;
                self.faults.order(&order).map_err(|text| (StatusCode::BAD_REQUEST, text.to_owned()))?;
                Ok(json!(self.faults.outstanding()))
            }
            _ => self.reset().await,
        }
    }

    async fn status(&self) -> Answer {
        let store = self.store().await?;
        let registry = store.load_registry().await.map_err(internal)?;
        let now = clock::now();
        let mut registertid = serde_json::Map::new();
        let mut kommuner: Vec<_> = registry.parties.values().filter_map(|party| party.kommune).collect();
        kommuner.sort();
        for kommune in kommuner {
            let offset = registry.clock_offsets.get(&kommune).copied().unwrap_or(0);
            registertid.insert(kommune.to_string(), json!(register_clock::shown(now, offset)));
        }
        Ok(json!({
            "endpoints": *self.endpoints.read().await,
            "tid": register_clock::shown(now, 0),
            "registertid": registertid,
            "feil": self.faults.outstanding(),
        }))
    }

    async fn set_clock(&self, order: SetClock) -> Answer {
        let bad = |text: String| (StatusCode::BAD_REQUEST, text);
        let store = self.store().await?;
        let registry = store.load_registry().await.map_err(internal)?;
        let mut kommuner: Vec<_> = registry.parties.values().filter_map(|party| party.kommune).collect();
        kommuner.sort();
        if let Some(only) = &order.kommune {
            kommuner.retain(|kommune| kommune.to_string() == *only);
            if kommuner.is_empty() {
                return Err(bad(format!("{only} is no kommune of the sandbox")));
            }
        }
        let now = clock::now();
        let offset_seconds = register_clock::offset(&order.tid, now).map_err(|error| bad(error.to_string()))?;
        let rows: Vec<_> =
            kommuner.iter().map(|kommune| RegistryEntry::Clock { kommune: *kommune, offset_seconds }).collect();
        store.put_registry(&rows, now).await.map_err(internal)?;
        // What the days between have brought is there when the answer is.
        if let Some(app) = self.app.read().await.upgrade() {
            app.registry.store(Arc::new(store.load_registry().await.map_err(internal)?));
            kalender::catch_up(&app, None).await.map_err(internal)?;
        }
        let shown: serde_json::Map<_, _> = kommuner
            .iter()
            .map(|kommune| (kommune.to_string(), json!(register_clock::shown(clock::now(), offset_seconds))))
            .collect();
        Ok(json!({ "registertid": shown }))
    }

    async fn reset(&self) -> Answer {
        let (done, wait) = oneshot::channel();
        let gone = || (StatusCode::SERVICE_UNAVAILABLE, "the sandbox is stopping".to_owned());
        self.resets.send(done).await.map_err(|_| gone())?;
        match wait.await.map_err(|_| gone())? {
            Ok(()) => Ok(json!({ "tilbakestilt": true })),
            Err(text) => Err((StatusCode::INTERNAL_SERVER_ERROR, text)),
        }
    }

    async fn store(&self) -> Result<Store, (StatusCode, String)> {
        let store = self.store.read().await.clone();
        store.ok_or((StatusCode::SERVICE_UNAVAILABLE, "the sandbox is being reset".to_owned()))
    }
}

fn internal(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(bytes).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// The body; one with content must say that it is JSON.
async fn read(headers: &HeaderMap, body: Incoming) -> Result<Bytes, (StatusCode, String)> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/json".to_owned()));
    }
    match Limited::new(body, MOST_BYTES).collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) => Err((StatusCode::BAD_REQUEST, error.to_string())),
    }
}

/// Whether the caller, and the page it may stand on, name this machine.
fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let origin = text(header::ORIGIN).map(|origin| origin.split_once("://").map_or("", |(_, host)| host));
    text(header::HOST).is_some_and(is_loopback) && origin.is_none_or(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, rest)| port(rest)).map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}
