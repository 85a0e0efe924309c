//! The command line. `--help` is the manual: every option says what it does and what holds when it is left out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

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
    /// Writes to the data directory: certs/ (a test CA; gateway, vendor, vendor2, kommune, udi, folkeregister, hkdir, imdi and others, each as
    /// .pem and .key; certs/hostile/ with certificates that must be refused; ca.crl), persons.json (synthetic
    /// persons and what each one shows), parties.json (avsendersystemer, transfer users, agreements), and, last
    /// of all and only when the gateway answers, endpoints.json with the addresses. Keys, persons and everything
    /// sent are kept: the next start on the same directory goes on where this one ended.
    Sandbox(sandbox::args::SandboxArgs),

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
        command: admin::log::LogCommand,
    },

    /// Parties: organizations, their certificates and avsendersystemer, delegations and campaigns.
    Party {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::registry::ImportCommand,
    },

    /// Transfer users (`overfoeringsbruker`).
    User {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::registry::ImportCommand,
    },

    /// Agreements between a kommune and IMDi, and delegations to vendors.
    Agreement {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::registry::ImportCommand,
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
    Import(admin::import::ImportArgs),

    /// Categories and deadlines under other rules: who would change, or the change itself.
    Recompute(admin::recompute::RecomputeArgs),

    /// Campaigns that let kommuner register further back for a while, and what else opens or closes the window.
    Campaign {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::campaign::CampaignCommand,
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
        command: admin::report::ReportCommand,
    },

    /// Support cases of senders (meldSupportsak), and IMDi's answers.
    Support {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::support::SupportCommand,
    },

    /// Transfer errors (feilsaker): what was rejected, and how far it has come.
    Feilsak {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::feilsak::FeilsakCommand,
    },

    /// Source registers that are held because they would close the categories of too many persons at once.
    Source {
        /// What to do with them.
        #[command(subcommand)]
        command: admin::source::SourceCommand,
    },

    /// Figures for other systems: norsktilskudd, the yearly statistics, UDI.
    Extract {
        /// Which.
        #[command(subcommand)]
        command: admin::extract::ExtractCommand,
    },
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

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The configuration file (TOML). What it leaves out has the default that config.default.toml shows;
    /// environment variables go before both: NIR_LISTENERS__FAGSYSTEM sets `fagsystem` of `[listeners]`.
    #[arg(long, value_name = "FILE", env = "NIR_CONFIG", default_value = "nir-gateway.toml")]
    pub config: PathBuf,
}

/// Carries out everything but `serve`, which is handed back.
pub async fn dispatch(command: Command) -> anyhow::Result<Outcome> {
    let done = match command {
        Command::Serve(config) => return Ok(Outcome::Serve(config.config)),
        Command::Sandbox(args) => sandbox::run(args).await,
        Command::Migrate(config) => admin::migrate(&config.config).await,
        Command::CheckConfig(config) => admin::check_config(&config.config),
        Command::Log { command } => admin::log::run(command).await,
        Command::Party { command } => admin::registry::run(command, Family::Party).await,
        Command::User { command } => admin::registry::run(command, Family::User).await,
        Command::Agreement { command } => admin::registry::run(command, Family::Agreement).await,
        Command::Replay { check: _, database } => admin::replay_check(&database).await,
        Command::RebuildLists(database) => admin::rebuild_lists(&database).await,
        Command::Import(args) => admin::import::run(args).await,
        Command::Recompute(args) => admin::recompute::run(args).await,
        Command::Campaign { command } => admin::campaign::run(command).await,
        Command::Stream { command } => admin::stream::run(command).await,
        Command::Report { command } => admin::report::run(command).await,
        Command::Support { command } => admin::support::run(command).await,
        Command::Feilsak { command } => admin::feilsak::run(command).await,
        Command::Source { command } => admin::source::run(command).await,
        Command::Extract { command } => admin::extract::run(command).await,
    };
    done.map(Outcome::Done)
}

/// What a command came to.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Done(ExitCode),
    /// Serve with this configuration file.
    Serve(PathBuf),
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
                matches!(args.command, Some(crate::sandbox::args::SandboxCommand::Clock { when, kommune: None }) if when == "2017-05-15T12:00")
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
