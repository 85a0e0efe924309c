//! TLS as the gateway ends it, in memory: what stands beside the sum of the steps, not in it.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::seal;
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, ServerConfig, ServerConnection, SideData,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::client;
use crate::cpu;
use crate::house::SENDER;
use crate::steps::{middle, signer};

/// Connections of a measurement: the one in the middle counts.
const CONNECTIONS: usize = 9;

/// Microseconds of CPU at the gateway's end.
#[derive(Debug, Clone, Copy)]
pub struct Tls {
    /// One request in and one answer out.
    pub message: f64,
    /// One handshake with a certificate on either side.
    pub handshake: f64,
}

/// Measures with so many messages on each connection.
pub fn measure(certs: &Path, request: &[u8], answer: &[u8], messages: usize) -> Tls {
    let answer = seal(SoapVersion::V11, answer, Some(&signer(certs, "gateway")), client::now(), None, None).bytes;
    let servers = server(certs);
    let (mut message, mut handshake) = (Vec::new(), Vec::new());
    for _ in 0..CONNECTIONS {
        // A client that remembers nothing, so that no session is taken up again.
        let mut ends = Ends::new(client::tls(certs, Some(SENDER)), &servers);
        handshake.push(ends.shake_hands() * 1e6);
        message.push(ends.talk(request, &answer, messages) * 1e6 / messages as f64);
    }
    Tls { message: middle(&mut message), handshake: middle(&mut handshake) }
}

/// The gateway's settings for TLS.
fn server(certs: &Path) -> Arc<ServerConfig> {
    let pem = |name: &str| client::read(certs, name);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem("ca.pem").as_bytes()).expect("a certificate")).expect("an anchor");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let chain =
        CertificateDer::pem_slice_iter(pem("gateway.pem").as_bytes()).collect::<Result<_, _>>().expect("a chain");
    let key = PrivateKeyDer::from_pem_slice(pem("gateway.key").as_bytes()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().expect("an anchor"))
        .with_single_cert(chain, key)
        .expect("key and certificate");
    Arc::new(config)
}

/// Both ends of a connection, with the bytes between them.
struct Ends {
    client: ClientConnection,
    server: ServerConnection,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    /// Seconds of CPU of the server's end.
    spent: f64,
}

impl Ends {
    fn new(client: Arc<ClientConfig>, servers: &Arc<ServerConfig>) -> Self {
        let name = ServerName::try_from("localhost").expect("a name");
        Ends {
            client: ClientConnection::new(client, name).expect("a client"),
            server: ServerConnection::new(Arc::clone(servers)).expect("a server"),
            to_server: Vec::new(),
            to_client: Vec::new(),
            spent: 0.0,
        }
    }

    fn server_turn(&mut self, want: usize, answer: &[u8]) {
        let before = cpu::of_this_thread();
        turn(&mut self.server, &mut self.to_server, &mut self.to_client, want, answer);
        self.spent += cpu::of_this_thread() - before;
    }

    fn client_turn(&mut self, want: usize, request: &[u8]) {
        turn(&mut self.client, &mut self.to_client, &mut self.to_server, want, request);
    }

    /// Seconds of CPU of the server's end until both are ready.
    fn shake_hands(&mut self) -> f64 {
        while self.client.is_handshaking() || self.server.is_handshaking() {
            self.client_turn(0, b"");
            self.server_turn(0, b"");
        }
        std::mem::take(&mut self.spent)
    }

    /// Seconds of CPU of the server's end for all messages.
    fn talk(&mut self, request: &[u8], answer: &[u8], messages: usize) -> f64 {
        self.client_turn(0, request);
        for _ in 0..messages {
            self.server_turn(request.len(), answer);
            self.client_turn(answer.len(), request);
        }
        std::mem::take(&mut self.spent)
    }
}

/// One end takes what has come, which holds so many bytes of the other's, and says its own.
fn turn<Side: SideData>(
    end: &mut ConnectionCommon<Side>,
    coming: &mut Vec<u8>,
    going: &mut Vec<u8>,
    want: usize,
    say: &[u8],
) {
    let mut rest = coming.as_slice();
    let mut body = vec![0; want];
    let mut got = 0;
    while !rest.is_empty() {
        end.read_tls(&mut rest).expect("bytes in memory");
        end.process_new_packets().expect("an end that keeps the rules");
        // Nothing to be read yet is an error to a reader; so is nothing more.
        while let Ok(read @ 1..) = end.reader().read(&mut body[got..]) {
            got += read;
        }
    }
    assert_eq!(got, want, "all of what was said");
    coming.clear();
    end.writer().write_all(say).expect("room in memory");
    while end.wants_write() {
        end.write_tls(going).expect("room in memory");
    }
}
