//! `nir-gateway extract`: the register's figures for other systems, as CSV. Each line of a file is one row of
//! `register::uttrekk`; who receives it is named on the command line and stands in the log.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::NaiveDate;
use register::id::Duf;
use register::person::Person;
use register::policy::{Policy, Profile};
use register::uttrekk::{norsktilskudd, statistikk, udi};
use serde::Serialize;

use crate::clock;

/// Persons read in one transaction.
const PERSONS_AT_ONCE: usize = 500;

/// What is extracted.
#[derive(Debug, Clone)]
pub enum Extract {
    /// The basis of norsktilskudd for these days, both inclusive.
    Norsktilskudd {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// The programmes of a reporting year.
    Statistics {
        /// The year.
        year: i32,
    },
    /// UDI's evidence of the duty, as of a day.
    Udi {
        /// The day.
        on: NaiveDate,
        /// Only these persons; empty means everybody.
        dufs: Vec<String>,
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
pub async fn run(
    extract: Extract,
    out: Option<&Path>,
    config: &Path,
    database: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let store = super::open(config, database).await?;
    let policy = Policy::embedded(Profile::Production).context("the rules cannot be read")?;
    let target: Box<dyn std::io::Write> = match out {
        Some(file) => {
            Box::new(std::fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(target);
    let dufs = match &extract {
        Extract::Udi { dufs, .. } if !dufs.is_empty() => {
            let parsed =
                dufs.iter().map(|text| Duf::parse(text, true).ok().with_context(|| format!("{text} is no DUF number")));
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
    extract: &Extract,
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
        Extract::Norsktilskudd { from, to } => {
            for rad in norsktilskudd::rader(person, policy, *from, *to) {
                writer.serialize(rad)?;
                rows += 1;
            }
        }
        Extract::Statistics { year } => {
            for rad in statistikk::rader(person, policy, *year) {
                writer.serialize(rad)?;
                rows += 1;
            }
        }
        Extract::Udi { on, .. } => {
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

/// Reads what the command line says into what is extracted.
pub fn of(command: &crate::cli::ExtractCommand) -> (Extract, Option<PathBuf>, crate::cli::DatabaseArgs) {
    use crate::cli::ExtractCommand as Cli;
    match command.clone() {
        Cli::Norsktilskudd { from, to, out, database } => (Extract::Norsktilskudd { from, to }, out, database),
        Cli::Statistics { year, out, database } => (Extract::Statistics { year }, out, database),
        Cli::Udi { on, duf, out, database } => (Extract::Udi { on, dufs: duf }, out, database),
    }
}
