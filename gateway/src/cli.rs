//! The command line. `--help` is the manual: every option says what it does and what holds when it is left out.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use register::registry::Campaign;

use crate::admin::campaign::Act;
use crate::admin::rows::Family;
use crate::{admin, sandbox};

/// Signed SOAP messages in from fagsystemer, signed receipts out, for NIR (Nasjonalt introduksjonsregister).
///
/// Start with `nir-gateway sandbox`: it needs nothing and writes test certificates, addresses and persons.
/// For a real installation: write a configuration file, then `check-config`, `migrate`, `party import`, `serve`.
///
/// Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong use of the command line.
#[derive(Debug, Parser)]
#[command(name = "nir-gateway", version, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway until SIGTERM or SIGINT, then drain: stop accepting, finish what is in work, write the
    /// last checkpoint.
    ///
    /// The database must have been prepared by `migrate` with the same profile; a node with another refuses
    /// to start. SIGTERM twice stops at once; nothing acknowledged is lost by that. SIGHUP reads the files of keys,
    /// certificates and revocation lists again (changed revocation lists are seen without it, within seconds).
    Serve(ConfigArgs),

    /// Run a complete gateway for trying things out, with everything synthetic.
    ///
    /// Writes to the data directory: certs/ (a test CA; gateway, vendor, vendor2, kommune and kilde, each as
    /// .pem and .key; certs/hostile/ with certificates that must be refused; ca.crl), persons.json (synthetic
    /// persons and what each one shows), parties.json (avsendersystemer, transfer users, agreements), and, last
    /// of all and only when the gateway answers, endpoints.json with the addresses. Keys, persons and everything
    /// sent are kept: the next start on the same directory goes on where this one ended.
    Sandbox(SandboxArgs),

    /// Create or upgrade the tables of the configured database, and set its profile.
    ///
    /// Forward only and repeatable. The profile (production, test, sandbox) is set the first time and can
    /// never be changed.
    Migrate(ConfigArgs),

    /// Read the configuration and print every problem in it, or OK.
    ///
    /// Reads the files that the configuration names (keys, certificates, anchors, revocation lists), and
    /// contacts nothing.
    CheckConfig(ConfigArgs),

    /// The evidence log.
    Log {
        /// What to do with it.
        #[command(subcommand)]
        command: LogCommand,
    },

    /// Parties: organizations, their certificates and avsendersystemer, delegations and campaigns.
    Party {
        /// What to do with them.
        #[command(subcommand)]
        command: ImportCommand,
    },

    /// Transfer users (`overfoeringsbruker`).
    User {
        /// What to do with them.
        #[command(subcommand)]
        command: ImportCommand,
    },

    /// Agreements between a kommune and IMDi, and delegations to vendors.
    Agreement {
        /// What to do with them.
        #[command(subcommand)]
        command: ImportCommand,
    },

    /// Fold the journal of every person and compare with what is present; count every stream.
    ///
    /// Only reads. Exit code 0 when everything fits; else 1, and what does not is named (the first hundred).
    Replay {
        /// Say so: comparing is all there is to do, and nothing is ever written.
        #[arg(long, required = true)]
        check: bool,
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },

    /// Derive the lists of persons (hentPersonliste, finnPerson) anew where they differ from the persons.
    ///
    /// For what `replay --check` finds in lists. Nodes may run meanwhile.
    RebuildLists(DatabaseArgs),

    /// Fill the register with persons, facts and posts of the register before.
    ///
    /// Each file is NDJSON, a person on each line:
    /// {"duf": "…", "fakta": [{"kilde": "UDI", "kildeId": "…", "innhold": {…}, "gyldig": {"from": "2020-01-01", "to": null}}],
    /// "poster": [{"kildeId": "…", "kommune": "0301", "innhold": {…}}]}. Every line is checked before any is imported. A
    /// thousand persons in each transaction; no window is tested and nobody is told. What was imported before under
    /// the same ids is passed over, so an import that was cut short is begun again with the same files.
    Import {
        /// The files.
        #[arg(value_name = "FILE", required = true)]
        file: Vec<PathBuf>,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },

    /// Categories and deadlines under other rules: who would change, or the change itself.
    Recompute(RecomputeArgs),

    /// Campaigns that let kommuner register further back for a while, and what else opens or closes the window.
    Campaign {
        /// What to do with them.
        #[command(subcommand)]
        command: CampaignCommand,
    },

    /// Streams of changes: how they stand, new incarnations, retention.
    Stream {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::stream::StreamCommand,
    },

    /// Records that kommuner have reported as wrong (meldFeilregistrert), and IMDi's decision on them.
    Report {
        /// What to do with them.
        #[command(subcommand)]
        command: ReportCommand,
    },

    /// Support cases of senders (meldSupportsak), and IMDi's answers.
    Support {
        /// What to do with them.
        #[command(subcommand)]
        command: SupportCommand,
    },

    /// Transfer errors (feilsaker): what was rejected, and how far it has come.
    Feilsak {
        /// What to do with them.
        #[command(subcommand)]
        command: FeilsakCommand,
    },

    /// Source registers that are held because they would close the categories of too many persons at once.
    Source {
        /// What to do with them.
        #[command(subcommand)]
        command: SourceCommand,
    },

    /// Figures for other systems: norsktilskudd, the yearly statistics, UDI.
    Extract {
        /// Which.
        #[command(subcommand)]
        command: ExtractCommand,
    },
}

