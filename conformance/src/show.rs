//! What the tools say: pleasant in a terminal, plain when piped (anstream takes the colors away).

use std::fmt::Display;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use nir_xsd::message::{Answer, Endring, Endringsside, Feil, Kodeverksvar, Kvittering, Personsvar, Pingsvar};

use crate::payload::Payload;

pub mod fault;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const CARE: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Why it did not work, on standard error.
pub fn problem(what: &str) {
    anstream::eprintln!("{BAD}error{BAD:#}  {what}");
}

/// Something that turned out as it should.
pub fn good(what: &str) {
    anstream::println!("{GOOD}ok{GOOD:#}  {what}");
}

/// Something worth knowing.
pub fn remark(what: &str) {
    anstream::println!("{DIM}{what}{DIM:#}");
}

/// A name and its value, in columns.
fn row(name: &str, value: impl Display) {
    anstream::println!("{DIM}{name:<18}{DIM:#} {value}");
}

/// What was sent, so that an error can be shown at its line of the file.
pub struct Sent<'a> {
    /// The file.
    pub file: &'a Path,
    /// What it says.
    pub payload: &'a Payload,
}

/// Any answer to what was sent.
pub fn answer(answer: &Answer, sent: &Sent<'_>) {
    match answer {
        Answer::Ping(w) => ping(&w.svar),
        Answer::SendRegistreringer(w) => receipt(&w.kvittering, Some(sent)),
        Answer::HentKvittering(w) => {
            row("status", &w.svar.status);
            w.svar.kvittering.iter().for_each(|stored| receipt(stored, None));
        }
        Answer::HentPerson(w) => person(&w.person),
        Answer::HentKodeverk(w) => code_lists(&w.svar),
        Answer::HentEndringer(w) => changes(&w.side),
        Answer::BekreftEndringer(w) => row("bekreftetTil", w.stroem.bekreftet_til),
        other => read(other),
    }
}

/// An answer of which the payload itself is the best picture.
fn read(answer: &Answer) {
    let document = answer.to_xml();
    let text = String::from_utf8_lossy(&document);
    let Ok(document) = roxmltree::Document::parse(&text) else { return };
    for node in document.descendants().filter(|node| node.is_element()) {
        let depth = node.ancestors().filter(|ancestor| ancestor.is_element()).count();
        let (name, indent) = (node.tag_name().name(), 2 * (depth - 1));
        let value = if node.children().any(|child| child.is_element()) { "" } else { node.text().unwrap_or_default() };
        // A CSV has many lines, each ended as RFC 4180 has it: the first stands beside the name.
        let mut lines = value.lines();
        match lines.next().filter(|line| !line.is_empty()) {
            Some(first) => anstream::println!("{:indent$}{DIM}{name}{DIM:#} {first}", ""),
            None => anstream::println!("{:indent$}{DIM}{name}{DIM:#}", ""),
        }
        lines.for_each(|line| anstream::println!("{line}"));
    }
}

/// A receipt: status, a line per registration, and every error with its cure.
pub fn receipt(receipt: &Kvittering, sent: Option<&Sent<'_>>) {
    let style = status_style(&receipt.status);
    let again = if receipt.gjentatt { "  gjentatt: the stored answer, nothing was done again" } else { "" };
    let dry = if receipt.proevekjoering { "  prøvekjøring: nothing was stored" } else { "" };
    anstream::println!("{style}{}{style:#}{again}{dry}", receipt.status);
    row("meldingsId", &receipt.meldings_id);
    row("kvitteringsId", &receipt.kvitterings_id);
    row("mottatt", format_args!("{}  (window: as of {})", receipt.mottatt.to_rfc3339(), receipt.mottatt_dato));
    receipt.feil.iter().for_each(|f| feil(f, "", sent));
    for person in &receipt.person {
        let style = status_style(&person.resultat);
        anstream::println!("person {}  {style}{}{style:#}", person.duf_nummer, person.resultat);
        person.feil.iter().for_each(|f| feil(f, "  ", sent));
        for line in &person.registrering {
            let style = status_style(&line.resultat);
            let post = line.post.as_ref().map_or_else(String::new, |post| {
                let reference = post.avsenders_referanse.as_deref().unwrap_or_default();
                format!("  post {} versjon {}  {reference}", post.post_id, post.versjon).trim_end().to_owned()
            });
            // Padded beside the style, so that a line without a post has no spaces at its end.
            let width = if post.is_empty() { 0 } else { 12 };
            anstream::println!("  {:<6} {style}{:<width$}{style:#}{post}", line.registrerings_id, line.resultat);
            line.feil.iter().for_each(|f| feil(f, "    ", sent));
        }
    }
}

