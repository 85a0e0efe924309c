//! A client that sends exactly the bytes it is given, over TLS with a certificate of the sandbox.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::client::verify_answer;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{Signer, seal};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::process::PATIENCE;
use crate::sandbox::Sandbox;

/// The media types of SOAP.
pub const SOAP_11: &str = "text/xml; charset=utf-8";
pub const SOAP_12: &str = "application/soap+xml; charset=utf-8";

/// What a client calls: a sandbox, or a node that an operator runs.
pub trait Gateway: Sync {
    fn port(&self) -> u16;
    /// Its folder of certificates.
    fn certs(&self) -> PathBuf;
}

/// One sender: its TLS identity and its signing key.
pub struct Client<'a> {
    gateway: &'a dyn Gateway,
    tls: Arc<ClientConfig>,
    /// The service that is called.
    path: &'static str,
    pub signer: Signer,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl<'a> Client<'a> {
    /// A sender with the certificate of that name (`vendor`, `vendor2`, `kommune` …).
    pub fn new(gateway: &'a dyn Gateway, name: &str) -> Self {
        Self::with(gateway, Some(name), name)
    }

    /// A source (`udi`, `folkeregister`, `hkdir`, `imdi`), which calls NirKilde.
    pub fn source(gateway: &'a dyn Gateway, name: &str) -> Self {
        Client { path: "/ws/v1/kilde", ..Self::new(gateway, name) }
    }

    /// TLS by one certificate (or none), signature by another.
    pub fn with(gateway: &'a dyn Gateway, tls_name: Option<&str>, signing_name: &str) -> Self {
        let certs = gateway.certs();
        let signer = Signer::from_pem(
            &read(&certs, &format!("{signing_name}.key")),
            &read(&certs, &format!("{signing_name}.pem")),
        );
        Client { gateway, tls: tls(&certs, tls_name), path: "/ws/v1/fagsystem", signer: signer.unwrap() }
    }

    /// Seals the payload as this sender and sends it by SOAP 1.1.
    pub fn call(&self, payload: &str) -> Answer {
        self.send(&self.sealed(payload))
    }

    /// As `call`, and the answer must be 200 and signed.
    pub fn accepted(&self, payload: &str) -> Answer {
        let answer = self.call(payload);
        assert_eq!(answer.status, 200, "{answer}");
        assert!(self.verifies(&answer), "the answer's signature: {answer}");
        answer
    }

    /// As `accepted`, and the receipt must be GODTATT.
    pub fn registered(&self, payload: &str) -> Answer {
        let answer = self.accepted(payload);
        assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{answer}");
        answer
    }

    /// As `accepted`, and the receipt must be AVVIST with these codes.
    pub fn rejected(&self, payload: &str, codes: &[&str]) -> Answer {
        let answer = self.accepted(payload);
        assert_eq!(answer.text("status").as_deref(), Some("AVVIST"), "{answer}");
        assert_eq!(answer.codes(), codes, "{answer}");
        answer
    }

    /// As `call`, and the answer must be a signed Fault with this one code.
    pub fn fault(&self, payload: &str, code: &str) -> Answer {
        let answer = self.call(payload);
        assert_eq!((answer.status, answer.codes()), (500, vec![code.to_owned()]), "{answer}");
        assert!(self.verifies(&answer), "the Fault's signature: {answer}");
        answer
    }

    /// The sealed request, for tests that change it before they send it.
    pub fn sealed(&self, payload: &str) -> String {
        self.sealed_as(SoapVersion::V11, payload)
    }

    /// The sealed request in a SOAP version.
    pub fn sealed_as(&self, soap: SoapVersion, payload: &str) -> String {
        let sealed = seal(soap, payload.as_bytes(), Some(&self.signer), now(), None, None);
        String::from_utf8(sealed.bytes).unwrap()
    }

    /// The sealed request as another library writes it: its own prefixes, ids and order, Timestamp first.
    pub fn sealed_elsewhere(&self, payload: &str) -> String {
        const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
        const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
        const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
        const X509: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
        const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
        let id = |kind: &str| crate::messages::fresh(kind);
        let (body_id, time_id, token_id) = (id("id"), id("TS"), id("X509"));
        let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (created, expires) = (time(now()), time(now() + chrono::TimeDelta::minutes(10)));
        let body = format!(
            "<SOAP-ENV:Body xmlns:SOAP-ENV=\"{SOAP}\" xmlns:u=\"{WSU}\" u:Id=\"{body_id}\">{payload}</SOAP-ENV:Body>"
        );
        let stamp = format!(
            "<u:Timestamp xmlns:u=\"{WSU}\" u:Id=\"{time_id}\"><u:Created>{created}</u:Created><u:Expires>{expires}</u:Expires></u:Timestamp>"
        );
        let reference = |id: &str, element: &str| {
            let digest = STANDARD.encode(register::evidence::sha256(element.as_bytes()));
            format!(
                "<Reference URI=\"#{id}\"><Transforms><Transform Algorithm=\"{EXC}\"></Transform></Transforms>\
                 <DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></DigestMethod>\
                 <DigestValue>{digest}</DigestValue></Reference>"
            )
        };
        let info = format!(
            "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><CanonicalizationMethod Algorithm=\"{EXC}\"></CanonicalizationMethod>\
             <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></SignatureMethod>{}{}</SignedInfo>",
            reference(&time_id, &stamp),
            reference(&body_id, &body)
        );
        let value = STANDARD.encode(self.signer.sign(info.as_bytes()));
        let token = STANDARD.encode(self.signer.certificate());
        format!(
            "<?xml version=\"1.0\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"{SOAP}\"><SOAP-ENV:Header><o:Security xmlns:o=\"{WSSE}\" \
             xmlns:u=\"{WSU}\">{stamp}<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">{info}<SignatureValue>{value}</SignatureValue>\
             <KeyInfo><o:SecurityTokenReference><o:Reference URI=\"#{token_id}\" ValueType=\"{X509}\"/></o:SecurityTokenReference></KeyInfo>\
             </Signature><o:BinarySecurityToken u:Id=\"{token_id}\" ValueType=\"{X509}\">{token}</o:BinarySecurityToken></o:Security>\
             </SOAP-ENV:Header>\n{body}</SOAP-ENV:Envelope>"
        )
    }

    /// Sends an envelope as it is by SOAP 1.1.
    pub fn send(&self, envelope: &str) -> Answer {
        self.post(SOAP_11, "", envelope.as_bytes())
    }

    /// As `send`, but `None` when the connection breaks.
    pub fn try_send(&self, envelope: &str) -> Option<Answer> {
        self.raw(&request(SOAP_11, "Connection: close\r\n", envelope.as_bytes()))
            .ok()
            .filter(|answer| answer.status != 0)
    }

    /// POST with a content type and more header lines.
    pub fn post(&self, content_type: &str, more: &str, body: &[u8]) -> Answer {
        self.raw(&request_at(self.path, content_type, &format!("{more}Connection: close\r\n"), body)).unwrap()
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes()).unwrap()
    }

    /// The bytes of a GET that is no text.
    pub fn get_bytes(&self, path: &str) -> Vec<u8> {
        let mut connection = self.connect().unwrap();
        connection
            .write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
            .unwrap();
        let all = connection.rest().unwrap();
        let end = all.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        all[end..].to_vec()
    }

    /// Writes raw bytes on a fresh connection and reads what comes until it closes.
    pub fn raw(&self, bytes: &[u8]) -> std::io::Result<Answer> {
        let mut connection = self.connect()?;
        // A server that refuses early may close before everything is written; its answer is still there.
        let _ = connection.write(bytes);
        connection.rest().map(|all| answer(&all))
    }

    /// An open TLS connection.
    pub fn connect(&self) -> std::io::Result<Connection> {
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(Arc::clone(&self.tls), name).map_err(std::io::Error::other)?;
        Ok(Connection(StreamOwned::new(tls, self.tcp()?)))
    }

    /// An open TCP connection, on which TLS has not begun.
    pub fn tcp(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.gateway.port()))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// The answer is signed by the gateway and nothing was changed on the way.
    pub fn verifies(&self, answer: &Answer) -> bool {
        answer.verified_by(&read(&self.gateway.certs(), "gateway.pem"))
    }
}

