//! `nir-conformance`: the vendor's tools. They know the published contract and the wire, and nothing of the register.

mod clock;
mod frame;
mod payload;
mod place;
mod send;
mod show;
mod target;
mod verify;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tools for the vendor of a fagsystem: send one signed message, check one saved receipt.
///
/// Exit codes: 0 accepted, or the receipt holds; 1 the register refused all or a part; 2 a Fault came back;
/// 3 the answer or the receipt cannot be verified; 4 wrong use, a file that cannot be read, or no connection.
#[derive(Debug, Parser)]
#[command(name = "nir-conformance", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign one message, send it over mutual TLS, verify the answer and show it.
    ///
    /// Exit code 0 when all of it was accepted, 1 when the register refused it or a part, 2 for a Fault, 3 when the
    /// answer is not signed by the gateway or is no answer to this message, 4 when nothing could be sent.
    Send(Box<send::Options>),
    /// Check a saved receipt offline: its signature, and that no byte of the file was changed.
    ///
    /// Needs nothing but the gateway's certificate. Exit code 0 when the receipt holds; 3 when it does not, and the
    /// changed place is named; 2 when what holds is a Fault, 1 when it is another answer than a receipt; 4 when a
    /// file cannot be read.
    Verify(verify::Options),
}

/// What a command came to; the number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted, or the receipt holds.
    Good = 0,
    /// The register refused all of it or a part.
    Refused = 1,
    /// A Fault came back.
    Fault = 2,
    /// The answer or the receipt cannot be verified.
    Unverifiable = 3,
    /// Wrong use, a file that cannot be read, or no connection.
    Usage = 4,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let verdict = if error.use_stderr() { Verdict::Usage } else { Verdict::Good };
            // Nothing can be said where nothing can be written.
            let _ = error.print();
            return ExitCode::from(verdict as u8);
        }
    };
    let done = match cli.command {
        Command::Send(options) => send::run(&options),
        Command::Verify(options) => verify::run(&options),
    };
    let verdict = done.unwrap_or_else(|error| {
        show::problem(&format!("{error:#}"));
        Verdict::Usage
    });
    ExitCode::from(verdict as u8)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
