//! Introduksjonsprogrammer as their decisions make them: one for each granting decision.

use chrono::NaiveDate;

use crate::frist::bilde::{Bilde, Decision};
use crate::kategori::Frist;
use crate::post::{Ordning, PostId};

/// The system's own reason of an end: no end that anybody decided (AVSL-SYS0).
const SYSTEM: &str = "SYS0";

pub(super) struct Program<'a> {
    pub vedtak: Decision<'a>,
    /// The actual start, or else that of the decision.
    pub start: NaiveDate,
    /// The last day granted, with every extension.
    pub slutt: Option<NaiveDate>,
    pub forlenget: bool,
    /// The last day, when somebody ended it.
    pub avsluttet: Option<NaiveDate>,
    /// Decisions that changed it from a day on.
    pub endret: Vec<PostId>,
}

/// The days of a programme, both included.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub fra: NaiveDate,
    /// The last day without what leave and absence added: leave from norsk after it counts, however much leave there was.
    pub uten_tillegg: Option<NaiveDate>,
    pub til: Option<NaiveDate>,
}

impl Span {
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.fra <= day && self.til.is_none_or(|til| day <= til)
    }

    pub fn contains_before_additions(&self, day: NaiveDate) -> bool {
        self.fra <= day && self.uten_tillegg.is_none_or(|til| day <= til)
    }
}

/// In order of their start.
pub(super) fn programs<'a>(bilde: &Bilde<'a>) -> Vec<Program<'a>> {
    let (changes, granted): (Vec<&Decision<'a>>, Vec<&Decision<'a>>) =
        bilde.decisions(Ordning::Intro, "INNVILGELSE").partition(|decision| {
            decision.continues.is_some_and(|before| bilde.vedtak.iter().any(|other| other.post == before))
        });
    let starts: Vec<NaiveDate> = granted.iter().map(|decision| decision.start()).collect();
    // What happened on a day belongs to the last programme that had begun by then; before all of them, to the first.
    let of = |day: NaiveDate| starts.iter().rposition(|start| *start <= day).unwrap_or_default();
    let mut all: Vec<Program<'a>> = granted
        .into_iter()
        .map(|decision| Program {
            vedtak: *decision,
            start: decision.start(),
            slutt: decision.vedtak.slutt_dato,
            forlenget: false,
            avsluttet: None,
            endret: Vec::new(),
        })
        .collect();
    // What is changed from a day on is the same programme: it ends as it was changed to.
    for change in changes {
        let same = all.iter().position(|program| {
            change.continues == Some(program.vedtak.post)
                || program.endret.iter().any(|post| change.continues == Some(*post))
        });
        if let Some(program) = all.get_mut(same.unwrap_or_else(|| of(change.start()))) {
            program.slutt = change.vedtak.slutt_dato;
            program.endret.push(change.post);
        }
    }
    let actual = bilde.oppstarter.iter().filter(|(ordning, _)| *ordning == Ordning::Intro);
    for (_, day) in actual.rev() {
        if let Some(program) = all.get_mut(of(*day)) {
            program.start = *day;
        }
    }
    for decision in bilde.decisions(Ordning::Intro, "FORLENGELSE") {
        let parent = decision.vedtak.vedtak_ref;
        let named = all.iter().position(|program| {
            parent == Some(program.vedtak.post) || program.endret.iter().any(|post| parent == Some(*post))
        });
        if let Some(program) = all.get_mut(named.unwrap_or_else(|| of(decision.start()))) {
            program.forlenget = true;
            program.slutt = match (program.slutt, decision.vedtak.slutt_dato) {
                (Some(granted), Some(extended)) => Some(granted.max(extended)),
                (one, other) => one.or(other),
            };
        }
    }
    let decided = ["AVSLUTNING", "STANS_PERMANENT"]
        .into_iter()
        .flat_map(|kind| bilde.decisions(Ordning::Intro, kind).map(Decision::start));
    let registered = bilde.avslutninger.iter().filter(|end| end.avslutningsaarsak != SYSTEM);
    for day in decided.chain(registered.map(|end| end.avslutningsdato)) {
        if let Some(program) = all.get_mut(of(day)).filter(|program| program.vedtak.start() <= day) {
            program.avsluttet = Some(program.avsluttet.map_or(day, |known| known.min(day)));
        }
    }
    all
}

/// The days of the programmes: until somebody ended one, or until its computed end. Each end comes with the day it would
/// be without additions.
pub(super) fn spans(programs: &[Program<'_>], ends: &[(Frist, Option<NaiveDate>)]) -> Vec<Span> {
    let spans = programs.iter().zip(ends);
    spans
        .map(|(program, (end, base))| Span {
            fra: program.start,
            uten_tillegg: program.avsluttet.or(*base),
            til: program.avsluttet.or(end.dato),
        })
        .collect()
}
