//! The sandbox's receiver of push: what a fagsystem that hosts NirMottak does, small enough to read (contract.md 2.3).
//!
//! It lets nobody in but the gateway, believes nothing that the gateway did not sign, stores every change before it
//! answers, knows what it has already, and signs its receipt.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use nir_wsdl::certificate::Certificate;
use nir_wsdl::client::verify_answer;
use nir_wsdl::operation::{DELIVER, LARGEST, PING_RECEIVER};
use nir_wsdl::seal::{self, Signer};
use nir_xsd::message::{
    Endringsmelding, MottaEndringer, MottaEndringerSvar, Mottakskvittering, Mottaksstatus, PingMottakSvar, Push,
    PushAnswer, Request as Asked, Version,
};
use nir_xsd::validate::validate;
use register::evidence::sha256;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::certs::Certs;
use super::{orgnr, parties};
use crate::clock;
use crate::tls::{self, TlsFiles};
use crate::translate::notice::oslo;

/// What it stored, a change on each line.
pub const LOG: &str = "mottak.ndjson";
/// The path of its service.
const PATH: &str = "/nir/mottak";

/// A running receiver; ends when dropped.
pub struct Mottak {
    /// Where it listens.
    pub address: SocketAddr,
    house: Arc<House>,
    serving: JoinHandle<()>,
}

impl Drop for Mottak {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What its connections share.
struct House {
    acceptor: tokio_rustls::TlsAcceptor,
    gateway: CertificateDer<'static>,
    signer: Signer,
    stored: Mutex<Stored>,
}

/// What was stored, and the file that holds it.
struct Stored {
    file: PathBuf,
    last: i64,
}

impl Mottak {
    /// Starts on a free port of loopback, and goes on where its log ends.
    pub async fn start(data: &Path, certs: &Certs) -> anyhow::Result<Self> {
        let read = |path: PathBuf| std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()));
        let (certificate_pem, key_pem) = (read(certs.pem("mottak"))?, read(certs.key("mottak"))?);
        let anchors = read(certs.pem("ca"))?;
        let signer =
            Signer::from_pem(&key_pem, &certificate_pem).map_err(|error| anyhow::anyhow!("mottak: {error}"))?;
        let files =
            TlsFiles { certificate_pem, key_pem, client_anchors_pem: anchors.clone(), receiver_anchors_pem: anchors };
        let house = Arc::new(House {
            acceptor: tls::acceptor(&files)?,
            gateway: CertificateDer::from_pem_slice(read(certs.pem("gateway"))?.as_bytes())?,
            signer,
            stored: Mutex::new(Stored::open(data.join(LOG))?),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the receiver of push")?;
        let address = listener.local_addr()?;
        let shared = Arc::clone(&house);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(Arc::clone(&shared), stream));
            }
        });
        Ok(Mottak { address, house, serving })
    }

    /// Forgets everything, with the register that it was told of.
    pub fn forget(&self) -> anyhow::Result<()> {
        let mut stored = self.house.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.last = 0;
        match std::fs::remove_file(&stored.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context(LOG),
            _ => Ok(()),
        }
    }

    /// Its address, as an operator approves it.
    pub fn url(&self) -> String {
        format!("https://localhost:{}{PATH}", self.address.port())
    }
}

async fn connection(house: Arc<House>, stream: TcpStream) {
    let Ok(tls) = house.acceptor.accept(stream).await else { return };
    // The handshake has checked that the certificate chains; here, whose it is.
    let der = tls.get_ref().1.peer_certificates().and_then(<[_]>::first).map(AsRef::as_ref);
    let caller = der.and_then(|der| Certificate::from_der(der).ok()).and_then(|shown| shown.orgnr().ok());
    if caller.as_deref() != Some(orgnr::GATEWAY) {
        return;
    }
    let service = service_fn(move |request| answer(Arc::clone(&house), request));
    let mut http = hyper::server::conn::http1::Builder::new();
    // Who hangs up is no event.
    let _ = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(tls), service).await;
}

