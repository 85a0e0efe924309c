//! A mail server as RFC 5321 and 3207 want one, on loopback, for as much as one client says to it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A mail that was read to its end.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub text: String,
}

impl Mail {
    /// What a header says.
    pub fn header(&self, name: &str) -> String {
        let line = self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("{name} in {}", self.text)).to_owned()
    }
}

/// How it speaks.
#[derive(Clone)]
pub enum Tls {
    /// In clear text.
    None,
    /// TLS from the first byte.
    Implicit(Arc<ServerConfig>),
    /// After STARTTLS, which it offers.
    Starttls(Arc<ServerConfig>),
}

/// What it does before it is good.
#[derive(Default)]
pub struct Moods {
    /// So many recipients get "try again".
    pub refuse: AtomicUsize,
    /// So many mails are read to their end and get no answer.
    pub silent: AtomicUsize,
    /// Those that it read to their end.
    pub read: Mutex<Vec<Mail>>,
}

/// The server; it ends with the test's process.
pub struct Post {
    pub port: u16,
    pub moods: Arc<Moods>,
}

impl Post {
    /// On any port, in clear text.
    pub fn start(moods: Moods) -> Self {
        Post::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), moods, Tls::None)
    }

    pub fn start_on(listener: TcpListener, moods: Moods, tls: Tls) -> Self {
        let port = listener.local_addr().unwrap().port();
        let moods = Arc::new(moods);
        let shared = Arc::clone(&moods);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (moods, tls) = (Arc::clone(&shared), tls.clone());
                std::thread::spawn(move || converse(stream.unwrap(), &moods, &tls));
            }
        });
        Post { port, moods }
    }

    /// Those that it read to their end, answered or not.
    pub fn mails(&self) -> Vec<Mail> {
        self.moods.read.lock().unwrap().clone()
    }
}

/// The server's own certificate, for `localhost`.
pub fn tls_of(certs: &Path) -> Arc<ServerConfig> {
    let pem = |name: &str| std::fs::read(certs.join(name)).unwrap();
    let chain = CertificateDer::pem_slice_iter(&pem("gateway.pem")).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem("gateway.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

enum Wire {
    Clear(TcpStream),
    Sealed(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    fn sealed(stream: TcpStream, config: &Arc<ServerConfig>) -> Self {
        Wire::Sealed(Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)))
    }

    /// A line without its end; `None` when there is no more.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while byte[0] != b'\n' {
            let read = match self {
                Wire::Clear(stream) => stream.read(&mut byte),
                Wire::Sealed(stream) => stream.read(&mut byte),
            };
            read.ok().filter(|read| *read == 1)?;
            line.push(byte[0]);
        }
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn say(&mut self, text: &str) -> Option<()> {
        let text = format!("{text}\r\n");
        match self {
            Wire::Clear(stream) => stream.write_all(text.as_bytes()).ok(),
            Wire::Sealed(stream) => stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).ok(),
        }
    }
}

fn one_less(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// Until the client goes.
fn converse(stream: TcpStream, moods: &Moods, tls: &Tls) -> Option<()> {
    let mut wire = match tls {
        Tls::Implicit(config) => Wire::sealed(stream, config),
        Tls::None | Tls::Starttls(_) => Wire::Clear(stream),
    };
    let mut mail = Mail::default();
    wire.say("220 localhost")?;
    loop {
        let line = wire.line()?;
        let (word, rest) = line.split_at(line.len().min(4));
        match (word.to_ascii_uppercase().trim(), tls) {
            ("EHLO", Tls::Starttls(_)) if matches!(wire, Wire::Clear(_)) => {
                wire.say("250-localhost\r\n250-STARTTLS\r\n250 8BITMIME")
            }
            ("EHLO", _) => wire.say("250-localhost\r\n250 8BITMIME"),
            ("STAR", Tls::Starttls(config)) => {
                wire.say("220 go on")?;
                let Wire::Clear(stream) = wire else { return None };
                wire = Wire::sealed(stream, config);
                Some(())
            }
            ("MAIL", _) => {
                mail = Mail { from: path(rest), ..Mail::default() };
                wire.say("250 ok")
            }
            ("RCPT", _) if one_less(&moods.refuse) => wire.say("451 try again"),
            ("RCPT", _) => {
                mail.to += &path(rest);
                wire.say("250 ok")
            }
            ("DATA", _) => {
                wire.say("354 go on")?;
                while let Some(line) = wire.line().filter(|line| line != ".") {
                    mail.text += &(line + "\n");
                }
                let silent = one_less(&moods.silent);
                moods.read.lock().unwrap().push(std::mem::take(&mut mail));
                if silent {
                    // Whoever waits for an answer waits as long as it lives.
                    wire.line()?;
                }
                wire.say("250 taken")
            }
            ("RSET" | "NOOP", _) => wire.say("250 ok"),
            ("QUIT", _) => return wire.say("221 bye"),
            _ => wire.say("502 unknown"),
        }?;
    }
}

/// `<somebody@somewhere>` of `FROM:<…> BODY=8BITMIME`.
fn path(rest: &str) -> String {
    rest.split_once(':').unwrap().1.split_whitespace().next().unwrap_or_default().to_owned()
}
