//! What an answer must be: one code, in its place, with both texts, the way to mend it, and who can; the XPath and the
//! line and column of the very element; signed; small.

use std::collections::HashMap;
use std::sync::LazyLock;

use roxmltree::{Document, Node};

use crate::attacks::{MOST_BYTES, discreet};
use crate::client::Answer;
use crate::codes::case::{Case, Part, Told};
use crate::codes::house::house;
use crate::codes::places;

/// One row of `core/codes/feilkoder.toml`, read apart from the register.
pub struct Row {
    nb: String,
    en: String,
    loesning: String,
    rettes_av: String,
    retry: bool,
}

static ROWS: LazyLock<HashMap<String, Row>> = LazyLock::new(|| {
    let table: toml::Table = toml::from_str(include_str!("../../../../core/codes/feilkoder.toml")).unwrap();
    let text = |row: &toml::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = table["feil"].as_array().unwrap().iter();
    rows.map(|row| {
        let retry = row["retry"].as_bool().unwrap();
        let of = Row {
            nb: text(row, "nb"),
            en: text(row, "en"),
            loesning: text(row, "loesning"),
            rettes_av: text(row, "rettes_av"),
            retry,
        };
        (text(row, "kode"), of)
    })
    .collect()
});

/// An error as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feil {
    pub kode: String,
    pub alvorlighet: String,
    pub melding: String,
    pub melding_en: String,
    pub loesning: String,
    pub rettes_av: String,
    pub kan_proeves_igjen: bool,
    pub xpath: Option<String>,
    pub linje: Option<usize>,
    pub kolonne: Option<usize>,
    pub tillegg: Vec<(String, String)>,
    /// The element that it stands in.
    pub inside: String,
}

impl Feil {
    fn read(node: Node<'_, '_>) -> Self {
        let child = |name: &str| node.children().find(|n| n.tag_name().name() == name).and_then(|n| n.text());
        let text = |name: &str| child(name).unwrap_or_else(|| panic!("no {name} in a Feil")).to_owned();
        let tillegg = node.children().filter(|n| n.tag_name().name() == "tillegg").map(|n| {
            let of =
                |name: &str| n.children().find(|c| c.tag_name().name() == name).and_then(|c| c.text()).unwrap_or("");
            (of("noekkel").to_owned(), of("verdi").to_owned())
        });
        Feil {
            kode: text("kode"),
            alvorlighet: text("alvorlighet"),
            melding: text("melding"),
            melding_en: text("meldingEn"),
            loesning: text("loesning"),
            rettes_av: text("rettesAv"),
            kan_proeves_igjen: text("kanProevesIgjen") == "true",
            xpath: child("xpath").map(str::to_owned),
            linje: child("linje").map(|n| n.parse().unwrap()),
            kolonne: child("kolonne").map(|n| n.parse().unwrap()),
            tillegg: tillegg.collect(),
            inside: node.parent().unwrap().tag_name().name().to_owned(),
        }
    }

    /// Whether an answer with this error is final (contract.md 4.4): it cannot succeed later, and its cause lies in the
    /// message.
    pub fn spends(&self) -> bool {
        let outside = ["A401", "A402", "A403", "A404", "A405", "A411", "A414", "A415"];
        let code = self.kode.trim_start_matches("NIR-");
        !self.kan_proeves_igjen && !outside.contains(&code) && !code.starts_with(['T', 'S', 'I'])
    }
}

