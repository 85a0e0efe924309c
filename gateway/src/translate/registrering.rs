//! `Registreringsmelding` to `Command`: identifiers and codes checked, nothing judged.

use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::command::{Command, Handling, Header, Line, PersonLines, PostRef, Transaksjon};
use register::evidence::sha256;
use register::receipt::{Field, Finding, Severity};
use register::rejection::Rejection;

use crate::translate::codes::codes;
use crate::translate::content::content;

/// The whole message.
pub fn command(melding: &wire::Registreringsmelding, header: Header, catalogue: &Catalogue) -> Command {
    let transaksjon = match melding.transaksjon.as_deref() {
        Some("PER_PERSON") => Transaksjon::PerPerson,
        _ => Transaksjon::Alt,
    };
    let mut form_errors = Vec::new();
    if let Some(code) = melding.transaksjon.as_deref().filter(|code| !matches!(*code, "ALT" | "PER_PERSON")) {
        form_errors.push(unknown_code(Rejection::UnknownCode, "transaksjon", "transaksjon", code));
    }
    Command {
        header,
        transaksjon,
        proevekjoering: melding.proevekjoering.unwrap_or(false),
        persons: melding.person.iter().map(|p| person(p, catalogue)).collect(),
        digest: digest(melding),
        form_errors,
    }
}

/// SHA-256 over the decoded message without `opprettet` (design.md 17, Ids).
fn digest(melding: &wire::Registreringsmelding) -> [u8; 32] {
    sha256(&melding.canonical_without_opprettet())
}

fn person(person: &wire::PersonMedRegistreringer, catalogue: &Catalogue) -> PersonLines {
    PersonLines {
        duf_text: person.duf_nummer.clone(),
        foedselsnummer: person.foedselsnummer.clone(),
        lines: person.registrering.iter().map(|r| line(r, catalogue)).collect(),
    }
}

fn line(registrering: &wire::Registrering, catalogue: &Catalogue) -> Line {
    let mut form_errors = Vec::new();
    let innhold = registrering.innhold.as_ref();
    let content = match innhold.map(content).transpose() {
        Ok(content) => content.flatten(),
        Err(finding) => {
            form_errors.push(finding);
            None
        }
    };
    if let Some(innhold) = innhold {
        codes(innhold, catalogue, &mut form_errors);
    }
    Line {
        registrerings_id: registrering.registrerings_id.clone(),
        handling: handling(&registrering.handling),
        avsenders_referanse: registrering.avsenders_referanse.clone(),
        post: registrering.post.as_ref().map(reference),
        gjelder_fra: registrering.gjelder_fra,
        content,
        vedtak_ref: innhold.and_then(wire::Innhold::vedtak_ref).map(reference),
        klage_ref: innhold.and_then(wire::Innhold::klage_ref).map(reference),
        form_errors,
    }
}

fn handling(code: &str) -> Result<Handling, String> {
    match code {
        "REGISTRER" => Ok(Handling::Registrer),
        "ENDRE" => Ok(Handling::Endre),
        "KORRIGER" => Ok(Handling::Korriger),
        "ANNULLER" => Ok(Handling::Annuller),
        "SETT" => Ok(Handling::Sett),
        "KNYTT" => Ok(Handling::Knytt),
        other => Err(other.to_owned()),
    }
}

fn reference(reference: &wire::Postreferanse) -> PostRef {
    PostRef {
        post_id: reference.post_id.as_ref().map(|text| text.parse().map_err(|_| text.clone())),
        versjon: reference.versjon,
        avsenders_referanse: reference.avsenders_referanse.clone(),
        registrerings_id: reference.registrerings_id.clone(),
    }
}

/// A code that is not in its list, or not on that date. The path is from the line: a line whose code cannot be read has
/// no content to which a field could belong.
pub fn unknown_code(rejection: Rejection, path: &'static str, list: &'static str, code: &str) -> Finding {
    Finding {
        rejection,
        severity: Severity::Error,
        field: Field::Line(path),
        params: vec![("kodeverk", list.to_owned()), ("kode", code.to_owned())],
        tidligste_dato: None,
        regel: None,
        post: None,
    }
}

#[cfg(test)]
mod tests;