/// Options of `recompute`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct RecomputeArgs {
    /// List who would change and why, one line for each category, deadline or act; the register stays as it is.
    #[arg(long, group = "what")]
    pub dry_run: bool,
    /// Make the rules of this program those of the register and compute everybody anew under them. From then on nodes
    /// with other rules write nothing.
    #[arg(long, group = "what")]
    pub activate: bool,
    /// Rules to try: files named as those of core/rules; what is not there is as in this program. Left out: this program's.
    #[arg(long, value_name = "DIR", requires = "dry_run")]
    pub rules: Option<PathBuf>,
    /// How the list is written.
    #[arg(long, value_enum, default_value = "csv")]
    pub format: crate::admin::recompute::Format,
    /// Write the list to this file. Left out: standard output.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub out: Option<PathBuf>,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

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

/// Which database a command works on.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Use this database; then no configuration is read. Left out: the configured one.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// Reports that wait, and decisions.
#[derive(Debug, Clone, Subcommand)]
pub enum ReportCommand {
    /// Show the reports that wait: person, record, kind, kommune, reason, day, case.
    List(DatabaseArgs),
    /// Strike the record: it never was, and its kommune hears so.
    Strike(DecisionArgs),
    /// Let the record stand; from then on it can be changed again.
    Keep(DecisionArgs),
}

