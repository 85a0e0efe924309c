//! Messages built by the schema: which elements stand, how often, and with which values is decided by the input, so
//! that most of them are valid and the rest nearly so.

use nir_xsd::message::NAMESPACE;
use nir_xsd::outline::{Element, Outline};

use crate::choices::Choices;

/// Most elements of one message.
const MAX_ELEMENTS: usize = 400;

/// Values by type: those that every message has, and those at the edges of what the type holds.
const VALUES: &[(&str, &[&str])] = &[
    ("Kode", &["REGISTRER", "SETT", "ENDRE", "KORRIGER", "ANNULLER", "KNYTT", "A", "INTROPROG", "PER_PERSON", "a"]),
    ("Id", &["1", "a/1", "x._:/-", "tiltak/90233", "a b", "\u{e5}"]),
    ("Dato", &["2026-11-23", "2024-02-29", "0001-01-01", "9999-12-31", "2025-02-29", "0000-01-01", "2026-11-23Z"]),
    (
        "Tidspunkt",
        &[
            "2026-11-23T12:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-11-23T12:00:00.123456789-00:00",
            "2026-03-29T02:30:00.5+01:00",
            "2026-11-23T23:59:60Z",
            "2026-11-23T12:00:00+14:01",
        ],
    ),
    ("Maaned", &["2021-04", "0000-12", "9999-01", "2021-13"]),
    (
        "Timer",
        &["25.5", "0", "-0.0", "+9999.99", ".5", "5.", "00000000000000000000000001.10", "0.00", "-1", "1e1", "1.001"],
    ),
    ("Dager", &["2.5", "0", "-0.0", "9999.99", "10000.00", ".5", "5.", "0.00", "-1", "1e1", "1.001"]),
    ("Spraak", &["ti", "prs", "norsk", "NO", "a", " ti "]),
    ("Supporttekst", &["Hvorfor?", "", " ", "a  b", "\u{e6}"]),
    ("Forklaring", &["Gjelder feil person.", "", " ", "a  b", "\u{e6}"]),
    ("Duf", &["199912345678", "000000000000", "1"]),
    ("Personnummer", &["00000000000", "99999999999"]),
    ("Kommunenummer", &["0301", "9999"]),
    ("Bydelsnummer", &["030101", "000000"]),
    ("Kontraktversjon", &["1.0", "99.999", "0.0", "1"]),
    ("Navn", &["Flyktning", "A &amp; B &lt;C&gt; \"'", "\u{1f600}", "a  b", "&#xD;", ""]),
    ("Saksreferanse", &["2026/4471-3", "", " ", "]]&gt;"]),
    ("xs:token", &["a", "a  b", "", "&#xD;", "\u{85}\u{a0}", "]]&gt;"]),
    ("xs:string", &["a", " a\tb\n", "", "&#xD;", "&amp;#13;", "\u{2028}"]),
    ("xs:int", &["1", "-1", "2147483647", "-2147483648", "+3", "003", "2147483648", "-0"]),
    ("xs:long", &["1", "-1", "9223372036854775807", "-9223372036854775808", "+7", "9223372036854775808", "-0"]),
    ("xs:boolean", &["true", "false", "1", "0", "True"]),
    ("xs:base64Binary", &["AAAA", "", "AA==", "A A A A", "QUJD\n", "A"]),
];

/// Builds a message.
pub fn build(input: &mut Choices<'_>) -> String {
    let outline = Outline::published();
    let mut roots: Vec<&str> = outline.roots().collect();
    roots.sort_unstable();
    let name = input.pick(&roots);
    let prefix = if input.byte().is_multiple_of(4) { "p:" } else { "" };
    let declared = format!(" xmlns{}=\"{NAMESPACE}\"", if prefix.is_empty() { "" } else { ":p" });
    let mut writer = Writer { outline, input, prefix, count: 0, out: String::new() };
    if let Some(root) = outline.root(name) {
        writer.element(root, &declared);
    }
    writer.out
}

struct Writer<'o, 'i, 'b> {
    outline: &'o Outline,
    input: &'i mut Choices<'b>,
    prefix: &'static str,
    count: usize,
    out: String,
}

impl Writer<'_, '_, '_> {
    fn element(&mut self, element: &Element, attributes: &str) {
        self.count += 1;
        let (prefix, name) = (self.prefix, &element.name);
        self.out.push_str(&format!("<{prefix}{name}{attributes}>"));
        let inside = self.outline.elements(&element.type_name);
        if inside.is_empty() {
            self.value(&element.type_name);
        }
        let branches: Vec<&Element> = inside.iter().filter(|element| element.branch).collect();
        let chosen = (!branches.is_empty()).then(|| self.input.pick(&branches));
        for child in inside.iter().filter(|child| !child.branch || chosen == Some(*child)) {
            for _ in 0..self.times(child) {
                self.element(child, "");
            }
        }
        self.out.push_str(&format!("</{prefix}{name}>"));
    }

    /// How often an element stands; one in 32 is too few or too many.
    fn times(&mut self, element: &Element) -> usize {
        let byte = usize::from(self.input.byte());
        let must = usize::from(element.required || element.branch);
        match byte % 32 {
            _ if self.count > MAX_ELEMENTS => must,
            31 => usize::from(must == 0) * 2,
            few if element.repeats => must.max(few % 4),
            _ => must.max(byte % 2),
        }
    }

    /// Mostly one of its type's; sometimes with white space around it, of another type, or any text.
    fn value(&mut self, type_name: &str) {
        let values =
            VALUES.iter().find(|(name, _)| *name == type_name).unwrap_or_else(|| panic!("{type_name}: teach it"));
        let byte = self.input.byte();
        let value = self.input.pick(values.1);
        match byte % 32 {
            28 => self.out.push_str(&format!(" \n{value}\t")),
            29 => self.out.push_str(&format!("&#xD;{value}&#xD;")),
            30 => {
                let (_, other) = VALUES[self.input.below(VALUES.len())];
                self.out.push_str(self.input.pick(other));
            }
            31 => {
                let text = String::from_utf8_lossy(self.input.some(24)).replace('&', "&amp;");
                self.out.push_str(&text.replace('<', "&lt;").replace('>', "&gt;"));
            }
            // The first ones are what every message has.
            plain if plain < 20 => self.out.push_str(values.1[0]),
            _ => self.out.push_str(value),
        }
    }
}
