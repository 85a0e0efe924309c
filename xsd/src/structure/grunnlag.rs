//! What the schema cannot say of a `Grunnlagsmelding`: what each `handling` needs, and that a kildeId names one fact.

use std::collections::HashSet;

use super::Line;
use crate::limits::MAX_REGISTRERINGER;
use crate::message::{Grunnlagsmelding, Opplysning};
use crate::validate::{Invalid, Violation};

/// Every violation of the message, in document order.
pub fn check_grunnlag(melding: &Grunnlagsmelding) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    let total: usize = melding.person.iter().map(|person| person.opplysning.len()).sum();
    if total > MAX_REGISTRERINGER {
        invalid.add(|| too_many(total));
    }
    for (p, person) in melding.person.iter().enumerate() {
        let mut earlier = HashSet::new();
        for (o, opplysning) in person.opplysning.iter().enumerate() {
            let at = || format!("/sendPersongrunnlag/melding/person[{}]/opplysning[{}]", p + 1, o + 1);
            let mut line = Line { invalid: &mut invalid, at: &at };
            if !earlier.insert(opplysning.kilde_id.as_str()) {
                line.add(
                    "kildeId",
                    "kildeId er brukt på en tidligere opplysning om personen.".into(),
                    "kildeId is used on an earlier fact about the person.".into(),
                    (
                        "Send én opplysning for hver kildeId: den siste er den som gjelder.",
                        "Send one fact for each kildeId: the last is the one that holds.",
                    ),
                );
            }
            needs(&mut line, opplysning);
        }
    }
    invalid.into_result()
}

/// SETT says the whole fact, ANNULLER takes it back.
fn needs(line: &mut Line<'_>, opplysning: &Opplysning) {
    let given = [
        ("fraDato", opplysning.fra_dato.is_some(), true),
        ("tilDato", opplysning.til_dato.is_some(), false),
        ("innhold", opplysning.innhold.is_some(), true),
    ];
    for (element, is_there, needed) in given {
        match opplysning.handling.as_str() {
            "SETT" if needed && !is_there => line.add(
                element,
                format!("{element} mangler for SETT."),
                format!("{element} is missing for SETT."),
                ("SETT sender hele opplysningen.", "SETT sends the whole fact."),
            ),
            "ANNULLER" if is_there => line.add(
                element,
                format!("{element} hører ikke til ANNULLER."),
                format!("{element} does not belong to ANNULLER."),
                ("Send bare kildeId for ANNULLER.", "Send kildeId alone for ANNULLER."),
            ),
            _ => {}
        }
    }
}

fn too_many(total: usize) -> Violation {
    Violation {
        path: "/sendPersongrunnlag/melding".into(),
        element: "melding".into(),
        nb: format!("Meldingen har {total} opplysninger. Høyst {MAX_REGISTRERINGER} er tillatt."),
        en: format!("The message has {total} facts. At most {MAX_REGISTRERINGER} are allowed."),
        hint_nb: Some("Del meldingen i flere, hver med sin meldingsId.".into()),
        hint_en: Some("Split the message into several, each with a meldingsId of its own.".into()),
    }
}
