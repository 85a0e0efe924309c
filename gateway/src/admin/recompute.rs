//! `nir-gateway recompute`: whose categories and deadlines other rules would change and why, and the change itself
//! (design.md 6, 17).

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use register::change::Opphav;
use register::codes::Catalogue;
use register::decide::beregning::computed;
use register::id::Duf;
use register::kategori::{Beregnet, BeregningRow, Loggsteg};
use register::ledger::{Adressater, Internal, InternalCommand, Kunngjoering, Merke};
use register::person::Person;
use register::policy::{Policy, RULES, RuleFiles};
use register::store::{Store, TOLD_CODES, TOLD_RULES};
use register::time::oslo_date;
use serde::Serialize;

use super::operator::Operator;
use crate::cli::ConfigArgs;
use crate::clock;
use crate::config::Config;

/// Persons of one transaction (design.md 17, Streams).
const PERSONS: usize = 200;

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
    pub format: Format,
    /// Write the list to this file. Left out: standard output.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub out: Option<PathBuf>,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// How a preview is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One line for each thing that would differ, `;` between the fields.
    Csv,
    /// One object for each person and thing, a line each.
    Json,
}

/// One thing that would differ.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct Line {
    duf: String,
    hva: &'static str,
    kode: String,
    foer: String,
    etter: String,
    grunn_foer: String,
    grunn_etter: String,
}

/// Carries it out.
pub async fn run(args: RecomputeArgs) -> anyhow::Result<ExitCode> {
    let RecomputeArgs { dry_run: _, activate: changes, rules, format, out, config } = args;
    if changes {
        return activate(&config.config).await;
    }
    preview(rules.as_deref(), format, out.as_deref(), &config.config).await
}

