//! Every kind of content, filled by what the schema says of it: every code field is held to a list and to its days, and every
//! reference reaches its line.

use std::collections::BTreeMap;

use nir_xsd::message::Request;
use nir_xsd::outline::{Element, Outline};
use register::codes::Catalogue;
use register::command::Line;
use register::receipt::Field;
use register::rejection::Rejection;

use super::line;

const POST: &str = "7f0c2a4e-55b1-4a60-9d0c-0a6f5f1b9c11";
const APPEAL: &str = "0d3f1c52-0b77-4a0e-8a6e-2f4f0f6d9a10";
/// A day on which the codes of today are valid, and one before any of them was.
const TODAY: &str = "2026-11-16";
const BEFORE: &str = "2003-08-31";

/// How the elements of one kind are filled: the day, and the code at a path from the line.
struct Fill<'a> {
    day: &'a str,
    code: &'a dyn Fn(&str) -> String,
}

impl Fill<'_> {
    /// The element with everything that it may hold, once.
    fn element(&self, element: &Element, path: &str) -> String {
        let name = &element.name;
        let path = format!("{path}/{name}{}", if element.repeats { "[1]" } else { "" });
        let value = match element.type_name.as_str() {
            "Kode" if name == "ordning" => "INTRO".to_owned(),
            "Kode" => (self.code)(&path),
            "Dato" => self.day.to_owned(),
            "Timer" | "Dager" => "1.25".to_owned(),
            "xs:boolean" => "true".to_owned(),
            "Spraak" => "ti".to_owned(),
            "Saksreferanse" => "2026/4471-3".to_owned(),
            "Postreferanse" if name == "klageRef" => format!("<postId>{APPEAL}</postId>"),
            "Postreferanse" => format!("<postId>{POST}</postId>"),
            other => {
                let within = Outline::published().elements(other);
                assert!(!within.is_empty(), "{path}: {other}: teach this filler");
                within.iter().map(|element| self.element(element, &path)).collect()
            }
        };
        format!("<{name}>{value}</{name}>")
    }
}

/// The one line of a message.
fn read(xml: &str) -> Line {
    let message = format!(
        "<sendRegistreringer xmlns=\"urn:no:nir:melding:v1\"><melding><meldingshode><meldingsId>m</meldingsId><kontraktversjon>1.0</kontraktversjon><avsendersystem>s</avsendersystem><kommunenummer>4204</kommunenummer><overfoeringsbruker>b</overfoeringsbruker><fagsystem><navn>n</navn><versjon>1</versjon></fagsystem><opprettet>2026-11-26T09:30:00Z</opprettet></meldingshode><person><dufNummer>202400000702</dufNummer><registrering><registreringsId>1</registreringsId><handling>REGISTRER</handling><innhold>{xml}</innhold></registrering></person></melding></sendRegistreringer>"
    );
    assert_eq!(nir_xsd::validate::validate(message.as_bytes()), Ok(()), "{xml}");
    let Ok(Request::SendRegistreringer(wrapper)) = Request::parse(message.as_bytes()) else { panic!("{xml}") };
    line(&wrapper.melding.person[0].registrering[0], Catalogue::embedded())
}

/// Every kind of content.
fn kinds() -> &'static [Element] {
    let kinds = Outline::published().elements("Innhold");
    assert_eq!(kinds.len(), 22);
    kinds
}

fn filled(kind: &Element, day: &str, code: &dyn Fn(&str) -> String) -> Line {
    read(&Fill { day, code }.element(kind, "innhold"))
}

/// The findings of a line's form: what is wrong, by path, with the list.
fn findings(line: &Line) -> BTreeMap<&'static str, (Rejection, String)> {
    let each = line.form_errors.iter().map(|finding| {
        let Field::Line(path) = finding.field else { panic!("{:?}", finding.field) };
        let list = finding.params.iter().find(|(name, _)| *name == "kodeverk").map(|(_, list)| list.clone());
        (path, (finding.rejection, list.unwrap()))
    });
    let all: BTreeMap<_, _> = each.collect();
    assert_eq!(all.len(), line.form_errors.len(), "told twice: {:?}", line.form_errors);
    all
}

#[test]
fn every_code_field_is_held_to_a_list() {
    for kind in kinds() {
        let asked = std::cell::RefCell::new(Vec::new());
        let line = filled(kind, TODAY, &|path| {
            asked.borrow_mut().push(path.to_owned());
            "TULL".to_owned()
        });
        let unknown = findings(&line);
        let mut asked = asked.into_inner();
        asked.sort();
        assert_eq!(unknown.keys().copied().collect::<Vec<_>>(), asked, "{}: fields whose code is looked up", kind.name);
        assert!(unknown.values().all(|(rejection, _)| *rejection == Rejection::UnknownCode));
        // A code of the list is known, and was not valid before the first act.
        let first = |path: &str| {
            let list = Catalogue::embedded().list(&unknown[path].1).unwrap();
            list.rows().iter().find(|row| row.valid_on(TODAY.parse().unwrap())).unwrap().kode.clone()
        };
        assert_eq!(findings(&filled(kind, TODAY, &first)), BTreeMap::new(), "{}", kind.name);
        let early = filled(kind, BEFORE, &first);
        // Whether a module was taught then is a rule of its own (NIR-B523).
        let dated = asked.iter().filter(|path| !path.ends_with("/modul"));
        let early = findings(&early);
        assert_eq!(early.keys().copied().collect::<Vec<_>>(), dated.collect::<Vec<_>>(), "{}", kind.name);
        assert!(early.values().all(|(rejection, _)| *rejection == Rejection::CodeNotValid), "{}", kind.name);
    }
}

#[test]
fn a_scheme_that_is_not_is_told_at_its_place() {
    let mut with_scheme = Vec::new();
    for kind in kinds() {
        let path = format!("innhold/{}/ordning", kind.name);
        let xml = Fill { day: TODAY, code: &|_| "TULL".to_owned() }.element(kind, "innhold");
        if !xml.contains("<ordning>") {
            continue;
        }
        let line = read(&xml.replace("<ordning>INTRO<", "<ordning>TULL<"));
        assert_eq!(line.content, None, "{path}");
        assert_eq!(findings(&line)[path.as_str()], (Rejection::UnknownCode, "ordning".to_owned()));
        with_scheme.push(kind.name.as_str());
    }
    let expected = ["vedtak", "kontakt", "klage", "oppstart", "integreringsplan", "tiltak", "fravaer", "permisjon"];
    assert_eq!(with_scheme, expected);
}

#[test]
fn references_of_every_kind_reach_their_line() {
    let mut with_decision = Vec::new();
    for kind in kinds() {
        let line = filled(kind, TODAY, &|_| "TULL".to_owned());
        if let Some(reference) = line.vedtak_ref {
            assert_eq!(reference.post_id, Some(Ok(POST.parse().unwrap())), "{}", kind.name);
            with_decision.push(kind.name.as_str());
        }
        let appeal = line.klage_ref.and_then(|reference| reference.post_id);
        assert_eq!(appeal, (kind.name == "vedtak").then(|| Ok(APPEAL.parse().unwrap())), "{}", kind.name);
    }
    assert_eq!(with_decision, ["vedtak", "klage", "permisjon", "deltakerbevis"]);
}
