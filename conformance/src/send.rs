//! `nir-conformance send`: one message, signed, over mutual TLS, and its answer verified before it is believed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{Signer, seal};
use nir_wsdl::service::{FAGSYSTEM, SERVICES, Service};
use nir_wsdl::{client, verify::Verified};
use nir_xsd::message::{Answer, Kvittering};

use crate::payload;
use crate::show::Sent;
use crate::show::fault::Fault;
use crate::target::{self, Identity};
use crate::{Verdict, clock, show, wire};

/// Two ways to say whom to send to.
const USAGE: &str = "\
nir-conformance send [OPTIONS] --sandbox DIR FILE
       nir-conformance send [OPTIONS] --endpoint URL --ca PEM --cert PEM --key PEM --gateway-cert PEM FILE";

/// Where a newcomer starts.
const EXAMPLES: &str = "\
Examples, with a sandbox started by `nir-gateway sandbox --data target/sandbox`:
  nir-conformance send --sandbox target/sandbox conformance/examples/ping.xml
  nir-conformance send --sandbox target/sandbox --new-id --save-answer kvittering.xml \\
      conformance/examples/sendRegistreringer.xml
  nir-conformance verify --sandbox target/sandbox kvittering.xml
  nir-conformance send --sandbox target/sandbox --new-id conformance/examples/hentPerson.xml";

/// Options of `send`.
#[derive(Debug, Args)]
#[command(override_usage = USAGE, after_long_help = EXAMPLES)]
pub struct Options {
    /// The message: the one child of the Body, such as <sendRegistreringer xmlns="urn:no:nir:melding:v1">…
    ///
    /// {today}, {today+30} and {today-7} in it become dates, so that a file kept for trying things out does not grow
    /// old. It may be laid out and commented as you like: what is signed is its canonical form.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Version of SOAP.
    #[arg(long, value_enum, default_value_t = Soap::V11)]
    soap: Soap,
    /// Give the message a new meldingsId and the present time as opprettet (ping has neither). Left out: it is sent
    /// as it stands, so that sending a file twice shows a repeated message.
    #[arg(long)]
    new_id: bool,
    /// What {today} means. Left out: today's date (UTC), whatever the clock of a sandbox was set to.
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
    /// Save the envelope that is sent.
    #[arg(long, value_name = "FILE")]
    save_request: Option<PathBuf>,
    /// Save the envelope that comes back, byte for byte: a receipt saved so can be checked by `verify`.
    #[arg(long, value_name = "FILE")]
    save_answer: Option<PathBuf>,
    // Last, since its heading holds for all that follows.
    #[command(flatten)]
    target: target::Options,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Soap {
    #[value(name = "1.1")]
    V11,
    #[value(name = "1.2")]
    V12,
}

/// Runs the command.
pub fn run(options: &Options) -> anyhow::Result<Verdict> {
    let text = fs::read_to_string(&options.file).with_context(|| format!("cannot read {}", options.file.display()))?;
    let now = clock::now();
    let id = uuid::Uuid::new_v4().to_string();
    let fresh = options.new_id.then_some((id.as_str(), now));
    let payload = payload::read(&text, options.today.unwrap_or(now.date_naive()), fresh)
        .with_context(|| options.file.display().to_string())?;
    let service = service_of(&payload.operation);
    let target = options.target.target(service)?;
    let tls = wire::Tls::read(&target.ca, &target.tls)?;
    let gateway = wire::certificates(&target.gateway_certificate)?.remove(0);
    let signer = signer(&target.signing)?;

    let action = format!("{}/{}", service.namespace, payload.operation);
    let (soap, headers) = match options.soap {
        Soap::V11 => (
            SoapVersion::V11,
            vec![("content-type", "text/xml; charset=utf-8".to_owned()), ("soapaction", format!("\"{action}\""))],
        ),
        Soap::V12 => (
            SoapVersion::V12,
            vec![("content-type", format!("application/soap+xml; charset=utf-8; action=\"{action}\""))],
        ),
    };
    let request = seal(soap, &payload.bytes, Some(&signer), clock::now(), None, None).bytes;
    save(options.save_request.as_deref(), &request)?;
    let (status, answer) = wire::post(&tls, &target.endpoint, &headers, request)?;
    save(options.save_answer.as_deref(), &answer)?;

    let checked = client::verify_answer(&answer, &gateway).and_then(|v| v.check_freshness(clock::now()).map(|()| v));
    match checked {
        Ok(verified) => believe(&Sent { file: &options.file, payload: &payload }, soap, &verified),
        Err(refusal) => {
            show::problem(&format!("the answer (HTTP {}) is not to be believed: {}", status.as_u16(), refusal.log));
            if let Some(fault) = Fault::in_envelope(&answer) {
                show::remark("It carries a Fault that nothing vouches for:");
                fault.show(None);
            }
            Ok(Verdict::Unverifiable)
        }
    }
}

/// The first service that has the operation; one that none has is the fagsystem's to refuse.
fn service_of(operation: &str) -> &'static Service {
    let has = |service: &&&Service| service.operations.iter().any(|known| known.name == operation);
    SERVICES.iter().find(has).copied().unwrap_or(&FAGSYSTEM)
}

fn signer(identity: &Identity) -> anyhow::Result<Signer> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let Identity { certificate, key } = identity;
    Signer::from_pem(&read(key)?, &read(certificate)?)
        .with_context(|| format!("cannot sign with {} and {}", key.display(), certificate.display()))
}

fn save(path: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    path.map_or(Ok(()), |path| fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display())))
}

/// Shows a verified answer, if it is one to what was asked: a signature says who wrote it, not to whom.
fn believe(sent: &Sent<'_>, soap: SoapVersion, verified: &Verified) -> anyhow::Result<Verdict> {
    let payload = sent.payload;
    if let Some(fault) = Fault::in_body(&verified.body_child) {
        show::remark("A Fault; its signature holds.");
        fault.show(Some(sent));
        return Ok(Verdict::Fault);
    }
    let not_ours = if verified.soap != soap {
        Some("it is of another SOAP version".to_owned())
    } else if verified.root != format!("{}Svar", payload.operation) {
        Some(format!("it is a {}", verified.root))
    } else {
        None
    };
    let answer = match Answer::parse(&verified.body_child) {
        Ok(answer) if not_ours.is_none() => answer,
        Ok(_) => return Ok(unrelated(&not_ours.unwrap_or_default())),
        Err(error) => return Ok(unrelated(&not_ours.unwrap_or_else(|| error.to_string()))),
    };
    if let Answer::SendRegistreringer(wrapper) = &answer
        && payload.meldings_id.as_ref() != Some(&wrapper.kvittering.meldings_id)
    {
        return Ok(unrelated("it is the receipt of another meldingsId"));
    }
    show::answer(&answer, sent);
    Ok(match &answer {
        Answer::SendRegistreringer(wrapper) => verdict(&wrapper.kvittering),
        _ => Verdict::Good,
    })
}

fn unrelated(why: &str) -> Verdict {
    show::problem(&format!("the answer's signature holds, but it is no answer to this message: {why}"));
    Verdict::Unverifiable
}

fn verdict(receipt: &Kvittering) -> Verdict {
    if receipt.status == "GODTATT" { Verdict::Good } else { Verdict::Refused }
}
