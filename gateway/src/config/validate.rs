//! What can be wrong with values and files, said all at once.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use nir_wsdl::certificate::Trust;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use register::policy::Profile;

use super::{Config, Environment, Problems, files};

/// The largest message of the contract (contract.md, design.md 14), which must fit into the memory for bodies.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;
/// hyper needs at least this much for a request head.
const LEAST_HEADER_BYTES: usize = 8192;
/// No signed receipt with its certificate is smaller.
const LEAST_RECEIPT: usize = 16 * 1024;
/// A receiver that mends itself is found again within a day.
const MOST_REST_MS: u64 = 86_400_000;
/// And one that does not is told of within a month.
const MOST_PATIENCE_SECONDS: u64 = 30 * 86_400;
/// A revocation list older than a week says nothing any more.
const MOST_GRACE_HOURS: u32 = 168;

impl Config {
    /// Checks every value and every file named, and lists all problems.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut found = Found(Vec::new());
        self.node(&mut found);
        self.addresses(&mut found);
        self.keys(&mut found);
        self.trusted(&mut found);
        self.storage(&mut found);
        self.delivery(&mut found);
        self.limits(&mut found);
        self.mail(&mut found);
        if found.0.is_empty() { Ok(()) } else { Err(Problems(found.0)) }
    }

    fn node(&self, found: &mut Found) {
        let name = &self.node.name;
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 20 || !name.chars().all(letters) {
            found.add("node.name", "must be 1 to 20 characters of a-z, 0-9 and -");
        }
    }

    fn addresses(&self, found: &mut Found) {
        let listeners = &self.listeners;
        if listeners.fagsystem == listeners.metrics && listeners.fagsystem.port() != 0 {
            found.add("listeners.metrics", "must be another address than listeners.fagsystem");
        }
        let url = &listeners.public_url;
        let parsed = url.parse::<hyper::Uri>().ok().filter(|uri| uri.host().is_some() && uri.query().is_none());
        let usable = url.starts_with("https://") && parsed.is_some();
        if !url.is_empty() && !usable {
            found.add("listeners.public_url", "must be empty or an address that begins with https://");
        }
    }

    fn keys(&self, found: &mut Found) {
        found.key("tls.key", &self.tls.key);
        found.certificates("tls.certificate", &self.tls.certificate);
        if self.tls.client_anchors.is_empty() {
            found.add("tls.client_anchors", "names no file; without one no fagsystem can connect");
        }
        for anchor in &self.tls.client_anchors {
            found.certificates("tls.client_anchors", anchor);
        }
        let signing = &self.signing;
        found.key("signing.key", &signing.key);
        found.certificates("signing.certificate", &signing.certificate);
        match (&signing.ecdsa_key, &signing.ecdsa_certificate) {
            (None, None) => {}
            (Some(key), Some(certificate)) => {
                found.key("signing.ecdsa_key", key);
                found.certificates("signing.ecdsa_certificate", certificate);
            }
            _ => found.add("signing.ecdsa_key", "and signing.ecdsa_certificate must be set together"),
        }
        if let Some(next) = &signing.next_certificate {
            found.certificates("signing.next_certificate", next);
        }
        for former in &signing.former_certificates {
            found.certificates("signing.former_certificates", former);
        }
    }

    fn trusted(&self, found: &mut Found) {
        let (own, before) = (Environment::of(self.profile), found.0.len());
        if !self.trust.anchors.iter().any(|anchor| anchor.environment == own) {
            let environment = if own == Environment::Production { "production" } else { "test" };
            let needs =
                format!("has no anchor with environment = \"{environment}\", which the profile {} needs", self.profile);
            found.add("trust.anchors", &needs);
        }
        for anchor in &self.trust.anchors {
            found.certificates("trust.anchors", &anchor.file);
        }
        for file in &self.trust.intermediates {
            found.certificates("trust.intermediates", file);
        }
        if self.profile == Profile::Production && self.trust.crls.is_empty() {
            found.add("trust.crls", "names no revocation list; production needs one per issuer");
        }
        if self.trust.grace_hours > MOST_GRACE_HOURS {
            found.add("trust.grace_hours", "is at most 168");
        }
        if found.0.len() == before {
            self.revocation(found);
        }
    }

    /// What only the verifier can say: whether anchors may issue, and whether the lists are theirs.
    fn revocation(&self, found: &mut Found) {
        let loaded = self.trust_settings().map_err(|error| format!("{error:#}"));
        match loaded.and_then(|settings| Trust::load(settings).map_err(|error| error.to_string())) {
            Err(error) => found.add("trust", &error),
            Ok(trust) => {
                for list in trust.crl_status() {
                    if let Some(problem) = list.problem {
                        found.add("trust.crls", &format!("{} {problem}", list.path.display()));
                    }
                }
            }
        }
    }

    fn storage(&self, found: &mut Found) {
        let url = &self.database.url;
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            found.add("database.url", "must begin with sqlite: or postgres://");
        }
        let file = &self.evidence.master_key_file;
        if file.as_os_str().is_empty() {
            found.add("evidence.master_key_file", "is not set; make one with: openssl rand -hex 32");
        } else if let Err(error) = self.evidence.master_key() {
            found.add("evidence.master_key_file", &format!("{error:#}"));
        }
    }

    fn delivery(&self, found: &mut Found) {
        let delivery = &self.delivery;
        for anchor in &delivery.anchors {
            found.certificates("delivery.anchors", anchor);
        }
        let counts = [("delivery.at_once", delivery.at_once), ("delivery.failing_at_once", delivery.failing_at_once)];
        for (key, _) in counts.into_iter().filter(|(_, count)| !(1..=1024).contains(count)) {
            found.add(key, "must be 1 to 1024");
        }
        let seconds = [
            ("delivery.connect_seconds", delivery.connect_seconds),
            ("delivery.answer_seconds", delivery.answer_seconds),
        ];
        for (key, _) in seconds.into_iter().filter(|(_, seconds)| !(1..=300).contains(seconds)) {
            found.add(key, "must be 1 to 300");
        }
        if !(LEAST_RECEIPT..=LARGEST_MESSAGE).contains(&delivery.answer_bytes) {
            found.add("delivery.answer_bytes", "must be 16384 to 4194304");
        }
        if delivery.backoff_first_ms == 0 || delivery.backoff_most_ms < delivery.backoff_first_ms {
            found.add("delivery.backoff_most_ms", "must be at least backoff_first_ms, which must be at least 1");
        }
        if delivery.backoff_most_ms > MOST_REST_MS {
            found.add("delivery.backoff_most_ms", "is at most 86400000, a day");
        }
        if !(1..=MOST_PATIENCE_SECONDS).contains(&delivery.park_after_seconds) {
            found.add("delivery.park_after_seconds", "must be 1 to 2592000, thirty days");
        }
    }

    fn mail(&self, found: &mut Found) {
        let mail = &self.mail;
        if !mail.server.is_empty() && AsyncSmtpTransport::<Tokio1Executor>::from_url(&mail.server).is_err() {
            found.add("mail.server", "must be empty or an address that begins with smtp:// or smtps://");
        }
        let before = found.0.len();
        for anchor in &mail.anchors {
            found.certificates("mail.anchors", anchor);
        }
        if !mail.server.is_empty()
            && found.0.len() == before
            && let Err(error) = crate::mail::tls(mail)
        {
            found.add("mail.anchors", &format!("cannot be used: {error:#}"));
        }
        if !mail.server.is_empty() && mail.folder.is_some() {
            found.add("mail.folder", "and mail.server cannot both be set");
        }
        if mail.from.parse::<Mailbox>().is_err() {
            found.add("mail.from", "must be a mail address");
        }
        if mail.look_seconds == 0 {
            found.add("mail.look_seconds", "must be at least 1");
        }
    }

    fn limits(&self, found: &mut Found) {
        let limits = &self.limits;
        let counts = [
            ("limits.connections", limits.connections),
            ("limits.in_flight", limits.in_flight),
            ("limits.in_flight_per_sender", limits.in_flight_per_sender),
            ("limits.waiting_polls", limits.waiting_polls),
            ("limits.queue", limits.queue),
        ];
        let seconds = [
            ("limits.handshake_seconds", limits.handshake_seconds),
            ("limits.header_seconds", limits.header_seconds),
            ("limits.body_seconds", limits.body_seconds),
            ("limits.drain_seconds", limits.drain_seconds),
        ];
        for (key, _) in counts.into_iter().filter(|(_, count)| *count == 0) {
            found.add(key, "must be at least 1");
        }
        for (key, _) in seconds.into_iter().filter(|(_, seconds)| !(1..=3600).contains(seconds)) {
            found.add(key, "must be 1 to 3600");
        }
        if limits.in_flight_per_sender > limits.in_flight {
            found.add(
                "limits.in_flight_per_sender",
                "is larger than limits.in_flight, so one sender could take every place",
            );
        }
        if limits.header_bytes < LEAST_HEADER_BYTES {
            found.add("limits.header_bytes", "must be at least 8192");
        }
        if limits.request_bytes_in_work < LARGEST_MESSAGE {
            found.add("limits.request_bytes_in_work", "must be at least 4194304, the largest message");
        }
        if limits.workers > 1024 {
            found.add("limits.workers", "is at most 1024");
        }
    }
}

struct Found(Vec<String>);

impl Found {
    fn add(&mut self, key: &str, problem: &str) {
        self.0.push(format!("{key} {problem}"));
    }

    /// The text of a file that must be there.
    fn text(&mut self, key: &str, path: &Path) -> Option<String> {
        if path.as_os_str().is_empty() {
            self.add(key, "is not set");
            return None;
        }
        let path = PathBuf::from(path);
        files::read(&path).map_err(|error| self.add(key, &format!("{error:#}"))).ok()
    }

    fn key(&mut self, key: &str, path: &Path) {
        let Some(text) = self.text(key, path) else { return };
        // The parser's own words could quote the key.
        if PrivateKeyDer::from_pem_slice(text.as_bytes()).is_err() {
            self.add(key, &format!("{} holds no unencrypted private key in PEM", path.display()));
        }
    }

    fn certificates(&mut self, key: &str, path: &Path) {
        let Some(text) = self.text(key, path) else { return };
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let readable = |der: &CertificateDer<'_>| x509_parser::parse_x509_certificate(der).is_ok();
        if !all.is_ok_and(|all| !all.is_empty() && all.iter().all(readable)) {
            self.add(key, &format!("{} holds no certificate in PEM, or one that cannot be read", path.display()));
        }
    }
}