/// Which record is decided on.
#[derive(Debug, Clone, Args)]
pub struct DecisionArgs {
    /// Whose record.
    #[arg(long, value_name = "DUF")]
    pub duf: String,
    /// Its id.
    #[arg(long, value_name = "ID")]
    pub post: String,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Support cases.
#[derive(Debug, Clone, Subcommand)]
pub enum SupportCommand {
    /// Show the cases that wait, with what was written in them.
    List {
        /// Those that were answered or closed, too.
        #[arg(long)]
        all: bool,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Write an answer into a case; the sender reads it with hentSupportsak.
    Answer {
        /// Its id.
        #[arg(value_name = "ID")]
        id: uuid::Uuid,
        /// The file that holds the answer.
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Close a case. The sender opens it again by writing in it.
    Close {
        /// Its id.
        #[arg(value_name = "ID")]
        id: uuid::Uuid,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Source registers.
#[derive(Debug, Clone, Subcommand)]
pub enum SourceCommand {
    /// Show those that are held, and since when.
    Held {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Let one on: what it closed before is not counted again.
    Release {
        /// Its name (UDI, FOLKEREGISTERET …).
        #[arg(value_name = "SOURCE")]
        source: String,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Transfer errors.
#[derive(Debug, Clone, Subcommand)]
pub enum FeilsakCommand {
    /// Show those of an avsendersystem: id, state, cause, who can mend it, attempts, product, when the window closes.
    List {
        /// Whose.
        #[arg(long, value_name = "ID")]
        avsendersystem: String,
        /// Those that are solved, too.
        #[arg(long)]
        all: bool,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Say how far one has come.
    Set {
        /// Its id.
        #[arg(value_name = "ID")]
        id: uuid::Uuid,
        /// NY, UNDER_ARBEID, LOEST or AVVIST.
        #[arg(long, value_name = "STATE")]
        status: String,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Figures for other systems. Every file is CSV with `;` between the fields and a line of names.
#[derive(Debug, Clone, Subcommand)]
pub enum ExtractCommand {
    /// Who had a right to norsk on which days, where, in which year of the right: the basis of norsktilskudd.
    ///
    /// Day-exact, so that a split between kommuner can be made again; no money is computed.
    Norsktilskudd {
        /// First day (2026-01-01).
        #[arg(long, value_name = "DATE")]
        from: NaiveDate,
        /// Last day, inclusive.
        #[arg(long, value_name = "DATE")]
        to: NaiveDate,
        /// Write to this file. Left out: standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// One row for each introduksjonsprogram that ran in a year, with its end and hours: the yearly statistics.
    Statistics {
        /// The reporting year (2025).
        #[arg(long, value_name = "YEAR")]
        year: i32,
        /// Write to this file. Left out: standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// What was done of the duty: hours, tests, exemptions; UDI's evidence for permanent residence and citizenship.
    Udi {
        /// As of this day.
        #[arg(long, value_name = "DATE")]
        on: NaiveDate,
        /// Only this person; may be given several times. Left out: everybody.
        #[arg(long, value_name = "DUF")]
        duf: Vec<String>,
        /// Write to this file. Left out: standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The configuration file (TOML). What it leaves out has the default that config.default.toml shows;
    /// environment variables go before both: NIR_LISTENERS__FAGSYSTEM sets `fagsystem` of `[listeners]`.
    #[arg(long, value_name = "FILE", env = "NIR_CONFIG", default_value = "nir-gateway.toml")]
    pub config: PathBuf,
}

/// Options of the sandbox.
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// The sandbox's directory: certificates, keys, addresses, persons, database. `sandbox` creates it when it
    /// is missing.
    #[arg(long, value_name = "DIR", default_value = "nir-sandbox", global = true)]
    pub data: PathBuf,

    /// Port of the service on 127.0.0.1 (https). 0 takes a free one; endpoints.json has the true one.
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    pub port: u16,

    /// Port on 127.0.0.1 (http) for the sandbox's own control: clock, faults, reset. 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8480)]
    pub console_port: u16,

    /// Database to use, for example postgres://user@localhost/nir_sandbox; it must be empty or a sandbox's.
    /// Left out: register.db (SQLite) in the data directory.
    #[arg(long, value_name = "URL", env = "NIR_SANDBOX_DATABASE")]
    pub database: Option<String>,

    /// Then let a simulated fagsystem send real, signed messages to it and show the answers; go on running
    /// after that. Left out: no demonstration.
    #[arg(long)]
    pub demo: bool,

    /// Stop after the demonstration; exit code 0 only if every step of it held. Implies --demo. Left out: run
    /// until SIGTERM or SIGINT.
    #[arg(long)]
    pub once: bool,

    /// Where the demonstration saves request.xml and kvittering.xml, both whole envelopes.
    #[arg(long, value_name = "DIR", default_value = "target/once")]
    pub demo_output: PathBuf,

    /// Without one: run the sandbox.
    #[command(subcommand)]
    pub command: Option<SandboxCommand>,
}

/// What can be said to a running sandbox.
#[derive(Debug, Clone, Subcommand)]
pub enum SandboxCommand {
    /// Set the register's clock of a running sandbox, so that windows and deadlines can be tried in minutes.
    ///
    /// Only register time moves: TLS, certificates and the Timestamp of messages follow the real clock. The
    /// clock runs on from the time set, and is kept in the database.
    Clock {
        /// Local time in Norway (2017-05-15T12:00, 2017-05-15T23:59:59, 2017-05-15 for midnight), a time with
        /// zone (2017-05-15T10:00:00Z), or `now` for the real time again.
        #[arg(value_name = "WHEN")]
        when: String,
        /// Only this kommune, by its number. Left out: every kommune of the sandbox.
        #[arg(long, value_name = "KOMMUNE")]
        kommune: Option<String>,
    },
}

/// What can be done with the log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Recompute every hash chain of the evidence and compare.
    ///
    /// Exit code 0 when all hold; else 1, and the chain and position of the first row that does not are named.
    Verify {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// Verify this database; then no configuration is read. Left out: the configured one.
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
}

/// Import of registry rows.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCommand {
    /// Add or replace the rows of a file; rows that are already so stay as they are.
    ///
    /// The file is NDJSON (one row per line: {"kind": "PARTY", "orgnr": "310000000", …}) or, when its name ends
    /// with .toml, TOML with one [[row]] table per row. All rows are checked before any is written, and every
    /// problem is listed. Says what was added, changed and unchanged. Nodes see the change within seconds.
    Import {
        /// The rows.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// Import into this database; then no configuration is read. Left out: the configured one.
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
}

/// Carries out everything but `serve`, which is handed back.
pub async fn dispatch(command: Command) -> anyhow::Result<Outcome> {
    let (command, family) = match command {
        Command::Serve(config) => return Ok(Outcome::Serve(config.config)),
        Command::Sandbox(args) => return sandbox::run(args).await.map(Outcome::Done),
        Command::Migrate(config) => return admin::migrate(&config.config).await.map(Outcome::Done),
        Command::CheckConfig(config) => return admin::check_config(&config.config).map(Outcome::Done),
        Command::Log { command: LogCommand::Verify { config, database } } => {
            return admin::verify_log(&config.config, database.as_deref()).await.map(Outcome::Done);
        }
        Command::Replay { check: _, database } => {
            let url = database.database.as_deref();
            return admin::replay_check(&database.config.config, url).await.map(Outcome::Done);
        }
        Command::RebuildLists(database) => {
            let url = database.database.as_deref();
            return admin::rebuild_lists(&database.config.config, url).await.map(Outcome::Done);
        }
        Command::Import { file, config } => return admin::import::run(&file, &config.config).await.map(Outcome::Done),
        Command::Recompute(args) if args.activate => {
            return admin::recompute::activate(&args.config.config).await.map(Outcome::Done);
        }
        Command::Recompute(args) => {
            let (rules, out) = (args.rules.as_deref(), args.out.as_deref());
            return admin::recompute::preview(rules, args.format, out, &args.config.config).await.map(Outcome::Done);
        }
        Command::Campaign { command } => {
            let (act, database) = match command {
                CampaignCommand::Add(args) => (Act::Add(Box::new(args.campaign()?)), args.database),
                CampaignCommand::List { all, database } => (Act::List { all }, database),
                CampaignCommand::End { id, on, database } => (Act::End { id, on }, database),
            };
            let url = database.database.as_deref();
            return admin::campaign::run(act, &database.config.config, url).await.map(Outcome::Done);
        }
        Command::Stream { command } => return admin::stream::run(command).await.map(Outcome::Done),
        Command::Report { command } => {
            let (args, strike) = match command {
                ReportCommand::List(database) => {
                    let url = database.database.as_deref();
                    return admin::report::list(&database.config.config, url).await.map(Outcome::Done);
                }
                ReportCommand::Strike(args) => (args, true),
                ReportCommand::Keep(args) => (args, false),
            };
            let decided = admin::report::decide(&args.duf, &args.post, strike, &args.config.config);
            return decided.await.map(Outcome::Done);
        }
        Command::Support { command } => {
            let done = match &command {
                SupportCommand::List { all, config } => admin::support::list(*all, &config.config).await,
                SupportCommand::Answer { id, text, config } => admin::support::answer(*id, text, &config.config).await,
                SupportCommand::Close { id, config } => admin::support::close(*id, &config.config).await,
            };
            return done.map(Outcome::Done);
        }
        Command::Source { command } => {
            let done = match &command {
                SourceCommand::Held { config } => admin::support::held_sources(&config.config).await,
                SourceCommand::Release { source, config } => {
                    admin::support::release_source(source, &config.config).await
                }
            };
            return done.map(Outcome::Done);
        }
        Command::Feilsak { command } => {
            let done = match &command {
                FeilsakCommand::List { avsendersystem, all, config } => {
                    admin::support::feilsaker(avsendersystem, *all, &config.config).await
                }
                FeilsakCommand::Set { id, status, config } => {
                    admin::support::set_feilsak(*id, status, &config.config).await
                }
            };
            return done.map(Outcome::Done);
        }
        Command::Extract { command } => {
            let (extract, out, database) = admin::extract::of(&command);
            let url = database.database.as_deref();
            return admin::extract::run(extract, out.as_deref(), &database.config.config, url).await.map(Outcome::Done);
        }
        Command::Party { command } => (command, Family::Party),
        Command::User { command } => (command, Family::User),
        Command::Agreement { command } => (command, Family::Agreement),
    };
    let ImportCommand::Import { file, config, database } = command;
    admin::import(&file, family, &config.config, database.as_deref()).await.map(Outcome::Done)
}

/// What a command came to.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Done(ExitCode),
    /// Serve with this configuration file.
    Serve(PathBuf),
}

/// The loopback address with this port.
pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_clock_takes_its_data_directory_on_either_side() {
        for line in [
            ["nir-gateway", "sandbox", "--data", "d", "clock", "2017-05-15T12:00"],
            ["nir-gateway", "sandbox", "clock", "2017-05-15T12:00", "--data", "d"],
        ] {
            let cli = Cli::try_parse_from(line).map_err(|error| error.to_string());
            let Ok(Cli { command: Command::Sandbox(args) }) = cli else { unreachable!("{cli:?}") };
            assert_eq!(args.data, PathBuf::from("d"));
            assert!(
                matches!(args.command, Some(SandboxCommand::Clock { when, kommune: None }) if when == "2017-05-15T12:00")
            );
        }
    }

    #[test]
    fn every_option_has_a_text() {
        fn walk(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} says nothing", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} of {}", argument.get_id(), command.get_name());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Cli::command());
    }
}
