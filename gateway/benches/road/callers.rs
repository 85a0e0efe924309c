//! Callers on TLS connections that stay open, who replay distinct messages signed beforehand.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{Signer, seal};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;

use crate::client::{self, Gateway as _};
use crate::house::{House, SENDER};
use crate::load::{self, Load, Shape};
use crate::report::Row;
use crate::steps::{self, Steps};

/// How large the largest messages are: a little less than may be, so that all of them and those of 64 other callers
/// are within what the gateway holds in memory at once.
const HUGE_BYTES: usize = 3_900_000;
/// And what they hold: as many registrations as may be.
const HUGE: Shape = (100, 10);

pub type Stream = StreamOwned<ClientConnection, TcpStream>;

/// The one sender: its certificates, and what it has sent so far.
pub struct Sender<'a> {
    house: &'a House,
    signer: Signer,
    tls: Arc<ClientConfig>,
    load: Load,
}

/// What a run is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub name: &'static str,
    pub callers: usize,
    pub messages: usize,
    pub shape: Shape,
    /// So many more callers send one of the largest messages each.
    pub huge: usize,
}

/// Messages of one registration.
pub const SINGLE: Plan = Plan { name: "single", callers: 1, messages: 0, shape: (1, 1), huge: 0 };
/// Messages of 200.
pub const LARGE: Plan = Plan { name: "200 registrations", shape: (40, 5), ..SINGLE };
/// Small ones beside the largest.
pub const BESIDE_HUGE: Plan = Plan { name: "beside 4 of 4 MB", huge: 4, ..SINGLE };

impl Plan {
    /// Registrations of a message.
    pub fn registrations(&self) -> usize {
        self.shape.0 * self.shape.1
    }
}

impl<'a> Sender<'a> {
    /// Grants every person a programme, so that measures can follow.
    pub fn new(house: &'a House) -> Self {
        let sender = Sender {
            house,
            signer: steps::signer(&house.node.certs(), SENDER),
            tls: client::tls(&house.node.certs(), Some(SENDER)),
            load: house.load(),
        };
        let mut stream = sender.connect();
        for (home, dufs) in sender.load.to_grant() {
            let answer = exchange(&mut stream, &http(&sender.sealed(&load::grants(home, &dufs))));
            accepted(&answer, dufs.len());
        }
        sender
    }

    /// Sends one message and gives back request and answer, both whole envelopes.
    pub fn one(&mut self, plan: Plan) -> (Vec<u8>, String) {
        let payload = load::payload(&self.load.message(plan.shape));
        let envelope = self.sealed(&payload);
        let answer = exchange(&mut self.connect(), &http(&envelope));
        accepted(&answer, plan.registrations());
        let body = answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned();
        (envelope, body)
    }

    /// What has been sent.
    pub fn sent(&self) -> &Load {
        &self.load
    }

