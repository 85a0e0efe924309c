//! One HTTP/1.1 request over one TLS connection with a client certificate.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::target::Identity;

/// Largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Longest wait for the whole exchange: a long poll lasts up to 60 seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// Who we are to TLS, and whom we trust.
pub struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// From PEM files: the anchors of the server, and our own chain and key.
    pub fn read(ca: &Path, identity: &Identity) -> anyhow::Result<Self> {
        let Identity { certificate, key } = identity;
        let mut roots = RootCertStore::empty();
        for anchor in certificates(ca)? {
            roots.add(anchor).with_context(|| format!("{} cannot be an anchor", ca.display()))?;
        }
        let own = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| anyhow::anyhow!("{}: {error}", key.display()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(own, key)
            .context("the client certificate and its key")?;
        Ok(Tls { config: Arc::new(config) })
    }
}

/// All certificates of a PEM file; none is an error.
pub fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => bail!("{} holds no PEM certificate", path.display()),
        Err(error) => bail!("{}: {error}", path.display()),
    }
}

/// Posts the envelope and reads the whole answer.
pub fn post(
    tls: &Tls,
    endpoint: &str,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match tokio::time::timeout(PATIENCE, exchange(tls, endpoint, headers, body)).await {
            Ok(done) => done,
            Err(_) => bail!("{endpoint} gave no whole answer within {} seconds", PATIENCE.as_secs()),
        }
    })
}

async fn exchange(
    tls: &Tls,
    endpoint: &str,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let uri: Uri = endpoint.parse().with_context(|| format!("--endpoint {endpoint}"))?;
    let (Some("https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        bail!("--endpoint {endpoint} is no https address");
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(443);
    let stream =
        TcpStream::connect((host.as_str(), port)).await.with_context(|| format!("no connection to {authority}"))?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(host).context("the host's name")?;
    let stream = TlsConnector::from(Arc::clone(&tls.config))
        .connect(name, stream)
        .await
        .with_context(|| format!("TLS with {authority}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path).header(header::HOST, authority.as_str());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await;
    let response =
        response.with_context(|| format!("{authority} hung up; with TLS 1.3 it refuses a client certificate so"))?;
    let status = response.status();
    let read = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    driver.abort();
    Ok((status, read.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?.to_bytes()))
}
