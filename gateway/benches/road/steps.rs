//! What nobody can leave out, step by step on one thread: the sum that a message on the road is held against.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nir_wsdl::certificate::Certificate;
use nir_wsdl::envelope::{self, Opened, SoapVersion};
use nir_wsdl::key::VerifyKey;
use nir_wsdl::operation;
use nir_wsdl::prefilter::{Filtered, prefilter};
use nir_wsdl::seal::{Signer, seal};
use nir_wsdl::verify::SecondOpinion;
use nir_xsd::message::Request;
use nir_xsd::validate::validate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::client;
use crate::cpu;
use crate::house::{SENDER, Setting};
use crate::insert::Inserts;
use crate::load::Shape;
use crate::tls::{self, Tls};

/// Batches of a measurement: the one in the middle counts, so that a disturbance does not.
const BATCHES: usize = 9;

/// A message as it went over the road: the request, and the Body child of its answer.
#[derive(Debug, Clone)]
pub struct Sample {
    pub request: Vec<u8>,
    pub answer: Vec<u8>,
}

impl Sample {
    /// Takes the answer apart; it must be signed by the gateway.
    pub fn new(request: Vec<u8>, answer: &str, certs: &Path) -> Self {
        let pem = client::read(certs, "gateway.pem");
        let gateway = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let verified = nir_wsdl::client::verify_answer(answer.as_bytes(), &gateway).expect("a signed answer");
        Sample { request, answer: verified.body_child }
    }
}

/// Microseconds of CPU of one kind of message.
#[derive(Debug, Clone)]
pub struct Table {
    pub bytes: usize,
    pub prefilter: f64,
    pub parse: f64,
    pub verify: f64,
    pub both: f64,
    pub validate: f64,
    pub decode: f64,
    pub sign_rsa: f64,
    pub sign_p256: f64,
    pub insert_sqlite: f64,
    pub insert_postgres: f64,
}

impl Table {
    /// The sum for a database and an answer key; the second opinion is nobody's need.
    pub fn irreducible(&self, engine: &str, answer_key: &str) -> f64 {
        let sign = if answer_key == "rsa" { self.sign_rsa } else { self.sign_p256 };
        let insert = if engine == "sqlite" { self.insert_sqlite } else { self.insert_postgres };
        self.prefilter + self.parse + self.verify + self.validate + self.decode + sign + insert
    }
}

/// All that was measured in this process.
#[derive(Debug, Clone)]
pub struct Steps {
    pub single: Table,
    pub large: Table,
    pub inserts: Inserts,
    pub tls: Tls,
}

impl Steps {
    /// Measures the steps of both kinds of message, so many times in a batch.
    pub fn measure(single: &Sample, large: &Sample, certs: &Path, inserts: Inserts, each: usize) -> Self {
        let table = |sample: &Sample, each, inserted| Bench::new(sample, certs).table(each, inserted);
        Steps {
            single: table(single, each, [inserts.sqlite.batch, inserts.postgres.batch]),
            large: table(large, each.div_ceil(50), [inserts.sqlite.large, inserts.postgres.large]),
            tls: tls::measure(certs, &single.request, &single.answer, each),
            inserts,
        }
    }

    /// The sum for a run.
    pub fn irreducible(&self, setting: Setting, shape: Shape) -> f64 {
        let table = if shape == (1, 1) { &self.single } else { &self.large };
        table.irreducible(setting.engine, setting.answer_key)
    }

    /// Rows for people: what, for a single message, for a large one. Nothing where it was not measured.
    pub fn rows(&self) -> Vec<(&'static str, f64, Option<f64>)> {
        let (s, l, of) = (&self.single, &self.large, &self.inserts);
        vec![
            ("bytes of the request", s.bytes as f64, Some(l.bytes as f64)),
            ("prefilter", s.prefilter, Some(l.prefilter)),
            ("parse", s.parse, Some(l.parse)),
            ("verify, strict (RSA-2048)", s.verify, Some(l.verify)),
            ("validate", s.validate, Some(l.validate)),
            ("decode", s.decode, Some(l.decode)),
            ("sign, RSA-2048", s.sign_rsa, Some(l.sign_rsa)),
            ("sign, P-256", s.sign_p256, Some(l.sign_p256)),
            ("insert, SQLite, 64 in a transaction (large: alone)", s.insert_sqlite, Some(l.insert_sqlite)),
            ("insert, PostgreSQL, 64 in a transaction (large: alone)", s.insert_postgres, Some(l.insert_postgres)),
            ("sum: SQLite, RSA-2048", s.irreducible("sqlite", "rsa"), Some(l.irreducible("sqlite", "rsa"))),
            ("sum: SQLite, P-256", s.irreducible("sqlite", "p256"), Some(l.irreducible("sqlite", "p256"))),
            ("sum: PostgreSQL, RSA-2048", s.irreducible("postgres", "rsa"), Some(l.irreducible("postgres", "rsa"))),
            ("sum: PostgreSQL, P-256", s.irreducible("postgres", "p256"), Some(l.irreducible("postgres", "p256"))),
            ("beside it: verify by both", s.both, Some(l.both)),
            ("beside it: TLS, request in and answer out", self.tls.message, None),
            ("beside it: TLS, a whole mutual handshake", self.tls.handshake, None),
            ("beside it: PostgreSQL's part of the insert", of.postgres.batch_database, None),
            ("beside it: insert, SQLite, a transaction for each", of.sqlite.alone, None),
            ("beside it: insert, PostgreSQL, a transaction for each", of.postgres.alone, None),
            ("beside it: a bare row of one blob, SQLite", of.sqlite.blob, None),
            ("beside it: a bare row of one blob, PostgreSQL", of.postgres.blob, None),
        ]
    }
}

