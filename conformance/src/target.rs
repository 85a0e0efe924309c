//! Whom to send to, and as whom: named file by file, or all at once by the directory of a sandbox.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use nir_wsdl::service::Service;

/// Certificate that a sandbox's vendor has.
const USUAL_NAME: &str = "vendor";

/// Options that name the service, its certificates and ours.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whom to send to, and as whom")]
#[group(id = "target")]
pub struct Options {
    /// Directory of a running sandbox (its --data). From there come the address (endpoints.json) and the
    /// certificates (certs/); each option below goes before what the directory says.
    #[arg(long, value_name = "DIR")]
    sandbox: Option<PathBuf>,
    /// As whom, of those in the sandbox's certs/: vendor, vendor2, kommune, udi, folkeregister, hkdir, imdi. Left out: vendor.
    #[arg(long, value_name = "NAME", requires = "sandbox")]
    cert_name: Option<String>,
    /// Address of the service.
    #[arg(long, value_name = "URL", required_unless_present = "sandbox")]
    endpoint: Option<String>,
    /// Certificates (PEM) that may vouch for the server in TLS.
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    ca: Option<PathBuf>,
    /// Our certificate for TLS (PEM).
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox", requires = "key")]
    cert: Option<PathBuf>,
    /// Its key (PKCS#8 PEM).
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox", requires = "cert")]
    key: Option<PathBuf>,
    /// Our certificate for the signature. Left out: the one for TLS.
    #[arg(long, value_name = "PEM", requires = "signing_key")]
    signing_cert: Option<PathBuf>,
    /// Its key (PKCS#8 PEM; RSA or P-256).
    #[arg(long, value_name = "PEM", requires = "signing_cert")]
    signing_key: Option<PathBuf>,
    /// The gateway's certificate (PEM): the one that must have signed the answer.
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    gateway_cert: Option<PathBuf>,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// PEM file.
    pub certificate: PathBuf,
    /// PEM file.
    pub key: PathBuf,
}

/// Everything that an exchange needs.
#[derive(Debug)]
pub struct Target {
    /// Address of the service.
    pub endpoint: String,
    /// Anchors of its TLS certificate.
    pub ca: PathBuf,
    /// Who we are to TLS.
    pub tls: Identity,
    /// Who signs.
    pub signing: Identity,
    /// Who must have signed the answer.
    pub gateway_certificate: PathBuf,
}

impl Options {
    /// Fills in what the sandbox says.
    pub fn target(&self, service: &Service) -> anyhow::Result<Target> {
        let endpoint = match (&self.endpoint, &self.sandbox) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(sandbox)) => address(sandbox, service)?,
            (None, None) => bail!("neither --endpoint nor --sandbox"),
        };
        let certs = self.sandbox.as_deref().map(|sandbox| sandbox.join("certs"));
        let file = |given: &Option<PathBuf>, name: &str| match (given, &certs) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(certs)) => Ok(certs.join(name)),
            (None, None) => bail!("{name}: neither named nor in a --sandbox"),
        };
        let tls = match (&self.cert, &self.key, &certs) {
            (Some(certificate), Some(key), _) => Identity { certificate: certificate.clone(), key: key.clone() },
            (_, _, Some(certs)) => named(certs, self.cert_name.as_deref().unwrap_or(USUAL_NAME))?,
            _ => bail!("neither --cert and --key nor --sandbox"),
        };
        let signing = match (&self.signing_cert, &self.signing_key) {
            (Some(certificate), Some(key)) => Identity { certificate: certificate.clone(), key: key.clone() },
            _ => tls.clone(),
        };
        Ok(Target {
            endpoint,
            ca: file(&self.ca, "ca.pem")?,
            tls,
            signing,
            gateway_certificate: file(&self.gateway_cert, GATEWAY)?,
        })
    }
}

/// The gateway's certificate among a sandbox's.
const GATEWAY: &str = "gateway.pem";

/// The gateway's certificate in a sandbox's directory; the sandbox need not run.
pub fn gateway_certificate(sandbox: &Path) -> PathBuf {
    sandbox.join("certs").join(GATEWAY)
}

fn named(certs: &Path, name: &str) -> anyhow::Result<Identity> {
    let identity = Identity { certificate: certs.join(format!("{name}.pem")), key: certs.join(format!("{name}.key")) };
    if identity.certificate.is_file() && identity.key.is_file() {
        return Ok(identity);
    }
    let mut names: Vec<String> = fs::read_dir(certs)
        .with_context(|| format!("cannot read {}", certs.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.strip_suffix(".key").map(str::to_owned))
        .collect();
    names.sort();
    bail!("--cert-name {name}: {} holds {}", certs.display(), names.join(", "))
}

/// Where a running sandbox offers the service.
fn address(sandbox: &Path, service: &Service) -> anyhow::Result<String> {
    let path = sandbox.join("endpoints.json");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{}: does the sandbox run, and is this its --data?", path.display()))?;
    let endpoints: serde_json::Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let name = service.path.rsplit('/').next().unwrap_or_default();
    let address = endpoints.get(name).and_then(serde_json::Value::as_str);
    Ok(address.with_context(|| format!("{} names no address of {name}", path.display()))?.to_owned())
}
