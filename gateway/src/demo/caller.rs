//! The simulated fagsystem's way over the wire: it signs, connects with its own certificate, and believes
//! nothing that the gateway did not sign.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use nir_wsdl::client;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{self, Signer};
use nir_xsd::message::Answer;
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::messages::Message;
use super::wire;

/// One organization with its key and certificate.
#[derive(Clone)]
pub struct Caller {
    connector: TlsConnector,
    signer: Arc<Signer>,
    gateway: CertificateDer<'static>,
    address: SocketAddr,
}

/// One exchange.
#[derive(Debug)]
pub struct Exchanged {
    /// The envelope sent.
    pub request: Vec<u8>,
    /// The envelope received, with a signature that held.
    pub envelope: Bytes,
    /// What it says.
    pub answer: Answer,
    /// From connecting to verified.
    pub elapsed: Duration,
}

impl Caller {
    /// Reads `certs/NAME.{pem,key}` and what it must trust.
    pub fn new(certs: &Path, name: &str, address: SocketAddr) -> anyhow::Result<Self> {
        let read = |file: String| {
            let path = certs.join(file);
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let (key, own, ca) = (read(format!("{name}.key"))?, read(format!("{name}.pem"))?, read("ca.pem".to_owned())?);
        let gateway = CertificateDer::from_pem_slice(read("gateway.pem".to_owned())?.as_bytes())?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(own.as_bytes())?],
                PrivateKeyDer::from_pem_slice(key.as_bytes())?,
            )?;
        let signer = Signer::from_pem(&key, &own).map_err(|error| anyhow::anyhow!("{name}.key: {error:?}"))?;
        Ok(Caller { connector: TlsConnector::from(Arc::new(tls)), signer: Arc::new(signer), gateway, address })
    }

    /// Signs and sends one message, and verifies the answer.
    pub async fn call(&self, message: &Message, now: DateTime<Utc>) -> anyhow::Result<Exchanged> {
        let started = Instant::now();
        let action = format!("{}/{}", message.service.namespace, message.operation);
        let sealed = seal::seal(SoapVersion::V11, message.body.as_bytes(), Some(&self.signer), now, None, None);
        let request = Request::post(message.service.path)
            .header(header::HOST, format!("localhost:{}", self.address.port()))
            .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
            .header("SOAPAction", format!("\"{action}\""))
            .body(Full::new(Bytes::from(sealed.bytes.clone())))?;
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let (status, envelope) = wire::exchange(self.connector.connect(name, stream).await?, request).await?;
        let verified = client::verify_answer(&envelope, &self.gateway).map_err(|refusal| {
            anyhow::anyhow!("the answer's signature does not hold: {} {}", refusal.code, refusal.log)
        })?;
        if status != StatusCode::OK {
            anyhow::bail!("{status}: {}", String::from_utf8_lossy(&verified.body_child));
        }
        let answer = Answer::parse(&verified.body_child).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Exchanged { request: sealed.bytes, envelope, answer, elapsed: started.elapsed() })
    }
}
