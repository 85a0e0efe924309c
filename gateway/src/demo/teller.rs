//! What the demonstration prints: pleasant in a terminal, plain when piped (anstream takes the colors away).

use std::fmt::Display;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use nir_xsd::message::{Feil, Kvittering};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const CARE: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// Counts the steps and what failed.
#[derive(Debug, Default)]
pub struct Teller {
    step: u32,
    failed: u32,
}

impl Teller {
    /// One step, with what it did and how long the call took.
    pub fn step(&mut self, operation: &str, what: &str, elapsed: Duration) {
        self.step += 1;
        let milliseconds = elapsed.as_secs_f64() * 1000.0;
        anstream::println!();
        anstream::println!("{STRONG}{:>2}  {operation}{STRONG:#}  {what}  {DIM}{milliseconds:.0} ms{DIM:#}", self.step);
    }

    /// Something that must hold.
    pub fn check(&mut self, holds: bool, what: impl Display) {
        if holds {
            anstream::println!("    {GOOD}ok{GOOD:#}   {what}");
        } else {
            self.failed += 1;
            anstream::println!("    {BAD}NOT{BAD:#}  {what}");
        }
    }

    /// Who takes part, each with what it is.
    pub fn people(&self, all: &[(&str, &str)]) {
        anstream::println!();
        anstream::println!("    Who takes part; all of it is signed SOAP over mTLS:");
        for (name, what) in all {
            anstream::println!("      {STRONG}{name:<16}{STRONG:#}  {what}");
        }
    }

    /// What the next lines are.
    pub fn heading(&self, what: &str) {
        anstream::println!("         {DIM}{what}{DIM:#}");
    }

    /// Something worth seeing.
    pub fn note(&self, what: impl Display) {
        anstream::println!("         {what}");
    }

    /// A receipt: status, then a line per registration, its warnings and errors.
    pub fn receipt(&self, receipt: &Kvittering) {
        let style = if receipt.status == "AVVIST" { CARE } else { GOOD };
        self.note(format_args!(
            "{style}{}{style:#}  mottatt {}  gjentatt {}  {DIM}kvittering {}{DIM:#}",
            receipt.status, receipt.mottatt_dato, receipt.gjentatt, receipt.kvitterings_id
        ));
        receipt.feil.iter().for_each(|feil| self.feil(feil));
        for person in &receipt.person {
            self.note(format_args!("person {}  {}", person.duf_nummer, person.resultat));
            person.feil.iter().for_each(|feil| self.feil(feil));
            for line in &person.registrering {
                let post = line.post.as_ref().map_or(String::new(), |post| {
                    let reference = post.avsenders_referanse.as_deref().unwrap_or_default();
                    format!("post {} versjon {}  {reference}", post.post_id, post.versjon)
                });
                self.note(format_args!("  {:<3} {:<12} {DIM}{post}{DIM:#}", line.registrerings_id, line.resultat));
                line.feil.iter().for_each(|feil| self.feil(feil));
            }
        }
    }

    /// An error or warning with its cure.
    pub fn feil(&self, feil: &Feil) {
        let style = if feil.alvorlighet == "ADVARSEL" { CARE } else { BAD };
        self.note(format_args!("      {style}{} {}{style:#}  {}", feil.kode, feil.alvorlighet, feil.melding));
        self.note(format_args!("      {}", feil.loesning));
        if let Some(xpath) = &feil.xpath {
            let line = feil.linje.map_or(String::new(), |line| format!("  linje {line}"));
            self.note(format_args!("      {DIM}{xpath}{line}  rettes av {}{DIM:#}", feil.rettes_av));
        }
    }

    /// Says how it went; true when every step held.
    pub fn end(&self) -> bool {
        anstream::println!();
        if self.failed == 0 {
            anstream::println!(
                "{GOOD}All {} steps held.{GOOD:#} What was registered is kept; the next run takes another person.",
                self.step
            );
        } else {
            anstream::println!("{BAD}{} of the demonstration's demands did not hold.{BAD:#}", self.failed);
        }
        self.failed == 0
    }
}
