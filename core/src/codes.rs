//! Code lists and the one table of error codes, as data with validity (contract.md 0.3, domain.md 15).

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

const ERRORS: &str = include_str!("../codes/feilkoder.toml");

macro_rules! lists {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../codes/", $name, ".toml")))),*] };
}

const LISTS: &[(&str, &str)] = lists![
    "ordning",
    "vedtakstype",
    "begrunnelse",
    "tiltaksgruppe",
    "tiltakstype",
    "gjennomfoering",
    "handling",
    "transaksjon",
    "resultat",
    "status",
    "rettesAv",
    "alvorlighet",
    "hendelsestype",
    "opphav",
    "feilregistrertAarsak",
    "nummertype",
    "mangel",
    "forutsetning",
    "kontakttype",
    "klageutfall",
    "fritaksgrunnlag",
    "avslutningsaarsak",
    "sluttmaal",
    "fravaertype",
    "fravaeraarsak",
    "omsorgsgrunnlag",
    "permisjonstype",
    "modul",
    "harVideregaaende",
    "norsknivaa",
    "spor",
    "ansvarlig",
    "posttype",
    "fristtype",
    "friststatus",
    "ordningsstatus",
    "sistEndretAv",
    "lov",
    "proevetype",
    "delproeve",
    "proeveresultat",
    "proevestatus",
    "familierelasjon",
    "kompetansestatus",
    "kjoenn",
    "rettsomraade",
    "oppholdsutfall",
    "mottakstype",
    "feilstatus",
    "saksstatus",
    "supportstatus",
    "varselaarsak",
    "flytting",
    "oppholdsgrunnlag",
    "kategori",
    "lukketAarsak",
    "kilde",
    "opplysningstype",
    "adressebeskyttelse",
];

/// One code of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRow {
    /// The code.
    pub kode: String,
    /// What people call it.
    pub navn: String,
    /// The group or scheme it belongs to.
    #[serde(default)]
    pub gruppe: Option<String>,
    /// Valid from.
    pub gyldig_fra: NaiveDate,
    /// Valid to, inclusive.
    #[serde(default)]
    pub gyldig_til: Option<NaiveDate>,
    /// Where the value comes from; FORSLAG where the real one is not known (domain.md 17.2).
    pub kilde: String,
    /// Guidance.
    #[serde(default)]
    pub veiledning: Option<String>,
}

impl CodeRow {
    /// Whether the code is valid on the day.
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.gyldig_fra <= day && self.gyldig_til.is_none_or(|last| day <= last)
    }
}

/// One code list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    navn: String,
    #[serde(rename = "kode")]
    rows: Vec<CodeRow>,
}

impl CodeList {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.navn
    }

    /// Its codes.
    pub fn rows(&self) -> &[CodeRow] {
        &self.rows
    }
}

/// One error code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRow {
    /// `NIR-…`
    pub kode: String,
    nb: String,
    en: String,
    loesning: String,
    /// Who can mend it.
    pub rettes_av: String,
    /// Whether the same message may succeed later.
    pub retry: bool,
    #[serde(default)]
    alvorlighet: Option<String>,
}

/// Texts of an error, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// What is wrong, in Norwegian.
    pub nb: String,
    /// The same in English.
    pub en: String,
    /// What to do.
    pub loesning: String,
}

impl ErrorRow {
    /// FEIL unless the row says otherwise.
    pub fn severity(&self) -> &str {
        self.alvorlighet.as_deref().unwrap_or("FEIL")
    }

    /// Fills the texts; a part in `[[…]]` falls away when a value inside it is missing.
    pub fn render(&self, params: &[(&str, String)]) -> Texts {
        let names = Catalogue::embedded()
            .date_name(params.iter().find(|(name, _)| *name == "felt").map_or("", |(_, felt)| felt));
        let mut english = params.to_vec();
        english.extend([("dato", names.nb.clone()), ("datoEn", names.en.clone())]);
        let norwegian: Vec<_> = english.iter().map(|(name, value)| (*name, in_norwegian(name, value))).collect();
        Texts {
            nb: fill(&self.nb, &norwegian),
            en: fill(&self.en, &english),
            loesning: fill(&self.loesning, &norwegian),
        }
    }
}

/// Dates and hours as Norwegian texts write them.
fn in_norwegian(name: &str, value: &str) -> String {
    match value.parse::<NaiveDate>() {
        Ok(date) => date.format("%d.%m.%Y").to_string(),
        Err(_) if name.starts_with("timer") => value.replace('.', ","),
        Err(_) => value.to_owned(),
    }
}

fn fill(template: &str, params: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        out.push_str(&replace(before, params).0);
        let (optional, after) = after.split_once("]]").unwrap_or((after, ""));
        let (text, complete) = replace(optional, params);
        if complete {
            out.push_str(&text);
        }
        rest = after;
    }
    out.push_str(&replace(rest, params).0);
    out
}