/// What every step needs.
struct Bench<'a> {
    sample: &'a Sample,
    key: VerifyKey,
    rsa: Signer,
    p256: Signer,
}

impl<'a> Bench<'a> {
    fn new(sample: &'a Sample, certs: &Path) -> Self {
        Bench { sample, key: key_of(certs), rsa: signer(certs, "gateway"), p256: signer(certs, "gateway-ec") }
    }

    fn filter(&self) -> Filtered<'_> {
        prefilter(&self.sample.request, operation::LARGEST).expect("what the gateway accepted")
    }

    fn open(&self) -> Opened<'_> {
        envelope::open(self.filter()).expect("what the gateway accepted")
    }

    fn verify(&self, opened: &Opened<'_>, second: SecondOpinion) -> Vec<u8> {
        opened.verify(&self.key, second).expect("what the gateway accepted").body_child
    }

    fn sign(&self, signer: &Signer) -> Vec<u8> {
        seal(SoapVersion::V11, &self.sample.answer, Some(signer), client::now(), None, None).bytes
    }

    /// All of them, one after the other.
    fn all(&self) -> (Request, Vec<u8>) {
        let signed = self.verify(&self.open(), SecondOpinion::Off);
        validate(&signed).expect("valid");
        (Request::parse(&signed).expect("decodes"), self.sign(&self.p256))
    }

    fn table(&self, each: usize, [insert_sqlite, insert_postgres]: [f64; 2]) -> Table {
        let (filtered, opened) = (self.filter(), self.open());
        let signed = self.verify(&opened, SecondOpinion::Off);
        Table {
            bytes: self.sample.request.len(),
            prefilter: micros(each, || self.filter()),
            parse: micros(each, || envelope::open(filtered)),
            verify: micros(each, || self.verify(&opened, SecondOpinion::Off)),
            both: micros(each, || self.verify(&opened, SecondOpinion::On)),
            validate: micros(each, || validate(&signed).expect("valid")),
            decode: micros(each, || Request::parse(&signed).expect("decodes")),
            sign_rsa: micros(each, || self.sign(&self.rsa)),
            sign_p256: micros(each, || self.sign(&self.p256)),
            insert_sqlite,
            insert_postgres,
        }
    }
}

/// Threads that keep all other cores at the same steps, as they are at work on the road: what a step costs depends on
/// its neighbors.
#[derive(Debug)]
pub struct Busy {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    /// Until it is dropped.
    pub fn with(sample: &Sample, certs: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let others = std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
        let threads = (0..others).map(|_| {
            let (stop, sample, certs) = (Arc::clone(&stop), sample.clone(), certs.to_owned());
            let thread = std::thread::Builder::new().name(cpu::BUSY.to_owned()).spawn(move || {
                let bench = Bench::new(&sample, &certs);
                while !stop.load(Ordering::Relaxed) {
                    std::hint::black_box(bench.all());
                }
            });
            thread.expect("a thread")
        });
        Busy { threads: threads.collect(), stop }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("steps that hold");
        }
    }
}

/// The key of the sender's certificate.
fn key_of(certs: &Path) -> VerifyKey {
    let certificate = Certificate::from_pem(client::read(certs, &format!("{SENDER}.pem")).as_bytes());
    certificate.expect("a certificate")[0].verify_key().expect("a key")
}

/// Key and certificate of that name.
pub fn signer(certs: &Path, name: &str) -> Signer {
    let (key, pem) = (client::read(certs, &format!("{name}.key")), client::read(certs, &format!("{name}.pem")));
    Signer::from_pem(&key, &pem).expect("a key and its certificate")
}

/// Microseconds of this thread for one call: the batch in the middle.
pub fn micros<T>(each: usize, mut work: impl FnMut() -> T) -> f64 {
    let batch = |_| {
        let before = cpu::of_this_thread();
        for _ in 0..each {
            std::hint::black_box(work());
        }
        (cpu::of_this_thread() - before) * 1e6 / each as f64
    };
    let mut batches: Vec<f64> = (0..BATCHES).map(batch).collect();
    middle(&mut batches)
}

/// The one in the middle.
pub fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
