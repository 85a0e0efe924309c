//! What `nir-gateway sandbox` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