/// Tells who would change under the rules of the directory (those compiled in, without one); writes nothing to the register.
async fn preview(rules: Option<&Path>, format: Format, out: Option<&Path>, config: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let files = rules.map_or_else(|| Ok(RuleFiles::embedded()), read_rules)?;
    let policy = Policy::read(config.profile, &files)?;
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
    let mut target: Box<dyn std::io::Write> = match out {
        Some(file) => {
            Box::new(std::fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let (now, mut persons, mut changed, mut hidden) = (clock::now(), 0_usize, 0_usize, 0_usize);
    let today = oslo_date(now);
    for some in store.all_dufs().await?.chunks(PERSONS) {
        for person in store.persons(some).await? {
            persons += 1;
            let after = computed(&person, &policy, today, now);
            if person.beregnet.as_ref().is_some_and(|before| before.says_the_same(&after.kept())) {
                continue;
            }
            changed += 1;
            // A strictly confidential person is in no list that leaves the register (VERN-1): it is counted.
            if person.hidden(today) {
                hidden += 1;
                continue;
            }
            let logg = last_log(&store, person.duf).await?;
            for line in differences(&person, &logg, &after) {
                match format {
                    Format::Csv => csv.serialize(&line)?,
                    Format::Json => {
                        serde_json::to_writer(&mut target, &line)?;
                        writeln!(target)?;
                    }
                }
            }
        }
    }
    csv.flush()?;
    let written = csv.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?;
    target.write_all(&written)?;
    target.flush()?;
    store.close().await;
    anstream::eprintln!(
        "Rules {}: {changed} of {persons} persons would change ({hidden} of them strictly confidential, not listed).",
        policy.version()
    );
    Ok(ExitCode::SUCCESS)
}

/// Makes the rules of this program those of the register, and computes everybody anew under them.
pub async fn activate(config: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    let policy = Policy::embedded(config.profile)?;
    let store = Store::open(&config.database.url).await.context("cannot open the database")?;
    store.check_ready(config.profile.as_str()).await?;
    let done = anew(&config, &store, &policy).await?;
    announce(&config, &store, &policy).await?;
    store.close().await;
    anstream::println!("Rules {} are active; {done} persons changed.", policy.version());
    Ok(ExitCode::SUCCESS)
}

/// Tells every avsendersystem that other rules and code lists are in force than those it was last told of: also where an
/// earlier run activated them and came no further.
async fn announce(config: &Config, store: &Store, policy: &Policy) -> anyhow::Result<()> {
    let today = oslo_date(clock::now());
    let mut operator = Operator::open(config, store, "recompute").await?;
    let (rules, codes) = (policy.version(), Catalogue::embedded().version());
    let news = [
        (TOLD_RULES, rules, "REGELVERK_ENDRET", vec![("regelversjon", rules.to_owned()), ("fra", today.to_string())]),
        (TOLD_CODES, codes, "KODEVERK_ENDRET", vec![("kodeverkversjon", codes.to_owned())]),
    ];
    for (navn, version, hendelsestype, tillegg) in news {
        let what = Internal::Tell(Kunngjoering {
            til: Adressater::Alle,
            hendelsestype: hendelsestype.to_owned(),
            gjelder: today,
            tillegg: tillegg.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            once: Some(Merke { navn, verdi: version.to_owned() }),
        });
        operator.commit(InternalCommand { opphav: Opphav::Regelendring, what }, hendelsestype.into()).await?;
    }
    operator.close().await
}

/// Activates the rules and computes everybody anew; how many differ now.
pub async fn anew(config: &Config, store: &Store, policy: &Policy) -> anyhow::Result<usize> {
    // Nodes with other rules stop writing first: nobody is computed by two rule sets.
    store.activate_rules(policy.version(), false).await?;
    let mut operator = Operator::open(config, store, "recompute").await?;
    let mut done = 0;
    for some in store.all_dufs().await?.chunks(PERSONS) {
        let request = format!("{{\"rules\":\"{}\",\"persons\":{}}}", policy.version(), some.len());
        let what = Internal::Recompute(some.to_vec());
        let answer =
            operator.commit(InternalCommand { opphav: Opphav::Regelendring, what }, request.into_bytes()).await?;
        done += answer.split(' ').next().and_then(|count| count.parse::<usize>().ok()).unwrap_or_default();
    }
    operator.close().await?;
    Ok(done)
}

/// The rules of a directory; a file that is not in it is as compiled in.
fn read_rules(dir: &Path) -> anyhow::Result<RuleFiles> {
    let mut files = RuleFiles::embedded();
    let mut own = 0;
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !path.is_file() {
            continue;
        }
        let known = RULES.iter().any(|(rule, _)| *rule == name);
        anyhow::ensure!(known, "{} is no file of the rules", path.display());
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files = files.with(&name, text).with_context(|| format!("{} is no file of the rules", path.display()))?;
        own += 1;
    }
    anyhow::ensure!(own > 0, "{} holds no file of the rules", dir.display());
    Ok(files)
}

async fn last_log(store: &Store, duf: Duf) -> anyhow::Result<Vec<Loggsteg>> {
    let (history, _) = store.read_person(duf, "").await?;
    let last = history.and_then(|history| history.beregninger.into_iter().next_back());
    Ok(last.map(|row| row.beregning.logg).unwrap_or_default())
}

fn differences(person: &Person, logg: &[Loggsteg], after: &BeregningRow) -> Vec<Line> {
    let nothing =
        || Beregnet { kategorier: Vec::new(), frister: Vec::new(), aapninger: Vec::new(), lov: None, ..after.kept() };
    let before = person.beregnet.clone().unwrap_or_else(nothing);
    let now = &after.beregning;
    let gone: Vec<&Loggsteg> = logg.iter().filter(|steg| !now.logg.contains(steg)).collect();
    let new: Vec<&Loggsteg> = now.logg.iter().filter(|steg| !logg.contains(steg)).collect();
    let mut all = Vec::new();
    let mut tell = |hva, kode: &str, foer: Vec<String>, etter: Vec<String>| {
        if foer == etter {
            return;
        }
        let line = Line {
            duf: person.duf.to_string(),
            hva,
            kode: kode.to_owned(),
            foer: foer.join(" "),
            etter: etter.join(" "),
            grunn_foer: reasons(&gone, kode),
            grunn_etter: reasons(&new, kode),
        };
        all.push(line);
    };
    let lov = |lov: Option<register::registry::Lov>| lov.map(|lov| lov.code().to_owned()).into_iter().collect();
    tell("LOV", "", lov(before.lov), lov(now.lov));
    let codes: BTreeSet<_> = before.kategorier.iter().chain(&now.kategorier).map(|kategori| kategori.kode).collect();
    for kode in codes {
        let periods = |all: &[register::kategori::Kategori]| -> Vec<String> {
            let own = all.iter().filter(|kategori| kategori.kode == kode);
            own.map(|k| format!("{}:{}:{}", k.lov.code(), days(k.gyldig.from, k.gyldig.last()), k.rad)).collect()
        };
        tell("KATEGORI", kode.code(), periods(&before.kategorier), periods(&now.kategorier));
    }
    let types: BTreeSet<_> =
        before.frister.iter().chain(&now.frister).map(|frist| (frist.fristtype, frist.ordning)).collect();
    for (fristtype, ordning) in types {
        let dates = |all: &[register::kategori::Frist]| -> Vec<String> {
            let own = all.iter().filter(|frist| (frist.fristtype, frist.ordning) == (fristtype, ordning));
            let date = |frist: &register::kategori::Frist| frist.dato.map_or_else(|| "-".to_owned(), |d| d.to_string());
            own.map(|frist| format!("{}:{}:{}", ordning.code(), date(frist), frist.status.code())).collect()
        };
        tell("FRIST", fristtype.code(), dates(&before.frister), dates(&now.frister));
    }
    let opened = |all: &[register::kategori::Aapning]| -> Vec<String> {
        let one = |a: &register::kategori::Aapning| {
            format!("{}:{}:{}:{}", a.ordning.code(), a.kommune, days(a.dager.from, a.dager.last()), a.aapnet)
        };
        all.iter().map(one).collect()
    };
    tell("AAPNING", "", opened(&before.aapninger), opened(&after.aapninger));
    if all.is_empty() {
        all.push(Line {
            duf: person.duf.to_string(),
            hva: "BEGRUNNELSE",
            kode: String::new(),
            foer: String::new(),
            etter: String::new(),
            grunn_foer: reasons(&gone, ""),
            grunn_etter: reasons(&new, ""),
        });
    }
    all
}

fn days(from: NaiveDate, last: Option<NaiveDate>) -> String {
    format!("{from}..{}", last.map(|last| last.to_string()).unwrap_or_default())
}

/// The steps that give the code; where none names it, all that differ.
fn reasons(steps: &[&Loggsteg], kode: &str) -> String {
    let named: Vec<&&Loggsteg> = steps.iter().filter(|steg| !kode.is_empty() && steg.utfall.contains(kode)).collect();
    let told: Vec<&&Loggsteg> = if named.is_empty() { steps.iter().collect() } else { named };
    let text = |steg: &&&Loggsteg| {
        let inputs: Vec<String> = steg.grunnlag.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}({})={}", steg.regel, inputs.join(","), steg.utfall)
    };
    told.iter().map(text).collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use register::policy::Profile;

    fn at() -> DateTime<Utc> {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_person_that_was_never_computed_differs_and_one_that_was_does_not() {
        let policy = Policy::embedded(Profile::Sandbox).unwrap();
        let person = Person::unheard_of(Duf::parse("900000000001", true).unwrap());
        let row = computed(&person, &policy, oslo_date(at()), at());
        let lines = differences(&person, &[], &row);
        assert!(!lines.is_empty() && lines.iter().all(|line| line.duf == "900000000001"), "{lines:?}");
    }

    #[test]
    fn a_directory_of_rules_holds_rules_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read_rules(dir.path()).unwrap_err().to_string().contains("no file of the rules"));
        std::fs::write(dir.path().join("grenser.toml"), "# other\n").unwrap();
        assert_ne!(read_rules(dir.path()).unwrap().version(), RuleFiles::embedded().version());
        std::fs::write(dir.path().join("notes.txt"), "x").unwrap();
        assert!(read_rules(dir.path()).unwrap_err().to_string().contains("notes.txt"));
    }
}
