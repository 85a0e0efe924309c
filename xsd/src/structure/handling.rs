//! Which elements each `handling` needs, and which it may not have (contract.md 0.7).

use super::Line;
use crate::message::{Postreferanse, Registrering};

/// What a handling says of an element.
#[derive(Clone, Copy)]
enum Need {
    Must,
    May,
    MustNot,
}

use Need::{May, Must, MustNot};

struct Row {
    handling: &'static str,
    avsenders_referanse: Need,
    post: Need,
    /// Whether a post given by postId needs its versjon.
    versjon: bool,
    gjelder_fra: Need,
    innhold: Need,
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    Row { handling: "REGISTRER", avsenders_referanse: May,  post: MustNot, versjon: false, gjelder_fra: MustNot, innhold: Must },
    Row { handling: "ENDRE",     avsenders_referanse: May,  post: Must,    versjon: true,  gjelder_fra: Must,    innhold: Must },
    Row { handling: "KORRIGER",  avsenders_referanse: May,  post: Must,    versjon: true,  gjelder_fra: MustNot, innhold: Must },
    Row { handling: "ANNULLER",  avsenders_referanse: May,  post: Must,    versjon: true,  gjelder_fra: MustNot, innhold: MustNot },
    Row { handling: "SETT",      avsenders_referanse: Must, post: May,     versjon: false, gjelder_fra: MustNot, innhold: Must },
    Row { handling: "KNYTT",     avsenders_referanse: Must, post: Must,    versjon: false, gjelder_fra: MustNot, innhold: MustNot },
];

/// How to mend it: where the element is missing, and where it is too much.
struct Hints {
    element: &'static str,
    missing: (&'static str, &'static str),
    surplus: (&'static str, &'static str),
}

const AVSENDERS_REFERANSE: Hints = Hints {
    element: "avsendersReferanse",
    missing: (
        "Send din egen, faste id på posten i avsendersReferanse.",
        "Send your own stable id of the post in avsendersReferanse.",
    ),
    surplus: ("Utelat avsendersReferanse.", "Leave avsendersReferanse out."),
};

const POST: Hints = Hints {
    element: "post",
    missing: (
        "Pek på posten med postId og versjon, avsendersReferanse, eller registreringsId fra en tidligere linje.",
        "Point at the post by postId and versjon, avsendersReferanse, or registreringsId of an earlier line.",
    ),
    surplus: (
        "Utelat post for en ny post; bruk KORRIGER eller ENDRE for en som finnes.",
        "Leave post out for a new post; use KORRIGER or ENDRE for one that exists.",
    ),
};

const GJELDER_FRA: Hints = Hints {
    element: "gjelderFra",
    missing: (
        "Send dagen den nye tilstanden gjelder fra; bruk KORRIGER hvis posten var feil fra begynnelsen.",
        "Send the day from which the new state holds; use KORRIGER if the post was wrong from its beginning.",
    ),
    surplus: (
        "Utelat gjelderFra; bruk ENDRE når noe er endret fra en bestemt dag.",
        "Leave gjelderFra out; use ENDRE when something changed from a certain day.",
    ),
};

const INNHOLD: Hints = Hints {
    element: "innhold",
    missing: ("Send hele posten slik den skal være.", "Send the whole record as it shall be."),
    surplus: (
        "Utelat innhold; bruk KORRIGER når posten skal ha et annet innhold.",
        "Leave innhold out; use KORRIGER when the post shall have another content.",
    ),
};

/// Tests a line against the row of its handling.
pub(super) fn check(at: &mut Line<'_>, line: &Registrering) {
    let Some(row) = TABLE.iter().find(|row| row.handling == line.handling) else { return };
    need(at, row, row.avsenders_referanse, line.avsenders_referanse.is_some(), &AVSENDERS_REFERANSE);
    need(at, row, row.post, line.post.is_some(), &POST);
    if let Some(Postreferanse { post_id: Some(_), versjon: None, .. }) = &line.post
        && row.versjon
    {
        at.add(
            "post/versjon",
            format!("{} krever versjon sammen med postId.", row.handling),
            format!("{} requires versjon with postId.", row.handling),
            (
                "Send versjonen du leste; den står i kvitteringen og i svaret på hentPerson.",
                "Send the version you read; it stands in the receipt and in the answer of hentPerson.",
            ),
        );
    }
    need(at, row, row.gjelder_fra, line.gjelder_fra.is_some(), &GJELDER_FRA);
    need(at, row, row.innhold, line.innhold.is_some(), &INNHOLD);
}

fn need(at: &mut Line<'_>, row: &Row, need: Need, given: bool, hints: &Hints) {
    let (handling, element) = (row.handling, hints.element);
    match (need, given) {
        (Must, false) => {
            let nb = format!("{handling} krever {element}.");
            at.add(element, nb, format!("{handling} requires {element}."), hints.missing);
        }
        (MustNot, true) => {
            let nb = format!("{handling} kan ikke ha {element}.");
            at.add(element, nb, format!("{handling} may not have {element}."), hints.surplus);
        }
        _ => {}
    }
}
