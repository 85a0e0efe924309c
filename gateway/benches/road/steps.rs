//! What nobody can leave out, step by step on one thread: the sum that a message on the road is held against.

use std::path::Path;

use nir_wsdl::certificate::Certificate;
use nir_wsdl::envelope::{self, SoapVersion};
use nir_wsdl::key::VerifyKey;
use nir_wsdl::operation;
use nir_wsdl::prefilter::prefilter;
use nir_wsdl::seal::{Signer, seal};
use nir_wsdl::verify::{SecondOpinion, Verified};
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
        let table = |sample: &Sample, each: usize, inserted: [f64; 2]| table(sample, certs, each, inserted);
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

fn table(sample: &Sample, certs: &Path, each: usize, [insert_sqlite, insert_postgres]: [f64; 2]) -> Table {
    let key = key_of(certs);
    let bytes = &sample.request;
    let filter = || prefilter(bytes, operation::LARGEST).expect("what the gateway accepted");
    let open = || envelope::open(filter()).expect("what the gateway accepted");
    let opened = open();
    let verify = |second| -> Verified { opened.verify(&key, second).expect("what the gateway accepted") };
    let signed = verify(SecondOpinion::Off).body_child;
    let signer = |name: &str| signer(certs, name);
    let sign = |signer: &Signer| seal(SoapVersion::V11, &sample.answer, Some(signer), client::now(), None, None).bytes;
    let (rsa, p256) = (signer("gateway"), signer("gateway-ec"));
    let filtered = filter();
    Table {
        bytes: bytes.len(),
        prefilter: micros(each, filter),
        parse: micros(each, || envelope::open(filtered)),
        verify: micros(each, || verify(SecondOpinion::Off)),
        both: micros(each, || verify(SecondOpinion::On)),
        validate: micros(each, || validate(&signed).expect("valid")),
        decode: micros(each, || Request::parse(&signed).expect("decodes")),
        sign_rsa: micros(each, || sign(&rsa)),
        sign_p256: micros(each, || sign(&p256)),
        insert_sqlite,
        insert_postgres,
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
