//! `nir-gateway campaign`: who may register further back for a while (domain.md 9.5). Every version of a campaign stays in
//! the registry with the time it was written and the decision behind it.

use std::process::ExitCode;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use register::codes::Catalogue;
use register::policy::{Policy, Profile};
use register::registry::{Campaign, Registry, RegistryEntry};
use register::time::oslo_date;

use crate::cli::DatabaseArgs;
use crate::clock;

/// Campaigns for wider back-registration. Nodes see a change within seconds.
#[derive(Debug, Clone, Subcommand)]
pub enum CampaignCommand {
    /// Add a campaign, or replace the one of that id.
    Add(Box<CampaignArgs>),
    /// Show campaigns, outages, locked reporting years and days without transfer.
    List {
        /// Those that are over, too.
        #[arg(long)]
        all: bool,
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Let a campaign end.
    End {
        /// Its id.
        #[arg(value_name = "ID")]
        id: String,
        /// Its last day. Left out: today in Norway.
        #[arg(long, value_name = "DATE")]
        on: Option<NaiveDate>,
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// A campaign. What may be given several times and is left out means all.
#[derive(Debug, Clone, Args)]
pub struct CampaignArgs {
    /// Its id, which answers name (K2026).
    #[arg(long, value_name = "ID")]
    pub id: String,
    /// First day of receipt.
    #[arg(long, value_name = "DATE")]
    pub from: NaiveDate,
    /// Last day of receipt, inclusive.
    #[arg(long, value_name = "DATE")]
    pub to: NaiveDate,
    /// Calendar months back from the day of receipt.
    #[arg(long, value_name = "NUMBER")]
    pub months: Option<u32>,
    /// Or a fixed earliest date.
    #[arg(long, value_name = "DATE")]
    pub earliest: Option<NaiveDate>,
    /// Only this scheme (INTRO, NORSK, MOTTAK_OPPL, MOTTAK_KVAL).
    #[arg(long, value_name = "SCHEME")]
    pub scheme: Vec<String>,
    /// Only this kommune, by its number.
    #[arg(long, value_name = "KOMMUNE")]
    pub kommune: Vec<String>,
    /// Only persons under this act (INTL, IL).
    #[arg(long, value_name = "ACT")]
    pub act: Vec<String>,
    /// Only this channel (FAGSYSTEM, WEB).
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Vec<String>,
    /// Only this kind of registration (VEDTAK, TILTAK, …).
    #[arg(long = "type", value_name = "KIND")]
    pub kind: Vec<String>,
    /// Reach into locked reporting years, too.
    #[arg(long)]
    pub locked_years: bool,
    /// The decision of IMDi behind it.
    #[arg(long, value_name = "REFERENCE")]
    pub decision: String,
    /// Which database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

impl CampaignArgs {
    fn campaign(&self) -> anyhow::Result<Campaign> {
        Ok(Campaign {
            id: self.id.clone(),
            gyldig_fra: self.from,
            gyldig_til: self.to,
            maaneder_bakover: self.months,
            tidligste_dato: self.earliest,
            ordninger: codes("--scheme", &self.scheme)?,
            kommuner: codes("--kommune", &self.kommune)?,
            lov: codes("--act", &self.act)?,
            kanaler: codes("--channel", &self.channel)?,
            registreringstyper: self.kind.clone(),
            overstyrer_laas: self.locked_years,
            beslutningsreferanse: self.decision.clone(),
        })
    }
}

/// Codes as the registry spells them.
fn codes<T: serde::de::DeserializeOwned>(option: &str, words: &[String]) -> anyhow::Result<Vec<T>> {
    let one = |word: &String| {
        let value = serde_json::Value::String(word.clone());
        serde_json::from_value(value).map_err(|_| anyhow::anyhow!("{option} {word}: not known"))
    };
    words.iter().map(one).collect()
}

/// Carries it out.
pub async fn run(command: CampaignCommand) -> anyhow::Result<ExitCode> {
    let (campaign, database) = match &command {
        CampaignCommand::Add(args) => (Some(args.campaign()?), &args.database),
        CampaignCommand::List { database, .. } | CampaignCommand::End { database, .. } => (None, database),
    };
    let store = super::open(database).await?;
    let now = clock::now();
    let today = oslo_date(now);
    let registry = store.load_registry().await?;
    let row = match &command {
        CampaignCommand::Add(_) => campaign.map(checked).transpose()?,
        CampaignCommand::End { id, on, .. } => Some(ended(&registry, id, on.unwrap_or(today))?),
        CampaignCommand::List { all, .. } => {
            lines(&registry, *all, today).iter().for_each(|line| anstream::println!("{line}"));
            None
        }
    };
    if let Some(campaign) = row {
        let entry = RegistryEntry::Campaign(campaign);
        let known = registry.campaigns.iter().any(|one| RegistryEntry::Campaign(one.clone()).key() == entry.key());
        store.put_registry(std::slice::from_ref(&entry), now).await?;
        let RegistryEntry::Campaign(campaign) = &entry else { anyhow::bail!("not a campaign") };
        anstream::println!("{} {}", if known { "changed" } else { "added  " }, line_of(campaign));
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Everything that is wrong with a new campaign, at once.
fn checked(campaign: Campaign) -> anyhow::Result<Campaign> {
    let mut problems = Vec::new();
    if campaign.id.is_empty() || !campaign.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        problems.push("--id: letters, digits and - only".to_owned());
    }
    if campaign.gyldig_til < campaign.gyldig_fra {
        problems.push("--to is before --from".to_owned());
    }
    if campaign.maaneder_bakover.is_some() == campaign.tidligste_dato.is_some() {
        problems.push("give one of --months and --earliest".to_owned());
    }
    if campaign.beslutningsreferanse.trim().is_empty() {
        problems.push("--decision: the decision of IMDi behind it is missing".to_owned());
    }
    let policy = Policy::embedded(Profile::Production).context("the rules cannot be read")?;
    for kommune in campaign.kommuner.iter().filter(|kommune| !policy.kommune_known(**kommune)) {
        problems.push(format!("--kommune {kommune} is no kommune"));
    }
    let kinds = Catalogue::embedded();
    for kind in campaign.registreringstyper.iter().filter(|kind| kinds.lookup("posttype", kind).is_none()) {
        problems.push(format!("--type {kind} is no kind of registration"));
    }
    if !problems.is_empty() {
        anyhow::bail!("nothing was written:\n  - {}", problems.join("\n  - "));
    }
    Ok(campaign)
}

fn ended(registry: &Registry, id: &str, on: NaiveDate) -> anyhow::Result<Campaign> {
    let campaign = registry.campaigns.iter().find(|campaign| campaign.id == id);
    let mut campaign = campaign.with_context(|| format!("the registry has no campaign {id}"))?.clone();
    anyhow::ensure!(
        on <= campaign.gyldig_til,
        "campaign {id} ends on {} already; nothing was written",
        campaign.gyldig_til
    );
    // One that ends before it began never was.
    campaign.gyldig_fra = campaign.gyldig_fra.min(on);
    campaign.gyldig_til = on;
    Ok(campaign)
}

fn line_of(campaign: &Campaign) -> String {
    let joined = |words: Vec<String>| if words.is_empty() { "all".to_owned() } else { words.join(",") };
    let reach = match (campaign.tidligste_dato, campaign.maaneder_bakover) {
        (Some(date), _) => format!("from {date}"),
        (None, months) => format!("{} months", months.unwrap_or_default()),
    };
    format!(
        "campaign {} {}..{} {reach}; schemes {}; kommuner {}; acts {}; channels {}; kinds {}{}; {}",
        campaign.id,
        campaign.gyldig_fra,
        campaign.gyldig_til,
        joined(campaign.ordninger.iter().map(|one| one.code().to_owned()).collect()),
        joined(campaign.kommuner.iter().map(ToString::to_string).collect()),
        joined(campaign.lov.iter().map(|one| one.code().to_owned()).collect()),
        joined(campaign.kanaler.iter().map(|one| one.code().to_owned()).collect()),
        joined(campaign.registreringstyper.clone()),
        if campaign.overstyrer_laas { "; locked years, too" } else { "" },
        campaign.beslutningsreferanse,
    )
}

fn lines(registry: &Registry, all: bool, today: NaiveDate) -> Vec<String> {
    let shown = |last: NaiveDate| all || today <= last;
    let mut lines: Vec<String> = registry.campaigns.iter().filter(|one| shown(one.gyldig_til)).map(line_of).collect();
    lines.extend(registry.driftsbrudd.iter().filter(|one| all || one.last().is_none_or(shown)).map(|one| {
        format!("outage {} {}..{} and {} days; {}", one.id, one.fra, one.til, one.dager, one.beslutningsreferanse)
    }));
    lines.extend(registry.laaser.iter().filter(|one| one.aapnet_igjen.is_none_or(shown)).map(|one| {
        let until = one.aapnet_igjen.map(|day| format!(" until {day}")).unwrap_or_default();
        format!("locked {} from {}{until}; {}", one.aar, one.laast_fra, one.beslutningsreferanse)
    }));
    lines.extend(
        registry
            .stengt
            .iter()
            .filter(|one| shown(one.til))
            .map(|one| format!("closed {} {}..{}; {}", one.id, one.fra, one.til, one.aarsak)),
    );
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign() -> Campaign {
        Campaign {
            id: "K1".into(),
            gyldig_fra: "2026-11-01".parse().unwrap(),
            gyldig_til: "2026-12-31".parse().unwrap(),
            maaneder_bakover: Some(6),
            tidligste_dato: None,
            ordninger: Vec::new(),
            kommuner: Vec::new(),
            lov: Vec::new(),
            kanaler: Vec::new(),
            registreringstyper: Vec::new(),
            overstyrer_laas: false,
            beslutningsreferanse: "IMDi 26/1".into(),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        assert!(checked(campaign()).is_ok());
        let wrong = Campaign {
            id: "K 1".into(),
            gyldig_til: "2026-10-31".parse().unwrap(),
            maaneder_bakover: None,
            kommuner: vec!["9999".parse().unwrap()],
            registreringstyper: vec!["VEDTAKK".into()],
            beslutningsreferanse: " ".into(),
            ..campaign()
        };
        let said = checked(wrong).unwrap_err().to_string();
        for word in ["--id", "--to", "--months", "--decision", "9999", "VEDTAKK"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(checked(Campaign { tidligste_dato: Some("2026-01-01".parse().unwrap()), ..campaign() }).is_err());
    }

    #[test]
    fn a_campaign_ends_on_a_day_and_is_not_lengthened_by_that() {
        let registry = Registry::from_entries(1, [RegistryEntry::Campaign(campaign())]);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(ended(&registry, "K1", day("2026-11-26")).unwrap().gyldig_til, day("2026-11-26"));
        assert!(ended(&registry, "K1", day("2027-01-01")).is_err());
        assert!(ended(&registry, "K2", day("2026-11-26")).is_err());
        assert_eq!(lines(&registry, false, day("2026-12-31")).len(), 1);
        assert_eq!(lines(&registry, false, day("2027-01-01")).len(), 0);
        assert_eq!(lines(&registry, true, day("2027-01-01")).len(), 1);
    }
}
