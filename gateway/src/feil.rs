//! From causes to `Feil`: the texts come from the one error table, the places from the message as it was sent.

use nir_wsdl::locate::locate;
use nir_xsd::message::{Feil, PostSvar, Tillegg};
use nir_xsd::validate::Invalid;
use register::codes::Catalogue;
use register::receipt::{Finding, PostAnswer, Severity};
use uuid::Uuid;

use crate::pipeline::Cause;

/// A `Feil` by code alone.
pub fn of_code(catalogue: &Catalogue, code: &str, params: &[(&str, String)]) -> Feil {
    let row = catalogue.error(code);
    let texts = row.render(params);
    Feil {
        feil_id: Uuid::new_v4().to_string(),
        kode: code.to_owned(),
        alvorlighet: row.severity().to_owned(),
        melding: texts.nb,
        melding_en: texts.en,
        loesning: texts.loesning,
        rettes_av: row.rettes_av.clone(),
        kan_proeves_igjen: row.retry,
        ..Feil::default()
    }
}

/// The `Feil` list of a refused arrival; `request` is the message as it arrived.
pub fn of_cause(catalogue: &Catalogue, cause: &Cause, request: &[u8]) -> Vec<Feil> {
    match cause {
        Cause::Refusal(refusal) => {
            let params: Vec<_> = refusal.params.iter().map(|(k, v)| (*k, v.clone())).collect();
            vec![of_code(catalogue, refusal.code, &params)]
        }
        Cause::Invalid(invalid) => violations(catalogue, invalid, request),
    }
}

/// One NIR-X302 per violation, at most the first hundred, with the total on the first.
fn violations(catalogue: &Catalogue, invalid: &Invalid, request: &[u8]) -> Vec<Feil> {
    let mut all: Vec<Feil> = Vec::with_capacity(invalid.violations.len());
    for violation in &invalid.violations {
        let params = [("element", violation.element.clone()), ("felt", violation.element.clone())];
        let mut feil = of_code(catalogue, "NIR-X302", &params);
        feil.melding = format!("{} {}", feil.melding, violation.nb);
        feil.melding_en = format!("{} {}", feil.melding_en, violation.en);
        if let Some(hint) = &violation.hint_nb {
            feil.loesning = hint.clone();
        }
        feil.felt = Some(violation.element.clone()).filter(|element| !element.is_empty());
        feil.xpath = Some(violation.path.clone()).filter(|path| !path.is_empty());
        all.push(feil);
    }
    find_places(all.iter_mut().collect(), request);
    if let Some(first) = all.first_mut()
        && invalid.total > invalid.violations.len()
    {
        first.tillegg.push(Tillegg { noekkel: "antallFeil".into(), verdi: invalid.total.to_string() });
    }
    all
}

/// A `Feil` from a finding of the register. Its id is derived from the receipt's, so that the same receipt
/// always names the same errors.
pub fn of_finding(catalogue: &Catalogue, finding: &Finding, id: Uuid, xpath: Option<String>) -> Feil {
    let mut feil = of_code(catalogue, finding.rejection.code(), &finding.text_values());
    feil.feil_id = id.to_string();
    feil.alvorlighet = match finding.severity {
        Severity::Error => "FEIL".into(),
        Severity::Warning => "ADVARSEL".into(),
    };
    feil.felt = xpath.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    feil.xpath = xpath;
    feil.tidligste_dato = finding.tidligste_dato;
    feil.regel = finding.regel.clone();
    feil.post = finding.post.as_ref().map(post_svar);
    feil.tillegg = finding.params.iter().map(|(k, v)| Tillegg { noekkel: (*k).to_owned(), verdi: v.clone() }).collect();
    feil
}

/// A post as the wire names it.
pub fn post_svar(post: &PostAnswer) -> PostSvar {
    PostSvar {
        post_id: post.post_id.to_string(),
        versjon: post.versjon,
        avsenders_referanse: post.avsenders_referanse.clone(),
        sist_endret_av: post.sist_endret_av.clone(),
    }
}

/// Writes line and column of everything that has a path, from the message as it was sent.
pub fn find_places(all: Vec<&mut Feil>, request: &[u8]) {
    let paths: Vec<String> = all.iter().map(|feil| feil.xpath.clone().unwrap_or_default()).collect();
    if paths.iter().all(String::is_empty) {
        return;
    }
    let Ok(text) = std::str::from_utf8(request) else { return };
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    for (feil, place) in all.into_iter().zip(locate(text, &paths)) {
        if feil.xpath.is_some() {
            set_place(feil, place);
        }
    }
}

/// Writes line and column.
fn set_place(feil: &mut Feil, place: Option<(u32, u32)>) {
    if let Some((line, column)) = place {
        feil.linje = i32::try_from(line).ok();
        feil.kolonne = i32::try_from(column).ok();
    }
}
