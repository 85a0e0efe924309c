//! Somebody on the way: takes the client's TLS, has the vendor's own to the gateway, and changes what passes.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::sandbox::Sandbox;

/// What is done to an envelope.
pub type Change = Box<dyn Fn(&str) -> String + Send>;

/// What is changed now, and what came back last.
#[derive(Default)]
struct Plan {
    request: Option<Change>,
    answer: Option<Change>,
    came: String,
}

/// One of them; it listens as long as the tests run.
pub struct Proxy {
    port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// With the gateway's own TLS certificate.
    pub fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::<Mutex<Plan>>::default();
        let (server, client) = (Arc::new(server(sandbox)), Arc::new(client(sandbox)));
        let endpoint = sandbox.endpoint();
        let gateway = endpoint.split('/').nth(2).unwrap().to_owned();
        let shared = Arc::clone(&plan);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                // A client may hang up, as one does that does not like what it reads; the next one is served.
                let _ = pass(connection.unwrap(), &server, &client, &gateway, &shared);
            }
        });
        Proxy { port, plan }
    }

    /// Where the description is, by this way.
    pub fn wsdl(&self) -> String {
        format!("https://localhost:{}/ws/v1/fagsystem?wsdl", self.port)
    }

    /// From now on changes every envelope that comes back.
    pub fn change_answers(&self, change: Change) {
        let mut plan = self.plan.lock().unwrap();
        (plan.request, plan.answer) = (None, Some(change));
    }

    /// From now on changes every envelope that is sent.
    pub fn change_requests(&self, change: Change) {
        let mut plan = self.plan.lock().unwrap();
        (plan.request, plan.answer) = (Some(change), None);
    }

    /// The last envelope that came back, as it came.
    pub fn came(&self) -> String {
        self.plan.lock().unwrap().came.clone()
    }
}

fn pem(sandbox: &Sandbox, name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(sandbox.read(&format!("certs/{name}.pem")).as_bytes()).unwrap()
}

fn key(sandbox: &Sandbox, name: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(sandbox.read(&format!("certs/{name}.key")).as_bytes()).unwrap()
}

fn server(sandbox: &Sandbox) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pem(sandbox, "gateway")], key(sandbox, "gateway"))
        .unwrap()
}

fn client(sandbox: &Sandbox) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(pem(sandbox, "ca")).unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![pem(sandbox, "vendor")], key(sandbox, "vendor"))
        .unwrap()
}

/// One connection, one exchange.
fn pass(
    tcp: TcpStream,
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
    gateway: &str,
    plan: &Mutex<Plan>,
) -> io::Result<()> {
    let tls = ServerConnection::new(Arc::clone(server)).map_err(io::Error::other)?;
    let mut near = BufReader::new(StreamOwned::new(tls, tcp));
    let (head, body) = read(&mut near)?;
    let body = match &plan.lock().unwrap().request {
        Some(change) if !body.is_empty() => change(std::str::from_utf8(&body).unwrap()).into_bytes(),
        _ => body,
    };

    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let tls = ClientConnection::new(Arc::clone(client), name).map_err(io::Error::other)?;
    let mut far = BufReader::new(StreamOwned::new(tls, TcpStream::connect(gateway)?));
    write(far.get_mut(), &head, &body)?;
    let (head, body) = read(&mut far)?;
    let body = String::from_utf8(body).map_err(io::Error::other)?;
    // The description is left alone.
    let body = if body.contains(":Envelope") {
        let mut plan = plan.lock().unwrap();
        plan.came.clone_from(&body);
        plan.answer.as_ref().map_or(body, |change| change(&plan.came))
    } else {
        body
    };
    write(near.get_mut(), &head, body.as_bytes())?;
    near.get_mut().conn.send_close_notify();
    near.get_mut().flush()
}

/// The lines of a head, without what is this connection's alone, and the body.
fn read(from: &mut BufReader<impl Read>) -> io::Result<(Vec<String>, Vec<u8>)> {
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        } else if line.is_empty() {
            break;
        } else if !lower.starts_with("connection:") {
            head.push(line);
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok((head, body))
}

fn write(to: &mut impl Write, head: &[String], body: &[u8]) -> io::Result<()> {
    let head = head.join("\r\n");
    write!(to, "{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    to.write_all(body)?;
    to.flush()
}
