//! Transfer errors and support cases on the wire.

use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::feilsak::{Feilsak, Sakfeil, Saksspoersmaal, Saksstatus, forsoek};
use register::receipt::Finding;
use register::support::{Supportbilde, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus};
use uuid::Uuid;

use crate::feil::of_code;
use crate::translate::notice::oslo;
use crate::translate::oppslag::unknown;

/// What is asked of transfer errors (X307 for an unknown state).
pub fn feil_asked(request: &wire::Overfoeringsfeilforespoersel) -> Result<Saksspoersmaal, Vec<Finding>> {
    let status = |code: &String| Saksstatus::from_code(code).ok_or_else(|| unknown("status", "saksstatus", code));
    Ok(Saksspoersmaal {
        avsendersystem: request.meldingshode.avsendersystem.clone(),
        status: request.status.iter().map(status).collect::<Result<_, _>>().map_err(|finding| vec![finding])?,
        duf: request.duf_nummer.clone(),
        meldings_id: request.meldings_id.clone(),
        saksbehandler_ref: request.saksbehandler_ref.clone(),
        after: None,
    })
}

/// A case. Texts are those of the code: what was true of that message alone stands in its answer.
pub fn overfoeringsfeil(catalogue: &Catalogue, sak: &Feilsak, feil: Vec<Sakfeil>) -> wire::Overfoeringsfeil {
    let attempt = |attempt: Vec<Sakfeil>| {
        let first = attempt.first()?;
        Some(wire::Overfoeringsforsoek {
            meldings_id: first.meldings_id.clone(),
            mottatt: oslo(first.mottatt),
            feil: attempt.iter().map(|feil| sakfeil(catalogue, feil)).collect(),
        })
    };
    let (navn, versjon) = sak.innhold.fagsystem.clone();
    wire::Overfoeringsfeil {
        sak_id: sak.sak.to_string(),
        status: sak.status.code().to_owned(),
        aapnet: oslo(sak.aapnet),
        endret: oslo(sak.endret),
        duf_nummer: sak.duf.clone(),
        registrerings_id: sak.innhold.registrerings_id.clone(),
        avsenders_referanse: sak.avsenders_referanse.clone(),
        posttype: sak.innhold.posttype.clone(),
        saksbehandler_ref: sak.saksbehandler_ref.clone(),
        fagsystem: wire::Fagsystem { navn, versjon },
        rettes_av: sak.innhold.rettes_av.clone(),
        vindu_lukker: sak.vindu_lukker,
        forsoek: forsoek(feil).into_iter().filter_map(attempt).collect(),
    }
}

fn sakfeil(catalogue: &Catalogue, feil: &Sakfeil) -> wire::Feil {
    let params: Vec<(&str, String)> = feil.felt.iter().map(|felt| ("felt", felt.clone())).collect();
    wire::Feil { feil_id: feil.feil_id.to_string(), felt: feil.felt.clone(), ..of_code(catalogue, &feil.kode, &params) }
}

/// What is asked of support cases; an id that is none of ours finds nothing.
pub fn support_asked(request: &wire::Supportsakforespoersel) -> Result<Supportspoersmaal, Vec<Finding>> {
    let status = |code: &String| Supportstatus::from_code(code).ok_or_else(|| unknown("status", "supportstatus", code));
    Ok(Supportspoersmaal {
        avsendersystem: Some(request.meldingshode.avsendersystem.clone()),
        sak: request.supportsak_id.as_ref().map(|id| id.parse().unwrap_or(Uuid::nil())),
        status: request.status.iter().map(status).collect::<Result<_, _>>().map_err(|finding| vec![finding])?,
        after: None,
    })
}

/// A support case with what was written in it.
pub fn supportsak((sak, texts): &Supportbilde) -> wire::Supportsak {
    let text = |text: &Supportmelding| wire::Supportmelding {
        fra: text.fra.code().to_owned(),
        skrevet: oslo(text.skrevet),
        tekst: text.tekst.clone(),
    };
    wire::Supportsak {
        supportsak_id: sak.sak.to_string(),
        status: sak.status.code().to_owned(),
        aapnet: oslo(sak.aapnet),
        endret: oslo(sak.endret),
        feil_id: sak.feil_id.map(|id| id.to_string()),
        sak_id: sak.feilsak.map(|id| id.to_string()),
        duf_nummer: sak.duf.clone(),
        saksbehandler_ref: sak.melder.saksbehandler_ref.clone(),
        melding: texts.iter().map(text).collect(),
    }
}

/// The answer of `meldSupportsak`.
pub fn supportsvar(sak: &Supportsak, gjentatt: bool) -> wire::Supportsvar {
    wire::Supportsvar {
        supportsak_id: sak.sak.to_string(),
        status: sak.status.code().to_owned(),
        sak_id: sak.feilsak.map(|id| id.to_string()),
        gjentatt,
    }
}
