//! A run: categories of one kind that belong together, so that their deadlines count from one entry.

use chrono::NaiveDate;

use crate::kategori::{Friststatus, Kategori, Kategorikode, LukketAarsak};
use crate::registry::Lov;

/// Categories without a break that ends the right; a break of work, of a late renewal or of new rules does not.
pub(super) struct Run<'k> {
    pub kategorier: Vec<&'k Kategori>,
    /// First day of the right or duty.
    pub entry: NaiveDate,
    pub lov: Lov,
    /// Holds NORSK_RETT.
    pub rett: bool,
    /// Is NORSK_RETT_6A.
    pub six_a: bool,
    pub usikker: bool,
}

fn goes_on(aarsak: Option<LukketAarsak>) -> bool {
    matches!(
        aarsak,
        Some(
            LukketAarsak::Arbeid30t
                | LukketAarsak::OppholdUtloept
                | LukketAarsak::Regelendring
                | LukketAarsak::OvergangFra34
        )
    )
}

impl<'k> Run<'k> {
    /// The last run of rights to a programme. What the kommune may offer has no deadline.
    pub fn intro(kategorier: &'k [Kategori]) -> Option<Self> {
        last(kategorier, |kode| matches!(kode, Kategorikode::IntroRp | Kategorikode::IntroR))
    }

    /// The last run of rights and duties to norsk: the ordinary ones or those of §37d, whichever began last.
    pub fn norsk(kategorier: &'k [Kategori]) -> Option<Self> {
        let ordinary = last(kategorier, |kode| matches!(kode, Kategorikode::NorskRett | Kategorikode::NorskPlikt));
        let six_a = last(kategorier, |kode| kode == Kategorikode::NorskRett6a);
        match (ordinary, six_a) {
            (Some(ordinary), Some(six_a)) => Some(if six_a.entry > ordinary.entry { six_a } else { ordinary }),
            (one, other) => one.or(other),
        }
    }

    /// First day after the last of them; `None` while one is open without end.
    pub fn ends(&self) -> Option<NaiveDate> {
        let ends: Option<Vec<NaiveDate>> = self.kategorier.iter().map(|kategori| kategori.gyldig.to).collect();
        ends?.into_iter().max()
    }

    /// What the closing of the categories makes of a deadline that ends on `dato`: fulfilled, lapsed, or nothing. Ends that
    /// are computed ahead (a birthday, the last day of a permit) do nothing before they come.
    pub fn closed(&self, dato: Option<NaiveDate>) -> Option<Friststatus> {
        let done = |kategori: &&Kategori| {
            matches!(kategori.aarsak, Some(LukketAarsak::FullfoertPlikt | LukketAarsak::OrdningFullfoert))
        };
        if self.kategorier.iter().any(done) {
            return Some(Friststatus::Oppfylt);
        }
        let end = self.ends()?;
        let last = self.kategorier.iter().filter(|kategori| kategori.gyldig.to == Some(end));
        let lapsed = last.clone().all(|kategori| {
            matches!(
                kategori.aarsak,
                Some(
                    LukketAarsak::Doed
                        | LukketAarsak::Utflyttet
                        | LukketAarsak::OppholdTilbakekalt
                        | LukketAarsak::Feilregistrert
                        | LukketAarsak::FritakOgBortfall
                        | LukketAarsak::Statsborger
                )
            )
        });
        (lapsed && dato.is_none_or(|dato| end <= dato)).then_some(Friststatus::Bortfalt)
    }

    /// Whether the day is not before the entry, and not after the run's end.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.entry <= day && self.ends().is_none_or(|end| day < end)
    }
}

fn last<'k>(kategorier: &'k [Kategori], wanted: impl Fn(Kategorikode) -> bool) -> Option<Run<'k>> {
    let mut all: Vec<&Kategori> = kategorier.iter().filter(|kategori| wanted(kategori.kode)).collect();
    all.sort_by_key(|kategori| (kategori.gyldig.from, kategori.kode, kategori.gyldig.to));
    let mut run: Vec<&Kategori> = Vec::new();
    for kategori in all {
        let end = run.iter().map(|before| before.gyldig.to.unwrap_or(NaiveDate::MAX)).max();
        let broken = end.is_some_and(|end| {
            end < kategori.gyldig.from
                && !run.iter().any(|before| before.gyldig.to == Some(end) && goes_on(before.aarsak))
        });
        if broken {
            run.clear();
        }
        run.push(kategori);
    }
    let first = *run.first()?;
    Some(Run {
        entry: first.gyldig.from,
        lov: first.lov,
        rett: run.iter().any(|kategori| kategori.kode == Kategorikode::NorskRett),
        six_a: first.kode == Kategorikode::NorskRett6a,
        usikker: run.iter().any(|kategori| kategori.usikker),
        kategorier: run,
    })
}
