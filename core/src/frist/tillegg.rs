//! The ten-day rule: IF §10 (absence) and §19 (leave) (domain.md 5.5 FR-VAR-TILLEGG, 17.24; FRAV-R3, PERM-R4).

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::frist::bilde::Bilde;
use crate::kategori::Grunnlag;
use crate::policy::Policy;
use crate::policy::frister::{Periode, TilleggRow, holds};
use crate::post::{Kode, Ordning};
use crate::virkedag::{plus_virkedager, virkedager};

/// What absence and leave add to the end of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tillegg {
    /// Working days that are added.
    pub dager: i32,
    /// Working days that count, whether they are added or not.
    pub sum: Decimal,
    /// Working days before the rule began: they do not count, and what they gave then is not known.
    pub ikke_talt: i64,
    /// What was counted: type, first and last day.
    pub perioder: Vec<(Kode, NaiveDate, NaiveDate)>,
    /// There are days before the rule, or of a kind whose days are uncertain.
    pub usikker: bool,
}

/// Absence or leave that the rule counts.
struct Entry<'a> {
    kind: &'a Kode,
    from: NaiveDate,
    to: NaiveDate,
    /// How much of each working day.
    share: Decimal,
}

/// What absence and leave add to a programme from `start` that ends on `slutt` without them.
pub fn tillegg_dager(grunnlag: Grunnlag<'_>, policy: &Policy, start: NaiveDate, slutt: NaiveDate) -> Tillegg {
    of(&Bilde::of(grunnlag), policy, start, slutt)
}

pub(super) fn of(bilde: &Bilde<'_>, policy: &Policy, start: NaiveDate, slutt: NaiveDate) -> Tillegg {
    let row = &policy.frister().varighet.tillegg;
    let entries = entries(bilde, row, start);
    let mut tillegg = Tillegg { dager: 0, sum: Decimal::ZERO, ikke_talt: 0, perioder: Vec::new(), usikker: false };
    // What begins before the end counts whole; the end moves, and more may begin before it.
    let mut end = slutt;
    let mut taken = 0;
    loop {
        let within = entries.iter().take_while(|entry| entry.from <= end).count();
        if within == taken {
            break;
        }
        taken = within;
        let counted = entries.get(..taken).unwrap_or_default();
        (tillegg.sum, tillegg.dager) = total(counted, row);
        end = plus_virkedager(slutt, i64::from(tillegg.dager));
    }
    for entry in entries.iter().take(taken) {
        let (from, to) = (entry.from.max(row.fra), entry.to);
        if from <= to {
            tillegg.perioder.push((entry.kind.clone(), from, to));
            tillegg.usikker |= holds(&row.usikre, entry.kind);
        }
        if let Some(before) = row.fra.pred_opt() {
            tillegg.ikke_talt += virkedager(entry.from, entry.to.min(before));
        }
    }
    tillegg.usikker |= tillegg.ikke_talt > 0;
    tillegg
}

/// By first day; nothing before the programme.
fn entries<'a>(bilde: &Bilde<'a>, row: &TilleggRow, start: NaiveDate) -> Vec<Entry<'a>> {
    let absence = bilde.fravaer.iter().filter(|f| f.ordning == Ordning::Intro && holds(&row.fravaer, &f.fravaertype));
    let leave =
        bilde.permisjoner.iter().filter(|p| p.ordning == Ordning::Intro && holds(&row.permisjon, &p.permisjonstype));
    let absence = absence.map(|f| {
        let days = f.dager.or_else(|| f.timer.map(|hours| hours / row.timer_per_dag));
        let all = virkedager(f.fra_dato, f.til_dato);
        let share = days.map_or(Decimal::ONE, |days| {
            let share = if all > 0 { days / Decimal::from(all) } else { Decimal::ZERO };
            share.clamp(Decimal::ZERO, Decimal::ONE)
        });
        Entry { kind: &f.fravaertype, from: f.fra_dato.max(start), to: f.til_dato, share }
    });
    let leave = leave.map(|p| Entry {
        kind: &p.permisjonstype,
        from: p.fra_dato.max(start),
        to: p.til_dato,
        share: Decimal::ONE,
    });
    let mut all: Vec<Entry<'a>> = absence.chain(leave).filter(|entry| entry.from <= entry.to).collect();
    all.sort_by(|a, b| (a.from, a.to, a.kind, a.share).cmp(&(b.from, b.to, b.kind, b.share)));
    all
}

/// The working days that count, and those that are added. A day counts at most once, whatever was on it.
fn total(entries: &[Entry<'_>], row: &TilleggRow) -> (Decimal, i32) {
    let counted: Vec<(NaiveDate, NaiveDate, Decimal)> = entries
        .iter()
        .map(|entry| (entry.from.max(row.fra), entry.to, entry.share))
        .filter(|(from, to, _)| from <= to)
        .collect();
    let mut cuts: Vec<NaiveDate> = Vec::new();
    for (from, to, _) in &counted {
        cuts.push(*from);
        cuts.extend(to.succ_opt());
        if row.periode == Periode::Aar {
            cuts.extend((from.year() + 1..=to.year()).filter_map(|year| NaiveDate::from_ymd_opt(year, 1, 1)));
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    // One sum for the programme, or one for each year.
    let mut sums: Vec<(i32, Decimal)> = Vec::new();
    for pair in cuts.windows(2) {
        let [from, next] = *pair else { continue };
        let Some(last) = next.pred_opt() else { continue };
        let share: Decimal =
            counted.iter().filter(|(a, b, _)| *a <= from && from <= *b).map(|(.., share)| *share).sum();
        let days = share.min(Decimal::ONE) * Decimal::from(virkedager(from, last));
        let key = if row.periode == Periode::Aar { from.year() } else { 0 };
        match sums.last_mut().filter(|(of, _)| *of == key) {
            Some((_, sum)) => *sum += days,
            None => sums.push((key, days)),
        }
    }
    let threshold = Decimal::from(row.terskel);
    let mut all = Decimal::ZERO;
    let mut added = Decimal::ZERO;
    for (_, sum) in sums {
        let sum = sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        all += sum;
        if sum > threshold {
            added += if row.alle_dager { sum } else { sum - threshold };
        }
    }
    (all.normalize(), added.ceil().to_i32().unwrap_or(i32::MAX))
}