async fn answer(house: Arc<House>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let mut response = Response::new(Full::default());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    let body = Limited::new(request.into_body(), LARGEST).collect().await;
    let sealed = body.map_err(|_| "no whole body").and_then(|body| house.take(&body.to_bytes()));
    match sealed {
        Ok(bytes) => *response.body_mut() = Full::new(Bytes::from(bytes)),
        Err(why) => {
            tracing::warn!(event = "delivery_refused", why);
            *response.status_mut() = StatusCode::BAD_REQUEST;
        }
    }
    Ok(response)
}

impl House {
    /// Verifies, stores, and seals the answer.
    fn take(&self, envelope: &[u8]) -> Result<Vec<u8>, &'static str> {
        let now = clock::now();
        let verified = verify_answer(envelope, &self.gateway).map_err(|_| "the signature does not hold")?;
        verified.check_freshness(now).map_err(|_| "too old, or of tomorrow")?;
        validate(&verified.body_child).map_err(|_| "not valid by the schema")?;
        let answer = if verified.root == DELIVER.name {
            verified.check_action(DELIVER.action, None).map_err(|_| "another action")?;
            let Ok(Push::MottaEndringer(MottaEndringer { endringsmelding })) = Push::parse(&verified.body_child) else {
                return Err("not decoded");
            };
            let kvittering = self.store(&endringsmelding, &verified.body_child)?;
            PushAnswer::MottaEndringer(MottaEndringerSvar { kvittering })
        } else if matches!(Asked::parse(&verified.body_child), Ok(Asked::Ping(_))) {
            verified.check_action(PING_RECEIVER.action, None).map_err(|_| "another action")?;
            let (tid, kontraktversjon) = (oslo(now), Version::LATEST.to_string());
            let svar = Mottaksstatus { tid, kontraktversjon, avsendersystem: parties::PUSHED.to_owned() };
            PushAnswer::Ping(PingMottakSvar { svar })
        } else {
            return Err("no operation of a receiver");
        };
        Ok(seal::seal(verified.soap, &answer.to_xml(), Some(&self.signer), now, None, None).bytes)
    }

    /// Stores what is new, then says how far it came.
    fn store(&self, delivery: &Endringsmelding, body: &[u8]) -> Result<Mottakskvittering, &'static str> {
        let now = oslo(clock::now());
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = delivery.endring.iter().zip(changes(body)).map(|(endring, bytes)| {
            json!({
                "sekvensnummer": endring.sekvensnummer, "hendelseId": endring.hendelse_id,
                "hendelsestype": endring.hendelsestype, "sha256": hex::encode(sha256(bytes)),
                "leveranseId": delivery.leveranse_id, "stroemId": delivery.stroem_id,
                "igjen": endring.sekvensnummer <= stored.last, "mottatt": now,
            })
        });
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        stored.append(&text).map_err(|_| "cannot be stored")?;
        stored.last = stored.last.max(delivery.til_sekvensnummer);
        Ok(Mottakskvittering {
            leveranse_id: delivery.leveranse_id.clone(),
            stroem_id: delivery.stroem_id.clone(),
            bekreftet_til: delivery.til_sekvensnummer,
            mottatt: now,
        })
    }
}

impl Stored {
    fn open(file: PathBuf) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| file.display().to_string())?,
        };
        let number = |line: &str| serde_json::from_str::<Value>(line).ok()?["sekvensnummer"].as_i64();
        Ok(Stored { last: text.lines().filter_map(number).max().unwrap_or(0), file })
    }

    /// On the disk before it is acknowledged.
    fn append(&self, text: &str) -> std::io::Result<()> {
        let mut file = std::fs::File::options().create(true).append(true).open(&self.file)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

/// Each change as it came, byte for byte: no element within one has its name.
fn changes(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    const END: &str = "</endring>";
    let text = std::str::from_utf8(body).unwrap_or_default();
    text.split_inclusive(END).filter_map(|part| Some(part.get(part.find("<endring>")?..)?.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_apart_byte_for_byte() {
        let body = b"<m><flere>false</flere><endring><a>1</a></endring><endring><b></b></endring></m>";
        let all: Vec<_> = changes(body).map(|bytes| std::str::from_utf8(bytes).unwrap()).collect();
        assert_eq!(all, ["<endring><a>1</a></endring>", "<endring><b></b></endring>"]);
    }
}
