//! Rules that are asked for by themselves and not through a message: one line for each answer.
//!
//! ```text
//! bydel 030117 => finnes | finnes ikke
//! første mottak D => DAGER            dager et første mottakstidspunkt huskes
//! satsklasse LAND D => LAV | HOEY
//! ```

use std::path::Path;

use register::policy::{Policy, Profile};

use crate::regler;
use crate::words::{Bad, Words};

/// Failing lines of every table of the folder.
pub fn folder(path: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let policy = regler::policy(Profile::Sandbox);
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        {
            if let Err(bad) = check(&policy, line) {
                failures.push(format!("{}:{}: {line}\n  {bad}", file.display(), number + 1));
            }
        }
    }
    failures
}

fn check(policy: &Policy, line: &str) -> Result<(), Bad> {
    let (asked, expected) = line.split_once("=>").ok_or("linjen har ikke =>")?;
    let mut words = Words::of(asked);
    let got = match words.next("spørsmål")? {
        "bydel" => {
            let known = policy.bydel_known(words.parse("bydel")?);
            if known { "finnes" } else { "finnes ikke" }.to_owned()
        }
        "første" if words.take("mottak") => policy.first_receipt_days(words.parse("dato")?).to_string(),
        "bremse" => {
            let bremse = policy.bremse(words.parse("dato")?);
            let holds = bremse.holds(words.parse("antall")?, words.parse("antall")?);
            format!("{} innen {} min", if holds { "holdt" } else { "fri" }, bremse.within.num_minutes())
        }
        "satsklasse" => {
            let land = words.next("land")?;
            policy.rate_class(land, words.parse("dato")?).to_owned()
        }
        other => return Err(format!("forstår ikke «{other}»")),
    };
    words.end()?;
    if got == expected.trim() { Ok(()) } else { Err(format!("fikk    {got}")) }
}
