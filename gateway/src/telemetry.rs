//! Logs, metrics and health. Nothing personal is ever a field or a label.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use nir_wsdl::certificate::RevocationState;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::config::LogFormat;
use crate::http::plain;

/// Upper bounds of the latency histogram, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Scrapers and probes at once; they are few.
const MOST_CONNECTIONS: usize = 64;
/// How long a scraper may keep its connection without a request; longer than the usual interval of a minute.
const IDLE: Duration = Duration::from_secs(90);
/// After an accept that failed.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// Starts logging; `RUST_LOG` narrows or widens it.
pub fn start_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first subscriber.
    let _ = match format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.try_init(),
    };
}

/// The metrics recorder of the process: there can be one, and a sandbox that is reset starts a second gateway.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    static STARTED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*started {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .install_recorder()?;
    Ok(started.insert(handle).clone())
}

/// Serves `/metrics`, `/health/live`, `/health/ready` on their own listener. A connection ends with the gateway: one
/// that a scraper keeps open must not keep the ledger from closing.
pub async fn serve(app: Arc<App>, handle: PrometheusHandle, listener: TcpListener, mut drain: watch::Receiver<bool>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = drain.changed() => return,
        };
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = stream else {
            // Out of file descriptors, for one: the next accept may work.
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        if connections.len() >= MOST_CONNECTIONS {
            continue;
        }
        let (app, handle) = (Arc::clone(&app), handle.clone());
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let response = page(&app, &handle, request.uri().path());
                async move { Ok::<_, std::convert::Infallible>(response) }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(IDLE);
            // A scraper that hangs up is no event.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn page(app: &App, handle: &PrometheusHandle, path: &str) -> Response<Full<Bytes>> {
    match path {
        "/metrics" => {
            metrics::gauge!("nir_requests_in_flight").set(app.admission.in_flight() as f64);
            metrics::gauge!("nir_polls_waiting").set(app.polls.count() as f64);
            metrics::gauge!("nir_ledger_waiting").set(app.ledger.waiting() as f64);
            let now = crate::clock::now();
            let revocation = app.trust.revocation(now);
            let seconds = |span: Option<TimeDelta>| span.map_or(f64::INFINITY, |span| span.as_seconds_f64());
            metrics::gauge!("nir_revocation_age_seconds").set(seconds(revocation.age(now)));
            metrics::gauge!("nir_revocation_usable_seconds")
                .set(seconds(revocation.usable_until.map(|until| until - now)));
            let mut response = Response::new(Full::new(Bytes::from(handle.render())));
            let media = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, media);
            response
        }
        "/health/live" => plain(StatusCode::OK, "ok"),
        "/health/ready" => ready(app),
        _ => plain(StatusCode::NOT_FOUND, "not found"),
    }
}

/// Ready when revocation lists are fresh, the database answers, this node's rules are active and the ledger takes work.
pub fn ready(app: &App) -> Response<Full<Bytes>> {
    if app.trust.revocation(crate::clock::now()).state == RevocationState::Unusable {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "revocation lists are older than the grace allows");
    }
    if !app.database_answers.load(Ordering::Relaxed) {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer");
    }
    if app.other_rules.load(Ordering::Relaxed) {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "other rules than this node's are active");
    }
    if app.ledger.is_stopped() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "the ledger has stopped");
    }
    plain(StatusCode::OK, "ready")
}

/// Binds a listener or says which address failed.
pub async fn bind(address: SocketAddr, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| anyhow::anyhow!("{what}: cannot listen on {address}: {error}"))
}