    /// Replays and measures. What a message needs to be made is done before the clock starts.
    pub fn run(&mut self, plan: Plan, steps: &Steps) -> Row {
        let payloads: Vec<String> = (0..plan.messages).map(|_| load::payload(&self.load.message(plan.shape))).collect();
        let requests: Vec<Vec<u8>> = payloads.iter().map(|payload| http(&self.sealed(payload))).collect();
        let payloads: Vec<String> =
            (0..plan.huge).map(|_| blown_up(&load::payload(&self.load.message(HUGE)))).collect();
        let huge: Vec<Vec<u8>> = payloads.iter().map(|payload| http(&self.sealed(payload))).collect();
        let (queue, huge_queue) = (Queue::new(&requests, plan.registrations()), Queue::new(&huge, HUGE.0 * HUGE.1));
        let connections: Vec<Stream> = (0..plan.callers + plan.huge).map(|_| self.connect()).collect();
        let (before, batches) = (self.house.spent(), self.house.batches());
        let start = Instant::now();
        let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
            let mut callers = Vec::new();
            for (number, stream) in connections.into_iter().enumerate() {
                let queue = if number < plan.callers { &queue } else { &huge_queue };
                callers.push(scope.spawn(move || queue.replay(stream)));
            }
            let waited = |caller: std::thread::ScopedJoinHandle<'_, Vec<Duration>>| caller.join().expect("a caller");
            callers.into_iter().flat_map(waited).collect()
        });
        let elapsed = start.elapsed().as_secs_f64();
        let spent = self.house.spent().micros_since(&before, latencies.len());
        let batches = self.house.batches() - batches;
        latencies.sort_unstable();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let setting = self.house.setting;
        Row {
            setting,
            messages_per_s: latencies.len() as f64 / elapsed,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: at(1.0),
            messages_per_batch: latencies.len() as f64 / batches,
            spent,
            resident_mb: self.house.resident_mb(),
            irreducible_us: steps.irreducible(setting, plan.shape),
            plan,
        }
    }

    fn sealed(&self, payload: &str) -> Vec<u8> {
        seal(SoapVersion::V11, payload.as_bytes(), Some(&self.signer), client::now(), None, None).bytes
    }

    fn connect(&self) -> Stream {
        connect(Arc::clone(&self.tls), self.house.node.port)
    }
}

/// An open connection.
pub fn connect(tls: Arc<ClientConfig>, port: u16) -> Stream {
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(tls, name).expect("a TLS client");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the gateway listens");
    stream.set_nodelay(true).expect("nodelay");
    let mut stream = StreamOwned::new(connection, stream);
    // The handshake is no part of a message.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).expect("a handshake");
    }
    stream
}

/// Requests that callers take one after the other.
struct Queue<'a> {
    requests: &'a [Vec<u8>],
    next: AtomicUsize,
    /// Registrations of each.
    each: usize,
}

impl<'a> Queue<'a> {
    fn new(requests: &'a [Vec<u8>], each: usize) -> Self {
        Queue { requests, next: AtomicUsize::new(0), each }
    }

    fn replay(&self, mut stream: Stream) -> Vec<Duration> {
        let mut own = Vec::new();
        while let Some(request) = self.requests.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let sent = Instant::now();
            let answer = exchange(&mut stream, request);
            own.push(sent.elapsed());
            accepted(&answer, self.each);
        }
        own
    }
}

/// Everything that was sent is said to be stored.
fn accepted(answer: &str, registrations: usize) {
    let stored = answer.matches("<resultat>REGISTRERT</resultat>").count();
    assert!(answer.contains("<status>GODTATT</status>") && stored == registrations, "not accepted: {answer}");
}

/// The same message with white space between its registrations, which is part of what is signed.
fn blown_up(payload: &str) -> String {
    let blanks = " ".repeat((HUGE_BYTES - payload.len()) / (HUGE.0 * HUGE.1));
    payload.replace("<registrering>", &format!("{blanks}<registrering>"))
}

/// A request as it goes over the wire.
pub fn http(envelope: &[u8]) -> Vec<u8> {
    client::request(client::SOAP_11, "", envelope)
}

/// One request and its answer, as a client does that reads the head first.
pub fn exchange(stream: &mut Stream, request: &[u8]) -> String {
    stream.write_all(request).and_then(|()| stream.flush()).expect("the request is sent");
    let mut all = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    let mut whole = None;
    while whole.is_none_or(|length| all.len() < length) {
        let read = stream.read(&mut chunk).expect("the answer arrives");
        assert!(read > 0, "the connection was closed: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&chunk[..read]);
        whole = whole.or_else(|| length_of(&all));
    }
    String::from_utf8(all).expect("UTF-8")
}

/// Bytes of head and body together, once the head is there.
fn length_of(begun: &[u8]) -> Option<usize> {
    let end = begun.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&begun[..end]).to_ascii_lowercase();
    let body = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    Some(end + 4 + body.expect("the answer states its length"))
}