/// A POST of the service, as a whole.
pub fn request(content_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
    request_at("/ws/v1/fagsystem", content_type, more, body)
}

fn request_at(path: &str, content_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{more}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// An open connection, for tests of what happens on it.
pub struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    /// Writes these bytes, TLS handshake included.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).and_then(|()| self.0.flush())
    }

    /// Says that nothing more comes. What the other end still has to say can be read.
    pub fn close(&mut self) -> std::io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()
    }

    /// Reads one answer, which must state its length, and leaves the connection open. `None` when it was closed.
    pub fn answer(&mut self) -> Option<Answer> {
        let head = self.head()?;
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |v| v.trim().parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        Some(Answer { status: status(&head), head, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Reads one head, such as that of `100 Continue`. `None` when the connection was closed.
    pub fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("no answer came")
                }
                _ => return None,
            }
        }
        Some(String::from_utf8_lossy(&head).trim_end().to_owned())
    }

    /// Everything until the other end closes. An error only when nothing came at all.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut all = Vec::new();
        match self.0.read_to_end(&mut all) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the connection stays open after {}", String::from_utf8_lossy(&all))
            }
            Err(error) if all.is_empty() => Err(error),
            _ => Ok(all),
        }
    }
}

fn answer(all: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(all).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Answer { status: status(head), head: head.to_owned(), body: body.to_owned() }
}

