//! Steps 3 and 6 of domain.md 15.1: the act of the person (B504, B541), and whether a category lets the registration in
//! (B503, B505–B508, B511). Categories are those that `kategori::beregn` found; here they are only looked up.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::decide::window::event_day;
use crate::decide::{Scene, finding};
use crate::fact::{FactContent, Oppholdstillatelse};
use crate::kategori::{Beregnet, Kategori, Kategorikode, LukketAarsak};
use crate::person::{Person, born};
use crate::policy::kategorier::Aldersgrense;
use crate::policy::{Kategorikrav, VenterPaa, Virkning};
use crate::post::{Content, Ordning, Vedtak};
use crate::receipt::{Field, Finding, Severity};
use crate::registry::Lov;
use crate::rejection::Rejection;

/// Completed years on a day.
fn age(born: NaiveDate, day: NaiveDate) -> i32 {
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    day.year() - born.year() - i32::from(!had_birthday)
}

fn permits(person: &Person) -> impl Iterator<Item = (&Oppholdstillatelse, crate::time::Period)> {
    person.facts.iter().filter_map(|fact| match &fact.content {
        FactContent::Oppholdstillatelse(permit) => Some((&**permit, fact.valid)),
        _ => None,
    })
}

/// The day of the first permit that the register knows.
pub(super) fn first_permit(person: &Person) -> Option<NaiveDate> {
    permits(person).map(|(permit, _)| permit.vedtaksdato).min()
}

/// The schemes whose categories let the content in.
fn schemes(content: &Content) -> &'static [Ordning] {
    if content.any_ordning() {
        return &[Ordning::Intro, Ordning::Norsk];
    }
    match content.ordning() {
        // Skills are mapped, and careers planned, for whatever the person takes part in.
        _ if matches!(content, Content::Kompetansekartlegging(_) | Content::Karriereveiledning(_)) => {
            &[Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval]
        }
        Ordning::Intro => &[Ordning::Intro],
        Ordning::Norsk => &[Ordning::Norsk],
        Ordning::MottakOppl => &[Ordning::MottakOppl],
        Ordning::MottakKval => &[Ordning::MottakKval],
    }
}

