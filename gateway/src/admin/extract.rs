//! `nir-gateway extract`: the register's figures for other systems, as CSV. Each line of a file is one row of
//! `register::uttrekk`; who receives it is named on the command line and stands in the log.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Subcommand;
use register::id::Duf;
use register::person::Person;
use register::policy::{Policy, Profile};
use register::uttrekk::{norsktilskudd, statistikk, udi};
use serde::Serialize;

use crate::cli::DatabaseArgs;
use crate::clock;

/// Persons read in one transaction.
const PERSONS_AT_ONCE: usize = 500;

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

/// Evidence in one line: lists are joined by a space.
#[derive(Serialize)]
struct BevisLine<'b> {
    duf_nummer: &'b str,
    lov: &'b str,
    plikt_fra: Option<NaiveDate>,
    plikt_til: Option<NaiveDate>,
    plikt_oppfylt: bool,
    norsk_timer: String,
    samfunnskunnskap_timer: String,
    fritak: String,
    proever: String,
}

/// Writes the rows to the file, or to standard output.
pub async fn run(extract: ExtractCommand) -> anyhow::Result<ExitCode> {
    let (ExtractCommand::Norsktilskudd { out, database, .. }
    | ExtractCommand::Statistics { out, database, .. }
    | ExtractCommand::Udi { out, database, .. }) = &extract;
    let store = super::open(database).await?;
    let policy = Policy::embedded(Profile::Production).context("the rules cannot be read")?;
    let target: Box<dyn std::io::Write> = match out {
        Some(file) => {
            Box::new(std::fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(target);
    let dufs = match &extract {
        ExtractCommand::Udi { duf, .. } if !duf.is_empty() => {
            let parsed =
                duf.iter().map(|text| Duf::parse(text, true).ok().with_context(|| format!("{text} is no DUF number")));
            parsed.collect::<anyhow::Result<Vec<_>>>()?
        }
        _ => store.all_dufs().await?,
    };
    let today = register::time::oslo_date(clock::now());
    let mut rows = 0;
    for some in dufs.chunks(PERSONS_AT_ONCE) {
        for person in store.persons(some).await? {
            rows += write(&mut writer, &extract, &person, &policy, today)?;
        }
    }
    writer.flush()?;
    store.close().await;
    anstream::eprintln!("{rows} rows of {} persons.", dufs.len());
    Ok(ExitCode::SUCCESS)
}

fn write(
    writer: &mut csv::Writer<Box<dyn std::io::Write>>,
    extract: &ExtractCommand,
    person: &Person,
    policy: &Policy,
    today: NaiveDate,
) -> anyhow::Result<usize> {
    // A strictly confidential person is in no extract (domain.md 10.4 VERN-1): IMDi handles those by hand.
    if person.hidden(today) {
        return Ok(0);
    }
    let mut rows = 0;
    match extract {
        ExtractCommand::Norsktilskudd { from, to, .. } => {
            for rad in norsktilskudd::rader(person, policy, *from, *to) {
                writer.serialize(rad)?;
                rows += 1;
            }
        }
        ExtractCommand::Statistics { year, .. } => {
            for rad in statistikk::rader(person, policy, *year) {
                writer.serialize(rad)?;
                rows += 1;
            }
        }
        ExtractCommand::Udi { on, .. } => {
            if let Some(bevis) = udi::bevis(person, *on) {
                writer.serialize(BevisLine {
                    duf_nummer: &bevis.duf_nummer,
                    lov: bevis.lov,
                    plikt_fra: bevis.plikt_fra,
                    plikt_til: bevis.plikt_til,
                    plikt_oppfylt: bevis.plikt_oppfylt,
                    norsk_timer: bevis.norsk_timer.to_string(),
                    samfunnskunnskap_timer: bevis.samfunnskunnskap_timer.to_string(),
                    fritak: bevis.fritak.join(" "),
                    proever: bevis.proever.join(" "),
                })?;
                rows += 1;
            }
        }
    }
    Ok(rows)
}