fn status(head: &str) -> u16 {
    head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// A file of the folder.
pub fn read(certs: &Path, name: &str) -> String {
    let path = certs.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// TLS with a certificate of that name, or with none.
pub fn tls(certs: &Path, name: Option<&str>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(read(certs, "ca.pem").as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match name {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = CertificateDer::pem_slice_iter(read(certs, &format!("{name}.pem")).as_bytes())
                .collect::<Result<Vec<_>, _>>()
                .unwrap();
            let key = PrivateKeyDer::from_pem_slice(read(certs, &format!("{name}.key")).as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    })
}

/// Wall time.
#[expect(clippy::disallowed_methods, reason = "a client has a clock of its own")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// What an assertion shows: without the header, which is long and the same everywhere.
impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = self.body.find("Body xmlns").map_or(self.body.as_str(), |at| &self.body[at..]);
        let most = body.char_indices().nth(1_500).map_or(body.len(), |(at, _)| at);
        write!(f, "{} {}", self.status, &body[..most])
    }
}

impl Answer {
    fn document(&self) -> roxmltree::Document<'_> {
        roxmltree::Document::parse(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Text of the first element of that local name; the answer must be XML.
    pub fn text(&self, name: &str) -> Option<String> {
        self.document().descendants().find(|n| n.tag_name().name() == name).and_then(|n| n.text()).map(str::to_owned)
    }

    /// Texts of all elements of that local name.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let text = |node: roxmltree::Node<'_, '_>| node.text().unwrap_or_default().to_owned();
        self.document().descendants().filter(|n| n.tag_name().name() == name).map(text).collect()
    }

    /// All error codes of the answer, in order.
    pub fn codes(&self) -> Vec<String> {
        self.texts("kode")
    }

    /// A header line of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// The answer is signed by the sandbox and nothing was changed on the way.
    pub fn verified(&self, sandbox: &Sandbox) -> bool {
        self.verified_by(&sandbox.pem("gateway.pem"))
    }

    /// The answer is signed by the holder of this certificate. What the gateway signs must be valid by its own contract,
    /// so that is held of every answer and Fault that any test looks at.
    pub fn verified_by(&self, pem: &str) -> bool {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let Ok(verified) = verify_answer(self.body.as_bytes(), &der) else { return false };
        let payload = of_contract(&verified.body_child);
        let valid = nir_xsd::validate::validate(payload);
        assert!(valid.is_ok(), "{valid:#?} of {}", String::from_utf8_lossy(payload));
        true
    }
}

/// The element of the contract's namespace: the Body's child, or what the detail of a Fault holds.
pub fn of_contract(body_child: &[u8]) -> &[u8] {
    if !body_child.starts_with(b"<soap:Fault") {
        return body_child;
    }
    let find = |what: &[u8]| body_child.windows(what.len()).position(|window| window == what);
    let (start, end) = (find(b"<nirFeil "), find(b"</nirFeil>"));
    start.zip(end).map(|(start, end)| &body_child[start..end + b"</nirFeil>".len()]).expect("a Fault with nirFeil")
}