/// All errors and warnings of an answer, in order.
pub fn all(answer: &Answer) -> Vec<Feil> {
    let document = Document::parse(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    document.descendants().filter(|n| n.tag_name().name() == "feil").map(Feil::read).collect()
}

/// Looks at the whole answer of a case.
pub fn answer(case: &Case, sent: &str, answer: &Answer) -> Result<(), String> {
    let failed = |what: &str| Err(format!("{what}\n  answer: {answer}"));
    if answer.body.is_empty() {
        return failed("an empty answer");
    }
    let found = all(answer);
    let [feil] = &found[..] else {
        return failed(&format!("{:?} instead of one", answer.codes()));
    };
    if feil.kode != case.code {
        return failed(&format!("{} came", feil.kode));
    }
    let gateway = house().sandbox.pem("gateway.pem");
    let is_fault = answer.body.contains(":Fault>");
    let signed = answer.body.contains("SignatureValue");
    let (status, inside, alvorlighet) = match case.told {
        Told::Fault(status, _) | Told::UnsignedFault(status, _) => (status, "nirFeil", "FEIL"),
        Told::Receipt(part) => (200, element(part), "FEIL"),
        Told::Warning(part) => (200, element(part), "ADVARSEL"),
    };
    if let Told::Fault(_, code) | Told::UnsignedFault(_, code) = case.told {
        let faultcode = answer.text("faultcode");
        if !is_fault || faultcode.as_deref() != Some(code) {
            return failed(&format!("faultcode {faultcode:?}, not {code}"));
        }
        if answer.body.len() > MOST_BYTES {
            return failed(&format!("{} bytes", answer.body.len()));
        }
    } else if is_fault {
        return failed("a Fault instead of a receipt");
    }
    if answer.status != status {
        return failed(&format!("HTTP {} instead of {status}", answer.status));
    }
    if matches!(case.told, Told::UnsignedFault(..)) {
        if signed {
            return failed("it is signed");
        }
    } else if !answer.verified_by(&gateway) {
        return failed("it is not signed, or not by the gateway");
    }
    if feil.inside != inside {
        return failed(&format!("it stands in {} instead of {inside}", feil.inside));
    }
    if feil.alvorlighet != alvorlighet {
        return failed(&format!("it is {} instead of {alvorlighet}", feil.alvorlighet));
    }
    texts(feil).or_else(|what| failed(&what))?;
    places::right(feil, case.at, sent).or_else(|what| failed(&what))?;
    discreet(case.code, &answer.body);
    Ok(())
}

fn element(part: Part) -> &'static str {
    match part {
        Part::Message => "kvittering",
        Part::Person => "person",
        Part::Line => "registrering",
    }
}

/// Both texts are there, in their languages, as the table has them; who mends it and whether it may be sent again too.
pub fn texts(feil: &Feil) -> Result<(), String> {
    let row = ROWS.get(&feil.kode).ok_or_else(|| format!("{} is in no table", feil.kode))?;
    if feil.rettes_av != row.rettes_av {
        return Err(format!("rettesAv {}, not {}", feil.rettes_av, row.rettes_av));
    }
    if feil.kan_proeves_igjen != row.retry {
        return Err(format!("kanProevesIgjen {}", feil.kan_proeves_igjen));
    }
    for (text, template) in [(&feil.melding, &row.nb), (&feil.melding_en, &row.en), (&feil.loesning, &row.loesning)] {
        if text.trim().len() < 10 || text.contains(['{', '}']) || text.contains("[[") || !text.ends_with(['.', ')']) {
            return Err(format!("a text that is none: {text:?}"));
        }
        // The schema's violations bring sentences of their own (X302), and its cure may be another.
        let own_cure = feil.kode == "NIR-X302" && std::ptr::eq(text, &feil.loesning);
        if !own_cure && !is_of(text, template) {
            return Err(format!("{text:?} is not {template:?}"));
        }
    }
    language(&feil.melding, NORWEGIAN, ENGLISH)?;
    language(&feil.loesning, NORWEGIAN, ENGLISH)?;
    language(&feil.melding_en, ENGLISH, NORWEGIAN)
}

/// Words that one language has and the other has not.
const NORWEGIAN: &[&str] = &[
    "er",
    "ikke",
    "på",
    "og",
    "som",
    "av",
    "til",
    "ved",
    "den",
    "det",
    "har",
    "mangler",
    "finnes",
    "eller",
    "bruk",
    "uten",
    "meldingen",
    "vent",
    "bytt",
    "rett",
    "samme",
    "bare",
    "må",
    "med",
    "kontroller",
    "gi",
    "før",
    "mange",
    "uke",
    "hører",
    "en",
    "å",
    "om",
];
const ENGLISH: &[&str] = &[
    "the", "is", "not", "are", "of", "does", "was", "has", "no", "an", "with", "which", "too", "allowed", "many", "in",
    "it",
];

fn language(text: &str, of: &[&str], not_of: &[&str]) -> Result<(), String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
    if let Some(word) = words.iter().find(|word| not_of.contains(*word)) {
        return Err(format!("{word:?} is another language's: {text}"));
    }
    if words.iter().any(|word| of.contains(word)) { Ok(()) } else { Err(format!("no word of its language: {text}")) }
}

/// Whether the text is the template filled in: its fixed words in their order, those of optional parts or not.
fn is_of(text: &str, template: &str) -> bool {
    let mut rest = text;
    for fixed in fixed_parts(template) {
        match rest.find(&fixed) {
            Some(at) => rest = &rest[at + fixed.len()..],
            None => return false,
        }
    }
    true
}

/// What stands outside `[[…]]` and `{…}`.
fn fixed_parts(template: &str) -> Vec<String> {
    let mut outside = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        outside.push_str(before);
        outside.push('{');
        outside.push('}');
        rest = after.split_once("]]").unwrap().1;
    }
    outside.push_str(rest);
    let mut parts = Vec::new();
    let mut rest = outside.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(before.to_owned());
        rest = after.split_once('}').unwrap().1;
    }
    parts.push(rest.to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}
