//! The files of `rules/` as texts: those that are compiled in, or others in their place (a preview of new rules, a test that
//! moves a number).

use std::collections::BTreeMap;

use crate::fingerprint::Fingerprint;

macro_rules! rules {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../rules/", $name)))),*] };
}

/// Every file of `rules/`; a test compares with the folder.
pub const RULES: &[(&str, &str)] = rules![
    "avslutning.toml",
    "bydeler.toml",
    "fravaer.toml",
    "frister.toml",
    "grenser.toml",
    "innhold.toml",
    "kampanjer.toml",
    "kategorier.toml",
    "kilder.toml",
    "kommune_endringer_2020_2024.csv",
    "kommunereform.toml",
    "kommuner_2024.csv",
    "landgrupper.toml",
    "norsk.toml",
    "permisjon.toml",
    "profil.toml",
    "varighet.toml",
    "vedtak.toml",
];

/// A set of rule files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFiles(BTreeMap<String, String>);

impl RuleFiles {
    /// Those that are compiled in.
    pub fn embedded() -> Self {
        RuleFiles(RULES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    /// The same with another text for one file. A name that is none of the embedded ones is nobody's rule: `None`.
    pub fn with(mut self, name: &str, text: String) -> Option<Self> {
        *self.0.get_mut(name)? = text;
        Some(self)
    }

    /// The text of a file; empty for one that is not there, which no reader takes for a rule.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The same files give the same version, another byte another one.
    pub fn version(&self) -> String {
        let mut print = Fingerprint::new();
        for (name, text) in &self.0 {
            print.add(name.as_bytes());
            print.add(text.as_bytes());
        }
        format!("{:016x}", print.finish())
    }
}
