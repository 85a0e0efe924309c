//! `nir-gateway sandbox clock WHEN`: asks the running sandbox to set the register's clock.

use std::path::Path;

use anyhow::Context as _;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri, header};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::files;
use crate::demo::wire;

/// Sets the clock and prints what it shows now.
pub async fn run(data: &Path, when: &str, kommune: Option<&str>) -> anyhow::Result<()> {
    let endpoints = files::read_endpoints(data)?;
    let console: Uri = endpoints["console"].as_str().unwrap_or_default().parse().context("endpoints.json")?;
    let address = console.authority().context("endpoints.json names no console")?.to_string();
    let mut order = json!({ "tid": when });
    if let Some(kommune) = kommune {
        order["kommune"] = json!(kommune);
    }
    let request = Request::post("/sandbox/clock")
        .header(header::HOST, &address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(order.to_string())))?;
    let stream = TcpStream::connect(&address)
        .await
        .with_context(|| format!("the sandbox does not answer on {address}; is it running?"))?;
    let (status, body) = wire::exchange(stream, request).await?;
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status != StatusCode::OK {
        anyhow::bail!("{}", answer["feil"].as_str().unwrap_or("the sandbox refused"));
    }
    let shown = answer["registertid"].as_object().into_iter().flatten();
    for (kommune, time) in shown {
        anstream::println!("{kommune}  {}", time.as_str().unwrap_or_default());
    }
    Ok(())
}
