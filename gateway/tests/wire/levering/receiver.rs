//! A fagsystem that hosts NirMottak, as good or as bad as a test wants it: real TLS, raw bytes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nir_wsdl::client::verify_answer;
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{Signer, seal};
use nir_xsd::message::{Endringsmelding, Push};
use register::evidence::sha256;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::client::now;
use crate::process::{PATIENCE, eventually};

/// What it does with a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it, and signs so.
    Good,
    /// Takes it, and is in no hurry to sign so.
    Leisurely,
    /// Takes its first change alone.
    Part,
    /// Signs that it took nothing.
    Nothing,
    /// Signs a number behind the delivery.
    Beyond,
    /// Accepts the connection and says nothing.
    HalfOpen,
    /// Answers a byte now and then.
    Slow,
    /// Closes when it has read the delivery.
    HangUp,
    /// Answers what is no XML.
    Garbage,
    /// Answers without end.
    Endless,
    /// A signed Fault.
    Fault,
    /// A receipt without a signature.
    Unsigned,
    /// A receipt that was changed after it was signed.
    Changed,
    /// A receipt signed by an organization that does not speak for the avsendersystem.
    Stranger,
    /// A signed receipt whose time is over.
    Old,
    /// A signed receipt of a delivery that never was.
    OtherDelivery,
    /// The receipt that it gave last, byte for byte.
    Again,
    /// Sends the caller elsewhere.
    Redirect(String),
    /// This status.
    Status(u16),
    /// Shows this TLS certificate instead of its own.
    Tls(String),
}

/// One change that it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub number: i64,
    pub id: String,
    /// Digest of the bytes of the `endring`.
    pub digest: [u8; 32],
}

impl Change {
    pub fn new(number: i64, id: &str, bytes: &str) -> Self {
        Change { number, id: id.to_owned(), digest: sha256(bytes.as_bytes()) }
    }
}

/// One delivery, as the log of the receiver has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When its connection was accepted.
    pub tick: u64,
    /// Digest of the TLS certificate of who sent it.
    pub by: [u8; 32],
    pub leveranse_id: String,
    pub changes: Vec<Change>,
    /// Up to where a signed receipt, written as a whole, says that it was stored.
    pub answered: Option<i64>,
    /// How long that took.
    pub took: Duration,
}

/// The order of what happens at several places of a test.
pub fn tick() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

struct Shared {
    certs: std::path::PathBuf,
    signer: Signer,
    stranger: Signer,
    behaviour: Mutex<Behaviour>,
    connections: AtomicUsize,
    /// Everything that came.
    seen: Mutex<Vec<Delivery>>,
    /// When each delivery had been read, and when its oldest change was recorded.
    arrivals: Mutex<Vec<(DateTime<Utc>, DateTime<Utc>)>>,
    /// What it stored and acknowledged, in order; what it has already, it stores no more.
    taken: Mutex<Vec<Change>>,
    last: Mutex<String>,
}

/// It runs as long as the tests do.
pub struct Receiver {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Its TLS certificate is `mottak`; it signs with the certificate of that name.
    pub fn start(certs: &Path, signer: &str) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), certs, signer)
    }

    pub fn start_on(listener: TcpListener, certs: &Path, signer: &str) -> Self {
        let signer_of = |name: &str| {
            let read = |ending: &str| std::fs::read_to_string(certs.join(format!("{name}.{ending}"))).unwrap();
            Signer::from_pem(&read("key"), &read("pem")).unwrap()
        };
        let shared = Arc::new(Shared {
            certs: certs.to_owned(),
            signer: signer_of(signer),
            stranger: signer_of(if signer == "vendor" { "vendor2" } else { "vendor" }),
            behaviour: Mutex::new(Behaviour::Good),
            connections: AtomicUsize::new(0),
            seen: Mutex::default(),
            arrivals: Mutex::default(),
            taken: Mutex::default(),
            last: Mutex::default(),
        });
        let port = listener.local_addr().unwrap().port();
        let house = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let tick = tick();
                house.connections.fetch_add(1, Ordering::SeqCst);
                let house = Arc::clone(&house);
                // A client that hangs up is no failure of the test.
                std::thread::spawn(move || house.serve(stream, tick));
            }
        });
        Receiver { port, shared }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/nir/mottak", self.port)
    }

    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// What it acknowledged, in order.
    pub fn taken(&self) -> Vec<Change> {
        self.shared.taken.lock().unwrap().clone()
    }

    /// The last number that it stored; 0 when there is none.
    pub fn last(&self) -> i64 {
        self.shared.taken.lock().unwrap().last().map_or(0, |change| change.number)
    }

    /// Everything that came, in the order in which it was sent.
    pub fn seen(&self) -> Vec<Delivery> {
        let mut seen = self.shared.seen.lock().unwrap().clone();
        seen.sort_by_key(|delivery| delivery.tick);
        seen
    }

    /// Waits until it has acknowledged the number.
    pub fn has(&self, number: i64) {
        eventually(&format!("number {number}"), || (self.last() >= number.max(1)).then_some(()));
    }

    /// When each delivery had been read, and when its oldest change was recorded.
    pub fn arrivals(&self) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        self.shared.arrivals.lock().unwrap().clone()
    }

    /// Everything acknowledged is there once, in order, from 1 on; and what came more than once was always the same.
    pub fn is_sound(&self) {
        let numbers: Vec<i64> = self.taken().iter().map(|change| change.number).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
        let (taken, mut stored) = (self.taken(), 0);
        for delivery in self.seen() {
            for change in &delivery.changes {
                assert!(change.number > stored, "{} came again, though it was acknowledged", change.number);
                if let Some(first) = taken.iter().find(|first| first.number == change.number) {
                    assert_eq!(first, change, "a number that came again is the same");
                }
            }
            stored = delivery.answered.unwrap_or(stored);
        }
        assert!(self.arrivals().iter().all(|(arrived, recorded)| recorded <= arrived), "news of tomorrow");
    }
}

