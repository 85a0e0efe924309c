//! Every valid sample validates and is read without loss; every invalid one is refused at its place and in its words.
//!
//! `samples/<message>.xml` and `samples/<message>-<variant>.xml` are valid, `samples/<message>.<reason>.xml` are not.
//! A new invalid sample needs its row in `samples/invalid.toml`. The valid ones are laid out for people: without the
//! white space between their elements they are in canonical form.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::{BTreeMap, BTreeSet};

use nir_xsd::message::{Answer, NirFeil, Push, PushAnswer, Request, Version};
use nir_xsd::structure;
use nir_xsd::validate::{Violation, validate};

#[path = "support/files.rs"]
mod files;
use files::{compact, samples};

/// A row of `invalid.toml`.
#[derive(Debug, serde::Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    nb: String,
    en: String,
    #[serde(default)]
    hint_nb: Option<String>,
    #[serde(default)]
    hint_en: Option<String>,
}

fn rows() -> BTreeMap<String, Vec<Row>> {
    toml::from_str(&std::fs::read_to_string(files::DIRECTORY.to_owned() + "/invalid.toml").unwrap()).unwrap()
}

/// Decodes and writes again, whatever message it is.
fn written(xml: &[u8]) -> Vec<u8> {
    if let Ok(request) = Request::parse(xml) {
        assert_eq!(Request::parse(&request.to_xml()).unwrap(), request);
        return request.to_xml();
    }
    if let Ok(answer) = Answer::parse(xml) {
        assert_eq!(Answer::parse(&answer.to_xml()).unwrap(), answer);
        assert_eq!(answer.to_xml(), answer.to_canonical(&Version::LATEST));
        return answer.to_xml();
    }
    if let Ok(push) = Push::parse(xml) {
        assert_eq!(push.to_xml(), push.to_canonical(&Version::LATEST));
        return push.to_xml();
    }
    if let Ok(answer) = PushAnswer::parse(xml) {
        return answer.to_xml();
    }
    let detail = NirFeil::parse(std::str::from_utf8(xml).unwrap()).expect("a request, an answer or nirFeil");
    detail.to_canonical(&Version::LATEST)
}

#[test]
fn valid_samples_are_valid_and_read_without_loss() {
    let valid = samples().into_iter().filter(|sample| sample.is_valid());
    for sample in valid {
        let name = &sample.name;
        let xml = sample.text.trim_end();
        assert_eq!(validate(xml.as_bytes()), Ok(()), "{name}");
        let canonical = compact(xml);
        assert_eq!(String::from_utf8(written(xml.as_bytes())).unwrap(), canonical, "{name}");
        assert_eq!(validate(canonical.as_bytes()), Ok(()), "{name} in canonical form");
        match Request::parse(xml.as_bytes()) {
            Ok(Request::SendRegistreringer(wrapper)) => {
                assert_eq!(structure::check(&wrapper.melding), Ok(()), "{name}");
            }
            Ok(Request::SendPersongrunnlag(wrapper)) => {
                assert_eq!(structure::check_grunnlag(&wrapper.melding), Ok(()), "{name}");
            }
            _ => {}
        }
    }
}

/// The root element of a sample, by its name.
fn message(sample: &str) -> &str {
    sample.split(['.', '-']).next().unwrap()
}

#[test]
fn every_message_has_a_valid_sample() {
    let names: BTreeSet<String> =
        samples().into_iter().filter(|s| s.is_valid()).map(|s| message(&s.name).to_owned()).collect();
    let roots = nir_xsd::outline::Outline::published().roots().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(names, roots);
}

#[test]
fn every_handling_and_every_change_has_a_valid_sample() {
    let all: String = samples().into_iter().filter(|s| s.is_valid()).map(|s| s.text).collect();
    for handling in ["REGISTRER", "ENDRE", "KORRIGER", "ANNULLER", "SETT", "KNYTT"] {
        assert!(all.contains(&format!("<handling>{handling}</handling>")), "{handling}");
    }
    for element in nir_xsd::outline::Outline::published().elements("Endring").iter().filter(|e| e.branch) {
        assert!(all.contains(&format!("<{}>", element.name)), "{}", element.name);
    }
}

#[test]
fn every_kind_of_content_has_a_valid_sample() {
    let all: String = samples().into_iter().filter(|s| s.is_valid()).map(|s| s.text).collect();
    for (choice, count) in [("Innhold", 22), ("Opplysningsinnhold", 23)] {
        let kinds = nir_xsd::outline::Outline::published().elements(choice);
        assert_eq!(kinds.len(), count);
        for kind in kinds {
            assert!(all.contains(&format!("<{}>", kind.name)), "{}", kind.name);
        }
    }
}

#[test]
fn invalid_samples_are_refused_at_their_place_and_in_their_words() {
    let mut rows = rows();
    let mut wrong = Vec::new();
    for sample in samples().into_iter().filter(|sample| !sample.is_valid()) {
        let told = validate(sample.text.trim_end().as_bytes()).expect_err(&sample.name);
        assert_eq!(told.total, told.violations.len(), "{}", sample.name);
        let told: Vec<Row> = told.violations.into_iter().map(row).collect();
        if rows.remove(&sample.name).as_ref() != Some(&told) {
            wrong.push(format!("{}: {told:#?}", sample.name));
        }
    }
    assert!(rows.is_empty(), "rows without a sample: {:?}", rows.keys());
    assert!(wrong.is_empty(), "told otherwise than invalid.toml says:\n{}", wrong.join("\n"));
}

fn row(violation: Violation) -> Row {
    assert_eq!(violation.element, violation.path.rsplit('/').next().unwrap().split('[').next().unwrap());
    Row {
        path: violation.path,
        nb: violation.nb,
        en: violation.en,
        hint_nb: violation.hint_nb,
        hint_en: violation.hint_en,
    }
}
