//! What changes about a person because a day comes (design.md 6, Calendar events): deadlines that draw near or pass,
//! programmes that run out, permits that expire, categories that open and close. Pure: a scheduler asks for each day
//! once and carries out what follows.

use chrono::{Days, Months, NaiveDate, NaiveTime};
use uuid::Uuid;

use crate::decide::{Ids, Now, run_out};
use crate::fact::{FactContent, Utfall};
use crate::kategori::{Friststatus, Fristtype, Kategorikode, LukketAarsak};
use crate::person::{Person, born};
use crate::policy::Policy;
use crate::post::{Content, Ordning};

/// One thing that the day brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kalenderhendelse {
    /// A deadline is some weeks away.
    FristNaer {
        /// For what.
        fristtype: Fristtype,
        /// In which scheme.
        ordning: Ordning,
        /// Its last day.
        dato: NaiveDate,
    },
    /// A deadline passed the day before.
    FristOverskredet {
        /// For what.
        fristtype: Fristtype,
        /// In which scheme.
        ordning: Ordning,
        /// Its last day.
        dato: NaiveDate,
    },
    /// The programme has run out without a reason: the register sets its own (AVSL-R3).
    ProgramUtloept {
        /// Its last day.
        slutt: NaiveDate,
    },
    /// The person reaches the age at which all rights end.
    FylteAar {
        /// In years.
        alder: u32,
    },
    /// A permit expired the day before, and neither another one nor an application for renewal carries it on.
    OppholdUtloept {
        /// Its last day.
        til: NaiveDate,
    },
    /// A category opens.
    KategoriAapnet {
        /// Which.
        kode: Kategorikode,
    },
    /// A category is closed from this day on.
    KategoriLukket {
        /// Which.
        kode: Kategorikode,
        /// Why.
        aarsak: Option<LukketAarsak>,
    },
}

impl Kalenderhendelse {
    /// Code of the notice that tells of it (domain.md 12), where one does.
    pub const fn hendelsestype(&self) -> Option<&'static str> {
        match self {
            Kalenderhendelse::FristNaer { .. } => Some("FRIST_NAER"),
            Kalenderhendelse::FristOverskredet { .. } => Some("FRIST_OVERSKREDET"),
            Kalenderhendelse::ProgramUtloept { .. } => Some("AVSLUTNING_SATT_AV_SYSTEM"),
            Kalenderhendelse::FylteAar { .. } => None,
            Kalenderhendelse::OppholdUtloept { .. } => Some("OPPHOLD_UTLOEPT"),
            Kalenderhendelse::KategoriAapnet { .. } => Some("KATEGORI_AAPNET"),
            Kalenderhendelse::KategoriLukket { .. } => Some("KATEGORI_LUKKET"),
        }
    }
}

/// Everything that the day brings for the person, as the register knows the person now, in a fixed order. Nothing for who
/// died or left before, or whose number was replaced.
pub fn changes_on(person: &Person, policy: &Policy, date: NaiveDate) -> Vec<Kalenderhendelse> {
    if person.ended_on().is_some_and(|ended| ended < date) || person.replaced_by().is_some() {
        return Vec::new();
    }
    let mut all = deadlines(person, policy, date);
    all.extend(programme(person, policy, date));
    all.extend(birthday(person, policy, date));
    all.extend(permits(person, date));
    for kategori in person.beregnet.iter().flat_map(|beregnet| &beregnet.kategorier) {
        if kategori.gyldig.from == date {
            all.push(Kalenderhendelse::KategoriAapnet { kode: kategori.kode });
        }
        if kategori.gyldig.to == Some(date) {
            all.push(Kalenderhendelse::KategoriLukket { kode: kategori.kode, aarsak: kategori.aarsak });
        }
    }
    all
}

fn deadlines(person: &Person, policy: &Policy, date: NaiveDate) -> Vec<Kalenderhendelse> {
    let warned = Days::new(policy.deadline_warning_days(date).into());
    let running = person.beregnet.iter().flat_map(|beregnet| &beregnet.frister);
    let running = running.filter(|frist| frist.status == Friststatus::Loeper);
    let mut all = Vec::new();
    for frist in running {
        let Some(dato) = frist.dato else { continue };
        let (fristtype, ordning) = (frist.fristtype, frist.ordning);
        if date.checked_add_days(warned) == Some(dato) {
            all.push(Kalenderhendelse::FristNaer { fristtype, ordning, dato });
        }
        if dato.succ_opt() == Some(date) {
            all.push(Kalenderhendelse::FristOverskredet { fristtype, ordning, dato });
        }
    }
    all
}

/// An id that nobody keeps: only whether the programme ran out is asked here.
struct NoIds;

impl Ids for NoIds {
    fn uuid(&mut self) -> Uuid {
        Uuid::nil()
    }
}

fn programme(person: &Person, policy: &Policy, date: NaiveDate) -> Option<Kalenderhendelse> {
    let noon = date.and_time(NaiveTime::MIN).and_utc();
    let now = Now { received: noon, today: date, recorded: noon };
    match run_out(policy, &now, person, &mut NoIds)?.content {
        Content::Avslutning(end) => Some(Kalenderhendelse::ProgramUtloept { slutt: end.avslutningsdato }),
        _ => None,
    }
}

fn birthday(person: &Person, policy: &Policy, date: NaiveDate) -> Option<Kalenderhendelse> {
    let alder = policy.age_of_end(date);
    let born = born(&person.facts)?;
    (born.checked_add_months(Months::new(12 * alder))? == date).then_some(Kalenderhendelse::FylteAar { alder })
}

fn permits(person: &Person, date: NaiveDate) -> Option<Kalenderhendelse> {
    let permit = |content: &FactContent| matches!(content, FactContent::Oppholdstillatelse(_));
    let permits = || person.facts.iter().filter(|fact| permit(&fact.content));
    let carried_on = person.facts.iter().any(|fact| match &fact.content {
        FactContent::Oppholdstillatelse(_) => fact.valid.contains(date),
        FactContent::Fornyelse { soeknadsdato, avgjoerelse } => {
            let refused =
                avgjoerelse.as_ref().is_some_and(|decided| decided.utfall != Utfall::Innvilget && decided.dato < date);
            *soeknadsdato < date && !refused
        }
        _ => false,
    });
    let ended = permits().any(|fact| fact.valid.to == Some(date)) && !carried_on;
    Some(Kalenderhendelse::OppholdUtloept { til: date.pred_opt().filter(|_| ended)? })
}
