//! The contract, served without a client certificate: `?wsdl`, `?xsd=NAME`, `/contract/v1.zip` (design.md 4, 17).

use std::io::{Cursor, Write as _};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use nir_wsdl::service;

use crate::app::App;
use crate::http::plain;

/// Answers a GET.
pub fn get(app: &Arc<App>, path: &str, query: Option<&str>, headers: &HeaderMap) -> Response<Full<Bytes>> {
    match (service::at(path), query) {
        (Some(service), Some(query)) if query.eq_ignore_ascii_case("wsdl") => {
            document("text/xml; charset=utf-8", service.wsdl(&base(app, headers)).into_bytes())
        }
        (Some(service), Some(query)) if query.starts_with("xsd=") => {
            match service.xsd(query.trim_start_matches("xsd="), &base(app, headers)) {
                Some(schema) => document("text/xml; charset=utf-8", schema),
                None => plain(StatusCode::NOT_FOUND, "Ukjent skjema. / Unknown schema."),
            }
        }
        (None, Some(query)) if path == service::RECEIVER_PATH && query.eq_ignore_ascii_case("wsdl") => {
            document("text/xml; charset=utf-8", service::receiver_wsdl(&base(app, headers)).into_bytes())
        }
        (Some(_), _) => plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "NIR-T110: POST SOAP her; beskrivelsen er ?wsdl. / POST SOAP here; the description is ?wsdl.",
        ),
        (None, _) => elsewhere(app, path, headers),
    }
}

/// What is no service.
fn elsewhere(app: &Arc<App>, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
    match path {
        "/contract/v1.zip" => match zip(&base(app, headers)) {
            Ok(bytes) => document("application/zip", bytes),
            Err(error) => {
                tracing::error!(event = "contract_zip_failed", %error);
                plain(StatusCode::INTERNAL_SERVER_ERROR, "NIR-I901")
            }
        },
        "/health/live" => plain(StatusCode::OK, "ok"),
        "/health/ready" => crate::telemetry::ready(app),
        _ => plain(StatusCode::NOT_FOUND, "Ukjent adresse. / Unknown address."),
    }
}

/// The configured public address; without one, the Host the caller used, so that it is right behind a proxy.
fn base(app: &App, headers: &HeaderMap) -> String {
    if !app.public_base.is_empty() {
        return app.public_base.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // Anything but the characters of a host and port would be written into XML.
    let clean = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    format!("https://{}", if clean { host } else { "localhost" })
}

fn zip(base: &str) -> anyhow::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in service::contract_files(base) {
        archive.start_file(name, zip::write::SimpleFileOptions::default())?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn document(media: &'static str, bytes: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
