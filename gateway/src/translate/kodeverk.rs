//! Code lists as the wire writes them.

use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::decide::finding;
use register::receipt::{Field, Finding};
use register::rejection::Rejection;

/// The lists asked for (all when none is named), on a date only what is valid then.
pub fn kodeverk_answer(
    catalogue: &Catalogue,
    request: &wire::Kodeverksforespoersel,
) -> Result<wire::Kodeverksvar, Finding> {
    for name in &request.kodeverk {
        if catalogue.list(name).is_none() {
            let unknown = finding(Rejection::UnknownCode, Field::Content("kodeverk"));
            return Err(Finding {
                params: vec![("kodeverk", "kodeverk".to_owned()), ("kode", name.clone())],
                ..unknown
            });
        }
    }
    let wanted = |name: &str| request.kodeverk.is_empty() || request.kodeverk.iter().any(|asked| asked == name);
    Ok(wire::Kodeverksvar {
        versjon: catalogue.version().to_owned(),
        kodeverk: catalogue
            .lists()
            .filter(|list| wanted(list.name()))
            .map(|list| wire::Kodeverk {
                navn: list.name().to_owned(),
                kode: list
                    .rows()
                    .iter()
                    .filter(|row| request.dato.is_none_or(|on| row.valid_on(on)))
                    .map(|row| wire::Kode {
                        kode: row.kode.clone(),
                        navn: row.navn.clone(),
                        gruppe: row.gruppe.clone(),
                        gyldig_fra: row.gyldig_fra,
                        gyldig_til: row.gyldig_til,
                        kilde: row.kilde.clone(),
                        veiledning: row.veiledning.clone(),
                    })
                    .collect(),
            })
            .collect(),
    })
}
