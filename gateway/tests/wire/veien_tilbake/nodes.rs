//! Three nodes on one database, behind what stands for a load balancer; any of them may be killed at any time.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose};
use register::evidence::sha256;

use crate::client::Gateway;
use crate::levering::receiver::tick;
use crate::node::{Installation, Node};

/// How many there are.
pub const NODES: usize = 3;

/// A node died between these ticks.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    pub node: usize,
    pub before: u64,
    pub after: u64,
}

pub struct Nodes<'a> {
    installation: &'a Installation,
    settings: &'a [(&'a str, &'a str)],
    running: Vec<Mutex<Option<Node>>>,
    /// Where each listens; 0 while it is dead.
    ports: Vec<AtomicU16>,
    next: AtomicUsize,
    kills: Mutex<Vec<Kill>>,
    /// Digests of the TLS certificates, by which receivers know the nodes.
    pub certificates: Vec<[u8; 32]>,
}

impl<'a> Nodes<'a> {
    pub fn start(installation: &'a Installation, settings: &'a [(&'a str, &'a str)]) -> Self {
        let certificates = (0..NODES).map(|node| certificate(installation, node)).collect();
        let nodes = Nodes {
            installation,
            settings,
            running: (0..NODES).map(|_| Mutex::default()).collect(),
            ports: (0..NODES).map(|_| AtomicU16::default()).collect(),
            next: AtomicUsize::new(0),
            kills: Mutex::default(),
            certificates,
        };
        (0..NODES).for_each(|node| nodes.serve(node));
        nodes
    }

    fn serve(&self, node: usize) {
        let (name, certs) = (name(node), self.installation.path().join("certs"));
        let file = |ending: &str| certs.join(format!("{name}.{ending}")).to_str().unwrap().to_owned();
        let (key, certificate) = (file("key"), file("pem"));
        let own = [("NODE__NAME", name.as_str()), ("TLS__KEY", &key), ("TLS__CERTIFICATE", &certificate)];
        let started = self.installation.serve(&[&own, self.settings].concat());
        self.ports[node].store(started.port, Ordering::SeqCst);
        *self.running[node].lock().unwrap() = Some(started);
    }

    /// SIGKILL to these at once, in the midst of what they do; then they start again, under their names.
    pub fn kill(&self, which: &[usize]) {
        let before = tick();
        let mut dead: Vec<_> = which.iter().map(|node| self.running[*node].lock().unwrap().take().unwrap()).collect();
        dead.iter().for_each(|node| node.signal("KILL"));
        which.iter().for_each(|node| self.ports[*node].store(0, Ordering::SeqCst));
        for node in &mut dead {
            node.ended();
            is_sound(node);
        }
        let after = tick();
        self.kills.lock().unwrap().extend(which.iter().map(|node| Kill { node: *node, before, after }));
        which.iter().for_each(|node| self.serve(*node));
    }

    pub fn kills(&self) -> Vec<Kill> {
        self.kills.lock().unwrap().clone()
    }

    /// Ends all as an operator would; the most memory that one of them held, in bytes.
    pub fn stop(self) -> u64 {
        let all = self.running.into_iter().map(|node| node.into_inner().unwrap().unwrap());
        let most = all.map(|node| {
            is_sound(&node);
            let most = node.most_resident();
            node.stop();
            most
        });
        most.max().unwrap_or_default()
    }
}

/// Nothing failed in a way that no bad day excuses.
fn is_sound(node: &Node) {
    let log = node.log.text();
    for words in ["panicked", "chain_moved", "delivery_not_recorded"] {
        let bad: Vec<_> = log.lines().filter(|line| line.contains(words)).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }
}

fn name(node: usize) -> String {
    format!("node-{node}")
}

/// A TLS certificate of the node's own.
fn certificate(installation: &Installation, node: usize) -> [u8; 32] {
    let certs = installation.path().join("certs");
    let read = |name: &str| std::fs::read_to_string(certs.join(name)).unwrap();
    let ca = Issuer::from_ca_cert_pem(&read("ca.pem"), KeyPair::from_pem(&read("ca.key")).unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name(node));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    let signed = params.signed_by(&key, &ca).unwrap();
    std::fs::write(certs.join(format!("{}.pem", name(node))), signed.pem()).unwrap();
    std::fs::write(certs.join(format!("{}.key", name(node))), key.serialize_pem()).unwrap();
    sha256(signed.der())
}

/// A caller comes to one after the other, whether it lives or not.
impl Gateway for Nodes<'_> {
    fn port(&self) -> u16 {
        self.ports[self.next.fetch_add(1, Ordering::Relaxed) % NODES].load(Ordering::SeqCst)
    }

    fn certs(&self) -> PathBuf {
        self.installation.path().join("certs")
    }
}
