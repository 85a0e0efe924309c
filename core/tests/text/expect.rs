//! What a table expects, and what the register said, in the same words.

use register::codes::Catalogue;
use register::receipt::{Finding, LineOutcome, Severity, Status};
use register::rejection::Rejection;

use crate::words::{Bad, Words};
use crate::world::World;

/// The part of a line after `=>`.
pub struct Expected {
    pub outcome: String,
    pub findings: Vec<ExpectedFinding>,
    /// Whether the meldingsId is spent; unless the line says so it is.
    pub spent: bool,
}

pub struct ExpectedFinding {
    warning: bool,
    code: String,
    element: String,
    /// `tidligst`, `regel`, `post`, `sist` or the name of a value, and what it shall be; `uten` and what is not said.
    said: Vec<(String, String)>,
}

/// `UTFALL [[advarsel] KODE FELT [tidligst D] [regel R] [post NAVN] [sist KANAL] [navn=verdi] [uten NAVN] [og …]] [| id ledig]`
pub fn expected(text: &str) -> Result<Expected, Bad> {
    let mut words = Words::of(text);
    let outcome = words.next("utfall")?.to_owned();
    let mut outcomes = OUTCOMES.iter().map(|(_, code)| *code).chain(["GODTATT", "DELVIS_GODTATT"]);
    if !outcomes.any(|known| known == outcome) {
        return Err(format!("ingen utfall heter {outcome}"));
    }
    let mut findings: Vec<ExpectedFinding> = Vec::new();
    while words.peek().is_some_and(|word| word != "|") {
        if !findings.is_empty() && !words.take("og") {
            return Err(format!("venter «og» før {:?}", words.peek()));
        }
        let warning = words.take("advarsel");
        let code = words.next("kode")?.to_owned();
        Rejection::from_code(&code).ok_or(format!("registeret har ingen kode {code}"))?;
        let element = words.next("felt")?.to_owned();
        let mut said = Vec::new();
        while let Some(word) = words.peek().filter(|word| !matches!(*word, "og" | "|")) {
            words.next("verdi")?;
            said.push(match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None if ["tidligst", "regel", "post", "sist", "uten"].contains(&word) => {
                    (word.to_owned(), words.next(word)?.to_owned())
                }
                None => return Err(format!("forstår ikke «{word}»")),
            });
        }
        findings.push(ExpectedFinding { warning, code, element, said });
    }
    let mut spent = true;
    if words.take("|") {
        match (words.next("id")?, words.next("ledig")?) {
            ("id", "ledig") => spent = false,
            other => return Err(format!("forstår ikke {other:?}")),
        }
    }
    words.end()?;
    Ok(Expected { outcome, findings, spent })
}

impl Expected {
    /// Whether these are the findings, each with at least what the line says of it.
    pub fn fits(&self, outcome: &str, findings: &[&Finding], world: &World) -> bool {
        outcome == self.outcome
            && findings.len() == self.findings.len()
            && self.findings.iter().zip(findings).all(|(expected, got)| expected.fits(got, world))
    }
}

impl ExpectedFinding {
    fn fits(&self, got: &Finding, world: &World) -> bool {
        self.warning == (got.severity == Severity::Warning)
            && self.code == got.rejection.code()
            && self.element == element(got)
            // An earliest date is never left unsaid.
            && (got.tidligste_dato.is_none() || self.said.iter().any(|(name, _)| name == "tidligst"))
            && self.said.iter().all(|(name, value)| match name.as_str() {
                "uten" => !said(got, world).iter().any(|(said, _)| said == value),
                name => said(got, world).contains(&(name, value.clone())),
            })
    }
}

fn element(finding: &Finding) -> &str {
    let element = finding.field.element();
    if element.is_empty() { "melding" } else { element }
}

fn said<'f>(finding: &'f Finding, world: &World) -> Vec<(&'f str, String)> {
    // A word of a table holds no space.
    let mut said: Vec<(&str, String)> =
        finding.params.iter().map(|(name, value)| (*name, value.replace(' ', ""))).collect();
    said.extend(finding.tidligste_dato.map(|date| ("tidligst", date.to_string())));
    said.extend(finding.regel.clone().map(|regel| ("regel", regel)));
    let post = finding.post.as_ref();
    said.push(("post", post.map_or("ingen".into(), |post| world.label_of(post.post_id).to_owned())));
    said.extend(post.and_then(|post| post.sist_endret_av.clone()).map(|channel| ("sist", channel)));
    said
}

/// What the register said, as a table would write it.
pub fn got(outcome: &str, findings: &[&Finding], world: &World) -> String {
    let one = |finding: &&Finding| {
        let warning = if finding.severity == Severity::Warning { "advarsel " } else { "" };
        let said: Vec<String> = said(finding, world)
            .into_iter()
            .filter(|(name, value)| !(*name == "post" && value == "ingen"))
            .map(|(name, value)| match name {
                "tidligst" | "regel" | "post" | "sist" => format!(" {name} {value}"),
                _ => format!(" {name}={value}"),
            })
            .collect();
        format!("{warning}{} {}{}", finding.rejection.code(), element(finding), said.concat())
    };
    let all: Vec<String> = findings.iter().map(one).collect();
    format!("{outcome} {}", all.join(" og ")).trim_end().to_owned()
}

/// The texts of a finding say what is wrong and what to do, and nothing of the person.
pub fn texts_read_well(finding: &Finding) -> Result<(), String> {
    let row = Catalogue::embedded().error(finding.rejection.code());
    let texts = row.render(&finding.text_values());
    for text in [&texts.nb, &texts.en, &texts.loesning] {
        let starts = text.chars().next().is_some_and(char::is_uppercase);
        let whole = !text.contains(['{', '}', '[', ']']) && !text.contains("  ") && text.ends_with('.');
        let personal = ["fortrolig", "skjerm", "beskytt", "protect", "adresse"].iter().any(|word| text.contains(word));
        if !whole || personal || !starts {
            return Err(format!("{}: «{text}»", finding.rejection.code()));
        }
    }
    let earliest = finding.tidligste_dato.map(|date| date.format("%d.%m.%Y").to_string());
    match earliest.filter(|date| !texts.nb.contains(date)) {
        Some(date) => Err(format!("{}: «{}» sier ikke {date}", finding.rejection.code(), texts.nb)),
        None => Ok(()),
    }
}

const OUTCOMES: [(LineOutcome, &str); 8] = [
    (LineOutcome::Registrert, "REGISTRERT"),
    (LineOutcome::Endret, "ENDRET"),
    (LineOutcome::Korrigert, "KORRIGERT"),
    (LineOutcome::Annullert, "ANNULLERT"),
    (LineOutcome::Knyttet, "KNYTTET"),
    (LineOutcome::Uendret, "UENDRET"),
    (LineOutcome::Avvist, "AVVIST"),
    (LineOutcome::IkkeUtfoert, "IKKE_UTFOERT"),
];

pub fn outcome(outcome: LineOutcome) -> &'static str {
    OUTCOMES.iter().find(|(known, _)| *known == outcome).map_or("?", |(_, code)| code)
}

pub fn status(status: Status) -> &'static str {
    match status {
        Status::Godtatt => "GODTATT",
        Status::DelvisGodtatt => "DELVIS_GODTATT",
        Status::Avvist => "AVVIST",
    }
}
