//! `nir-gateway import`: fills a register with persons, facts and posts of the register before (design.md 17, Sources).

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use register::change::Opphav;
use register::decide::beregning::NewFact;
use register::decide::importert::NewPost;
use register::id::Duf;
use register::ledger::{Imported, Internal, InternalCommand};
use register::policy::Policy;
use register::store::Store;
use serde::Deserialize;

use super::operator::Operator;
use crate::cli::ConfigArgs;
use crate::config::Config;

/// Persons of one transaction.
const PERSONS: usize = 1_000;
/// Problems that are told before the import is refused.
const TOLD: usize = 20;

/// One line: a person with what is imported of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    duf: String,
    #[serde(default)]
    fakta: Vec<NewFact>,
    #[serde(default)]
    poster: Vec<NewPost>,
}

/// What is imported.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    pub file: Vec<PathBuf>,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Checks every line of every file, then imports them, a thousand persons in each transaction.
pub async fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    let files = args.file.as_slice();
    let config = Config::load(&args.config.config)?;
    let policy = Policy::embedded(config.profile)?;
    if !check(files, &policy)? {
        return Ok(ExitCode::FAILURE);
    }
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
    let mut operator = Operator::open(&config, &store, "import").await?;
    let done = import(files, &policy, &mut operator).await;
    // What was committed is kept, and its chain ends as it should.
    operator.close().await?;
    let persons = done?;
    store.analyze().await?;
    store.close().await;
    anstream::println!("{persons} persons imported; what was there already was passed over.");
    Ok(ExitCode::SUCCESS)
}

/// Whether every line can be imported; what cannot is told.
fn check(files: &[PathBuf], policy: &Policy) -> anyhow::Result<bool> {
    let mut bad = 0;
    for file in files {
        for line in lines(file)? {
            let (number, line) = line?;
            if let Err(problem) = read(&line, policy) {
                bad += 1;
                if bad <= TOLD {
                    anstream::eprintln!("{}:{number}: {problem}", file.display());
                }
            }
        }
    }
    if bad > 0 {
        anstream::eprintln!("{bad} lines cannot be imported; nothing was.");
    }
    Ok(bad == 0)
}

/// The lines of a file that are not empty, with their numbers.
fn lines(file: &Path) -> anyhow::Result<impl Iterator<Item = std::io::Result<(usize, String)>>> {
    let open = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let numbered = BufReader::new(open).lines().zip(1..).map(|(line, number)| Ok((number, line?)));
    Ok(numbered.filter(|line| line.as_ref().map_or(true, |(_, line): &(usize, String)| !line.trim().is_empty())))
}

/// A line's problem names no value of it: it may be a person's.
fn read(line: &str, policy: &Policy) -> Result<Imported, String> {
    let line: Line = serde_json::from_str(line)
        .map_err(|error| format!("no line of an import ({:?} at column {})", error.classify(), error.column()))?;
    let duf = Duf::parse(&line.duf, policy.test_series()).map_err(|_| "no DUF number".to_owned())?;
    if duf.is_synthetic() && !policy.accepts_person(true) {
        return Err("a synthetic person in a register of real ones".to_owned());
    }
    for post in &line.poster {
        if !policy.kommune_known(post.kommune) {
            return Err("a post of a kommune that never was".to_owned());
        }
    }
    Ok(Imported { duf, facts: line.fakta, posts: line.poster })
}

async fn import(files: &[PathBuf], policy: &Policy, operator: &mut Operator) -> anyhow::Result<usize> {
    let (mut persons, mut request) = (Vec::with_capacity(PERSONS), String::new());
    let mut done = 0;
    for file in files {
        for line in lines(file)? {
            let (_, line) = line?;
            persons.push(read(&line, policy).map_err(|problem| anyhow::anyhow!("{}: {problem}", file.display()))?);
            request.push_str(&line);
            request.push('\n');
            if persons.len() == PERSONS {
                done += commit(&mut persons, &mut request, operator).await?;
                anstream::eprintln!("{done} persons");
            }
        }
    }
    if !persons.is_empty() {
        done += commit(&mut persons, &mut request, operator).await?;
    }
    Ok(done)
}

async fn commit(persons: &mut Vec<Imported>, request: &mut String, operator: &mut Operator) -> anyhow::Result<usize> {
    let count = persons.len();
    let what = Internal::Import(std::mem::take(persons));
    operator.commit(InternalCommand { opphav: Opphav::Imdi, what }, std::mem::take(request).into_bytes()).await?;
    Ok(count)
}
