//! Every error code of the one table is provoked by a case, or stands in `exceptions.toml` with its reason.
//!
//! A case is a test over the wire (`gateway/tests/wire`, `tests/clients`) or a line of the register's tables
//! (`core/tests/decide/*.txt`) that names the code.

use std::collections::BTreeSet;

use crate::tree::{FILES, File, none, read};

/// `core/codes/feilkoder.toml`, as far as it matters here.
#[derive(serde::Deserialize)]
struct Codes {
    feil: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    kode: String,
}

/// `exceptions.toml`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    exception: Vec<Exception>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    codes: Vec<String>,
    reason: String,
    since: toml::value::Datetime,
}

fn over_the_wire(file: &File) -> bool {
    let rust = ["gateway/tests/wire/", "conformance/tests/clients/"];
    file.is("rs") && rust.iter().any(|folder| file.path.starts_with(folder))
}

fn is_case(file: &File) -> bool {
    over_the_wire(file) || (file.is("txt") && file.path.starts_with("core/tests/decide/"))
}

/// Codes that the cases name; a comment that speaks of a code is no case of it.
fn with_a_case(of: fn(&File) -> bool) -> BTreeSet<String> {
    let lines = FILES.iter().filter(|file| of(file)).flat_map(|file| file.text.lines());
    let said = lines.filter(|line| !line.trim_start().starts_with(['#', '/']));
    said.flat_map(|line| line.split("NIR-").skip(1))
        .filter_map(|rest| rest.get(..4))
        .filter(|code| code[1..].bytes().all(|b| b.is_ascii_digit()))
        .map(|code| format!("NIR-{code}"))
        .collect()
}

#[test]
fn every_code_has_a_case_or_an_exception() {
    let codes: Codes = toml::from_str(read("core/codes/feilkoder.toml")).unwrap();
    let codes: BTreeSet<String> = codes.feil.into_iter().map(|row| row.kode).collect();
    let exceptions: Exceptions = toml::from_str(read("conformance/exceptions.toml")).unwrap();
    let mut excepted = BTreeSet::new();
    for exception in &exceptions.exception {
        assert!(exception.reason.len() > 20, "{:?} has no reason", exception.codes);
        assert!(
            exception.since.date.is_some() && exception.since.time.is_none(),
            "{:?}: since is a day",
            exception.codes
        );
        for code in &exception.codes {
            assert!(excepted.insert(code.clone()), "{code} is excepted twice");
        }
    }
    let cases = with_a_case(is_case);
    none("excepted, and in no table", excepted.difference(&codes).cloned());
    // What is excepted is not met over the wire; the register's own tables may show it all the same.
    none("excepted, and has a case", excepted.intersection(&with_a_case(over_the_wire)).cloned());
    let neither = codes.iter().filter(|code| !cases.contains(*code) && !excepted.contains(*code));
    none("neither a case nor an exception", neither.cloned());
}
