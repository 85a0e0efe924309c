//! `nir-gateway stream approve|release|resume|deliveries`: whom changes are delivered to, and what becomes of a stream that cannot be delivered (design.md 8).
//! Every version of an address stays in the registry with who approved it and when.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use nir_xsd::message::Version;
use register::id::Orgnr;
use register::registry::{Approval, PushAddress, Registry, RegistryEntry};
use register::store::levering::LeveringRow;

use crate::cli::DatabaseArgs;
use crate::clock;
use crate::levering::address::Target;

/// NirMottak came with this minor version; no receiver was built against an older one.
const FIRST_MINOR: u16 = 1;

/// What an operator approves.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// The avsendersystem.
    #[arg(value_name = "AVSENDERSYSTEM")]
    pub id: String,
    /// Where its NirMottak is: https, without a user. It is never left for another place that an answer names.
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Who approves it.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// The organization that the receiver's TLS certificate must name. Left out: the operator of the avsendersystem.
    #[arg(long, value_name = "NUMBER", conflicts_with = "any_tls_organization")]
    pub tls_organization: Option<String>,
    /// Take any TLS certificate that chains to an anchor and carries the host's name.
    #[arg(long)]
    pub any_tls_organization: bool,
    /// The version of the contract that the receiver was built against.
    #[arg(long, value_name = "VERSION", default_value = "1.1")]
    pub contract: String,
    /// The receiver may lie at a private, loopback or link-local address.
    #[arg(long)]
    pub private: bool,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// An avsendersystem whose approval is taken back.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// The avsendersystem.
    #[arg(value_name = "AVSENDERSYSTEM")]
    pub id: String,
    /// Who takes it back.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Approves an address.
pub async fn approve(args: ApproveArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(&args.database).await?;
    let (registry, now) = (store.load_registry().await?, clock::now());
    let address = checked(&registry, args, now)?;
    let (line, id) = (line_of(&address), address.avsendersystem.clone());
    store.put_registry(&[RegistryEntry::PushAddress(address)], now).await?;
    store.close().await;
    anstream::println!("approved {line}");
    anstream::println!("`nir-gateway stream ping {id}` tries it.");
    Ok(ExitCode::SUCCESS)
}

/// Takes an approval back: from then on the stream is read by pull alone.
pub async fn release(args: ReleaseArgs) -> anyhow::Result<ExitCode> {
    let ReleaseArgs { id, by, database } = args;
    let store = super::open(&database).await?;
    let registry = store.load_registry().await?;
    let address = registry.push.get(&id).with_context(|| format!("{id} has no address for push"))?;
    anyhow::ensure!(!by.trim().is_empty(), "--by: who takes it back is missing");
    let released = PushAddress { approved: None, released: Some(Approval { by, at: clock::now() }), ..address.clone() };
    store.put_registry(&[RegistryEntry::PushAddress(released)], clock::now()).await?;
    // What is on its way moves no cursor any more.
    store.take_back_stream(&id).await?;
    store.close().await;
    anstream::println!("released {id}: it is not called any more");
    Ok(ExitCode::SUCCESS)
}

/// Lets a stream that failed or was parked be tried at once.
pub async fn resume(id: &str, database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    let known = store.load_registry().await?.push.contains_key(id);
    anyhow::ensure!(known, "{id} has no address for push");
    let resumed = store.resume_stream(id).await?;
    store.close().await;
    anstream::println!("{}", if resumed { format!("resumed {id}") } else { format!("{id} has not failed") });
    Ok(ExitCode::SUCCESS)
}

/// Shows addresses, and how their deliveries stand.
pub async fn deliveries(database: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let store = super::open(database).await?;
    let (registry, rows) = (store.load_registry().await?, store.leveringer().await?);
    store.close().await;
    let mut all: Vec<_> = registry.push.values().collect();
    all.sort_by(|a, b| a.avsendersystem.cmp(&b.avsendersystem));
    for address in all {
        let row = rows.iter().find(|row| row.avsendersystem == address.avsendersystem);
        anstream::println!("{}; {}", line_of(address), stands(address, row));
    }
    Ok(ExitCode::SUCCESS)
}

fn stands(address: &PushAddress, row: Option<&LeveringRow>) -> String {
    let why = row.and_then(|row| row.why.as_deref()).unwrap_or_default();
    match row {
        _ if address.approved.is_none() => "not approved".to_owned(),
        Some(row) if row.parked.is_some() => format!("PARKED: {why}"),
        Some(row) if row.attempts > 0 => {
            format!("failed {} times, again at {}: {why}", row.attempts, row.due.to_rfc3339())
        }
        _ => "ok".to_owned(),
    }
}