impl Shared {
    fn tls(&self, name: &str) -> Arc<ServerConfig> {
        let read = |file: String| std::fs::read_to_string(self.certs.join(file)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(read("ca.pem".into()).as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(read(format!("{name}.pem")).as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(read(format!("{name}.key")).as_bytes()).unwrap(),
            );
        Arc::new(config.unwrap())
    }

    fn serve(&self, stream: TcpStream, tick: u64) -> Option<()> {
        let began = Instant::now();
        let behaviour = self.behaviour.lock().unwrap().clone();
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        if behaviour == Behaviour::HalfOpen {
            // Reads what comes and answers nothing, until the caller has had enough.
            let mut stream = stream;
            while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
            return None;
        }
        let shown = match &behaviour {
            Behaviour::Tls(name) => name.as_str(),
            _ => "mottak",
        };
        let mut tls = StreamOwned::new(ServerConnection::new(self.tls(shown)).ok()?, stream);
        let body = read_request(&mut tls)?;
        let arrived = now();
        let gateway = std::fs::read_to_string(self.certs.join("gateway.pem")).unwrap();
        let gateway = CertificateDer::from_pem_slice(gateway.as_bytes()).unwrap();
        let verified = verify_answer(&body, &gateway).expect("what is pushed is signed by the gateway");
        assert_eq!(nir_xsd::validate::validate(&verified.body_child), Ok(()), "and valid");
        if verified.root == "ping" {
            return respond(&mut tls, &behaviour, &self.pong(&behaviour));
        }
        let Ok(Push::MottaEndringer(wrapper)) = Push::parse(&verified.body_child) else { panic!("no delivery") };
        let delivery = wrapper.endringsmelding;
        let changes = changes(&delivery, &verified.body_child);
        self.arrivals.lock().unwrap().push((arrived, delivery.endring[0].registrert.to_utc()));
        let shown = tls.conn.peer_certificates().and_then(<[_]>::first).expect("the gateway shows its certificate");
        let (by, leveranse_id) = (sha256(shown), delivery.leveranse_id.clone());
        let place = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Delivery {
                tick,
                by,
                leveranse_id,
                changes: changes.clone(),
                answered: None,
                took: Duration::MAX,
            });
            seen.len() - 1
        };
        let answer = self.answer(&behaviour, &delivery);
        let to = match &behaviour {
            Behaviour::Good | Behaviour::Leisurely => Some(delivery.til_sekvensnummer),
            Behaviour::Part => Some(delivery.fra_sekvensnummer),
            _ => None,
        };
        // Stored before it is answered: what is lost on the way comes again.
        self.store(changes, to.unwrap_or_default());
        respond(&mut tls, &behaviour, &answer)?;
        let delivery = &mut self.seen.lock().unwrap()[place];
        (delivery.answered, delivery.took) = (to, began.elapsed());
        Some(())
    }

    /// Stores what is new, up to this number.
    fn store(&self, changes: Vec<Change>, to: i64) {
        let mut taken = self.taken.lock().unwrap();
        for change in changes.into_iter().filter(|change| change.number <= to) {
            if taken.last().is_none_or(|last| change.number > last.number) {
                taken.push(change);
            }
        }
    }

    /// The answer to a ping.
    fn pong(&self, behaviour: &Behaviour) -> String {
        let status = format!(
            "<pingMottakSvar xmlns=\"urn:no:nir:melding:v1\"><svar><tid>{}</tid><kontraktversjon>1.1</kontraktversjon>\
             <avsendersystem>4204-voksen-2</avsendersystem></svar></pingMottakSvar>",
            now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
        );
        let signer = match behaviour {
            Behaviour::Unsigned => None,
            Behaviour::Stranger => Some(&self.stranger),
            _ => Some(&self.signer),
        };
        let body = if *behaviour == Behaviour::Fault { FAULT } else { &status };
        sealed(body, signer, now())
    }