impl Scene<'_> {
    /// Step 3: what the act of the person does not know. A person without an act is told so by the categories.
    pub(super) fn act(&self, person: &Person, content: &Content) -> Result<(), Vec<Finding>> {
        let Some(beregnet) = person.computed() else { return Ok(()) };
        let Some(lov) = beregnet.lov else { return Ok(()) };
        let other_act = |field| Err(vec![finding(Rejection::OtherAct, Field::Content(field))]);
        if !self.policy.ordning_under(content.ordning(), lov) {
            return other_act("ordning");
        }
        match content {
            Content::Vedtak(vedtak) => {
                let rule = self.policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype);
                if rule.is_some_and(|rule| !rule.lov.is_empty() && !rule.lov.contains(&lov)) {
                    return other_act("vedtakstype");
                }
            }
            Content::Permisjon(permisjon) => {
                let rule = self.policy.permisjon_rule(permisjon.ordning, &permisjon.permisjonstype);
                if rule.is_some_and(|rule| !rule.lov.is_empty() && !rule.lov.contains(&lov)) {
                    return other_act("permisjonstype");
                }
            }
            _ => {}
        }
        if !self.policy.act_knows(content, lov) || self.only_6a(beregnet, content) {
            return Err(vec![finding(Rejection::NotUnderThisAct, event_day(content).1)]);
        }
        Ok(())
    }

    /// Prior education of a person who only has the right of IL §37d decides nothing until an extension of it is near
    /// (domain.md 4; 5.5 FR-34-UTVIDET).
    fn only_6a(&self, beregnet: &Beregnet, content: &Content) -> bool {
        let Content::Utdanningsbakgrunn(utdanning) = content else { return false };
        let mut open = beregnet.kategorier.iter().filter(|k| k.gyldig.contains(utdanning.dato)).peekable();
        let only = open.peek().is_some() && open.all(|k| k.kode == Kategorikode::NorskRett6a);
        let deadline = beregnet
            .frister
            .iter()
            .filter(|frist| frist.ordning == Ordning::Norsk)
            .filter_map(|frist| frist.dato)
            .max();
        let row = &self.policy.frister().frister.utvidet;
        let near = |deadline: NaiveDate| {
            let months = Months::new(row.vindu_maaneder);
            deadline.checked_sub_months(months).is_none_or(|first| first <= utdanning.dato)
                && deadline.checked_add_months(months).is_none_or(|last| utdanning.dato <= last)
                && utdanning.dato <= row.vedtak_til
        };
        only && !deadline.is_some_and(near)
    }

    /// Step 6: no category of the scheme lets the registration in. The reason that explains it goes before B503.
    pub(super) fn category(&self, person: &Person, content: &Content) -> Vec<Finding> {
        let asked = self.policy.category_asked(content);
        let Some(beregnet) = person.computed().filter(|_| asked != Kategorikrav::Ingen) else {
            return Vec::new();
        };
        let (day, field) = event_day(content);
        let schemes = schemes(content);
        let of_scheme = || beregnet.kategorier.iter().filter(|k| schemes.contains(&k.kode.ordning()));
        let open: Vec<&Kategori> = of_scheme().filter(|k| k.gyldig.contains(day)).collect();
        let lets_in = match asked {
            Kategorikrav::Dagen => schemes.iter().any(|ordning| person.category_open(*ordning, day)),
            Kategorikrav::Noen => of_scheme().next().is_some(),
            Kategorikrav::Ingen => true,
        };
        if lets_in {
            let Content::Vedtak(vedtak) = content else { return Vec::new() };
            return self.opened(person, beregnet, vedtak, &open);
        }
        let ordning = content.ordning();
        let waits = self.waits(person, ordning, day);
        if let Content::Vedtak(vedtak) = content
            && beregnet.lov != Some(Lov::Intl)
            && !waits
            && self.policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype).is_some_and(|rule| rule.kan_tilbys)
        {
            // The kommune's own decision opens «kan tilbys» (IL-25): nothing has to be open before.
            return Vec::new();
        }
        let closed = of_scheme().filter_map(|k| k.gyldig.to.filter(|to| *to <= day).map(|to| (to, k.aarsak)));
        let rejection = match closed.max_by_key(|(to, _)| *to).and_then(|(_, aarsak)| aarsak) {
            Some(LukketAarsak::Alder) => Rejection::OutsideAge,
            Some(LukketAarsak::ToAarUtenVedtak) => Rejection::SettledTooLong,
            Some(LukketAarsak::Arbeid30t) => Rejection::InWork,
            Some(_) => Rejection::NoCategory,
            None if waits => Rejection::RightNotEntered,
            None if beregnet.lov.is_some_and(|lov| self.outside_age(person, ordning, lov, day)) => {
                Rejection::OutsideAge
            }
            None => Rejection::NoCategory,
        };
        let mut refusal = finding(rejection, field);
        refusal.params.push(("ordning", ordning.code().to_owned()));
        refusal.params.push(("hendelsesdato", day.to_string()));
        vec![refusal]
    }

    /// What a decision that grants must fit: not before the category (B511), and a hint where the age only lets it be
    /// offered (B505).
    fn opened(&self, person: &Person, beregnet: &Beregnet, vedtak: &Vedtak, open: &[&Kategori]) -> Vec<Finding> {
        let grants = self.policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype).and_then(|rule| rule.virkning)
            == Some(Virkning::Aapner);
        if !grants {
            return Vec::new();
        }
        let mut all = Vec::new();
        if let (Some(start), Some(first)) = (vedtak.start_dato, began(beregnet, vedtak.ordning, open))
            && start < first
        {
            let mut early = finding(Rejection::StartTooEarly, Field::Content("startDato"));
            early.params.push(("gyldigFra", first.to_string()));
            all.push(early);
        }
        let offered = open.iter().all(|k| k.kode == Kategorikode::IntroKt);
        let over = beregnet.lov.is_some_and(|lov| self.over_age(person, vedtak.ordning, lov, vedtak.vedtaksdato));
        if offered && over {
            let hint = finding(Rejection::OutsideAge, Field::Content("vedtaksdato"));
            all.push(Finding { severity: Severity::Warning, ..hint });
        }
        all
    }

    /// The person holds a permit on which the right of the scheme waits, and what it waits for has not come.
    fn waits(&self, person: &Person, ordning: Ordning, day: NaiveDate) -> bool {
        let mut held = permits(person).filter(|(_, valid)| valid.contains(day));
        held.any(|(permit, _)| match self.policy.right_waits_for(ordning, &permit.oppholdsgrunnlag) {
            Some(VenterPaa::Bosetting) => !person
                .facts
                .iter()
                .any(|fact| matches!(fact.content, FactContent::Bosetting { dato, .. } if dato <= day)),
            Some(VenterPaa::Fornyelse) => permit.foerstegang,
            None => false,
        })
    }

    /// Completed years on the day whose age counts, and the ages of the scheme then: the day of the grant under
    /// integreringsloven, the day itself under introduksjonsloven.
    fn tested_age(&self, person: &Person, ordning: Ordning, lov: Lov, day: NaiveDate) -> Option<(i64, Aldersgrense)> {
        let born = born(&person.facts)?;
        let granted = || permits(person).map(|(permit, _)| permit.vedtaksdato).filter(|granted| *granted <= day).max();
        let tested = match lov {
            Lov::Il => granted().unwrap_or(day),
            Lov::Intl => day,
        };
        Some((i64::from(age(born, tested)), self.policy.ages(ordning, lov, tested)?))
    }

    fn outside_age(&self, person: &Person, ordning: Ordning, lov: Lov, day: NaiveDate) -> bool {
        let tested = self.tested_age(person, ordning, lov, day);
        tested.is_some_and(|(age, grense)| age < i64::from(grense.nedre) || is_over(age, grense))
    }

    fn over_age(&self, person: &Person, ordning: Ordning, lov: Lov, day: NaiveDate) -> bool {
        self.tested_age(person, ordning, lov, day).is_some_and(|(age, grense)| is_over(age, grense))
    }
}

fn is_over(age: i64, grense: Aldersgrense) -> bool {
    grense.oevre.is_some_and(|oevre| age >= i64::from(oevre))
}

/// The first day of the unbroken row of categories that the open ones belong to.
fn began(beregnet: &Beregnet, ordning: Ordning, open: &[&Kategori]) -> Option<NaiveDate> {
    let mut first = open.iter().map(|k| k.gyldig.from).min()?;
    loop {
        let before = beregnet.kategorier.iter().filter(|k| k.kode.ordning() == ordning && k.gyldig.from < first);
        match before.filter(|k| k.gyldig.to.is_none_or(|to| to >= first)).map(|k| k.gyldig.from).min() {
            Some(earlier) => first = earlier,
            None => return Some(first),
        }
    }
}