/// Everything that is wrong with an address, at once.
pub fn checked(
    registry: &Registry,
    approved: ApproveArgs,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<PushAddress> {
    let mut problems = Vec::new();
    let system = registry.avsendersystemer.get(&approved.id);
    if system.is_none() {
        problems.push(format!("the registry has no avsendersystem {}", approved.id));
    }
    match Target::parse(&approved.url) {
        Err(problem) => problems.push(format!("--url {problem}")),
        Ok(target) if !approved.private && target.is_private() => {
            problems.push("--url is a private address; say --private where that is meant".to_owned());
        }
        Ok(_) => {}
    }
    let minor = approved.contract.strip_prefix("1.").and_then(|minor| minor.parse::<u16>().ok());
    if !minor.is_some_and(|minor| (FIRST_MINOR..=Version::LATEST.minor()).contains(&minor)) {
        problems.push(format!("--contract must be 1.{FIRST_MINOR} to {}", Version::LATEST));
    }
    let named = approved.tls_organization.as_ref().map(|number| number.parse::<Orgnr>());
    if named.as_ref().is_some_and(Result::is_err) {
        problems.push("--tls-organization is no organization number".to_owned());
    }
    if approved.by.trim().is_empty() {
        problems.push("--by: who approves it is missing".to_owned());
    }
    let operator = system.map(|system| system.operator);
    if !problems.is_empty() {
        anyhow::bail!("nothing was written:\n  - {}", problems.join("\n  - "));
    }
    let tls_organization = if approved.any_tls_organization { None } else { named.and_then(Result::ok).or(operator) };
    Ok(PushAddress {
        avsendersystem: approved.id,
        url: approved.url,
        tls_organization,
        kontraktversjon: approved.contract,
        private_allowed: approved.private,
        approved: Some(Approval { by: approved.by, at: now }),
        released: None,
    })
}

fn line_of(address: &PushAddress) -> String {
    let organization = address.tls_organization.map_or_else(|| "any".to_owned(), |number| number.to_string());
    let by = address.approved.as_ref().map(|word| format!("; by {} at {}", word.by, word.at.to_rfc3339()));
    format!(
        "{} {} (TLS organization {organization}, contract {}{}){}",
        address.avsendersystem,
        address.url,
        address.kontraktversjon,
        if address.private_allowed { ", private address allowed" } else { "" },
        by.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use register::registry::Avsendersystem;
    use register::time::Period;

    use super::*;
    use crate::cli::ConfigArgs;

    fn registry() -> Registry {
        let system = Avsendersystem {
            id: "4204-flyktning-1".into(),
            kommune: "4204".parse().unwrap(),
            bydel: None,
            operator: "310000000".parse().unwrap(),
            ordninger: Vec::new(),
            produkt: "P".into(),
            valid: Period::inclusive("2020-01-01".parse().unwrap(), None),
            approved_versions: Vec::new(),
            blocked: None,
            contacts: Vec::new(),
        };
        Registry::from_entries(1, [RegistryEntry::Avsendersystem(system)])
    }

    fn approved() -> ApproveArgs {
        ApproveArgs {
            id: "4204-flyktning-1".into(),
            url: "https://push.example.no/nir".into(),
            tls_organization: None,
            any_tls_organization: false,
            contract: "1.1".into(),
            private: false,
            by: "op1".into(),
            database: DatabaseArgs { config: ConfigArgs { config: PathBuf::new() }, database: None },
        }
    }

    #[test]
    fn an_address_is_approved_by_somebody_or_everything_wrong_is_said() {
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        let good = checked(&registry(), approved(), now).unwrap();
        assert_eq!(good.tls_organization.unwrap().to_string(), "310000000", "the operator's unless another is named");
        assert_eq!(good.approved, Some(Approval { by: "op1".into(), at: now }));
        let any = ApproveArgs { any_tls_organization: true, ..approved() };
        assert_eq!(checked(&registry(), any, now).unwrap().tls_organization, None);
        let wrong = ApproveArgs {
            id: "x".into(),
            url: "http://push.example.no".into(),
            tls_organization: Some("12".into()),
            contract: "1.0".into(),
            by: " ".into(),
            ..approved()
        };
        let said = checked(&registry(), wrong, now).unwrap_err().to_string();
        for word in ["avsendersystem x", "--url", "--contract", "--tls-organization", "--by"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        for url in ["https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/nir", "https://169.254.169.254/"] {
            let private = ApproveArgs { url: url.into(), ..approved() };
            assert!(checked(&registry(), private.clone(), now).is_err(), "{url}");
            assert!(checked(&registry(), ApproveArgs { private: true, ..private }, now).is_ok(), "{url}");
        }
    }
}
