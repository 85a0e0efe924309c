//! The files that a configuration names.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use nir_wsdl::certificate::{self, TrustSettings};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Config, Environment, Evidence};

/// Bytes of the key that wraps the evidence's data keys.
const MASTER_KEY_BYTES: usize = 32;

/// An empty path is one that is not set.
pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(from)?;
    Ok((!path.as_os_str().is_empty()).then_some(path))
}

/// An empty text is a day that is not set.
pub(super) fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = String::deserialize(from)?;
    let day = |text: &str| text.parse().map_err(|_| D::Error::custom(format!("{text} is no day (2027-01-31)")));
    (!text.is_empty()).then(|| day(&text)).transpose()
}

impl Config {
    /// Makes every path that is set relative to the folder of the configuration file.
    pub(super) fn resolve(&mut self, folder: &Path) {
        let mut paths = vec![
            &mut self.tls.key,
            &mut self.tls.certificate,
            &mut self.signing.key,
            &mut self.signing.certificate,
            &mut self.evidence.master_key_file,
        ];
        paths.extend(&mut self.tls.client_anchors);
        paths.extend(&mut self.signing.ecdsa_key);
        paths.extend(&mut self.mail.folder);
        paths.extend(&mut self.signing.ecdsa_certificate);
        paths.extend(&mut self.signing.next_certificate);
        paths.extend(&mut self.signing.former_certificates);
        paths.extend(self.trust.anchors.iter_mut().map(|anchor| &mut anchor.file));
        paths.extend(&mut self.trust.intermediates);
        paths.extend(&mut self.trust.crls);
        paths.extend(&mut self.delivery.anchors);
        paths.extend(&mut self.mail.anchors);
        for path in paths {
            if !path.as_os_str().is_empty() {
                *path = folder.join(&path);
            }
        }
        if let Some(file) = self.database.url.strip_prefix("sqlite:").filter(|file| !file.contains(":memory:")) {
            // Both `sqlite:FILE` and `sqlite://FILE` are in use; a query after ? stays as it is.
            let file = file.strip_prefix("//").unwrap_or(file);
            self.database.url = format!("sqlite:{}", folder.join(file).display());
        }
    }
}

impl Config {
    /// Anchors, intermediates and revocation lists, as the verifier takes them.
    pub fn trust_settings(&self) -> anyhow::Result<TrustSettings> {
        let trust = &self.trust;
        let bytes = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let anchor = |anchor: &super::Anchor| {
            Ok(certificate::Anchor { pem: bytes(&anchor.file)?, environment: anchor.environment.into() })
        };
        Ok(TrustSettings {
            anchors: trust.anchors.iter().map(anchor).collect::<anyhow::Result<_>>()?,
            intermediates: trust.intermediates.iter().map(|path| bytes(path)).collect::<anyhow::Result<_>>()?,
            crl_paths: trust.crls.clone(),
            crl_grace: TimeDelta::hours(i64::from(trust.grace_hours)),
            environment: Environment::of(self.profile).into(),
        })
    }
}

impl From<Environment> for certificate::Environment {
    fn from(environment: Environment) -> Self {
        match environment {
            Environment::Production => certificate::Environment::Production,
            Environment::Test => certificate::Environment::Test,
        }
    }
}

impl Evidence {
    /// The key that wraps the data keys.
    pub fn master_key(&self) -> anyhow::Result<[u8; MASTER_KEY_BYTES]> {
        let text = read(&self.master_key_file)?;
        let mut key = [0; MASTER_KEY_BYTES];
        // The digits themselves must never reach an error text.
        hex::decode_to_slice(text.trim(), &mut key)
            .map_err(|_| anyhow::anyhow!("{} does not hold 64 hexadecimal digits", self.master_key_file.display()))?;
        Ok(key)
    }
}

/// Reads a text file or says which one cannot be read.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
