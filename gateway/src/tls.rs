//! TLS 1.2 and 1.3 by rustls, HTTP/1.1 only; a client certificate is requested, and must chain when sent.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// What the listener needs, as PEM text.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The server's certificate chain.
    pub certificate_pem: String,
    /// Its private key.
    pub key_pem: String,
    /// The anchors that client certificates must chain to.
    pub client_anchors_pem: String,
    /// The anchors that the certificates of receivers must chain to.
    pub receiver_anchors_pem: String,
}

/// Builds the acceptor. A client without a certificate is let through the handshake, so that it can be
/// told NIR-T101 by a Fault and can fetch the contract; one whose certificate does not chain is not
/// (design.md 17, Wire).
pub fn acceptor(files: &TlsFiles) -> anyhow::Result<tokio_rustls::TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for anchor in CertificateDer::pem_slice_iter(files.client_anchors_pem.as_bytes()) {
        roots
            .add(anchor.context("a TLS client anchor is no PEM certificate")?)
            .context("a TLS client anchor is unusable")?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .context("the TLS client anchors are unusable")?;
    let (chain, key) = own(files)?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS versions")?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .context("the TLS key and certificate do not belong together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}

/// Our end of a delivery: the gateway's own certificate is the client's, and the receiver's must chain to an anchor of
/// its kind. The server's name is checked, always.
pub fn client(files: &TlsFiles) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for anchor in CertificateDer::pem_slice_iter(files.receiver_anchors_pem.as_bytes()) {
        roots
            .add(anchor.context("an anchor of receivers is no PEM certificate")?)
            .context("an anchor of receivers is unusable")?;
    }
    let (chain, key) = own(files)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS versions")?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .context("the TLS key and certificate do not belong together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn own(files: &TlsFiles) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = CertificateDer::pem_slice_iter(files.certificate_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .context("the TLS certificate is no PEM chain")?;
    let key = PrivateKeyDer::from_pem_slice(files.key_pem.as_bytes()).context("the TLS key is no PEM private key")?;
    Ok((chain, key))
}
