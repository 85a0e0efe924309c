//! Every code of domain.md 15 that a sender can meet in this part, provoked over the wire: real TLS, real signatures, the
//! built gateway as a sandbox of its own. The tables stand in `codes/`, one file per kind of cause; what is looked at in
//! each answer stands in `codes/check.rs`.
//!
//! A code of `core/codes/feilkoder.toml` without a row here must stand in `conformance/exceptions.toml`.

mod case;
mod check;
mod first_receipt;
mod hidden;
mod house;
mod internal;
mod lines;
mod persons;
mod places;
mod reads;
mod rules;
mod schema;
mod senders;
mod several;
mod signature;
mod transport;
mod window;

use std::collections::BTreeSet;

use case::Case;

/// All tables.
fn tables() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("transport", transport::cases()),
        ("signature", signature::cases()),
        ("schema", schema::cases()),
        ("senders", senders::cases()),
        ("persons", persons::cases()),
        ("lines", lines::cases()),
        ("rules", rules::cases()),
        ("window", window::cases()),
        ("reads", reads::cases()),
    ]
}

/// A record that was reported as wrong is not changed: `oppslag.rs`.
const STRUCK: &str = "NIR-L811";
/// Codes that take another gateway than the sandbox: those tests stand beside the tables.
const ELSEWHERE: [&str; 5] =
    [signature::WRONG_ENVIRONMENT, signature::UNKNOWN_REVOCATION, internal::BROKEN, internal::TIMEOUT, STRUCK];

fn run(table: &str) {
    let house = house::house();
    let (_, cases) = tables().into_iter().find(|(name, _)| *name == table).unwrap();
    let wrong: Vec<String> = cases.iter().filter_map(|case| house.judge(case).err()).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    house.log_is_clean();
}

macro_rules! tables {
    ($($test:ident $table:literal),* $(,)?) => { $(#[test] fn $test() { run($table); })* };
}

tables! {
    codes_of_transport "transport",
    codes_of_signatures_and_certificates "signature",
    codes_of_the_schema "schema",
    codes_of_the_sender "senders",
    codes_of_persons "persons",
    codes_of_lines "lines",
    codes_of_rules "rules",
    codes_of_the_window "window",
    codes_of_reads "reads",
}

#[test]
fn every_code_has_a_row_or_an_exception() {
    let table: toml::Table = toml::from_str(include_str!("../../../core/codes/feilkoder.toml")).unwrap();
    let codes = |table: &toml::Table, list: &str, name: &str| -> BTreeSet<String> {
        let rows = table[list].as_array().unwrap().iter();
        let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
        rows.flat_map(|row| match &row[name] {
            toml::Value::Array(all) => all.iter().map(text).collect(),
            one => vec![text(one)],
        })
        .collect()
    };
    let all = codes(&table, "feil", "kode");
    let exceptions: toml::Table = toml::from_str(include_str!("../../../conformance/exceptions.toml")).unwrap();
    let excepted = codes(&exceptions, "exception", "codes");
    let rows = tables().into_iter().flat_map(|(_, cases)| cases).map(|case| case.code.to_owned());
    let met: BTreeSet<String> = rows.chain(ELSEWHERE.map(str::to_owned)).collect();
    assert_eq!(met.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new(), "rows of codes that there are not");
    let neither: Vec<_> = all.iter().filter(|code| !met.contains(*code) && !excepted.contains(*code)).collect();
    assert!(neither.is_empty(), "neither a row nor an exception: {neither:?}");
    let both: Vec<_> = met.intersection(&excepted).collect();
    assert!(both.is_empty(), "excepted, and provoked all the same: {both:?}");
}