    fn answer(&self, behaviour: &Behaviour, delivery: &Endringsmelding) -> String {
        let (from, to) = (delivery.fra_sekvensnummer, delivery.til_sekvensnummer);
        let receipt = |leveranse: &str, to: i64| {
            format!(
                "<mottaEndringerSvar xmlns=\"urn:no:nir:melding:v1\"><kvittering><leveranseId>{leveranse}</leveranseId>\
                 <stroemId>{}</stroemId><bekreftetTil>{to}</bekreftetTil><mottatt>{}</mottatt></kvittering></mottaEndringerSvar>",
                delivery.stroem_id,
                now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
            )
        };
        let own = |leveranse: &str, to: i64| sealed(&receipt(leveranse, to), Some(&self.signer), now());
        let id = &delivery.leveranse_id;
        let answer = match behaviour {
            Behaviour::Part => own(id, from),
            Behaviour::Nothing => own(id, from - 1),
            Behaviour::Beyond => own(id, to + 1),
            Behaviour::Garbage => "<<< ikke XML &".to_owned(),
            Behaviour::Unsigned => sealed(&receipt(id, to), None, now()),
            Behaviour::Stranger => sealed(&receipt(id, to), Some(&self.stranger), now()),
            Behaviour::Old => sealed(&receipt(id, to), Some(&self.signer), now() - chrono::TimeDelta::hours(1)),
            Behaviour::Changed => {
                own(id, from - 1).replace(&format!("<bekreftetTil>{}<", from - 1), &format!("<bekreftetTil>{to}<"))
            }
            Behaviour::OtherDelivery => own("lev-another-1-1", to),
            Behaviour::Again => self.last.lock().unwrap().clone(),
            Behaviour::Fault => sealed(FAULT, Some(&self.signer), now()),
            _ => own(id, to),
        };
        if *behaviour == Behaviour::Good {
            self.last.lock().unwrap().clone_from(&answer);
        }
        answer
    }
}

const FAULT: &str = "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>nede</faultstring></soap:Fault>";

fn sealed(body: &str, signer: Option<&Signer>, created: DateTime<Utc>) -> String {
    String::from_utf8(seal(SoapVersion::V11, body.as_bytes(), signer, created, None, None).bytes).unwrap()
}

fn respond(tls: &mut StreamOwned<ServerConnection, TcpStream>, behaviour: &Behaviour, answer: &str) -> Option<()> {
    let head = |status: &str, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\n{more}Connection: close\r\n\r\n")
    };
    let length = format!("Content-Length: {}\r\n", answer.len());
    match behaviour {
        Behaviour::HangUp => return None,
        Behaviour::Leisurely => {
            std::thread::park_timeout(std::time::Duration::from_millis(400));
            tls.write_all(format!("{}{answer}", head("200 OK", &length)).as_bytes()).ok()?;
        }
        Behaviour::Redirect(to) => {
            let more = format!("Location: {to}\r\nContent-Length: 0\r\n");
            tls.write_all(head("307 Temporary Redirect", &more).as_bytes()).ok()?;
        }
        Behaviour::Status(status) => {
            tls.write_all(format!("{}{answer}", head(&format!("{status} X"), &length)).as_bytes()).ok()?;
        }
        Behaviour::Endless => {
            tls.write_all(head("200 OK", "").as_bytes()).ok()?;
            loop {
                tls.write_all(&[b' '; 4096]).ok()?;
            }
        }
        Behaviour::Slow => {
            tls.write_all(head("200 OK", &length).as_bytes()).ok()?;
            for byte in answer.bytes() {
                tls.write_all(&[byte]).ok()?;
                tls.flush().ok()?;
                std::thread::park_timeout(std::time::Duration::from_millis(20));
            }
        }
        _ => tls.write_all(format!("{}{answer}", head("200 OK", &length)).as_bytes()).ok()?,
    }
    tls.conn.send_close_notify();
    tls.flush().ok()
}

/// The body of a POST of the service.
fn read_request(tls: &mut StreamOwned<ServerConnection, TcpStream>) -> Option<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            assert!(head.starts_with("post /nir/mottak http/1.1\r\n"), "{head}");
            assert!(head.contains("soapaction: \"urn:no:nir:mottak:v1/"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let length: usize = length.trim().parse().unwrap();
            if bytes.len() >= end + length {
                return Some(bytes[end..end + length].to_vec());
            }
        }
        match tls.read(&mut piece) {
            Ok(0) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

fn changes(delivery: &Endringsmelding, body: &[u8]) -> Vec<Change> {
    let text = std::str::from_utf8(body).unwrap();
    let parts = text.split("<endring>").skip(1).map(|part| part.split("</endring>").next().unwrap());
    let changes: Vec<_> = delivery
        .endring
        .iter()
        .zip(parts)
        .map(|(one, bytes)| Change::new(one.sekvensnummer, &one.hendelse_id, bytes))
        .collect();
    assert_eq!(changes.len(), delivery.endring.len());
    assert_eq!(changes.first().map(|change| change.number), Some(delivery.fra_sekvensnummer));
    assert_eq!(changes.last().map(|change| change.number), Some(delivery.til_sekvensnummer));
    changes
}
