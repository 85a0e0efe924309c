//! `nir-gateway stream ping`: an address for push is tried, step by step, before or after it is approved (design.md 8).

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use nir_xsd::message::{Mottaksstatus, Version};
use register::id::Orgnr;
use register::policy::Policy;
use register::registry::{PushAddress, Registry};

use crate::admin::push::{self, ApproveArgs};
use crate::cli::{ConfigArgs, DatabaseArgs};
use crate::clock;
use crate::levering::Receiver;
use crate::levering::link::{OurEnd, Seen};
use crate::levering::outcome::Why;
use crate::levering::ping::{Pinged, ping};
use crate::{serve, tls};

/// Which address is tried.
#[derive(Debug, Clone, Args)]
pub struct PingArgs {
    /// The avsendersystem.
    #[arg(value_name = "AVSENDERSYSTEM")]
    pub id: String,
    /// Try this address, which need not be approved. Left out: the approved one.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The organization that the receiver's TLS certificate must name. Left out: the operator of the avsendersystem.
    #[arg(long, value_name = "NUMBER", requires = "url", conflicts_with = "any_tls_organization")]
    pub tls_organization: Option<String>,
    /// Take any TLS certificate that chains to an anchor and carries the host's name.
    #[arg(long, requires = "url")]
    pub any_tls_organization: bool,
    /// The receiver may lie at a private, loopback or link-local address.
    #[arg(long, requires = "url")]
    pub private: bool,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Tries it, and says what was checked; a failure when anything is wrong.
pub async fn run(args: PingArgs) -> anyhow::Result<ExitCode> {
    let (config, store) = super::configured(&args.config.config).await?;
    let registry = store.load_registry().await?;
    store.close().await;
    let system = registry.avsendersystemer.get(&args.id);
    let system = system.with_context(|| format!("the registry has no avsendersystem {}", args.id))?.clone();
    let receiver = Receiver { address: address(&registry, args)?, system };
    let (trust, keys) = (serve::trust(&config)?, serve::answer_keys(&config)?);
    let policy = Policy::embedded(config.profile)?;
    let our = OurEnd {
        config: &config,
        tls: tls::client(&serve::tls_files(&config)?)?,
        trust: &trust,
        registry: Arc::new(registry),
        policy: &policy,
    };
    anstream::println!("{} at {}", receiver.system.id, receiver.address.url);
    let mut teller = Teller { wrong: false };
    match receiver.hindered(&our.registry, &policy, clock::now()) {
        None => teller.ok("rights", "nothing stands against sending to it"),
        Some(code) => {
            teller.wrong("rights", &format!("nothing is sent to it ({})", code.code()), "mend its registration")
        }
    }
    teller.tell(&receiver, &ping(&our, &keys, &receiver).await);
    Ok(if teller.wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The address that was named, by the rules of an approval; or the approved one.
fn address(registry: &Registry, args: PingArgs) -> anyhow::Result<PushAddress> {
    let PingArgs { id, url, tls_organization, any_tls_organization, private, config } = args;
    if let Some(url) = url {
        let (contract, database) = (Version::LATEST.to_string(), DatabaseArgs { config, database: None });
        let by = "stream ping".to_owned();
        let named = ApproveArgs { id, url, by, tls_organization, any_tls_organization, contract, private, database };
        return push::checked(registry, named, clock::now());
    }
    let approved = registry.push.get(&id).filter(|address| address.approved.is_some());
    approved.cloned().with_context(|| format!("{id} has no approved address; name one with --url"))
}

/// Writes a line for each thing that was checked.
struct Teller {
    wrong: bool,
}

impl Teller {
    fn ok(&self, step: &str, what: &str) {
        anstream::println!("ok   {step:<12} {what}");
    }

    fn wrong(&mut self, step: &str, what: &str, cure: &str) {
        self.wrong = true;
        anstream::println!("NOT  {step:<12} {what}\n     {:<12} {cure}", "cure:");
    }

    fn tell(&mut self, receiver: &Receiver, pinged: &Pinged) {
        let Seen { addresses, connected, tls, certificate } = &pinged.seen;
        let all: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        let signed = pinged.said.as_ref().ok().map(|(signer, _)| signed_by(*signer, receiver));
        let steps = [
            ("name", (!all.is_empty()).then(|| format!("leads to {}", all.join(", ")))),
            ("connection", connected.map(|address| format!("{address} accepts it"))),
            ("TLS", tls.as_ref().map(|version| format!("{version}; the chain and the host's name hold"))),
            ("certificate", certificate.clone()),
            ("answer", pinged.answered.map(|bytes| format!("HTTP status 200, {bytes} bytes"))),
            ("signature", signed),
        ];
        for (step, seen) in steps {
            match (seen, &pinged.said) {
                (Some(seen), _) => self.ok(step, &seen),
                (None, Err(why)) => {
                    let step = if matches!(why, Why::NoReceipt) { "content" } else { step };
                    self.wrong(step, &why.to_string(), why.cure());
                    anstream::println!("What comes after that was not tried.");
                    return;
                }
                (None, Ok(_)) => {}
            }
        }
        if let Ok((_, status)) = &pinged.said {
            self.content(receiver, status);
        }
        if !self.wrong {
            anstream::println!("Changes can be delivered there.");
        }
    }

    /// Who answers, and whether it is whom the address was approved for.
    fn content(&mut self, receiver: &Receiver, status: &Mottaksstatus) {
        let (own, Mottaksstatus { tid, kontraktversjon, avsendersystem }) = (&receiver.system.id, status);
        if avsendersystem == own {
            self.ok("receiver", &format!("answers for {own}; its clock says {}", tid.to_rfc3339()));
        } else {
            self.wrong(
                "receiver",
                "answers for another avsendersystem",
                "look at the address: it is another's receiver",
            );
        }
        let (speaks, wanted) = (Version::parse(kontraktversjon), Version::parse(&receiver.address.kontraktversjon));
        if speaks.minor() >= wanted.minor() {
            self.ok("contract", &format!("made of {speaks}, approved for {wanted}"));
        } else {
            let what = format!("made of {speaks}, approved for {wanted}: it may refuse what is newer");
            self.wrong(
                "contract",
                &what,
                "approve it with the --contract that it was made of, or the vendor makes it anew",
            );
        }
    }
}

fn signed_by(signer: Orgnr, receiver: &Receiver) -> String {
    format!("holds; by {signer}, which speaks for {}", receiver.system.id)
}
