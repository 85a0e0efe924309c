//! `Grunnlagsmelding` to the register's words: identifiers and codes checked, nothing judged.

use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::command::Transaksjon;
use register::decide::finding;
use register::decide::kilde::{Grunnlagsmelding, Kildehandling, Opplysning, Persongrunnlag};
use register::evidence::sha256;
use register::id::Orgnr;
use register::receipt::{Field, Finding};
use register::rejection::Rejection;
use register::time::Period;

use crate::translate::registrering::unknown_code;

mod innhold;

/// The whole message.
pub fn grunnlag(
    melding: &wire::Grunnlagsmelding,
    signer: Orgnr,
    tls_organization: Option<&str>,
    catalogue: &Catalogue,
) -> Grunnlagsmelding {
    let hode = &melding.kildehode;
    let transaksjon = match melding.transaksjon.as_deref() {
        Some("PER_PERSON") => Transaksjon::PerPerson,
        _ => Transaksjon::Alt,
    };
    let mut form_errors = Vec::new();
    if let Some(code) = melding.transaksjon.as_deref().filter(|code| !matches!(*code, "ALT" | "PER_PERSON")) {
        form_errors.push(unknown_code(Rejection::UnknownCode, "transaksjon", "transaksjon", code));
    }
    Grunnlagsmelding {
        signer,
        tls_client: tls_organization.and_then(|text| text.parse().ok()),
        meldings_id: hode.meldings_id.clone(),
        kontraktversjon: hode.kontraktversjon.clone(),
        kilde: hode.kilde.clone(),
        opprettet: hode.opprettet.to_utc(),
        transaksjon,
        persons: melding.person.iter().map(|p| person(p, catalogue)).collect(),
        form_errors,
        digest: sha256(&melding.canonical_without_opprettet()),
    }
}

fn person(person: &wire::Persongrunnlag, catalogue: &Catalogue) -> Persongrunnlag {
    Persongrunnlag {
        duf_text: person.duf_nummer.clone(),
        lines: person.opplysning.iter().map(|o| opplysning(o, catalogue)).collect(),
    }
}

fn opplysning(sent: &wire::Opplysning, catalogue: &Catalogue) -> Opplysning {
    let mut form_errors = Vec::new();
    let mut content = None;
    let mut kind = None;
    if let Some(innhold) = &sent.innhold {
        kind = innhold::kind(innhold);
        let on = sent.fra_dato.unwrap_or_default();
        content = innhold::content(innhold, &mut innhold::Check { catalogue, errors: &mut form_errors, on });
    }
    Opplysning {
        kilde_id: sent.kilde_id.clone(),
        handling: match sent.handling.as_str() {
            "SETT" => Ok(Kildehandling::Sett),
            "ANNULLER" => Ok(Kildehandling::Annuller),
            other => Err(other.to_owned()),
        },
        kind,
        content,
        valid: sent.fra_dato.map(|from| Period::inclusive(from, sent.til_dato)),
        form_errors,
    }
}

/// An error of form at a field of the content.
fn at(rejection: Rejection, field: &'static str) -> Finding {
    finding(rejection, Field::Content(field))
}