/// Where the register's evidence has this receipt.
pub fn evidence(receipt: &Kvittering) {
    row("kjede", &receipt.bevis.kjede);
    row("posisjon", receipt.bevis.posisjon);
    row("forrigeHash", &receipt.bevis.forrige_hash);
}

/// One error or warning: what, in both languages, what to do, who does it, and where.
pub fn feil(feil: &Feil, indent: &str, sent: Option<&Sent<'_>>) {
    let style = if feil.alvorlighet == "ADVARSEL" { CARE } else { BAD };
    anstream::println!("{indent}{style}{} {}{style:#}  {}", feil.kode, feil.alvorlighet, feil.melding);
    anstream::println!("{indent}  {DIM}{}{DIM:#}", feil.melding_en);
    let named = |name: &str, value: &dyn Display| anstream::println!("{indent}  {DIM}{name:<14}{DIM:#} {value}");
    named("løsning", &feil.loesning);
    let again = if feil.kan_proeves_igjen { ", and the same message may succeed later" } else { "" };
    named("rettes av", &format_args!("{}{again}", feil.rettes_av));
    if let Some(xpath) = &feil.xpath {
        named("xpath", xpath);
        let in_file = sent.and_then(|sent| Some((sent.file.display(), sent.payload.line(xpath)?)));
        match (in_file, feil.linje) {
            (Some((file, line)), _) => named("place", &format_args!("{file}, line {line}")),
            (None, Some(line)) => named("place", &format_args!("line {line} of the envelope that was sent")),
            (None, None) => {}
        }
    }
    if let Some(date) = feil.tidligste_dato {
        named("tidligste dato", &date);
    }
    if let Some(rule) = &feil.regel {
        named("regel", rule);
    }
    if let Some(post) = &feil.post {
        named("post", &format_args!("{} versjon {}", post.post_id, post.versjon));
    }
    for more in &feil.tillegg {
        named(&more.noekkel, &more.verdi);
    }
}

fn status_style(status: &str) -> Style {
    match status {
        "GODTATT" => GOOD,
        "AVVIST" => BAD,
        status if status.starts_with("DELVIS") => CARE,
        _ => Style::new(),
    }
}

fn ping(svar: &Pingsvar) {
    good(&format!("{} answers, version {}, contract {}", svar.miljoe, svar.gatewayversjon, svar.kontraktversjon));
    row("tid", svar.tid.to_rfc3339());
    if let Some(time) = svar.registertid {
        row("registertid", time.to_rfc3339());
    }
    if let Some(number) = &svar.organisasjonsnummer {
        row("organisasjon", format_args!("{number}  {}", svar.organisasjonsnavn.as_deref().unwrap_or_default()));
    }
    svar.avsendersystem.iter().for_each(|system| row("avsendersystem", system));
    row("signeringssert.", format_args!("valid to {}", svar.signeringssertifikat.gyldig_til.to_rfc3339()));
}

fn person(person: &Personsvar) {
    let name =
        [person.fornavn.as_deref(), person.etternavn.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    good(&format!("{}  {name}", person.duf_nummer));
    for ordning in &person.ordning {
        row(&ordning.ordning, &ordning.status);
    }
    for post in &person.post {
        let gone = if post.annullert { "  annullert" } else { "" };
        let reference = post.avsenders_referanse.as_deref().unwrap_or_default();
        row(&post.posttype, format_args!("post {} versjon {}  {reference}{gone}", post.post_id, post.versjon));
    }
    for month in &person.maanedssnitt {
        row(&month.maaned, format_args!("{} virkedager, {} timer per uke", month.virkedager, month.timer_per_uke));
    }
}

fn code_lists(svar: &Kodeverksvar) {
    good(&format!("code lists of version {}", svar.versjon));
    for list in &svar.kodeverk {
        row(&list.navn, format_args!("{} codes", list.kode.len()));
    }
}

fn changes(side: &Endringsside) {
    let more = if side.flere { ", more to come" } else { "" };
    good(&format!("{} changes of {}{more}; head {}", side.endring.len(), side.stroem_id, side.siste_sekvensnummer));
    for change in &side.endring {
        let post = change.post_endret.as_ref().map_or_else(String::new, |told| {
            format!("  {} {} {} versjon {}", told.handling, told.posttype, told.post.post_id, told.post.versjon)
        });
        let ordning =
            change.ordning_endret.as_ref().map_or_else(String::new, |o| format!("  {} {}", o.ordning, o.status));
        let person = change.duf_nummer.as_deref().unwrap_or_default();
        let Endring { hendelsestype, opphav, gjelder_dato, .. } = change;
        row(
            &change.sekvensnummer.to_string(),
            format_args!("{hendelsestype}  {gjelder_dato}  {opphav}  {person}{ordning}{post}"),
        );
    }
}