/// The text with its names filled in, and whether all had a value.
fn replace(text: &str, params: &[(&str, String)]) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut complete = true;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        match params.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => complete = false,
        }
        rest = after;
    }
    out.push_str(rest);
    (out, complete)
}

/// What the texts call a date, by the element that holds it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateName {
    felt: String,
    nb: String,
    en: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Errors {
    feil: Vec<ErrorRow>,
    dato: Vec<DateName>,
}

/// All lists and errors.
#[derive(Debug)]
pub struct Catalogue {
    lists: Vec<CodeList>,
    index: HashMap<(String, String), (usize, usize)>,
    errors: HashMap<String, ErrorRow>,
    dates: Vec<DateName>,
    any_date: DateName,
    unknown: ErrorRow,
    version: String,
}

static EMBEDDED: LazyLock<Catalogue> = LazyLock::new(Catalogue::read);

impl Catalogue {
    /// The catalogue that is compiled in; a test proves that its data parse.
    pub fn embedded() -> &'static Catalogue {
        &EMBEDDED
    }

    fn read() -> Self {
        let lists: Vec<CodeList> = LISTS.iter().filter_map(|(_, text)| toml::from_str(text).ok()).collect();
        let mut index = HashMap::new();
        for (l, list) in lists.iter().enumerate() {
            for (r, row) in list.rows.iter().enumerate() {
                index.insert((list.navn.clone(), row.kode.clone()), (l, r));
            }
        }
        let Errors { feil: errors, dato: dates } = toml::from_str(ERRORS).unwrap_or_default();
        let everything: String = LISTS.iter().flat_map(|(name, text)| [*name, *text]).chain([ERRORS]).collect();
        let version = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, everything.as_bytes()).simple().to_string();
        let unknown = ErrorRow {
            kode: "NIR-I901".into(),
            nb: "Intern feil.".into(),
            en: "Internal error.".into(),
            loesning: "Send samme melding på nytt om litt.".into(),
            rettes_av: "GATEWAY".into(),
            retry: true,
            alvorlighet: None,
        };
        let errors = errors.into_iter().map(|e| (e.kode.clone(), e)).collect();
        let any_date = DateName { felt: String::new(), nb: "Datoen".into(), en: "The date".into() };
        Catalogue { lists, index, errors, dates, any_date, unknown, version }
    }

    /// A code of a list.
    pub fn lookup(&self, list: &str, code: &str) -> Option<&CodeRow> {
        let (l, r) = self.index.get(&(list.to_owned(), code.to_owned()))?;
        self.lists.get(*l)?.rows.get(*r)
    }

    /// A list.
    pub fn list(&self, name: &str) -> Option<&CodeList> {
        self.lists.iter().find(|list| list.navn == name)
    }

    /// All lists.
    pub fn lists(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.iter()
    }

    /// The row of an error code.
    pub fn error(&self, code: &str) -> &ErrorRow {
        self.errors.get(code).unwrap_or(&self.unknown)
    }

    /// What the texts call the date of an element.
    fn date_name(&self, felt: &str) -> &DateName {
        let of = |felt| self.dates.iter().find(|row| row.felt == felt);
        of(felt).or_else(|| of("")).unwrap_or(&self.any_date)
    }

    /// Every error code.
    pub fn error_codes(&self) -> impl Iterator<Item = &str> {
        self.errors.keys().map(String::as_str)
    }

    /// Changes with any row.
    pub fn version(&self) -> &str {
        &self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_and_every_error_parses_and_nothing_stands_twice() {
        for (name, text) in LISTS {
            let list: CodeList = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(list.navn, *name);
            let mut codes: Vec<_> = list.rows.iter().map(|row| &row.kode).collect();
            codes.sort();
            codes.dedup();
            assert_eq!(codes.len(), list.rows.len(), "{name} holds a code twice");
        }
        let errors = toml::from_str::<Errors>(ERRORS).unwrap().feil;
        assert_eq!(errors.len(), Catalogue::embedded().errors.len(), "an error code stands twice");
        assert!(errors.len() >= 130);
        assert_eq!(Catalogue::embedded().list("tiltakstype").unwrap().rows.len(), 36, "seed 004 has 36 types");
    }

    #[test]
    fn texts_read_well_with_and_without_values() {
        for row in Catalogue::embedded().errors.values() {
            let texts = row.render(&[]);
            for text in [&texts.nb, &texts.en, &texts.loesning] {
                assert!(!text.is_empty() && !text.contains(['{', '}']) && !text.contains("[["), "{}: {text}", row.kode);
                assert!(text.trim_end().ends_with(['.', ')']), "{}: {text}", row.kode);
            }
        }
        let values = [("felt", "vedtaksdato".to_owned()), ("tidligsteDato", "2026-09-23".to_owned())];
        let texts = Catalogue::embedded().error("NIR-V601").render(&values);
        assert_eq!(texts.nb, "Vedtaksdatoen er for langt tilbake i tid for rollen din. Tidligste dato er 23.09.2026.");
        assert_eq!(texts.en, "The decision date is too far back for your role. The earliest date is 2026-09-23.");
    }
}
