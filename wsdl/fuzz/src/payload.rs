//! What must hold of a Body child: nothing panics, and what the schema lets through is decoded, written, and read again
//! as the same.

use nir_wsdl::c14n::canonicalize;
use nir_wsdl::operation::LARGEST;
use nir_wsdl::prefilter::prefilter;
use nir_xsd::limits::MAX_VIOLATIONS;
use nir_xsd::message::{Answer, NirFeil, Push, PushAnswer, Request, Version};
use nir_xsd::structure;
use nir_xsd::validate::validate;
use roxmltree::Document;

use crate::check::show;

/// The canonical form in which a Body child reaches the schema. None when no message could hold it.
pub fn canonical(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = prefilter(bytes, LARGEST).ok()?.text();
    let document = Document::parse(text).ok()?;
    let mut out = Vec::new();
    canonicalize(document.root_element(), &[], &mut out);
    Some(out)
}

/// Bytes that no signature covered and no canonicalizer wrote: they may be anything.
pub fn arbitrary(bytes: &[u8]) {
    let _ = Request::parse(bytes);
    let _ = Answer::parse(bytes);
    let _ = Push::parse(bytes);
    let _ = PushAnswer::parse(bytes);
    let _ = std::str::from_utf8(bytes).ok().and_then(NirFeil::parse);
    is_told(bytes);
}

/// A Body child in canonical form. Says whether it is valid.
pub fn body_child(bytes: &[u8]) -> bool {
    if !is_told(bytes) {
        return false;
    }
    let (request, answer) = (Request::parse(bytes), Answer::parse(bytes));
    let detail = std::str::from_utf8(bytes).ok().filter(|_| root(bytes) == "nirFeil").and_then(NirFeil::parse);
    // What we send to a receiver, and what it answers, are read by other ends.
    match (Push::parse(bytes), PushAnswer::parse(bytes)) {
        (Ok(push), Err(_)) => {
            let written = push.to_xml();
            is_well_written(&written);
            assert_eq!(Push::parse(&written).expect("it was written by us"), push);
            return true;
        }
        (Err(_), Ok(answer)) => {
            let written = answer.to_xml();
            is_well_written(&written);
            assert_eq!(PushAnswer::parse(&written).expect("it was written by us"), answer);
            return true;
        }
        _ => {}
    }
    match (request, answer, detail) {
        (Ok(request), Err(_), None) => of_request(&request),
        (Err(_), Ok(answer), None) => {
            let written = answer.to_xml();
            is_well_written(&written);
            assert_eq!(Answer::parse(&written).expect("it was written by us"), answer);
        }
        (Err(_), Err(_), Some(detail)) => {
            let written = detail.to_canonical(&Version::LATEST);
            is_well_written(&written);
            assert_eq!(NirFeil::parse(&show(&written)), Some(detail));
        }
        (request, answer, detail) => panic!("valid, and read as {request:?}, {answer:?}, {detail:?}: {}", show(bytes)),
    }
    true
}

/// The schema's verdict; every violation is counted, and the first ones are told.
fn is_told(bytes: &[u8]) -> bool {
    let Err(invalid) = validate(bytes) else { return true };
    assert!(invalid.total > 0);
    assert_eq!(invalid.violations.len(), invalid.total.min(MAX_VIOLATIONS));
    assert!(invalid.violations.iter().all(|violation| !violation.nb.is_empty() && !violation.en.is_empty()));
    false
}

fn of_request(request: &Request) {
    let written = request.to_xml();
    is_well_written(&written);
    let again = Request::parse(&written).expect("it was written by us");
    assert_eq!(&again, request);
    if let (Request::SendRegistreringer(first), Request::SendRegistreringer(second)) = (request, &again) {
        let _ = structure::check(&first.melding);
        assert_eq!(first.melding.canonical_without_opprettet(), second.melding.canonical_without_opprettet());
    }
    if let (Request::SendPersongrunnlag(first), Request::SendPersongrunnlag(second)) = (request, &again) {
        let _ = structure::check_grunnlag(&first.melding);
        assert_eq!(first.melding.canonical_without_opprettet(), second.melding.canonical_without_opprettet());
    }
}

/// What we write is valid, and its own canonical form.
fn is_well_written(written: &[u8]) {
    assert_eq!(validate(written), Ok(()), "{}", show(written));
    assert_eq!(canonical(written).as_deref().map(show), Some(show(written)));
}

fn root(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let name = text.trim_start_matches('<').split([' ', '>']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default().to_owned()
}
