//! IF §43g: utvidet norskopplæring for people with collective protection, decided from 1 July 2023 and repealed on 1 July
//! 2026 (FR-34-UTVIDET, FR-34-UTVIDET-OPPH; domain.md 17.18, 17.41).

use chrono::{Months, NaiveDate};

use crate::frist::bilde::Bilde;
use crate::frist::program;
use crate::frist::{Scene, frist, il_37d, note, outcome, programslutt};
use crate::kategori::{Frist, Fristtype, Grunnlag, Loggsteg};
use crate::policy::Policy;
use crate::policy::frister::{UtvidetRow, paragraf};
use crate::post::{Ordning, PostId, Vedtak};
use crate::registry::Lov;
use crate::virkedag::last_day;

/// What the rule says to a decision on utvidet norskopplæring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utvidet {
    /// Decided when the rule was repealed (B515).
    Opphevet,
    /// Decided before the rule began (B527).
    IkkeIKraft,
    /// No deadline to lengthen: no decision on the right, or a start that is not known.
    IngenRett,
    /// The education must be registered first (B519).
    UtdanningMangler,
    /// Decided too far from the deadline (B518).
    UtenforVindu {
        /// The deadline.
        frist: NaiveDate,
        /// First day on which it could be decided.
        fra: NaiveDate,
        /// Last day.
        til: NaiveDate,
    },
    /// It lasts longer than it may (B512), or the most has been had.
    ForLang {
        /// The last day it may have.
        sist: NaiveDate,
    },
    /// Allowed.
    Tillatt {
        /// The last day it may have.
        sist: NaiveDate,
    },
}

/// Judges a decision; `own` is the post itself when it is changed.
pub fn utvidet(
    grunnlag: Grunnlag<'_>,
    policy: &Policy,
    lov: Option<Lov>,
    vedtak: &Vedtak,
    own: Option<PostId>,
) -> Utvidet {
    let row = &policy.frister().frister.utvidet;
    if vedtak.vedtaksdato > row.vedtak_til {
        return Utvidet::Opphevet;
    }
    if vedtak.vedtaksdato < row.vedtak_fra {
        return Utvidet::IkkeIKraft;
    }
    let mut bilde = Bilde::of(grunnlag);
    bilde.vedtak.retain(|decision| Some(decision.post) != own && !later_extension(decision.vedtak, vedtak));
    let Some(has) = bilde.har_videregaaende() else { return Utvidet::UtdanningMangler };
    let scene = Scene { bilde: &bilde, policy, lov };
    let programs = program::programs(&bilde);
    let ends: Vec<_> = programs.iter().map(|program| programslutt::frist(scene, program, &mut Vec::new())).collect();
    let spans = program::spans(&programs, &ends);
    let Some((_, right)) = il_37d::right(scene, None, &spans, &mut Vec::new()) else { return Utvidet::IngenRett };
    let mut now = frist(Fristtype::Gjennomfoering, Ordning::Norsk, "FR-34-NORSK", Some(right.ende));
    lengthen(scene, &mut now, &mut Vec::new());
    let deadline = now.dato.unwrap_or(right.ende);
    let months = Months::new(row.vindu_maaneder);
    let fra = deadline.checked_sub_months(months).unwrap_or(NaiveDate::MIN);
    let til = deadline.checked_add_months(months).unwrap_or(NaiveDate::MAX);
    if vedtak.vedtaksdato < fra || vedtak.vedtaksdato > til {
        return Utvidet::UtenforVindu { frist: deadline, fra, til };
    }
    // With videregående there is one time.
    let again = has && deadline > right.ende;
    let sist = if again { deadline } else { latest(row, has, right.ende, deadline, vedtak) };
    if sist <= deadline || vedtak.slutt_dato.is_some_and(|slutt| slutt > sist) {
        return Utvidet::ForLang { sist };
    }
    Utvidet::Tillatt { sist }
}

/// A decision on utvidet norskopplæring that was made after this one: it cannot have moved the deadline then.
fn later_extension(other: &Vedtak, vedtak: &Vedtak) -> bool {
    other.ordning == Ordning::Norsk
        && other.vedtakstype == vedtak.vedtakstype
        && other.vedtaksdato >= vedtak.vedtaksdato
}

/// The last day of one more time: counted from its start, at the latest the day after the deadline it lengthens, and not
/// beyond the most that may be had after the right.
fn latest(row: &UtvidetRow, has: bool, right: NaiveDate, deadline: NaiveDate, vedtak: &Vedtak) -> NaiveDate {
    let after = |day: NaiveDate| day.succ_opt().unwrap_or(day);
    let (once, most) = if has {
        (row.med_videregaaende, row.med_videregaaende)
    } else {
        (row.uten_videregaaende, row.uten_videregaaende_hoeyst)
    };
    let start = vedtak.start_dato.unwrap_or(after(deadline)).max(after(deadline));
    // A start after the deadline (a decision up to two months late) moves the whole time with it.
    let first = if has { start } else { after(right) };
    last_day(start, once).min(last_day(first, most))
}

/// Moves the deadline of the right by the decisions that stand. What was decided before the repeal runs out as decided,
/// which is uncertain from then on; what was decided after it does nothing.
pub(super) fn lengthen(scene: Scene<'_>, frist: &mut Frist, logg: &mut Vec<Loggsteg>) {
    let row = &scene.policy.frister().frister.utvidet;
    let Some(right) = frist.dato else { return };
    let has = scene.bilde.har_videregaaende();
    for decision in scene.bilde.decisions(Ordning::Norsk, "UTVIDET_NORSK") {
        let vedtak = decision.vedtak;
        let interval = (Some(decision.start()), vedtak.slutt_dato.and_then(|slutt| slutt.succ_opt()));
        let inputs: [(&str, &dyn std::fmt::Display); 2] =
            [("vedtaksdato", &vedtak.vedtaksdato), ("vedtakTil", &row.vedtak_til)];
        if vedtak.vedtaksdato > row.vedtak_til {
            note(logg, "FR-34-UTVIDET-OPPH", paragraf(&row.reference), &inputs, interval, "opphevet, teller ikke");
            continue;
        }
        let Some(has) = has.filter(|_| vedtak.vedtaksdato >= row.vedtak_fra) else { continue };
        let deadline = frist.dato.unwrap_or(right);
        let most = latest(row, has, right, deadline, vedtak);
        let end = vedtak.slutt_dato.unwrap_or(most).min(most);
        if end <= deadline || (has && deadline > right) {
            continue;
        }
        frist.dato = Some(end);
        "FR-34-UTVIDET".clone_into(&mut frist.rad);
        note(logg, "FR-34-UTVIDET", paragraf(&row.reference), &inputs, interval, outcome(frist));
        if end > row.vedtak_til {
            frist.usikker = true;
            note(logg, "FR-34-UTVIDET-OPPH", paragraf(&row.reference), &inputs, interval, "løper ut som vedtatt");
        }
    }
}
